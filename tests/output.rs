//! How a lock is written: every output option, and that `check` and a second run agree with it.

use lockgate_tests::{Index, Loopback, Release, Run, TestContext, World};

fn world() -> World {
    World::new()
        .with("web", "1.0", &["templates", "setuptools"])
        .with("templates", "1.0", &[])
        .with("setuptools", "70.0", &[])
}

/// Locks `web[async]` with `arguments`, holds that a second run changes nothing and that `check` has no complaint, and gives the lock.
#[track_caller]
fn locked(index: &Loopback<Index>, arguments: &[&str]) -> (TestContext, String) {
    let context = TestContext::new();
    context.write("requirements.in", "web\n");
    relocked(&context, index, arguments);
    let lock = context.read("requirements.txt");
    relocked(&context, index, arguments);
    assert_eq!(context.read("requirements.txt"), lock, "{arguments:?}");
    check(&context, index, &of_caller(arguments)).exits(0);
    (context, lock)
}

/// The options among those of a lock that no header can say for its check.
fn of_caller<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let mut of_caller = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match *argument {
            "--no-hashes" | "--no-allow-unsafe" | "--allow-unsafe" => of_caller.push(*argument),
            "--no-emit-package" | "--unsafe-package" => {
                of_caller.push("--no-emit-package");
                of_caller.extend(rest.next());
            }
            "--find-links" | "--no-binary" | "--only-binary" | "--trusted-host" => {
                of_caller.push(argument);
                of_caller.extend(rest.next());
            }
            _ => {}
        }
    }
    of_caller
}

#[track_caller]
fn relocked(context: &TestContext, index: &Loopback<Index>, arguments: &[&str]) {
    context.lock(index).args(arguments).run().exits(0);
}

fn check(context: &TestContext, index: &Loopback<Index>, arguments: &[&str]) -> Run {
    context
        .lockgate(&["check", "requirements.txt"])
        .args(["--index-url", &index.index_url()])
        .args(["--advisories", "advisories", "--cache-dir"])
        .arg(context.cache())
        .args(arguments)
        .run()
}

/// The lines below the header.
fn body(lock: &str) -> String {
    lock.split_inclusive('\n')
        .skip_while(|line| line.starts_with('#'))
        .collect()
}

#[test]
fn without_hashes_the_lock_says_versions_only() {
    let index = Loopback::index(world());
    let (context, lock) = locked(&index, &["--no-hashes"]);
    assert_eq!(
        body(&lock),
        "setuptools==70.0\n    # via web\ntemplates==1.0\n    # via web\nweb==1.0\n    # via -r requirements.in\n"
    );
    // With the header and without, only whoever checks can do without hashes.
    for text in [lock.clone(), body(&lock)] {
        context.write("requirements.txt", text);
        check(&context, &index, &[])
            .exits(1)
            .mentions(&["has no hashes"]);
        check(&context, &index, &["--no-hashes"]).exits(0);
    }
}

#[test]
fn annotations_can_be_lines_or_left_out() {
    let index = Loopback::index(world());
    let (_context, lock) = locked(&index, &["--no-hashes", "--annotation-style", "line"]);
    assert_eq!(
        body(&lock),
        "setuptools==70.0          # via web\ntemplates==1.0            # via web\nweb==1.0                  # via -r requirements.in\n"
    );
    let (_context, lock) = locked(&index, &["--no-hashes", "--no-annotate"]);
    assert_eq!(body(&lock), "setuptools==70.0\ntemplates==1.0\nweb==1.0\n");
}

#[test]
fn a_lock_without_header_is_pins_alone() {
    let index = Loopback::index(world());
    let (_context, lock) = locked(&index, &["--no-header"]);
    assert!(
        lock.starts_with("setuptools==70.0 \\\n    --hash"),
        "{lock}"
    );
}

#[test]
fn extras_are_stripped_when_asked() {
    let release = Release {
        extras: [("async".to_owned(), vec!["templates".to_owned()])].into(),
        ..Release::default()
    };
    let index = Loopback::index(world().with_release("app", "1.0", release));
    let context = TestContext::new();
    context.write("requirements.in", "app[async]\n");
    relocked(&context, &index, &[]);
    assert!(
        context
            .read("requirements.txt")
            .contains("\napp[async]==1.0 ")
    );
    relocked(&context, &index, &["--strip-extras"]);
    let lock = context.read("requirements.txt");
    assert!(lock.contains("\napp==1.0 "), "{lock}");
    check(&context, &index, &[]).exits(0);
}

#[test]
fn the_header_shows_a_command_of_ones_own() {
    let index = Loopback::index(world());
    let (_context, lock) = locked(
        &index,
        &[
            "--custom-compile-command",
            "make locks INDEX=https://me:secret@host.test/simple",
        ],
    );
    assert!(
        lock.contains("\n#    make locks INDEX=https://****@host.test/simple\n#\n"),
        "{lock}"
    );
    for variable in [
        "CUSTOM_COMPILE_COMMAND",
        "UV_CUSTOM_COMPILE_COMMAND",
        "LOCKGATE_CUSTOM_COMPILE_COMMAND",
    ] {
        let context = TestContext::new();
        context.write("requirements.in", "web\n");
        context
            .lock(&index)
            .env(variable, "./relock")
            .run()
            .exits(0);
        let lock = context.read("requirements.txt");
        assert!(lock.contains("\n#    ./relock\n"), "{variable}: {lock}");
    }
}

#[test]
fn index_lines_stand_where_the_sources_or_an_option_want_them() {
    let index = Loopback::index(world());
    let url = index.index_url();
    let context = TestContext::new();
    context.write("requirements.in", "web\n");
    let option = format!("--index-url {url}\n");
    for (source, arguments, expected) in [
        ("web\n", &[][..], false),
        ("web\n", &["--emit-index-url"], true),
        ("web\n", &["--emit-index-url", "--no-emit-index-url"], false),
        ("web\n", &["--emit-index-url", "--no-emit-options"], false),
        ("web\nOPTION", &[], true),
        ("web\nOPTION", &["--no-emit-index-url"], false),
        ("web\nOPTION", &["--no-emit-options"], false),
    ] {
        context.write("requirements.in", source.replace("OPTION", &option));
        relocked(&context, &index, arguments);
        let lock = context.read("requirements.txt");
        assert_eq!(
            body(&lock).starts_with(&option),
            expected,
            "{arguments:?}\n{lock}"
        );
        relocked(&context, &index, arguments);
        assert_eq!(context.read("requirements.txt"), lock, "{arguments:?}");
        check(&context, &index, &[]).exits(0);
    }
}

#[test]
fn folders_of_find_links_are_written_as_the_lock_reaches_them() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.in", "web\n");
    context.write("wheels/nothing.html", "<html></html>");
    context.write("locks/README", "");
    for (lock, arguments, expected) in [
        (
            "lock.txt",
            &["--emit-find-links"][..],
            "--find-links wheels\n\n",
        ),
        (
            "locks/lock.txt",
            &["--emit-find-links"],
            "--find-links ../wheels\n\n",
        ),
        (
            "lock.txt",
            &["--emit-find-links", "--no-emit-find-links"],
            "",
        ),
        ("lock.txt", &[], ""),
    ] {
        context
            .lockgate(&["lock", "requirements.in", "-o", lock, "-f", "wheels"])
            .args(["--index-url", &index.index_url(), "--no-advisories"])
            .args(["--python-version", "3.11", "--python-platform", "linux"])
            .arg("--cache-dir")
            .arg(context.cache())
            .args(arguments)
            .run()
            .exits(0);
        let text = context.read(lock);
        let options: String = body(&text)
            .split_inclusive('\n')
            .take_while(|line| !line.contains("=="))
            .collect();
        assert_eq!(options, expected, "{arguments:?}\n{text}");
    }
}

#[test]
fn what_pip_is_set_up_with_is_written_when_asked() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.in", "web\n");
    let secret = index.index_url().replace("://", "://me:secret@");
    let run = context
        .lock_bare()
        .args(["--no-advisories", "--emit-index-url"])
        .env("PIP_INDEX_URL", &secret)
        .run();
    run.exits(0);
    let lock = context.read("requirements.txt");
    let line = format!("--index-url {}\n", index.index_url());
    assert!(body(&lock).starts_with(&line), "{lock}");
    assert!(!lock.contains("secret"), "{lock}");
}

#[test]
fn file_options_stand_where_no_hash_decides() {
    let index = Loopback::index(world());
    for (arguments, expected) in [
        (&["--only-binary", ":all:"][..], ""),
        (
            &["--only-binary", ":all:", "--emit-build-options"],
            "--only-binary :all:\n\n",
        ),
        (
            &["--only-binary", "web", "--no-hashes"],
            "--only-binary web\n\n",
        ),
        (
            &["--only-binary", "web", "--no-hashes", "--no-emit-options"],
            "",
        ),
    ] {
        let (_context, lock) = locked(&index, arguments);
        let options: String = body(&lock)
            .split_inclusive('\n')
            .take_while(|line| !line.contains("=="))
            .collect();
        assert_eq!(options, expected, "{arguments:?}\n{lock}");
    }
}

#[test]
fn a_project_can_be_named_and_not_pinned() {
    let index = Loopback::index(world());
    let end = "    # via -r requirements.in\n\n# Needed and not pinned here:\n# setuptools==70.0\n";
    for arguments in [
        &["--no-emit-package", "setuptools"][..],
        &["--no-allow-unsafe"],
    ] {
        let (context, lock) = locked(&index, arguments);
        assert!(
            lock.ends_with(end) && !lock.contains("\nsetuptools=="),
            "{lock}"
        );
        // A newer release does not move what the lock only names.
        index.set_world(world().with("setuptools", "71.0", &[]));
        context
            .lock(&index)
            .args(arguments)
            .arg("--refresh")
            .run()
            .exits(0)
            .mentions(&["setuptools", "installed already"]);
        assert_eq!(context.read("requirements.txt"), lock);
        index.set_world(world());
    }
    let (_context, lock) = locked(
        &index,
        &["--no-emit-package", "setuptools", "--allow-unsafe"],
    );
    assert!(lock.contains("\nsetuptools==70.0 "), "{lock}");
}

#[test]
fn line_ends_are_as_asked() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.in", "web\n");
    for (newline, is_windows) in [
        ("CRLF", true),
        ("preserve", true),
        ("lf", false),
        ("preserve", false),
        ("native", cfg!(windows)),
    ] {
        relocked(&context, &index, &["--newline", newline]);
        let lock = context.read("requirements.txt");
        assert_eq!(lock.contains("\r\n"), is_windows, "{newline}");
    }
}

#[test]
fn a_run_can_be_tried_and_shown() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.in", "web\n");
    context.write("requirements.txt", "web==1.0\n");
    for dry in ["-n", "--dry-run"] {
        let run = context
            .lock(&index)
            .args([dry, "--diff", "--no-hashes", "--report", "report.json"])
            .args(["--color", "always"])
            .run();
        run.exits(0).mentions(&["Would lock 3 packages"]);
        assert!(
            run.stdout.contains("\u{1b}[32m+templates==1.0\u{1b}[0m\n"),
            "{:?}",
            run.stdout
        );
        assert_eq!(context.read("requirements.txt"), "web==1.0\n");
        assert!(
            context
                .read("report.json")
                .contains("\"status\": \"locked\"")
        );
    }
    let run = context
        .lock(&index)
        .args(["--dry-run", "--report", "-"])
        .run();
    assert!(run.stdout.starts_with("{\n"), "{}", run.stdout);
    assert!(!context.exists("-"));
    let run = context
        .lock(&index)
        .args(["--dry-run", "--diff", "--no-hashes"])
        .run();
    assert!(run.stdout.contains("\n+templates==1.0\n"), "{}", run.stdout);
}

#[test]
fn another_folder_can_be_worked_in() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("service/requirements.in", "web\n");
    let run = |verb: &[&str]| {
        context
            .lockgate(verb)
            .args(["--directory", "service", "--index-url", &index.index_url()])
            .args(["--no-advisories", "--report", "report.json", "--cache-dir"])
            .arg(context.cache())
            .run()
    };
    run(&["lock"]).exits(0);
    let lock = context.read("service/requirements.txt");
    assert!(lock.contains("# via -r requirements.in"), "{lock}");
    assert!(!lock.contains("--directory"), "{lock}");
    assert!(context.exists("service/report.json"));
    run(&["check"]).exits(0);
    context
        .lockgate(&["lock", "--directory", "nowhere"])
        .run()
        .exits(2)
        .mentions(&["--directory nowhere"]);
}

#[test]
fn a_form_goes_with_the_name_of_its_file() {
    let context = TestContext::new();
    context.write("requirements.in", "web\n");
    for arguments in [
        &["--format", "pylock.toml", "-o", "x.txt"][..],
        &["-o", "pylock.a.b.toml"],
    ] {
        let run = context.lockgate(&["lock"]).args(arguments).run();
        run.exits(2).mentions(&["is no name of a `pylock.toml`"]);
    }
    let index = Loopback::index(world());
    let (_context, lock) = locked(&index, &["--format", "requirements.txt", "--no-hashes"]);
    assert!(lock.contains("\nweb==1.0\n"), "{lock}");
}

#[test]
fn bad_usage_is_reported_where_a_report_is_wanted() {
    let context = TestContext::new();
    context.write("requirements.in", "web\n");
    for arguments in [
        &["lock", "--wat", "--report", "report.json"][..],
        &["lock", "--report=report.json", "--gate", "maybe"],
        &[
            "check",
            "--directory",
            ".",
            "--wat",
            "--report",
            "report.json",
        ],
    ] {
        let run = context.lockgate(arguments).arg("--json").run();
        run.exits(2);
        let report = context.read("report.json");
        assert!(report.contains("\"status\": \"failed\""), "{report}");
        assert_eq!(run.stdout, report);
        std::fs::remove_file(context.path("report.json")).unwrap();
    }
    let run = context
        .lockgate(&["lock", "--timeout", "https://me:secret@host.test"])
        .run();
    assert!(!run.exits(2).stderr.contains("secret"), "{}", run.stderr);
    context
        .lockgate(&["lock", "--wat", "--report", "requirements.in"])
        .run()
        .exits(2);
    assert_eq!(context.read("requirements.in"), "web\n");
}
