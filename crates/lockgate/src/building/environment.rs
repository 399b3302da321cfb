//! A virtual environment of one build, and its backend, asked in a process of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lockgate_formats::build_system::BuildSystem;
use lockgate_model::Requirement;
use serde_json::json;

use super::tools::{Tools, VirtualEnvironment};
use super::workplace::Workplace;
use super::{BuildError, BuildPython};

/// What asks a backend: through the hook caller that pip brings along.
const FRONTEND: &str = include_str!("frontend.py");

/// A virtual environment, made for one build and removed after it. What the build needs is not in it, but linked to it.
#[derive(Debug)]
pub(super) struct Environment {
    workplace: Workplace,
    own: VirtualEnvironment,
    /// An interpreter that has pip, and with it the hook caller.
    pip: PathBuf,
    tools: Option<Arc<Tools>>,
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
        pip: PathBuf,
        work: &Path,
        patience: Duration,
    ) -> Result<Self, BuildError> {
        let workplace = Workplace::new(work, patience)?;
        let folder = work.join("environment");
        let own = VirtualEnvironment::new(&workplace, &base.executable, &folder)?;
        Ok(Self {
            workplace,
            own,
            pip,
            tools: None,
        })
    }

    /// Has the build see these tools, and no others.
    pub(super) fn link(&mut self, tools: Arc<Tools>) -> Result<(), BuildError> {
        self.own.link(&tools.environment)?;
        self.tools = Some(tools);
        Ok(())
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
        let path = self
            .workplace
            .folder
            .join("metadata")
            .join(folder)
            .join("METADATA");
        fs::read(&path).map_err(|error| {
            BuildError::new(format!(
                "building {}: its backend made no METADATA: {error}",
                backend.label
            ))
        })
    }

    fn ask(&self, backend: &Backend<'_>, what: &str) -> Result<serde_json::Value, BuildError> {
        let failed = |error: std::io::Error| BuildError::new(error.to_string());
        let place = |name: &str| self.workplace.folder.join(name);
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
            "python": self.own.python.display().to_string(),
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
        let mut scripts = vec![self.own.scripts()];
        scripts.extend(self.tools.as_ref().map(|tools| tools.environment.scripts()));
        let mut command = self.workplace.command(&self.pip, &scripts);
        command
            .arg("-I")
            .args([
                place("frontend.py"),
                place("question.json"),
                place("answer.json"),
            ])
            .current_dir(&project);
        self.workplace.run(backend.label, command)?;
        let answer = fs::read(place("answer.json")).map_err(failed)?;
        serde_json::from_slice(&answer)
            .map_err(|error| BuildError::new(format!("building {}: {error}", backend.label)))
    }
}
