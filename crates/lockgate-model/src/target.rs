//! The environment that a lock is made for: a Python version on a platform, with its marker values and wheel tags.

use std::str::FromStr;

use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};

use crate::{Environment, Tags, Version};

/// One machine as the solver sees it. A small region of all environments; a universal lock is made of many.
#[derive(Debug, Clone)]
pub struct Target {
    /// Marker values.
    pub environment: Environment,
    /// Wheel tags it accepts, best first.
    pub tags: Tags,
    /// The Python version that `Requires-Python` is held against.
    pub python: Version,
}

impl Target {
    /// CPython of `python` on `platform`.
    pub fn new(python: &PythonVersion, platform: &Platform) -> Self {
        let _ = platform;
        let full = python.full().to_string();
        let short = python.short();
        let environment = MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
            implementation_name: "cpython",
            implementation_version: &full,
            os_name: "posix",
            platform_machine: "x86_64",
            platform_python_implementation: "CPython",
            platform_release: "",
            platform_system: "Linux",
            platform_version: "",
            python_full_version: &full,
            python_version: &short,
            sys_platform: "linux",
        })
        .expect("versions of a Python are versions");
        Self {
            environment: Environment::new(environment),
            tags: Tags::default(),
            python: python.full().clone(),
        }
    }
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

    /// `X.Y`.
    pub fn short(&self) -> String {
        let release = self.full.release();
        format!(
            "{}.{}",
            release.first().copied().unwrap_or(3),
            release.get(1).copied().unwrap_or(0)
        )
    }
}

impl FromStr for PythonVersion {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let version: Version = text
            .parse()
            .map_err(|_| PlatformError::Python(text.to_owned()))?;
        let mut release = version.release().to_vec();
        if !(2..=3).contains(&release.len()) || version.is_local() {
            return Err(PlatformError::Python(text.to_owned()));
        }
        release.resize(3, 0);
        Ok(Self {
            full: version.with_release(release),
        })
    }
}

/// An operating system, its C library and machine, as `--python-platform` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    name: String,
}

impl Platform {
    /// The name it was asked for by.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self {
            name: text.to_owned(),
        })
    }
}

/// A target that cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// No Python version.
    #[error("`{0}` is not a Python version: write `X.Y` or `X.Y.Z`")]
    Python(String),
    /// No platform of a known name.
    #[error("`{0}` is not a platform that lockgate knows: write one of {1}")]
    Platform(String, String),
}
