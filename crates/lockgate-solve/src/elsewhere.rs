//! What later indexes have of packages that a conflict is about, where each package is taken from the first index that has it.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{
    BoundChange, Conflict, ConflictNote, Fact, FactError, Facts, Name, OnIndex, Requirement,
    VersionSet, WayOut,
};

use crate::conflict::facts as facts_of;
use crate::confusion::{Wish, digests};
use crate::question::Question;
use crate::search::inspector;

/// Returns the packages of a conflict that another index may help with: those of which no version can be chosen.
pub fn stuck_packages(
    question: &Question<'_>,
    conflict: &Conflict,
    facts: &dyn Facts,
) -> Result<Vec<Name>, FactError> {
    let known = facts_of(&conflict.proof);
    let inspector = inspector(question);
    let mut stuck = Vec::new();
    for name in names(&known) {
        if facts.direct(name).is_some() {
            continue;
        }
        let project = match facts.project(name) {
            Ok(project) => project,
            Err(FactError::Absent { .. }) => continue,
            Err(error) => return Err(error),
        };
        let is_excluded =
            |fact: &Fact| matches!(fact, Fact::NoVersion { name: of, .. } if of == name);
        let wish = wish(question, &known, name);
        if known.iter().any(is_excluded) || wish.best(&inspector, &*project)?.is_none() {
            stuck.push(name.clone());
        }
    }
    Ok(stuck)
}

/// Adds a note for each package of which a later index has a version that the requirements of the proof admit, and removes the
/// suggestions that weaken a requirement on it: what is required exists. What cannot be learned of a package is left out.
pub fn note_later_indexes(
    question: &Question<'_>,
    conflict: &mut Conflict,
    pages: &BTreeMap<Name, Vec<OnIndex>>,
) {
    let known = facts_of(&conflict.proof);
    let mut found = BTreeSet::new();
    let mut notes = Vec::new();
    for (name, pages) in pages {
        if let Ok(Some(note)) = later(question, &wish(question, &known, name), name, pages) {
            found.insert(name.clone());
            notes.push(note);
        }
    }
    let is_kept = |way: &WayOut| match way {
        WayOut::Relax { changes, .. } => !changes.iter().any(|change| is_on(change, &found)),
        WayOut::Option(_) | WayOut::Ignore { .. } => true,
    };
    conflict.ways_out.retain(is_kept);
    for refusal in &mut conflict.refusals {
        refusal.ways_out.retain(is_kept);
    }
    conflict.notes.splice(0..0, notes);
}

/// Whether a change is one of a requirement on one of `names`.
fn is_on(change: &BoundChange, names: &BTreeSet<Name>) -> bool {
    let requirement = change.requirement.parse::<Requirement>();
    requirement.is_ok_and(|requirement| names.contains(&requirement.name))
}

/// The packages that a proof speaks of as required, or as having no version.
fn names(facts: &[Fact]) -> BTreeSet<&Name> {
    let names = facts.iter().filter_map(|fact| match fact {
        Fact::Root { name, .. }
        | Fact::NoVersion { name, .. }
        | Fact::Requires { to: (name, _), .. } => Some(name),
        Fact::Absent { .. } => None,
    });
    names.collect()
}

/// What the proof requires of a package: all that sources say of it, and of each package that requires it what one of its versions does.
fn wish<'a>(question: &Question<'a>, facts: &[Fact], name: &Name) -> Wish<'a> {
    let mut wish = Wish::any(question, name);
    let mut by_package: BTreeMap<&Name, VersionSet> = BTreeMap::new();
    for fact in facts {
        match fact {
            Fact::Root {
                name: of,
                versions,
                requirement,
                ..
            } if of == name => {
                wish.restrict(versions);
                let requirement = requirement.parse::<Requirement>().ok();
                if let Some(specifiers) = requirement.as_ref().and_then(Requirement::specifiers) {
                    wish.require(specifiers);
                }
            }
            Fact::Requires {
                from: (from, _),
                to: (to, _),
                to_versions,
                ..
            } if to == name && from != name => {
                let known = by_package.entry(from).or_insert_with(VersionSet::empty);
                *known = known.union(to_versions);
            }
            _ => {}
        }
    }
    for versions in by_package.values() {
        wish.restrict(versions);
    }
    wish
}

/// A version of a later index than the first that has the package, with files that this one does not have.
fn later(
    question: &Question<'_>,
    wish: &Wish<'_>,
    name: &Name,
    pages: &[OnIndex],
) -> Result<Option<ConflictNote>, FactError> {
    let inspector = inspector(question);
    let mut present = pages.iter().filter_map(|page| {
        let view = page.page.as_ref().ok()?.as_ref()?;
        Some((page.index.as_str(), &**view))
    });
    let Some((first, first_view)) = present.next() else {
        return Ok(None);
    };
    for (index, view) in present {
        let Some((place, version)) = wish.best(&inspector, view)? else {
            continue;
        };
        let same = match first_view.position(version) {
            Some(place) => digests(&inspector, first_view, place)?,
            None => BTreeSet::new(),
        };
        if !digests(&inspector, view, place)?.is_subset(&same) {
            return Ok(Some(ConflictNote::OnLaterIndex {
                name: name.clone(),
                first: first.to_owned(),
                index: index.to_owned(),
                version: version.clone(),
            }));
        }
    }
    Ok(None)
}
