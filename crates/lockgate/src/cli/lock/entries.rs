//! `lockgate lock` without a source: every `[[lock]]` entry of the policy, in turn.

use std::ffi::OsString;
use std::path::Path;

use clap::FromArgMatches as _;
use lockgate_formats::ConfigLock;

use super::LockArguments;
use crate::cli::header::{HeaderRole, first_line, role};
use crate::cli::{Arguments, Command, GivenOptions, LOCK, READ, command, foreign};
use crate::failure::Failure;
use crate::ops;
use crate::ops::lock::{LockOutcome, LockedEntry};
use crate::output::Outcome;
use crate::pending::PendingLocks;
use crate::policies::PolicyFinder;
use crate::request::{LockRequest, files_of};
use crate::statements::{LockStatements, real_place};
use crate::terminal::Terminal;

/// What the policy states about its locks; none where a source, a group or the lock is named, or the policy has no entries.
pub(super) fn stated(
    arguments: &LockArguments,
    given: &GivenOptions,
) -> Result<Option<LockStatements>, Failure> {
    let is_named = !arguments.sources.is_empty()
        || !arguments.project.group.is_empty()
        || arguments.output_file.is_some();
    if is_named {
        return Ok(None);
    }
    let policies = PolicyFinder::new(&arguments.gate)?.of_file("-")?;
    let statements = LockStatements::of(&policies);
    let Some(first) = statements.entries.first() else {
        return Ok(None);
    };
    no_option_of_one_lock(given, first)?;
    no_output_twice(&statements)?;
    Ok(Some(statements))
}

/// Refuses options that say what a lock is made of, or its form: an entry is the whole statement on that.
fn no_option_of_one_lock(given: &GivenOptions, first: &ConfigLock) -> Result<(), Failure> {
    let options: Vec<String> = LOCK
        .get_arguments()
        .filter(|argument| {
            let id = argument.get_id().as_str();
            given.has(id) && role(id) == HeaderRole::Result
        })
        .filter_map(|argument| argument.get_long())
        .map(|long| format!("`--{long}`"))
        .collect();
    if options.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{}: without a source every `[[lock]]` entry of the policy is locked, as the entry states it ({})",
        options.join(", "),
        first.origin
    ))
    .remedy("name the source that the option is for: `lockgate lock SRC…`; or state the option in the entry"))
}

/// Refuses two entries whose outputs are one file, by whatever paths.
fn no_output_twice(statements: &LockStatements) -> Result<(), Failure> {
    let mut places = Vec::new();
    for (output, origin) in statements.outputs() {
        let Some(place) = real_place(Path::new(&output)) else {
            continue;
        };
        if let Some((_, other)) = places.iter().find(|(other, _)| *other == place) {
            return Err(Failure::new(format!(
                "{origin}: `{output}` is the file that the entry at {other} is written to"
            ))
            .remedy("give each `[[lock]]` entry an output of its own"));
        }
        places.push((place, origin));
    }
    Ok(())
}

/// All files that the entries and the options name.
pub(super) fn files(statements: &LockStatements, arguments: &LockArguments) -> Vec<String> {
    let entries = statements.entries.iter();
    let stated = entries.filter_map(|entry| statements.arguments_of(entry).ok());
    let mut files: Vec<String> = stated.flat_map(|stated| files_of(&stated)).collect();
    files.extend(arguments.overrides.iter().cloned());
    files
}

/// Locks all entries. What one of them comes to keeps none of the others from being tried.
pub(super) fn locked(
    statements: &LockStatements,
    words: &[String],
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    let mut pending = PendingLocks::default();
    let mut all = Vec::new();
    for (entry, (output, _)) in statements.entries.iter().zip(statements.outputs()) {
        let words = words_of(&statements.words_of(entry), words);
        let ended = locked_entry(entry, &output, words, &pending, terminal);
        match &ended {
            Err(failure) if failure.exit.is_from_outside() => return Err(failure.clone()),
            Ok(LockOutcome::Locked(locked)) => pending.add(&output, &locked.text),
            Ok(LockOutcome::Impossible { .. }) | Err(_) => {}
        }
        all.push(LockedEntry { output, ended });
    }
    match <[LockedEntry; 1]>::try_from(all) {
        Ok([entry]) => entry.ended.map(Outcome::Lock),
        Err(all) => Ok(Outcome::LockAll(all)),
    }
}

fn locked_entry(
    entry: &ConfigLock,
    output: &str,
    words: Vec<String>,
    pending: &PendingLocks,
    terminal: &Terminal,
) -> Result<LockOutcome, Failure> {
    let arguments = read(entry, &words)?;
    ops::check::entry_stays_inside(&arguments, output, &entry.origin, |path| pending.has(path))?;
    terminal.summary(&format!("{output}: locking as {} states", entry.origin));
    let request = LockRequest::of_entry(arguments, words, pending.clone())?;
    super::solved(request, terminal)
}

/// The command that locks one entry: the words of the entry, then those that were typed. It is what the lock's header shows, and locks the
/// same where the policy has no entries.
fn words_of(stated: &[String], typed: &[String]) -> Vec<String> {
    let verb = typed.iter().skip(1).position(|word| word == "lock");
    let options = typed.get(verb.map_or(2, |verb| verb + 2)..);
    let mut options = options.unwrap_or_default();
    // Behind this stand sources, and there are none.
    if let [rest @ .., last] = options
        && last == "--"
    {
        options = rest;
    }
    let program = typed.first().cloned().unwrap_or_default();
    let mut words = vec![program, "lock".to_owned()];
    words.extend(stated.iter().chain(options).cloned());
    words
}

/// Reads the command of an entry as a command line is read.
fn read(entry: &ConfigLock, words: &[String]) -> Result<LockArguments, Failure> {
    let words: Vec<OsString> = words.iter().map(OsString::from).collect();
    let words = foreign::expanded(&words)?;
    let mut command = READ.get().cloned().unwrap_or_else(command);
    let parsed = command
        .try_get_matches_from_mut(words)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    match parsed.map(|arguments| arguments.command) {
        Ok(Command::Lock(mut arguments)) => {
            arguments.settle();
            Ok(*arguments)
        }
        Ok(_) => Err(Failure::new("the command line is no `lock` command")),
        Err(error) => Err(Failure::new(format!(
            "{}: the `[[lock]]` entry for `{}`, with the options of the command line: {}",
            entry.origin,
            entry.output.value,
            first_line(&error)
        ))
        .remedy(
            "correct the entry: its keys are options of `lock` without the dashes; or leave out the option that it does not go with",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_of_an_entry_is_its_own_words_and_then_those_typed() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let stated = words("a.in --universal");
        for (typed, expected) in [
            ("lockgate lock", "lockgate lock a.in --universal"),
            ("lockgate lock -U --", "lockgate lock a.in --universal -U"),
            (
                "/bin/lockgate lock --cache-dir lock",
                "/bin/lockgate lock a.in --universal --cache-dir lock",
            ),
        ] {
            assert_eq!(words_of(&stated, &words(typed)), words(expected));
        }
    }
}
