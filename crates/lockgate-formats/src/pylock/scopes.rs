//! Locks for more than one use (PEP 751): what of a lock extras and dependency groups ask for, in the markers of its packages.
//!
//! A package is there where the dependencies need it, or an extra that is asked for, or a group: `M or (Ma and 'a' in extras) or …`. Other
//! conditions, such as on two extras at once, have no place in a graph of pins and are refused.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{LockedGraph, Marker, Name, Pin, Scope, Via};

use crate::inventory::{Condition, Wrong};

/// Where a package is installed.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Whatever is asked for.
    pub(super) marker: Marker,
    /// For what is asked for, in order; empty where all of the lock goes together.
    pub(super) scopes: Vec<(Scope, Marker)>,
}

/// The text of a pin's `marker`; none where it is always installed.
pub(super) fn text(pin: &Pin) -> Option<String> {
    if pin.scopes.is_empty() {
        return pin.marker.to_text();
    }
    let mut ways = Vec::new();
    for (scope, marker) in &pin.scopes {
        let asked = match scope {
            Scope::Main => None,
            Scope::Extra(name) => Some(format!("'{name}' in extras")),
            Scope::Group(name) => Some(format!("'{name}' in dependency_groups")),
        };
        ways.push(match (marker.to_text(), asked) {
            (None, None) => return None,
            (Some(only), None) | (None, Some(only)) => only,
            (Some(marker), Some(asked)) if marker.contains(" or ") => {
                format!("({marker}) and {asked}")
            }
            (Some(marker), Some(asked)) => format!("{marker} and {asked}"),
        });
    }
    if ways.len() > 1 {
        for way in ways.iter_mut().filter(|way| way.contains(" and ")) {
            *way = format!("({way})");
        }
    }
    Some(ways.join(" or "))
}

/// Reads a package's `marker`. `declared` are the extras and groups that the lock says to know; with none, all of it goes together.
pub(super) fn read(text: Option<&str>, declared: &BTreeSet<Scope>) -> Result<Place, Wrong> {
    let of_main = |marker: Marker| Place {
        scopes: if declared.is_empty() {
            Vec::new()
        } else {
            vec![(Scope::Main, marker.clone())]
        },
        marker,
    };
    let Some(text) = text else {
        return Ok(of_main(Marker::always()));
    };
    let condition = Condition::read_whole(text);
    if !condition.names_scopes() {
        let marker = Marker::parse(text).map_err(|error| {
            Wrong::new(format!("`{text}` is no marker that can be read: {error}"))
        })?;
        return Ok(of_main(marker));
    }
    if condition.has_unknown() {
        return Err(Wrong::new(format!(
            "`{text}` is no marker that can be read"
        )));
    }
    if let Some(unknown) = condition.named().difference(declared).next() {
        let key = match unknown {
            Scope::Group(_) => "dependency-groups",
            Scope::Main | Scope::Extra(_) => "extras",
        };
        return Err(Wrong::new(format!(
            "`{text}` asks for the {unknown}, which `{key}` of the file does not have"
        )));
    }
    let scopes = condition.by_scope().ok_or_else(|| {
        Wrong::new(format!(
            "`{text}` depends on several extras or groups at once, or on one that is not asked for"
        ))
        .remedy("such conditions are read by `lockgate audit` alone")
    })?;
    let mut marker = Marker::never();
    for of_scope in scopes.values() {
        marker = marker.or(of_scope);
    }
    Ok(Place {
        marker,
        scopes: scopes.into_iter().collect(),
    })
}

/// What of a lock goes together where these scopes are asked for.
pub(super) fn narrowed(graph: &LockedGraph, is_taken: impl Fn(&Scope) -> bool) -> LockedGraph {
    let mut narrowed = LockedGraph {
        regions: graph.regions.clone(),
        ..LockedGraph::default()
    };
    for pin in graph.pins.iter() {
        let mut marker = Marker::never();
        for (_, of_scope) in pin.scopes.iter().filter(|(scope, _)| is_taken(scope)) {
            marker = marker.or(of_scope);
        }
        if pin.scopes.is_empty() {
            marker = pin.marker.clone();
        }
        if !marker.is_never() {
            narrowed.pins.insert(Pin {
                marker,
                scopes: Vec::new(),
                ..pin.clone()
            });
        }
    }
    let left_out = graph.scopes.iter().filter(|scope| !is_taken(scope));
    let left_out: Vec<&Name> = left_out
        .filter_map(|scope| match scope {
            Scope::Group(name) => Some(name),
            Scope::Main | Scope::Extra(_) => None,
        })
        .collect();
    let pins = narrowed.pins.clone();
    narrowed.pins = pins
        .iter()
        .map(|pin| {
            let mut pin = pin.clone();
            let marker = pin.marker.clone();
            pin.dependencies.retain(|(name, version)| {
                let mut others = pins.of(name).iter();
                others.any(|other| other.version == *version && !other.marker.is_disjoint(&marker))
            });
            pin
        })
        .collect();
    let edges = graph.edges.iter().filter(|edge| {
        let asks = match &edge.from {
            Via::Pin(name) => pins.contains(name),
            Via::Source(origin) => {
                let mut groups = left_out.iter();
                !groups.any(|group| origin.via.ends_with(&format!(".toml:{group})")))
            }
        };
        asks && pins.contains(&edge.to)
    });
    narrowed.edges = edges.cloned().collect();
    narrowed
}

/// Two pins of a project that some environment would have both, with the dependencies and one extra or group at most.
pub(super) fn clash<'p>(pin: &Pin, others: &'p [Pin]) -> Option<&'p Pin> {
    let by_scope = |pin: &Pin| -> BTreeMap<Scope, Marker> { pin.scopes.iter().cloned().collect() };
    let mine = by_scope(pin);
    others.iter().find(|other| {
        if pin.scopes.is_empty() {
            return !pin.marker.is_disjoint(&other.marker);
        }
        let theirs = by_scope(other);
        let of = |scopes: &BTreeMap<Scope, Marker>, scope: &Scope| {
            let marker = scopes.get(scope).cloned();
            let main = scopes.get(&Scope::Main).cloned();
            let marker = marker.unwrap_or_else(Marker::never);
            marker.or(&main.unwrap_or_else(Marker::never))
        };
        let mut scopes = mine.keys().chain(theirs.keys());
        scopes.any(|scope| !of(&mine, scope).is_disjoint(&of(&theirs, scope)))
    })
}
