//! pip's requirement files: text, includes and options to a [`Manifest`](lockgate_model::Manifest).
//!
//! pip is the judge of what a line means, and its own parser is asked about every shape that we know (`tests/parity.rs`). What pip
//! passes over is a warning; what it accepts and lockgate cannot do is an error that names file and line. A `-r` inside a constraint
//! file yields requirements, as in pip.

use lockgate_model::Files;
use lockgate_model::secret::{self, Filled};

pub(crate) mod address;
mod codecs;
pub(crate) mod decode;
mod lines;
mod options;
mod reader;
pub(crate) mod reference;
mod requirement;
mod settings;
mod shell;
mod single;
mod written;

pub(crate) use lines::{
    ends_line, is_comment, physical, uncommented, with_variables, without_comment,
};
pub(crate) use options::{Given, Known, Words, split};
pub(crate) use reader::{DEEPEST, MOST_FILES, Reader};
pub(crate) use shell::shell_words;
pub(crate) use single::{BadRequirement, read_locked, read_requirement};
pub use written::must_be_repeatable;

/// Returns an option of a lock with its variables filled in, to ask with; what is filled in is remembered, and repeated where the option is
/// written again. `origin` says where it stands.
pub(crate) fn filled(text: &str, files: &dyn Files, origin: &str) -> String {
    let (filled, variables) = with_variables(text, files);
    if !variables.is_empty() {
        secret::remember(&Filled {
            written: text,
            filled: &filled,
            variables: &variables,
            origin,
        });
        secret::remember_written(&filled, text);
    }
    filled
}

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
