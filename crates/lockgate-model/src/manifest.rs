//! What is wanted: requirements, constraints and index options, with where each was written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::{
    BinaryPolicy, Marker, Name, Region, ReleaseControl, Requirement, Scope, Sha256, Specifiers,
    Version,
};

/// Everything that the sources ask for.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// Direct requirements, in order.
    pub requirements: Vec<RootRequirement>,
    /// Direct references whose project is only known once they are looked at: a bare address, a path, an editable.
    pub unnamed: Vec<UnnamedRequirement>,
    /// Projects whose requirements only a build knows.
    pub unbuilt: Vec<UnbuiltProject>,
    /// Constraints, in order: they restrict versions and pull nothing in.
    pub constraints: Vec<Constraint>,
    /// Overrides, in order: each takes the place of every requirement on its project, whoever asks.
    pub overrides: Vec<Constraint>,
    /// Projects that are left out, whoever asks.
    pub excludes: BTreeSet<Name>,
    /// Index options, in pip's order rules.
    pub index: IndexOptions,
    /// `--no-binary`, `--only-binary` of the files.
    pub binary: BinaryPolicy,
    /// `--pre` stood in a file.
    pub pre: bool,
    /// `--all-releases` and `--only-final` of the files.
    pub releases: ReleaseControl,
    /// `--prefer-binary` stood in a file.
    pub prefer_binary: bool,
    /// `--require-hashes` stood in a file: every requirement needs a hash and a pin.
    pub require_hashes: bool,
    /// The files of projects among the sources: they have dependencies of their own, which extras and groups stand beside.
    pub projects: Vec<String>,
    /// The names of projects that the sources and groups are of: each is its own folder, and no index is asked for it.
    pub own: BTreeSet<Name>,
    /// The extras and dependency groups that are asked for.
    pub scopes: BTreeSet<Scope>,
    /// `requires-python` of each project and script among the sources, and where it stands: all must hold.
    pub requires_python: Vec<(Specifiers, Origin)>,
    /// What a person should know of the sources though it stops nothing, and where it stands: words that pip passes over too.
    pub warnings: Vec<(String, Origin)>,
    /// What stands in the files as a variable and could stand in a lock only as its value.
    pub unrepeatable: Vec<Unrepeatable>,
}

/// A variable in a place that a lock does not repeat as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrepeatable {
    /// As written: `${NAME}`.
    pub variable: String,
    /// What it stands in: `the name of a requirement`.
    pub place: &'static str,
    /// Where that is.
    pub origin: Origin,
}

impl Manifest {
    /// The extras and groups that a lock can be installed with or without: those beside a project. Where there is none, what is asked for
    /// is all that there is.
    pub fn optional(&self) -> impl Iterator<Item = &Scope> {
        self.scopes.iter().filter(|_| !self.projects.is_empty())
    }
}

/// Index options of the sources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexOptions {
    /// The last `--index-url`, and where it stands.
    pub index_url: Option<(String, Origin)>,
    /// `--extra-index-url`s after it, in order.
    pub extra_index_urls: Vec<(String, Origin)>,
    /// `--no-index`: neither the options above nor later ones count.
    pub no_index: bool,
    /// `--find-links`: pages and folders whose files are candidates too.
    pub find_links: Vec<(String, Origin)>,
    /// `--trusted-host`: hosts, with or without a port, whose certificate is not looked at.
    pub trusted_hosts: Vec<(String, Origin)>,
}

/// A direct requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootRequirement {
    /// What is required.
    pub requirement: Requirement,
    /// Where it was written.
    pub origin: Origin,
    /// `--hash` options: the files that are allowed, if any are named.
    pub hashes: Vec<Sha256>,
    /// `-e`: installed as a link to the folder that it names.
    pub editable: bool,
    /// `--config-settings` for its build, in order.
    pub config_settings: Vec<(String, String)>,
    /// What of the sources asks for it.
    pub scopes: BTreeSet<Scope>,
}

/// A direct reference without a name: `./folder`, `https://host/x-1.0-py3-none-any.whl`, `-e git+https://host/x`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnnamedRequirement {
    /// The address or path, as written, with its fragment and without extras.
    pub reference: String,
    /// Extras asked for, sorted, without repeats.
    pub extras: Vec<Name>,
    /// When it applies.
    pub marker: Marker,
    /// Where it was written.
    pub origin: Origin,
    /// `--hash` options.
    pub hashes: Vec<Sha256>,
    /// `-e`.
    pub editable: bool,
    /// `--config-settings` for its build, in order.
    pub config_settings: Vec<(String, String)>,
}

/// A project among the sources that must be built before it says what it requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnbuiltProject {
    /// The source.
    pub file: String,
    /// Its folder.
    pub folder: String,
    /// Extras asked for, as written.
    pub extras: Vec<String>,
    /// All extras.
    pub all_extras: bool,
}

/// A constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// What versions are allowed (never with extras).
    pub requirement: Requirement,
    /// Where it was written.
    pub origin: Origin,
    /// `--hash` options.
    pub hashes: Vec<Sha256>,
}

/// Where something was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The file as shown to people (relative, POSIX), or `-` for standard input.
    pub file: String,
    /// The line, from 1; none where a format has no lines to speak of.
    pub line: Option<usize>,
    /// How a lock names it in `# via`: `-r requirements.in`, `-c constraints.txt`, `name (pyproject.toml)`.
    pub via: String,
}

impl Origin {
    /// Whether what stands there asks for nothing by itself: a constraint or an override.
    pub fn only_restricts(&self) -> bool {
        self.via.starts_with("-c ") || self.is_override()
    }

    /// Whether it is the place of an override.
    pub fn is_override(&self) -> bool {
        self.via.starts_with("--override ")
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// Versions to keep when nothing speaks against them: the pins of the existing lock, less those to upgrade.
#[derive(Debug, Clone, Default)]
pub struct Preferences {
    /// Pins by project, in the order in which they are tried.
    pub pins: BTreeMap<Name, Vec<KeptPin>>,
    /// The regions that the lock was solved in apart from each other.
    pub regions: Vec<Marker>,
}

/// A pin to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPin {
    /// Its version.
    pub version: Version,
    /// Where it was installed.
    pub marker: Marker,
}

/// `-U` and `-P`.
#[derive(Debug, Clone, Default)]
pub struct Upgrade {
    /// `-U`: no pin is kept.
    pub all: bool,
    /// `-P PKG[SPEC]`: these are not kept; a specifier restricts them like a constraint.
    pub packages: Vec<Requirement>,
    /// `--no-upgrade-package PKG`: these are kept under `-U` too.
    pub except: BTreeSet<Name>,
}

impl Preferences {
    /// The pins of an existing lock that `upgrade` leaves in force. Its regions go with the last of them: with `-U` the search begins anew.
    pub fn new(
        pins: impl IntoIterator<Item = (Name, KeptPin)>,
        regions: Vec<Marker>,
        upgrade: &Upgrade,
    ) -> Self {
        let mut kept = Self {
            pins: BTreeMap::new(),
            regions: if upgrade.all { Vec::new() } else { regions },
        };
        for (name, pin) in pins {
            let is_upgraded = upgrade.all && !upgrade.except.contains(&name);
            if !is_upgraded && !upgrade.packages.iter().any(|r| r.name == name) {
                kept.pins.entry(name).or_default().push(pin);
            }
        }
        kept
    }

    /// The versions to keep in a region, by project, in the order in which they are tried.
    pub fn within(&self, region: &Region) -> BTreeMap<Name, Vec<Version>> {
        let mut versions = BTreeMap::new();
        for (name, pins) in &self.pins {
            let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
            for pin in pins {
                if region.overlaps(&pin.marker) {
                    here.push(pin.version.clone());
                } else {
                    elsewhere.push(pin.version.clone());
                }
            }
            here.sort_by(|one, other| other.cmp(one));
            // What was good enough elsewhere is the next to try here.
            here.append(&mut elsewhere);
            versions.insert(name.clone(), here);
        }
        versions
    }
}
