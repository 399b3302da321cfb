//! What random worlds are made of, each with what it means: versions, specifiers, conditions, Pythons, files.
//!
//! The meanings are written down here and nowhere computed, so that the judge owes nothing to what it judges.

use std::fmt;

/// The projects; by name alone they mean nothing.
pub const PROJECTS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// The extras of every project.
pub const EXTRAS: [&str; 2] = ["x", "y"];

/// Versions, lowest first.
pub const VERSIONS: [&str; 9] = [
    "1.0",
    "1.0+l",
    "1.0.post1",
    "1.1",
    "2.0b1",
    "2.0",
    "2.0+l",
    "2.1.dev1",
    "3.0",
];

/// Which of the versions are pre-releases.
pub const IS_PRERELEASE: [bool; 9] = [false, false, false, false, true, false, false, true, false];

/// What a specifier means.
pub struct Clause {
    pub text: &'static str,
    /// One letter for each version: `x` where it is admitted.
    pub admits: &'static [u8; 9],
    /// Whether it names a pre-release; `!=` and `.*` never do.
    pub names_prerelease: bool,
    /// Whether it is `==` without a wildcard, or `===`.
    pub is_exact: bool,
}

const fn clause(text: &'static str, admits: &'static [u8; 9]) -> Clause {
    Clause {
        text,
        admits,
        names_prerelease: false,
        is_exact: false,
    }
}

const fn exact(text: &'static str, admits: &'static [u8; 9]) -> Clause {
    Clause {
        is_exact: true,
        ..clause(text, admits)
    }
}

const fn naming(text: &'static str, admits: &'static [u8; 9]) -> Clause {
    Clause {
        names_prerelease: true,
        ..clause(text, admits)
    }
}

/// No restriction.
pub const ANY: usize = 0;

/// The specifiers, with what pip's own library makes of them when pre-releases are allowed.
#[rustfmt::skip]
pub const CLAUSES: [Clause; 23] = [
    //                        1.0 +l .post1 1.1 2.0b1 2.0 +l 2.1.dev1 3.0
    clause("",               b"xxxxxxxxx"),
    clause(">=1.1",          b"---xxxxxx"),
    clause("<2",             b"xxxx-----"),
    clause("!=1.0",          b"--xxxxxxx"),
    clause(">1.0",           b"---xxxxxx"),
    clause("==1.*",          b"xxxx-----"),
    clause("<=2.0",          b"xxxxxxx--"),
    clause("~=1.0",          b"xxxx-----"),
    clause("!=2.0b1",        b"xxxx-xxxx"),
    clause(">=1.0.post1",    b"--xxxxxxx"),
    clause(">1.0.post1",     b"---xxxxxx"),
    clause("<=1.0",          b"xx-------"),
    clause("!=1.*",          b"----xxxxx"),
    clause(">=1.1,<3",       b"---xxxxx-"),
    naming("<2.0b1",         b"xxxx-----"),
    naming(">=2.0b1",        b"----xxxxx"),
    naming(">=2.0b1,!=2.0",  b"----x--xx"),
    exact("==1.0",           b"xx-------"),
    exact("==1.0+l",         b"-x-------"),
    exact("===2.0",          b"-----x---"),
    exact("==2.0",           b"-----xx--"),
    exact("==3.0",           b"--------x"),
    Clause { names_prerelease: true, ..exact("==2.0b1", b"----x----") },
];

/// The environments that all conditions and all `Requires-Python` below can tell apart, one of each kind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The minor number of its Python 3.
    pub python: u8,
    pub system: System,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "3.{} {:?}", self.python, self.system)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    Linux,
    Windows,
    /// Stands for all others too.
    MacOs,
}

pub const PYTHONS: [u8; 4] = [8, 10, 11, 12];
pub const SYSTEMS: [System; 3] = [System::Linux, System::Windows, System::MacOs];

/// All of them.
pub fn grid() -> impl Iterator<Item = Place> {
    let pythons = PYTHONS.into_iter();
    pythons.flat_map(|python| SYSTEMS.map(|system| Place { python, system }))
}

/// What a marker means.
pub struct Condition {
    pub text: &'static str,
    pub holds: fn(Place) -> bool,
}

const fn condition(text: &'static str, holds: fn(Place) -> bool) -> Condition {
    Condition { text, holds }
}

fn is_windows(place: Place) -> bool {
    place.system == System::Windows
}

fn is_linux(place: Place) -> bool {
    place.system == System::Linux
}

/// Holds everywhere.
pub const ALWAYS: usize = 0;

#[rustfmt::skip]
pub const CONDITIONS: [Condition; 22] = [
    condition("", |_| true),
    condition("python_version < '3.10'", |place| place.python < 10),
    condition("python_version >= '3.10'", |place| place.python >= 10),
    condition("python_version < '3.12'", |place| place.python < 12),
    condition("python_version >= '3.12'", |place| place.python >= 12),
    condition("sys_platform == 'win32'", is_windows),
    condition("sys_platform != 'win32'", |place| !is_windows(place)),
    condition("sys_platform == 'linux'", is_linux),
    condition("sys_platform != 'linux'", |place| !is_linux(place)),
    condition("platform_system == 'Windows'", is_windows),
    condition("platform_system != 'Linux'", |place| !is_linux(place)),
    condition("python_full_version >= '3.10' and sys_platform == 'win32'", |place| place.python >= 10 && is_windows(place)),
    condition("python_version < '3.12' or sys_platform == 'linux'", |place| place.python < 12 || is_linux(place)),
    condition("python_version >= '3.10' and python_version < '3.12'", |place| place.python >= 10 && place.python < 12),
    condition("sys_platform == 'linux' or sys_platform == 'win32'", |place| is_linux(place) || is_windows(place)),
    condition("sys_platform != 'linux' and sys_platform != 'win32'", |place| place.system == System::MacOs),
    condition("python_version < '3.8'", |_| false),
    condition("python_version == '3.10'", |place| place.python == 10),
    condition("python_version != '3.10'", |place| place.python != 10),
    condition("python_full_version >= '3.10' and python_full_version < '3.11' and platform_system == 'Linux'", |place| place.python == 10 && is_linux(place)),
    condition("os_name == 'nt' or python_version > '3.11'", |place| is_windows(place) || place.python >= 12),
    condition("python_version < '3.10' and sys_platform == 'win32'", |place| place.python < 10 && is_windows(place)),
];

/// What a `Requires-Python` means.
pub struct Python {
    pub text: &'static str,
    pub from: u8,
    pub below: u8,
}

const fn python(text: &'static str, from: u8, below: u8) -> Python {
    Python { text, from, below }
}

/// No `Requires-Python`.
pub const ANY_PYTHON: usize = 0;

pub const REQUIRED_PYTHONS: [Python; 8] = [
    python("", 0, u8::MAX),
    python(">=3.8", 8, u8::MAX),
    python(">=3.10", 10, u8::MAX),
    python(">=3.12", 12, u8::MAX),
    python("<3.10", 0, 10),
    python(">=3.10,<3.12", 10, 12),
    python(">=3.8,<3.12", 8, 12),
    python("<3", 0, 0),
];

/// The files of a release.
pub struct Files {
    /// As flags of a world's text.
    pub flags: &'static str,
    pub has_sdist: bool,
    /// Where its wheel fits, if it has one.
    pub wheel: Option<fn(Place) -> bool>,
}

/// A wheel for all.
pub const PURE: usize = 0;

#[rustfmt::skip]
pub const FILES: [Files; 8] = [
    Files { flags: "", has_sdist: false, wheel: Some(|_| true) },
    Files { flags: " sdist", has_sdist: true, wheel: None },
    Files { flags: " and-sdist", has_sdist: true, wheel: Some(|_| true) },
    Files { flags: " wheel=cp310-cp310-manylinux_2_17_x86_64", has_sdist: false, wheel: Some(|place| is_linux(place) && place.python == 10) },
    Files { flags: " wheel=cp38-abi3-win_amd64", has_sdist: false, wheel: Some(is_windows) },
    Files { flags: " wheel=py3-none-manylinux_2_17_x86_64", has_sdist: false, wheel: Some(is_linux) },
    Files { flags: " wheel=cp312-cp312-win_amd64", has_sdist: false, wheel: Some(|place| is_windows(place) && place.python == 12) },
    Files { flags: " wheel=cp310-cp310-manylinux_2_17_x86_64 and-sdist", has_sdist: true, wheel: Some(|place| is_linux(place) && place.python == 10) },
];
