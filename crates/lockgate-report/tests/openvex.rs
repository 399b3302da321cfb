//! OpenVEX: statements as its specification asks for them.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod support;

use lockgate_model::AuditReport;
use lockgate_report::{OpenVexOptions, json_text, openvex_document};
use serde_json::{Value, json};
use support::{assert_snapshot, assert_valid, clean_report, now, rich_report};

fn schema() -> Value {
    let text = include_str!("../../../fixtures/schemas/openvex-0.2.0.schema.json");
    serde_json::from_str(text).unwrap()
}

fn options() -> OpenVexOptions<'static> {
    OpenVexOptions {
        author: "Security of the shop",
        timestamp: now(),
        product: None,
    }
}

fn statement<'a>(document: &'a Value, id: &str) -> &'a Value {
    let mut all = document["statements"].as_array().unwrap().iter();
    all.find(|one| one["vulnerability"]["name"] == id).unwrap()
}

#[test]
fn every_document_is_what_the_specification_describes() {
    let mut of_product = options();
    of_product.product = Some("pkg:generic/shop@1.0");
    for report in [rich_report(), clean_report(), AuditReport::default()] {
        for options in [options(), of_product] {
            assert_valid(&schema(), &[], &openvex_document(&report, &options));
        }
    }
}

#[test]
fn ignored_findings_are_not_affected_and_say_why() {
    let document = openvex_document(&rich_report(), &options());
    let purl = "pkg:pypi/web-frame@2.1";
    let expected = json!({
        "vulnerability": {
            "@id": "https://nvd.nist.gov/vuln/detail/CVE-2024-1000",
            "name": "CVE-2024-1000",
            "description": "Redirects leave the site",
            "aliases": ["GHSA-aaaa-bbbb-cccc", "PYSEC-2024-10"],
        },
        "products": [{ "@id": purl, "identifiers": { "purl": purl } }],
        "status": "not_affected",
        "justification": "vulnerable_code_cannot_be_controlled_by_adversary",
        "status_notes": "redirects are checked before (by lockgate.toml:3, until 2027-03-01)",
    });
    assert_eq!(*statement(&document, "CVE-2024-1000"), expected);
    let accepted = statement(&document, "PYSEC-2025-40");
    assert_eq!(accepted["status"], "not_affected");
    assert_eq!(
        accepted["impact_statement"],
        "accepted without a reason (--ignore-vuln)"
    );
    assert_eq!(accepted.get("justification"), None);
}

#[test]
fn open_findings_are_affected_and_say_what_to_do() {
    let document = openvex_document(&rich_report(), &options());
    let cases = [
        (
            "CVE-2016-10745",
            "Upgrade jinja2 to 2.8.1 or a later fixed version.",
        ),
        (
            "CVE-2014-1402",
            "No fixed version of jinja2 above 2.4.1 is known.",
        ),
        (
            "GHSA-pppp-pppp-pppp",
            "No fixed version of old-pickle is known.",
        ),
        ("MAL-2026-1", "Remove evil-pkg 1.0: it was made to do harm."),
    ];
    for (id, action) in cases {
        let statement = statement(&document, id);
        assert_eq!(statement["status"], "affected", "{id}");
        assert_eq!(statement["action_statement"], action, "{id}");
    }
    let places = statement(&document, "CVE-2016-10745")["products"].as_array();
    assert_eq!(
        places.unwrap().len(),
        1,
        "one release in two places is one product"
    );
}

#[test]
fn packages_are_parts_of_a_product_where_one_is_named() {
    let mut options = options();
    options.product = Some("pkg:generic/shop@1.0");
    let document = openvex_document(&rich_report(), &options);
    let product = &statement(&document, "CVE-2024-1000")["products"][0];
    assert_eq!(product["@id"], "pkg:generic/shop@1.0");
    assert_eq!(product["subcomponents"][0]["@id"], "pkg:pypi/web-frame@2.1");
}

#[test]
fn the_id_follows_from_the_content_alone_and_gaps_are_told() {
    let document = openvex_document(&rich_report(), &options());
    let mut later = options();
    later.timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(
        openvex_document(&rich_report(), &later)["@id"],
        document["@id"]
    );
    let clean = openvex_document(&clean_report(), &options());
    assert_ne!(clean["@id"], document["@id"]);
    assert_eq!(clean["statements"], json!([]));
    let tooling = document["tooling"].as_str().unwrap();
    assert!(
        tooling.contains("; not audited: ") && tooling.contains("ranged>=1 (requirements.txt:31)"),
        "{tooling}"
    );
    let off = openvex_document(&AuditReport::default(), &options());
    let tooling = off["tooling"].as_str().unwrap();
    assert!(
        tooling.ends_with("advisories are off: nothing was audited"),
        "{tooling}"
    );
}

#[test]
fn the_snapshot_holds() {
    let document = openvex_document(&rich_report(), &options());
    assert_snapshot("audit.openvex.json", &json_text(&document));
}
