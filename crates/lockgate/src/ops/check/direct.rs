//! What the direct references of a lock have turned out to be. Those of a `pylock.toml` are found by where they lead.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use lockgate_formats::lock::{Lock, RenderOptions, ScopedPin, direct_lines};
use lockgate_model::{DirectPin, LockedGraph, Name, Pin, Version};
use url::Url;

use super::CheckRequest;

/// What the direct references of the lock have turned out to be, by line.
pub(super) fn pins(check: &CheckRequest, graph: &LockedGraph) -> BTreeMap<usize, (Name, Version)> {
    let release = |pin: &Pin| (pin.name.clone(), pin.version.clone());
    let read = &check.read;
    let of_pylock = held(read).filter_map(|held| Some((held.0.line, release(fresh(graph, held)?))));
    let options = RenderOptions {
        strip_extras: check.request.arguments.rendering.strip_extras,
        ..RenderOptions::default()
    };
    let lines = direct_lines(graph, &options);
    let of_lines = read.direct.iter().filter_map(|held| {
        let (pin, _) = lines.iter().find(|(_, line)| *line == held.text)?;
        Some((held.line, release(pin)))
    });
    of_pylock.chain(of_lines).collect()
}

type Held<'a> = (&'a ScopedPin, &'a DirectPin);

fn held(read: &Lock) -> impl Iterator<Item = Held<'_>> {
    let pins = read.scoped.iter();
    pins.filter_map(|pin| Some((pin, pin.direct.as_ref()?)))
}

/// The pin from the same place.
fn fresh<'g>(graph: &'g LockedGraph, held: Held<'_>) -> Option<&'g Pin> {
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
