//! Renders what was found and decided: for people and as JSON. Decides nothing: no severity, no exit code.
//!
//! Text goes to any writer and carries ANSI styles; who owns the stream strips them where they do not belong.

mod audit;
mod change;
mod conflict;
mod json;
mod notes;
mod style;

pub use audit::audit_table;
pub use change::change_lines;
pub use conflict::{Detail, conflict_text};
pub use json::{LockDocument, audit_document, failure_document, lock_document};
pub use notes::{confusion_text, note_lines};
