//! The text of a lock to its pins, by the grammar that pip installs it with.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{DirectPin, Environment, KeptPin, Marker, Name, Scope, Source, Version};

use super::omitted::{self, Omitted};
use super::write::{BETWEEN_REGIONS, INDEX_ANSWER, REGIONS};
use crate::error::InputError;
use crate::requirements::{
    BadRequirement, Given, Known, Role, Words, is_comment, physical, read_locked, shell_words,
    split, without_comment,
};

/// What a lock says.
#[derive(Debug, Clone, Default)]
pub struct Lock {
    /// The pins, in order.
    pub pins: Vec<LockedPin>,
    /// Lines that install something from a direct reference, in order.
    pub direct: Vec<LockedDirect>,
    /// Lines that install something and pin no version.
    pub unpinned: Vec<UnpinnedLine>,
    /// Options on lines of their own, in order.
    pub options: Vec<LockOption>,
    /// What it says to be needed and does not pin.
    pub omitted: Vec<Omitted>,
    /// The command of the header, split into words, if it is lockgate's.
    pub command: Option<Vec<String>>,
    /// The regions that it was solved in apart from each other, if the header names some.
    pub regions: Vec<Marker>,
    /// The extras and groups that it can be installed with or without; only `pylock.toml` can say so.
    pub scopes: BTreeSet<Scope>,
    /// What of these asks for each pin of a `pylock.toml`, direct references included.
    pub scoped: Vec<ScopedPin>,
    /// The audit's evidence in the header, as written, if it is lockgate's.
    pub audit: Option<String>,
    /// Which answers of indexes were taken for absences, as written, if it is lockgate's.
    pub index_answers: Vec<String>,
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
    /// When it applies.
    pub marker: Marker,
    /// Hashes with their algorithm, as written, sorted.
    pub hashes: Vec<String>,
    /// Who asks for it, as its `# via` lines say.
    pub via: Vec<String>,
    /// Its line, from 1.
    pub line: usize,
}

/// A line that installs something from a direct reference: an address, a repository, a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedDirect {
    /// What it says, without its hashes.
    pub text: String,
    /// The project and its version, where lockgate wrote them beside it.
    pub project: Option<(Name, Version)>,
    /// Hashes with their algorithm, as written, sorted.
    pub hashes: Vec<String>,
    /// Who asks for it, as its `# via` lines say.
    pub via: Vec<String>,
    /// Its line, from 1.
    pub line: usize,
}

/// What asks for a pin, and where it is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopedPin {
    /// The project.
    pub name: Name,
    /// The version.
    pub version: Version,
    /// What asks for it, and where, in order; empty where all of the lock goes together.
    pub scopes: Vec<(Scope, Marker)>,
    /// Where it is taken from, if a direct reference decides that.
    pub direct: Option<DirectPin>,
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

/// What [`read_with_includes`] finds beyond a lock.
#[derive(Debug, Default)]
pub(crate) struct Beyond {
    /// `-r` and `-c`, in order.
    pub(crate) includes: Vec<Include>,
    /// Lines that pin a version that is none (`===`, PEP 440), in order.
    pub(crate) bad_versions: Vec<BadPin>,
    /// What stands behind the `;` of each pin, as written.
    pub(crate) markers: Vec<String>,
}

/// Another file that a line includes.
#[derive(Debug)]
pub(crate) struct Include {
    /// As requirements, or as constraints.
    pub(crate) role: Role,
    /// Its path or address, as written.
    pub(crate) value: String,
    /// The line, from 1.
    pub(crate) line: usize,
}

/// A pin on a version that is none.
#[derive(Debug)]
pub(crate) struct BadPin {
    /// The project.
    pub(crate) name: Name,
    /// The version, as written.
    pub(crate) version: String,
    /// What stands behind the `;`.
    pub(crate) marker: String,
    /// The line, from 1.
    pub(crate) line: usize,
}

/// An option on a line of its own, such as `--index-url`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockOption {
    /// Its long name.
    pub name: &'static str,
    /// Its value, empty where it takes none.
    pub value: String,
    /// Its line, from 1.
    pub line: usize,
}

impl Lock {
    /// The versions that it holds for `environment`, by project. Where none of a project's pins is for it, the last one counts:
    /// what was good enough elsewhere is the first to try here. A version that is only named in comments counts too.
    pub fn versions(&self, environment: &Environment) -> BTreeMap<Name, Version> {
        let direct = self.direct.iter();
        let named = self.omitted.iter();
        let mut versions: BTreeMap<Name, Version> = named
            .filter_map(|omitted| Some((omitted.name.clone(), omitted.version.clone()?)))
            .chain(direct.filter_map(|direct| direct.project.clone()))
            .collect();
        let applies = |pin: &&LockedPin| pin.marker.holds(environment, &[]);
        let elsewhere = self.pins.iter().filter(|pin| !applies(pin));
        for pin in elsewhere.chain(self.pins.iter().filter(applies)) {
            versions.insert(pin.name.clone(), pin.version.clone());
        }
        versions
    }
}

impl Lock {
    /// Every pin with where it is installed; a version that is only named in comments counts too.
    pub fn kept(&self) -> Vec<(Name, KeptPin)> {
        let everywhere = |(name, version)| {
            let marker = Marker::always();
            (name, KeptPin { version, marker })
        };
        let direct = self.direct.iter();
        let named = self.omitted.iter();
        let pins = self.pins.iter().map(|pin| {
            let kept = KeptPin {
                version: pin.version.clone(),
                marker: pin.marker.clone(),
            };
            (pin.name.clone(), kept)
        });
        named
            .filter_map(|omitted| Some((omitted.name.clone(), omitted.version.clone()?)))
            .chain(direct.filter_map(|direct| direct.project.clone()))
            .map(everywhere)
            .chain(pins)
            .collect()
    }

    /// The versions that it holds for any environment, by project, lowest first.
    pub fn all_versions(&self) -> BTreeMap<Name, Vec<Version>> {
        let mut versions: BTreeMap<Name, Vec<Version>> = BTreeMap::new();
        for (name, pin) in self.kept() {
            versions.entry(name).or_default().push(pin.version);
        }
        for versions in versions.values_mut() {
            versions.sort();
            versions.dedup();
        }
        versions
    }
}

/// Reads a lock. `file` is named in errors.
pub fn read(text: &str, file: &str) -> Result<Lock, InputError> {
    read_lines(text, file, None).map(|reading| reading.lock)
}

/// Reads a requirements file that need not be a lock: it may include others, and pin what is no version.
pub(crate) fn read_with_includes(text: &str, file: &str) -> Result<(Lock, Beyond), InputError> {
    let reading = read_lines(text, file, Some(Beyond::default()))?;
    Ok((reading.lock, reading.beyond.unwrap_or_default()))
}

fn read_lines(text: &str, file: &str, beyond: Option<Beyond>) -> Result<Reading, InputError> {
    if text.contains('\0') {
        return Err(InputError::new(file, "it is a binary file, and no lock"));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reading = Reading {
        lock: Lock::default(),
        beyond,
        comments: Comments::Nothing,
        last: Last::Pin,
    };
    reading.header(text);
    let mut lines = physical(text).zip(1..).peekable();
    while let Some((line, number)) = lines.next() {
        if is_comment(line) {
            reading.comment(line);
            continue;
        }
        // Joined as pip joins: a trailing `\` takes the next line in, unless that is a comment.
        let mut statement = String::new();
        let mut piece = line;
        while piece.ends_with('\\') {
            statement.push_str(piece.trim_matches('\\'));
            let next = lines.next_if(|(next, _)| !is_comment(next));
            piece = next.map_or("", |(next, _)| next);
        }
        statement.push_str(piece);
        reading
            .statement(&statement, number)
            .map_err(|input| input.into_input(file).at(number))?;
    }
    Ok(reading)
}

/// What the next indented comment speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comments {
    /// Nothing that was read.
    Nothing,
    /// The last pin.
    Pin,
    /// Those who ask for the last pin, one on each line.
    Via,
    /// What is needed and not pinned, one on each line.
    Omitted,
}

/// What was read last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Pin,
    Direct,
}

struct Reading {
    lock: Lock,
    /// Where what is no part of a lock goes; none: it is an error.
    beyond: Option<Beyond>,
    comments: Comments,
    last: Last,
}

impl Reading {
    /// One logical line, comment included.
    fn statement(&mut self, line: &str, number: usize) -> Result<(), BadLine> {
        self.comments = Comments::Nothing;
        let bare = without_comment(line);
        let comment = line
            .get(bare.len()..)
            .unwrap_or_default()
            .trim_start_matches('#');
        let bare = bare.trim();
        if bare.is_empty() {
            return Ok(());
        }
        let Words {
            requirement: text,
            options,
            stray,
        } = split(bare)?;
        if let Some(word) = stray.first() {
            return Err(format!("`{word}` is neither an option nor part of a requirement").into());
        }
        if text.is_empty() {
            self.options(options, bare, number)?;
            self.annotation(comment);
            return Ok(());
        }
        let hashes = hashes(options)?;
        // Whoever reads more than locks reads markers by other means: here a bad one would end the reading.
        let (wanted, marker) = match &self.beyond {
            Some(_) => split_marker(&text),
            None => (text.as_str(), ""),
        };
        let requirement = match read_locked(wanted) {
            Ok(requirement) => requirement,
            Err(bad) if bad.is_reference => {
                self.direct(text, hashes, number);
                self.annotation(comment);
                return Ok(());
            }
            Err(bad) => {
                let pin = bad_pin(&text, number);
                let Some((beyond, pin)) = self.beyond.as_mut().zip(pin) else {
                    return Err(bad.into());
                };
                beyond.bad_versions.push(pin);
                return Ok(());
            }
        };
        if let Source::Url(_) = requirement.source {
            self.direct(text, hashes, number);
            self.annotation(comment);
            return Ok(());
        }
        let pinned = requirement
            .specifiers()
            .filter(|specifiers| specifiers.clauses().len() == 1)
            .and_then(|specifiers| specifiers.exact().cloned());
        let Some(version) = pinned else {
            self.lock.unpinned.push(UnpinnedLine { text, line: number });
            return Ok(());
        };
        if let Some(beyond) = &mut self.beyond {
            beyond.markers.push(marker.to_owned());
        }
        self.lock.pins.push(LockedPin {
            name: requirement.name,
            version,
            extras: requirement.extras,
            marker: requirement.marker,
            hashes,
            via: Vec::new(),
            line: number,
        });
        (self.comments, self.last) = (Comments::Pin, Last::Pin);
        self.annotation(comment);
        Ok(())
    }

    fn direct(&mut self, text: String, hashes: Vec<String>, line: usize) {
        self.lock.direct.push(LockedDirect {
            text,
            project: None,
            hashes,
            via: Vec::new(),
            line,
        });
        (self.comments, self.last) = (Comments::Pin, Last::Direct);
    }

    fn options(&mut self, options: Vec<Given>, text: &str, line: usize) -> Result<(), BadLine> {
        for given in options {
            match given.known {
                Known::Requirement | Known::Constraint => {
                    let role = if given.known == Known::Requirement {
                        Role::Requirements
                    } else {
                        Role::Constraints
                    };
                    if let Some(beyond) = &mut self.beyond {
                        beyond.includes.push(Include {
                            role,
                            value: given.value,
                            line,
                        });
                        continue;
                    }
                    return Err(BadLine {
                        message: format!(
                            "`{text}`: a lock is one file, and this one includes another"
                        ),
                        remedy: Some("name the included file as well, and remove this line"),
                    });
                }
                Known::Hash => {
                    return Err("`--hash` belongs to a requirement on the same line"
                        .to_owned()
                        .into());
                }
                Known::Editable => self.direct(format!("-e {}", given.value), Vec::new(), line),
                _ => self.lock.options.push(LockOption {
                    name: given.name,
                    value: given.value,
                    line,
                }),
            }
        }
        Ok(())
    }

    /// A comment line.
    fn comment(&mut self, line: &str) {
        if line.starts_with(char::is_whitespace) {
            let (_, comment) = line.split_once('#').unwrap_or_default();
            self.annotation(comment);
        } else if omitted::is_opening(line) {
            self.comments = Comments::Omitted;
        } else if self.comments == Comments::Omitted {
            self.lock.omitted.extend(omitted::entry(line));
        } else {
            self.comments = Comments::Nothing;
        }
    }

    /// `via x, y`, or `via` and then one on each line, set in by more.
    fn annotation(&mut self, comment: &str) {
        if matches!(self.comments, Comments::Nothing | Comments::Omitted) {
            return;
        }
        let text = comment.trim();
        if self.last == Last::Direct
            && let Some(direct) = self.lock.direct.last_mut()
            && let Some(stated) = text.strip_prefix("direct: ")
        {
            direct.project = project(stated);
            return;
        }
        let via = match self.last {
            Last::Pin => self.lock.pins.last_mut().map(|pin| &mut pin.via),
            Last::Direct => self.lock.direct.last_mut().map(|direct| &mut direct.via),
        };
        let Some(via) = via else {
            return;
        };
        if self.comments == Comments::Via && comment.starts_with("   ") {
            via.push(text.to_owned());
            return;
        }
        self.comments = Comments::Pin;
        if text == "via" {
            self.comments = Comments::Via;
        } else if let Some(named) = text.strip_prefix("via ") {
            let named = named
                .split(", ")
                .map(str::trim)
                .filter(|name| !name.is_empty());
            via.extend(named.map(ToOwned::to_owned));
        }
    }

    /// What lockgate wrote above the pins.
    fn header(&mut self, text: &str) {
        let head = || physical(text).take_while(|line| line.starts_with('#'));
        if !head().any(|line| line.contains("autogenerated by lockgate")) {
            return;
        }
        self.lock.command = head()
            .find_map(|line| line.strip_prefix("#    "))
            .and_then(|line| shell_words(line).ok())
            .filter(|words| words.first().is_some_and(|word| word == "lockgate"));
        let mut evidence = head().filter_map(|line| line.strip_prefix("# audit: "));
        self.lock.audit = evidence.next().map(ToOwned::to_owned);
        let answers = head().filter_map(|line| line.strip_prefix(INDEX_ANSWER));
        self.lock.index_answers = answers.map(ToOwned::to_owned).collect();
        let mut regions = head().filter_map(|line| line.strip_prefix(REGIONS));
        let regions = regions.next().into_iter();
        // One that cannot be read is a beginning less: the search finds it again.
        self.lock.regions = regions
            .flat_map(|line| line.split(BETWEEN_REGIONS))
            .filter_map(|marker| Marker::parse(marker).ok())
            .collect();
    }
}

/// A requirement and what stands behind its `;`. In an address a `;` is a letter like others, and a blank ends the address.
pub(crate) fn split_marker(text: &str) -> (&str, &str) {
    let head = text.split(';').next().unwrap_or_default();
    let separator = if head.contains('@') || head.contains("://") {
        " ;"
    } else {
        ";"
    };
    let (wanted, marker) = text.split_once(separator).unwrap_or((text, ""));
    (wanted.trim(), marker.trim())
}

/// `name===version`, whatever the version is: so PEP 440 has arbitrary equality.
fn bad_pin(text: &str, line: usize) -> Option<BadPin> {
    let (wanted, marker) = split_marker(text);
    let (name, version) = wanted.split_once("===")?;
    let name = name.split('[').next().unwrap_or_default();
    let version = version.trim();
    let is_one = !version.is_empty() && !version.contains([',', ' ', '\t']);
    Some(BadPin {
        name: Name::new(name.trim()).ok().filter(|_| is_one)?,
        version: version.to_owned(),
        marker: marker.to_owned(),
        line,
    })
}

/// `name version`, and perhaps more behind a `;`.
fn project(stated: &str) -> Option<(Name, Version)> {
    let stated = stated.split(';').next()?;
    let (name, version) = stated.split_once(' ')?;
    Some((Name::new(name).ok()?, version.trim().parse().ok()?))
}

/// The hashes among the options of a requirement. Settings of a build change nothing for who reads.
fn hashes(options: Vec<Given>) -> Result<Vec<String>, BadLine> {
    let mut hashes = Vec::new();
    for given in options {
        match given.known {
            Known::Hash
                if given
                    .value
                    .split_once(':')
                    .is_some_and(|(_, digest)| !digest.is_empty()) =>
            {
                hashes.push(given.value);
            }
            Known::Hash => {
                return Err(
                    format!("`--hash={}` is no hash: write `sha256:…`", given.value).into(),
                );
            }
            Known::ConfigSettings | Known::GlobalOption => {}
            _ => {
                return Err(
                    format!("`{}` cannot stand on the line of a requirement", given.name).into(),
                );
            }
        }
    }
    hashes.sort();
    hashes.dedup();
    Ok(hashes)
}

/// What is wrong with a line.
struct BadLine {
    message: String,
    remedy: Option<&'static str>,
}

impl BadLine {
    fn into_input(self, file: &str) -> InputError {
        let input = InputError::new(file, self.message);
        match self.remedy {
            Some(remedy) => input.remedy(remedy),
            None => input,
        }
    }
}

impl From<String> for BadLine {
    fn from(message: String) -> Self {
        Self {
            message,
            remedy: None,
        }
    }
}

impl From<BadRequirement> for BadLine {
    fn from(bad: BadRequirement) -> Self {
        Self {
            message: bad.message,
            remedy: bad.remedy,
        }
    }
}
