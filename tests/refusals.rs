//! Indexes that refuse the names that they don't have: `ignore-status`, and what it must never cover.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use lockgate_tests::{
    Answer, Fault, Guarded, Incoming, Index, Lockgate, Loopback, Release, Site, SourceDistribution,
    TestContext, World,
};
use serde_json::Value;

const USER: &str = "joe";
const PASSWORD: &str = "pw";

/// An index that answers another status where it has nothing.
struct Refusing {
    index: Index,
    status: u16,
}

impl Site for Refusing {
    fn answer(&self, request: &Incoming) -> Answer {
        match self.index.answer(request) {
            answer if answer.status == 404 => Answer::status(self.status),
            answer => answer,
        }
    }
}

/// The index of one's own, which has `acme` and refuses all else.
fn private(status: u16) -> Loopback<Refusing> {
    let index = Index::new(World::new().with("acme", "1.0", &["six"]));
    Loopback::start(Refusing { index, status })
}

/// The same behind a login; pages may be kept for a while.
fn guarded() -> Loopback<Guarded<Refusing>> {
    let world = World {
        cache_control: Some("max-age=600".to_owned()),
        ..World::new().with("acme", "1.0", &[])
    };
    let site = Refusing {
        index: Index::new(world),
        status: 401,
    };
    Loopback::start(Guarded::new(site, USER, PASSWORD))
}

/// The index that everybody may publish on.
fn public() -> Loopback<Index> {
    let world = World::new().with("acme", "99.0", &[]);
    Loopback::index(world.with("six", "1.16", &[]).with("attrs", "24.1", &[]))
}

fn simple<S: Site>(server: &Loopback<S>) -> String {
    format!("{}/simple", server.origin())
}

/// The table of a policy for an index.
fn table(index: &str, statuses: &str) -> String {
    format!("[index.\"{index}\"]\nignore-status = [{statuses}]\n")
}

fn lock<'a>(context: &'a TestContext, first: &str, second: &str) -> Lockgate<'a> {
    context
        .lock_bare()
        .args(["--no-advisories", "--retries", "0", "--index-url", first])
        .args(["--extra-index-url", second])
}

fn check<'a>(context: &'a TestContext, lock: &str, first: &str, second: &str) -> Lockgate<'a> {
    context
        .lockgate(&["check", lock, "--no-advisories", "--retries", "0"])
        .args(["--index-url", first, "--extra-index-url", second])
        .arg("--cache-dir")
        .arg(context.cache())
}

#[test]
fn a_refused_name_is_absent_where_the_policy_says_so() {
    for (status, more) in [
        (403, &[][..]),
        (401, &[][..]),
        (403, &["--index-strategy", "unsafe-best-match"][..]),
    ] {
        let (private, public) = (private(status), public());
        let (first, second) = (simple(&private), simple(&public));
        let context = TestContext::new();
        context.write("requirements.in", "acme==1.0\nattrs\n");
        // A slash at the end and a login name no other index.
        context.write(
            "lockgate.toml",
            table(&format!("{first}/"), &status.to_string()),
        );
        let named = first.replace("http://", "http://joe:pw@");
        let run = |index: &str| lock(&context, index, &second).args(more);
        run(&named)
            .run()
            .exits(0)
            .does_not_mention(&["has no effect"]);
        let text = context.read("requirements.txt");
        let line = format!(
            "# index: status {status} of {first} was taken for an absent package (ignore-status)\n"
        );
        for part in [&line, "acme==1.0 ", "attrs==24.1 ", "six==1.16 "] {
            assert!(text.contains(part), "{part}: {text}");
        }
        // Again, and without network: the same bytes.
        run(&first)
            .arg("-v")
            .run()
            .exits(0)
            .mentions(&["attrs, six"]);
        let before = context.read("requirements.txt");
        assert!(before.contains(&line), "{before}");
        run(&first).arg("--offline").run().exits(0);
        assert_eq!(context.read("requirements.txt"), before);
        let checked = || check(&context, "requirements.txt", &first, &second).args(more);
        checked().run().exits(0);
        // The caller's word counts, and not that of the lock, of a kept answer or of a source.
        context.write("lockgate.toml", "");
        checked().run().exits(2).mentions(&[&status.to_string()]);
        run(&first).run().exits(2);
        run(&first).arg("--offline").run().exits(2);
        assert!(context.read("requirements.txt").contains(&line));
    }
}

#[test]
fn the_help_names_the_key_where_the_index_answers_for_other_names() {
    let (private, public) = (private(403), public());
    let (first, second) = (simple(&private), simple(&public));
    let context = TestContext::new();
    context.write("requirements.in", "acme==1.0\nattrs\n");
    let named = first.replace("http://", "http://joe:pw@");
    lock(&context, &named, &second).run().exits(2).mentions(&[
        "refused access with status 403",
        "answers for other names",
        "`ignore-status = [403]`",
        "`[index.\"http://127.0.0.1:[PORT]/simple\"]`",
    ]);
    // Whichever is asked first.
    context.write("requirements.in", "aaa\nacme==1.0\n");
    lock(&context, &first, &second)
        .run()
        .exits(2)
        .mentions(&["releases of `aaa`", "`ignore-status = [403]`"]);
    // An index that has nothing of what was asked may be one that refuses everything.
    context.write("requirements.in", "attrs\n");
    lock(&context, &first, &second)
        .run()
        .exits(2)
        .mentions(&["refused access with status 403"])
        .does_not_mention(&["ignore-status"]);
    assert!(!context.exists("requirements.txt"));
}

#[test]
fn an_index_that_refuses_everything_lacks_nothing() {
    let (guarded, public) = (guarded(), public());
    let (first, second) = (simple(&guarded), simple(&public));
    let with = |login: &str| first.replace("http://", &format!("http://{login}@"));
    for strategy in ["first-index", "unsafe-best-match"] {
        let context = TestContext::new();
        context.write("lockgate.toml", table(&first, "401, 403"));
        context.write("requirements.in", "acme\nattrs\n");
        let lock =
            |index: &str| lock(&context, index, &second).args(["--index-strategy", strategy]);
        // A login that is wrong, and none.
        lock(&with("joe:wrong")).run().exits(2).mentions(&[
            "refused every name that it was asked for with status 401 to the login in the address",
            "`acme`",
            "`ignore-status` holds for an index that has some of the packages",
            "check user name and password",
        ]);
        lock(&first)
            .run()
            .exits(2)
            .mentions(&["refused every name", "say who asks"]);
        // It is no answer either where nothing at all is found.
        context.write("requirements.in", "nowhere\n");
        lock(&with("joe:wrong"))
            .run()
            .exits(2)
            .mentions(&["refused every name", "`nowhere`"]);
        assert!(!context.exists("requirements.txt"));
    }
    let context = TestContext::new();
    context.write("lockgate.toml", table(&first, "401"));
    context.write("requirements.in", "acme\n");
    lock(&context, &with("joe:pw"), &second).run().exits(0);
    let before = context.read("requirements.txt");
    // What an earlier run kept does not show that the login still holds.
    context.write("requirements.in", "acme\nattrs\n");
    lock(&context, &with("joe:wrong"), &second)
        .run()
        .exits(2)
        .mentions(&["it had `acme` before", "401"]);
    assert_eq!(context.read("requirements.txt"), before);
    lock(&context, &with("joe:pw"), &second).run().exits(0);
    check(&context, "requirements.txt", &with("joe:wrong"), &second)
        .run()
        .exits(2);
    // Without network what was kept is all that there is.
    lock(&context, &with("joe:pw"), &second)
        .arg("--offline")
        .run()
        .exits(0);
}

#[test]
fn other_failures_of_the_index_are_no_absences() {
    let (private, public) = (private(403), public());
    let (first, second) = (simple(&private), simple(&public));
    let context = TestContext::new();
    context.write("lockgate.toml", table(&first, "403"));
    context.write("requirements.in", "acme==1.0\nattrs\n");
    for status in [401, 500, 451] {
        private.fault("/simple/attrs/", Fault::Status(status));
        lock(&context, &first, &second)
            .run()
            .exits(2)
            .mentions(&[&status.to_string()]);
    }
    // Nor is a refusal of the other index, which no table is for.
    private.mend();
    public.fault("/simple/attrs/", Fault::Status(403));
    lock(&context, &first, &second).run().exits(2);
    context.write(
        "lockgate.toml",
        "[index.\"https://host\"]\nignore-status = [403, 503]\n",
    );
    lock(&context, &first, &second).run().exits(2).mentions(&[
        "lockgate.toml:2: invalid value `503` for `ignore-status`; expected 401, 403, 404 or 410",
    ]);
    assert!(!context.exists("requirements.txt"));
}

#[test]
fn only_the_callers_policies_may_say_it() {
    let (private, public) = (private(403), public());
    let (first, second) = (simple(&private), simple(&public));
    let context = TestContext::new();
    let stated = table(&first, "403");
    let no_effect = "[index.\"http://127.0.0.1:[PORT]/simple\"] ignore-status (low/lockgate.toml:2) has no effect";
    context.write("lockgate.toml", "");
    context.write("low/lockgate.toml", &stated);
    context.write("low/requirements.in", "acme==1.0\nattrs\n");
    let low = || {
        context
            .lockgate(&["lock", "low/requirements.in", "-o", "low/requirements.txt"])
            .args(["--python-version", "3.11", "--python-platform", "linux"])
            .args(["--no-advisories", "--retries", "0", "--index-url", &first])
            .args(["--extra-index-url", &second, "--no-cache"])
    };
    low().run().exits(2);
    context.write("lockgate.toml", "delegate = [\"low\"]\n");
    low().run().exits(2);
    context.write("lockgate.toml", &stated);
    low().run().exits(0).mentions(&[no_effect]);
    // The policy that the caller names, and that of the machine or the user.
    context.write("lockgate.toml", "");
    context.write("own.toml", &stated);
    low().args(["--policy", "own.toml"]).run().exits(0);
    low().env("LOCKGATE_POLICY", "own.toml").run().exits(0);
    // A script is a source.
    let block = stated
        .replace("[index.", "# [tool.lockgate.index.")
        .replace("\nignore", "\n# ignore");
    context.write(
        "job.py",
        format!("# /// script\n# dependencies = [\"acme==1.0\", \"attrs\"]\n{block}# ///\n"),
    );
    context
        .lockgate(&["lock", "job.py", "-o", "job.py.txt", "--no-advisories"])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
        .args(["--index-url", &first, "--extra-index-url", &second])
        .run()
        .exits(2);
}

#[test]
fn a_table_for_an_index_that_is_not_in_use_is_reported() {
    let public = public();
    let context = TestContext::new();
    context.write("requirements.in", "attrs\n");
    context.write(
        "lockgate.toml",
        table("https://other.example/simple", "403"),
    );
    let remark = "[index.\"https://other.example/simple\"] ignore-status (lockgate.toml:2) has no effect: that index is not in use";
    let run = context
        .lock_bare()
        .args(["--no-advisories", "--json", "--index-url", &simple(&public)])
        .run();
    run.exits(0).mentions(&[remark]);
    assert!(!context.read("requirements.txt").contains("# index:"));
    context
        .lockgate(&["check", "--no-advisories", "--index-url", &simple(&public)])
        .run()
        .exits(0)
        .mentions(&[remark]);
}

#[test]
fn a_pylock_says_it_too_and_convert_keeps_it() {
    let (private, public) = (private(403), public());
    let (first, second) = (simple(&private), simple(&public));
    let context = TestContext::new();
    context.write("lockgate.toml", table(&first, "403"));
    context.write("requirements.in", "acme==1.0\nattrs\n");
    context
        .lockgate(&["lock", "requirements.in", "-o", "pylock.toml"])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
        .args(["--no-advisories", "--index-url", &first])
        .args(["--extra-index-url", &second])
        .run()
        .exits(0);
    let line = format!("status 403 of {first} was taken for an absent package (ignore-status)");
    let read = |file: &str| context.read(file).parse::<toml::Table>().unwrap();
    let said = |file: &str| read(file)["tool"]["lockgate"]["index-answers"].clone();
    assert_eq!(said("pylock.toml")[0].as_str(), Some(line.as_str()));
    check(&context, "pylock.toml", &first, &second)
        .run()
        .exits(0);
    // One way and back: files are looked for on both indexes.
    context
        .lockgate(&["convert", "pylock.toml", "-o", "requirements.txt"])
        .run()
        .exits(0);
    let text = context.read("requirements.txt");
    assert!(text.contains(&format!("# index: {line}\n")), "{text}");
    let convert = || {
        context
            .lockgate(&["convert", "requirements.txt", "-o", "pylock.back.toml"])
            .args(["--retries", "0", "--index-url", &first])
            .args(["--extra-index-url", &second, "--no-cache"])
    };
    convert().run().exits(0);
    assert_eq!(said("pylock.back.toml"), said("pylock.toml"));
    context.write("lockgate.toml", "");
    convert().run().exits(2).mentions(&["403"]);
}

#[test]
fn an_audit_asks_the_index_by_the_same_rule() {
    let (private, public) = (private(403), public());
    let (first, second) = (simple(&private), simple(&public));
    let context = TestContext::new();
    context.write_advisories("advisories", &[]);
    context.write("requirements.txt", "acme==1.0\nattrs==24.1\n");
    let audit = |file: &str| {
        context
            .lockgate(&["audit", file, "--advisories", "advisories", "--json"])
            .args(["--retries", "0", "--no-cache", "--index-url", &first])
            .args(["--extra-index-url", &second])
            .run()
    };
    let asking = format!("yanked = \"warn\"\n{}", table(&first, "403"));
    context.write("lockgate.toml", &asking);
    audit("requirements.txt").exits(0);
    context.write("lockgate.toml", "yanked = \"warn\"\n");
    audit("requirements.txt").exits(2);
    // Nothing of what is audited is on the index: it may refuse everything.
    context.write("lockgate.toml", &asking);
    context.write("other.txt", "attrs==24.1\n");
    let run = audit("other.txt");
    run.exits(2);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let gap = &document["gaps"][0];
    assert_eq!(gap["code"], "not-learned", "{document}");
    assert!(
        gap["why"].to_string().contains("refused every name"),
        "{gap}"
    );
}

/// A source distribution whose build says that it was run, and fails.
fn with_build(world: World) -> World {
    let release = Release {
        wheels: Vec::new(),
        sdist: SourceDistribution::Dynamic,
        ..Release::default()
    };
    let mut world = world.with_release("built", "1.0", release);
    let backend = "def build_wheel(folder, settings=None, metadata=None):\n    pass\n\ndef prepare_metadata_for_build_wheel(folder, settings=None):\n    raise SystemExit('the backend was run')\n";
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in [
        (
            "built-1.0/PKG-INFO",
            "Metadata-Version: 2.1\nName: built\nVersion: 1.0\n",
        ),
        (
            "built-1.0/pyproject.toml",
            "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n",
        ),
        ("built-1.0/backend.py", backend),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, path, text.as_bytes())
            .expect("memory takes it");
    }
    let mut gzip = archive.into_inner().expect("memory takes it");
    gzip.flush().expect("memory takes it");
    let bytes = gzip.finish().expect("memory takes it");
    world
        .replaced_files
        .insert("built-1.0.tar.gz".to_owned(), bytes);
    world
}

#[test]
fn no_build_is_run_on_the_word_of_an_index_that_refuses_everything() {
    let guarded = guarded();
    let public = Loopback::index(with_build(World::new().with("attrs", "24.1", &[])));
    let (first, second) = (simple(&guarded), simple(&public));
    let context = TestContext::new();
    context.write("lockgate.toml", table(&first, "401"));
    context.write("requirements.in", "acme\nbuilt\n");
    let lock = |login: &str| {
        let first = first.replace("http://", &format!("http://{login}@"));
        context
            .lockgate(&["lock", "requirements.in", "-o", "requirements.txt"])
            .args(["--no-advisories", "--allow-build", "--index-url", &first])
            .args(["--extra-index-url", &second, "--no-cache"])
            .run()
    };
    lock("joe:wrong")
        .exits(2)
        .mentions(&["refused every name"])
        .does_not_mention(&["the backend was run"]);
    // What the sources require is asked for before, to see whether the index answers.
    lock("joe:pw").exits(2).mentions(&["the backend was run"]);
}
