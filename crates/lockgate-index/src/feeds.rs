//! Advisory feeds: bytes of records with a digest, from files, addresses and services.
//!
//! Nothing is judged here, and nothing is passed over: a feed that is empty, broken or out of reach is an error. A local archive is hashed
//! once and known again by its place, size and time; the compact form that the gate makes of a feed is kept under the feed's digest.

mod archive;
mod export;
mod folder;
mod service;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockgate_model::{ReadAt, RecordLookup, Sha256, Timestamp};
use url::Url;

use crate::cache::Bucket;
use crate::error::FetchError;
use crate::{Index, Shared};

/// The address of OSV's API.
const OSV_API: &str = "https://api.osv.dev";

/// Where advisories come from, as `--advisories` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedSource {
    /// OSV's bulk export for PyPI, kept in the cache.
    Osv,
    /// An OSV API.
    Service(Url),
    /// A bulk export at an address.
    RemoteArchive(Url),
    /// A bulk export in a file.
    Archive(PathBuf),
    /// A folder of records.
    Folder(PathBuf),
}

/// Why advisories could not be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FeedError {
    /// The source is none of the kinds there are.
    #[error("`{0}` is no source of advisories: {1}")]
    Source(String, &'static str),
    /// The file or folder cannot be read, or holds nothing of use.
    #[error("the advisories in `{place}` cannot be used: {why}")]
    Unusable {
        /// The file, folder or address.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// The address gave no answer.
    #[error("the advisories could not be fetched")]
    Fetch(#[from] FetchError),
    /// The kept export is too old, and could not be refreshed.
    #[error("the advisories were last refreshed {refreshed}, too long ago: {why}")]
    Stale {
        /// When.
        refreshed: Timestamp,
        /// Why they were not refreshed now.
        why: String,
    },
}

impl FeedError {
    /// What a person can do about it.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Source(..) => Some("name `osv`, `osv-api`, a `.zip` export, a folder of records, or the address of either".to_owned()),
            Self::Unusable { .. } => Some("check the path; fetch the export again".to_owned()),
            Self::Fetch(error) => Some(
                error
                    .remedy()
                    .unwrap_or_else(|| "name another source with `--advisories`, such as a downloaded export".to_owned()),
            ),
            Self::Stale { .. } => Some("run once with network, or name another source with `--advisories`".to_owned()),
        }
    }
}

impl FeedSource {
    /// Reads one `--advisories` value.
    pub fn parse(text: &str) -> Result<Self, FeedError> {
        let is_archive = |path: &str| {
            Path::new(path)
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
        };
        match text {
            "" => return Err(FeedError::Source(String::new(), "it is empty")),
            "osv" => return Ok(Self::Osv),
            "osv-api" => return Self::parse(OSV_API),
            "pypi" => {
                return Err(FeedError::Source(
                    text.to_owned(),
                    "the index's own JSON API is not supported",
                ));
            }
            _ => {}
        }
        if text.starts_with("http://") || text.starts_with("https://") {
            let url = Url::parse(text)
                .map_err(|_error| FeedError::Source(crate::redact_url(text), "it is no address"))?;
            return Ok(if is_archive(url.path()) {
                Self::RemoteArchive(url)
            } else {
                Self::Service(url)
            });
        }
        if is_archive(text) {
            return Ok(Self::Archive(PathBuf::from(text)));
        }
        if Path::new(text).is_dir() {
            return Ok(Self::Folder(PathBuf::from(text)));
        }
        Err(FeedError::Source(
            crate::redact_url(text),
            "there is no such folder, and it is no `.zip` and no address",
        ))
    }
}

/// A feed that was found.
#[derive(Debug)]
pub enum Feed {
    /// Records, all of them.
    Records(RecordFeed),
    /// A service to ask project by project.
    Service {
        /// How it is named to people.
        name: String,
        /// The service.
        lookup: Arc<dyn RecordLookup>,
    },
}

/// All records of a source.
#[derive(Debug)]
pub struct RecordFeed {
    /// How it is named to people.
    pub name: String,
    /// Digest of all its bytes.
    pub digest: Sha256,
    /// When its state was last confirmed by its origin; none for local files.
    pub refreshed: Option<Timestamp>,
    place: Place,
    shared: Arc<Shared>,
}

#[derive(Debug)]
enum Place {
    Archive(PathBuf),
    Folder(PathBuf),
    Bytes(Vec<u8>),
}

/// Takes file name and bytes of a record.
type Visitor<'v, E> = &'v mut dyn FnMut(&str, &[u8]) -> Result<(), E>;

/// One of so many parts of a feed.
#[derive(Debug, Clone, Copy)]
struct Part {
    part: usize,
    parts: usize,
}

impl Part {
    const ALL: Self = Self { part: 0, parts: 1 };

    fn has(self, index: usize) -> bool {
        index % self.parts == self.part
    }
}

impl Index {
    /// Finds a source. `max_age` bounds how long the kept export serves without a refresh.
    pub async fn feed(
        &self,
        source: &FeedSource,
        now: Timestamp,
        max_age: jiff::SignedDuration,
    ) -> Result<Feed, FeedError> {
        let shared = Arc::clone(&self.shared);
        let records = |name: String, digest, refreshed, place| {
            Feed::Records(RecordFeed {
                name,
                digest,
                refreshed,
                place,
                shared: Arc::clone(&shared),
            })
        };
        match source {
            FeedSource::Osv => {
                let kept = export::current(&self.shared, now, max_age).await?;
                Ok(records(
                    "OSV PyPI".to_owned(),
                    kept.digest,
                    Some(kept.refreshed),
                    kept.place,
                ))
            }
            FeedSource::Service(url) => {
                let name = crate::redact_url(url.as_str());
                Ok(Feed::Service {
                    name,
                    lookup: service::lookup(Arc::clone(&self.shared), url.clone()),
                })
            }
            FeedSource::RemoteArchive(url) => {
                let (digest, place) = export::remote(&self.shared, url).await?;
                Ok(records(
                    crate::redact_url(url.as_str()),
                    digest,
                    None,
                    place,
                ))
            }
            FeedSource::Archive(path) => {
                let digest = archive::digest(&self.shared.store, path)?;
                Ok(records(
                    shown(path),
                    digest,
                    None,
                    Place::Archive(path.clone()),
                ))
            }
            FeedSource::Folder(path) => {
                let digest = folder::digest(path)?;
                Ok(records(
                    shown(path),
                    digest,
                    None,
                    Place::Folder(path.clone()),
                ))
            }
        }
    }
}

/// A path as evidence in a lock names it: as it was given, but for what depends on the machine; of an absolute one, the last part.
fn shown(path: &Path) -> String {
    if path.is_relative() {
        return path.display().to_string();
    }
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

impl RecordFeed {
    /// Hands file name and bytes of each record to `visitor`, those of one part of `parts` (counted from 0): several threads may go through
    /// a feed side by side. Ends with the first error.
    pub fn visit<E: From<FeedError>>(
        &self,
        part: usize,
        parts: usize,
        mut visitor: impl FnMut(&str, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let part = Part { part, parts };
        match &self.place {
            Place::Archive(path) => {
                let file = File::open(path).map_err(|error| unusable(path, error))?;
                let place = path.display().to_string();
                archive::visit(&place, std::io::BufReader::new(file), part, &mut visitor)
            }
            Place::Folder(path) => folder::visit(path, part, &mut visitor),
            Place::Bytes(bytes) => {
                archive::visit(&self.name, std::io::Cursor::new(bytes), part, &mut visitor)
            }
        }
    }

    /// What was compiled from this feed in an earlier run.
    pub fn compact(&self, format: u32) -> Option<Arc<dyn ReadAt>> {
        let path = self
            .shared
            .store
            .raw_path(Bucket::Advisories, &self.compact_name(format))?;
        let file = File::open(path).ok()?;
        let length = file.metadata().ok()?.len();
        Some(Arc::new(OpenFile { file, length }))
    }

    /// Keeps what was compiled from this feed.
    pub fn keep_compact(&self, format: u32, bytes: &[u8]) {
        self.shared
            .store
            .write_raw(Bucket::Advisories, &self.compact_name(format), &[bytes]);
    }

    fn compact_name(&self, format: u32) -> String {
        format!("compact-{format}-{}", self.digest)
    }
}

fn unusable(path: &Path, error: impl std::fmt::Display) -> FeedError {
    FeedError::Unusable {
        place: path.display().to_string(),
        why: error.to_string(),
    }
}

/// A file that is read by place.
#[derive(Debug)]
struct OpenFile {
    file: File,
    length: u64,
}

impl ReadAt for OpenFile {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, String> {
        if offset
            .checked_add(length as u64)
            .is_none_or(|end| end > self.length)
        {
            return Err(format!("{length} bytes at {offset} are beyond the end"));
        }
        let mut bytes = vec![0; length];
        read_exact_at(&self.file, &mut bytes, offset).map_err(|error| error.to_string())?;
        Ok(bytes)
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes = bytes.get_mut(count..).unwrap_or_default();
        offset += count as u64;
    }
    Ok(())
}
