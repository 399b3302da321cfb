//! One difference between a lock and what would be written, and its words.

use std::collections::BTreeSet;
use std::fmt;

use lockgate_model::{Name, Scope, Version};

/// One difference between a lock and what `lock` would write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The line of the lock, from 1; none where something is missing.
    pub line: Option<usize>,
    /// What differs.
    pub what: What,
}

impl Difference {
    pub(crate) fn at(line: usize, what: What) -> Self {
        Self {
            line: Some(line),
            what,
        }
    }

    pub(crate) fn nowhere(what: What) -> Self {
        Self { line: None, what }
    }

    /// Returns the difference as a sentence about the lock at `file`.
    pub fn text(&self, file: &str) -> String {
        match self.line {
            Some(line) => format!("{file}:{line}: {}", self.what),
            None => format!("{file}: {}", self.what),
        }
    }
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A line names a package and not one version of it.
    NotPinned {
        /// The line.
        text: String,
    },
    /// A package is missing.
    NotLocked {
        /// The package.
        name: Name,
        /// The versions that it would be locked at.
        versions: Vec<Version>,
    },
    /// Nothing requires a package.
    NotRequired {
        /// The package.
        name: Name,
        /// The version that is locked.
        version: Version,
    },
    /// A package is pinned that `--no-emit-package` leaves out.
    LeftOut {
        /// The package.
        name: Name,
        /// The version that is locked.
        version: Version,
    },
    /// A package would have other versions.
    Moved {
        /// The package.
        name: Name,
        /// Its versions in the lock.
        held: Vec<Version>,
        /// The versions in their place.
        now: Vec<Version>,
        /// Why the old ones were not kept, if that is known.
        why: Option<String>,
    },
    /// A pin is for other environments, extras or groups.
    Place {
        /// The pin.
        pin: String,
        /// What it is locked for.
        held: String,
        /// What it is needed for.
        needed: String,
    },
    /// A line would be written in another way.
    Line {
        /// What it says.
        held: String,
        /// What it would say.
        now: String,
    },
    /// A pin stands in the lock once more.
    Again {
        /// The line.
        text: String,
    },
    /// A line would not be written.
    Unwanted {
        /// The line.
        text: String,
    },
    /// A line is missing.
    Absent {
        /// The line.
        text: String,
    },
    /// The options are in another order, and pip goes by it.
    Order {
        /// The order in which they would be written.
        expected: Vec<String>,
    },
    /// An option stands on a pin.
    OptionOfPin {
        /// The pin.
        pin: String,
        /// The option.
        text: String,
    },
    /// The hashes of a pin are not those of its files.
    Hashes {
        /// The pin.
        pin: String,
        /// Whether it has none at all.
        has_none: bool,
        /// Those that it lacks.
        missing: BTreeSet<String>,
        /// How many it has that belong to none of its files.
        foreign: usize,
        /// How many files there are.
        files: usize,
        /// Whether it is taken from one file, at a direct reference.
        is_direct: bool,
    },
    /// A direct reference is missing.
    NotDirect {
        /// The package.
        name: Name,
        /// How it would be locked.
        text: String,
    },
    /// A direct reference that the sources do not ask for.
    NotAskedFor {
        /// The line.
        text: String,
    },
    /// A package is taken from another place.
    From {
        /// The package.
        name: Name,
        /// Where from.
        held: String,
        /// Where it would be taken from; none where it would not be taken from a direct reference.
        now: Option<String>,
    },
    /// The lock cannot be installed with an extra or a group that is asked for.
    ScopeMissing(Scope),
    /// The lock can be installed with an extra or a group that is not asked for.
    ScopeUnwanted(Scope),
    /// A key has another value than would be written.
    Field {
        /// The key, with those above it.
        key: String,
        /// Its value; none where it is missing.
        held: Option<String>,
        /// The value that would be written; none where the key would not be written.
        now: Option<String>,
    },
}

impl What {
    /// The same, unless the package would be taken from a direct reference.
    pub(super) fn or_direct(self, reference: Option<String>) -> Self {
        match (self, reference) {
            (Self::NotRequired { name, version }, Some(reference)) => Self::Line {
                held: format!("{name}=={version}"),
                now: reference,
            },
            (what, _) => what,
        }
    }
}

/// A key that has another value, or none.
pub(crate) fn field(key: &str, held: Option<String>, now: Option<String>) -> What {
    What::Field {
        key: key.to_owned(),
        held,
        now,
    }
}

/// A marker as people read it.
pub(crate) fn shown_marker(text: Option<&str>) -> String {
    match text {
        None => "all environments".to_owned(),
        Some(text) => format!("`{}`", text.replace('"', "'")),
    }
}

fn listed(versions: &[Version]) -> String {
    let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPinned { text } => write!(f, "`{text}` is not pinned to one version"),
            Self::NotLocked { name, versions } => write!(
                f,
                "`{name}` is required and not locked; it would be {}",
                listed(versions)
            ),
            Self::NotRequired { name, version } => write!(
                f,
                "`{name}=={version}` is locked and not required by anything"
            ),
            Self::LeftOut { name, version } => write!(
                f,
                "`{name}=={version}` is locked, and `--no-emit-package` leaves it out"
            ),
            Self::Moved {
                name,
                held,
                now,
                why,
            } => {
                let why = why.as_deref();
                write!(
                    f,
                    "`{name}=={}` would now be {}: {}",
                    listed(held),
                    listed(now),
                    why.unwrap_or("it does not satisfy its requirements")
                )
            }
            Self::Place { pin, held, needed } => {
                write!(f, "`{pin}` is locked for {held} and needed for {needed}")
            }
            Self::Line { held, now } => write!(f, "`{held}` would now be locked as `{now}`"),
            Self::Again { text } => write!(f, "`{text}` is locked more than once"),
            Self::Unwanted { text } => write!(f, "`{text}` is not what `lock` would write"),
            Self::Absent { text } => write!(f, "`{text}` is missing; `lock` would write it"),
            Self::Order { expected } => write!(
                f,
                "the options are in another order than `lock` would write: {}",
                expected.join(", ")
            ),
            Self::OptionOfPin { pin, text } => {
                write!(f, "`{pin}` has `{text}`, which `lock` would not write")
            }
            Self::Hashes { .. } => self.hashes(f),
            Self::NotDirect { name, text } => {
                write!(f, "`{name}` would now be locked as `{text}`")
            }
            Self::NotAskedFor { text } => {
                write!(f, "`{text}` is locked and not what its sources ask for")
            }
            Self::From {
                name,
                held,
                now: Some(now),
            } => write!(
                f,
                "`{name}` is locked from `{held}` and would now be locked as `{now}`"
            ),
            Self::From {
                name,
                held,
                now: None,
            } => write!(
                f,
                "`{name}` is locked from `{held}` and not what its sources ask for"
            ),
            Self::ScopeMissing(scope) => write!(
                f,
                "the {scope} is asked for, and the lock cannot be installed with it"
            ),
            Self::ScopeUnwanted(scope) => write!(
                f,
                "it can be installed with the {scope}, which is not asked for"
            ),
            Self::Field { key, held, now } => match (held, now) {
                (Some(held), Some(now)) => {
                    write!(f, "`{key}` is `{held}`; `lock` would write `{now}`")
                }
                (Some(held), None) => {
                    write!(f, "`{key}` is `{held}`; `lock` would not write it")
                }
                (None, now) => write!(
                    f,
                    "`{key}` is missing; `lock` would write `{}`",
                    now.as_deref().unwrap_or_default()
                ),
            },
        }
    }
}

impl What {
    fn hashes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Hashes {
            pin,
            has_none,
            missing,
            foreign,
            files,
            is_direct,
        } = self
        else {
            return Ok(());
        };
        if *is_direct {
            let is_hashed = missing.first();
            return match (has_none, is_hashed) {
                (true, _) => write!(f, "`{pin}` has no hash"),
                (false, Some(digest)) => {
                    write!(f, "`{pin}` has another hash than the file, {digest}")
                }
                (false, None) => write!(f, "`{pin}` has {}", of_no_file(*foreign)),
            };
        }
        if *has_none {
            return write!(f, "`{pin}` has no hashes");
        }
        write!(f, "`{pin}` ")?;
        if !missing.is_empty() {
            write!(
                f,
                "lacks the hashes of {} of its {files} files",
                missing.len()
            )?;
        }
        if !missing.is_empty() && *foreign > 0 {
            f.write_str(" and ")?;
        }
        if *foreign > 0 {
            write!(f, "has {}", of_no_file(*foreign))?;
        }
        Ok(())
    }
}

fn of_no_file(foreign: usize) -> String {
    let hashes = if foreign == 1 { "hash" } else { "hashes" };
    format!("{foreign} {hashes} of none of its files")
}
