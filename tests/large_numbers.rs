//! Versions with numbers beyond 64 bits: `1.0.dev` with a time of day to the microsecond is one that is published.

use lockgate_tests::{Advisory, Loopback, Release, TestContext, World, artifact};

const NIGHTLY: &str = "1.0.dev20261130235959123456";
const NEXT: &str = "1.0.dev20261130235959123457";

/// Wheels of two nightly releases, and of a package that the later one needs.
fn nightlies() -> World {
    World::new()
        .with("nightly", "0.9", &[])
        .with("nightly", NIGHTLY, &[])
        .with("nightly", NEXT, &["part<99999999999999999999"])
        .with("part", "18446744073709551615", &[])
        .with("part", "99999999999999999999", &[])
}

#[test]
fn releases_are_found_compared_and_locked() {
    for format in ["requirements.txt", "pylock.toml"] {
        let context = TestContext::new();
        let index = Loopback::index(nightlies());
        let lock = |arguments: &[&str]| {
            context
                .lockgate(&["lock", "requirements.in", "-o", format, "--gate", "off"])
                .args([
                    "--index-url",
                    &index.index_url(),
                    "--python-version",
                    "3.11",
                ])
                .arg("--cache-dir")
                .arg(context.cache())
                .args(arguments)
                .run()
        };
        context.write(
            "requirements.in",
            format!("nightly>{NIGHTLY},<=1.0.dev99999999999999999999\n"),
        );
        lock(&[]).exits(0);
        let text = context.read(format);
        for version in [NEXT, "18446744073709551615"] {
            assert!(text.contains(version), "{text}");
        }
        assert!(!text.contains("99999999999999999999\""), "{text}");
        // What is locked is read again, and kept.
        lock(&[]).exits(0);
        assert_eq!(context.read(format), text);
        let run = context
            .lockgate(&["check", format, "--gate", "off"])
            .args(["--index-url", &index.index_url()])
            .arg("--cache-dir")
            .arg(context.cache())
            .run();
        run.exits(0);
        context.write("requirements.in", format!("nightly=={NIGHTLY}\n"));
        lock(&[]).exits(0);
        assert!(context.read(format).contains(NIGHTLY));
        context.write("requirements.in", format!("nightly>{NEXT}\n"));
        let run = lock(&[]);
        run.exits(1).mentions(&[NEXT]);
    }
}

#[test]
fn files_of_a_folder_and_markers_have_them() {
    let context = TestContext::new();
    let release = Release {
        requires: vec![
            "part>=18446744073709551615 ; python_version < '99999999999999999999'".to_owned(),
        ],
        ..Release::default()
    };
    for (name, version, release) in [
        ("nightly", NIGHTLY, &release),
        ("part", "18446744073709551615.0", &Release::default()),
    ] {
        let wheel = artifact::wheel(name, version, release, "py3-none-any");
        context.write(&format!("wheels/{}", wheel.filename), &wheel.bytes);
    }
    context.write("requirements.in", "nightly>=1.0.dev0\n");
    for universal in [&[][..], &["--universal"]] {
        let run = context
            .lockgate(&["lock", "requirements.in", "-o", "requirements.txt"])
            .args(["--no-index", "--find-links", "wheels", "--gate", "off"])
            .args(["--python-version", "3.11"])
            .args(universal)
            .run();
        run.exits(0);
        let lock = context.read("requirements.txt");
        let pins: Vec<&str> = lock
            .lines()
            .filter(|line| line.contains("=="))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        let nightly = format!("nightly=={NIGHTLY}");
        assert_eq!(pins, [nightly.as_str(), "part==18446744073709551615.0"]);
    }
}

#[test]
fn audits_compare_them() {
    let context = TestContext::new();
    let fixed = |id: &str, fixed: &str| Advisory::new(id, "nightly").between("0", fixed);
    let advisories = [
        fixed("PYSEC-2024-1", NEXT),
        fixed("PYSEC-2024-2", NIGHTLY),
        Advisory::new("PYSEC-2024-3", "nightly").between("1.0.dev18446744073709551615", "1.0"),
        Advisory::new("PYSEC-2024-4", "nightly").between("1.0.dev99999999999999999999", "1.0"),
    ];
    context.write_advisories("advisories", &advisories);
    context.write("requirements.txt", format!("nightly=={NIGHTLY}\n"));
    context.write(
        "uv.lock",
        format!(
            "version = 1\nrequires-python = \">=3.9\"\n\n[[package]]\nname = \"nightly\"\nversion = \"{NIGHTLY}\"\n\
             source = {{ registry = \"https://index.test/simple\" }}\n\
             wheels = [{{ url = \"https://index.test/nightly-{NIGHTLY}-py3-none-any.whl\", hash = \"sha256:{}\" }}]\n",
            "a".repeat(64)
        ),
    );
    context.write(
        "bill.cdx.json",
        format!(
            r#"{{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
                {{"type": "library", "name": "nightly", "version": "{NIGHTLY}", "purl": "pkg:pypi/nightly@{NIGHTLY}"}}]}}"#
        ),
    );
    for input in ["requirements.txt", "uv.lock", "bill.cdx.json"] {
        let run = context
            .lockgate(&["audit", input, "--advisories", "advisories"])
            .arg("--cache-dir")
            .arg(context.cache())
            .run();
        run.exits(1);
        let found = |text: &str| run.stdout.contains(text);
        assert!(found("PYSEC-2024-1") && found("PYSEC-2024-3") && found(NEXT));
        assert!(!found("PYSEC-2024-2") && !found("PYSEC-2024-4"), "{input}");
    }
}

/// Python turns no text of more than 4,300 digits into a number, and pip knows no such version.
#[test]
fn what_is_longer_than_python_reads_is_told() {
    let context = TestContext::new();
    let digits = "7".repeat(4301);
    context.write("requirements.in", format!("part==1.{digits}\n"));
    let run = context
        .lock_bare()
        .args(["--no-index", "--gate", "off"])
        .run();
    run.exits(2).mentions(&["requirements.in:1"]);
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "part")]);
    context.write("requirements.txt", format!("part==1.{digits}\n"));
    let run = context
        .lockgate(&["audit", "requirements.txt", "--advisories", "advisories"])
        .run();
    run.exits(2).mentions(&["requirements.txt:1"]);
}
