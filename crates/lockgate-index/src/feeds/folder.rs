//! Folders of records, JSON or YAML, at any depth: a checkout of the PyPA advisory database, or records of one's own.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use lockgate_model::Sha256;

use super::{FeedError, Part, Visitor, unusable};

/// Folders within folders beyond this are no collection of advisories.
const DEEPEST: usize = 32;

/// Whether a file's name is that of a record.
pub(super) fn is_record(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| {
            matches!(
                extension.to_ascii_lowercase().as_str(),
                "json" | "yaml" | "yml"
            )
        })
}

/// Hands each record of a part of a folder to `visitor`, named by its path within the folder.
pub(super) fn visit<E: From<FeedError>>(
    folder: &Path,
    part: Part,
    visitor: Visitor<'_, E>,
) -> Result<(), E> {
    for (index, path) in files(folder)?.into_iter().enumerate() {
        if !part.has(index) {
            continue;
        }
        let bytes = fs::read(&path).map_err(|error| unusable(&path, error))?;
        let name = path
            .strip_prefix(folder)
            .unwrap_or(&path)
            .to_string_lossy()
            .replace('\\', "/");
        visitor(&name, &bytes)?;
    }
    Ok(())
}

/// A digest over names and bytes of all records.
pub(super) fn digest(folder: &Path) -> Result<Sha256, FeedError> {
    use sha2::Digest as _;
    let mut hasher = sha2::Sha256::new();
    visit::<FeedError>(folder, Part::ALL, &mut |name, bytes| {
        hasher.update(name.as_bytes());
        hasher.update([0]);
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
        Ok(())
    })?;
    Ok(Sha256(hasher.finalize().into()))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, FeedError> {
    let mut found = Vec::new();
    let mut visited = BTreeSet::new();
    walk(folder, 0, &mut visited, &mut found)?;
    if found.is_empty() {
        return Err(unusable(
            folder,
            "there is no advisory record (`.json`, `.yaml`) in it",
        ));
    }
    found.sort();
    Ok(found)
}

/// Follows links, each folder once; hidden folders, such as a checkout's `.git`, hold no records.
fn walk(
    folder: &Path,
    depth: usize,
    visited: &mut BTreeSet<PathBuf>,
    found: &mut Vec<PathBuf>,
) -> Result<(), FeedError> {
    let canonical = fs::canonicalize(folder).map_err(|error| unusable(folder, error))?;
    if depth > DEEPEST || !visited.insert(canonical) {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(|error| unusable(folder, error))? {
        let entry = entry.map_err(|error| unusable(folder, error))?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        let metadata = fs::metadata(&path).map_err(|error| unusable(&path, error))?;
        if metadata.is_dir() {
            walk(&path, depth + 1, visited, found)?;
        } else if is_record(&path) {
            found.push(path);
        }
    }
    Ok(())
}
