//! What a policy states about locks: which there are, which hosts their sources may name, and what they may be made with.

use std::path::{Path, PathBuf};

use lockgate_formats::{ConfigLock, Set};
use lockgate_model::Name;

use crate::cli::{self, LockArguments};
use crate::failure::Failure;
use crate::policies::Policies;
use crate::request::is_same_file;

/// The statements of the topmost policy and of the floor. A policy further down has none.
#[derive(Debug, Clone, Default)]
pub(crate) struct LockStatements {
    /// The `[[lock]]` entries.
    pub(crate) entries: Vec<ConfigLock>,
    /// Hosts that sources may name.
    pub(crate) hosts: Vec<Set<String>>,
    /// The folder that the paths of entries start from.
    scope: PathBuf,
    excludes: Vec<Name>,
    overrides: Vec<String>,
    no_emit_packages: Vec<Name>,
    allowed_builds: Vec<Name>,
}

impl LockStatements {
    /// Takes them from the policies of one file.
    pub(crate) fn of(policies: &Policies) -> Self {
        let (config, _) = policies.joined();
        let names = |sets: &[Set<Name>]| sets.iter().map(|set| set.value.clone()).collect();
        let topmost = policies.topmost();
        Self {
            scope: topmost
                .map(|policy| policy.scope.clone())
                .unwrap_or_default(),
            excludes: names(&config.excludes),
            overrides: config
                .overrides
                .iter()
                .map(|set| set.value.clone())
                .collect(),
            no_emit_packages: names(&config.no_emit_packages),
            allowed_builds: names(&config.allowed_builds),
            entries: config.locks,
            hosts: config.indexes,
        }
    }

    /// Returns the entry for the lock at `path`.
    pub(crate) fn entry(&self, path: &str) -> Option<&ConfigLock> {
        let mut entries = self.entries.iter();
        let path = Path::new(path);
        entries.find(|entry| is_same_place(Path::new(&self.placed(&entry.output.value)), path))
    }

    /// The outputs of all entries as they are reached from the current folder, each with where it stands.
    pub(crate) fn outputs(&self) -> Vec<(String, String)> {
        let entries = self.entries.iter().map(|entry| &entry.output);
        entries
            .map(|output| (self.placed(&output.value), output.origin.clone()))
            .collect()
    }

    /// The files of overrides that the policy names.
    pub(crate) fn overrides(&self) -> &Vec<String> {
        &self.overrides
    }

    /// The folder that the paths of entries start from.
    pub(crate) fn scope(&self) -> &Path {
        &self.scope
    }

    /// The arguments of `lock` that an entry stands for, with its paths as they are reached from the current folder.
    pub(crate) fn arguments_of(&self, entry: &ConfigLock) -> Result<LockArguments, Failure> {
        cli::entry_arguments(entry, |path| self.placed(path))
    }

    /// The same as words of a command line.
    pub(crate) fn words_of(&self, entry: &ConfigLock) -> Vec<String> {
        cli::entry_words(entry, |path| self.placed(path))
    }

    /// A path of an entry as it is reached from the current folder.
    fn placed(&self, path: &str) -> String {
        let place: PathBuf = self.scope.join(path).components().collect();
        let current = std::env::current_dir().and_then(|folder| folder.canonicalize());
        let relative = current
            .ok()
            .and_then(|current| pathdiff::diff_paths(&place, current));
        relative.unwrap_or(place).display().to_string()
    }

    /// Adds to `arguments` what the policy states and no option says.
    pub(crate) fn lay_under(&self, arguments: &mut LockArguments) {
        fn lay(list: &mut Vec<String>, stated: impl Iterator<Item = String>) {
            if list.is_empty() {
                list.extend(stated);
            }
        }
        let texts = |names: &[Name]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        lay(&mut arguments.exclude, texts(&self.excludes).into_iter());
        lay(&mut arguments.overrides, self.overrides.iter().cloned());
        let rendering = &mut arguments.rendering;
        if !rendering.allow_unsafe && !rendering.no_allow_unsafe {
            let names = texts(&self.no_emit_packages);
            lay(&mut rendering.no_emit_package, names.into_iter());
        }
        let builds = texts(&self.allowed_builds);
        lay(&mut arguments.build.allow_build, builds.into_iter());
    }
}

/// Whether two paths lead to one place, whether or not something is there.
fn is_same_place(left: &Path, right: &Path) -> bool {
    let real = (in_real_folder(left), in_real_folder(right));
    is_same_file(left, right) || matches!(real, (Some(left), Some(right)) if left == right)
}

/// Where `path` leads, links resolved, whether or not something is there.
pub(crate) fn real_place(path: &Path) -> Option<PathBuf> {
    let there = path.canonicalize().ok();
    there.or_else(|| in_real_folder(path))
}

/// `path` with its folder's links resolved.
fn in_real_folder(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    let folder = absolute.parent()?.canonicalize().ok()?;
    Some(folder.join(absolute.file_name()?))
}
