//! Sources of advisories as they are named.

use std::path::{Path, PathBuf};

use url::Url;

use super::FeedError;
use crate::files::DanglingLink;

/// The address of OSV's API.
const OSV_API: &str = "https://api.osv.dev";

/// Where advisories come from, as `--advisories` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedSource {
    /// OSV's bulk export for PyPI, kept in the cache.
    Osv,
    /// An OSV API.
    Service(Url),
    /// The JSON API of the index itself.
    Pypi,
    /// A bulk export at an address.
    RemoteArchive(Url),
    /// A bulk export in a file.
    Archive(PathBuf),
    /// A folder of records.
    Folder(PathBuf),
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
            "pypi" => return Ok(Self::Pypi),
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
        if let Some(link) = DanglingLink::on(Path::new(text)) {
            return Err(FeedError::unusable(text, link));
        }
        Err(FeedError::Source(
            crate::redact_url(text),
            "there is no such folder, and it is no `.zip` and no address",
        ))
    }

    /// How it is named to people and in a lock's evidence, without secrets.
    pub fn name(&self) -> String {
        match self {
            Self::Osv => "OSV PyPI".to_owned(),
            Self::Pypi => "pypi".to_owned(),
            Self::Service(url) | Self::RemoteArchive(url) => crate::redact_url(url.as_str()),
            Self::Archive(path) | Self::Folder(path) => shown(path),
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
