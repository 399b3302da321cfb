//! Whether a `pylock.toml` can be installed with the extras and groups that its sources have, and each pin with what asks for it.

use lockgate_formats::lock::ScopedPin;
use lockgate_model::{LockedGraph, Marker, Name, Pin, Scope, Version};

use super::CheckRequest;

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
        let Some(fresh) = fresh(graph, &held.name, &held.version) else {
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

/// The pin of that version; a direct reference is the one that there is, since folders state none.
fn fresh<'g>(graph: &'g LockedGraph, name: &Name, version: &Version) -> Option<&'g Pin> {
    graph.pins.at(name, version).or_else(|| {
        let mut direct = graph.pins.of(name).iter();
        direct.find(|pin| pin.direct.is_some())
    })
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
