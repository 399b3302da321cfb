//! What the source of a project states without being built.

use std::io;
use std::path::Path;

use lockgate_model::{Metadata, Unstated, UnusableReason};

use crate::files::{self, Limit, read_inside};
use crate::metadata;

/// What a project states of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// Its core metadata where they are static, or why there are none.
    pub metadata: Result<Metadata, UnusableReason>,
    /// The text of its `pyproject.toml`, which may state the same.
    pub pyproject: Option<String>,
}

impl Stated {
    /// Whether there is nothing that states anything.
    pub fn is_empty(&self) -> bool {
        self.metadata.is_err() && self.pyproject.is_none()
    }
}

/// What the project in `folder` states.
pub fn in_folder(folder: &Path) -> io::Result<Stated> {
    let metadata = match bounded(&folder.join("PKG-INFO"))? {
        Some(text) => metadata::of_pkg_info(&text),
        None => Err(UnusableReason::NeedsBuild(Unstated::Missing)),
    };
    let pyproject = bounded(&folder.join("pyproject.toml"))?;
    Ok(Stated {
        metadata,
        pyproject: pyproject.map(|text| String::from_utf8_lossy(&text).into_owned()),
    })
}

/// The bytes of a file, if it is there.
fn bounded(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match read_inside(path, Limit::PROJECT) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(files::at(path, error)),
    }
}
