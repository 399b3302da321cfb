//! pip-audit's Markdown: tables with links.

use lockgate_model::AuditReport;

use super::{Dependency, PipAuditOptions, Vulnerability, dependencies};
use crate::address::osv_page;
use crate::one_line::markdown;

/// `pip-audit -f markdown`, with its line ends; empty when pip-audit writes nothing: no vulnerability, and nothing skipped.
pub fn pip_audit_markdown(report: &AuditReport, options: &PipAuditOptions<'_>) -> String {
    let dependencies = dependencies(report);
    let found = dependencies.iter().flat_map(|dependency| {
        let vulnerabilities = dependency.vulnerabilities.iter();
        vulnerabilities.map(move |one| row(dependency, one, options))
    });
    let skipped = dependencies
        .iter()
        .filter(|dependency| dependency.version.is_none())
        .map(|dependency| {
            [&dependency.name, &dependency.skip_reason]
                .map(|text| markdown(text))
                .join(" | ")
        });
    let mut headings = vec!["Name", "Version", "ID", "Fix Versions"];
    if options.aliases.is_on(false) {
        headings.push("Aliases");
    }
    if options.descriptions.is_on(false) {
        headings.push("Description");
    }
    let tables = [
        table(&headings, &found.collect::<Vec<_>>()),
        table(&["Name", "Skip Reason"], &skipped.collect::<Vec<_>>()),
    ];
    let tables: Vec<String> = tables.into_iter().flatten().collect();
    if tables.is_empty() {
        String::new()
    } else {
        tables.join("\n") + "\n"
    }
}

fn table(headings: &[&str], rows: &[String]) -> Option<String> {
    let border = vec!["---"; headings.len()].join(" | ");
    let heading = headings.join(" | ");
    (!rows.is_empty()).then(|| format!("\n{heading}\n{border}\n{}", rows.join("\n")))
}

fn row(
    dependency: &Dependency,
    vulnerability: &Vulnerability,
    options: &PipAuditOptions<'_>,
) -> String {
    let name = match options.page_of(&dependency.name) {
        Some(page) => format!("[{}]({page})", dependency.name),
        None => dependency.name.clone(),
    };
    let mut cells = vec![
        name,
        dependency.version.clone().unwrap_or_default(),
        vulnerability.page().map_or_else(
            || vulnerability.id.clone(),
            |page| linked(&vulnerability.id, &page),
        ),
        vulnerability.fix_versions.join(","),
    ];
    if options.aliases.is_on(false) {
        let aliases: Vec<String> = vulnerability
            .aliases
            .iter()
            .map(|one| linked(one, &osv_page(one)))
            .collect();
        cells.push(aliases.join(", "));
    }
    if options.descriptions.is_on(false) {
        cells.push(markdown(&vulnerability.description(options)));
    }
    cells.join(" | ")
}

fn linked(text: &str, page: &str) -> String {
    format!("[{}]({page})", markdown(text))
}
