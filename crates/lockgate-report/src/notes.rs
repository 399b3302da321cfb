//! Notes on a solution, as lines.

use lockgate_model::{Note, PassedOver};

use crate::style::{BOLD, YELLOW};

/// One line for each note.
pub fn note_lines(notes: &[Note]) -> Vec<String> {
    notes.iter().map(line).collect()
}

fn line(note: &Note) -> String {
    match note {
        Note::PassedOver(passed) => passed_over(passed),
        Note::MissingExtra {
            name,
            version,
            extra,
        } => {
            format!(
                "{YELLOW}extra{YELLOW:#}: {BOLD}{name}{BOLD:#} {version} has no extra `{extra}`; it adds nothing"
            )
        }
        Note::Yanked {
            name,
            version,
            reason,
        } => {
            let reason = if reason.is_empty() {
                String::new()
            } else {
                format!(": {reason}")
            };
            format!(
                "{YELLOW}yanked{YELLOW:#}: {BOLD}{name}{BOLD:#} {version} is taken because a requirement names it exactly{reason}"
            )
        }
        Note::NotKept { name, version, why } => {
            format!(
                "{YELLOW}moved{YELLOW:#}: {BOLD}{name}{BOLD:#} {version} of the old lock is not kept: {why}"
            )
        }
        Note::NotHashed { name, reference } => {
            format!(
                "{YELLOW}not hashed{YELLOW:#}: {BOLD}{name}{BOLD:#} is {reference}, a repository or a folder: pip refuses to install this lock while it checks hashes; lock it with `--no-hashes`, or require a released version or an archive"
            )
        }
        Note::Status {
            name,
            status,
            reason,
        } => {
            let reason = reason
                .as_ref()
                .map(|reason| format!(": {reason}"))
                .unwrap_or_default();
            format!("{YELLOW}{status}{YELLOW:#}: {BOLD}{name}{BOLD:#} is {status}{reason}")
        }
    }
}

fn passed_over(passed: &PassedOver) -> String {
    const SHOWN: usize = 3;
    let mut parts: Vec<String> = passed
        .versions
        .iter()
        .take(SHOWN)
        .map(|(version, advisories)| {
            let ids: Vec<&str> = advisories
                .iter()
                .map(|advisory| advisory.id.as_str())
                .collect();
            format!("{version} ({})", ids.join(", "))
        })
        .collect();
    if passed.versions.len() > SHOWN {
        parts.push(format!("{} more", passed.versions.len() - SHOWN));
    }
    format!(
        "{YELLOW}gate{YELLOW:#}: {BOLD}{}{BOLD:#} {} in place of {}",
        passed.name,
        passed.version,
        parts.join(", ")
    )
}
