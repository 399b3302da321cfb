//! `lockgate.toml`, and `[tool.lockgate]` of `pyproject.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::SignedDuration;
use jiff::civil::Date;
use lockgate_model::{Level, Marker, Name, Specifiers};
use toml::de::DeTable;

use crate::document::Document;
use crate::error::InputError;
use crate::script;
use crate::text;

mod delegate;
mod environments;
mod ignores;
mod incomplete;
mod index;
mod join;
mod keys;
mod locks;
mod meet;
mod parser;
mod tables;

pub use incomplete::ConfigIncomplete;
pub use index::{ConfigIndex, index_address};
pub use join::{DEFAULT_MAX_ADVISORY_AGE, Ineffective, JoinedPolicy, LowerPolicy, join_policies};
use keys::check_keys;
pub use locks::{ConfigLock, LOCK_ENTRY_OPTIONS, LockEntryOption, LockEntryValue};
pub use meet::stricter_of_both;
use parser::Parser;
use tables::{Pyproject, Table};

/// The configuration, with where each value was set.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// `deny`, `prefer`, `warn` or `off`, as written.
    pub gate: Option<Set<String>>,
    /// Findings below it are not gated.
    pub min_severity: Option<Set<Level>>,
    /// Whether advisories without a severity are gated (`deny`) or only reported (`warn`).
    pub unknown_severity: Option<Set<bool>>,
    /// Sources of advisories, as written.
    pub advisories: Option<Set<Vec<AdvisorySource>>>,
    /// How old advisories may be.
    pub max_advisory_age: Option<Set<SignedDuration>>,
    /// How old a release must be, unless it fixes an advisory.
    pub cooldown: Option<Set<SignedDuration>>,
    /// Advisories that are accepted.
    pub ignores: Vec<ConfigIgnore>,
    /// Gaps of an audit that are accepted.
    pub allow_incomplete: Vec<ConfigIncomplete>,
    /// Whether yanked releases are gated (`deny`) or only reported (`warn`).
    pub yanked: Option<Set<bool>>,
    /// `OpenVEX` documents whose statements are read as ignores.
    pub vex: Vec<Set<String>>,
    /// What differs for what only a dependency group asks for.
    pub groups: BTreeMap<Name, ConfigGroup>,
    /// The environments that a universal lock is for; none: all.
    pub environments: Vec<Set<Marker>>,
    /// Environments that must have a wheel of every release without a source distribution.
    pub required_environments: Vec<Set<Marker>>,
    /// Folders whose own policies are followed in mode, severities and accepted advisories.
    pub delegate: Vec<Set<String>>,
    /// The locks that `lock` and `check` work on; their paths are from the folder of the configuration.
    pub locks: Vec<ConfigLock>,
    /// Hosts that sources may name, each `HOST` or `HOST:PORT`.
    pub indexes: Vec<Set<String>>,
    /// Packages that are left out of every lock.
    pub excludes: Vec<Set<Name>>,
    /// Files of overrides.
    pub overrides: Vec<Set<String>>,
    /// Packages that are not pinned, only named at the end of the lock.
    pub no_emit_packages: Vec<Set<Name>>,
    /// Packages whose build may run for metadata that they do not state.
    pub allowed_builds: Vec<Set<Name>>,
    /// What holds for single indexes.
    pub index_settings: Vec<ConfigIndex>,
}

/// Returns whether two states of a file hold the same policy; of a `pyproject.toml` only `[tool.lockgate]` counts.
pub fn same_policy(left: Option<&[u8]>, right: Option<&[u8]>, is_project: bool) -> bool {
    if !is_project {
        return left == right;
    }
    let table = |bytes: Option<&[u8]>| -> Option<Option<toml::Value>> {
        let Some(bytes) = bytes else {
            return Some(None);
        };
        let whole: toml::Table = toml::from_str(std::str::from_utf8(bytes).ok()?).ok()?;
        Some(
            whole
                .get("tool")
                .and_then(|tool| tool.get("lockgate"))
                .cloned(),
        )
    };
    // What cannot be read is not known to be the same.
    left == right
        || matches!((table(left), table(right)), (Some(left), Some(right)) if left == right)
}

/// A source of advisories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvisorySource {
    /// As written: a word, an address, a path.
    pub source: String,
    /// Whether its records take the place of those of earlier sources.
    pub overrides: bool,
    /// Where it is named: an option, or a line of a policy.
    pub origin: String,
    /// Whether the caller or the floor named it: then it may be on any host.
    pub is_trusted: bool,
}

impl AdvisorySource {
    /// Returns a source that joins others, as the caller names it.
    pub fn given(source: impl Into<String>, origin: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            overrides: false,
            origin: origin.into(),
            is_trusted: true,
        }
    }

    /// Returns whether it is an address.
    pub fn is_address(&self) -> bool {
        ["http://", "https://"].iter().any(|scheme| {
            let start = self.source.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        })
    }

    /// Returns whether it is a path: no word and no address.
    pub fn is_path(&self) -> bool {
        !matches!(self.source.as_str(), "" | "osv" | "osv-api" | "pypi") && !self.is_address()
    }
}

/// A path in a configuration.
#[derive(Debug)]
pub struct ConfigPath<'a> {
    /// The key that names it.
    pub key: &'static str,
    /// The path.
    pub path: &'a mut String,
    /// Where it stands.
    pub origin: &'a str,
}

/// One `[groups.NAME]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigGroup {
    /// `deny`, `prefer`, `warn` or `off`, as written.
    pub gate: Option<Set<String>>,
    /// Findings below it are not gated.
    pub min_severity: Option<Set<Level>>,
    /// Whether advisories without a severity are gated.
    pub unknown_severity: Option<Set<bool>>,
}

/// A value and where it stands: `lockgate.toml:3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub origin: String,
}

/// One `[[ignore]]`.
#[derive(Debug, Clone)]
pub struct ConfigIgnore {
    /// The advisory, by any of its ids.
    pub id: String,
    /// Only for this project.
    pub package: Option<Name>,
    /// Only for these versions.
    pub versions: Option<Specifiers>,
    /// Why it does no harm.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Option<Date>,
    /// Only as long as no fix is known above the pin.
    pub until_fixed: bool,
    /// Only where nothing but this dependency group asks for it.
    pub group: Option<Name>,
    /// Why it does no harm, in the words of `OpenVEX`.
    pub justification: Option<String>,
    /// Where it stands.
    pub origin: String,
}
impl Config {
    /// Returns the configuration with its relative paths as paths from `folder`, in which it lies.
    #[must_use]
    pub fn with_paths_from(mut self, folder: &Path) -> Self {
        for named in self.files_mut() {
            *named.path = folder.join(&*named.path).to_string_lossy().into_owned();
        }
        self
    }

    /// Returns every path of a file or folder that is read because this configuration names it. The paths of `[[lock]]` entries are not
    /// among them: they start from another folder, and each command has its own rules for them.
    pub fn files_mut(&mut self) -> Vec<ConfigPath<'_>> {
        // All fields are named, so that a key which is added has to be sorted in here before this compiles.
        let Self {
            gate: _,
            min_severity: _,
            unknown_severity: _,
            advisories,
            max_advisory_age: _,
            cooldown: _,
            ignores: _,
            allow_incomplete: _,
            yanked: _,
            vex,
            groups: _,
            environments: _,
            required_environments: _,
            delegate: _,
            locks: _,
            indexes: _,
            excludes: _,
            overrides,
            no_emit_packages: _,
            allowed_builds: _,
            index_settings: _,
        } = self;
        let sources = advisories.iter_mut().flat_map(|set| &mut set.value);
        let sources = sources.filter(|source| source.is_path());
        let mut files: Vec<ConfigPath<'_>> = sources
            .map(|source| ConfigPath {
                key: "advisories",
                path: &mut source.source,
                origin: &source.origin,
            })
            .collect();
        for (key, list) in [("vex", vex), ("override", overrides)] {
            files.extend(list.iter_mut().map(|set| ConfigPath {
                key,
                path: &mut set.value,
                origin: &set.origin,
            }));
        }
        files
    }

    /// Reads `lockgate.toml`.
    pub fn from_lockgate_toml(bytes: &[u8], file: &str) -> Result<Self, InputError> {
        let text = text::utf8(file, bytes, "`lockgate.toml`")?;
        let document = Document::new(file, text);
        let parsed = DeTable::parse(text).map_err(|error| document.toml_error(&error))?;
        check_keys(parsed.get_ref(), &document)?;
        let table: Table = toml::from_str(text).map_err(|error| document.toml_error(&error))?;
        Parser(&document).config(table)
    }

    /// Reads `[tool.lockgate]` of a `pyproject.toml`; none if there is no such table.
    pub fn from_pyproject(bytes: &[u8], file: &str) -> Result<Option<Self>, InputError> {
        let text = text::utf8(file, bytes, "`pyproject.toml`")?;
        Self::from_tool(text, &Document::new(file, text))
    }

    /// Reads `[tool.lockgate]` of a script's block (PEP 723); none if there is no such table.
    pub fn from_script(bytes: &[u8], file: &str) -> Result<Option<Self>, InputError> {
        let text = text::utf8(file, bytes, "script")?;
        let Some(block) = script::block(file, text)? else {
            return Ok(None);
        };
        let document = Document::new(file, &block.toml).starting_at(block.first_line);
        Self::from_tool(&block.toml, &document)
    }

    fn from_tool(text: &str, document: &Document<'_>) -> Result<Option<Self>, InputError> {
        let parsed = DeTable::parse(text).map_err(|error| document.toml_error(&error))?;
        let ours = parsed
            .get_ref()
            .get("tool")
            .and_then(|tool| tool.get_ref().as_table()?.get("lockgate"));
        let Some(ours) = ours else {
            return Ok(None);
        };
        if let Some(table) = ours.get_ref().as_table() {
            check_keys(table, document)?;
        }
        let pyproject: Pyproject =
            toml::from_str(text).map_err(|error| document.toml_error(&error))?;
        pyproject
            .tool
            .and_then(|tool| tool.lockgate)
            .map(|table| Parser(document).config(table))
            .transpose()
    }
}
#[cfg(test)]
mod tests;
