//! Locks that are made and wait to be written with others: a later lock of the same run may have one of them as a source or a constraint.

use std::path::{Path, PathBuf};

use lockgate_model::{FileKind, Files, FilesError};

use crate::statements::real_place;

/// The texts of such locks, by the places that they go to.
#[derive(Debug, Clone, Default)]
pub(crate) struct PendingLocks(Vec<(PathBuf, String)>);

impl PendingLocks {
    /// Adds the lock that goes to `path`.
    pub(crate) fn add(&mut self, path: &str, text: &str) {
        if let Some(place) = real_place(Path::new(path)) {
            self.0.push((place, text.to_owned()));
        }
    }

    /// Whether a lock goes to `path`.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.text(path).is_some()
    }

    fn text(&self, path: &str) -> Option<&str> {
        if self.0.is_empty() {
            return None;
        }
        let place = real_place(Path::new(path))?;
        let mut locks = self.0.iter();
        let found = locks.find(|(other, _)| *other == place);
        found.map(|(_, text)| text.as_str())
    }

    /// `files` as they will be once these locks are written.
    pub(crate) fn over<F: Files>(&self, files: F) -> WithPending<'_, F> {
        WithPending {
            files,
            pending: self,
        }
    }
}

/// Files, some of which are not in their places yet.
pub(crate) struct WithPending<'a, F> {
    files: F,
    pending: &'a PendingLocks,
}

impl<F: Files> Files for WithPending<'_, F> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FilesError> {
        match self.pending.text(path) {
            Some(text) => Ok(text.as_bytes().to_owned()),
            None => self.files.read(path),
        }
    }

    fn read_included(&self, path: &str, from: &str) -> Result<Vec<u8>, FilesError> {
        match self.pending.text(path) {
            Some(text) => Ok(text.as_bytes().to_owned()),
            None => self.files.read_included(path, from),
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.files.variable(name)
    }

    fn kind(&self, path: &str) -> Option<FileKind> {
        match self.pending.text(path) {
            Some(_) => Some(FileKind::File),
            None => self.files.kind(path),
        }
    }

    fn fetch(&self, address: &str) -> Result<Vec<u8>, FilesError> {
        self.files.fetch(address)
    }
}
