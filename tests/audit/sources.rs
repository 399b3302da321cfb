//! Several sources of advisories in one audit: joined, corrected, each with its own state.

use lockgate_tests::{Advisory, Fault, Loopback, TestContext};
use serde_json::Value;

use super::asking::{audit, codes, document, findings, list, text};

fn prepared() -> TestContext {
    let context = TestContext::new();
    context.write("requirements.txt", "a==1.0\nb==2.0\n");
    context.write_advisories(
        "advisories",
        &[
            Advisory::new("PYSEC-2024-1", "a"),
            Advisory::new("PYSEC-2024-2", "b"),
        ],
    );
    context
}

#[track_caller]
fn asked(context: &TestContext, arguments: &[&str], code: i32) -> Value {
    let run = audit(context, &["requirements.txt", "--json"])
        .args(arguments)
        .run();
    assert_eq!(run.code, code, "{}\n{}", run.stdout, run.stderr);
    document(&run)
}

fn ids(document: &Value) -> Vec<String> {
    findings(document).into_iter().collect()
}

#[test]
fn what_several_sources_know_is_joined_by_alias() {
    let context = prepared();
    let mut same = Advisory::new("GHSA-aaaa-bbbb-cccc", "a").severity("high");
    same.aliases = vec!["PYSEC-2024-1".to_owned()];
    context.write(
        "export.zip",
        lockgate_tests::osv::export(&[same, Advisory::new("PYSEC-2024-3", "b")]),
    );
    let service = Loopback::osv(vec![Advisory::new("PYSEC-2024-4", "a")], 10);
    let origin = service.origin();
    let arguments = [
        "--advisories",
        "advisories",
        "--advisories",
        "export.zip",
        "--advisories",
        &origin,
    ];
    let found = asked(&context, &arguments, 1);
    assert_eq!(
        ids(&found),
        [
            "a==1.0 PYSEC-2024-1",
            "a==1.0 PYSEC-2024-4",
            "b==2.0 PYSEC-2024-2",
            "b==2.0 PYSEC-2024-3",
        ]
    );
    let joined = &found["packages"][0]["findings"][0];
    assert_eq!(
        joined["aliases"],
        serde_json::json!(["GHSA-aaaa-bbbb-cccc"])
    );
    assert_eq!(joined["severity"]["level"], "high");
    let source = text(joined, "source");
    assert!(
        source.contains("advisories") && source.contains("export.zip"),
        "{source}"
    );
    let sources = list(&found, "sources");
    assert_eq!(sources.len(), 3);
    for source in sources {
        assert!(!text(source, "digest").is_empty(), "{source}");
    }
    // In the configuration, and as a list in the variable.
    context.write(
        "lockgate.toml",
        "advisories = [\"advisories\", \"export.zip\"]\n",
    );
    assert_eq!(ids(&asked(&context, &[], 1)).len(), 3);
    let run = audit(&context, &["requirements.txt", "--json"])
        .env("LOCKGATE_ADVISORIES", "advisories")
        .run();
    assert_eq!(ids(&document(&run)).len(), 2);
}

#[test]
fn an_overlay_withdraws_and_corrects_and_is_told_where_it_counts() {
    let context = prepared();
    context.write(
        "lockgate.toml",
        "advisories = [\"advisories\", { source = \"ours\", overrides = true }]\n",
    );
    let mut withdrawn = Advisory::new("PYSEC-2024-1", "a");
    withdrawn.withdrawn = Some("2024-07-01T00:00:00Z".to_owned());
    let corrected = Advisory::new("PYSEC-2024-2", "b").between("0", "1.5");
    for (ours, expected, remark) in [
        (
            vec![withdrawn.clone()],
            &["b==2.0 PYSEC-2024-2"][..],
            "PYSEC-2024-1 about a==1.0 is withdrawn by ours",
        ),
        (
            vec![corrected.clone()],
            &["a==1.0 PYSEC-2024-1"],
            "PYSEC-2024-2 about b==2.0 is replaced by ours",
        ),
    ] {
        for old in ["PYSEC-2024-1", "PYSEC-2024-2"] {
            let _ = std::fs::remove_file(context.path(format!("ours/{old}.json")));
        }
        context.write_advisories("ours", &ours);
        let found = asked(&context, &[], 1);
        assert_eq!(ids(&found), expected);
        assert_eq!(codes(&found, "remarks"), ["overridden-advisory"]);
        assert_eq!(text(&found["remarks"][0], "text"), remark);
        assert_eq!(found["sources"][1]["overrides"], true);
    }
    context.write_advisories("ours", &[withdrawn, corrected]);
    let found = asked(&context, &[], 0);
    assert_eq!(found["status"], "clean");
    assert_eq!(list(&found, "remarks").len(), 2);
    // An overlay may say more than others know.
    context.write_advisories("ours", &[Advisory::new("OURS-2024-1", "b")]);
    assert!(ids(&asked(&context, &[], 1)).contains(&"b==2.0 OURS-2024-1".to_owned()));
    // And one with a record that cannot be read takes the place of nothing; what it says beyond others still counts.
    context.write("ours/PYSEC-2024-1.json", "{");
    let found = asked(&context, &[], 1);
    assert_eq!(ids(&found).len(), 3, "{found:#}");
    assert_eq!(codes(&found, "gaps"), ["unreadable"]);
    // A service cannot be one.
    let service = Loopback::osv(Vec::new(), 10);
    context.write(
        "lockgate.toml",
        format!(
            "advisories = [\"advisories\", {{ source = \"{}\", overrides = true }}]\n",
            service.origin()
        ),
    );
    let caller = ["requirements.txt", "--trusted-host", "127.0.0.1"];
    let run = audit(&context, &caller).run();
    run.exits(1);
    assert!(run.stdout.contains("cannot override"), "{}", run.stdout);
}

#[test]
fn each_source_fails_by_itself() {
    let context = prepared();
    let service = Loopback::osv(vec![Advisory::new("PYSEC-2024-4", "a")], 10);
    let origin = service.origin();
    // One that is not there is a mistake in the command, and ends the run.
    audit(
        &context,
        &[
            "requirements.txt",
            "--advisories",
            "advisories",
            "--advisories",
            "gone",
        ],
    )
    .run()
    .exits(2)
    .mentions(&["gone"]);
    // One that cannot be opened: one gap, and every finding of the others.
    std::fs::create_dir(context.path("gone")).unwrap();
    let arguments = [
        "--advisories",
        "advisories",
        "--advisories",
        "gone",
        "--advisories",
        &origin,
    ];
    let found = asked(&context, &arguments, 1);
    assert_eq!(codes(&found, "gaps"), ["not-learned"]);
    assert!(
        text(&found["gaps"][0], "what").contains("gone"),
        "{found:#}"
    );
    assert_eq!(ids(&found).len(), 3);
    // One that fails for one project: one gap about that project.
    service.fault("/v1/vulns/PYSEC-2024-4", Fault::Status(500));
    let arguments = ["--advisories", "advisories", "--advisories", &origin];
    let found = asked(&context, &arguments, 1);
    assert_eq!(codes(&found, "gaps"), ["not-learned"]);
    assert_eq!(found["gaps"][0]["name"], "a");
    assert_eq!(ids(&found), ["a==1.0 PYSEC-2024-1", "b==2.0 PYSEC-2024-2"]);
    // All that fail: nothing is known of any package.
    let found = asked(&context, &["--advisories", "gone"], 2);
    assert_eq!(list(&found, "packages").len(), 0);
    assert_eq!(list(&found, "gaps").len(), 3, "{found:#}");
}

#[test]
fn withdrawn_records_are_no_findings() {
    let context = TestContext::new();
    context.write("requirements.txt", "a==1.0\n");
    let mut advisory = Advisory::new("PYSEC-2024-1", "a");
    advisory.withdrawn = Some("2024-07-01T00:00:00Z".to_owned());
    context.write_advisories("advisories", &[advisory]);
    let found = asked(&context, &["--advisories", "advisories"], 0);
    assert_eq!(found["status"], "clean");
}

#[test]
fn without_advisories_nothing_is_said_to_be_clean() {
    let context = prepared();
    for arguments in [&["--no-advisories"][..], &["--gate", "off"]] {
        let found = asked(&context, arguments, 0);
        assert_eq!(found["status"], "not-audited", "{arguments:?}");
        for format in ["table", "columns", "markdown", "html", "github"] {
            let run = audit(&context, &["requirements.txt", "-f", format])
                .args(arguments)
                .run();
            run.exits(0);
            super::asking::says_nothing_is_clean(&run, format);
        }
    }
}
