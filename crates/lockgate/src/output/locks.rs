//! What `lock` came to for several entries of a policy: each of them, one summary, and the exit code of them all. All are written, or none.

use lockgate_model::secret::hide_everywhere;
use serde_json::{Value, json};

use super::{counted, deliver_lock, document_of_failure, judge_lock, staged_lock, tell};
use crate::disk::Staged;
use crate::failure::{Exit, Failure};
use crate::ops::lock::{LockOutcome, LockedEntry};
use crate::output::Format;
use crate::terminal::Terminal;

fn exit_of(entry: &LockedEntry) -> Exit {
    match &entry.ended {
        Ok(LockOutcome::Locked(_)) => Exit::Done,
        Ok(LockOutcome::Impossible { .. }) => Exit::No,
        Err(failure) => failure.exit,
    }
}

/// The exit code of all. A refusal is an answer, whatever else could not be learned.
fn exit_of_all(entries: &[LockedEntry]) -> Exit {
    let exits: Vec<Exit> = entries.iter().map(exit_of).collect();
    [Exit::No, Exit::NoAnswer]
        .into_iter()
        .find(|exit| exits.contains(exit))
        .unwrap_or(Exit::Done)
}

/// Exit code and document.
pub(super) fn judge(entries: &[LockedEntry]) -> (Exit, Value) {
    let exit = exit_of_all(entries);
    let documents: Vec<Value> = entries
        .iter()
        .map(|entry| document(entry, exit != Exit::Done))
        .collect();
    let decisive = entries.iter().position(|entry| exit_of(entry) == exit);
    let status = decisive.and_then(|place| documents.get(place)?.get("status").cloned());
    (
        exit,
        json!({ "version": 1, "status": status, "locks": documents }),
    )
}

fn document(entry: &LockedEntry, is_withheld: bool) -> Value {
    match &entry.ended {
        Ok(outcome) => judge_lock(outcome, is_withheld).1,
        Err(failure) => {
            let mut document = document_of_failure(failure);
            if let Value::Object(members) = &mut document {
                let output = hide_everywhere(&entry.output).to_string();
                members.insert("output".to_owned(), json!(output));
                members.insert("written".to_owned(), json!(false));
            }
            document
        }
    }
}

/// The locks beside their places; none where one of them cannot be made.
pub(super) fn staged(entries: &[LockedEntry]) -> Result<Vec<Staged>, Failure> {
    if exit_of_all(entries) != Exit::Done {
        return Ok(Vec::new());
    }
    let mut staged = Vec::new();
    for entry in entries {
        if let Ok(LockOutcome::Locked(locked)) = &entry.ended {
            staged.extend(staged_lock(locked)?);
        }
    }
    Ok(staged)
}

/// Says why locks cannot be made, and shows how the others change where that is asked for.
pub(super) fn deliver(
    entries: &[LockedEntry],
    format: Format,
    terminal: &Terminal,
) -> Result<(), Failure> {
    for entry in entries {
        match &entry.ended {
            Ok(outcome) => deliver_lock(outcome, Some(&entry.output), format, terminal)?,
            Err(failure) => {
                let mut failure = failure.clone();
                failure.message = format!("{}: {}", entry.output, failure.message);
                terminal.failure(&failure);
            }
        }
    }
    Ok(())
}

/// Says what was done with each, and with all.
pub(super) fn tell_all(entries: &[LockedEntry], terminal: &Terminal) {
    let is_withheld = exit_of_all(entries) != Exit::Done;
    for entry in entries {
        if let Ok(LockOutcome::Locked(locked)) = &entry.ended {
            tell(locked, is_withheld, terminal);
        }
    }
    terminal.summary(&summary(entries, is_withheld));
}

/// All locks in one line.
fn summary(entries: &[LockedEntry], is_withheld: bool) -> String {
    let mut counts = [
        (0, "written"),
        (0, "would be written"),
        (0, "unchanged"),
        (0, "not written"),
        (0, "refused"),
        (0, "without an answer"),
    ];
    for entry in entries {
        let place = match &entry.ended {
            Ok(LockOutcome::Locked(locked)) if !locked.is_new() => 2,
            Ok(LockOutcome::Locked(_)) if is_withheld => 3,
            Ok(LockOutcome::Locked(locked)) if locked.dry_run => 1,
            Ok(LockOutcome::Locked(_)) => 0,
            Ok(LockOutcome::Impossible { .. }) => 4,
            Err(_) => 5,
        };
        counts[place].0 += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let locks = counted(entries.len(), "lock", "locks");
    format!("{locks}: {}", parts.join(", "))
}
