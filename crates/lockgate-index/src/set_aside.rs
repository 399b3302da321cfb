//! Source distributions that were fetched for their metadata and state none: set aside for the build that may follow, so that none is
//! fetched twice. Some are hundreds of megabytes.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use bytes::Bytes;
use lockgate_model::Sha256;
use tempfile::TempDir;
use url::Url;

/// A folder that goes with the process. Nothing is kept before it is opened, and what cannot be kept is fetched again.
#[derive(Debug, Default)]
pub(crate) struct SetAside {
    folder: OnceLock<Option<TempDir>>,
}

impl SetAside {
    /// Has archives set aside from now on.
    pub(crate) fn open(&self) {
        self.folder.get_or_init(|| {
            let folder = tempfile::Builder::new()
                .prefix("lockgate-sdists-")
                .tempdir();
            folder.ok()
        });
    }

    pub(crate) fn put(&self, url: &Url, archive: &Bytes) {
        if let Some(path) = self.path(url)
            && fs::write(&path, archive).is_err()
        {
            // A part of it would be taken for the whole.
            let _ = fs::remove_file(path);
        }
    }

    /// The archive from this address, which is there once.
    pub(crate) fn take(&self, url: &Url) -> Option<Bytes> {
        let path = self.path(url)?;
        let archive = fs::read(&path).ok()?;
        let _ = fs::remove_file(path);
        Some(Bytes::from(archive))
    }

    fn path(&self, url: &Url) -> Option<PathBuf> {
        let folder = self.folder.get()?.as_ref()?;
        let name = Sha256::of(url.as_str().as_bytes()).to_string();
        Some(folder.path().join(name))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use url::Url;

    use super::SetAside;

    #[test]
    fn an_archive_is_there_once_and_only_where_that_was_asked_for() {
        let url = |name: &str| Url::parse(&format!("https://files.example/{name}")).unwrap();
        let (aside, archive) = (SetAside::default(), Bytes::from_static(b"archive"));
        aside.put(&url("a.tar.gz"), &archive);
        assert_eq!(aside.take(&url("a.tar.gz")), None);
        aside.open();
        aside.put(&url("a.tar.gz"), &archive);
        assert_eq!(aside.take(&url("b.tar.gz")), None);
        assert_eq!(aside.take(&url("a.tar.gz")), Some(archive));
        assert_eq!(aside.take(&url("a.tar.gz")), None);
    }
}
