//! What a search through a folder leaves out, so that nothing is skipped in silence.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use lockgate_formats::inventory::{is_lock_name, unread_kind};
use lockgate_model::{Remark, RemarkCode};

use super::inputs::is_skipped;

/// As deep as folders are searched for what is left out.
const MAX_DEPTH: usize = 64;
/// As many entries are looked at.
const MAX_ENTRIES: usize = 500_000;
/// The files of a version control system: nobody keeps a lock there.
const REPOSITORIES: [&str; 4] = [".git", ".hg", ".svn", ".jj"];
/// Files that say what a project requires.
const PROJECTS: [&str; 5] = [
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "Pipfile",
    "pixi.toml",
];

/// What was left out of a search, by what it is.
#[derive(Debug, Default)]
struct LeftOut {
    recursive: bool,
    entries: usize,
    seen: BTreeSet<PathBuf>,
    /// Files of a kind that is not read.
    unread: BTreeMap<&'static str, Vec<String>>,
    /// Locks in folders that are skipped.
    skipped: Vec<String>,
    /// Projects without a lock, in their folder or above it.
    unlocked: Vec<String>,
}

/// Remarks on what a search through `folder` leaves out.
pub(super) fn remarks(folder: &str, recursive: bool) -> Vec<Remark> {
    let mut left_out = LeftOut {
        recursive,
        ..LeftOut::default()
    };
    left_out.search(Path::new(folder), 0, false, false);
    let mut texts: Vec<String> = left_out
        .unread
        .iter()
        .map(|(kind, files)| {
            let text = format!("not audited, since a {kind} is not read");
            counted(files, &text)
        })
        .collect();
    if !left_out.skipped.is_empty() {
        let text = "not audited, since hidden folders and folders of installed packages are not searched; name them to audit them";
        texts.push(counted(&left_out.skipped, text));
    }
    if !left_out.unlocked.is_empty() {
        texts.push(counted(
            &left_out.unlocked,
            "not audited, since there is no lock for it",
        ));
    }
    if left_out.entries > MAX_ENTRIES {
        texts.push("there is more than could be searched for what is left out".to_owned());
    }
    let remark = |text| Remark {
        code: RemarkCode::Input,
        text,
        origin: Some(folder.to_owned()),
    };
    texts.into_iter().map(remark).collect()
}

impl LeftOut {
    /// `is_skipped_here`: the folder is one that is not searched for locks. `has_lock`: there is a lock above it.
    fn search(&mut self, folder: &Path, depth: usize, is_skipped_here: bool, has_lock: bool) {
        // A folder that cannot be read is a gap of the search itself.
        let (Ok(entries), Ok(real)) = (fs::read_dir(folder), fs::canonicalize(folder)) else {
            return;
        };
        if depth > MAX_DEPTH || !self.seen.insert(real) {
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
        let has_lock_here = files
            .iter()
            .any(|file| is_lock_name(&file.to_string_lossy()));
        let has_lock = has_lock || (has_lock_here && !is_skipped_here);
        for file in &files {
            self.file(file, is_skipped_here, has_lock);
        }
        for below in &folders {
            let name = name_of(below);
            let is_requirements = name == "requirements";
            if REPOSITORIES.contains(&name.as_str()) || below.is_symlink() {
                continue;
            }
            if self.recursive || is_requirements {
                let is_skipped = is_skipped_here || is_skipped(&name);
                self.search(below, depth + 1, is_skipped, has_lock);
            }
        }
    }

    fn file(&mut self, file: &Path, is_skipped_here: bool, has_lock: bool) {
        let shown = file.strip_prefix(".").unwrap_or(file).display().to_string();
        if is_skipped_here {
            if is_lock_name(&shown) {
                self.skipped.push(shown);
            }
        } else if let Some(kind) = unread_kind(&shown) {
            self.unread.entry(kind).or_default().push(shown);
        } else if !has_lock && PROJECTS.contains(&name_of(file).as_str()) {
            self.unlocked.push(shown);
        }
    }
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
