//! `requires-python`: which Pythons a lock is for, and that it holds there.

use lockgate_tests::{Index, Lockgate, Loopback, Release, TestContext, World};

/// An interpreter that answers as CPython `version` on Linux.
fn interpreter(context: &TestContext, version: &str) -> String {
    let minor: String = version.split('.').take(2).collect();
    interpreter_with(context, version, &format!("cp{minor}"))
}

/// The same for extension modules of one ABI.
fn interpreter_with(context: &TestContext, version: &str, abi: &str) -> String {
    let path = context.path("bin/python").display().to_string();
    let answer = serde_json::json!({
        "version": version, "implementation_name": "cpython", "implementation_version": version,
        "display_name": "CPython", "tag": "cp", "abis": [abi], "stable_abi": true,
        "sys_platform": "linux", "machine": "x86_64", "release": "", "platform_version": "",
        "libc": "glibc", "libc_version": [2, 36], "prefix": "/usr", "executable": path, "index": null,
    });
    let _ = context.write_program("python", &format!("cat <<'E'\n{answer}\nE"));
    path
}

/// A project that requires a Python and packages.
fn project(context: &TestContext, python: &str, dependencies: &str) {
    let python = match python {
        "" => String::new(),
        python => format!("requires-python = \"{python}\"\n"),
    };
    context.write(
        "pyproject.toml",
        format!(
            "[project]\nname = \"app\"\nversion = \"1\"\n{python}dependencies = [{dependencies}]\n"
        ),
    );
}

fn run<'c>(context: &'c TestContext, verb: &[&str], index: &Loopback<Index>) -> Lockgate<'c> {
    context
        .lockgate(verb)
        .args(["--no-advisories", "-i", &index.index_url()])
        .arg("--cache-dir")
        .arg(context.cache())
}

fn stated(context: &TestContext) -> String {
    let lock: toml::Table = context
        .read("pylock.toml")
        .parse()
        .expect("a pylock is TOML");
    let stated = lock["requires-python"].as_str();
    stated.expect("it is a text").to_owned()
}

fn world() -> World {
    let later = Release {
        requires_python: Some(">=3.11.5".to_owned()),
        ..Release::default()
    };
    World::new()
        .with("plain", "1.0", &["compat ; python_version < '3.11'"])
        .with(
            "patched",
            "1.0",
            &["compat ; python_full_version < '3.11.4'"],
        )
        .with("once", "1.0", &["compat ; python_full_version == '3.11.7'"])
        .with("far", "1.0", &["compat ; python_full_version >= '3.11.12'"])
        .with("compat", "1.0", &[])
        .with_release("later", "1.0", later)
}

const LOCK: [&str; 4] = ["lock", "pyproject.toml", "-o", "pylock.toml"];

#[cfg(unix)]
#[test]
fn a_lock_for_one_machine_is_for_the_patch_releases_that_nothing_tells_apart() {
    let index = Loopback::index(world());
    for (python, dependencies, expected) in [
        // The Python of the source, where it is that of the interpreter.
        (">=3.11", "\"plain\"", ">=3.11"),
        // A lock that was made with 3.11 says nothing on 3.10.
        (">=3.10", "\"plain\"", ">=3.11"),
        ("", "\"plain\"", ">=3.11"),
        (">=3.11.2", "\"plain\"", ">=3.11.2"),
        (">=3.11,!=3.11.3", "\"plain\"", ">=3.11.4"),
        // Markers and releases, of the sources and behind them, that hold for some of them only.
        (">=3.10", "\"patched\"", ">=3.11.4"),
        (">=3.10", "\"once\"", ">=3.11.8"),
        (">=3.10", "\"later\"", ">=3.11.5"),
        (
            ">=3.10",
            "\"plain\", \"compat; python_full_version < '3.11.9'\"",
            ">=3.11.9",
        ),
        // What tells none of the earlier ones apart.
        (">=3.10", "\"far\"", ">=3.11"),
    ] {
        let context = TestContext::new();
        let executable = interpreter(&context, "3.11.9");
        project(&context, python, dependencies);
        let with = |verb: &[&str]| run(&context, verb, &index).args(["--python", &executable]);
        with(&LOCK).run().exits(0);
        assert_eq!(stated(&context), expected, "{python} {dependencies}");
        with(&["check", "pylock.toml"]).run().exits(0);
        // An interpreter of another patch release writes the same.
        let before = context.read("pylock.toml");
        let executable = interpreter(&context, "3.11.10");
        let with = |verb: &[&str]| run(&context, verb, &index).args(["--python", &executable]);
        with(&["check", "pylock.toml"]).run().exits(0);
        with(&LOCK).run().exits(0);
        assert_eq!(
            context.read("pylock.toml"),
            before,
            "{python} {dependencies}"
        );
        // The lock installs what this Python needs: with the lowest of them too.
        let lowest = expected.trim_start_matches(">=");
        run(&context, &["check", "pylock.toml"], &index)
            .args(["--python-version", lowest, "--python-platform", "linux"])
            .run()
            .exits(0);
    }
}

#[cfg(unix)]
#[test]
fn a_free_threaded_python_is_no_other_at_another_patch_release() {
    let release = Release {
        wheels: vec!["cp313-cp313t-manylinux_2_17_x86_64".to_owned()],
        ..Release::default()
    };
    let index = Loopback::index(World::new().with_release("native", "1.0", release));
    let context = TestContext::new();
    let executable = interpreter_with(&context, "3.13.5", "cp313t");
    project(&context, ">=3.13", "\"native\"");
    run(&context, &LOCK, &index)
        .args(["--python", &executable])
        .run()
        .exits(0);
    assert_eq!(stated(&context), ">=3.13");
}

#[test]
fn a_python_that_was_asked_for_stands_as_it_was() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    project(&context, ">=3.10", "\"plain\"");
    for (python, expected) in [("3.11", ">=3.11"), ("3.11.9", ">=3.11.9")] {
        run(&context, &LOCK, &index)
            .args(["--python-version", python, "--python-platform", "linux"])
            .run()
            .exits(0);
        assert_eq!(stated(&context), expected);
    }
}

#[test]
fn a_universal_lock_begins_with_the_lowest_python_that_the_sources_admit() {
    let index = Loopback::index(world());
    for (python, expected) in [
        (">=3.10", ">=3.10"),
        (">=3.10.0", ">=3.10"),
        (">=3.10,<3.13", ">=3.10"),
        (">=3.10.14", ">=3.10.14"),
        ("~=3.10.4", ">=3.10.4"),
        ("==3.11.*", ">=3.11"),
        (">3.10", ">=3.10.1"),
        (">3.10.3", ">=3.10.4"),
        (">=3.10,!=3.10.0", ">=3.10.1"),
        (">=3.9,!=3.9.*", ">=3.10"),
        (">=3", ">=3.0"),
        // The lock knows final versions alone.
        (">=3.14.0rc1", ">=3.14"),
    ] {
        let context = TestContext::new();
        project(&context, python, "\"patched\"");
        run(&context, &LOCK, &index)
            .arg("--universal")
            .run()
            .exits(0);
        assert_eq!(stated(&context), expected, "{python}");
        run(&context, &["check", "pylock.toml"], &index)
            .run()
            .exits(0);
    }
    // What no Python can be is refused as before.
    let context = TestContext::new();
    project(&context, ">=3.12,<3.11", "\"plain\"");
    run(&context, &LOCK, &index)
        .arg("--universal")
        .run()
        .exits(1);
}
