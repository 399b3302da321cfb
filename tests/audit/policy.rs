//! Policy: accepted advisories, thresholds, groups, malicious packages.

use lockgate_tests::{Advisory, TestContext};
use serde_json::Value;

use super::asking::{FORMATS, audit, codes, copy_fixtures, document, findings, list, text};

/// `a` 1.0 and `b` 2.0, with these advisories.
pub(super) fn prepared(advisories: &[Advisory]) -> TestContext {
    let context = TestContext::new();
    context.write("requirements.txt", "a==1.0\nb==2.0\n");
    context.write_advisories("advisories", advisories);
    context
}

#[track_caller]
pub(super) fn asked(context: &TestContext, arguments: &[&str], code: i32) -> Value {
    let run = audit(
        context,
        &["requirements.txt", "--advisories", "advisories", "--json"],
    )
    .args(arguments)
    .run();
    assert_eq!(run.code, code, "{}\n{}", run.stdout, run.stderr);
    document(&run)
}

/// A configuration, the exit code under it, and the codes of what is remarked.
type Case<'a> = (&'a str, &'a str, i32, &'a [&'a str]);

#[test]
fn entries_accept_what_they_speak_of_and_nothing_else() {
    let cases: [Case<'_>; 14] = [
        ("nothing", "", 1, &[]),
        ("the id", "id = \"PYSEC-2024-1\"", 0, &[]),
        ("in small letters", "id = \"pysec-2024-1\"", 0, &[]),
        ("an alias", "id = \"CVE-2024-1\"", 0, &[]),
        (
            "the package",
            "id = \"CVE-2024-1\"\npackage = \"A\"",
            0,
            &[],
        ),
        (
            "another package",
            "id = \"CVE-2024-1\"\npackage = \"b\"",
            1,
            &["unmatched-ignore"],
        ),
        (
            "the version",
            "id = \"CVE-2024-1\"\nversion = \"<2\"",
            0,
            &[],
        ),
        (
            "another version",
            "id = \"CVE-2024-1\"\nversion = \">=2\"",
            1,
            &["unmatched-ignore"],
        ),
        (
            "a day to come",
            "id = \"CVE-2024-1\"\nexpires = 2999-01-01",
            0,
            &[],
        ),
        (
            "a day long past",
            "id = \"CVE-2024-1\"\nexpires = 2020-01-01",
            1,
            &["expired-ignore"],
        ),
        (
            "until it is fixed",
            "id = \"CVE-2024-1\"\nuntil-fixed = true",
            1,
            &["unmatched-ignore"],
        ),
        (
            "another id",
            "id = \"CVE-2024-9\"",
            1,
            &["unmatched-ignore"],
        ),
        (
            "a group, where nobody says what groups ask for",
            "id = \"CVE-2024-1\"\ngroup = \"dev\"",
            1,
            &[],
        ),
        (
            "a justification",
            "id = \"CVE-2024-1\"\njustification = \"component_not_present\"",
            0,
            &[],
        ),
    ];
    for (what, entry, code, remarks) in cases {
        let mut advisory = Advisory::new("PYSEC-2024-1", "a").between("0", "1.5");
        advisory.aliases = vec!["CVE-2024-1".to_owned()];
        let context = prepared(&[advisory]);
        if !entry.is_empty() {
            let text = format!("[[ignore]]\n{entry}\nreason = \"the parser is not used\"\n");
            context.write("lockgate.toml", text);
        }
        let found = asked(&context, &[], code);
        assert_eq!(codes(&found, "remarks"), remarks, "{what}: {found:#}");
        for remark in list(&found, "remarks") {
            assert_eq!(text(remark, "origin"), "lockgate.toml:1", "{what}");
        }
        let ignored = &found["packages"][0]["findings"][0]["ignored"];
        if code == 0 {
            assert_eq!(ignored["reason"], "the parser is not used", "{what}");
            assert_eq!(ignored["origin"], "lockgate.toml:1", "{what}");
        } else {
            assert_eq!(*ignored, false, "{what}");
        }
    }
    // Without a fix, an entry until there is one holds.
    let context = prepared(&[Advisory::new("PYSEC-2024-1", "a")]);
    context.write(
        "lockgate.toml",
        "[[ignore]]\nid = \"PYSEC-2024-1\"\nuntil-fixed = true\nreason = \"there is no fix\"\n",
    );
    asked(&context, &[], 0);
}

#[test]
fn what_is_remarked_is_a_warning_too() {
    let context = prepared(&[]);
    context.write(
        "lockgate.toml",
        "[[ignore]]\nid = \"CVE-2024-1\"\nreason = \"ours\"\n\n[[ignore]]\nid = \"CVE-2024-2\"\nreason = \"ours\"\nexpires = 2020-01-01\n",
    );
    let run = audit(
        &context,
        &["requirements.txt", "--advisories", "advisories"],
    )
    .run();
    run.exits(0).mentions(&[
        "`CVE-2024-1` (lockgate.toml:1) matches nothing",
        "`CVE-2024-2` (lockgate.toml:5) expired after 2020-01-01",
    ]);
}

#[test]
fn reasons_and_origins_stand_in_every_report_that_has_room_for_them() {
    let context = prepared(&[
        Advisory::new("PYSEC-2024-1", "a"),
        Advisory::new("PYSEC-2024-2", "b"),
    ]);
    context.write(
        "lockgate.toml",
        "[[ignore]]\nid = \"PYSEC-2024-1\"\nreason = \"the parser is not used\"\njustification = \"vulnerable_code_not_in_execute_path\"\nexpires = 2999-01-01\n",
    );
    for format in FORMATS {
        let run = audit(
            &context,
            &[
                "requirements.txt",
                "--advisories",
                "advisories",
                "-f",
                format,
            ],
        )
        .run();
        run.exits(1);
        assert!(
            run.stdout.contains("PYSEC-2024-2"),
            "{format}:\n{}",
            run.stdout
        );
        // pip-audit's forms and annotations leave accepted ones out, as told in docs/reports.md.
        let has_room = !matches!(
            format,
            "pip-audit-json" | "columns" | "pip-audit-markdown" | "github" | "github-summary"
        );
        if has_room {
            assert!(
                run.stdout.contains("the parser is not used"),
                "{format}:\n{}",
                run.stdout
            );
        }
        if matches!(format, "table" | "json" | "sarif" | "markdown" | "html") {
            assert!(
                run.stdout.contains("lockgate.toml:1"),
                "{format}:\n{}",
                run.stdout
            );
            assert!(
                run.stdout.contains("2999-01-01"),
                "{format}:\n{}",
                run.stdout
            );
        }
    }
}

#[test]
fn thresholds_report_and_let_pass() {
    let unknown = || Advisory::new("PYSEC-2024-1", "a");
    let of = |severity: &str| unknown().severity(severity);
    let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    let cases: [(Advisory, &str, &[&str], i32); 9] = [
        (of("low"), "", &[], 1),
        (of("low"), "", &["--min-severity", "medium"], 0),
        (of("medium"), "", &["--min-severity", "medium"], 1),
        (of("medium"), "min-severity = \"high\"\n", &[], 0),
        // The command line has the last word.
        (
            of("medium"),
            "min-severity = \"high\"\n",
            &["--min-severity", "low"],
            1,
        ),
        (of(vector), "", &["--min-severity", "critical"], 1),
        (unknown(), "", &["--min-severity", "critical"], 1),
        (unknown(), "unknown-severity = \"warn\"\n", &[], 0),
        (of("high"), "gate = \"warn\"\n", &[], 0),
    ];
    for (advisory, config, arguments, code) in cases {
        let severity = advisory.severity.clone();
        let context = prepared(&[advisory]);
        context.write("lockgate.toml", config);
        let found = asked(&context, arguments, code);
        let what = format!("{severity:?} {config} {arguments:?}");
        assert_eq!(
            findings(&found).len(),
            1,
            "{what}: it is reported all the same"
        );
        assert_eq!(
            found["packages"][0]["findings"][0]["gated"],
            code == 1,
            "{what}"
        );
        assert_eq!(found["status"], "findings", "{what}");
    }
}

#[test]
fn malicious_packages_are_fatal_whatever_is_said() {
    let configs = [
        "gate = \"warn\"\n",
        "gate = \"prefer\"\n",
        "min-severity = \"critical\"\nunknown-severity = \"warn\"\n",
        "[[ignore]]\nid = \"MAL-2024-1\"\nreason = \"I like it\"\n",
    ];
    for config in configs {
        let context = prepared(&[Advisory::new("MAL-2024-1", "a")]);
        context.write("lockgate.toml", config);
        let found = asked(&context, &[], 1);
        assert_eq!(
            found["packages"][0]["findings"][0]["code"], "malicious",
            "{config}"
        );
        asked(
            &context,
            &["--gate", "warn", "--min-severity", "critical"],
            1,
        );
        asked(&context, &["--ignore-vuln", "MAL-2024-1"], 1);
    }
    let context = TestContext::new();
    copy_fixtures(&context, "locks/audit/uv", "");
    context.write_advisories("advisories", &[Advisory::new("MAL-2024-1", "pytest")]);
    context.write("lockgate.toml", "[groups.dev]\ngate = \"off\"\n");
    let run = audit(
        &context,
        &[
            "uv.lock",
            "--advisories",
            "advisories",
            "--allow-incomplete",
        ],
    )
    .run();
    run.exits(1);
}

#[test]
fn groups_have_rules_of_their_own() {
    let context = TestContext::new();
    copy_fixtures(&context, "locks/audit/uv", "");
    context.write_advisories(
        "advisories",
        &[
            // For development alone, and for both.
            Advisory::new("PYSEC-2024-1", "pytest").severity("high"),
            Advisory::new("PYSEC-2024-2", "colorama").severity("low"),
        ],
    );
    let cases = [
        ("", &["PYSEC-2024-1", "PYSEC-2024-2"][..]),
        ("[groups.dev]\ngate = \"warn\"\n", &["PYSEC-2024-2"]),
        (
            "[groups.dev]\nmin-severity = \"critical\"\n",
            &["PYSEC-2024-2"],
        ),
        (
            "[groups.dev]\nmin-severity = \"high\"\n",
            &["PYSEC-2024-1", "PYSEC-2024-2"],
        ),
        (
            "min-severity = \"high\"\n[groups.dev]\ngate = \"warn\"\n",
            &[],
        ),
        (
            "[groups.other]\ngate = \"warn\"\n",
            &["PYSEC-2024-1", "PYSEC-2024-2"],
        ),
        (
            "[[ignore]]\nid = \"PYSEC-2024-1\"\ngroup = \"dev\"\nreason = \"tests only\"\n[[ignore]]\nid = \"PYSEC-2024-2\"\ngroup = \"dev\"\nreason = \"tests only\"\n",
            &["PYSEC-2024-2"],
        ),
    ];
    for (config, gated) in cases {
        context.write("lockgate.toml", config);
        let run = audit(&context, &["uv.lock", "--advisories", "advisories"])
            .args(["--allow-incomplete", "--json"])
            .run();
        let found = document(&run);
        let mut ids: Vec<&str> = list(&found, "packages")
            .iter()
            .flat_map(|package| list(package, "findings"))
            .filter(|finding| finding["gated"] == true)
            .map(|finding| text(finding, "id"))
            .collect();
        ids.sort_unstable();
        assert_eq!(ids, gated, "{config}");
        assert_eq!(run.code, i32::from(!gated.is_empty()), "{config}");
    }
}
