//! `git`, run so that neither the current folder nor a repository that is read decides what it does.
//!
//! It starts in an empty folder, looks for no repository above it and opens none that isn't named, so that a repository which happens to lie
//! there, a bare one that was committed included, configures nothing. Hooks, file system monitors, maintenance in the background and all
//! transports but the usual ones are off. The user's own configuration holds: credential helpers, `url.….insteadOf`, `core.sshCommand`.

mod revision;

use std::path::Path;
use std::time::Duration;

pub use revision::{RevisionFile, files_at_revision, object};

use crate::programs::{Ended, Environment, Program, RunError, Scratch};

/// How long one step of `git` may take when nobody says so.
pub const DEFAULT_LIMIT: Duration = Duration::from_mins(10);
/// Reading from a repository of this machine takes no longer.
const LOCAL_LIMIT: Duration = Duration::from_mins(1);
/// How many lines of what it complains of are shown.
const SHOWN_LINES: usize = 6;

/// Settings that hold over all configuration files.
const SETTINGS: [&str; 11] = [
    "core.hooksPath=/nonexistent/hooks",
    "core.fsmonitor=false",
    "safe.bareRepository=explicit",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "init.defaultBranch=main",
    "advice.detachedHead=false",
    "protocol.allow=never",
    "protocol.ext.allow=never",
];
/// The transports that are spoken, where any is.
const TRANSPORTS: [&str; 5] = [
    "protocol.https.allow=always",
    "protocol.http.allow=always",
    "protocol.git.allow=always",
    "protocol.ssh.allow=always",
    // Not for the submodules of a repository: they would reach files of this machine.
    "protocol.file.allow=user",
];

/// Why `git` gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// There is no `git`.
    #[error("there is no `git` on the path")]
    Missing,
    /// It took longer than it may.
    #[error("`git` did not end within {}", lasting(*.0))]
    TimedOut(Duration),
    /// It failed, with this complaint.
    #[error("{0}")]
    Refused(String),
    /// It could not be run, or the run was interrupted.
    #[error("`git` cannot be run: {0}")]
    Failed(String),
}

/// Writes a duration in minutes where it has no seconds.
fn lasting(limit: Duration) -> String {
    match (limit.as_secs(), limit.subsec_nanos()) {
        (1, 0) => "1 second".to_owned(),
        (seconds @ 120.., 0) if seconds % 60 == 0 => format!("{} minutes", seconds / 60),
        _ => format!("{} seconds", limit.as_secs_f64()),
    }
}

/// What one step of `git` works on.
#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    /// Nothing but a remote repository.
    Nowhere,
    /// A folder of ours, whose repository we made.
    Own(&'a Path),
    /// The repository of the user's at this `.git`. It is read, and nothing is fetched for it.
    Reading(&'a Path),
}

/// Asks a remote repository, without one at hand.
pub(crate) fn remote(arguments: &[&str], limit: Duration) -> Result<Ended, GitError> {
    run(Place::Nowhere, arguments, limit)
}

/// Works in the repository that was made in `folder`, which must be ours.
pub(crate) fn within(
    folder: &Path,
    arguments: &[&str],
    limit: Duration,
) -> Result<Ended, GitError> {
    run(Place::Own(folder), arguments, limit)
}

/// Returns the bytes of the file `path`, relative to the top of the work tree, as it is in `revision` of the repository whose git folder (or
/// `.git` file) is `git_dir`; none where that revision has no such file. Nothing of the work tree is read, and nothing is fetched.
pub fn file_at_revision(
    git_dir: &Path,
    revision: &str,
    path: &str,
) -> Result<Option<Vec<u8>>, GitError> {
    let commit = resolve_revision(git_dir, revision)?;
    // The listing tells a file that isn't there from one that can't be read, and a link or a submodule from a file.
    let files = files_at_revision(git_dir, &commit, Path::new(path))?;
    let is_listed = !files.is_empty();
    let file = files.into_iter().find(|file| file.path == Path::new(path));
    match file {
        Some(file) if file.is_regular => object(git_dir, &file.id).map(Some),
        // Only what lies below is listed where it is a folder.
        None if !is_listed => Ok(None),
        _ => Err(GitError::Refused(format!(
            "`{path}` of `{revision}` is not a regular file"
        ))),
    }
}

/// Returns the full id of the commit that `revision` names in the repository whose git folder is `git_dir`.
pub fn resolve_revision(git_dir: &Path, revision: &str) -> Result<String, GitError> {
    let place = Place::Reading(git_dir);
    // `rev-parse` would take it for an option whatever stands before it in older versions; no revision begins like this.
    if revision.is_empty() || revision.starts_with('-') || revision.contains(['\0', '\n']) {
        return Err(GitError::Refused(format!(
            "`{revision}` is not a valid revision"
        )));
    }
    let wanted = format!("{revision}^{{commit}}");
    let parse = ["rev-parse", "--quiet", "--verify", "--end-of-options"];
    let parsed = run(place, &[&parse[..], &[&wanted]].concat(), LOCAL_LIMIT)?;
    let text = parsed.text();
    let id = text.lines().find(|line| is_full_id(line));
    match id {
        Some(id) if parsed.success => Ok(id.to_owned()),
        _ if parsed.err.trim().is_empty() => Err(GitError::Refused(format!(
            "the repository has no revision `{revision}`"
        ))),
        _ => Err(GitError::Refused(complaint(&parsed))),
    }
}

/// Whether `text` is the full id of an object.
pub(crate) fn is_full_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn run(place: Place<'_>, arguments: &[&str], limit: Duration) -> Result<Ended, GitError> {
    let failed = |error| failure(error, limit);
    let git_dir = match place {
        Place::Nowhere | Place::Own(_) => None,
        Place::Reading(git_dir) => {
            let absolute = std::path::absolute(git_dir);
            Some(absolute.map_err(|error| GitError::Failed(error.to_string()))?)
        }
    };
    let scratch = match place {
        Place::Own(_) => None,
        Place::Nowhere | Place::Reading(_) => Some(scratch()?),
    };
    let folder = match (place, &scratch) {
        (Place::Own(folder), _) => folder,
        (_, Some(scratch)) => scratch.path(),
        (_, None) => Path::new("/"),
    };
    let mut program = bare(folder).map_err(failed)?.limit(limit);
    if let Some(git_dir) = git_dir {
        program = program
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_DIR", git_dir);
    } else {
        program = program.args(settings(&TRANSPORTS));
        if !says_how_ssh_is_started(folder, arguments, limit)? {
            program = program.env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
        }
    }
    program.args(arguments).run().map_err(failed)
}

/// Returns whether the user says how SSH is started, by a variable or in the configuration. Where it isn't needed, nobody is asked.
fn says_how_ssh_is_started(
    folder: &Path,
    arguments: &[&str],
    limit: Duration,
) -> Result<bool, GitError> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set("GIT_SSH_COMMAND") || is_set("GIT_SSH") {
        return Ok(true);
    }
    // Another transport may be turned into SSH by `url.….insteadOf`, and submodules name their own.
    let is_remote = |argument: &&str| argument.contains("://") && !argument.starts_with("file:");
    if !arguments
        .iter()
        .any(|argument| is_remote(argument) || *argument == "submodule")
    {
        return Ok(false);
    }
    let asked = bare(folder)
        .map(|program| program.args(["config", "--get", "core.sshCommand"]))
        .and_then(|program| program.limit(limit).run())
        .map_err(|error| failure(error, limit))?;
    Ok(asked.success && !asked.out.trim_ascii().is_empty())
}

/// Returns `git` with what always holds, to be started in `folder`.
fn bare(folder: &Path) -> Result<Program, RunError> {
    let mut program = Program::named("git", Environment::Git)?
        .args(settings(&SETTINGS))
        .folder(folder)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_TEMPLATE_DIR", "")
        .env("GIT_LFS_SKIP_SMUDGE", "1")
        .env("LC_ALL", "C");
    // Nothing above the folder is looked at: temporary folders may lie in a repository.
    if let Some(above) = folder.parent() {
        program = program.env("GIT_CEILING_DIRECTORIES", above);
    }
    Ok(program)
}

fn scratch() -> Result<Scratch, GitError> {
    Scratch::new("lockgate-git-").map_err(|error| GitError::Failed(error.to_string()))
}

fn failure(error: RunError, limit: Duration) -> GitError {
    match error {
        RunError::Missing => GitError::Missing,
        RunError::TimedOut => GitError::TimedOut(limit),
        error @ (RunError::Failed(_) | RunError::Stopped | RunError::TooMuch) => {
            GitError::Failed(error.to_string())
        }
    }
}

fn settings<'a>(settings: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    settings.iter().flat_map(|setting| ["-c", setting])
}

fn successful(ended: Ended) -> Result<Ended, GitError> {
    if ended.success {
        Ok(ended)
    } else {
        Err(GitError::Refused(complaint(&ended)))
    }
}

/// Returns the first lines of what it complained of.
pub(crate) fn complaint(ended: &Ended) -> String {
    let lines: Vec<&str> = ended.err.trim().lines().take(SHOWN_LINES).collect();
    if lines.is_empty() {
        return "`git` failed without a word".to_owned();
    }
    lines.join("\n    ")
}

#[cfg(test)]
mod tests;
