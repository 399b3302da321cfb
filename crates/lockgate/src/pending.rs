//! Locks that are made and wait to be written with others: a later lock of the same run may have one of them as a source or a constraint.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lockgate_model::{FileKind, Files, FilesError};

use crate::failure::Failure;
use crate::statements::real_place;

/// A lock that is not in its place yet.
enum Pending<'a> {
    Made(&'a str),
    /// Still to be made, by its number.
    Awaited(usize),
}

/// Where the lock at `path` goes.
fn place_of(path: &str) -> Result<PathBuf, Failure> {
    real_place(Path::new(path)).ok_or_else(|| {
        Failure::new(format!("cannot tell where `{path}` is to be written"))
            .remedy("make its folder, or name another file")
    })
}

/// The texts of such locks, by the places that they go to.
#[derive(Debug, Clone, Default)]
pub(crate) struct PendingLocks {
    made: Vec<(PathBuf, String)>,
    /// The places of locks that are still to be made, each with its number.
    awaited: Vec<(PathBuf, usize)>,
    /// The first of these that was read.
    met: Arc<Mutex<Option<usize>>>,
}

impl PendingLocks {
    /// Adds the lock that goes to `path`.
    pub(crate) fn add(&mut self, path: &str, text: &str) -> Result<(), Failure> {
        let place = place_of(path)?;
        self.made.push((place, text.to_owned()));
        Ok(())
    }

    /// Has the locks at these paths be awaited, each with its number: whatever reads one of them has no answer before it is made.
    pub(crate) fn await_all<'a>(
        &mut self,
        paths: impl IntoIterator<Item = (&'a str, usize)>,
    ) -> Result<(), Failure> {
        let awaited = paths
            .into_iter()
            .map(|(path, number)| Ok((place_of(path)?, number)));
        self.awaited = awaited.collect::<Result<_, Failure>>()?;
        Ok(())
    }

    /// The number of the awaited lock that was read since this was asked last, if any was.
    pub(crate) fn take_met(&self) -> Option<usize> {
        self.met
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Whether a lock goes to `path`.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.at(path).is_some()
    }

    fn at(&self, path: &str) -> Option<Pending<'_>> {
        if self.made.is_empty() && self.awaited.is_empty() {
            return None;
        }
        let place = real_place(Path::new(path))?;
        let mut made = self.made.iter();
        if let Some((_, text)) = made.find(|(other, _)| *other == place) {
            return Some(Pending::Made(text));
        }
        let mut awaited = self.awaited.iter();
        let found = awaited.find(|(other, _)| *other == place);
        found.map(|(_, number)| Pending::Awaited(*number))
    }

    /// What is read at `path`, if a lock goes there.
    fn read(&self, path: &str) -> Option<Result<Vec<u8>, FilesError>> {
        Some(match self.at(path)? {
            Pending::Made(text) => Ok(text.as_bytes().to_owned()),
            Pending::Awaited(number) => {
                let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
                met.get_or_insert(number);
                Err(FilesError::Unreadable(
                    "it is a lock that is still to be made".to_owned(),
                ))
            }
        })
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
        let pending = self.pending.read(path);
        pending.unwrap_or_else(|| self.files.read(path))
    }

    fn read_included(&self, path: &str, from: &str) -> Result<Vec<u8>, FilesError> {
        let pending = self.pending.read(path);
        pending.unwrap_or_else(|| self.files.read_included(path, from))
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.files.variable(name)
    }

    fn kind(&self, path: &str) -> Option<FileKind> {
        if self.pending.has(path) {
            return Some(FileKind::File);
        }
        self.files.kind(path)
    }

    fn fetch(&self, address: &str) -> Result<Vec<u8>, FilesError> {
        self.files.fetch(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Disk;

    #[test]
    fn a_lock_whose_place_cannot_be_told_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let mut pending = PendingLocks::default();
        pending.add(&path("a.txt"), "a").unwrap();
        pending.add(&path("none/a.txt"), "a").unwrap_err();
        let missing = path("none/b.txt");
        pending.await_all([(missing.as_str(), 0)]).unwrap_err();
    }

    #[test]
    fn a_lock_that_is_still_to_be_made_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(path("b.txt"), "old").unwrap();
        let mut pending = PendingLocks::default();
        let b = path("b.txt");
        pending.await_all([(b.as_str(), 3)]).unwrap();
        let files = pending.over(Disk);
        assert!(files.read(&b).is_err());
        assert_eq!(files.kind(&b), Some(FileKind::File));
        assert_eq!((pending.take_met(), pending.take_met()), (Some(3), None));
        pending.await_all([]).unwrap();
        assert_eq!(pending.over(Disk).read(&b).unwrap(), b"old");
        pending.add(&b, "new").unwrap();
        assert_eq!(pending.over(Disk).read(&b).unwrap(), b"new");
        assert_eq!(pending.take_met(), None);
    }
}
