//! How one fact is learned: from the cache at once, or from the network.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::future::join_all;
use lockgate_model::{CoreMetadata, DistFile, FactError, Metadata, Name, ProjectView, Version};
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::runtime::{Handle, RuntimeFlavor};
use url::{Origin, Url};

use super::answers::{Answers, Refusal, with_opt_in};
use super::links::Links;
use super::local_pages::LocalPages;
use super::refusals::refusal_key;
use crate::Shared;
use crate::cache::{Bucket, EntryKind};
use crate::error::FetchError;
use crate::files::{self, Limit};
use crate::http::{self, Get, Got};
use crate::metadata::{self, Source};
use crate::page::{self, MergedView, PageView};
use crate::places::{Places, Strategy, index_is_there};
use crate::redact::{redact_url, without_credentials};
use crate::transport::Response;

/// What is known of a project.
pub(super) type Project = Result<Arc<dyn ProjectView>, FactError>;

/// What is known of a release.
pub(super) type Release = Result<Arc<Metadata>, FactError>;

/// A body from this size on takes milliseconds to parse: long enough to get out of other tasks' way.
const LONG_BODY: usize = 128 * 1024;

/// The places in order, and the ways to them.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) shared: Arc<Shared>,
    pub(super) indexes: Vec<Url>,
    strategy: Strategy,
    links: Vec<Links>,
    local_pages: LocalPages,
    /// Pages of indexes that were read in this run: each is asked for once, whoever wants it, and says the same to all.
    pages: Mutex<FxHashMap<(Url, Name), Result<Page, FactError>>>,
    pub(super) ignored_statuses: BTreeMap<Url, BTreeSet<u16>>,
    /// Names that tell whether an index answers at all.
    pub(super) witnesses: Vec<Name>,
    pub(super) answers: Answers,
    /// Servers that were reported to state metadata files which they don't have.
    reported: Mutex<FxHashSet<Origin>>,
}

/// One index's view of a project; none: it does not have it.
pub(super) type Page = Option<Arc<dyn ProjectView>>;

/// Why an index said nothing of a project, and the status if it refused to.
struct Refused {
    error: FactError,
    status: Option<u16>,
}

impl From<FactError> for Refused {
    fn from(error: FactError) -> Self {
        Self {
            error,
            status: None,
        }
    }
}

/// A release and the file to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) name: &'a Name,
    pub(super) version: &'a Version,
    pub(super) file: &'a DistFile,
}

impl Sources {
    pub(super) fn new(shared: Arc<Shared>, places: Places) -> Self {
        Self {
            shared,
            indexes: places.indexes,
            strategy: places.strategy,
            local_pages: LocalPages::new(places.local_pages_reach, places.trusted_hosts),
            links: places.find_links.into_iter().map(Links::new).collect(),
            pages: Mutex::default(),
            ignored_statuses: places.ignored_statuses,
            witnesses: places.witnesses,
            answers: Answers::default(),
            reported: Mutex::default(),
        }
    }

    /// The project from disk and cache, if they may answer without asking. Touches no network.
    pub(super) fn stored_project(&self, name: &Name) -> Option<Project> {
        let mut views = Vec::new();
        for links in &self.links {
            match links.stored(name, &self.local_pages, &self.shared)? {
                Ok(found) => views.extend(found),
                Err(error) => return Some(Err(error)),
            }
        }
        for index in &self.indexes {
            match self.stored_page(index, name)? {
                Ok(None) => {}
                Ok(Some(view)) => {
                    views.push(view);
                    if self.strategy == Strategy::FirstIndex {
                        break;
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
        Some(MergedView::of(views).ok_or_else(|| absent(name)))
    }

    /// The project from all places that it may be taken from.
    ///
    /// Under [`Strategy::FirstIndex`] the order decides, not the versions: a name that the first index serves is never taken from another
    /// one, so that nobody can put a higher version of a private project on a public index. What `--find-links` names is the user's
    /// own choice, and joins whichever index that is.
    pub(super) async fn fetch_project(&self, name: &Name) -> Project {
        let reporter = &self.shared.reporter;
        reporter.started(name.as_str());
        let project = self.ask_all(name).await;
        reporter.finished(name.as_str());
        project
    }

    async fn ask_all(&self, name: &Name) -> Project {
        let mut views = Vec::new();
        for links in &self.links {
            let found = links.fetched(name, &self.local_pages, &self.shared);
            views.extend(found.await?);
        }
        match self.strategy {
            Strategy::FirstIndex => {
                for index in &self.indexes {
                    if let Some(view) = self.fetch_page(index, name).await? {
                        views.push(view);
                        break;
                    }
                }
            }
            Strategy::UnsafeBestMatch => {
                let pages = self
                    .indexes
                    .iter()
                    .map(|index| self.fetch_page(index, name));
                for page in join_all(pages).await {
                    views.extend(page?);
                }
            }
        }
        MergedView::of(views).ok_or_else(|| absent(name))
    }

    /// What one index has of a project, if memory, disk or cache may answer.
    fn stored_page(&self, index: &Url, name: &Name) -> Option<Result<Page, FactError>> {
        if let Some(known) = self.known_page(index, name) {
            return Some(known);
        }
        let page = self.page_in_store(index, name)?;
        Some(self.keep_page(index, name, page))
    }

    /// What one index has of a project. Asked for once in a run.
    pub(super) async fn fetch_page(&self, index: &Url, name: &Name) -> Result<Page, FactError> {
        if let Some(known) = self.known_page(index, name) {
            return known;
        }
        let question = self.answers.ask(index);
        let page = self.page_from(index, name).await;
        drop(question);
        let page = match page {
            Ok(page) => Ok(page),
            Err(Refused { error, status }) => match status {
                Some(status) if self.answers.has_any(index).await => {
                    Err(with_opt_in(error, index, status))
                }
                _ => Err(error),
            },
        };
        self.keep_page(index, name, page)
    }

    fn known_page(&self, index: &Url, name: &Name) -> Option<Result<Page, FactError>> {
        let pages = lock(&self.pages);
        pages.get(&(index.clone(), name.clone())).cloned()
    }

    /// Keeps what was read for the rest of the run; of two who read it at a time, the first.
    fn keep_page(
        &self,
        index: &Url,
        name: &Name,
        page: Result<Page, FactError>,
    ) -> Result<Page, FactError> {
        if let Ok(Some(_)) = &page {
            self.answers.has(index, name);
        }
        let mut pages = lock(&self.pages);
        let kept = pages.entry((index.clone(), name.clone()));
        kept.or_insert(page).clone()
    }

    fn page_in_store(&self, index: &Url, name: &Name) -> Option<Result<Page, FactError>> {
        let get = self.page(index, name)?;
        if get.url.scheme() == "file" {
            return Some(page_on_disk(index, &get.url, name, &self.local_pages));
        }
        let (store, is_offline) = (&self.shared.store, self.shared.options.offline);
        if is_offline && let Some(refusal) = self.stored_refusal(index, &get) {
            self.answers.refused(index, name, refusal);
            return Some(Ok(None));
        }
        match http::stored(store, &get, is_offline)? {
            Got::Present(stored) => Some(Ok(Some(Arc::new(PageView::open(stored).ok()?)))),
            Got::Absent => Some(Ok(None)),
        }
    }

    async fn page_from(&self, index: &Url, name: &Name) -> Result<Page, Refused> {
        let unlearned = |error: &FetchError| error.unlearned(format!("releases of `{name}`"));
        let get = self.page(index, name).ok_or_else(|| {
            unlearned(&FetchError::Answer {
                url: redact_url(index.as_str()),
                why: "it can't be an index's address".to_owned(),
            })
        })?;
        if get.url.scheme() == "file" {
            return Ok(page_on_disk(index, &get.url, name, &self.local_pages)?);
        }
        let key = get.key.clone();
        let (url, project) = (get.url.clone(), name.clone());
        let (store, transport) = (&self.shared.store, &self.shared.transport);
        let got = http::get_cached(store, transport, get, move |response| {
            condense(&project, response)
        });
        let got = match got.await {
            Err(FetchError::Unauthorized { status, login, .. }) if self.ignores(index, status) => {
                self.answers.refused(index, name, Refusal { status, login });
                http::keep_refusal(store, &refusal_key(&key, status));
                return Ok(None);
            }
            got => got,
        };
        let got = got.map_err(|error| Refused {
            status: match &error {
                FetchError::Unauthorized { status, .. } => Some(*status),
                _ => None,
            },
            error: unlearned(&error),
        })?;
        match got {
            Got::Present(stored) => {
                let view = PageView::open(stored).map_err(|error| {
                    unlearned(&FetchError::Answer {
                        url: redact_url(url.as_str()),
                        why: error.to_string(),
                    })
                })?;
                Ok(Some(Arc::new(view)))
            }
            Got::Absent => Ok(None),
        }
    }

    /// The metadata from the cache. Touches no network.
    pub(super) fn stored_release(&self, wanted: Wanted<'_>) -> Option<Release> {
        if wanted.file.is_local() {
            return Some(on_disk(wanted));
        }
        let options = &self.shared.options;
        let may_have_changed =
            !is_settled(wanted.file) && options.refresh.includes(wanted.name) && !options.offline;
        if may_have_changed {
            return None;
        }
        let store = &self.shared.store;
        if let Some(entry) = store.read(Bucket::Metadata, &key(wanted.file)) {
            return read(wanted, &entry.payload);
        }
        if !is_settled(wanted.file) || (options.refresh.includes(wanted.name) && !options.offline) {
            return None;
        }
        let entry = store.read(Bucket::Metadata, &own_key(wanted.file))?;
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
        if let Some(archive) = fetched.unbuilt
            && let Ok(url) = Url::parse(&wanted.file.url)
        {
            self.shared.set_aside.put(url, archive);
        }
        let payload = Bytes::from(fetched.stored);
        let release = read(wanted, &payload).unwrap_or_else(|| {
            Err(unlearned(&FetchError::Answer {
                url: redact_url(&wanted.file.url),
                why: "what was read could not be written down".to_owned(),
            }))
        });
        if let Some(missing) = &fetched.missing {
            self.report_missing(missing);
        }
        if !fetched.is_doubtful {
            // Metadata that came another way than with the digest that the index states prove nothing to other indexes.
            let key = if fetched.is_verified {
                key(wanted.file)
            } else {
                own_key(wanted.file)
            };
            let store = &self.shared.store;
            http::keep_for_good(store, Bucket::Metadata, &key, EntryKind::Present, payload);
        }
        release
    }

    /// Reports, once for each server, that it states metadata files and does not have them: pip and uv stop there.
    fn report_missing(&self, missing: &Url) {
        if lock(&self.reported).insert(missing.origin()) {
            self.shared.reporter.warning(&format!(
                "{}: the index states this metadata file and does not have it; metadata are read from the wheels instead, but pip and uv may stop there",
                redact_url(missing.as_str())
            ));
        }
    }

    /// What to get for a project's page. None: an address that can't have a path.
    pub(super) fn page(&self, index: &Url, name: &Name) -> Option<Get> {
        let mut url = index.clone();
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .push(name.as_str())
            .push("");
        Some(Get {
            bucket: Bucket::Pages,
            key: without_credentials(&url).into(),
            url,
            accept: page::ACCEPT,
            limit: page::LIMIT,
            refresh: self.shared.options.refresh.includes(name),
        })
    }
}

/// The page of a project in a folder of pages, `NAME/index.html`. Without a folder `NAME` the index does not have it, unless the index
/// itself is not there: then nobody knows.
fn page_on_disk(
    index: &Url,
    url: &Url,
    name: &Name,
    pages: &LocalPages,
) -> Result<Page, FactError> {
    let unlearned = |why: String| {
        FetchError::Answer {
            url: url.to_string(),
            why,
        }
        .unlearned(format!("releases of `{name}`"))
    };
    let folder = url
        .to_file_path()
        .map_err(|()| unlearned("it is no folder of this machine".to_owned()))?;
    let page = folder.join("index.html");
    // The folder of pages itself was named.
    files::stay_inside_from(&page, &folder).map_err(|error| unlearned(error.to_string()))?;
    let body = match files::read_regular(&page, Limit::PAGE) {
        Ok(body) => body,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            index_is_there(index).map_err(|error| unlearned(error.to_string()))?;
            if std::fs::symlink_metadata(&folder).is_ok() {
                return Err(unlearned("it has no `index.html`".to_owned()));
            }
            return Ok(None);
        }
        Err(error) => return Err(unlearned(error.to_string())),
    };
    let page = page::parse(name, Some("text/html"), url, &body)
        .map_err(|error| unlearned(error.to_string()))?;
    let files = page.releases.iter().flat_map(|release| &release.files);
    pages.admit(&format!("`{}`", folder.display()), files.clone())?;
    super::links::stay_inside(files).map_err(|error| unlearned(error.to_string()))?;
    Ok(Some(page::listed(name, page)))
}

/// The metadata of a file on this machine.
fn on_disk(wanted: Wanted<'_>) -> Release {
    let source = Source {
        name: wanted.name,
        file: wanted.file,
    };
    let unlearned =
        |error: &FetchError| error.unlearned(format!("metadata of `{}`", wanted.file.filename));
    let stored = metadata::read_local(source).map_err(|error| unlearned(&error))?;
    read(wanted, &stored).unwrap_or_else(|| {
        Err(unlearned(&FetchError::Answer {
            url: wanted.file.url.clone(),
            why: "what was read could not be written down".to_owned(),
        }))
    })
}

fn absent(name: &Name) -> FactError {
    FactError::Absent { name: name.clone() }
}

/// Metadata whose digest the index states are kept under it and the file's, so that they hold for all indexes that serve both; others under
/// [`own_key`].
fn key(file: &DistFile) -> String {
    match (file.sha256, file.core_metadata) {
        (digest, CoreMetadata::Served(Some(metadata))) => {
            let digest = digest.map(|digest| digest.to_string());
            format!("{} {metadata}", digest.unwrap_or_default())
        }
        (_, CoreMetadata::Served(None) | CoreMetadata::Absent) => own_key(file),
    }
}

/// The file's digest and address, so that no index answers for another one.
fn own_key(file: &DistFile) -> String {
    let digest = file.sha256.map(|digest| digest.to_string());
    format!("{} {}", digest.unwrap_or_default(), file.url)
}

/// Nothing panics while it holds one of these locks, so a poisoned one is sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

pub(super) fn condense(name: &Name, response: &Response) -> Result<Vec<u8>, FetchError> {
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
