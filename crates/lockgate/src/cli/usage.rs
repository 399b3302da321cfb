//! What is said of a command line that cannot be read: on standard error as always, and where `--json` and `--report` want it.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::{ContextValue, ErrorKind};
use lockgate_formats::command::redacted;
use lockgate_model::text::{escaped_name, shown};

use super::TerminalOptions;
use crate::disk;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::terminal::{Rendered, Terminal};

/// Prints what is wrong, or the help that was asked for, and says how the process ends.
pub(super) fn tell(error: &clap::Error, arguments: &[OsString]) -> Exit {
    if !error.use_stderr() {
        // Help and version are answers; a closed pipe does not change that.
        let _ = error.print();
        return Exit::Done;
    }
    let is_text = |argument: &&OsString| argument.to_str().is_some();
    if error.kind() == ErrorKind::InvalidUtf8
        && let Some(argument) = arguments.iter().find(|argument| !is_text(argument))
    {
        return refuse(&not_text(argument), arguments);
    }
    let terminal = Terminal::new(&TerminalOptions::default());
    // A value that does not fit is shown, and it may be an address.
    if shows_hidden(error, arguments) {
        let text = redacted(&error.render().to_string());
        terminal.failure(&Failure::new(text.strip_prefix("error: ").unwrap_or(&text)));
    } else {
        terminal.talk(Rendered(&redacted(&error.render().ansi().to_string())));
    }
    report_on(&failure(error), arguments);
    Exit::NoAnswer
}

/// That an argument, a file's name for the most part, is no text. Locks and reports name files, and are UTF-8.
fn not_text(argument: &OsString) -> Failure {
    Failure::new(format!(
        "the argument `{}` is not valid UTF-8",
        redacted(&escaped_name(argument))
    ))
    .remedy("rename the file, or write the argument in UTF-8")
}

/// Whether what was typed, or a variable that stands for an option, could break a line of the message.
fn shows_hidden(error: &clap::Error, arguments: &[OsString]) -> bool {
    let is_hidden = |text: &str| matches!(shown(text), Cow::Owned(_));
    let mut values = error.context().filter_map(|(_, value)| match value {
        ContextValue::String(text) => Some(is_hidden(text)),
        ContextValue::Strings(texts) => Some(texts.iter().any(|text| is_hidden(text))),
        _ => None,
    });
    values.any(|hides| hides)
        || (arguments.iter()).any(|argument| is_hidden(&argument.to_string_lossy()))
}

/// Says that a command line is refused.
pub(super) fn refuse(failure: &Failure, arguments: &[OsString]) -> Exit {
    Terminal::new(&TerminalOptions::default()).failure(failure);
    report_on(failure, arguments);
    failure.exit
}

/// Says it where `--json` and `--report` want it.
fn report_on(failure: &Failure, arguments: &[OsString]) {
    let words: Vec<String> = arguments
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    output::deliver_usage(
        failure,
        words.iter().any(|word| word == "--json"),
        report(&words).as_deref(),
    );
}

/// The first line says what is wrong; the rest is how to call the program.
fn failure(error: &clap::Error) -> Failure {
    let text = redacted(&error.render().to_string());
    let line = text.lines().next().unwrap_or_default();
    Failure::new(line.strip_prefix("error: ").unwrap_or(line))
}

/// The file that `--report` names, if it is one to write: it is not there yet or holds a document. What a line that cannot be read
/// means is not known, and so neither is what may be a source.
fn report(words: &[String]) -> Option<PathBuf> {
    let value = |option: &str| {
        let mut words = words.iter();
        words.find_map(|word| match word.strip_prefix(option)? {
            "" => None,
            joined => joined.strip_prefix('=').map(ToOwned::to_owned),
        })
    };
    let next = |option: &str| {
        let place = words.iter().position(|word| word == option)?;
        words.get(place + 1).cloned()
    };
    let report = value("--report").or_else(|| next("--report"))?;
    let folder = value("--directory").or_else(|| next("--directory"));
    let path = Path::new(&folder.unwrap_or_default()).join(&report);
    let is_free = match disk::read_if_there(&path) {
        Ok(text) => text.is_none_or(|text| text.starts_with('{')),
        Err(_) => false,
    };
    (is_free && !report.starts_with('-')).then_some(path)
}
