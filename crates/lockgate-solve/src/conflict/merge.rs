//! Joins facts that say the same of different versions of one project.

use lockgate_model::{Exclusion, Fact};

/// One fact that says what two say, if they say the same of different versions of a project.
pub(super) fn merge(one: &Fact, other: &Fact) -> Option<Fact> {
    match (one, other) {
        (
            Fact::Requires {
                from,
                from_versions,
                to,
                to_versions,
                marker,
                overridden,
            },
            Fact::Requires {
                from: other_from,
                from_versions: other_versions,
                to: other_to,
                to_versions: other_to_versions,
                marker: other_marker,
                overridden: other_overridden,
            },
        ) if from == other_from
            && to == other_to
            && to_versions == other_to_versions
            && marker == other_marker
            && overridden == other_overridden =>
        {
            Some(Fact::Requires {
                from: from.clone(),
                from_versions: from_versions.union(other_versions),
                to: to.clone(),
                to_versions: to_versions.clone(),
                marker: marker.clone(),
                overridden: overridden.clone(),
            })
        }
        (
            Fact::NoVersion {
                name,
                versions,
                excluded,
                nearest: _,
            },
            Fact::NoVersion {
                name: other_name,
                versions: other_versions,
                excluded: other_excluded,
                nearest: _,
            },
        ) if name == other_name => Some(Fact::NoVersion {
            name: name.clone(),
            versions: versions.union(other_versions),
            excluded: merge_exclusions(excluded, other_excluded),
            nearest: Vec::new(),
        }),
        _ => None,
    }
}

fn merge_exclusions(one: &[Exclusion], other: &[Exclusion]) -> Vec<Exclusion> {
    let mut merged = one.to_vec();
    for exclusion in other {
        match merged.iter_mut().find(|known| known.why == exclusion.why) {
            Some(known) => {
                known.versions.extend(exclusion.versions.iter().cloned());
                known.versions.sort_by(|a, b| b.cmp(a));
                known.versions.dedup();
            }
            None => merged.push(exclusion.clone()),
        }
    }
    merged.sort_by(|a, b| b.versions.first().cmp(&a.versions.first()));
    merged
}
