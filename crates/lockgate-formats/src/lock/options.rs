//! How a lock is written.

use std::collections::BTreeSet;

use lockgate_model::{BinaryPolicy, IndexOptions, Name};

/// How a lock is written.
#[derive(Debug, Clone)]
pub struct RenderOptions {
    /// The digests of the files.
    pub hashes: bool,
    /// What stands above the pins.
    pub header: bool,
    /// Leave out the extras of pins: what they ask for is pinned anyway.
    pub strip_extras: bool,
    /// Who asks for each pin, and what the gate passed over.
    pub annotation: Annotation,
    /// Index options to write above the pins, without credentials.
    pub index: IndexOptions,
    /// `--no-binary` and `--only-binary` to write above the pins.
    pub binary: BinaryPolicy,
    /// Projects that are named at the end and not pinned.
    pub omitted: BTreeSet<Name>,
    /// How lines end.
    pub newline: Newline,
}

/// How a lock says who asks for a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Annotation {
    /// On lines of their own, one for each who asks.
    #[default]
    Split,
    /// On one line: that of the pin, or one after its hashes.
    Line,
    /// Not at all.
    None,
}

/// How lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Newline {
    /// With a line feed.
    #[default]
    Unix,
    /// With a carriage return and a line feed.
    Windows,
}

impl Newline {
    /// As in the lock that stands there already; a line feed where none does.
    pub fn of(previous: Option<&str>) -> Self {
        if previous.is_some_and(|text| text.contains("\r\n")) {
            Self::Windows
        } else {
            Self::Unix
        }
    }
}

impl Default for RenderOptions {
    /// With everything that belongs to pins, and without options of pip.
    fn default() -> Self {
        Self {
            hashes: true,
            header: true,
            strip_extras: false,
            annotation: Annotation::default(),
            index: IndexOptions::default(),
            binary: BinaryPolicy::default(),
            omitted: BTreeSet::new(),
            newline: Newline::Unix,
        }
    }
}
