//! The command line: text to requests, requests to operations, outcomes to exit codes.
//!
//! Nothing here decides anything about packages. A command parses, builds one request and calls one operation.

mod audit;
mod cache;
mod check;
mod lock;
mod options;

pub(crate) use cache::Verb as CacheVerb;
pub(crate) use check::CheckArguments;
pub(crate) use lock::LockArguments;
pub(crate) use options::{
    BinaryOption, CacheOptions, ChoiceOptions, GateModeName, GateOptions, IndexOptions, LevelName,
    OutputOptions, PrereleaseName, TargetOptions, TerminalOptions,
};

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

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

#[derive(Debug, Subcommand)]
enum Command {
    /// Resolve requirements under the gate and write a hashed, audited lock
    Lock(Box<LockArguments>),
    /// Audit existing locks against advisories
    Audit(Box<audit::AuditArguments>),
    /// Check that a lock satisfies its sources, has its hashes, and has no finding above policy
    Check(Box<CheckArguments>),
    /// Look after the cache
    Cache(cache::CacheArguments),
}

/// Runs one command line and says how it ended.
pub(crate) fn run(arguments: &[OsString]) -> ExitCode {
    let parsed = without_empty_variables(Arguments::command())
        .try_get_matches_from(arguments)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version are answers; everything else is bad usage. A closed pipe changes neither.
            let code = if error.use_stderr() {
                Exit::NoAnswer
            } else {
                Exit::Done
            };
            let _ = error.print();
            return code.into();
        }
    };
    let words: Vec<String> = arguments
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    match parsed.command {
        Command::Lock(arguments) => {
            let terminal = Terminal::new(&arguments.terminal);
            finish(&terminal, lock::run(*arguments, words, &terminal))
        }
        Command::Audit(arguments) => {
            let terminal = Terminal::new(&arguments.terminal);
            finish(&terminal, audit::run(*arguments, &terminal))
        }
        Command::Check(arguments) => {
            let terminal = Terminal::new(&arguments.terminal);
            finish(&terminal, check::run(&arguments, &terminal))
        }
        Command::Cache(arguments) => {
            let terminal = Terminal::new(&arguments.terminal);
            finish(&terminal, cache::run(&arguments, &terminal))
        }
    }
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

/// Reads the command recorded in a lock's header, so that its options hold again.
pub(crate) fn lock_arguments(words: &[String]) -> Result<LockArguments, String> {
    match Arguments::try_parse_from(words)
        .map_err(|error| error.kind().to_string())?
        .command
    {
        Command::Lock(arguments) => Ok(*arguments),
        _ => Err("it is no `lock` command".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
