//! Reads what is installed in an environment: the texts that lie beside the packages, and nothing else.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lockgate_formats::inventory::{
    Installed, InstalledDistribution, InstalledForm, link, read_distribution_file, read_installed,
};
use lockgate_index::files::{self, Limit};
use lockgate_model::{Inventory, Name, UnreadPart};

use crate::environments::{InstalledEnvironment, is_absent, is_metadata, unread_part};

/// Everything that is installed in an environment. Of a project that is in several of its folders, the first is what Python imports. What
/// cannot be read is a part of the inventory that is unread.
pub(super) fn read(environment: &InstalledEnvironment) -> Inventory {
    let mut installed = Vec::new();
    let mut remarks = Vec::new();
    let mut unread = environment.unread.clone();
    let mut known: BTreeSet<Name> = BTreeSet::new();
    if environment.is_of_files {
        for folder in &environment.folders {
            installed.extend(files_in(folder, &mut unread, &mut remarks));
        }
        let mut inventory = link(&environment.place, installed, None);
        // Names of files say nothing of who requires whom.
        inventory.knows_parents = false;
        for item in &mut inventory.items {
            item.parents.clear();
        }
        inventory.remarks.extend(remarks);
        inventory.unread = unread;
        return inventory;
    }
    for folder in &environment.folders {
        let mut here: BTreeSet<Name> = BTreeSet::new();
        for name in entries(folder, &mut unread, is_metadata) {
            let path = folder.join(&name);
            if name.starts_with('~') {
                remarks.push(format!(
                    "`{}` is what an interrupted uninstall left, and is not counted",
                    path.display()
                ));
                continue;
            }
            let mut texts = Texts::default();
            let found = texts.distribution(&path);
            if let Some((file, error)) = texts.failed {
                unread.push(unread_part(&file, &error));
                continue;
            }
            let one = read_installed(&found);
            if let Some(name) = &one.item.name {
                if known.contains(name) {
                    continue;
                }
                // Debian keeps an `egg-info` next to a `dist-info` of the same release.
                let is_again = here.contains(name)
                    && installed.iter().any(|other: &Installed| {
                        other.item.name == one.item.name
                            && other.item.version == one.item.version
                            && other.item.origin == one.item.origin
                    });
                if is_again {
                    continue;
                }
                here.insert(name.clone());
            }
            installed.push(one);
        }
        known.append(&mut here);
        // What lies there as it was built is as little installed as in a folder of wheels, and is looked at like there.
        let names = entries(folder, &mut unread, |name| {
            is_wheel(name) || read_distribution_file(name).is_some()
        });
        let files = names.iter().filter(|name| folder.join(name).is_file());
        for name in files {
            match read_distribution_file(name) {
                Some(one) => installed.push(one),
                None => unread.push(unnamed_wheel(folder, name)),
            }
        }
    }
    let copies: Vec<String> = environment
        .folders
        .iter()
        .flat_map(|it| copies(it))
        .collect();
    remarks.extend(on_copies(&copies));
    let mut inventory = link(&environment.place, installed, None);
    inventory.remarks.extend(remarks);
    inventory.unread = unread;
    inventory
}

/// The packages in a folder that carry copies of others in themselves, by the names of the folders that people use for them.
fn copies(folder: &Path) -> Vec<String> {
    const NAMES: [&str; 4] = ["_vendor", "_vendored", "vendored", "_vendored_packages"];
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<String> = entries
        .filter(|entry| NAMES.iter().any(|name| entry.path().join(name).is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    found
}

/// A remark on packages with copies of others in themselves, the first few by name.
fn on_copies(packages: &[String]) -> Option<String> {
    const SHOWN: usize = 5;
    if packages.is_empty() {
        return None;
    }
    let shown = packages.iter().take(SHOWN);
    let mut named = shown
        .map(|package| format!("`{package}`"))
        .collect::<Vec<_>>()
        .join(", ");
    if packages.len() > SHOWN {
        let _ = write!(named, " and {} more", packages.len() - SHOWN);
    }
    let (count, carry) = match packages.len() {
        1 => ("1 package".to_owned(), "carries"),
        count => (format!("{count} packages"), "carry"),
    };
    Some(format!(
        "{count} ({named}) {carry} vendored copies of others, which are not looked at"
    ))
}

/// The wheels and source distributions in a folder of them, by their names. What is named otherwise is counted in a remark.
fn files_in(
    folder: &Path,
    unread: &mut Vec<UnreadPart>,
    remarks: &mut Vec<String>,
) -> Vec<Installed> {
    let names = entries(folder, unread, |_| true);
    let mut others = 0;
    let mut found = Vec::new();
    for name in names {
        match read_distribution_file(&name) {
            Some(one) => found.push(one),
            None if is_wheel(&name) => unread.push(unnamed_wheel(folder, &name)),
            None => others += 1,
        }
    }
    if others > 0 {
        remarks.push(format!(
            "`{}`: {others} of its files are neither wheels nor source distributions, and were not looked at",
            folder.display()
        ));
    }
    found
}

fn unnamed_wheel(folder: &Path, name: &str) -> UnreadPart {
    UnreadPart {
        what: folder.join(name).display().to_string(),
        why: "its name is no name of a wheel".to_owned(),
        file: None,
        line: None,
    }
}

fn is_wheel(name: &str) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("whl"))
}

/// The names of the entries of a folder that are wanted, sorted.
fn entries(
    folder: &Path,
    unread: &mut Vec<UnreadPart>,
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut names = Vec::new();
    match fs::read_dir(folder) {
        Ok(entries) => {
            for entry in entries {
                match entry {
                    Ok(entry) => names.push(entry.file_name().to_string_lossy().into_owned()),
                    Err(error) => {
                        unread.push(unread_part(folder, &error));
                        break;
                    }
                }
            }
        }
        Err(error) => unread.push(unread_part(folder, &error)),
    }
    names.retain(|name| is_wanted(name));
    names.sort();
    names
}

/// Reads the texts about one package.
#[derive(Debug, Default)]
struct Texts {
    /// The first file or folder that could not be read.
    failed: Option<(PathBuf, io::Error)>,
}

impl Texts {
    fn distribution(&mut self, path: &Path) -> InstalledDistribution {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut found = InstalledDistribution {
            place: path.display().to_string(),
            ..InstalledDistribution::default()
        };
        if name.ends_with(".egg-link") {
            found.form = InstalledForm::EggLink;
            found.link = self.text(path);
            let folder = found.link.as_deref().and_then(|text| text.lines().next());
            if let Some(folder) = folder.map(|folder| PathBuf::from(folder.trim()))
                && let Some(info) = self.info_in(&folder)
            {
                found.metadata = self.bytes(&info.join("PKG-INFO"));
                found.requires = self.text(&info.join("requires.txt"));
            }
            return found;
        }
        if name.ends_with(".dist-info") {
            found.form = InstalledForm::DistInfo;
            found.metadata = self.bytes(&path.join("METADATA"));
            found.direct_url = self.bytes(&path.join("direct_url.json"));
            found.installer = self.text(&path.join("INSTALLER"));
            found.requested = path.join("REQUESTED").exists();
            return found;
        }
        found.form = InstalledForm::EggInfo;
        // An egg keeps the same texts one folder further down; a zipped one cannot be looked into, and its name has to do.
        let folder = if name.ends_with(".egg") {
            path.join("EGG-INFO")
        } else {
            path.to_owned()
        };
        if self.is_folder(&folder) {
            found.metadata = self.bytes(&folder.join("PKG-INFO"));
            found.requires = self.text(&folder.join("requires.txt"));
            found.direct_url = self.bytes(&folder.join("direct_url.json"));
        } else if path.is_file() && name.ends_with(".egg-info") {
            found.metadata = self.bytes(path);
        }
        found
    }

    /// The first folder of metadata in the folder that an editable project lies in.
    fn info_in(&mut self, folder: &Path) -> Option<PathBuf> {
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = self.or_none(folder, entries)?;
        let infos = entries.iter().map(fs::DirEntry::path);
        infos
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "egg-info")
            })
            .min()
    }

    fn is_folder(&mut self, path: &Path) -> bool {
        let metadata = self.or_none(path, fs::metadata(path));
        metadata.is_some_and(|metadata| metadata.is_dir())
    }

    /// A file's bytes; none if there is no such file.
    fn bytes(&mut self, path: &Path) -> Option<Vec<u8>> {
        self.or_none(path, files::read_regular(path, Limit::METADATA))
    }

    fn text(&mut self, path: &Path) -> Option<String> {
        let bytes = self.bytes(path)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What was read; none where nothing is there, or where it cannot be read, which is kept.
    fn or_none<T>(&mut self, path: &Path, read: io::Result<T>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(error) => {
                if !is_absent(&error) && self.failed.is_none() {
                    self.failed = Some((path.to_owned(), error));
                }
                None
            }
        }
    }
}
