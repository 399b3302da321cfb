//! The audit as an OpenVEX 0.2.0 document: what is known to harm, and what was judged not to.
//!
//! What a policy ignores is `not_affected`, with its justification; without one, the reason is the impact statement that the specification asks
//! for. Every other finding is `affected`, with what to do about it.

use std::collections::BTreeMap;

use lockgate_model::{AuditReport, Finding, Ignored, Timestamp};
use serde_json::{Value, json};

use crate::address::{purl, vulnerability_address};
use crate::content_id::content_uuid;
use crate::justification::{justification, reason};
use crate::one_line::one_line;
use crate::wording::{ADVISORIES_OFF, action, gap_text, title};

/// Who states it, when, and of what.
#[derive(Debug, Clone, Copy)]
pub struct OpenVexOptions<'a> {
    /// Who makes the statements.
    pub author: &'a str,
    /// When.
    pub timestamp: Timestamp,
    /// The product that the packages are parts of, by its IRI (a package URL). None: each package is itself the product.
    pub product: Option<&'a str>,
}

/// The document. One statement for each vulnerability and judgement; nothing found is a document without statements.
pub fn openvex_document(report: &AuditReport, options: &OpenVexOptions<'_>) -> Value {
    let mut document = json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "author": one_line(options.author),
        "version": 1,
        "tooling": tooling(report),
        "statements": statements(report, options.product),
    });
    let id = content_uuid(&document);
    document["@id"] = json!(format!("urn:uuid:{id}"));
    document["timestamp"] = json!(options.timestamp.to_string());
    document
}

/// How the statements came about. The format has no other place to say that something could not be looked at.
fn tooling(report: &AuditReport) -> String {
    let mut text = concat!("lockgate ", env!("CARGO_PKG_VERSION")).to_owned();
    let gaps: Vec<String> = report.gaps.iter().map(gap_text).collect();
    if report.evidence.is_none() {
        text.push_str("; ");
        text.push_str(ADVISORIES_OFF);
    }
    if !gaps.is_empty() {
        text.push_str("; not audited: ");
        text.push_str(&gaps.join("; "));
    }
    text
}

fn statements(report: &AuditReport, product: Option<&str>) -> Vec<Value> {
    let mut groups: Vec<(Value, Vec<String>)> = Vec::new();
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for finding in report.findings() {
        let (statement, package) = (statement(finding), purl(&finding.name, &finding.version));
        let of_advisory = places.entry(finding.advisory.lasting_id()).or_default();
        let same = of_advisory.iter().copied().find(|place| {
            let known = groups.get(*place);
            known.is_some_and(|(known, _)| *known == statement)
        });
        if let Some((_, packages)) = same.and_then(|place| groups.get_mut(place)) {
            if !packages.contains(&package) {
                packages.push(package);
            }
        } else {
            of_advisory.push(groups.len());
            groups.push((statement, vec![package]));
        }
    }
    let complete = groups.into_iter().map(|(mut statement, packages)| {
        statement["products"] = products(&packages, product);
        statement
    });
    complete.collect()
}

fn products(packages: &[String], product: Option<&str>) -> Value {
    let parts: Vec<Value> = packages
        .iter()
        .map(|purl| json!({ "@id": purl, "identifiers": { "purl": purl } }))
        .collect();
    match product {
        Some(product) => json!([{ "@id": product, "subcomponents": parts }]),
        None => json!(parts),
    }
}

/// A statement but for its products: findings that are told alike share one.
fn statement(finding: &Finding) -> Value {
    let advisory = &finding.advisory;
    let id = one_line(advisory.lasting_id());
    let mut vulnerability = json!({ "name": id, "description": title(advisory) });
    let others = advisory.other_ids();
    let mut aliases: Vec<String> = others.into_iter().map(one_line).collect();
    aliases.dedup();
    if !aliases.is_empty() {
        vulnerability["aliases"] = json!(aliases);
    }
    vulnerability["@id"] = json!(vulnerability_address(advisory));
    let mut statement = json!({ "vulnerability": vulnerability });
    if let Some(ignored) = &finding.ignored {
        ignore(&mut statement, ignored);
    } else {
        statement["status"] = json!("affected");
        statement["action_statement"] = json!(action(finding));
    }
    statement
}

/// The schema takes either a justification or an impact statement; beside the former the reason is a note.
fn ignore(statement: &mut Value, ignored: &Ignored) {
    statement["status"] = json!("not_affected");
    let origin = one_line(&ignored.origin);
    let until = ignored.expires.as_deref().map(one_line);
    let until = until.map_or_else(String::new, |date| format!(", until {date}"));
    let entry = format!("by {origin}{until}");
    if let Some((word, _)) = justification(ignored) {
        statement["justification"] = json!(word);
        statement["status_notes"] = json!(format!("{} ({entry})", reason(ignored)));
    } else {
        statement["impact_statement"] = json!(reason(ignored));
        statement["status_notes"] = json!(format!("ignored {entry}"));
    }
}
