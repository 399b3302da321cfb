//! As much of an OSV record as it takes to know it again. What it says of versions is the gate's to read.

use lockgate_model::Timestamp;
use serde::Deserialize;

/// What a record says of itself.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Head {
    pub(super) id: String,
    #[serde(default)]
    modified: Option<String>,
    #[serde(default)]
    aliases: Option<Vec<String>>,
}

impl Head {
    /// Reads a JSON record, all of it. An error: what is wrong with it.
    pub(super) fn json(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| format!("it is no advisory record ({error})"))
    }

    /// Reads a YAML record.
    pub(super) fn yaml(bytes: &[u8]) -> Result<Self, String> {
        let wrong = |error: &dyn std::fmt::Display| {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            format!("it is no advisory record ({line})")
        };
        let text = std::str::from_utf8(bytes).map_err(|error| wrong(&error))?;
        serde_saphyr::from_str(text).map_err(|error| wrong(&error))
    }

    /// Reads a JSON record that must be the one called `id`.
    pub(super) fn of(id: &str, bytes: &[u8]) -> Result<Self, String> {
        let head = Self::json(bytes)?;
        if head.id == id {
            Ok(head)
        } else {
            Err(format!("it is the record `{}`, not `{id}`", head.id))
        }
    }

    /// When it was last changed, if it states a date that can be read.
    pub(super) fn modified(&self) -> Option<Timestamp> {
        self.modified.as_ref()?.parse().ok()
    }

    /// Whether `id` is its id or an alias, without regard to case.
    pub(super) fn is_known_as(&self, id: &str) -> bool {
        let mut ids = self.aliases.iter().flatten().chain([&self.id]);
        ids.any(|own| own.eq_ignore_ascii_case(id))
    }
}

/// A JSON record in the one form that does not depend on how it was sent: so that the same record has the same digest.
pub(super) fn canonical(bytes: &[u8]) -> Vec<u8> {
    serde_json::from_slice::<serde_json::Value>(bytes)
        .and_then(|record| serde_json::to_vec(&record))
        .unwrap_or_else(|_no_json| bytes.to_vec())
}
