//! Which extras and groups ask for each package of a graph that was solved.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{LockedGraph, Name, RootRequirement, Scope, Via};

/// Returns what asks for each package of `graph`, by the requirements of the sources that it was solved from.
///
/// What a package asks for is asked for by all that ask for it. A requirement that `roots` does not have asks as the dependencies
/// themselves do, so that nothing is taken for a group's alone that may not be.
pub fn scopes_of(
    graph: &LockedGraph,
    roots: &[RootRequirement],
) -> BTreeMap<Name, BTreeSet<Scope>> {
    let mut scopes: BTreeMap<Name, BTreeSet<Scope>> = BTreeMap::new();
    let mut asked: BTreeMap<&Name, Vec<&Name>> = BTreeMap::new();
    for edge in graph.edges.iter().filter(|edge| edge.from.asks()) {
        match &edge.from {
            Via::Pin(from) => asked.entry(from).or_default().push(&edge.to),
            Via::Source(origin) => {
                let of_edge = roots
                    .iter()
                    .filter(|root| root.requirement.name == edge.to && root.origin == *origin);
                let mut found: BTreeSet<Scope> = of_edge
                    .flat_map(|root| root.scopes.iter().cloned())
                    .collect();
                if found.is_empty() {
                    found.insert(Scope::Main);
                }
                scopes.entry(edge.to.clone()).or_default().extend(found);
            }
        }
    }
    let mut open: Vec<Name> = scopes.keys().cloned().collect();
    while let Some(name) = open.pop() {
        let own = scopes.get(&name).cloned().unwrap_or_default();
        for to in asked.get(&name).into_iter().flatten() {
            let theirs = scopes.entry((*to).clone()).or_default();
            let before = theirs.len();
            theirs.extend(own.iter().cloned());
            if theirs.len() > before {
                open.push((*to).clone());
            }
        }
    }
    scopes
}
