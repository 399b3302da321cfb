//! The processes of a build: what they see of the user's environment, where they write, how long they may take.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use lockgate_index::process::{self, Ended, RunError};

use super::BuildError;

/// The variables that a build gets from the user's environment: where programs and libraries are, how to compile, which language to
/// speak. All others stay away, since any may hold a secret.
const PASSED_ON: [&str; 27] = [
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "NUMBER_OF_PROCESSORS",
    "CC",
    "CXX",
    "CPP",
    "LD",
    "AR",
    "CFLAGS",
    "CXXFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "CPATH",
    "LIBRARY_PATH",
    "LD_LIBRARY_PATH",
    "PKG_CONFIG_PATH",
    "MACOSX_DEPLOYMENT_TARGET",
    "ARCHFLAGS",
    "SOURCE_DATE_EPOCH",
];

/// How many lines of what a build printed are shown.
const SHOWN_LINES: usize = 20;

/// A folder that processes work in, with a home and a place for temporary files.
#[derive(Debug)]
pub(super) struct Workplace {
    pub(super) folder: PathBuf,
    limits: Limits,
}

/// How long processes may run.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// The longest that one may take.
    pub(super) patience: Duration,
    /// Whether none is waited for any longer.
    pub(super) stopped: Arc<AtomicBool>,
}

impl Workplace {
    pub(super) fn new(folder: &Path, limits: &Limits) -> Result<Self, BuildError> {
        for needed in ["home", "tmp"] {
            fs::create_dir_all(folder.join(needed))
                .map_err(|error| BuildError::new(error.to_string()))?;
        }
        Ok(Self {
            folder: folder.to_owned(),
            limits: limits.clone(),
        })
    }

    /// A program in an environment that holds no secret; those in `scripts` are found before all others.
    pub(super) fn command(&self, program: &Path, scripts: &[PathBuf]) -> Command {
        let mut command = Command::new(program);
        command.env_clear().stdin(Stdio::null());
        for name in PASSED_ON {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if let Some(path) = with_scripts(scripts) {
            command.env("PATH", path);
        }
        let (home, tmp) = (self.folder.join("home"), self.folder.join("tmp"));
        let null = if cfg!(windows) { "nul" } else { "/dev/null" };
        command
            .env("HOME", &home)
            .env("USERPROFILE", &home)
            .env("TMPDIR", &tmp)
            .env("TEMP", &tmp)
            .env("TMP", &tmp)
            .env("PYTHONIOENCODING", "utf-8")
            .env("PIP_CONFIG_FILE", null)
            .current_dir(&self.folder);
        command
    }

    pub(super) fn run(&self, what: &str, command: Command) -> Result<Ended, BuildError> {
        let Limits { patience, stopped } = &self.limits;
        match process::run_unless(command, *patience, stopped) {
            Ok(ended) if ended.success => Ok(ended),
            Ok(ended) => Err(BuildError::new(format!(
                "building {what} failed:\n{}",
                printed(&ended)
            ))
            .remedy("see what the build says; lock a version with a wheel or static metadata if it cannot be mended")),
            Err(RunError::TimedOut) => Err(BuildError::new(format!(
                "building {what} did not end within {} seconds, and was stopped",
                patience.as_secs_f64()
            ))
            .remedy("allow more with `--build-timeout`, or lock a version with a wheel or static metadata")),
            Err(error) => Err(BuildError::new(format!("building {what}: {error}"))),
        }
    }
}

/// The search path with `scripts` in front; none where nothing is to be added, or where a folder cannot stand in one.
fn with_scripts(scripts: &[PathBuf]) -> Option<OsString> {
    if scripts.is_empty() {
        return None;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let known = std::env::split_paths(&path);
    std::env::join_paths(scripts.iter().cloned().chain(known)).ok()
}

/// The last lines of what was printed.
fn printed(ended: &Ended) -> String {
    let lines: Vec<&str> = ended.out.lines().chain(ended.err.lines()).collect();
    let skipped = lines.len().saturating_sub(SHOWN_LINES);
    let mut shown: Vec<String> = Vec::new();
    if skipped > 0 {
        shown.push(format!("    … {skipped} lines before"));
    }
    shown.extend(lines.iter().skip(skipped).map(|line| format!("    {line}")));
    if shown.is_empty() {
        shown.push("    (it printed nothing)".to_owned());
    }
    shown.join("\n")
}
