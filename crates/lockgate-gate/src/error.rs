//! Why advisories cannot be used.

/// A record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnreadableRecord {
    /// The record's file or id; empty where the list of a source's entries is at fault, and no entry alone.
    pub file: String,
    /// What is wrong with it.
    pub why: String,
}

/// What a message that names the source calls a part of it.
fn within(file: &str) -> String {
    if file.is_empty() {
        "the list of its entries".to_owned()
    } else {
        format!("the record `{file}`")
    }
}

impl UnreadableRecord {
    /// What a message calls it.
    pub fn named(&self, source: &str) -> String {
        if self.file.is_empty() {
            format!("the list of entries of {source}")
        } else {
            format!("the advisory record `{}` of {source}", self.file)
        }
    }

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
    #[error("{source_name}: {} cannot be read: {why}", within(.file))]
    Record {
        /// The source as named by the user.
        source_name: String,
        /// The record's file or id; empty for the list of entries.
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
