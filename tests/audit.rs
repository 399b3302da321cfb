//! `lockgate audit`: here of requirements locks, in the modules below of everything else.

mod accepted;
mod as_of_lock;
mod asking;
mod bills;
mod bounds;
mod environments;
mod export_faults;
mod fleet;
mod folders;
mod gaps;
mod hosts;
mod inputs;
mod lock_faults;
mod malware;
mod notices;
mod peers;
mod pip_audit;
mod policy;
mod records;
mod references;
mod reports;
mod resolve;
mod selection;
mod service_faults;
mod sources;
mod stated;
mod telling;
mod unreadable;

use lockgate_tests::{Advisory, Lockgate, TestContext};
use serde_json::Value;

const LOCK: &str = "a==1.0 \\\n    --hash=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nb==2.0\n";

fn context(advisories: &[Advisory]) -> TestContext {
    let context = TestContext::new();
    context.write("requirements.txt", LOCK);
    context.write_advisories("advisories", advisories);
    context
}

fn audit<'a>(context: &'a TestContext, arguments: &[&str]) -> Lockgate<'a> {
    context
        .lockgate(&["audit", "requirements.txt", "--advisories", "advisories"])
        .args(arguments)
        .arg("--cache-dir")
        .arg(context.cache())
}

#[test]
fn a_clean_lock_exits_with_0() {
    let context = context(&[Advisory::new("PYSEC-2024-1", "a").between("1.1", "1.2")]);
    audit(&context, &[]).run().exits(0);
}

#[test]
fn a_finding_exits_with_1_and_stands_in_the_table() {
    let advisory = Advisory::new("PYSEC-2024-1", "a")
        .between("0", "1.1")
        .severity("high");
    let context = context(&[advisory]);
    let run = audit(&context, &[]).run();
    run.exits(1);
    for text in ["a", "1.0", "PYSEC-2024-1", "1.1", "high"] {
        assert!(
            run.stdout.contains(text),
            "{text} is missing:\n{}",
            run.stdout
        );
    }
    assert_eq!(context.read("requirements.txt"), LOCK);
}

#[test]
fn the_json_document_has_the_form_of_the_interface() {
    let mut advisory = Advisory::new("GHSA-aaaa-bbbb-cccc", "a")
        .between("0", "1.1")
        .severity("high");
    advisory.aliases = vec!["CVE-2024-1".to_owned()];
    let run_context = context(&[advisory]);
    let run = audit(&run_context, &["--format", "json"]).run();
    let document: Value =
        serde_json::from_str(&run.exits(1).stdout).expect("standard output is one document");
    assert_eq!(document["version"], 1);
    assert_eq!(document["status"], "findings");
    let package = document["packages"]
        .as_array()
        .and_then(|list| list.iter().find(|entry| entry["name"] == "a"));
    let package = package.expect("`a` is listed");
    assert_eq!(package["version"], "1.0");
    let finding = &package["findings"][0];
    assert_eq!(finding["id"], "GHSA-aaaa-bbbb-cccc");
    assert_eq!(finding["aliases"], serde_json::json!(["CVE-2024-1"]));
    assert_eq!(finding["severity"]["level"], "high");
    assert_eq!(finding["fixed_versions"], serde_json::json!(["1.1"]));
    assert_eq!(finding["ignored"], false);
    assert_eq!(finding["withdrawn"], false);
    let summary =
        serde_json::json!({ "packages": 2, "vulnerable": 1, "findings": 1, "ignored": 0 });
    assert_eq!(document["summary"], summary);
    for key in ["source", "digest", "modified"] {
        assert!(
            !document["advisories"][key].is_null(),
            "advisories.{key} is missing: {document:#}"
        );
    }
}

#[test]
fn an_ignored_finding_exits_with_0_and_is_told() {
    let context = context(&[Advisory::new("PYSEC-2024-1", "a")]);
    context.write(
        "lockgate.toml",
        "[[ignore]]\nid = \"PYSEC-2024-1\"\nreason = \"ours\"\n",
    );
    let run = audit(&context, &["--format", "json"]).run();
    let document: Value =
        serde_json::from_str(&run.exits(0).stdout).expect("standard output is one document");
    assert_eq!(document["summary"]["ignored"], 1);
    assert_eq!(
        document["packages"][0]["findings"][0]["ignored"]["reason"],
        "ours"
    );
}

#[test]
fn below_the_threshold_a_finding_is_listed_and_exits_with_0() {
    let context = context(&[Advisory::new("PYSEC-2024-1", "a").severity("low")]);
    let run = audit(&context, &["--min-severity", "high"]).run();
    assert!(
        run.exits(0).stdout.contains("PYSEC-2024-1"),
        "{}",
        run.stdout
    );
}

#[test]
fn merged_aliases_are_one_finding() {
    let mut first = Advisory::new("GHSA-aaaa-bbbb-cccc", "a");
    first.aliases = vec!["CVE-2024-1".to_owned()];
    let mut second = Advisory::new("PYSEC-2024-1", "a");
    second.aliases = vec!["CVE-2024-1".to_owned()];
    let context = context(&[first, second]);
    let run = audit(&context, &["--format", "json"]).run();
    let document: Value =
        serde_json::from_str(&run.exits(1).stdout).expect("standard output is one document");
    assert_eq!(document["summary"]["findings"], 1);
    assert_eq!(document["packages"][0]["findings"][0]["id"], "PYSEC-2024-1");
}

#[test]
fn what_cannot_be_audited_is_a_gap_and_no_clean_answer() {
    for line in ["a>=1.0\n", "a\n", "not a requirement at all\n"] {
        let context = context(&[]);
        context.write("requirements.txt", format!("b==2.0\n{line}"));
        audit(&context, &[]).run().exits(2);
    }
}

#[test]
fn a_lock_that_is_not_there_is_a_failure() {
    let context = TestContext::new();
    context.write_advisories("advisories", &[]);
    context
        .lockgate(&[
            "audit",
            "nowhere.txt",
            "--advisories",
            "advisories",
            "--no-cache",
        ])
        .run()
        .exits(2)
        .mentions(&["nowhere.txt"]);
}

#[test]
fn the_spelling_of_pip_audit_works_too() {
    let context = context(&[Advisory::new("PYSEC-2024-1", "a")]);
    let run = context
        .lockgate(&[
            "audit",
            "-r",
            "requirements.txt",
            "-f",
            "json",
            "--advisories",
            "advisories",
            "--no-cache",
        ])
        .run();
    assert!(run.exits(1).stdout.contains("PYSEC-2024-1"));
}

#[test]
fn locks_of_other_tools_and_nothing_at_all_are_no_answer() {
    for name in [
        "uv.lock",
        "poetry.lock",
        "pylock.toml",
        "Pipfile.lock",
        "bom.json",
    ] {
        let context = context(&[]);
        context.write(name, "");
        context
            .lockgate(&["audit", name, "--advisories", "advisories", "--no-cache"])
            .run()
            .exits(2)
            .mentions(&[name, "is empty"]);
    }
    let context = context(&[]);
    context.write("empty.txt", "\n");
    context
        .lockgate(&[
            "audit",
            "empty.txt",
            "--advisories",
            "advisories",
            "--no-cache",
        ])
        .run()
        .exits(2)
        .mentions(&["empty.txt", "empty"]);
}

#[test]
fn names_of_an_index_of_ones_own_are_sent_to_nobody() {
    let context = context(&[]);
    let private = format!("--index-url https://pypi.corp.invalid/simple\n{LOCK}");
    context.write("requirements.txt", private);
    let service = ["--advisories", "https://advisories.invalid"];
    context
        .lockgate(&["audit", "requirements.txt", "--no-cache"])
        .args(service)
        .run()
        .exits(2)
        .mentions(&["are not sent to", "advisories.invalid"]);
    let unknown = format!("--index-url ${{INDEX}}\n{LOCK}");
    context.write("requirements.txt", unknown);
    context
        .lockgate(&["audit", "requirements.txt", "--no-cache"])
        .args(service)
        .run()
        .exits(2)
        .mentions(&["requirements.txt:1"]);
    context.write("requirements.txt", LOCK);
    context
        .lockgate(&["audit", "requirements.txt", "--no-cache"])
        .args(service)
        .env("PIP_EXTRA_INDEX_URL", "https://pypi.corp.invalid/simple")
        .run()
        .exits(2)
        .mentions(&["are not sent to"]);
}
