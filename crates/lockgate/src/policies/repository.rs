//! Where a repository ends, and which folders lie on the way from there down to a file.
//!
//! The top is where `.git` stands: the folder, or the file of a work tree. A submodule is none: its `.git` is a file that leads into the git
//! folder of a repository above. Nothing is run for it, and no file above a folder of another owner is read.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::failure::Failure;

/// The names of policy files.
pub(super) const POLICY_FILES: [&str; 2] = ["lockgate.toml", "pyproject.toml"];

/// Most of a `.git` file that is read.
const MAX_GIT_FILE: u64 = 64 * 1024;

/// The folders whose policies hold for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    /// The top of the repository, if the file lies in one.
    pub(crate) top: Option<PathBuf>,
    /// From the top down to the file's own folder; without a repository, from as far up as was searched.
    pub(crate) folders: Vec<PathBuf>,
    /// The folder of another owner at which the search ended, although there is something above.
    pub(crate) cut_short_at: Option<PathBuf>,
}

impl Way {
    /// Finds the way to `folder`, which must exist.
    pub(crate) fn to(folder: &Path) -> Result<Self, Failure> {
        let folder = fs::canonicalize(folder).map_err(|error| {
            Failure::new(format!(
                "cannot find the folder `{}`: {error}",
                folder.display()
            ))
        })?;
        let owner = owner_of(&folder);
        let mut searched = Vec::new();
        let mut cut_short_at = None;
        for ancestor in folder.ancestors() {
            if owner_of(ancestor) != owner {
                let is_cut = ancestor.ancestors().any(holds_something);
                cut_short_at = is_cut.then(|| ancestor.to_owned());
                break;
            }
            searched.push((ancestor, GitEntry::of(ancestor, owner)));
        }
        let top = (0..searched.len()).find(|index| is_top(&searched[*index..]));
        let folders = searched
            .iter()
            .take(top.map_or(searched.len(), |index| index + 1));
        let mut folders: Vec<PathBuf> = folders.map(|(path, _)| (*path).to_owned()).collect();
        folders.reverse();
        Ok(Self {
            top: top.and(folders.first().cloned()),
            folders,
            cut_short_at: cut_short_at.filter(|_| top.is_none()),
        })
    }
}

/// Whether the first of these folders, of which each lies in the next, is the top of a repository: not a submodule of one above.
fn is_top(folders: &[(&Path, GitEntry)]) -> bool {
    let Some(((_, entry), above)) = folders.split_first() else {
        return false;
    };
    match entry {
        GitEntry::None => false,
        GitEntry::Folder(_) | GitEntry::WorkTree(_) => true,
        GitEntry::Link(git) => !above.iter().any(|(_, entry)| match entry {
            GitEntry::None => false,
            GitEntry::Folder(upper) | GitEntry::WorkTree(upper) | GitEntry::Link(upper) => {
                git.starts_with(upper)
            }
        }),
    }
}

/// What `.git` is in a folder; each with the git folder that it is or leads to.
enum GitEntry {
    /// Nothing that makes a repository.
    None,
    /// The git folder itself.
    Folder(PathBuf),
    /// The file of a work tree.
    WorkTree(PathBuf),
    /// Another file that leads to a git folder, as submodules have it.
    Link(PathBuf),
}

impl GitEntry {
    fn of(folder: &Path, owner: Option<u32>) -> Self {
        let path = folder.join(".git");
        let Ok(metadata) = fs::metadata(&path) else {
            return Self::None;
        };
        if is_open_to_others(folder) && owner_of(&path) != owner {
            return Self::None;
        }
        if metadata.is_dir() {
            return Self::Folder(fs::canonicalize(&path).unwrap_or(path));
        }
        if !metadata.is_file() || metadata.len() > MAX_GIT_FILE {
            return Self::None;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            return Self::None;
        };
        let Some(named) = text.trim_end().strip_prefix("gitdir:") else {
            return Self::None;
        };
        let git = followed(&folder.join(named.trim()));
        // Only the git folder of a work tree says where the one is that it has in common with others.
        if git.join("commondir").is_file() {
            Self::WorkTree(git)
        } else {
            Self::Link(git)
        }
    }
}

/// The path with its links followed as far as it exists, and without `..`.
fn followed(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                found.pop();
            }
            Component::CurDir => {}
            part => {
                found.push(part);
                if let Ok(real) = fs::canonicalize(&found) {
                    found = real;
                }
            }
        }
    }
    found
}

/// Whether a folder that isn't searched has something that a search would have met. Nothing of it is read.
fn holds_something(folder: &Path) -> bool {
    let names = POLICY_FILES.into_iter().chain([".git"]);
    names
        .map(|name| folder.join(name))
        .any(|path| fs::symlink_metadata(path).is_ok())
}

/// Who owns a file or folder, where the system knows owners.
#[cfg(unix)]
pub(super) fn owner_of(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).ok().map(|metadata| metadata.uid())
}

#[cfg(not(unix))]
pub(super) fn owner_of(_: &Path) -> Option<u32> {
    None
}

/// Whether everybody may put files into a folder, as into the one for temporary files.
#[cfg(unix)]
pub(super) fn is_open_to_others(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(folder).is_ok_and(|metadata| metadata.mode() & 0o002 != 0)
}

#[cfg(not(unix))]
pub(super) fn is_open_to_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests;
