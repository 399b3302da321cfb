//! `lockgate lock` without a source: every `[[lock]]` entry of the policy, in turn.

use std::collections::BTreeMap;
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
    let outputs = statements.outputs();
    let mut run = EntriesRun {
        statements,
        outputs: outputs.into_iter().map(|(output, _)| output).collect(),
        words,
        terminal,
        pending: PendingLocks::default(),
        open: Vec::new(),
        ended: BTreeMap::new(),
    };
    for number in 0..run.outputs.len() {
        run.lock(number)?;
    }
    let outputs = run.outputs.into_iter();
    // In the order of the policy, whichever had to be made first.
    let all: Vec<LockedEntry> = outputs
        .zip(run.ended.into_values())
        .map(|(output, ended)| LockedEntry { output, ended })
        .collect();
    match <[LockedEntry; 1]>::try_from(all) {
        Ok([entry]) => entry.ended.map(Outcome::Lock),
        Err(all) => Ok(Outcome::LockAll(all)),
    }
}

/// A run over all entries.
struct EntriesRun<'a> {
    statements: &'a LockStatements,
    /// The lock of each entry.
    outputs: Vec<String>,
    words: &'a [String],
    terminal: &'a Terminal,
    pending: PendingLocks,
    /// The entries that are being locked: each needs the lock of the next.
    open: Vec<usize>,
    /// What entries came to, by their numbers.
    ended: BTreeMap<usize, Result<LockOutcome, Failure>>,
}

impl EntriesRun<'_> {
    /// Locks one entry, after those whose locks it reads.
    fn lock(&mut self, number: usize) -> Result<(), Failure> {
        let (Some(entry), Some(output), false) = (
            self.statements.entries.get(number),
            self.outputs.get(number).cloned(),
            self.ended.contains_key(&number),
        ) else {
            return Ok(());
        };
        self.open.push(number);
        self.terminal
            .summary(&format!("{output}: locking as {} states", entry.origin));
        let words = words_of(&self.statements.words_of(entry), self.words);
        let mut ended = self.attempt(number, entry, &output, &words);
        while let Some(other) = self.pending.take_met() {
            if self.open.contains(&other) {
                return Err(self.circle(other));
            }
            self.lock(other)?;
            ended = self.attempt(number, entry, &output, &words);
        }
        if let Err(failure) = &ended
            && failure.exit.is_from_outside()
        {
            return Err(failure.clone());
        }
        if let Ok(LockOutcome::Locked(locked)) = &ended
            && let Err(failure) = self.pending.add(&output, &locked.text)
        {
            ended = Err(failure);
        }
        self.ended.insert(number, ended);
        self.open.pop();
        Ok(())
    }

    /// Locks one entry, unless it reads a lock that is still to be made.
    fn attempt(
        &mut self,
        number: usize,
        entry: &ConfigLock,
        output: &str,
        words: &[String],
    ) -> Result<LockOutcome, Failure> {
        let others = self.outputs.iter().enumerate();
        let others =
            others.filter(|(other, _)| *other != number && !self.ended.contains_key(other));
        // One whose place cannot be told is refused when its own turn comes.
        let others = others
            .filter(|(_, path)| real_place(Path::new(path)).is_some())
            .map(|(other, path)| (path.as_str(), other));
        self.pending.await_all(others)?;
        locked_entry(entry, output, words.to_vec(), &self.pending, self.terminal)
    }

    /// The entries that need each other's locks, from `first` on.
    fn circle(&self, first: usize) -> Failure {
        let start = self.open.iter().position(|number| *number == first);
        let around = self.open.iter().skip(start.unwrap_or(0));
        let named: Vec<String> = around
            .chain([&first])
            .filter_map(|number| {
                let entry = self.statements.entries.get(*number)?;
                Some(format!(
                    "`{}` ({})",
                    self.outputs.get(*number)?,
                    entry.origin
                ))
            })
            .collect();
        Failure::new(format!(
            "the `[[lock]]` entries go round in a circle, each reads the lock of the next: {}",
            named.join(" → ")
        ))
        .remedy("remove one of the locks from the sources and constraints of the other")
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
