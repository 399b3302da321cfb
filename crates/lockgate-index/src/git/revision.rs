//! The files of a revision, by the ids of their objects.

use std::path::{Component, Path, PathBuf};

use super::{GitError, LOCAL_LIMIT, Place, run, successful};

/// A file in a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionFile {
    /// From the top of the work tree.
    pub path: PathBuf,
    /// Its object.
    pub id: String,
    /// Whether it is a file, and neither a link nor a submodule.
    pub is_regular: bool,
}

/// Returns all files at or below `path`, relative to the top of the work tree, in the commit with this full id; an empty path is the top. Nothing
/// of the work tree is read, and nothing is fetched.
pub fn files_at_revision(
    git_dir: &Path,
    commit: &str,
    path: &Path,
) -> Result<Vec<RevisionFile>, GitError> {
    // Another name would list another place, or nothing.
    let named = path.to_str().ok_or_else(|| {
        GitError::Refused(format!(
            "the path `{}` is not UTF-8 text",
            path.to_string_lossy()
        ))
    })?;
    let mut arguments = vec!["ls-tree", "-r", "-z", "--full-tree", commit];
    if !named.is_empty() {
        arguments.extend(["--", named]);
    }
    let listed = successful(run(Place::Reading(git_dir), &arguments, LOCAL_LIMIT)?)?;
    let lines = listed.out.split(|byte| *byte == 0);
    lines
        .filter(|line| !line.is_empty())
        .map(listed_file)
        .collect()
}

/// Returns the bytes of an object that a listing names.
pub fn object(git_dir: &Path, id: &str) -> Result<Vec<u8>, GitError> {
    let place = Place::Reading(git_dir);
    let read = run(place, &["cat-file", "blob", id], LOCAL_LIMIT)?;
    Ok(successful(read)?.out)
}

/// `MODE TYPE ID`, a tab, and the path.
fn listed_file(line: &[u8]) -> Result<RevisionFile, GitError> {
    let odd = || GitError::Refused("`git ls-tree` lists what is not a file's path".to_owned());
    let line = std::str::from_utf8(line).map_err(|_utf8| odd())?;
    let (head, path) = line.split_once('\t').ok_or_else(odd)?;
    let [mode, kind, id] = head.split(' ').collect::<Vec<_>>()[..] else {
        return Err(odd());
    };
    let path = PathBuf::from(path);
    // It is written below a folder of ours.
    let mut parts = path.components();
    if !parts.all(|part| matches!(part, Component::Normal(_))) {
        return Err(odd());
    }
    Ok(RevisionFile {
        path,
        id: id.to_owned(),
        is_regular: kind == "blob" && matches!(mode, "100644" | "100755"),
    })
}
