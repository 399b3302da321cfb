//! pip-audit's JSON: one line, as Python writes it.

use lockgate_model::AuditReport;
use serde::Serialize;

use super::{Dependency, PipAuditOptions, Vulnerability, dependencies};
use crate::json_text::python_text;

#[derive(Serialize)]
struct Document<'a> {
    dependencies: Vec<Entry<'a>>,
    /// Nothing is fixed by an audit.
    fixes: [(); 0],
}

#[derive(Serialize)]
#[serde(untagged)]
enum Entry<'a> {
    Audited {
        name: &'a str,
        version: &'a str,
        vulns: Vec<Vuln<'a>>,
    },
    Skipped {
        name: &'a str,
        skip_reason: &'a str,
    },
}

#[derive(Serialize)]
struct Vuln<'a> {
    id: &'a str,
    fix_versions: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    aliases: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

/// `pip-audit -f json`, with its line end. It is written whatever was found.
pub fn pip_audit_json(
    report: &AuditReport,
    options: &PipAuditOptions<'_>,
) -> Result<String, serde_json::Error> {
    let dependencies = dependencies(report);
    let document = Document {
        dependencies: dependencies.iter().map(|one| entry(one, options)).collect(),
        fixes: [],
    };
    Ok(python_text(&document)? + "\n")
}

fn entry<'a>(dependency: &'a Dependency, options: &PipAuditOptions<'_>) -> Entry<'a> {
    let name = dependency.name.as_str();
    match &dependency.version {
        Some(version) => Entry::Audited {
            name,
            version,
            vulns: dependency
                .vulnerabilities
                .iter()
                .map(|one| vuln(one, options))
                .collect(),
        },
        None => Entry::Skipped {
            name,
            skip_reason: &dependency.skip_reason,
        },
    }
}

fn vuln<'a>(one: &'a Vulnerability, options: &PipAuditOptions<'_>) -> Vuln<'a> {
    Vuln {
        id: &one.id,
        fix_versions: &one.fix_versions,
        aliases: options
            .aliases
            .is_on(true)
            .then_some(one.aliases.as_slice()),
        description: options
            .descriptions
            .is_on(true)
            .then(|| one.description(options)),
    }
}
