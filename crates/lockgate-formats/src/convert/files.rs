//! The files that the locks of other tools state of each release.

use std::collections::BTreeMap;

use lockgate_model::{InventoryKind, LockedFile, Name, Sha256, Timestamp, Version, WheelName};

use crate::error::InputError;
use crate::inventory::{Node, Wrong, parse_json, parse_toml};
use crate::pylock::last_part;

/// What a lock says besides its pins.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The files of each release; addresses and names may be empty.
    pub(super) files: BTreeMap<(Name, Version), Vec<LockedFile>>,
    /// The branch, tag or commit that each repository was asked for at.
    pub(super) requested: BTreeMap<(Name, Version), String>,
    /// `requires-python`, where the lock states it.
    pub(super) requires_python: Option<String>,
}

impl Known {
    /// The files of a release.
    pub(super) fn files_of(&self, name: &Name, version: &Version) -> Option<&Vec<LockedFile>> {
        self.files.get(&(name.clone(), version.clone()))
    }

    /// Those of them at a direct reference: one version may be taken from several places.
    pub(super) fn files_at(
        &self,
        name: &Name,
        version: &Version,
        reference: &str,
    ) -> Option<Vec<LockedFile>> {
        let mut files = self.files_of(name, version)?.clone();
        let address = reference.split('#').next().unwrap_or_default();
        if files.iter().any(|file| file.url == address) {
            files.retain(|file| file.url == address);
        }
        Some(files)
    }
}

/// The files in the lock `text`.
pub(super) fn read(kind: InventoryKind, text: &str, file: &str) -> Result<Known, InputError> {
    let read = match kind {
        InventoryKind::Pipfile => pipfile(text),
        InventoryKind::Poetry => poetry(text),
        _ => tables(text),
    };
    read.map_err(|wrong| wrong.into_input(file, "write it anew with the tool that it is from"))
}

/// `uv.lock` and `pdm.lock`: `[[package]]` with `sdist` and `wheels`, or with `files`.
fn tables(text: &str) -> Result<Known, Wrong> {
    let root = parse_toml(text)?;
    let mut known = Known {
        requires_python: root.text_at("requires-python")?.map(ToOwned::to_owned),
        ..Known::default()
    };
    if let Some(metadata) = root.object_at("metadata")?
        && let Some(python) = metadata.text_at("requires_python")?
    {
        known.requires_python = Some(python.to_owned());
    }
    for package in root.list_at("package")? {
        let sdist = package.object_at("sdist")?;
        let listed = package.list_at("wheels")?.iter();
        let listed = sdist.into_iter().chain(listed);
        let files = all_stated(listed.chain(package.list_at("files")?))?;
        let requested = match package.text_at("revision")? {
            // Where a commit was found for it.
            Some(_) => package.text_at("ref")?,
            None => None,
        };
        add(&mut known, package, files, requested)?;
    }
    Ok(known)
}

/// The version in the name of a wheel.
pub(super) fn version_in(address: &str) -> Option<Version> {
    WheelName::parse(&last_part(address)).map(|wheel| wheel.version)
}

/// `poetry.lock`: files beside the package, or by name under `[metadata.files]`.
fn poetry(text: &str) -> Result<Known, Wrong> {
    let root = parse_toml(text)?;
    let mut known = Known::default();
    let metadata = root.object_at("metadata")?;
    let by_name = match metadata {
        Some(metadata) => {
            let python = metadata.text_at("python-versions")?;
            // Poetry's own words for versions are no specifier.
            known.requires_python = python
                .filter(|text| text.parse::<lockgate_model::Specifiers>().is_ok() && *text != "*")
                .map(ToOwned::to_owned);
            metadata.object_at("files")?
        }
        None => None,
    };
    for package in root.list_at("package")? {
        let name = package.need_text("name")?;
        let beside = package.list_at("files")?;
        let listed = match by_name {
            Some(by_name) if beside.is_empty() => by_name.list_at(name)?,
            _ => beside,
        };
        let files = all_stated(listed.iter())?;
        let requested = match package.object_at("source")? {
            Some(source) if source.text_at("resolved_reference")?.is_some() => {
                source.text_at("reference")?
            }
            _ => None,
        };
        add(&mut known, package, files, requested)?;
    }
    Ok(known)
}

/// `Pipfile.lock`: digests alone.
fn pipfile(text: &str) -> Result<Known, Wrong> {
    let root = parse_json(text)?;
    let mut known = Known::default();
    for category in root.members("the file")? {
        if category.key.starts_with('_') {
            continue;
        }
        for package in category.node.members(&category.key)? {
            let address = package.node.text_at("file")?;
            let version = match package.node.text_at("version")? {
                Some(version) => version.to_owned(),
                // A wheel says it in its name.
                None => match address.and_then(version_in) {
                    Some(version) => version.to_string(),
                    None => continue,
                },
            };
            let mut files = Vec::new();
            for hash in package.node.texts_at("hashes")? {
                files.extend(of_digest(hash, package.node.line)?);
            }
            let version = version.trim_start_matches('=').trim();
            if let (Ok(name), Ok(version)) = (Name::new(&package.key), version.parse()) {
                known.files.insert((name, version), files);
            }
        }
    }
    Ok(known)
}

fn add(
    known: &mut Known,
    package: &Node<'_>,
    files: Vec<LockedFile>,
    requested: Option<&str>,
) -> Result<(), Wrong> {
    let version = package.text_at("version")?.map(str::parse);
    if let (Ok(name), Some(Ok(version))) = (Name::new(package.need_text("name")?), version) {
        let release = (name, version);
        let requested = requested.map(|requested| (release.clone(), requested.to_owned()));
        known.requested.extend(requested);
        let all = known.files.entry(release).or_default();
        for file in files {
            if !all.contains(&file) {
                all.push(file);
            }
        }
        all.sort_by(|one, other| one.filename.cmp(&other.filename));
    }
    Ok(())
}

/// The files of a release with their digests; none where none has one. Where some have, one without would be left out.
fn all_stated<'n, 'a: 'n>(
    files: impl Iterator<Item = &'n Node<'a>>,
) -> Result<Vec<LockedFile>, Wrong> {
    let (mut known, mut without) = (Vec::new(), None);
    for file in files {
        match stated(file)? {
            Some(file) => known.push(file),
            None => without = without.or(Some(file)),
        }
    }
    match without {
        Some(file) if !known.is_empty() => {
            let name = ["file", "filename", "url", "path"].iter().find_map(|key| {
                let name = file.text_at(key).ok().flatten()?;
                Some(last_part(name))
            });
            Err(Wrong::new(format!(
                "`{}` has no digest, and other files of its release have one",
                name.unwrap_or_default()
            ))
            .at(file.line))
        }
        _ => Ok(known),
    }
}

/// A file with its digest, if it has one.
fn stated(file: &Node<'_>) -> Result<Option<LockedFile>, Wrong> {
    let Some(hash) = file.text_at("hash")? else {
        return Ok(None);
    };
    let Some(mut known) = of_digest(hash, file.line)? else {
        return Ok(None);
    };
    if let Some(url) = file.text_at("url")? {
        known.filename = last_part(url);
        url.clone_into(&mut known.url);
    }
    for key in ["file", "filename"] {
        if let Some(name) = file.text_at(key)? {
            name.clone_into(&mut known.filename);
        }
    }
    known.size = file.number_at("size")?;
    known.uploaded = match file.text_at("upload-time") {
        Ok(text) => text.and_then(|text| text.parse::<Timestamp>().ok()),
        Err(_) => file
            .date_at("upload-time")?
            .and_then(|text| text.parse().ok()),
    };
    Ok(Some(known))
}

fn of_digest(hash: &str, line: usize) -> Result<Option<LockedFile>, Wrong> {
    match hash.split_once(':') {
        Some(("sha256", digest)) => {
            let sha256 = Sha256::from_hex(digest)
                .ok_or_else(|| Wrong::new(format!("`{digest}` is no SHA-256 digest")).at(line))?;
            Ok(Some(LockedFile {
                filename: String::new(),
                url: String::new(),
                sha256,
                size: None,
                uploaded: None,
                has_provenance: false,
            }))
        }
        Some(_) => Err(Wrong::new(format!(
            "`{hash}` is no SHA-256 digest, and no other is carried over"
        ))
        .at(line)),
        None => Err(Wrong::new(format!("`{hash}` is no digest")).at(line)),
    }
}
