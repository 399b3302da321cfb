//! `ignore-status`: which answers of which indexes mean that a package is not there, by the policies.

use std::collections::BTreeSet;

use lockgate_formats::{ConfigIndex, Set, index_address};
use lockgate_index::{IndexFacts, Places};
use lockgate_model::{LockedGraph, Manifest, Name, Remark, RemarkCode, Source};
use url::Url;

use crate::variables::variable_in;
use crate::world::World;

/// Has hold what the policies state of the indexes in use. What `manifest` requires tells whether an index answers at all.
pub(crate) fn lay_over(places: &mut Places, stated: &[ConfigIndex], manifest: &Manifest) {
    for index in &places.indexes {
        let statuses = statuses(stated, index);
        if !statuses.is_empty() {
            places.ignored_statuses.insert(index.clone(), statuses);
        }
    }
    if !places.ignored_statuses.is_empty() {
        places.witnesses = witnesses(manifest);
    }
}

fn statuses(stated: &[ConfigIndex], index: &Url) -> BTreeSet<u16> {
    let address = index_address(index.as_str());
    let of_index = stated
        .iter()
        .filter(|one| Some(&one.address) == address.as_ref());
    of_index
        .flat_map(|one| one.ignore_status.value.iter().copied())
        .collect()
}

/// The packages that the indexes are asked for in any case.
fn witnesses(manifest: &Manifest) -> Vec<Name> {
    let requirements = manifest.requirements.iter().map(|root| &root.requirement);
    let is_direct = |name: &Name| {
        let mut requirements = requirements.clone();
        requirements.any(|one| one.name == *name && matches!(one.source, Source::Url(_)))
    };
    let names: BTreeSet<&Name> = (requirements.clone())
        .filter(|one| one.marker.is_always())
        .map(|one| &one.name)
        .filter(|name| !is_direct(name))
        .filter(|name| !manifest.own.contains(*name) && !manifest.excludes.contains(*name))
        .collect();
    names.into_iter().cloned().collect()
}

/// A remark for each table that is for no index in use.
pub(crate) fn unmatched(places: &Places, stated: &[ConfigIndex]) -> Vec<Remark> {
    let used: BTreeSet<String> = (places.indexes.iter())
        .filter_map(|index| index_address(index.as_str()))
        .collect();
    let unused = stated.iter().filter(|one| !used.contains(&one.address));
    unused
        .map(|one| Remark {
            code: RemarkCode::UnmatchedIndex,
            text: format!(
                "{} ({}) has no effect: that index is not in use",
                one.key(),
                one.ignore_status.origin
            ),
            origin: Some(one.ignore_status.origin.clone()),
        })
        .collect()
}

/// What all of several policies state.
pub(crate) fn in_all<'s>(mut all: impl Iterator<Item = &'s [ConfigIndex]>) -> Vec<ConfigIndex> {
    let mut common = all.next().map(<[_]>::to_vec).unwrap_or_default();
    for other in all {
        common = common
            .into_iter()
            .map(|one| {
                let same = other.iter().filter(|other| other.address == one.address);
                let theirs: BTreeSet<u16> = same
                    .flat_map(|other| other.ignore_status.value.iter().copied())
                    .collect();
                ConfigIndex {
                    ignore_status: Set {
                        value: &one.ignore_status.value & &theirs,
                        origin: one.ignore_status.origin,
                    },
                    address: one.address,
                }
            })
            .collect();
    }
    common
}

/// For the lock's header: which statuses of which indexes were taken for absences of what is pinned.
pub(crate) fn evidence(graph: &LockedGraph, facts: &IndexFacts, world: &World) -> Vec<String> {
    let pins = graph.pins.iter().filter(|pin| pin.direct.is_none());
    let names: BTreeSet<&Name> = pins.map(|pin| &pin.name).collect();
    let names: Vec<Name> = names.into_iter().cloned().collect();
    let found = facts.ignored_statuses(&names).into_iter();
    let lines = found.map(|(index, refused)| {
        let statuses: BTreeSet<u16> = refused.values().copied().collect();
        let statuses: Vec<String> = statuses.iter().map(ToString::to_string).collect();
        let packages: Vec<&str> = refused.keys().map(Name::as_str).collect();
        let line = format!(
            "status {} of {} was taken for an absent package (ignore-status)",
            statuses.join(" and "),
            shown(&index)
        );
        world
            .terminal
            .detail(&format!("{line}: {}", packages.join(", ")));
        line
    });
    lines.collect()
}

/// The address of an index as a lock may name it: where a path holds the value of a variable, by its host.
fn shown(index: &Url) -> String {
    match index_address(index.as_str()) {
        Some(address) if variable_in(index.as_str()).is_none() => address,
        _ => index.host_str().unwrap_or("an index").to_owned(),
    }
}
