//! pip-audit's forms. The expectations on plain reports are what pip-audit 2.10.1 wrote of the same data.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod support;

use lockgate_model::{Advisory, AuditReport};
use lockgate_report::{
    PipAuditOptions, PipAuditSwitch, pip_audit_columns, pip_audit_json, pip_audit_markdown,
    pip_audit_summary,
};
use serde_json::{Value, json};
use support::{HOSTILE, assert_snapshot, clean_report, rich_report};

fn full_text(advisory: &Advisory) -> Option<String> {
    (advisory.id == "PYSEC-2019-217").then(|| "Sandbox\nis open\n".to_owned())
}

fn options(descriptions: PipAuditSwitch, aliases: PipAuditSwitch) -> PipAuditOptions<'static> {
    PipAuditOptions {
        descriptions,
        aliases,
        description_of: &full_text,
        project_pages: Some("https://example.org/project/"),
        hyperlinks: false,
    }
}

const AUTO: PipAuditSwitch = PipAuditSwitch::Auto;
const ON: PipAuditSwitch = PipAuditSwitch::On;
const OFF: PipAuditSwitch = PipAuditSwitch::Off;

/// Only what is plain: jinja2 in one place, and a gap.
fn plain_report() -> AuditReport {
    let mut report = rich_report();
    report.packages.truncate(2);
    report.packages.remove(0);
    report.own.clear();
    report.gaps.truncate(1);
    report
}

#[test]
fn json_has_pip_audits_members_in_its_order() {
    let text = pip_audit_json(&plain_report(), &options(AUTO, AUTO)).unwrap();
    let expected = concat!(
        r#"{"dependencies": [{"name": "jinja2", "version": "2.4.1", "vulns": ["#,
        r#"{"id": "PYSEC-2019-217", "fix_versions": ["2.8.1", "3.0a1"], "aliases": ["CVE-2016-10745", "GHSA-hj2j-77xm-mc5v"], "description": "Sandbox is open "}, "#,
        r#"{"id": "CVE-2014-1402", "fix_versions": ["2.4.0"], "aliases": ["GHSA-0000-1111-2222"], "description": "Templates are cached where others can write"}]}, "#,
        r#"{"name": "direct", "skip_reason": "this is a gap of the kind direct-reference"}], "fixes": []}"#,
        "\n",
    );
    assert_eq!(text, expected);
    let text = pip_audit_json(&plain_report(), &options(OFF, OFF)).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let first = json!({ "id": "PYSEC-2019-217", "fix_versions": ["2.8.1", "3.0a1"] });
    assert_eq!(value["dependencies"][0]["vulns"][0], first);
}

#[test]
fn columns_are_pip_audits() {
    let expected = "\
Name   Version ID             Fix Versions
------ ------- -------------- ------------
jinja2 2.4.1   PYSEC-2019-217 2.8.1,3.0a1
jinja2 2.4.1   CVE-2014-1402  2.4.0

Name   Skip Reason
------ ------------------------------------------
direct this is a gap of the kind direct-reference
";
    assert_eq!(
        pip_audit_columns(&plain_report(), &options(AUTO, AUTO)),
        expected
    );
    let mut report = plain_report();
    report.gaps.clear();
    let expected = "\
Name   Version ID             Fix Versions Aliases                             Description
------ ------- -------------- ------------ ----------------------------------- -------------------------------------------
jinja2 2.4.1   PYSEC-2019-217 2.8.1,3.0a1  CVE-2016-10745, GHSA-hj2j-77xm-mc5v Sandbox is open
jinja2 2.4.1   CVE-2014-1402  2.4.0        GHSA-0000-1111-2222                 Templates are cached where others can write
";
    assert_eq!(pip_audit_columns(&report, &options(ON, ON)), expected);
}

#[test]
fn hyperlinks_take_no_room() {
    let mut linked = options(AUTO, ON);
    linked.hyperlinks = true;
    let text = pip_audit_columns(&plain_report(), &linked);
    let row = text.lines().nth(2).unwrap();
    let link =
        |text: &str, address: &str| format!("\u{1b}]8;;{address}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\");
    let start = format!(
        "{} 2.4.1   {} 2.8.1,3.0a1  {}, ",
        link("jinja2", "https://example.org/project/jinja2/"),
        link(
            "PYSEC-2019-217",
            "https://osv.dev/vulnerability/PYSEC-2019-217"
        ),
        link(
            "CVE-2016-10745",
            "https://osv.dev/vulnerability/CVE-2016-10745"
        ),
    );
    assert!(row.starts_with(&start), "{row:?}");
}

#[test]
fn markdown_is_pip_audits() {
    let expected = "
Name | Version | ID | Fix Versions
--- | --- | --- | ---
[jinja2](https://example.org/project/jinja2/) | 2.4.1 | [PYSEC-2019-217](https://osv.dev/vulnerability/PYSEC-2019-217) | 2.8.1,3.0a1
[jinja2](https://example.org/project/jinja2/) | 2.4.1 | [CVE-2014-1402](https://osv.dev/vulnerability/CVE-2014-1402) | 2.4.0

Name | Skip Reason
--- | ---
direct | this is a gap of the kind direct-reference
";
    assert_eq!(
        pip_audit_markdown(&plain_report(), &options(AUTO, AUTO)),
        expected
    );
}

#[test]
fn nothing_found_is_no_table_but_a_document() {
    let mut report = clean_report();
    report.own.clear();
    assert_eq!(pip_audit_columns(&report, &options(AUTO, AUTO)), "");
    assert_eq!(pip_audit_markdown(&report, &options(AUTO, AUTO)), "");
    let text = pip_audit_json(&report, &options(AUTO, AUTO)).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    // jinja2 stands in two places at one version.
    assert_eq!(value["dependencies"].as_array().unwrap().len(), 11);
}

#[test]
fn the_summary_counts_as_pip_audit_does() {
    let mut report = plain_report();
    assert_eq!(
        pip_audit_summary(&report),
        "Found 2 known vulnerabilities in 1 package"
    );
    let ignored = rich_report().packages[0].findings[0].ignored.clone();
    report.packages[0].findings[0].ignored = ignored.clone();
    assert_eq!(
        pip_audit_summary(&report),
        "Found 1 known vulnerability, ignored 1 in 1 package"
    );
    report.packages[0].findings[1].ignored = ignored;
    // Where nothing is left and something was not audited, pip-audit would say that nothing is known.
    assert_eq!(
        pip_audit_summary(&report),
        "Incomplete: 1 entry could not be audited"
    );
    report.gaps.clear();
    assert_eq!(
        pip_audit_summary(&report),
        "No known vulnerabilities found, 2 ignored"
    );
    assert_eq!(
        pip_audit_summary(&clean_report()),
        "No known vulnerabilities found"
    );
    // The malicious one is quarantined too, and that is gated; one package stands in two places.
    assert_eq!(
        pip_audit_summary(&rich_report()),
        "Found 7 known vulnerabilities, ignored 3 in 5 packages"
    );
}

#[test]
fn every_gap_and_every_own_project_is_skipped_with_its_reason() {
    let text = pip_audit_json(&rich_report(), &options(AUTO, AUTO)).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let dependencies = value["dependencies"].as_array().unwrap();
    let skipped: Vec<&str> = dependencies
        .iter()
        .filter(|one| one.get("skip_reason").is_some())
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    let expected = [
        "-e ./shop",
        "direct",
        "ranged",
        "badly",
        "./folder",
        "private",
        "absent",
        "shop",
        "https://example.org/osv.zip",
        "broken/poetry.lock",
    ];
    assert_eq!(skipped, expected);
    let evil = &dependencies[3];
    assert_eq!(evil["name"], "evil-pkg");
    assert_eq!(evil["vulns"][0]["id"], "MAL-2026-1");
    assert_eq!(evil["vulns"][1]["id"], "quarantined");
}

#[test]
fn hostile_texts_break_neither_rows_nor_terminals() {
    let mut report = rich_report();
    for finding in &mut report.packages[4].findings {
        finding.ignored = None;
    }
    let description = |_: &Advisory| Some(HOSTILE.to_owned());
    let mut options = options(ON, ON);
    options.description_of = &description;
    let columns = pip_audit_columns(&report, &options);
    let markdown = pip_audit_markdown(&report, &options);
    for text in [&columns, &markdown] {
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
        assert!(!text.contains('\u{202e}'));
    }
    assert!(!markdown.contains("<script>"));
    let row = markdown.lines().find(|line| line.contains("hhhh")).unwrap();
    assert_eq!(row.matches(" | ").count(), 5);
}

#[test]
fn the_snapshots_hold() {
    let report = rich_report();
    let json = pip_audit_json(&report, &options(AUTO, AUTO)).unwrap();
    assert_snapshot("pip-audit.json", &json);
    assert_snapshot(
        "pip-audit.txt",
        &pip_audit_columns(&report, &options(ON, ON)),
    );
    assert_snapshot(
        "pip-audit.md",
        &pip_audit_markdown(&report, &options(ON, ON)),
    );
}
