//! The audit as a CycloneDX 1.6 bill of materials with vulnerabilities (JSON).
//!
//! A release is one component, in however many places it stands. The same report and instant give the same bytes: the serial number is made
//! from the content.

use lockgate_model::{AuditReport, Timestamp};
use serde_json::{Value, json};

use crate::content_id::content_uuid;
use crate::one_line::one_line;
use crate::wording::{ADVISORIES_OFF, gap_text};

mod components;
mod vulnerabilities;

/// The reference of what was audited as a whole.
const ROOT: &str = "lockgate:audited";

/// The document, made at `timestamp`.
pub fn cyclonedx_document(report: &AuditReport, timestamp: Timestamp) -> Value {
    let components = components::Components::of(report);
    let mut document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": { "components": [{
                "type": "application",
                "name": "lockgate",
                "version": env!("CARGO_PKG_VERSION"),
            }] },
            "component": { "type": "application", "bom-ref": ROOT, "name": root_name(report) },
            "properties": properties(report),
        },
        "components": components.values(),
        "dependencies": components.dependencies(),
        "vulnerabilities": vulnerabilities::vulnerabilities(report),
    });
    if !report.gaps.is_empty() || report.evidence.is_none() {
        document["compositions"] =
            json!([{ "aggregate": "incomplete", "assemblies": components.references() }]);
    }
    let serial = content_uuid(&document);
    document["serialNumber"] = json!(format!("urn:uuid:{serial}"));
    document["metadata"]["timestamp"] = json!(timestamp.to_string());
    document
}

/// What was looked at, in one name.
fn root_name(report: &AuditReport) -> String {
    let places: Vec<String> = report
        .places
        .iter()
        .map(|place| one_line(&place.place))
        .collect();
    if places.is_empty() {
        "nothing".to_owned()
    } else {
        places.join(", ")
    }
}

/// What the format has no place for: the state of the advisories, and what could not be audited.
fn properties(report: &AuditReport) -> Vec<Value> {
    let mut properties = Vec::new();
    match &report.evidence {
        Some(evidence) => {
            let source = one_line(&evidence.source);
            properties.push(property("advisories", &source));
            let digest = format!("sha256:{}", evidence.digest);
            properties.push(property("advisories:digest", &digest));
            if let Some(modified) = evidence.modified {
                properties.push(property("advisories:modified", &modified.to_string()));
            }
        }
        None => properties.push(property("gap", ADVISORIES_OFF)),
    }
    for gap in &report.gaps {
        let text = format!("{}: {}", gap.code.as_str(), gap_text(gap));
        properties.push(property("gap", &text));
    }
    properties
}

fn property(name: &str, value: &str) -> Value {
    json!({ "name": format!("lockgate:{name}"), "value": value })
}
