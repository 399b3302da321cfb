//! Other programs (`git`, `keyring`, interpreters, builds), all started here and nowhere else.
//!
//! A program is found on those folders of `PATH` that are absolute, so that nothing in the current folder is ever taken for one. It starts in
//! an empty folder, unless the caller names one of its own, and with the variables that its [`Environment`] lists and no others: no setting
//! of another tool, and no file that happens to lie about, decides what it does. It reads nothing from the terminal, has a time limit, and
//! belongs to a group of its own, so that an interrupted run leaves nothing behind ([`stop_all`]).

mod environment;
mod run;
mod scratch;
mod search;

pub use environment::Environment;
pub use run::{Ended, RunError, is_stopped, refuse_more, stop_all, stop_running};
pub use scratch::Scratch;
pub use search::{find, find_all};

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A program with its arguments, not yet started.
#[derive(Debug)]
pub struct Program {
    command: Command,
    environment: Environment,
    /// Where it starts; none: in an empty folder.
    folder: Option<PathBuf>,
    limit: Duration,
    stopped: Option<Arc<AtomicBool>>,
}

impl Program {
    /// Finds the program `name` on the `PATH` of this process.
    pub fn named(name: &str, environment: Environment) -> Result<Self, RunError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = find(name, &path).ok_or(RunError::Missing)?;
        Ok(Self::new(&found, environment))
    }

    /// Takes the program at `path`, which is relative to the current folder if it is relative at all.
    pub fn at(path: &Path, environment: Environment) -> Result<Self, RunError> {
        let path =
            std::path::absolute(path).map_err(|error| RunError::Failed(error.to_string()))?;
        Ok(Self::new(&path, environment))
    }

    fn new(path: &Path, environment: Environment) -> Self {
        let mut command = Command::new(path);
        command
            .env_clear()
            .envs(environment.variables())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self {
            command,
            environment,
            folder: None,
            limit: Duration::from_mins(1),
            stopped: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Puts folders before all others on the program's `PATH`.
    #[must_use]
    pub fn with_programs_of(mut self, folders: &[PathBuf]) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let all: Vec<PathBuf> = folders
            .iter()
            .cloned()
            .chain(search::absolute_folders(&path))
            .collect();
        // An empty list would be the current folder. A folder that can't stand in a list (its name has a colon) stays away.
        if let Ok(path) = std::env::join_paths(&all)
            && !all.is_empty()
        {
            self.command.env("PATH", path);
        }
        self
    }

    /// Starts it in `folder`, which must be one of our own or one that the caller of lockgate chose for this.
    #[must_use]
    pub fn folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Stops it when it takes longer; a minute if nothing is said.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Stops it when `stopped` becomes true, and doesn't start it afterwards.
    #[must_use]
    pub fn until(mut self, stopped: &Arc<AtomicBool>) -> Self {
        self.stopped = Some(Arc::clone(stopped));
        self
    }

    /// Runs it to its end. Both outputs are read meanwhile, so that it never waits for us.
    pub fn run(self) -> Result<Ended, RunError> {
        run::run(self)
    }
}

/// Returns those variables of this process that `is_passed` names.
fn own_variables(is_passed: impl Fn(&str) -> bool) -> Vec<(OsString, OsString)> {
    let all = std::env::vars_os();
    all.filter(|(name, _)| name.to_str().is_some_and(&is_passed))
        .collect()
}
