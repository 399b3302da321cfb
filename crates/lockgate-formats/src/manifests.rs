//! All sources of one lock, read into one manifest.

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
        let mut manifest = Manifest::default();
        for source in sources {
            if std::path::Path::new(source)
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                let extras = Extras {
                    named: self.extras,
                    all: self.all_extras,
                };
                pyproject::read(files, source, extras, &mut manifest)?;
            } else if std::path::Path::new(source)
                .extension()
                .is_some_and(|extension| extension == "py" || extension == "cfg")
            {
                return Err(
                    InputError::new(source, "sources of this kind are not supported")
                        .remedy("lock a requirements file or a `pyproject.toml`"),
                );
            } else {
                Reader::new(files, &mut manifest).read(source, Role::Requirements)?;
            }
        }
        for constraint in constraints {
            Reader::new(files, &mut manifest).read(constraint, Role::Constraints)?;
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests;
