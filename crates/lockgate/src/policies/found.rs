//! The policies of a checkout: at most one in each folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lockgate_formats::Config;

use super::PolicyFile;
use super::repository::{POLICY_FILES, Way, is_open_to_others, owner_of};
use crate::disk;
use crate::failure::Failure;

/// Policies by the folder that they lie in, each read when it is first asked for.
#[derive(Debug)]
pub(super) struct FoundPolicies {
    current: PathBuf,
    read: Mutex<BTreeMap<PathBuf, Option<Arc<PolicyFile>>>>,
}

impl FoundPolicies {
    /// Nothing is read yet. `current` is the folder that policies are named from.
    pub(super) fn new(current: PathBuf) -> Self {
        Self {
            current,
            read: Mutex::default(),
        }
    }

    /// The policies on the way to a file, the topmost first.
    pub(super) fn on(&self, way: &Way) -> Result<Vec<Arc<PolicyFile>>, Failure> {
        let mut found = Vec::new();
        let owner = way.folders.last().and_then(|folder| owner_of(folder));
        for folder in &way.folders {
            found.extend(self.of(folder, owner)?);
        }
        Ok(found)
    }

    fn of(&self, folder: &Path, owner: Option<u32>) -> Result<Option<Arc<PolicyFile>>, Failure> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(folder) {
            return Ok(known.clone());
        }
        let policy = read_folder(folder, &self.current, owner)?.map(Arc::new);
        read.insert(folder.to_owned(), policy.clone());
        Ok(policy)
    }
}

/// Reads the policy of a folder, if it has one.
fn read_folder(
    folder: &Path,
    current: &Path,
    owner: Option<u32>,
) -> Result<Option<PolicyFile>, Failure> {
    let shown = shown(folder, current);
    let mut found: Option<PolicyFile> = None;
    for name in POLICY_FILES {
        let path = folder.join(name);
        let name = shown.join(name).display().to_string();
        if is_open_to_others(folder) && owner_of(&path) != owner {
            // Somebody else put it there, as anybody may.
            continue;
        }
        let Some(bytes) = disk::bytes_if_there(&path)? else {
            continue;
        };
        let read = if path.ends_with("lockgate.toml") {
            Config::from_lockgate_toml(&bytes, &name).map(Some)
        } else {
            Config::from_pyproject(&bytes, &name)
        };
        let Some(config) = read.map_err(|error| Failure::of_input(&error))? else {
            continue;
        };
        if let Some(first) = &found {
            return Err(both(&first.name, &name));
        }
        found = Some(PolicyFile {
            config: config.with_paths_from(&shown),
            name,
            folder: folder.to_owned(),
            scope: folder.to_owned(),
        });
    }
    Ok(found)
}

/// That one folder has two policies.
pub(super) fn both(first: &str, second: &str) -> Failure {
    Failure::new(format!(
        "`{first}` and `[tool.lockgate]` of `{second}` are both policies of one folder"
    ))
    .remedy("keep one of them")
}

/// A folder as seen from the current one.
fn shown(folder: &Path, current: &Path) -> PathBuf {
    pathdiff::diff_paths(folder, current).unwrap_or_else(|| folder.to_owned())
}
