//! What PubGrub decides on, and the sets it decides with.

use std::fmt;

use lockgate_model::{Name, Version, VersionSet};

use crate::effort;

/// What PubGrub picks a version for.
///
/// `a[x]` asks for the project `a` and for its extra `x`, at versions of one set. The extra agrees with its project on the
/// version and only then asks for what it guards, so that finding an agreement reads no metadata.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Package {
    /// The sources.
    Root,
    /// An extra of a project: stands at the version of the project.
    Extra(Name, Name),
    /// A project.
    Project(Name),
    /// The requirements that an extra guards.
    Guarded(Name, Name),
}

impl Package {
    /// The project it belongs to, unless it is the root.
    pub(crate) fn project(&self) -> Option<&Name> {
        match self {
            Self::Root => None,
            Self::Project(name) | Self::Extra(name, _) | Self::Guarded(name, _) => Some(name),
        }
    }

    /// The extra it stands for.
    pub(crate) fn extra(&self) -> Option<&Name> {
        match self {
            Self::Root | Self::Project(_) => None,
            Self::Extra(_, extra) | Self::Guarded(_, extra) => Some(extra),
        }
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("the sources"),
            Self::Project(name) => write!(f, "{name}"),
            Self::Extra(name, extra) | Self::Guarded(name, extra) => write!(f, "{name}[{extra}]"),
        }
    }
}

/// A set of versions as PubGrub wants it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Set(pub(crate) VersionSet);

impl Set {
    /// Counts a comparison with another one.
    fn compared(&self, other: &Self) {
        effort::count(self.0.pieces() + other.0.pieces());
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl pubgrub::VersionSet for Set {
    type V = Version;

    fn empty() -> Self {
        Self(VersionSet::empty())
    }

    fn singleton(version: Version) -> Self {
        Self(VersionSet::spelled(version))
    }

    fn complement(&self) -> Self {
        effort::count(self.0.pieces());
        Self(self.0.complement())
    }

    fn intersection(&self, other: &Self) -> Self {
        self.compared(other);
        Self(self.0.intersection(&other.0))
    }

    fn contains(&self, version: &Version) -> bool {
        self.0.contains(version)
    }

    fn full() -> Self {
        Self(VersionSet::full())
    }

    fn union(&self, other: &Self) -> Self {
        self.compared(other);
        Self(self.0.union(&other.0))
    }

    fn is_disjoint(&self, other: &Self) -> bool {
        self.compared(other);
        self.0.is_disjoint(&other.0)
    }

    fn subset_of(&self, other: &Self) -> bool {
        self.compared(other);
        self.0.is_subset_of(&other.0)
    }
}
