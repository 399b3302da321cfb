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

use lockgate_formats::{
    Config, Ineffective, JoinedPolicy, LowerPolicy, SourceKind, join_policies, stricter_of_both,
};
use lockgate_model::{Remark, RemarkCode};

use crate::cli::GateOptions;
use crate::disk;
use crate::failure::Failure;
use found::FoundPolicies;
use repository::{TwoPlaces, Way};
use revision::Revision;
pub(crate) use revision::shown_path;

/// A policy, and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct PolicyFile {
    /// What it says; relative paths in it are paths from the current folder.
    pub(crate) config: Config,
    /// How reports name it.
    pub(crate) name: String,
    /// What tells it from others: the path of the file, links resolved; of a revision, the path in its work tree.
    pub(crate) place: PathBuf,
    /// The folder that it lies in, absolute.
    pub(crate) folder: PathBuf,
    /// The folder that `delegate` and the paths of `[[lock]]` start from, absolute: its own, or for a policy that was named by the caller
    /// the top of the current repository.
    pub(crate) scope: PathBuf,
}

/// The policies that hold for one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policies {
    /// Those of the folder that the path of the file names.
    way: Chain,
    /// Those of the folder that it leads to through a link, where they are others.
    behind_link: Option<Chain>,
    /// Those of machine and user, which can only make it stricter.
    floor: Vec<Arc<PolicyFile>>,
    /// What is to be said of how they were found.
    remarks: Vec<Remark>,
}

/// The policies on the way from the top of a repository down to a folder.
#[derive(Debug, Clone, Default)]
struct Chain {
    /// The one that is followed, if there is one.
    topmost: Option<Arc<PolicyFile>>,
    /// Those further down, which can only make it stricter.
    lower: Vec<Arc<PolicyFile>>,
}

/// What tells the policies of one file from those of others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PoliciesKey {
    /// Of each way the policy files in their order, and whether each is delegated.
    ways: Vec<Vec<(PathBuf, bool)>>,
    remarks: Vec<String>,
}

impl Chain {
    fn new(found: Vec<Arc<PolicyFile>>) -> Self {
        let mut found = found.into_iter();
        Self {
            topmost: found.next(),
            lower: found.collect(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &PolicyFile> {
        self.topmost.iter().chain(&self.lower).map(Arc::as_ref)
    }

    fn key(&self) -> Vec<(PathBuf, bool)> {
        let all = self.all();
        all.map(|policy| (policy.place.clone(), self.is_delegated(policy)))
            .collect()
    }

    /// All of them as one, under the floor.
    fn joined(&self, floor: &[Arc<PolicyFile>]) -> JoinedPolicy {
        let lower = self.lower.iter().map(|policy| LowerPolicy {
            config: &policy.config,
            is_delegated: self.is_delegated(policy),
        });
        let lower: Vec<LowerPolicy<'_>> = lower.collect();
        let floor: Vec<&Config> = floor.iter().map(|policy| &policy.config).collect();
        let topmost = self.topmost.as_ref().map(|policy| &policy.config);
        join_policies(topmost, &lower, &floor)
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

impl Policies {
    /// The one that is followed, if there is one.
    pub(crate) fn topmost(&self) -> Option<&PolicyFile> {
        self.way.topmost.as_deref()
    }

    /// The names of the policies, the topmost first.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut all: Vec<&PolicyFile> = Vec::new();
        let floor = self.floor.iter().map(Arc::as_ref);
        let ways = self
            .way
            .all()
            .chain(self.behind_link.iter().flat_map(Chain::all));
        for policy in ways.chain(floor) {
            if !all.iter().any(|known| known.place == policy.place) {
                all.push(policy);
            }
        }
        all.into_iter().map(|policy| policy.name.clone()).collect()
    }

    /// What tells these policies from those of other files.
    pub(crate) fn key(&self) -> PoliciesKey {
        let ways = std::iter::once(&self.way).chain(&self.behind_link);
        let remarks = self.remarks.iter().map(|remark| remark.text.clone());
        PoliciesKey {
            ways: ways.map(Chain::key).collect(),
            remarks: remarks.collect(),
        }
    }

    /// All of them as one, and what is to be said of them.
    pub(crate) fn joined(&self) -> (Config, Vec<Remark>) {
        let JoinedPolicy {
            mut config,
            mut ineffective,
        } = self.way.joined(&self.floor);
        let mut not_in_both = Vec::new();
        if let Some(behind_link) = &self.behind_link {
            let other = behind_link.joined(&self.floor);
            for one in other.ineffective {
                if !ineffective.contains(&one) {
                    ineffective.push(one);
                }
            }
            not_in_both = stricter_of_both(other.config.clone(), &config).1;
            let (both, of_first) = stricter_of_both(config, &other.config);
            not_in_both.extend(of_first);
            config = both;
        }
        let mut remarks = self.remarks.clone();
        let without_effect = |one: Ineffective, why: &str| Remark {
            code: RemarkCode::PolicyWithoutEffect,
            text: format!("{} ({}) has no effect: {why}", one.key, one.origin),
            origin: Some(one.origin),
        };
        remarks.extend(
            (ineffective.into_iter())
                .map(|one| without_effect(one, "this policy can only make others stricter")),
        );
        remarks.extend(not_in_both.into_iter().map(|one| {
            without_effect(
                one,
                "the file is reached through a link, and the policies of its other folder are stricter",
            )
        }));
        (config, remarks)
    }

    /// Adds a policy that can only make the file stricter.
    fn add_lower(&mut self, policy: PolicyFile) {
        let policy = Arc::new(policy);
        let behind_link = self.behind_link.iter_mut();
        for chain in behind_link {
            chain.lower.push(Arc::clone(&policy));
        }
        self.way.lower.push(policy);
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

    /// The policies for a file. For standard input and output (`-`), and for any other stream by name, those of the current folder hold.
    /// Of a file that is reached through a link those of both its folders hold.
    pub(crate) fn of_file(&self, file: &str) -> Result<Policies, Failure> {
        if disk::is_stream(file) {
            return self.of_folder(Path::new("."));
        }
        self.of(&TwoPlaces::of_file(Path::new(file))?)
    }

    /// The policies for what lies in a folder.
    pub(crate) fn of_folder(&self, folder: &Path) -> Result<Policies, Failure> {
        self.of(&TwoPlaces::of_folder(folder)?)
    }

    fn of(&self, places: &TwoPlaces) -> Result<Policies, Failure> {
        let mut policies = Policies {
            floor: self.floor.clone(),
            ..Policies::default()
        };
        policies.way = self.chain(&places.written, &mut policies.remarks)?;
        if places.written != places.real {
            let behind_link = self.chain(&places.real, &mut policies.remarks)?;
            if behind_link.key() != policies.way.key() {
                policies.behind_link = Some(behind_link);
            }
        }
        Ok(policies)
    }

    /// The policies on the way down to `folder`; what is to be said of how they were found is added to `remarks`.
    fn chain(&self, folder: &Path, remarks: &mut Vec<Remark>) -> Result<Chain, Failure> {
        let mut chain = Chain {
            topmost: self.named.clone(),
            lower: Vec::new(),
        };
        let mut more = Vec::new();
        if let Some(revision) = &self.revision {
            let (found, differing) = revision.on(folder)?;
            chain = Chain::new(found);
            more = differing;
        } else if let Some(found) = &self.found {
            let way = Way::along(folder);
            chain = Chain::new(found.on(&way)?);
            more = search_remarks(&way);
        }
        more.retain(|remark| !remarks.contains(remark));
        remarks.append(&mut more);
        Ok(chain)
    }

    /// The policies for an environment, by its folder or its interpreter. Where the link that is its interpreter leads is no matter.
    pub(crate) fn of_environment(&self, place: &str) -> Result<Policies, Failure> {
        let place = Path::new(place);
        let folder = match place.parent() {
            _ if place.is_dir() => place,
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        self.of_folder(folder)
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
                policies.add_lower(policy);
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
    let Some(config) = read else {
        return Ok(None);
    };
    let folder = Path::new(script).parent().unwrap_or(Path::new(""));
    let policy = PolicyFile {
        config: config.with_paths_from(folder),
        name: script.to_owned(),
        place: identity(Path::new(script)),
        // Nothing is ever delegated to it.
        folder: PathBuf::new(),
        scope: PathBuf::new(),
    };
    let way = Way::along(&TwoPlaces::of_file(Path::new(script))?.real);
    let own_folder = way.folders.last().cloned().unwrap_or_default();
    found::names_nothing_outside(&policy, &way.top.unwrap_or(own_folder))?;
    Ok(Some(policy))
}

/// What is to be said of a search for policies.
fn search_remarks(way: &Way) -> Vec<Remark> {
    let remark = |text: String| Remark {
        code: RemarkCode::PolicySearch,
        text,
        origin: None,
    };
    let cut = way.cut_short_at.iter().map(|cut| {
        remark(format!(
            "policies were looked for below `{0}` only: `{0}` belongs to another user",
            cut.display()
        ))
    });
    let foreign = way.foreign.iter().map(|git| {
        remark(format!(
            "`{}` belongs to another user, who has put it into a folder that everybody may write to: it is not taken for a repository",
            git.display()
        ))
    });
    cut.chain(foreign).collect()
}

/// What tells a policy file from others.
fn identity(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_gone| path.to_owned())
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
        place: identity(path),
        folder: folder.to_owned(),
        scope: folder.to_owned(),
    })
}

fn current_folder() -> Result<PathBuf, Failure> {
    std::env::current_dir()
        .and_then(std::fs::canonicalize)
        .map_err(|error| Failure::new(format!("cannot tell which folder this is: {error}")))
}
