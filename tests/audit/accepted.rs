//! What was known or judged before: baselines and VEX documents.

use lockgate_tests::Advisory;
use serde_json::{Value, json};

use super::asking::{audit, codes, findings, text};
use super::policy::{asked, prepared};

#[test]
fn a_baseline_leaves_out_what_was_known_and_nothing_that_is_new() {
    let context = prepared(&[
        Advisory::new("PYSEC-2024-1", "a"),
        Advisory::new("PYSEC-2024-2", "b"),
    ]);
    // The older lock may be of another form and another version.
    context.write("old.txt", "a==0.9\n");
    let found = asked(&context, &["--baseline", "old.txt"], 1);
    assert_eq!(
        findings(&found).into_iter().collect::<Vec<_>>(),
        ["b==2.0 PYSEC-2024-2"]
    );
    assert_eq!(
        found["baseline"],
        json!({ "place": "old.txt", "left_out": 1 })
    );
    context.write("old.txt", "a==0.9\nb==1.0\n");
    let found = asked(&context, &["--baseline", "old.txt"], 0);
    assert_eq!(found["status"], "clean");
    let run = audit(
        &context,
        &["requirements.txt", "--advisories", "advisories"],
    )
    .args(["--baseline", "old.txt"])
    .run();
    assert!(
        run.exits(0).stdout.contains("known from old.txt left out"),
        "{}",
        run.stdout
    );
    // A baseline hides no gap of either: an unreadable one is no answer, nor is what cannot be audited.
    audit(
        &context,
        &["requirements.txt", "--advisories", "advisories"],
    )
    .args(["--baseline", "gone.txt"])
    .run()
    .exits(2)
    .mentions(&["gone.txt"]);
    context.write("requirements.txt", "a==1.0\nb>=1\n");
    let found = asked(&context, &["--baseline", "old.txt"], 2);
    assert_eq!(codes(&found, "gaps"), ["unpinned"]);
}

#[test]
fn a_baseline_speaks_for_its_own_place() {
    let context = prepared(&[
        Advisory::new("PYSEC-2024-1", "a"),
        Advisory::new("PYSEC-2024-2", "b"),
    ]);
    for (file, text) in [
        ("x/requirements.txt", "a==1.0\nb==1.0\n"),
        ("y/requirements.txt", "a==1.0\n"),
        ("old/x/requirements.txt", "a==1.0\n"),
        ("old/requirements.txt", "a==1.0\nb==1.0\n"),
        ("more/x/requirements.txt", "b==0.9\n"),
    ] {
        context.write(file, text);
    }
    let audited = |arguments: &[&str], code: i32| {
        let run = audit(
            &context,
            &["x", "y", "--advisories", "advisories", "-f", "json"],
        )
        .args(arguments)
        .run();
        let found = super::asking::document(run.exits(code));
        let packages = super::asking::list(&found, "packages").iter();
        let places: Vec<String> = packages
            .filter(|package| package["findings"] != json!([]))
            .map(|package| format!("{} {}", text(package, "source"), text(package, "name")))
            .collect();
        places
    };
    // In `y`, and as `b`, it is new; the lock at the top of the folder stands for neither.
    assert_eq!(
        audited(&["--baseline", "old"], 1),
        ["x/requirements.txt b", "y/requirements.txt a"]
    );
    assert_eq!(
        audited(&["--baseline", "old", "--baseline", "more"], 1),
        ["y/requirements.txt a"]
    );
    // A report of ours, in which the places stand.
    let report = audit(&context, &["x", "--advisories", "advisories", "-f", "json"]).run();
    context.write("old.json", &report.exits(1).stdout);
    assert_eq!(
        audited(&["--baseline", "old.json"], 1),
        ["y/requirements.txt a"]
    );
    context.write("y/requirements.txt", "c==1.0\n");
    assert_eq!(audited(&["--baseline", "old.json"], 0), [""; 0]);
    // One lock for several inputs says nothing of which; half a report is none.
    context.write(
        "half.json",
        r#"{"version":1,"status":"findings","packages":[]}"#,
    );
    for (baseline, says) in [
        ("old/x/requirements.txt", "which of the 2 inputs"),
        ("half.json", "not a whole report"),
    ] {
        audit(&context, &["x", "y", "--advisories", "advisories"])
            .args(["--baseline", baseline])
            .run()
            .exits(2)
            .mentions(&[says]);
    }
}

#[test]
fn accepted_advisories_are_written_as_vex_and_read_back() {
    let context = prepared(&[
        Advisory::new("PYSEC-2024-1", "a"),
        Advisory::new("PYSEC-2024-2", "b"),
    ]);
    context.write(
        "lockgate.toml",
        "[[ignore]]\nid = \"PYSEC-2024-1\"\nreason = \"the parser is not used\"\njustification = \"vulnerable_code_not_in_execute_path\"\n",
    );
    audit(
        &context,
        &["requirements.txt", "--advisories", "advisories"],
    )
    .args(["-o", "openvex=vex/judged.json"])
    .run()
    .exits(2)
    .mentions(&["vex/judged.json"]);
    std::fs::create_dir(context.path("vex")).unwrap();
    audit(
        &context,
        &["requirements.txt", "--advisories", "advisories"],
    )
    .args(["-o", "openvex=vex/judged.json"])
    .run()
    .exits(1);
    std::fs::remove_file(context.path("lockgate.toml")).unwrap();
    // Of an affected one it says so, and that lets nothing pass.
    let found = asked(&context, &["--vex", "vex/judged.json"], 1);
    let of =
        |found: &Value, place: usize| found["packages"][place]["findings"][0]["ignored"].clone();
    let ignored = of(&found, 0);
    assert!(
        text(&ignored, "reason").starts_with("the parser is not used"),
        "{ignored}"
    );
    assert_eq!(
        ignored["justification"],
        "vulnerable_code_not_in_execute_path"
    );
    assert!(
        text(&ignored, "origin").starts_with("vex/judged.json"),
        "{ignored}"
    );
    assert_eq!(of(&found, 1), false);
    // In the configuration, seen from its folder.
    context.write("project/lockgate.toml", "vex = [\"judged.json\"]\n");
    context.write("project/judged.json", context.read("vex/judged.json"));
    context.write("project/requirements.txt", "a==1.0\n");
    audit(
        &context,
        &["project/requirements.txt", "--advisories", "advisories"],
    )
    .run()
    .exits(0);
    context.write("project/judged.json", "{\"statements\": 1}");
    audit(
        &context,
        &["project/requirements.txt", "--advisories", "advisories"],
    )
    .run()
    .exits(2)
    .mentions(&["project/judged.json"]);
    std::fs::remove_file(context.path("project/judged.json")).unwrap();
    audit(
        &context,
        &["project/requirements.txt", "--advisories", "advisories"],
    )
    .run()
    .exits(2)
    .mentions(&["project/judged.json"]);
}
