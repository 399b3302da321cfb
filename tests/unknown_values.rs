//! `platform_release` and `platform_version` of a system that is only named are not known: a lock keeps the question, and says so.

use lockgate_tests::{Release, TestContext, artifact};
use serde_json::{Value, json};

fn prepared() -> TestContext {
    let context = TestContext::new();
    let asking: Vec<String> = (1..=7)
        .map(|n| format!("framework-{n}; platform_release >= '{n}.0'"))
        .collect();
    let mut packages = vec![("bridge".to_owned(), asking)];
    packages.extend((1..=7).map(|n| (format!("framework-{n}"), Vec::new())));
    packages.push(("plain".to_owned(), Vec::new()));
    for (name, requires) in packages {
        let release = Release {
            requires,
            ..Release::default()
        };
        let wheel = artifact::wheel(&name, "1.0", &release, "py3-none-any");
        context.write(&format!("wheels/{}", wheel.filename), &wheel.bytes);
    }
    context
}

fn notes(output: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(output).expect("a document");
    let notes = document["notes"].as_array().expect("notes").iter();
    notes
        .filter(|note| note["kind"] == "unknown-value")
        .cloned()
        .collect()
}

#[test]
fn pins_that_are_kept_under_a_marker_are_named() {
    let context = prepared();
    let lock = |arguments: &[&str]| {
        context
            .lock_bare()
            .args(["--no-index", "--find-links", "wheels", "--gate", "off"])
            .args(arguments)
            .run()
    };
    context.write("requirements.in", "bridge\n");
    let run = lock(&[]);
    run.exits(0).mentions(&[
        "unknown value: locked under a marker",
        "framework-1, framework-2, framework-3, framework-4, framework-5, 2 more",
    ]);
    let text = context.read("requirements.txt");
    assert!(
        text.contains("framework-3==1.0 ; platform_release >= \"3.0\""),
        "{text}"
    );
    let names: Vec<String> = (1..=7).map(|n| format!("framework-{n}")).collect();
    let expected = [json!({ "kind": "unknown-value", "names": names })];
    assert_eq!(notes(&lock(&["--json"]).stdout), expected);
    let check = ["check", "requirements.txt", "--gate", "off", "--json"];
    let run = context
        .lockgate(&check)
        .args(["--no-index", "--find-links", "wheels"])
        .run();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(notes(&run.stdout), expected);

    context.write("requirements.in", "plain\n");
    assert_eq!(notes(&lock(&["--json"]).stdout), [] as [Value; 0]);
}
