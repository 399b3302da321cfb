//! Whether a `pylock.toml` can be installed with the extras and groups that its sources have, and each pin with what asks for it.

use lockgate_formats::lock::ScopedPin;
use lockgate_model::{LockedGraph, Marker, Pin, Scope};

use super::{CheckRequest, direct};

/// Every difference to what would be written now.
pub(super) fn reasons(check: &CheckRequest, graph: &LockedGraph) -> Vec<String> {
    let CheckRequest { lock, read, .. } = check;
    let mut reasons = Vec::new();
    for missing in graph.scopes.difference(&read.scopes) {
        reasons.push(format!(
            "{lock}: the {missing} is asked for, and the lock cannot be installed with it"
        ));
    }
    for extraneous in read.scopes.difference(&graph.scopes) {
        reasons.push(format!(
            "{lock}: it can be installed with the {extraneous}, which is not asked for"
        ));
    }
    for held in &read.scoped {
        let Some(fresh) = fresh(graph, held) else {
            continue;
        };
        if fresh.scopes != held.scopes {
            let ScopedPin {
                name,
                version,
                scopes,
                line,
                ..
            } = held;
            reasons.push(format!(
                "{lock}:{line}: `{name}=={version}` is locked for {} and needed for {}",
                shown(scopes),
                shown(&fresh.scopes)
            ));
        }
    }
    reasons
}

/// The pin of that version, or from that place.
fn fresh<'g>(graph: &'g LockedGraph, held: &ScopedPin) -> Option<&'g Pin> {
    match &held.direct {
        Some(place) => direct::fresh(graph, (held, place)),
        None => graph.pins.on_index(&held.name, &held.version),
    }
}

fn shown(scopes: &[(Scope, Marker)]) -> String {
    let each = scopes.iter().map(|(scope, marker)| match marker.to_text() {
        None => scope.to_string(),
        Some(text) => format!("{scope} (`{text}`)"),
    });
    let each: Vec<String> = each.collect();
    match each.as_slice() {
        [] => "all that it is installed with".to_owned(),
        each => each.join(", "),
    }
}

/// The lines that pin nothing.
pub(super) fn unpinned(check: &CheckRequest) -> Vec<String> {
    let lines = check.read.unpinned.iter();
    lines
        .map(|line| {
            format!(
                "{}:{}: `{}` is not pinned to one version",
                check.lock, line.line, line.text
            )
        })
        .collect()
}
