//! Archives of source to folders, for a build.

use std::fs;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

/// The most bytes that an archive may unpack to.
const MOST_UNPACKED: u64 = 8 * 1024 * 1024 * 1024;

/// Unpacks a source distribution into `folder`, and returns the project's folder: the one that it holds, if it holds one and nothing else.
/// Nothing is written outside of `folder`, whatever names are in the archive.
pub fn unpack(filename: &str, mut archive: impl Read + Seek, folder: &Path) -> io::Result<PathBuf> {
    archive.rewind()?;
    let archive = BufReader::new(archive);
    let ends = |suffix| filename.ends_with(suffix);
    if ends(".tar.gz") || ends(".tgz") {
        in_tar(MultiGzDecoder::new(archive), folder)?;
    } else if ends(".tar") {
        in_tar(archive, folder)?;
    } else if ends(".zip") {
        let mut archive = zip::ZipArchive::new(archive).map_err(io::Error::other)?;
        let whole: u128 = archive.decompressed_size().unwrap_or(0);
        if whole > u128::from(MOST_UNPACKED) {
            return Err(io::Error::other("it unpacks to more than 8 GiB"));
        }
        archive.extract(folder).map_err(io::Error::other)?;
    } else {
        return Err(io::Error::other("archives of this kind are not unpacked"));
    }
    let entries: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    match entries.as_slice() {
        [only] if only.is_dir() => Ok(only.clone()),
        _ => Ok(folder.to_owned()),
    }
}

fn in_tar(reader: impl Read, folder: &Path) -> io::Result<()> {
    let mut archive = tar::Archive::new(reader.take(MOST_UNPACKED));
    // Owners and times of strangers are of no use here.
    archive.set_preserve_mtime(false);
    archive.unpack(folder)
}
