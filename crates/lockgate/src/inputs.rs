//! The sources as the formats read them: files from the disk, includes by address through the index's door.

use lockgate_index::Index;
use lockgate_model::{FileKind, Files, FilesError};

use crate::disk::Disk;

/// Disk and network together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inputs<'a> {
    pub(crate) disk: &'a Disk,
    pub(crate) index: &'a Index,
}

impl Files for Inputs<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FilesError> {
        self.disk.read(path)
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.disk.variable(name)
    }

    fn kind(&self, path: &str) -> Option<FileKind> {
        self.disk.kind(path)
    }

    fn fetch(&self, address: &str) -> Result<Vec<u8>, FilesError> {
        self.index
            .document(address)
            .map_err(|error| FilesError::Unreadable(error.to_string()))
    }
}
