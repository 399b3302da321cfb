//! Results: a finding or a word of the index, at the line of its pin.

use std::collections::BTreeMap;

use lockgate_model::{AuditReport, AuditedPackage, Finding, FindingCode, Ignored, Notice, Sha256};
use serde_json::{Value, json};

use super::rules::{Rules, level, level_of_notice};
use super::{location, message};
use crate::justification::reason;
use crate::one_line::one_line;
use crate::wording::{action, badness, chains, title};

/// All of them, in the order of the packages; ignored ones are suppressed, not left out.
pub(super) fn results(report: &AuditReport, rules: &Rules) -> Vec<Value> {
    let mut fingerprints = Fingerprints::default();
    let mut results = Vec::new();
    for package in &report.packages {
        for finding in &package.findings {
            results.push(of_finding(package, finding, rules, &mut fingerprints));
        }
        for notice in &package.notices {
            results.push(of_notice(package, notice, rules, &mut fingerprints));
        }
    }
    results
}

fn of_finding(
    package: &AuditedPackage,
    finding: &Finding,
    rules: &Rules,
    fingerprints: &mut Fingerprints,
) -> Value {
    let advisory = &finding.advisory;
    let chains = chains(package, finding);
    let (name, version, id) = (&finding.name, &finding.version, one_line(&advisory.id));
    let what = if finding.code == FindingCode::Malicious {
        format!("{name} {version} is malicious ({id})")
    } else {
        let how_bad = badness(advisory);
        format!("{name} {version} is affected by {id}, severity {how_bad}")
    };
    let title = title(advisory);
    let mut text = format!(
        "{what}: {}. {}",
        title.trim_end_matches('.'),
        action(finding)
    );
    if let Some(chain) = chains.first() {
        text.push_str(" Required by: ");
        text.push_str(chain);
    }
    let mut result = result(
        package,
        advisory.lasting_id(),
        level(advisory),
        &text,
        rules,
    );
    result["partialFingerprints"] = fingerprints.of(package, advisory.lasting_id());
    result["suppressions"] = suppressions(finding.ignored.as_ref());
    let fixed = advisory.fixed_above(&finding.version);
    result["properties"] = json!({
        "gated": finding.gated,
        "package": finding.name.as_str(),
        "version": finding.version.to_string(),
        "fixedAbove": fixed.map(ToString::to_string),
        "direct": package.direct,
        "devOnly": package.is_dev_only(),
        "scopes": package.scopes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "marker": package.marker.as_deref().map(one_line),
        "paths": chains,
    });
    if let Some(by) = package.judged_by {
        result["properties"]["judgedBy"] = json!(by.as_str());
    }
    result
}

fn of_notice(
    package: &AuditedPackage,
    notice: &Notice,
    rules: &Rules,
    fingerprints: &mut Fingerprints,
) -> Value {
    let (code, reason) = (notice.code.as_str(), one_line(&notice.reason));
    let mut text = format!("{} {} is {code}", package.name, package.version);
    if !reason.is_empty() {
        text.push_str(": ");
        text.push_str(&reason);
    }
    let level = level_of_notice(notice.code, notice.gated);
    let mut result = result(package, code, level, &text, rules);
    result["partialFingerprints"] = fingerprints.of(package, code);
    result["suppressions"] = suppressions(None);
    result["properties"] = json!({ "gated": notice.gated });
    result
}

fn result(package: &AuditedPackage, id: &str, level: &str, text: &str, rules: &Rules) -> Value {
    json!({
        "ruleId": one_line(id),
        "ruleIndex": rules.index(id),
        "level": level,
        "message": message(text),
        "locations": [location(package)],
    })
}

/// Either all results have the list or none (SARIF 2.1.0, 3.27.23): it is empty where nothing is suppressed.
fn suppressions(ignored: Option<&Ignored>) -> Value {
    let Some(ignored) = ignored else {
        return json!([]);
    };
    let mut properties = json!({ "origin": one_line(&ignored.origin) });
    if let Some(date) = &ignored.expires {
        properties["expires"] = json!(date);
    }
    if let Some(word) = &ignored.justification {
        properties["justification"] = json!(word);
    }
    json!([{
        "kind": "external",
        "status": "accepted",
        "justification": reason(ignored),
        "properties": properties,
    }])
}

/// What a result is recognised by when lines and versions have moved and records have joined: the lasting id, project and file. A project that stands in a file more than
/// once is counted.
#[derive(Default)]
struct Fingerprints(BTreeMap<String, usize>);

impl Fingerprints {
    fn of(&mut self, package: &AuditedPackage, id: &str) -> Value {
        let named = format!("{id}\0{}\0{}", package.name, package.source);
        let digest = Sha256::of(named.as_bytes()).to_string();
        let short = digest.get(..16).unwrap_or(&digest).to_owned();
        let count = self.0.entry(short.clone()).or_default();
        *count += 1;
        json!({ "primaryLocationLineHash": format!("{short}:{count}") })
    }
}
