//! Symbolic links that lead to nothing: the system says of them that there is no such file, though everybody sees one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// As many links are followed as systems do.
const MAX_LINKS: usize = 40;

/// A symbolic link that leads to what does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}, which does not exist", .shown)]
pub struct DanglingLink {
    shown: String,
}

impl DanglingLink {
    /// The first link of `path` that leads to nothing, if there is one.
    pub fn on(path: &Path) -> Option<Self> {
        let mut parts: Vec<&Path> = path.ancestors().collect();
        parts.reverse();
        let link = parts
            .into_iter()
            .find(|part| part.is_symlink() && is_missing(part))?;
        let subject = if link == path {
            "it".to_owned()
        } else {
            format!("`{}`", link.display())
        };
        Some(Self {
            shown: format!(
                "{subject} is a symbolic link that leads to `{}`",
                target(link).display()
            ),
        })
    }

    /// The link that `error` is about, if that is why it was returned.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<DanglingLink> for io::Error {
    fn from(link: DanglingLink) -> Self {
        // Whoever asks only whether a file is there takes it for one that is not.
        Self::new(io::ErrorKind::NotFound, link)
    }
}

fn is_missing(path: &Path) -> bool {
    fs::metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Where a link leads, as the last link on the way has it.
fn target(link: &Path) -> PathBuf {
    let mut place = link.to_owned();
    let mut written = link.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(next) = fs::read_link(&place) else {
            break;
        };
        place = place.parent().unwrap_or(Path::new("")).join(&next);
        written = next;
    }
    written
}
