//! Where an interpreter is installed, told from its files alone: starting it takes longer than the whole of a warm run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::files::{Limit, read_text};

/// `sys.prefix` and `sys.base_prefix` of an interpreter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The virtual environment, else the installation itself.
    pub prefix: PathBuf,
    /// The installation that a virtual environment was made from; none where its own file does not say.
    pub base: Option<PathBuf>,
}

impl Installation {
    /// Of the interpreter at `executable`; none where its place does not tell, as with a script that looks for the interpreter.
    pub fn of(executable: &Path) -> Option<Self> {
        let executable = std::path::absolute(executable).ok()?;
        let folder = executable.parent()?;
        // Python looks for this file beside itself and one folder above, without following links.
        for candidate in [folder.parent(), Some(folder)].into_iter().flatten() {
            if let Ok(text) = read_text(&candidate.join("pyvenv.cfg"), Limit::PROJECT) {
                return Some(Self {
                    prefix: candidate.to_owned(),
                    base: home_of(&text).and_then(|home| home.parent().map(Path::to_owned)),
                });
            }
        }
        let real = fs::canonicalize(&executable).ok()?;
        let folder = real.parent()?;
        let prefix = if folder.join("Lib").join("os.py").is_file() {
            // Windows has no `bin`.
            folder
        } else {
            folder
                .parent()
                .filter(|prefix| is_standard_library(&prefix.join("lib")))?
        };
        Some(Self {
            prefix: prefix.to_owned(),
            base: Some(prefix.to_owned()),
        })
    }
}

/// The folder of the base interpreter, by a virtual environment's `pyvenv.cfg`.
fn home_of(text: &str) -> Option<PathBuf> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case("home"))
        .map(|(_, value)| PathBuf::from(value.trim()))
}

/// Whether a `lib` folder holds a standard library: the mark by which Python finds its own prefix.
fn is_standard_library(lib: &Path) -> bool {
    fs::read_dir(lib).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            entry.file_name().to_string_lossy().starts_with("python")
                && entry.path().join("os.py").is_file()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_virtual_environment_is_its_own_prefix() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        write(&at("venv/bin/python"), "");
        write(
            &at("venv/pyvenv.cfg"),
            "Home = /opt/py/bin\nversion = 3.11\n",
        );
        assert_eq!(
            Installation::of(&at("venv/bin/python")).unwrap(),
            Installation {
                prefix: std::path::absolute(at("venv")).unwrap(),
                base: Some(PathBuf::from("/opt/py"))
            }
        );
    }

    #[test]
    fn an_installation_is_known_by_its_library_and_a_script_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let real = fs::canonicalize(folder.path()).unwrap();
        let at = |path: &str| real.join(path);
        write(&at("py/bin/python3.11"), "");
        write(&at("py/lib/python3.11/os.py"), "");
        assert_eq!(
            Installation::of(&at("py/bin/python3.11")).unwrap().prefix,
            at("py")
        );
        write(&at("shims/python3"), "#!/bin/sh\n");
        assert_eq!(Installation::of(&at("shims/python3")), None);
        assert_eq!(Installation::of(&at("nowhere/python3")), None);
    }
}
