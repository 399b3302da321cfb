//! The ground plan as a test: which crate of the workspace may know which, and which outside crates each may not reach.
//!
//! A star: every room knows `lockgate-model` and no sibling, and only the binary knows them all. Who adds an arrow changes the table
//! here, and docs/architecture.md with it.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// Edges between the crates of the workspace.
const EDGES: &[(&str, &[&str])] = &[
    (
        "lockgate",
        &[
            "lockgate-formats",
            "lockgate-gate",
            "lockgate-index",
            "lockgate-model",
            "lockgate-report",
            "lockgate-solve",
        ],
    ),
    ("lockgate-formats", &["lockgate-model"]),
    // What the fuzzers run: readers of three rooms, each by itself.
    (
        "lockgate-fuzz-targets",
        &[
            "lockgate-formats",
            "lockgate-gate",
            "lockgate-index",
            "lockgate-model",
        ],
    ),
    ("lockgate-gate", &["lockgate-model"]),
    ("lockgate-index", &["lockgate-model"]),
    ("lockgate-model", &[]),
    ("lockgate-report", &["lockgate-model"]),
    ("lockgate-solve", &["lockgate-model"]),
    // To compare versions, and markers by what they mean.
    ("lockgate-tests", &["lockgate-model"]),
];

/// Outside crates that a room must not reach, through any other crate either.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("lockgate-model", &["tokio", "reqwest", "pubgrub", "zip"]),
    ("lockgate-formats", &["tokio", "reqwest", "pubgrub", "zip"]),
    ("lockgate-gate", &["tokio", "reqwest", "pubgrub"]),
    ("lockgate-index", &["pubgrub", "indicatif"]),
    ("lockgate-report", &["tokio", "reqwest", "pubgrub", "zip"]),
    ("lockgate-solve", &["tokio", "reqwest", "zip", "rand"]),
];

/// The one crate that may name another directly.
const WRAPPED: &[(&str, &str)] = &[
    ("reqwest", "lockgate-index"),
    ("pubgrub", "lockgate-solve"),
    ("indicatif", "lockgate"),
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .exec()
        .expect("cargo tells its metadata")
}

#[test]
fn rooms_know_the_model_and_no_sibling() {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in metadata().workspace_packages() {
        let siblings = package
            .dependencies
            .iter()
            .filter(|dependency| {
                dependency.path.is_some() && dependency.kind != DependencyKind::Development
            })
            .map(|dependency| dependency.name.clone());
        found.insert(package.name.to_string(), siblings.collect());
    }
    let drawn: BTreeMap<String, BTreeSet<String>> = EDGES
        .iter()
        .map(|(from, to)| {
            (
                (*from).to_owned(),
                to.iter().map(|name| (*name).to_owned()).collect(),
            )
        })
        .collect();
    assert_eq!(found, drawn);
}

#[test]
fn rooms_do_not_reach_what_they_may_not_know() {
    let metadata = metadata();
    for (room, forbidden) in FORBIDDEN {
        let reached = reached_from(&metadata, room);
        let broken: Vec<&&str> = forbidden
            .iter()
            .filter(|name| reached.contains(**name))
            .collect();
        assert!(broken.is_empty(), "`{room}` reaches {broken:?}");
    }
}

#[test]
fn wrapped_crates_have_one_wrapper() {
    let metadata = metadata();
    for (wrapped, wrapper) in WRAPPED {
        let users: Vec<String> = metadata
            .workspace_packages()
            .iter()
            .filter(|package| {
                package
                    .dependencies
                    .iter()
                    .any(|dependency| dependency.name == *wrapped)
            })
            .map(|package| package.name.to_string())
            .collect();
        assert_eq!(users, [*wrapper], "users of `{wrapped}`");
    }
}

/// The names of all packages that a crate is built from, tests and build scripts left out.
fn reached_from(metadata: &Metadata, room: &str) -> BTreeSet<String> {
    let graph = metadata
        .resolve
        .as_ref()
        .expect("metadata hold the resolved graph");
    let root = metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.name.as_str() == room);
    let mut open: Vec<PackageId> = vec![
        root.unwrap_or_else(|| panic!("`{room}` is a member"))
            .id
            .clone(),
    ];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let node = graph
            .nodes
            .iter()
            .find(|node| node.id == id)
            .expect("every package has a node");
        let used = node.deps.iter().filter(|dependency| {
            dependency
                .dep_kinds
                .iter()
                .any(|kind| kind.kind == DependencyKind::Normal)
        });
        open.extend(used.map(|dependency| dependency.pkg.clone()));
    }
    seen.iter()
        .map(|id| metadata[id].name.to_string())
        .collect()
}

/// Rust files below a folder.
fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("a folder of sources can be listed");
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn one_module_starts_programs() {
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut files = Vec::new();
    for package in std::fs::read_dir(&crates)
        .expect("there are crates")
        .flatten()
    {
        let folder = package.path().join("src");
        if folder.is_dir() {
            sources(&folder, &mut files);
        }
    }
    let starts = |text: &str| {
        let is_import = |line: &str| line.contains("process::{") && line.contains("Command");
        text.contains("process::Command") || text.lines().any(is_import)
    };
    let mut found: Vec<String> = files
        .iter()
        .filter(|path| {
            let text = std::fs::read_to_string(path).expect("a source can be read");
            // What stands behind `mod tests`, or in a file of tests, runs in no program of ours.
            let own = text.split("#[cfg(test)]").next().unwrap_or_default();
            starts(own)
        })
        .map(|path| {
            let path = path.strip_prefix(&crates).unwrap_or(path);
            path.display().to_string()
        })
        .filter(|path| !path.contains("tests") && !path.contains("parity"))
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "lockgate-index/src/programs.rs",
            "lockgate-index/src/programs/run.rs"
        ]
    );
}
