//! What `--find-links` names, read once: every distribution there, of whatever project.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::{fs, io};

use lockgate_model::{CoreMetadata, DistFile, FactError, Name, ProjectView, Yank};
use rustc_hash::FxHashMap;
use tokio::sync::Mutex;
use url::Url;

use super::local_pages::LocalPages;
use crate::Shared;
use crate::cache::Bucket;
use crate::error::FetchError;
use crate::files::{self, Limit, OutsideLink};
use crate::http::{self, Get, Got};
use crate::page;
use crate::places::{FindLinks, is_html};
use crate::redact::redact_url;

/// The files of one place.
type Listing = Result<Arc<Listed>, FactError>;

/// What one place has of a project.
type Linked = Result<Option<Arc<dyn ProjectView>>, FactError>;

/// Files of many projects, found by name: each project that is asked for would go through all of them otherwise.
#[derive(Debug, Default)]
struct Listed {
    files: Vec<DistFile>,
    by_name: FxHashMap<String, Vec<usize>>,
}

impl Listed {
    fn new(files: Vec<DistFile>) -> Self {
        let mut by_name: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (place, file) in files.iter().enumerate() {
            for name in page::file_name::possible_names(&file.filename) {
                let places = by_name.entry(name).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        Self { files, by_name }
    }

    /// The files that may be a project's, by their names.
    fn candidates(&self, name: &Name) -> impl Iterator<Item = &DistFile> {
        let places = self.by_name.get(name.as_str()).into_iter().flatten();
        places.filter_map(|place| self.files.get(*place))
    }

    /// What there is of a project; none if nothing.
    fn of(&self, name: &Name) -> Option<Arc<dyn ProjectView>> {
        let places = self.by_name.get(name.as_str())?;
        page::select(
            name,
            places.iter().filter_map(|place| self.files.get(*place)),
        )
    }
}

/// One place, and what was found there.
#[derive(Debug)]
pub(super) struct Links {
    place: FindLinks,
    files: OnceLock<Listing>,
    fetching: Mutex<()>,
}

impl Links {
    pub(super) fn new(place: FindLinks) -> Self {
        Self {
            place,
            files: OnceLock::new(),
            fetching: Mutex::new(()),
        }
    }

    /// What is in this place of a project, if no network is needed to know it.
    pub(super) fn stored(
        &self,
        name: &Name,
        pages: &LocalPages,
        shared: &Shared,
    ) -> Option<Linked> {
        let listing = self.stored_listing(shared)?;
        Some(listing.and_then(|listed| self.admitted(&listed, name, pages)))
    }

    /// What is in this place of a project, fetched if need be.
    pub(super) async fn fetched(&self, name: &Name, pages: &LocalPages, shared: &Shared) -> Linked {
        let listed = self.fetched_listing(shared).await?;
        self.admitted(&listed, name, pages)
    }

    fn admitted(&self, listed: &Listed, name: &Name, pages: &LocalPages) -> Linked {
        // A page that was fetched may lead to other hosts, as those of indexes do.
        if !matches!(self.place, FindLinks::Page(_)) {
            pages.admit(
                &format!("`{}`", self.place.shown()),
                listed.candidates(name),
            )?;
        }
        Ok(listed.of(name))
    }

    /// The files, if no network is needed to know them.
    fn stored_listing(&self, shared: &Shared) -> Option<Listing> {
        if let Some(known) = self.files.get() {
            return Some(known.clone());
        }
        let listing = match &self.place {
            FindLinks::Folder(path) => self.told(folder(path)),
            FindLinks::File(path) => self.told(file(path)),
            FindLinks::Page(url) => {
                let get = get(url, shared);
                match http::stored(&shared.store, &get, shared.options.offline)? {
                    Got::Present(stored) => Ok(listed(postcard::from_bytes(&stored).ok()?)),
                    Got::Absent => Ok(Arc::default()),
                }
            }
        };
        Some(self.files.get_or_init(|| listing).clone())
    }

    /// The files, fetched if need be.
    async fn fetched_listing(&self, shared: &Shared) -> Listing {
        if let Some(known) = self.stored_listing(shared) {
            return known;
        }
        let _turn = self.fetching.lock().await;
        if let Some(known) = self.files.get() {
            return known.clone();
        }
        let listing = match &self.place {
            FindLinks::Page(url) => fetch(url, shared)
                .await
                .map_err(|error| self.unlearned(&error)),
            // Never reached: places on disk are read above.
            FindLinks::Folder(_) | FindLinks::File(_) => Ok(Arc::default()),
        };
        self.files.get_or_init(|| listing).clone()
    }

    fn told(&self, files: Result<Vec<DistFile>, LocalError>) -> Listing {
        files.map(listed).map_err(|error| FactError::Unlearned {
            what: self.what(),
            why: error.to_string(),
            remedy: Some(error.remedy().to_owned()),
        })
    }

    fn unlearned(&self, error: &FetchError) -> FactError {
        error.unlearned(self.what())
    }

    fn what(&self) -> String {
        format!("the files that `--find-links {}` names", self.place.shown())
    }
}

fn listed(files: Vec<DistFile>) -> Arc<Listed> {
    Arc::new(Listed::new(files))
}

async fn fetch(url: &Url, shared: &Shared) -> Result<Arc<Listed>, FetchError> {
    let shown = redact_url(url.as_str());
    let broken = |why: String| FetchError::Answer {
        url: shown.clone(),
        why,
    };
    shared.reporter.started(&shown);
    let got = http::get_cached(
        &shared.store,
        &shared.transport,
        get(url, shared),
        |response| {
            let content_type = response.header(&reqwest::header::CONTENT_TYPE);
            let files = page::links(content_type, &response.url, &response.body)
                .map_err(|error| broken(error.to_string()))?;
            postcard::to_stdvec(&files).map_err(|error| broken(error.to_string()))
        },
    );
    let got = got.await;
    shared.reporter.finished(&shown);
    match got? {
        Got::Present(stored) => {
            let files = postcard::from_bytes(&stored);
            files.map(listed).map_err(|error| broken(error.to_string()))
        }
        Got::Absent => {
            shared.reporter.warning(&format!(
                "`--find-links {shown}`: there is no such page; going on without it"
            ));
            Ok(Arc::default())
        }
    }
}

fn get(url: &Url, shared: &Shared) -> Get {
    Get {
        bucket: Bucket::Pages,
        key: format!("links of {}", crate::redact::without_credentials(url)),
        url: url.clone(),
        accept: page::ACCEPT,
        limit: page::LIMIT,
        refresh: shared.options.refresh == crate::Refresh::All,
    }
}

/// Why a place on disk tells nothing.
#[derive(Debug, thiserror::Error)]
enum LocalError {
    #[error("`{path}` cannot be read: {why}")]
    Unreadable { path: String, why: io::Error },
    #[error("`{path}`: {why}")]
    Page { path: String, why: page::PageError },
}

impl LocalError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Unreadable { why, .. } if OutsideLink::of(why).is_some() => OutsideLink::HELP,
            _ => "see that it can be read, or leave it out",
        }
    }
}

fn unreadable(path: &Path, why: io::Error) -> LocalError {
    LocalError::Unreadable {
        path: path.display().to_string(),
        why,
    }
}

/// The distributions in a folder, and what its HTML files link to; sub-folders are not looked into.
fn folder(path: &Path) -> Result<Vec<DistFile>, LocalError> {
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|error| unreadable(path, error))?;
    let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let is_html = is_html(&path);
        let name = path.file_name().and_then(|name| name.to_str());
        let is_wanted = is_html || name.is_some_and(page::file_name::is_found_in_folder);
        if is_wanted && path.is_symlink() {
            files::stay_inside_from(&path, &path).map_err(|error| unreadable(&path, error))?;
        }
        if is_html {
            // A page that is there for another purpose lists nothing, as with pip.
            files.extend(html(&path).or_else(|error| match error {
                LocalError::Page { .. } => Ok(Vec::new()),
                LocalError::Unreadable { .. } => Err(error),
            })?);
        } else if is_wanted {
            files.extend(distribution(&path));
        }
    }
    Ok(files)
}

fn file(path: &Path) -> Result<Vec<DistFile>, LocalError> {
    if is_html(path) {
        return html(path);
    }
    Ok(distribution(path).into_iter().collect())
}

fn html(path: &Path) -> Result<Vec<DistFile>, LocalError> {
    let body = files::read_regular(path, Limit::PAGE).map_err(|error| unreadable(path, error))?;
    let no_address = || unreadable(path, io::Error::from(io::ErrorKind::InvalidInput));
    let address = Url::from_file_path(path).map_err(|()| no_address())?;
    let files =
        page::links(Some("text/html"), &address, &body).map_err(|why| LocalError::Page {
            path: path.display().to_string(),
            why,
        })?;
    stay_inside(&files).map_err(|error| unreadable(path, error))?;
    Ok(files)
}

/// Sees to it that no file of this machine that a page links to is a symbolic link out of a repository.
pub(super) fn stay_inside<'a>(listed: impl IntoIterator<Item = &'a DistFile>) -> io::Result<()> {
    for file in listed.into_iter().filter(|file| file.is_local()) {
        let path = Url::parse(&file.url).ok();
        if let Some(path) = path.and_then(|url| url.to_file_path().ok()) {
            files::stay_inside_from(&path, &path)?;
        }
    }
    Ok(())
}

/// A file of this machine; what it states is read when it is looked at.
pub(crate) fn distribution(path: &Path) -> Option<DistFile> {
    let filename = path.file_name()?.to_str()?.to_owned();
    (has_name_of_distribution(path) && path.is_file()).then_some(())?;
    Some(DistFile {
        url: Url::from_file_path(path).ok()?.into(),
        filename,
        sha256: None,
        size: None,
        uploaded: None,
        requires_python: None,
        yanked: Yank::No,
        core_metadata: CoreMetadata::Absent,
        has_provenance: false,
    })
}

fn has_name_of_distribution(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(page::file_name::is_distribution)
}
