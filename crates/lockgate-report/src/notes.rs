//! Notes on a solution, as lines.

use lockgate_model::{IndexConfusion, Note, PassedOver};

use crate::style::{BOLD, YELLOW};

/// One line for each note; confusion of indexes is a warning of its own.
pub fn note_lines(notes: &[Note]) -> Vec<String> {
    notes.iter().filter_map(line).collect()
}

/// The warning that pins depend on which index is asked.
pub fn confusion_text(confusion: &IndexConfusion) -> String {
    let mut lines = Vec::new();
    if confusion.packages.is_empty() {
        lines.push(
            "whether another index has other files of what is locked is not known (dependency-confusion)".to_owned(),
        );
    } else {
        let names: Vec<&str> = confusion
            .packages
            .iter()
            .map(|package| package.name.as_str())
            .collect();
        let other = match confusion.strategy {
            "first-index" => "with all indexes merged, as pip does it, others would be taken",
            _ => "from the first index that has them alone, others would be taken",
        };
        lines.push(format!(
            "{} on more than one index, and {other} (dependency-confusion)",
            listed(&names)
        ));
    }
    for package in &confusion.packages {
        for rival in &package.others {
            let what = if rival.is_better {
                format!("{} has {}", rival.index, rival.version)
            } else {
                format!("{} has other files of {}", rival.index, rival.version)
            };
            lines.push(format!(
                "  {}: locked at {}; {} comes first, {what}",
                package.name, package.version, package.index
            ));
        }
    }
    for (name, index, why) in &confusion.unknown {
        lines.push(format!(
            "  {name}: could not be compared with {index}: {why}"
        ));
    }
    lines.join("\n")
}

/// `a is`, `a and b are`, `a, b and c are`.
fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [only] => format!("{only} is"),
        [first @ .., last] => format!("{} and {last} are", first.join(", ")),
        [] => String::new(),
    }
}

fn line(note: &Note) -> Option<String> {
    Some(match note {
        Note::IndexConfusion(_) => return None,
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
    })
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
