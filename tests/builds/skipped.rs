//! Releases that are skipped because they need a build: said on the terminal, in JSON and in the report, by `lock` and `check`.

use lockgate_tests::{Index, Loopback, Release, Run, SourceDistribution, TestContext, World};
use serde_json::Value;

fn source_only() -> Release {
    Release {
        wheels: Vec::new(),
        sdist: SourceDistribution::MetadataVersion("2.1".to_owned()),
        ..Release::default()
    }
}

fn world() -> World {
    World::new()
        .with("app", "1.0", &["seq>=0.0.5"])
        .with("seq", "0.0.10", &[])
        .with_release("seq", "1.2.1", source_only())
        .with_release("seq", "1.2.2", source_only())
}

const SAID: &[&str] = &[
    "needs build: seq 1.2.2 is skipped for 0.0.10",
    "`--allow-build=seq`",
];

fn needs_build(document: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(document).expect("it is JSON");
    let notes = document["notes"].as_array().expect("there are notes");
    let of_kind = notes.iter().filter(|note| note["kind"] == "needs-build");
    of_kind.cloned().collect()
}

fn check(context: &TestContext, index: &Loopback<Index>, more: &[&str]) -> Run {
    context
        .lockgate(&[
            "check",
            "requirements.txt",
            "--index-url",
            &index.index_url(),
        ])
        .args(["--advisories", "advisories"])
        .arg("--cache-dir")
        .arg(context.cache())
        .args(more)
        .run()
}

#[test]
fn a_release_that_is_skipped_for_its_build_is_named_everywhere() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    // Of a package that another one requires.
    context.write("requirements.in", "app\n");
    let run = context
        .lock(&index)
        .args(["--json", "--report", "report.json"])
        .run();
    run.exits(0).mentions(SAID);
    let expected = serde_json::json!([{
        "kind": "needs-build", "name": "seq", "version": "0.0.10", "skipped": "1.2.2",
        "requires": null, "option": "--allow-build=seq",
    }]);
    assert_eq!(Value::from(needs_build(&run.stdout)), expected);
    assert_eq!(
        Value::from(needs_build(&context.read("report.json"))),
        expected
    );
    // Again, with the pin kept, also where the old source distributions were never read.
    context.lock(&index).run().exits(0).mentions(SAID);
    std::fs::remove_dir_all(context.cache()).expect("there is a cache");
    context.lock(&index).run().exits(0).mentions(SAID);
    let checked = check(&context, &index, &["--json"]);
    checked.exits(0).mentions(SAID);
    assert_eq!(Value::from(needs_build(&checked.stdout)), expected);
}

#[test]
fn an_audit_that_resolves_says_that_another_release_is_audited() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write_advisories("advisories", &[]);
    let audit = |requirements: &str| {
        context.write("requirements.in", requirements);
        let run = context
            .lockgate(&["audit", "requirements.in", "--resolve", "--json"])
            .args(["--index-url", &index.index_url()])
            .args(["--advisories", "advisories", "--cache-dir"])
            .arg(context.cache())
            .run();
        run.exits(0);
        let document: Value = serde_json::from_str(&run.stdout).expect("it is JSON");
        (run, document["remarks"].clone())
    };
    let (run, remarks) = audit("app\n");
    let text = "requirements.in: seq 0.0.10 is audited, and an installer would take 1.2.2, which needs a build: an audit runs no code of a package; lock with `--allow-build=seq`, and audit the lock (needs-build)";
    run.mentions(&[text]);
    assert_eq!(remarks[0]["code"], "input", "{remarks}");
    assert_eq!(remarks[0]["text"], text);
    let (_, remarks) = audit("seq<1\n");
    assert_eq!(remarks, serde_json::json!([]));
}

#[test]
fn a_note_needs_no_network() {
    let index = Loopback::index(world().with("other", "1.0", &[]));
    let context = TestContext::new();
    context.write("requirements.in", "seq<1\n");
    let quiet = context.lock(&index).run();
    quiet.exits(0).does_not_mention(&["needs build"]);
    // The source distribution of the newer release is not kept: no reason to fail.
    context.write("requirements.in", "seq\n");
    context.lock(&index).arg("--offline").run().exits(0);
    context.lock(&index).run().exits(0).mentions(SAID);
    context
        .lock(&index)
        .arg("--offline")
        .run()
        .exits(0)
        .mentions(SAID);
}

#[test]
fn a_pin_that_moves_for_its_build_is_named() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.in", "app\n");
    context.lock(&index).run().exits(0);
    let text = context.read("requirements.txt");
    context.write(
        "requirements.txt",
        text.replace("seq==0.0.10", "seq==1.2.1"),
    );
    check(&context, &index, &[])
        .exits(1)
        .mentions(SAID)
        .mentions(&[
            "seq",
            "it needs a build, which `--allow-build=seq` would allow",
        ]);
    context
        .lock(&index)
        .run()
        .exits(0)
        .mentions(SAID)
        .mentions(&["moved: seq 1.2.1", "it needs a build"]);
}
