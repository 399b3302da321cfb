//! Vulnerabilities: an advisory with what it affects, apart by how it was judged.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{Advisory, AuditReport, Finding, FindingCode, Ignored, Severity};
use serde_json::{Value, json};

use super::property;
use crate::address::{osv_page, purl, vulnerability_address, web_address};
use crate::justification::{justification, reason};
use crate::one_line::one_line;
use crate::wording::{action, title, vector};

/// All findings, those of one advisory and one judgement together, in the order of the report.
pub(super) fn vulnerabilities(report: &AuditReport) -> Vec<Value> {
    let mut groups: Vec<(usize, Vec<&Finding>)> = Vec::new();
    // The groups of each advisory: more than one only where places are judged differently.
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for finding in report.findings() {
        let of_advisory = places.entry(finding.advisory.lasting_id()).or_default();
        let same = of_advisory.iter().copied().find(|place| {
            let known = groups
                .get(*place)
                .and_then(|(_, findings)| findings.first());
            known.is_some_and(|known| known.ignored == finding.ignored)
        });
        if let Some((_, findings)) = same.and_then(|place| groups.get_mut(place)) {
            findings.push(finding);
        } else {
            let number = of_advisory.len();
            of_advisory.push(groups.len());
            groups.push((number, vec![finding]));
        }
    }
    groups
        .iter()
        .filter_map(|(number, findings)| vulnerability(*number, findings))
        .collect()
}

fn vulnerability(number: usize, findings: &[&Finding]) -> Option<Value> {
    let first = findings.first()?;
    let advisory: &Advisory = &first.advisory;
    let id = one_line(advisory.lasting_id());
    let reference = match number {
        0 => id.clone(),
        _ => format!("{id}#{number}"),
    };
    let mut value = json!({
        "bom-ref": reference,
        "id": id,
        "source": source(advisory),
        "description": title(advisory),
        "ratings": [rating(advisory.severity.as_ref(), advisory.malicious)],
        "recommendation": recommendation(findings),
        "affects": affects(first.ignored.as_ref(), findings),
        "properties": properties(first),
    });
    let references: Vec<Value> = advisory
        .other_ids()
        .into_iter()
        .map(|alias| json!({ "id": one_line(alias), "source": { "url": osv_page(alias) } }))
        .collect();
    if !references.is_empty() {
        value["references"] = json!(references);
    }
    let cwes: Vec<u32> = advisory
        .weaknesses
        .iter()
        .filter_map(|weakness| weakness.strip_prefix("CWE-")?.parse().ok())
        .filter(|number| *number > 0)
        .collect();
    if !cwes.is_empty() {
        value["cwes"] = json!(cwes);
    }
    let pages = pages(advisory);
    if !pages.is_empty() {
        value["advisories"] = json!(pages);
    }
    if let Some(published) = advisory.published {
        value["published"] = json!(published.to_string());
    }
    if let Some(modified) = advisory.modified {
        value["updated"] = json!(modified.to_string());
    }
    if let Some(ignored) = &first.ignored {
        value["analysis"] = analysis(ignored);
    }
    Some(value)
}

fn source(advisory: &Advisory) -> Value {
    let sources: Vec<String> = advisory.sources.iter().map(|name| one_line(name)).collect();
    json!({ "name": sources.join(" + "), "url": vulnerability_address(advisory) })
}

/// Score, word and vector; the method is what the vector says it is.
fn rating(severity: Option<&Severity>, malicious: bool) -> Value {
    let Some(severity) = severity else {
        return json!({ "severity": if malicious { "critical" } else { "unknown" } });
    };
    let mut rating = json!({ "severity": severity.level.to_string() });
    if let Some(score) = severity.score {
        rating["score"] = json!(score);
    }
    if let Some(vector) = vector(severity) {
        let method = match vector.split_once('/').map(|(start, _)| start) {
            Some("CVSS:4.0") => "CVSSv4",
            Some("CVSS:3.1") => "CVSSv31",
            Some("CVSS:3.0") => "CVSSv3",
            Some(start) if start.trim_start_matches('(').starts_with("AV:") => "CVSSv2",
            _ => "other",
        };
        rating["method"] = json!(method);
        rating["vector"] = json!(vector);
    }
    rating
}

/// What to do, each advice once.
fn recommendation(findings: &[&Finding]) -> String {
    let mut advice: Vec<String> = Vec::new();
    for finding in findings {
        let action = action(finding);
        if !advice.contains(&action) {
            advice.push(action);
        }
    }
    advice.join(" ")
}

fn affects(ignored: Option<&Ignored>, findings: &[&Finding]) -> Vec<Value> {
    let status = match ignored {
        None => "affected",
        Some(ignored) if justification(ignored).is_some() => "unaffected",
        Some(_) => "unknown",
    };
    let mut seen = BTreeSet::new();
    findings
        .iter()
        .map(|finding| (purl(&finding.name, &finding.version), finding))
        .filter(|(reference, _)| seen.insert(reference.clone()))
        .map(|(reference, finding)| {
            let version = finding.version.to_string();
            json!({ "ref": reference, "versions": [{ "version": version, "status": status }] })
        })
        .collect()
}

fn pages(advisory: &Advisory) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let urls = [&advisory.link]
        .into_iter()
        .chain(advisory.references.iter().map(|page| &page.url));
    urls.filter_map(|url| web_address(url))
        .filter(|url| seen.insert(url.clone()))
        .map(|url| json!({ "url": url }))
        .collect()
}

/// How an entry judges it: no harm with a justification, else accepted and still to be looked into.
fn analysis(ignored: &Ignored) -> Value {
    let mut analysis = json!({ "state": "in_triage", "detail": reason(ignored) });
    if let Some((_, word)) = justification(ignored) {
        analysis["state"] = json!("not_affected");
        analysis["justification"] = json!(word);
    }
    analysis
}

fn properties(finding: &Finding) -> Vec<Value> {
    let gated = if finding.gated { "true" } else { "false" };
    let mut properties = vec![property("gated", gated)];
    if finding.code == FindingCode::Malicious {
        properties.push(property("malicious", "true"));
    }
    for bound in &finding.advisory.unclear {
        properties.push(property("unclear", &one_line(bound)));
    }
    if let Some(ignored) = &finding.ignored {
        let origin = one_line(&ignored.origin);
        properties.push(property("ignored:origin", &origin));
        if let Some(date) = &ignored.expires {
            properties.push(property("ignored:expires", &one_line(date)));
        }
    }
    properties
}
