//! A virtual environment of one build, and its backend, asked in a process of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use lockgate_formats::build_system::BuildSystem;
use lockgate_index::process::{self, Ended, RunError};
use lockgate_model::Requirement;
use serde_json::json;

use super::{BuildError, BuildPython};

/// What asks a backend: through the hook caller that pip brings along.
const FRONTEND: &str = include_str!("frontend.py");

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

/// A virtual environment, made for one build and removed after it.
#[derive(Debug)]
pub(super) struct Environment {
    python: PathBuf,
    work: PathBuf,
    patience: Duration,
}

/// What is asked, and of whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backend<'a> {
    pub(super) label: &'a str,
    pub(super) project: &'a Path,
    pub(super) system: &'a BuildSystem,
    pub(super) settings: &'a [(String, String)],
}

impl Environment {
    /// Makes one below `work`.
    pub(super) fn new(
        base: &BuildPython,
        work: &Path,
        patience: Duration,
    ) -> Result<Self, BuildError> {
        let folder = work.join("environment");
        for needed in ["home", "tmp"] {
            fs::create_dir_all(work.join(needed))
                .map_err(|error| BuildError::new(error.to_string()))?;
        }
        let mut environment = Self {
            python: base.executable.clone(),
            work: work.to_owned(),
            patience,
        };
        let mut command = environment.command();
        command.args(["-I", "-m", "venv"]).arg(&folder);
        environment.run("a virtual environment for it", command)?;
        let inside = if cfg!(windows) {
            folder.join("Scripts").join("python.exe")
        } else {
            folder.join("bin").join("python")
        };
        environment.python = inside;
        Ok(environment)
    }

    /// Installs wheels that are at hand, without network and without configuration.
    pub(super) fn install(&self, label: &str, wheels: &[PathBuf]) -> Result<(), BuildError> {
        if wheels.is_empty() {
            return Ok(());
        }
        let mut command = self.command();
        command
            .args([
                "-I",
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-index",
                "--no-deps",
                "--no-cache-dir",
            ])
            .args([
                "--disable-pip-version-check",
                "--no-warn-script-location",
                "--no-input",
            ])
            .args(wheels);
        self.run(&format!("what {label} is built with"), command)
            .map(drop)
    }

    /// What the backend requires besides.
    pub(super) fn requires(&self, backend: &Backend<'_>) -> Result<Vec<Requirement>, BuildError> {
        let answer = self.ask(backend, "requires")?;
        let texts: Vec<String> = serde_json::from_value(answer).map_err(|error| {
            BuildError::new(format!(
                "building {}: its backend's requirements are none: {error}",
                backend.label
            ))
        })?;
        texts
            .iter()
            .map(|text| {
                text.parse().map_err(|error| {
                    BuildError::new(format!(
                        "building {}: its backend requires `{text}`: {error}",
                        backend.label
                    ))
                })
            })
            .collect()
    }

    /// The text of METADATA.
    pub(super) fn metadata(&self, backend: &Backend<'_>) -> Result<Vec<u8>, BuildError> {
        let answer = self.ask(backend, "metadata")?;
        let folder = answer.as_str().unwrap_or_default();
        let is_plain = !folder.is_empty() && !folder.contains(['/', '\\', ':']) && folder != "..";
        if !is_plain {
            return Err(BuildError::new(format!(
                "building {}: its backend made no metadata",
                backend.label
            )));
        }
        let path = self.work.join("metadata").join(folder).join("METADATA");
        fs::read(&path).map_err(|error| {
            BuildError::new(format!(
                "building {}: its backend made no METADATA: {error}",
                backend.label
            ))
        })
    }

    fn ask(&self, backend: &Backend<'_>, what: &str) -> Result<serde_json::Value, BuildError> {
        let failed = |error: std::io::Error| BuildError::new(error.to_string());
        let place = |name: &str| self.work.join(name);
        fs::create_dir_all(place("metadata")).map_err(failed)?;
        let project = std::path::absolute(backend.project).map_err(failed)?;
        let mut settings = serde_json::Map::new();
        for (key, value) in backend.settings {
            match settings.get_mut(key) {
                None => {
                    settings.insert(key.clone(), json!(value));
                }
                Some(serde_json::Value::Array(values)) => values.push(json!(value)),
                Some(first) => *first = json!([first.clone(), value]),
            }
        }
        let question = json!({
            "ask": what,
            "source": project.display().to_string(),
            "backend": backend.system.backend,
            "backend_path": backend.system.backend_path,
            "settings": settings,
            "folder": place("metadata").display().to_string(),
        });
        fs::write(place("question.json"), question.to_string()).map_err(failed)?;
        fs::write(place("frontend.py"), FRONTEND).map_err(failed)?;
        // What a backend left there is no answer of the frontend's.
        let _ = fs::remove_file(place("answer.json"));
        let mut command = self.command();
        command
            .arg("-I")
            .args([
                place("frontend.py"),
                place("question.json"),
                place("answer.json"),
            ])
            .current_dir(&project);
        self.run(backend.label, command)?;
        let answer = fs::read(place("answer.json")).map_err(failed)?;
        serde_json::from_slice(&answer)
            .map_err(|error| BuildError::new(format!("building {}: {error}", backend.label)))
    }

    /// The interpreter, in an environment that holds no secret.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.python);
        command.env_clear().stdin(Stdio::null());
        for name in PASSED_ON {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let (home, tmp) = (self.work.join("home"), self.work.join("tmp"));
        let null = if cfg!(windows) { "nul" } else { "/dev/null" };
        command
            .env("HOME", &home)
            .env("USERPROFILE", &home)
            .env("TMPDIR", &tmp)
            .env("TEMP", &tmp)
            .env("TMP", &tmp)
            .env("PYTHONIOENCODING", "utf-8")
            .env("PIP_CONFIG_FILE", null)
            .current_dir(&self.work);
        command
    }

    fn run(&self, what: &str, command: Command) -> Result<Ended, BuildError> {
        match process::run(command, self.patience) {
            Ok(ended) if ended.success => Ok(ended),
            Ok(ended) => Err(BuildError::new(format!(
                "building {what} failed:\n{}",
                printed(&ended)
            ))
            .remedy("see what the build says; lock a version with a wheel or static metadata if it cannot be mended")),
            Err(RunError::TimedOut) => Err(BuildError::new(format!(
                "building {what} did not end within {} seconds, and was stopped",
                self.patience.as_secs_f64()
            ))
            .remedy("allow more with `--build-timeout`, or lock a version with a wheel or static metadata")),
            Err(error) => Err(BuildError::new(format!("building {what}: {error}"))),
        }
    }
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
