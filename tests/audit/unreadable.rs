//! What cannot be read of a folder or an environment is a gap: it neither ends the run nor is passed over. A link that leads to itself cannot
//! be read by anybody, whoever runs the tests.
#![cfg(unix)]

use std::os::unix::fs::{PermissionsExt as _, symlink};

use lockgate_tests::{Advisory, TestContext};
use serde_json::Value;

use super::asking::{audit, codes, document, findings, list, packages, text};

fn prepared() -> TestContext {
    let context = TestContext::new();
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "a")]);
    context
}

#[track_caller]
fn found(context: &TestContext, arguments: &[&str], code: i32) -> Value {
    let run = audit(context, arguments)
        .args(["--advisories", "advisories", "--json"])
        .run();
    document(run.exits(code))
}

#[track_caller]
fn has_gap(found: &Value, place: &str) {
    let gaps = list(found, "gaps").iter();
    let mut texts = gaps.map(|gap| format!("{} {}", text(gap, "what"), text(gap, "source")));
    assert!(texts.any(|text| text.contains(place)), "{place}: {found:#}");
}

/// Takes the right to look into a folder away. Whoever has all rights can look into it all the same: then it is let be.
fn close(context: &TestContext, folder: &str) -> bool {
    let path = context.path(folder);
    let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
    mode(0).expect("our own folder is ours");
    let is_closed = std::fs::read_dir(&path).is_err();
    if !is_closed {
        mode(0o755).expect("our own folder is ours");
    }
    is_closed
}

#[test]
fn a_folder_that_cannot_be_searched_is_a_gap() {
    let context = prepared();
    context.write("good/requirements.txt", "b==1.0\n");
    std::fs::create_dir(context.path("locked")).unwrap();
    symlink("around", context.path("around")).unwrap();
    let result = found(&context, &[".", "--recursive"], 2);
    assert!(packages(&result).contains("b==1.0"));
    has_gap(&result, "around");
    // Findings are an answer.
    context.write("good/requirements.txt", "a==1.0\n");
    let result = found(&context, &[".", "--recursive"], 1);
    assert!(findings(&result).contains("a==1.0 PYSEC-2024-1"));
    has_gap(&result, "around");
    std::fs::remove_file(context.path("around")).unwrap();
    // A link that leads nowhere holds nothing.
    symlink("nowhere", context.path("dangling")).unwrap();
    let result = found(&context, &[".", "--recursive"], 1);
    assert!(codes(&result, "gaps").is_empty(), "{result:#}");
    if close(&context, "locked") {
        let result = found(&context, &[".", "--recursive"], 1);
        has_gap(&result, "locked");
        let result = found(&context, &["locked"], 2);
        has_gap(&result, "locked");
    }
    // A lock that cannot be read is a gap too.
    std::fs::remove_file(context.path("good/requirements.txt")).unwrap();
    symlink("requirements.txt", context.path("good/requirements.txt")).unwrap();
    let result = found(&context, &["good"], 2);
    has_gap(&result, "good/requirements.txt");
}

#[test]
fn folders_nested_too_deep_are_a_gap() {
    let context = prepared();
    context.write("requirements.txt", "b==1.0\n");
    let deep = "d/".repeat(200);
    context.write(&format!("{deep}requirements.txt"), "a==1.0\n");
    let result = found(&context, &[".", "--recursive"], 2);
    assert_eq!(packages(&result).len(), 1);
    has_gap(&result, "d/d/d");
}

#[test]
fn a_part_of_an_environment_that_cannot_be_read_is_a_gap() {
    let metadata = |name: &str| format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n");
    let site = "env/lib/python3.11/site-packages";
    let make = |name: &str| {
        let context = prepared();
        context.write(
            &format!("{site}/{name}-1.0.dist-info/METADATA"),
            metadata(name),
        );
        context
    };
    // Each with what cannot be read.
    for broken in [
        "env/lib64",
        "env/lib/python3.12/site-packages",
        "env/Lib",
        "env/pyvenv.cfg",
        "env/lib/python3.11/site-packages/c-1.0.dist-info/METADATA",
        "env/lib/python3.11/site-packages/c-1.0.dist-info",
        "env/lib/python3.11/site-packages/c.egg-info",
        "env/lib/python3.11/site-packages/c.egg-link",
    ] {
        for (name, code) in [("b", 2), ("a", 1)] {
            let context = make(name);
            let path = context.path(broken);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            symlink(path.file_name().unwrap(), &path).unwrap();
            let result = found(&context, &["--environment", "env"], code);
            assert!(
                packages(&result).contains(&format!("{name}==1.0")),
                "{broken}"
            );
            has_gap(&result, broken);
        }
    }
    // The folder of an editable project, which a link in the environment names.
    let context = make("b");
    symlink("project", context.path("project")).unwrap();
    let link = context.path("project").display().to_string();
    context.write(&format!("{site}/c.egg-link"), format!("{link}\n.\n"));
    let result = found(&context, &["--environment", "env"], 2);
    has_gap(&result, "project");
    let context = make("b");
    std::fs::create_dir_all(context.path("env/lib/python3.12/site-packages")).unwrap();
    if close(&context, "env/lib/python3.12/site-packages") {
        let result = found(&context, &["--environment", "env"], 2);
        has_gap(&result, "python3.12");
    }
}

#[test]
fn an_environment_that_names_itself_as_its_base_is_looked_at_once() {
    let context = prepared();
    let site = "env/lib/python3.11/site-packages";
    context.write(
        &format!("{site}/b-1.0.dist-info/METADATA"),
        "Metadata-Version: 2.1\nName: b\nVersion: 1.0\n",
    );
    let home = context.path("env/bin").display().to_string();
    context.write(
        "env/pyvenv.cfg",
        format!("home = {home}\ninclude-system-site-packages = true\nversion = 3.11.4\n"),
    );
    let result = found(&context, &["--environment", "env"], 0);
    assert!(packages(&result).contains("b==1.0"));
    context.write("env/pyvenv.cfg", "include-system-site-packages = true\n");
    let result = found(&context, &["--environment", "env"], 2);
    has_gap(&result, "pyvenv.cfg");
}
