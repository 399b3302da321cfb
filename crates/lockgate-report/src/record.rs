//! One advisory record as text for people.

use std::fmt::Write as _;

use lockgate_model::ShownRecord;

use crate::plain::{plain, web_address};
use crate::style::{BOLD, DIM, severity_text};
use crate::verdict::day;

/// A record of a source, whole.
pub fn record_text(record: &ShownRecord, source: &str) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail; so everywhere below.
    let _ = writeln!(
        text,
        "{BOLD}{}{BOLD:#}  {}",
        plain(&record.id),
        plain(&record.summary)
    );
    let mut line = |label: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "  {DIM}{label:<10}{DIM:#} {}", plain(value));
        }
    };
    if let Some(withdrawn) = &record.withdrawn {
        line("withdrawn", withdrawn);
    }
    line("also", &record.aliases.join(", "));
    line("severity", &severity_text(record.severity.as_ref()));
    let vector = record
        .severity
        .as_ref()
        .and_then(|severity| severity.vector.as_deref());
    line("vector", vector.unwrap_or_default());
    line("weakness", &record.weaknesses.join(", "));
    line(
        "published",
        &record.published.as_ref().map(day).unwrap_or_default(),
    );
    line(
        "modified",
        &record.modified.as_ref().map(day).unwrap_or_default(),
    );
    for affected in &record.affected {
        let mut parts = affected.ranges.clone();
        if affected.listed > 0 {
            parts.push(format!("{} versions listed", affected.listed));
        }
        line(
            "affects",
            &format!("{}: {}", affected.name, parts.join("; ")),
        );
    }
    for link in &record.references {
        line("see", &web_address(&link.url).unwrap_or_default());
    }
    line("source", source);
    let details = record.details.trim();
    if !details.is_empty() && details != record.summary {
        text.push('\n');
        for paragraph in details.lines() {
            let _ = writeln!(text, "  {}", plain(paragraph));
        }
    }
    text
}
