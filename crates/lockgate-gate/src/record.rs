//! OSV records as they are written (OSV schema 1.x), in JSON or YAML.
//!
//! Only what the gate needs. Unknown fields are skipped; a known field of the wrong type makes the record unreadable, and that is an error
//! with the record's name. `withdrawn` alone may have any value: only a time in the past withdraws a record.

use std::fmt;

use lockgate_model::{Timestamp, Version};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

use crate::error::UnreadableRecord;

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) modified: Option<Timestamp>,
    #[serde(default)]
    pub(crate) published: Option<Timestamp>,
    #[serde(default, deserialize_with = "withdrawal")]
    pub(crate) withdrawn: Option<Withdrawal>,
    #[serde(default)]
    pub(crate) aliases: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) summary: Option<Line>,
    #[serde(default)]
    pub(crate) details: Option<Line>,
    #[serde(default)]
    pub(crate) severity: Option<Vec<SeverityEntry>>,
    #[serde(default)]
    pub(crate) affected: Option<Vec<Affected>>,
    #[serde(default)]
    pub(crate) references: Option<Vec<Reference>>,
    #[serde(default)]
    pub(crate) database_specific: Option<DatabaseSpecific>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SeverityEntry {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) score: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Affected {
    #[serde(default)]
    pub(crate) package: Option<Package>,
    #[serde(default)]
    pub(crate) ranges: Option<Vec<Range>>,
    #[serde(default)]
    pub(crate) versions: Option<Vec<Listed>>,
    #[serde(default)]
    pub(crate) severity: Option<Vec<SeverityEntry>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Package {
    pub(crate) ecosystem: String,
    pub(crate) name: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Range {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) events: Vec<Event>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Event {
    #[serde(default)]
    pub(crate) introduced: Option<String>,
    #[serde(default)]
    pub(crate) fixed: Option<String>,
    #[serde(default)]
    pub(crate) last_affected: Option<String>,
    #[serde(default)]
    pub(crate) limit: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Reference {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) url: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct DatabaseSpecific {
    #[serde(default)]
    pub(crate) severity: Option<serde_json::Value>,
    #[serde(default)]
    pub(crate) cwe_ids: Option<serde_json::Value>,
}

impl DatabaseSpecific {
    /// Weaknesses as GitHub's records state them. A field of a database's own has no shape that could be relied on.
    pub(crate) fn weaknesses(&self) -> impl Iterator<Item = &str> {
        let ids = self.cwe_ids.as_ref().and_then(|ids| ids.as_array());
        ids.into_iter()
            .flatten()
            .filter_map(serde_json::Value::as_str)
            .filter(|id| id.starts_with("CWE-"))
    }
}

/// When a record says it was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Withdrawal {
    /// The value as it is written.
    pub(crate) text: String,
    /// The time, if the value is one.
    pub(crate) at: Option<Timestamp>,
}

/// Reads `withdrawn` whatever its type: a value that is not a time must not drop the record, nor pass for a withdrawal.
fn withdrawal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Withdrawal>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    Ok(value.map(|value| match value {
        serde_json::Value::String(text) => Withdrawal {
            at: text.trim().parse().ok(),
            text,
        },
        other => Withdrawal {
            text: other.to_string(),
            at: None,
        },
    }))
}

impl Package {
    /// Whether it is a package of PyPI. The schema has one spelling; others are understood too, since a record whose ecosystem is
    /// misspelled would otherwise affect nothing.
    pub(crate) fn is_pypi(&self) -> bool {
        let ecosystem = self.ecosystem.split(':').next().unwrap_or_default();
        let letters: String = ecosystem
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        matches!(letters.as_str(), "pypi" | "pip" | "python")
    }
}

impl Affected {
    /// Whether it is about commits of a repository, which need no package.
    pub(crate) fn is_about_commits(&self) -> bool {
        let mut ranges = self.ranges.iter().flatten();
        ranges.any(|range| range.kind == "GIT")
    }
}

/// An affected version as listed; none for what is no PEP 440 version. Exports list hundreds of thousands: they are parsed where they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed(pub(crate) Option<Version>);

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(|text: &str| Self(text.parse().ok())))
    }
}

/// The first line of a text that says something, without marks of a heading, and not too long. The rest is not kept: details run to pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line(pub(crate) String);

impl Line {
    fn of(text: &str) -> Self {
        const LONGEST: usize = 200;
        let line = text
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .unwrap_or_default();
        let line: String = line
            .trim_start_matches(['#', ' '])
            .chars()
            .filter(|c| !c.is_control())
            .collect();
        let Some((end, _)) = line.char_indices().nth(LONGEST) else {
            return Self(line);
        };
        let cut = line.get(..end).unwrap_or_default();
        let words = cut.rsplit_once(' ').map_or(cut, |(words, _)| words);
        Self(format!("{words}…"))
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(Self::of))
    }
}

/// Takes what is kept of a text without keeping the text.
struct Text<F>(F);

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for Text<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        Ok((self.0)(text))
    }
}

impl Record {
    /// Reads a record; the file's name tells JSON from YAML.
    pub(crate) fn read(file: &str, bytes: &[u8]) -> Result<Self, UnreadableRecord> {
        let failed = |why: String| UnreadableRecord {
            file: file.to_owned(),
            why,
        };
        let extension = std::path::Path::new(file)
            .extension()
            .and_then(|extension| extension.to_str());
        let is_yaml = extension.is_some_and(|extension| {
            extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
        });
        let mut record: Self = if is_yaml {
            let text = std::str::from_utf8(bytes).map_err(|error| failed(error.to_string()))?;
            serde_saphyr::from_str(text).map_err(|error| failed(one_line(&error.to_string())))?
        } else {
            serde_json::from_slice(bytes).map_err(|error| failed(error.to_string()))?
        };
        if record.id.trim().is_empty() {
            return Err(failed("it has no id".to_owned()));
        }
        for id in std::iter::once(&mut record.id).chain(record.aliases.iter_mut().flatten()) {
            if id.trim().len() < id.len() {
                *id = id.trim().to_owned();
            }
        }
        Ok(record)
    }

    /// Its entries about PyPI projects.
    pub(crate) fn pypi(&self) -> impl Iterator<Item = (&Package, &Affected)> {
        self.affected
            .iter()
            .flatten()
            .filter_map(|affected| Some((affected.package.as_ref()?, affected)))
            .filter(|(package, _)| package.is_pypi())
    }

    /// Whether it is withdrawn at `now`. A time in the future and a value that is not a time withdraw nothing: the record stays in force.
    pub(crate) fn is_withdrawn(&self, now: Timestamp) -> bool {
        let at = self.withdrawn.as_ref().and_then(|withdrawn| withdrawn.at);
        at.is_some_and(|at| at <= now)
    }
}

fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
