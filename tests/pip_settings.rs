//! pip's settings, end to end: what `PIP_*` and a `pip.conf` say holds for a lock, and `-v` says where it was said.

use lockgate_tests::{Index, Lockgate, Loopback, Release, SourceDistribution, TestContext, World};

/// A tool with an old release that has a source distribution, and two later ones that have wheels alone.
fn tools() -> Loopback<Index> {
    let release = |uploaded: &str, sdist| Release {
        uploaded: Some(uploaded.to_owned()),
        sdist,
        ..Release::default()
    };
    Loopback::index(
        World::new()
            .with_release(
                "tool",
                "1.0",
                release("2023-01-01", SourceDistribution::Static),
            )
            .with_release(
                "tool",
                "2.0",
                release("2024-01-01", SourceDistribution::None),
            )
            .with_release(
                "tool",
                "3.0",
                release("2025-01-01", SourceDistribution::None),
            )
            .with_release(
                "tool",
                "4.0rc1",
                release("2025-01-01", SourceDistribution::None),
            ),
    )
}

fn context() -> TestContext {
    let context = TestContext::new();
    context.write("requirements.in", "tool\n");
    context
}

/// The lock with `text` as pip's only configuration file.
fn lock_with<'a>(
    context: &'a TestContext,
    index: &Loopback<Index>,
    text: impl AsRef<[u8]>,
) -> Lockgate<'a> {
    context.write("pip.conf", text);
    context
        .lock(index)
        .env("PIP_CONFIG_FILE", context.path("pip.conf"))
}

#[track_caller]
fn locks(context: &TestContext, pin: &str) {
    let lock = context.read("requirements.txt");
    assert!(lock.contains(pin), "{lock}");
}

#[test]
fn constraints_that_are_set_up_hold_beside_those_of_the_command_line() {
    let (context, index) = (context(), tools());
    context.write("set-up.txt", "tool<3\n");
    context.write("given.txt", "tool!=2.0\n");
    let lock = || context.lock(&index).env("PIP_CONSTRAINT", "set-up.txt");
    lock().run().exits(0);
    locks(&context, "tool==2.0");
    locks(&context, "-c set-up.txt");
    lock().args(["-c", "given.txt"]).run().exits(0);
    locks(&context, "tool==1.0");
    let run = context
        .lock(&index)
        .env("PIP_CONSTRAINT", "missing.txt")
        .run();
    run.exits(2).mentions(&["missing.txt", "PIP_CONSTRAINT"]);
}

#[test]
fn formats_and_pre_releases_follow_the_file_and_the_command_line_wins() {
    let (context, index) = (context(), tools());
    let formats = "[install]\nno-binary = :all:\n";
    lock_with(&context, &index, formats).run().exits(0);
    locks(&context, "tool==1.0");
    lock_with(&context, &index, formats)
        .args(["-U", "--no-binary", ":none:"])
        .run()
        .exits(0);
    locks(&context, "tool==3.0");
    lock_with(&context, &index, "[global]\npre = yes\n")
        .arg("-U")
        .run()
        .exits(0);
    locks(&context, "tool==4.0rc1");
    lock_with(&context, &index, "[global]\npre = yes\n")
        .args(["-U", "--prerelease", "disallow"])
        .run()
        .exits(0);
    locks(&context, "tool==3.0");
    // What a source says comes after what is set up.
    context.write("requirements.in", "--no-binary :none:\ntool\n");
    lock_with(&context, &index, formats)
        .arg("-U")
        .run()
        .exits(0);
    locks(&context, "tool==3.0");
}

#[test]
fn uploaded_prior_to_is_a_cutoff_in_pips_reading() {
    let (context, index) = (context(), tools());
    for (set, pin) in [
        ("2024-06-01", "tool==2.0"),
        // Not a whole day later, as a date of `--exclude-newer` would be.
        ("2024-01-01T00:00:00Z", "tool==1.0"),
        ("P1D", "tool==3.0"),
    ] {
        context
            .lock(&index)
            .arg("-U")
            .env("PIP_UPLOADED_PRIOR_TO", set)
            .run()
            .exits(0);
        locks(&context, pin);
    }
    context
        .lock(&index)
        .args(["-U", "--exclude-newer", "2024-06-01"])
        .env("PIP_UPLOADED_PRIOR_TO", "2023-06-01")
        .run()
        .exits(0);
    locks(&context, "tool==2.0");
}

#[test]
fn the_file_of_a_virtual_environment_counts_without_starting_its_python() {
    let (context, index) = (context(), tools());
    context.write("venv/pyvenv.cfg", "home = /nowhere/bin\n");
    context.write("venv/bin/python", "#!/bin/sh\nexit 7\n");
    context.write("venv/pip.conf", "[global]\nconstraint = set-up.txt\n");
    context.write("set-up.txt", "tool<2\n");
    context
        .lock(&index)
        .env("PIP_CONFIG_FILE", "")
        .env("XDG_CONFIG_DIRS", context.path("none"))
        .env("VIRTUAL_ENV", context.path("venv"))
        .run()
        .exits(0);
    locks(&context, "tool==1.0");
}

#[test]
fn what_pip_would_not_start_with_is_an_error_with_file_line_and_remedy() {
    let (context, index) = (context(), tools());
    context.write("requirements.txt", "# old\n");
    for (text, place, why) in [
        (
            &b"[global]\ntimeout = soon\n"[..],
            "pip.conf:2",
            "no number of seconds",
        ),
        (
            b"[global]\n\nretries = x\n",
            "pip.conf:3",
            "no whole number",
        ),
        (b"[install]\npre = perhaps\n", "pip.conf:2", "no switch"),
        (
            b"[global]\nno-binary = a b\n",
            "pip.conf:2",
            "not a valid name",
        ),
        (
            b"[global]\ntimeout\n",
            "pip.conf:2",
            "neither a section nor",
        ),
        (b"timeout = 1\n", "pip.conf:1", "before the first section"),
        (b"\xef\xbb\xbf[global]\n", "pip.conf:1", "byte order mark"),
        (b"[global]\na = 1\nA = 2\n", "pip.conf:3", "stands twice"),
        (b"[global]\ncert = /\xff\n", "pip.conf:2", "not UTF-8"),
        (
            b"[global]\npre = 1\nall-releases = tool\n",
            "pip.conf:3",
            "together with `pre`",
        ),
        (b"[global]\nplatform = win_amd64\nabi = cp39\n", "", ""),
    ] {
        let run = lock_with(&context, &index, text).run();
        if why.is_empty() {
            // The target is named by options here, so pip's settings leave nothing open.
            run.exits(0);
        } else {
            run.exits(2).mentions(&[place, why, "help:"]);
            assert_eq!(context.read("requirements.txt"), "# old\n");
        }
    }
    let run = context
        .lockgate(&[
            "lock",
            "requirements.in",
            "-o",
            "-",
            "--python-version",
            "3.11",
        ])
        .env("PIP_PLATFORM", "win_amd64")
        .run();
    run.exits(2)
        .mentions(&["platform = win_amd64", "PIP_PLATFORM", "--python-platform"]);
}

#[test]
fn every_setting_in_effect_is_told_with_its_origin_and_without_secrets() {
    let (context, index) = (context(), tools());
    context.write("lockgate.toml", "min-severity = \"high\"\n");
    let second = index.index_url().replace("://", "://user:hush-hush@");
    let run = lock_with(
        &context,
        &index,
        format!(
            "[global]\ntimeout = 30\nretries = 2\n[install]\nextra-index-url = {second}\nrequire-hashes = yes\nnonsense = 1\n"
        ),
    )
    .env("PIP_PREFER_BINARY", "1")
    .env("PIP_REQUIREMENT", "other.txt")
    .env("LOCKGATE_RETRIES", "4")
    .args(["-v", "--no-annotate"])
    .run();
    run.exits(0)
        .mentions(&[
            "setting: --no-annotate (command line)",
            "setting: --retries 4 (LOCKGATE_RETRIES)",
            "setting: min-severity = high (lockgate.toml:1)",
            "setting: pip's timeout = 30 ([ROOT]/work/pip.conf:2)",
            "setting: pip's extra-index-url = http://user:****@127.0.0.1:[PORT]",
            "setting: pip's prefer-binary = 1 (PIP_PREFER_BINARY)",
            "pip's requirement (PIP_REQUIREMENT) has no effect",
            "pip's require-hashes ([ROOT]/work/pip.conf:6) has no effect",
            "pip's configuration: [ROOT]/work/pip.conf (read)",
            "pip's configuration: /etc/xdg/pip/pip.conf (",
        ])
        .does_not_mention(&["hush-hush", "pip's retries", "nonsense"]);
    let quiet = lock_with(&context, &index, "[global]\ntimeout = 30\n").run();
    quiet
        .exits(0)
        .does_not_mention(&["setting:", "pip's configuration"]);
}

#[test]
fn requirements_of_python_are_heeded_whatever_pip_is_set_up_with() {
    let context = context();
    let newer = Release {
        requires_python: Some(">=3.12".to_owned()),
        ..Release::default()
    };
    let index = Loopback::index(
        World::new()
            .with("tool", "1.0", &[])
            .with_release("tool", "2.0", newer),
    );
    let run = context
        .lock(&index)
        .env("PIP_IGNORE_REQUIRES_PYTHON", "1")
        .run();
    run.exits(0)
        .mentions(&["ignore-requires-python", "PIP_IGNORE_REQUIRES_PYTHON"]);
    locks(&context, "tool==1.0");
}
