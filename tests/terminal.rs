//! What people see: progress, colour, quiet and loud, and the end by Ctrl-C.

use lockgate_tests::{Advisory, Fault, Loopback, TestContext, World};

fn world() -> World {
    World::new().with("a", "1.0", &["b"]).with("b", "1.0", &[])
}

#[test]
fn no_progress_and_no_colour_reach_a_pipe() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    let run = context.lock(&index).env("TERM", "xterm-256color").run();
    run.exits(0);
    assert!(
        !run.stderr.contains('\u{1b}') && !run.stderr.contains('\r'),
        "{:?}",
        run.stderr
    );
    assert_eq!(run.stdout, "");
}

#[test]
fn colour_is_used_when_asked_for_and_never_in_files() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "a")]);
    let run = context
        .lock(&index)
        .args(["--color", "always", "--report", "report.json"])
        .run();
    assert!(run.exits(1).stderr.contains('\u{1b}'), "{:?}", run.stderr);
    assert!(!context.read("report.json").contains("\\u001b"));
}

#[test]
fn quiet_says_nothing_of_a_success_and_all_of_a_refusal() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    let run = context.lock(&index).arg("-q").run();
    assert_eq!(
        (run.exits(0).stderr.as_str(), run.stdout.as_str()),
        ("", "")
    );
    context.write("requirements.in", "a>9\n");
    context
        .lock(&index)
        .arg("-q")
        .run()
        .exits(1)
        .mentions(&["a>9"]);
}

#[test]
fn bad_usage_exits_with_2() {
    let context = TestContext::new();
    for arguments in [
        &["lock", "--no-such-option"][..],
        &["no-such-verb"],
        &[],
        &["lock", "--gate", "maybe"],
    ] {
        assert_eq!(context.lockgate(arguments).run().code, 2, "{arguments:?}");
    }
}

#[test]
fn help_names_no_command_that_is_not_there() {
    let context = TestContext::new();
    let run = context.lockgate(&["--help"]).run();
    run.exits(0);
    for verb in ["lock", "audit", "check", "cache"] {
        assert!(
            run.stdout.contains(verb),
            "{verb} is missing:\n{}",
            run.stdout
        );
        context.lockgate(&[verb, "--help"]).run().exits(0);
    }
    for verb in ["explain", "serve", "completions"] {
        assert!(
            !run.stdout.contains(verb),
            "{verb} is promised:\n{}",
            run.stdout
        );
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_the_old_lock_and_no_half_file() {
    a_signal_leaves_the_old_lock("-INT", 130, "interrupted; nothing was written");
}

#[cfg(unix)]
#[test]
fn a_termination_leaves_the_old_lock_and_no_half_file() {
    a_signal_leaves_the_old_lock("-TERM", 143, "terminated; nothing was written");
}

#[cfg(unix)]
#[test]
fn the_end_of_the_terminal_leaves_the_old_lock_and_no_half_file() {
    if lockgate_tests::ending_signals().contains(&("-HUP", 129)) {
        a_signal_leaves_the_old_lock("-HUP", 129, "the terminal was closed; nothing was written");
    }
}

#[cfg(unix)]
fn a_signal_leaves_the_old_lock(signal: &str, code: i32, words: &str) {
    let index = Loopback::index(world());
    index.fault("/simple/b/", Fault::Hang);
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.write("requirements.txt", "a==1.0\n");
    let mut child = context.lock(&index).start();
    while index.count("/simple/b/") == 0 {
        assert!(
            child.try_wait().expect("a child can be asked").is_none(),
            "it must wait for the hanging page"
        );
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    context
        .program("kill")
        .args([signal, &child.id().to_string()])
        .run()
        .exits(0);
    let ended = child.wait_with_output().expect("a child ends");
    assert_eq!(ended.status.code(), Some(code));
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains(words), "{said}");
    assert_eq!(context.read("requirements.txt"), "a==1.0\n");
    assert_eq!(
        context.file_names(),
        ["advisories", "requirements.in", "requirements.txt"]
    );
}
