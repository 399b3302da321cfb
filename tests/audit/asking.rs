//! What the tests of an audit ask, and what they look for in its answers.

use std::collections::BTreeSet;
use std::path::Path;

use lockgate_tests::{Advisory, Lockgate, Run, TestContext, fixtures};
use serde_json::Value;

/// Every format of a report.
pub(super) const FORMATS: [&str; 12] = [
    "table",
    "json",
    "pip-audit-json",
    "columns",
    "pip-audit-markdown",
    "sarif",
    "cyclonedx",
    "openvex",
    "markdown",
    "html",
    "github",
    "github-summary",
];

/// A folder with one advisory, about `bad` below 1.5, in `db`.
pub(super) fn prepared() -> TestContext {
    let context = TestContext::new();
    let advisories = [
        Advisory::new("PYSEC-2024-1", "bad").between("0", "1.5"),
        Advisory::of_today(),
    ];
    context.write_advisories("db", &advisories);
    context
}

/// `lockgate audit` of these, without a cache and without patience.
pub(super) fn audit<'a>(context: &'a TestContext, arguments: &[&str]) -> Lockgate<'a> {
    context
        .lockgate(&["audit", "--no-cache", "--timeout", "1", "--retries", "0"])
        .args(arguments)
}

/// The one document on standard output.
#[track_caller]
pub(super) fn document(run: &Run) -> Value {
    serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}:\n{}\n{}", run.stdout, run.stderr))
}

/// A list in a document; nothing where there is none.
pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// A text in a document; empty where there is none.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// All findings of a document, as `name==version ID`.
pub(super) fn findings(document: &Value) -> BTreeSet<String> {
    let packages = list(document, "packages").iter();
    let of = |package: &Value| {
        let pin = format!("{}=={}", text(package, "name"), text(package, "version"));
        let ids: Vec<String> = list(package, "findings")
            .iter()
            .map(|finding| format!("{pin} {}", text(finding, "id")))
            .collect();
        ids
    };
    packages.flat_map(of).collect()
}

/// All packages of a document, as `name==version`.
pub(super) fn packages(document: &Value) -> BTreeSet<String> {
    let packages = list(document, "packages").iter();
    packages
        .map(|package| format!("{}=={}", text(package, "name"), text(package, "version")))
        .collect()
}

/// The codes of a list of a document: `gaps` or `remarks`.
pub(super) fn codes<'a>(document: &'a Value, key: &str) -> Vec<&'a str> {
    list(document, key)
        .iter()
        .map(|entry| text(entry, "code"))
        .collect()
}

/// Fails unless there is no answer, and no text that could be taken for one.
#[track_caller]
pub(super) fn has_no_answer(run: &Run, what: &str) {
    assert_eq!(
        run.code, 2,
        "{what}:\nstdout:\n{}\nstderr:\n{}",
        run.stdout, run.stderr
    );
    says_nothing_is_clean(run, what);
}

/// Fails if something in the answer reads as if all were well.
#[track_caller]
pub(super) fn says_nothing_is_clean(run: &Run, what: &str) {
    let all = format!("{}\n{}", run.stdout, run.stderr).to_lowercase();
    for word in [
        "no findings",
        "no known vulnerabilities",
        "\"status\": \"clean\"",
        "\"status\":\"clean\"",
    ] {
        assert!(!all.contains(word), "{what}: it says `{word}`:\n{all}");
    }
}

/// Copies a folder of `fixtures/` into the folder that commands run in.
pub(super) fn copy_fixtures(context: &TestContext, folder: &str, to: &str) {
    copy(context, &fixtures().join(folder), to);
}

fn copy(context: &TestContext, from: &Path, to: &str) {
    let entries = std::fs::read_dir(from).expect("the fixtures are there");
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let target = if to.is_empty() {
            name
        } else {
            format!("{to}/{name}")
        };
        if path.is_dir() {
            copy(context, &path, &target);
        } else {
            context.write(
                &target,
                std::fs::read(&path).expect("a fixture can be read"),
            );
        }
    }
}
