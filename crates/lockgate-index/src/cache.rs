//! The store on disk: one folder, entries in buckets, one file an entry.
//!
//! A file is written beside its place and renamed, so that several processes may share the folder and none sees half an entry.
//! It begins with a checksum over all that follows: a damaged entry, or one of another form, reads as absent and is removed.
//! Reading is one `open` and one `read`, since a warm run does little else. An unwritable folder is said once and done without.

mod care;
mod owner;

pub use care::{Cache, CacheError, Usage};
pub use owner::{SharedCache, refuse_shared};

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use lockgate_model::{Sha256, Timestamp, age};
use xxhash_rust::xxh3::xxh3_64;

use crate::files::{Limit, read_regular};
use crate::reporter::Reporter;

const MAGIC: [u8; 4] = *b"lgc2";
/// Magic, checksum, time, lifetime, kind, length of the policy.
const FRAME: usize = 4 + 8 + 8 + 8 + 1 + 4;

/// Kinds of entry. The number in a folder's name changes with the form of its entries; [`Cache::prune`] removes other folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bucket {
    /// Project pages, condensed.
    Pages,
    /// Metadata of files.
    Metadata,
    /// Advisory feeds, and their compact forms.
    Advisories,
    /// What interpreters and pip said.
    Interpreters,
    /// What direct references lead to.
    Direct,
}

impl Bucket {
    pub(crate) const ALL: [Self; 5] = [
        Self::Pages,
        Self::Metadata,
        Self::Advisories,
        Self::Interpreters,
        Self::Direct,
    ];

    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Pages => "pages-v3",
            Self::Metadata => "metadata-v5",
            Self::Advisories => "advisories-v1",
            Self::Interpreters => "interpreters-v2",
            Self::Direct => "direct-v2",
        }
    }
}

/// What an entry holds.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// When it was fetched, or last confirmed by its server, in seconds since 1970.
    pub(crate) fetched: i64,
    /// For how many seconds after that it may be used unasked; `u64::MAX`: for good.
    pub(crate) lifetime: u64,
    /// What is known.
    pub(crate) kind: EntryKind,
    /// The rules that it came under, as the HTTP rules keep them; empty for what is immutable.
    pub(crate) policy: Bytes,
    /// What was derived from the answer.
    pub(crate) payload: Bytes,
}

impl Entry {
    /// Returns whether it may be used at `now` without asking its server. What was written by a clock that is ahead of ours may not.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        if self.lifetime == u64::MAX {
            return true;
        }
        let fetched = Timestamp::from_second(self.fetched).ok();
        let age = fetched.and_then(|fetched| age::age(fetched, now));
        age.and_then(|age| u64::try_from(age.as_secs()).ok())
            .is_some_and(|age| age < self.lifetime)
    }
}

/// Whether the thing is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// It is.
    Present,
    /// The server said that it is not.
    Absent,
}

/// The store, or nothing in its place.
#[derive(Debug)]
pub(crate) struct Store {
    folder: Option<PathBuf>,
    reporter: Arc<dyn Reporter>,
    is_unwritable: AtomicBool,
}

impl Store {
    pub(crate) fn new(folder: Option<PathBuf>, reporter: Arc<dyn Reporter>) -> Self {
        Self {
            folder,
            reporter,
            is_unwritable: AtomicBool::new(false),
        }
    }

    /// Where an entry is or would be.
    pub(crate) fn path(&self, bucket: Bucket, key: &str) -> Option<PathBuf> {
        Some(
            self.folder
                .as_ref()?
                .join(bucket.folder())
                .join(file_name(key)),
        )
    }

    /// The entry of `key`, if there is a sound one.
    pub(crate) fn read(&self, bucket: Bucket, key: &str) -> Option<Entry> {
        let path = self.path(bucket, key)?;
        let bytes = Bytes::from(read_regular(&path, Limit::ENTRY).ok()?);
        let entry = unframe(&bytes);
        if entry.is_none() {
            tracing::debug!(path = %path.display(), "dropped a damaged cache entry");
            // Fetched again it will be replaced in any case.
            let _ = fs::remove_file(&path);
        }
        entry
    }

    /// Keeps an entry.
    pub(crate) fn write(&self, bucket: Bucket, key: &str, entry: &Entry) {
        self.write_raw(
            bucket,
            &file_name(key),
            &[&frame(entry), &entry.policy, &entry.payload],
        );
    }

    /// Keeps bytes as they are under a file name of the caller's. Whether they were kept.
    pub(crate) fn write_raw(&self, bucket: Bucket, file: &str, parts: &[&[u8]]) -> bool {
        let Some(folder) = &self.folder else {
            return false;
        };
        if self.is_unwritable.load(Ordering::Relaxed) {
            return false;
        }
        match write_beside(folder, bucket, file, parts) {
            Ok(()) => true,
            Err(error) => {
                if !self.is_unwritable.swap(true, Ordering::Relaxed) {
                    self.reporter.warning(&format!(
                        "the cache in `{}` cannot be written ({error}); going on without keeping anything",
                        folder.display()
                    ));
                }
                false
            }
        }
    }

    /// Where a file of the caller's naming is.
    pub(crate) fn raw_path(&self, bucket: Bucket, file: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(bucket.folder()).join(file))
    }

    /// Removes the files of the caller's naming that have `part` in their names, as far as they go.
    pub(crate) fn forget(&self, bucket: Bucket, part: &str) {
        let Some(folder) = &self.folder else {
            return;
        };
        let Ok(entries) = fs::read_dir(folder.join(bucket.folder())) else {
            return;
        };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().contains(part) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// The folder, if anything is kept.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }
}

fn file_name(key: &str) -> String {
    Sha256::of(key.as_bytes()).to_string().split_off(32)
}

fn write_beside(folder: &Path, bucket: Bucket, file: &str, parts: &[&[u8]]) -> std::io::Result<()> {
    let bucket = folder.join(bucket.folder());
    let create = || {
        tempfile::Builder::new()
            .prefix(".tmp-")
            .tempfile_in(&bucket)
    };
    let mut temporary = match create() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            care::mark(folder)?;
            owner::create_private(&bucket)?;
            create()?
        }
        created => created?,
    };
    for part in parts {
        temporary.write_all(part)?;
    }
    let place = bucket.join(file);
    let Err(refused) = temporary.persist(&place) else {
        return Ok(());
    };
    if !place.is_dir() {
        return Err(refused.error);
    }
    // A folder in an entry's place is nobody's: it makes room, and the rest of the cache goes on.
    fs::remove_dir_all(&place)?;
    refused
        .file
        .persist(&place)
        .map(drop)
        .map_err(|error| error.error)
}

fn frame(entry: &Entry) -> Vec<u8> {
    let policy_length = u32::try_from(entry.policy.len()).unwrap_or(u32::MAX);
    let mut checked = Vec::with_capacity(FRAME);
    checked.extend_from_slice(&entry.fetched.to_le_bytes());
    checked.extend_from_slice(&entry.lifetime.to_le_bytes());
    checked.push(u8::from(entry.kind == EntryKind::Absent));
    checked.extend_from_slice(&policy_length.to_le_bytes());
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    for part in [checked.as_slice(), &entry.policy, &entry.payload] {
        hasher.update(part);
    }
    let mut frame = Vec::with_capacity(FRAME);
    frame.extend_from_slice(&MAGIC);
    frame.extend_from_slice(&hasher.digest().to_le_bytes());
    frame.extend_from_slice(&checked);
    frame
}

fn unframe(bytes: &Bytes) -> Option<Entry> {
    let head = bytes.get(..FRAME)?;
    let (magic, rest) = head.split_first_chunk::<4>()?;
    let (checksum, rest) = rest.split_first_chunk::<8>()?;
    if *magic != MAGIC || u64::from_le_bytes(*checksum) != xxh3_64(bytes.get(12..)?) {
        return None;
    }
    let (fetched, rest) = rest.split_first_chunk::<8>()?;
    let (lifetime, rest) = rest.split_first_chunk::<8>()?;
    let (kind, rest) = rest.split_first()?;
    let policy_length = usize::try_from(u32::from_le_bytes(*rest.first_chunk::<4>()?)).ok()?;
    let policy_end = FRAME
        .checked_add(policy_length)
        .filter(|end| *end <= bytes.len())?;
    Some(Entry {
        fetched: i64::from_le_bytes(*fetched),
        lifetime: u64::from_le_bytes(*lifetime),
        kind: if *kind == 0 {
            EntryKind::Present
        } else {
            EntryKind::Absent
        },
        policy: bytes.slice(FRAME..policy_end),
        payload: bytes.slice(policy_end..),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporter::Silent;

    fn entry(payload: &'static [u8]) -> Entry {
        Entry {
            fetched: 7,
            lifetime: 8,
            kind: EntryKind::Present,
            policy: Bytes::from_static(b"policy"),
            payload: Bytes::from_static(payload),
        }
    }

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(Some(folder.path().join("cache")), Arc::new(Silent));
        assert!(store.read(Bucket::Pages, "a").is_none());
        store.write(Bucket::Pages, "a", &entry(b"payload"));
        let read = store.read(Bucket::Pages, "a").unwrap();
        assert_eq!(
            (read.fetched, read.lifetime, read.kind),
            (7, 8, EntryKind::Present)
        );
        assert_eq!(
            (read.policy.as_ref(), read.payload.as_ref()),
            (b"policy".as_slice(), b"payload".as_slice())
        );
    }

    #[test]
    fn an_entry_is_fresh_for_its_lifetime_and_never_when_it_is_of_the_future() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        for (fetched, lifetime, now, is_fresh) in [
            (1000, 60, 1000, true),
            (1000, 60, 1059, true),
            (1000, 60, 1060, false),
            (1000, 0, 1000, false),
            (1000, 600, 800, true),
            // More than two clocks may differ.
            (1000, 6000, 600, false),
            (i64::MAX, 600, 1000, false),
            (i64::MAX, u64::MAX, 1000, true),
        ] {
            let entry = Entry {
                fetched,
                lifetime,
                ..entry(b"")
            };
            assert_eq!(
                entry.is_fresh(at(now)),
                is_fresh,
                "{fetched} {lifetime} {now}"
            );
        }
    }

    #[test]
    fn an_entry_with_any_byte_changed_reads_as_absent_and_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(Some(folder.path().to_owned()), Arc::new(Silent));
        store.write(Bucket::Pages, "a", &entry(b"payload"));
        let path = store.path(Bucket::Pages, "a").unwrap();
        let sound = fs::read(&path).unwrap();
        for place in 0..sound.len() {
            let mut damaged = sound.clone();
            damaged[place] ^= 0x40;
            fs::write(&path, &damaged).unwrap();
            assert!(store.read(Bucket::Pages, "a").is_none(), "byte {place}");
            assert!(!path.exists());
        }
        fs::write(&path, &sound[..10]).unwrap();
        assert!(store.read(Bucket::Pages, "a").is_none());
    }

    #[test]
    fn a_folder_in_an_entrys_place_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(Some(folder.path().to_owned()), Arc::new(Silent));
        let path = store.path(Bucket::Pages, "a").unwrap();
        fs::create_dir_all(path.join("inner")).unwrap();
        assert!(store.read(Bucket::Pages, "a").is_none());
        store.write(Bucket::Pages, "a", &entry(b"payload"));
        assert!(store.read(Bucket::Pages, "a").is_some());
    }

    #[test]
    fn writers_of_one_key_at_once_leave_one_sound_entry() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(Some(folder.path().to_owned()), Arc::new(Silent));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        store.write(Bucket::Metadata, "k", &entry(b"payload"));
                        if let Some(read) = store.read(Bucket::Metadata, "k") {
                            assert_eq!(read.payload.as_ref(), b"payload");
                        }
                    }
                });
            }
        });
        assert!(store.read(Bucket::Metadata, "k").is_some());
        assert_eq!(
            fs::read_dir(folder.path().join(Bucket::Metadata.folder()))
                .unwrap()
                .count(),
            1
        );
    }
}
