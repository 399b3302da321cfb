//! What lockgate reads in a requirement file.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use lockgate_formats::Manifests;
use lockgate_model::{
    Environment, FileKind, Files, FilesError, Manifest, Marker, Name, Origin, Releases, Sha256,
    Source,
};

use crate::told::{Line, OTHER, Told};

/// The files below a folder that stands for the current one; of its `web` folder it serves what is asked for by address.
struct Below<'a> {
    root: &'a Path,
    /// What was read, in order.
    read: RefCell<Vec<String>>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "this reader is the one that the parser is handed"
)]
fn bytes(path: &Path) -> Result<Vec<u8>, FilesError> {
    fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => FilesError::Missing,
        _ => FilesError::Unreadable(error.to_string()),
    })
}

impl Files for Below<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FilesError> {
        let bytes = bytes(&self.root.join(path))?;
        self.read.borrow_mut().push(relative(self.root, path));
        Ok(bytes)
    }

    fn read_included(&self, path: &str, _from: &str) -> Result<Vec<u8>, FilesError> {
        self.read(path)
    }

    fn variable(&self, name: &str) -> Option<String> {
        crate::variables(self.root)
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    fn kind(&self, path: &str) -> Option<FileKind> {
        let metadata = fs::metadata(self.root.join(path)).ok()?;
        Some(if metadata.is_dir() {
            FileKind::Folder
        } else {
            FileKind::File
        })
    }

    fn fetch(&self, address: &str) -> Result<Vec<u8>, FilesError> {
        let (_, place) = address.split_once("://").ok_or(FilesError::Missing)?;
        let place = place.split(['?', '#']).next().unwrap_or_default();
        let bytes = bytes(&self.root.join("web").join(place))?;
        self.read.borrow_mut().push(address.to_owned());
        Ok(bytes)
    }
}

/// Reads `file` below `root`.
pub(crate) fn read(root: &Path, file: &str, environments: &[Environment]) -> Told {
    let files = Below {
        root,
        read: RefCell::default(),
    };
    let manifests = Manifests {
        extras: &[],
        all_extras: false,
        groups: &[],
    };
    match manifests.read(&files, &[file.to_owned()], &[]) {
        Ok(manifest) => told(root, &manifest, files.read.into_inner(), environments),
        Err(error) => {
            assert!(!error.file.is_empty() && !error.message.is_empty());
            Told {
                error: Some(format!(
                    "{error} [{}]",
                    error.remedy.as_deref().unwrap_or_default()
                )),
                ..Told::default()
            }
        }
    }
}

/// The requirements and constraints.
fn lines(root: &Path, manifest: &Manifest, environments: &[Environment]) -> Vec<Line> {
    let held = |marker: &Marker| -> Vec<Option<bool>> {
        environments
            .iter()
            .map(|environment| Some(marker.holds(environment, &[])))
            .collect()
    };
    let line = |origin: &Origin, extras: &[Name], hashes: &[Sha256], marker: &Marker| Line {
        file: relative(root, &origin.file),
        number: origin.line.unwrap(),
        constraint: false,
        name: None,
        extras: extras.iter().map(ToString::to_string).collect(),
        specifiers: Vec::new(),
        url: None,
        marker: held(marker),
        editable: false,
        hashes: sorted(hashes.iter().map(|hash| format!("sha256:{hash}")).collect()),
        config_settings: BTreeMap::new(),
    };
    let specifiers = |source: &Source| match source {
        Source::Index(specifiers) => sorted(
            specifiers
                .clauses()
                .iter()
                .map(ToString::to_string)
                .collect(),
        ),
        Source::Url(_) => Vec::new(),
    };
    let url = |source: &Source| match source {
        Source::Index(_) => None,
        Source::Url(url) => Some(address(root, url)),
    };
    let mut lines = Vec::new();
    for root_requirement in &manifest.requirements {
        let requirement = &root_requirement.requirement;
        lines.push(Line {
            name: Some(requirement.name.to_string()),
            specifiers: specifiers(&requirement.source),
            url: url(&requirement.source),
            editable: root_requirement.editable,
            config_settings: settings(&root_requirement.config_settings),
            ..line(
                &root_requirement.origin,
                &requirement.extras,
                &root_requirement.hashes,
                &requirement.marker,
            )
        });
    }
    for unnamed in &manifest.unnamed {
        lines.push(Line {
            url: Some(address(root, &unnamed.reference)),
            editable: unnamed.editable,
            config_settings: settings(&unnamed.config_settings),
            ..line(
                &unnamed.origin,
                &unnamed.extras,
                &unnamed.hashes,
                &unnamed.marker,
            )
        });
    }
    for constraint in &manifest.constraints {
        let requirement = &constraint.requirement;
        lines.push(Line {
            constraint: true,
            name: Some(requirement.name.to_string()),
            specifiers: specifiers(&requirement.source),
            url: url(&requirement.source),
            ..line(
                &constraint.origin,
                &requirement.extras,
                &constraint.hashes,
                &requirement.marker,
            )
        });
    }
    lines
}

fn told(root: &Path, manifest: &Manifest, read: Vec<String>, environments: &[Environment]) -> Told {
    let index = &manifest.index;
    let texts = |given: &[(String, Origin)]| {
        given
            .iter()
            .map(|(text, _)| text.clone())
            .collect::<Vec<_>>()
    };
    let mut indexes = match (&index.index_url, index.no_index) {
        (Some((url, _)), _) => vec![url.clone()],
        (None, true) => Vec::new(),
        (None, false) => vec!["DEFAULT".to_owned()],
    };
    indexes.extend(texts(&index.extra_index_urls));
    Told {
        error: None,
        files: read,
        lines: lines(root, manifest, environments),
        indexes,
        find_links: texts(&index.find_links)
            .into_iter()
            .map(|link| {
                let there = root.join(&link);
                if there.exists() { normal(&there) } else { link }
            })
            .collect(),
        no_index: index.no_index,
        trusted_hosts: texts(&index.trusted_hosts),
        formats: formats(manifest),
        releases: releases(manifest),
        prefer_binary: manifest.prefer_binary,
        require_hashes: manifest.require_hashes,
    }
}

fn formats(manifest: &Manifest) -> BTreeMap<String, Vec<String>> {
    let binary = &manifest.binary;
    let allowed = |control: lockgate_model::FormatControl| {
        let kinds = [
            ("binary", !control.no_wheels),
            ("source", !control.no_sdists),
        ];
        kinds
            .into_iter()
            .filter(|(_, allowed)| *allowed)
            .map(|(kind, _)| kind.to_owned())
            .collect()
    };
    let named = binary
        .packages
        .iter()
        .map(|(name, control)| (name.to_string(), allowed(*control)));
    named
        .chain([(OTHER.to_owned(), allowed(binary.all))])
        .collect()
}

fn releases(manifest: &Manifest) -> BTreeMap<String, Option<bool>> {
    let all = |releases: Releases| releases == Releases::All;
    let named = manifest
        .releases
        .packages
        .iter()
        .map(|(name, releases)| (name.to_string(), Some(all(*releases))));
    let other = manifest
        .releases
        .all
        .map(all)
        .or(manifest.pre.then_some(true));
    named.chain([(OTHER.to_owned(), other)]).collect()
}

fn settings(given: &[(String, String)]) -> BTreeMap<String, Vec<String>> {
    let mut settings: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, value) in given {
        settings.entry(key.clone()).or_default().push(value.clone());
    }
    settings
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts.dedup();
    texts
}

/// A reference as pip turns it into an address.
fn address(root: &Path, reference: &str) -> String {
    let has_scheme = reference.split_once(':').is_some_and(|(scheme, _)| {
        let scheme = scheme.to_ascii_lowercase();
        let is_of_vcs = |c: char| c.is_ascii_lowercase() || c == '+' || c == '-';
        ["http", "https", "ftp", "file"].contains(&scheme.as_str())
            || (scheme.contains('+') && scheme.chars().all(is_of_vcs))
    });
    if !has_scheme {
        return of_path(&root.join(reference));
    }
    if reference.starts_with("file:") && reference.contains("../") {
        let path = reference.trim_start_matches("file:");
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = path.split(['#', '?']).next().unwrap_or_default();
        return of_path(&root.join(path));
    }
    match reference.strip_prefix("file:/") {
        Some(path) => format!("file:///{}", path.trim_start_matches('/')),
        None => reference.to_owned(),
    }
}

fn of_path(path: &Path) -> String {
    let mut address = "file://".to_owned();
    for byte in normal(path).bytes() {
        if byte.is_ascii_alphanumeric() || b"/_.-~".contains(&byte) {
            address.push(char::from(byte));
        } else {
            write!(address, "%{byte:02X}").unwrap();
        }
    }
    address
}

/// Without `.` and `..`, by text alone.
fn normal(path: &Path) -> String {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal.to_str().unwrap().to_owned()
}

fn relative(root: &Path, path: &str) -> String {
    if path.contains("://") {
        // An address shows the names of variables and not what they hold; the slash before a path is the address's own.
        let shown = path.to_owned();
        return crate::variables(root)
            .into_iter()
            .fold(shown, |shown, (name, value)| {
                shown.replace(&format!("${{{name}}}"), value.trim_start_matches('/'))
            });
    }
    // A path does too.
    let path = path.replace("${LOCKGATE_ROOT}", root.to_str().unwrap());
    let whole = PathBuf::from(normal(&root.join(path)));
    let inside = whole.strip_prefix(root).unwrap_or(&whole);
    inside.to_str().unwrap().to_owned()
}
