//! Reads what is installed in an environment: the texts that lie beside the packages, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use lockgate_formats::inventory::{InstalledDistribution, InstalledForm, link, read_installed};
use lockgate_index::files::{self, Limit};
use lockgate_model::{Inventory, Name};

use crate::environments::{InstalledEnvironment, is_metadata};
use crate::failure::Failure;

/// Everything that is installed in an environment. Of a project that is in several of its folders, the first is what Python imports.
pub(super) fn read(environment: &InstalledEnvironment) -> Result<Inventory, Failure> {
    let mut installed = Vec::new();
    let mut remarks = Vec::new();
    let mut known: BTreeSet<Name> = BTreeSet::new();
    for folder in &environment.folders {
        let mut here: BTreeSet<Name> = BTreeSet::new();
        for name in entries(folder)? {
            let path = folder.join(&name);
            if name.starts_with('~') {
                remarks.push(format!(
                    "`{}` is what an interrupted uninstall left, and is not counted",
                    path.display()
                ));
                continue;
            }
            let one = read_installed(&distribution(&path)?);
            if let Some(name) = &one.item.name {
                if known.contains(name) {
                    continue;
                }
                here.insert(name.clone());
            }
            installed.push(one);
        }
        known.append(&mut here);
    }
    let mut inventory = link(&environment.place, installed, None);
    inventory.remarks.extend(remarks);
    Ok(inventory)
}

/// The names of what describes packages in a folder, sorted.
fn entries(folder: &Path) -> Result<Vec<String>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::new(format!(
            "the folder `{}` cannot be read: {error}",
            folder.display()
        ))
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let name = entry
            .map_err(unreadable)?
            .file_name()
            .to_string_lossy()
            .into_owned();
        if is_metadata(&name) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The texts about one package.
fn distribution(path: &Path) -> Result<InstalledDistribution, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut found = InstalledDistribution {
        place: path.display().to_string(),
        ..InstalledDistribution::default()
    };
    if name.ends_with(".egg-link") {
        found.form = InstalledForm::EggLink;
        found.link = text(path)?;
        let folder = found.link.as_deref().and_then(|text| text.lines().next());
        if let Some(folder) = folder.map(|folder| Path::new(folder.trim())) {
            let inside = fs::read_dir(folder).into_iter().flatten().flatten();
            let mut infos: Vec<_> = inside
                .map(|entry| entry.path())
                .filter(|path| {
                    path.extension()
                        .is_some_and(|extension| extension == "egg-info")
                })
                .collect();
            infos.sort();
            if let Some(info) = infos.first() {
                found.metadata = bytes(&info.join("PKG-INFO"))?;
                found.requires = text(&info.join("requires.txt"))?;
            }
        }
        return Ok(found);
    }
    if name.ends_with(".dist-info") {
        found.form = InstalledForm::DistInfo;
        found.metadata = bytes(&path.join("METADATA"))?;
        found.direct_url = bytes(&path.join("direct_url.json"))?;
        found.installer = text(&path.join("INSTALLER"))?;
        found.requested = path.join("REQUESTED").exists();
        return Ok(found);
    }
    found.form = InstalledForm::EggInfo;
    // An egg keeps the same texts one folder further down; a zipped one cannot be looked into, and its name has to do.
    let folder = if name.ends_with(".egg") {
        path.join("EGG-INFO")
    } else {
        path.to_owned()
    };
    if folder.is_dir() {
        found.metadata = bytes(&folder.join("PKG-INFO"))?;
        found.requires = text(&folder.join("requires.txt"))?;
        found.direct_url = bytes(&folder.join("direct_url.json"))?;
    } else if path.is_file() && name.ends_with(".egg-info") {
        found.metadata = bytes(path)?;
    }
    Ok(found)
}

/// A file's bytes; none if there is no such file.
fn bytes(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match files::read_regular(path, Limit::METADATA) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(format!(
            "`{}` cannot be read: {error}",
            path.display()
        ))),
    }
}

fn text(path: &Path) -> Result<Option<String>, Failure> {
    let bytes = bytes(path)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}
