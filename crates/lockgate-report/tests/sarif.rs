//! SARIF: the standard's schema holds what is written, and code scanning finds what it reads.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod support;

use lockgate_model::{AuditReport, Version};
use lockgate_report::{json_text, sarif_document};
use serde_json::{Value, json};
use support::{assert_snapshot, assert_valid, clean_report, rich_report};

fn schema() -> Value {
    let text = include_str!("../../../fixtures/schemas/sarif-2.1.0.schema.json");
    let mut schema: Value = serde_json::from_str(text).unwrap();
    // The pattern of `language`, which is not written here, is no regular expression.
    for object in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][object]["properties"]["language"];
        let pattern = language.as_object_mut().unwrap().remove("pattern");
        assert!(
            pattern.is_some(),
            "the schema was mended: leave it as it is"
        );
    }
    schema
}

fn result_of<'a>(document: &'a Value, rule: &str, nth: usize) -> &'a Value {
    let results = document["runs"][0]["results"].as_array().unwrap();
    let mut of_rule = results.iter().filter(|result| result["ruleId"] == rule);
    of_rule.nth(nth).unwrap()
}

fn rule_of<'a>(document: &'a Value, id: &str) -> &'a Value {
    let rules = &document["runs"][0]["tool"]["driver"]["rules"];
    let mut rules = rules.as_array().unwrap().iter();
    rules.find(|rule| rule["id"] == id).unwrap()
}

#[test]
fn the_standards_schema_holds_every_document() {
    for report in [rich_report(), clean_report(), AuditReport::default()] {
        assert_valid(&schema(), &[], &sarif_document(&report));
    }
}

#[test]
fn a_rule_says_how_bad_an_advisory_is_and_what_helps() {
    let document = sarif_document(&rich_report());
    let rule = rule_of(&document, "CVE-2016-10745");
    assert_eq!(rule["properties"]["security-severity"], "8.6");
    assert_eq!(
        rule["properties"]["tags"],
        json!([
            "security",
            "vulnerability",
            "external/cwe/cwe-134",
            "external/cwe/cwe-020"
        ])
    );
    // The vulnerability's own address, not the first link of some record.
    assert_eq!(
        rule["helpUri"],
        "https://nvd.nist.gov/vuln/detail/CVE-2016-10745"
    );
    assert_eq!(
        rule["fullDescription"]["text"],
        "CVE-2016-10745: Format strings get out of the sandbox"
    );
    let help = rule["help"]["markdown"].as_str().unwrap();
    assert!(help.contains("- **Fixed in:** 2.8.1, 3.0a1"), "{help}");
    assert!(
        help.contains("(https://example.org/fix?id=1&x=%5B2%5D)") && !help.contains("javascript"),
        "{help}"
    );
    // Severities in every form that records have.
    let severities = [
        ("CVE-2014-1402", Some("3.3"), "note"),
        ("CVE-2024-1000", Some("5.3"), "warning"),
        ("GHSA-hhhh-hhhh-hhhh", Some("9.8"), "error"),
        ("GHSA-pppp-pppp-pppp", Some("8.0"), "error"),
        ("PYSEC-2025-40", Some("0.0"), "note"),
        ("CVE-2025-9", None, "warning"),
        ("MAL-2026-1", Some("10.0"), "error"),
    ];
    for (id, score, level) in severities {
        let rule = rule_of(&document, id);
        let stated = rule["properties"].get("security-severity");
        assert_eq!(stated.map(|score| score.as_str().unwrap()), score, "{id}");
        assert_eq!(rule["defaultConfiguration"]["level"], level, "{id}");
        assert_eq!(result_of(&document, id, 0)["level"], level, "{id}");
    }
    let unknown = &rule_of(&document, "CVE-2025-9")["helpUri"];
    assert_eq!(unknown, "https://nvd.nist.gov/vuln/detail/CVE-2025-9");
}

#[test]
fn a_result_stands_at_the_line_of_its_pin() {
    let document = sarif_document(&rich_report());
    let first = result_of(&document, "CVE-2016-10745", 0);
    let place = &first["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "requirements.txt");
    assert_eq!(place["region"]["startLine"], 4);
    assert_eq!(
        first["message"]["text"],
        "jinja2 2.4.1 is affected by PYSEC-2019-217, severity high (8.6): Format strings get out of the sandbox. \
         Upgrade jinja2 to 2.8.1 or a later fixed version. Required by: -r requirements.in → web-frame==2.1 → jinja2==2.4.1"
    );
    let second = result_of(&document, "CVE-2016-10745", 1);
    let place = &second["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "api/uv.lock");
    assert_eq!(place["region"]["startLine"], 17);
    let unknown = result_of(&document, "CVE-2025-9", 0);
    assert_eq!(
        unknown["locations"][0]["physicalLocation"]["region"]["startLine"],
        1
    );
    let rules = document["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    for result in document["runs"][0]["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
}

#[test]
fn fingerprints_stay_when_lines_and_versions_move_and_tell_places_apart() {
    let prints = |report: &AuditReport| -> Vec<String> {
        let document = sarif_document(report);
        let results = document["runs"][0]["results"].as_array().unwrap().clone();
        results
            .iter()
            .map(|result| {
                let prints = &result["partialFingerprints"];
                prints["primaryLocationLineHash"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    };
    let report = rich_report();
    let before = prints(&report);
    let distinct: std::collections::BTreeSet<&String> = before.iter().collect();
    assert_eq!(distinct.len(), before.len());
    let mut moved = report.clone();
    for package in &mut moved.packages {
        package.line = package.line.map(|line| line + 100);
        package.version = Version::new([99]);
    }
    assert_eq!(prints(&moved), before);
    let mut renamed = report.clone();
    renamed.packages[1].source = "other.txt".to_owned();
    let changed = prints(&renamed)
        .iter()
        .zip(&before)
        .filter(|(one, other)| one != other)
        .count();
    assert_eq!(changed, 2, "the two findings of that package");
    let mut twice = report;
    let again = twice.packages[1].clone();
    twice.packages.push(again);
    let twice = prints(&twice);
    let distinct: std::collections::BTreeSet<&String> = twice.iter().collect();
    assert_eq!(distinct.len(), twice.len(), "two versions in one file");
}

#[test]
fn an_alert_is_the_same_when_a_record_with_a_better_id_joins() {
    let identity = |report: &AuditReport| {
        let document = sarif_document(report);
        let results = document["runs"][0]["results"].as_array().unwrap().clone();
        let of = |result: &Value| {
            let print = result["partialFingerprints"]["primaryLocationLineHash"].clone();
            (result["ruleId"].clone(), print)
        };
        results.iter().map(of).collect::<Vec<_>>()
    };
    let mut report = rich_report();
    let before = identity(&report);
    let mut findings = report.packages.iter_mut().flat_map(|it| &mut it.findings);
    let finding = findings
        .find(|finding| finding.advisory.id == "GHSA-pppp-pppp-pppp")
        .unwrap();
    let mut joined = (*finding.advisory).clone();
    joined.oldest = joined.id;
    joined.id = "PYSEC-2099-1".to_owned();
    joined.aliases = vec![joined.oldest.clone()];
    finding.advisory = joined.into();
    assert_eq!(identity(&report), before);
}

#[test]
fn ignored_findings_are_suppressed_with_their_reason() {
    let document = sarif_document(&rich_report());
    let expected = json!([{
        "kind": "external",
        "status": "accepted",
        "justification": "redirects are checked before",
        "properties": {
            "origin": "lockgate.toml:3",
            "expires": "2027-03-01",
            "justification": "vulnerable_code_cannot_be_controlled_by_adversary",
        },
    }]);
    assert_eq!(
        result_of(&document, "CVE-2024-1000", 0)["suppressions"],
        expected
    );
    assert_eq!(
        result_of(&document, "CVE-2016-10745", 0)["suppressions"],
        json!([])
    );
    assert_eq!(
        result_of(&document, "PYSEC-2025-40", 0)["suppressions"][0]["justification"],
        "accepted without a reason (--ignore-vuln)"
    );
}

#[test]
fn an_audit_with_gaps_did_not_succeed() {
    let document = sarif_document(&rich_report());
    let invocation = &document["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
    assert_eq!(notifications.len(), 8);
    assert_eq!(notifications[1]["descriptor"]["id"], "unpinned");
    assert_eq!(
        notifications[1]["message"]["text"],
        "not audited: ranged>=1 (requirements.txt:31): this is a gap of the kind unpinned"
    );
    let clean = sarif_document(&clean_report());
    let invocation = &clean["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], true);
    assert_eq!(clean["runs"][0]["results"], json!([]));
    let off = sarif_document(&AuditReport::default());
    let invocation = &off["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
}

#[test]
fn what_the_index_says_is_a_result_too() {
    let document = sarif_document(&rich_report());
    for (code, level) in [
        ("quarantined", "error"),
        ("yanked", "warning"),
        ("archived", "note"),
        ("deprecated", "note"),
    ] {
        assert_eq!(result_of(&document, code, 0)["level"], level, "{code}");
        assert_eq!(
            rule_of(&document, code)["defaultConfiguration"]["level"],
            level
        );
    }
}

#[test]
fn hostile_texts_are_texts() {
    let text = json_text(&sarif_document(&rich_report()));
    assert!(!text.contains(r"\u001b") && !text.contains(r"\u202e"));
    let document: Value = serde_json::from_str(&text).unwrap();
    let message = &result_of(&document, "GHSA-hhhh-hhhh-hhhh", 0)["message"]["text"];
    let message = message.as_str().unwrap();
    assert!(
        !message.contains("](") && message.contains("[a] (javascript:b)"),
        "{message}"
    );
    let rule = rule_of(&document, "GHSA-hhhh-hhhh-hhhh");
    let help = rule["help"]["markdown"].as_str().unwrap();
    assert!(
        !help.contains("<script>") && !help.contains("](javascript"),
        "{help}"
    );
    assert_eq!(
        rule["helpUri"],
        "https://github.com/advisories/GHSA-hhhh-hhhh-hhhh"
    );
}

#[test]
fn the_snapshot_holds() {
    assert_snapshot("audit.sarif", &json_text(&sarif_document(&rich_report())));
}
