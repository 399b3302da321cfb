//! pip-audit and uv on the same data. They run where `LOCKGATE_PEERS` names the folder that their programs are in, as `.ci/run` has it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use lockgate_tests::{Advisory, Loopback, OsvService, TestContext};
use serde_json::Value;

use super::asking::{audit, document, findings, list, text};

const PINS: [(&str, &str); 5] = [
    ("a", "1.0"),
    ("b", "2.0"),
    ("c-d", "3.1"),
    ("e", "1.0"),
    ("f", "4.0"),
];

fn peers() -> Option<PathBuf> {
    std::env::var_os("LOCKGATE_PEERS").map(PathBuf::from)
}

fn served() -> (TestContext, Loopback<OsvService>) {
    let mut aliased = Advisory::new("PYSEC-2024-2", "a").between("0", "1.5");
    aliased.aliases = vec!["CVE-2024-2".to_owned()];
    // The service answers by project alone, and peers believe it: all of these affect their pins.
    let advisories = vec![
        Advisory::new("PYSEC-2024-1", "a").between("0.5", "2.0"),
        aliased,
        Advisory::new("GHSA-aaaa-bbbb-cccc", "b").between("1.0", "3.0"),
        Advisory::new("GHSA-dddd-eeee-ffff", "c-d").between("3.0", "3.2"),
        Advisory::new("PYSEC-2024-3", "e"),
    ];
    let context = TestContext::new();
    let lock: Vec<String> = PINS
        .iter()
        .map(|(name, version)| format!("{name}=={version}\n"))
        .collect();
    context.write("requirements.txt", lock.concat());
    (context, Loopback::osv(advisories, 2))
}

#[test]
fn pip_audit_finds_and_prints_the_same() {
    let Some(peers) = peers() else { return };
    let (context, service) = served();
    let query = format!("{}/v1/query", service.origin());
    for (theirs, ours) in [("json", "pip-audit-json"), ("columns", "columns")] {
        let run = context
            .program(peers.join("pip-audit"))
            .args(["-r", "requirements.txt", "--no-deps", "--disable-pip"])
            .args(["-s", "osv", "--osv-url", &query, "-f", theirs])
            .args(["--progress-spinner", "off", "--cache-dir"])
            .arg(context.path("their-cache"))
            .run();
        let own = audit(&context, &["requirements.txt", "-f", ours])
            .args(["-s", "osv", "--osv-url", &query])
            .run();
        run.exits(1);
        own.exits(1);
        if theirs == "columns" {
            assert_eq!(own.stdout.trim_end(), run.stdout.trim_end());
        } else {
            assert_eq!(document(&own), document(&run));
        }
        let last = |text: &str| text.trim_end().lines().last().map(str::to_owned);
        assert_eq!(last(&own.stderr), last(&run.stderr));
    }
}

#[test]
fn uv_audit_finds_the_same() {
    let Some(peers) = peers() else { return };
    let (context, service) = served();
    let names: Vec<String> = PINS.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    context.write(
        "pyproject.toml",
        format!(
            "[project]\nname = \"root\"\nversion = \"0\"\nrequires-python = \">=3.9\"\ndependencies = [{}]\n",
            names.join(", ")
        ),
    );
    let mut lock = "version = 1\nrevision = 3\nrequires-python = \">=3.9\"\n\n".to_owned();
    for (name, version) in PINS {
        let _ = write!(
            lock,
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = {{ registry = \"{}/simple\" }}\nsdist = {{ url = \"https://example.org/{name}.tar.gz\", hash = \"sha256:{}\" }}\n\n",
            service.origin(),
            "0".repeat(64)
        );
    }
    let edges: Vec<String> = PINS
        .iter()
        .map(|(name, _)| format!("{{ name = \"{name}\" }}"))
        .collect();
    let _ = write!(
        lock,
        "[[package]]\nname = \"root\"\nversion = \"0\"\nsource = {{ virtual = \".\" }}\ndependencies = [{}]\n\n[package.metadata]\nrequires-dist = [{}]\n",
        edges.join(", "),
        edges.join(", ")
    );
    context.write("uv.lock", lock);
    let run = context
        .program(peers.join("uv"))
        .args(["audit", "--frozen", "--preview-features", "audit-command"])
        .args([
            "--service-url",
            &service.origin(),
            "--output-format",
            "json",
        ])
        .arg("--cache-dir")
        .arg(context.path("their-cache"))
        .run();
    let theirs: Value = document(run.exits(1));
    let theirs: BTreeSet<String> = list(&theirs, "vulnerabilities")
        .iter()
        .map(|found| {
            let package = &found["dependency"];
            format!(
                "{}=={} {}",
                text(package, "name"),
                text(package, "version"),
                text(found, "display_id")
            )
        })
        .collect();
    let own = audit(&context, &["uv.lock", "--json"])
        .args(["--advisories", &service.origin()])
        .run();
    assert_eq!(findings(&document(own.exits(1))), theirs);
    assert_eq!(theirs.len(), 5);
}
