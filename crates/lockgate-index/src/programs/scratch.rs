//! Temporary folders that are removed in any case: when they are dropped, and when the run is interrupted before that.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::run::is_stopped;

/// The folders that there are now.
static FOLDERS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A temporary folder, readable by this user alone.
#[derive(Debug)]
pub struct Scratch {
    folder: Option<TempDir>,
    path: PathBuf,
}

impl Scratch {
    /// Makes one whose name begins with `prefix`. Its path is absolute and without links. An interrupted run makes none.
    pub fn new(prefix: &str) -> io::Result<Self> {
        let mut folders = folders();
        if is_stopped() {
            return Err(io::Error::other("the run was interrupted"));
        }
        let folder = tempfile::Builder::new().prefix(prefix).tempdir()?;
        let path = fs::canonicalize(folder.path())?;
        folders.insert(path.clone());
        Ok(Self {
            folder: Some(folder),
            path,
        })
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // `stop_all` may have removed it already.
        self.folder = None;
        folders().remove(&self.path);
    }
}

/// Removes all that there are; whatever still writes into one gets until `deadline` to stop.
pub(super) fn remove_all(deadline: Instant) {
    loop {
        let remaining: Vec<PathBuf> = folders().iter().cloned().collect();
        let is_left = remaining.iter().any(|folder| {
            let removed = fs::remove_dir_all(folder);
            removed.is_err_and(|error| error.kind() != io::ErrorKind::NotFound)
        });
        if !is_left || Instant::now() > deadline {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Nothing panics while it holds this lock, so a poisoned one is sound.
fn folders() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    FOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}
