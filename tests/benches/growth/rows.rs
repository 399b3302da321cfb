//! The lists, each with what makes an input of so many entries.

mod audits;
mod locks;

use std::fmt::Write as _;

use lockgate_tests::{Release, TestContext, artifact};
use serde_json::{Value, json};

/// One list.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// How many entries to begin with.
    start: usize,
    /// Whether the count grows by one each time: the work doubles with each.
    by_one: bool,
    /// How often the input can be doubled before a limit of ours ends the run.
    pub(crate) doublings: usize,
    /// How many steps the search may take.
    pub(crate) max_steps: &'static str,
    /// How the program ends.
    pub(crate) code: i32,
    /// Makes the input in a context, and returns the arguments.
    pub(crate) make: fn(&TestContext, usize) -> Vec<String>,
}

impl Row {
    const fn new(
        name: &'static str,
        start: usize,
        make: fn(&TestContext, usize) -> Vec<String>,
    ) -> Self {
        Self {
            name,
            start,
            by_one: false,
            doublings: usize::MAX,
            max_steps: "100000",
            code: 0,
            make,
        }
    }

    const fn ends(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    const fn up_to(mut self, doublings: usize) -> Self {
        self.doublings = doublings;
        self
    }

    /// The count after so many doublings.
    pub(crate) fn next(&self, doubling: usize) -> usize {
        if self.by_one {
            self.start + doubling
        } else {
            self.start << doubling
        }
    }
}

/// All lists.
pub(crate) fn all() -> impl Iterator<Item = &'static Row> {
    locks::ALL.iter().chain(audits::ALL)
}

pub(super) const PIN: &str = "alpha==1.0\n";

pub(super) fn texts(count: usize, text: impl Fn(usize) -> String) -> Vec<String> {
    (0..count).map(text).collect()
}

pub(super) fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut all, n| {
        let _ = writeln!(all, "{}", line(n));
        all
    })
}

pub(super) fn not_in(count: usize) -> String {
    texts(count, |n| format!("!={n}.7")).join(",")
}

pub(super) fn page(count: usize, file: impl Fn(usize) -> String) -> String {
    lines(count, |n| {
        let file = file(n);
        format!("<a href=\"https://files.test/{file}#sha256={n:064x}\">{file}</a>")
    })
}

pub(super) fn events(n: usize) -> Vec<Value> {
    vec![
        json!({"introduced": format!("2.{}", 2 * n)}),
        json!({"fixed": format!("2.{}", 2 * n + 1)}),
    ]
}

pub(super) fn wheel(context: &TestContext, name: &str, requires: &[String]) {
    release(context, name, "1.0", requires);
}

pub(super) fn release(context: &TestContext, name: &str, version: &str, requires: &[String]) {
    let release = Release {
        requires: requires.to_vec(),
        ..Release::default()
    };
    let wheel = artifact::wheel(name, version, &release, "py3-none-any");
    context.write(&format!("wheels/{}", wheel.filename), &wheel.bytes);
}

pub(super) fn write_wheel(context: &TestContext, name: &str, release: &Release) {
    let wheel = artifact::wheel(name, "1.0", release, "py3-none-any");
    context.write(&format!("wheels/{}", wheel.filename), &wheel.bytes);
}

pub(super) fn with(mut arguments: Vec<String>, more: &[&str]) -> Vec<String> {
    arguments.extend(more.iter().map(|&word| word.to_owned()));
    arguments
}

pub(super) fn lock(context: &TestContext, source: &str) -> Vec<String> {
    let target = ["--python-version", "3.11", "--python-platform", "linux"];
    with(locked(context, source), &target)
}

pub(super) fn universal(context: &TestContext, source: &str) -> Vec<String> {
    with(
        locked(context, source),
        &["--python-version", "3.9", "--universal"],
    )
}

pub(super) fn locked(context: &TestContext, source: &str) -> Vec<String> {
    context.write("requirements.in", source);
    context.write("wheels/empty", "");
    let words = [
        "lock",
        "requirements.in",
        "-o",
        "requirements.txt",
        "--no-config",
        "--gate",
        "off",
    ];
    with(
        Vec::new(),
        &[&words[..], &["--no-index", "--find-links", "wheels"]].concat(),
    )
}

/// A project without dependencies of its own, with these tables, all of whose extras and groups are locked.
pub(super) fn project(context: &TestContext, tables: &str) -> Vec<String> {
    wheel(context, "a", &[]);
    context.write(
        "pyproject.toml",
        format!("[project]\nname = \"p\"\nversion = \"1\"\n{tables}"),
    );
    let mut arguments = lock(context, "");
    "pyproject.toml".clone_into(&mut arguments[1]);
    arguments
}

/// An audit of a file of another tool.
pub(super) fn foreign(context: &TestContext, name: &str, text: &str) -> Vec<String> {
    let mut arguments = audit(context, &[json!({"versions": ["2.0"]})], &[], PIN);
    context.write(name, text);
    name.clone_into(&mut arguments[1]);
    arguments
}

/// The same audit under the policy of its folder.
pub(super) fn judged(mut arguments: Vec<String>) -> Vec<String> {
    arguments.retain(|word| word != "--no-config");
    arguments
}

/// Records, each about a package of its own or not.
pub(super) fn records(context: &TestContext, count: usize, name: impl Fn(usize) -> String) {
    for n in 0..count {
        let record = record(n, &name(n)).to_string();
        context.write(&format!("advisories/PYSEC-2020-{n}.json"), record);
    }
}

/// A record about one version of a package.
pub(super) fn record(n: usize, name: &str) -> Value {
    json!({
        "id": format!("PYSEC-2020-{n}"),
        "modified": "2026-01-01T00:00:00Z",
        "affected": [{"package": {"ecosystem": "PyPI", "name": name}, "versions": ["1.0"]}],
    })
}

/// An audit of a lock against one record about `alpha`.
pub(super) fn audit(
    context: &TestContext,
    affected: &[Value],
    aliases: &[String],
    lock: &str,
) -> Vec<String> {
    let about = |entry: &Value| {
        let mut entry = entry.clone();
        entry["package"] = json!({"ecosystem": "PyPI", "name": "alpha"});
        entry
    };
    let affected: Vec<Value> = affected.iter().map(about).collect();
    let record = json!({
        "id": "PYSEC-2019-1",
        "modified": "2026-01-01T00:00:00Z",
        "aliases": aliases,
        "affected": affected,
    });
    context.write("advisories/PYSEC-2019-1.json", record.to_string());
    context.write("requirements.txt", lock);
    with(
        Vec::new(),
        &[
            "audit",
            "requirements.txt",
            "--no-config",
            "--advisories",
            "advisories",
        ],
    )
}
