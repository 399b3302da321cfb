//! Finds METADATA in a wheel of which only parts are known: a pure probe that says which part it needs next.
//!
//! The end of the file usually holds all of it: wheels end with their `.dist-info` folder and the zip directory. What is asked for
//! is bounded, and so is what comes out; sizes that the archive states are hints for what to ask next and trusted for nothing.

use std::io::Read as _;
use std::ops::Range;

use bytes::Bytes;
use lockgate_model::{Name, UnusableReason};
use zip::ZipArchive;
use zip::read::{ArchiveOffset, Config};

use super::LIMIT;
use super::headers::{self, Stated};
use super::range::{Parts, PartsReader};

/// The end of a zip file: a signature, 18 bytes, and a comment of at most 65,535 bytes.
const END_SIGNATURE: &[u8] = b"PK\x05\x06";
const LONGEST_END: u64 = 22 + 65_535;

/// The most bytes that are asked for beyond the first: a directory of a hundred thousand files has ten million.
const MOST_ASKED: u64 = 64 * 1024 * 1024;

/// The most parts that are asked for. Three are enough for every sound wheel: a long comment, a long directory, METADATA far ahead.
const MOST_REQUESTS: u32 = 6;

/// Room for a local header's name and extra fields, which the directory does not tell.
const LOCAL_HEADER: u64 = 30 + 1024;

/// What a probe wants to know, or what it found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// These bytes.
    Need(Range<u64>),
    /// METADATA.
    Done(Vec<u8>),
}

/// The probe of one wheel.
#[derive(Debug)]
pub(super) struct WheelProbe {
    project: Name,
    parts: Parts,
    asked: u64,
    requests: u32,
}

impl WheelProbe {
    /// Of a wheel of `project` with `length` bytes.
    pub(super) fn new(project: &Name, length: u64) -> Self {
        Self {
            project: project.clone(),
            parts: Parts::new(length),
            asked: 0,
            requests: 0,
        }
    }

    /// Tells what stands at `start`.
    pub(super) fn supply(&mut self, start: u64, bytes: Bytes) {
        self.parts.add(start, bytes);
    }

    /// What next.
    pub(super) fn step(&mut self) -> Result<Step, UnusableReason> {
        let step = self.look()?;
        if let Step::Need(range) = &step {
            self.asked += range.end - range.start;
            self.requests += 1;
            if range.is_empty() || self.asked > MOST_ASKED || self.requests > MOST_REQUESTS {
                return Err(bad("its directory is not where it should be"));
            }
        }
        Ok(step)
    }

    fn look(&self) -> Result<Step, UnusableReason> {
        if let Some(range) = self.find_end()? {
            return Ok(Step::Need(range));
        }
        let (reader, missed) = PartsReader::new(&self.parts);
        // From the missed byte on, everything up to what is known: the rest of the directory.
        let rest = |offset: u64| {
            self.parts
                .missing(offset..self.parts.length())
                .map(Step::Need)
                .ok_or_else(|| bad("it breaks off"))
        };
        let config = Config {
            archive_offset: ArchiveOffset::Known(0),
        };
        let mut archive = match ZipArchive::with_config(config, reader) {
            Ok(archive) => archive,
            Err(error) => return missed.get().map_or_else(|| Err(bad(&error)), rest),
        };
        let index = metadata_entry(&archive, &self.project)?;
        let entry = archive.by_index_data(index).map_err(|error| bad(&error))?;
        let start = entry.header_start();
        let end = start
            .saturating_add(LOCAL_HEADER)
            .saturating_add(entry.compressed_size().min(LIMIT));
        if let Some(range) = self.parts.missing(start..end) {
            return Ok(Step::Need(range));
        }
        match unpack(&mut archive, index) {
            Ok(metadata) => Ok(Step::Done(metadata)),
            Err(reason) => match missed.get() {
                Some(offset) => self
                    .parts
                    .missing(offset..end.max(offset.saturating_add(LOCAL_HEADER)))
                    .map(Step::Need)
                    .ok_or(reason),
                None => Err(reason),
            },
        }
    }

    /// Whether the end of the file must be known better before anything else.
    fn find_end(&self) -> Result<Option<Range<u64>>, UnusableReason> {
        let length = self.parts.length();
        let longest = length.saturating_sub(LONGEST_END);
        let has_end = |from: u64, tail: &[u8]| {
            let skip = usize::try_from(longest.saturating_sub(from)).unwrap_or(usize::MAX);
            tail.get(skip..)
                .is_some_and(|tail| tail.windows(4).any(|window| window == END_SIGNATURE))
        };
        match self.parts.tail() {
            Some((from, tail)) if has_end(from, tail) => Ok(None),
            Some((from, _)) if from > longest => Ok(Some(longest..from)),
            Some(_) => Err(bad("it is no zip file")),
            None if length == 0 => Err(bad("it is empty")),
            None => Ok(Some(longest..length)),
        }
    }
}

/// Probes a wheel of `length` bytes that ends in `known`; `part` gives what is asked for, or nothing more.
pub(crate) fn probe(
    project: &Name,
    length: u64,
    known: Bytes,
    mut part: impl FnMut(Range<u64>) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, UnusableReason> {
    let mut probe = WheelProbe::new(project, length);
    probe.supply(length.saturating_sub(known.len() as u64), known);
    loop {
        match probe.step()? {
            Step::Done(metadata) => return Ok(metadata),
            Step::Need(range) => match part(range.clone()) {
                Some(bytes) if bytes.len() as u64 == range.end - range.start => {
                    probe.supply(range.start, bytes.into());
                }
                _ => return Err(bad("it breaks off")),
            },
        }
    }
}

/// What a wheel states that is all there.
pub(super) fn of_whole(
    wheel: impl std::io::Read + std::io::Seek,
    project: &Name,
) -> Result<Stated, UnusableReason> {
    let mut archive =
        ZipArchive::new(std::io::BufReader::new(wheel)).map_err(|error| bad(&error))?;
    let index = metadata_entry(&archive, project)?;
    headers::of_wheel(&unpack(&mut archive, index)?)
}

/// METADATA of the one `.dist-info` folder. Of several, and of one that has not the project's name, pip installs none.
fn metadata_entry<R: std::io::Read + std::io::Seek>(
    archive: &ZipArchive<R>,
    project: &Name,
) -> Result<usize, UnusableReason> {
    let mut folder: Option<&str> = None;
    let mut metadata = None;
    for (index, path) in archive.file_names_raw().enumerate() {
        let Ok(path) = std::str::from_utf8(path) else {
            continue;
        };
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        if !first.ends_with(".dist-info") {
            continue;
        }
        if folder.is_some_and(|known| known != first) {
            return Err(bad(
                "it has several `.dist-info` folders, and pip refuses it",
            ));
        }
        folder = Some(first);
        if rest == "METADATA" {
            metadata = Some(index);
        }
    }
    let Some(folder) = folder else {
        return Err(bad("it has no METADATA"));
    };
    if !begins_with(folder, project) {
        let why =
            format!("its folder `{folder}` is not named after the package, and pip refuses it");
        return Err(bad(&why));
    }
    metadata.ok_or_else(|| bad("it has no METADATA"))
}

/// Whether a text in normal form begins with a name.
fn begins_with(text: &str, name: &Name) -> bool {
    let mut normal = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            letter => normal.extend(letter.to_lowercase()),
        }
    }
    normal.starts_with(name.as_str())
}

fn unpack<R: std::io::Read + std::io::Seek>(
    archive: &mut ZipArchive<R>,
    index: usize,
) -> Result<Vec<u8>, UnusableReason> {
    let file = archive.by_index(index).map_err(|error| bad(&error))?;
    let mut metadata = Vec::new();
    file.take(LIMIT + 1)
        .read_to_end(&mut metadata)
        .map_err(|error| bad(&error))?;
    if metadata.len() as u64 > LIMIT {
        return Err(bad("its METADATA unpacks to more than 16 MiB"));
    }
    Ok(metadata)
}

fn bad(why: &(impl ToString + ?Sized)) -> UnusableReason {
    UnusableReason::BadArchive(why.to_string())
}
