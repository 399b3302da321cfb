//! Folders of records, JSON or YAML, at any depth: a checkout of the PyPA advisory database, or records of one's own.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use lockgate_model::Sha256;

use super::known::{self, Look};
use super::records::{Part, Visitor};
use super::{FeedError, unusable};
use crate::cache::Store;
use crate::files::{Limit, read_regular, stay_inside_from};

/// Folders are searched this deep.
const MAX_DEPTH: usize = 32;
/// A folder of advisories has at most this many records.
const MAX_RECORDS: usize = 400_000;

/// The folders of version control systems, which hold no records.
const REPOSITORIES: [&str; 4] = [".git", ".hg", ".svn", ".jj"];

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

/// Whether a file is the record called `id` by its name, whatever the case.
pub(super) fn is_named(path: &Path, id: &str) -> bool {
    is_record(path)
        && path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .is_some_and(|stem| stem.eq_ignore_ascii_case(id))
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
        let bytes = read_regular(&path, Limit::RECORD).map_err(|error| error.to_string());
        visitor(
            &within(folder, &path),
            bytes.as_deref().map_err(Clone::clone),
        )?;
    }
    Ok(())
}

/// The records whose file is named after `id`: names and bytes.
pub(super) fn named(folder: &Path, id: &str) -> Result<Vec<(String, Vec<u8>)>, FeedError> {
    let files = files(folder)?.into_iter();
    files
        .filter(|path| is_named(path, id))
        .map(|path| {
            let bytes = record(&path)?;
            Ok((within(folder, &path), bytes))
        })
        .collect()
}

fn record(path: &Path) -> Result<Vec<u8>, FeedError> {
    read_regular(path, Limit::RECORD).map_err(|error| unusable(path, error))
}

/// How many records there are, and their bytes together.
pub(super) fn size(folder: &Path) -> Result<(usize, u64), FeedError> {
    let files = files(folder)?;
    let mut bytes = 0;
    for path in &files {
        bytes += fs::metadata(path)
            .map_err(|error| unusable(path, error))?
            .len();
    }
    Ok((files.len(), bytes))
}

/// A digest over names and bytes of all records; they are read only where they look other than when they were last read.
pub(super) fn digest(store: &Store, folder: &Path) -> Result<Sha256, FeedError> {
    let canonical = fs::canonicalize(folder).map_err(|error| unusable(folder, error))?;
    let mut look = Look::default();
    for path in files(folder)? {
        let metadata = fs::metadata(&path).map_err(|error| unusable(&path, error))?;
        look.add(&within(folder, &path), &metadata)
            .map_err(|error| unusable(&path, error))?;
    }
    let key = format!("folder {}", canonical.display());
    known::digest(store, &key, look, || read_digest(folder))
}

fn read_digest(folder: &Path) -> Result<Sha256, FeedError> {
    use sha2::Digest as _;
    let mut hasher = sha2::Sha256::new();
    let place = folder.display().to_string();
    visit::<FeedError>(folder, Part::ALL, &mut |name, bytes| {
        let bytes = super::archive::whole(&place, name, bytes)?;
        hasher.update(name.as_bytes());
        hasher.update([0]);
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
        Ok(())
    })?;
    Ok(Sha256(hasher.finalize().into()))
}

fn within(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, FeedError> {
    let mut found = Vec::new();
    let mut visited = BTreeSet::new();
    walk(folder, 0, false, &mut visited, &mut found)?;
    if found.is_empty() {
        return Err(unusable(
            folder,
            "there is no advisory record (`.json`, `.yaml`) in it",
        ));
    }
    found.sort();
    Ok(found)
}

/// Follows links that stay inside of the repository, each folder once. Hidden files and folders hold the settings of tools besides: of
/// them it counts what has a member `affected`.
fn walk(
    folder: &Path,
    depth: usize,
    is_hidden: bool,
    visited: &mut BTreeSet<PathBuf>,
    found: &mut Vec<PathBuf>,
) -> Result<(), FeedError> {
    let canonical = fs::canonicalize(folder).map_err(|error| unusable(folder, error))?;
    if !visited.insert(canonical) {
        return Ok(());
    }
    if depth > MAX_DEPTH {
        let why = format!("folders are nested more than {MAX_DEPTH} deep");
        return Err(unusable(folder, why));
    }
    for entry in fs::read_dir(folder).map_err(|error| unusable(folder, error))? {
        let entry = entry.map_err(|error| unusable(folder, error))?;
        let name = entry.file_name();
        if REPOSITORIES.iter().any(|repository| name == *repository) {
            continue;
        }
        let is_hidden = is_hidden || name.as_encoded_bytes().starts_with(b".");
        let path = entry.path();
        if path.is_symlink() {
            stay_inside_from(&path, &path)
                .map_err(|error| FeedError::link(folder, &path, &error))?;
        }
        let metadata = fs::metadata(&path).map_err(|error| unusable(&path, error))?;
        if metadata.is_dir() {
            walk(&path, depth + 1, is_hidden, visited, found)?;
        } else if is_record(&path) && (!is_hidden || affects(&path)) {
            found.push(path);
        }
        if found.len() > MAX_RECORDS {
            let why = format!("there are more than {MAX_RECORDS} records in it");
            return Err(unusable(folder, why));
        }
    }
    Ok(())
}

/// Whether a file may be a record by what it holds. One that cannot be read may be.
fn affects(path: &Path) -> bool {
    const MEMBER: &[u8] = b"affected";
    read_regular(path, Limit::RECORD).map_or(true, |bytes| {
        bytes.windows(MEMBER.len()).any(|window| window == MEMBER)
    })
}
