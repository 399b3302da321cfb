//! Who is needed by what, and where: a walk over the edges of a lock, with the extras that each edge asks for.
//!
//! A package with an extra is a place of its own, so that an extra that nobody asks for pulls nothing in. What is needed over several
//! paths is needed where any of them leads. Places change a bounded number of times; one that changes more often is taken to be needed
//! everywhere, which audits more and never less. Where groups and extras are so many, and reach so much, that their walks would take time
//! with the square of the file, nothing is said of who asks for what.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lockgate_model::{Marker, Name, Scope};

/// How often a place's marker may grow before it is taken to be always.
const MOST_CHANGES: usize = 24;

/// How many steps all walks together may take for each edge of the lock, and at least.
const MAX_STEPS_PER_EDGE: usize = 128;
const MIN_STEPS: usize = 300_000;

/// What is remarked where [`Walked::knows_scopes`] is false.
pub(super) const TOO_MANY_SCOPES: &str = "its groups and extras reach too many packages to tell which of them asks for what; \
     each package counts as one that the dependencies themselves ask for";

/// A package by its place among the items, and one of its extras or none.
type Place = (usize, Option<Name>);

/// One edge.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub(super) to: usize,
    pub(super) extras: Vec<Name>,
    pub(super) marker: Marker,
}

/// Where a walk begins.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) scope: Scope,
    pub(super) edge: Edge,
}

/// The edges of a lock.
#[derive(Debug, Default)]
pub(super) struct Edges {
    edges: BTreeMap<Place, Vec<Edge>>,
    /// When a package can be chosen at all: one of several versions of it.
    conditions: BTreeMap<usize, Marker>,
}

/// What the walks come to.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) reached: BTreeMap<usize, Reached>,
    /// Whether it is known what asks for what; else all scopes are empty.
    pub(super) knows_scopes: bool,
}

/// What the walk says of a package.
#[derive(Debug, Clone)]
pub(super) struct Reached {
    pub(super) scopes: BTreeSet<Scope>,
    pub(super) marker: Marker,
}

impl Edges {
    /// The package at `from`, with `extra` if one is named, needs what `edge` leads to.
    pub(super) fn add(&mut self, from: usize, extra: Option<Name>, edge: Edge) {
        self.edges.entry((from, extra)).or_default().push(edge);
    }

    /// The package at `index` is only chosen where `marker` holds.
    pub(super) fn only_where(&mut self, index: usize, marker: Marker) {
        self.conditions.insert(index, marker);
    }

    /// All edges out of a package, whatever extra they belong to.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &Edge)> {
        self.edges
            .iter()
            .flat_map(|((from, _), edges)| edges.iter().map(|edge| (*from, edge)))
    }

    /// What is reached from `starts`, by package.
    pub(super) fn walk(&self, all: &[Start]) -> Walked {
        let mut by_scope: BTreeMap<&Scope, Vec<&Edge>> = BTreeMap::new();
        for start in all {
            by_scope.entry(&start.scope).or_default().push(&start.edge);
        }
        let edges: usize = self.edges.values().map(Vec::len).sum();
        let mut steps = MIN_STEPS.max(MAX_STEPS_PER_EDGE * (edges + all.len()));
        let mut reached = BTreeMap::new();
        for (scope, starts) in by_scope {
            let Some(places) = self.walk_one(&starts, &mut steps) else {
                return self.walk_together(all);
            };
            add(&mut reached, places, Some(scope));
        }
        Walked {
            reached,
            knows_scopes: true,
        }
    }

    /// The same in one walk, which does not tell what asks for what.
    fn walk_together(&self, starts: &[Start]) -> Walked {
        let edges: Vec<&Edge> = starts.iter().map(|start| &start.edge).collect();
        let mut reached = BTreeMap::new();
        let mut steps = usize::MAX;
        if let Some(places) = self.walk_one(&edges, &mut steps) {
            add(&mut reached, places, None);
        }
        Walked {
            reached,
            knows_scopes: false,
        }
    }

    /// None where it takes more than `steps`, which become less.
    fn walk_one(&self, starts: &[&Edge], steps: &mut usize) -> Option<BTreeMap<Place, State>> {
        let mut places: BTreeMap<Place, State> = BTreeMap::new();
        let mut open: VecDeque<Place> = VecDeque::new();
        for edge in starts {
            *steps = steps.checked_sub(1)?;
            self.follow(edge, &Marker::always(), &mut places, &mut open);
        }
        while let Some(place) = open.pop_front() {
            let Some(state) = places.get_mut(&place) else {
                continue;
            };
            state.is_open = false;
            let marker = state.marker.clone();
            for edge in self.edges.get(&place).into_iter().flatten() {
                *steps = steps.checked_sub(1)?;
                self.follow(edge, &marker, &mut places, &mut open);
            }
        }
        Some(places)
    }

    fn follow(
        &self,
        edge: &Edge,
        marker: &Marker,
        places: &mut BTreeMap<Place, State>,
        open: &mut VecDeque<Place>,
    ) {
        let mut marker = marker.and(&edge.marker);
        if let Some(condition) = self.conditions.get(&edge.to) {
            marker = marker.and(condition);
        }
        if marker.is_never() {
            return;
        }
        let extras = edge.extras.iter().cloned().map(Some);
        for extra in std::iter::once(None).chain(extras) {
            let place = (edge.to, extra);
            let state = places.entry(place.clone()).or_default();
            let mut grown = state.marker.or(&marker);
            if grown == state.marker {
                continue;
            }
            state.changes += 1;
            if state.changes > MOST_CHANGES {
                grown = Marker::always();
            }
            state.marker = grown;
            if !std::mem::replace(&mut state.is_open, true) {
                open.push_back(place);
            }
        }
    }
}

/// Adds what was reached for `scope`.
fn add(
    reached: &mut BTreeMap<usize, Reached>,
    places: BTreeMap<Place, State>,
    scope: Option<&Scope>,
) {
    for ((index, _), state) in places {
        if state.marker.is_never() {
            continue;
        }
        let entry = reached.entry(index).or_insert_with(|| Reached {
            scopes: BTreeSet::new(),
            marker: Marker::never(),
        });
        entry.scopes.extend(scope.cloned());
        entry.marker = entry.marker.or(&state.marker);
    }
}

struct State {
    marker: Marker,
    changes: usize,
    is_open: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            marker: Marker::never(),
            changes: 0,
            is_open: false,
        }
    }
}
