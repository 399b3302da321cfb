//! CycloneDX: the 1.6 schema holds what is written, and each fact stands where its readers look.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod support;

use std::collections::BTreeSet;

use lockgate_model::AuditReport;
use lockgate_report::{cyclonedx_document, json_text};
use serde_json::{Value, json};
use support::{assert_snapshot, assert_valid, clean_report, now, rich_report};

const SPDX: &str = include_str!("../../../fixtures/schemas/spdx.SNAPSHOT.schema.json");
const JSF: &str = include_str!("../../../fixtures/schemas/jsf-0.82.SNAPSHOT.schema.json");

fn schema() -> Value {
    let text = include_str!("../../../fixtures/schemas/bom-1.6.SNAPSHOT.schema.json");
    serde_json::from_str(text).unwrap()
}

fn component<'a>(document: &'a Value, reference: &str) -> &'a Value {
    let mut components = document["components"].as_array().unwrap().iter();
    components
        .find(|component| component["bom-ref"] == reference)
        .unwrap()
}

fn vulnerability<'a>(document: &'a Value, id: &str) -> &'a Value {
    let mut all = document["vulnerabilities"].as_array().unwrap().iter();
    all.find(|one| one["id"] == id).unwrap()
}

fn depends_on(document: &Value, reference: &str) -> Value {
    let mut all = document["dependencies"].as_array().unwrap().iter();
    all.find(|one| one["ref"] == reference).unwrap()["dependsOn"].clone()
}

#[test]
fn the_standards_schema_holds_every_document() {
    let others = [
        (
            "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json",
            SPDX,
        ),
        (
            "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json",
            JSF,
        ),
    ];
    for report in [rich_report(), clean_report(), AuditReport::default()] {
        assert_valid(&schema(), &others, &cyclonedx_document(&report, now()));
    }
}

#[test]
fn a_release_is_one_component_with_all_its_places() {
    let document = cyclonedx_document(&rich_report(), now());
    let jinja = component(&document, "pkg:pypi/jinja2@2.4.1");
    assert_eq!(jinja["purl"], "pkg:pypi/jinja2@2.4.1");
    let expected = json!([
        { "name": "lockgate:place", "value": "requirements.txt:4" },
        { "name": "lockgate:direct", "value": "false" },
        { "name": "lockgate:place", "value": "api/uv.lock:17" },
        { "name": "lockgate:direct", "value": "false" },
        { "name": "lockgate:scope", "value": "main" },
        { "name": "lockgate:scope", "value": "extra html" },
        { "name": "lockgate:marker", "value": "python_full_version < '3.12'" },
    ]);
    assert_eq!(jinja["properties"], expected);
    assert_eq!(jinja["scope"], "required");
    let pytest = component(&document, "pkg:pypi/pytest@7.0");
    assert_eq!(pytest["scope"], "optional");
    let epoch = component(&document, "pkg:pypi/un-known@1%212.0.post1");
    assert_eq!(epoch["version"], "1!2.0.post1");
    let references: Vec<&Value> = document["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|component| &component["bom-ref"])
        .collect();
    let distinct: BTreeSet<&str> = references.iter().map(|one| one.as_str().unwrap()).collect();
    assert_eq!(distinct.len(), references.len());
}

#[test]
fn the_graph_is_that_of_the_places() {
    let document = cyclonedx_document(&rich_report(), now());
    let jinja = json!(["pkg:pypi/jinja2@2.4.1"]);
    assert_eq!(depends_on(&document, "pkg:pypi/web-frame@2.1"), jinja);
    assert_eq!(depends_on(&document, "pkg:pypi/web-frame@3.0"), jinja);
    assert_eq!(depends_on(&document, "pkg:pypi/jinja2@2.4.1"), json!([]));
    let direct = depends_on(&document, "lockgate:audited");
    let direct = direct.as_array().unwrap();
    assert!(direct.contains(&json!("pkg:pypi/pytest@7.0")));
    assert!(!direct.contains(&json!("pkg:pypi/jinja2@2.4.1")));
}

#[test]
fn ratings_name_the_method_of_their_vector() {
    let document = cyclonedx_document(&rich_report(), now());
    let cases = [
        ("CVE-2014-1402", "CVSSv2", "low", 3.3),
        ("GHSA-hhhh-hhhh-hhhh", "CVSSv3", "critical", 9.8),
        ("CVE-2016-10745", "CVSSv31", "high", 8.6),
        ("CVE-2024-1000", "CVSSv4", "medium", 5.3),
        ("PYSEC-2025-40", "CVSSv31", "none", 0.0),
    ];
    for (id, method, level, score) in cases {
        let rating = &vulnerability(&document, id)["ratings"][0];
        assert_eq!(rating["method"], method, "{id}");
        assert_eq!(rating["severity"], level, "{id}");
        assert_eq!(rating["score"], score, "{id}");
    }
    let word = json!([{ "severity": "high" }]);
    assert_eq!(
        vulnerability(&document, "GHSA-pppp-pppp-pppp")["ratings"],
        word
    );
    let unknown = json!([{ "severity": "unknown" }]);
    assert_eq!(vulnerability(&document, "CVE-2025-9")["ratings"], unknown);
    let malicious = json!([{ "severity": "critical" }]);
    assert_eq!(vulnerability(&document, "MAL-2026-1")["ratings"], malicious);
}

#[test]
fn a_vulnerability_says_what_it_affects_and_what_helps() {
    let document = cyclonedx_document(&rich_report(), now());
    let one = vulnerability(&document, "CVE-2016-10745");
    assert_eq!(one["cwes"], json!([134, 20]));
    assert_eq!(
        one["recommendation"],
        "Upgrade jinja2 to 2.8.1 or a later fixed version."
    );
    let affects = json!([{
        "ref": "pkg:pypi/jinja2@2.4.1",
        "versions": [{ "version": "2.4.1", "status": "affected" }],
    }]);
    assert_eq!(one["affects"], affects);
    assert_eq!(
        one["source"]["url"],
        "https://nvd.nist.gov/vuln/detail/CVE-2016-10745"
    );
    assert_eq!(one["references"][1]["id"], "PYSEC-2019-217");
    assert_eq!(
        one["advisories"],
        json!([
            { "url": "https://example.org/PYSEC-2019-217" },
            { "url": "https://example.org/fix?id=1&x=%5B2%5D" },
        ])
    );
    assert_eq!(one["published"], "2024-01-02T03:04:05Z");
    assert_eq!(one.get("analysis"), None);
}

#[test]
fn judgements_stand_in_the_analysis() {
    let document = cyclonedx_document(&rich_report(), now());
    let judged = vulnerability(&document, "CVE-2024-1000");
    let expected = json!({
        "state": "not_affected",
        "justification": "requires_environment",
        "detail": "redirects are checked before",
    });
    assert_eq!(judged["analysis"], expected);
    assert_eq!(judged["affects"][0]["versions"][0]["status"], "unaffected");
    let accepted = vulnerability(&document, "PYSEC-2025-40");
    let expected = json!({
        "state": "in_triage",
        "detail": "accepted without a reason (--ignore-vuln)",
    });
    assert_eq!(accepted["analysis"], expected);

    // Ignored in one place and not in the other: two judgements, neither hides the other.
    let mut report = rich_report();
    report.packages[1].findings[1].ignored = report.packages[0].findings[0].ignored.clone();
    let document = cyclonedx_document(&report, now());
    let both: Vec<&Value> = document["vulnerabilities"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["id"] == "CVE-2016-10745")
        .collect();
    assert_eq!(both.len(), 2);
    assert_eq!(both[0]["bom-ref"], "CVE-2016-10745");
    assert_eq!(both[1]["bom-ref"], "CVE-2016-10745#1");
    assert_eq!(both[1].get("analysis"), None);
}

#[test]
fn gaps_make_the_bill_incomplete() {
    let document = cyclonedx_document(&rich_report(), now());
    assert_eq!(document["compositions"][0]["aggregate"], "incomplete");
    let gaps = document["metadata"]["properties"].as_array().unwrap();
    let gaps = gaps.iter().filter(|one| one["name"] == "lockgate:gap");
    assert_eq!(gaps.count(), 8);
    assert_eq!(
        component(&document, "lockgate:gap:1")["purl"],
        "pkg:pypi/ranged"
    );
    assert_eq!(component(&document, "lockgate:gap:0").get("purl"), None);
    let clean = cyclonedx_document(&clean_report(), now());
    assert_eq!(clean.get("compositions"), None);
    let off = cyclonedx_document(&AuditReport::default(), now());
    assert_eq!(off["compositions"][0]["aggregate"], "incomplete");
}

#[test]
fn the_serial_number_follows_from_the_content_alone() {
    let later = "2027-01-01T00:00:00Z".parse().unwrap();
    let serial = |report: &AuditReport, when| {
        cyclonedx_document(report, when)["serialNumber"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let report = rich_report();
    assert_eq!(serial(&report, now()), serial(&report, later));
    assert_ne!(serial(&report, now()), serial(&clean_report(), now()));
}

#[test]
fn the_snapshot_holds() {
    let document = cyclonedx_document(&rich_report(), now());
    assert_snapshot("audit.cdx.json", &json_text(&document));
}
