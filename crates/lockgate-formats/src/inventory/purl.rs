//! Package URLs as bills of materials have them.

use std::str::FromStr as _;

use lockgate_model::{Item, Name, Version};
use packageurl::PackageUrl;

use super::item::{From, Stated};
use super::node::Wrong;
use crate::pylock::{last_part, release_in};

/// What a package URL says.
#[derive(Debug)]
pub(super) enum Purl {
    /// A package of Python's index.
    PyPi(Box<Item>),
    /// A package of something else; its type.
    Other(String),
    /// It is none.
    Bad,
}

/// What a bill states of a package beside its package URL.
#[derive(Debug)]
pub(super) struct Beside<'a> {
    pub(super) version: Option<&'a str>,
    /// The name of its file.
    pub(super) file: Option<&'a str>,
}

/// Reads a package URL, which stands on `line`, and holds it against what stands beside it: a bill that says two things of one package is
/// an error, as a lock is whose files are of another release than it states.
pub(super) fn read(text: &str, beside: &Beside<'_>, line: usize) -> Result<Purl, Wrong> {
    // The scheme may be in any case, and the reader below knows one.
    let after = text.trim().split_once(':');
    let after = after.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("pkg"));
    let after = after.map_or("", |(_, after)| after);
    let Ok(purl) = PackageUrl::from_str(&format!("pkg:{after}")) else {
        // Even so its beginning tells whose it is.
        let kind = after
            .trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or_default();
        return Ok(match kind.to_ascii_lowercase().as_str() {
            "" | "pypi" => Purl::Bad,
            other => Purl::Other(other.to_owned()),
        });
    };
    if !purl.ty().eq_ignore_ascii_case("pypi") {
        return Ok(Purl::Other(purl.ty().to_owned()));
    }
    let of = |key: &str| purl.qualifiers().get(key).map(AsRef::<str>::as_ref);
    let from = match (
        of("vcs_url").or_else(|| of("download_url")),
        of("repository_url"),
    ) {
        (Some(address), _) => From::direct(address),
        (None, Some(index)) => From::index(index),
        (None, None) => From::Index(None),
    };
    // What has a namespace is no project of the index, whatever its name.
    if purl.namespace().is_some() {
        return Ok(Purl::Bad);
    }
    let files = [of("file_name"), beside.file];
    check(purl.name(), purl.version(), beside, &files).map_err(|why| {
        Wrong::new(format!("`{text}`: {why}"))
            .at(line)
            .remedy("write the bill anew from what is installed, or audit that")
    })?;
    let is_version = |text: &&str| text.trim().parse::<Version>().is_ok();
    let stated = Stated {
        name: purl.name(),
        version: purl.version().or(beside.version.filter(is_version)),
        line,
        from,
    };
    Ok(Purl::PyPi(Box::new(stated.item())))
}

/// Whether all that is stated of a package is of one release. The name beside it is a label: the package URL tells which package it is. What
/// cannot be read as a version, such as a range, says nothing.
fn check(
    name: &str,
    version: Option<&str>,
    beside: &Beside<'_>,
    files: &[Option<&str>],
) -> Result<(), String> {
    let Ok(name) = Name::new(name) else {
        return Ok(());
    };
    let read = |text: Option<&str>| text.and_then(|text| text.trim().parse::<Version>().ok());
    let stated = [read(version), read(beside.version)];
    if let [Some(one), Some(other)] = &stated
        && one != other
    {
        return Err(format!("the version beside it is `{other}`"));
    }
    let version = stated.into_iter().flatten().next();
    for file in files.iter().flatten() {
        let file = last_part(file);
        if let Some(found) = release_in(&file)
            && (found.0 != name || version.as_ref().is_some_and(|version| found.1 != *version))
        {
            return Err(format!("its file `{file}` is of another release"));
        }
    }
    Ok(())
}
