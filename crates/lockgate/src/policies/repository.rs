//! Where a repository ends, and which folders lie on the way from there down to a file.
//!
//! The top is where `.git` stands: the folder, or the file of a work tree. A submodule is none: its `.git` is a file that leads into the git
//! folder of a repository above. Nothing is run for it, and no file above a folder of another owner is read.

use std::fs;
use std::path::{Component, Path, PathBuf};

use lockgate_index::files::{self, Limit};

use crate::failure::Failure;
use crate::outputs;

/// The names of policy files.
pub(super) const POLICY_FILES: [&str; 2] = ["lockgate.toml", "pyproject.toml"];

/// Most of a `.git` file that is read.
const GIT_FILE: Limit = Limit::new("`.git` files", 64 << 10);

/// The folders whose policies hold for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    /// The top of the repository, if the file lies in one.
    pub(crate) top: Option<PathBuf>,
    /// From the top down to the file's own folder; without a repository, from as far up as was searched.
    pub(crate) folders: Vec<PathBuf>,
    /// The folder of another owner at which the search ended, although there is something above.
    pub(crate) cut_short_at: Option<PathBuf>,
    /// What another user has put as `.git` into a folder that everybody may write to; it makes no repository.
    pub(crate) foreign: Vec<PathBuf>,
}

impl Way {
    /// Finds the way to `folder`, which must exist. Links are followed first.
    pub(crate) fn to(folder: &Path) -> Result<Self, Failure> {
        Ok(Self::along(&real(folder)?))
    }

    /// Finds the way to `folder`, an absolute path, through the folders that the path itself names.
    pub(crate) fn along(folder: &Path) -> Self {
        let owner = owner_of(folder);
        let mut searched = Vec::new();
        let mut cut_short_at = None;
        let mut foreign = Vec::new();
        for ancestor in folder.ancestors() {
            if owner_of(ancestor) != owner {
                let is_cut = ancestor.ancestors().any(holds_something);
                cut_short_at = is_cut.then(|| ancestor.to_owned());
                break;
            }
            let git = ancestor.join(".git");
            if is_foreign(&git, ancestor, owner) {
                foreign.push(git);
                searched.push((ancestor, GitEntry::None));
            } else {
                searched.push((ancestor, GitEntry::of(ancestor)));
            }
        }
        let mut tops = (0..searched.len()).filter(|index| is_top(&searched[*index..]));
        // What git does not take for a repository counts where nothing above is one either.
        let nearest = tops.clone().next();
        let top = tops.find(|index| searched[*index].1.is_sound()).or(nearest);
        let folders = searched
            .iter()
            .take(top.map_or(searched.len(), |index| index + 1));
        let mut folders: Vec<PathBuf> = folders.map(|(path, _)| (*path).to_owned()).collect();
        folders.reverse();
        let first = folders.first().cloned();
        foreign.retain(|git| first.as_ref().is_some_and(|first| git.starts_with(first)));
        Self {
            top: top.and(first),
            folders,
            cut_short_at: cut_short_at.filter(|_| top.is_none()),
            foreign,
        }
    }
}

fn real(folder: &Path) -> Result<PathBuf, Failure> {
    fs::canonicalize(folder).map_err(|error| {
        Failure::new(format!(
            "cannot find the folder `{}`: {error}",
            folder.display()
        ))
    })
}

/// The two places of a file or folder: a link in a repository may lead from a folder with one policy into one with another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TwoPlaces {
    /// The folder as its path is written. Links that stay in their repository are kept, and all others are followed.
    pub(super) written: PathBuf,
    /// The folder that it leads to.
    pub(super) real: PathBuf,
}

impl TwoPlaces {
    /// The places of the folder that holds `file`, which need not be there. A link as the file itself leads to another folder.
    pub(super) fn of_file(file: &Path) -> Result<Self, Failure> {
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let behind = fs::canonicalize(file)
            .ok()
            .or_else(|| outputs::followed(file, None).ok());
        let behind = behind.as_deref().and_then(Path::parent);
        Self::new(folder, behind.unwrap_or(folder))
    }

    /// The places of a folder, which need not be there.
    pub(super) fn of_folder(folder: &Path) -> Result<Self, Failure> {
        Self::new(folder, folder)
    }

    fn new(written: &Path, real_folder: &Path) -> Result<Self, Failure> {
        // A folder that isn't there yet has no policy; what is above it may.
        fn there(folder: &Path) -> &Path {
            let there = folder.ancestors().find(|folder| folder.is_dir());
            there.unwrap_or(Path::new("."))
        }
        Ok(Self {
            written: as_written(there(written))?,
            real: real(there(real_folder))?,
        })
    }
}

/// The absolute path of `folder` in which those links are kept that stay in the repository that holds them; where no repository does, those
/// that lead into none. Of a path that leaves a repository by a link it is the folder that holds the link: its policies hold too.
fn as_written(folder: &Path) -> Result<PathBuf, Failure> {
    let current = real(Path::new("."))?;
    let mut written = PathBuf::new();
    for part in current.join(folder).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                // It is the folder above the one that a link leads to.
                if written.is_symlink() {
                    written = real(&written)?;
                }
                written.pop();
            }
            part => {
                let next = written.join(part);
                if !next.is_symlink() || !leaves(&written, &next)? {
                    written = next;
                } else if Way::to(&written)?.top.is_some() {
                    return Ok(written);
                } else {
                    written = real(&next)?;
                }
            }
        }
    }
    Ok(written)
}

/// Whether a link in `folder` leads out of its repository, or into one from outside.
fn leaves(folder: &Path, link: &Path) -> Result<bool, Failure> {
    let target = real(link)?;
    Ok(match Way::to(folder)?.top {
        Some(top) => !target.starts_with(top),
        None => target.is_dir() && Way::to(&target)?.top.is_some(),
    })
}

/// Whether the first of these folders, of which each lies in the next, is the top of a repository: not a submodule of one above.
fn is_top(folders: &[(&Path, GitEntry)]) -> bool {
    let Some(((_, entry), above)) = folders.split_first() else {
        return false;
    };
    match entry {
        GitEntry::None => false,
        // A link to the git folder of a repository above makes no other one.
        GitEntry::Folder(git) => !above
            .iter()
            .any(|(_, entry)| matches!(entry, GitEntry::Folder(upper) if upper == git)),
        GitEntry::WorkTree(_) => true,
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
    /// Whether the git folder is there, as far as a look tells.
    fn is_sound(&self) -> bool {
        match self {
            Self::None => false,
            Self::Folder(git) | Self::WorkTree(git) | Self::Link(git) => files::is_git_folder(git),
        }
    }

    fn of(folder: &Path) -> Self {
        let path = folder.join(".git");
        if path.is_dir() {
            return Self::Folder(fs::canonicalize(&path).unwrap_or(path));
        }
        let text = files::read_regular(&path, GIT_FILE);
        let Some(text) = text.ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
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

/// The path, absolute, with its links followed as far as it exists, and without `..`.
pub(crate) fn followed(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    let current = std::env::current_dir().unwrap_or_default();
    for part in current.join(path).components() {
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

/// Who owns a link itself.
#[cfg(unix)]
fn owner_of_link(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::symlink_metadata(path);
    metadata.ok().map(|metadata| metadata.uid())
}

#[cfg(not(unix))]
fn owner_of_link(_: &Path) -> Option<u32> {
    None
}

#[cfg(not(unix))]
pub(super) fn owner_of(_: &Path) -> Option<u32> {
    None
}

/// Whether somebody else has put `path` into `folder`, as anybody may, other than the owner of what is looked at.
pub(super) fn is_foreign(path: &Path, folder: &Path, owner: Option<u32>) -> bool {
    is_open_to_others(folder)
        && fs::symlink_metadata(path).is_ok()
        && (owner_of(path) != owner || owner_of_link(path) != owner)
}

/// Whether everybody may put files into a folder, as into the one for temporary files.
#[cfg(unix)]
fn is_open_to_others(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(folder).is_ok_and(|metadata| metadata.mode() & 0o002 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests;
