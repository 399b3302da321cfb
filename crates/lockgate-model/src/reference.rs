//! Direct references: where exactly a project is to be taken from (PEP 440, "Direct references"; pip's VCS and path forms).

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::Sha256;

/// One direct reference, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Where it points.
    pub place: Place,
    /// `#subdirectory=`: the folder of the project within it.
    pub subdirectory: Option<String>,
    /// `#sha256=`: the digest that the file must have.
    pub sha256: Option<Sha256>,
}

/// Where a direct reference points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A wheel or a source distribution behind an address.
    Archive(Url),
    /// A Git repository, as `git` is told it, and the branch, tag or commit asked for.
    Git {
        /// `https://host/repository.git`, `ssh://git@host/repository`, `file:///folder`.
        repository: String,
        /// Behind the `@`.
        revision: Option<String>,
    },
    /// A file or a folder on this machine, as written or as a `file:` address names it.
    Path(String),
}

/// Why a text is no direct reference that can be followed. The text itself may hold the values of variables, so no message repeats a part of
/// it; whoever tells the error names the reference as its source has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Version control other than Git.
    #[error("`{0}` repositories are not read; of version control only Git is")]
    Version(&'static str),
    /// An address of a kind that nothing is fetched from.
    #[error("only `https:`, `http:`, `file:` and `git+…:` addresses are followed")]
    Scheme,
    /// A repository at an address of a kind that git is not sent to.
    #[error(
        "only `git+https:`, `git+http:`, `git+ssh:`, `git+git:` and `git+file:` addresses are followed"
    )]
    GitScheme,
    /// No address.
    #[error("it is no address: {0}")]
    Address(String),
    /// A digest that is none.
    #[error("its `#sha256=` is not followed by 64 hexadecimal digits")]
    Digest,
    /// A digest of a kind that is not checked.
    #[error("its `#{0}=` is not checked; only `#sha256=` is")]
    Unchecked(&'static str),
    /// A folder that leads out of what it is a folder of.
    #[error("its `#subdirectory=` leads out of it")]
    Subdirectory,
    /// A revision that would be an option of `git`.
    #[error("what follows its `@` is not a revision")]
    Revision,
}

impl ReferenceError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Version(_) => "name a wheel, a source distribution or a git repository",
            Self::Scheme | Self::GitScheme => "use one of these",
            Self::Address(_) => "correct the address",
            Self::Digest | Self::Unchecked(_) => {
                "end it with `#sha256=` and the digest of the file, or with no digest"
            }
            Self::Subdirectory => "name a folder inside of what the reference leads to",
            Self::Revision => "end it with `@` and a branch, a tag or a commit, or with neither",
        }
    }
}

impl Reference {
    /// The last part of its path: what tells a wheel from a source distribution.
    pub fn file_name(&self) -> Option<String> {
        let path = match &self.place {
            Place::Archive(url) => url.path().to_owned(),
            Place::Path(path) => return last(path).map(ToOwned::to_owned),
            Place::Git { .. } => return None,
        };
        last(&path).map(decoded)
    }

    /// Whether both name the same: credentials, the order of a fragment, a repository's `.git` and a final `/` make no difference.
    /// Paths are compared from `folder`, the working directory.
    pub fn is_same(&self, other: &Self, folder: &str) -> bool {
        self.identity(folder) == other.identity(folder)
    }

    fn identity(&self, folder: &str) -> String {
        let place = match &self.place {
            Place::Archive(url) => bare(url),
            Place::Git {
                repository,
                revision,
            } => {
                let repository =
                    Url::parse(repository).map_or_else(|_| repository.clone(), |url| bare(&url));
                let repository = repository.trim_end_matches('/');
                let repository = repository.strip_suffix(".git").unwrap_or(repository);
                format!("git {repository} {}", revision.as_deref().unwrap_or(""))
            }
            Place::Path(path) => format!("path {}", absolute(folder, path)),
        };
        format!("{place} {}", self.subdirectory.as_deref().unwrap_or(""))
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        let fragment = Fragment::read(fragment)?;
        Ok(Self {
            place: place(text)?,
            subdirectory: fragment.subdirectory,
            sha256: fragment.sha256,
        })
    }
}

/// For people: without credentials.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Archive(url) => f.write_str(&bare(url))?,
            Place::Git {
                repository,
                revision,
            } => {
                match Url::parse(repository) {
                    Ok(url) => write!(f, "git+{}", without_password(&url))?,
                    Err(_) => write!(f, "git+{repository}")?,
                }
                if let Some(revision) = revision {
                    write!(f, "@{revision}")?;
                }
            }
            Place::Path(path) => f.write_str(path)?,
        }
        match &self.subdirectory {
            Some(folder) => write!(f, "#subdirectory={folder}"),
            None => Ok(()),
        }
    }
}

fn place(text: &str) -> Result<Place, ReferenceError> {
    for (prefix, name) in [("hg+", "hg"), ("svn+", "svn"), ("bzr+", "bzr")] {
        if starts_with(text, prefix) {
            return Err(ReferenceError::Version(name));
        }
    }
    if starts_with(text, "git+") {
        return git(text.get(4..).unwrap_or_default());
    }
    if starts_with(text, "file:") {
        return file(text).map(Place::Path);
    }
    match text.split_once(':') {
        Some((scheme, _)) if is_scheme(scheme) => {
            let url =
                Url::parse(text).map_err(|error| ReferenceError::Address(error.to_string()))?;
            match url.scheme() {
                "http" | "https" => Ok(Place::Archive(url)),
                _ => Err(ReferenceError::Scheme),
            }
        }
        _ => Ok(Place::Path(text.to_owned())),
    }
}

/// Behind `git+`: an address, with the revision behind the last `@` of its path.
fn git(text: &str) -> Result<Place, ReferenceError> {
    let Some((scheme, _)) = text.split_once("://") else {
        return Err(ReferenceError::Address(
            "write `git+https://…`, `git+ssh://…` or `git+file://…`".to_owned(),
        ));
    };
    if !matches!(scheme, "https" | "http" | "ssh" | "git" | "file") {
        return Err(ReferenceError::GitScheme);
    }
    let path_start = text
        .get(scheme.len() + 3..)
        .and_then(|rest| rest.find('/'))
        .map_or(text.len(), |slash| slash + scheme.len() + 3);
    let (host, path) = text.split_at(path_start);
    let (path, revision) = match path.rsplit_once('@') {
        Some((path, revision)) => (path, Some(revision.to_owned())),
        None => (path, None),
    };
    if let Some(revision) = &revision
        && (revision.is_empty()
            || revision.starts_with('-')
            || revision.contains(char::is_whitespace))
    {
        return Err(ReferenceError::Revision);
    }
    Ok(Place::Git {
        repository: format!("{host}{path}"),
        revision,
    })
}

/// The path that a `file:` address names: absolute, or relative as pip takes `file:./folder`.
fn file(text: &str) -> Result<String, ReferenceError> {
    let rest = text.get(5..).unwrap_or_default();
    if !rest.starts_with("//") {
        return Ok(decoded(rest));
    }
    let url = Url::parse(text).map_err(|error| ReferenceError::Address(error.to_string()))?;
    if !matches!(url.host_str(), None | Some("localhost")) {
        return Err(ReferenceError::Address(
            "a `file:` address names no other machine".to_owned(),
        ));
    }
    let path = decoded(url.path());
    // `/C:/folder` is `C:/folder`.
    let is_drive = path.as_bytes().get(2) == Some(&b':')
        && path.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic);
    Ok(if is_drive {
        path.trim_start_matches('/').to_owned()
    } else {
        path
    })
}

/// The digests that pip checks too.
const UNCHECKED: [&str; 5] = ["md5", "sha1", "sha224", "sha384", "sha512"];

/// What stands behind the `#`.
#[derive(Debug, Default)]
struct Fragment {
    subdirectory: Option<String>,
    sha256: Option<Sha256>,
}

impl Fragment {
    /// `egg` and what is not known say nothing about the place. Of several digests pip takes the first; only sha256 is checked.
    fn read(text: &str) -> Result<Self, ReferenceError> {
        let mut fragment = Self::default();
        for (key, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
            if let Some(name) = UNCHECKED.into_iter().find(|name| *name == key) {
                return Err(ReferenceError::Unchecked(name));
            }
            match key {
                "subdirectory" => {
                    let folder = decoded(value);
                    let leads_out = folder.starts_with(['/', '\\'])
                        || folder.contains(':')
                        || folder.split(['/', '\\']).any(|part| part == "..");
                    if leads_out {
                        return Err(ReferenceError::Subdirectory);
                    }
                    let folder = folder.trim_matches('/');
                    fragment.subdirectory = (!folder.is_empty()).then(|| folder.to_owned());
                }
                "sha256" => {
                    let digest = Sha256::from_hex(value).ok_or(ReferenceError::Digest)?;
                    fragment.sha256 = Some(digest);
                }

                _ => {}
            }
        }
        Ok(fragment)
    }
}

/// Of two letters on: `C:` begins a path.
fn is_scheme(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn last(path: &str) -> Option<&str> {
    path.trim_end_matches('/')
        .rsplit(['/', '\\'])
        .next()
        .filter(|name| !name.is_empty())
}

/// Without credentials and fragment.
fn bare(url: &Url) -> String {
    let mut url = url.clone();
    // An address without a host has none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    url.to_string()
}

/// The user that `ssh` goes in with is part of an address; what stands behind it is a secret, and so is a user over HTTP.
fn without_password(url: &Url) -> String {
    if url.scheme() == "ssh" && url.password().is_none() {
        return url.to_string();
    }
    bare(url)
}

/// `path` from `folder`, dot segments resolved.
fn absolute(folder: &str, path: &str) -> String {
    let path = path.replace('\\', "/");
    let is_absolute = path.starts_with('/') || path.as_bytes().get(1) == Some(&b':');
    let together = if is_absolute {
        path
    } else {
        format!("{}/{path}", folder.replace('\\', "/"))
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in together.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Percent-encoding undone; what is no text stays as it is.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let pair = after
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        if let (b'%', Some(byte)) = (first, byte) {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match text.parse::<Reference>() {
            Ok(reference) => reference.to_string(),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn references_are_taken_apart() {
        let path = |path: &str| Place::Path(path.to_owned());
        let git = |repository: &str, revision: Option<&str>| Place::Git {
            repository: repository.to_owned(),
            revision: revision.map(ToOwned::to_owned),
        };
        for (text, place) in [
            ("./folder", path("./folder")),
            ("folder/x-1.0.tar.gz", path("folder/x-1.0.tar.gz")),
            ("file:///srv/a%20b", path("/srv/a b")),
            ("file://localhost/srv", path("/srv")),
            ("file:./folder", path("./folder")),
            ("file:///C:/folder", path("C:/folder")),
            (r"C:\folder", path(r"C:\folder")),
            (
                "git+https://host.test/a/b.git@main#egg=b",
                git("https://host.test/a/b.git", Some("main")),
            ),
            (
                "git+ssh://git@host.test/a/b.git@v1.0",
                git("ssh://git@host.test/a/b.git", Some("v1.0")),
            ),
            (
                "git+https://user:word@host.test/a",
                git("https://user:word@host.test/a", None),
            ),
            (
                "git+file:///srv/a@feature/x",
                git("file:///srv/a", Some("feature/x")),
            ),
        ] {
            assert_eq!(text.parse::<Reference>().unwrap().place, place, "{text}");
        }
        let reference: Reference = "git+https://host.test/a#egg=a&subdirectory=sub%20folder/"
            .parse()
            .unwrap();
        assert_eq!(reference.subdirectory.as_deref(), Some("sub folder"));
    }

    #[test]
    fn credentials_are_not_shown() {
        assert_eq!(
            shown("https://user:word@host.test/x-1.0.tar.gz#sha256=00"),
            "error: its `#sha256=` is not followed by 64 hexadecimal digits"
        );
        assert_eq!(
            shown("https://user:word@host.test/x.whl"),
            "https://host.test/x.whl"
        );
        assert_eq!(
            shown("git+https://token@host.test/x@main#subdirectory=y"),
            "git+https://host.test/x@main#subdirectory=y"
        );
        assert_eq!(
            shown("git+ssh://git@host.test/x"),
            "git+ssh://git@host.test/x"
        );
    }

    #[test]
    fn what_cannot_be_followed_is_an_error() {
        for text in [
            "hg+https://host.test/x",
            "ftp://host.test/x.whl",
            "git+host.test/x",
            "git+https://host.test/x@-upload",
            "git+https://host.test/x@",
            "git+ext::sh://x/y",
            "https://host.test/x.whl#md5=00",
            "./x#subdirectory=../y",
            "file://other.test/x",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn two_spellings_of_one_place_are_the_same() {
        let same = |one: &str, other: &str| {
            let (one, other): (Reference, Reference) =
                (one.parse().unwrap(), other.parse().unwrap());
            one.is_same(&other, "/srv/app")
        };
        for (one, other) in [
            (
                "git+https://host.test/a/b.git@main",
                "git+https://user:word@host.test/a/b@main#egg=b",
            ),
            (
                "https://user@host.test/x.whl",
                "https://host.test/x.whl#egg=x",
            ),
            ("./lib", "file:///srv/app/lib"),
            ("../lib/", "/srv/lib"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [
            (
                "git+https://host.test/a/b@main",
                "git+https://host.test/a/b@v1",
            ),
            ("./lib#subdirectory=a", "./lib"),
            ("https://host.test/x.whl", "https://host.test/y.whl"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }
}
