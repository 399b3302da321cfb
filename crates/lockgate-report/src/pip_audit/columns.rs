//! pip-audit's columns, its form for people.

use lockgate_model::AuditReport;

use super::{Dependency, PipAuditOptions, Vulnerability, dependencies};
use crate::address::osv_page;

/// `pip-audit -f columns`, with its line end; empty when pip-audit writes nothing: no vulnerability, and nothing skipped.
pub fn pip_audit_columns(report: &AuditReport, options: &PipAuditOptions<'_>) -> String {
    let dependencies = dependencies(report);
    let found = dependencies.iter().flat_map(|dependency| {
        let vulnerabilities = dependency.vulnerabilities.iter();
        vulnerabilities.map(move |one| row(dependency, one, options))
    });
    let skipped = dependencies
        .iter()
        .filter(|dependency| dependency.version.is_none())
        .map(|dependency| {
            vec![
                Cell::plain(&dependency.name),
                Cell::plain(&dependency.skip_reason),
            ]
        });
    let mut headings = vec!["Name", "Version", "ID", "Fix Versions"];
    if options.aliases.is_on(false) {
        headings.push("Aliases");
    }
    if options.descriptions.is_on(false) {
        headings.push("Description");
    }
    let tables = [
        table(&headings, found.collect()),
        table(&["Name", "Skip Reason"], skipped.collect()),
    ];
    let tables: Vec<String> = tables.into_iter().flatten().collect();
    if tables.is_empty() {
        String::new()
    } else {
        tables.join("\n\n") + "\n"
    }
}

/// A text and how wide it is seen: hyperlinks take no room.
struct Cell {
    text: String,
    width: usize,
}

impl Cell {
    fn plain(text: &str) -> Self {
        Self {
            width: text.chars().count(),
            text: text.to_owned(),
        }
    }

    fn linked(text: &str, address: Option<String>, options: &PipAuditOptions<'_>) -> Self {
        let mut cell = Self::plain(text);
        if let Some(address) = address
            && options.hyperlinks
        {
            cell.text = format!("\u{1b}]8;;{address}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\");
        }
        cell
    }

    /// Cells side by side in one.
    fn joined(cells: &[Self]) -> Self {
        let texts: Vec<&str> = cells.iter().map(|cell| cell.text.as_str()).collect();
        let widths: usize = cells.iter().map(|cell| cell.width).sum();
        Self {
            text: texts.join(", "),
            width: widths + 2 * cells.len().saturating_sub(1),
        }
    }
}

fn row(
    dependency: &Dependency,
    vulnerability: &Vulnerability,
    options: &PipAuditOptions<'_>,
) -> Vec<Cell> {
    let name = &dependency.name;
    let id = |id: &str| Cell::linked(id, Some(osv_page(id)), options);
    let mut cells = vec![
        Cell::linked(name, options.page_of(name), options),
        Cell::plain(dependency.version.as_deref().unwrap_or_default()),
        Cell::linked(&vulnerability.id, vulnerability.page(), options),
        Cell::plain(&vulnerability.fix_versions.join(",")),
    ];
    if options.aliases.is_on(false) {
        let aliases: Vec<Cell> = vulnerability.aliases.iter().map(|one| id(one)).collect();
        cells.push(Cell::joined(&aliases));
    }
    if options.descriptions.is_on(false) {
        cells.push(Cell::plain(&vulnerability.shown_description(options)));
    }
    cells
}

/// Headings, a line of dashes, rows; none without rows.
fn table(headings: &[&str], mut rows: Vec<Vec<Cell>>) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    rows.insert(0, headings.iter().map(|text| Cell::plain(text)).collect());
    let mut widths = vec![0; headings.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width);
        }
    }
    let mut lines: Vec<String> = rows.iter().map(|row| line(row, &widths)).collect();
    let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    lines.insert(1, dashes.join(" "));
    Some(lines.join("\n"))
}

fn line(row: &[Cell], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).map(|(cell, width)| {
        let room = " ".repeat(width.saturating_sub(cell.width));
        format!("{}{room}", cell.text)
    });
    let cells: Vec<String> = cells.collect();
    cells.join(" ").trim_end().to_owned()
}
