//! The requirements lock: written as pip-compile writes it, with the audit's evidence; read from lockgate, pip-compile, uv and pip alike.
//!
//! The form is described in docs/lock-format.md. What is written depends on nothing but the arguments, so that the same lock has the
//! same bytes. What is read follows pip's own rules for lines, so that nothing that pip would install is overlooked.

pub mod compare;
mod detect;
mod evidence;
mod omitted;
mod options;
mod preamble;
mod read;
mod write;

pub(crate) use read::{Beyond, Include, read_with_includes, split_marker};
pub(crate) use write::{audit_text, comment, direct_line, passed_text, stated_version};

pub(crate) use crate::requirements::shell_words;

pub use detect::is_lock_text;
pub use evidence::Evidence;
pub use omitted::Omitted;
pub use options::{Annotation, Newline, RenderOptions};
pub use read::{Lock, LockOption, LockedDirect, LockedPin, ScopedPin, UnpinnedLine, read};
pub use write::{AuditLine, Header, direct_lines, render};

#[cfg(test)]
mod tests;
