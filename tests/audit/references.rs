//! Direct references: judged by the name and the version that they state, and gaps all the same; and files that contradict the version
//! that a lock states for them.

use lockgate_tests::{Advisory, Loopback, TestContext, World};

use super::asking::{audit, codes, document, findings, list, text};

const ADDRESS: &str = "https://files.example.org/bad-1.0-py3-none-any.whl";

/// Advisories: about `bad` before 2.0, and about every version of `evil`.
fn prepared() -> TestContext {
    let context = TestContext::new();
    context.write_advisories(
        "db",
        &[
            Advisory::new("PYSEC-2024-1", "bad").between("0", "2.0"),
            Advisory::new("MAL-2024-1", "evil"),
            Advisory::of_today(),
        ],
    );
    context
}

#[test]
fn a_direct_reference_is_judged_by_the_version_that_it_states_and_stays_a_gap() {
    let uv = |version: &str| {
        format!(
            "version = 1\n[[package]]\nname = \"bad\"\nversion = \"{version}\"\nsource = {{ git = \"https://git.example.org/bad#abc\" }}\n"
        )
    };
    let pylock = "lock-version = \"1.0\"\ncreated-by = \"x\"\n[[packages]]\nname = \"bad\"\nversion = \"1.0\"\narchive = { path = \"bad.zip\", hashes = { sha256 = \"00\" } }\n";
    for (file, content, finding) in [
        ("uv.lock", uv("1.0"), "bad==1.0 PYSEC-2024-1"),
        ("uv.lock", uv("2.0"), ""),
        ("pylock.toml", pylock.to_owned(), "bad==1.0 PYSEC-2024-1"),
        (
            "requirements.txt",
            format!("bad @ {ADDRESS}\n"),
            "bad==1.0 PYSEC-2024-1",
        ),
        (
            "requirements.txt",
            format!("{ADDRESS}\n"),
            "bad==1.0 PYSEC-2024-1",
        ),
        (
            "requirements.txt",
            "bad @ https://files.example.org/bad-1.5.tar.gz#egg=bad\n".to_owned(),
            "bad==1.5 PYSEC-2024-1",
        ),
        // Without a version nothing but an advisory about all of them applies.
        (
            "requirements.txt",
            "bad @ git+https://git.example.org/bad\n".to_owned(),
            "",
        ),
        (
            "requirements.txt",
            "evil @ git+https://git.example.org/evil\n".to_owned(),
            "evil==0+unstated MAL-2024-1",
        ),
    ] {
        let context = prepared();
        context.write(file, &content);
        let run = audit(&context, &[file, "--advisories", "db", "-f", "json"]).run();
        run.exits(if finding.is_empty() { 2 } else { 1 });
        let found = document(&run);
        assert_eq!(codes(&found, "gaps"), ["direct-reference"], "{content}");
        let expected: Vec<&str> = Some(finding)
            .into_iter()
            .filter(|it| !it.is_empty())
            .collect();
        let all = findings(&found);
        assert_eq!(all.iter().collect::<Vec<_>>(), expected, "{content}");
        // Without a finding it is no audited package.
        assert_eq!(list(&found, "packages").len(), expected.len(), "{content}");
        for package in list(&found, "packages") {
            let by = if finding.contains("unstated") {
                "name"
            } else {
                "stated-version"
            };
            assert_eq!(text(package, "judged_by"), by);
        }
        if finding.contains("PYSEC") {
            let run = audit(&context, &[file, "--advisories", "db"]).run();
            run.exits(1);
            assert!(
                run.stdout.contains("judged by the version it states"),
                "{}",
                run.stdout
            );
        }
    }
}

#[test]
fn malware_from_a_repository_in_an_environment_is_found() {
    let context = prepared();
    let place = "env/lib/python3.11/site-packages/evil-3.0.dist-info";
    context.write("env/pyvenv.cfg", "home = /usr/bin\n");
    context.write(&format!("{place}/METADATA"), "Name: evil\nVersion: 3.0\n");
    context.write(
        &format!("{place}/direct_url.json"),
        r#"{"url":"https://git.example.org/evil","vcs_info":{"vcs":"git","commit_id":"abc"}}"#,
    );
    let run = audit(
        &context,
        &["--environment", "env", "--advisories", "db", "-f", "json"],
    )
    .run();
    run.exits(1);
    let found = document(&run);
    assert!(findings(&found).contains("evil==3.0 MAL-2024-1"));
    assert_eq!(codes(&found, "gaps"), ["direct-reference"]);
}

#[test]
fn a_file_that_the_index_has_is_its_release() {
    let world = World::new().with("bad", "1.0", &[]).with("bad", "2.0", &[]);
    let index = Loopback::index(world);
    let context = prepared();
    context.write("requirements.in", "bad==2.0\n");
    context.lock(&index).args(["--gate", "off"]).run().exits(0);
    let lock = context.read("requirements.txt");
    let digest = lock.split("sha256:").nth(1).unwrap().get(..64).unwrap();
    let place = "env/lib/python3.11/site-packages/bad-2.0.dist-info";
    context.write("env/pyvenv.cfg", "home = /usr/bin\n");
    context.write(&format!("{place}/METADATA"), "Name: bad\nVersion: 2.0\n");
    let arguments = ["--environment", "env", "--advisories", "db", "-f", "json"];
    for (hash, is_online, code) in [
        (digest, true, 0),
        (digest, false, 2),
        (&"0".repeat(64), true, 2),
    ] {
        context.write(
            &format!("{place}/direct_url.json"),
            format!(
                r#"{{"url":"file:///wheels/bad-2.0-py3-none-any.whl","archive_info":{{"hashes":{{"sha256":"{hash}"}}}}}}"#
            ),
        );
        let mut run = audit(&context, &arguments);
        if is_online {
            run = run.args(["--online", "--index-url", &index.index_url()]);
        }
        let run = run.run();
        run.exits(code);
        let gaps = usize::from(code == 2);
        assert_eq!(list(&document(&run), "gaps").len(), gaps, "{}", run.stdout);
    }
}

#[test]
fn a_lock_whose_files_are_of_another_version_is_refused() {
    let uv = |file: &str| {
        format!(
            "version = 1\n[[package]]\nname = \"jinja2\"\nversion = \"3.1.6\"\nsource = {{ registry = \"https://index.example.org/simple\" }}\n{file}\n"
        )
    };
    let poetry = |file: &str| {
        format!(
            "[[package]]\nname = \"jinja2\"\nversion = \"3.1.6\"\nfiles = [{{ file = \"{file}\", hash = \"sha256:00\" }}]\n[metadata]\nlock-version = \"2.0\"\n"
        )
    };
    let old_poetry = |file: &str| {
        format!(
            "[[package]]\nname = \"jinja2\"\nversion = \"3.1.6\"\n[metadata]\nlock-version = \"1.1\"\n[metadata.files]\njinja2 = [{{ file = \"{file}\", hash = \"sha256:00\" }}]\n"
        )
    };
    let pdm = |file: &str| {
        format!(
            "[metadata]\nlock_version = \"4.5\"\n[[package]]\nname = \"jinja2\"\nversion = \"3.1.6\"\nfiles = [{{ {file}, hash = \"sha256:00\" }}]\n"
        )
    };
    let wheel = |version: &str| format!("Jinja2-{version}-py3-none-any.whl");
    for version in ["3.1.6", "3.1.2"] {
        let wheel = wheel(version);
        let address = format!("https://files.example.org/{wheel}");
        for (name, content) in [
            (
                "uv.lock",
                uv(&format!("wheels = [{{ url = \"{address}\" }}]")),
            ),
            (
                "uv.lock",
                uv(&format!("wheels = [{{ path = \"{wheel}\" }}]")),
            ),
            (
                "uv.lock",
                uv(&format!("wheels = [{{ filename = \"{wheel}\" }}]")),
            ),
            (
                "uv.lock",
                uv(&format!(
                    "sdist = {{ url = \"https://files.example.org/jinja2-{version}.tar.gz\" }}"
                )),
            ),
            ("poetry.lock", poetry(&wheel)),
            ("poetry.lock", old_poetry(&wheel)),
            ("pdm.lock", pdm(&format!("file = \"{wheel}\""))),
            ("pdm.lock", pdm(&format!("url = \"{address}\""))),
        ] {
            let context = prepared();
            context.write(name, &content);
            let run = audit(&context, &[name, "--advisories", "db"]).run();
            if version == "3.1.6" {
                assert_eq!(run.code, 0, "{content}\n{}", run.stderr);
                continue;
            }
            assert_eq!(run.code, 2, "{content}\n{}", run.stdout);
            run.mentions(&["is no file of `jinja2==3.1.6`"]);
            let run = context.lockgate(&["convert", name, "-o", "out.txt"]).run();
            assert_eq!(run.code, 2, "{content}");
            assert!(!context.exists("out.txt"));
        }
    }
    // An archive that is named after a branch says nothing.
    let context = prepared();
    context.write("poetry.lock", poetry("main.zip"));
    audit(&context, &["poetry.lock", "--advisories", "db"])
        .run()
        .exits(0);
    // A wheel of a direct reference is what is installed, whatever version is stated next to it.
    context.write(
        "uv.lock",
        format!("version = 1\n[[package]]\nname = \"bad\"\nversion = \"2.0\"\nsource = {{ url = \"{ADDRESS}\" }}\n"),
    );
    audit(&context, &["uv.lock", "--advisories", "db"])
        .run()
        .exits(1);
}
