//! Who is needed by what, and where: a walk over the edges of a lock, with the extras that each edge asks for.
//!
//! A package with an extra is a place of its own, so that an extra that nobody asks for pulls nothing in. What is needed over several
//! paths is needed where any of them leads. Places change a bounded number of times; one that changes more often is taken to be needed
//! everywhere, which audits more and never less.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lockgate_model::{Marker, Name, Scope};

/// How often a place's marker may grow before it is taken to be always.
const MOST_CHANGES: usize = 24;

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
    pub(super) fn walk(&self, starts: &[Start]) -> BTreeMap<usize, Reached> {
        let mut reached: BTreeMap<usize, Reached> = BTreeMap::new();
        let scopes: BTreeSet<&Scope> = starts.iter().map(|start| &start.scope).collect();
        for scope in scopes {
            let starts = starts.iter().filter(|start| start.scope == *scope);
            let places = self.walk_one(starts.map(|start| &start.edge));
            for ((index, _), state) in places {
                if state.marker.is_never() {
                    continue;
                }
                let entry = reached.entry(index).or_insert_with(|| Reached {
                    scopes: BTreeSet::new(),
                    marker: Marker::never(),
                });
                entry.scopes.insert(scope.clone());
                entry.marker = entry.marker.or(&state.marker);
            }
        }
        reached
    }

    fn walk_one<'e>(&self, starts: impl Iterator<Item = &'e Edge>) -> BTreeMap<Place, State> {
        let mut places: BTreeMap<Place, State> = BTreeMap::new();
        let mut open: VecDeque<Place> = VecDeque::new();
        for edge in starts {
            self.follow(edge, &Marker::always(), &mut places, &mut open);
        }
        while let Some(place) = open.pop_front() {
            let Some(state) = places.get_mut(&place) else {
                continue;
            };
            state.is_open = false;
            let marker = state.marker.clone();
            for edge in self.edges.get(&place).into_iter().flatten() {
                self.follow(edge, &marker, &mut places, &mut open);
            }
        }
        places
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
