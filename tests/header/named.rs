//! The files that a header names: regular files of the same repository, and the file that `lock` takes by default among them.

use super::Scene;

/// Replaces the sources of the header.
fn with_sources(scene: &Scene, sources: &str) -> lockgate_tests::Run {
    let lock = scene.context.read("requirements.txt");
    let changed = lock.replace("lock requirements.in", &format!("lock {sources}"));
    assert_ne!(lock, changed);
    scene.context.write("requirements.txt", changed);
    let run = scene.check().run();
    scene.context.write("requirements.txt", lock);
    run
}

#[test]
fn a_source_is_a_regular_file_of_the_repository() {
    let scene = Scene::new();
    let outside = scene.context.path("../outside.in");
    std::fs::write(&outside, "secret-text here\n").unwrap();
    scene.context.write(".git/config", "secret-text here\n");
    let stranger = scene.stranger.origin();
    for source in [
        "../outside.in".to_owned(),
        outside.display().to_string(),
        "more/../../outside.in".to_owned(),
        format!("{stranger}/a.in"),
        format!("file://{}", outside.display()),
        "more".to_owned(),
        "missing.in".to_owned(),
        ".git/config".to_owned(),
        "-".to_owned(),
    ] {
        let run = with_sources(&scene, &format!("requirements.in {source}"));
        run.exits(2).mentions(&["requirements.txt"]);
        run.does_not_mention(&["secret-text"]);
        let run = with_sources(&scene, &format!("requirements.in -c {source}"));
        run.exits(2).does_not_mention(&["secret-text"]);
    }
    for group in ["../pyproject.toml:dev", "/pyproject.toml:dev"] {
        with_sources(&scene, &format!("requirements.in --group {group}")).exits(2);
    }
    scene.nothing_is_touched("a source");
}

#[cfg(unix)]
#[test]
fn links_are_resolved_before_they_are_judged() {
    use std::os::unix::fs::symlink;
    let scene = Scene::new();
    scene.context.write(".git/HEAD", "");
    std::fs::write(scene.context.path("../outside.in"), "secret-text here\n").unwrap();
    symlink("../outside.in", scene.context.path("link.in")).unwrap();
    symlink("..", scene.context.path("up")).unwrap();
    symlink("more/other.in", scene.context.path("inner.in")).unwrap();
    for source in ["link.in", "up/outside.in", "/dev/null", "/dev/stdin"] {
        let run = with_sources(&scene, &format!("requirements.in {source}"));
        run.exits(2).does_not_mention(&["secret-text"]);
    }
    with_sources(&scene, "requirements.in inner.in").exits(0);
}

#[cfg(unix)]
#[test]
fn what_a_source_includes_and_the_lock_itself_lie_in_the_repository() {
    let scene = Scene::new();
    scene.context.write(".git/config", "secret-text here\n");
    std::fs::write(scene.context.path("../outside.in"), "secret-text here\n").unwrap();
    std::os::unix::fs::symlink("../outside.in", scene.context.path("link.txt")).unwrap();
    for include in [
        "-r ../outside.in",
        "-c ../outside.in",
        "-r link.txt",
        "-r .git/config",
    ] {
        scene
            .context
            .write("requirements.in", format!("a\n{include}\n"));
        let run = scene.check().run();
        run.exits(2)
            .mentions(&["outside of the repository"])
            .does_not_mention(&["secret-text"]);
    }
    // The caller's own files are the caller's.
    std::fs::write(scene.context.path("../outside.in"), "a\n").unwrap();
    scene.context.write("requirements.in", "a\n");
    let run = scene.check().args(["--source", "../outside.in"]).run();
    run.exits(0);
    scene
        .context
        .lockgate(&["check", "link.txt"])
        .run()
        .exits(2)
        .mentions(&["outside of the repository"]);
}

#[test]
fn a_lock_is_no_source_of_its_own() {
    let scene = Scene::new();
    for sources in [
        "requirements.in requirements.txt",
        "requirements.in -c ./requirements.txt",
    ] {
        with_sources(&scene, sources)
            .exits(2)
            .mentions(&["and the lock"]);
    }
}

#[test]
fn the_default_source_cannot_be_left_out() {
    let scene = Scene::new();
    scene.context.write("empty.in", "");
    with_sources(&scene, "more/other.in").exits(2).mentions(&[
        "requirements.in",
        "--source",
        "[[lock]]",
    ]);
    with_sources(&scene, "requirements.in more/other.in").exits(0);
    // Asked for by the caller, it is not the header that leaves it out.
    scene
        .check()
        .args(["--source", "more/other.in"])
        .run()
        .exits(1);
    // Groups of the project do not stand for the project.
    std::fs::remove_file(scene.context.path("requirements.in")).unwrap();
    scene.context.write(
        "pyproject.toml",
        "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\"a\"]\n[dependency-groups]\ndev = [\"a\"]\n",
    );
    with_sources(&scene, "--group dev")
        .exits(2)
        .mentions(&["pyproject.toml"]);
    // A table of tools alone is no source.
    scene.context.write(
        "pyproject.toml",
        "[tool.x]\n[dependency-groups]\ndev = [\"a\"]\n",
    );
    with_sources(&scene, "--group dev").exits(0);
}

#[test]
fn a_lock_is_checked_from_any_folder_and_an_empty_one_too() {
    let scene = Scene::new();
    scene.context.write(".git/HEAD", "");
    let index = scene.index.index_url();
    let lock = |folder: &str, options: &[&str]| {
        scene
            .context
            .lockgate(&["lock", "--directory", folder, "--index-url", &index])
            .args([
                "--no-advisories",
                "--python-version",
                "3.11",
                "--python-platform",
                "linux",
            ])
            .args(options.iter().copied())
            .run()
            .exits(0);
    };
    let check = |folder: &str, lock: &str| {
        scene
            .context
            .lockgate(&["check", lock, "--directory", folder, "--index-url", &index])
            .arg("--no-advisories")
            .run()
    };
    scene.context.write("sub/requirements.in", "# nothing\n");
    lock("sub", &[]);
    check(".", "sub/requirements.txt").exits(0);
    check("sub", "requirements.txt").exits(0);
    check("more", "../sub/requirements.txt").exits(0);
    scene.context.write("sub/requirements.in", "b\n");
    check(".", "sub/requirements.txt").exits(1);
    std::fs::remove_file(scene.context.path("sub/requirements.in")).unwrap();
    scene.context.write(
        "sub/pyproject.toml",
        "[project]\nname = \"x\"\nversion = \"1\"\n",
    );
    lock("sub", &[]);
    check(".", "sub/requirements.txt").exits(0);
    scene.context.write("req/prod.in", "b\n");
    scene.context.write("req/c.txt", "b<1.1\n");
    lock(
        ".",
        &["req/prod.in", "-c", "req/c.txt", "-o", "req/prod.txt"],
    );
    check("req", "prod.txt").exits(0);
    check("more", "../req/prod.txt").exits(0);
}

#[test]
fn every_file_that_lock_would_lock_there_counts_as_the_default() {
    let scene = Scene::new();
    std::fs::remove_file(scene.context.path("requirements.in")).unwrap();
    // Settings of tools name no requirements.
    scene
        .context
        .write("setup.cfg", "[flake8]\nmax-line-length = 100\n");
    with_sources(&scene, "more/other.in").exits(1);
    for requirements in [
        "[options]\ninstall_requires =\n    a\n",
        "[options.extras_require]\nx = a\n",
    ] {
        let text = format!("[metadata]\nname = x\n{requirements}");
        scene.context.write("setup.cfg", text);
        with_sources(&scene, "more/other.in")
            .exits(2)
            .mentions(&["setup.cfg", "--source"]);
    }
}

#[test]
fn a_source_that_a_named_one_includes_is_not_left_out() {
    let scene = Scene::new();
    scene.context.write("all.in", "-r more/deep.in\n");
    scene
        .context
        .write("more/deep.in", "-r ../requirements.in\n");
    with_sources(&scene, "all.in").exits(0);
    // A constraint installs nothing, and a comment includes nothing.
    for text in ["-c requirements.in\na\n", "# -r requirements.in\na\n"] {
        scene.context.write("all.in", text);
        with_sources(&scene, "all.in")
            .exits(2)
            .mentions(&["leaves out `requirements.in`"]);
    }
}

#[cfg(unix)]
#[test]
fn the_null_device_is_no_constraint_at_all() {
    let scene = Scene::new();
    with_sources(&scene, "requirements.in -c /dev/null").exits(0);
    let sources = scene.context.read("requirements.in");
    scene
        .context
        .write("requirements.in", sources + "-c /dev/null\n");
    scene.check().run().exits(0);
}
