//! A record cut down to what the gate keeps of it, so that a whole export fits in little memory.

use lockgate_model::{Name, Severity, Timestamp};
use serde::{Deserialize, Serialize};

use crate::matching::{self, Extent};
use crate::record::Record;
use crate::severity;

/// What is kept of a record in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Brief {
    pub(crate) id: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) modified: Option<Timestamp>,
    /// On one line and not too long; empty if it says nothing.
    pub(crate) summary: String,
    pub(crate) severity: Option<Severity>,
    /// The first advisory that it refers to.
    pub(crate) advisory_page: Option<String>,
    /// The first page that it refers to.
    pub(crate) web_page: Option<String>,
    /// What it affects, by project.
    pub(crate) extents: Vec<(Name, Extent)>,
}

impl Brief {
    /// None for a withdrawn record: it says nothing any more, not what is affected and not that others are aliases.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        if record.withdrawn.is_some() {
            return None;
        }
        let page = |kind: &str| {
            let mut references = record.references.iter().flatten();
            references
                .find(|reference| reference.kind == kind)
                .map(|reference| reference.url.clone())
        };
        let summary = record.summary.as_ref().filter(|line| !line.0.is_empty());
        Some(Self {
            id: record.id.clone(),
            aliases: record.aliases.clone().unwrap_or_default(),
            modified: record.modified,
            summary: summary
                .or(record.details.as_ref())
                .map(|line| line.0.clone())
                .unwrap_or_default(),
            severity: severity::of(record),
            advisory_page: page("ADVISORY"),
            web_page: page("WEB"),
            // A name that is none can be no project on an index.
            extents: record
                .pypi()
                .filter_map(|(package, affected)| {
                    Some((Name::new(&package.name).ok()?, matching::extent(affected)))
                })
                .collect(),
        })
    }

    /// Its id and its aliases.
    pub(crate) fn ids(&self) -> Vec<String> {
        std::iter::once(&self.id)
            .chain(&self.aliases)
            .cloned()
            .collect()
    }
}
