//! What a search through a folder leaves out, so that nothing is skipped in silence.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use lockgate_formats::inventory::{
    disguised_kind, included_requirements, is_lock_name, unread_kind,
};
use lockgate_index::files::{self, Limit};
use lockgate_model::{ItemOrigin, Remark, RemarkCode};

use super::inputs::{ReadInput, is_below_requirements, is_skipped, reads_as_lock};
use crate::cli::AuditArguments;

/// As deep as folders are searched for what is left out.
const MAX_DEPTH: usize = 64;
/// As many entries are looked at.
const MAX_ENTRIES: usize = 500_000;
/// As many files are opened whose names say nothing.
const MAX_OPENED: usize = 20_000;
/// As much is read of each.
const BEGINNING: u64 = 64 * 1024;
/// The files of a version control system: nobody keeps a lock there.
const REPOSITORIES: [&str; 4] = [".git", ".hg", ".svn", ".jj"];
/// Files that say what a project requires.
const PROJECTS: [&str; 5] = [
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "pipfile",
    "pixi.toml",
];
/// Endings of files that may be locks under names that do not say so.
const SPEAKING: [&str; 11] = [
    "txt", "in", "pip", "req", "reqs", "freeze", "lock", "toml", "json", "xml", "rdf",
];

/// What was left out of a search, by what it is.
#[derive(Debug, Default)]
struct LeftOut {
    recursive: bool,
    entries: usize,
    opened: usize,
    seen: BTreeSet<PathBuf>,
    /// The folders of projects whose dependencies a lock elsewhere holds, links resolved.
    members: BTreeSet<PathBuf>,
    /// Files of a kind that is not read.
    unread: BTreeMap<&'static str, Vec<String>>,
    /// Files whose names do not say what they seem to be.
    disguised: BTreeMap<&'static str, Vec<String>>,
    /// Texts below a folder `requirements` that are no requirements files.
    texts: Vec<String>,
    /// Locks in folders that are skipped.
    skipped: Vec<String>,
    /// Projects without a lock.
    unlocked: Vec<String>,
}

/// How a folder is searched.
#[derive(Debug, Clone, Copy, Default)]
struct Where {
    depth: usize,
    /// It is one that is not searched for locks.
    is_skipped: bool,
}

/// Remarks on what the search through each folder that was named leaves out.
pub(super) fn remarks(arguments: &AuditArguments, inputs: &[ReadInput]) -> Vec<Remark> {
    let folders: Vec<&String> = arguments
        .files
        .iter()
        .filter(|file| Path::new(file).is_dir())
        .collect();
    if folders.is_empty() {
        return Vec::new();
    }
    let members = members(inputs);
    let mut remarks = Vec::new();
    for folder in folders {
        let mut left_out = LeftOut {
            recursive: arguments.recursive,
            members: members.clone(),
            ..LeftOut::default()
        };
        left_out.search(Path::new(folder), Where::default());
        remarks.extend(left_out.texts().into_iter().map(|text| Remark {
            code: RemarkCode::Input,
            text,
            origin: Some(folder.clone()),
        }));
    }
    remarks
}

/// The folders of the user's own code, and of copies of it, that the locks name: what these require is in the lock.
fn members(inputs: &[ReadInput]) -> BTreeSet<PathBuf> {
    let mut members = BTreeSet::new();
    for ReadInput { inventory, .. } in inputs {
        for item in &inventory.items {
            let (ItemOrigin::Own(place) | ItemOrigin::Direct(place)) = &item.origin else {
                continue;
            };
            let place = place.strip_prefix("file://").unwrap_or(place);
            let file = item.file.as_deref().unwrap_or(&inventory.place);
            let beside = Path::new(file).parent().unwrap_or(Path::new(""));
            let here = [beside.join(place), PathBuf::from(place)];
            let real = here.iter().filter_map(|path| fs::canonicalize(path).ok());
            members.extend(real.filter(|path| path.is_dir()));
        }
    }
    members
}

impl LeftOut {
    fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for (kind, files) in &self.unread {
            let text = format!("not audited, since a {kind} is not read");
            texts.push(counted(files, &text));
        }
        for (kind, files) in &self.disguised {
            let text = format!(
                "not audited unless a file that is audited includes it: it reads as a {kind}, and its name does not say so; name it to audit it"
            );
            texts.push(counted(files, &text));
        }
        for (files, text) in [
            (
                &self.texts,
                "not audited, since it does not read as a requirements file",
            ),
            (
                &self.skipped,
                "not audited, since hidden folders and folders of installed packages are not searched; name them to audit them",
            ),
            (&self.unlocked, "not audited, since there is no lock for it"),
        ] {
            if !files.is_empty() {
                texts.push(counted(files, text));
            }
        }
        if self.entries > MAX_ENTRIES || self.opened > MAX_OPENED {
            texts.push("there is more than could be searched for what is left out".to_owned());
        }
        texts
    }

    fn search(&mut self, folder: &Path, here: Where) {
        // A folder that cannot be read is a gap of the search itself.
        let (Ok(entries), Ok(real)) = (fs::read_dir(folder), fs::canonicalize(folder)) else {
            return;
        };
        if here.depth > MAX_DEPTH || !self.seen.insert(real.clone()) {
            return;
        }
        let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        entries.sort();
        self.entries += entries.len();
        if self.entries > MAX_ENTRIES {
            return;
        }
        let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) =
            entries.into_iter().partition(|path| path.is_dir());
        if here.is_skipped {
            let locks = files.iter().map(|file| shown(file));
            self.skipped.extend(locks.filter(|file| is_lock_name(file)));
        } else {
            let is_member = self.members.contains(&real);
            self.files(&files, is_member);
        }
        for below in &folders {
            let name = name_of(below);
            if REPOSITORIES.contains(&name.as_str()) || below.is_symlink() {
                continue;
            }
            let is_requirements = name.eq_ignore_ascii_case("requirements");
            if self.recursive || is_requirements || is_below_requirements(below) {
                self.search(
                    below,
                    Where {
                        depth: here.depth + 1,
                        is_skipped: here.is_skipped || is_skipped(&name),
                    },
                );
            }
        }
    }

    /// Looks at the files of one folder that is searched.
    fn files(&mut self, files: &[PathBuf], is_member: bool) {
        let in_requirements = files
            .first()
            .is_some_and(|file| is_below_requirements(file));
        let names: BTreeSet<String> = files
            .iter()
            .map(|file| name_of(file).to_ascii_lowercase())
            .collect();
        let is_lock = |file: &Path| {
            is_lock_name(&file.to_string_lossy()) || in_requirements && reads_as_lock(file)
        };
        let has_lock = files.iter().any(|file| is_lock(file));
        let mut included = None;
        for file in files {
            let name = name_of(file).to_ascii_lowercase();
            if is_lock(file) {
                continue;
            }
            if let Some(kind) = unread_kind(&name) {
                self.unread.entry(kind).or_default().push(shown(file));
            } else if PROJECTS.contains(&name.as_str()) {
                if !has_lock && !is_member && has_dependencies(file, &name) {
                    self.unlocked.push(shown(file));
                }
            } else if is_source(&name, in_requirements) {
                // A source that another one includes is in the lock of that one.
                let included = included.get_or_insert_with(|| included_by(files));
                let locks = locks_of(&name);
                if !locks.iter().any(|lock| names.contains(lock)) && !included.contains(file) {
                    self.unlocked.push(shown(file));
                }
            } else if in_requirements && ending(&name) == "txt" {
                self.texts.push(shown(file));
            } else if let Some(kind) = self.disguised(file, &name) {
                self.disguised.entry(kind).or_default().push(shown(file));
            }
        }
    }

    /// What a file seems to be although its name does not say so.
    fn disguised(&mut self, file: &Path, name: &str) -> Option<&'static str> {
        let ending = ending(name);
        let is_speaking = SPEAKING.contains(&ending)
            || !name.contains('.') && (name.contains("req") || name.contains("freeze"));
        if !is_speaking || self.opened > MAX_OPENED {
            return None;
        }
        self.opened += 1;
        disguised_kind(name, &beginning(file)?)
    }
}

/// The first whole lines of a file; none if it cannot be read as text, or lies outside of the repository.
fn beginning(path: &Path) -> Option<String> {
    files::stay_inside_from(path, path).ok()?;
    let file = files::open_regular(path, Limit::SOURCE).ok()?;
    let mut bytes = Vec::new();
    file.take(BEGINNING).read_to_end(&mut bytes).ok()?;
    if bytes.contains(&0) {
        return None;
    }
    if bytes.len() as u64 == BEGINNING
        && let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n')
    {
        bytes.truncate(end + 1);
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether a file that says what a project requires may name some dependency. Many hold the settings of tools alone.
fn has_dependencies(path: &Path, name: &str) -> bool {
    let words: &[&str] = match name {
        "pyproject.toml" => &["[project]", "dependencies", "dependency-groups"],
        "setup.cfg" => &["require"],
        _ => return true,
    };
    files::read_regular(path, Limit::SOURCE).map_or(
        // What cannot be read is not known to have none.
        true,
        |bytes| {
            let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
            words.iter().any(|word| text.contains(word))
        },
    )
}

/// A file of requirements that is locked: `requirements*.in`, and every `.in` in a folder `requirements`.
fn is_source(name: &str, in_requirements: bool) -> bool {
    ending(name) == "in"
        && (in_requirements
            || name.starts_with("requirements")
            || name.ends_with("requirements.in"))
}

/// What the lock of the source `name` may be called.
fn locks_of(name: &str) -> Vec<String> {
    let stem = name.strip_suffix(".in").unwrap_or(name);
    let mut locks: Vec<String> = ["txt", "lock", "pip"]
        .into_iter()
        .map(|ending| format!("{stem}.{ending}"))
        .collect();
    locks.push(format!("pylock.{stem}.toml"));
    if stem == "requirements" {
        locks.push("pylock.toml".to_owned());
    }
    locks
}

/// The files of one folder that others of it include.
fn included_by(files: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut included = BTreeSet::new();
    for file in files.iter().filter(|file| ending(&name_of(file)) == "in") {
        let text = beginning(file).unwrap_or_default();
        let folder = file.parent().unwrap_or(Path::new(""));
        included.extend(
            included_requirements(&text)
                .into_iter()
                .map(|value| folder.join(value.trim_start_matches("./"))),
        );
    }
    included
}

fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// `3 files (a, b, c): text`.
fn counted(files: &[String], text: &str) -> String {
    const SHOWN: usize = 3;
    let named: Vec<&str> = files.iter().take(SHOWN).map(String::as_str).collect();
    let more = match files.len().saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let count = match files.len() {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    format!("{count} ({}{more}): {text}", named.join(", "))
}
