//! The text of a lock to its pins.

use std::collections::BTreeMap;

use lockgate_model::{Name, Requirement, Version};

use crate::error::InputError;
use crate::requirements::shell_words;

/// What a lock says.
#[derive(Debug, Clone, Default)]
pub struct Lock {
    /// The pins, in order.
    pub pins: Vec<LockedPin>,
    /// Lines that are requirements and no pins.
    pub unpinned: Vec<UnpinnedLine>,
    /// The command of the header, split into words, if it is lockgate's.
    pub command: Option<Vec<String>>,
}

/// One pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPin {
    /// The project.
    pub name: Name,
    /// The version.
    pub version: Version,
    /// Extras, sorted.
    pub extras: Vec<Name>,
    /// Hashes with their algorithm, as written.
    pub hashes: Vec<String>,
    /// Who asks for it, as its `# via` lines say.
    pub via: Vec<String>,
    /// Its line, from 1.
    pub line: usize,
}

/// A line that pins nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpinnedLine {
    /// What it says.
    pub text: String,
    /// Its line, from 1.
    pub line: usize,
}

impl Lock {
    /// Version by project. Of several pins of one project, for several environments, the last.
    pub fn versions(&self) -> BTreeMap<Name, Version> {
        self.pins
            .iter()
            .map(|pin| (pin.name.clone(), pin.version.clone()))
            .collect()
    }
}

/// Reads a lock. `file` is named in errors.
pub fn read(text: &str, file: &str) -> Result<Lock, InputError> {
    if text.contains('\0') {
        return Err(InputError::new(file, "it is a binary file, and no lock"));
    }
    let mut lock = Lock {
        command: command(text),
        ..Lock::default()
    };
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .peekable();
    // The pin that comments speak of; nothing after an unpinned line or an option.
    let mut current: Option<usize> = None;
    while let Some((number, line)) = lines.next() {
        let trimmed = line.trim();
        if let Some(comment) = trimmed.strip_prefix('#') {
            if line.starts_with(char::is_whitespace)
                && let Some(pin) = current.and_then(|index| lock.pins.get_mut(index))
            {
                via(comment, &mut pin.via);
            }
            continue;
        }
        if trimmed.is_empty() {
            current = None;
            continue;
        }
        let mut statement = trimmed.to_owned();
        while let Some(head) = statement.strip_suffix('\\') {
            let Some((_, next)) = lines.next_if(|(_, next)| !next.trim_start().starts_with('#'))
            else {
                statement = head.trim_end().to_owned();
                break;
            };
            statement = format!("{} {}", head.trim_end(), next.trim());
        }
        if statement.starts_with('-') {
            current = None;
            option(&statement).map_err(|why| InputError::new(file, why).at(number))?;
            continue;
        }
        let (statement, comment) = match statement.split_once(" #") {
            Some((statement, comment)) => (statement.trim().to_owned(), Some(comment.to_owned())),
            None => (statement, None),
        };
        match pin(&statement, number).map_err(|why| InputError::new(file, why).at(number))? {
            Ok(mut pin) => {
                if let Some(comment) = comment {
                    via(&comment, &mut pin.via);
                }
                current = Some(lock.pins.len());
                lock.pins.push(pin);
            }
            Err(unpinned) => {
                current = None;
                lock.unpinned.push(unpinned);
            }
        }
    }
    Ok(lock)
}

/// `via x`, the lines that follow `via`, or `via x, y`.
fn via(comment: &str, known: &mut Vec<String>) {
    let text = comment.trim();
    if text.starts_with("gate:") || text.starts_with("from ") {
        return;
    }
    let text = text.strip_prefix("via").map_or(text, str::trim);
    for part in text
        .split(", ")
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        known.push(part.to_owned());
    }
}

/// Options that locks carry say where to install from; an include would hide pins.
fn option(statement: &str) -> Result<(), String> {
    const KNOWN: [&str; 12] = [
        "-i",
        "--index-url",
        "--extra-index-url",
        "-f",
        "--find-links",
        "--no-index",
        "--trusted-host",
        "--pre",
        "--no-binary",
        "--only-binary",
        "--require-hashes",
        "--prefer-binary",
    ];
    let name = statement.split([' ', '=']).next().unwrap_or_default();
    if KNOWN.contains(&name) {
        return Ok(());
    }
    Err(match name {
        "-r" | "--requirement" | "-c" | "--constraint" => {
            format!(
                "`{statement}`: a lock is one file, and this one includes another; name that one as well"
            )
        }
        "-e" | "--editable" => format!("`{statement}`: an editable project is no pin"),
        _ => format!("unknown option `{name}`"),
    })
}

/// A pin, or a requirement that is none. An error is neither.
fn pin(statement: &str, line: usize) -> Result<Result<LockedPin, UnpinnedLine>, String> {
    let mut hashes = Vec::new();
    let mut words = Vec::new();
    let mut parts = statement.split_whitespace();
    while let Some(part) = parts.next() {
        if let Some(hash) = part.strip_prefix("--hash=") {
            hashes.push(hash.to_owned());
        } else if part == "--hash" {
            hashes.push(parts.next().ok_or("`--hash` needs a value")?.to_owned());
        } else if part.starts_with("--") {
            return Err(format!("unknown option `{part}`"));
        } else {
            words.push(part);
        }
    }
    let text = words.join(" ");
    let requirement: Requirement = text
        .parse()
        .map_err(|error| format!("`{text}` is not a requirement: {error}"))?;
    let exact = requirement
        .specifiers()
        .filter(|specifiers| specifiers.clauses().len() == 1)
        .and_then(|s| s.exact().cloned());
    let Some(version) = exact else {
        return Ok(Err(UnpinnedLine { text, line }));
    };
    hashes.sort();
    hashes.dedup();
    Ok(Ok(LockedPin {
        name: requirement.name,
        version,
        extras: requirement.extras,
        hashes,
        via: Vec::new(),
        line,
    }))
}

/// The command of a lockgate header, as words.
fn command(text: &str) -> Option<Vec<String>> {
    let head: Vec<&str> = text
        .lines()
        .take_while(|line| line.starts_with('#'))
        .collect();
    if !head
        .iter()
        .any(|line| line.contains("autogenerated by lockgate"))
    {
        return None;
    }
    let line = head.iter().find_map(|line| line.strip_prefix("#    "))?;
    shell_words(line)
        .ok()
        .filter(|words| words.first().is_some_and(|word| word == "lockgate"))
}
