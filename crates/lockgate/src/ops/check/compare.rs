//! How a lock differs from what its sources come to now: each difference is a reason.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_formats::inventory::kind_of;
use lockgate_formats::lock::{Lock, RenderOptions};
use lockgate_formats::pylock::written;
use lockgate_model::{Change, InventoryKind, LockedFile, LockedGraph, Marker, Name, Note, Version};

use super::CheckRequest;
use crate::failure::Failure;
use crate::rendering;

pub(super) fn differences(
    check: &CheckRequest,
    change: &Change,
    graph: &LockedGraph,
) -> Result<Vec<String>, Failure> {
    let CheckRequest { lock, read, .. } = check;
    let named: BTreeSet<&Name> = read.omitted.iter().map(|omitted| &omitted.name).collect();
    let unpinned = rendering::omitted(&check.request.arguments.rendering)?;
    let why = |moved: &Name| {
        graph.notes.iter().find_map(|note| match note {
            Note::NotKept { name, why, .. } if name == moved => Some(why.as_str()),
            _ => None,
        })
    };
    let line = |name: &Name| {
        read.pins
            .iter()
            .find(|pin| pin.name == *name)
            .map_or(0, |pin| pin.line)
    };
    let mut reasons = Vec::new();
    // What is taken from a direct reference has no pin to be held against; it may be taken from an index in other environments.
    let is_direct = |name: &Name| {
        let (direct, fresh): (Vec<_>, Vec<_>) =
            (graph.pins.of(name).iter()).partition(|pin| pin.direct.is_some());
        let held = read.pins.iter().filter(|pin| pin.name == *name);
        let held: BTreeSet<&Version> = held.map(|pin| &pin.version).collect();
        let fresh: BTreeSet<&Version> = fresh.iter().map(|pin| &pin.version).collect();
        !direct.is_empty() && (fresh.is_empty() || fresh == held)
    };
    let missing =
        |name: &Name| !named.contains(name) && !unpinned.contains(name) && !is_direct(name);
    for (name, versions) in change.added.iter().filter(|(name, _)| missing(name)) {
        reasons.push(format!(
            "{lock}: `{name}` is required and not locked; it would be {}",
            listed(versions)
        ));
    }
    for (name, versions) in &change.removed {
        reasons.push(format!(
            "{lock}:{}: `{name}=={}` is locked and not required by anything",
            line(name),
            listed(versions)
        ));
    }
    for (name, (old, new)) in change.moved.iter().filter(|(name, _)| !is_direct(name)) {
        reasons.push(format!(
            "{lock}:{}: `{name}=={}` would now be {}: {}",
            line(name),
            listed(old),
            listed(new),
            why(name).unwrap_or("it does not satisfy its requirements")
        ));
    }
    Ok(reasons)
}

/// Versions as a list.
fn listed(versions: &[Version]) -> String {
    let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// Each pin that stays is for the environments that its requirements are for.
pub(super) fn marker_reasons(
    check: &CheckRequest,
    change: &Change,
    graph: &LockedGraph,
) -> Vec<String> {
    let CheckRequest { lock, read, .. } = check;
    let shown = |marker: &Marker| match marker.to_text() {
        None => "all environments".to_owned(),
        Some(text) => format!("`{text}`"),
    };
    let mut reasons = Vec::new();
    for pin in read
        .pins
        .iter()
        .filter(|pin| !change.moved.contains_key(&pin.name))
    {
        if let Some(fresh) = graph.pins.on_index(&pin.name, &pin.version)
            && fresh.marker != pin.marker
        {
            reasons.push(format!(
                "{lock}:{}: `{}=={}` is locked for {} and needed for {}",
                pin.line,
                pin.name,
                pin.version,
                shown(&pin.marker),
                shown(&fresh.marker)
            ));
        }
    }
    reasons
}

/// Each pin that stays needs exactly the hashes of the files that may be installed.
pub(super) fn hash_reasons(check: &CheckRequest, graph: &LockedGraph) -> Vec<String> {
    let CheckRequest { lock, read, .. } = check;
    let needs_none = check.request.arguments.rendering.no_hashes;
    let mut reasons = Vec::new();
    for pin in &read.pins {
        let Some(fresh) = graph.pins.on_index(&pin.name, &pin.version) else {
            continue;
        };
        let files: Vec<&LockedFile> = if kind_of(lock, "") == Some(InventoryKind::Pylock) {
            let (sdist, wheels) = written(fresh);
            sdist.into_iter().chain(wheels).collect()
        } else {
            fresh.files.iter().collect()
        };
        let expected: BTreeSet<String> = files
            .iter()
            .map(|file| format!("sha256:{}", file.sha256))
            .collect();
        let held: BTreeSet<String> = pin.hashes.iter().cloned().collect();
        let (missing, foreign) = (
            expected.difference(&held).count(),
            held.difference(&expected).count(),
        );
        let place = format!("{lock}:{}: `{}=={}`", pin.line, pin.name, pin.version);
        if held.is_empty() && needs_none {
            continue;
        }
        if held.is_empty() {
            reasons.push(format!("{place} has no hashes"));
        } else if missing > 0 {
            reasons.push(format!(
                "{place} lacks the hashes of {missing} of its {} files",
                expected.len()
            ));
        }
        if foreign > 0 {
            let hashes = if foreign == 1 { "hash" } else { "hashes" };
            reasons.push(format!(
                "{place} has {foreign} {hashes} of none of its files"
            ));
        }
    }
    reasons
}

/// What the direct references of the lock have turned out to be, by line.
pub(super) fn direct_pins(read: &Lock, graph: &LockedGraph) -> BTreeMap<usize, (Name, Version)> {
    let lines = lockgate_formats::lock::direct_lines(graph, &RenderOptions::default());
    let held = read.direct.iter().filter_map(|held| {
        let (pin, _) = lines.iter().find(|(_, line)| *line == held.text)?;
        Some((held.line, (pin.name.clone(), pin.version.clone())))
    });
    held.collect()
}

/// Each direct reference stands in the lock as it would be written now, and each that stands there is asked for.
pub(super) fn direct_reasons(check: &CheckRequest, graph: &LockedGraph) -> Vec<String> {
    let CheckRequest { lock, read, .. } = check;
    let rendering = &check.request.arguments.rendering;
    let options = RenderOptions {
        strip_extras: rendering.strip_extras,
        ..RenderOptions::default()
    };
    let lines = lockgate_formats::lock::direct_lines(graph, &options);
    let mut reasons = Vec::new();
    for (pin, line) in &lines {
        let Some(held) = read.direct.iter().find(|held| held.text == *line) else {
            let name = &pin.name;
            reasons.push(format!("{lock}: `{name}` would now be locked as `{line}`"));
            continue;
        };
        let fresh = pin.direct.as_ref();
        let digest = fresh.and_then(|direct| direct.kind.sha256());
        let expected = digest.map(|digest| format!("sha256:{digest}"));
        if let Some(expected) = expected
            && !rendering.no_hashes
            && !held.hashes.contains(&expected)
        {
            let place = format!("{lock}:{}: `{line}`", held.line);
            reasons.push(if held.hashes.is_empty() {
                format!("{place} has no hash")
            } else {
                format!("{place} has another hash than the file, {expected}")
            });
        }
    }
    for held in &read.direct {
        if !lines.iter().any(|(_, line)| *line == held.text) {
            reasons.push(format!(
                "{lock}:{}: `{}` is locked and not what its sources ask for",
                held.line, held.text
            ));
        }
    }
    reasons
}
