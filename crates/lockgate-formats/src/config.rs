//! `lockgate.toml`, and `[tool.lockgate]` of `pyproject.toml`.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::civil::Date;
use lockgate_model::{Level, Marker, Name, Specifiers};
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::age::duration;
use crate::document::Document;
use crate::error::{InputError, in_one_line, nearest};
use crate::script;
use crate::text;
use crate::vex::VEX_JUSTIFICATIONS;

mod environments;

const KEYS: [&str; 12] = [
    "gate",
    "min-severity",
    "unknown-severity",
    "advisories",
    "max-advisory-age",
    "cooldown",
    "ignore",
    "yanked",
    "vex",
    "groups",
    "environments",
    "required-environments",
];

const IGNORE_KEYS: [&str; 8] = [
    "id",
    "package",
    "version",
    "reason",
    "expires",
    "until-fixed",
    "group",
    "justification",
];

const SOURCE_KEYS: [&str; 2] = ["source", "overrides"];

const GROUP_KEYS: [&str; 3] = ["gate", "min-severity", "unknown-severity"];

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
    /// Whether yanked releases are gated (`deny`) or only reported (`warn`).
    pub yanked: Option<Set<bool>>,
    /// `OpenVEX` documents whose statements are read as ignores: paths from the folder of the configuration.
    pub vex: Vec<Set<String>>,
    /// What differs for what only a dependency group asks for.
    pub groups: BTreeMap<Name, ConfigGroup>,
    /// The environments that a universal lock is for; none: all.
    pub environments: Vec<Set<Marker>>,
    /// Environments that must have a wheel of every release without a source distribution.
    pub required_environments: Vec<Set<Marker>>,
}

/// A source of advisories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvisorySource {
    /// As written: a word, an address, a path.
    pub source: String,
    /// Whether its records take the place of those of earlier sources.
    pub overrides: bool,
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

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table")]
struct Table {
    gate: Option<Spanned<String>>,
    min_severity: Option<Spanned<String>>,
    unknown_severity: Option<Spanned<String>>,
    advisories: Option<Spanned<Vec<Source>>>,
    max_advisory_age: Option<Spanned<String>>,
    cooldown: Option<Spanned<String>>,
    #[serde(default)]
    ignore: Vec<Spanned<Entry>>,
    yanked: Option<Spanned<String>>,
    #[serde(default)]
    vex: Vec<Spanned<String>>,
    #[serde(default)]
    groups: BTreeMap<String, Spanned<Group>>,
    #[serde(default)]
    environments: Vec<Spanned<String>>,
    #[serde(default)]
    required_environments: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a source, or a table with `source`")]
enum Source {
    Plain(String),
    Table {
        source: String,
        #[serde(default)]
        overrides: bool,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table")]
struct Group {
    gate: Option<Spanned<String>>,
    min_severity: Option<Spanned<String>>,
    unknown_severity: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table")]
struct Entry {
    id: String,
    package: Option<String>,
    version: Option<String>,
    reason: Option<String>,
    expires: Option<toml::value::Datetime>,
    #[serde(default)]
    until_fixed: bool,
    group: Option<String>,
    justification: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a table")]
struct Pyproject {
    tool: Option<Tool>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a table")]
struct Tool {
    lockgate: Option<Table>,
}

impl Config {
    /// Reads `lockgate.toml`.
    pub fn from_lockgate_toml(bytes: &[u8], file: &str) -> Result<Self, InputError> {
        let text = text::utf8(file, bytes, "`lockgate.toml`")?;
        let document = Document::new(file, text);
        let parsed = DeTable::parse(text).map_err(|error| document.toml_error(&error))?;
        check_keys(parsed.get_ref(), &document)?;
        let table: Table = toml::from_str(text).map_err(|error| document.toml_error(&error))?;
        Reading(&document).config(table)
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
            .map(|table| Reading(document).config(table))
            .transpose()
    }
}

/// Every key must be known: a misspelled one would silently loosen the gate.
fn check_keys(table: &DeTable<'_>, document: &Document<'_>) -> Result<(), InputError> {
    for (key, value) in table {
        known(key, &KEYS, document)?;
        let (tables, keys): (Vec<&DeValue<'_>>, &[&str]) = match key.get_ref().as_ref() {
            "ignore" => (listed(value), &IGNORE_KEYS),
            "advisories" => (listed(value), &SOURCE_KEYS),
            "groups" => (
                value
                    .get_ref()
                    .as_table()
                    .into_iter()
                    .flat_map(DeTable::values)
                    .map(Spanned::get_ref)
                    .collect(),
                &GROUP_KEYS,
            ),
            _ => continue,
        };
        for entry in tables.into_iter().filter_map(DeValue::as_table) {
            for key in entry.keys() {
                known(key, keys, document)?;
            }
        }
    }
    Ok(())
}

/// The values of an array.
fn listed<'v, 't>(value: &'v Spanned<DeValue<'t>>) -> Vec<&'v DeValue<'t>> {
    let values = value.get_ref().as_array().into_iter().flatten();
    values.map(Spanned::get_ref).collect()
}

fn known(
    key: &Spanned<std::borrow::Cow<'_, str>>,
    keys: &[&str],
    document: &Document<'_>,
) -> Result<(), InputError> {
    let word = key.get_ref().as_ref();
    if keys.contains(&word) {
        return Ok(());
    }
    let error = |message: String| document.error_at(key.span().start, message);
    Err(match nearest(word, keys.iter().copied()) {
        Some(near) => error(format!("unknown key `{word}`")).remedy(format!("is `{near}` meant?")),
        None => error(format!("unknown key `{word}`"))
            .remedy(format!("the keys are {}", keys.join(", "))),
    })
}

struct Reading<'a>(&'a Document<'a>);

impl Reading<'_> {
    fn config(&self, table: Table) -> Result<Config, InputError> {
        let mut config = Config::default();
        let rules = Group {
            gate: table.gate,
            min_severity: table.min_severity,
            unknown_severity: table.unknown_severity,
        };
        let rules = self.rules(&rules)?;
        config.gate = rules.gate;
        config.min_severity = rules.min_severity;
        config.unknown_severity = rules.unknown_severity;
        config.yanked = table
            .yanked
            .as_ref()
            .map(|yanked| self.is_denied("yanked", yanked))
            .transpose()?;
        config.vex = table
            .vex
            .iter()
            .map(|path| self.set(path, path.get_ref().clone()))
            .collect();
        config.environments = self.environments("environments", &table.environments)?;
        config.required_environments =
            self.environments("required-environments", &table.required_environments)?;
        for (name, group) in table.groups {
            let key = Name::new(&name)
                .map_err(|why| self.error(&group, format!("`[groups.{name}]`: {why}")))?;
            let rules = self.rules(group.get_ref())?;
            if config.groups.insert(key, rules).is_some() {
                return Err(self.error(
                    &group,
                    format!("`[groups.{name}]` stands there twice, written differently"),
                ));
            }
        }
        if let Some(sources) = &table.advisories {
            if sources.get_ref().is_empty() {
                return Err(self.error(sources, "`advisories` names no source; use `gate = \"off\"` for a lock without advisories".to_owned()));
            }
            let all = sources.get_ref().iter().map(|source| match source {
                Source::Plain(source) => AdvisorySource {
                    source: source.clone(),
                    overrides: false,
                },
                Source::Table { source, overrides } => AdvisorySource {
                    source: source.clone(),
                    overrides: *overrides,
                },
            });
            let all: Vec<AdvisorySource> = all.collect();
            if all.first().is_some_and(|first| first.overrides) {
                return Err(self.error(
                    sources,
                    "the first of `advisories` overrides, and there is nothing before it"
                        .to_owned(),
                ));
            }
            config.advisories = Some(self.set(sources, all));
        }
        if let Some(age) = &table.max_advisory_age {
            let value = self.duration("max-advisory-age", age)?;
            if value.is_zero() {
                return Err(self.error(
                    age,
                    format!("`max-advisory-age = \"{}\"` admits none", age.get_ref()),
                ));
            }
            config.max_advisory_age = Some(self.set(age, value));
        }
        if let Some(cooldown) = &table.cooldown {
            let value = self.duration("cooldown", cooldown)?;
            config.cooldown = Some(self.set(cooldown, value));
        }
        config.ignores = table
            .ignore
            .into_iter()
            .map(|entry| self.ignore(entry))
            .collect::<Result<_, _>>()?;
        Ok(config)
    }

    /// Mode and thresholds, of everything or of a group.
    fn rules(&self, table: &Group) -> Result<ConfigGroup, InputError> {
        let mut rules = ConfigGroup::default();
        if let Some(gate) = &table.gate {
            let word = gate.get_ref();
            if !matches!(word.as_str(), "deny" | "prefer" | "warn" | "off") {
                return Err(self.error(
                    gate,
                    format!("`gate = \"{word}\"` is none of `deny`, `prefer`, `warn` and `off`"),
                ));
            }
            rules.gate = Some(self.set(gate, word.clone()));
        }
        if let Some(level) = &table.min_severity {
            let value = match level.get_ref().as_str() {
                "low" => Level::Low,
                "medium" => Level::Medium,
                "high" => Level::High,
                "critical" => Level::Critical,
                word => {
                    return Err(self.error(level, format!("`min-severity = \"{word}\"` is none of `low`, `medium`, `high` and `critical`")));
                }
            };
            rules.min_severity = Some(self.set(level, value));
        }
        rules.unknown_severity = table
            .unknown_severity
            .as_ref()
            .map(|unknown| self.is_denied("unknown-severity", unknown))
            .transpose()?;
        Ok(rules)
    }

    /// `deny` or `warn`.
    fn is_denied(&self, key: &str, word: &Spanned<String>) -> Result<Set<bool>, InputError> {
        match word.get_ref().as_str() {
            "deny" => Ok(self.set(word, true)),
            "warn" => Ok(self.set(word, false)),
            other => Err(self.error(
                word,
                format!("`{key} = \"{other}\"` is neither `deny` nor `warn`"),
            )),
        }
    }

    fn duration(&self, key: &str, text: &Spanned<String>) -> Result<SignedDuration, InputError> {
        let word = text.get_ref();
        duration(word).map_err(|why| {
            self.error(text, format!("`{key} = \"{word}\"`: {why}"))
                .remedy("write `7 days` or `P7D`")
        })
    }

    fn ignore(&self, spanned: Spanned<Entry>) -> Result<ConfigIgnore, InputError> {
        let start = spanned.span().start;
        let error = |message: String| self.0.error_at(start, message);
        let entry = spanned.into_inner();
        if entry.id.trim().is_empty() {
            return Err(error("an `[[ignore]]` entry names no advisory".to_owned()));
        }
        let reason = entry
            .reason
            .filter(|reason| !reason.trim().is_empty())
            .ok_or_else(|| {
                error(format!(
                    "the `[[ignore]]` entry for `{}` has no reason",
                    entry.id
                ))
                .remedy("write `reason = \"…\"`: why it does no harm here")
            })?;
        let package = entry
            .package
            .map(|name| Name::new(&name).map_err(|why| error(format!("`package`: {why}"))))
            .transpose()?;
        let versions = entry
            .version
            .map(|text| {
                text.parse::<Specifiers>()
                    .map_err(|why| error(format!("`version`: {}", in_one_line(&why))))
            })
            .transpose()?;
        let expires = entry
            .expires
            .map(|written| {
                day(written).ok_or_else(|| {
                    error(format!("`expires = {written}` is no date"))
                        .remedy("write the last day on which it holds: `2027-03-01`")
                })
            })
            .transpose()?;
        let group = entry
            .group
            .map(|name| Name::new(&name).map_err(|why| error(format!("`group`: {why}"))))
            .transpose()?;
        if let Some(word) = &entry.justification
            && !VEX_JUSTIFICATIONS.contains(&word.as_str())
        {
            return Err(error(format!(
                "`justification = \"{word}\"` is no word of OpenVEX"
            ))
            .remedy(format!("the words are {}", VEX_JUSTIFICATIONS.join(", "))));
        }
        let origin = self.place(start);
        Ok(ConfigIgnore {
            id: entry.id,
            package,
            versions,
            reason,
            expires,
            until_fixed: entry.until_fixed,
            group,
            justification: entry.justification,
            origin,
        })
    }

    fn set<S, T>(&self, spanned: &Spanned<S>, value: T) -> Set<T> {
        Set {
            value,
            origin: self.place(spanned.span().start),
        }
    }

    fn error<T>(&self, spanned: &Spanned<T>, message: String) -> InputError {
        self.0.error_at(spanned.span().start, message)
    }

    fn place(&self, offset: usize) -> String {
        format!("{}:{}", self.0.file, self.0.line(offset))
    }
}

/// A date and nothing more.
fn day(written: toml::value::Datetime) -> Option<Date> {
    let date = written.date.filter(|_| written.time.is_none())?;
    Date::new(
        i16::try_from(date.year).ok()?,
        i8::try_from(date.month).ok()?,
        i8::try_from(date.day).ok()?,
    )
    .ok()
}

#[cfg(test)]
mod tests;
