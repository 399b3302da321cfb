//! pip's configuration: files in pip's order and places, then `PIP_*`, read as pip reads them.
//!
//! Order of files (later wins): the machine's, the user's, the interpreter's own (site), `PIP_CONFIG_FILE`. Over all files `[install]` wins
//! over `[global]`, and variables over both. A value that is empty counts as not set, and takes back what an earlier file says in the same
//! section. What an option's value means is the caller's to know: here are texts and where they come from.

mod encoding;
mod ini;
mod installation;
mod places;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::files::{Limit, read_configured};

pub use installation::Installation;
pub use places::System;

/// The sections that count, in their order: what is installed is what is locked, so pip's `install` is the command. A section may be
/// called like pip's own name for the variables, and then ranks with them.
const SECTIONS: [&str; 3] = ["global", "install", VARIABLES];
const VARIABLES: &str = ":env:";

/// What of the environment pip looks at.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Environment variables.
    pub variables: BTreeMap<String, String>,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// Where the interpreter is installed (`sys.prefix`), if it is known.
    pub prefix: Option<PathBuf>,
    /// What a virtual environment was made from (`sys.base_prefix`), if it is known.
    pub base: Option<PathBuf>,
    /// Whose places are looked in.
    pub system: System,
}

impl Surroundings {
    /// Whether any file is looked at; the null device as `PIP_CONFIG_FILE` shuts out all.
    pub fn has_files(&self) -> bool {
        !places::files(self).is_empty()
    }

    /// A variable; its name has no case on Windows.
    fn variable(&self, name: &str) -> Option<&str> {
        if self.system == System::Windows {
            return self
                .variables
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str());
        }
        self.variables.get(name).map(String::as_str)
    }
}

/// A configuration that cannot be read. Says nothing of the values: they may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pip's configuration cannot be read: {}{}: {why}", .path.display(), at(*.line))]
pub struct PipConfigError {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1, where there is one.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub why: String,
}

fn at(line: Option<usize>) -> String {
    line.map(|line| format!(":{line}")).unwrap_or_default()
}

/// A value and where it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipSetting {
    /// The value as written.
    pub value: String,
    /// A variable's name, or a file and a line.
    pub origin: String,
}

/// A place where pip looks for a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// Where.
    pub path: PathBuf,
    /// What came of it.
    pub found: Found,
}

/// What came of looking for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It was read.
    Read,
    /// There is none.
    Missing,
    /// It cannot be opened, which pip passes over: a folder, or one that this user may not read.
    Closed(String),
}

/// The effective settings, by pip's long option names without dashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PipSettings {
    /// In the order in which pip applies them: what is said once more later wins, or adds, as the option has it.
    settings: Vec<(String, PipSetting)>,
    files: Vec<ConfigFile>,
}

impl PipSettings {
    /// Reads files and variables.
    pub fn read(surroundings: &Surroundings) -> Result<Self, PipConfigError> {
        let mut sections: [IndexMap<String, PipSetting>; 3] = Default::default();
        let mut files = Vec::new();
        for path in places::files(surroundings) {
            let (found, entries) = read_file(&path, surroundings)?;
            for entry in entries {
                let place = SECTIONS.iter().position(|name| *name == entry.section);
                if let Some(section) = place.and_then(|place| sections.get_mut(place)) {
                    let setting = PipSetting {
                        value: entry.value,
                        origin: format!("{}:{}", path.display(), entry.line),
                    };
                    section.insert(entry.key, setting);
                }
            }
            files.push(ConfigFile { path, found });
        }
        let [.., last] = &mut sections;
        last.extend(variables(surroundings));
        let settings = sections
            .into_iter()
            .flatten()
            .filter(|(_, setting)| !setting.value.is_empty())
            .collect();
        Ok(Self { settings, files })
    }

    /// The last word on an option.
    pub fn get(&self, option: &str) -> Option<&PipSetting> {
        self.last(&[option])
    }

    /// The last word on an option that has several names.
    pub fn last(&self, names: &[&str]) -> Option<&PipSetting> {
        self.settings
            .iter()
            .rfind(|(name, _)| names.contains(&name.as_str()))
            .map(|(_, setting)| setting)
    }

    /// An option's values: they stand apart by white space.
    pub fn list(&self, option: &str) -> Vec<PipSetting> {
        let setting = self.get(option);
        setting
            .into_iter()
            .flat_map(|setting| {
                let values = setting.value.split(ini::is_space);
                values
                    .filter(|value| !value.is_empty())
                    .map(|value| PipSetting {
                        value: value.to_owned(),
                        origin: setting.origin.clone(),
                    })
            })
            .collect()
    }

    /// All settings in pip's order, also those that a later one overrides.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &PipSetting)> {
        self.settings
            .iter()
            .map(|(option, setting)| (option.as_str(), setting))
    }

    /// The same without the options that `is_known` does not name.
    #[must_use]
    pub fn only(&self, is_known: impl Fn(&str) -> bool) -> Self {
        let mut kept = self.clone();
        kept.settings.retain(|(option, _)| is_known(option));
        kept
    }

    /// Every place that was looked in, in order.
    pub fn files(&self) -> &[ConfigFile] {
        &self.files
    }
}

/// `PIP_*`.
fn variables(surroundings: &Surroundings) -> impl Iterator<Item = (String, PipSetting)> {
    let windows = surroundings.system == System::Windows;
    surroundings
        .variables
        .iter()
        .filter_map(move |(name, value)| {
            let shown = if windows {
                name.to_ascii_uppercase()
            } else {
                name.clone()
            };
            let option = ini::normalised(shown.strip_prefix("PIP_")?);
            let setting = PipSetting {
                value: value.clone(),
                origin: shown,
            };
            Some((option, setting))
        })
}

/// What a file says; nothing if pip would pass over it.
fn read_file(
    path: &Path,
    surroundings: &Surroundings,
) -> Result<(Found, Vec<ini::Entry>), PipConfigError> {
    let failed = |line: Option<usize>, why: String| PipConfigError {
        path: path.to_owned(),
        line,
        why,
    };
    let bytes = match read_configured(path, Limit::CONFIGURATION) {
        Ok(bytes) => bytes,
        Err(error) => {
            return match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                    Ok((Found::Missing, Vec::new()))
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::IsADirectory => {
                    Ok((Found::Closed(error.to_string()), Vec::new()))
                }
                _ => Err(failed(None, error.to_string())),
            };
        }
    };
    let text =
        encoding::decode(&bytes, surroundings).map_err(|(line, why)| failed(Some(line), why))?;
    let entries = ini::read(&text).map_err(|wrong| failed(Some(wrong.line), wrong.why))?;
    Ok((Found::Read, entries))
}

/// The sections, keys and values of a text, or the line that is wrong and why.
pub(crate) fn entries_of(text: &str) -> Result<Vec<[String; 3]>, (usize, String)> {
    let entries = ini::read(text).map_err(|wrong| (wrong.line, wrong.why))?;
    let entries = entries.into_iter();
    Ok(entries
        .map(|entry| [entry.section, entry.key, entry.value])
        .collect())
}

#[cfg(test)]
mod tests;
