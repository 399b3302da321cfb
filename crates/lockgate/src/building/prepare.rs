//! What a build begins with: the source in a folder, an environment, and the tools that it most likely needs, made at the same time.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, ScopedJoinHandle};

use lockgate_formats::build_system;
use lockgate_index::files::{Limit, open_regular};
use lockgate_index::{archived_pyproject, unpack};
use lockgate_model::Requirement;

use super::environment::Environment;
use super::tools::Tools;
use super::{BuildError, BuildPython, Builder, Source, must_be};

/// What a build begins with.
pub(super) struct Prepared {
    /// The folder of the project.
    pub(super) project: PathBuf,
    pub(super) environment: Environment,
    /// What the build will most likely require, and the tools for that.
    pub(super) tools: Option<(Vec<Requirement>, Arc<Tools>)>,
}

/// A source that is at hand.
enum Obtained<'a> {
    Archive { file: File, filename: &'a str },
    Folder(PathBuf),
}

impl Obtained<'_> {
    /// What the build will most likely require: what the archive says that will be unpacked.
    fn requires(&mut self, subdirectory: Option<&str>) -> Option<Vec<Requirement>> {
        let Self::Archive { file, filename } = self else {
            return None;
        };
        let text = archived_pyproject(filename, file, subdirectory).ok()?;
        Some(build_system::read(text.as_deref()).ok()?.requires)
    }

    /// Its folder: one of the user's where it is, as pip builds it, all else below `folder`.
    fn into_folder(self, folder: &Path) -> io::Result<PathBuf> {
        match self {
            Self::Archive { file, filename } => unpack(filename, file, folder),
            Self::Folder(path) => Ok(path),
        }
    }
}

impl Builder {
    /// Prepares the build of `source` below `work`.
    pub(super) fn prepare(
        &self,
        label: &str,
        source: Source<'_>,
        work: &Path,
        python: &BuildPython,
    ) -> Result<Prepared, BuildError> {
        let folder = work.join("source");
        let failed = |error: io::Error| BuildError::new(error.to_string());
        fs::create_dir_all(&folder).map_err(failed)?;
        thread::scope(|scope| {
            let environment =
                scope.spawn(|| Environment::new(&self.workshop, python, work, &self.limits()));
            let mut obtained = self.obtain(source, &folder)?;
            let subdirectory = source.subdirectory();
            let tools = obtained.requires(subdirectory).map(|requires| {
                scope.spawn(move || {
                    let tools = self.tools(label, &requires, python);
                    // Where it failed, it fails again for whoever needs it.
                    tools.ok().map(|tools| (requires, tools))
                })
            });
            let root = obtained.into_folder(&folder).map_err(failed)?;
            let environment = joined(environment).map_err(|error| BuildError {
                why: format!("building {label}: {}", error.why),
                ..error
            })?;
            Ok(Prepared {
                project: subdirectory.map_or_else(|| root.clone(), |folder| root.join(folder)),
                environment,
                tools: tools.and_then(joined),
            })
        })
    }

    /// Has the source on this machine, with the bytes that are stated.
    fn obtain<'a>(&self, source: Source<'a>, folder: &Path) -> Result<Obtained<'a>, BuildError> {
        let (mut file, filename, sha256) = match source {
            Source::Folder(path) => return Ok(Obtained::Folder(path.to_owned())),
            Source::Repository { repository, id, .. } => {
                let made = self.index.check_out(repository, id, folder);
                made.map_err(|error| BuildError::of(&error))?;
                return Ok(Obtained::Folder(folder.to_owned()));
            }
            Source::Address {
                url,
                filename,
                sha256,
                ..
            } => {
                let file = self.index.download(url);
                let file = file.map_err(|error| BuildError::of(&error))?;
                (file, filename, sha256)
            }
            Source::File {
                path,
                filename,
                sha256,
                ..
            } => {
                let file = open_regular(path, Limit::ARCHIVE)
                    .map_err(|error| BuildError::new(error.to_string()))?;
                (file, filename, Some(sha256))
            }
        };
        must_be(&mut file, sha256, filename)?;
        Ok(Obtained::Archive { file, filename })
    }
}

/// What a thread came to.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
