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
    /// Whether the source distribution says what it requires only once it is built.
    pub needs_build: bool,
    /// Which of its wheels an installer takes at a place.
    pub taken: fn(Place) -> Option<usize>,
    /// The wheels, and the source distribution behind them, that may have requirements of their own; empty where all have the same.
    pub parts: &'static [&'static str],
}

const fn files(flags: &'static str, taken: fn(Place) -> Option<usize>) -> Files {
    Files {
        flags,
        has_sdist: false,
        needs_build: false,
        taken,
        parts: &[],
    }
}

/// A wheel for all.
pub const PURE: usize = 0;

fn nowhere(_: Place) -> Option<usize> {
    None
}

#[rustfmt::skip]
pub const FILES: [Files; 19] = [
    files("", |_| Some(0)),
    Files { has_sdist: true, ..files(" sdist", nowhere) },
    Files { has_sdist: true, ..files(" and-sdist", |_| Some(0)) },
    files(" wheel=cp310-cp310-manylinux_2_17_x86_64", |place| (is_linux(place) && place.python == 10).then_some(0)),
    files(" wheel=cp38-abi3-win_amd64", |place| is_windows(place).then_some(0)),
    files(" wheel=py3-none-manylinux_2_17_x86_64", |place| is_linux(place).then_some(0)),
    files(" wheel=cp312-cp312-win_amd64", |place| (is_windows(place) && place.python == 12).then_some(0)),
    Files { has_sdist: true, ..files(" wheel=cp310-cp310-manylinux_2_17_x86_64 and-sdist", |place| (is_linux(place) && place.python == 10).then_some(0)) },
    // Wheels that nobody takes, beside one for all, a source distribution, and nothing.
    Files {
        parts: &["cp27-cp27mu-manylinux_2_17_x86_64", "py3-none-any"],
        ..files(" wheel=cp27-cp27mu-manylinux_2_17_x86_64 wheel=py3-none-any", |_| Some(1))
    },
    Files { parts: &["2-py2-none-any", "py3-none-any"], ..files(" wheel=2-py2-none-any wheel=py3-none-any", |_| Some(1)) },
    Files {
        has_sdist: true,
        parts: &["cp27-cp27mu-manylinux_2_17_x86_64", "sdist"],
        ..files(" wheel=cp27-cp27mu-manylinux_2_17_x86_64 and-sdist", nowhere)
    },
    Files { has_sdist: true, needs_build: true, ..files(" wheel=cp27-cp27mu-manylinux_2_17_x86_64 and-sdist needs-build", nowhere) },
    files(" wheel=cp27-cp27mu-manylinux_2_17_x86_64", nowhere),
    // Wheels for several environments.
    Files {
        parts: &["py3-none-manylinux_2_17_x86_64.manylinux_2_17_aarch64", "py3-none-win_amd64.win_arm64"],
        ..files(" no-digests wheel=py3-none-manylinux_2_17_x86_64.manylinux_2_17_aarch64 wheel=py3-none-win_amd64.win_arm64", |place| match place.system {
            System::Linux => Some(0),
            System::Windows => Some(1),
            System::MacOs => None,
        })
    },
    Files {
        parts: &["py3-none-any", "cp310.pp310-cp310.pypy310_pp73-manylinux_2_17_x86_64.manylinux_2_17_aarch64", "2-py3-none-any"],
        ..files(" wheel=py3-none-any wheel=cp310.pp310-cp310.pypy310_pp73-manylinux_2_17_x86_64.manylinux_2_17_aarch64 wheel=2-py3-none-any", |place| Some(if is_linux(place) && place.python == 10 { 1 } else { 2 }))
    },
    Files {
        parts: &["cp310-cp310-manylinux_2_17_x86_64", "cp312-cp312-manylinux_2_17_x86_64", "cp38-abi3-win_amd64", "py310-none-macosx_11_0_universal2"],
        ..files(
            " wheel=cp310-cp310-manylinux_2_17_x86_64 wheel=cp312-cp312-manylinux_2_17_x86_64 wheel=cp38-abi3-win_amd64 wheel=py310-none-macosx_11_0_universal2",
            |place| match (place.system, place.python) {
                (System::Linux, 10) => Some(0),
                (System::Linux, 12) => Some(1),
                (System::Windows, _) => Some(2),
                (System::MacOs, 10..) => Some(3),
                _ => None,
            },
        )
    },
    Files {
        parts: &["py3-none-win_amd64.win_arm64", "py3-none-any"],
        ..files(" wheel=py3-none-win_amd64.win_arm64 wheel=py3-none-any", |place| Some(usize::from(!is_windows(place))))
    },
    Files { has_sdist: true, needs_build: true, ..files(" wheel=py3-none-manylinux_2_17_x86_64 and-sdist needs-build", |place| is_linux(place).then_some(0)) },
    Files { has_sdist: true, needs_build: true, ..files(" sdist needs-build", nowhere) },
];
