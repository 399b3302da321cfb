//! The policies as they are in a git revision: what the checkout has made of them counts for nothing.
//!
//! Files that such a policy names by paths within the repository (records of advisories, OpenVEX documents) are those of the revision too.
//! They are written to a temporary folder, which is removed when the run ends.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lockgate_formats::{Config, same_policy};
use lockgate_index::files::Limit;
use lockgate_index::git::{self, GitError, RevisionFile};
use lockgate_index::programs::Scratch;
use lockgate_model::{Remark, RemarkCode};

use super::PolicyFile;
use super::repository::{POLICY_FILES, Way};
use crate::disk;
use crate::failure::Failure;
use crate::world::or_ended;

/// The most files of a folder that are taken from a revision.
const MAX_FILES: usize = 2_000;

/// Files of revisions, until the end of the run, each with the place in the work tree that its folder stands for.
static EXTRACTED: Mutex<Vec<(Scratch, PathBuf)>> = Mutex::new(Vec::new());

/// Returns `path` as people know it: what was taken from a revision has the path that it has in the work tree.
pub(crate) fn shown_path(path: &str) -> Option<String> {
    let extracted = EXTRACTED.lock().unwrap_or_else(PoisonError::into_inner);
    let current = std::env::current_dir().and_then(fs::canonicalize).ok()?;
    extracted.iter().find_map(|(folder, top)| {
        let within = Path::new(path).strip_prefix(folder.path()).ok()?;
        let shown = pathdiff::diff_paths(top.join(within), &current)?;
        Some(shown.display().to_string())
    })
}

/// A revision of the current repository.
#[derive(Debug)]
pub(super) struct Revision {
    /// As the caller named it.
    name: String,
    commit: String,
    top: PathBuf,
    read: Mutex<BTreeMap<PathBuf, Read>>,
}

/// What a folder has in the revision.
#[derive(Debug, Clone, Default)]
struct Read {
    policy: Option<Arc<PolicyFile>>,
    /// Which of its policy files the checkout has otherwise.
    differing: Vec<String>,
}

impl Revision {
    /// Finds the revision that the caller names.
    pub(super) fn find(name: &str, current: &Path) -> Result<Self, Failure> {
        let top = Way::to(current)?.top.ok_or_else(|| {
            Failure::new(format!(
                "`--policy-from {name}`: this folder lies in no git repository"
            ))
            .remedy("run it in the repository, or name a file with `--policy FILE`")
        })?;
        let commit = git::resolve_revision(&top.join(".git"), name).map_err(|error| {
            let failure = Failure::new(format!("`--policy-from {name}`: {error}"));
            or_ended(failure.remedy("fetch the branch first: `git fetch origin BRANCH`"))
        })?;
        Ok(Self {
            name: name.to_owned(),
            commit,
            top,
            read: Mutex::default(),
        })
    }

    /// The policies that hold for what lies in a folder, by its absolute path, the topmost first, and what is to be said of them.
    pub(super) fn on(&self, folder: &Path) -> Result<(Vec<Arc<PolicyFile>>, Vec<Remark>), Failure> {
        // Elsewhere the policy of the top holds: the caller named it for all that is judged.
        let below = folder.strip_prefix(&self.top).unwrap_or(Path::new(""));
        let mut folders: Vec<&Path> = below.ancestors().collect();
        folders.reverse();
        let (mut policies, mut remarks) = (Vec::new(), Vec::new());
        for folder in folders {
            let read = self.folder(folder)?;
            policies.extend(read.policy);
            remarks.extend(read.differing.into_iter().map(|file| Remark {
                code: RemarkCode::PolicyDiffers,
                text: format!(
                    "the policy in `{file}` differs from that of `{}`, which is followed",
                    self.name
                ),
                origin: Some(file),
            }));
        }
        Ok((policies, remarks))
    }

    fn folder(&self, folder: &Path) -> Result<Read, Failure> {
        let mut known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = known.get(folder) {
            return Ok(read.clone());
        }
        let read = self.read_folder(folder)?;
        known.insert(folder.to_owned(), read.clone());
        Ok(read)
    }

    fn read_folder(&self, folder: &Path) -> Result<Read, Failure> {
        let mut read = Read::default();
        for file in POLICY_FILES {
            let path = folder.join(file);
            let is_project = file == "pyproject.toml";
            let there = self.file(&path)?;
            // The checkout's own may be damaged: that is no matter here.
            let here = disk::found_if_there(&self.top.join(&path), file, Limit::PROJECT);
            let here = here.unwrap_or_default();
            if !same_policy(there.as_deref(), here.as_deref(), is_project) {
                read.differing.push(path.display().to_string());
            }
            let Some(bytes) = there else { continue };
            let name = format!("{} of {}", path.display(), self.name);
            let config = if is_project {
                Config::from_pyproject(&bytes, &name)
            } else {
                Config::from_lockgate_toml(&bytes, &name).map(Some)
            };
            let Some(config) = config.map_err(|error| Failure::of_input(&error))? else {
                continue;
            };
            if let Some(first) = &read.policy {
                return Err(super::found::both(&first.name, &name));
            }
            read.policy = Some(Arc::new(PolicyFile {
                config: self.with_files(config, folder)?,
                name,
                place: self.top.join(&path),
                folder: self.top.join(folder),
                scope: self.top.clone(),
            }));
        }
        Ok(read)
    }

    fn files_below(&self, path: &Path) -> Result<Vec<RevisionFile>, Failure> {
        let files = git::files_at_revision(&self.top.join(".git"), &self.commit, path);
        files.map_err(|error| self.unreadable(path, &error))
    }

    fn object(&self, id: &str) -> Result<Vec<u8>, Failure> {
        let read = git::object(&self.top.join(".git"), id);
        read.map_err(|error| self.unreadable(Path::new(id), &error))
    }

    /// What is in a file of the revision, if it has that file.
    fn file(&self, path: &Path) -> Result<Option<Vec<u8>>, Failure> {
        let files = self.files_below(path)?;
        let Some(file) = files.into_iter().find(|file| file.path == path) else {
            return Ok(None);
        };
        if !file.is_regular {
            return Err(Failure::new(format!(
                "`{}` of `{}` is not a regular file",
                path.display(),
                self.name
            )));
        }
        self.object(&file.id).map(Some)
    }

    fn unreadable(&self, path: &Path, error: &GitError) -> Failure {
        or_ended(Failure::new(format!(
            "cannot read `{}` of `{}`: {error}",
            path.display(),
            self.name
        )))
    }

    /// The policy with paths to what it names in the revision.
    fn with_files(&self, mut config: Config, folder: &Path) -> Result<Config, Failure> {
        let sources = config.advisories.iter_mut().flat_map(|set| &mut set.value);
        for source in sources {
            source.is_trusted = true;
        }
        for named in config.files_mut() {
            *named.path = self.extracted(folder, named.path, named.origin)?;
        }
        Ok(config)
    }

    /// Where the file or folder that `path` names from `folder` was written to. What lies outside of the repository stays where it is.
    fn extracted(&self, folder: &Path, path: &str, origin: &str) -> Result<String, Failure> {
        let Some(within) = below_top(&folder.join(path)) else {
            let outside = self.top.join(folder).join(path);
            return Ok(outside.to_string_lossy().into_owned());
        };
        let entries = self.files_below(&within)?;
        let wrong = |why: String| Failure::new(format!("{origin}: `{path}` {why}"));
        if entries.is_empty() {
            return Err(wrong(format!("is not in `{}`", self.name))
                .remedy("commit it there, or name the source with `--advisories`"));
        }
        if entries.len() > MAX_FILES {
            return Err(wrong(format!("has more than {MAX_FILES} files"))
                .remedy("keep the records in a `.zip`, or name the source with `--advisories`"));
        }
        let root = Scratch::new("lockgate-policy-").map_err(|error| {
            or_ended(Failure::new(format!(
                "cannot make a temporary folder: {error}"
            )))
        })?;
        for entry in &entries {
            if !entry.is_regular {
                return Err(wrong(format!(
                    "holds `{}`, which is not a regular file",
                    entry.path.display()
                )));
            }
            let target = root.path().join(&entry.path);
            let bytes = self.object(&entry.id)?;
            let folder = target.parent().unwrap_or(root.path());
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(&target, bytes))
                .map_err(|error| wrong(format!("cannot be written: {error}")))?;
        }
        let extracted = root.path().join(&within).to_string_lossy().into_owned();
        EXTRACTED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((root, self.top.clone()));
        Ok(extracted)
    }
}

/// A path without `.` and `..`, if it stays below the top that it starts from.
fn below_top(path: &Path) -> Option<PathBuf> {
    let mut below = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(part) => below.push(part),
            Component::ParentDir => {
                if !below.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(below)
}
