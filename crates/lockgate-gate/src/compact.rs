//! A feed in the form that the cache keeps: compiled once, then read in place, project by project.
//!
//! ```text
//! magic     8 bytes, changed whenever the form changes
//! checksum  u64, over all of head and table
//! head      u32 projects, u32 records, 16 times i64: newest distinct `modified` in seconds since 1970, newest first (i64::MIN: no more),
//!           i64 and i64: from when and until when the same records are withdrawn, in seconds since 1970
//! table     per project, sorted: u64 hash of its name, u64 offset, u32 length, u64 checksum of its block
//! blocks    per project, postcard: its name and its concerns, each packed by itself
//! ```
//! All numbers are little-endian, offsets from the beginning. Opening reads head and table, a hundred kilobytes for all of PyPI; asking
//! about a project reads one block. What is damaged is an error, never "no advisory".

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockgate_model::{Name, ReadAt, Timestamp, age};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::brief::Brief;
use crate::error::{GateError, UnreadableRecord};
use crate::group::{Concern, concerns_of, groups};
use crate::record::Record;

/// The number of the form: part of the key under which a compiled feed is kept.
pub const COMPACT_FORMAT: u32 = 10;

const MAGIC: [u8; 8] = *b"lgadv010";
/// How many of the newest `modified` are kept: real exports have some in the future, which say nothing of how old the export is.
const NEWEST: usize = 16;
const HEAD: usize = 8 + 8 + 4 + 4 + 8 * NEWEST + 8 + 8;
const ROW: usize = 8 + 8 + 4 + 8;

/// Compiles the records of a feed, one after the other in any order; parts of a feed may be compiled side by side and joined.
///
/// What is kept of a record is kept packed: ten thousands of small things that live long between large ones that do not would hold
/// several times the memory.
#[derive(Debug)]
pub struct Compiler {
    source_name: String,
    now: Timestamp,
    /// Packed briefs by file name, so that the outcome does not depend on the order in which they came.
    briefs: BTreeMap<Box<str>, Box<[u8]>>,
    records: u32,
    is_about_pypi: bool,
    /// The newest, in seconds.
    modified: BTreeSet<i64>,
    withdrawals: Window,
    unreadable: BTreeSet<UnreadableRecord>,
}

/// What a feed was compiled to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// The compact form of the records that could be read.
    pub bytes: Vec<u8>,
    /// The records that could not, in the order of their files: what they would have said is unknown.
    pub unreadable: Vec<UnreadableRecord>,
}

/// The times at which the same records are withdrawn as at the time of compiling, in seconds.
#[derive(Debug, Clone, Copy)]
struct Window {
    /// The first such second.
    first: i64,
    /// The second after the last.
    end: i64,
}

impl Window {
    const ALWAYS: Self = Self {
        first: i64::MIN,
        end: i64::MAX,
    };

    /// Narrows it to where a withdrawal at `at` stands as it does at `now`. Parts of a second are left out on both sides.
    fn narrow(&mut self, at: Timestamp, now: Timestamp) {
        let second = at.as_second();
        if at <= now {
            self.first = self.first.max(second.saturating_add(1));
        } else {
            self.end = self.end.min(second);
        }
    }

    fn join(&mut self, other: Self) {
        self.first = self.first.max(other.first);
        self.end = self.end.min(other.end);
    }

    fn has(self, now: Timestamp) -> bool {
        (self.first..self.end).contains(&now.as_second())
    }
}

impl Compiler {
    /// For a feed that is named so in errors and findings. Records that are withdrawn at `now` are left out.
    pub fn new(source_name: &str, now: Timestamp) -> Self {
        Self {
            source_name: source_name.to_owned(),
            now,
            briefs: BTreeMap::new(),
            records: 0,
            is_about_pypi: false,
            modified: BTreeSet::new(),
            withdrawals: Window::ALWAYS,
            unreadable: BTreeSet::new(),
        }
    }

    /// Adds a record, given as file name and bytes. One that cannot be read is noted, and the others still count.
    pub fn add(&mut self, file: &str, bytes: &[u8]) -> Result<(), GateError> {
        match Record::read(file, bytes) {
            Ok(record) => self.add_record(file, &record),
            Err(unreadable) => {
                self.add_unreadable(unreadable);
                Ok(())
            }
        }
    }

    /// Notes a record whose bytes could not be had.
    pub fn add_unreadable(&mut self, unreadable: UnreadableRecord) {
        self.unreadable.insert(unreadable);
    }

    fn add_record(&mut self, file: &str, record: &Record) -> Result<(), GateError> {
        self.modified
            .extend(record.modified.map(Timestamp::as_second));
        self.keep_newest();
        if let Some(at) = record.withdrawn.as_ref().and_then(|it| it.at) {
            self.withdrawals.narrow(at, self.now);
        }
        self.records += 1;
        let brief = match Brief::of(record, self.now) {
            Ok(brief) => {
                self.is_about_pypi |= record.pypi().next().is_some();
                brief
            }
            Err(why) => {
                let file = file.to_owned();
                self.add_unreadable(UnreadableRecord { file, why });
                None
            }
        };
        if let Some(brief) = brief {
            self.briefs
                .insert(Box::from(file), pack(&brief)?.into_boxed_slice());
        }
        Ok(())
    }

    /// Adds what another one has read of the same feed.
    pub fn join(&mut self, mut other: Self) {
        self.records += other.records;
        self.is_about_pypi |= other.is_about_pypi;
        self.modified.append(&mut other.modified);
        self.withdrawals.join(other.withdrawals);
        self.unreadable.append(&mut other.unreadable);
        self.keep_newest();
        self.briefs.append(&mut other.briefs);
    }

    fn keep_newest(&mut self) {
        while self.modified.len() > NEWEST {
            self.modified.pop_first();
        }
    }

    /// The compact form. An error: there is nothing in it that counts.
    pub fn finish(self) -> Result<Compiled, GateError> {
        if !self.is_about_pypi {
            if let Some(unreadable) = self.unreadable.into_iter().next() {
                return Err(unreadable.into_error(&self.source_name));
            }
            return Err(GateError::Empty {
                source_name: self.source_name,
            });
        }
        let packed: Vec<Box<[u8]>> = self.briefs.into_values().collect();
        let ids = packed
            .iter()
            .map(|brief| Ok(unpack::<Brief>(brief)?.ids()))
            .collect::<Result<Vec<_>, GateError>>()?;
        let mut by_project: BTreeMap<Name, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
        for group in groups(&ids) {
            let members = group
                .iter()
                .filter_map(|index| packed.get(*index))
                .map(|brief| unpack(brief))
                .collect::<Result<Vec<Brief>, GateError>>()?;
            let members: Vec<&Brief> = members.iter().collect();
            for (name, concern) in concerns_of(&members, &self.source_name) {
                let concern = (concern.advisory.id.clone(), pack(&concern)?);
                by_project.entry(name).or_default().extend([concern]);
            }
        }
        drop((packed, ids));
        let bytes = encode(&by_project, self.records, &self.modified, self.withdrawals)?;
        Ok(Compiled {
            bytes,
            unreadable: self.unreadable.into_iter().collect(),
        })
    }
}

fn pack(value: &impl Serialize) -> Result<Vec<u8>, GateError> {
    postcard::to_stdvec(value).map_err(|error| GateError::Damaged(error.to_string()))
}

fn unpack<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, GateError> {
    postcard::from_bytes(bytes).map_err(|error| GateError::Damaged(error.to_string()))
}

/// A block as it is written: whose it is, and its concerns, each packed by itself.
type Block<'a> = (Cow<'a, str>, Vec<&'a [u8]>);

fn encode(
    by_project: &BTreeMap<Name, BTreeMap<String, Vec<u8>>>,
    records: u32,
    modified: &BTreeSet<i64>,
    withdrawals: Window,
) -> Result<Vec<u8>, GateError> {
    let failed = |error: &dyn std::fmt::Display| GateError::Damaged(error.to_string());
    let start = HEAD + by_project.len() * ROW;
    let mut out = vec![0; start];
    let mut rows = Vec::with_capacity(by_project.len());
    for (name, concerns) in by_project {
        let block: Block<'_> = (
            Cow::Borrowed(name.as_str()),
            concerns.values().map(Vec::as_slice).collect(),
        );
        let bytes = pack(&block)?;
        let length = u32::try_from(bytes.len()).map_err(|error| failed(&error))?;
        rows.push((
            xxh3_64(name.as_str().as_bytes()),
            out.len() as u64,
            length,
            xxh3_64(&bytes),
        ));
        out.extend_from_slice(&bytes);
    }
    rows.sort_unstable();
    let mut checked = Vec::with_capacity(start);
    checked.extend_from_slice(
        &u32::try_from(rows.len())
            .map_err(|error| failed(&error))?
            .to_le_bytes(),
    );
    checked.extend_from_slice(&records.to_le_bytes());
    let newest = modified.iter().rev().copied();
    for second in newest.chain(std::iter::repeat(i64::MIN)).take(NEWEST) {
        checked.extend_from_slice(&second.to_le_bytes());
    }
    checked.extend_from_slice(&withdrawals.first.to_le_bytes());
    checked.extend_from_slice(&withdrawals.end.to_le_bytes());
    for (hash, offset, length, checksum) in rows {
        checked.extend_from_slice(&hash.to_le_bytes());
        checked.extend_from_slice(&offset.to_le_bytes());
        checked.extend_from_slice(&length.to_le_bytes());
        checked.extend_from_slice(&checksum.to_le_bytes());
    }
    let head = [MAGIC.as_slice(), &xxh3_64(&checked).to_le_bytes(), &checked].concat();
    out.splice(..start, head);
    Ok(out)
}

/// A compiled feed, read in place.
#[derive(Debug, Clone)]
pub struct Compact {
    bytes: Arc<dyn ReadAt>,
    table: Arc<[u8]>,
    records: u32,
    modified: Vec<Timestamp>,
    withdrawals: Window,
}

impl Compact {
    /// Opens what [`Compiler::finish`] made.
    pub fn open(bytes: Arc<dyn ReadAt>) -> Result<Self, GateError> {
        let damaged = |why: &str| GateError::Damaged(why.to_owned());
        let head = bytes.read_at(0, HEAD).map_err(GateError::Damaged)?;
        let cut = || damaged("its head is cut off");
        let (magic, rest) = head.split_first_chunk::<8>().ok_or_else(cut)?;
        let (checksum, counted) = rest.split_first_chunk::<8>().ok_or_else(cut)?;
        if *magic != MAGIC {
            return Err(damaged("it is of another form"));
        }
        let (projects, rest) = counted.split_first_chunk::<4>().ok_or_else(cut)?;
        let (records, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        let (modified, rest) = rest.split_at_checked(8 * NEWEST).ok_or_else(cut)?;
        let (first, rest) = rest.split_first_chunk::<8>().ok_or_else(cut)?;
        let end = rest.first_chunk::<8>().ok_or_else(cut)?;
        let withdrawals = Window {
            first: i64::from_le_bytes(*first),
            end: i64::from_le_bytes(*end),
        };
        let modified = modified
            .chunks_exact(8)
            .filter_map(|second| Some(i64::from_le_bytes(*second.first_chunk::<8>()?)))
            .take_while(|second| *second != i64::MIN)
            .filter_map(|second| Timestamp::from_second(second).ok())
            .collect();
        let length = usize::try_from(u32::from_le_bytes(*projects))
            .ok()
            .and_then(|projects| projects.checked_mul(ROW))
            .filter(|length| *length as u64 <= bytes.len())
            .ok_or_else(|| damaged("its table is longer than it"))?;
        let table = bytes
            .read_at(HEAD as u64, length)
            .map_err(GateError::Damaged)?;
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        hasher.update(counted);
        hasher.update(&table);
        if hasher.digest() != u64::from_le_bytes(*checksum) {
            return Err(damaged("its table does not have its checksum"));
        }
        Ok(Self {
            bytes,
            table: table.into(),
            records: u32::from_le_bytes(*records),
            modified,
            withdrawals,
        })
    }

    /// Whether the same records are withdrawn at `now` as when it was compiled; if not, the feed has to be compiled again.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.withdrawals.has(now)
    }

    /// How many records it was made of.
    pub fn records(&self) -> u32 {
        self.records
    }

    /// Returns the newest `modified` of its records that does not lie in the future.
    pub fn modified(&self, now: Timestamp) -> Option<Timestamp> {
        age::latest(self.modified.iter().copied(), now)
    }

    /// What concerns a project.
    pub(crate) fn about(&self, name: &Name) -> Result<Vec<Concern>, GateError> {
        let hash = xxh3_64(name.as_str().as_bytes());
        let rows: &[u8] = &self.table;
        let row_at = |index: usize| rows.get(index * ROW..(index + 1) * ROW);
        let hash_at = |index: usize| Some(u64::from_le_bytes(*row_at(index)?.first_chunk::<8>()?));
        let (mut low, mut high) = (0, rows.len() / ROW);
        while low < high {
            let middle = usize::midpoint(low, high);
            if hash_at(middle).is_some_and(|found| found < hash) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        // Two names may share a hash; the block says whose it is.
        while hash_at(low) == Some(hash) {
            let bytes = row_at(low)
                .map(|row| self.block(row))
                .transpose()?
                .ok_or_else(|| GateError::Damaged("a row of its table is cut off".to_owned()))?;
            let (owner, concerns) = unpack::<Block<'_>>(&bytes)?;
            if owner == name.as_str() {
                return concerns.into_iter().map(unpack).collect();
            }
            low += 1;
        }
        Ok(Vec::new())
    }

    fn block(&self, row: &[u8]) -> Result<Vec<u8>, GateError> {
        let ((offset, length), checksum) = fields(row)
            .ok_or_else(|| GateError::Damaged("a row of its table is cut off".to_owned()))?;
        let bytes = self
            .bytes
            .read_at(offset, length)
            .map_err(GateError::Damaged)?;
        if xxh3_64(&bytes) != checksum {
            return Err(GateError::Damaged(
                "a block does not have its checksum".to_owned(),
            ));
        }
        Ok(bytes)
    }
}

fn fields(row: &[u8]) -> Option<((u64, usize), u64)> {
    let (_, rest) = row.split_first_chunk::<8>()?;
    let (offset, rest) = rest.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let checksum = rest.first_chunk::<8>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    Some((
        (u64::from_le_bytes(*offset), length),
        u64::from_le_bytes(*checksum),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-24T12:00:00Z";

    fn compile(source: &str, records: &[(String, Vec<u8>)]) -> Result<Vec<u8>, GateError> {
        let mut compiler = Compiler::new(source, NOW.parse().unwrap());
        for (file, bytes) in records {
            compiler.add(file, bytes)?;
        }
        let compiled = compiler.finish()?;
        assert_eq!(compiled.unreadable, []);
        Ok(compiled.bytes)
    }

    fn records() -> Vec<(String, Vec<u8>)> {
        (0..40)
            .map(|n| {
                let json = format!(
                    r#"{{"id":"PYSEC-2024-{n}","modified":"2024-01-01T00:00:{n:02}Z","summary":"s","affected":[{{"package":{{"ecosystem":"PyPI","name":"p{}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"{n}.1"}}]}}]}}]}}"#,
                    n % 15
                );
                (format!("PYSEC-2024-{n}.json"), json.into_bytes())
            })
            .collect()
    }

    #[test]
    fn what_was_compiled_is_found_again() {
        let compact = Compact::open(Arc::new(compile("test", &records()).unwrap())).unwrap();
        assert_eq!(compact.records(), 40);
        for (now, newest) in [
            ("2026-01-01T00:00:00Z", Some("2024-01-01T00:00:39Z")),
            // What is dated in the future, by more than clocks differ, says nothing of now.
            ("2023-12-31T23:55:30Z", Some("2024-01-01T00:00:30Z")),
            ("2023-01-01T00:00:00Z", None),
        ] {
            let modified = compact.modified(now.parse().unwrap());
            assert_eq!(modified.map(|at| at.to_string()).as_deref(), newest);
        }
        for n in 0..15 {
            let concerns = compact.about(&format!("p{n}").parse().unwrap()).unwrap();
            assert_eq!(concerns.len(), if n < 10 { 3 } else { 2 });
        }
        assert!(compact.about(&"other".parse().unwrap()).unwrap().is_empty());
    }

    #[test]
    fn parts_in_any_order_come_to_the_same_bytes() {
        let records = records();
        let mut parts = [
            Compiler::new("test", NOW.parse().unwrap()),
            Compiler::new("test", NOW.parse().unwrap()),
        ];
        for (index, (file, bytes)) in records.iter().rev().enumerate() {
            parts[index % 2].add(file, bytes).unwrap();
        }
        let [mut first, second] = parts;
        first.join(second);
        assert_eq!(
            first.finish().map(|compiled| compiled.bytes),
            compile("test", &records)
        );
    }

    #[test]
    fn a_changed_byte_is_an_error_and_never_a_silence() {
        let sound = compile("test", &records()).unwrap();
        for place in 0..sound.len() {
            let mut damaged = sound.clone();
            damaged[place] ^= 0x10;
            let found = Compact::open(Arc::new(damaged)).and_then(|compact| {
                (0..15)
                    .map(|n| {
                        compact
                            .about(&format!("p{n}").parse().unwrap())
                            .map(|c| c.len())
                    })
                    .sum::<Result<usize, _>>()
            });
            assert!(found.is_err(), "byte {place}: {found:?}");
        }
        assert!(Compact::open(Arc::new(sound[..20].to_vec())).is_err());
        assert!(Compact::open(Arc::new(Vec::new())).is_err());
    }

    #[test]
    fn a_compiled_feed_holds_as_long_as_the_same_records_are_withdrawn() {
        let withdrawn_at = |at: &str| {
            let json = format!(
                r#"{{"id":"PYSEC-{at}","withdrawn":"{at}","affected":[{{"package":{{"ecosystem":"PyPI","name":"p0"}}}}]}}"#
            );
            (format!("{at}.json"), json.into_bytes())
        };
        let feed = [
            withdrawn_at("2024-01-01T00:00:00Z"),
            withdrawn_at("2027-01-01T00:00:00Z"),
            withdrawn_at("2028-01-01T00:00:00Z"),
            withdrawn_at("soon"),
        ];
        let compact = Compact::open(Arc::new(compile("test", &feed).unwrap())).unwrap();
        assert_eq!(compact.about(&"p0".parse().unwrap()).unwrap().len(), 3);
        for (now, holds) in [
            ("2023-12-31T23:59:59Z", false),
            ("2024-01-01T00:00:01Z", true),
            (NOW, true),
            ("2026-12-31T23:59:59Z", true),
            ("2027-01-01T00:00:00Z", false),
            ("2030-01-01T00:00:00Z", false),
        ] {
            assert_eq!(compact.holds_at(now.parse().unwrap()), holds, "{now}");
        }
        let compact = Compact::open(Arc::new(compile("test", &records()).unwrap())).unwrap();
        assert!(compact.holds_at("1970-01-01T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_record_that_cannot_be_read_is_named() {
        for bytes in [
            &b"{"[..],
            b"[]",
            b"{}",
            br#"{"id":""}"#,
            br#"{"id":"X","affected":[{"package":{"ecosystem":"PyPI"}}]}"#,
            br#"{"id":"X","affected":[{"package":{"ecosystem":"PyPI","name":"a b"}}]}"#,
            b"\xff",
        ] {
            let mut compiler = Compiler::new("feed.zip", NOW.parse().unwrap());
            compiler.add("BAD-1.json", bytes).unwrap();
            let mut alone = Compiler::new("feed.zip", NOW.parse().unwrap());
            alone.join(compiler);
            let mut whole = Compiler::new("feed.zip", NOW.parse().unwrap());
            for (file, bytes) in records() {
                whole.add(&file, &bytes).unwrap();
            }
            whole.add("BAD-1.json", bytes).unwrap();
            // The others count, and what is missing is named.
            let compiled = whole.finish().unwrap();
            let files: Vec<&str> = compiled
                .unreadable
                .iter()
                .map(|record| record.file.as_str())
                .collect();
            assert_eq!(files, ["BAD-1.json"]);
            let compact = Compact::open(Arc::new(compiled.bytes)).unwrap();
            assert_eq!(compact.about(&"p0".parse().unwrap()).unwrap().len(), 3);
            // With nothing else there is no source.
            let error = alone.finish().unwrap_err().to_string();
            assert!(
                error.starts_with("feed.zip: the record `BAD-1.json` cannot be read"),
                "{error}"
            );
        }
    }

    #[test]
    fn records_in_yaml_are_read_as_well() {
        let yaml = "id: PYSEC-2024-1\naffected:\n- package:\n    ecosystem: PyPI\n    name: foo\n  ranges:\n  - type: ECOSYSTEM\n    events:\n    - introduced: '0'\n    - fixed: '1.0'\n";
        let compact = compile(
            "db",
            &[("PYSEC-2024-1.yaml".to_owned(), yaml.as_bytes().to_vec())],
        )
        .unwrap();
        assert_eq!(
            Compact::open(Arc::new(compact))
                .unwrap()
                .about(&"foo".parse().unwrap())
                .unwrap()
                .len(),
            1
        );
    }

    #[test]
    fn a_feed_about_nothing_of_ours_is_an_error() {
        let foreign =
            br#"{"id":"X","affected":[{"package":{"ecosystem":"npm","name":"a"}}]}"#.to_vec();
        assert_eq!(
            compile("z", &[("X.json".to_owned(), foreign)]).unwrap_err(),
            GateError::Empty {
                source_name: "z".to_owned()
            }
        );
        assert!(compile("z", &[]).is_err());
    }
}
