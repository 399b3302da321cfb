//! What else is worth knowing of a conflict.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{ConflictNote, Fact, Name, WayOut, Why};

use crate::search::Search;

/// What else is worth knowing: versions that exist and are not offered by themselves.
pub(crate) fn notes(search: &Search<'_>, facts: &[Fact]) -> Vec<ConflictNote> {
    let mut notes: BTreeMap<(&Name, u8), ConflictNote> = BTreeMap::new();
    let asked_for: BTreeSet<&Name> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Root { name, .. } => Some(name),
            Fact::Requires { .. } | Fact::NoVersion { .. } | Fact::Absent { .. } => None,
        })
        .collect();
    for fact in facts {
        let (name, excluded) = match fact {
            Fact::NoVersion { name, excluded, .. } => (name, excluded),
            Fact::Absent { name } if asked_for.contains(name) => {
                let note = ConflictNote::Misspelt { name: name.clone() };
                notes.insert((name, 7), note);
                continue;
            }
            Fact::Absent { .. } | Fact::Root { .. } | Fact::Requires { .. } => continue,
        };
        if let Some(direct) = search.shelf.direct(name) {
            let note = ConflictNote::Direct {
                name: name.clone(),
                version: direct.metadata.version.clone(),
                reference: direct.reference.to_string(),
            };
            notes.insert((name, 6), note);
        }
        for exclusion in excluded {
            let Some(newest) = exclusion.versions.first().cloned() else {
                continue;
            };
            let (order, note) = match &exclusion.why {
                Why::Prerelease => (
                    0,
                    ConflictNote::PrereleasesExist {
                        name: name.clone(),
                        newest,
                    },
                ),
                Why::Yanked(_) => (
                    1,
                    ConflictNote::YankedExists {
                        name: name.clone(),
                        newest,
                    },
                ),
                Why::NeedsBuild(_) => (2, ConflictNote::NeedsBuild { name: name.clone() }),
                Why::Cutoff => (3, ConflictNote::CutoffHides { name: name.clone() }),
                Why::Cooldown => (4, ConflictNote::CooldownHides { name: name.clone() }),
                Why::Hash => (8, ConflictNote::HashesDiffer { name: name.clone() }),
                Why::NoUploadTime => (5, ConflictNote::Undated { name: name.clone() }),
                Why::Gate(_)
                | Why::Quarantined(_)
                | Why::Python { .. }
                | Why::NoWheel
                | Why::Archive
                | Why::Format(_)
                | Why::Metadata(_)
                | Why::Unreadable(_) => continue,
            };
            notes.entry((name, order)).or_insert(note);
        }
    }
    notes.into_values().collect()
}

/// Whether ways out say more than a note does, which then only repeats what the proof says of the versions that are kept out.
pub(crate) fn is_answered(note: &ConflictNote, ways_out: &[WayOut]) -> bool {
    match note {
        ConflictNote::PrereleasesExist { .. }
        | ConflictNote::YankedExists { .. }
        | ConflictNote::CutoffHides { .. }
        | ConflictNote::CooldownHides { .. } => !ways_out.is_empty(),
        ConflictNote::Direct { .. }
        | ConflictNote::Misspelt { .. }
        | ConflictNote::HashesDiffer { .. }
        | ConflictNote::NeedsBuild { .. }
        | ConflictNote::OnLaterIndex { .. }
        | ConflictNote::Region { .. }
        | ConflictNote::Undated { .. } => false,
    }
}
