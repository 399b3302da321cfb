//! Wheels and source distributions that are named by their address or path.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use lockgate_model::{FactError, Sha256, UnusableReason};
use serde::{Deserialize, Serialize};
use url::Url;

use super::tree::Stated;
use crate::Index;
use crate::cache::Bucket;
use crate::error::FetchError;
use crate::files::{Limit, open_regular};
use crate::http::{self, Get, Got};
use crate::metadata;
use crate::redact::redact_url;
use crate::set_aside;
use crate::transport::Request;

/// An archive, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// The last part of its address or path.
    pub filename: String,
    /// Its digest.
    pub sha256: Sha256,
    /// Bytes.
    pub size: u64,
    /// What it states of itself.
    pub stated: Stated,
}

/// What is kept of one.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    sha256: Sha256,
    size: u64,
    metadata: Result<metadata::Stated, UnusableReason>,
    pyproject: Option<String>,
}

impl Kept {
    fn of(
        filename: &str,
        subdirectory: Option<&str>,
        archive: &mut (impl Read + Seek),
    ) -> io::Result<Self> {
        archive.rewind()?;
        let sha256 = Sha256::of_reader(&mut *archive)?;
        let size = archive.stream_position()?;
        archive.rewind()?;
        let whole = metadata::of_archive(filename, subdirectory, archive);
        Ok(Self {
            sha256,
            size,
            metadata: whole.metadata,
            pyproject: whole.pyproject,
        })
    }

    fn archive(self, filename: &str) -> Archive {
        Archive {
            filename: filename.to_owned(),
            sha256: self.sha256,
            size: self.size,
            stated: Stated {
                metadata: self.metadata.and_then(metadata::Stated::parsed),
                pyproject: self.pyproject,
            },
        }
    }
}

impl Index {
    /// The archive at an address. Blocks; not for threads of the runtime.
    pub fn archive(
        &self,
        url: &Url,
        filename: &str,
        subdirectory: Option<&str>,
    ) -> Result<Archive, FactError> {
        let what = || format!("`{filename}`");
        let get = archive_get(url, subdirectory, self.shared.options.refresh.is_all());
        let (store, transport) = (&self.shared.store, &self.shared.transport);
        let is_offline = self.shared.options.offline;
        let got = if let Some(got) = http::stored(store, &get, is_offline) {
            got
        } else {
            self.shared.reporter.started(filename);
            let send = async |request: Request| transport.send_to_disk(request.unencoded()).await;
            let fetched = http::get_through(store, transport, get, send, |response| {
                let (shown, mut body) = (redact_url(response.url.as_str()), response.body);
                let kept = Kept::of(filename, subdirectory, &mut body);
                let kept = kept.map_err(|error| FetchError::Disk {
                    url: shown.clone(),
                    why: error.to_string(),
                })?;
                if matches!(kept.metadata, Err(UnusableReason::NeedsBuild(_))) {
                    self.shared.set_aside.put(url.clone(), body);
                }
                postcard::to_stdvec(&kept).map_err(|error| FetchError::Answer {
                    url: shown,
                    why: format!("what it states cannot be kept: {error}"),
                })
            });
            let fetched = self.shared.runtime.block_on(fetched);
            self.shared.reporter.finished(filename);
            fetched.map_err(|error| error.unlearned(what()))?
        };
        let bytes = match got {
            Got::Present(bytes) => bytes,
            Got::Absent => {
                return Err(FetchError::NotFound {
                    url: redact_url(url.as_str()),
                }
                .unlearned(what()));
            }
        };
        let kept: Kept = postcard::from_bytes(&bytes).map_err(|error| {
            FetchError::Answer {
                url: redact_url(url.as_str()),
                why: format!("what the cache holds of it is unreadable: {error}"),
            }
            .unlearned(what())
        })?;
        Ok(kept.archive(filename))
    }

    /// The archive in a file.
    pub fn archive_at(
        &self,
        path: &Path,
        filename: &str,
        subdirectory: Option<&str>,
    ) -> io::Result<Archive> {
        let kept = Kept::of(
            filename,
            subdirectory,
            &mut open_regular(path, Limit::ARCHIVE)?,
        )?;
        Ok(kept.archive(filename))
    }

    /// The archive at an address, for a build. Blocks; not for threads of the runtime.
    pub fn download(&self, url: &Url) -> Result<File, FactError> {
        let what = || redact_url(url.as_str());
        let unread = |error: io::Error| {
            let (url, why) = (what(), error.to_string());
            FetchError::Answer { url, why }.unlearned(what())
        };
        if url.scheme() == "file" {
            return match url.to_file_path() {
                Ok(path) => open_regular(&path, Limit::ARCHIVE).map_err(unread),
                Err(()) => Err(FetchError::NotFound { url: what() }.unlearned(what())),
            };
        }
        if let Some(archive) = self.shared.set_aside.take(url) {
            return Ok(archive);
        }
        let request = Request::file(url.clone(), Limit::ARCHIVE.bytes);
        let response = self
            .shared
            .runtime
            .block_on(self.shared.transport.send_to_disk(request))
            .map_err(|error| error.unlearned(what()))?;
        match response.status.as_u16() {
            200 => set_aside::as_file(response.body).map_err(|error| {
                let (url, why) = (what(), error.to_string());
                FetchError::Disk { url, why }.unlearned(what())
            }),
            404 | 410 => Err(FetchError::NotFound { url: what() }.unlearned(what())),
            status => Err(FetchError::Status {
                url: what(),
                status,
            }
            .unlearned(what())),
        }
    }
}

/// Kept under its address without credentials and fragment, and the folder that is looked at within.
fn archive_get(url: &Url, subdirectory: Option<&str>, refresh: bool) -> Get {
    let mut bare = url.clone();
    bare.set_fragment(None);
    let mut key = bare.clone();
    // An address without a host has none.
    let _ = key.set_username("");
    let _ = key.set_password(None);
    Get {
        bucket: Bucket::Direct,
        key: format!("archive {key} {}", subdirectory.unwrap_or("")),
        url: bare,
        accept: "*/*",
        limit: Limit::ARCHIVE.bytes,
        refresh,
    }
}
