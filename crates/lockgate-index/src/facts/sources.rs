//! How one fact is learned: from the cache at once, or from the network.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use lockgate_model::{CoreMetadata, DistFile, FactError, Metadata, Name, ProjectView, Version};
use tokio::runtime::{Handle, RuntimeFlavor};
use url::Url;

use crate::Shared;
use crate::cache::{Bucket, EntryKind};
use crate::error::FetchError;
use crate::http::{self, Get, Got};
use crate::metadata::{self, Source};
use crate::page::{self, PageView};
use crate::redact::redact_url;
use crate::transport::Response;

/// What is known of a project.
pub(super) type Project = Result<Arc<dyn ProjectView>, FactError>;

/// What is known of a release.
pub(super) type Release = Result<Arc<Metadata>, FactError>;

/// A body from this size on takes milliseconds to parse: long enough to get out of other tasks' way.
const LONG_BODY: usize = 128 * 1024;

/// The indexes in order, and the ways to them.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) shared: Arc<Shared>,
    pub(super) indexes: Vec<Url>,
}

/// A release and the file to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) name: &'a Name,
    pub(super) version: &'a Version,
    pub(super) file: &'a DistFile,
}

impl Sources {
    /// The project from the cache, if that may answer without asking. Touches no network.
    pub(super) fn stored_project(&self, name: &Name) -> Option<Project> {
        let (store, is_offline) = (&self.shared.store, self.shared.options.offline);
        for index in &self.indexes {
            let get = self.page(index, name)?;
            match http::stored(store, &get, is_offline, SystemTime::now())? {
                Got::Present(stored) => return Some(Ok(Arc::new(PageView::open(stored).ok()?))),
                Got::Absent => {}
            }
        }
        Some(Err(absent(name)))
    }

    /// The project from the first index that has it.
    ///
    /// The order decides, not the versions: a name that the first index serves is never taken from another one, so that nobody can
    /// put a higher version of a private project on a public index.
    pub(super) async fn fetch_project(&self, name: &Name) -> Project {
        let reporter = &self.shared.reporter;
        reporter.started(name.as_str());
        let project = self.ask_indexes(name).await;
        reporter.finished(name.as_str());
        project
    }

    async fn ask_indexes(&self, name: &Name) -> Project {
        let unlearned = |error: &FetchError| error.unlearned(format!("releases of `{name}`"));
        for index in &self.indexes {
            let get = self.page(index, name).ok_or_else(|| {
                unlearned(&FetchError::Answer {
                    url: redact_url(index.as_str()),
                    why: "it can't be an index's address".to_owned(),
                })
            })?;
            let (url, project) = (get.url.clone(), name.clone());
            let (store, transport) = (&self.shared.store, &self.shared.transport);
            let got = http::get_cached(store, transport, get, move |response| {
                condense(&project, response)
            });
            match got.await.map_err(|error| unlearned(&error))? {
                Got::Present(stored) => {
                    let view = PageView::open(stored).map_err(|error| {
                        unlearned(&FetchError::Answer {
                            url: redact_url(url.as_str()),
                            why: error.to_string(),
                        })
                    })?;
                    return Ok(Arc::new(view));
                }
                Got::Absent => {}
            }
        }
        Err(absent(name))
    }

    /// The metadata from the cache. Touches no network.
    pub(super) fn stored_release(&self, wanted: Wanted<'_>) -> Option<Release> {
        let options = &self.shared.options;
        let may_have_changed =
            !is_settled(wanted.file) && options.refresh.includes(wanted.name) && !options.offline;
        if may_have_changed {
            return None;
        }
        let entry = self
            .shared
            .store
            .read(Bucket::Metadata, &key(wanted.file))?;
        read(wanted, &entry.payload)
    }

    /// The metadata from the network; what was learned is kept for good.
    pub(super) async fn fetch_release(&self, wanted: Wanted<'_>) -> Release {
        let reporter = &self.shared.reporter;
        reporter.started(&wanted.file.filename);
        let source = Source {
            name: wanted.name,
            file: wanted.file,
        };
        let fetched = metadata::fetch(&self.shared.transport, source).await;
        reporter.finished(&wanted.file.filename);
        let unlearned =
            |error: &FetchError| error.unlearned(format!("metadata of `{}`", wanted.file.filename));
        let fetched = fetched.map_err(|error| unlearned(&error))?;
        let payload = Bytes::from(fetched.stored);
        let release = read(wanted, &payload).unwrap_or_else(|| {
            Err(unlearned(&FetchError::Answer {
                url: redact_url(&wanted.file.url),
                why: "what was read could not be written down".to_owned(),
            }))
        });
        // Metadata that came another way than with the digest that the index states prove nothing to other indexes.
        if !fetched.is_doubtful && (fetched.is_verified || !is_settled(wanted.file)) {
            let (store, key) = (&self.shared.store, key(wanted.file));
            http::keep_for_good(store, Bucket::Metadata, &key, EntryKind::Present, payload);
        }
        release
    }

    /// What to get for a project's page. None: an address that can't have a path.
    fn page(&self, index: &Url, name: &Name) -> Option<Get> {
        let mut url = index.clone();
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .push(name.as_str())
            .push("");
        Some(Get {
            bucket: Bucket::Pages,
            key: url.as_str().to_owned(),
            url,
            accept: page::ACCEPT,
            limit: page::LIMIT,
            refresh: self.shared.options.refresh.includes(name),
        })
    }
}

fn absent(name: &Name) -> FactError {
    FactError::Absent { name: name.clone() }
}

/// Metadata whose digest the index states are kept under it and the file's, so that they hold for all indexes that serve both; others under
/// the file's digest and address, so that no index answers for another one.
fn key(file: &DistFile) -> String {
    let digest = file.sha256.map(|digest| digest.to_string());
    let digest = digest.unwrap_or_default();
    match file.core_metadata {
        CoreMetadata::Served(Some(metadata)) => format!("{digest} {metadata}"),
        CoreMetadata::Served(None) | CoreMetadata::Absent => format!("{digest} {}", file.url),
    }
}

/// Whether metadata under this key can be no others.
fn is_settled(file: &DistFile) -> bool {
    file.sha256.is_some() && matches!(file.core_metadata, CoreMetadata::Served(Some(_)))
}

fn read(wanted: Wanted<'_>, stored: &[u8]) -> Option<Release> {
    let read = metadata::decode(stored, wanted.name, wanted.version)?;
    Some(match read {
        Ok(metadata) => Ok(Arc::new(metadata)),
        Err(reason) => Err(FactError::Unusable {
            filename: wanted.file.filename.clone(),
            reason,
        }),
    })
}

fn condense(name: &Name, response: &Response) -> Result<Vec<u8>, FetchError> {
    let content_type = response.header(&reqwest::header::CONTENT_TYPE);
    let work = || page::condense(name, content_type, &response.url, &response.body);
    let can_step_aside = Handle::try_current()
        .is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
    let condensed = if response.body.len() >= LONG_BODY && can_step_aside {
        tokio::task::block_in_place(work)
    } else {
        work()
    };
    condensed.map_err(|error| FetchError::Answer {
        url: redact_url(response.url.as_str()),
        why: error.to_string(),
    })
}
