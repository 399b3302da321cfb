//! Installed environments, made by hand: what is in them is read and never run.

use lockgate_tests::{Advisory, TestContext};
use serde_json::Value;

use super::asking::{audit, codes, document, findings, has_no_answer, list, packages, text};

/// An installed distribution with a `METADATA`.
fn install(context: &TestContext, folder: &str, name: &str, version: &str, requires: &[&str]) {
    let lines: Vec<String> = requires
        .iter()
        .map(|requirement| format!("Requires-Dist: {requirement}\n"))
        .collect();
    let lines = lines.concat();
    context.write(
        &format!("{folder}/{name}-{version}.dist-info/METADATA"),
        format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{lines}\nText\n"),
    );
}

fn prepared() -> TestContext {
    let context = TestContext::new();
    context.write_advisories(
        "advisories",
        &[
            Advisory::new("PYSEC-2024-1", "Deep.One").between("0", "2"),
            Advisory::new("PYSEC-2024-2", "old-egg"),
        ],
    );
    context
}

/// `web` requires `deep-one`, which has a finding.
fn fill(context: &TestContext, folder: &str) {
    install(
        context,
        folder,
        "web",
        "1.0",
        &["deep.one>=1; python_version > '3'"],
    );
    install(context, folder, "deep_one", "1.5", &[]);
}

#[track_caller]
fn asked(context: &TestContext, arguments: &[&str], code: i32) -> Value {
    let run = audit(context, arguments)
        .args(["--advisories", "advisories", "--json"])
        .run();
    assert_eq!(run.code, code, "{}\n{}", run.stdout, run.stderr);
    document(&run)
}

const BOTH: [&str; 2] = ["deep-one==1.5", "web==1.0"];

#[track_caller]
fn holds(found: &Value, pins: &[&str]) {
    assert_eq!(
        packages(found).into_iter().collect::<Vec<_>>(),
        pins,
        "{found:#}"
    );
}

/// Where packages lie, which files are there beside them, and what is named.
type Layout<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

#[test]
fn every_layout_is_found() {
    let layouts: [Layout<'_>; 8] = [
        (
            "env/lib/python3.11/site-packages",
            &[("env/pyvenv.cfg", "home = /usr/bin\n")],
            "env",
        ),
        (
            "env/lib/python3.11/site-packages",
            &[
                ("env/pyvenv.cfg", "home = /usr/bin\n"),
                ("env/bin/python", ""),
            ],
            "env/bin/python",
        ),
        (
            "env/lib/python3.13t/site-packages",
            &[],
            "env/lib/python3.13t/site-packages",
        ),
        (
            "env/Lib/site-packages",
            &[("env/pyvenv.cfg", "home = C:\\Python311\n")],
            "env",
        ),
        (
            "conda/lib/python3.12/site-packages",
            &[("conda/conda-meta/history", "")],
            "conda",
        ),
        (
            "conda/lib/python3.12/site-packages",
            &[
                ("conda/conda-meta/history", ""),
                ("conda/bin/python3.12", ""),
            ],
            "conda/bin/python3.12",
        ),
        (
            "usr/lib/python3/dist-packages",
            &[("usr/bin/python3.11", "")],
            "usr/bin/python3.11",
        ),
        ("target", &[], "target"),
    ];
    for (folder, files, named) in layouts {
        let context = prepared();
        for (file, content) in files {
            context.write(file, content);
        }
        fill(&context, folder);
        let found = asked(&context, &["--environment", named], 1);
        holds(&found, &BOTH);
        let package = &list(&found, "packages")[0];
        assert_eq!(text(package, "source"), named);
        assert_eq!(
            package["findings"][0]["path"],
            serde_json::json!([named, "web==1.0", "deep-one==1.5"]),
            "{named}"
        );
        assert_eq!(found["places"][0]["kind"], "environment");
    }
}

#[test]
fn a_folder_of_packages_is_named_by_path_and_several_are_joined() {
    let context = prepared();
    fill(&context, "one");
    install(&context, "two", "old-egg", "3.0", &[]);
    let found = asked(&context, &["--path", "one", "--path", "two"], 1);
    holds(&found, &["deep-one==1.5", "old-egg==3.0", "web==1.0"]);
    // An environment and a lock go together.
    context.write("requirements.txt", "z==1.0\n");
    let found = asked(&context, &["requirements.txt", "--environment", "one"], 1);
    holds(&found, &["deep-one==1.5", "web==1.0", "z==1.0"]);
}

#[test]
fn what_an_environment_takes_over_is_audited_unless_local_is_asked_for() {
    let context = prepared();
    let base = context.path("base/bin");
    let settings = format!(
        "home = {}\ninclude-system-site-packages = true\nversion = 3.11.7\n",
        base.display()
    );
    context.write("base/bin/python", "");
    context.write("env/pyvenv.cfg", &settings);
    fill(&context, "base/lib/python3.11/site-packages");
    install(
        &context,
        "base/lib/python3.9/site-packages",
        "other-python",
        "1.0",
        &[],
    );
    let local = "env/lib/python3.11/site-packages";
    install(&context, local, "web", "2.0", &["deep-one"]);
    // What is in the environment itself hides what it would take over.
    let found = asked(&context, &["--environment", "env"], 1);
    holds(&found, &["deep-one==1.5", "web==2.0"]);
    let found = asked(&context, &["--environment", "env", "--local"], 0);
    holds(&found, &["web==2.0"]);
    let alone = settings.replace("= true", "= false");
    context.write("env/pyvenv.cfg", alone);
    let found = asked(&context, &["--environment", "env"], 0);
    holds(&found, &["web==2.0"]);
}

#[test]
fn local_is_the_active_environment() {
    let context = prepared();
    context.write("env/pyvenv.cfg", "home = /usr/bin\n");
    fill(&context, "env/lib/python3.11/site-packages");
    context.write("env/bin/python", "");
    make_runnable(&context, "env/bin/python");
    let run = audit(&context, &["-l", "--advisories", "advisories", "--json"])
        .env("VIRTUAL_ENV", context.path("env"))
        .run();
    holds(&document(run.exits(1)), &BOTH);
}

#[cfg(unix)]
fn make_runnable(context: &TestContext, file: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(context.path(file), mode).expect("our own file is ours");
}

#[cfg(not(unix))]
fn make_runnable(_: &TestContext, _: &str) {}

#[test]
fn eggs_links_and_references_are_told_for_what_they_are() {
    let context = prepared();
    let folder = "env/site-packages";
    context.write(
        &format!("{folder}/old_egg-3.0-py3.11.egg-info/PKG-INFO"),
        "Metadata-Version: 1.1\nName: old-egg\nVersion: 3.0\n",
    );
    context.write(
        &format!("{folder}/flat_egg-1.0.egg-info"),
        "Metadata-Version: 1.1\nName: flat-egg\nVersion: 1.0\n",
    );
    context.write(
        "src/mine.egg-info/PKG-INFO",
        "Metadata-Version: 2.1\nName: mine\nVersion: 0.1\n",
    );
    let link = format!("{}\n.\n", context.path("src").display());
    context.write(&format!("{folder}/mine.egg-link"), link);
    let direct = |name: &str, json: &str| {
        install(&context, folder, name, "1.0", &[]);
        context.write(
            &format!("{folder}/{name}-1.0.dist-info/direct_url.json"),
            json,
        );
    };
    direct(
        "linked",
        r#"{"url": "file:///src/linked", "dir_info": {"editable": true}}"#,
    );
    direct("copied", r#"{"url": "file:///src/copied", "dir_info": {}}"#);
    direct(
        "cloned",
        r#"{"url": "https://git.example.org/cloned", "vcs_info": {"vcs": "git", "commit_id": "abc"}}"#,
    );
    direct(
        "fetched",
        r#"{"url": "https://files.example.org/fetched-1.0.whl", "archive_info": {}}"#,
    );
    direct("garbled", "{");
    context.write(
        &format!("{folder}/~ending-1.0.dist-info/METADATA"),
        "Name: x\nVersion: 1\n",
    );
    // A finding is an answer, and the gaps stand next to it.
    let found = asked(&context, &["--environment", "env"], 1);
    holds(&found, &["flat-egg==1.0", "old-egg==3.0"]);
    assert_eq!(
        findings(&found).into_iter().collect::<Vec<_>>(),
        ["old-egg==3.0 PYSEC-2024-2"]
    );
    let mut own: Vec<&str> = list(&found, "own")
        .iter()
        .map(|own| text(own, "text"))
        .collect();
    own.sort_unstable();
    assert_eq!(own, ["linked==1.0", "mine==0.1"]);
    let mut gaps: Vec<&str> = list(&found, "gaps")
        .iter()
        .map(|gap| text(gap, "name"))
        .collect();
    gaps.sort_unstable();
    assert_eq!(gaps, ["cloned", "copied", "fetched", "garbled"]);
    assert!(
        codes(&found, "gaps")
            .iter()
            .all(|code| *code == "direct-reference")
    );
    assert_eq!(codes(&found, "remarks"), ["input"], "{found:#}");
}

#[test]
fn without_metadata_a_folders_name_has_to_do_and_without_a_version_it_is_a_gap() {
    let context = prepared();
    context.write("env/site-packages/deep_one-1.5.dist-info/RECORD", "");
    let found = asked(&context, &["--environment", "env"], 1);
    holds(&found, &["deep-one==1.5"]);
    context.write("env/site-packages/nameless.dist-info/RECORD", "");
    context.write(
        "env/site-packages/odd-one_two.dist-info/METADATA",
        "Name: odd\nVersion: one/two\n",
    );
    let found = asked(&context, &["--environment", "env"], 1);
    holds(&found, &["deep-one==1.5"]);
    let mut gaps = codes(&found, "gaps");
    gaps.sort_unstable();
    assert_eq!(gaps, ["bad-version", "unpinned"], "{found:#}");
}

#[test]
fn nothing_of_an_environment_is_run() {
    let context = prepared();
    let folder = "env/lib/python3.11/site-packages";
    context.write("env/pyvenv.cfg", "home = /usr/bin\n");
    fill(&context, folder);
    let mark = context.path("mark");
    let python = format!("open({:?}, 'w').close()\n", mark.display().to_string());
    context.write(
        &format!("{folder}/evil.pth"),
        format!("import os; {python}"),
    );
    context.write(&format!("{folder}/sitecustomize.py"), &python);
    context.write(&format!("{folder}/usercustomize.py"), &python);
    context.write(&format!("{folder}/web/__init__.py"), &python);
    context.write(
        "env/bin/python",
        format!("#!/bin/sh\ntouch '{}'\n", mark.display()),
    );
    make_runnable(&context, "env/bin/python");
    for arguments in [
        &["--environment", "env"][..],
        &["--environment", "env/bin/python"],
        &["--path", folder],
    ] {
        holds(&asked(&context, arguments, 1), &BOTH);
        assert!(!context.exists("mark"), "{arguments:?}");
    }
    let run = audit(
        &context,
        &["--local", "--advisories", "advisories", "--json"],
    )
    .env("VIRTUAL_ENV", context.path("env"))
    .run();
    holds(&document(run.exits(1)), &BOTH);
    assert!(!context.exists("mark"), "--local");
}

#[cfg(unix)]
#[test]
fn the_interpreter_of_an_audited_environment_is_never_started() {
    let context = prepared();
    context.write("env/pyvenv.cfg", "home = /usr/bin\n");
    fill(&context, "env/lib/python3.11/site-packages");
    let mark = context.path("mark");
    for name in ["python", "python3", "python3.11", "python3.9", "pip"] {
        let script = format!("#!/bin/sh\necho '{name}' >> '{}'\n", mark.display());
        context.write(&format!("env/bin/{name}"), script);
        make_runnable(&context, &format!("env/bin/{name}"));
    }
    std::os::unix::fs::symlink(context.path("env"), context.path("link")).unwrap();
    // Its pip is set up to ask another index.
    context.write(
        "env/pip.conf",
        "[global]\nindex-url = https://other.test/simple\n",
    );
    let others = std::env::var("PATH").unwrap_or_default();
    let bin = context.path("env/bin").display().to_string();
    let both = format!("{bin}:{others}");
    for arguments in [
        &["--environment", "env", "--python-version", "3.9"][..],
        &["--environment", "link", "--python-version", "3.9"],
        &["--environment", "env/bin/python", "--python-version", "3.9"],
        &[
            "--environment",
            "env/bin/python3",
            "--python-platform",
            "linux",
        ],
        &[
            "--path",
            "env/lib/python3.11/site-packages",
            "--python-version",
            "3.9",
        ],
        &["--local", "--python-version", "3.9"],
        &["-l", "--python-platform", "windows"],
        &["--environment", "env", "--python", "3.11"],
        &["-l", "--advisories", "pypi", "--offline"],
    ] {
        for path in [&bin, &both] {
            let run = audit(&context, arguments)
                .args(["--advisories", "advisories", "--json"])
                .env("VIRTUAL_ENV", context.path("env"))
                .env("PATH", path)
                .env("PIP_CONFIG_FILE", "")
                .run();
            assert!(
                !context.exists("mark"),
                "{arguments:?}: {}",
                context.read("mark")
            );
            assert!(!format!("{}{}", run.stdout, run.stderr).contains("other.test"));
            // Without another interpreter the version alone has to do for the markers.
            if arguments.contains(&"--python-version") {
                holds(&document(run.exits(1)), &BOTH);
            }
        }
    }
    // Named by itself it is refused.
    let run = audit(
        &context,
        &["--environment", "env", "--python", "env/bin/python"],
    )
    .args(["--advisories", "advisories"])
    .run();
    run.exits(2)
        .mentions(&["is of an environment that is audited", "--python-version"]);
    assert!(!context.exists("mark"));
}

#[test]
fn an_interpreter_whose_packages_cannot_be_told_is_no_answer() {
    let context = prepared();
    context.write("somewhere/python", "");
    let run = audit(&context, &["--environment", "somewhere/python"])
        .args(["--advisories", "advisories"])
        .run();
    has_no_answer(&run, "an interpreter in no environment");
    run.mentions(&["somewhere/python", "site-packages"]);
}

#[test]
fn vendored_copies_are_not_looked_at_and_the_packages_with_them_are_named() {
    let context = prepared();
    let packages = "env/lib/python3.12/site-packages";
    for name in ["installer", "plain", "wheels"] {
        context.write(
            &format!("{packages}/{name}-1.0.dist-info/METADATA"),
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"),
        );
        context.write(&format!("{packages}/{name}/__init__.py"), "");
    }
    context.write(
        &format!("{packages}/installer/_vendor/old_egg/__init__.py"),
        "",
    );
    context.write(
        &format!("{packages}/wheels/vendored/vendor.txt"),
        "old-egg==3.0\n",
    );
    let found = asked(&context, &["--environment", "env"], 0);
    let remarks = list(&found, "remarks");
    assert_eq!(remarks.len(), 1, "{remarks:?}");
    assert_eq!(
        text(&remarks[0], "text"),
        "2 packages (`installer`, `wheels`) carry vendored copies of others, which are not looked at"
    );
}
