//! What a source distribution states: its PKG-INFO, and its `pyproject.toml`.

use std::io::{BufReader, Read, Seek};

use lockgate_model::{Packing, Unstated, UnusableReason};
use zip::ZipArchive;

use super::LIMIT;
use super::headers::{self, Stated};
use super::project_table;
use crate::tar_stream::{self, TarStream};

/// The most bytes that an archive is unpacked to while PKG-INFO is looked for.
const MAX_UNPACKED: u64 = 2 * 1024 * 1024 * 1024;

/// How far an archive is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// As far as the file that is wanted. A digest vouches for the rest.
    Needed,
    /// To its end: nobody says what the file should be, and pip does not install an archive that is damaged or breaks off.
    Whole,
}

/// What an archive states: in its PKG-INFO, or, where that is too old to be held to, in its `[project]` table.
pub(super) fn stated(
    filename: &str,
    extent: Extent,
    archive: &mut (impl Read + Seek),
) -> Result<Stated, UnusableReason> {
    let text = pkg_info(filename, extent, archive)?;
    match headers::of_sdist(&text) {
        Err(UnusableReason::NeedsBuild(Unstated::Old)) => {
            // What cannot be read here may still be built.
            let table = self::text(filename, Extent::Needed, archive, None, "pyproject.toml");
            let table = table.ok().flatten().zip(headers::version(&text).ok());
            table
                .and_then(|(table, version)| project_table::state(&table, &version))
                .ok_or(UnusableReason::NeedsBuild(Unstated::Old))
        }
        learned => learned,
    }
}

/// PKG-INFO of an archive. One without it tells nothing before it is built.
pub(super) fn pkg_info(
    filename: &str,
    extent: Extent,
    archive: &mut (impl Read + Seek),
) -> Result<Vec<u8>, UnusableReason> {
    find(filename, extent, archive, is_pkg_info)?
        .ok_or(UnusableReason::NeedsBuild(Unstated::Missing))
}

/// The text of a file in the archive's one folder, or in `subdirectory` of it; none if it is not there.
pub(super) fn text(
    filename: &str,
    extent: Extent,
    archive: &mut (impl Read + Seek),
    subdirectory: Option<&str>,
    file: &str,
) -> Result<Option<String>, UnusableReason> {
    let wanted = match subdirectory {
        Some(folder) => format!("{folder}/{file}"),
        None => file.to_owned(),
    };
    let is_wanted = |path: &[u8]| {
        let path = path.strip_prefix(b"./").unwrap_or(path);
        path.strip_suffix(wanted.as_bytes())
            .and_then(|folder| folder.strip_suffix(b"/"))
            .is_some_and(|folder| !folder.is_empty() && !folder.contains(&b'/'))
    };
    let found = find(filename, extent, archive, is_wanted)?;
    Ok(found.map(|text| String::from_utf8_lossy(&text).into_owned()))
}

/// The first file that is wanted.
fn find(
    filename: &str,
    extent: Extent,
    archive: &mut (impl Read + Seek),
    is_wanted: impl Fn(&[u8]) -> bool,
) -> Result<Option<Vec<u8>>, UnusableReason> {
    let packing = Packing::of(filename).ok_or_else(|| {
        UnusableReason::BadArchive("its name is of no wheel and no archive that is read".to_owned())
    })?;
    archive.rewind().map_err(|error| bad(&error))?;
    let mut archive = BufReader::new(archive);
    let tar = tar_stream::open(packing, &mut archive, MAX_UNPACKED);
    if let Some(tar) = tar.map_err(|error| bad(&error))? {
        return find_in_tar(tar, extent, is_wanted);
    }
    find_in_zip(archive, is_wanted)
}

fn find_in_tar(
    mut tar: TarStream<'_>,
    extent: Extent,
    is_wanted: impl Fn(&[u8]) -> bool,
) -> Result<Option<Vec<u8>>, UnusableReason> {
    let mut found = None;
    let mut archive = tar::Archive::new(&mut tar);
    for entry in archive.entries().map_err(|error| bad(&error))? {
        let mut entry = entry.map_err(|error| bad(&error))?;
        let is_file = entry.header().entry_type().is_file();
        if found.is_none() && is_file && is_wanted(&entry.path_bytes()) {
            found = Some(read(&mut entry)?);
            if extent == Extent::Needed {
                return Ok(found);
            }
        }
    }
    if extent == Extent::Whole {
        tar.finish().map_err(|error| bad(&error))?;
    }
    Ok(found)
}

fn find_in_zip(
    reader: impl Read + Seek,
    is_wanted: impl Fn(&[u8]) -> bool,
) -> Result<Option<Vec<u8>>, UnusableReason> {
    let mut archive = ZipArchive::new(reader).map_err(|error| bad(&error))?;
    let place = archive.file_names_raw().position(is_wanted);
    match place {
        Some(index) => read(&mut archive.by_index(index).map_err(|error| bad(&error))?).map(Some),
        None => Ok(None),
    }
}

/// `folder/PKG-INFO`, perhaps with `./` before it.
fn is_pkg_info(path: &[u8]) -> bool {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    path.strip_suffix(b"/PKG-INFO")
        .is_some_and(|folder| !folder.is_empty() && !folder.contains(&b'/'))
}

fn read(entry: &mut impl Read) -> Result<Vec<u8>, UnusableReason> {
    let mut text = Vec::new();
    entry
        .take(LIMIT + 1)
        .read_to_end(&mut text)
        .map_err(|error| bad(&error))?;
    if text.len() as u64 > LIMIT {
        return Err(UnusableReason::BadArchive(
            "its PKG-INFO unpacks to more than 16 MiB".to_owned(),
        ));
    }
    Ok(text)
}

fn bad(error: &impl ToString) -> UnusableReason {
    UnusableReason::BadArchive(error.to_string())
}
