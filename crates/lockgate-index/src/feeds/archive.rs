//! Bulk exports: a zip of records.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use lockgate_model::Sha256;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use super::{FeedError, unusable};
use crate::cache::{Bucket, EntryKind, Store};
use crate::http::keep_for_good;

/// No record is longer.
const LONGEST_RECORD: u64 = 16 << 20;
/// No export has more.
const MOST_RECORDS: usize = 400_000;
/// All records together, unpacked.
const LARGEST: u64 = 4 << 30;
/// A file changed so recently may change again within the same tick of its clock.
const TOO_RECENT: Duration = Duration::from_secs(2);

/// What tells a file from its later self.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    length: u64,
    modified_nanoseconds: u128,
    inode: u64,
    digest: Sha256,
}

/// The digest of a local archive, remembered by place, size, time and inode.
pub(super) fn digest(store: &Store, path: &Path) -> Result<Sha256, FeedError> {
    let canonical = fs::canonicalize(path).map_err(|error| unusable(path, error))?;
    let metadata = fs::metadata(&canonical).map_err(|error| unusable(path, error))?;
    if metadata.is_dir() {
        return Err(unusable(path, "it is a folder"));
    }
    let modified = metadata.modified().map_err(|error| unusable(path, error))?;
    let modified_nanoseconds = modified
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos());
    let (length, inode) = (metadata.len(), inode(&metadata));
    let key = format!("archive {}", canonical.display());
    let known = store
        .read(Bucket::Advisories, &key)
        .and_then(|entry| postcard::from_bytes::<Known>(&entry.payload).ok());
    if let Some(known) = known
        && (known.length, known.modified_nanoseconds, known.inode)
            == (length, modified_nanoseconds, inode)
    {
        return Ok(known.digest);
    }
    let digest = hashed(&canonical).map_err(|error| unusable(path, error))?;
    let is_settled = SystemTime::now()
        .duration_since(modified)
        .is_ok_and(|since| since > TOO_RECENT);
    if is_settled
        && let Ok(payload) = postcard::to_stdvec(&Known {
            length,
            modified_nanoseconds,
            inode,
            digest,
        })
    {
        keep_for_good(
            store,
            Bucket::Advisories,
            &key,
            EntryKind::Present,
            Bytes::from(payload),
        );
    }
    Ok(digest)
}

fn hashed(path: &Path) -> std::io::Result<Sha256> {
    let mut file = File::open(path)?;
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(Sha256(hasher.finalize().into()));
        }
        hasher.update(buffer.get(..count).unwrap_or_default());
    }
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

/// The records of an archive, by name. `place` is named in errors.
pub(super) fn records(
    place: &str,
    archive: impl Read + Seek,
) -> Result<Vec<(String, Vec<u8>)>, FeedError> {
    let wrong = |why: String| FeedError::Unusable {
        place: place.to_owned(),
        why,
    };
    let mut archive = zip::ZipArchive::new(archive)
        .map_err(|error| wrong(format!("it is no whole zip archive ({error})")))?;
    if archive.len() > MOST_RECORDS {
        return Err(wrong(format!("it has more than {MOST_RECORDS} entries")));
    }
    let mut records = Vec::new();
    let mut unpacked = 0u64;
    for index in 0..archive.len() {
        let mut entry = archive
            .by_index(index)
            .map_err(|error| wrong(format!("an entry cannot be read ({error})")))?;
        let name = entry
            .name()
            .map_err(|error| wrong(format!("an entry has no readable name ({error})")))?
            .into_owned();
        if !super::folder::is_record(Path::new(&name)) {
            continue;
        }
        let mut bytes = Vec::new();
        let read = entry
            .by_ref()
            .take(LONGEST_RECORD + 1)
            .read_to_end(&mut bytes);
        read.map_err(|error| wrong(format!("`{name}` cannot be unpacked ({error})")))?;
        unpacked += bytes.len() as u64;
        if bytes.len() as u64 > LONGEST_RECORD || unpacked > LARGEST {
            return Err(wrong(format!(
                "`{name}` unpacks to more than an advisory ever has"
            )));
        }
        records.push((name, bytes));
    }
    if records.is_empty() {
        return Err(wrong("there is no advisory record in it".to_owned()));
    }
    records.sort();
    Ok(records)
}
