//! A random world with a question about it: what both are made of.

use lockgate_model::{Level, PrereleaseMode, Resolution};

use super::tables::{ALWAYS, ANY, CONDITIONS, PROJECTS, PYTHONS, Place, VERSIONS, grid};

/// A requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    pub project: usize,
    /// Which extras it asks for.
    pub extras: [bool; 2],
    pub clause: usize,
    pub condition: usize,
    /// Of a release: only with this extra.
    pub guard: Option<usize>,
    /// The extra or the condition is enough.
    pub loose: bool,
    /// Of a release: only one of its files states it.
    pub part: Option<usize>,
}

/// What the gate says of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    Clear,
    Denied,
    Avoided(Level),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub project: usize,
    pub version: usize,
    pub yanked: bool,
    pub python: usize,
    /// Only its metadata say which Pythons it is for.
    pub hides_python: bool,
    pub files: usize,
    /// Uploaded after the cutoff.
    pub late: bool,
    pub advice: Advice,
    pub wishes: Vec<Wish>,
}

/// `--no-binary` and `--only-binary`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    NoBinary,
    OnlyBinary,
}

/// A direct reference of the sources: where it holds, the project is this release and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Direct {
    pub project: usize,
    pub version: usize,
    pub condition: usize,
}

impl Direct {
    /// The requirement itself.
    pub fn wish(&self) -> Wish {
        Wish {
            project: self.project,
            extras: [false; 2],
            clause: ANY,
            condition: self.condition,
            guard: None,
            loose: false,
            part: None,
        }
    }
}

/// The options of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    pub resolution: Resolution,
    pub prefers_wheels: bool,
    pub mode: PrereleaseMode,
    /// A project that `--all-releases` (true) or `--only-final` names.
    pub controlled: Option<(usize, bool)>,
    /// A project that is left out.
    pub excluded: Option<usize>,
    /// A project of which only one kind of file may be used.
    pub format: Option<(usize, Format)>,
    pub has_cutoff: bool,
    pub fewest: bool,
    /// A version that an old lock pins, of each project.
    pub kept: [Option<usize>; 5],
}

impl Options {
    pub const PLAIN: Self = Self {
        resolution: Resolution::Highest,
        prefers_wheels: false,
        mode: PrereleaseMode::IfNecessaryOrExplicit,
        controlled: None,
        excluded: None,
        format: None,
        has_cutoff: false,
        fewest: false,
        kept: [None; 5],
    };
}

/// What a lock is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    One(Place),
    /// All environments from a Python upwards in which a condition holds.
    All {
        from: u8,
        within: usize,
    },
}

impl Aim {
    pub const ALL: Self = Self::All {
        from: PYTHONS[0],
        within: ALWAYS,
    };

    /// Where the lock has to be right.
    pub fn places(self) -> Vec<Place> {
        match self {
            Self::One(place) => vec![place],
            Self::All { from, within } => grid()
                .filter(|place| place.python >= from && (CONDITIONS[within].holds)(*place))
                .collect(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub aim: Aim,
    /// Sorted, each version of a project once.
    pub releases: Vec<Release>,
    pub roots: Vec<Wish>,
    pub constraints: Vec<Wish>,
    pub overrides: Vec<Wish>,
    /// Of each project those that hold in different environments.
    pub direct: Vec<Direct>,
    pub options: Options,
}

/// How the projects of a plan are called.
pub type Names = [&'static str; 5];

impl Plan {
    /// The place of a release.
    pub fn place_of(&self, project: &str, version: &str) -> Option<usize> {
        self.releases.iter().position(|release| {
            PROJECTS[release.project] == project && VERSIONS[release.version] == version
        })
    }

    /// What the sources require.
    pub fn required(&self) -> impl Iterator<Item = Wish> {
        let is_there = |direct: &&Direct| {
            let (project, version) = (PROJECTS[direct.project], VERSIONS[direct.version]);
            self.place_of(project, version).is_some()
        };
        let direct = self.direct.iter().filter(is_there).map(Direct::wish);
        self.roots.iter().copied().chain(direct)
    }

    /// The place of the release that a direct reference makes of a project.
    pub fn direct_at(&self, project: usize, place: Place) -> Option<usize> {
        let mut direct = self.direct.iter();
        let direct = direct.find(|direct| {
            direct.project == project && (CONDITIONS[direct.condition].holds)(place)
        })?;
        self.place_of(PROJECTS[project], VERSIONS[direct.version])
    }
}
