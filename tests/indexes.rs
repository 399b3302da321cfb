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

/// Locks `requirements` from two indexes, and gives the run with the suggestions of the document.
fn refused(requirements: &str, first: World, second: World, more: &[&str]) -> (Run, Value) {
    let (first, second) = (Loopback::index(first), Loopback::index(second));
    let context = TestContext::new();
    context.write("requirements.in", requirements);
    let (run, document) = lock(&context, &[&first, &second], more);
    run.exits(1);
    assert!(!context.exists("requirements.txt"));
    (run, document["conflict"].clone())
}

const MERGE: &str = "`--index-strategy unsafe-best-match`";

#[test]
fn a_refusal_says_that_a_later_index_has_the_version() {
    let public = || World::new().with("a", "2.0", &[]).with("a", "2.1", &[]);
    let (run, conflict) = refused("a>=2\n", World::new().with("a", "1.0", &[]), public(), &[]);
    run.mentions(&["has a 2.1", MERGE])
        .does_not_mention(&["change `a>=2`"]);
    assert_eq!(conflict["ways_out"], json!([]));
    let explanation = conflict["explanation"].to_string();
    assert!(explanation.contains("unsafe-best-match"), "{explanation}");
    // Of a package that another one requires, by what is required of it.
    let first = World::new()
        .with("b", "1.0", &["a>=2,<2.1"])
        .with("a", "1.0", &[]);
    let (run, _) = refused("b\n", first, public(), &[]);
    run.mentions(&["has a 2.0", MERGE]);
    // Between what two others require, where the first index has versions on both sides.
    let first = World::new()
        .with("b", "1.0", &["a>=2"])
        .with("c", "1.0", &["a<3"])
        .with("a", "1.0", &[])
        .with("a", "3.0", &[]);
    let (run, _) = refused("b\nc\n", first, public(), &[]);
    run.mentions(&["has a 2.1", MERGE]);
    // Where the first index has the version, and no file that can be installed.
    let other_machine = Release {
        wheels: vec!["cp311-cp311-win_amd64".to_owned()],
        ..Release::default()
    };
    let first = World::new().with_release("a", "2.1", other_machine);
    let (run, _) = refused("a>=2\n", first, public(), &[]);
    run.mentions(&["has a 2.1", MERGE]);
}

#[test]
fn a_refusal_says_nothing_of_later_indexes_that_do_not_help() {
    let silent = |requirements: &str, first: World, second: World, more: &[&str]| {
        let (run, _) = refused(requirements, first, second, more);
        run.does_not_mention(&[MERGE]);
        run
    };
    let old = || World::new().with("a", "1.0", &[]);
    // It has nothing that is required, nothing that can be installed, or the very same files.
    let run = silent("a>=2\n", old(), World::new().with("a", "1.5", &[]), &[]);
    run.mentions(&["change `a>=2`"]);
    let newer_python = Release {
        requires_python: Some(">=3.14".to_owned()),
        ..Release::default()
    };
    let second = World::new().with_release("a", "2.0", newer_python);
    silent("a>=2\n", old(), second, &[]);
    let needs = || World::new().with("a", "2.0", &["gone"]);
    silent("a>=2\n", needs(), needs(), &[]);
    // All indexes are merged already.
    let second = World::new().with("a", "1.5", &[]);
    silent(
        "a>=2\n",
        old(),
        second,
        &["--index-strategy", "unsafe-best-match"],
    );
}

#[test]
fn only_packages_of_the_proof_are_looked_for_on_later_indexes() {
    let first = World::new()
        .with("a", "1.0", &[])
        .with("unrelated", "1.0", &[]);
    let (first, second) = (
        Loopback::index(first),
        Loopback::index(World::new().with("a", "2.0", &[])),
    );
    let context = TestContext::new();
    context.write("requirements.in", "a>=2\nunrelated\n");
    lock(&context, &[&first, &second], &[]).0.exits(1);
    assert_eq!(second.count("/simple/a/"), 1);
    assert_eq!(second.count("/simple/unrelated/"), 0);
    // One that cannot be asked is left out.
    let context = TestContext::new();
    context.write("requirements.in", "a>=2\n");
    second.fault("/simple/a/", Fault::Status(500));
    let (run, _) = lock(&context, &[&first, &second], &[]);
    run.exits(1)
        .mentions(&["change `a>=2`"])
        .does_not_mention(&[MERGE]);
}

#[test]
fn a_refusal_of_the_gate_says_that_a_later_index_has_a_fixed_version() {
    let first = Loopback::index(World::new().with("a", "2.0", &[]));
    let second = Loopback::index(World::new().with("a", "2.0", &[]).with("a", "2.1", &[]));
    let context = TestContext::new();
    let advisory = lockgate_tests::Advisory::new("PYSEC-2024-1", "a").between("0", "2.1");
    context.write_advisories("advisories", &[advisory]);
    context.write("requirements.in", "a>=2\n");
    let run = context
        .lock(&first)
        .args(["--extra-index-url", &second.index_url()])
        .run();
    run.exits(1).mentions(&["PYSEC-2024-1", "has a 2.1", MERGE]);
    // `check` of a lock that its sources exclude.
    context.write("requirements.txt", "a==1.0\n");
    context.write("requirements.in", "a>=2.1\n");
    context
        .lockgate(&["check", "requirements.txt", "--no-advisories"])
        .args(["--index-url", &first.index_url()])
        .args(["--extra-index-url", &second.index_url()])
        .run()
        .exits(1)
        .mentions(&["has a 2.1", MERGE]);
}
