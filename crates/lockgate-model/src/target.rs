//! The environment that a lock is made for: a Python on a platform, with its marker values and wheel tags.

mod at_python;
mod platform;
mod tag_list;

pub use platform::{Arch, Os, Platform};

use std::str::FromStr;
use std::sync::Arc;

use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};

use crate::{Environment, Marker, PointSet, Points, Region, Tags, Version, VersionSet};

/// What a lock is for, as the solver sees it: one machine, or a region of all environments.
#[derive(Debug, Clone)]
pub struct Target {
    /// Marker values, or a condition on them.
    pub region: Region,
    /// Wheel tags it accepts, best first.
    pub tags: Tags,
    /// The Python version that `Requires-Python` is held against: that of the machine, or the lowest of the region.
    pub python: Version,
    /// How it is held against it.
    pub python_rule: PythonRule,
    /// Environments of the region that must have a file of every release: where a release has wheels only, one must fit each of them.
    pub required: Vec<RequiredWheels>,
    /// The environments that a lock for many is judged by; none for one machine.
    pub points: Option<LockPoints>,
}

/// The environments that a lock for many is judged by.
#[derive(Debug, Clone)]
pub struct LockPoints {
    /// All there are.
    pub points: Arc<Points>,
    /// Those that the whole lock is for, whatever part of it is looked at.
    pub whole: PointSet,
}

/// How `Requires-Python` is held against a Python version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PythonRule {
    /// All of it, as installers do.
    Exact,
    /// Without its upper bound: the version is the lowest of many.
    Lowest,
    /// Its lower bound alone: the version is one of many.
    Above,
}

impl PythonRule {
    /// Whether `Requires-Python` with these versions admits a Python version.
    pub fn admits(self, required: &VersionSet, python: &Version) -> bool {
        match self {
            Self::Exact => required.contains(python),
            Self::Lowest => required.without_ceiling().contains(python),
            Self::Above => required.lowest().is_none_or(|lowest| lowest <= python),
        }
    }
}

/// An environment that must have a wheel of every release without a source distribution.
#[derive(Debug, Clone)]
pub struct RequiredWheels {
    /// Which environment it is.
    pub marker: Marker,
    /// The tags of machines in it, one list for each kind of machine; a wheel must fit one of them.
    pub tags: Vec<Tags>,
}

impl Target {
    /// CPython of `python` on `platform`, on no particular machine.
    pub fn new(python: &PythonVersion, platform: &Platform) -> Self {
        Self::of(
            python,
            platform,
            &Implementation::cpython(python),
            &Machine::default(),
        )
    }

    /// A Python as an interpreter tells of itself.
    pub fn of(
        python: &PythonVersion,
        platform: &Platform,
        implementation: &Implementation,
        machine: &Machine,
    ) -> Self {
        let full = python.full().to_string();
        let short = python.short();
        let implementation_version = implementation.version.as_ref().unwrap_or(&full);
        let environment = MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
            implementation_name: &implementation.name,
            implementation_version,
            os_name: platform.os_name(),
            platform_machine: platform.machine(),
            platform_python_implementation: &implementation.display_name,
            platform_release: &machine.release,
            platform_system: platform.system(),
            platform_version: &machine.version,
            python_full_version: &full,
            python_version: &short,
            sys_platform: platform.sys_platform(),
        })
        .or_else(|_no_version| {
            // An implementation's own version need not be PEP 440; Python's is.
            MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
                implementation_name: &implementation.name,
                implementation_version: &full,
                os_name: platform.os_name(),
                platform_machine: platform.machine(),
                platform_python_implementation: &implementation.display_name,
                platform_release: &machine.release,
                platform_system: platform.system(),
                platform_version: &machine.version,
                python_full_version: &full,
                python_version: &short,
                sys_platform: platform.sys_platform(),
            })
        })
        .expect("the text of a version is a version");
        let tags = tag_list::tags(python, implementation, &platform.tags());
        Self {
            region: Region::One(Environment::new(environment)),
            tags,
            python: python.of_release(),
            python_rule: PythonRule::Exact,
            required: Vec::new(),
            points: None,
        }
    }

    /// Every environment from a Python version upwards.
    ///
    /// Such a lock knows final versions of Python alone: from a pre-release of 3.13 it is one from 3.13.0 on.
    pub fn universal(lowest: &PythonVersion) -> Self {
        let lowest = PythonVersion {
            full: lowest.of_release(),
        };
        let region = Region::from_python(&lowest);
        let points = Points::from_python(&lowest);
        let whole = points.all();
        Self {
            python: region.lowest_python().clone(),
            python_rule: PythonRule::Lowest,
            region,
            tags: Tags::any(),
            required: Vec::new(),
            points: Some(LockPoints {
                points: Arc::new(points),
                whole,
            }),
        }
    }

    /// A lock for those of its environments in which `marker` holds; none if there are none.
    pub fn with(&self, marker: &Marker) -> Option<Self> {
        let mut target = self.part(marker)?;
        if target.points.is_some()
            && let Ok(lowest) = target.python.to_string().parse::<PythonVersion>()
        {
            let points = Points::from_python(&lowest);
            target.points = Some(LockPoints {
                whole: points.in_region(&target.region),
                points: Arc::new(points),
            });
        }
        Some(target)
    }

    /// The part of it where `marker` holds, of the same lock; none if that is empty.
    pub fn part(&self, marker: &Marker) -> Option<Self> {
        let region = self.region.with(marker)?;
        Some(Self {
            python: region.lowest_python().clone(),
            region,
            ..self.clone()
        })
    }

    /// One machine as a lock for many machines sees it: upper bounds on Python restrict nothing.
    #[must_use]
    pub fn among_many(self, lock: &Self) -> Self {
        Self {
            python_rule: PythonRule::Above,
            required: lock.required.clone(),
            points: lock.points.clone(),
            ..self
        }
    }

    /// Whether `Requires-Python` with these versions admits it.
    pub fn admits_python(&self, required: &VersionSet) -> bool {
        self.python_rule.admits(required, &self.python)
    }
}

/// What runs Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Implementation {
    /// `implementation_name`: `cpython`, `pypy`.
    pub name: String,
    /// `platform_python_implementation`: `CPython`, `PyPy`.
    pub display_name: String,
    /// `implementation_version`; none: Python's.
    pub version: Option<String>,
    /// Its tag before the Python version: `cp`, `pp`.
    pub tag: String,
    /// The ABI tags of its extension modules, best first.
    pub abis: Vec<String>,
    /// Whether it loads modules of the stable ABI.
    pub has_stable_abi: bool,
}

impl Implementation {
    /// CPython as released: with the global lock, without debugging.
    pub fn cpython(python: &PythonVersion) -> Self {
        let (major, minor) = python.numbers();
        let suffix = match (major, minor) {
            (2, _) => "mu",
            (3, 0..=7) => "m",
            _ => "",
        };
        Self {
            name: "cpython".to_owned(),
            display_name: "CPython".to_owned(),
            version: None,
            tag: "cp".to_owned(),
            abis: vec![format!("cp{major}{minor}{suffix}")],
            has_stable_abi: (major, minor) >= (3, 2),
        }
    }
}

/// Marker values that only a machine can tell. Empty where they are not known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Machine {
    /// `platform_release`.
    pub release: String,
    /// `platform_version`.
    pub version: String,
}

/// A Python version as asked for: `3.11` is 3.11.0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonVersion {
    full: Version,
}

impl PythonVersion {
    /// All parts of it.
    pub fn full(&self) -> &Version {
        &self.full
    }

    /// Its numbers: what installers hold against `Requires-Python`, of a pre-release too.
    pub fn of_release(&self) -> Version {
        self.full.base()
    }

    /// `X.Y`.
    pub fn short(&self) -> String {
        let (major, minor) = self.numbers();
        format!("{major}.{minor}")
    }

    /// Major and minor number.
    pub fn numbers(&self) -> (u64, u64) {
        let release = self.full.release();
        (
            release.first().copied().unwrap_or(3),
            release.get(1).copied().unwrap_or(0),
        )
    }
}

impl FromStr for PythonVersion {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || PlatformError::Python(text.to_owned());
        let version: Version = text.parse().map_err(|_no_version| wrong())?;
        let has_numbers = (2..=3).contains(&version.release().len());
        if !has_numbers || !version.is_small() || version.is_local() || version.has_epoch() {
            return Err(wrong());
        }
        let full = version.with_length(3).ok_or_else(wrong)?;
        Ok(Self { full })
    }
}

/// A target that cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// No Python version.
    #[error("`{0}` is not a Python version: write `X.Y` or `X.Y.Z`")]
    Python(String),
    /// No platform of a known name.
    #[error("`{0}` is not a platform that lockgate knows: write {1}")]
    Platform(String, String),
}

#[cfg(test)]
mod tests;
