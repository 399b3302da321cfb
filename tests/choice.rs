//! Options of the choice, end to end: what scenario files cannot say.

use lockgate_tests::{Advisory, Index, Loopback, Release, TestContext, World};

fn world() -> Loopback<Index> {
    Loopback::index(
        World::new()
            .with("a", "1.0", &["b<2"])
            .with("b", "1.0", &[])
            .with("b", "2.0", &[])
            .with("b", "3.0", &[]),
    )
}

fn check<'a>(
    context: &'a TestContext,
    index: &Loopback<Index>,
    extra: &[&str],
) -> lockgate_tests::Lockgate<'a> {
    context
        .lockgate(&["check", "requirements.txt"])
        .args(["--index-url", &index.index_url()])
        .args(["--advisories", "advisories"])
        .args(extra.iter().copied())
        .arg("--cache-dir")
        .arg(context.cache())
}

#[test]
fn check_holds_overrides_and_exclusions_against_the_lock_again() {
    let index = world();
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.write("overrides.txt", "b<3\n");
    context
        .lock(&index)
        .args(["--override", "overrides.txt"])
        .run()
        .exits(0);
    // What the header says of overrides does not count.
    check(&context, &index, &[])
        .run()
        .exits(1)
        .mentions(&["`b==2.0` would now be 1.0", "`--override overrides.txt`"]);
    check(&context, &index, &["--override", "overrides.txt"])
        .run()
        .exits(0);
    // Another file in place of the recorded one, an exclusion, and the recorded file itself changed.
    context.write("others.txt", "b==3.0\n");
    check(&context, &index, &["--override", "others.txt"])
        .run()
        .exits(1)
        .mentions(&["`b==2.0` would now be 3.0"]);
    check(&context, &index, &["--exclude", "b"])
        .run()
        .exits(1)
        .mentions(&["`b==2.0` is locked and not required by anything"]);
    context.write("overrides.txt", "b==1.0\n");
    check(&context, &index, &["--override", "overrides.txt"])
        .run()
        .exits(1)
        .mentions(&["`b==2.0` would now be 1.0"]);
}

#[test]
fn a_fix_that_the_cooldown_admitted_still_stands_in_a_check() {
    let young = Release {
        uploaded: Some("2 days ago".to_owned()),
        ..Release::default()
    };
    let old = Release {
        uploaded: Some("30 days ago".to_owned()),
        ..Release::default()
    };
    let index = Loopback::index(
        World::new()
            .with_release("a", "1.0", old)
            .with_release("a", "1.1", young),
    );
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    let fix = Advisory::new("PYSEC-2024-1", "a").between("0", "1.1");
    context.write_advisories("advisories", &[fix]);
    let run = context
        .lock(&index)
        .args(["--cooldown", "P7D", "--json"])
        .run();
    run.exits(0);
    assert!(
        run.stdout.contains("\"cooldown-fix\""),
        "the report says so: {}",
        run.stdout
    );
    check(&context, &index, &[]).run().exits(0);
    check(&context, &index, &["--cooldown", "1 day"])
        .run()
        .exits(0);
    check(&context, &index, &["--gate", "off"])
        .run()
        .exits(1)
        .mentions(&["`a==1.1` would now be 1.0", "younger than the cooldown"]);
}

#[test]
fn an_override_file_that_cannot_be_used_is_told_with_its_place() {
    let index = world();
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.write("requirements.txt", "a==1.0\n");
    for (text, parts) in [
        (None, ["overrides.txt", "cannot be read"]),
        (
            Some("b<2\n--pre\n"),
            ["overrides.txt", "neither constraints nor options"],
        ),
        (Some("b\n=c\n"), ["overrides.txt:2", "not a requirement"]),
    ] {
        if let Some(text) = text {
            context.write("overrides.txt", text);
        }
        context
            .lock(&index)
            .args(["--override", "overrides.txt"])
            .run()
            .exits(2)
            .mentions(&parts);
        assert_eq!(context.read("requirements.txt"), "a==1.0\n");
    }
    context.write("overrides.txt", "b<2\n");
    context
        .lock(&index)
        .args(["--override", "requirements.txt"])
        .run()
        .exits(2)
        .mentions(&["both a source and the lock to write"]);
}

#[test]
fn the_report_tells_what_is_defied_and_left_out() {
    let index = world();
    let context = TestContext::new();
    context.write("requirements.in", "a\nb\n");
    let run = context
        .lock(&index)
        .args(["--exclude", "b", "--json"])
        .run();
    run.exits(0);
    for part in [
        "\"kind\": \"excluded\"",
        "\"origin\": \"requirements.in:2\"",
        "\"kind\": \"defied\"",
        "\"requirement\": \"b<2\"",
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
}
