//! The statements of a requirements lock, by the same rules by which pip joins and strips its lines.

use std::collections::BTreeSet;

use lockgate_model::{Clause, Name, Requirement, Source, Version};

use super::condition::Condition;
use super::difference::{Difference, What};
use crate::error::InputError;
use crate::lock::split_marker;
use crate::requirements::decode::as_declared;
use crate::requirements::{Given, Known, Words, read_locked, split, uncommented};

/// All statements of a lock, in order.
#[derive(Debug, Default)]
pub(super) struct Statements {
    /// Options on lines of their own.
    pub(super) options: Vec<OptionLine>,
    /// Lines that name a package, pinned or not.
    pub(super) pins: Vec<Statement>,
    /// Lines that install from an address, a repository or a path.
    pub(super) direct: Vec<Statement>,
}

/// An option with its value, empty where it takes none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OptionLine {
    pub(super) line: usize,
    name: &'static str,
    value: String,
}

impl OptionLine {
    fn new(given: Given, line: usize) -> Self {
        Self {
            line,
            name: given.name,
            value: given.value,
        }
    }

    /// The option as `lock` spells it.
    pub(super) fn text(&self) -> String {
        match self.value.as_str() {
            "" => self.name.to_owned(),
            value => format!("{} {value}", self.name),
        }
    }
}

/// A line that installs something.
#[derive(Debug)]
pub(super) struct Statement {
    /// Its first line, from 1.
    pub(super) line: usize,
    /// What it says, without options.
    pub(super) text: String,
    /// What it pins, if it is a package at one version.
    pub(super) pinned: Option<Pinned>,
    /// `--hash` values, their digests in lower case as installers compare them.
    pub(super) hashes: BTreeSet<String>,
    /// Options other than `--hash`.
    pub(super) others: Vec<OptionLine>,
}

/// A package at one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pinned {
    pub(super) name: Name,
    pub(super) version: Version,
    clause: Clause,
    extras: Vec<Name>,
    pub(super) marker: Condition,
}

impl Pinned {
    fn new(requirement: Requirement, text: &str) -> Option<Self> {
        let clauses = requirement.specifiers()?.clauses();
        let [clause] = clauses else {
            return None;
        };
        let clause = clause.clone();
        Some(Self {
            version: requirement.specifiers()?.exact()?.clone(),
            name: requirement.name,
            clause,
            extras: requirement.extras,
            marker: Condition::new(split_marker(text).1),
        })
    }

    /// Whether both are of one release.
    pub(super) fn is_version_of(&self, other: &Self) -> bool {
        self.name == other.name && self.version == other.version
    }

    /// What is different about a pin of the same version.
    pub(super) fn differences(&self, statement: &Statement, other: &Self) -> Vec<Difference> {
        let pin = || format!("{}=={}", self.name, self.version);
        let mut differences = Vec::new();
        if self.marker != other.marker {
            differences.push(What::Place {
                pin: pin(),
                held: self.marker.shown(),
                needed: other.marker.shown(),
            });
        }
        if self.extras != other.extras || self.clause != other.clause {
            differences.push(What::Line {
                held: self.shown(),
                now: other.shown(),
            });
        }
        let at = |what| Difference::at(statement.line, what);
        differences.into_iter().map(at).collect()
    }

    fn shown(&self) -> String {
        let extras: Vec<&str> = self.extras.iter().map(Name::as_str).collect();
        let extras = match extras.as_slice() {
            [] => String::new(),
            extras => format!("[{}]", extras.join(",")),
        };
        let Clause {
            operator, verbatim, ..
        } = &self.clause;
        let version = match verbatim {
            Some(text) => text.clone(),
            None => self.version.to_string(),
        };
        format!("{}{extras}{operator}{version}", self.name)
    }
}

/// Reads the statements of the lock in `text`, which stands at `file`.
pub(super) fn read(text: &str, file: &str) -> Result<Statements, InputError> {
    let mut statements = Statements::default();
    let text = as_declared(text).map_err(|why| InputError::new(file, why))?;
    for (line, text) in uncommented(&text) {
        statements
            .add(&text, line)
            .map_err(|message| InputError::new(file, message).at(line))?;
    }
    Ok(statements)
}

impl Statements {
    fn add(&mut self, text: &str, line: usize) -> Result<(), String> {
        let Words {
            requirement: text,
            options,
            stray,
        } = split(text)?;
        if let Some(word) = stray.first() {
            return Err(format!(
                "`{word}` is neither an option nor part of a requirement"
            ));
        }
        if text.is_empty() {
            self.option_line(options, line);
            return Ok(());
        }
        let mut statement = Statement {
            line,
            text,
            pinned: None,
            hashes: BTreeSet::new(),
            others: Vec::new(),
        };
        for given in options {
            if given.known == Known::Hash {
                statement.hashes.insert(folded(&given.value));
            } else {
                statement.others.push(OptionLine::new(given, line));
            }
        }
        match read_locked(&statement.text) {
            Ok(requirement) if !matches!(requirement.source, Source::Url(_)) => {
                statement.pinned = Pinned::new(requirement, &statement.text);
                self.pins.push(statement);
            }
            Err(bad) if !bad.is_reference => return Err(bad.message),
            Ok(_) | Err(_) => self.direct.push(statement),
        }
        Ok(())
    }

    /// `-e` installs something though it is an option; what else stands on its line is compared like any option.
    fn option_line(&mut self, options: Vec<Given>, line: usize) {
        for given in options {
            if given.known == Known::Editable {
                self.direct.push(Statement {
                    line,
                    text: format!("-e {}", given.value),
                    pinned: None,
                    hashes: BTreeSet::new(),
                    others: Vec::new(),
                });
            } else {
                self.options.push(OptionLine::new(given, line));
            }
        }
    }
}

/// A `--hash` value with its digest in lower case. The algorithm stays as it is: pip knows `sha256`, and refuses `SHA256`.
fn folded(value: &str) -> String {
    match value.split_once(':') {
        Some((algorithm, digest)) => format!("{algorithm}:{}", digest.to_ascii_lowercase()),
        None => value.to_owned(),
    }
}
