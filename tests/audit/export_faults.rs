//! An export that is empty, cut, foreign, old or wrong is no answer: from a file, from an address, and from OSV's own place.

use std::io::Write as _;

use lockgate_tests::{Advisory, Fault, Loopback, TestContext};

use super::asking::{FORMATS, audit, has_no_answer, says_nothing_is_clean};

fn zip_of(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        archive
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .expect("a member can be started");
        archive
            .write_all(text.as_bytes())
            .expect("memory can be written");
    }
    archive
        .finish()
        .expect("an archive can be finished")
        .into_inner()
}

/// Every way in which an export is wrong, with a word of the message.
fn wrong_exports() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let whole = lockgate_tests::osv::export(&[Advisory::new("PYSEC-2024-1", "z")]);
    let npm = r#"{"id":"GHSA-aaaa-bbbb-cccc","modified":"2024-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"left-pad"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}"#;
    let record = Advisory::new("PYSEC-2024-1", "a").to_json();
    let half = record.get(..record.len() / 2).unwrap_or_default();
    let timeless = r#"{"id":"PYSEC-2024-1","affected":[]}"#;
    let nameless = r#"{"modified":"2024-01-01T00:00:00Z","affected":[]}"#;
    let bad_range = r#"{"id":"PYSEC-2024-1","modified":"2024-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"a"},"ranges":"all"}]}"#;
    vec![
        ("empty", Vec::new(), ""),
        ("without-members", zip_of(&[]), ""),
        (
            "cut",
            whole.get(..whole.len() / 2).unwrap_or_default().to_vec(),
            "",
        ),
        ("html", b"<html>Sign in</html>".to_vec(), ""),
        ("holiday", zip_of(&[("holiday.txt", "no advisory")]), ""),
        ("npm", zip_of(&[("GHSA-aaaa-bbbb-cccc.json", npm)]), ""),
        (
            "half-a-record",
            zip_of(&[("PYSEC-2024-1.json", half)]),
            "PYSEC-2024-1.json",
        ),
        (
            "no-object",
            zip_of(&[("PYSEC-2024-1.json", "[]")]),
            "PYSEC-2024-1.json",
        ),
        (
            "nameless",
            zip_of(&[("PYSEC-2024-1.json", nameless)]),
            "PYSEC-2024-1.json",
        ),
        (
            "bad-range",
            zip_of(&[("PYSEC-2024-1.json", bad_range)]),
            "PYSEC-2024-1.json",
        ),
        (
            "about-nothing",
            zip_of(&[("PYSEC-2024-1.json", timeless)]),
            "",
        ),
    ]
}

fn prepared() -> TestContext {
    let context = TestContext::new();
    context.write("requirements.txt", "a==1.0\n");
    context
}

#[test]
fn every_wrong_export_in_a_file_is_told_and_is_no_answer() {
    for (what, bytes, says) in wrong_exports() {
        let context = prepared();
        let name = format!("{what}.zip");
        context.write(&name, bytes);
        let run = audit(&context, &["requirements.txt", "--advisories", &name]).run();
        has_no_answer(&run, what);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(
            told.contains(&name) && told.contains(says),
            "{what}:\n{told}"
        );
        let run = audit(&context, &["requirements.txt", "--advisories", &name])
            .arg("--allow-incomplete=not-learned")
            .run();
        run.exits(0);
        says_nothing_is_clean(&run, what);
    }
}

#[test]
fn every_wrong_export_of_osv_is_told_and_is_no_answer() {
    for (what, bytes, says) in wrong_exports() {
        let context = prepared();
        let service = Loopback::osv(vec![Advisory::new("PYSEC-2024-1", "z")], 10);
        service.fault("/PyPI/all.zip", Fault::Content(bytes.into()));
        let run = audit(&context, &["requirements.txt"])
            .env("LOCKGATE_OSV_EXPORT", format!("{}/PyPI", service.origin()))
            .run();
        has_no_answer(&run, what);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(told.contains(says), "{what}:\n{told}");
    }
}

#[test]
fn an_export_that_cannot_be_had_is_told_and_is_no_answer() {
    let faults = [
        ("404", Fault::Status(404)),
        ("500", Fault::Status(500)),
        ("hangs", Fault::Hang),
        ("cut", Fault::Truncated),
    ];
    for (what, fault) in faults {
        let context = prepared();
        let service = Loopback::osv(vec![Advisory::new("PYSEC-2024-1", "z")], 10);
        service.fault("/*", fault.clone());
        let run = audit(&context, &["requirements.txt"])
            .env("LOCKGATE_OSV_EXPORT", format!("{}/PyPI", service.origin()))
            .run();
        has_no_answer(&run, what);
        assert!(run.stdout.contains("127.0.0.1"), "{what}:\n{}", run.stdout);
        let run = audit(&context, &["requirements.txt"])
            .args(["--advisories", &service.export_url()])
            .run();
        has_no_answer(&run, what);
        assert!(run.stdout.contains("127.0.0.1"), "{what}:\n{}", run.stdout);
    }
}

#[test]
fn folders_are_read_as_strictly() {
    let cases: [(&str, Option<(&str, &str)>); 5] = [
        ("nowhere", None),
        ("empty", Some(("README.md", "nothing"))),
        ("broken", Some(("PYSEC-2024-1.json", "{"))),
        ("yaml", Some(("PYSEC-2024-1.yaml", "id: [\n"))),
        ("foreign", Some(("package.json", r#"{"name":"left-pad"}"#))),
    ];
    for (folder, file) in cases {
        let context = prepared();
        if let Some((name, content)) = file {
            context.write(&format!("{folder}/{name}"), content);
        }
        let run = audit(&context, &["requirements.txt", "--advisories", folder]).run();
        has_no_answer(&run, folder);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(told.contains(folder), "{folder}:\n{told}");
    }
}

#[test]
fn advisories_older_than_the_limit_are_no_answer_in_any_format() {
    let context = prepared();
    context.write_advisories("advisories", &[]);
    context.write(
        "export.zip",
        lockgate_tests::osv::export(&[Advisory::new("PYSEC-2024-1", "z")]),
    );
    context.write("lockgate.toml", "max-advisory-age = \"30 days\"\n");
    for source in ["advisories", "export.zip"] {
        for format in FORMATS {
            let arguments = ["requirements.txt", "--advisories", source, "-f", format];
            let run = audit(&context, &arguments).run();
            has_no_answer(&run, format);
            let told = format!("{}{}", run.stdout, run.stderr);
            assert!(
                told.contains("30 days") || told.contains("max-advisory-age"),
                "{format}:\n{told}"
            );
            let run = audit(&context, &arguments)
                .arg("--allow-incomplete=not-learned")
                .run();
            run.exits(0);
            says_nothing_is_clean(&run, format);
            assert!(run.stdout.contains(source), "{format}:\n{}", run.stdout);
        }
    }
}

#[test]
fn a_kept_export_serves_offline_and_not_for_ever() {
    let context = prepared();
    let records = vec![Advisory::new("PYSEC-2024-1", "a"), Advisory::of_today()];
    let service = Loopback::osv(records, 10);
    let osv = |arguments: &[&str]| {
        context
            .lockgate(&[
                "audit",
                "requirements.txt",
                "--timeout",
                "1",
                "--retries",
                "0",
            ])
            .arg("--cache-dir")
            .arg(context.cache())
            .args(arguments)
            .env("LOCKGATE_OSV_EXPORT", format!("{}/PyPI", service.origin()))
            .run()
    };
    osv(&["--offline"]).exits(2);
    osv(&[]).exits(1);
    service.clear_log();
    osv(&["--offline"]).exits(1);
    assert!(service.log().is_empty());
    context.write("lockgate.toml", "max-advisory-age = \"0 days\"\n");
    let run = osv(&["--offline"]);
    has_no_answer(&run, "an export that is too old");
}

#[test]
fn an_export_whose_newest_record_is_old_is_no_answer_however_new_its_copy_is() {
    let context = prepared();
    let mut ahead = Advisory::new("PYSEC-2024-2", "z");
    ahead.modified = Some("2999-01-01T00:00:00Z".to_owned());
    // A record that is dated in the future doesn't make it new.
    let service = Loopback::osv(vec![Advisory::new("PYSEC-2024-1", "z"), ahead], 10);
    let osv = || {
        audit(&context, &["requirements.txt"])
            .env("LOCKGATE_OSV_EXPORT", format!("{}/PyPI", service.origin()))
    };
    let run = osv().run();
    has_no_answer(&run, "an old export");
    let told: String = run.stdout.split_whitespace().collect();
    let says = "thenewestadvisoryisof2024-06-01,olderthan7days";
    assert!(told.contains(says), "{}", run.stdout);
    context.write("lockgate.toml", "max-advisory-age = \"100000 days\"\n");
    osv().run().exits(0);
    // A file is held to a limit only where one is set.
    std::fs::remove_file(context.path("lockgate.toml")).unwrap();
    context.write(
        "export.zip",
        lockgate_tests::osv::export(&[Advisory::new("PYSEC-2024-1", "z")]),
    );
    audit(
        &context,
        &["requirements.txt", "--advisories", "export.zip"],
    )
    .run()
    .exits(0);
}
