//! pip as this user has it: the environment, the interpreter whose pip it is, and its settings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use lockgate_index::interpreter::{self, InterpreterError};
use lockgate_index::pip_config::{Found, Installation, PipSettings, Surroundings, System};

use super::{PipOptions, effects};
use crate::failure::Failure;

/// What pip is set up with.
#[derive(Debug)]
pub(crate) struct PipView {
    surroundings: Surroundings,
    settings: PipSettings,
    options: PipOptions,
    /// Where no interpreter is started from: environments that are audited.
    avoided: Vec<PathBuf>,
    /// The folder from which upwards a file may tell pyenv's shims which interpreter to take.
    choice: PathBuf,
    /// The interpreters that were found, by what was asked for.
    found: Mutex<BTreeMap<Option<String>, PathBuf>>,
}

impl PipView {
    /// Reads files and variables. The interpreter (that of `python`, else the active one) has a file of its own: where it is installed is
    /// told by its place, and `ask` is for one whose place does not tell. None is taken from the folders `avoided`.
    pub(crate) fn read(
        python: Option<&str>,
        avoided: Vec<PathBuf>,
        choice: PathBuf,
        ask: impl FnOnce(&Path) -> Option<Installation>,
    ) -> Result<Self, Failure> {
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let mut surroundings = Surroundings {
            variables,
            home: std::env::home_dir(),
            prefix: None,
            base: None,
            system: System::current(),
        };
        let mut found = BTreeMap::new();
        if surroundings.has_files() {
            let variables = &surroundings.variables;
            let executable = interpreter::find_outside(python, variables, &avoided, &choice).ok();
            let installation = executable
                .as_ref()
                .and_then(|executable| Installation::of(executable).or_else(|| ask(executable)));
            if let Some(installation) = installation {
                surroundings.prefix = Some(installation.prefix);
                surroundings.base = installation.base;
            }
            let key = python.map(str::to_owned);
            found.extend(executable.map(|executable| (key, executable)));
        }
        let settings = PipSettings::read(&surroundings).map_err(|error| {
            Failure::of(&error).remedy("mend the file, or leave it out with `PIP_CONFIG_FILE`; pip itself would not start with it")
        })?;
        let options = PipOptions::new(&settings, surroundings.home.as_deref())?;
        Ok(Self {
            surroundings,
            settings,
            options,
            avoided,
            choice,
            found: Mutex::new(found),
        })
    }

    /// Finds the interpreter that `python` asks for, else the active one; none of an environment that is audited. It is looked for once.
    pub(crate) fn interpreter(&self, python: Option<&str>) -> Result<PathBuf, InterpreterError> {
        let key = python.map(str::to_owned);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = found.get(&key) {
            return Ok(known.clone());
        }
        let path =
            interpreter::find_outside(python, self.variables(), &self.avoided, &self.choice)?;
        found.insert(key, path.clone());
        Ok(path)
    }

    /// The folder from which upwards a file may tell pyenv's shims which interpreter to take.
    pub(crate) fn choice(&self) -> &Path {
        &self.choice
    }

    /// The user's home.
    pub(crate) fn home(&self) -> Option<&Path> {
        self.surroundings.home.as_deref()
    }

    /// Environment variables.
    pub(crate) fn variables(&self) -> &BTreeMap<String, String> {
        &self.surroundings.variables
    }

    /// The settings that hold here.
    pub(crate) fn options(&self) -> &PipOptions {
        &self.options
    }

    /// A line for every setting that takes effect, and for those that people may think take effect.
    pub(crate) fn told(&self, is_overridden: impl Fn(&str) -> bool) -> Vec<String> {
        effects::told(&self.settings, is_overridden)
    }

    /// Refuses settings that name another target than the options do, where these leave it open.
    pub(crate) fn admits_target(
        &self,
        has_version: bool,
        has_platform: bool,
    ) -> Result<(), Failure> {
        effects::admits_target(&self.settings, has_version, has_platform)
    }

    /// Every place of a configuration file, and what came of looking there, a line each.
    pub(crate) fn places(&self) -> Vec<String> {
        let files = self.settings.files();
        if files.is_empty() {
            return vec!["pip's configuration: no file is read, by `PIP_CONFIG_FILE`".to_owned()];
        }
        files
            .iter()
            .map(|file| {
                let found = match &file.found {
                    Found::Read => "read".to_owned(),
                    Found::Missing => "not there".to_owned(),
                    Found::Closed(why) => format!("passed over, as pip does: {why}"),
                };
                format!("pip's configuration: {} ({found})", file.path.display())
            })
            .collect()
    }
}
