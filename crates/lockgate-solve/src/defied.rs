//! Requirements of pins that the lock does not keep, because an override or an exclusion says so: who installs it with pip has to know.

use lockgate_model::{FactError, Name, Note, Requirement, Source, Version};

use crate::graph::Linked;
use crate::search::Search;
use crate::shelf::Needs;
use crate::sources::unmarked;

/// A note for each such requirement of a pin, in the order of its metadata.
pub(crate) fn defied(
    search: &Search<'_>,
    linked: &Linked,
    name: &Name,
    version: &Version,
) -> Result<Vec<Note>, FactError> {
    let shelf = search.shelf;
    if shelf.changes.is_empty() || search.question.rules.no_dependencies {
        return Ok(Vec::new());
    }
    let needs = shelf.needs(name, version)?;
    let Needs::Known(metadata, _) = &*needs else {
        return Ok(Vec::new());
    };
    let extras = linked.extras.get(name);
    let is_asked_for = |requirement: &Requirement| {
        let marker = &requirement.marker;
        let mut extras = extras.into_iter().flatten();
        shelf.region.admits(marker, &[])
            || extras.any(|extra| shelf.region.admits(marker, std::slice::from_ref(extra)))
    };
    Ok(metadata
        .requirements
        .iter()
        .filter(|requirement| requirement.name != *name && is_asked_for(requirement))
        .filter(|requirement| !is_kept(search, linked, requirement))
        .filter(|requirement| {
            // The project is installed from its own folder, with the extras that its sources ask for.
            let own = &search.question.manifest.own;
            !own.contains(&requirement.name) || !requirement.extras.is_empty()
        })
        .map(|requirement| Note::Defied {
            name: name.clone(),
            version: version.clone(),
            requirement: unmarked(requirement),
            locked: linked.versions.get(&requirement.name).cloned(),
        })
        .collect())
}

/// Whether the graph does what a requirement asks for; what nothing changed is kept.
fn is_kept(search: &Search<'_>, linked: &Linked, requirement: &Requirement) -> bool {
    let changes = &search.shelf.changes;
    if !changes.excludes(&requirement.name) && changes.overrides(&requirement.name).is_none() {
        return true;
    }
    let locked = linked.versions.get(&requirement.name);
    locked.is_some_and(|version| match &requirement.source {
        Source::Index(specifiers) => specifiers.set().contains(version),
        Source::Url(_) => false,
    })
}
