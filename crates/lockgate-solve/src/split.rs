//! Where to split a region that has no solution as a whole.
//!
//! While a region is solved, a requirement that holds in a part of it is taken to hold everywhere in it. A proof that nothing fits is
//! final only if it rests on nothing of that kind. Else the region is split where one of those requirements begins to hold, or where a
//! release of the proof begins to admit the Python: in each part less is taken for granted.

use std::collections::BTreeSet;

use lockgate_model::{FactError, ForkStrategy, Marker, Name, Version, VersionSet, Why};
use pubgrub::External;

use crate::dependencies::Dependency;
use crate::graph::Linked;
use crate::package::{Package, Set};
use crate::provider::Unavailable;
use crate::release::{Release, span};
use crate::search::{Search, Tree};
use crate::shelf::{Needs, Project, Shelf};
use crate::sources::{Sources, Wanted};

/// A requirement that holds in a part of the region, as a proof rests on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Partial {
    /// Requirements of the sources first, in their order; then what comes of versions; then Pythons.
    place: (u8, usize, String),
    marker: Marker,
    /// Whether it bounds versions from above.
    has_ceiling: bool,
}

/// The part of the region to solve first, before the rest of it; none if no split can help.
pub(crate) fn by_conflict(
    search: &Search<'_>,
    sources: &Sources,
    tree: &Tree,
) -> Result<Option<Marker>, FactError> {
    let mut partials = BTreeSet::new();
    for external in externals(tree) {
        collect(search, sources, external, &mut partials)?;
    }
    let region = &search.shelf.region;
    let splits = |partial: &&Partial| {
        region.overlaps(&partial.marker) && region.overlaps(&partial.marker.not())
    };
    let Some(chosen) = partials.iter().find(splits) else {
        return Ok(None);
    };
    let part = chosen.marker.clone();
    // What is bounded from above leaves less choice: where it goes first, the rest may take the same versions.
    let ceilings = |part: &Marker| {
        let bounded = partials.iter().filter(|partial| partial.has_ceiling);
        bounded
            .filter(|partial| !partial.marker.is_disjoint(part))
            .count()
    };
    let lowest = |part: &Marker| {
        let part = region.with(part);
        part.map(|part| part.lowest_python().clone())
    };
    let rest = part.not();
    let by_ceilings = ceilings(&part).cmp(&ceilings(&rest));
    let by_python = lowest(&part).cmp(&lowest(&rest));
    let order = match search.question.rules.fork_strategy {
        // What old Pythons are left with is no measure for newer ones.
        ForkStrategy::RequiresPython => by_python.then(by_ceilings),
        ForkStrategy::Fewest => by_ceilings.then(by_python.reverse()),
    };
    let is_first = order.is_ge();
    Ok(Some(if is_first { part } else { rest }))
}

/// Questions of more projects than this are not split by what no proof names.
const FEW: usize = 8;

/// A split of a small question by anything that holds in a part only, whether or not a proof names it: where pre-releases or yanked releases
/// were left out, a proof need not rest on all that is in the way (docs/resolver.md, "What may be missed").
pub(crate) fn by_anything(
    search: &Search<'_>,
    sources: &Sources,
) -> Result<Option<Marker>, FactError> {
    let shelf = search.shelf;
    let projects = shelf.known_projects();
    if projects.len() > FEW {
        return Ok(None);
    }
    let mut partials = BTreeSet::new();
    let stated = sources.requirements.iter().chain(&sources.constraints);
    for wanted in stated.chain(sources.changes.all()) {
        add(
            wanted_place(0, wanted),
            &wanted.marker,
            false,
            &mut partials,
        );
    }
    for project in &projects {
        let name = project.view.name();
        let all = Set(VersionSet::full());
        of_place(search, name, &mut partials);
        let extras = known_extras(search, name, &all)?;
        for extra in std::iter::once(None).chain(extras.iter().map(Some)) {
            for other in &projects {
                of_releases(search, name, extra, &all, other.view.name(), &mut partials)?;
            }
            of_unusable(search, name, extra, &all, &mut partials)?;
        }
        of_pythons(search, name, &all, &mut partials)?;
    }
    let region = &shelf.region;
    let mut splitting = partials.iter().filter(|partial| {
        region.overlaps(&partial.marker) && region.overlaps(&partial.marker.not())
    });
    Ok(splitting.next().map(|partial| partial.marker.clone()))
}

/// The external reasons of a proof, each once.
pub(crate) fn externals(tree: &Tree) -> Vec<&External<Package, Set, Unavailable>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![tree];
    while let Some(part) = waiting.pop() {
        if !seen.insert(std::ptr::from_ref(part)) {
            continue;
        }
        match part {
            Tree::External(external) => found.push(external),
            Tree::Derived(derived) => waiting.extend([&*derived.cause1, &*derived.cause2]),
        }
    }
    found
}

fn collect(
    search: &Search<'_>,
    sources: &Sources,
    external: &External<Package, Set, Unavailable>,
    partials: &mut BTreeSet<Partial>,
) -> Result<(), FactError> {
    match external {
        External::NotRoot(..) => {}
        External::NoVersions(package, set) => {
            if let Some(name) = package.project() {
                of_place(search, name, partials);
                of_pythons(search, name, set, partials)?;
            }
        }
        External::Custom(package, set, why) => {
            if let Some(name) = package.project() {
                of_place(search, name, partials);
                if matches!(why.0, Why::Python { .. }) {
                    of_metadata_python(search, name, set, partials)?;
                }
                of_unusable(search, name, package.extra(), set, partials)?;
            }
        }
        External::FromDependencyOf(from, from_set, to, _) => {
            let Some(to) = to.project() else {
                return Ok(());
            };
            if let Some(from) = from.project() {
                of_place(search, from, partials);
            }
            for wanted in &sources.constraints {
                if wanted.name == *to {
                    add(
                        wanted_place(1, wanted),
                        &wanted.marker,
                        wanted.bound.set.has_ceiling(),
                        partials,
                    );
                }
            }
            match from {
                Package::Root => {
                    for wanted in sources
                        .requirements
                        .iter()
                        .filter(|wanted| wanted.name == *to)
                    {
                        add(
                            wanted_place(0, wanted),
                            &wanted.marker,
                            wanted.bound.set.has_ceiling(),
                            partials,
                        );
                    }
                }
                Package::Project(name) | Package::Extra(name, _) | Package::Guarded(name, _) => {
                    of_releases(search, name, from.extra(), from_set, to, partials)?;
                }
            }
        }
    }
    Ok(())
}

fn wanted_place(class: u8, wanted: &Wanted) -> (u8, usize, String) {
    (class, wanted.place.unwrap_or(usize::MAX), wanted.text())
}

fn add(
    place: (u8, usize, String),
    marker: &Marker,
    has_ceiling: bool,
    partials: &mut BTreeSet<Partial>,
) {
    if !marker.is_always() {
        partials.insert(Partial {
            place,
            marker: marker.clone(),
            has_ceiling,
        });
    }
}

/// Where a project is taken from a direct reference, if it is in a part of the region: there is no other release of it there. Elsewhere less
/// may have to be asked of the gate.
fn of_place(search: &Search<'_>, name: &Name, partials: &mut BTreeSet<Partial>) {
    if let Some(direct) = search.shelf.direct(name) {
        add((3, 0, name.to_string()), &direct.marker, false, partials);
    }
}

/// A part of the region to solve first since a project of a finished choice is taken from a direct reference there, and needed elsewhere too.
pub(crate) fn by_place(shelf: &Shelf<'_>, linked: &Linked) -> Option<Marker> {
    linked.reach.iter().find_map(|(name, reach)| {
        let direct = shelf.direct(name)?;
        let elsewhere = reach.and(&direct.marker.not());
        shelf
            .region
            .overlaps(&elsewhere)
            .then(|| direct.marker.clone())
    })
}

/// Looks at each version of a project in a set.
fn each_release(
    search: &Search<'_>,
    name: &Name,
    set: &Set,
    mut look: impl FnMut(&Project, usize) -> Result<(), FactError>,
) -> Result<(), FactError> {
    let Some(project) = search.shelf.project(name)? else {
        return Ok(());
    };
    for index in span(&*project.view, &set.0) {
        if set.0.contains(project.view.version(index)) {
            look(&project, index)?;
        }
    }
    Ok(())
}

/// The extras that the known versions of a project say they have.
fn known_extras(search: &Search<'_>, name: &Name, set: &Set) -> Result<BTreeSet<Name>, FactError> {
    let mut extras = BTreeSet::new();
    each_release(search, name, set, |project, index| {
        let metadata = search
            .shelf
            .known_metadata(name, project.view.version(index))?;
        extras.extend(metadata.iter().flat_map(|one| one.extras.iter().cloned()));
        Ok(())
    })?;
    Ok(extras)
}

/// Looks at what a version asks for, if that is known: without an extra, and with one.
fn each_need(
    search: &Search<'_>,
    name: &Name,
    extra: Option<&Name>,
    version: &Version,
    look: impl FnMut(&Dependency),
) -> Result<(), FactError> {
    let shelf = search.shelf;
    let Some(needs) = shelf.known_needs(name, version) else {
        return Ok(());
    };
    let Needs::Known(_, dependencies) = &*needs else {
        return Ok(());
    };
    let guarded = match extra {
        Some(extra) => shelf.guarded(name, version, extra)?.unwrap_or_default(),
        None => Vec::new(),
    };
    dependencies.iter().chain(&guarded).for_each(look);
    Ok(())
}

/// What the versions of a project that are known ask of another one.
fn of_releases(
    search: &Search<'_>,
    name: &Name,
    extra: Option<&Name>,
    set: &Set,
    to: &Name,
    partials: &mut BTreeSet<Partial>,
) -> Result<(), FactError> {
    each_release(search, name, set, |project, index| {
        each_need(search, name, extra, project.view.version(index), |need| {
            if need.name == *to {
                let place = (2, 0, format!("{name} {}", need.text));
                add(place, &need.marker, need.bound.set.has_ceiling(), partials);
            }
        })
    })
}

/// Requirements in a part of the region that make a release unusable in all of it: direct references, and other versions of itself.
///
/// Where they hold depends on who asks: with an extra that nobody asks for, a part may look like all of the region.
fn of_unusable(
    search: &Search<'_>,
    name: &Name,
    extra: Option<&Name>,
    set: &Set,
    partials: &mut BTreeSet<Partial>,
) -> Result<(), FactError> {
    let shelf = search.shelf;
    each_release(search, name, set, |project, index| {
        let version = project.view.version(index);
        let Some(metadata) = shelf.known_metadata(name, version)? else {
            return Ok(());
        };
        let guarding = std::iter::once(None).chain(extra.map(Some));
        for (marker, requirement) in
            guarding.flat_map(|extra| shelf.foreign_references(&metadata, extra))
        {
            let place = (3, 0, format!("{name} {requirement}"));
            add(place, &marker, false, partials);
        }
        each_need(search, name, extra, version, |need| {
            if need.contradicts(name, version) {
                let place = (3, 0, format!("{name} {}", need.text));
                add(place, &need.marker, false, partials);
            }
        })
    })
}

/// The Pythons from which on releases could be installed that the lowest Python of the region excludes.
fn of_pythons(
    search: &Search<'_>,
    name: &Name,
    set: &Set,
    partials: &mut BTreeSet<Partial>,
) -> Result<(), FactError> {
    let shelf = search.shelf;
    each_release(search, name, set, |project, index| {
        if let Release::Unusable(Why::Python { .. }) = &*shelf.release(project, index)?
            && let Some((marker, _)) = shelf.on_newer_python(project, index)?
        {
            add((4, index, name.to_string()), &marker, false, partials);
        }
        Ok(())
    })
}

/// The same where only the metadata of a release say so.
fn of_metadata_python(
    search: &Search<'_>,
    name: &Name,
    set: &Set,
    partials: &mut BTreeSet<Partial>,
) -> Result<(), FactError> {
    let shelf = search.shelf;
    each_release(search, name, set, |project, index| {
        let metadata = shelf.known_metadata(name, project.view.version(index))?;
        let text = metadata
            .as_ref()
            .and_then(|metadata| metadata.requires_python.as_deref());
        let lowest = text.and_then(|text| shelf.inspector.python_from(text));
        if let Some(marker) = lowest.map(|lowest| Marker::from_python(&lowest)) {
            add((4, index, name.to_string()), &marker, false, partials);
        }
        Ok(())
    })
}
