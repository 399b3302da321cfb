//! What people should know of a choice. It follows from the graph and the facts alone, not from how the search went, so that
//! locking again says the same.

mod needs_build;

use std::sync::Arc;

use lockgate_model::{
    Advisory, FactError, KeptPin, Name, Note, Packing, PassedOver, PrereleaseMode, ProjectStatus,
    Verdict, Version, Why,
};

use self::needs_build::needs_build;
use crate::bounds::{Bound, admitted};
use crate::defied::defied;
use crate::dependencies::has_extra;
use crate::graph::Linked;
use crate::held_back::held_back;
use crate::release::{Release, Usable};
use crate::search::Search;
use crate::shelf::{Needs, Project};
use crate::sources::Sources;

/// The notes on a graph, in the order of names.
pub(crate) fn notes(
    search: &Search<'_>,
    sources: &Sources,
    linked: &Linked,
) -> Result<Vec<Note>, FactError> {
    let mut notes: Vec<Note> = sources
        .excluded
        .iter()
        .map(|(name, origin)| Note::Excluded {
            name: name.clone(),
            origin: origin.clone(),
        })
        .collect();
    for (name, version) in &linked.versions {
        let Some(project) = search.shelf.project(name)? else {
            continue;
        };
        let versions = passed_over(search, linked, &project, version)?;
        if !versions.is_empty() {
            notes.push(Note::PassedOver(PassedOver {
                name: name.clone(),
                version: version.clone(),
                versions,
            }));
        }
        notes.extend(defied(search, linked, name, version)?);
        notes.extend(missing_extras(search, linked, name, version)?);
        if let Some(Release::Usable(usable)) = search.shelf.release_at(name, version)?.as_deref() {
            notes.extend(of_release(name, version, usable));
        }
        notes.extend(not_hashed(&project));
        notes.extend(undated(search, linked, &project, version)?);
        notes.extend(unreadable(search, linked, &project, version));
        notes.extend(needs_build(search, linked, &project, version)?);
        notes.extend(unbounded(search, sources, linked, name, version));
        notes.extend(not_kept(search, linked, name, version)?);
        notes.extend(status(&project));
    }
    Ok(notes)
}

fn not_hashed(project: &Project) -> Option<Note> {
    let direct = project.direct.as_ref()?;
    direct.pin.kind.sha256().is_none().then(|| Note::NotHashed {
        name: project.view.name().clone(),
        reference: direct.pin.reference.clone(),
        can_omit_hashes: true,
    })
}

/// What there is to say of a pin by its files.
fn of_release(name: &Name, version: &Version, usable: &Usable) -> Vec<Note> {
    let mut notes = Vec::new();
    if let Some(reason) = &usable.yanked {
        notes.push(Note::Yanked {
            name: name.clone(),
            version: version.clone(),
            reason: reason.clone(),
        });
    }
    if !usable.fixes.is_empty() {
        notes.push(Note::Fix {
            name: name.clone(),
            version: version.clone(),
            advisories: usable.fixes.clone(),
        });
    }
    notes
}

/// Whether the lowest version is taken of a project of which nothing says how low it may be.
fn unbounded(
    search: &Search<'_>,
    sources: &Sources,
    linked: &Linked,
    name: &Name,
    version: &Version,
) -> Option<Note> {
    let bounds = linked.bounds.get(name).into_iter().flatten();
    let is_unbounded = search.order.is_lowest_first(name) && !admitted(bounds).has_floor();
    is_unbounded.then(|| Note::Unbounded {
        name: name.clone(),
        version: version.clone(),
        is_direct: sources.direct().any(|direct| direct == name),
    })
}

/// A version, and the advisories that speak against it.
pub(crate) type Passed = (Version, Vec<Arc<Advisory>>);

/// The versions that come before the pin in the order, that all its bounds admit, that the other rules leave, and that the gate
/// speaks against: against themselves, or against all that they could be used with.
fn passed_over(
    search: &Search<'_>,
    linked: &Linked,
    project: &Project,
    version: &Version,
) -> Result<Vec<Passed>, FactError> {
    let name = project.view.name();
    let bounds = linked.bounds.get(name).map_or(&[][..], Vec::as_slice);
    let pin = search.placed(name, version)?;
    let before = search.order.may_be_before(name, version);
    let range = admitted(bounds).intersection(&before);
    let mut passed = held_back(search, linked, project, &range, pin)?;
    let Some(affected) = search.guard.affected(name)? else {
        return Ok(passed);
    };
    let range = range.intersection(&affected);
    let prereleases_compete = prereleases_compete(search, name, version, bounds);
    for index in search.order.walk(&*project.view, &range) {
        let other = project.view.version(index);
        if !range.contains(other) || (other.any_prerelease() && !prereleases_compete) {
            continue;
        }
        if let Release::Usable(usable) = &*search.shelf.release(project, index)?
            && usable.yanked.is_none()
            && search.order.precedes(name, usable.placed(other), pin)
            && let Verdict::Deny(reason) | Verdict::Avoid(reason) =
                search.guard.verdict(name, other)?
        {
            passed.push((other.clone(), reason.advisories.clone()));
        }
    }
    if search.order.is_lowest_first(name) {
        passed.sort_by(|(one, _), (other, _)| one.cmp(other));
    } else {
        passed.sort_by(|(one, _), (other, _)| other.cmp(one));
    }
    Ok(passed)
}

/// Returns whether pre-releases of a package compete with its pin.
fn prereleases_compete(
    search: &Search<'_>,
    name: &Name,
    version: &Version,
    bounds: &[Bound],
) -> bool {
    match search.question.rules.prereleases_of(name) {
        PrereleaseMode::Allow => true,
        PrereleaseMode::Explicit | PrereleaseMode::IfNecessaryOrExplicit => {
            version.any_prerelease() || bounds.iter().any(|bound| bound.names_prerelease)
        }
        PrereleaseMode::IfNecessary => version.any_prerelease(),
        PrereleaseMode::Disallow => false,
    }
}

/// Whether a version that would come before the pin is hidden only because nobody knows when it was uploaded.
fn undated(
    search: &Search<'_>,
    linked: &Linked,
    project: &Project,
    version: &Version,
) -> Result<Option<Note>, FactError> {
    let rules = search.question.rules;
    if rules.cutoff.is_none() && rules.cooldown.is_none() {
        return Ok(None);
    }
    let name = project.view.name();
    let bounds = linked.bounds.get(name).into_iter().flatten();
    let range = admitted(bounds).intersection(&search.order.may_be_before(name, version));
    for index in search.order.walk(&*project.view, &range) {
        if range.contains(project.view.version(index))
            && let Release::Unusable(Why::NoUploadTime) = &*search.shelf.release(project, index)?
        {
            return Ok(Some(Note::Undated {
                name: name.clone(),
                version: version.clone(),
            }));
        }
    }
    Ok(None)
}

/// The first version before the pin that this run has found to have unusable metadata or files.
fn unreadable(
    search: &Search<'_>,
    linked: &Linked,
    project: &Project,
    version: &Version,
) -> Option<Note> {
    let name = project.view.name();
    let bounds = linked.bounds.get(name).into_iter().flatten();
    let range = admitted(bounds).intersection(&search.order.may_be_before(name, version));
    search
        .order
        .walk(&*project.view, &range)
        .map(|index| (index, project.view.version(index)))
        .filter(|(_, other)| range.contains(other))
        .find_map(|(index, other)| {
            let why = match project.known_release(index).as_deref() {
                Some(Release::Unusable(Why::Archive)) => Packing::LZIP.to_owned(),
                _ => match &*search.shelf.known_needs(name, other)? {
                    Needs::Unusable(Why::Metadata(why) | Why::Unreadable(why)) => why.clone(),
                    _ => return None,
                },
            };
            Some(Note::Unreadable {
                name: name.clone(),
                version: version.clone(),
                passed: other.clone(),
                why,
            })
        })
}

fn missing_extras(
    search: &Search<'_>,
    linked: &Linked,
    name: &Name,
    version: &Version,
) -> Result<Vec<Note>, FactError> {
    let Some(extras) = linked.extras.get(name) else {
        return Ok(Vec::new());
    };
    let needs = search.shelf.needs(name, version)?;
    let Needs::Known(metadata, _) = &*needs else {
        return Ok(Vec::new());
    };
    Ok(extras
        .iter()
        .filter(|extra| !has_extra(metadata, &search.shelf.region, extra))
        .map(|extra| Note::MissingExtra {
            name: name.clone(),
            version: version.clone(),
            extra: extra.clone(),
        })
        .collect())
}

/// Why the pin of the old lock is not the new one.
fn not_kept(
    search: &Search<'_>,
    linked: &Linked,
    name: &Name,
    version: &Version,
) -> Result<Option<Note>, FactError> {
    let here = |pin: &&KeptPin| search.shelf.region.overlaps(&pin.marker);
    let kept = search.question.keep.pins.get(name);
    let mut kept = kept.into_iter().flatten().filter(here);
    let Some(KeptPin { version: kept, .. }) = kept.next() else {
        return Ok(None);
    };
    let mut others = search.question.keep.pins.get(name).into_iter().flatten();
    if kept == version || others.any(|pin| here(&pin) && pin.version == *version) {
        return Ok(None);
    }
    let bounds = linked.bounds.get(name).map_or(&[][..], Vec::as_slice);
    let why = match search.shelf.release_at(name, kept)?.as_deref() {
        None => "it is no longer on the index".to_owned(),
        Some(Release::Unusable(Why::Cutoff)) => "it is newer than the cutoff".to_owned(),
        Some(Release::Unusable(Why::Cooldown)) => {
            "it is younger than the cooldown admits".to_owned()
        }
        Some(Release::Unusable(Why::NoUploadTime)) => {
            "the index does not state when it was uploaded".to_owned()
        }
        Some(Release::Unusable(_)) => "it cannot be installed on the target".to_owned(),
        Some(Release::Usable(usable)) => {
            let verdict = search.guard.verdict(name, kept)?;
            if let Verdict::Deny(reason) | Verdict::Avoid(reason) = verdict {
                let ids: Vec<&str> = reason
                    .advisories
                    .iter()
                    .map(|advisory| advisory.id.as_str())
                    .collect();
                format!("the gate speaks against it: {}", ids.join(", "))
            } else if usable.yanked.is_some() {
                "it is yanked".to_owned()
            } else if bounds.iter().any(|bound| !bound.set.contains(kept)) {
                "a requirement excludes it".to_owned()
            } else if let Some(Needs::Unusable(why)) =
                search.shelf.known_needs(name, kept).as_deref()
            {
                match why {
                    Why::NeedsBuild(_) => {
                        format!("it needs a build, which `--allow-build={name}` would allow")
                    }
                    _ => "its metadata cannot be used".to_owned(),
                }
            } else if kept.any_prerelease() {
                "it is a pre-release that no requirement names".to_owned()
            } else {
                "it does not fit with the other pins".to_owned()
            }
        }
    };
    Ok(Some(Note::NotKept {
        name: name.clone(),
        version: kept.clone(),
        why,
    }))
}

fn status(project: &Project) -> Option<Note> {
    let (status, reason) = match project.view.status() {
        ProjectStatus::Archived(reason) => ("archived", reason),
        ProjectStatus::Deprecated(reason) => ("deprecated", reason),
        ProjectStatus::Active | ProjectStatus::Quarantined(_) => return None,
    };
    Some(Note::Status {
        name: project.view.name().clone(),
        status,
        reason: reason.clone(),
    })
}
