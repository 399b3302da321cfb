//! The locked graph: what was chosen, why each pin is there, and what was passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::{Advisory, DirectPin, Marker, Name, Origin, Scope, Sha256, Timestamp, Version};

/// A solution, ready to be written.
#[derive(Debug, Clone, Default)]
pub struct LockedGraph {
    /// The pins.
    pub pins: Pins,
    /// Who asks for whom, sorted.
    pub edges: Vec<Edge>,
    /// What people should know of the choice, in the order of names.
    pub notes: Vec<Note>,
    /// The regions that were solved apart from each other, in order; empty where one solution is for all environments.
    pub regions: Vec<Marker>,
    /// The extras and dependency groups that it can be installed with or without; empty where all of it goes together.
    pub scopes: BTreeSet<Scope>,
}

impl LockedGraph {
    /// The edges to each package.
    pub fn edges_by_target(&self) -> BTreeMap<&Name, Vec<&Edge>> {
        let mut edges: BTreeMap<&Name, Vec<&Edge>> = BTreeMap::new();
        for edge in &self.edges {
            edges.entry(&edge.to).or_default().push(edge);
        }
        edges
    }
}

/// Pins in the order of names, then of versions. A project has several where they are for different environments.
#[derive(Debug, Clone, Default)]
pub struct Pins(BTreeMap<Name, Vec<Pin>>);

impl Pins {
    /// The pins of a project, lowest version first.
    pub fn of(&self, name: &Name) -> &[Pin] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// The pin of a project at a version; of those from several places the one that an index has.
    pub fn at(&self, name: &Name, version: &Version) -> Option<&Pin> {
        let mut pins = self.of(name).iter();
        let first = || pins.find(|pin| pin.version == *version);
        self.on_index(name, version).or_else(first)
    }

    /// The pin of a project at a version that an index has.
    pub fn on_index(&self, name: &Name, version: &Version) -> Option<&Pin> {
        let mut pins = self.of(name).iter();
        pins.find(|pin| pin.version == *version && pin.direct.is_none())
    }

    /// The pin of the same project at the same version, from the same place.
    pub fn like(&self, pin: &Pin) -> Option<&Pin> {
        let mut pins = self.of(&pin.name).iter();
        pins.find(|other| other.version == pin.version && other.direct == pin.direct)
    }

    /// Whether a project has a pin.
    pub fn contains(&self, name: &Name) -> bool {
        self.0.contains_key(name)
    }

    /// All pins.
    pub fn iter(&self) -> impl Iterator<Item = &Pin> {
        self.0.values().flatten()
    }

    /// The projects.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.keys()
    }

    /// Adds a pin to those of its project; one at the same version, from the same place, is replaced.
    pub fn insert(&mut self, pin: Pin) {
        let pins = self.0.entry(pin.name.clone()).or_default();
        pins.retain(|other| (&other.version, &other.direct) != (&pin.version, &pin.direct));
        let place = pins.partition_point(|other| other.version <= pin.version);
        pins.insert(place, pin);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }
}

impl FromIterator<Pin> for Pins {
    fn from_iter<I: IntoIterator<Item = Pin>>(pins: I) -> Self {
        let mut all = Self::default();
        for pin in pins {
            all.insert(pin);
        }
        all
    }
}

/// One pinned release.
#[derive(Debug, Clone)]
pub struct Pin {
    /// The project.
    pub name: Name,
    /// The version.
    pub version: Version,
    /// When it is installed, whatever is asked for; `always` in a lock for one machine.
    pub marker: Marker,
    /// What asks for it, and where, in order; empty where all of the lock goes together. What the dependencies need anyway is no extra's
    /// and no group's.
    pub scopes: Vec<(Scope, Marker)>,
    /// Extras of it that are asked for wherever it is installed, sorted.
    pub extras: Vec<Name>,
    /// `Requires-Python` of its metadata, as written.
    pub requires_python: Option<String>,
    /// The pins that it asks for, by name and version.
    pub dependencies: Vec<(Name, Version)>,
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
        /// Whether the form of the lock can do without hashes.
        can_omit_hashes: bool,
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
    /// A version that would be taken before the pin has metadata or a file that cannot be used.
    Unreadable {
        /// The project.
        name: Name,
        /// The pin.
        version: Version,
        /// The version that was passed over, the first of them.
        passed: Version,
        /// What is wrong with it.
        why: String,
    },
    /// A version that would be taken before the pin is skipped, because metadata are known only after a build.
    NeedsBuild {
        /// The package.
        name: Name,
        /// The pin.
        version: Version,
        /// The version that is skipped, the first of them.
        skipped: Version,
        /// What it requires and what needs the build, if it does not need one itself.
        requires: Option<(Name, Version)>,
    },
    /// Pins of a lock for one machine that have a marker, because what it asks of that machine is not known.
    UnknownValue {
        /// Their names, sorted.
        names: Vec<Name>,
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

/// Old graph against new, by the versions of each project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// New projects.
    pub added: BTreeMap<Name, Vec<Version>>,
    /// Projects no longer there.
    pub removed: BTreeMap<Name, Vec<Version>>,
    /// Other versions: from, to.
    pub moved: BTreeMap<Name, (Vec<Version>, Vec<Version>)>,
}

impl Change {
    /// From the old lock's versions, lowest first, to `graph`.
    pub fn between(old: &BTreeMap<Name, Vec<Version>>, graph: &LockedGraph) -> Self {
        let mut change = Self::default();
        for name in graph.pins.names() {
            let pins = graph.pins.of(name).iter();
            let mut new: Vec<Version> = pins.map(|pin| pin.version.clone()).collect();
            // From several places it is one version.
            new.dedup();
            match old.get(name) {
                None => {
                    change.added.insert(name.clone(), new);
                }
                Some(old) if *old != new => {
                    change.moved.insert(name.clone(), (old.clone(), new));
                }
                Some(_) => {}
            }
        }
        for (name, versions) in old {
            if !graph.pins.contains(name) {
                change.removed.insert(name.clone(), versions.clone());
            }
        }
        change
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.moved.is_empty()
    }
}
