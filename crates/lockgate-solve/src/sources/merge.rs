//! Many lines about one package, worked out once: the search takes time with the square of their number.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{Marker, Name, Scope, Source};

use super::{Role, Wanted, unmarked};
use crate::bounds::{Bound, admitted};
use crate::dependencies::{MAX_SEPARATE, OPERATORS};

/// What lines have to have in common to be merged: all but their specifiers, and the lines that they stand in.
type Key<'w> = (
    &'w Name,
    &'w [Name],
    &'w Marker,
    &'w BTreeSet<Scope>,
    &'w str,
    &'w str,
);

/// Merges the lines of one file about one package that are more than people read. Few stay apart, each to be named with its line.
pub(super) fn merged(all: Vec<Wanted>) -> Vec<Wanted> {
    if all.len() <= MAX_SEPARATE {
        return all;
    }
    let mut places: BTreeMap<Key<'_>, Vec<usize>> = BTreeMap::new();
    for (place, wanted) in all.iter().enumerate() {
        if let Some(key) = key(wanted) {
            places.entry(key).or_default().push(place);
        }
    }
    let mut is_merged = vec![false; all.len()];
    let mut at_first: BTreeMap<usize, Wanted> = BTreeMap::new();
    for places in places.into_values().filter(|all| all.len() > MAX_SEPARATE) {
        let group: Vec<&Wanted> = places.iter().filter_map(|place| all.get(*place)).collect();
        if let (Some(first), Some(one)) = (places.first(), as_one(&group)) {
            at_first.insert(*first, one);
            for place in &places {
                if let Some(flag) = is_merged.get_mut(*place) {
                    *flag = true;
                }
            }
        }
    }
    if at_first.is_empty() {
        return all;
    }
    let all = all.into_iter().zip(is_merged).enumerate();
    all.filter_map(|(place, (wanted, is_merged))| {
        at_first.remove(&place).or((!is_merged).then_some(wanted))
    })
    .collect()
}

fn key(wanted: &Wanted) -> Option<Key<'_>> {
    let is_plain = wanted.replaced.is_none()
        && wanted.role != Role::Override
        && matches!(wanted.requirement.source, Source::Index(_));
    is_plain.then_some((
        &wanted.name,
        wanted.extras.as_slice(),
        &wanted.marker,
        &wanted.scopes,
        wanted.origin.file.as_str(),
        wanted.origin.via.as_str(),
    ))
}

/// All of these as one, which names their file and no line; none if their specifiers cannot be read as one.
fn as_one(group: &[&Wanted]) -> Option<Wanted> {
    let mut one = Wanted::clone(group.first()?);
    let texts: Vec<String> = (group.iter())
        .map(|wanted| unmarked(&wanted.requirement))
        .collect();
    let clauses: Vec<&str> = (texts.iter())
        .filter_map(|text| text.get(text.find(OPERATORS)?..))
        .collect();
    let Source::Index(specifiers) = &mut one.requirement.source else {
        return None;
    };
    *specifiers = clauses.join(",").parse().ok()?;
    one.bound = Bound {
        set: admitted(group.iter().map(|wanted| &wanted.bound)),
        names_prerelease: group.iter().any(|wanted| wanted.bound.names_prerelease),
        is_exact: group.iter().any(|wanted| wanted.bound.is_exact),
    };
    one.place = None;
    one.origin.line = None;
    Some(one)
}
