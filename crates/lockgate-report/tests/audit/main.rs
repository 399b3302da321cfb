//! The reports of an audit that people read, each checked by a reader of its format.

#![expect(clippy::unwrap_used, reason = "what is missing ends a test")]

mod browser;
mod github;
mod html;
mod markdown;
#[path = "../support/rich.rs"]
mod rich;
mod table;

use lockgate_model::{AcceptedGap, AuditReport};
use lockgate_report::AuditRun;

/// The run in which the reports of these tests are made.
fn run() -> AuditRun<'static> {
    AuditRun {
        command: None,
        generated: Some(rich::now()),
    }
}

/// What no report may hold, whoever said it: what drives a terminal, and what turns the direction of text.
#[track_caller]
fn assert_no_hidden_signs(text: &str) {
    let hidden: Vec<char> = text
        .chars()
        .filter(|c| {
            (c.is_control() && *c != '\n') || "\u{202e}\u{2069}\u{2028}\u{2029}".contains(*c)
        })
        .collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

/// Accepts every gap of a report, as an entry of a policy does.
pub(crate) fn accept_gaps(report: &mut AuditReport) {
    for gap in &mut report.gaps {
        gap.accepted = Some(AcceptedGap {
            reason: format!("audited elsewhere {}", rich::HOSTILE),
            expires: Some("2027-03-01".to_owned()),
            origin: "lockgate.toml:7".to_owned(),
        });
    }
}
