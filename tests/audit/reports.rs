//! Where reports go: several at once, whole or not at all, and the same exit code whatever their form.

use lockgate_tests::{Advisory, TestContext};
use serde_json::Value;

use super::asking::{FORMATS, audit, document, has_no_answer};

fn prepared() -> TestContext {
    let context = TestContext::new();
    context.write("requirements.txt", "a==1.0\nb==2.0\n");
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "a")]);
    context
}

const LOCK: [&str; 3] = ["requirements.txt", "--advisories", "advisories"];

#[test]
fn exit_codes_are_the_same_whatever_the_form() {
    for (lock, code) in [
        ("b==2.0\n", 0),
        ("a==1.0\n", 1),
        ("b>=2.0\n", 2),
        // A finding is an answer, whatever else is missing.
        ("a==1.0\nb\n", 1),
    ] {
        let context = prepared();
        context.write("requirements.txt", lock);
        for format in FORMATS {
            let run = audit(&context, &LOCK).args(["--format", format]).run();
            assert_eq!(
                run.code, code,
                "{lock} {format}:\n{}\n{}",
                run.stdout, run.stderr
            );
            let named = format!("{format}=report");
            let run = audit(&context, &LOCK).args(["--output", &named]).run();
            assert_eq!(run.code, code, "{lock} {named}");
            let printed = audit(&context, &LOCK)
                .args(["--format", format])
                .run()
                .stdout;
            let same = |text: &str| {
                // Times and the command are each run's own.
                let is_own = |line: &str| line.contains("202") || line.contains("--retries");
                let lines = text.lines().filter(|line| !is_own(line));
                lines.map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(
                same(&context.read("report")),
                same(&printed),
                "{lock} {format}"
            );
        }
    }
}

#[test]
fn several_reports_are_written_in_one_run() {
    let context = prepared();
    let run = audit(&context, &LOCK)
        .args([
            "-o",
            "sarif=out.sarif",
            "-o",
            "json=out.json",
            "--output",
            "html=out.html",
        ])
        .args(["--output=markdown=ticket.md", "-o", "cyclonedx=bom.json"])
        .run();
    run.exits(1);
    // The table is still printed.
    assert!(
        run.stdout.contains("PYSEC-2024-1") && run.stdout.contains("1 finding"),
        "{}",
        run.stdout
    );
    for (file, says) in [
        ("out.sarif", "\"2.1.0\""),
        ("out.json", "\"fixed_versions\""),
        ("out.html", "<!doctype html>"),
        ("ticket.md", "# "),
        ("bom.json", "\"CycloneDX\""),
    ] {
        let text = context.read(file);
        assert!(
            text.to_lowercase().contains(&says.to_lowercase()),
            "{file}:\n{text}"
        );
        assert!(text.contains("PYSEC-2024-1"), "{file}");
        assert!(text.ends_with('\n'), "{file} ends with a line end");
    }
    let _: Value = serde_json::from_str(&context.read("out.sarif")).expect("it is JSON");
}

#[test]
fn a_file_alone_takes_what_would_be_printed() {
    let context = prepared();
    let run = audit(&context, &LOCK).args(["-o", "out.txt"]).run();
    assert_eq!(run.exits(1).stdout, "");
    assert!(
        context.read("out.txt").contains("1 finding"),
        "{}",
        context.read("out.txt")
    );
    let run = audit(&context, &LOCK)
        .args(["-f", "json", "-o", "out.json", "-o", "sarif=-"])
        .run();
    assert!(run.exits(1).stdout.contains("2.1.0"), "{}", run.stdout);
    assert!(
        context
            .read("out.json")
            .contains("\"status\": \"findings\"")
    );
    // A name may have an equals sign, and a path a folder.
    std::fs::create_dir(context.path("reports")).unwrap();
    audit(&context, &LOCK)
        .args(["-o", "reports/a=b.txt"])
        .run()
        .exits(1);
    assert!(context.exists("reports/a=b.txt"));
}

#[test]
fn bad_destinations_are_refused_and_touch_nothing() {
    let context = prepared();
    context.write("old.json", "old");
    let cases: [(&[&str], &[&str]); 10] = [
        (&["-f", "json", "-o", "sarif=-"], &["standard output"]),
        (&["-o", "json=-", "-o", "sarif=-"], &["standard output"]),
        (
            &["-o", "json=old.json", "-o", "sarif=old.json"],
            &["both go to", "old.json"],
        ),
        (
            &["-o", "old.json", "-o", "other.txt"],
            &["--output other.txt", "FORMAT=FILE"],
        ),
        (&["-o", "json="], &["names no file"]),
        (&["-o", "json=old.json", "-f", "yaml"], &["yaml"]),
        (
            &["-o", "cyclonedx-xml=old.json"],
            &["cyclonedx-xml", "cyclonedx"],
        ),
        (
            &["-o", "json=requirements.txt"],
            &["would overwrite `requirements.txt`"],
        ),
        (
            &["-o", "json=old.json", "--baseline", "old.json"],
            &["would overwrite `old.json`"],
        ),
        (
            &["--report", "requirements.txt"],
            &["would overwrite `requirements.txt`"],
        ),
    ];
    for (arguments, says) in cases {
        let run = audit(&context, &LOCK).args(arguments).run();
        has_no_answer(&run, &arguments.join(" "));
        run.mentions(says);
        assert_eq!(context.read("old.json"), "old", "{arguments:?}");
        assert_eq!(context.read("requirements.txt"), "a==1.0\nb==2.0\n");
    }
    assert_eq!(
        context.file_names(),
        ["advisories", "old.json", "requirements.txt"]
    );
}

#[test]
fn a_run_without_a_report_leaves_old_ones_alone() {
    let context = prepared();
    context.write("old.json", "old");
    context.write("requirements.txt", "not a requirement at all\n");
    let run = audit(&context, &LOCK).args(["-o", "json=old.json"]).run();
    has_no_answer(&run, "an unreadable lock");
    assert_eq!(context.read("old.json"), "old");
    // One that cannot be written takes no other along.
    context.write("requirements.txt", "a==1.0\n");
    let run = audit(&context, &LOCK)
        .args(["-o", "sarif=old.json", "-o", "html=gone/page.html"])
        .run();
    has_no_answer(&run, "a folder that is not there");
    run.mentions(&["gone/page.html"]);
    assert_eq!(run.stdout, "");
    assert_eq!(context.read("old.json"), "old");
    assert_eq!(
        context.file_names(),
        ["advisories", "old.json", "requirements.txt"]
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_old_files_alone() {
    let context = prepared();
    context.write("old.json", "old");
    for arguments in [
        &["-o", "json=old.json"][..],
        &["--json", "--report", "old.json"],
    ] {
        let run = audit(&context, &LOCK)
            .args(arguments)
            .onto_a_full_disk()
            .run();
        run.exits(2).mentions(&["standard output"]);
        if arguments[0] == "-o" {
            assert_eq!(context.read("old.json"), "old", "{arguments:?}");
        }
    }
    context.write("old.json", "old");
    // No file may grow; pipes still work.
    let run = context
        .program("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"])
        .arg(lockgate_tests::binary())
        .arg("audit")
        .args(LOCK)
        .args(["--no-cache", "-o", "json=old.json", "-o", "sarif=new.sarif"])
        .run();
    run.exits(2).mentions(&["old.json"]);
    assert_eq!(context.read("old.json"), "old");
    assert_eq!(
        context.file_names(),
        ["advisories", "old.json", "requirements.txt"]
    );
}

#[test]
fn failures_are_documents_too() {
    let context = prepared();
    context.write("requirements.txt", "\n");
    for arguments in [
        &["--json"][..],
        &["-f", "json"],
        &["-o", "json=/dev/stdout"],
        &["--report", "-"],
        &["-o", "json=-"],
    ] {
        let run = audit(&context, &LOCK).args(arguments).run();
        has_no_answer(&run, &arguments.join(" "));
        let found = document(&run);
        assert_eq!(found["status"], "failed", "{arguments:?}");
        assert!(
            found["error"]["message"]
                .as_str()
                .unwrap_or_default()
                .contains("requirements.txt"),
            "{arguments:?}: {found:#}"
        );
    }
    // A usage error is one as well.
    let run = audit(&context, &["--json", "--no-such-option"]).run();
    assert_eq!(document(run.exits(2))["status"], "failed");
}

#[test]
fn the_report_file_is_written_whatever_the_outcome() {
    for (lock, code, status) in [
        ("b==2.0\n", 0, "clean"),
        ("a==1.0\n", 1, "findings"),
        ("b\n", 2, "failed"),
        ("a b c\n", 2, "failed"),
    ] {
        let context = prepared();
        context.write("requirements.txt", lock);
        let run = audit(&context, &LOCK)
            .args(["--report", "report.json"])
            .run();
        run.exits(code);
        let report: Value = serde_json::from_str(&context.read("report.json")).expect("it is JSON");
        assert_eq!(report["status"], status, "{lock}");
    }
}

#[test]
fn whoever_reads_no_table_is_told_of_gaps_on_standard_error() {
    let context = prepared();
    context.write("requirements.txt", "b>=2.0\n");
    for format in FORMATS {
        let run = audit(&context, &LOCK)
            .args(["-f", format, "-o", "out"])
            .run();
        has_no_answer(&run, format);
        run.mentions(&["could not be audited", "requirements.txt:1"]);
    }
}

#[test]
fn a_quiet_audit_prints_what_was_found_and_no_summary() {
    let context = prepared();
    let asked = |lock: &str, quiet: &[&str], code: i32| {
        context.write("requirements.txt", lock);
        let run = audit(&context, &LOCK).args(quiet).run();
        assert_eq!(run.code, code, "{}\n{}", run.stdout, run.stderr);
        run
    };
    assert!(asked("b==2.0\n", &[], 0).stdout.contains("No findings"));
    for quiet in [&["-q"][..], &["-qq"]] {
        let clean = asked("b==2.0\n", quiet, 0);
        assert_eq!((clean.stdout.as_str(), clean.stderr.as_str()), ("", ""));
        let found = asked("a==1.0\n", quiet, 1);
        assert!(found.stdout.contains("PYSEC-2024-1"), "{}", found.stdout);
        assert!(!found.stdout.contains("1 finding"), "{}", found.stdout);
        let gap = asked("b>=2.0\n", quiet, 2);
        assert!(gap.stdout.contains("not audited"), "{}", gap.stdout);
        // Other forms are whole.
        let json = asked("b==2.0\n", &[&["--json"], quiet].concat(), 0);
        assert_eq!(document(&json)["summary"]["packages"], 1);
    }
}
