//! The processes of a build: what they see of the user's environment, where they write, how long they may take.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use lockgate_index::programs::{Ended, Environment, Program, RunError};

use super::BuildError;

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
    pub(super) fn command(
        &self,
        program: &Path,
        scripts: &[PathBuf],
    ) -> Result<Program, BuildError> {
        let (home, tmp) = (self.folder.join("home"), self.folder.join("tmp"));
        let null = if cfg!(windows) { "nul" } else { "/dev/null" };
        let program = Program::at(program, Environment::Build)
            .map_err(|error| BuildError::new(error.to_string()))?;
        Ok(program
            .with_programs_of(scripts)
            .env("HOME", &home)
            .env("USERPROFILE", &home)
            .env("TMPDIR", &tmp)
            .env("TEMP", &tmp)
            .env("TMP", &tmp)
            .env("PYTHONIOENCODING", "utf-8")
            .env("PIP_CONFIG_FILE", null)
            .folder(&self.folder)
            .limit(self.limits.patience)
            .until(&self.limits.stopped))
    }

    pub(super) fn run(&self, what: &str, program: Program) -> Result<Ended, BuildError> {
        match program.run() {
            Ok(ended) if ended.success => Ok(ended),
            Ok(ended) => Err(BuildError::new(format!(
                "building {what} failed:\n{}",
                printed(&ended)
            ))
            .remedy("see what the build says; lock a version with a wheel or static metadata if it cannot be fixed")),
            Err(RunError::TimedOut) => Err(BuildError::new(format!(
                "building {what} did not end within {} seconds, and was stopped",
                self.limits.patience.as_secs_f64()
            ))
            .remedy("allow more with `--build-timeout`, or lock a version with a wheel or static metadata")),
            Err(error) => Err(BuildError::new(format!("building {what}: {error}"))),
        }
    }
}

/// The last lines of what was printed.
fn printed(ended: &Ended) -> String {
    let out = ended.text();
    let lines: Vec<&str> = out.lines().chain(ended.err.lines()).collect();
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
