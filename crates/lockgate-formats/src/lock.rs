//! The requirements lock: written as pip-compile writes it, with the audit's evidence; read from lockgate, pip-compile and uv alike.
//!
//! The form is described in docs/lock-format.md. What is written depends on nothing but the arguments, so that the same lock has the
//! same bytes.

mod read;
mod write;

pub use read::{Lock, LockedPin, UnpinnedLine, read};
pub use write::{AuditLine, Header, RenderOptions, render};
