//! What `check` came to: every reason of every lock, one summary, and the exit code of them all.

use anstream::adapter::strip_str;
use lockgate_report::{LockDocument, lock_document, note_lines};
use serde_json::Value;

use super::{counted, table};
use crate::failure::{Exit, Failure};
use crate::ops::check::Checked;
use crate::terminal::{Rendered, Terminal};

/// Says what was found, lock by lock.
pub(super) fn deliver(checked: &[Checked], terminal: &Terminal) -> Result<(), Failure> {
    for one in checked {
        for remark in &one.audit.remarks {
            terminal.warn(&remark.text);
        }
        for line in note_lines(&one.notes) {
            terminal.summary_of(Rendered(&line));
        }
        for reason in &one.reasons {
            let failure = Failure::new(reason.text.clone());
            terminal.failure(&match &reason.details {
                Some(details) => failure.details(details),
                None => failure,
            });
        }
        if one.audit.gated_findings() > 0 || one.audit.is_incomplete() {
            terminal.failure(
                &Failure::new(format!("{}: the audit does not pass", one.lock))
                    .details(table(&one.audit)?.trim_end()),
            );
        } else if one.audit.open_findings() > 0 || one.audit.notices().next().is_some() {
            terminal.summary_of(Rendered(table(&one.audit)?.trim_end()));
        }
        if let Some(failure) = &one.failure {
            terminal.failure(failure);
        }
        if exit_of(one) == Exit::Done {
            terminal.summary(&match &one.unaudited {
                None => format!("{} is up to date", one.lock),
                Some(why) => format!(
                    "{} is up to date with its sources; no advisories were looked for ({why})",
                    one.lock
                ),
            });
        }
    }
    if checked.len() > 1 {
        terminal.summary(&summary(checked));
    }
    Ok(())
}

/// All locks in one line.
fn summary(checked: &[Checked]) -> String {
    let count = |exit: Exit| checked.iter().filter(|one| exit_of(one) == exit).count();
    let parts = [
        (count(Exit::Done), "up to date"),
        (count(Exit::No), "failed"),
        (count(Exit::NoAnswer), "without an answer"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let locks = counted(checked.len(), "lock", "locks");
    format!("Checked {locks}: {}", parts.join(", "))
}

fn exit_of(one: &Checked) -> Exit {
    verdict(one).0
}

/// The exit code and the status of one lock. What is known to be wrong is an answer, whatever else could not be learned.
fn verdict(one: &Checked) -> (Exit, &'static str) {
    if !one.reasons.is_empty() {
        (Exit::No, "outdated")
    } else if one.audit.gated_findings() > 0 {
        (Exit::No, "findings")
    } else if let Some(failure) = &one.failure {
        (failure.exit, "failed")
    } else if one.audit.is_incomplete() {
        (Exit::NoAnswer, "failed")
    } else if one.unaudited.is_some() {
        (Exit::Done, "locked")
    } else {
        (Exit::Done, "clean")
    }
}

/// Exit code and document.
pub(super) fn judge(checked: &[Checked]) -> (Exit, Value) {
    let documents: Vec<Value> = checked.iter().map(document).collect();
    let exits: Vec<Exit> = checked.iter().map(exit_of).collect();
    let exit = [Exit::No, Exit::NoAnswer]
        .into_iter()
        .find(|exit| exits.contains(exit))
        .unwrap_or(Exit::Done);
    // The status of all is that of a lock that decides the exit code.
    let decisive = exits.iter().position(|one| *one == exit);
    let status = decisive.and_then(|place| documents.get(place)?.get("status").cloned());
    match <[Value; 1]>::try_from(documents) {
        Ok([document]) => (exit, document),
        Err(documents) => (
            exit,
            serde_json::json!({ "version": 1, "status": status, "locks": documents }),
        ),
    }
}

fn document(one: &Checked) -> Value {
    let reasons = one.reasons.iter().map(|reason| match &reason.details {
        // A document has no colours.
        Some(details) => format!("{}\n{}", reason.text, strip_str(details)),
        None => reason.text.clone(),
    });
    let mut reasons: Vec<String> = reasons.collect();
    reasons.extend(one.failure.iter().map(|failure| failure.message.clone()));
    lock_document(&LockDocument {
        status: verdict(one).1,
        output: &one.lock,
        written: false,
        policies: &one.policies,
        audit: Some(&one.audit),
        change: Some(&one.change),
        notes: &one.notes,
        pins: None,
        conflict: one.conflict.as_deref(),
        reasons: &reasons,
    })
}
