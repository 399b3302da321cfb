//! Notes on a solution, as lines.

use std::sync::Arc;

use lockgate_model::{Advisory, IndexConfusion, Name, Note, PassedOver, Version};

use crate::plain::plain;
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
                format!("{} has {}", plain(&rival.index), rival.version)
            } else {
                format!(
                    "{} has other files of {}",
                    plain(&rival.index),
                    rival.version
                )
            };
            lines.push(format!(
                "  {}: locked at {}; {} comes first, {what}",
                package.name,
                package.version,
                plain(&package.index)
            ));
        }
    }
    for (name, index, why) in &confusion.unknown {
        lines.push(format!(
            "  {name}: could not be compared with {}: {}",
            plain(index),
            plain(why)
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

fn unreadable(note: &Note) -> Option<String> {
    let Note::Unreadable {
        name,
        version,
        passed,
        why,
    } = note
    else {
        return None;
    };
    Some(format!(
        "{YELLOW}unreadable{YELLOW:#}: {BOLD}{name}{BOLD:#} {passed} is passed over for {version}: {}",
        plain(why)
    ))
}

fn needs_build(note: &Note) -> Option<String> {
    let Note::NeedsBuild {
        name,
        version,
        skipped,
        requires,
    } = note
    else {
        return None;
    };
    let (what, built) = match requires {
        None => ("it needs a build".to_owned(), name),
        Some((required, at)) => (
            format!("it requires {required} {at}, which needs a build"),
            required,
        ),
    };
    Some(format!(
        "{YELLOW}needs build{YELLOW:#}: {BOLD}{name}{BOLD:#} {skipped} is skipped for {version}: {what}, and no code of a package runs unless it is allowed to; `--allow-build={built}` allows it"
    ))
}

fn not_hashed(name: &Name, reference: &str, can_omit_hashes: bool) -> String {
    let omit = if can_omit_hashes {
        "lock it with `--no-hashes`, or "
    } else {
        ""
    };
    format!(
        "{YELLOW}not hashed{YELLOW:#}: {BOLD}{name}{BOLD:#} is {}, a repository or a folder: pip refuses to install this lock while it checks hashes; {omit}require a released version or an archive",
        plain(reference)
    )
}

fn yanked(name: &Name, version: &Version, reason: &str) -> String {
    let reason = match reason {
        "" => String::new(),
        reason => behind_colon(reason),
    };
    format!(
        "{YELLOW}yanked{YELLOW:#}: {BOLD}{name}{BOLD:#} {version} is taken because a requirement names it exactly{reason}"
    )
}

fn behind_colon(reason: &str) -> String {
    format!(": {}", plain(reason))
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
                "{YELLOW}extra{YELLOW:#}: {BOLD}{name}{BOLD:#} {version} has no extra `{}`; it adds nothing",
                plain(extra.as_str())
            )
        }
        Note::Yanked {
            name,
            version,
            reason,
        } => yanked(name, version, reason),
        Note::NotKept { name, version, why } => {
            format!(
                "{YELLOW}moved{YELLOW:#}: {BOLD}{name}{BOLD:#} {version} of the old lock is not kept: {}",
                plain(why)
            )
        }
        Note::NotHashed {
            name,
            reference,
            can_omit_hashes,
        } => not_hashed(name, reference, *can_omit_hashes),
        Note::Excluded { name, origin } => {
            format!(
                "{YELLOW}excluded{YELLOW:#}: {BOLD}{name}{BOLD:#} is required in {} and left out by `--exclude`",
                plain(&origin.to_string())
            )
        }
        Note::Defied {
            name,
            version,
            requirement,
            locked,
        } => {
            let locked = match locked {
                Some(locked) => format!("{locked} is locked"),
                None => "that is left out".to_owned(),
            };
            format!(
                "{YELLOW}defied{YELLOW:#}: {BOLD}{name}{BOLD:#} {version} requires `{}`, and {locked}; pip installs this lock only with `--no-deps`",
                plain(requirement)
            )
        }
        Note::Unbounded {
            name,
            version,
            is_direct,
        } => {
            let remedy = if *is_direct {
                "require a lowest version"
            } else {
                "constrain it to a lowest version with `-c`"
            };
            format!(
                "{YELLOW}unbounded{YELLOW:#}: {BOLD}{name}{BOLD:#} {version} is the lowest that works, and nothing says how low it may be; {remedy}"
            )
        }
        Note::Unreadable { .. } => return unreadable(note),
        Note::NeedsBuild { .. } => return needs_build(note),
        Note::UnknownValue { names } => unknown_value(names),
        Note::Undated { name, version } => {
            format!(
                "{YELLOW}undated{YELLOW:#}: {BOLD}{name}{BOLD:#} has versions that would go before {version} and that the index states no upload time for, or one in the future; the cutoff or cooldown hides them"
            )
        }
        Note::Fix {
            name,
            version,
            advisories,
        } => {
            format!(
                "{YELLOW}cooldown{YELLOW:#}: {BOLD}{name}{BOLD:#} {version} is younger than the cooldown admits, and is taken since it fixes {}",
                ids(advisories)
            )
        }
        Note::Status {
            name,
            status,
            reason,
        } => {
            let reason = reason.as_deref().map_or_else(String::new, behind_colon);
            format!("{YELLOW}{status}{YELLOW:#}: {BOLD}{name}{BOLD:#} is {status}{reason}")
        }
    })
}

fn unknown_value(names: &[Name]) -> String {
    const SHOWN: usize = 5;
    let mut shown: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("{BOLD}{name}{BOLD:#}"))
        .collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    format!(
        "{YELLOW}unknown value{YELLOW:#}: locked under a marker, since the release and version of a system that is only named are not known: {}",
        shown.join(", ")
    )
}

fn passed_over(passed: &PassedOver) -> String {
    const SHOWN: usize = 3;
    let mut parts: Vec<String> = passed
        .versions
        .iter()
        .take(SHOWN)
        .map(|(version, advisories)| format!("{version} ({})", ids(advisories)))
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

fn ids(advisories: &[Arc<Advisory>]) -> String {
    let ids: Vec<_> = advisories
        .iter()
        .map(|advisory| plain(&advisory.id))
        .collect();
    ids.join(", ")
}
