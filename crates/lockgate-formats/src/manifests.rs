//! All sources of one lock, read into one manifest.

use std::ffi::OsStr;
use std::path::Path;

use lockgate_model::{Files, Manifest};

use crate::error::InputError;
use crate::pyproject::{self, Extras};
use crate::requirements::{Reader, Role};

/// How to read the sources.
#[derive(Debug, Clone, Copy)]
pub struct Manifests<'a> {
    /// Extras asked for, of the projects among the sources.
    pub extras: &'a [String],
    /// All extras.
    pub all_extras: bool,
}

impl Manifests<'_> {
    /// Reads `sources`, then `constraints` (requirement files both, and `pyproject.toml` among the sources), in order.
    pub fn read(
        &self,
        files: &dyn Files,
        sources: &[String],
        constraints: &[String],
    ) -> Result<Manifest, InputError> {
        self.read_onto(Manifest::default(), files, sources, constraints)
    }

    /// As [`Self::read`], on top of what holds before any file speaks: an option in a file adds to it or takes it back.
    pub fn read_onto(
        &self,
        mut manifest: Manifest,
        files: &dyn Files,
        sources: &[String],
        constraints: &[String],
    ) -> Result<Manifest, InputError> {
        for source in sources {
            match Kind::of(source) {
                Kind::Project => {
                    let extras = Extras {
                        named: self.extras,
                        all: self.all_extras,
                    };
                    pyproject::read(files, source, extras, &mut manifest)?;
                }
                Kind::Requirements => {
                    Reader::new(files, &mut manifest).read(source, Role::Requirements)?;
                }
                Kind::Unsupported(what) => {
                    return Err(InputError::new(source, what)
                        .remedy("lock a requirements file or a `pyproject.toml`"));
                }
            }
        }
        for constraint in constraints {
            Reader::new(files, &mut manifest).read(constraint, Role::Constraints)?;
        }
        Ok(manifest)
    }
}

/// What a source is, by its name.
enum Kind {
    Requirements,
    Project,
    Unsupported(&'static str),
}

impl Kind {
    fn of(source: &str) -> Self {
        let path = Path::new(source);
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or(source);
        match path.extension().and_then(OsStr::to_str) {
            Some("toml") if name.starts_with("pylock.") => {
                Self::Unsupported("it is a lock, and no source of one")
            }
            Some("toml") => Self::Project,
            Some("py" | "cfg") => Self::Unsupported("sources of this kind are not supported"),
            _ => Self::Requirements,
        }
    }
}

#[cfg(test)]
mod tests;
