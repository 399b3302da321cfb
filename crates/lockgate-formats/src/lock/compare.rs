//! What differs between a requirements lock and the graph that it should hold, as data.
//!
//! The lock is compared with what [`render`] would write, statement by statement: options on lines of their own, pins with their extras,
//! markers, hashes and options, direct references. Comments are left aside. A statement that an installer would act on and that
//! would not be written is a difference, whatever it says; so nothing needs to be known of an option to see it.

mod condition;
mod difference;
mod statements;

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{LockedGraph, Name, Note, Version};

pub(crate) use condition::Condition;
pub use difference::{Difference, What};
pub(crate) use difference::{field, shown_marker};

use super::options::{Annotation, Newline, RenderOptions};
use super::write::{AuditLine, Header, direct_lines, render};
use crate::error::InputError;
use statements::{OptionLine, Pinned, Statement, Statements, read};

/// Returns every difference between the lock in `text`, which stands at `file`, and what `options` would make of `graph`.
///
/// With `options.hashes` off a pin may have no hash; one that has some must have those of its files.
pub fn compare(
    text: &str,
    file: &str,
    graph: &LockedGraph,
    options: &RenderOptions,
) -> Result<Vec<Difference>, InputError> {
    let held = read(text, file)?;
    let expected = read(&bare(graph, options), file)?;
    let mut differences = option_lines(&held, &expected);
    differences.extend(direct_references(&held, graph, options));
    differences.extend(pins(&held, &expected, graph, options));
    differences.sort_by_key(|difference| difference.line.unwrap_or(usize::MAX));
    Ok(differences)
}

/// The lock without comments, with its hashes.
fn bare(graph: &LockedGraph, options: &RenderOptions) -> String {
    let header = Header {
        python: String::new(),
        is_universal: false,
        command: String::new(),
        audit: AuditLine::Off,
        index_answers: Vec::new(),
    };
    let options = RenderOptions {
        hashes: true,
        header: false,
        annotation: Annotation::None,
        newline: Newline::Unix,
        ..options.clone()
    };
    render(graph, &header, &options)
}

/// Options on lines of their own: the same ones, in the same order, since pip's `--index-url` drops what stands before it.
fn option_lines(held: &Statements, expected: &Statements) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut missing: Vec<String> = expected.options.iter().map(OptionLine::text).collect();
    let wanted = missing.clone();
    let mut kept = Vec::new();
    for option in &held.options {
        let text = option.text();
        match missing.iter().position(|other| *other == text) {
            Some(place) => {
                missing.remove(place);
                kept.push(text);
            }
            None => differences.push(Difference::at(option.line, What::Unwanted { text })),
        }
    }
    let is_reordered = missing.is_empty() && kept != wanted;
    let absent = missing.into_iter();
    differences.extend(absent.map(|text| Difference::nowhere(What::Absent { text })));
    if is_reordered && let Some(first) = held.options.first() {
        differences.push(Difference::at(first.line, What::Order { expected: wanted }));
    }
    differences
}

/// Direct references: each stands there as it would be written.
fn direct_references(
    held: &Statements,
    graph: &LockedGraph,
    options: &RenderOptions,
) -> Vec<Difference> {
    let lines = direct_lines(graph, options);
    let wanted = lines
        .iter()
        .filter(|(pin, _)| !options.omitted.contains(&pin.name));
    let mut unmatched: Vec<&Statement> = held.direct.iter().collect();
    let mut differences = Vec::new();
    for (pin, line) in wanted {
        let Some(place) = unmatched.iter().position(|one| one.text == *line) else {
            differences.push(Difference::nowhere(What::NotDirect {
                name: pin.name.clone(),
                text: line.clone(),
            }));
            continue;
        };
        let statement = unmatched.remove(place);
        differences.extend(options_of_pin(statement));
        let expected = pin
            .files
            .iter()
            .map(|file| format!("sha256:{}", file.sha256));
        let expected = expected.collect();
        differences.extend(hashes(statement, &expected, true, options.hashes));
    }
    differences.extend(unmatched.into_iter().map(|statement| {
        let text = statement.text.clone();
        Difference::at(statement.line, What::NotAskedFor { text })
    }));
    differences
}

/// A pin of the lock with what became of it.
type Pins<'a> = BTreeMap<&'a Name, Vec<(&'a Statement, &'a Pinned)>>;

fn by_name(statements: &Statements) -> Pins<'_> {
    let mut pins = Pins::new();
    for statement in &statements.pins {
        if let Some(pinned) = &statement.pinned {
            let of_name = pins.entry(&pinned.name).or_default();
            of_name.push((statement, pinned));
        }
    }
    pins
}

fn pins(
    held: &Statements,
    expected: &Statements,
    graph: &LockedGraph,
    options: &RenderOptions,
) -> Vec<Difference> {
    let (mut held_pins, mut expected_pins) = (by_name(held), by_name(expected));
    let names: BTreeSet<&Name> = held_pins
        .keys()
        .chain(expected_pins.keys())
        .copied()
        .collect();
    let unpinned = held.pins.iter().filter(|one| one.pinned.is_none());
    let mut differences: Vec<Difference> = unpinned
        .map(|one| {
            let text = one.text.clone();
            Difference::at(one.line, What::NotPinned { text })
        })
        .collect();
    for name in names {
        let held = held_pins.remove(name).unwrap_or_default();
        let expected = expected_pins.remove(name).unwrap_or_default();
        differences.extend(of_package(name, held, expected, graph, options));
    }
    differences
}

/// The pins of one package: first those that are the same are taken away, then those of one version are held against each other, and the
/// rest are other versions.
fn of_package(
    name: &Name,
    mut held: Vec<(&Statement, &Pinned)>,
    mut expected: Vec<(&Statement, &Pinned)>,
    graph: &LockedGraph,
    options: &RenderOptions,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let rounds: [fn(&Pinned, &Pinned) -> bool; 3] = [
        |one, other| one == other,
        |one, other| one.is_version_of(other) && one.marker == other.marker,
        Pinned::is_version_of,
    ];
    let known: BTreeSet<&Version> = expected.iter().map(|(_, pin)| &pin.version).collect();
    for is_match in rounds {
        held.retain(|(statement, pin)| {
            let Some(place) = expected.iter().position(|(_, other)| is_match(pin, other)) else {
                return true;
            };
            let (wanted, other) = expected.remove(place);
            differences.extend(pin.differences(statement, other));
            differences.extend(options_of_pin(statement));
            differences.extend(hashes(statement, &wanted.hashes, false, options.hashes));
            false
        });
    }
    let (again, held): (Vec<_>, Vec<_>) = held
        .into_iter()
        .partition(|(_, pin)| known.contains(&pin.version) && expected.is_empty());
    differences.extend(again.into_iter().map(|(statement, _)| {
        let text = statement.text.clone();
        Difference::at(statement.line, What::Again { text })
    }));
    let now: Vec<Version> = expected
        .iter()
        .map(|(_, pin)| pin.version.clone())
        .collect();
    let was: Vec<Version> = held.iter().map(|(_, pin)| pin.version.clone()).collect();
    match (held.first(), expected.first()) {
        (Some((statement, _)), Some(_)) => {
            let why = graph.notes.iter().find_map(|note| match note {
                Note::NotKept {
                    name: moved, why, ..
                } if moved == name => Some(why.clone()),
                _ => None,
            });
            let what = What::Moved {
                name: name.clone(),
                held: was,
                now,
                why,
            };
            differences.push(Difference::at(statement.line, what));
        }
        (Some(_), None) => differences.extend(held.iter().map(|(statement, pin)| {
            Difference::at(statement.line, not_required(pin, graph, options))
        })),
        (None, Some((statement, _))) if known.len() > now.len() => {
            let text = statement.text.clone();
            differences.push(Difference::nowhere(What::Absent { text }));
        }
        (None, Some(_)) => {
            let name = name.clone();
            let what = What::NotLocked {
                name,
                versions: now,
            };
            differences.push(Difference::nowhere(what));
        }
        (None, None) => {}
    }
    differences
}

/// Why a pin is one too many: nothing asks for the package, it is taken from elsewhere, or it is left out of the lock.
fn not_required(pin: &Pinned, graph: &LockedGraph, options: &RenderOptions) -> What {
    let (name, version) = (pin.name.clone(), pin.version.clone());
    if options.omitted.contains(&pin.name) {
        return What::LeftOut { name, version };
    }
    What::NotRequired { name, version }.or_direct(graph.pins.of(&pin.name).iter().find_map(|pin| {
        let direct = pin.direct.as_ref()?;
        Some(direct.reference.clone())
    }))
}

/// Options on the line of a pin: `lock` writes none but hashes.
fn options_of_pin(statement: &Statement) -> impl Iterator<Item = Difference> {
    statement.others.iter().map(|option| {
        let what = What::OptionOfPin {
            pin: statement.text.clone(),
            text: option.text(),
        };
        Difference::at(statement.line, what)
    })
}

fn hashes(
    statement: &Statement,
    expected: &BTreeSet<String>,
    is_direct: bool,
    are_needed: bool,
) -> Option<Difference> {
    let held = &statement.hashes;
    if held == expected || (held.is_empty() && !are_needed) {
        return None;
    }
    let what = What::Hashes {
        pin: statement.text.clone(),
        has_none: held.is_empty(),
        missing: expected.difference(held).cloned().collect(),
        foreign: held.difference(expected).count(),
        files: expected.len(),
        is_direct,
    };
    Some(Difference::at(statement.line, what))
}
