//! Releases that would be taken before a pin and that the gate takes away by denying what they require.

use std::sync::Arc;

use lockgate_model::{Advisory, FactError, Name, Verdict, VersionSet};

use crate::dependencies::Dependency;
use crate::graph::Linked;
use crate::notes::Passed;
use crate::order::Placed;
use crate::release::{Release, span};
use crate::search::Search;
use crate::shelf::{Needs, Project};

/// How many releases before a pin are looked at: each look reads metadata.
const MOST_LOOKS: usize = 8;

/// The releases of `project` in `admitted` that come before the pin in the order and that require a project of which the gate leaves no version that
/// the rest of the graph admits. Looks at metadata only where the gate speaks against versions that come before a pin that
/// this pin requires.
pub(crate) fn held_back(
    search: &Search<'_>,
    linked: &Linked,
    project: &Project,
    admitted: &VersionSet,
    pin: Placed<'_>,
) -> Result<Vec<Passed>, FactError> {
    let name = project.view.name();
    let mut held = Vec::new();
    if !requires_affected(search, linked, name)? {
        return Ok(held);
    }
    let mut looks = 0;
    for index in search.order.walk(&*project.view, admitted) {
        let version = project.view.version(index);
        if !admitted.contains(version) || version.any_prerelease() {
            continue;
        }
        let Release::Usable(usable) = &*search.shelf.release(project, index)? else {
            continue;
        };
        if usable.yanked.is_some()
            || !search.order.precedes(name, usable.placed(version), pin)
            || search.guard.verdict(name, version)? != Verdict::Clear
        {
            continue;
        }
        if looks == MOST_LOOKS {
            break;
        }
        looks += 1;
        let needs = search.shelf.needs(name, version)?;
        let Needs::Known(_, dependencies) = &*needs else {
            continue;
        };
        for dependency in dependencies {
            let advisories = denied_entirely(search, linked, name, dependency)?;
            if !advisories.is_empty() {
                held.push((version.clone(), advisories));
                break;
            }
        }
    }
    Ok(held)
}

/// Whether the pin requires another with versions before it in the order that the gate speaks against.
fn requires_affected(search: &Search<'_>, linked: &Linked, name: &Name) -> Result<bool, FactError> {
    for needed in linked.dependencies.get(name).into_iter().flatten() {
        let (Some(pin), Some(affected), Some(project)) = (
            linked.versions.get(needed),
            search.guard.affected(needed)?,
            search.shelf.project(needed)?,
        ) else {
            continue;
        };
        let before = search
            .order
            .may_be_before(needed, pin)
            .intersection(&affected);
        if span(&*project.view, &before).any(|index| before.contains(project.view.version(index))) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The advisories against the first version that a dependency and the rest of the graph admit, if all of those are denied.
fn denied_entirely(
    search: &Search<'_>,
    linked: &Linked,
    from: &Name,
    dependency: &Dependency,
) -> Result<Vec<Arc<Advisory>>, FactError> {
    let Some(project) = search.shelf.project(&dependency.name)? else {
        return Ok(Vec::new());
    };
    let mut range = dependency.bound.set.clone();
    let others = linked.asked.get(&dependency.name).into_iter().flatten();
    for (_, bound) in others.filter(|(asker, _)| asker.as_ref() != Some(from)) {
        range = range.intersection(&bound.set);
    }
    let mut first: Option<Vec<Arc<Advisory>>> = None;
    for index in search.order.walk(&*project.view, &range) {
        let version = project.view.version(index);
        if !range.contains(version) || version.any_prerelease() {
            continue;
        }
        let Release::Usable(usable) = &*search.shelf.release(&project, index)? else {
            continue;
        };
        if usable.yanked.is_some() {
            continue;
        }
        match search.guard.verdict(&dependency.name, version)? {
            Verdict::Clear => return Ok(Vec::new()),
            Verdict::Avoid(reason) | Verdict::Deny(reason) => {
                first.get_or_insert_with(|| reason.advisories.clone());
            }
        }
    }
    Ok(first.unwrap_or_default())
}
