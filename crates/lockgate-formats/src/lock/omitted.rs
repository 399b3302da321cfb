//! What a lock needs and does not pin: named in comments at its end, as pip-compile does with what it calls unsafe.
//!
//! lockgate writes the version too, so that locking over the lock again chooses the same.

use std::fmt::Write as _;

use lockgate_model::{Name, Pin, Version};

/// What opens the comments that lockgate writes.
const OPENING: &str = "# Needed and not pinned here:";

/// What opens those of pip-compile and uv, somewhere in the line.
const FOREIGN_OPENING: &str = "The following packages ";

/// A project that is needed and not pinned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Omitted {
    /// The project.
    pub name: Name,
    /// The version that was chosen for it, if the lock says.
    pub version: Option<Version>,
}

pub(super) fn write(omitted: &[&Pin], text: &mut String) {
    if omitted.is_empty() {
        return;
    }
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\n{OPENING}");
    for pin in omitted {
        let _ = writeln!(text, "# {}=={}", pin.name, pin.version);
    }
}

/// Whether a comment opens such a list.
pub(super) fn is_opening(comment: &str) -> bool {
    comment.starts_with('#') && (comment == OPENING || comment.contains(FOREIGN_OPENING))
}

/// One entry of the list; none for a line of prose.
pub(super) fn entry(comment: &str) -> Option<Omitted> {
    let text = comment.strip_prefix('#')?.trim();
    let (name, version) = match text.split_once("==") {
        Some((name, version)) => (name, Some(version.trim().parse().ok()?)),
        None => (text, None),
    };
    Some(Omitted {
        name: name.trim().parse().ok()?,
        version,
    })
}
