//! Bulk exports: a zip of records.

use std::fs;
use std::io::{Read, Seek};
use std::path::Path;

use flate2::{Crc, Decompress, FlushDecompress, Status};
use lockgate_model::Sha256;
use sha2::Digest as _;

use super::known::{self, Look};
use super::records::{Part, Visitor};
use super::{FeedError, unusable};
use crate::cache::Store;
use crate::files::{Limit, open_regular};

/// No record is longer.
const LONGEST_RECORD: u64 = 16 << 20;
/// No export has more.
const MOST_RECORDS: usize = 400_000;
/// What is named where an archive's list of entries is at fault, and no entry alone: no entry has this name.
const LISTING: &str = "";
/// All records together, unpacked.
const LARGEST: u64 = 4 << 30;

/// The digest of a local archive, remembered by place, size, time and inode.
pub(super) fn digest(store: &Store, path: &Path) -> Result<Sha256, FeedError> {
    let wrong = |error| unusable(path, error);
    let canonical = fs::canonicalize(path).map_err(wrong)?;
    let file = open_regular(&canonical, Limit::EXPORT).map_err(wrong)?;
    let metadata = file.metadata().map_err(wrong)?;
    let mut look = Look::default();
    look.add("", &metadata).map_err(wrong)?;
    let key = format!("archive {}", canonical.display());
    known::digest(store, &key, look, || hashed(file).map_err(wrong))
}

fn hashed(mut file: impl Read) -> std::io::Result<Sha256> {
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

/// Hands each record of a part of an archive to `visitor`, or why it cannot be unpacked. `place` is named in errors.
pub(super) fn visit<E: From<FeedError>>(
    place: &str,
    archive: impl Read + Seek,
    part: Part,
    visitor: Visitor<'_, E>,
) -> Result<(), E> {
    let wrong = |why: String| FeedError::unusable(place, why);
    let mut archive = open(place, archive)?;
    let (mut found, mut unpacked) = (0, 0u64);
    let mut bytes = Vec::new();
    let mut unpacker = Unpacker::default();
    if part.part == 0 && archive.has_duplicate_names() {
        let why = "two entries have one name, and a reader sees only one of them";
        visitor(LISTING, Err(why.to_owned()))?;
    }
    for index in 0..archive.len() {
        let Some(Ok(name)) = archive.name_for_index(index) else {
            if part.part == 0 {
                let why = format!("the name of entry {} cannot be read", index + 1);
                visitor(LISTING, Err(why))?;
            }
            continue;
        };
        let name = name.into_owned();
        if !super::folder::is_record(Path::new(&name)) {
            continue;
        }
        found += 1;
        if !part.has(found) {
            continue;
        }
        let read = unpacker.unpack(&mut archive, index, &mut bytes);
        unpacked += bytes.len() as u64;
        if unpacked > LARGEST {
            return Err(wrong("it unpacks to more than any export".to_owned()).into());
        }
        match read {
            Ok(()) if bytes.len() as u64 > LONGEST_RECORD => {
                let why = "it unpacks to more than an advisory ever has";
                visitor(&name, Err(why.to_owned()))?;
            }
            Ok(()) => visitor(&name, Ok(&bytes))?,
            Err(why) => visitor(&name, Err(format!("it cannot be unpacked: {why}")))?,
        }
    }
    if found == 0 {
        return Err(wrong("there is no advisory record in it".to_owned()).into());
    }
    Ok(())
}

/// Unpacks entries one after the other with one state: an export has ten thousands of them, each a few kilobytes, and a decoder of its
/// own for each would take most of the time and memory.
struct Unpacker {
    state: Decompress,
    packed: Vec<u8>,
}

impl Default for Unpacker {
    fn default() -> Self {
        Self {
            state: Decompress::new(false),
            packed: Vec::new(),
        }
    }
}

impl Unpacker {
    /// At most one byte more than the longest record, so that a longer one can be told. An error: what is wrong.
    fn unpack(
        &mut self,
        archive: &mut zip::ZipArchive<impl Read + Seek>,
        index: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<(), String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        bytes.clear();
        let mut raw = archive.by_index_raw(index).map_err(|error| text(&error))?;
        if raw.compression() != zip::CompressionMethod::Deflated || raw.encrypted() {
            drop(raw);
            let entry = archive.by_index(index).map_err(|error| text(&error))?;
            let read = entry.take(LONGEST_RECORD + 1).read_to_end(bytes);
            return read.map(|_| ()).map_err(|error| text(&error));
        }
        let stated = (raw.size(), raw.crc32());
        self.packed.clear();
        raw.by_ref()
            .take(LONGEST_RECORD + 1)
            .read_to_end(&mut self.packed)
            .map_err(|error| text(&error))?;
        self.state.reset(false);
        let capacity = stated.0.min(LONGEST_RECORD) + 1;
        bytes.reserve(usize::try_from(capacity).unwrap_or(0));
        let status = self
            .state
            .decompress_vec(&self.packed, bytes, FlushDecompress::Finish)
            .map_err(|error| text(&error))?;
        if bytes.len() as u64 > LONGEST_RECORD {
            return Ok(());
        }
        let mut sum = Crc::new();
        sum.update(bytes);
        if status != Status::StreamEnd || (bytes.len() as u64, sum.sum()) != stated {
            return Err("it does not have the length and checksum that are stated".to_owned());
        }
        Ok(())
    }
}

/// Opens an archive; its list of entries is read.
fn open<A: Read + Seek>(place: &str, archive: A) -> Result<zip::ZipArchive<A>, FeedError> {
    let wrong = |why: String| FeedError::unusable(place, why);
    let archive = zip::ZipArchive::new(archive)
        .map_err(|error| wrong(format!("it is no whole zip archive ({error})")))?;
    if archive.len() > MOST_RECORDS {
        return Err(wrong(format!("it has more than {MOST_RECORDS} entries")));
    }
    Ok(archive)
}

/// How many records an archive lists.
pub(super) fn count(place: &str, archive: impl Read + Seek) -> Result<usize, FeedError> {
    let archive = open(place, archive)?;
    let names = archive.file_names().filter_map(Result::ok);
    Ok(names
        .filter(|name| super::folder::is_record(Path::new(name.as_ref())))
        .count())
}

/// The records whose file is named after `id`, whatever the case: names and bytes.
pub(super) fn named(
    place: &str,
    archive: impl Read + Seek,
    id: &str,
) -> Result<Vec<(String, Vec<u8>)>, FeedError> {
    let mut archive = open(place, archive)?;
    let mut meant = Vec::new();
    for index in 0..archive.len() {
        let name = archive.name_for_index(index).and_then(Result::ok);
        meant.extend(
            name.filter(|name| super::folder::is_named(Path::new(name.as_ref()), id))
                .map(|name| (index, name.into_owned())),
        );
    }
    let mut unpacker = Unpacker::default();
    let mut found = Vec::with_capacity(meant.len());
    for (index, name) in meant {
        let mut bytes = Vec::new();
        unpacker
            .unpack(&mut archive, index, &mut bytes)
            .map_err(|why| {
                FeedError::unusable(place, format!("`{name}` cannot be unpacked ({why})"))
            })?;
        found.push((name, bytes));
    }
    Ok(found)
}

/// Reads an archive from end to end, for whether it is one of records. A record that cannot be read is found again by whoever reads them.
pub(super) fn check(place: &str, archive: impl Read + Seek) -> Result<(), FeedError> {
    visit(place, archive, Part::ALL, &mut |_, _| Ok(()))
}

/// The bytes of a record, where one that cannot be read fails all of them.
pub(super) fn whole<'b>(
    place: &str,
    name: &str,
    bytes: Result<&'b [u8], String>,
) -> Result<&'b [u8], FeedError> {
    bytes.map_err(|why| FeedError::unusable(place, format!("`{name}`: {why}")))
}
