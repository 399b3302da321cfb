//! Renders what was found and decided: for people and as JSON. Decides nothing: no severity, no exit code.
//!
//! Text goes to any writer and carries ANSI styles; who owns the stream strips them where they do not belong.

mod address;
mod audit;
mod audit_json;
mod change;
mod conflict;
mod content_id;
mod cyclonedx;
mod github;
mod html;
mod json;
mod json_text;
mod justification;
mod markdown;
mod notes;
mod one_line;
mod openvex;
mod pip_audit;
mod plain;
mod record;
mod sarif;
mod style;
mod verdict;
mod view;
mod wording;

pub use audit::{TableOptions, audit_table, audit_table_with};
pub use audit_json::audit_document;
pub use change::change_lines;
pub use conflict::{Detail, conflict_text};
pub use cyclonedx::cyclonedx_document;
pub use github::{annotations, job_summary};
pub use html::html_page;
pub use json::{LockDocument, failure_document, lock_document};
pub use json_text::json_text;
pub use markdown::markdown;
pub use notes::{confusion_text, note_lines};
pub use openvex::{OpenVexOptions, openvex_document};
pub use pip_audit::{
    PipAuditOptions, PipAuditSwitch, pip_audit_columns, pip_audit_json, pip_audit_markdown,
    pip_audit_summary,
};
pub use record::record_text;
pub use sarif::sarif_document;
pub use verdict::AuditRun;
