//! pyenv's shims: scripts that start pyenv, which starts the interpreter that is chosen by a variable or a file. The choice is read here, so
//! that nothing needs to be started for it, and what cannot be told is left to the shim.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::files::{Limit, read_text};

/// What is behind a program on the path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Behind {
    /// It is no shim, or what it would start cannot be told.
    Unknown,
    /// This interpreter.
    Program(PathBuf),
    /// A version is chosen by a name that would lead out of the folder of versions. Nothing may start.
    Outside(String),
}

/// What the shim at `path` would start from `folder`.
pub(super) fn behind(path: &Path, variables: &BTreeMap<String, String>, folder: &Path) -> Behind {
    let Some((installed, chosen)) = choice(path, variables, folder) else {
        return Behind::Unknown;
    };
    let versions = || {
        let versions = chosen.split([':', ' ', '\n']).map(str::trim);
        versions.filter(|version| !version.is_empty())
    };
    let leads_out =
        |version: &&str| version.contains(['/', '\\']) || matches!(*version, "." | "..");
    if let Some(version) = versions().find(leads_out) {
        return Behind::Outside(version.to_owned());
    }
    let name = path.file_name().unwrap_or_default();
    // The first version that has the program; one that is not there by this name may be meant in another way.
    for version in versions() {
        let prefix = installed.join(version);
        if version == "system" || !prefix.is_dir() {
            return Behind::Unknown;
        }
        let program = prefix.join("bin").join(name);
        if program.is_file() {
            return Behind::Program(program);
        }
    }
    Behind::Unknown
}

/// The folder of versions that a shim belongs to, and the versions that are chosen.
fn choice(
    path: &Path,
    variables: &BTreeMap<String, String>,
    folder: &Path,
) -> Option<(PathBuf, String)> {
    let shims = path.parent().filter(|folder| folder.ends_with("shims"))?;
    let root = shims.parent()?;
    let installed = root.join("versions");
    let chosen = chosen(root, variables, folder).filter(|_| installed.is_dir())?;
    Some((installed, chosen))
}

/// The versions that are chosen: by a variable, by the nearest file, for all.
fn chosen(root: &Path, variables: &BTreeMap<String, String>, folder: &Path) -> Option<String> {
    let set = |name: &str| variables.get(name).filter(|value| !value.is_empty());
    if let Some(version) = set("PYENV_VERSION") {
        return Some(version.clone());
    }
    // What else steers it is rare.
    if set("PYENV_DIR").is_some() {
        return None;
    }
    let nearest = folder
        .ancestors()
        .find_map(|folder| read_text(&folder.join(".python-version"), Limit::PROJECT).ok());
    let text = nearest.or_else(|| read_text(&root.join("version"), Limit::CONFIGURATION).ok())?;
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    Some(lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_interpreter_behind_a_shim_is_the_one_that_pyenv_would_start() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("shims/python3", "#!/bin/sh\n");
        write("shims/python3.9", "#!/bin/sh\n");
        write("versions/3.11.7/bin/python3", "");
        write("versions/3.9.1/bin/python3", "");
        write("versions/3.9.1/bin/python3.9", "");
        write("project/deep/x", "");
        let shim = root.path().join("shims/python3");
        let project = root.path().join("project/deep");
        let found = |shim: &Path, version: Option<&str>| {
            let variables = version.map(|version| ("PYENV_VERSION".to_owned(), version.to_owned()));
            let found = behind(shim, &variables.into_iter().collect(), &project);
            let Behind::Program(found) = found else {
                return None;
            };
            let found = found.strip_prefix(root.path()).unwrap();
            Some(found.display().to_string())
        };
        assert_eq!(found(&shim, None), None, "nothing is chosen");
        write("version", "3.11.7\n");
        let global = Some("versions/3.11.7/bin/python3".to_owned());
        let local = Some("versions/3.9.1/bin/python3".to_owned());
        assert_eq!(found(&shim, None), global);
        write("project/.python-version", "# ours\n3.9.1\n");
        assert_eq!(found(&shim, None), local);
        assert_eq!(found(&shim, Some("3.11.7")), global);
        assert_eq!(found(&shim, Some("system")), None);
        assert_eq!(
            found(&shim, Some("3.12")),
            None,
            "it may be short for another"
        );
        let older = root.path().join("shims/python3.9");
        assert_eq!(
            found(&older, Some("3.11.7:3.9.1")),
            Some("versions/3.9.1/bin/python3.9".to_owned())
        );
        assert_eq!(
            found(&root.path().join("versions/3.9.1/bin/python3"), None),
            None
        );
    }

    #[test]
    fn a_name_that_leads_out_of_the_versions_starts_nothing() {
        let root = tempfile::tempdir().unwrap();
        let shim = root.path().join("shims/python3");
        let project = root.path().join("project");
        for folder in ["shims", "versions/3.11.7/bin", "project/evil/bin", "bin"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        for program in ["versions/3.11.7/bin", "project/evil/bin", "bin"] {
            fs::write(root.path().join(program).join("python3"), "").unwrap();
        }
        fs::write(&shim, "").unwrap();
        for name in ["..", ".", "../project/evil", "/etc", "3.11.7:../x", "a\\b"] {
            fs::write(project.join(".python-version"), name).unwrap();
            let found = behind(&shim, &BTreeMap::new(), &project);
            assert!(matches!(found, Behind::Outside(_)), "{name}: {found:?}");
        }
    }
}
