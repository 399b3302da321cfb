//! A record cut down to what the gate keeps of it, so that a whole export fits in little memory.

use lockgate_model::{AdvisoryLink, Name, Severity, Timestamp};
use serde::{Deserialize, Serialize};

use crate::matching::{self, Extent};
use crate::record::Record;
use crate::severity;

/// More pages than this help nobody.
const MOST_REFERENCES: usize = 12;

/// What is kept of a record in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Brief {
    pub(crate) id: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) modified: Option<Timestamp>,
    pub(crate) published: Option<Timestamp>,
    /// On one line and not too long; empty if it says nothing.
    pub(crate) summary: String,
    pub(crate) severity: Option<Severity>,
    pub(crate) weaknesses: Vec<String>,
    /// Pages that it refers to, the first few; of an advisory and of any other page at least one, if it has one.
    pub(crate) references: Vec<AdvisoryLink>,
    /// What it affects, by project.
    pub(crate) extents: Vec<(Name, Extent)>,
}

impl Brief {
    /// Returns what is kept of `record`; none for one that is withdrawn at `now`: it says nothing any more, not what is affected and not
    /// that others are aliases. An error: why the record cannot be right.
    pub(crate) fn of(record: &Record, now: Timestamp) -> Result<Option<Self>, String> {
        if record.is_withdrawn(now) {
            return Ok(None);
        }
        let summary = record.summary.as_ref().filter(|line| !line.0.is_empty());
        Ok(Some(Self {
            id: record.id.clone(),
            aliases: record.aliases.clone().unwrap_or_default(),
            modified: record.modified,
            published: record.published,
            summary: summary
                .or(record.details.as_ref())
                .map(|line| line.0.clone())
                .unwrap_or_default(),
            severity: severity::of(record),
            weaknesses: record
                .database_specific
                .iter()
                .flat_map(crate::record::DatabaseSpecific::weaknesses)
                .map(str::to_owned)
                .collect(),
            references: references(record),
            extents: extents(record)?,
        }))
    }

    /// The first page of a kind.
    pub(crate) fn page(&self, kind: &str) -> Option<&str> {
        let mut references = self.references.iter();
        references
            .find(|reference| reference.kind == kind)
            .map(|reference| reference.url.as_str())
    }

    /// Its id and its aliases.
    pub(crate) fn ids(&self) -> Vec<String> {
        std::iter::once(&self.id)
            .chain(&self.aliases)
            .cloned()
            .collect()
    }
}

/// Returns what a record in force affects, by package. An error: why nobody can know what it affects.
fn extents(record: &Record) -> Result<Vec<(Name, Extent)>, String> {
    let affected = record.affected.as_deref().unwrap_or_default();
    if affected.is_empty() {
        return Err("`affected` is missing or empty".to_owned());
    }
    if affected
        .iter()
        .any(|entry| entry.package.is_none() && !entry.is_about_commits())
    {
        return Err("an entry of `affected` names no package".to_owned());
    }
    record
        .pypi()
        .map(|(package, affected)| {
            let name = Name::new(package.name.trim()).map_err(|error| error.to_string())?;
            let mut extent = matching::extent(affected);
            // It is in force, or it would not be read.
            if let Some(withdrawn) = &record.withdrawn {
                extent.note_unclear(format!("withdrawn {}", withdrawn.text));
            }
            Ok((name, extent))
        })
        .collect()
}

/// The pages of a record that are kept: those of the kinds that people look for first, in the record's order, then the rest.
fn references(record: &Record) -> Vec<AdvisoryLink> {
    let mut all: Vec<AdvisoryLink> = record
        .references
        .iter()
        .flatten()
        .filter(|reference| reference.kind != "PACKAGE")
        .map(|reference| AdvisoryLink {
            kind: reference.kind.clone(),
            url: reference.url.clone(),
        })
        .collect();
    all.sort_by_key(|link| match link.kind.as_str() {
        "ADVISORY" => 0,
        "FIX" => 1,
        "WEB" => 2,
        _ => 3,
    });
    all.truncate(MOST_REFERENCES);
    all
}

#[cfg(test)]
mod tests;
