//! `PATH`, without the entries that lead into the current folder.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// Returns the folders of a search path. Empty and relative ones are left out: they are whatever folder a program happens to start in.
pub(super) fn absolute_folders(path: &OsStr) -> Vec<PathBuf> {
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .collect()
}

/// Returns the first program called `name` on the search path `path`. A name with a separator is a path, and never found.
pub fn find(name: &str, path: &OsStr) -> Option<PathBuf> {
    find_all(name.to_owned(), path).next()
}

/// Returns all programs called `name` on the search path `path`, in its order. Each is looked for when it is asked for.
pub fn find_all(name: String, path: &OsStr) -> impl Iterator<Item = PathBuf> + use<> {
    let is_name = !name.is_empty() && !name.contains(['/', '\\']);
    let folders = if is_name {
        absolute_folders(path)
    } else {
        Vec::new()
    };
    let names = if cfg!(windows) {
        vec![format!("{name}.exe"), name]
    } else {
        vec![name]
    };
    folders
        .into_iter()
        .flat_map(move |folder| names.clone().into_iter().map(move |name| folder.join(name)))
        .filter(|candidate| is_program(candidate))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn only_absolute_folders_and_executable_files_count() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("first"), folder.path().join("second"));
        for (folder, mode) in [(&first, 0o644), (&second, 0o755)] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("tool"), "#!/bin/sh\n").unwrap();
            fs::set_permissions(folder.join("tool"), fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = format!(":.:bin:{}:{}:", first.display(), second.display());
        let found = find("tool", OsStr::new(&path));
        assert_eq!(found, Some(second.join("tool")));
        // The crate's own folder, where tests run, has this file.
        for path in ["", ":", ".", "src:"] {
            assert_eq!(find("Cargo.toml", OsStr::new(path)), None, "{path}");
            assert_eq!(find("lib.rs", OsStr::new(path)), None, "{path}");
        }
        assert_eq!(find("second/tool", folder.path().as_os_str()), None);
    }
}
