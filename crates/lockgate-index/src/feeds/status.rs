//! The advisories as they are kept on this machine: their state, and a refresh on demand.

use std::io::BufReader;
use std::path::{Path, PathBuf};

use lockgate_model::{Sha256, Timestamp};

use super::{FeedError, FeedSource, FetchTerms, archive, export, folder, remote, unusable};
use crate::Index;
use crate::files::{Limit, open_regular};

/// What a refresh did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced {
    /// How the source is named to people.
    pub name: String,
    /// What happened.
    pub outcome: SyncOutcome,
    /// How many records there are now.
    pub records: Option<usize>,
    /// The bytes that were fetched, unpacked where they came compressed.
    pub fetched: u64,
}

/// What happened in a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncOutcome {
    /// Nothing changed.
    Unchanged,
    /// Records that are new, changed or gone.
    Changed {
        /// How many.
        records: usize,
    },
    /// All of it was fetched.
    Whole,
    /// Nothing of this source is kept: a service, a file or a folder.
    NotKept,
}

/// A source as it is on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedStatus {
    /// How it is named to people.
    pub name: String,
    /// Where it lies; none for a service, and for what was never fetched.
    pub place: Option<PathBuf>,
    /// Digest of all its bytes.
    pub digest: Option<Sha256>,
    /// When its state was last confirmed by its origin.
    pub refreshed: Option<Timestamp>,
    /// How many records it has.
    pub records: Option<usize>,
    /// Its size on disk.
    pub bytes: Option<u64>,
}

impl Index {
    /// Refreshes what is kept of a source, even if it is fresh. Unless it may `accept_older`, what is kept stays where an export is older
    /// or has lost many of its records.
    pub async fn sync_feed(
        &self,
        source: &FeedSource,
        now: Timestamp,
        accept_older: bool,
    ) -> Result<Synced, FeedError> {
        let name = source.name();
        let terms = FetchTerms { now, accept_older };
        match source {
            FeedSource::Osv => {
                let refreshed = export::sync(&self.shared, &terms, true).await?;
                Ok(Synced {
                    name,
                    outcome: refreshed.outcome,
                    records: Some(refreshed.records),
                    fetched: refreshed.fetched,
                })
            }
            FeedSource::RemoteArchive(url) => {
                let remote = remote::archive(&self.shared, url, true, &terms).await?;
                let fetched = remote.fetched.as_ref().map(Vec::len);
                Ok(Synced {
                    name,
                    outcome: match fetched {
                        Some(_) => SyncOutcome::Whole,
                        None => SyncOutcome::Unchanged,
                    },
                    records: Some(remote.records()?),
                    fetched: fetched.map_or(0, |bytes| bytes as u64),
                })
            }
            FeedSource::Service(_)
            | FeedSource::Pypi
            | FeedSource::Archive(_)
            | FeedSource::Folder(_) => Ok(Synced {
                name,
                outcome: SyncOutcome::NotKept,
                records: None,
                fetched: 0,
            }),
        }
    }

    /// A source as it is on this machine. Asks no network.
    pub fn feed_status(&self, source: &FeedSource) -> Result<FeedStatus, FeedError> {
        let shared = &self.shared;
        let mut status = FeedStatus {
            name: source.name(),
            place: None,
            digest: None,
            refreshed: None,
            records: None,
            bytes: None,
        };
        match source {
            FeedSource::Osv => {
                let Some(state) = export::state(shared) else {
                    return Ok(status);
                };
                status.refreshed = Some(state.refreshed());
                status.records = Some(state.records);
                status.digest = Some(state.digest);
                status.place = export::archive_path(shared, &state.digest);
            }
            FeedSource::RemoteArchive(url) => {
                let Some((digest, place)) = remote::kept(shared, url) else {
                    return Ok(status);
                };
                status.digest = Some(digest);
                status.records = Some(archive_records(&place)?);
                status.place = Some(place);
            }
            FeedSource::Archive(path) => {
                status.digest = Some(archive::digest(&shared.store, path)?);
                status.records = Some(archive_records(path)?);
                status.place = Some(path.clone());
            }
            FeedSource::Folder(path) => {
                status.digest = Some(folder::digest(&shared.store, path)?);
                let (records, bytes) = folder::size(path)?;
                status.records = Some(records);
                status.bytes = Some(bytes);
                status.place = Some(path.clone());
            }
            FeedSource::Service(_) | FeedSource::Pypi => {}
        }
        if status.bytes.is_none()
            && let Some(place) = &status.place
        {
            let metadata = std::fs::metadata(place).map_err(|error| unusable(place, error))?;
            status.bytes = Some(metadata.len());
        }
        Ok(status)
    }
}

fn archive_records(path: &Path) -> Result<usize, FeedError> {
    let file = open_regular(path, Limit::EXPORT).map_err(|error| unusable(path, error))?;
    archive::count(&path.display().to_string(), BufReader::new(file))
}
