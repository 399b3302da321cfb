//! Installed environments: where their packages lie, found by looking alone. No interpreter is started: what an audit is about may be
//! what must not be run.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lockgate_index::files::{self, Limit};
use lockgate_model::UnreadPart;

use crate::failure::Failure;

/// An environment on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InstalledEnvironment {
    /// As the user named it.
    pub(crate) place: String,
    /// The folders that packages are imported from, in order.
    pub(crate) folders: Vec<PathBuf>,
    /// Whether these hold wheels and source distributions, and not what is installed.
    pub(crate) is_of_files: bool,
    /// What could not be looked at, so that there may be more of them.
    pub(crate) unread: Vec<UnreadPart>,
}

/// Folders of packages, and what could not be looked at for them.
#[derive(Debug, Default)]
struct Folders {
    found: Vec<PathBuf>,
    seen: BTreeSet<PathBuf>,
    /// The folders that an interpreter may be installed in and that were looked at: one may name itself as its base.
    prefixes: BTreeSet<PathBuf>,
    unread: Vec<UnreadPart>,
}

impl Folders {
    fn is_empty(&self) -> bool {
        self.found.is_empty() && self.unread.is_empty()
    }

    /// Adds a folder of packages, if it is there and not known yet.
    fn add(&mut self, folder: PathBuf) {
        let real = fs::metadata(&folder).and_then(|metadata| {
            let real = metadata.is_dir().then(|| fs::canonicalize(&folder));
            real.transpose()
        });
        match real {
            Ok(Some(real)) => {
                if self.seen.insert(real) {
                    self.found.push(folder);
                }
            }
            Ok(None) => {}
            Err(error) => self.fail(&folder, &error),
        }
    }

    /// Keeps what could not be looked at.
    fn fail(&mut self, path: &Path, error: &io::Error) {
        if !is_absent(error) {
            let part = unread_part(path, error);
            if !self.unread.contains(&part) {
                self.unread.push(part);
            }
        }
    }

    /// The entries of a folder, if it is there.
    fn entries(&mut self, folder: &Path) -> Vec<PathBuf> {
        let read = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        match read {
            Ok(entries) => entries.iter().map(fs::DirEntry::path).collect(),
            Err(error) => {
                self.fail(folder, &error);
                Vec::new()
            }
        }
    }
}

/// Whether nothing is there: all else that keeps something from being read leaves it unknown.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// A part of an environment that cannot be read.
pub(crate) fn unread_part(path: &Path, error: &io::Error) -> UnreadPart {
    UnreadPart {
        what: path.display().to_string(),
        why: format!("it cannot be read: {error}"),
        file: None,
        line: None,
    }
}

impl InstalledEnvironment {
    /// Returns the folders that are the environment's own: all that its interpreters could be started from.
    pub(crate) fn roots(&self) -> Vec<PathBuf> {
        let place = Path::new(&self.place);
        let named = if place.is_file() {
            let absolute = std::path::absolute(place).ok();
            let virtual_root = absolute.as_deref().and_then(|file| {
                prefixes(file)
                    .into_iter()
                    .find(|prefix| is_environment(prefix))
            });
            // The interpreter that a virtual environment was made with isn't its own.
            let behind = fs::canonicalize(place)
                .ok()
                .filter(|_| virtual_root.is_none());
            let of_file = |file: PathBuf| prefixes(&file).into_iter().next();
            let roots = [absolute, behind].into_iter().flatten().filter_map(of_file);
            virtual_root.into_iter().chain(roots).collect()
        } else {
            vec![place.to_owned()]
        };
        let of_packages = self
            .folders
            .iter()
            .filter_map(|folder| prefix_above(folder));
        let roots = named.into_iter().chain(of_packages);
        roots
            .flat_map(|root| {
                [
                    std::path::absolute(&root).ok(),
                    fs::canonicalize(&root).ok(),
                ]
            })
            .flatten()
            .collect()
    }
}

/// Returns the folder that an interpreter with this folder of packages is installed in.
fn prefix_above(packages: &Path) -> Option<PathBuf> {
    let packages = std::path::absolute(packages).ok()?;
    let named = |folder: &Path| {
        folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    let above = packages.parent()?;
    let is_versioned =
        named(above).is_some_and(|name| name.starts_with("python") || name.starts_with("pypy"));
    let library = if is_versioned { above.parent()? } else { above };
    let is_library = named(library)
        .is_some_and(|name| matches!(name.to_ascii_lowercase().as_str(), "lib" | "lib64"));
    let prefix = if is_library {
        library.parent()?
    } else {
        library
    };
    // Debian has packages of its administrator's in `local`.
    let is_local = is_library && named(prefix).is_some_and(|name| name == "local");
    let prefix = if is_local { prefix.parent()? } else { prefix };
    // A folder of packages by itself has no interpreter.
    (is_library || named(&packages).is_some_and(|name| name == "site-packages"))
        .then(|| prefix.to_owned())
}

/// Finds the environment that `text` names: an interpreter, the folder of a virtual or conda environment, or a folder of packages.
/// `is_local` leaves out what a virtual environment takes over from the interpreter that it was made with.
pub(crate) fn find(text: &str, is_local: bool) -> Result<InstalledEnvironment, Failure> {
    let path = Path::new(text);
    let folders = if path.is_dir() {
        of_folder(path, is_local)
    } else if path.is_file() {
        of_interpreter(path, is_local)?
    } else {
        return Err(Failure::new(format!("there is no environment at `{text}`"))
            .remedy("name the folder of an environment, or the interpreter in it"));
    };
    if folders.is_empty() {
        return Err(Failure::new(format!(
            "`{text}` is no environment: no folder of installed packages is in it"
        ))
        .remedy(
            "name the folder of an environment, its `site-packages`, or the interpreter in it",
        ));
    }
    Ok(InstalledEnvironment {
        place: text.to_owned(),
        folders: folders.found,
        is_of_files: false,
        unread: folders.unread,
    })
}

/// A folder that packages lie in, as `--path` names it.
pub(crate) fn folder(text: &str) -> Result<InstalledEnvironment, Failure> {
    let path = PathBuf::from(text);
    if !path.is_dir() {
        return Err(Failure::new(format!("there is no folder `{text}`"))
            .remedy("name a folder that packages are installed in"));
    }
    let mut looked = Folders::default();
    let is_of_packages = holds_packages(&path, &mut looked);
    let has_files = |path: &Path| {
        ["whl", "gz", "zip"]
            .iter()
            .any(|ending| path.extension().is_some_and(|found| found == *ending))
            && path.is_file()
    };
    let entries = looked.entries(&path);
    let is_of_files = !is_of_packages && entries.iter().any(|entry| has_files(entry));
    let of_pex = path.join(".deps");
    let folders = if is_of_packages || is_of_files || !looked.unread.is_empty() {
        vec![path]
    } else if path.join("PEX-INFO").is_file() && of_pex.is_dir() {
        // Each package of a pex lies in a folder of its own, or, in a packed one, in its wheel.
        let packages = looked.entries(&of_pex);
        let mut folders: Vec<PathBuf> = Vec::new();
        if packages.iter().any(|package| package.is_file()) {
            folders.push(of_pex);
        }
        folders.extend(packages.into_iter().filter(|package| package.is_dir()));
        if folders.is_empty() {
            return Err(without_packages(text, &path, false));
        }
        folders
    } else {
        return Err(without_packages(text, &path, entries.is_empty()));
    };
    Ok(InstalledEnvironment {
        place: text.to_owned(),
        folders,
        is_of_files,
        unread: looked.unread,
    })
}

/// Refuses a folder for `--path` in which nothing is installed, and says what it is.
fn without_packages(text: &str, path: &Path, is_empty: bool) -> Failure {
    let is_root = is_environment(path) || path.join("lib").is_dir() || path.join("Lib").is_dir();
    if is_empty {
        Failure::new(format!(
            "the folder `{text}` is empty: there is nothing to audit"
        ))
        .remedy("name a folder that packages are installed in")
    } else if is_root {
        Failure::new(format!(
            "`{text}` is not a folder of packages, but may be an environment that has one"
        ))
        .remedy(format!("name it with `--environment {text}`"))
    } else {
        Failure::new(format!("no package is installed in the folder `{text}`"))
            .remedy("name a folder that packages are installed in, or a folder of wheels")
    }
}

fn of_folder(path: &Path, is_local: bool) -> Folders {
    let mut folders = Folders::default();
    of_prefix(path, None, is_local, &mut folders);
    if folders.found.is_empty() && holds_packages(path, &mut folders) {
        folders.add(path.to_owned());
    }
    folders
}

/// Whether anything in the folder says what is installed in it.
fn holds_packages(path: &Path, folders: &mut Folders) -> bool {
    let is_named_so = path
        .file_name()
        .is_some_and(|name| name == "site-packages" || name == "dist-packages");
    is_named_so
        || folders.entries(path).iter().any(|entry| {
            let name = entry.file_name().unwrap_or_default();
            is_metadata(&name.to_string_lossy())
        })
}

/// Whether an entry of a folder of packages describes one.
pub(crate) fn is_metadata(name: &str) -> bool {
    [".dist-info", ".egg-info", ".egg-link", ".egg"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// Returns whether a folder is a virtual environment or one of conda's.
fn is_environment(folder: &Path) -> bool {
    folder.join("pyvenv.cfg").is_file() || folder.join("conda-meta").is_dir()
}

fn of_interpreter(path: &Path, is_local: bool) -> Result<Folders, Failure> {
    let mut folders = Folders::default();
    let absolute = std::path::absolute(path).map_err(|error| {
        Failure::new(format!(
            "cannot tell where `{}` is: {error}",
            path.display()
        ))
    })?;
    // In a virtual environment the interpreter is a link: the environment is where the link is.
    for prefix in prefixes(&absolute) {
        if is_environment(&prefix) {
            of_prefix(&prefix, None, is_local, &mut folders);
            return Ok(folders);
        }
    }
    let file = fs::canonicalize(path)
        .map_err(|error| Failure::new(format!("`{}` cannot be read: {error}", path.display())))?;
    let version = file
        .file_stem()
        .and_then(|name| name.to_str())
        .and_then(|name| {
            name.trim_start_matches("pypy")
                .trim_start_matches("python")
                .split_once('.')
        })
        .filter(|(major, minor)| {
            [major, minor]
                .iter()
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        })
        .map(|(major, minor)| format!("{major}.{minor}"));
    for prefix in prefixes(&file) {
        of_prefix(&prefix, version.as_deref(), is_local, &mut folders);
        if !folders.is_empty() {
            return Ok(folders);
        }
    }
    Err(Failure::new(format!(
        "where the packages of `{}` lie cannot be told without running it",
        path.display()
    ))
    .remedy("name the folder of the environment, or its `site-packages`"))
}

/// The folders that an interpreter may be installed in: above its `bin`, and where it lies itself, as on Windows.
fn prefixes(interpreter: &Path) -> Vec<PathBuf> {
    let folder = interpreter.parent();
    let above = folder
        .filter(|folder| {
            folder
                .file_name()
                .is_some_and(|name| name == "bin" || name.eq_ignore_ascii_case("scripts"))
        })
        .and_then(Path::parent);
    above
        .into_iter()
        .chain(folder)
        .map(Path::to_owned)
        .collect()
}

/// Adds the folders of packages of what is installed at `prefix`; of one version, if one is given.
fn of_prefix(prefix: &Path, version: Option<&str>, is_local: bool, folders: &mut Folders) {
    let real = fs::canonicalize(prefix).unwrap_or_else(|_| prefix.to_owned());
    if !folders.prefixes.insert(real) {
        return;
    }
    for library in ["lib", "lib64", "local/lib"] {
        for python in pythons(&prefix.join(library), version, folders) {
            folders.add(python.join("site-packages"));
            folders.add(python.join("dist-packages"));
        }
    }
    folders.add(prefix.join("Lib").join("site-packages"));
    folders.add(prefix.join("site-packages"));
    let settings = prefix.join("pyvenv.cfg");
    let text = match files::read_regular(&settings, Limit::PROJECT) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => return folders.fail(&settings, &error),
    };
    let set = |key: &str| {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            (name.trim() == key).then(|| value.trim().to_owned())
        })
    };
    let takes_over =
        set("include-system-site-packages").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if takes_over && !is_local {
        let Some(home) = set("home") else {
            folders.unread.push(UnreadPart {
                what: settings.display().to_string(),
                why: "it does not say which interpreter's packages the environment takes over"
                    .to_owned(),
                file: None,
                line: None,
            });
            return;
        };
        let version = set("version").or_else(|| set("version_info"));
        let short = version.as_deref().and_then(|version| {
            let mut parts = version.split('.');
            Some(format!("{}.{}", parts.next()?, parts.next()?))
        });
        let home = PathBuf::from(home);
        for base in prefixes(&home.join("python")) {
            of_prefix(&base, short.as_deref(), false, folders);
        }
    }
}

/// The folders of Python versions in a folder of libraries.
fn pythons(library: &Path, version: Option<&str>, folders: &mut Folders) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = folders
        .entries(library)
        .into_iter()
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let number = name
                .strip_prefix("python")
                .or_else(|| name.strip_prefix("pypy"));
            number.is_some_and(|number| {
                // Debian keeps the packages of all versions in `python3`; free-threaded builds have a `t` at the end.
                let number = number.trim_end_matches('t');
                number.starts_with('3')
                    && version.is_none_or(|version| number == version || number == "3")
            })
        })
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests;
