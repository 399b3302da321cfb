//! Releases that are skipped because metadata are known only after a build, which is not allowed.

use lockgate_model::{FactError, Name, Note, Verdict, Version, Why};

use super::prereleases_compete;
use crate::bounds::admitted;
use crate::dependencies::Dependency;
use crate::graph::Linked;
use crate::release::Release;
use crate::search::Search;
use crate::shelf::{Needs, Project};

/// How many source distributions of a package are read that the search did not read: where a pin is kept, it read none of a newer release.
const MAX_LOOKS: usize = 4;

/// Returns a note where a release that every requirement in the graph admits goes before the pin, and needs a build; or requires
/// what needs one, if the search has seen that.
///
/// A pin of the old lock that is kept although a release between them needs no build is where it is for another reason: then there is none.
pub(super) fn needs_build(
    search: &Search<'_>,
    linked: &Linked,
    project: &Project,
    version: &Version,
) -> Result<Option<Note>, FactError> {
    if project.direct.is_some() {
        return Ok(None);
    }
    let name = project.view.name();
    let bounds = linked.bounds.get(name).map_or(&[][..], Vec::as_slice);
    let pin = search.placed(name, version)?;
    let range = admitted(bounds).intersection(&search.order.may_be_before(name, version));
    let prereleases = prereleases_compete(search, name, version, bounds);
    let is_kept = is_kept(search, name, version);
    let mut skipped = None;
    let mut looks = 0;
    for index in search.order.walk(&*project.view, &range) {
        let other = project.view.version(index);
        if !range.contains(other) || (other.any_prerelease() && !prereleases) {
            continue;
        }
        let release = search.shelf.release(project, index)?;
        let Release::Usable(usable) = &*release else {
            continue;
        };
        if usable.yanked.is_some()
            || !search.order.precedes(name, usable.placed(other), pin)
            || search.guard.verdict(name, other)? != Verdict::Clear
        {
            continue;
        }
        let mut needs = search.shelf.known_needs(name, other);
        if needs.is_none() && !usable.has_wheel && skipped.is_none() && looks < MAX_LOOKS {
            looks += 1;
            // A look for the sake of a note: what cannot be learned without network is left out of it.
            needs = search.shelf.needs(name, other).ok();
        }
        let requires = match needs.as_deref() {
            Some(Needs::Unusable(Why::NeedsBuild(_))) => None,
            Some(Needs::Known(_, dependencies)) => {
                match required_build(search, linked, name, dependencies)? {
                    Some(requires) => Some(requires),
                    None if is_kept => return Ok(None),
                    None => continue,
                }
            }
            None if is_kept && usable.has_wheel => return Ok(None),
            Some(Needs::Unusable(_)) | None => continue,
        };
        skipped.get_or_insert((other.clone(), requires));
    }
    Ok(skipped.map(|(skipped, requires)| Note::NeedsBuild {
        name: name.clone(),
        version: version.clone(),
        skipped,
        requires,
    }))
}

/// Whether the old lock has the pin in this region.
fn is_kept(search: &Search<'_>, name: &Name, version: &Version) -> bool {
    let pins = search.question.keep.pins.get(name).into_iter().flatten();
    let region = &search.shelf.region;
    pins.filter(|pin| region.overlaps(&pin.marker))
        .any(|pin| pin.version == *version)
}

/// Returns the first release that one of `dependencies` admits next to the rest of the graph, if each of those needs a build.
fn required_build(
    search: &Search<'_>,
    linked: &Linked,
    from: &Name,
    dependencies: &[Dependency],
) -> Result<Option<(Name, Version)>, FactError> {
    for dependency in dependencies {
        if let Some(version) = only_builds(search, linked, from, dependency)? {
            return Ok(Some((dependency.name.clone(), version)));
        }
    }
    Ok(None)
}

fn only_builds(
    search: &Search<'_>,
    linked: &Linked,
    from: &Name,
    dependency: &Dependency,
) -> Result<Option<Version>, FactError> {
    let name = &dependency.name;
    let Some(project) = search.shelf.known_project(name) else {
        return Ok(None);
    };
    let mut range = dependency.bound.set.clone();
    let others = linked.asked.get(name).into_iter().flatten();
    for (_, bound) in others.filter(|(asker, _)| asker.as_ref() != Some(from)) {
        range = range.intersection(&bound.set);
    }
    let mut first = None;
    for index in search.order.walk(&*project.view, &range) {
        let version = project.view.version(index);
        if !range.contains(version) {
            continue;
        }
        let Release::Usable(usable) = &*search.shelf.release(&project, index)? else {
            continue;
        };
        if search.guard.verdict(name, version)? != Verdict::Clear {
            continue;
        }
        match search.shelf.known_needs(name, version).as_deref() {
            Some(Needs::Unusable(Why::NeedsBuild(_))) => {
                first.get_or_insert(version.clone());
            }
            Some(Needs::Known(..)) => return Ok(None),
            None if usable.has_wheel => return Ok(None),
            Some(Needs::Unusable(_)) | None => {}
        }
    }
    Ok(first)
}
