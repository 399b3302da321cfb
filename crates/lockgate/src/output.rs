//! Outcomes to their places: the lock to its file, the answer to standard output, talk to standard error, and an exit code.

mod check;
mod locks;

use std::path::Path;

use lockgate_formats::diff;
use lockgate_model::secret::hide_everywhere;
use lockgate_model::{AuditReport, Note};
use lockgate_report::{
    Detail, LockDocument, audit_document, audit_table, change_lines, conflict_text, confusion_text,
    failure_document, json_text, lock_document, note_lines, pip_audit_summary,
};
use serde_json::Value;

use crate::cli::TerminalOptions;
use crate::disk;
use crate::failure::{Exit, Failure};
use crate::ops::audit::Audited;
use crate::ops::check::Checked;
use crate::ops::lock::{LockOutcome, Locked, LockedEntry};
use crate::outputs::commit_all;
use crate::reports::{self, Circumstances, Destination, ReportFormat};
use crate::request::Output;
use crate::terminal::{Rendered, Terminal, colored_diff};

/// What an operation came to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Of `lock`.
    Lock(LockOutcome),
    /// Of `lock`, one for each entry of the policy.
    LockAll(Vec<LockedEntry>),
    /// Of `audit`.
    Audit(Box<Audited>),
    /// Of `check`, one for each lock.
    Check(Vec<Checked>),
}

/// The form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON document on standard output.
    Json,
}

/// Delivers an outcome. A report file is written whatever the outcome is, and before the lock: a lock that stands there was reported.
pub(crate) fn deliver(
    outcome: Result<Outcome, Failure>,
    format: Format,
    report: Option<&Path>,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut found = 0;
    let delivered = outcome.and_then(|outcome| {
        let (exit, document) = judge(&outcome, report.is_some());
        found = gated_findings(&outcome);
        let locks = staged(&outcome)?;
        let reports = staged_reports(&outcome, exit)?;
        let report = report.map(|path| disk::stage(path, json_text(&document).as_bytes()));
        let report = report.transpose()?;
        // An answer that says what was written is given once that is so. Where it cannot be given the run has failed, and changes nothing.
        let committed = commit_all(report.into_iter().chain(locks).chain(reports).collect())?;
        if let Err(failure) = answer(&outcome, exit, &document, format, terminal) {
            return Err(committed.undo(failure));
        }
        match &outcome {
            Outcome::Lock(LockOutcome::Locked(locked)) => tell(locked, false, terminal),
            Outcome::LockAll(entries) => locks::tell_all(entries, terminal),
            _ => {}
        }
        Ok(exit)
    });
    let delivered = delivered.map_err(|failure| match found {
        // What cannot be said where it was asked for is at least counted here.
        1.. => Failure {
            message: format!(
                "{}; the run found {}",
                failure.message,
                counted(found, "finding above policy", "findings above policy")
            ),
            ..failure
        },
        0 => failure,
    });
    delivered.inspect_err(|failure| {
        let document = document_of_failure(failure);
        if let Some(path) = report
            && let Err(unwritten) = write_report(path, &document)
            && !failure.message.starts_with(&unwritten.message)
        {
            terminal.failure(&unwritten);
        }
        if format == Format::Json {
            // The failure itself is said on standard error by the caller.
            let _ = terminal.answer(&json_text(&document));
        }
    })
}

/// Prints the answer.
fn answer(
    outcome: &Outcome,
    exit: Exit,
    document: &Value,
    format: Format,
    terminal: &Terminal,
) -> Result<(), Failure> {
    match outcome {
        Outcome::Lock(outcome) => deliver_lock(outcome, None, format, terminal)?,
        Outcome::LockAll(entries) => locks::deliver(entries, format, terminal)?,
        Outcome::Audit(audited) => deliver_audit(audited, exit, terminal)?,
        Outcome::Check(checked) => check::deliver(checked, terminal)?,
    }
    // What an audit prints was said by its own options.
    if format == Format::Json && !matches!(outcome, Outcome::Audit(_)) {
        terminal.answer(&json_text(document))?;
    }
    Ok(())
}

fn document_of_failure(failure: &Failure) -> Value {
    let remedy = failure.remedy.as_deref().map(hide_everywhere);
    failure_document(&hide_everywhere(&failure.message), remedy.as_deref())
}

/// Says in files and documents that a command line could not be read. It has been said on standard error.
pub(crate) fn deliver_usage(failure: &Failure, json: bool, report: Option<&Path>) {
    let document = document_of_failure(failure);
    let terminal = Terminal::new(&TerminalOptions::default());
    if let Some(path) = report
        && let Err(unwritten) = write_report(path, &document)
    {
        terminal.failure(&unwritten);
    }
    if json {
        // A closed pipe changes nothing any more.
        let _ = terminal.answer(&json_text(&document));
    }
}

/// The locks beside their places, if there are any to write.
fn staged(outcome: &Outcome) -> Result<Vec<disk::Staged>, Failure> {
    match outcome {
        Outcome::Lock(LockOutcome::Locked(locked)) => {
            Ok(staged_lock(locked)?.into_iter().collect())
        }
        Outcome::LockAll(entries) => locks::staged(entries),
        _ => Ok(Vec::new()),
    }
}

/// A lock beside its place, if it is to be written.
fn staged_lock(locked: &Locked) -> Result<Option<disk::Staged>, Failure> {
    match &locked.output {
        Output::File(path) if !locked.dry_run && locked.is_new() => {
            disk::stage(Path::new(path), locked.text.as_bytes()).map(Some)
        }
        Output::File(_) | Output::Standard => Ok(None),
    }
}

fn write_report(path: &Path, document: &Value) -> Result<(), Failure> {
    disk::replace(path, json_text(document).as_bytes())
}

/// How many findings above policy an outcome has.
fn gated_findings(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Audit(audited) => audited.report.gated_findings(),
        Outcome::Check(checked) => {
            let findings = checked.iter().map(|one| one.audit.gated_findings());
            findings.sum()
        }
        Outcome::Lock(_) | Outcome::LockAll(_) => 0,
    }
}

/// Exit code and document of an outcome. The document of an audit, which its own options print, is made only where it `is_reported`.
fn judge(outcome: &Outcome, is_reported: bool) -> (Exit, Value) {
    match outcome {
        Outcome::Lock(outcome) => judge_lock(outcome, false),
        Outcome::LockAll(entries) => locks::judge(entries),
        Outcome::Audit(audited) => {
            let exit = audit_exit(&audited.report);
            let document =
                is_reported.then(|| audit_document(status_of(audited, exit), &audited.report));
            (exit, document.unwrap_or_default())
        }
        Outcome::Check(checked) => check::judge(checked),
    }
}

/// Exit code and document of one lock, which may be withheld since another one cannot be made.
fn judge_lock(outcome: &LockOutcome, is_withheld: bool) -> (Exit, Value) {
    match outcome {
        LockOutcome::Locked(locked) => {
            (Exit::Done, lock_document(&document_of(locked, is_withheld)))
        }
        LockOutcome::Impossible {
            output,
            conflict,
            policies,
            ..
        } => {
            let status = if conflict.refusals.is_empty() {
                "no-solution"
            } else {
                "gated"
            };
            let document = LockDocument {
                status,
                output: output.as_str(),
                written: false,
                policies,
                audit: None,
                change: None,
                notes: &[],
                pins: None,
                conflict: Some(conflict),
                reasons: &[],
            };
            (Exit::No, lock_document(&document))
        }
    }
}

fn document_of(locked: &Locked, is_withheld: bool) -> LockDocument<'_> {
    LockDocument {
        status: "locked",
        output: locked.output.as_str(),
        written: !is_withheld && !locked.dry_run && locked.is_new(),
        policies: &locked.policies,
        audit: Some(&locked.audit),
        change: Some(&locked.change),
        notes: &locked.notes,
        pins: Some(&locked.pins),
        conflict: None,
        reasons: &[],
    }
}

/// Findings above policy are an answer, whatever else is missing.
fn audit_exit(report: &AuditReport) -> Exit {
    if report.gated_findings() > 0 {
        Exit::No
    } else if report.is_incomplete() {
        Exit::NoAnswer
    } else {
        Exit::Done
    }
}

/// The word for what an audit came to. What was not looked at, or not wholly, is never `clean`.
fn status_of(audited: &Audited, exit: Exit) -> &'static str {
    let report = &audited.report;
    match exit {
        Exit::NoAnswer | Exit::Interrupted | Exit::Terminated | Exit::HungUp => "failed",
        Exit::Done if audited.dry_run => "dry-run",
        Exit::No => "findings",
        Exit::Done if report.evidence.is_none() => "not-audited",
        Exit::Done if report.open_findings() > 0 => "findings",
        Exit::Done if report.places.iter().any(|place| place.is_off) => "not-audited",
        Exit::Done if !report.gaps.is_empty() => "incomplete",
        Exit::Done if report.evidence.is_none() => "not-audited",
        Exit::Done => "clean",
    }
}

fn table(report: &AuditReport) -> Result<String, Failure> {
    let mut text = Vec::new();
    audit_table(report, &mut text)
        .map_err(|error| Failure::new(format!("cannot render the findings: {error}")))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Says why there is no lock, `named` where it is one of several, or shows what was asked for of the one that there is.
fn deliver_lock(
    outcome: &LockOutcome,
    named: Option<&str>,
    format: Format,
    terminal: &Terminal,
) -> Result<(), Failure> {
    match outcome {
        LockOutcome::Impossible {
            conflict, remarks, ..
        } => {
            for remark in remarks {
                terminal.warn(remark);
            }
            let title = if conflict.refusals.is_empty() {
                "no versions satisfy the requirements"
            } else {
                "the gate allows no versions that satisfy the requirements"
            };
            let named = named.map(|name| format!("{name}: ")).unwrap_or_default();
            let detail = if terminal.is_verbose() {
                Detail::Full
            } else {
                Detail::Short
            };
            terminal.failure(
                &Failure::new(format!("{named}{title}"))
                    .details(conflict_text(conflict, detail).trim_end()),
            );
            Ok(())
        }
        LockOutcome::Locked(locked) => {
            if locked.diff {
                let name = locked.output.as_str();
                let text =
                    diff::unified(locked.previous.as_deref().unwrap_or(""), &locked.text, name);
                let text = colored_diff(&text);
                if format == Format::Json {
                    terminal.talk(Rendered(&text));
                } else {
                    terminal.answer_of(Rendered(&text))?;
                }
            }
            if !locked.dry_run && locked.output == Output::Standard {
                terminal.answer(&locked.text)?;
            }
            Ok(())
        }
    }
}

/// Says what was done, and what people should know of it. A lock is withheld where another one of the run cannot be made.
fn tell(locked: &Locked, is_withheld: bool, terminal: &Terminal) {
    for remark in &locked.audit.remarks {
        terminal.warn(&remark.text);
    }
    for note in &locked.notes {
        if let Note::IndexConfusion(confusion) = note {
            terminal.warn(&confusion_text(confusion));
        }
    }
    for line in note_lines(&locked.notes) {
        terminal.summary_of(Rendered(&line));
    }
    if locked.previous.is_some() || terminal.is_verbose() {
        for line in change_lines(&locked.change) {
            terminal.summary_of(Rendered(&line));
        }
    }
    if locked.audit.open_findings() > 0
        && let Ok(table) = table(&locked.audit)
    {
        terminal.summary_of(Rendered(&table));
    }
    let count = locked.audit.packages.len();
    let packages = if count == 1 {
        "1 package".to_owned()
    } else {
        format!("{count} packages")
    };
    let name = match &locked.output {
        Output::File(path) => path.as_str(),
        Output::Standard => "standard output",
    };
    terminal.summary(&match (locked.dry_run, locked.is_new()) {
        (_, true) if is_withheld => {
            format!("{name} is not written: another lock cannot be made ({packages})")
        }
        (true, true) => format!("Would lock {packages} in {name}"),
        (true, false) => format!("Would not change {name} ({packages})"),
        (false, true) => format!("Locked {packages} in {name}"),
        (false, false) => format!("{name} is up to date ({packages})"),
    });
}

/// The reports that go to files, beside their places.
fn staged_reports(outcome: &Outcome, exit: Exit) -> Result<Vec<disk::Staged>, Failure> {
    let Outcome::Audit(audited) = outcome else {
        return Ok(Vec::new());
    };
    if audited.dry_run {
        return Ok(Vec::new());
    }
    let circumstances = audited.circumstances(status_of(audited, exit), None, false);
    let files = audited.destinations.iter().filter_map(|destination| {
        let path = destination.path.as_ref()?;
        Some((destination.format, path))
    });
    files
        .map(|(format, path)| {
            let text = reports::text(format, &audited.report, &circumstances)?;
            // A file has no colours, and of all formats the table alone has any.
            let text = if format == ReportFormat::Table {
                anstream::adapter::strip_str(&Rendered(&text).text()).to_string()
            } else {
                text
            };
            disk::stage(path, text.as_bytes())
        })
        .collect()
}

fn deliver_audit(audited: &Audited, exit: Exit, terminal: &Terminal) -> Result<(), Failure> {
    let report = &audited.report;
    if audited.dry_run {
        return deliver_dry_run(audited, exit, terminal);
    }
    for remark in &report.remarks {
        terminal.warn(&remark.text);
    }
    let printed = audited.destinations.iter().find(|one| one.path.is_none());
    let (width, hyperlinks) = terminal.answers();
    if let Some(destination) = printed {
        let status = status_of(audited, exit);
        let circumstances = Circumstances {
            is_brief: terminal.is_quiet(),
            ..audited.circumstances(status, width, hyperlinks)
        };
        let text = reports::text(destination.format, report, &circumstances)?;
        match destination.format {
            ReportFormat::Table | ReportFormat::Columns => terminal.answer_of(Rendered(&text))?,
            ReportFormat::Github => terminal.answer_commands(&text)?,
            ReportFormat::Markdown
            | ReportFormat::PipAuditMarkdown
            | ReportFormat::GithubSummary
            | ReportFormat::Html => terminal.answer_prose(&text)?,
            _ => terminal.answer(&text)?,
        }
    }
    let speaks_for_pip_audit = audited.destinations.iter().any(|one| {
        matches!(
            one.format,
            ReportFormat::Columns | ReportFormat::PipAuditJson | ReportFormat::PipAuditMarkdown
        )
    });
    if speaks_for_pip_audit {
        terminal.summary(&pip_audit_summary(report));
    }
    let tells_all = printed
        .is_some_and(|one| matches!(one.format, ReportFormat::Table | ReportFormat::Markdown));
    // Whoever does not have the table before them must still see that there is no answer.
    if report.is_incomplete() && !(tells_all && width.is_some()) {
        terminal.failure(&incomplete(report));
    }
    for path in audited
        .destinations
        .iter()
        .filter_map(|one| one.path.as_ref())
    {
        terminal.detail(&format!("report: {}", path.display()));
    }
    Ok(())
}

/// What would be audited, on standard error; on standard output only the one document of those who asked for it.
fn deliver_dry_run(audited: &Audited, exit: Exit, terminal: &Terminal) -> Result<(), Failure> {
    let report = &audited.report;
    for place in &report.places {
        terminal.summary(&format!(
            "Would audit {} of {}",
            counted(place.packages, "package", "packages"),
            place.place
        ));
    }
    if Destination::is_json(&audited.destinations) {
        let document = audit_document(status_of(audited, exit), report);
        terminal.answer(&json_text(&document))?;
    }
    if report.is_incomplete() {
        terminal.failure(&incomplete(report));
    }
    Ok(())
}

/// The gaps, the first of them by name.
fn incomplete(report: &AuditReport) -> Failure {
    let count = report.open_gaps().count();
    let gaps = report.open_gaps().take(5);
    let mut text: Vec<String> = gaps
        .map(|gap| format!("  {}: {}", gap.what, gap.why))
        .collect();
    if count > text.len() {
        text.push(format!("  and {} more", count - text.len()));
    }
    Failure::new(format!(
        "{} could not be audited\n{}",
        counted(count, "entry", "entries"),
        text.join("\n")
    ))
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
