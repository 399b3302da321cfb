//! What the report says of indexes: whose files are attested, and what depends on which index is asked.

use lockgate_tests::{Fault, Index, Loopback, Release, Run, TestContext, World};
use serde_json::{Value, json};

fn attested(release: Release) -> Release {
    Release {
        provenance: true,
        ..release
    }
}

fn lock(context: &TestContext, indexes: &[&Loopback<Index>], more: &[&str]) -> (Run, Value) {
    let mut command = context
        .lock_bare()
        .args(["--no-advisories", "--retries", "0", "--json"])
        .args(more);
    for (place, index) in indexes.iter().enumerate() {
        let option = if place == 0 {
            "--index-url"
        } else {
            "--extra-index-url"
        };
        command = command.args([option, &index.index_url()]);
    }
    let run = command.run();
    let document = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", run.stdout, run.stderr));
    (run, document)
}

fn confusion(document: &Value) -> Option<&Value> {
    let notes = document["notes"].as_array()?;
    notes
        .iter()
        .find(|note| note["kind"] == "dependency-confusion")
}

#[test]
fn the_report_counts_attested_files_from_both_kinds_of_page() {
    for html_only in [false, true] {
        let both = Release {
            wheels: vec![
                "py3-none-any".to_owned(),
                "cp311-cp311-win_amd64".to_owned(),
            ],
            ..Release::default()
        };
        let index = Loopback::index(World {
            html_only,
            ..World::new()
                .with_release("a", "1.0", attested(both))
                .with("b", "1.0", &[])
        });
        let context = TestContext::new();
        context.write("requirements.in", "a\nb\n");
        for _ in 0..2 {
            // Once fetched, once from the cache.
            let (run, document) = lock(&context, &[&index], &[]);
            run.exits(0);
            let packages = &document["packages"];
            assert_eq!(
                packages[0]["provenance"],
                json!({ "files": 2, "attested": 2 })
            );
            assert_eq!(
                packages[1]["provenance"],
                json!({ "files": 1, "attested": 0 })
            );
        }
    }
}

#[test]
fn confusion_is_warned_of_once_and_stands_in_the_report() {
    let main = Loopback::index(World::new().with("a", "1.0", &["b"]).with("b", "1.0", &[]));
    let other = Loopback::index(World::new().with("a", "9.0", &[]).with("b", "3.0", &[]));
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    let (run, document) = lock(&context, &[&main, &other], &[]);
    run.exits(0)
        .mentions(&["`a` and `b` are on more than one index", "pip"]);
    assert_eq!(run.stderr.matches("warning").count(), 1, "{}", run.stderr);
    let note = confusion(&document).expect("there is a note");
    assert_eq!(note["strategy"], "first-index");
    assert_eq!(note["packages"][0]["name"], "a");
    assert_eq!(note["packages"][0]["version"], "1.0");
    assert_eq!(note["packages"][0]["others"][0]["version"], "9.0");
    assert_eq!(note["packages"][0]["others"][0]["differs"], "version");
    assert_eq!(note["packages"][1]["name"], "b");
    assert_eq!(note["unknown"], json!([]));

    let (run, document) = lock(
        &context,
        &[&main, &other],
        &["--index-strategy", "unsafe-best-match", "-U"],
    );
    run.exits(0).mentions(&["`a` is on more than one index"]);
    let note = confusion(&document).expect("there is a note");
    assert_eq!(note["strategy"], "unsafe-best-match");
    assert_eq!(note["packages"][0]["version"], "9.0");

    let (run, document) = lock(&context, &[&main], &["-U"]);
    run.exits(0).does_not_mention(&["dependency-confusion"]);
    assert_eq!(confusion(&document), None);
}

#[test]
fn what_could_not_be_compared_is_said_and_no_failure() {
    let main = Loopback::index(World::new().with("a", "1.0", &[]));
    let other = Loopback::index(World::new().with("a", "9.0", &[]));
    other.fault("/simple/a/", Fault::Status(403));
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    let (run, document) = lock(&context, &[&main, &other], &[]);
    run.exits(0).mentions(&["could not be compared", "403"]);
    let note = confusion(&document).expect("there is a note");
    assert_eq!(note["packages"], json!([]));
    assert_eq!(note["unknown"][0]["name"], "a");
    // Where its files would count, it is a failure.
    let arguments = ["--index-strategy", "unsafe-best-match", "-U"];
    let (run, _) = lock(&context, &[&main, &other], &arguments);
    run.exits(2).mentions(&["403"]);
}

#[test]
fn other_strategies_are_refused_with_the_two_that_there_are() {
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    for strategy in ["unsafe-first-match", "best"] {
        context
            .lock_bare()
            .args(["--index-strategy", strategy])
            .run()
            .exits(2)
            .mentions(&["first-index", "unsafe-best-match"]);
    }
}

#[test]
fn a_quarantined_project_is_denied_in_every_mode_but_off() {
    let mut world = World::new().with("a", "1.0", &[]).with("b", "1.0", &[]);
    let status = |word: &str| Some(word.to_owned());
    world.projects.get_mut("a").expect("it is there").status = status("quarantined");
    world.projects.get_mut("b").expect("it is there").status = status("archived");
    let index = Loopback::index(world);
    let context = TestContext::new();
    context.write_advisories("advisories", &[]);
    let run = |requirements: &str, gate: &str| {
        context.write("requirements.in", requirements);
        let url = index.index_url();
        context
            .lock_bare()
            .args([
                "--advisories",
                "advisories",
                "--index-url",
                &url,
                "--gate",
                gate,
            ])
            .run()
    };
    for gate in ["deny", "prefer", "warn"] {
        run("a\n", gate).exits(1).mentions(&["quarantine"]);
        run("b\n", gate).exits(0).mentions(&["b is archived"]);
    }
    run("a\n", "off").exits(0);
}
