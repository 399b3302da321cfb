//! Locks that cannot be read, and entries that cannot be audited, are no answer.

use lockgate_tests::{Advisory, TestContext};

use super::asking::{FORMATS, audit, codes, document, has_no_answer, says_nothing_is_clean};

fn prepared(name: &str, content: &[u8]) -> TestContext {
    let context = TestContext::new();
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "b")]);
    context.write(name, content);
    context
}

/// Name, content, what is said.
const UNREADABLE: &[(&str, &[u8], &[&str])] = &[
    // Not the text that such a file is.
    ("uv.lock", b"version = 1\n# \xff\xfe\n", &["UTF-8"]),
    ("poetry.lock", b"[metadata]\n# \xff\n", &["UTF-8"]),
    ("Pipfile.lock", b"{\"default\": {\"a\xff\": {}}}", &["UTF-8"]),
    ("requirements.txt", b"a==1.0\n\0\0\0\n", &["binary"]),
    // Not the form that such a file has.
    ("uv.lock", b"version = 1\n[[package]\n", &["uv.lock:2"]),
    ("poetry.lock", b"[[package]]\nname = \n", &["poetry.lock:2"]),
    ("pdm.lock", b"[metadata]\nlock_version = [\n", &["pdm.lock"]),
    ("pylock.toml", b"lock-version = \"1.0\"\npackages = 1\n", &["pylock.toml"]),
    ("pylock.dev.toml", b"packages = []\n", &["pylock.dev.toml", "lock-version"]),
    ("Pipfile.lock", b"{\"_meta\": {", &["Pipfile.lock"]),
    ("bom.cdx.json", b"{\"bomFormat\": \"CycloneDX\"", &["bom.cdx.json"]),
    ("sbom.spdx.json", b"{\"spdxVersion\": 3", &["sbom.spdx.json"]),
    ("uv.lock", b"{}\n", &["uv.lock"]),
    ("bom.json", b"{\"name\": \"left-pad\"}", &["bom.json", "--input-format"]),
    ("report.xml", b"<bom/>", &["report.xml", "--input-format"]),
    // Of a form that is newer than what is known.
    ("uv.lock", b"version = 2\nrequires-python = \">=3.9\"\n", &["uv.lock", "2"]),
    (
        "pylock.toml",
        b"lock-version = \"2.0\"\ncreated-by = \"x\"\npackages = []\n",
        &["pylock.toml", "2.0"],
    ),
    (
        "poetry.lock",
        b"package = []\n[metadata]\nlock-version = \"3.0\"\npython-versions = \"*\"\ncontent-hash = \"x\"\n",
        &["poetry.lock", "3.0"],
    ),
    ("pdm.lock", b"[metadata]\nlock_version = \"5.0\"\n", &["pdm.lock", "5.0"]),
    (
        "Pipfile.lock",
        b"{\"_meta\": {\"pipfile-spec\": 7, \"hash\": {}, \"sources\": []}, \"default\": {}}",
        &["Pipfile.lock", "7"],
    ),
    (
        "bom.cdx.json",
        b"{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"2.0\", \"components\": []}",
        &["bom.cdx.json", "2.0"],
    ),
];

#[test]
fn every_unreadable_lock_is_named_and_is_no_answer() {
    for (name, content, says) in UNREADABLE {
        let context = prepared(name, content);
        let what = format!("{name}: {}", String::from_utf8_lossy(content));
        let run = audit(&context, &[name, "--advisories", "advisories"]).run();
        has_no_answer(&run, &what);
        assert_eq!(run.stdout, "", "{what}");
        run.mentions(&[name]).mentions(says);
        // What cannot be read at all is no gap that could be allowed.
        audit(&context, &[name, "--advisories", "advisories"])
            .arg("--allow-incomplete")
            .run()
            .exits(2);
    }
}

#[test]
fn a_missing_lock_a_folder_and_nothing_at_all_are_told() {
    let context = prepared("notes.md", b"");
    std::fs::create_dir(context.path("empty")).unwrap();
    for (arguments, says) in [
        (&["gone.lock"][..], &["gone.lock"][..]),
        (&["empty"], &["there is no lock in `empty`", "--recursive"]),
        (&["--environment", "gone"], &["gone"]),
        (&["--environment", "empty"], &["empty", "no environment"]),
        (&["--path", "gone"], &["gone"]),
        (&[], &["requirements.txt", "--environment"]),
    ] {
        let run = audit(&context, arguments)
            .args(["--advisories", "advisories"])
            .run();
        has_no_answer(&run, &arguments.join(" "));
        run.mentions(says);
    }
}

/// What is there and cannot be audited, with the code of the gap.
const SKIPPED: &[(&str, &str)] = &[
    (
        "a @ https://files.example.org/a-1.0-py3-none-any.whl",
        "direct-reference",
    ),
    ("a @ git+https://git.example.org/a@v1", "direct-reference"),
    ("https://files.example.org/a-1.0.tar.gz", "direct-reference"),
    ("./vendored/a-1.0.tar.gz", "direct-reference"),
    ("git+https://git.example.org/a", "direct-reference"),
    ("-e git+https://git.example.org/a#egg=a", "direct-reference"),
    ("a>=1.0", "unpinned"),
    ("a", "unpinned"),
    ("a==1.*", "unpinned"),
    ("a===1.0-beta-is-none", "bad-version"),
];

#[test]
fn every_package_that_is_skipped_is_a_gap_in_every_format() {
    for (line, code) in SKIPPED {
        let context = prepared("requirements.txt", format!("c==1.0\n{line}\n").as_bytes());
        let arguments = ["requirements.txt", "--advisories", "advisories"];
        let run = audit(&context, &arguments).arg("--json").run();
        has_no_answer(&run, line);
        let found = document(&run);
        assert_eq!(codes(&found, "gaps"), [*code], "{line}: {found:#}");
        assert_eq!(found["gaps"][0]["line"], 2, "{line}: {found:#}");
        for format in FORMATS {
            let run = audit(&context, &arguments).args(["-f", format]).run();
            has_no_answer(&run, &format!("{line} as {format}"));
            let run = audit(&context, &arguments)
                .args(["-f", format, "--allow-incomplete"])
                .run();
            run.exits(0);
            says_nothing_is_clean(&run, &format!("{line} as {format}"));
            assert!(
                run.stdout.contains("requirements.txt")
                    || run.stdout.contains("skip_reason")
                    || run.stdout.contains("Skip Reason"),
                "{line}: {format} does not tell of the gap:\n{}",
                run.stdout
            );
        }
        context.write("requirements.txt", format!("b==1.0\n{line}\n"));
        audit(&context, &arguments)
            .arg("--allow-incomplete")
            .run()
            .exits(1);
    }
}

#[test]
fn unpinned_requirements_say_the_way_out() {
    let context = prepared("requirements.txt", b"a>=1.0\n");
    let run = audit(
        &context,
        &["requirements.txt", "--advisories", "advisories"],
    )
    .run();
    has_no_answer(&run, "an unpinned requirement");
    assert!(run.stdout.contains("--resolve"), "{}", run.stdout);
    assert!(run.stdout.contains("requirements.txt:1"), "{}", run.stdout);
}

#[test]
fn incomplete_audits_cannot_be_both_strict_and_allowed() {
    let context = prepared("requirements.txt", b"a>=1.0\n");
    let arguments = ["requirements.txt", "--advisories", "advisories", "--strict"];
    audit(&context, &arguments).run().exits(2);
    let run = audit(&context, &arguments).arg("--allow-incomplete").run();
    run.exits(2).mentions(&["--strict", "--allow-incomplete"]);
    assert_eq!(run.stdout, "");
}
