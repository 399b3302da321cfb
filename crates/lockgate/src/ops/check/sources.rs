//! Finds the sources of a lock: in the policy's entry for it, in its header, by its name. The command line has the last word.
//!
//! Whoever proposes a change writes header and policy. What these name must be a regular file of the same repository.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use lockgate_formats::inventory::{included_requirements, kind_of};
use lockgate_formats::lock::Lock;
use lockgate_formats::{GroupRequest, SourceKind, has_project_table, states_setup_requirements};
use lockgate_index::files::Limit;
use lockgate_model::InventoryKind;

use crate::cli::LockArguments;
use crate::disk;
use crate::failure::Failure;
use crate::policies::repository::Way;
use crate::request::{Output, is_same_file};
use crate::sources::{groups, output};

/// As many files are looked at for what they include.
const MAX_INCLUDED: usize = 1000;

/// Moves the paths of a header to where they lead from the current folder. A header has them as they were seen from the folder that `lock`
/// ran in, which is where its output leads to this lock.
pub(super) fn relocate(arguments: &mut LockArguments, recorded: &LockArguments, lock: &str) {
    let folder = folder_of_command(recorded, lock);
    if arguments.sources.is_empty() && arguments.project.group.is_empty() {
        arguments.sources = ["requirements.in", "pyproject.toml"]
            .into_iter()
            .map(|name| placed(&folder, name))
            .find(|path| Path::new(path).is_file())
            .into_iter()
            .collect();
        return relocate_list(&mut arguments.constraint, &folder);
    }
    let has_project =
        (arguments.sources.iter()).any(|source| SourceKind::of(source) == SourceKind::Pyproject);
    relocate_list(&mut arguments.sources, &folder);
    relocate_list(&mut arguments.constraint, &folder);
    for group in &mut arguments.project.group {
        *group = match group.rsplit_once(':') {
            Some((file, name)) => format!("{}:{name}", placed(&folder, file)),
            None if has_project || folder.as_os_str().is_empty() => continue,
            None => format!("{}:{group}", placed(&folder, "pyproject.toml")),
        };
    }
}

fn relocate_list(paths: &mut [String], folder: &Path) {
    for path in paths.iter_mut().filter(|path| !is_address(path)) {
        *path = placed(folder, path);
    }
}

/// `path` in `folder`; as it is written in the current folder.
fn placed(folder: &Path, path: &str) -> String {
    if folder.as_os_str().is_empty() || path == "-" {
        return path.to_owned();
    }
    folder.join(path).display().to_string()
}

/// The folder that a recorded command ran in, empty for the current one: its output and the lock's own path end alike.
fn folder_of_command(recorded: &LockArguments, lock: &str) -> PathBuf {
    let Ok(lock) = std::path::absolute(lock) else {
        return PathBuf::new();
    };
    let output = match &recorded.output_file {
        Some(output) => output.clone(),
        None if recorded.sources.is_empty() => {
            let name = lock.file_name().unwrap_or_default();
            name.to_string_lossy().into_owned()
        }
        None => {
            let groups = groups(&recorded.project.group).unwrap_or_default();
            let is_pylock = kind_of(&lock.to_string_lossy(), "") == Some(InventoryKind::Pylock);
            match output(None, is_pylock, &recorded.sources, &groups) {
                Ok(Output::File(output)) => output,
                Ok(Output::Standard) | Err(_) => return PathBuf::new(),
            }
        }
    };
    let parts: Vec<Component<'_>> = Path::new(&output)
        .components()
        .filter(|part| *part != Component::CurDir)
        .collect();
    let is_plain = |part: &Component<'_>| matches!(part, Component::Normal(_));
    if parts.is_empty() || !parts.iter().all(is_plain) {
        return PathBuf::new();
    }
    let output: PathBuf = parts.iter().collect();
    let Some(folder) = lock
        .ancestors()
        .nth(parts.len())
        .filter(|_| lock.ends_with(&output))
    else {
        return PathBuf::new();
    };
    let current = std::env::current_dir().unwrap_or_default();
    pathdiff::diff_paths(folder, current).unwrap_or_default()
}

/// The source of a lock that names none: the file that `lock` takes by default for this output, else the one whose name differs from the
/// lock's in its ending.
pub(super) fn by_name(lock: &str, read: &Lock) -> Result<String, Failure> {
    let path = Path::new(lock);
    let beside = path.with_extension("in");
    if let Some(source) = default_source(lock)? {
        return Ok(source);
    }
    if beside != path && beside.is_file() {
        return Ok(beside.display().to_string());
    }
    let failure = Failure::new(format!(
        "`{lock}` does not say what it was locked from, and there is no `{}`",
        beside.display()
    ));
    let mut named: Vec<&str> = read
        .pins
        .iter()
        .flat_map(|pin| &pin.via)
        .filter_map(|via| source_of(via))
        .collect();
    named.sort_unstable();
    named.dedup();
    Err(failure.remedy(match named.as_slice() {
        [] => "name the source with `--source FILE`, or state it in a `[[lock]]` entry of the policy".to_owned(),
        named => format!(
            "name the source with `--source FILE`, or state it in a `[[lock]]` entry of the policy; comments of the lock mention `{}`",
            named.join("`, `")
        ),
    }))
}

/// The source that a `# via` names: `-r FILE`, `NAME (FILE)` of a project, `(FILE)` of a script. A group has no file of its own.
fn source_of(via: &str) -> Option<&str> {
    if let Some(file) = via.strip_prefix("-r ") {
        return Some(file);
    }
    let (_, file) = via.strip_suffix(')')?.split_once('(')?;
    (!file.contains(".toml:")).then_some(file)
}

/// The file next to `lock` that is locked there by default, if there is one: the first of those of which `lock` would name its output so.
fn default_source(lock: &str) -> Result<Option<String>, Failure> {
    let path = Path::new(lock);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_pylock = kind_of(lock, "") == Some(InventoryKind::Pylock);
    for candidate in candidates(&name) {
        let is_output = output(None, is_pylock, std::slice::from_ref(&candidate), &[])
            .is_ok_and(|output| output == Output::File(name.clone().into_owned()));
        let candidate = path.with_file_name(&candidate);
        if is_output && candidate.is_file() && states_requirements(&candidate)? {
            return Ok(Some(candidate.display().to_string()));
        }
    }
    Ok(None)
}

/// Names of files that may be locked under the name `lock`, the likeliest first.
fn candidates(lock: &str) -> Vec<String> {
    let named = lock
        .strip_prefix("pylock.")
        .and_then(|rest| rest.strip_suffix(".toml"));
    let mut candidates = Vec::new();
    if let Some(stem) = named {
        candidates.extend([".in", ".py", ".pyw"].map(|ending| format!("{stem}{ending}")));
    }
    if let Some(stem) = lock.strip_suffix(".txt") {
        candidates.extend([format!("{stem}.in"), stem.to_owned()]);
    }
    let projects = ["requirements.in", "pyproject.toml", "setup.cfg"];
    candidates.extend(projects.map(str::to_owned));
    candidates
}

/// Whether a file says what is required: projects keep the settings of tools in the same files.
fn states_requirements(source: &Path) -> Result<bool, Failure> {
    let kind = SourceKind::of(&source.to_string_lossy());
    if !matches!(kind, SourceKind::Pyproject | SourceKind::SetupCfg) {
        return Ok(true);
    }
    let Some(bytes) = disk::found_if_there(source, &source.display().to_string(), Limit::SOURCE)?
    else {
        return Ok(false);
    };
    Ok(match kind {
        SourceKind::Pyproject => has_project_table(&bytes),
        _ => states_setup_requirements(&bytes),
    })
}

/// Refuses a header that leaves out the file that `lock` takes by default for this output: the header alone does not decide that it no
/// longer counts.
pub(super) fn has_default(lock: &str, sources: &[String]) -> Result<(), Failure> {
    let Some(default) = default_source(lock)? else {
        return Ok(());
    };
    if is_among(&default, sources) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the header of `{lock}` leaves out `{default}`, which `lock` takes for this lock by default"
    ))
    .remedy(format!(
        "say what it is locked from: with `--source FILE`, or in a `[[lock]]` entry of the policy; else lock `{default}` again"
    )))
}

/// Whether a file is among these, or one that they include with `-r`.
fn is_among(file: &str, sources: &[String]) -> bool {
    let mut open: Vec<PathBuf> = sources.iter().map(PathBuf::from).collect();
    let mut seen = BTreeSet::new();
    while let Some(source) = open.pop() {
        if is_same_file(&source, Path::new(file)) {
            return true;
        }
        let is_requirements = SourceKind::of(&source.to_string_lossy()) == SourceKind::Requirements;
        let Some(real) = source.canonicalize().ok().filter(|_| is_requirements) else {
            continue;
        };
        if seen.len() > MAX_INCLUDED || !seen.insert(real) {
            continue;
        }
        // What cannot be read includes nothing; that it cannot is said where it is judged.
        let shown = source.display().to_string();
        let Ok(Some(bytes)) = disk::found_if_there(&source, &shown, Limit::SOURCE) else {
            continue;
        };
        let folder = source.parent().unwrap_or(Path::new(""));
        let included = included_requirements(&String::from_utf8_lossy(&bytes));
        open.extend(included.into_iter().map(|value| folder.join(value)));
    }
    false
}

/// The files that the statement on a lock names, each with the option that names it.
pub(super) fn named_files(arguments: &LockArguments) -> Vec<(&'static str, String)> {
    let mut files: Vec<(&'static str, String)> = Vec::new();
    let sources = arguments.sources.iter();
    files.extend(sources.map(|source| ("source", source.clone())));
    let constraints = arguments.constraint.iter();
    files.extend(constraints.map(|path| ("constraint", path.clone())));
    let groups: Vec<GroupRequest> = groups(&arguments.project.group).unwrap_or_default();
    let of_groups = groups
        .iter()
        .flat_map(|group| group.files(&arguments.sources));
    files.extend(of_groups.map(|file| ("group", file.to_owned())));
    files
}

/// The folder that everything which a lock or a policy names must lie in: the repository, else the current folder if the lock lies in it,
/// else the lock's own folder.
pub(super) fn boundary(lock: &str) -> Result<PathBuf, Failure> {
    if let Some(top) = repository_of(lock)? {
        return Ok(top);
    }
    let folder = folder_of(lock)?;
    let current = std::env::current_dir().and_then(|folder| folder.canonicalize());
    let current = current.ok().filter(|current| folder.starts_with(current));
    Ok(current.unwrap_or(folder))
}

fn folder_of(lock: &str) -> Result<PathBuf, Failure> {
    let unknown =
        |error: &std::io::Error| Failure::new(format!("cannot tell where `{lock}` is: {error}"));
    let absolute = std::path::absolute(lock).map_err(|error| unknown(&error))?;
    let folder = absolute.parent().unwrap_or(&absolute);
    folder.canonicalize().map_err(|error| unknown(&error))
}

/// The top of the repository that a lock lies in, if it lies in one.
pub(super) fn repository_of(lock: &str) -> Result<Option<PathBuf>, Failure> {
    Ok(Way::to(&folder_of(lock)?)?.top)
}

/// Refuses what is not a regular file inside `boundary`, links resolved. `stated` says who names it, and as what.
pub(super) fn inside(path: &str, boundary: &Path, stated: &str) -> Result<(), Failure> {
    let shown = lockgate_formats::command::redacted(path);
    let refused = |why: &str| {
        Failure::new(format!("{stated} `{shown}`, {why}")).remedy(
            "run `check` in the folder where it was locked, or name the sources with `--source FILE`",
        )
    };
    if is_address(path) {
        return Err(refused(
            "which is an address; only files of this repository are read",
        ));
    }
    let resolved = match Path::new(path).canonicalize() {
        Ok(resolved) => resolved,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(refused("which does not exist"));
        }
        Err(error) => return Err(refused(&format!("which cannot be read: {error}"))),
    };
    let within = resolved.strip_prefix(boundary);
    let is_inside =
        within.is_ok_and(|within| !within.components().any(|part| part.as_os_str() == ".git"));
    if !is_inside {
        return Err(refused("which is outside of the repository"));
    }
    if !resolved.is_file() {
        return Err(refused("which is not a regular file"));
    }
    Ok(())
}

/// Refuses an entry whose lock, when it is made, could not be checked: one with a source outside of the repository, or with an output among
/// the files of `.git`. What `is_made` tells of is about to be there.
pub(crate) fn entry_stays_inside(
    arguments: &LockArguments,
    output: &str,
    origin: &str,
    is_made: impl Fn(&str) -> bool,
) -> Result<(), Failure> {
    let mut parts = Path::new(output).components();
    if parts.any(|part| part.as_os_str() == ".git") {
        return Err(
            Failure::new(format!("{origin} names the lock `{output}`, a file of git"))
                .remedy("name another output in the entry"),
        );
    }
    let boundary = boundary(output)?;
    for (what, path) in named_files(arguments) {
        if !is_made(&path) {
            let stated = format!("{origin}: the entry for `{output}` names the {what}");
            inside(&path, &boundary, &stated)
                .map_err(|failure| failure.remedy("name a file of this repository in the entry"))?;
        }
    }
    Ok(())
}

/// Refuses an output of an entry that leads out of the repository, or of the policy's folder where there is none.
pub(super) fn output_inside(output: &str, scope: &Path, origin: &str) -> Result<(), Failure> {
    if !Path::new(output).exists() {
        return Ok(());
    }
    let boundary = Way::to(scope)?.top;
    let boundary = boundary.unwrap_or_else(|| scope.to_owned());
    inside(output, &boundary, &format!("{origin} names the lock"))
}

/// Whether a source would be read from an address, or `file:` and the like.
fn is_address(path: &str) -> bool {
    let scheme = path.split_once(':').map(|(scheme, _)| scheme);
    path.contains("://")
        || scheme.is_some_and(|scheme| {
            scheme.len() > 1
                && scheme
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
                && !Path::new(path).exists()
        })
}
