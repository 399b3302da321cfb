//! The policies of a checkout: at most one in each folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lockgate_formats::Config;
use lockgate_index::files::Limit;

use super::PolicyFile;
use super::repository::{POLICY_FILES, Way, followed, is_foreign, owner_of};
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

    /// The policies on the way to a file, the topmost first, each once: a link may lead back to a folder above.
    pub(super) fn on(&self, way: &Way) -> Result<Vec<Arc<PolicyFile>>, Failure> {
        let mut found: Vec<Arc<PolicyFile>> = Vec::new();
        let owner = way.folders.last().and_then(|folder| owner_of(folder));
        for folder in &way.folders {
            let Some(policy) = self.of(folder, owner)? else {
                continue;
            };
            if found.iter().any(|known| known.place == policy.place) {
                continue;
            }
            // Without a repository nothing above the topmost policy is its business.
            let topmost = found.first().unwrap_or(&policy);
            names_nothing_outside(&policy, way.top.as_deref().unwrap_or(&topmost.folder))?;
            found.push(policy);
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
        let is_of_others = is_foreign(&path, folder, owner);
        let Some(bytes) = disk::found_if_there(&path, &name, Limit::PROJECT)? else {
            continue;
        };
        let read = if path.ends_with("lockgate.toml") {
            Config::from_lockgate_toml(&bytes, &name).map(Some)
        } else {
            Config::from_pyproject(&bytes, &name)
        };
        // Nothing of what somebody else has put there is shown.
        let read = read.map_err(|error| {
            if is_of_others {
                foreign(&name)
            } else {
                Failure::of_input(&error)
            }
        });
        let Some(config) = read? else {
            continue;
        };
        if is_of_others {
            return Err(foreign(&name));
        }
        if let Some(first) = &found {
            return Err(both(&first.name, &name));
        }
        found = Some(PolicyFile {
            config: config.with_paths_from(&shown),
            name,
            place: fs::canonicalize(&path).unwrap_or(path),
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

/// That another user has put a policy into a folder that everybody may write to. Whether it is meant cannot be told: with it the user would
/// decide what is let through, and without it whoever relies on it would be let down.
fn foreign(name: &str) -> Failure {
    Failure::new(format!(
        "`{name}` belongs to another user, who has put it into a folder that everybody may write to"
    ))
    .remedy("remove it, take it over, or take the right to write from others (`chmod o-w`); or name the policy with `--policy FILE`")
}

/// Refuses a policy that names a file or folder outside of `boundary`, links resolved. Whoever proposes a change may have written the policy,
/// and what is read shows in errors and reports.
pub(super) fn names_nothing_outside(policy: &PolicyFile, boundary: &Path) -> Result<(), Failure> {
    let boundary = followed(boundary);
    let mut config = policy.config.clone();
    for named in config.files_mut() {
        let real = followed(Path::new(&*named.path));
        let is_inside = real
            .strip_prefix(&boundary)
            .is_ok_and(|within| !within.components().any(|part| part.as_os_str() == ".git"));
        if !is_inside {
            return Err(Failure::new(format!(
                "{}: `{}` names `{}`, which is outside of the repository",
                named.origin, named.key, named.path
            ))
            .remedy(
                "keep it in the repository, or name it yourself: on the command line, in the file of `--policy`, or in a policy of the machine or the user",
            ));
        }
    }
    Ok(())
}

/// A folder as seen from the current one.
fn shown(folder: &Path, current: &Path) -> PathBuf {
    pathdiff::diff_paths(folder, current).unwrap_or_else(|| folder.to_owned())
}
