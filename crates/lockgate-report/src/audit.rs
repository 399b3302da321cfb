//! The findings of an audit as a table for people.

use std::io::{self, Write};

use lockgate_model::{AuditReport, Finding, Version};

use crate::style::{BOLD, DIM, GREEN, RED, YELLOW, of_severity, severity_text};

/// Writes a row for each finding, what each is about, the gaps, and one closing line.
pub fn audit_table(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<Row<'_>> = report
        .packages
        .iter()
        .flat_map(|package| {
            package
                .findings
                .iter()
                .map(move |finding| Row::new(finding, package.source.as_str(), package.line))
        })
        .collect();
    if !rows.is_empty() {
        table(&rows, out)?;
    }
    for gap in &report.gaps {
        writeln!(
            out,
            "{YELLOW}not audited{YELLOW:#}: {}: {}",
            gap.what, gap.why
        )?;
    }
    closing_line(report, out)
}

struct Row<'a> {
    finding: &'a Finding,
    cells: [String; 5],
    place: String,
}

const HEADINGS: [&str; 5] = ["Package", "Version", "Advisory", "Severity", "Fixed in"];

impl<'a> Row<'a> {
    fn new(finding: &'a Finding, source: &str, line: Option<usize>) -> Self {
        let advisory = &finding.advisory;
        let severity = if advisory.malicious {
            "malicious".to_owned()
        } else {
            severity_text(advisory.severity.as_ref())
        };
        let cells = [
            finding.name.to_string(),
            finding.version.to_string(),
            advisory.id.clone(),
            severity,
            fixed_text(&finding.version, &advisory.fixed),
        ];
        let place = line.map_or_else(|| source.to_owned(), |line| format!("{source}:{line}"));
        Self {
            finding,
            cells,
            place,
        }
    }
}

/// The fixed versions above the pin, lowest first; all of them when none is above.
fn fixed_text(version: &Version, fixed: &[Version]) -> String {
    let mut above: Vec<String> = fixed
        .iter()
        .filter(|fixed| *fixed > version)
        .map(ToString::to_string)
        .collect();
    if above.is_empty() {
        above = fixed.iter().map(ToString::to_string).collect();
    }
    if above.is_empty() {
        "-".to_owned()
    } else {
        above.join(", ")
    }
}

fn table(rows: &[Row<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut widths = HEADINGS.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(&row.cells) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: [&str; 5]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    writeln!(out, "{BOLD}{}{BOLD:#}", line(HEADINGS))?;
    for row in rows {
        let style = match (&row.finding.ignored, row.finding.advisory.malicious) {
            (Some(_), _) => DIM,
            (None, true) => RED,
            (None, false) => of_severity(row.finding.advisory.severity.as_ref()),
        };
        let [name, version, id, severity, fixed] = &row.cells;
        writeln!(
            out,
            "{style}{}{style:#}",
            line([name, version, id, severity, fixed])
        )?;
        if !row.finding.advisory.summary.is_empty() {
            writeln!(out, "    {}", row.finding.advisory.summary)?;
        }
        if !row.finding.advisory.aliases.is_empty() {
            writeln!(
                out,
                "    {DIM}also {}{DIM:#}",
                row.finding.advisory.aliases.join(", ")
            )?;
        }
        writeln!(
            out,
            "    {DIM}{}, in {}{DIM:#}",
            row.finding.advisory.link, row.place
        )?;
        if row.finding.path.len() > 1 {
            writeln!(
                out,
                "    {DIM}required by {}{DIM:#}",
                row.finding.path.join(" → ")
            )?;
        }
        if let Some(ignored) = &row.finding.ignored {
            let until = ignored
                .expires
                .as_ref()
                .map(|date| format!(" until {date}"))
                .unwrap_or_default();
            writeln!(out, "    {DIM}ignored{until}: {}{DIM:#}", ignored.reason)?;
        } else if !row.finding.gated {
            writeln!(
                out,
                "    {DIM}accepted by policy: reported, not gated{DIM:#}"
            )?;
        }
    }
    writeln!(out)
}

fn closing_line(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let (open, ignored) = (report.open_findings(), report.ignored_findings());
    let ignored = if ignored == 0 {
        String::new()
    } else {
        format!(", {ignored} ignored")
    };
    let packages = counted(report.packages.len(), "package", "packages");
    let Some(evidence) = &report.evidence else {
        return writeln!(
            out,
            "{YELLOW}Not audited{YELLOW:#}: {packages}, advisories are off"
        );
    };
    let basis = match &evidence.modified {
        Some(modified) => format!("{} of {}", evidence.source, day(modified)),
        None => evidence.source.clone(),
    };
    if !report.gaps.is_empty() {
        writeln!(
            out,
            "{RED}Incomplete{RED:#}: {} could not be audited; {} in {packages}{ignored} (advisories: {basis})",
            counted(report.gaps.len(), "entry", "entries"),
            counted(open, "finding", "findings"),
        )
    } else if open == 0 {
        writeln!(
            out,
            "{GREEN}No findings{GREEN:#} in {packages}{ignored} (advisories: {basis})"
        )
    } else {
        writeln!(
            out,
            "{RED}{}{RED:#} in {} of {packages}{ignored} (advisories: {basis})",
            counted(open, "finding", "findings"),
            report.vulnerable_packages(),
        )
    }
}

/// The day of an instant in UTC.
pub(crate) fn day(instant: &lockgate_model::Timestamp) -> String {
    jiff::tz::TimeZone::UTC
        .to_datetime(*instant)
        .date()
        .to_string()
}

/// `1 finding`, `2 findings`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
