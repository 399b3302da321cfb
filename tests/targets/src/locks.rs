//! Locks in both of our forms: read, written, and read again.

use std::collections::BTreeSet;

use lockgate_formats::convert::{Converted, Taken, convertible};
use lockgate_formats::inventory::kind_of;
use lockgate_formats::lock::{
    self, Annotation, AuditLine, Evidence, Header, Newline, RenderOptions,
};
use lockgate_formats::pylock::{self, PylockOptions};
use lockgate_model::{BinaryPolicy, IndexOptions, InventoryKind, Pin};

use crate::inventories;
use crate::sources::same_marker;
use crate::texts::{NOTHING, says_something};

pub(crate) fn requirements(bytes: &[u8]) {
    inventories::inventory(InventoryKind::Requirements, bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = kind_of("-", text);
    let read = match lock::read(text, "requirements.txt") {
        Ok(read) => read,
        Err(error) => return says_something(&error),
    };
    let _ = read.kept();
    let _ = read.all_versions();
    let _ = read.audit.as_deref().map(Evidence::parse);
    let _ = Newline::of(Some(text));
    let write =
        |converted: &Converted| lock::render(&converted.graph, &header(converted), &written());
    stays_the_same(InventoryKind::Requirements, bytes, write);
}

pub(crate) fn pylock(bytes: &[u8]) {
    inventories::inventory(InventoryKind::Pylock, bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let read = match pylock::read(text, "pylock.toml") {
        Ok(read) => read,
        Err(error) => return says_something(&error),
    };
    let _ = read.lock().kept();
    if let Err(error) = read.requirements("pylock.toml") {
        says_something(&error);
    }
    let write = |converted: &Converted| {
        let options = PylockOptions {
            requires_python: converted.requires_python.clone(),
            indexes: converted.indexes.clone(),
            default_groups: converted.default_groups.clone(),
            notes: true,
            ..PylockOptions::default()
        };
        pylock::render(&converted.graph, &header(converted), &options)
    };
    stays_the_same(InventoryKind::Pylock, bytes, write);
}

/// How a requirements lock is written: with everything.
pub(crate) fn written() -> RenderOptions {
    RenderOptions {
        hashes: true,
        header: true,
        strip_extras: false,
        annotation: Annotation::Split,
        index: IndexOptions::default(),
        binary: BinaryPolicy::default(),
        omitted: BTreeSet::new(),
        newline: Newline::Unix,
    }
}

fn header(converted: &Converted) -> Header {
    Header {
        python: "3.11".to_owned(),
        is_universal: false,
        command: "lockgate lock".to_owned(),
        audit: converted
            .audit
            .clone()
            .map_or(AuditLine::Off, AuditLine::Kept),
        index_answers: converted.index_answers.clone(),
    }
}

/// What was read and written can be read again: the same pins for the same environments with the same digests, and the same text but for notes.
fn stays_the_same(kind: InventoryKind, bytes: &[u8], write: impl Fn(&Converted) -> String) {
    let taken = Taken {
        keeps_scopes: true,
        ..Taken::default()
    };
    let first = match convertible(kind, bytes, "lock", &NOTHING, &taken) {
        Ok(first) => first,
        Err(error) => return says_something(&error),
    };
    let text = write(&first);
    let second = convertible(kind, text.as_bytes(), "lock", &NOTHING, &taken)
        .unwrap_or_else(|error| panic!("what was written is not read: {error}\n{text}"));
    let pins = |converted: &Converted| converted.graph.pins.iter().cloned().collect::<Vec<_>>();
    let (before, after) = (pins(&first), pins(&second));
    assert_eq!(before.len(), after.len(), "{text}");
    for (first, second) in before.iter().zip(&after) {
        assert_eq!(
            (&first.name, &first.version),
            (&second.name, &second.version)
        );
        same_marker(&second.marker, &first.marker);
        let digests = |pin: &Pin| {
            let files = pin.files.iter().map(|file| file.sha256);
            files.collect::<BTreeSet<_>>()
        };
        assert_eq!(digests(first), digests(second), "{text}");
        assert_eq!(first.direct.is_some(), second.direct.is_some(), "{text}");
    }
    assert_eq!(
        without_notes(&write(&second)),
        without_notes(&text),
        "another text the second time"
    );
}

/// The lines that say what is installed. A control character becomes a blank in a comment, which is why two names there may be one later.
fn without_notes(text: &str) -> Vec<&str> {
    let is_note = |line: &&str| line.trim_start().starts_with('#') || line.starts_with("via = ");
    text.lines().filter(|line| !is_note(line)).collect()
}
