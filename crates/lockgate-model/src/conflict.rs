//! Why there is no solution, as data. Words come at display.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::{Advisory, Name, Origin, Unstated, Version, VersionSet};

/// No combination of versions satisfies everything.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// The proof that nothing fits.
    pub proof: Proof,
    /// What the gate refused on the way, most severe first; empty when the requirements conflict by themselves.
    pub refusals: Vec<GateRefusal>,
    /// Where the requirements conflict by themselves: what makes a solution possible. Each was solved with, and it worked.
    pub ways_out: Vec<WayOut>,
    /// Hints that hold in general: pre-releases exist, a project is absent, a Python bound.
    pub notes: Vec<ConflictNote>,
}

/// A proof by contradiction: facts, and what follows from two others.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "a proof has as many facts as derivations, and each is shared"
)]
pub enum Proof {
    /// Something that is so.
    Fact(Fact),
    /// What follows from two proofs.
    Derived {
        /// What follows: these cannot all hold at once. Empty: the requirements are unsatisfiable.
        conclusion: Vec<Statement>,
        /// The first reason.
        left: Arc<Self>,
        /// The second reason.
        right: Arc<Self>,
        /// Proofs used more than once carry a number, so that the text can refer back.
        shared: Option<usize>,
    },
}

impl Conflict {
    /// The files that could not be read and that the proof rests on: with them there might be a solution.
    pub fn unreadable(&self) -> BTreeSet<&str> {
        let mut files = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut waiting = vec![&self.proof];
        while let Some(part) = waiting.pop() {
            if !seen.insert(std::ptr::from_ref(part)) {
                continue;
            }
            match part {
                Proof::Fact(Fact::NoVersion { excluded, .. }) => {
                    files.extend(
                        excluded
                            .iter()
                            .filter_map(|exclusion| match &exclusion.why {
                                Why::Unreadable(file) => Some(file.as_str()),
                                _ => None,
                            }),
                    );
                }
                Proof::Fact(_) => {}
                Proof::Derived { left, right, .. } => waiting.extend([&**left, &**right]),
            }
        }
        files
    }
}

/// A project being, or not being, at one of these versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The project; none is the sources themselves.
    pub name: Option<Name>,
    /// The extra, when the statement is about an extra of it.
    pub extra: Option<Name>,
    /// The versions.
    pub versions: VersionSet,
    /// Whether it is at one of them (true) or at none of them or absent (false).
    pub is_in: bool,
}

/// Something that the indexes, the sources or the gate state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A source asks for versions of a project.
    Root {
        /// The requirement as written.
        requirement: String,
        /// Where.
        origin: Origin,
        /// What it is.
        role: Stated,
        /// The project.
        name: Name,
        /// The versions.
        versions: VersionSet,
    },
    /// Versions of a project ask for versions of another.
    Requires {
        /// The project that asks, and the extra of it that does.
        from: (Name, Option<Name>),
        /// Its versions that do so.
        from_versions: VersionSet,
        /// The project that is asked for.
        to: (Name, Option<Name>),
        /// The versions that are.
        to_versions: VersionSet,
        /// The marker under which they do, if it is the same for all of them that were looked at.
        marker: Option<String>,
        /// Where the override stands that these versions come from, in place of what the project itself asks for.
        overridden: Option<Box<Origin>>,
    },
    /// No version in the set can be chosen.
    NoVersion {
        /// The project.
        name: Name,
        /// The set.
        versions: VersionSet,
        /// What stands in the way of those that exist; empty: none exists.
        excluded: Vec<Exclusion>,
        /// Where none exists: the next versions below and above the set that do.
        nearest: Vec<Version>,
    },
    /// The project is on no index.
    Absent {
        /// The project.
        name: Name,
    },
}

/// What a statement of a source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stated {
    /// A requirement.
    Requirement,
    /// A constraint.
    Constraint,
    /// An override, in place of this requirement.
    Override(Box<Replaced>),
}

/// A requirement that an override takes the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// As written.
    pub requirement: String,
    /// Where it stands.
    pub origin: Origin,
}

/// Versions that cannot be chosen for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// The versions, newest first.
    pub versions: Vec<Version>,
    /// The reason.
    pub why: Why,
}

/// Why an existing version cannot be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The gate denies it.
    Gate(Vec<Arc<Advisory>>),
    /// The index holds the project in quarantine.
    Quarantined(Option<String>),
    /// All its files are yanked.
    Yanked(String),
    /// It is a pre-release that nothing admits.
    Prerelease,
    /// Its Requires-Python excludes the target.
    Python {
        /// What it says.
        requires: String,
        /// The Python that is locked for.
        target: Version,
    },
    /// It has no file that fits the target's tags.
    NoWheel,
    /// Its only file for the target is an archive that not every pip opens.
    Archive,
    /// The options leave none of its files (`--only-binary`, `--no-binary`).
    Format(&'static str),
    /// It was uploaded after the cutoff.
    Cutoff,
    /// It is younger than the cooldown admits, and fixes nothing.
    Cooldown,
    /// There is a cutoff or a cooldown, and the index does not state when it was uploaded.
    NoUploadTime,
    /// Its metadata cannot be used.
    Metadata(String),
    /// Its metadata are known only after a build.
    NeedsBuild(Unstated),
    /// Its file cannot be read, so that nobody knows what it asks for.
    Unreadable(String),
    /// None of its files has one of the hashes that are asked for.
    Hash,
}

/// What the gate stands in the way of, and the ways out.
#[derive(Debug, Clone)]
pub struct GateRefusal {
    /// The project.
    pub name: Name,
    /// The denied version that would have been taken.
    pub version: Version,
    /// The advisories, most severe first.
    pub advisories: Vec<Arc<Advisory>>,
    /// Whether no ignore entry can help (malicious, quarantined).
    pub is_final: bool,
    /// From the source to the project: texts such as `flask==2.0 (requirements.in:3)`, `flask 2.0 requires jinja2>=3,<3.1`.
    pub chain: Vec<String>,
    /// What would help.
    pub ways_out: Vec<WayOut>,
}

/// Something that, when done, makes a solution possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayOut {
    /// Change direct requirements, all of them; solved with the new ones, and it worked.
    Relax {
        /// The changes: one if one is enough.
        changes: Vec<BoundChange>,
        /// The version that is then chosen of the project that the gate refused, or else of the first that is changed; none if it is no
        /// longer needed.
        gives: Option<Version>,
    },
    /// Run with other options; solved with them, and it worked.
    Option(OptionChange),
    /// Accept the advisories.
    Ignore {
        /// Their ids.
        ids: Vec<String>,
        /// The project.
        name: Name,
    },
}

/// Other options than those of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionChange {
    /// `--python-version`.
    Python(String),
    /// `--all-releases` for these projects.
    Prereleases(Vec<Name>),
    /// Without `--only-binary` or `--no-binary`, which is named, for these projects.
    Formats(Vec<Name>, &'static str),
    /// A later `--exclude-newer`, which still counts this day.
    Cutoff(String),
    /// A shorter `--cooldown`, under which what was uploaded on this day counts.
    Cooldown(String),
}

/// Another bound for a direct requirement or constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundChange {
    /// The requirement as written.
    pub requirement: String,
    /// Where.
    pub origin: Origin,
    /// What to write instead.
    pub to: String,
}

/// What else is worth knowing of a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConflictNote {
    /// The conflict is one of a part of the environments that the lock is for.
    Region {
        /// Which part.
        marker: String,
    },
    /// Pre-releases exist that nothing admits.
    PrereleasesExist {
        /// The project.
        name: Name,
        /// The newest of them.
        newest: Version,
    },
    /// The project is on no index, and a source asks for it itself.
    Misspelt {
        /// The project.
        name: Name,
    },
    /// The package is taken from the first index that has it, and a later one has a version that is required.
    OnLaterIndex {
        /// The package.
        name: Name,
        /// The index that it is taken from, without credentials.
        first: String,
        /// The later index, without credentials.
        index: String,
        /// The version there.
        version: Version,
    },
    /// The hashes that the sources ask for are those of no file.
    HashesDiffer {
        /// The project.
        name: Name,
    },
    /// A yanked release would fit and is not offered by itself.
    YankedExists {
        /// The project.
        name: Name,
        /// The newest of them.
        newest: Version,
    },
    /// The sources say where the project is taken from, so that it has one version.
    Direct {
        /// The project.
        name: Name,
        /// Its version there.
        version: Version,
        /// Where, without credentials.
        reference: String,
    },
    /// A release needs a build to state its metadata.
    NeedsBuild {
        /// The project.
        name: Name,
    },
    /// Without `--exclude-newer` there would be versions.
    CutoffHides {
        /// The project.
        name: Name,
    },
    /// Without `--cooldown` there would be versions.
    CooldownHides {
        /// The project.
        name: Name,
    },
    /// The index does not state when versions were uploaded, so that a cutoff or cooldown hides them.
    Undated {
        /// The project.
        name: Name,
    },
}
