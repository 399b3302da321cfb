//! Requirement files: `requirements.in`, and what it includes.

use lockgate_formats::Manifests;
use lockgate_model::{Manifest, Marker, Requirement, Source, Version};

use crate::texts::{Memory, parts, says_something};

/// The files that one input holds, in order; what follows them is at every address.
const NAMES: [&str; 3] = ["requirements.in", "a.txt", "b.txt"];

pub(crate) fn run(bytes: &[u8]) {
    let parts = parts(bytes, NAMES.len() + 1);
    let files = Memory {
        files: NAMES.into_iter().zip(parts.iter().copied()).collect(),
        address: parts.get(NAMES.len()).copied(),
    };
    let manifests = Manifests {
        extras: &[],
        all_extras: false,
        groups: &[],
    };
    match manifests.read(&files, &[NAMES[0].to_owned()], &[]) {
        Ok(manifest) => check(&manifest),
        Err(error) => says_something(&error),
    }
}

/// What is read says the same when it is written and read again.
pub(crate) fn check(manifest: &Manifest) {
    for root in &manifest.requirements {
        same_again(&root.requirement);
    }
    for constraint in &manifest.constraints {
        same_again(&constraint.requirement);
    }
}

/// A requirement on an index is the same when its text is read. One at an address is written without credentials.
pub(crate) fn same_again(requirement: &Requirement) {
    let text = requirement.to_string();
    if matches!(requirement.source, Source::Index(_)) {
        let again: Requirement = match text.parse() {
            Ok(again) => again,
            Err(error) if is_over_budget(&error) => return,
            Err(error) => panic!("`{text}` is not read again: {error}"),
        };
        assert_eq!(again.name, requirement.name, "{text}");
        assert_eq!(again.extras, requirement.extras, "{text}");
        assert_eq!(again.source, requirement.source, "{text}");
        same_marker(&again.marker, &requirement.marker);
    }
}

/// Whether a marker is refused for what it would cost: written out, it may be over the budget of one that is read.
pub(crate) fn is_over_budget(error: &dyn std::fmt::Display) -> bool {
    let error = error.to_string();
    ["more alternatives", "longer or nested deeper"]
        .iter()
        .any(|budget| error.contains(budget))
}

/// Two markers say the same of every Python. What holds nowhere is written as a condition on Pythons before 0, and old names of variables
/// as the new ones.
pub(crate) fn same_marker(again: &Marker, marker: &Marker) {
    let pythons = Marker::from_python(&Version::new([0]));
    assert_eq!(
        again.and(&pythons).to_text(),
        marker.and(&pythons).to_text(),
        "a marker changed when it was read again"
    );
}
