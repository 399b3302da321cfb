//! Locks of other tools are taken over: `lockgate lock` keeps every version that nothing speaks against.
//!
//! `fixtures/locks` holds what pip-compile, uv, poetry and pipenv wrote. The index of these tests is made from each: its versions, and a
//! newer one of everything.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_tests::scenario::pins_of;
use lockgate_tests::{Loopback, TestContext, World, fixtures};

/// Newer than all that any of them pins.
const NEWER: &str = "9999.0";

/// What a foreign lock says, read by other means than lockgate's.
#[derive(Debug, Default)]
struct Foreign {
    /// The versions of each project.
    versions: BTreeMap<String, BTreeSet<String>>,
    /// What each project is needed by.
    via: BTreeMap<String, BTreeSet<String>>,
}

impl Foreign {
    fn read(text: &str) -> Self {
        let mut foreign = Self::default();
        let mut name = String::new();
        for line in text.lines() {
            let (statement, comment) = line.split_once('#').unwrap_or((line, ""));
            if let Some((project, rest)) = statement.split_once("==") {
                project
                    .split('[')
                    .next()
                    .unwrap_or_default()
                    .clone_into(&mut name);
                let version = rest.split([' ', ';', '\\']).next().unwrap_or_default();
                let versions = foreign.versions.entry(name.clone()).or_default();
                versions.insert(version.to_owned());
            } else if line.is_empty() || line.starts_with(['#', '-']) {
                name.clear();
            }
            let comment = comment.trim();
            let asking = comment.strip_prefix("via").unwrap_or(comment).split(", ");
            if !name.is_empty() && !comment.starts_with("from ") {
                let asking = asking.map(|asking| asking.trim().to_owned());
                let known = foreign.via.entry(name.clone()).or_default();
                known.extend(asking.filter(|asking| !asking.is_empty()));
            }
        }
        foreign
    }

    /// The projects that the sources ask for: those that no other pin needs.
    fn roots(&self) -> String {
        let is_needed = |name: &&String| {
            let mut asking = self.via.get(*name).into_iter().flatten();
            asking.any(|asking| self.versions.contains_key(asking))
        };
        let roots = self.versions.keys().filter(|name| !is_needed(name));
        roots.fold(String::new(), |text, name| text + name + "\n")
    }

    /// An index with all of these versions, and a newer one of everything.
    fn world(&self) -> World {
        let mut world = World::new();
        for (name, versions) in &self.versions {
            let needs = self.via.iter().filter(|(_, asking)| asking.contains(name));
            let needs: Vec<&str> = needs.map(|(needed, _)| needed.as_str()).collect();
            for version in versions.iter().map(String::as_str).chain([NEWER]) {
                world = world.with(name, version, &needs);
            }
        }
        world
    }
}

/// The versions of the lock at `fixtures/locks/FILE` after locking over it for a Python, its bytes before and after.
fn taken_over(
    file: &str,
    python: &str,
    arguments: &[&str],
) -> (BTreeMap<String, String>, String, String) {
    let path = fixtures().join("locks").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let foreign = Foreign::read(&text);
    let index = Loopback::index(foreign.world());
    let context = TestContext::new();
    context.write("requirements.in", foreign.roots());
    context.write("requirements.txt", &text);
    context.write_advisories("advisories", &[]);
    context
        .lockgate(&["lock", "requirements.in", "-o", "requirements.txt"])
        .args(["--python-version", python, "--python-platform", "linux"])
        .args(["--index-url", &index.index_url()])
        .args(["--advisories", "advisories", "--cache-dir"])
        .arg(context.cache())
        .args(arguments)
        .run()
        .exits(0);
    let lock = context.read("requirements.txt");
    let versions = pins_of(&lock).into_iter();
    let versions = versions.map(|(name, pin)| (name, pin.version)).collect();
    (versions, text, lock)
}

#[test]
fn no_version_changes_that_need_not() {
    for (file, count) in [
        ("pip-compile.txt", 21),
        ("pip-compile-hashes.txt", 21),
        ("pip-compile-line.txt", 23),
        ("pip-compile-project.txt", 1),
        ("pip-compile-unsafe.txt", 10),
        ("uv-hashes.txt", 21),
        ("uv-line.txt", 23),
        ("poetry-export.txt", 8),
        ("pipenv-requirements.txt", 8),
    ] {
        let (versions, before, after) = taken_over(file, "3.11", &[]);
        let expected: BTreeMap<String, String> = Foreign::read(&before)
            .versions
            .into_iter()
            .map(|(name, versions)| (name, versions.into_iter().collect::<Vec<_>>().join(" ")))
            .collect();
        assert_eq!(versions, expected, "{file}");
        assert_eq!(versions.len(), count, "{file}");
        assert_eq!(before.contains("\r\n"), after.contains("\r\n"), "{file}");

        // Only the old lock keeps them.
        let (upgraded, ..) = taken_over(file, "3.11", &["--upgrade"]);
        assert!(
            upgraded.values().all(|version| version == NEWER),
            "{file}: {upgraded:?}"
        );
    }
}

#[test]
fn of_several_environments_the_one_that_is_locked_for_counts() {
    for (python, expected) in [
        (
            "3.8",
            [("amqp", "5.3.1"), ("asgiref", "3.8.1"), ("click", "8.1.8")],
        ),
        (
            "3.9",
            [("amqp", "5.3.1"), ("asgiref", "3.11.1"), ("click", "8.1.8")],
        ),
        (
            "3.10",
            [("amqp", "5.4.2"), ("asgiref", "3.12.1"), ("click", "8.5.1")],
        ),
        (
            "3.12",
            [("amqp", "5.4.2"), ("asgiref", "3.13.0"), ("click", "8.5.1")],
        ),
    ] {
        let (versions, ..) = taken_over("uv-universal.txt", python, &[]);
        for (name, version) in expected {
            assert_eq!(versions[name], version, "{name} for Python {python}");
        }
        // It is pinned for Pythons before 3.9 only: the best that is known of it elsewhere.
        assert_eq!(versions["backports-zoneinfo"], "0.2.1");
    }
}

#[test]
fn a_lock_that_cannot_be_read_is_left_alone() {
    let index = Loopback::index(World::new().with("a", "1.0", &[]));
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.write("requirements.txt", "[[package]]\nname = 'a'\n");
    let run = context.lock(&index).run();
    run.exits(2)
        .mentions(&["requirements.txt:1", "keep none of them with `-U`"]);
    assert_eq!(
        context.read("requirements.txt"),
        "[[package]]\nname = 'a'\n"
    );
    context.lock(&index).arg("-U").run().exits(0);
}
