//! Where projects are looked for: indexes in order, and what `--find-links` names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lockgate_model::Name;
use url::Url;

use crate::files::DanglingLink;
use crate::redact::redact_url;
use crate::trust::TrustedHost;

/// Everything that is asked for projects.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Addresses of simple APIs, in order: `http`, `https`, or `file` for a folder of pages.
    pub indexes: Vec<Url>,
    /// Folders, pages and files whose distributions are candidates whatever the indexes have.
    pub find_links: Vec<FindLinks>,
    /// Which of several indexes a project is taken from.
    pub strategy: Strategy,
    /// Hosts that the sources trust whatever their certificates say.
    pub trusted_hosts: Vec<TrustedHost>,
    /// The hosts that pages of this machine may lead to; none: any.
    pub local_pages_reach: Option<Vec<TrustedHost>>,
    /// Statuses with which indexes answer for packages that they do not have, by the caller's word.
    pub ignored_statuses: BTreeMap<Url, BTreeSet<u16>>,
    /// Packages that the indexes may be asked for to see whether they answer at all.
    pub witnesses: Vec<Name>,
}

impl Places {
    /// Returns whether pages of this machine may be read, which could lead anywhere.
    pub fn has_local_pages(&self) -> bool {
        let is_page = |place: &FindLinks| match place {
            FindLinks::File(path) => is_html(path),
            // What cannot be listed is an error once it is read.
            FindLinks::Folder(path) => fs::read_dir(path).is_ok_and(|entries| {
                let mut entries = entries.flatten();
                entries.any(|entry| is_html(&entry.path()))
            }),
            FindLinks::Page(_) => false,
        };
        self.indexes.iter().any(|index| index.scheme() == "file")
            || self.find_links.iter().any(is_page)
    }
}

/// `--index-strategy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// The first index that has a project is the only one it is taken from.
    #[default]
    FirstIndex,
    /// The files of all indexes are one list, as with pip: the best version wins, the earlier index where versions are equal.
    UnsafeBestMatch,
}

/// What one `--find-links` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindLinks {
    /// The files in a folder, and the links of its HTML files.
    Folder(PathBuf),
    /// One distribution, or the links of an HTML file.
    File(PathBuf),
    /// The links of a page.
    Page(Url),
}

/// Why a `--find-links` names nothing that could be looked at.
#[derive(Debug, thiserror::Error)]
pub enum NoPlace {
    /// Nothing is there: pip passes over it.
    #[error("there is no such file or folder")]
    Missing,
    /// It is neither an archive nor a page: pip passes over it.
    #[error("it is neither a folder, nor a wheel or source distribution, nor an HTML file")]
    NoArchive,
    /// An address of another kind.
    #[error("only `https:`, `http:` and `file:` addresses are read")]
    Scheme,
    /// The system refuses to tell.
    #[error("it cannot be looked at: {0}")]
    Unreadable(#[from] io::Error),
    /// It is no address.
    #[error("it is no address: {0}")]
    Address(#[from] url::ParseError),
}

/// Why a `file:` address names no index.
#[derive(Debug, thiserror::Error)]
pub enum NoIndex {
    /// It has a host, or no path.
    #[error("it does not name a folder of this machine")]
    Elsewhere,
    /// Nothing is there.
    #[error("there is no such folder")]
    Missing,
    /// It is a file.
    #[error("it is not a folder")]
    NotAFolder,
    /// A link leads to nothing, or the system refuses to say.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// Checks that an index that is a folder of pages is there. Any other address is left to the network.
///
/// pip takes one that is missing for one without packages, so that each name is looked for on the next index.
pub fn index_is_there(index: &Url) -> Result<(), NoIndex> {
    if index.scheme() != "file" {
        return Ok(());
    }
    let folder = index.to_file_path().map_err(|()| NoIndex::Elsewhere)?;
    match fs::metadata(&folder) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(NoIndex::NotAFolder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match DanglingLink::on(&folder) {
            Some(link) => Err(NoIndex::Unreadable(link.into())),
            None => Err(NoIndex::Missing),
        },
        Err(error) => Err(error.into()),
    }
}

impl FindLinks {
    /// Looks at what `text` names, in pip's order: something on disk, a `file:` address, any other address.
    pub fn locate(text: &str, home: Option<&Path>) -> Result<Self, NoPlace> {
        let expanded = text
            .strip_prefix("~/")
            .and_then(|rest| Some(home?.join(rest)))
            .filter(|path| path.exists());
        let path = expanded.unwrap_or_else(|| PathBuf::from(text));
        match Self::on_disk(&path) {
            Err(NoPlace::Missing) if text.contains(':') => {}
            found => return found,
        }
        let Ok(url) = Url::parse(text) else {
            return Err(NoPlace::Missing);
        };
        match url.scheme() {
            "http" | "https" => Ok(Self::Page(url)),
            "file" => Self::on_disk(&url.to_file_path().map_err(|()| NoPlace::Missing)?),
            // `C:\wheels` reads as an address too.
            letter if letter.len() == 1 => Err(NoPlace::Missing),
            _ => Err(NoPlace::Scheme),
        }
    }

    fn on_disk(path: &Path) -> Result<Self, NoPlace> {
        let metadata = match fs::metadata(path) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound
                        | io::ErrorKind::NotADirectory
                        | io::ErrorKind::InvalidInput
                        | io::ErrorKind::InvalidFilename
                ) =>
            {
                return Err(NoPlace::Missing);
            }
            found => found?,
        };
        let path = std::path::absolute(path)?;
        if metadata.is_dir() {
            return Ok(Self::Folder(path));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if is_html(&path) || crate::page::file_name::is_distribution(&name) {
            return Ok(Self::File(path));
        }
        Err(NoPlace::NoArchive)
    }

    /// As people are told of it, without secrets.
    pub fn shown(&self) -> String {
        match self {
            Self::Folder(path) | Self::File(path) => path.display().to_string(),
            Self::Page(url) => redact_url(url.as_str()),
        }
    }
}

/// Whether a file is a page by its name.
pub(crate) fn is_html(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| matches!(extension.to_ascii_lowercase().as_str(), "html" | "htm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_find_links_names_is_looked_at_as_pip_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("a b")).unwrap();
        for file in ["links.html", "a-1-py3-none-any.whl", "notes.txt"] {
            fs::write(path(file), "").unwrap();
        }
        let locate = |text: &str| FindLinks::locate(text, Some(folder.path()));
        let text = |name: &str| path(name).display().to_string();
        assert_eq!(
            locate(&text("a b")).unwrap(),
            FindLinks::Folder(path("a b"))
        );
        let address = Url::from_file_path(path("a b")).unwrap();
        assert_eq!(
            locate(address.as_str()).unwrap(),
            FindLinks::Folder(path("a b"))
        );
        assert_eq!(
            locate("~/links.html").unwrap(),
            FindLinks::File(path("links.html"))
        );
        assert_eq!(
            locate(&text("a-1-py3-none-any.whl")).unwrap(),
            FindLinks::File(path("a-1-py3-none-any.whl"))
        );
        assert!(matches!(
            locate("https://host.test/links").unwrap(),
            FindLinks::Page(_)
        ));
        assert!(matches!(
            locate(&text("notes.txt")),
            Err(NoPlace::NoArchive)
        ));
        assert!(matches!(locate("ftp://host.test/"), Err(NoPlace::Scheme)));
        for missing in ["nowhere", "file:///nowhere/at/all", "C:\\wheels"] {
            assert!(
                matches!(locate(missing), Err(NoPlace::Missing)),
                "{missing}"
            );
        }
    }
}
