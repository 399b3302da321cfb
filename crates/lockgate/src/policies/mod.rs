//! Which policies hold for a file: that follows from the file alone, never from what else was named or in which order.
//!
//! `--policy` or `--policy-from` names the policy, else the topmost one of the file's repository is followed; those on the way down to the
//! file, and the floor of machine and user under all of them, can only make it stricter (`lockgate_formats::join_policies`).

mod floor;
mod found;
pub(crate) mod repository;
mod revision;
pub(crate) mod sources;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockgate_formats::{Config, JoinedPolicy, LowerPolicy, SourceKind, join_policies};
use lockgate_model::{Remark, RemarkCode};

use crate::cli::GateOptions;
use crate::disk;
use crate::failure::Failure;
use found::FoundPolicies;
use repository::Way;
use revision::Revision;
pub(crate) use revision::remove_extracted;

/// A policy, and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct PolicyFile {
    /// What it says; relative paths in it are paths from the current folder.
    pub(crate) config: Config,
    /// How reports name it.
    pub(crate) name: String,
    /// The folder that it lies in, absolute.
    pub(crate) folder: PathBuf,
    /// The folder that `delegate` and the paths of `[[lock]]` start from, absolute: its own, or for a policy that was named by the caller
    /// the top of the current repository.
    pub(crate) scope: PathBuf,
}

/// The policies that hold for one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policies {
    /// The one that is followed, if there is one.
    pub(crate) topmost: Option<Arc<PolicyFile>>,
    /// Those on the way from there to the file, which can only make it stricter.
    lower: Vec<Arc<PolicyFile>>,
    /// Those of machine and user, likewise.
    floor: Vec<Arc<PolicyFile>>,
    /// What is to be said of how they were found.
    remarks: Vec<Remark>,
}

impl Policies {
    /// The names of the policies, the topmost first.
    pub(crate) fn names(&self) -> Vec<String> {
        self.all().map(|policy| policy.name.clone()).collect()
    }

    /// What tells these policies from those of other files.
    pub(crate) fn key(&self) -> Vec<String> {
        let remarks = self.remarks.iter().map(|remark| remark.text.clone());
        self.names().into_iter().chain(remarks).collect()
    }

    fn all(&self) -> impl Iterator<Item = &PolicyFile> {
        let topmost = self.topmost.iter();
        let all = topmost.chain(&self.lower).chain(&self.floor);
        all.map(Arc::as_ref)
    }

    /// All of them as one, and what is to be said of them.
    pub(crate) fn joined(&self) -> (Config, Vec<Remark>) {
        let lower: Vec<LowerPolicy<'_>> = self
            .lower
            .iter()
            .map(|policy| LowerPolicy {
                config: &policy.config,
                is_delegated: self.is_delegated(policy),
            })
            .collect();
        let floor: Vec<&Config> = self.floor.iter().map(|policy| &policy.config).collect();
        let topmost = self.topmost.as_ref().map(|policy| &policy.config);
        let JoinedPolicy {
            config,
            ineffective,
        } = join_policies(topmost, &lower, &floor);
        let mut remarks = self.remarks.clone();
        remarks.extend(ineffective.into_iter().map(|one| Remark {
            code: RemarkCode::PolicyWithoutEffect,
            text: format!(
                "{} ({}) has no effect: this policy can only make others stricter",
                one.key, one.origin
            ),
            origin: Some(one.origin),
        }));
        (config, remarks)
    }

    /// Whether the topmost lets the folder of a lower policy decide for itself.
    fn is_delegated(&self, lower: &PolicyFile) -> bool {
        let Some(topmost) = &self.topmost else {
            return false;
        };
        let mut folders = topmost.config.delegate.iter();
        folders.any(|folder| {
            // The parts are joined anew: `./a` and `a` are one folder.
            let delegated: PathBuf = topmost.scope.join(&folder.value).components().collect();
            lower.folder.starts_with(delegated)
        })
    }
}

/// Finds the policies of files, each policy file read once.
#[derive(Debug)]
pub(crate) struct PolicyFinder {
    /// The policy that the caller named.
    named: Option<Arc<PolicyFile>>,
    /// The revision whose policies the caller wants.
    revision: Option<Revision>,
    /// Those of the checkout; none where they aren't to be read.
    found: Option<FoundPolicies>,
    floor: Vec<Arc<PolicyFile>>,
}

impl PolicyFinder {
    /// Reads what the caller names, and the floor.
    pub(crate) fn new(options: &GateOptions) -> Result<Self, Failure> {
        let current = current_folder()?;
        let named = (options.policy.as_deref())
            .map(|path| named(path, &current).map(Arc::new))
            .transpose()?;
        let revision = (options.policy_from.as_deref())
            .map(|name| Revision::find(name, &current))
            .transpose()?;
        let reads_found = named.is_none() && revision.is_none() && !options.no_config;
        Ok(Self {
            named,
            revision,
            found: reads_found.then(|| FoundPolicies::new(current)),
            floor: floor::read()?,
        })
    }

    /// The policies for a file; `-` stands for standard input or output, for which those of the current folder hold.
    pub(crate) fn of_file(&self, file: &str) -> Result<Policies, Failure> {
        let folder = match Path::new(file).parent() {
            Some(folder) if file != "-" && !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        self.of_folder(folder)
    }

    /// The policies for what lies in a folder.
    pub(crate) fn of_folder(&self, folder: &Path) -> Result<Policies, Failure> {
        let mut policies = Policies {
            topmost: self.named.clone(),
            floor: self.floor.clone(),
            ..Policies::default()
        };
        if let Some(revision) = &self.revision {
            let (found, remarks) = revision.on(folder)?;
            let mut found = found.into_iter();
            policies.topmost = found.next();
            policies.lower = found.collect();
            policies.remarks = remarks;
        }
        let Some(found) = &self.found else {
            return Ok(policies);
        };
        // A folder that isn't there yet has no policy; what is above it may.
        let there = folder.ancestors().find(|folder| folder.is_dir());
        let way = Way::to(there.unwrap_or(Path::new(".")))?;
        let mut on_the_way = found.on(&way)?.into_iter();
        policies.topmost = on_the_way.next();
        policies.lower = on_the_way.collect();
        if let Some(cut) = way.cut_short_at {
            policies.remarks.push(Remark {
                code: RemarkCode::PolicySearch,
                text: format!(
                    "policies were looked for below `{0}` only: `{0}` belongs to another user",
                    cut.display()
                ),
                origin: None,
            });
        }
        Ok(policies)
    }

    /// The policies for an environment, by its folder or its interpreter.
    pub(crate) fn of_environment(&self, place: &str) -> Result<Policies, Failure> {
        if Path::new(place).is_dir() {
            self.of_folder(Path::new(place))
        } else {
            self.of_file(place)
        }
    }

    /// The policies for a file, with those that stand in scripts (PEP 723) among its sources: they are part of what is judged, and can only
    /// make it stricter.
    pub(crate) fn of_file_from(&self, file: &str, sources: &[String]) -> Result<Policies, Failure> {
        let mut policies = self.of_file(file)?;
        if self.found.is_none() {
            return Ok(policies);
        }
        for script in sources {
            if let Some(policy) = of_script(script)? {
                policies.lower.push(Arc::new(policy));
            }
        }
        Ok(policies)
    }
}

/// The policy in the block of a script, if there is one.
fn of_script(script: &str) -> Result<Option<PolicyFile>, Failure> {
    if SourceKind::of(script) != SourceKind::Script {
        return Ok(None);
    }
    let Some(bytes) = disk::bytes_if_there(Path::new(script))? else {
        return Ok(None);
    };
    let read = Config::from_script(&bytes, script).map_err(|error| Failure::of_input(&error))?;
    let folder = Path::new(script).parent().unwrap_or(Path::new(""));
    Ok(read.map(|config| PolicyFile {
        config: config.with_paths_from(folder),
        name: script.to_owned(),
        // Nothing is ever delegated to it.
        folder: PathBuf::new(),
        scope: PathBuf::new(),
    }))
}

/// The policy that the caller names.
fn named(path: &Path, current: &Path) -> Result<PolicyFile, Failure> {
    let scope = Way::to(current)?.top;
    let mut policy = read_named(path)?;
    policy.scope = scope.unwrap_or_else(|| current.to_owned());
    Ok(policy)
}

/// Reads a policy that must be there, whatever its name is: with `[tool.lockgate]` where it is a `pyproject.toml`. The caller's own
/// policies may name sources on any host.
fn read_named(path: &Path) -> Result<PolicyFile, Failure> {
    let shown = path.display().to_string();
    let bytes = disk::bytes_if_there(path)?
        .ok_or_else(|| Failure::new(format!("there is no policy file `{shown}`")))?;
    let is_project = path
        .file_name()
        .is_some_and(|name| name == "pyproject.toml");
    let read = if is_project {
        Config::from_pyproject(&bytes, &shown)
    } else {
        Config::from_lockgate_toml(&bytes, &shown).map(Some)
    };
    let config = read.map_err(|error| Failure::of_input(&error))?;
    let config = config.ok_or_else(|| {
        Failure::new(format!("`{shown}` has no `[tool.lockgate]`"))
            .remedy("name the file that holds the policy")
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut config = config.with_paths_from(folder);
    let sources = config.advisories.iter_mut();
    for source in sources.flat_map(|set| &mut set.value) {
        source.is_trusted = true;
    }
    Ok(PolicyFile {
        config,
        name: shown,
        folder: folder.to_owned(),
        scope: folder.to_owned(),
    })
}

fn current_folder() -> Result<PathBuf, Failure> {
    std::env::current_dir()
        .and_then(std::fs::canonicalize)
        .map_err(|error| Failure::new(format!("cannot tell which folder this is: {error}")))
}
