//! Bounds of the sources that can be relaxed: each is offered only after solving with exactly what is offered in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockgate_model::{
    BoundChange, Fact, GateRefusal, Name, Requirement, Source, Specifiers, Version,
};

use super::attempt;
use crate::bounds::Bound;
use crate::graph::Linked;
use crate::search::Search;
use crate::sources::{Role, Sources, Wanted};

/// How many direct requirements are tried: each alone with at most two solves, or all together with at most one more for each.
const MOST_TRIALS: usize = 6;

/// How many relaxed bounds are offered where the requirements conflict by themselves.
const MOST_OFFERED: usize = 2;

/// Direct requirements or constraints with other bounds, under which there is a solution.
pub(super) struct Relaxation {
    /// The projects whose bounds change, in the order of `changes`.
    names: Vec<Name>,
    pub(super) changes: Vec<BoundChange>,
    pub(super) versions: BTreeMap<Name, Version>,
}

impl Relaxation {
    /// The version that is then chosen of the first project whose bound changes.
    pub(super) fn first_changed(&self) -> Option<Version> {
        let first = self.names.first()?;
        self.versions.get(first).cloned()
    }
}

/// The bounds that can be relaxed, smallest change first: fewest pins other than without the gate. Where no single one helps, a
/// smallest set of them that does.
pub(super) fn under_the_gate(
    search: &Search<'_>,
    sources: &Sources,
    facts: &[Fact],
    ungated: &Linked,
    refusals: &[GateRefusal],
) -> Vec<Relaxation> {
    let refused = refusals.iter().map(|refusal| &refusal.name);
    let bounded = bounded(sources, facts, refused);
    let mut relaxations: Vec<Relaxation> = bounded
        .iter()
        .filter_map(|wanted| relax(search, sources, &[*wanted]))
        .collect();
    if relaxations.is_empty() && bounded.len() > 1 {
        relaxations.extend(relax_together(search, sources, bounded));
    }
    relaxations.sort_by_cached_key(|relaxation| {
        ungated
            .versions
            .iter()
            .filter(|(name, version)| relaxation.versions.get(name) != Some(version))
            .count()
    });
    relaxations
}

/// The first bounds that can be relaxed by themselves, in the order of the sources; where none helps, a smallest set of them that does.
/// `found_one` hears of each before the next is looked for.
pub(super) fn of_the_requirements(
    search: &Search<'_>,
    sources: &Sources,
    facts: &[Fact],
    found_one: impl Fn(),
) -> Vec<Relaxation> {
    let bounded = bounded(sources, facts, std::iter::empty());
    let mut relaxations: Vec<Relaxation> = bounded
        .iter()
        .filter_map(|wanted| relax_one(search, sources, wanted))
        .inspect(|_| found_one())
        .take(MOST_OFFERED)
        .collect();
    if relaxations.is_empty() && bounded.len() > 1 {
        relaxations.extend(relax_together(search, sources, bounded));
    }
    relaxations
}

/// The bounds that a proof speaks of.
fn bounded<'s>(
    sources: &'s Sources,
    facts: &[Fact],
    refused: impl Iterator<Item = &'s Name>,
) -> Vec<&'s Wanted> {
    let named: BTreeSet<Name> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Root { name, .. } => Some(name.clone()),
            Fact::Requires { to, overridden, .. } => overridden.as_ref().map(|_| to.0.clone()),
            Fact::NoVersion { .. } | Fact::Absent { .. } => None,
        })
        .chain(refused.cloned())
        .collect();
    sources
        .requirements
        .iter()
        .filter(|wanted| wanted.role != Role::Override)
        .chain(&sources.constraints)
        .chain(sources.changes.all())
        .filter(|wanted| {
            wanted.place.is_some() && named.contains(&wanted.name) && !wanted.bound.set.is_full()
        })
        .take(MOST_TRIALS)
        .collect()
}

/// Relaxes all bounds, then takes back each that need not be.
fn relax_together(
    search: &Search<'_>,
    sources: &Sources,
    mut bounded: Vec<&Wanted>,
) -> Option<Relaxation> {
    let works =
        |bounded: &[&Wanted]| attempt(search, &with_bounds(sources, bounded, None)).is_some();
    if !works(&bounded) {
        return None;
    }
    let mut place = 0;
    while place < bounded.len() {
        let mut fewer = bounded.clone();
        fewer.remove(place);
        if works(&fewer) {
            bounded = fewer;
        } else {
            place += 1;
        }
    }
    relax(search, sources, &bounded)
}

/// Which operator takes the place of a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The one on the side from which versions are tried: it takes what was found again.
    Tried,
    /// For a bound that is too high a lower one, as it was written.
    Kept,
}

/// Solves without the bounds, then with the shortest bounds that name what was found.
fn relax(search: &Search<'_>, sources: &Sources, bounded: &[&Wanted]) -> Option<Relaxation> {
    let free = attempt(search, &with_bounds(sources, bounded, None))?;
    let specifiers = bounds_on(search, &free, bounded, Side::Tried)?;
    bound_to(search, sources, bounded, specifiers)
}

/// As [`relax`], for one bound: one that is too high becomes a lower one where that gives the same version.
fn relax_one(search: &Search<'_>, sources: &Sources, wanted: &Wanted) -> Option<Relaxation> {
    let bounded = [wanted];
    let free = attempt(search, &with_bounds(sources, &bounded, None))?;
    let kept = bounds_on(search, &free, &bounded, Side::Kept)?;
    let tried = bounds_on(search, &free, &bounded, Side::Tried)?;
    let is_same =
        |found: &Relaxation| found.versions.get(&wanted.name) == free.versions.get(&wanted.name);
    if let Some(found) = bound_to(search, sources, &bounded, kept).filter(is_same) {
        return Some(found);
    }
    bound_to(search, sources, &bounded, tried)
}

/// Bounds that name the versions that were found.
fn bounds_on(
    search: &Search<'_>,
    free: &Linked,
    bounded: &[&Wanted],
    side: Side,
) -> Option<Vec<Specifiers>> {
    let bounds = bounded.iter().map(|wanted| {
        let chosen = free.versions.get(&wanted.name)?;
        let (set, is_lowest_first) = (
            &wanted.bound.set,
            search.order.is_lowest_first(&wanted.name),
        );
        let operator = match is_lowest_first {
            _ if wanted.bound.is_exact => "==",
            _ if side == Side::Kept && set.is_above(chosen) => ">=",
            false if set.is_above(chosen) || !set.is_below(chosen) => "<=",
            true if !set.is_below(chosen) && set.is_above(chosen) => "<=",
            false | true => ">=",
        };
        format!("{operator}{chosen}").parse().ok()
    });
    bounds.collect()
}

/// Solves with other bounds.
fn bound_to(
    search: &Search<'_>,
    sources: &Sources,
    bounded: &[&Wanted],
    specifiers: Vec<Specifiers>,
) -> Option<Relaxation> {
    let found = attempt(search, &with_bounds(sources, bounded, Some(&specifiers)))?;
    let changes = bounded.iter().zip(specifiers).map(|(wanted, specifiers)| {
        let to = Requirement {
            source: Source::Index(specifiers),
            ..wanted.requirement.clone()
        };
        BoundChange {
            requirement: wanted.requirement.to_string(),
            origin: wanted.origin.clone(),
            to: to.to_string(),
        }
    });
    Some(Relaxation {
        names: bounded.iter().map(|wanted| wanted.name.clone()).collect(),
        changes: changes.collect(),
        versions: found.versions,
    })
}

/// A yanked version, named exactly by the requirement that asks for its project.
pub(super) fn exactly(
    search: &Search<'_>,
    sources: &Sources,
    name: &Name,
    version: &Version,
) -> Option<Relaxation> {
    let mut asking = sources.requirements.iter();
    let wanted = asking.find(|wanted| {
        wanted.name == *name && wanted.place.is_some() && wanted.role == Role::Requirement
    })?;
    bound_to(
        search,
        sources,
        &[wanted],
        vec![format!("=={version}").parse().ok()?],
    )
}

/// The sources with other bounds on some requirements, or with none on them.
fn with_bounds(
    sources: &Sources,
    bounded: &[&Wanted],
    specifiers: Option<&[Specifiers]>,
) -> Sources {
    let mut sources = sources.clone();
    for (index, wanted) in bounded.iter().enumerate() {
        let bound = match specifiers.and_then(|specifiers| specifiers.get(index)) {
            Some(specifiers) => Bound::of(specifiers),
            None => Bound::of(&Specifiers::any()),
        };
        let (requirements, constraints) = (&mut sources.requirements, &mut sources.constraints);
        for changed in requirements.iter_mut().chain(constraints) {
            if changed.role == wanted.role && changed.place == wanted.place {
                changed.bound = bound.clone();
            }
        }
        if wanted.role == Role::Override {
            Arc::make_mut(&mut sources.changes).rebind(wanted.place, &bound);
        }
    }
    sources
}
