//! The audit's JSON document: its schema holds it and names all that is in it.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod support;

use lockgate_model::{AuditReport, GapCode, InventoryKind, RemarkCode};
use lockgate_report::{audit_document, failure_document, json_text};
use serde_json::{Value, json};
use support::{HOSTILE, assert_snapshot, assert_valid, clean_report, rich_report};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../docs/audit-report.schema.json")).unwrap()
}

/// The schema, but closed: each object holds what is described and nothing else.
fn closed(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        if object.get("type") == Some(&json!("object")) {
            object.insert("additionalProperties".to_owned(), json!(false));
        }
        for inner in object.values_mut() {
            *inner = closed(inner.take());
        }
    } else if let Some(list) = value.as_array_mut() {
        for inner in list {
            *inner = closed(inner.take());
        }
    }
    value
}

#[test]
fn the_schema_describes_every_member_of_every_document() {
    let schema = closed(schema());
    let documents = [
        audit_document("failed", &rich_report()),
        audit_document("clean", &clean_report()),
        audit_document("clean", &AuditReport::default()),
        failure_document("no index", None),
        failure_document("no index", Some("name one")),
    ];
    for document in documents {
        assert_valid(&schema, &[], &document);
    }
}

type Change = fn(&mut Value);

#[test]
fn the_schema_refuses_what_is_no_report() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let good = audit_document("findings", &rich_report());
    assert!(validator.is_valid(&good));
    let broken: [(&str, Change); 5] = [
        ("another version", |document| document["version"] = json!(2)),
        ("an unknown status", |document| {
            document["status"] = json!("fine");
        }),
        ("no gaps", |document| {
            document.as_object_mut().unwrap().remove("gaps");
        }),
        ("an unknown gap", |document| {
            document["gaps"][0]["code"] = json!("other");
        }),
        ("ignored without a reason", |document| {
            document["packages"][0]["findings"][0]["ignored"] = json!({});
        }),
    ];
    for (what, change) in broken {
        let mut document = good.clone();
        change(&mut document);
        assert!(!validator.is_valid(&document), "{what}");
    }
}

#[test]
fn the_schema_knows_every_word_of_the_model() {
    let schema = schema();
    let words = |at: &str| schema.pointer(at).unwrap().as_array().unwrap().clone();
    let kinds = InventoryKind::ALL.map(InventoryKind::word);
    assert_eq!(words("/$defs/place/properties/kind/enum"), kinds);
    let gaps = GapCode::ALL.map(GapCode::as_str);
    assert_eq!(words("/$defs/gap/properties/code/enum"), gaps);
    let remarks = RemarkCode::ALL.map(RemarkCode::as_str);
    assert_eq!(words("/$defs/remark/properties/code/enum"), remarks);
}

#[test]
fn a_finding_says_all_that_is_known() {
    let document = audit_document("findings", &rich_report());
    let jinja = &document["packages"][1];
    assert_eq!(jinja["line"], 4);
    assert_eq!(jinja["direct"], false);
    assert_eq!(jinja["paths"][0][1], "web-frame==2.1");
    let finding = &jinja["findings"][1];
    let expected = json!({
        "id": "PYSEC-2019-217",
        "aliases": ["CVE-2016-10745", "GHSA-hj2j-77xm-mc5v"],
        "records": ["PYSEC-2019-217"],
        "code": "vulnerable",
        "summary": "Format strings get out of the sandbox",
        "severity": { "level": "high", "score": 8.6, "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:N" },
        "fixed_versions": ["2.8.1", "3.0a1"],
        "fixed_above": "2.8.1",
        "cwes": ["CWE-134", "CWE-20"],
        "published": "2024-01-02T03:04:05Z",
        "modified": "2025-06-07T08:09:10.5Z",
        "references": [
            { "kind": "FIX", "url": "https://example.org/fix?id=1&x=[2]" },
            { "kind": "WEB", "url": "javascript:alert(1)" },
        ],
        "unclear": ["introduced 2.9.0-NA"],
        "ignored": false,
        "gated": true,
        "withdrawn": false,
        "source": "osv",
        "link": "https://example.org/PYSEC-2019-217",
        "path": ["-r requirements.in", "web-frame==2.1", "jinja2==2.4.1"],
    });
    assert_eq!(*finding, expected);
    assert_eq!(
        jinja["findings"][0]["fixed_above"],
        Value::Null,
        "the only fix is below the pin"
    );
    let ignored = json!({
        "reason": "redirects are checked before",
        "expires": "2027-03-01",
        "origin": "lockgate.toml:3",
        "justification": "vulnerable_code_cannot_be_controlled_by_adversary",
    });
    assert_eq!(document["packages"][0]["findings"][0]["ignored"], ignored);
    let pytest = &document["packages"][10];
    assert_eq!(pytest["scopes"], json!(["group dev", "group test"]));
    assert_eq!(pytest["dev_only"], true);
    let summary = json!({ "packages": 12, "vulnerable": 6, "findings": 8, "ignored": 3 });
    assert_eq!(document["summary"], summary);
}

#[test]
fn the_text_is_the_value_and_moves_no_terminal() {
    let document = audit_document("failed", &rich_report());
    let text = json_text(&document);
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
    assert_eq!(document["packages"][4]["findings"][0]["summary"], HOSTILE);
    let harmless =
        |c: char| c == '\n' || !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c);
    assert!(text.chars().all(harmless));
    assert_snapshot("audit.json", &text);
}
