//! Why advisories cannot be used.

/// A record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnreadableRecord {
    /// The record's file or id.
    pub file: String,
    /// What is wrong with it.
    pub why: String,
}

impl UnreadableRecord {
    /// The error that names it.
    pub fn into_error(self, source_name: &str) -> GateError {
        GateError::Record {
            source_name: source_name.to_owned(),
            file: self.file,
            why: self.why,
        }
    }
}

/// Advisory data that cannot be used. A gate that cannot read its data has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// One record cannot be read.
    #[error("{source_name}: the record `{file}` cannot be read: {why}")]
    Record {
        /// The source as named by the user.
        source_name: String,
        /// The record's file or id.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The source has no record about any PyPI project.
    #[error("{source_name}: there is no advisory about a PyPI project in it")]
    Empty {
        /// The source as named by the user.
        source_name: String,
    },
    /// The compact form is damaged or of another kind.
    #[error("the compact advisories are damaged: {0}")]
    Damaged(String),
    /// The advisories are older than policy allows, or their age is not known.
    #[error("{source_name}: {why}")]
    TooOld {
        /// The source as named by the user.
        source_name: String,
        /// What they are dated by, and the limit.
        why: String,
    },
}
