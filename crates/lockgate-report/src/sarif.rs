//! The audit as SARIF 2.1.0, for code scanning: a rule for each advisory, a result for each finding at the line of its pin, gaps as failures
//! of the run.
//!
//! Properties are those that GitHub reads: `security-severity`, `tags`, `precision`, and `primaryLocationLineHash` as the fingerprint, so that
//! an alert stays the same when lines move.

use lockgate_model::{AuditReport, AuditedPackage, Gap, GapCode, RemarkCode};
use serde_json::{Value, json};

use crate::address::file_uri;
use crate::one_line::one_line;
use crate::wording::{ADVISORIES_OFF, gap_text};

mod limit;
mod results;
mod rules;

/// The name of the notification that nothing was audited.
pub(crate) const OFF: &str = "advisories-off";

/// The name of the notification that some results were left out.
const LEFT_OUT: &str = "results-left-out";
/// GitHub refuses a run with more results, and with more rules.
const MAX_RESULTS: usize = 25_000;

/// GitHub refuses a file that is larger when it is compressed.
const MAX_COMPRESSED: u64 = 10_000_000;

/// The document. Of more results than code scanning takes, the worst are kept, and a notification counts the others.
pub fn sarif_document(report: &AuditReport) -> Value {
    fitting_document(report, MAX_RESULTS, MAX_COMPRESSED)
}

fn fitting_document(report: &AuditReport, mut most: usize, max_size: u64) -> Value {
    loop {
        let document = limited_document(report, most);
        let size = limit::compressed_size(&document, max_size);
        let results = document
            .pointer("/runs/0/results")
            .and_then(Value::as_array);
        let results = results.map_or(0, Vec::len);
        if size <= max_size || results == 0 {
            return document;
        }
        // In proportion, and somewhat less, as rules and the whole of the run take their part.
        let fewer = results as u128 * u128::from(max_size) * 9 / (u128::from(size) * 10);
        most = usize::try_from(fewer).unwrap_or(0).min(results - 1);
    }
}

fn limited_document(report: &AuditReport, most: usize) -> Value {
    let (kept, left_out) = limit::worst(report, most);
    let report = kept.as_ref().unwrap_or(report);
    let rules = rules::Rules::of(report);
    let mut run = json!({
        "tool": { "driver": {
            "name": "lockgate",
            "version": env!("CARGO_PKG_VERSION"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules.values(),
            "notifications": descriptors(),
        } },
        "invocations": [invocation(report, left_out)],
        "results": results::results(report, &rules),
        "columnKind": "unicodeCodePoints",
    });
    let policies: Vec<Value> = report
        .places
        .iter()
        .map(|place| {
            let names: Vec<_> = place.policies.iter().map(|name| one_line(name)).collect();
            json!({ "place": one_line(&place.place), "policies": names })
        })
        .collect();
    run["properties"] = json!({ "policies": policies });
    if let Some(evidence) = &report.evidence {
        run["properties"]["advisories"] = json!(one_line(&evidence.source));
        run["properties"]["advisoriesDigest"] = json!(format!("sha256:{}", evidence.digest));
        let modified = evidence.modified.map(|modified| modified.to_string());
        run["properties"]["advisoriesModified"] = json!(modified);
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    })
}

/// What notifications there may be, in the order of their places.
fn descriptors() -> Vec<Value> {
    notification_ids().map(|id| json!({ "id": id })).collect()
}

fn notification_ids() -> impl Iterator<Item = &'static str> {
    let gaps = GapCode::ALL.into_iter().map(GapCode::as_str);
    let remarks = RemarkCode::ALL.into_iter().map(RemarkCode::as_str);
    gaps.chain(remarks).chain([OFF, LEFT_OUT])
}

fn descriptor(id: &str) -> Value {
    let index = notification_ids().position(|known| known == id);
    json!({ "id": id, "index": index })
}

/// How the run went: an audit with gaps did not succeed, whether or not they are accepted.
fn invocation(report: &AuditReport, left_out: usize) -> Value {
    let limited = (left_out > 0).then(|| {
        let text = format!(
            "{left_out} results are left out, since code scanning takes no more than {MAX_RESULTS} in a run and no file of more than 10 MB when compressed: the worst are kept, and other formats have all"
        );
        json!({
            "descriptor": descriptor(LEFT_OUT),
            "level": "warning",
            "message": message(&text),
        })
    });
    let gaps = report.gaps.iter().map(gap);
    let off = report.evidence.is_none().then(|| {
        json!({
            "descriptor": descriptor(OFF),
            "level": "error",
            "message": message(ADVISORIES_OFF),
        })
    });
    let remarks = report.remarks.iter().map(|remark| {
        let text = match &remark.origin {
            Some(origin) => format!("{}: {}", one_line(origin), one_line(&remark.text)),
            None => one_line(&remark.text),
        };
        json!({
            "descriptor": descriptor(remark.code.as_str()),
            "level": if remark.code == RemarkCode::ExpiredIgnore { "warning" } else { "note" },
            "message": message(&text),
        })
    });
    json!({
        "executionSuccessful": report.gaps.is_empty() && report.evidence.is_some(),
        "toolExecutionNotifications": gaps.chain(off).chain(limited).collect::<Vec<_>>(),
        "toolConfigurationNotifications": remarks.collect::<Vec<_>>(),
    })
}

fn gap(gap: &Gap) -> Value {
    let mut value = json!({
        "descriptor": descriptor(gap.code.as_str()),
        "level": if gap.accepted.is_some() { "warning" } else { "error" },
        "message": message(&format!("not audited: {}", gap_text(gap))),
    });
    if let Some(source) = &gap.source {
        value["locations"] = json!([physical(source, gap.line)]);
    }
    value
}

/// A place in a file. Line 1 where the line is not known: viewers show no result without one.
fn physical(source: &str, line: Option<usize>) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": file_uri(source) },
            "region": { "startLine": line.unwrap_or(1).max(1) },
        },
    })
}

/// A message. In the text of one, braces stand for arguments and `[a](b)` is a link (SARIF 2.1.0, 3.11.5 and 3.11.6): neither is meant here.
fn message(text: &str) -> Value {
    let text = text.replace('{', "{{").replace('}', "}}");
    json!({ "text": text.replace("](", "] (") })
}

fn location(package: &AuditedPackage) -> Value {
    let mut value = physical(&package.source, package.line);
    value["logicalLocations"] = json!([{
        "name": package.name.as_str(),
        "fullyQualifiedName": crate::address::purl(&package.name, &package.version),
        "kind": "package",
    }]);
    value
}
