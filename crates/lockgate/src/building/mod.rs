//! Builds, where they are allowed: the metadata of a project that does not state them, asked of its own build backend.
//!
//! This is the one place where code of a package runs, and only of packages that `--allow-build` names. What the build requires is
//! resolved under the same gate and cutoff as everything else, from wheels only, and installed by pip into an environment that the build's
//! own is linked to (PEP 517, PEP 518). The build sees no variable that may hold a secret and no configuration of pip, and has a time limit.

mod agreed;
mod ahead;
mod environment;
mod facts;
mod open;
mod prepare;
mod python;
mod requirements;
mod tools;
mod workplace;

pub(crate) use facts::BuildingFacts;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use lockgate_formats::build_system;
use lockgate_index::programs::Scratch;
use lockgate_index::{Index, in_folder};
use lockgate_model::{
    DistFile, FactError, Facts, Metadata, Name, Requirement, Sha256, Target, Timestamp,
};
use url::Url;

use self::environment::Told;
use self::prepare::Prepared;
use self::python::{BuildPython, Pythons};
use self::tools::{Tools, Workshop};
use self::workplace::Limits;
use crate::gating::Gating;
use crate::progress::Progress;

/// Which packages may be built.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Allowed {
    /// None.
    #[default]
    Nothing,
    /// These.
    Packages(BTreeSet<Name>),
    /// All.
    Everything,
}

impl Allowed {
    /// Whether `name` may be built; a project whose name is not known yet only where all may.
    pub(crate) fn includes(&self, name: Option<&Name>) -> bool {
        match (self, name) {
            (Self::Nothing, _) | (Self::Packages(_), None) => false,
            (Self::Everything, _) => true,
            (Self::Packages(names), Some(name)) => names.contains(name),
        }
    }
}

/// What builds work with.
#[derive(Debug, Clone)]
pub(crate) struct BuildSettings {
    /// Which packages may be built.
    pub(crate) allowed: Allowed,
    /// `--config-settings`, in order.
    pub(crate) settings: Vec<(String, String)>,
    /// `--config-settings` of requirements, by project.
    pub(crate) by_project: BTreeMap<Name, Vec<(String, String)>>,
    /// The longest that one step of a build may take.
    pub(crate) patience: Duration,
    /// Files uploaded at or after this instant do not exist for builds either.
    pub(crate) cutoff: Option<Timestamp>,
}

impl BuildSettings {
    /// The settings for a backend, with those of its own requirement.
    fn with(&self, own: &[(String, String)]) -> Vec<(String, String)> {
        [&self.settings, own].concat()
    }
}

/// Builds metadata.
pub(crate) struct Builder {
    pub(crate) settings: BuildSettings,
    /// What is locked for.
    pub(crate) target: Target,
    python: Pythons,
    pub(crate) index: Index,
    /// What the indexes have, without anything that is built.
    pub(crate) facts: Arc<dyn Facts>,
    pub(crate) gating: Arc<Gating>,
    pub(crate) progress: Progress,
    workshop: Workshop,
    /// Whether nothing that is built is needed any longer.
    stopped: Arc<AtomicBool>,
    /// How many builds are under way.
    running: AtomicUsize,
}

/// Counts a build as long as it is under way.
struct UnderWay<'b>(&'b AtomicUsize);

impl<'b> UnderWay<'b> {
    fn new(running: &'b AtomicUsize) -> Self {
        running.fetch_add(1, Ordering::SeqCst);
        Self(running)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The longest that one waits for builds that were stopped to have cleaned up.
const FAREWELL: Duration = Duration::from_secs(2);

/// What is to be built.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'a> {
    /// A source distribution behind an address.
    Address {
        url: &'a Url,
        filename: &'a str,
        sha256: Option<Sha256>,
        subdirectory: Option<&'a str>,
    },
    /// A source distribution in a file.
    File {
        path: &'a Path,
        filename: &'a str,
        sha256: Sha256,
        subdirectory: Option<&'a str>,
    },
    /// A commit of a repository.
    Repository {
        repository: &'a str,
        id: &'a str,
        subdirectory: Option<&'a str>,
    },
    /// A folder. What it says may change any time, so that nothing of it is kept.
    Folder(&'a Path),
}

impl Source<'_> {
    /// The folder in it that the project is in, where it is not the whole.
    fn subdirectory(&self) -> Option<&str> {
        match self {
            Self::Address { subdirectory, .. }
            | Self::File { subdirectory, .. }
            | Self::Repository { subdirectory, .. } => *subdirectory,
            Self::Folder(_) => None,
        }
    }

    /// What it is kept under; none: it is not kept.
    fn key(&self) -> Option<String> {
        let what = match self {
            Self::Address {
                sha256: Some(sha256),
                ..
            }
            | Self::File { sha256, .. } => sha256.to_string(),
            Self::Repository { id, .. } => (*id).to_owned(),
            Self::Address { sha256: None, .. } | Self::Folder(_) => return None,
        };
        Some(format!("{what} {}", self.subdirectory().unwrap_or("")))
    }

    /// What its metadata are kept under.
    fn key_on(&self, python: &BuildPython, settings: &[(String, String)]) -> Option<String> {
        let key = self.key()?;
        Some(format!("built {key} {} {settings:?}", python.identity))
    }
}

/// Why there are no built metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuildError {
    /// What went wrong, with what the build printed.
    pub(crate) why: String,
    /// What a person can do about it.
    pub(crate) remedy: Option<String>,
}

impl BuildError {
    fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            remedy: None,
        }
    }

    fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    fn of(error: &FactError) -> Self {
        match error {
            FactError::Unlearned { what, why, remedy } => Self {
                why: format!("{what}: {why}"),
                remedy: remedy.clone(),
            },
            other => Self::new(other.to_string()),
        }
    }
}

impl Builder {
    /// The metadata that building `source` would give it. `label` names it for people.
    pub(crate) fn metadata(
        &self,
        label: &str,
        source: Source<'_>,
        settings: &[(String, String)],
    ) -> Result<Metadata, BuildError> {
        let python = self.python.for_target(&self.target).map_err(|why| {
            BuildError::new(format!(
                "building {label} needs the Python that is locked for: {why}"
            ))
            .remedy("name it with `--python`, or lock for the Python and the platform at hand")
        })?;
        let all = self.settings.with(settings);
        let key = source.key_on(python, &all);
        if let Some(key) = &key
            && let Some(kept) = self.index.kept_metadata(key)
        {
            return Ok(kept);
        }
        if self.index.is_offline() {
            return Err(BuildError::new(format!(
                "building {label} is not possible with `--offline`"
            ))
            .remedy("run once without `--offline`"));
        }
        self.progress.phase(&format!("building {label}"));
        let metadata = self.build(label, source, &all, python)?;
        if let Some(key) = &key {
            self.index.keep_metadata(key, &metadata);
        }
        Ok(metadata)
    }

    /// Ends all builds for good, and removes what they left.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        let began = Instant::now();
        while self.running.load(Ordering::SeqCst) > 0 && began.elapsed() < FAREWELL {
            thread::sleep(Duration::from_millis(5));
        }
        self.workshop.clear();
    }

    /// Whether the metadata that building `source` gives are known from an earlier run.
    fn keeps(&self, source: Source<'_>, settings: &[(String, String)]) -> bool {
        let python = self.python.for_target(&self.target).ok();
        let key = python.and_then(|python| source.key_on(python, &self.settings.with(settings)));
        key.is_some_and(|key| self.index.kept_metadata(&key).is_some())
    }

    fn build(
        &self,
        label: &str,
        source: Source<'_>,
        settings: &[(String, String)],
        python: &BuildPython,
    ) -> Result<Metadata, BuildError> {
        let failed = |error: io::Error| BuildError::new(format!("building {label}: {error}"));
        let _under_way = UnderWay::new(&self.running);
        if self.stopped.load(Ordering::SeqCst) {
            return Err(BuildError::new(format!("building {label}: it was stopped")));
        }
        // No code is run on the word of an index that may refuse everything.
        self.facts
            .confirm_absences()
            .map_err(|error| BuildError::of(&error))?;
        let work = Scratch::new("lockgate-build-").map_err(failed)?;
        let Prepared {
            project,
            mut environment,
            tools,
        } = self.prepare(label, source, work.path(), python)?;
        if !project.is_dir() {
            return Err(BuildError::new(format!(
                "building {label}: it has no folder `{}`",
                project.display()
            )));
        }
        let stated = in_folder(&project).map_err(failed)?;
        let system = build_system::read(stated.pyproject.as_deref()).map_err(|why| {
            BuildError::new(format!("building {label}: its `pyproject.toml`: {why}"))
        })?;
        let backend = environment::Backend {
            label,
            project: &project,
            system: &system,
            settings,
        };
        let mut requires = system.requires.clone();
        environment.link(match tools {
            Some((likely, tools)) if likely == requires => tools,
            _ => self.tools(label, &requires, python)?,
        })?;
        let text = match environment.ask(&backend, &requires)? {
            Told::Metadata(text) => text,
            Told::Requires(more) => {
                requires.extend(more);
                environment.link(self.tools(label, &requires, python)?)?;
                environment.metadata(&backend)?
            }
        };
        lockgate_index::built_metadata(&text)
            .map_err(|reason| BuildError::new(format!("building {label}: {reason}")))
    }

    fn limits(&self) -> Limits {
        Limits {
            patience: self.settings.patience,
            stopped: Arc::clone(&self.stopped),
        }
    }

    /// An environment with what is required.
    fn tools(
        &self,
        label: &str,
        requires: &[Requirement],
        python: &BuildPython,
    ) -> Result<Arc<Tools>, BuildError> {
        let folder = self.workshop.wheels()?;
        let mut files = Vec::new();
        for wheel in &self.wheels(label, requires, python)? {
            files.push(self.fetch(wheel, &folder)?);
        }
        self.workshop.tools(label, python, files, &self.limits())
    }

    fn fetch(&self, wheel: &DistFile, folder: &Path) -> Result<PathBuf, BuildError> {
        let failed = |error: io::Error| BuildError::new(error.to_string());
        // Files of one name may come from several indexes.
        let digest = wheel.sha256.map(|digest| digest.to_string());
        let folder = folder.join(digest.unwrap_or_default());
        let path = folder.join(&wheel.filename);
        let _turn = self.workshop.fetching();
        if path.is_file() {
            return Ok(path);
        }
        let url = Url::parse(&wheel.url).map_err(|error| BuildError::new(error.to_string()))?;
        let mut fetched = self
            .index
            .download(&url)
            .map_err(|error| BuildError::of(&error))?;
        must_be(&mut fetched, wheel.sha256, &wheel.filename)?;
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(failed)?;
        io::copy(&mut fetched, &mut file).map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(path)
    }
}

/// Nothing is run or installed that is not what was locked or stated.
fn must_be(file: &mut File, stated: Option<Sha256>, filename: &str) -> Result<(), BuildError> {
    let Some(stated) = stated else {
        return Ok(());
    };
    let found = Sha256::of_reader(&mut *file).and_then(|found| file.rewind().map(|()| found));
    let found = found.map_err(|error| BuildError::new(format!("`{filename}`: {error}")))?;
    if found == stated {
        return Ok(());
    }
    Err(BuildError::new(format!(
        "`{filename}`: its hash differs: sha256 {stated} is stated, the file has {found}"
    )))
}
