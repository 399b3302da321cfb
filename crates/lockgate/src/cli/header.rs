//! What a recorded `lock` command may say about the check of its own lock.
//!
//! A lock is what is judged, and whoever proposes a change writes it. So its header may repeat what is locked and in which form, and it may
//! ask for more strictness. Nothing in it runs a program, names a place to connect to, or loosens the answer.

use std::ffi::OsString;
use std::sync::LazyLock;

use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches as _};
use lockgate_formats::{ConfigLock, LockEntryValue};

use super::{LOCK, LockArguments, ReleaseOption, foreign};
use crate::failure::Failure;
use crate::provenance;

/// What an option of `lock` may do to the check of a lock whose header records it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum HeaderRole {
    /// It says what is locked, or in which form: it holds again.
    Result,
    /// It restricts what may be chosen: it holds where it is stricter than what holds without it.
    Strictness,
    /// It has something run: only the caller can say it.
    Runs,
    /// It says where to connect, and how: only the caller can say it.
    Connects,
    /// It loosens the answer: only the caller can say it.
    Loosens,
    /// It is about the screen, the cache, the output or pins to replace: it says nothing.
    Silent,
}

impl HeaderRole {
    /// Whether only the caller can say it.
    pub(crate) fn is_of_caller(self) -> bool {
        matches!(self, Self::Runs | Self::Connects | Self::Loosens)
    }
}

/// The role of each option, by the id of its argument. An option that is missing here counts as one that loosens, and a test fails.
const ROLES: [(HeaderRole, &[&str]); 6] = [
    (
        HeaderRole::Result,
        &[
            "sources",
            "requirement",
            "constraint",
            "extra",
            "all_extras",
            "group",
            "universal",
            "fork_strategy",
            "python_version",
            "python_platform",
            "only_final",
            "format",
            "no_annotate",
            "annotation_style",
            "no_header",
            "strip_extras",
            "newline",
            "emit_index_url",
            "no_emit_index_url",
            "emit_find_links",
            "no_emit_find_links",
            "emit_trusted_host",
            "no_emit_trusted_host",
            "emit_build_options",
            "no_emit_options",
        ],
    ),
    (
        HeaderRole::Strictness,
        &[
            "exclude_newer",
            "uploaded_prior_to",
            "cooldown",
            "pre",
            "prerelease",
            "all_releases",
            "resolution",
        ],
    ),
    (
        HeaderRole::Runs,
        &["python", "allow_build", "config_settings", "build_timeout"],
    ),
    (
        HeaderRole::Connects,
        &[
            "index_url",
            "extra_index_url",
            "find_links",
            "no_index",
            "trusted_host",
            "cert",
            "client_cert",
            "keyring_provider",
            "proxy",
            "timeout",
            "retries",
            "git_timeout",
        ],
    ),
    (
        HeaderRole::Loosens,
        &[
            "gate",
            "advisories",
            "no_advisories",
            "min_severity",
            "ignore_vuln",
            "no_config",
            "policy",
            "policy_from",
            "no_hashes",
            "no_deps",
            "exclude",
            "overrides",
            "no_emit_package",
            "no_allow_unsafe",
            "allow_unsafe",
            "no_binary",
            "only_binary",
            "prefer_binary",
            "index_strategy",
        ],
    ),
    (
        HeaderRole::Silent,
        &[
            "output_file",
            "dry_run",
            "diff",
            "upgrade",
            "upgrade_package",
            "no_upgrade_package",
            "custom_compile_command",
            "cache_dir",
            "no_cache",
            "refresh",
            "refresh_package",
            "accept_older",
            "offline",
            "json",
            "report",
            "quiet",
            "verbose",
            "color",
            "no_color",
            "directory",
            "no_progress",
        ],
    ),
];

/// The role of an option in the table, and of another tool's option by what becomes of it.
fn classed(id: &str) -> Option<HeaderRole> {
    let own = ROLES.iter().find(|(_, ids)| ids.contains(&id));
    own.map(|(role, _)| *role)
        .or_else(|| foreign::header_role(id))
}

/// The role of an option, by the id of its argument or of the argument that it takes back.
pub(super) fn role(id: &str) -> HeaderRole {
    classed(id).unwrap_or(HeaderRole::Loosens)
}

/// A command that a lock's header records, read.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecordedCommand {
    /// All that it says. Only what [`LockArguments::take_results`] takes may hold as it stands.
    pub(crate) arguments: LockArguments,
    /// Its options, by role.
    pub(crate) options: Vec<RecordedOption>,
}

/// One option of a recorded command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordedOption {
    /// The id of its argument.
    pub(crate) id: String,
    /// Its long name, with dashes.
    pub(crate) long: String,
    /// Its values, none for a switch.
    pub(crate) values: Vec<String>,
    /// What it may do.
    pub(crate) role: HeaderRole,
}

impl RecordedOption {
    /// The option as it would be typed, without secrets.
    pub(crate) fn shown(&self) -> String {
        let long = self.long.trim_start_matches("--");
        let values: Vec<String> = self
            .values
            .iter()
            .map(|value| provenance::shown(long, value))
            .collect();
        match (values.is_empty(), self.id.as_str()) {
            (true, _) => self.long.clone(),
            (false, "allow_build") if values == [":all:"] => self.long.clone(),
            (false, "allow_build") => format!("{}={}", self.long, values.join(",")),
            (false, _) => values
                .iter()
                .map(|value| format!("{} {value}", self.long))
                .collect::<Vec<_>>()
                .join(" "),
        }
    }
}

impl RecordedCommand {
    /// Reads the words of a recorded command. No variable stands for an option here: variables are the caller's.
    pub(crate) fn read(words: &[String]) -> Result<Self, String> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let words = foreign::expanded(&words).map_err(|failure| failure.message)?;
        if words.get(1).is_none_or(|verb| verb != "lock") {
            return Err("it is not a `lock` command".to_owned());
        }
        let command = recorded_lock().clone();
        let matches = command
            .try_get_matches_from(words.into_iter().skip(1))
            .map_err(|error| first_line(&error))?;
        let mut arguments =
            LockArguments::from_arg_matches(&matches).map_err(|error| first_line(&error))?;
        arguments.settle();
        Ok(Self {
            arguments,
            options: options(&matches),
        })
    }
}

/// The options of `lock`, none of which a variable stands for.
fn recorded_lock() -> &'static clap::Command {
    static RECORDED: LazyLock<clap::Command> = LazyLock::new(|| {
        LazyLock::force(&LOCK)
            .clone()
            .mut_args(|argument| argument.env(Resettable::Reset))
    });
    &RECORDED
}

fn options(matches: &ArgMatches) -> Vec<RecordedOption> {
    let given = |argument: &&clap::Arg| {
        let id = argument.get_id().as_str();
        matches.value_source(id) == Some(ValueSource::CommandLine)
    };
    let option = |argument: &clap::Arg| {
        let id = argument.get_id().as_str();
        let values = matches.get_raw(id).unwrap_or_default();
        Some(RecordedOption {
            id: id.to_owned(),
            long: format!("--{}", argument.get_long()?),
            values: values
                .filter(|_| argument.get_action().takes_values())
                .map(|value| value.to_string_lossy().into_owned())
                .collect(),
            role: role(id),
        })
    };
    recorded_lock()
        .get_arguments()
        .filter(given)
        .filter_map(option)
        .collect()
}

pub(super) fn first_line(error: &clap::Error) -> String {
    let text = lockgate_formats::command::redacted(&error.render().to_string());
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

impl LockArguments {
    /// Takes over from `other` what says what is locked and in which form, and nothing else.
    pub(crate) fn take_results(&mut self, other: &Self) {
        self.sources.clone_from(&other.sources);
        self.constraint.clone_from(&other.constraint);
        self.format = other.format;
        self.project.clone_from(&other.project);
        self.region.clone_from(&other.region);
        let target = &other.target;
        self.target
            .python_version
            .clone_from(&target.python_version);
        self.target
            .python_platform
            .clone_from(&target.python_platform);
        self.choice.releases.0 = only_final(&other.choice.releases.0);
        let rendering = &other.rendering;
        let own = &mut self.rendering;
        own.no_annotate = rendering.no_annotate;
        own.annotation_style = rendering.annotation_style;
        own.no_header = rendering.no_header;
        own.strip_extras = rendering.strip_extras;
        own.newline = rendering.newline;
        own.emit_index_url = rendering.emit_index_url;
        own.no_emit_index_url = rendering.no_emit_index_url;
        own.emit_find_links = rendering.emit_find_links;
        own.no_emit_find_links = rendering.no_emit_find_links;
        own.emit_trusted_host = rendering.emit_trusted_host;
        own.no_emit_trusted_host = rendering.no_emit_trusted_host;
        own.emit_build_options = rendering.emit_build_options;
        own.no_emit_options = rendering.no_emit_options;
    }
}

/// What `--only-final` comes to by itself. `:none:` would take back what a source restricts, and is left out.
fn only_final(options: &[ReleaseOption]) -> Vec<ReleaseOption> {
    let mut names: Vec<&str> = Vec::new();
    for option in options {
        let ReleaseOption::OnlyFinal(value) = option else {
            continue;
        };
        for name in value.split(',').map(str::trim) {
            match name {
                ":none:" => names.clear(),
                ":all:" => names = vec![":all:"],
                "" => {}
                name => names.push(name),
            }
        }
    }
    let option = |name: &str| ReleaseOption::OnlyFinal(name.to_owned());
    names.into_iter().map(option).collect()
}

/// The words of a `lock` command that a `[[lock]]` entry stands for: sources, options and output. `place` says where a path of the entry
/// leads from the current folder.
pub(crate) fn entry_words(entry: &ConfigLock, place: impl Fn(&str) -> String) -> Vec<String> {
    let source = |path: &str| {
        let path = place(path);
        // It is not to be taken for an option.
        if path.starts_with('-') {
            format!("./{path}")
        } else {
            path
        }
    };
    let sources = entry.sources.iter();
    let mut words: Vec<String> = sources.map(|path| source(&path.value)).collect();
    let has_project = entry.sources.iter().any(|source| {
        lockgate_formats::SourceKind::of(&source.value) == lockgate_formats::SourceKind::Pyproject
    });
    for option in &entry.options {
        let name = option.name;
        let value = |text: &str| match name {
            "constraint" => place(text),
            "group" => match text.rsplit_once(':') {
                Some((file, group)) => format!("{}:{group}", place(file)),
                None if has_project => text.to_owned(),
                None => format!("{}:{text}", place("pyproject.toml")),
            },
            _ => text.to_owned(),
        };
        match &option.value {
            LockEntryValue::Switch(true) => words.push(format!("--{name}")),
            LockEntryValue::Switch(false) => {}
            LockEntryValue::Text(text) => words.push(format!("--{name}={}", value(text))),
            LockEntryValue::List(texts) => {
                words.extend(texts.iter().map(|text| format!("--{name}={}", value(text))));
            }
        }
    }
    words.push(format!("--output-file={}", place(&entry.output.value)));
    words
}

/// The arguments of `lock` that a `[[lock]]` entry stands for. `place` says where a path of the entry leads from the current folder.
pub(crate) fn entry_arguments(
    entry: &ConfigLock,
    place: impl Fn(&str) -> String,
) -> Result<LockArguments, Failure> {
    let mut words = vec!["lock".to_owned()];
    words.extend(entry_words(entry, place));
    let invalid = |error: &clap::Error| {
        Failure::new(format!(
            "{}: the `[[lock]]` entry for `{}`: {}",
            entry.origin,
            entry.output.value,
            first_line(error)
        ))
        .remedy("correct the entry: its keys are options of `lock` without the dashes")
    };
    let matches = recorded_lock()
        .clone()
        .try_get_matches_from(words)
        .map_err(|error| invalid(&error))?;
    LockArguments::from_arg_matches(&matches).map_err(|error| invalid(&error))
}

#[cfg(test)]
mod tests;
