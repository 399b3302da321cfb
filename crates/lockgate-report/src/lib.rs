//! Renders what was found and decided: for people and as JSON. Decides nothing: no severity, no exit code.
//!
//! Text goes to any writer and carries ANSI styles; who owns the stream strips them where they do not belong.

mod audit;
mod change;
mod conflict;
mod github;
mod html;
mod json;
mod markdown;
mod notes;
mod plain;
mod style;
mod verdict;
mod view;

pub use audit::{TableOptions, audit_table, audit_table_with};
pub use change::change_lines;
pub use conflict::{Detail, conflict_text};
pub use github::{annotations, job_summary};
pub use html::html_page;
pub use json::{LockDocument, audit_document, failure_document, lock_document};
pub use markdown::markdown;
pub use notes::{confusion_text, note_lines};
pub use verdict::AuditRun;
