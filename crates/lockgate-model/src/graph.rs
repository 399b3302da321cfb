//! The locked graph: what was chosen, why each pin is there, and what was passed over.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Advisory, DirectPin, Name, Origin, Sha256, Timestamp, Version};

/// A solution, ready to be written.
#[derive(Debug, Clone, Default)]
pub struct LockedGraph {
    /// The pins, by name.
    pub pins: BTreeMap<Name, Pin>,
    /// Who asks for whom, sorted.
    pub edges: Vec<Edge>,
    /// What people should know of the choice, in the order of names.
    pub notes: Vec<Note>,
}

/// One pinned release.
#[derive(Debug, Clone)]
pub struct Pin {
    /// The project.
    pub name: Name,
    /// The version.
    pub version: Version,
    /// Extras of it that are asked for, sorted.
    pub extras: Vec<Name>,
    /// Every file that the options allow to be installed, by name.
    pub files: Vec<LockedFile>,
    /// Where it is taken from, if a direct reference decides that.
    pub direct: Option<DirectPin>,
}

/// A file of a pinned release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedFile {
    /// Its name.
    pub filename: String,
    /// Where it is.
    pub url: String,
    /// Its digest.
    pub sha256: Sha256,
    /// Bytes.
    pub size: Option<u64>,
    /// When it was uploaded.
    pub uploaded: Option<Timestamp>,
    /// Whether the index serves attestations for it (PEP 740).
    pub has_provenance: bool,
}

/// One requirement that holds in the graph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The pin that is asked for.
    pub to: Name,
    /// Who asks.
    pub from: Via,
    /// The requirement as text, without its marker.
    pub requirement: String,
}

/// Who asks for a pin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// A source, or a constraint or override that speaks of the pin.
    Source(Origin),
    /// Another pin.
    Pin(Name),
}

impl Via {
    /// Whether it asks for the pin: constraints and overrides only say at which version it may be.
    pub fn asks(&self) -> bool {
        match self {
            Self::Source(origin) => !origin.only_restricts(),
            Self::Pin(_) => true,
        }
    }
}

/// What people should know of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Versions above the pin that every requirement in the graph admits and the gate denies (or avoids), newest first; below it,
    /// lowest first, where the lowest are taken.
    /// Also those whose own requirements leave, with the rest of the graph, only versions that the gate denies.
    PassedOver(PassedOver),
    /// An extra that the chosen version does not have.
    MissingExtra {
        /// The project.
        name: Name,
        /// Its version.
        version: Version,
        /// The extra.
        extra: Name,
    },
    /// The pin is yanked, and a requirement names it exactly.
    Yanked {
        /// The project.
        name: Name,
        /// Its version.
        version: Version,
        /// The reason that the index states.
        reason: String,
    },
    /// A pin of the old lock that was not kept, and why, in a few words.
    NotKept {
        /// The project.
        name: Name,
        /// The old pin.
        version: Version,
        /// Why.
        why: String,
    },
    /// Other indexes than those that the pins come from could have been taken.
    IndexConfusion(IndexConfusion),
    /// The pin is a repository or a folder, and pip installs neither while it checks hashes.
    NotHashed {
        /// The project.
        name: Name,
        /// What it is taken from, without credentials.
        reference: String,
    },
    /// A direct requirement that is left out because its project is excluded.
    Excluded {
        /// The project.
        name: Name,
        /// Where it is required.
        origin: Origin,
    },
    /// A requirement of a pin that is not kept, because an override or an exclusion says so.
    Defied {
        /// The project that requires.
        name: Name,
        /// Its version.
        version: Version,
        /// What it requires.
        requirement: String,
        /// The version that is locked of what it requires, if any is.
        locked: Option<Version>,
    },
    /// The lowest version is taken, and nothing says how low it may be.
    Unbounded {
        /// The project.
        name: Name,
        /// Its version.
        version: Version,
        /// Whether a source asks for it.
        is_direct: bool,
    },
    /// Versions that would be taken before the pin have files without an upload time, which a cutoff or cooldown hides.
    Undated {
        /// The project.
        name: Name,
        /// The pin.
        version: Version,
    },
    /// The pin is younger than the cooldown admits, and is taken because of what it fixes.
    Fix {
        /// The project.
        name: Name,
        /// The pin.
        version: Version,
        /// What it fixes, in the order of their ids.
        advisories: Vec<Arc<Advisory>>,
    },
    /// The project is archived or deprecated (PEP 792).
    Status {
        /// The project.
        name: Name,
        /// `archived` or `deprecated`.
        status: &'static str,
        /// The reason that the index states.
        reason: Option<String>,
    },
}

/// Pins that depend on which of several indexes is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexConfusion {
    /// The strategy in use: `first-index` or `unsafe-best-match`.
    pub strategy: &'static str,
    /// The pins, in the order of names.
    pub packages: Vec<Confusable>,
    /// What could not be compared: the project, the index, and why.
    pub unknown: Vec<(Name, String, String)>,
}

/// A pin that another strategy would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusable {
    /// The project.
    pub name: Name,
    /// Its version.
    pub version: Version,
    /// The first index that has the project.
    pub index: String,
    /// Later ones that have something else.
    pub others: Vec<Rival>,
}

/// What a later index has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rival {
    /// The index.
    pub index: String,
    /// The version that would be taken from it.
    pub version: Version,
    /// Whether that is a version which goes before all of the first index; else it has other files of the same one.
    pub is_better: bool,
}

/// What the gate took away from one pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The project.
    pub name: Name,
    /// The pin.
    pub version: Version,
    /// The versions, in the order in which they would have been taken, each with the advisories that speak against it.
    pub versions: Vec<(Version, Vec<Arc<Advisory>>)>,
}

/// The state of the world that a lock was made in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// How the advisories' sources are named: `OSV PyPI`, a file's name, several joined by ` + `.
    pub source: String,
    /// Digest over all advisory data in use.
    pub digest: Sha256,
    /// The newest `modified` of the records; none if no record states one.
    pub modified: Option<Timestamp>,
}

/// Old graph against new.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// New projects.
    pub added: BTreeMap<Name, Version>,
    /// Projects no longer there.
    pub removed: BTreeMap<Name, Version>,
    /// Other versions: from, to.
    pub moved: BTreeMap<Name, (Version, Version)>,
}

impl Change {
    /// From the old lock's pins to `graph`.
    pub fn between(old: &BTreeMap<Name, Version>, graph: &LockedGraph) -> Self {
        let mut change = Self::default();
        for (name, pin) in &graph.pins {
            match old.get(name) {
                None => {
                    change.added.insert(name.clone(), pin.version.clone());
                }
                Some(version) if *version != pin.version => {
                    change
                        .moved
                        .insert(name.clone(), (version.clone(), pin.version.clone()));
                }
                Some(_) => {}
            }
        }
        for (name, version) in old {
            if !graph.pins.contains_key(name) {
                change.removed.insert(name.clone(), version.clone());
            }
        }
        change
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.moved.is_empty()
    }
}
