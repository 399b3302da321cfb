//! Advisory feeds: bytes of records with a digest, from files, addresses and services.
//!
//! Nothing is judged here, and nothing is passed over: a feed that is empty, broken or out of reach is an error that names the source. A
//! local archive or folder is hashed once and known again by places, sizes and times; the compact form that the gate makes of a feed is
//! kept under the feed's digest. Services are asked by project or by release, behind a port of the model.

mod archive;
mod error;
mod export;
mod find;
mod folder;
mod kept;
mod known;
mod record;
mod records;
mod releases;
mod remote;
mod rollback;
mod service;
mod source;
mod status;
#[cfg(test)]
mod tests;

pub use error::FeedError;
pub use find::RawRecord;
pub use records::RecordFeed;
pub use source::FeedSource;
pub use status::{FeedStatus, SyncOutcome, Synced};

use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::SignedDuration;
use lockgate_model::{RecordLookup, Sha256, Timestamp};
use url::Url;

use self::records::Place;
use crate::Index;
use crate::files::DanglingLink;

/// A feed that was found.
#[derive(Debug)]
pub enum Feed {
    /// Records, all of them.
    Records(RecordFeed),
    /// A service to ask project by project, or release by release.
    Service {
        /// How it is named to people.
        name: String,
        /// The service.
        lookup: Arc<dyn RecordLookup>,
    },
}

impl Feed {
    /// How it is named to people.
    pub fn name(&self) -> &str {
        match self {
            Self::Records(feed) => &feed.name,
            Self::Service { name, .. } => name,
        }
    }
}

/// What sources are opened with.
#[derive(Debug, Clone)]
pub struct FeedTerms {
    /// The present.
    pub now: Timestamp,
    /// How long the kept export serves without a refresh.
    pub max_age: SignedDuration,
    /// The simple index whose JSON API `pypi` stands for.
    pub index: Option<Url>,
    /// Whether an export is taken that is older than the kept one or has lost many of its records.
    pub accept_older: bool,
}

impl FeedTerms {
    fn fetch(&self) -> FetchTerms {
        FetchTerms {
            now: self.now,
            accept_older: self.accept_older,
        }
    }
}

/// What an export is fetched with.
#[derive(Debug, Clone, Copy)]
struct FetchTerms {
    now: Timestamp,
    accept_older: bool,
}

impl Index {
    /// Finds sources, all at once; each fails by itself. In the order of `sources`.
    pub async fn feeds(
        &self,
        sources: &[FeedSource],
        terms: &FeedTerms,
    ) -> Vec<Result<Feed, FeedError>> {
        join_all(sources.iter().map(|source| self.find(source, terms))).await
    }

    /// Finds a source that needs no index. `max_age` bounds how long the kept export serves without a refresh.
    pub async fn feed(
        &self,
        source: &FeedSource,
        now: Timestamp,
        max_age: SignedDuration,
    ) -> Result<Feed, FeedError> {
        let terms = FeedTerms {
            now,
            max_age,
            index: None,
            accept_older: false,
        };
        self.find(source, &terms).await
    }

    async fn find(&self, source: &FeedSource, terms: &FeedTerms) -> Result<Feed, FeedError> {
        let name = source.name();
        let shared = &self.shared;
        let (digest, refreshed, place) = match source {
            FeedSource::Osv => {
                let kept = export::current(shared, terms).await?;
                (kept.digest, Some(kept.refreshed), kept.place)
            }
            FeedSource::Service(url) => {
                let lookup = service::lookup(shared, url, &name)?;
                return Ok(Feed::Service { name, lookup });
            }
            FeedSource::Pypi => {
                let lookup = releases::lookup(shared, terms.index.as_ref(), &name)?;
                return Ok(Feed::Service { name, lookup });
            }
            FeedSource::RemoteArchive(url) => {
                let is_refreshed = shared.options.refresh.is_all();
                let (digest, place) = remote::archive(shared, url, is_refreshed, &terms.fetch())
                    .await?
                    .into_place();
                (digest, None, place)
            }
            FeedSource::Archive(path) => {
                let digest = archive::digest(&shared.store, path)?;
                (digest, None, Place::Archive(path.clone()))
            }
            FeedSource::Folder(path) => {
                let digest = folder::digest(&shared.store, path)?;
                (digest, None, Place::Folder(path.clone()))
            }
        };
        Ok(Feed::Records(
            self.record_feed(name, digest, refreshed, place),
        ))
    }

    fn record_feed(
        &self,
        name: String,
        digest: Sha256,
        refreshed: Option<Timestamp>,
        place: Place,
    ) -> RecordFeed {
        RecordFeed {
            name,
            digest,
            refreshed,
            place,
            shared: Arc::clone(&self.shared),
        }
    }
}

fn unusable(path: &Path, error: impl std::fmt::Display) -> FeedError {
    let place = path.display().to_string();
    match DanglingLink::on(path) {
        Some(link) => FeedError::unusable(place, link),
        None => FeedError::unusable(place, error),
    }
}
