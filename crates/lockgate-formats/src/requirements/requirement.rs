//! The requirement of a line as pip takes it: a name, an address, a path or, after `-e`, a folder or a repository.

use lockgate_model::{FileKind, Files, Marker, Name, Requirement, Source};

use super::reference::{
    check_machine, egg, is_address, is_archive, is_vcs, looks_like_path, split_extras, wheel,
};
use super::single::{BadRequirement, check_length, read_marker, read_specifier};
use crate::path::joined;

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A project that the line names.
    Named(Requirement),
    /// A reference that has to be looked at to know its project.
    Unnamed {
        reference: String,
        extras: Vec<Name>,
        marker: Marker,
    },
}

impl Wanted {
    fn of(reference: String, project: Option<Name>, mut extras: Vec<Name>, marker: Marker) -> Self {
        extras.sort();
        extras.dedup();
        match project {
            Some(name) => Self::Named(Requirement {
                name,
                extras,
                source: Source::Url(reference),
                marker,
            }),
            None => Self::Unnamed {
                reference,
                extras,
                marker,
            },
        }
    }

    /// The extras asked for.
    pub(super) fn extras(&self) -> &[Name] {
        match self {
            Self::Named(requirement) => &requirement.extras,
            Self::Unnamed { extras, .. } => extras,
        }
    }
}

/// Reads a requirement that is not editable.
pub(super) fn read(text: &str, files: &dyn Files) -> Result<Wanted, BadRequirement> {
    check_length(text)?;
    // In an address a `;` is a letter like others; a blank ends it.
    let separator = if is_address(text) { "; " } else { ";" };
    let (wanted, marker) = text.split_once(separator).unwrap_or((text, ""));
    let (wanted, marker) = (wanted.trim(), read_marker(marker)?);
    if is_address(wanted) {
        return of_address(wanted, marker);
    }
    let (path, extras) = split_extras(wanted).map_err(BadRequirement::new)?;
    if is_path(wanted, path, files)? {
        let project = wheel(path, false).map_err(BadRequirement::new)?;
        return Ok(Wanted::of(path.to_owned(), project, extras, marker));
    }
    let mut requirement = read_specifier(wanted, Requirement::parse_strict)
        .map_err(|bad| of_missing_path(wanted, path, files).unwrap_or(bad))?;
    requirement.marker = marker;
    if let Source::Url(address) = &requirement.source {
        check_address(address)?;
    }
    // pip takes brackets behind everything for extras.
    if let (Source::Url(address), false) = (&mut requirement.source, extras.is_empty()) {
        let (bare, _) = split_extras(address).map_err(BadRequirement::new)?;
        *address = bare.to_owned();
        requirement.extras = extras;
    }
    Ok(Wanted::Named(requirement))
}

/// Reads what stands after `-e`.
pub(super) fn read_editable(text: &str, files: &dyn Files) -> Result<Wanted, BadRequirement> {
    check_length(text)?;
    if let Ok(requirement) = read_specifier(text, Requirement::parse_strict)
        && let Source::Url(address) = &requirement.source
    {
        check_address(address)?;
        editable(text, address)?;
        return Ok(Wanted::Named(requirement));
    }
    let (bare, extras) = split_extras(text).map_err(BadRequirement::new)?;
    if !bare.is_empty() && files.kind(bare) == Some(FileKind::Folder) {
        return Ok(Wanted::of(bare.to_owned(), None, extras, Marker::always()));
    }
    if is_file_address(bare) {
        check_machine(bare).map_err(BadRequirement::new)?;
        let project = egg(bare)
            .map_err(BadRequirement::new)?
            .map(|(name, _)| name);
        return Ok(Wanted::of(
            bare.to_owned(),
            project,
            extras,
            Marker::always(),
        ));
    }
    let address = with_vcs(text);
    editable(text, &address)?;
    match egg(&address).map_err(BadRequirement::new)? {
        Some((name, extras)) => Ok(Wanted::of(address, Some(name), extras, Marker::always())),
        None => Err(
            BadRequirement::new(format!("`-e {text}` does not say which project it is"))
                .remedy("add `#egg=name` to the address"),
        ),
    }
}

/// What pip sees to of an address before it is asked for anything.
fn check_address(address: &str) -> Result<(), BadRequirement> {
    egg(address)
        .and_then(|_project| check_machine(address))
        .map_err(BadRequirement::new)
}

fn of_address(text: &str, marker: Marker) -> Result<Wanted, BadRequirement> {
    check_machine(text).map_err(BadRequirement::new)?;
    let has_fragment = text.contains("#egg=") || text.contains("&egg=");
    let (address, extras) = if has_fragment {
        (text, Vec::new())
    } else {
        split_extras(text).map_err(BadRequirement::new)?
    };
    if let Some(name) = wheel(address, true).map_err(BadRequirement::new)? {
        return Ok(Wanted::of(address.to_owned(), Some(name), extras, marker));
    }
    let (project, extras) = match egg(address).map_err(BadRequirement::new)? {
        Some((name, of_egg)) => (Some(name), of_egg),
        None => (None, extras),
    };
    Ok(Wanted::of(address.to_owned(), project, extras, marker))
}

/// Whether `wanted` is a path, which is `path` and extras: a folder that can be installed, or what ends like a file to install.
fn is_path(wanted: &str, path: &str, files: &dyn Files) -> Result<bool, BadRequirement> {
    let there = &on_disk(path);
    if looks_like_path(wanted) && files.kind(there) == Some(FileKind::Folder) {
        let folder = there.trim_end_matches('/');
        let has = |file: &str| files.kind(&format!("{folder}/{file}")) == Some(FileKind::File);
        if has("pyproject.toml") || has("setup.py") {
            return Ok(true);
        }
        return Err(BadRequirement::new(format!(
            "the folder `{path}` is no project: it has neither `pyproject.toml` nor `setup.py`"
        ))
        .remedy("name the project's own folder"));
    }
    if !is_archive(path) {
        return Ok(false);
    }
    if files.kind(there) == Some(FileKind::File) {
        return Ok(true);
    }
    let before_at = wanted.split_once('@').map(|(before, _)| before);
    let is_direct = before_at.is_some_and(|before| !looks_like_path(before));
    match path.split_once("://") {
        Some((scheme, _)) if !is_direct => Err(BadRequirement::new(format!(
            "`{wanted}`: `{scheme}:` is no kind of address that pip knows"
        ))
        .remedy("write `https:`, `file:`, or `git+https:` and the like for a repository")),
        _ => Ok(!is_direct),
    }
}

/// A path without `.` and `..`, which pip resolves by text.
fn on_disk(path: &str) -> String {
    let path = joined("", path);
    if path.is_empty() {
        ".".to_owned()
    } else {
        path
    }
}

/// What is wrong with a path that leads to nothing that can be installed.
fn of_missing_path(wanted: &str, path: &str, files: &dyn Files) -> Option<BadRequirement> {
    let reads_like_one = looks_like_path(wanted) || wanted.starts_with('~');
    if !reads_like_one || wanted.contains('@') || wanted.contains("==") {
        return None;
    }
    Some(match files.kind(&on_disk(path)) {
        Some(_) => BadRequirement::new(format!(
            "`{wanted}` is a path, and what is there is neither a project's folder nor a file that pip installs"
        ))
        .remedy("name a folder, a wheel or a source distribution; a requirement file is included with `-r`"),
        None => BadRequirement::new(format!("`{wanted}` is a path, and nothing is there"))
            .remedy("paths are looked for from the current folder, not from the file's; `~` is not replaced"),
    })
}

fn is_file_address(text: &str) -> bool {
    text.get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"))
}

/// `git:…` is `git+git:…` after `-e`, and so for the others.
pub(super) fn with_vcs(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    ["git", "hg", "svn", "bzr"]
        .into_iter()
        .find(|vcs| lower.starts_with(&format!("{vcs}:")))
        .map_or_else(|| text.to_owned(), |vcs| format!("{vcs}+{text}"))
}

/// Only folders of this machine and repositories can be edited.
fn editable(text: &str, address: &str) -> Result<(), BadRequirement> {
    // pip looks for `file:` in small letters here.
    if is_vcs(address) || address.starts_with("file:") {
        return Ok(());
    }
    let bad = BadRequirement::new(format!(
        "`-e {text}` names neither a folder that is there nor a repository"
    ));
    Err(if is_address(address) {
        bad.remedy("remove `-e`; an archive is installed as it is")
    } else {
        bad.remedy("name a project's folder, seen from the current folder, or a repository: `git+https://host/project#egg=name`")
    })
}
