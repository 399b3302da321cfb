//! Records that cannot be right: what they affect is affected, or their source has no answer. Never clean.

use lockgate_tests::{Loopback, TestContext, World};

use super::asking::{audit, document, findings, list, says_nothing_is_clean, text};

const RANGE: &str = r#""ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]"#;

/// A record about `a` with these members.
fn record(id: &str, members: &str) -> String {
    format!(r#"{{"id":"{id}","modified":"2024-01-01T00:00:00Z",{members}}}"#)
}

/// A record with one entry of `affected`.
fn affects(entry: &str) -> String {
    record("PYSEC-2024-1", &format!(r#""affected":[{entry}]"#))
}

/// A context with a lock of `a==1.0`, and a folder of advisories with a sound record about another package and this one.
fn prepared(odd: &str) -> TestContext {
    let context = TestContext::new();
    context.write("requirements.txt", "a==1.0\n");
    context.write("requirements.in", "a==1.0\n");
    context.write(
        "db/GOOD.json",
        record(
            "PYSEC-2024-9",
            &format!(r#""affected":[{{"package":{{"ecosystem":"PyPI","name":"z"}},{RANGE}}}]"#),
        ),
    );
    context.write("db/ODD.json", odd);
    context
}

const PACKAGE: &str = r#""package":{"ecosystem":"PyPI","name":"a"}"#;

/// Records by what is odd about them; with the text that a report gives as not understood, if any.
fn affecting() -> Vec<(String, &'static str)> {
    let mut records = vec![
        (
            affects(&format!(r#"{{{PACKAGE},"versions":["1.0-bulbasaur"]}}"#)),
            "no affected versions",
        ),
        (
            affects(&format!(
                r#"{{{PACKAGE},"ranges":[{{"type":"ECOSYSTEM","events":[]}}]}}"#
            )),
            "introduced",
        ),
        (
            affects(&format!(
                r#"{{{PACKAGE},"ranges":[{{"type":"ECOSYSTEM","events":[{{"fixed":"2.0"}}]}}]}}"#
            )),
            "introduced",
        ),
        (
            affects(&format!(
                r#"{{{PACKAGE},"ranges":[{{"type":"NEW","events":[{{"introduced":"0"}}]}}]}}"#
            )),
            "",
        ),
    ];
    let sound = r#"{"type":"ECOSYSTEM","events":[{"introduced":"5"},{"fixed":"6"}]}"#;
    for (events, more) in [
        (r#"{"introduced":"0"},{"fixed":"0"}"#, ""),
        (r#"{"introduced":"0"},{"limit":"0"}"#, ""),
        (r#"{"introduced":"1.0"},{"fixed":"1.0"}"#, sound),
    ] {
        let ranges = [
            format!(r#"{{"type":"ECOSYSTEM","events":[{events}]}}"#),
            more.to_owned(),
        ];
        let ranges = ranges.join(",");
        let ranges = ranges.trim_end_matches(',');
        records.push((
            affects(&format!(r#"{{{PACKAGE},"ranges":[{ranges}]}}"#)),
            if more.is_empty() {
                "no affected versions"
            } else {
                "ends where it begins"
            },
        ));
        records.push((
            affects(&format!(
                r#"{{{PACKAGE},"versions":["9.0"],"ranges":[{ranges}]}}"#
            )),
            "ends where it begins",
        ));
    }
    for withdrawn in [
        r#""2999-01-01T00:00:00Z""#,
        r#""soon""#,
        r#""""#,
        "false",
        "true",
        "{}",
    ] {
        let members = format!(r#""withdrawn":{withdrawn},"affected":[{{{PACKAGE},{RANGE}}}]"#);
        records.push((record("PYSEC-2024-1", &members), "withdrawn"));
    }
    for (ecosystem, name) in [("pypi", "a"), ("PyPI:3.11", "A"), ("PyPI", " a ")] {
        let package = format!(r#""package":{{"ecosystem":"{ecosystem}","name":"{name}"}}"#);
        records.push((affects(&format!("{{{package},{RANGE}}}")), ""));
    }
    let null = format!(r#""withdrawn":null,"aliases":null,"affected":[{{{PACKAGE},{RANGE}}}]"#);
    records.push((record("PYSEC-2024-1", &null), ""));
    records
}

#[test]
fn what_cannot_be_right_affects_and_the_report_says_why() {
    for (odd, unclear) in affecting() {
        let context = prepared(&odd);
        let run = audit(&context, &["--advisories", "db", "-f", "json"]).run();
        assert_eq!(run.code, 1, "{odd}\n{}\n{}", run.stdout, run.stderr);
        let found = document(&run);
        assert_eq!(
            findings(&found).into_iter().collect::<Vec<_>>(),
            ["a==1.0 PYSEC-2024-1"],
            "{odd}"
        );
        let finding = &list(&list(&found, "packages")[0], "findings")[0];
        let told = finding["unclear"].to_string();
        assert!(
            told.contains(unclear) && (told == "[]") == unclear.is_empty(),
            "{odd}: {told}"
        );
    }
}

#[test]
fn a_record_that_states_no_versions_is_reported_and_denies_nothing() {
    let index = Loopback::index(World::new().with("a", "1.0", &[]));
    for entry in [
        format!("{{{PACKAGE}}}"),
        format!(r#"{{{PACKAGE},"ranges":[],"versions":[]}}"#),
        format!(r#"{{{PACKAGE},"ranges":[{{"type":"GIT","events":[{{"introduced":"0"}}]}}]}}"#),
    ] {
        let context = prepared(&affects(&entry));
        let run = audit(&context, &["--advisories", "db", "-f", "json"]).run();
        assert_eq!(run.code, 0, "{entry}\n{}\n{}", run.stdout, run.stderr);
        let found = document(&run);
        assert_eq!(text(&found, "status"), "findings", "{entry}");
        let finding = &list(&list(&found, "packages")[0], "findings")[0];
        assert_eq!(finding["gated"], false, "{entry}");
        assert!(
            finding["unclear"]
                .to_string()
                .contains("no affected versions"),
            "{entry}: {finding}"
        );
        let run = audit(&context, &["--advisories", "db"]).run();
        assert!(
            run.stdout.contains("PYSEC-2024-1"),
            "{entry}\n{}",
            run.stdout
        );
        let run = context.lock(&index).args(["--advisories", "db"]).run();
        assert_eq!(run.code, 0, "{entry}\n{}", run.stderr);
        assert!(
            run.stderr.contains("PYSEC-2024-1"),
            "{entry}\n{}",
            run.stderr
        );
        // Of malware every version is meant.
        let malware = affects(&entry).replace("PYSEC-2024-1", "MAL-2024-1");
        let context = prepared(&malware);
        let run = audit(&context, &["--advisories", "db"]).run();
        assert_eq!(run.code, 1, "{entry}\n{}\n{}", run.stdout, run.stderr);
    }
}

#[test]
fn the_solver_does_not_choose_it_either() {
    let index = Loopback::index(World::new().with("a", "1.0", &[]));
    for (odd, _) in affecting() {
        let context = prepared(&odd);
        let run = context.lock(&index).args(["--advisories", "db"]).run();
        assert_eq!(run.code, 1, "{odd}\n{}\n{}", run.stdout, run.stderr);
        assert!(run.stderr.contains("PYSEC-2024-1"), "{odd}\n{}", run.stderr);
    }
}

#[test]
fn a_record_that_names_no_package_is_named_and_is_no_answer() {
    let package = |name: &str| {
        affects(&format!(
            r#"{{"package":{{"ecosystem":"PyPI","name":"{name}"}},{RANGE}}}"#
        ))
    };
    for odd in [
        record("PYSEC-2024-1", r#""affected":[]"#),
        record("PYSEC-2024-1", r#""aliases":[]"#),
        record("PYSEC-2024-1", r#""affected":[{"versions":["1.0"]}]"#),
        package("a b"),
        package(""),
        package("a[x]"),
        affects(&format!(r#"{{{PACKAGE},"versions":"1.0"}}"#)),
        affects(&format!(r#"{{{PACKAGE},"ranges":"all"}}"#)),
        r#"{"modified":"2024-01-01T00:00:00Z"}"#.to_owned(),
        r#"{"id":" ","modified":"2024-01-01T00:00:00Z"}"#.to_owned(),
        r#"{"id":"A-1","modified":"last week"}"#.to_owned(),
    ] {
        let context = prepared(&odd);
        let run = audit(&context, &["--advisories", "db"]).run();
        assert_eq!(run.code, 2, "{odd}\n{}", run.stdout);
        says_nothing_is_clean(&run, &odd);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(told.contains("ODD.json"), "{odd}\n{told}");
    }
}

#[test]
fn malware_is_malware_in_any_letter_case() {
    for (id, alias) in [
        ("MAL-2024-1", "CVE-2024-1"),
        ("mal-2024-1", "CVE-2024-1"),
        ("GHSA-xxxx", "Mal-2024-1"),
        (" mal-2024-1", "CVE-2024-1"),
    ] {
        let members = format!(r#""aliases":["{alias}"],"affected":[{{{PACKAGE},{RANGE}}}]"#);
        let context = prepared(&record(id, &members));
        let run = audit(
            &context,
            &["--advisories", "db", "-f", "json", "--gate", "warn"],
        )
        .args(["--ignore-vuln", id.trim(), "--ignore-vuln", alias])
        .run();
        assert_eq!(run.code, 1, "{id} {alias}\n{}", run.stdout);
        let found = document(&run);
        let finding = &list(&list(&found, "packages")[0], "findings")[0];
        assert_eq!(text(finding, "code"), "malicious");
    }
}

#[test]
fn a_withdrawal_counts_from_its_time_on_whatever_an_earlier_run_kept() {
    // The cache keeps what was compiled: it must not outlive the times of withdrawal.
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    let members = format!(r#""withdrawn":"{soon}","affected":[{{{PACKAGE},{RANGE}}}]"#);
    let context = prepared(&record("PYSEC-2024-1", &members));
    let audited = || {
        context
            .lockgate(&["audit", "--advisories", "db", "--cache-dir", "cache"])
            .run()
    };
    // On a slow machine the time may have come already, so nothing is asserted of this run.
    audited();
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    audited().exits(0);
}
