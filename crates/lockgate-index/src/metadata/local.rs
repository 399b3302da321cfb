//! The metadata of a file on this machine.

use std::io;

use lockgate_model::{DistKind, UnusableReason};
use url::Url;

use super::headers::Stated;
use super::remote::Source;
use super::sdist::{self, Extent};
use super::{stored, wheel};
use crate::error::FetchError;
use crate::files::{Limit, open_regular};
use crate::redact::redact_url;

/// The stored form of the metadata of a file, read from the disk. An error: they could not be learned.
pub(crate) fn read(source: Source<'_>) -> Result<Vec<u8>, FetchError> {
    learn(source)
        .map(stored::encode)
        .map_err(|error| FetchError::Answer {
            url: redact_url(&source.file.url),
            why: format!("it cannot be read: {error}"),
        })
}

fn learn(source: Source<'_>) -> io::Result<Result<Stated, UnusableReason>> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
    let url = Url::parse(&source.file.url).map_err(io::Error::other)?;
    let path = url.to_file_path().map_err(|()| invalid())?;
    Ok(match source.file.kind() {
        Some(DistKind::Wheel(_)) => {
            wheel::of_whole(open_regular(&path, Limit::ARCHIVE)?, source.name)
        }
        Some(DistKind::Sdist) => {
            let mut archive = open_regular(&path, Limit::ARCHIVE)?;
            sdist::stated(&source.file.filename, Extent::Whole, &mut archive)
        }
        None => Err(UnusableReason::BadArchive(
            "its name is of no wheel and no source distribution".to_owned(),
        )),
    })
}
