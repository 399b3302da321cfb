//! A virtual environment of one build, and its backend, asked in a process of its own.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use lockgate_formats::build_system::BuildSystem;
use lockgate_index::files::{Limit, read_regular};
use lockgate_model::Requirement;
use serde::Deserialize;
use serde_json::json;

use super::tools::{Pip, Tools, VirtualEnvironment, Workshop};
use super::workplace::{Limits, Workplace};
use super::{BuildError, BuildPython};

/// What asks a backend: through the hook caller that pip brings along.
const FRONTEND: &str = include_str!("frontend.py");

/// A virtual environment, made for one build and removed after it. What the build needs is not in it, but linked to it.
#[derive(Debug)]
pub(super) struct Environment {
    workplace: Workplace,
    own: VirtualEnvironment,
    /// Brings the hook caller along.
    pip: Pip,
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

/// What a backend told.
#[derive(Debug)]
pub(super) enum Told {
    /// It requires all this, of which something is missing.
    Requires(Vec<Requirement>),
    /// The text of METADATA.
    Metadata(Vec<u8>),
}

/// An answer of the frontend's.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Requires(Vec<String>),
    Metadata(String),
}

impl Environment {
    /// Makes one below `work`.
    pub(super) fn new(
        workshop: &Workshop,
        base: &BuildPython,
        work: &Path,
        limits: &Limits,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            workplace: Workplace::new(work, limits)?,
            own: workshop.environment(base, &work.join("environment"), limits)?,
            pip: workshop.pip(base, limits)?,
            tools: None,
        })
    }

    /// Has the build see these tools, and no others.
    pub(super) fn link(&mut self, tools: Arc<Tools>) -> Result<(), BuildError> {
        self.own.link(&tools.environment)?;
        self.tools = Some(tools);
        Ok(())
    }

    /// The metadata, unless the backend requires more for them than `linked`.
    pub(super) fn ask(
        &self,
        backend: &Backend<'_>,
        linked: &[Requirement],
    ) -> Result<Told, BuildError> {
        let linked: Vec<String> = linked.iter().map(ToString::to_string).collect();
        match self.answer(backend, Some(&linked))? {
            Answer::Requires(texts) => {
                let requirements = texts.iter().map(|text| {
                    text.parse().map_err(|error| {
                        BuildError::new(format!(
                            "building {}: its backend requires `{text}`: {error}",
                            backend.label
                        ))
                    })
                });
                Ok(Told::Requires(requirements.collect::<Result<_, _>>()?))
            }
            Answer::Metadata(folder) => Ok(Told::Metadata(self.read(backend, &folder)?)),
        }
    }

    /// The metadata, whatever the backend requires.
    pub(super) fn metadata(&self, backend: &Backend<'_>) -> Result<Vec<u8>, BuildError> {
        match self.answer(backend, None)? {
            Answer::Metadata(folder) => self.read(backend, &folder),
            Answer::Requires(_) => Err(no_metadata(backend)),
        }
    }

    fn read(&self, backend: &Backend<'_>, folder: &str) -> Result<Vec<u8>, BuildError> {
        let is_plain = !folder.is_empty() && !folder.contains(['/', '\\', ':']) && folder != "..";
        if !is_plain {
            return Err(no_metadata(backend));
        }
        let made = self.workplace.folder.join("metadata").join(folder);
        read_regular(&made.join("METADATA"), Limit::METADATA).map_err(|error| {
            BuildError::new(format!(
                "building {}: its backend made no METADATA: {error}",
                backend.label
            ))
        })
    }

    fn answer(
        &self,
        backend: &Backend<'_>,
        linked: Option<&[String]>,
    ) -> Result<Answer, BuildError> {
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
            "linked": linked,
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
        let program = self
            .workplace
            .command(&self.pip.python, &scripts)?
            .arg("-I")
            .args([
                place("frontend.py"),
                place("question.json"),
                place("answer.json"),
            ])
            // Where PEP 517 has its hooks run: code that was allowed, in its own folder.
            .folder(&project);
        self.workplace.run(backend.label, program)?;
        let answer = read_regular(&place("answer.json"), Limit::METADATA).map_err(failed)?;
        serde_json::from_slice(&answer).map_err(|error| {
            BuildError::new(format!(
                "building {}: what its backend answers cannot be used: {error}",
                backend.label
            ))
        })
    }
}

fn no_metadata(backend: &Backend<'_>) -> BuildError {
    BuildError::new(format!(
        "building {}: its backend made no metadata",
        backend.label
    ))
}
