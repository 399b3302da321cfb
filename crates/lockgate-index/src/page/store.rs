//! The stored form of a page: one buffer that is read in place.
//!
//! ```text
//! magic        4 bytes, changed whenever the form changes: another form is no page
//! head length  u32
//! releases     u32, how many
//! table        per release, newest first: spelling offset, spelling length, blob offset, blob length, and the second since 1970 in which
//!              the first file was uploaded, 0 if that is not known of each; u32 each
//! head         postcard: what holds for the whole project, and texts that many files share
//! spellings    versions as written, end to end
//! blobs        per release, postcard: its files
//! ```
//! All numbers are little-endian, all offsets from the buffer's beginning. Of 330 real pages this reads the heads and the
//! releases that are asked about, and nothing in between. Upload times are kept to the microsecond.
//!
//! The cache vouches for the bytes by a checksum; nevertheless nothing here trusts an offset.

use std::borrow::Cow;

use lockgate_model::{CoreMetadata, DistFile, Name, ProjectStatus, Sha256, Timestamp, Yank};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{Page, Release};

const MAGIC: [u8; 4] = *b"lgp3";
const WORD: usize = 4;
const FIXED: usize = MAGIC.len() + 2 * WORD;
const ENTRY: usize = 5 * WORD;

/// Why a page cannot be stored or a stored one not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum StoreError {
    /// Offsets are 32 bits wide.
    #[error("it is too large")]
    TooLarge,
    /// Not this form, or damaged.
    #[error("its stored form is damaged")]
    Damaged,
}

/// What holds for the whole project.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) name: Name,
    pub(super) status: ProjectStatus,
    /// What most addresses begin with.
    url_prefix: String,
    /// The `Requires-Python` texts that files refer to by place.
    requires_python: Vec<String>,
}

/// One file. The address is cut at both ends: where it begins with the common prefix, and where it ends with the file's name.
#[derive(Serialize, Deserialize)]
struct StoredFile<'a> {
    #[serde(borrow)]
    filename: Cow<'a, str>,
    url_middle: &'a str,
    url_has_prefix: bool,
    url_has_filename: bool,
    sha256: Option<Sha256>,
    size: Option<u64>,
    uploaded_microsecond: Option<i64>,
    requires_python: Option<u32>,
    yanked: Option<&'a str>,
    core_metadata: CoreMetadata,
    has_provenance: bool,
}

/// Where a release's spelling and blob stand, and when its first file was uploaded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    spelling: (u32, u32),
    blob: (u32, u32),
    first_upload: u32,
}

/// Writes the stored form.
pub(super) fn encode(project: &Name, page: &Page) -> Result<Vec<u8>, StoreError> {
    let mut shared = SharedTexts::default();
    let url_prefix = common_prefix(&page.releases);
    let blobs: Vec<Vec<u8>> = page
        .releases
        .iter()
        .map(|release| encode_files(&release.files, &url_prefix, &mut shared))
        .collect::<Result<_, _>>()?;
    let head = Head {
        name: project.clone(),
        status: page.status.clone(),
        url_prefix,
        requires_python: shared.texts,
    };
    let head = postcard::to_stdvec(&head).map_err(too_large)?;

    let spellings: usize = page.releases.iter().map(|r| r.spelling.len()).sum();
    let total: usize = blobs.iter().map(Vec::len).sum();
    let mut spelling_at = FIXED + page.releases.len() * ENTRY + head.len();
    let mut blob_at = spelling_at + spellings;
    let mut buffer = Vec::with_capacity(blob_at + total);
    buffer.extend_from_slice(&MAGIC);
    push(&mut buffer, head.len())?;
    push(&mut buffer, page.releases.len())?;
    for (release, blob) in page.releases.iter().zip(&blobs) {
        for word in [spelling_at, release.spelling.len(), blob_at, blob.len()] {
            push(&mut buffer, word)?;
        }
        buffer.extend_from_slice(&first_upload_second(&release.files).to_le_bytes());
        spelling_at += release.spelling.len();
        blob_at += blob.len();
    }
    buffer.extend_from_slice(&head);
    for release in &page.releases {
        buffer.extend_from_slice(release.spelling.as_bytes());
    }
    for blob in &blobs {
        buffer.extend_from_slice(blob);
    }
    Ok(buffer)
}

/// Reads head and table.
pub(super) fn open(buffer: &[u8]) -> Result<(Head, Box<[Entry]>), StoreError> {
    if !buffer.starts_with(&MAGIC) {
        return Err(StoreError::Damaged);
    }
    let mut words = words(buffer.get(MAGIC.len()..FIXED).ok_or(StoreError::Damaged)?);
    let (Some(head), Some(releases)) = (words.next(), words.next()) else {
        return Err(StoreError::Damaged);
    };
    let table_end = (releases as usize)
        .checked_mul(ENTRY)
        .and_then(|length| length.checked_add(FIXED))
        .ok_or(StoreError::Damaged)?;
    let table = buffer.get(FIXED..table_end).ok_or(StoreError::Damaged)?;
    let head = table_end
        .checked_add(head as usize)
        .and_then(|end| buffer.get(table_end..end))
        .and_then(|bytes| postcard::from_bytes(bytes).ok())
        .ok_or(StoreError::Damaged)?;
    let entries = table
        .chunks_exact(ENTRY)
        .filter_map(|entry| {
            let mut words = self::words(entry);
            Some(Entry {
                spelling: (words.next()?, words.next()?),
                blob: (words.next()?, words.next()?),
                first_upload: words.next()?,
            })
        })
        .collect();
    Ok((head, entries))
}

/// The version of a release as written.
pub(super) fn spelling(buffer: &[u8], entry: Entry) -> Option<&str> {
    std::str::from_utf8(slice(buffer, entry.spelling)?).ok()
}

/// When the first file of a release was uploaded, to the second before it, if that is known of each.
pub(super) fn first_upload(entry: Entry) -> Option<Timestamp> {
    if entry.first_upload == 0 {
        return None;
    }
    Timestamp::from_second(i64::from(entry.first_upload)).ok()
}

/// The files of a release.
pub(super) fn files(buffer: &[u8], head: &Head, entry: Entry) -> Result<Vec<DistFile>, StoreError> {
    let blob = slice(buffer, entry.blob).ok_or(StoreError::Damaged)?;
    let stored: Vec<StoredFile<'_>> = postcard::from_bytes(blob).map_err(damaged)?;
    stored
        .into_iter()
        .map(|file| file.into_model(head).ok_or(StoreError::Damaged))
        .collect()
}

/// `Requires-Python` texts by place: a project has few, and as many files as it likes.
#[derive(Default)]
struct SharedTexts {
    texts: Vec<String>,
    places: FxHashMap<String, u32>,
}

impl SharedTexts {
    fn place_of(&mut self, text: &str) -> Result<u32, StoreError> {
        if let Some(place) = self.places.get(text) {
            return Ok(*place);
        }
        let place = u32::try_from(self.texts.len()).map_err(too_large)?;
        self.texts.push(text.to_owned());
        self.places.insert(text.to_owned(), place);
        Ok(place)
    }
}

impl StoredFile<'_> {
    fn into_model(self, head: &Head) -> Option<DistFile> {
        let prefix = if self.url_has_prefix {
            head.url_prefix.as_str()
        } else {
            ""
        };
        let suffix = if self.url_has_filename {
            self.filename.as_ref()
        } else {
            ""
        };
        let url = [prefix, self.url_middle, suffix].concat();
        Some(DistFile {
            url,
            filename: self.filename.into_owned(),
            sha256: self.sha256,
            size: self.size,
            uploaded: match self.uploaded_microsecond {
                Some(instant) => Some(Timestamp::from_microsecond(instant).ok()?),
                None => None,
            },
            requires_python: match self.requires_python {
                Some(place) => Some(head.requires_python.get(place as usize)?.clone()),
                None => None,
            },
            yanked: self
                .yanked
                .map_or(Yank::No, |reason| Yank::Yes(reason.to_owned())),
            core_metadata: self.core_metadata,
            has_provenance: self.has_provenance,
        })
    }
}

/// Files of this machine are nobody's upload.
fn first_upload_second(files: &[DistFile]) -> u32 {
    let seconds = files.iter().map(|file| {
        let uploaded = file.uploaded.filter(|_| !file.is_local())?;
        u32::try_from(uploaded.as_second()).ok()
    });
    let seconds: Option<Vec<u32>> = seconds.collect();
    seconds.and_then(|all| all.into_iter().min()).unwrap_or(0)
}

fn encode_files(
    files: &[DistFile],
    url_prefix: &str,
    shared: &mut SharedTexts,
) -> Result<Vec<u8>, StoreError> {
    let stored: Vec<StoredFile<'_>> = files
        .iter()
        .map(|file| {
            let without_prefix = file.url.strip_prefix(url_prefix);
            let rest = without_prefix.unwrap_or(&file.url);
            let without_filename = rest.strip_suffix(file.filename.as_str());
            Ok(StoredFile {
                filename: Cow::Borrowed(&file.filename),
                url_middle: without_filename.unwrap_or(rest),
                url_has_prefix: without_prefix.is_some(),
                url_has_filename: without_filename.is_some(),
                sha256: file.sha256,
                size: file.size,
                uploaded_microsecond: file.uploaded.map(Timestamp::as_microsecond),
                requires_python: match &file.requires_python {
                    Some(text) => Some(shared.place_of(text)?),
                    None => None,
                },
                yanked: match &file.yanked {
                    Yank::No => None,
                    Yank::Yes(reason) => Some(reason),
                },
                core_metadata: file.core_metadata,
                has_provenance: file.has_provenance,
            })
        })
        .collect::<Result<_, StoreError>>()?;
    postcard::to_stdvec(&stored).map_err(too_large)
}

/// What the addresses of the newest and the oldest file have in common, up to a slash.
fn common_prefix(releases: &[Release]) -> String {
    let mut urls = releases
        .iter()
        .flat_map(|r| &r.files)
        .map(|f| f.url.as_str());
    let (Some(first), Some(last)) = (urls.next(), urls.next_back()) else {
        return String::new();
    };
    let same = first
        .bytes()
        .zip(last.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let common = first.as_bytes().get(..same).unwrap_or_default();
    let cut = common
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |slash| slash + 1);
    first.get(..cut).unwrap_or_default().to_owned()
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes
        .chunks_exact(WORD)
        .filter_map(|word| Some(u32::from_le_bytes(word.try_into().ok()?)))
}

fn slice(buffer: &[u8], (offset, length): (u32, u32)) -> Option<&[u8]> {
    let start = offset as usize;
    buffer.get(start..start.checked_add(length as usize)?)
}

fn push(buffer: &mut Vec<u8>, number: usize) -> Result<(), StoreError> {
    let number = u32::try_from(number).map_err(too_large)?;
    buffer.extend_from_slice(&number.to_le_bytes());
    Ok(())
}

fn too_large<E>(_: E) -> StoreError {
    StoreError::TooLarge
}

fn damaged<E>(_: E) -> StoreError {
    StoreError::Damaged
}
