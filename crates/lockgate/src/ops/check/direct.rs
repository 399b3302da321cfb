//! Whether the direct references of a `pylock.toml` are those of its sources. It has no lines as a requirements lock does: places are
//! compared, and paths by where they lead.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use lockgate_formats::lock::{Lock, ScopedPin};
use lockgate_model::{DirectPin, LockedGraph, Name, Pin, Version};
use url::Url;

use super::CheckRequest;

/// Every difference to what would be written now.
pub(super) fn reasons(check: &CheckRequest, graph: &LockedGraph) -> Vec<String> {
    let CheckRequest { lock, read, .. } = check;
    let mut reasons = Vec::new();
    for pin in graph.pins.iter() {
        let Some(fresh) = &pin.direct else {
            continue;
        };
        let name = &pin.name;
        let Some((held, direct)) = held(read).find(|held| is_same(pin, fresh, *held)) else {
            let reference = &fresh.reference;
            reasons.push(format!(
                "{lock}: `{name}` would now be locked as `{reference}`"
            ));
            continue;
        };
        if let Some(expected) = fresh.kind.sha256()
            && direct.kind.sha256() != Some(expected)
        {
            reasons.push(format!(
                "{lock}:{}: `{name}` has another hash than the file, sha256:{expected}",
                held.line
            ));
        }
    }
    for (held, direct) in held(read) {
        if fresh(graph, (held, direct)).is_none() {
            reasons.push(format!(
                "{lock}:{}: `{}` is locked from `{}` and not what its sources ask for",
                held.line, held.name, direct.reference
            ));
        }
    }
    reasons
}

/// What the direct references of the lock have turned out to be, by line.
pub(super) fn pins(read: &Lock, graph: &LockedGraph) -> BTreeMap<usize, (Name, Version)> {
    let found = held(read).filter_map(|held| {
        let pin = fresh(graph, held)?;
        Some((held.0.line, (pin.name.clone(), pin.version.clone())))
    });
    found.collect()
}

pub(super) type Held<'a> = (&'a ScopedPin, &'a DirectPin);

fn held(read: &Lock) -> impl Iterator<Item = Held<'_>> {
    let pins = read.scoped.iter();
    pins.filter_map(|pin| Some((pin, pin.direct.as_ref()?)))
}

/// The pin from the same place.
pub(super) fn fresh<'g>(graph: &'g LockedGraph, held: Held<'_>) -> Option<&'g Pin> {
    let mut pins = graph.pins.of(&held.0.name).iter();
    pins.find(|pin| {
        let direct = pin.direct.as_ref();
        direct.is_some_and(|direct| is_same(pin, direct, held))
    })
}

fn is_same(pin: &Pin, fresh: &DirectPin, (held, direct): Held<'_>) -> bool {
    held.name == pin.name
        && direct.editable == fresh.editable
        && place(&direct.reference) == place(&fresh.reference)
}

/// What a reference leads to: an address or a path from the root, and a folder in it.
fn place(reference: &str) -> (String, Option<String>) {
    let (reference, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let mut parts = fragment.split('&');
    let folder = parts.find_map(|part| part.strip_prefix("subdirectory="));
    let path = match reference.strip_prefix("file:") {
        Some(rest) if rest.starts_with("//") => {
            let url = Url::parse(reference).ok();
            url.and_then(|url| url.to_file_path().ok())
        }
        Some(path) => Some(PathBuf::from(path)),
        None => (!reference.contains("://")).then(|| PathBuf::from(reference)),
    };
    let place = match path {
        Some(path) => from_root(&path).to_string_lossy().into_owned(),
        None => reference.to_owned(),
    };
    (place, folder.map(ToOwned::to_owned))
}

fn from_root(path: &Path) -> PathBuf {
    let current = std::env::current_dir().unwrap_or_default();
    let mut whole = PathBuf::new();
    for part in current.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                whole.pop();
            }
            part => whole.push(part),
        }
    }
    whole
}
