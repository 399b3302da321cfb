//! An advisory record as people read it, whole.

use crate::{AdvisoryLink, Severity, Timestamp};

/// A record, with everything that a person asks about it.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownRecord {
    /// Its id.
    pub id: String,
    /// Other ids of the same vulnerability, as it states them.
    pub aliases: Vec<String>,
    /// One line.
    pub summary: String,
    /// All that it says, as written: Markdown.
    pub details: String,
    /// The highest that it states.
    pub severity: Option<Severity>,
    /// Weaknesses.
    pub weaknesses: Vec<String>,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// When it was changed last.
    pub modified: Option<Timestamp>,
    /// When it was taken back, as written.
    pub withdrawn: Option<String>,
    /// The PyPI projects that it affects.
    pub affected: Vec<ShownAffected>,
    /// Pages about it.
    pub references: Vec<AdvisoryLink>,
}

/// What of a project a record affects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownAffected {
    /// The project, as written.
    pub name: String,
    /// Ranges, as people write them: `>=1.0, <1.5`.
    pub ranges: Vec<String>,
    /// How many versions it lists one by one.
    pub listed: usize,
}
