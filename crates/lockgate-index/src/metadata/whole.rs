//! Metadata of archives that are at hand whole, and of files that stand apart.

use std::io::{Read, Seek};

use lockgate_model::{Metadata, Name, Unstated, UnusableReason, WheelName};

use super::headers::{self, Stated};
use super::sdist::{self, Extent};
use super::{stored, wheel};

/// What an archive states.
#[derive(Debug)]
pub(crate) struct Whole {
    /// Its core metadata, where they are static.
    pub(crate) metadata: Result<Stated, UnusableReason>,
    /// The text of its `pyproject.toml`.
    pub(crate) pyproject: Option<String>,
}

#[expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "pip compares them so: `X.WHL` is no wheel"
)]
/// What the archive `filename` states; with a subdirectory, what the project in that folder of it does.
pub(crate) fn of_archive(
    filename: &str,
    subdirectory: Option<&str>,
    archive: &mut (impl Read + Seek),
) -> Whole {
    if filename.ends_with(".whl") {
        return Whole {
            metadata: of_wheel(filename, archive),
            pyproject: None,
        };
    }
    let metadata = match subdirectory {
        None => sdist::pkg_info(filename, Extent::Whole, archive)
            .and_then(|text| headers::of_sdist(&text)),
        Some(_) => Err(UnusableReason::NeedsBuild(Unstated::Missing)),
    };
    let pyproject = match &metadata {
        Err(UnusableReason::NeedsBuild(_)) => sdist::text(
            filename,
            Extent::Whole,
            archive,
            subdirectory,
            "pyproject.toml",
        ),
        _ => Ok(None),
    };
    match pyproject {
        Ok(pyproject) => Whole {
            metadata,
            pyproject,
        },
        Err(reason) => Whole {
            metadata: Err(reason),
            pyproject: None,
        },
    }
}

/// The text of the `pyproject.toml` of the project in an archive of source, or in `subdirectory` of it; none if it has none.
pub fn archived_pyproject(
    filename: &str,
    archive: &mut (impl Read + Seek),
    subdirectory: Option<&str>,
) -> Result<Option<String>, UnusableReason> {
    sdist::text(
        filename,
        Extent::Needed,
        archive,
        subdirectory,
        "pyproject.toml",
    )
}

/// METADATA of a wheel, which its name must agree with.
fn of_wheel(filename: &str, archive: &mut (impl Read + Seek)) -> Result<Stated, UnusableReason> {
    let name = WheelName::parse(filename)
        .ok_or_else(|| UnusableReason::BadArchive("its name is no wheel's".to_owned()))?;
    let stated = wheel::of_whole(archive, &name.name)?;
    if stated.name == name.name {
        Ok(stated)
    } else {
        Err(UnusableReason::Mismatch(format!("`{}`", stated.name)))
    }
}

/// What a PKG-INFO says that stands apart.
pub(crate) fn of_pkg_info(text: &[u8]) -> Result<Metadata, UnusableReason> {
    headers::of_sdist(text).and_then(Stated::parsed)
}

/// What a METADATA says that a build made.
pub fn built_metadata(text: &[u8]) -> Result<Metadata, UnusableReason> {
    headers::of_wheel(text).and_then(Stated::parsed)
}

impl Stated {
    /// Parsed, with no name and version to be held against.
    pub(crate) fn parsed(self) -> Result<Metadata, UnusableReason> {
        let version = self.version.parse().map_err(|_version| {
            UnusableReason::Malformed(format!("`Version: {}` is no version", self.version))
        })?;
        let name: Name = self.name.clone();
        stored::parse(self, &name, &version)
    }

    /// The texts of parsed metadata.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            name: metadata.name.clone(),
            version: metadata.version.to_string(),
            requires_python: metadata.requires_python.clone(),
            requirements: metadata
                .requirements
                .iter()
                .map(ToString::to_string)
                .collect(),
            extras: metadata.extras.clone(),
        }
    }
}
