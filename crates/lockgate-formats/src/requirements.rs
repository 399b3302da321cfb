//! pip's requirement files: text, includes and options to a [`Manifest`](lockgate_model::Manifest).
//!
//! pip is the judge of what a line means. What pip accepts and lockgate cannot do is an error that names file and line; nothing is
//! skipped. A `-r` inside a constraint file yields requirements, as in pip.

mod decode;
mod lines;
mod options;
mod parse;

pub(crate) use lines::{ends_line, physical, without_comment};
pub(crate) use options::{Given, Known, shell_words, split};
pub(crate) use parse::{BadRequirement, Reader, read_locked, read_requirement};

/// How a file came in: its lines are requirements or constraints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// `-r`, or a source.
    Requirements,
    /// `-c`.
    Constraints,
}

impl Role {
    /// The option that includes such a file.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::Requirements => "-r",
            Self::Constraints => "-c",
        }
    }
}
