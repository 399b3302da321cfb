//! `lockgate check`: a lock against its sources, for CI.

use lockgate_tests::{
    Advisory, Fault, Index, Lockgate, Loopback, Project, Release, TestContext, World, Yank,
};

fn locked() -> (Loopback<Index>, TestContext) {
    let index = Loopback::index(
        World::new()
            .with("a", "1.0", &["b>=1"])
            .with("b", "1.0", &[])
            .with("b", "1.1", &[]),
    );
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.lock(&index).run().exits(0);
    (index, context)
}

fn check<'a>(context: &'a TestContext, index: &Loopback<Index>) -> Lockgate<'a> {
    context
        .lockgate(&[
            "check",
            "requirements.txt",
            "--index-url",
            &index.index_url(),
            "--advisories",
            "advisories",
        ])
        .arg("--cache-dir")
        .arg(context.cache())
}

#[test]
fn a_fresh_lock_passes() {
    let (index, context) = locked();
    check(&context, &index).run().exits(0);
}

#[test]
fn a_newer_release_is_no_reason_to_fail() {
    let (index, context) = locked();
    index.set_world(
        World::new()
            .with("a", "1.0", &["b>=1"])
            .with("a", "2.0", &[])
            .with("b", "1.1", &[]),
    );
    check(&context, &index).arg("--refresh").run().exits(0);
}

#[test]
fn a_changed_source_makes_the_lock_outdated() {
    let (index, context) = locked();
    let lock = context.read("requirements.txt");
    context.write("requirements.in", "a\nb<1.1\n");
    check(&context, &index).run().exits(1).mentions(&["b"]);
    assert_eq!(context.read("requirements.txt"), lock);
}

#[test]
fn a_requirement_without_a_pin_makes_the_lock_outdated() {
    let (index, context) = locked();
    index.set_world(
        World::new()
            .with("a", "1.0", &["b>=1"])
            .with("b", "1.1", &[])
            .with("c", "1.0", &[]),
    );
    context.write("requirements.in", "a\nc\n");
    check(&context, &index).run().exits(1).mentions(&["c"]);
}

#[test]
fn a_missing_hash_fails() {
    let (index, context) = locked();
    let lock = context.read("requirements.txt");
    let kept: Vec<&str> = lock
        .lines()
        .filter(|line| !line.contains("--hash"))
        .collect();
    context.write(
        "requirements.txt",
        kept.join("\n").replace(" \\", "") + "\n",
    );
    check(&context, &index).run().exits(1).mentions(&["hash"]);
}

#[test]
fn a_new_advisory_fails() {
    let (index, context) = locked();
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-9", "b")]);
    check(&context, &index)
        .run()
        .exits(1)
        .mentions(&["PYSEC-2024-9"]);
}

#[test]
fn every_reason_is_told_and_not_only_the_first() {
    let (index, context) = locked();
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-9", "b")]);
    context.write("requirements.in", "a>=2\n");
    check(&context, &index)
        .run()
        .exits(1)
        .mentions(&["PYSEC-2024-9", "a>=2"]);
}

#[test]
fn a_missing_lock_or_source_is_a_failure() {
    let (index, context) = locked();
    std::fs::remove_file(context.path("requirements.in")).unwrap();
    check(&context, &index)
        .run()
        .exits(2)
        .mentions(&["requirements.in"]);
    std::fs::remove_file(context.path("requirements.txt")).unwrap();
    check(&context, &index)
        .run()
        .exits(2)
        .mentions(&["requirements.txt"]);
}

#[test]
fn a_lock_from_standard_input_needs_its_source_named() {
    let (index, context) = locked();
    let lock = context.read("requirements.txt");
    let from_stdin = lock.replace("lock requirements.in", "lock -");
    context.write("requirements.txt", &from_stdin);
    check(&context, &index)
        .run()
        .exits(2)
        .mentions(&["standard input", "--source"]);
    check(&context, &index)
        .args(["--source", "requirements.in"])
        .run()
        .exits(0);
}

#[test]
fn a_source_of_advisories_that_fails_is_no_answer() {
    let (index, context) = locked();
    let service = Loopback::osv(vec![Advisory::new("PYSEC-2024-9", "b")], 10);
    let asked = || {
        check(&context, &index)
            .args([
                "--advisories",
                &service.origin(),
                "--timeout",
                "1",
                "--retries",
                "0",
            ])
            .run()
    };
    asked().exits(1).mentions(&["PYSEC-2024-9"]);
    for fault in [Fault::Status(500), Fault::Status(404), Fault::Hang] {
        service.fault("/v1/*", fault);
        let run = asked();
        run.exits(2).mentions(&["127.0.0.1:[PORT]"]);
        run.does_not_mention(&["is up to date", "no findings"]);
    }
    context.write_advisories("advisories", &[]);
    context.write("advisories/PYSEC-2024-9.json", "{");
    check(&context, &index)
        .run()
        .exits(2)
        .mentions(&["PYSEC-2024-9.json"]);
}

#[test]
fn an_accepted_finding_passes_and_one_below_the_threshold_too() {
    let (index, context) = locked();
    context.write_advisories(
        "advisories",
        &[Advisory::new("PYSEC-2024-9", "b").severity("low")],
    );
    check(&context, &index).run().exits(1);
    check(&context, &index)
        .args(["--min-severity", "high"])
        .run()
        .exits(0);
    context.write(
        "lockgate.toml",
        "[[ignore]]\nid = \"PYSEC-2024-9\"\nreason = \"ours\"\n",
    );
    check(&context, &index).run().exits(0);
}

#[test]
fn the_index_is_asked_anew_on_request() {
    let world = |yanked| {
        let mut world = World::new();
        let release = Release {
            yanked,
            ..Release::default()
        };
        world.projects.insert(
            "back".to_owned(),
            Project {
                status: Some("archived".to_owned()),
                releases: [("1.0".to_owned(), release)].into(),
            },
        );
        world
    };
    let index = Loopback::index(world(Yank::No));
    let context = TestContext::new();
    context.write("requirements.in", "back==1.0\n");
    context.lock(&index).run().exits(0);
    index.set_world(world(Yank::Because("it was broken".to_owned())));
    check(&context, &index).run().exits(0);
    let run = check(&context, &index).arg("--online").run();
    run.exits(0)
        .mentions(&["yanked", "it was broken", "archived"]);
    context.write("lockgate.toml", "yanked = \"deny\"\n");
    let run = check(&context, &index).arg("--online").run();
    run.exits(1).mentions(&["yanked", "it was broken"]);
}

#[test]
fn why_sources_cannot_be_satisfied_is_shown_with_its_styles() {
    let index = Loopback::index(
        World::new()
            .with("a", "1.0", &["b>=1"])
            .with("b", "1.0", &[]),
    );
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.lock(&index).run().exits(0);
    context.write("requirements.in", "a\nb<1\n");
    let run = |arguments: &[&str]| {
        context
            .lockgate(arguments)
            .args(["--index-url", &index.index_url()])
            .args(["--advisories", "advisories", "--no-cache"])
            .run()
    };
    let check = run(&["check", "--color", "always"]);
    check
        .exits(1)
        .mentions(&["its sources cannot be satisfied any more", "b"]);
    let resolved = run(&["audit", "--resolve", "requirements.in", "--color", "always"]);
    resolved
        .exits(2)
        .mentions(&["requirements.in cannot be solved"]);
    for run in [&check, &resolved] {
        assert!(run.stderr.contains("\u{1b}["), "{}", run.stderr);
        assert!(!run.stderr.contains("u{1b}"), "{}", run.stderr);
        assert!(!run.stderr.contains("\\x1b"), "{}", run.stderr);
    }
    // A document has no styles.
    let document = run(&["check", "--json", "--color", "always"]);
    let found: serde_json::Value = serde_json::from_str(&document.stdout).unwrap();
    let reason = found["reasons"][0].as_str().unwrap();
    assert!(reason.contains("satisfied any more\n"), "{reason}");
    assert!(
        !reason.contains('\u{1b}') && !reason.contains("u{1b}"),
        "{reason}"
    );
}
