//! The sources as the formats read them: files from the disk, includes by address through the index's door.

use lockgate_index::redact_url;
use lockgate_model::{FileKind, Files, FilesError};

use crate::world::World;

/// Disk and network together, as far as a run may reach.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'a>(pub(crate) &'a World);

impl Inputs<'_> {
    fn reaches(self, path: &str) -> Result<(), FilesError> {
        if self.0.reach.admits_file(path, self.0) {
            return Ok(());
        }
        Err(FilesError::Refused {
            why: "it lies outside of the repository".to_owned(),
            help: "name it with `--source` if it is right".to_owned(),
        })
    }
}

impl Files for Inputs<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FilesError> {
        self.reaches(path)?;
        self.0.files.read(path)
    }

    fn read_included(&self, path: &str, from: &str) -> Result<Vec<u8>, FilesError> {
        self.reaches(path)?;
        self.0.files.read_included(path, from)
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.0.files.variable(name)
    }

    fn kind(&self, path: &str) -> Option<FileKind> {
        self.0.files.kind(path)
    }

    fn fetch(&self, address: &str) -> Result<Vec<u8>, FilesError> {
        self.0
            .reach
            .admit(address, &redact_url(address), "the include", self.0)
            .map_err(|failure| FilesError::Refused {
                why: failure.message,
                help: failure.remedy.unwrap_or_default(),
            })?;
        self.0
            .index
            .document(address)
            .map_err(|error| FilesError::Unreadable(error.to_string()))
    }
}
