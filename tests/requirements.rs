//! Requirement files through the whole program: includes by address, what pip passes over, `--require-hashes`.

use lockgate_tests::{Answer, Incoming, Index, Loopback, Run, Site, TestContext, World};

const HASH: &str = "--hash=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A server of requirement files.
struct Shelf;

impl Site for Shelf {
    fn answer(&self, request: &Incoming) -> Answer {
        let text = match request.path.as_str() {
            "/r/base.txt" => "a\n-c limits.txt\n-r ../more.txt\n",
            "/r/limits.txt" => "a<2\n",
            "/more.txt" => "b # \u{fc}\n",
            "/wrong.txt" => "\na==\n",
            "/round.txt" => "-r round.txt\n",
            "/private.txt" => return Answer::status(403),
            _ => return Answer::status(404),
        };
        Answer::ok("text/plain", text)
    }
}

fn world() -> Loopback<Index> {
    Loopback::index(
        World::new()
            .with("a", "1.0", &[])
            .with("a", "2.0", &[])
            .with("b", "1.0", &[]),
    )
}

fn lock(context: &TestContext, source: &str) -> Run {
    context.write("requirements.in", source);
    context.lock(&world()).run()
}

#[test]
fn an_include_by_address_is_fetched_with_its_own_includes() {
    let shelf = Loopback::start(Shelf);
    let context = TestContext::new();
    let address = format!("{}/r/base.txt", shelf.origin()).replace("://", "://user:s3cret@");
    let run = lock(&context, &format!("-r {address}\n"));
    run.exits(0);
    let text = context.read("requirements.txt");
    assert!(text.contains("a==1.0") && text.contains("b==1.0"), "{text}");
    assert!(text.contains("-r http://****@127.0.0.1"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
    assert_eq!(shelf.count("/r/limits.txt"), 1);
    let first = shelf.log().into_iter().next().unwrap();
    assert!(first.authorization.is_some(), "{first:?}");
}

#[test]
fn what_is_wrong_with_an_include_by_address_names_the_line_that_includes_it() {
    let shelf = Loopback::start(Shelf);
    for (path, says) in [
        ("gone.txt", "is not there"),
        ("private.txt", "refused access with status 403"),
        ("round.txt", "round in a circle"),
        ("wrong.txt", "wrong.txt:2: `a==` is not a requirement"),
    ] {
        let context = TestContext::new();
        let address = format!("{}/{path}", shelf.origin()).replace("://", "://user:s3cret@");
        let run = lock(&context, &format!("a\n-r {address}\n"));
        run.exits(2).mentions(&[says, "help:"]);
        assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
        assert!(!context.exists("requirements.txt"));
    }
}

#[test]
fn offline_no_include_is_fetched() {
    let shelf = Loopback::start(Shelf);
    let context = TestContext::new();
    context.write(
        "requirements.in",
        format!("-r {}/more.txt\n", shelf.origin()),
    );
    let run = context.lock(&world()).arg("--offline").run();
    run.exits(2).mentions(&["requirements.in:1", "--offline"]);
    assert_eq!(shelf.log(), []);
}

#[test]
fn what_pip_passes_over_is_told_with_file_and_line() {
    let context = TestContext::new();
    let run = lock(&context, "a==1.0 --pre\nb\n");
    run.exits(0)
        .mentions(&["warning: requirements.in:1: `--pre` has no effect"]);
    assert!(context.read("requirements.txt").contains("a==1.0"));
}

#[test]
fn required_hashes_are_asked_for_line_by_line() {
    for (source, says) in [
        (
            "--require-hashes\na>=1\n",
            "requirements.in:2: `--require-hashes` is set, and of `a>=1` no version is pinned",
        ),
        (
            "a==1.0\n--require-hashes\n",
            "requirements.in:1: `--require-hashes` is set, and of `a==1.0` it has no `--hash`",
        ),
    ] {
        let context = TestContext::new();
        lock(&context, source).exits(2).mentions(&[says, "help:"]);
        assert!(!context.exists("requirements.txt"));
    }
    // What does not apply needs none, and a constraint may give it.
    let context = TestContext::new();
    context.write("limits.txt", format!("a==1.0 {HASH}\n"));
    let run = lock(
        &context,
        "--require-hashes\n-c limits.txt\na==1.0\nb ; sys_platform == 'none'\n",
    );
    run.does_not_mention(&["`--require-hashes` is set"]);
}

#[test]
fn hashes_hold_where_their_line_does() {
    let context = TestContext::new();
    let index = world();
    let lock_universal = || {
        let run = context
            .lockgate(&["lock", "requirements.in", "--universal", "--no-advisories"])
            .args(["--python-version", "3.8", "-i", &index.index_url()])
            .run();
        run.exits(0);
        let lock = context.read("requirements.txt");
        let lines = lock
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    context.write(
        "requirements.in",
        "a==1.0 ; sys_platform == 'linux'\na==2.0 ; sys_platform != 'linux'\n",
    );
    let pins = lock_universal();
    assert_eq!(pins.len(), 4, "{pins:?}");
    // The lock is a source like any other, for all environments and for one.
    context.write("requirements.in", context.read("requirements.txt"));
    assert_eq!(lock_universal(), pins);
    context.write("requirements.txt", "");
    context.lock(&index).run().exits(0);
    let lock = context.read("requirements.txt");
    assert!(
        lock.contains("a==1.0 \\\n") && !lock.contains("a==2.0"),
        "{lock}"
    );
}

#[test]
fn a_file_in_an_old_encoding_is_read_as_it_declares_or_as_the_locale_has_it() {
    let context = TestContext::new();
    context.write("requirements.in", b"# coding: cp1251\na==1.0 # \xe4\xe0\n");
    context.lock(&world()).run().exits(0);
    let context = TestContext::new();
    context.write("requirements.in", b"a==1.0 # caf\xe9\n");
    let refused = context.lock(&world()).env("LC_ALL", "C.UTF-8").run();
    refused.exits(2).mentions(&["line 1 is not UTF-8", "help:"]);
    let read = context
        .lock(&world())
        .env("LC_ALL", "de_DE.ISO-8859-1")
        .run();
    read.exits(0)
        .mentions(&["warning: requirements.in: it is not UTF-8"]);
}
