//! Gaps are accepted one by one, and findings are an answer whatever else is missing.

use lockgate_tests::{Advisory, TestContext};
use serde_json::{Value, json};

use super::asking::{FORMATS, audit, codes, document, findings, has_no_answer, list};

/// A lock with a clean pin, a direct reference and a range.
fn prepared() -> TestContext {
    let context = TestContext::new();
    context.write(
        "requirements.txt",
        "a==1.0\nours @ https://example.test/ours-1.0.tar.gz\nb>=1\n",
    );
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-9", "z")]);
    context
}

#[track_caller]
fn asked(context: &TestContext, arguments: &[&str], code: i32) -> Value {
    let run = audit(context, &["requirements.txt", "-f", "json"])
        .args(["--advisories", "advisories"])
        .args(arguments)
        .run();
    assert_eq!(
        run.code, code,
        "{arguments:?}\n{}\n{}",
        run.stdout, run.stderr
    );
    document(&run)
}

#[test]
fn an_option_accepts_the_kinds_that_it_names() {
    let context = prepared();
    let found = asked(&context, &[], 2);
    assert_eq!(codes(&found, "gaps"), ["direct-reference", "unpinned"]);
    assert_eq!(found["gaps"][0]["accepted"], Value::Null);
    for (option, code) in [
        ("--allow-incomplete", 0),
        ("--allow-incomplete=direct-reference,unpinned", 0),
        ("--allow-incomplete=direct-reference", 2),
        ("--allow-incomplete=unpinned", 2),
        ("--allow-incomplete=not-learned,unreadable", 2),
    ] {
        let found = asked(&context, &[option], code);
        // They are reported all the same.
        assert_eq!(codes(&found, "gaps"), ["direct-reference", "unpinned"]);
    }
    let found = asked(&context, &["--allow-incomplete=unpinned"], 2);
    assert_eq!(
        found["gaps"][1]["accepted"],
        json!({
            "reason": "accepted on the command line",
            "expires": null,
            "origin": "--allow-incomplete=unpinned",
        })
    );
    audit(&context, &["requirements.txt", "--allow-incomplete=unpind"])
        .run()
        .exits(2)
        .mentions(&["invalid code `unpind`", "unpinned"]);
}

#[test]
fn an_empty_code_accepts_nothing() {
    let context = prepared();
    for option in [
        "--allow-incomplete=",
        "--allow-incomplete=,",
        "--allow-incomplete=unpinned,",
        "--allow-incomplete=,unpinned",
        "--allow-incomplete=unpinned,,direct-reference",
        "--allow-incomplete= ",
    ] {
        let run = audit(&context, &["requirements.txt", option])
            .args(["--advisories", "advisories"])
            .run();
        run.exits(2)
            .mentions(&["`--allow-incomplete` is given an empty code", "not-learned"]);
    }
}

#[test]
fn what_says_that_the_audit_did_not_work_is_accepted_only_by_its_name() {
    let context = prepared();
    context.write("requirements.txt", "a==1.0\n");
    for (name, text, code) in [
        ("empty.zip", "", "not-learned"),
        ("broken/BAD.json", "{", "not-learned"),
        ("partly/BAD.json", "{", "unreadable"),
    ] {
        context.write(name, text);
        let source = name.split('/').next().unwrap_or_default();
        if source == "partly" {
            context.write(
                "partly/GOOD.json",
                Advisory::new("PYSEC-2024-9", "z").to_json(),
            );
        }
        let arguments = ["requirements.txt", "--advisories", source];
        has_no_answer(&audit(&context, &arguments).run(), source);
        let run = audit(&context, &arguments).arg("--allow-incomplete").run();
        has_no_answer(&run, source);
        let named = format!("--allow-incomplete={code}");
        audit(&context, &arguments).arg(&named).run().exits(0);
    }
}

#[test]
fn the_policy_accepts_one_package_with_a_reason() {
    let context = prepared();
    let entry = |code: &str, package: &str, more: &str| {
        format!(
            "[[allow-incomplete]]\ncode = \"{code}\"\npackage = \"{package}\"\nreason = \"audited there\"\n{more}"
        )
    };
    let both =
        entry("direct-reference", "Ours", "expires = 2999-01-01\n") + &entry("unpinned", "b", "");
    context.write("lockgate.toml", &both);
    let found = asked(&context, &[], 0);
    assert_eq!(found["status"], "incomplete");
    assert_eq!(
        found["gaps"][0]["accepted"],
        json!({ "reason": "audited there", "expires": "2999-01-01", "origin": "lockgate.toml:1" })
    );
    for format in FORMATS {
        let run = audit(&context, &["requirements.txt", "-f", format])
            .args(["--advisories", "advisories"])
            .run();
        run.exits(0);
        if matches!(
            format,
            "table" | "json" | "sarif" | "cyclonedx" | "openvex" | "markdown" | "html" | "github"
        ) {
            assert!(
                run.stdout.contains("audited there"),
                "{format}\n{}",
                run.stdout
            );
        }
    }
    // Another package, another kind, an entry that has expired.
    for (policy, code, remark) in [
        (
            entry("direct-reference", "other", ""),
            2,
            "unmatched-acceptance",
        ),
        (entry("unpinned", "ours", ""), 2, "unmatched-acceptance"),
        (
            entry("direct-reference", "ours", "expires = 2024-01-01\n")
                + &entry("unpinned", "b", ""),
            2,
            "expired-acceptance",
        ),
        (
            both + &entry("unpinned", "gone", ""),
            0,
            "unmatched-acceptance",
        ),
    ] {
        context.write("lockgate.toml", &policy);
        let found = asked(&context, &[], code);
        assert_eq!(codes(&found, "remarks"), [remark], "{policy}");
    }
    for (policy, says) in [
        (
            entry("not-learned", "a", ""),
            "cannot be accepted by a policy",
        ),
        (
            entry("unreadable", "a", ""),
            "cannot be accepted by a policy",
        ),
        (entry("direct", "a", ""), "invalid code `direct`"),
        (
            "[[allow-incomplete]]\ncode = \"unpinned\"\npackage = \"b\"\n".to_owned(),
            "has no reason",
        ),
        (
            "[[allow-incomplete]]\ncode = \"unpinned\"\nreason = \"x\"\n".to_owned(),
            "names no package",
        ),
        (
            entry("unpinned", "b", "expires = \"2027-03-01\"\n"),
            "datetime",
        ),
        (entry("unpinned", "b", "until = 1\n"), "unknown key `until`"),
    ] {
        context.write("lockgate.toml", &policy);
        audit(
            &context,
            &["requirements.txt", "--advisories", "advisories"],
        )
        .run()
        .exits(2)
        .mentions(&["lockgate.toml:", says]);
    }
}

#[test]
fn the_sound_records_of_a_damaged_source_count_and_findings_go_first() {
    let context = TestContext::new();
    context.write("requirements.txt", "a==1.0\nb==1.0\n");
    context.write_advisories("db", &[Advisory::new("PYSEC-2024-1", "a")]);
    context.write("db/BAD.json", r#"{"id":"PYSEC-2024-2","affected":["#);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["PYSEC-2024-1.json", "BAD.json"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        let bytes = std::fs::read(context.path(format!("db/{name}"))).unwrap();
        std::io::Write::write_all(&mut zip, &bytes).unwrap();
    }
    context.write("db.zip", zip.finish().unwrap().into_inner());
    for source in ["db", "db.zip"] {
        let arguments = ["requirements.txt", "-f", "json", "--advisories", source];
        let run = audit(&context, &arguments).run();
        let found = document(run.exits(1));
        assert_eq!(
            findings(&found).into_iter().collect::<Vec<_>>(),
            ["a==1.0 PYSEC-2024-1"]
        );
        assert_eq!(codes(&found, "gaps"), ["unreadable"]);
        let gap = &list(&found, "gaps")[0];
        assert!(gap["what"].to_string().contains("BAD.json"), "{gap}");
        // With the finding accepted, what is missing is all that is left.
        let run = audit(&context, &arguments)
            .args(["--ignore-vuln", "PYSEC-2024-1"])
            .run();
        has_no_answer(&run, source);
        // Nothing is chosen under advisories that cannot all be read.
        context.write("requirements.in", "b==1.0\n");
        context
            .lockgate(&[
                "lock",
                "requirements.in",
                "-o",
                "new.txt",
                "--no-index",
                "--no-cache",
            ])
            .args(["--advisories", source, "--find-links", "."])
            .run()
            .exits(2)
            .mentions(&["BAD.json"]);
    }
}

#[test]
fn two_entries_of_one_name_are_no_answer() {
    let context = TestContext::new();
    context.write("requirements.txt", "a==1.0\n");
    let good = Advisory::new("PYSEC-2024-1", "a").to_json();
    let other = Advisory::new("PYSEC-2024-1", "z").to_json();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in [("PYSEC-2024-1.json", &good), ("PYSEC-2024-2.json", &other)] {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    // No writer makes it, so the second name is changed into the first.
    let mut twice = bytes.clone();
    for at in 0..twice.len() - 17 {
        if &twice[at..at + 17] == b"PYSEC-2024-2.json" {
            twice[at + 11] = b'1';
        }
    }
    context.write("sound.zip", bytes);
    context.write("twice.zip", twice);
    audit(&context, &["requirements.txt", "--advisories", "sound.zip"])
        .run()
        .exits(1);
    let run = audit(&context, &["requirements.txt", "--advisories", "twice.zip"]).run();
    has_no_answer(&run, "twice.zip");
    assert!(
        run.stdout.contains("the list of entries of twice.zip")
            && run.stdout.contains("two entries have one name"),
        "{}",
        run.stdout
    );
}
