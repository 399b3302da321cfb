//! A stored page as the solver sees it. Versions are parsed and files decoded when first asked for, and kept.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use lockgate_model::{DistFile, FactError, Name, ProjectStatus, ProjectView, Timestamp, Version};

use super::store::{self, Entry, Head, StoreError};

/// One project on one index, read in place.
pub(crate) struct PageView {
    buffer: Bytes,
    head: Head,
    releases: Box<[ReleaseView]>,
    /// Stands in for a release that is not there, so that a damaged page cannot panic.
    no_version: Version,
}

struct ReleaseView {
    entry: Entry,
    version: OnceLock<Version>,
    files: OnceLock<Arc<[DistFile]>>,
}

impl PageView {
    /// Over the stored form of a page.
    pub(crate) fn open(buffer: Bytes) -> Result<Self, DamagedPage> {
        let (head, entries) = store::open(&buffer)?;
        let releases = entries
            .into_iter()
            .map(|entry| ReleaseView {
                entry,
                version: OnceLock::new(),
                files: OnceLock::new(),
            })
            .collect();
        Ok(Self {
            buffer,
            head,
            releases,
            no_version: Version::new([0]),
        })
    }

    fn damaged(&self) -> FactError {
        FactError::Unlearned {
            what: format!("the releases of `{}`", self.head.name),
            why: StoreError::Damaged.to_string(),
            remedy: Some(format!(
                "run again with `--refresh-package {}`",
                self.head.name
            )),
        }
    }
}

/// Bytes that are no stored page, or a damaged one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the stored page is damaged")]
pub(crate) struct DamagedPage(#[from] StoreError);

impl ProjectView for PageView {
    fn name(&self) -> &Name {
        &self.head.name
    }

    fn status(&self) -> &ProjectStatus {
        &self.head.status
    }

    fn len(&self) -> usize {
        self.releases.len()
    }

    fn version(&self, index: usize) -> &Version {
        let Some(release) = self.releases.get(index) else {
            return &self.no_version;
        };
        release.version.get_or_init(|| {
            store::spelling(&self.buffer, release.entry)
                .and_then(|spelling| spelling.parse().ok())
                .unwrap_or_else(|| self.no_version.clone())
        })
    }

    fn first_upload(&self, index: usize) -> Option<Timestamp> {
        store::first_upload(self.releases.get(index)?.entry)
    }

    fn files(&self, index: usize) -> Result<Arc<[DistFile]>, FactError> {
        let release = self.releases.get(index).ok_or_else(|| self.damaged())?;
        if let Some(files) = release.files.get() {
            return Ok(Arc::clone(files));
        }
        let files = store::files(&self.buffer, &self.head, release.entry)
            .map_err(|_damaged| self.damaged())?;
        Ok(Arc::clone(release.files.get_or_init(|| files.into())))
    }
}

impl fmt::Debug for PageView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageView")
            .field("name", &self.head.name)
            .field("releases", &self.releases.len())
            .finish_non_exhaustive()
    }
}
