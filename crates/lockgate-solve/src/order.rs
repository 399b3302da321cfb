//! In which order the versions of a project are tried: newest first, or oldest first where the lowest are asked for
//! (`--resolution`), and those that have a wheel before those that have none (`--prefer-binary`).

use std::collections::BTreeSet;
use std::ops::Range;

use lockgate_model::{ChoiceRules, Name, ProjectView, Resolution, Version, VersionSet};

use crate::release::span;
use crate::sources::Sources;

/// The order of one question.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    resolution: Resolution,
    /// What the sources ask for.
    direct: BTreeSet<Name>,
    /// Whether a version with a wheel goes before all that have none.
    pub(crate) prefers_wheels: bool,
}

/// A version that can be installed, as far as its place in the order depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed<'v> {
    pub(crate) version: &'v Version,
    pub(crate) has_wheel: bool,
}

/// Indexes of releases, the version to try first at the front.
#[derive(Debug)]
pub(crate) struct Walk {
    range: Range<usize>,
    is_reversed: bool,
}

impl Iterator for Walk {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.is_reversed {
            self.range.next_back()
        } else {
            self.range.next()
        }
    }
}

impl Order {
    pub(crate) fn new(rules: &ChoiceRules, sources: &Sources) -> Self {
        let direct = match rules.resolution {
            Resolution::LowestDirect => sources.direct().cloned().collect(),
            Resolution::Highest | Resolution::Lowest => BTreeSet::new(),
        };
        Self {
            resolution: rules.resolution,
            direct,
            prefers_wheels: rules.prefer_binary,
        }
    }

    /// Whether the lowest version of a project is tried first.
    pub(crate) fn is_lowest_first(&self, name: &Name) -> bool {
        match self.resolution {
            Resolution::Highest => false,
            Resolution::Lowest => true,
            Resolution::LowestDirect => self.direct.contains(name),
        }
    }

    /// The releases of a project that may lie in `set`, by version alone.
    pub(crate) fn walk(&self, view: &dyn ProjectView, set: &VersionSet) -> Walk {
        Walk {
            range: span(view, set),
            is_reversed: self.is_lowest_first(view.name()),
        }
    }

    /// The versions that are tried before `version`, by version alone.
    pub(crate) fn before(&self, name: &Name, version: &Version) -> VersionSet {
        if self.is_lowest_first(name) {
            VersionSet::below(version.clone())
        } else {
            VersionSet::above(version.clone())
        }
    }

    /// The versions that are tried after `version`, by version alone.
    pub(crate) fn after(&self, name: &Name, version: &Version) -> VersionSet {
        if self.is_lowest_first(name) {
            VersionSet::above(version.clone())
        } else {
            VersionSet::below(version.clone())
        }
    }

    /// The versions that may be tried before `version`, depending on their files.
    pub(crate) fn may_be_before(&self, name: &Name, version: &Version) -> VersionSet {
        if self.prefers_wheels {
            VersionSet::exactly(version.clone()).complement()
        } else {
            self.before(name, version)
        }
    }

    /// Whether `one` is tried before `other`.
    pub(crate) fn precedes(&self, name: &Name, one: Placed<'_>, other: Placed<'_>) -> bool {
        if self.prefers_wheels && one.has_wheel != other.has_wheel {
            return one.has_wheel;
        }
        if self.is_lowest_first(name) {
            one.version < other.version
        } else {
            one.version > other.version
        }
    }
}
