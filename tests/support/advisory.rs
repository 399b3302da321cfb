//! Advisories in the words of a scenario file, and the OSV records that they stand for.

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// One advisory on one project.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Advisory {
    /// Its id.
    pub id: String,
    /// Other ids of the same vulnerability.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The project.
    pub package: String,
    /// Affected from this version on; without it, from the start.
    pub introduced: Option<String>,
    /// Not affected from this version on.
    pub fixed: Option<String>,
    /// Affected up to this version.
    pub last_affected: Option<String>,
    /// More ranges, as `[introduced, fixed]`.
    #[serde(default)]
    pub ranges: Vec<(String, String)>,
    /// Affected versions, one by one. With these alone there is no range.
    #[serde(default)]
    pub versions: Vec<String>,
    /// `low`, `medium`, `high`, `critical`, or a CVSS vector.
    pub severity: Option<String>,
    /// When it was withdrawn: an instant.
    pub withdrawn: Option<String>,
    /// When it was last changed: an instant.
    pub modified: Option<String>,
    /// One line.
    pub summary: Option<String>,
    /// In place of all this: the file's text.
    pub text: Option<String>,
}

impl Advisory {
    /// One on a project that nothing requires, last changed now: what it is in is as young as an export that is kept up.
    pub fn of_today() -> Self {
        Self {
            modified: Some(jiff::Timestamp::now().to_string()),
            ..Self::new("PYSEC-2000-2", "unrelated-to-everything")
        }
    }

    /// One that affects every version.
    pub fn new(id: &str, package: &str) -> Self {
        Self {
            id: id.to_owned(),
            package: package.to_owned(),
            ..Self::default()
        }
    }

    /// Affects `introduced` and later, before `fixed`.
    #[must_use]
    pub fn between(mut self, introduced: &str, fixed: &str) -> Self {
        self.introduced = Some(introduced.to_owned());
        self.fixed = Some(fixed.to_owned());
        self
    }

    /// With a severity word or vector.
    #[must_use]
    pub fn severity(mut self, severity: &str) -> Self {
        self.severity = Some(severity.to_owned());
        self
    }

    /// When it was last changed.
    pub fn modified(&self) -> &str {
        self.modified.as_deref().unwrap_or("2024-06-01T00:00:00Z")
    }

    /// The record.
    pub fn to_value(&self) -> Value {
        let mut affected = Map::new();
        affected.insert(
            "package".to_owned(),
            json!({ "ecosystem": "PyPI", "name": self.package }),
        );
        let mut ranges = Vec::new();
        let listed_only =
            self.introduced.is_none() && self.fixed.is_none() && self.last_affected.is_none();
        if !(listed_only && (!self.versions.is_empty() || !self.ranges.is_empty())) {
            let mut events =
                vec![json!({ "introduced": self.introduced.as_deref().unwrap_or("0") })];
            events.extend(
                self.fixed
                    .as_ref()
                    .map(|version| json!({ "fixed": version })),
            );
            events.extend(
                self.last_affected
                    .as_ref()
                    .map(|version| json!({ "last_affected": version })),
            );
            ranges.push(json!({ "type": "ECOSYSTEM", "events": events }));
        }
        for (introduced, fixed) in &self.ranges {
            let events = json!([{ "introduced": introduced }, { "fixed": fixed }]);
            ranges.push(json!({ "type": "ECOSYSTEM", "events": events }));
        }
        affected.insert("ranges".to_owned(), Value::Array(ranges));
        affected.insert("versions".to_owned(), json!(self.versions));
        let mut record = json!({
            "schema_version": "1.6.0",
            "id": self.id,
            "modified": self.modified(),
            "published": "2024-01-01T00:00:00Z",
            "aliases": self.aliases,
            "summary": self.summary.as_deref().unwrap_or("Something is wrong"),
            "affected": [affected],
        });
        if let Some(withdrawn) = &self.withdrawn {
            record["withdrawn"] = json!(withdrawn);
        }
        if let Some(severity) = &self.severity {
            let kind = ["CVSS:4", "CVSS:3"]
                .iter()
                .zip(["CVSS_V4", "CVSS_V3"])
                .find(|(start, _)| severity.starts_with(**start));
            if let Some((_, kind)) = kind {
                record["severity"] = json!([{ "type": kind, "score": severity }]);
            } else {
                let word = if severity == "medium" {
                    "MODERATE".to_owned()
                } else {
                    severity.to_uppercase()
                };
                record["database_specific"] = json!({ "severity": word });
            }
        }
        record
    }

    /// The record's text.
    pub fn to_json(&self) -> String {
        self.text
            .clone()
            .unwrap_or_else(|| format!("{:#}\n", self.to_value()))
    }
}
