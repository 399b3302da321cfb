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
fn one_broken_record_of_an_archive_is_a_gap_wherever_the_archive_lies() {
    let record = |id: &str, name: &str| Advisory::new(id, name).to_json();
    let (bad, other) = (record("PYSEC-2024-1", "zzz"), record("PYSEC-2024-2", "a"));
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in [("PYSEC-2024-1.json", &bad), ("PYSEC-2024-2.json", &other)] {
        archive
            .start_file(name, stored)
            .expect("a member can be started");
        archive
            .write_all(text.as_bytes())
            .expect("memory can be written");
    }
    let bytes = archive.finish().expect("an archive can be finished");
    let mut bytes = bytes.into_inner();
    let place = bytes
        .windows(3)
        .position(|three| three == b"zzz")
        .expect("it is stored as it is");
    bytes[place] = b'y';
    let context = prepared();
    context.write("export.zip", &bytes);
    let site = lockgate_tests::StaticSite::default()
        .with(
            "/export.zip",
            lockgate_tests::Answer::ok("application/zip", bytes),
        )
        .start();
    let remote = format!("{}/export.zip", site.origin());
    for (source, requirements, code) in [
        ("export.zip", "b==1.0\n", 2),
        (remote.as_str(), "b==1.0\n", 2),
        ("export.zip", "a==1.0\n", 1),
        (remote.as_str(), "a==1.0\n", 1),
    ] {
        context.write("requirements.txt", requirements);
        let run = audit(&context, &["requirements.txt", "--json"])
            .args(["--advisories", source])
            .run();
        let found = super::asking::document(run.exits(code));
        let gaps = super::asking::list(&found, "gaps");
        assert_eq!(gaps.len(), 1, "{source}: {found:#}");
        assert_eq!(gaps[0]["code"], "unreadable", "{source}");
        let what = super::asking::text(&gaps[0], "what");
        assert!(what.contains("PYSEC-2024-1.json"), "{source}: {what}");
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

#[test]
fn an_export_that_goes_back_is_not_taken() {
    let old = |count: usize| -> Vec<Advisory> {
        (0..count)
            .map(|number| Advisory::new(&format!("PYSEC-2024-{number}"), "z"))
            .collect()
    };
    let mut whole = old(20);
    whole.push(Advisory::of_today());
    let fewer: Vec<Advisory> = whole.iter().skip(5).cloned().collect();
    let yesterday = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    let mut stale = old(20);
    stale.push(Advisory {
        modified: Some(yesterday.to_string()),
        ..Advisory::of_today()
    });
    let date = yesterday.to_string();
    let of_yesterday = format!("newest record is of {date}");
    for (later, says) in [(stale, of_yesterday.as_str()), (fewer, "it has 16 records")] {
        for is_remote in [false, true] {
            let context = prepared();
            let (first, second) = (
                Loopback::osv(whole.clone(), 30),
                Loopback::osv(later.clone(), 30),
            );
            // One address that answers anew.
            let site = lockgate_tests::StaticSite::default().start();
            let serve = |service: &Loopback<lockgate_tests::OsvService>| {
                for file in ["/PyPI/all.zip", "/PyPI/modified_id.csv"] {
                    let fetched = fetched(&format!("{}{file}", service.origin()));
                    site.fault(file, Fault::Content(fetched.into()));
                }
            };
            let run = |arguments: &[&str]| {
                let export = format!("{}/PyPI/all.zip", site.origin());
                let source = if is_remote { export.as_str() } else { "osv" };
                context
                    .lockgate(arguments)
                    .args(["--advisories", source, "--cache-dir"])
                    .arg(context.cache())
                    .env("LOCKGATE_OSV_EXPORT", format!("{}/PyPI", site.origin()))
                    .run()
            };
            serve(&first);
            run(&["audit", "requirements.txt"]).exits(0);
            serve(&second);
            let refused = run(&["audit", "requirements.txt", "--refresh"]);
            refused.exits(2);
            let told = format!("{}{}", refused.stdout, refused.stderr);
            let flat: String = told.split_whitespace().collect();
            for text in [says, "--accept-older"] {
                let text: String = text.split_whitespace().collect();
                assert!(flat.contains(&text), "{is_remote} {text}:\n{told}");
            }
            run(&["advisories", "sync"])
                .exits(2)
                .mentions(&["--accept-older", says]);
            // What is kept is as it was.
            run(&["audit", "requirements.txt", "--offline"]).exits(0);
            run(&["advisories", "sync", "--accept-older"]).exits(0);
            run(&["audit", "requirements.txt", "--refresh"]).exits(0);
        }
    }
}

/// What is at an address of this machine.
fn fetched(address: &str) -> Vec<u8> {
    use std::io::Read as _;
    let rest = address.strip_prefix("http://").expect("it is no other");
    let (host, path) = rest.split_once('/').expect("it has a path");
    let mut stream = std::net::TcpStream::connect(host).expect("it is there");
    write!(
        stream,
        "GET /{path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .expect("it listens");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it answers");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    answer.split_off(end.expect("it has a head") + 4)
}
