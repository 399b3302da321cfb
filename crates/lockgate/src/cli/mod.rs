//! The command line: text to requests, requests to operations, outcomes to exit codes.
//!
//! Nothing here decides anything about packages. A command parses, builds one request and calls one operation.

mod advisories;
mod audit;
mod build;
mod cache;
mod check;
mod convert;
mod foreign;
mod header;
mod index;
mod lock;
mod options;
mod rendering;
mod usage;

pub(crate) use advisories::{AdvisoriesArguments, AdvisoriesVerb};
pub(crate) use audit::{AuditArguments, InputFormat, PipAuditOptions, Switch, YankName};
pub(crate) use build::BuildOptions;
pub(crate) use cache::Verb as CacheVerb;
pub(crate) use check::CheckArguments;
pub(crate) use convert::ConvertArguments;
pub(crate) use foreign::ForeignOptions;
pub(crate) use header::{
    HeaderRole, RecordedCommand, RecordedOption, entry_arguments, entry_words,
};
pub(crate) use index::{IndexOptions, KeyringName, StrategyName};
pub(crate) use lock::{ForkStrategyName, LockArguments, LockFormat};
pub(crate) use options::{
    BinaryOption, CacheOptions, ChoiceOptions, GateModeName, GateOptions, LevelName, OutputOptions,
    PrereleaseName, ProjectOptions, ReleaseOption, ResolutionName, TargetOptions, TerminalOptions,
};
pub(crate) use rendering::{AnnotationStyle, NewlineName, RenderingOptions};

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::{LazyLock, OnceLock};

use clap::parser::ValueSource;
use clap::{ArgMatches, Args as _, CommandFactory as _, FromArgMatches, Parser, Subcommand};
use lockgate_formats::command::Word;

use crate::failure::{Exit, Failure};
use crate::provenance;
use crate::terminal::Terminal;
use crate::world;

/// A pip-compatible lockfile resolver with an audit gate
#[derive(Debug, Parser)]
#[command(
    name = "lockgate",
    version,
    about,
    max_term_width = 110,
    propagate_version = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// The verbs. What derives the trait would build the options of all of them in each run, which costs more than many a run itself.
#[derive(Debug)]
enum Command {
    Lock(Box<LockArguments>),
    Audit(Box<AuditArguments>),
    Check(Box<CheckArguments>),
    Convert(Box<ConvertArguments>),
    Advisories(Box<AdvisoriesArguments>),
    Cache(cache::CacheArguments),
}

/// Builds the options of a verb.
type Options = fn(clap::Command) -> clap::Command;

/// Name, purpose and options of each verb.
const VERBS: [(&str, &str, Options); 6] = [
    (
        "lock",
        "Resolve requirements under the gate and write a hashed, audited lock",
        |command| with_links(LockArguments::augment_args(command)),
    ),
    (
        "audit",
        "Audit existing locks against advisories",
        AuditArguments::augment_args,
    ),
    (
        "check",
        "Check that a lock satisfies its sources, has its hashes, and has no finding above policy",
        |command| with_links(CheckArguments::augment_args(command)),
    ),
    (
        "convert",
        "Write a lock in another form, without resolving",
        |command| with_links(ConvertArguments::augment_args(command)),
    ),
    (
        "advisories",
        "Look after the local advisories, and look one up",
        AdvisoriesArguments::augment_args,
    ),
    (
        "cache",
        "Look after the cache",
        cache::CacheArguments::augment_args,
    ),
];

/// `-f` is pip's for `--find-links`, and pip-audit's for the format of an audit.
fn with_links(command: clap::Command) -> clap::Command {
    command.mut_arg("find_links", |argument| argument.short('f'))
}

impl Subcommand for Command {
    fn augment_subcommands(command: clap::Command) -> clap::Command {
        VERBS
            .iter()
            .fold(command, |command, (name, about, options)| {
                command.subcommand(clap::Command::new(*name).about(*about).defer(*options))
            })
    }

    fn augment_subcommands_for_update(command: clap::Command) -> clap::Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        VERBS.iter().any(|(verb, ..)| *verb == name)
    }
}

impl FromArgMatches for Command {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let unknown = || clap::Error::new(clap::error::ErrorKind::MissingSubcommand);
        let (name, matches) = matches.subcommand().ok_or_else(unknown)?;
        Ok(match name {
            "lock" => Self::Lock(Box::new(LockArguments::from_arg_matches(matches)?)),
            "audit" => Self::Audit(Box::new(AuditArguments::from_arg_matches(matches)?)),
            "check" => Self::Check(Box::new(CheckArguments::from_arg_matches(matches)?)),
            "convert" => Self::Convert(Box::new(ConvertArguments::from_arg_matches(matches)?)),
            "advisories" => {
                Self::Advisories(Box::new(AdvisoriesArguments::from_arg_matches(matches)?))
            }
            "cache" => Self::Cache(cache::CacheArguments::from_arg_matches(matches)?),
            _ => return Err(unknown()),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The command line as it is read.
fn command() -> clap::Command {
    Arguments::command()
}

/// The command line of this run, once it has been read.
static READ: OnceLock<clap::Command> = OnceLock::new();

/// The options of `lock` for a run that is of another verb.
static LOCK: LazyLock<clap::Command> =
    LazyLock::new(|| with_links(LockArguments::augment_args(clap::Command::new("lock"))));

/// Runs one command line and says how it ended.
pub(crate) fn run(arguments: &[OsString]) -> ExitCode {
    if let Err(failure) = world::watch_for_end() {
        return usage::refuse(&failure, arguments).into();
    }
    let expanded = match foreign::expanded(arguments) {
        Ok(expanded) => expanded,
        Err(failure) => return usage::refuse(&failure, arguments).into(),
    };
    let mut command = command();
    if has_empty_variables() {
        command.build();
        command = without_empty_variables(command);
    }
    let parsed = command
        .try_get_matches_from_mut(expanded)
        .and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, matches)));
    let (mut parsed, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return usage::tell(&error, arguments).into(),
    };
    let words: Vec<String> = arguments
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    parsed.command.settle();
    let terminal = Terminal::new(parsed.command.terminal());
    if terminal.is_verbose() {
        for line in provenance::given(&command, &matches) {
            terminal.detail(&line);
        }
    }
    // It is read once in a process.
    let _ = READ.set(command);
    let ended = enter(parsed.command.terminal()).and_then(|()| match parsed.command {
        Command::Lock(arguments) => {
            lock::run(*arguments, words, &GivenOptions::of(&matches), &terminal)
        }
        Command::Audit(arguments) => audit::run(*arguments, &words, &terminal),
        Command::Check(arguments) => check::run(&arguments, &GivenOptions::of(&matches), &terminal),
        Command::Convert(arguments) => convert::run(*arguments, words, &terminal),
        Command::Advisories(arguments) => advisories::run(*arguments, &terminal),
        Command::Cache(arguments) => cache::run(&arguments, &terminal),
    });
    finish(&terminal, ended)
}

impl Command {
    /// Brings what can be said in two ways to one.
    fn settle(&mut self) {
        match self {
            Self::Lock(arguments) => arguments.settle(),
            Self::Audit(arguments) => arguments.settle(),
            Self::Check(arguments) => arguments.output.settle(),
            Self::Advisories(arguments) => arguments.output.settle(),
            Self::Convert(_) | Self::Cache(_) => {}
        }
    }

    fn terminal(&self) -> &TerminalOptions {
        match self {
            Self::Lock(arguments) => &arguments.terminal,
            Self::Audit(arguments) => &arguments.terminal,
            Self::Check(arguments) => &arguments.terminal,
            Self::Convert(arguments) => &arguments.terminal,
            Self::Advisories(arguments) => &arguments.terminal,
            Self::Cache(arguments) => &arguments.terminal,
        }
    }
}

/// `--directory`: everything that follows happens in that folder.
fn enter(options: &TerminalOptions) -> Result<(), Failure> {
    let Some(folder) = &options.directory else {
        return Ok(());
    };
    std::env::set_current_dir(folder).map_err(|error| {
        Failure::new(format!("`--directory {}`: {error}", folder.display()))
            .remedy("name a folder that is there")
    })
}

fn has_empty_variables() -> bool {
    std::env::vars_os().any(|(_, value)| value.is_empty())
}

/// A variable that is set to nothing, as CI systems do with those that have no value, counts as not set.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let mut command = command.mut_args(|argument| {
        let is_empty = argument
            .get_env()
            .and_then(std::env::var_os)
            .is_some_and(|value| value.is_empty());
        if is_empty {
            argument.env(clap::builder::Resettable::Reset)
        } else {
            argument
        }
    });
    for subcommand in command.get_subcommands_mut() {
        *subcommand = without_empty_variables(std::mem::take(subcommand));
    }
    command
}

fn finish(terminal: &Terminal, ended: Result<Exit, Failure>) -> ExitCode {
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            terminal.failure(&failure);
            failure.exit.into()
        }
    }
}

/// The options of a verb that the command line or a variable gives, by the ids of their arguments.
#[derive(Debug, Clone, Default)]
pub(crate) struct GivenOptions(BTreeSet<String>);

impl GivenOptions {
    fn of(matches: &ArgMatches) -> Self {
        let Some((_, matches)) = matches.subcommand() else {
            return Self::default();
        };
        let is_given = |id: &&clap::Id| {
            let source = matches.value_source(id.as_str());
            matches!(
                source,
                Some(ValueSource::CommandLine | ValueSource::EnvVariable)
            )
        };
        Self(
            matches
                .ids()
                .filter(is_given)
                .map(ToString::to_string)
                .collect(),
        )
    }

    /// Whether an option is given.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.0.contains(id)
    }
}

/// Reads the words of a `lock` command.
pub(crate) fn lock_arguments(words: &[String]) -> Result<LockArguments, String> {
    let words: Vec<OsString> = words.iter().map(OsString::from).collect();
    let words = foreign::expanded(&words).map_err(|failure| failure.message)?;
    match command()
        .try_get_matches_from(words)
        .and_then(|matches| Arguments::from_arg_matches(&matches))
        .map_err(|error| error.kind().to_string())?
        .command
    {
        Command::Lock(mut arguments) => {
            arguments.settle();
            Ok(*arguments)
        }
        _ => Err("it is no `lock` command".to_owned()),
    }
}

/// What the lock's header has to know of an option of `lock`, `--long` or `-s`.
pub(crate) fn known_option(name: &str) -> Word {
    // Asked for each word of a command line.
    let read = READ
        .get()
        .and_then(|command| command.find_subcommand("lock"));
    let lock = read
        .filter(|lock| lock.get_arguments().next().is_some())
        .unwrap_or_else(|| LazyLock::force(&LOCK));
    let argument = lock
        .get_arguments()
        .find(|argument| is_named(argument, name));
    Word {
        takes_value: argument.is_some_and(|argument| argument.get_action().takes_values()),
        is_idle: foreign::table().any(|option| option.is_idle() && option.is(name)),
    }
}

fn is_named(argument: &clap::Arg, name: &str) -> bool {
    let longs = || {
        argument
            .get_long()
            .into_iter()
            .chain(argument.get_all_aliases().into_iter().flatten())
    };
    let shorts = || {
        argument
            .get_short()
            .into_iter()
            .chain(argument.get_all_short_aliases().into_iter().flatten())
    };
    match name.strip_prefix("--") {
        Some(long) => longs().any(|own| own == long),
        None => shorts().any(|own| name.strip_prefix('-') == Some(own.encode_utf8(&mut [0; 4]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }
}
