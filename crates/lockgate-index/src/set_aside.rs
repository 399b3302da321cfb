//! Source distributions that were fetched for their metadata and state none: set aside for the build that may follow, so that none is
//! fetched twice. Some are hundreds of megabytes.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek as _};
use std::sync::{Mutex, OnceLock, PoisonError};

use tempfile::{SpooledData, SpooledTempFile};
use url::Url;

/// No more are kept at a time: each is an open file.
const MOST: usize = 64;

/// Files without a name, which are gone with the process however it ends. Nothing is kept before this is opened, and what cannot be kept is
/// fetched again.
#[derive(Debug, Default)]
pub(crate) struct SetAside {
    archives: OnceLock<Mutex<HashMap<Url, File>>>,
}

impl SetAside {
    /// Has archives set aside from now on.
    pub(crate) fn open(&self) {
        self.archives.get_or_init(Mutex::default);
    }

    pub(crate) fn put(&self, url: Url, archive: SpooledTempFile) {
        let Some(archives) = self.archives.get() else {
            return;
        };
        let mut archives = archives.lock().unwrap_or_else(PoisonError::into_inner);
        if archives.len() < MOST
            && let Ok(file) = as_file(archive)
        {
            archives.insert(url, file);
        }
    }

    /// Whether the archive from this address is there.
    pub(crate) fn holds(&self, url: &Url) -> bool {
        self.archives.get().is_some_and(|archives| {
            let archives = archives.lock().unwrap_or_else(PoisonError::into_inner);
            archives.contains_key(url)
        })
    }

    /// The archive from this address, which is there once.
    pub(crate) fn take(&self, url: &Url) -> Option<File> {
        let archives = self.archives.get()?;
        let mut archives = archives.lock().unwrap_or_else(PoisonError::into_inner);
        archives.remove(url)
    }
}

/// As a file without a name, at its beginning.
pub(crate) fn as_file(mut archive: SpooledTempFile) -> io::Result<File> {
    archive.roll()?;
    archive.rewind()?;
    match archive.into_inner() {
        SpooledData::OnDisk(file) => Ok(file),
        SpooledData::InMemory(_) => Err(io::Error::other("it stayed in memory")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write as _};

    use tempfile::SpooledTempFile;
    use url::Url;

    use super::SetAside;

    #[test]
    fn an_archive_is_there_once_and_only_where_that_was_asked_for() {
        let url = |name: &str| Url::parse(&format!("https://files.example/{name}")).unwrap();
        let aside = SetAside::default();
        let archive = || {
            let mut archive = SpooledTempFile::new(100);
            archive.write_all(b"archive").unwrap();
            archive
        };
        let take = |name: &str| {
            aside
                .take(&url(name))
                .map(|file| io::read_to_string(file).unwrap())
        };
        aside.put(url("a.tar.gz"), archive());
        assert_eq!(take("a.tar.gz"), None);
        aside.open();
        aside.put(url("a.tar.gz"), archive());
        assert_eq!(take("b.tar.gz"), None);
        assert!(aside.holds(&url("a.tar.gz")) && !aside.holds(&url("b.tar.gz")));
        assert_eq!(take("a.tar.gz").as_deref(), Some("archive"));
        assert_eq!(take("a.tar.gz"), None);
    }
}
