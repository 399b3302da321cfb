//! What to do about a `pyproject.toml` that says nothing static of its dependencies: other tools' tables, setuptools' older files.

use lockgate_model::Files;
use toml::de::DeTable;

use super::below;
use crate::error::InputError;
use crate::path::joined;

/// The tables in which other tools keep dependencies; what to do about each.
const FOREIGN: [(&[&str], &str); 3] = [
    (
        &["tool", "poetry"],
        "Poetry's own table is not read: move its dependencies to `[project]`, which Poetry 2 reads as well",
    ),
    (
        &["tool", "flit", "metadata"],
        "Flit's older table is not read: move its `requires` to `dependencies` in `[project]`, which Flit reads since 3.2",
    ),
    (
        &["tool", "pdm", "dependencies"],
        "PDM's older table is not read: move it to `[project]`, which PDM reads since 1.12",
    ),
];

/// There is no `[project]`.
pub(super) fn project(files: &dyn Files, path: &str, root: &DeTable<'_>) -> InputError {
    let input = InputError::new(path, "it has no `[project]` table");
    if let Some((_, remedy)) = foreign(root) {
        return input.remedy(remedy).needs_build(
            path,
            &["dependencies", "optional-dependencies", "requires-python"],
        );
    }
    if let Some(older) = older(files, path) {
        return input.remedy(remedy_for_older(older)).needs_build(
            path,
            &["dependencies", "optional-dependencies", "requires-python"],
        );
    }
    let groups = below(root, &["dependency-groups"]);
    match groups.and_then(|groups| groups.iter().next()) {
        Some((group, _)) => input.remedy(format!(
            "it has dependency groups: lock one with `--group {}`",
            group.get_ref()
        )),
        None => input.remedy(
            "name a requirements file instead, or add `[project]` with `name` and `dependencies`",
        ),
    }
}

/// What to do about a field that only a build tells.
pub(super) fn remedy_for_dynamic(files: &dyn Files, path: &str, root: &DeTable<'_>) -> String {
    let foreign = foreign(root).map(|(_, remedy)| remedy.to_owned());
    let older = || older(files, path).filter(|name| *name == "setup.cfg");
    foreign
        .or_else(|| older().map(|name| remedy_for_older(name).to_owned()))
        .unwrap_or_else(|| {
            "write the dependencies into `[project]`, or lock a requirements file".to_owned()
        })
}

fn foreign(root: &DeTable<'_>) -> Option<(&'static [&'static str], &'static str)> {
    FOREIGN
        .into_iter()
        .find(|(keys, _)| below(root, keys).is_some())
}

/// The older file of setuptools beside `path` that says what is required.
fn older(files: &dyn Files, path: &str) -> Option<&'static str> {
    let holds = |name: &str, word: &str| {
        let read = files.read_included(&joined(path, name), path);
        read.is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(word))
    };
    [("setup.cfg", "install_requires"), ("setup.py", "")]
        .into_iter()
        .find(|(name, word)| holds(name, word))
        .map(|(name, _)| name)
}

fn remedy_for_older(name: &str) -> &'static str {
    if name == "setup.cfg" {
        "`setup.cfg` beside it has `install_requires`: lock `setup.cfg`, or write the dependencies into `[project]`"
    } else {
        "`setup.py` beside it is a program, and is not run: write the dependencies into `[project]`, or lock a requirements file"
    }
}
