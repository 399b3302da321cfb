//! `[[lock]]` entries of the policy: the whole statement on their locks.

use super::Scene;

const ENTRY: &str = "[[lock]]\noutput = \"requirements.txt\"\nsources = [\"requirements.in\"]\npython-version = \"3.11\"\npython-platform = \"linux\"\n";

#[test]
fn an_entry_is_the_whole_statement() {
    let scene = Scene::new();
    scene.context.write("lockgate.toml", ENTRY);
    let run = scene.check().run();
    run.exits(0);
    let first = run.stderr.lines().next().unwrap_or_default();
    assert!(first.contains("lockgate.toml:1"), "{first}");
    // Neither the header nor comments count, whatever they say.
    for option in [
        "--universa",
        "--exclude-newer 2001-01-01",
        "--pre",
        "-c missing.txt",
        "--no-deps",
    ] {
        scene
            .checked_with(option)
            .exits(0)
            .does_not_mention(&["has no effect", "was locked with"]);
    }
    let lock = scene.context.read("requirements.txt");
    let hostile = lock.replace("lock requirements.in", "lock more/other.in");
    scene.context.write("requirements.txt", hostile);
    scene.check().run().exits(0);
    scene.context.write("requirements.in", "a\nb<1.1\n");
    scene.check().run().exits(1);
}

#[test]
fn a_lock_that_no_entry_names_is_not_checked() {
    let scene = Scene::new();
    let entry = ENTRY.replace("requirements.txt", "other.txt");
    scene.context.write("lockgate.toml", entry);
    scene
        .check()
        .run()
        .exits(2)
        .mentions(&["[[lock]]", "--source", "`other.txt`"]);
    scene
        .check()
        .args(["--source", "requirements.in", "--python-version", "3.11"])
        .args(["--python-platform", "linux"])
        .run()
        .exits(0);
}

#[test]
fn an_entry_names_files_of_its_own_repository() {
    let scene = Scene::new();
    std::fs::write(scene.context.path("../outside.in"), "secret-text here\n").unwrap();
    scene.context.write("sub/x.in", "");
    for (from, to) in [
        ("\"requirements.in\"", "\"../outside.in\""),
        ("\"requirements.in\"", "\"sub\""),
        (
            "python-version",
            "constraint = [\"../outside.in\"]\npython-version",
        ),
        (
            "python-version",
            "group = [\"../pyproject.toml:dev\"]\npython-version",
        ),
    ] {
        scene
            .context
            .write("lockgate.toml", ENTRY.replace(from, to));
        let run = scene.check().run();
        run.exits(2).does_not_mention(&["secret-text"]);
    }
    let overrides = format!("override = [\"../outside.in\"]\n{ENTRY}");
    scene.context.write("lockgate.toml", overrides);
    scene
        .check()
        .run()
        .exits(2)
        .does_not_mention(&["secret-text"]);
}

#[test]
fn without_arguments_every_entry_is_checked() {
    let scene = Scene::new();
    let lock = scene.context.read("requirements.txt");
    scene.context.write("second.txt", &lock);
    scene.context.write("second.in", "a\nb<1.1\n");
    let second = ENTRY.replace("requirements.", "second.");
    let third = ENTRY.replace("requirements.", "third.");
    let all = || {
        scene
            .context
            .lockgate(&["check", "--index-url", &scene.index.index_url()])
            .args(["--advisories", "advisories"])
            .arg("--cache-dir")
            .arg(scene.context.cache())
    };
    scene
        .context
        .write("lockgate.toml", format!("{ENTRY}{second}{third}"));
    // Each reason of each, and one summary; an answer counts before none.
    all().run().exits(1).mentions(&[
        "requirements.txt is up to date",
        "second.txt",
        "b==1.1",
        "third.txt",
        "Checked 3 locks: 1 up to date, 1 failed, 1 without an answer",
    ]);
    scene
        .context
        .write("lockgate.toml", format!("{ENTRY}{third}"));
    all().run().exits(2);
    scene.context.write("lockgate.toml", ENTRY);
    all().run().exits(0);
    std::fs::remove_file(scene.context.path("lockgate.toml")).unwrap();
    all()
        .run()
        .exits(0)
        .mentions(&["requirements.txt is up to date"]);
}

#[test]
fn a_policy_states_what_its_locks_may_be_made_with() {
    let scene = Scene::new();
    scene.context.write("over.txt", "b<1.1\n");
    for (policy, changes) in [
        (
            "exclude = [\"b\"]\n",
            "`b==1.1` is locked and not required by anything",
        ),
        ("override = [\"over.txt\"]\n", "`b==1.1` would now be 1.0"),
    ] {
        let _ = std::fs::remove_file(scene.context.path("lockgate.toml"));
        let _ = std::fs::remove_file(scene.context.path("requirements.txt"));
        scene.context.lock(&scene.index).run().exits(0);
        scene.context.write("lockgate.toml", policy);
        scene.check().run().exits(1).mentions(&[changes]);
        scene.context.lock(&scene.index).run().exits(0);
        scene.check().run().exits(0);
    }
    scene
        .context
        .write("lockgate.toml", "no-emit-package = [\"b\"]\n");
    let _ = std::fs::remove_file(scene.context.path("requirements.txt"));
    scene.context.lock(&scene.index).run().exits(0);
    assert!(!scene.context.read("requirements.txt").contains("\nb=="));
    scene.check().run().exits(0);
}
