//! A feed that holds all records of a source: read from end to end, by several threads, or record by record.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use lockgate_model::{ReadAt, Sha256, Timestamp};

use super::{FeedError, archive, folder, unusable};
use crate::Shared;
use crate::cache::Bucket;
use crate::files::{Limit, open_regular};

/// All records of a source.
#[derive(Debug)]
pub struct RecordFeed {
    /// How it is named to people.
    pub name: String,
    /// Digest of all its bytes.
    pub digest: Sha256,
    /// When its state was last confirmed by its origin; none for local files.
    pub refreshed: Option<Timestamp>,
    pub(super) place: Place,
    pub(super) shared: Arc<Shared>,
}

/// Where records lie.
#[derive(Debug)]
pub(super) enum Place {
    Archive(PathBuf),
    Folder(PathBuf),
    Bytes(Vec<u8>),
}

/// Takes file name and bytes of a record, or why they cannot be had.
pub(super) type Visitor<'v, E> = &'v mut dyn FnMut(&str, Result<&[u8], String>) -> Result<(), E>;

/// One of so many parts of a feed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) part: usize,
    pub(super) parts: usize,
}

impl Part {
    pub(super) const ALL: Self = Self { part: 0, parts: 1 };

    pub(super) fn has(self, index: usize) -> bool {
        index % self.parts == self.part
    }
}

impl RecordFeed {
    /// Hands file name and bytes of each record to `visitor`, those of one part of `parts` (counted from 0): several threads may go through
    /// a feed side by side. Ends with the first error; a record that cannot be had is one.
    pub fn visit<E: From<FeedError>>(
        &self,
        part: usize,
        parts: usize,
        mut visitor: impl FnMut(&str, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.visit_each(part, parts, |name, bytes| {
            visitor(name, archive::whole(&self.name, name, bytes)?)
        })
    }

    /// As [`Self::visit`], but goes on after a record that cannot be had: the visitor is told why.
    pub fn visit_each<E: From<FeedError>>(
        &self,
        part: usize,
        parts: usize,
        mut visitor: impl FnMut(&str, Result<&[u8], String>) -> Result<(), E>,
    ) -> Result<(), E> {
        let part = Part { part, parts };
        match &self.place {
            Place::Archive(path) => {
                let file =
                    open_regular(path, Limit::EXPORT).map_err(|error| unusable(path, error))?;
                let place = path.display().to_string();
                archive::visit(&place, std::io::BufReader::new(file), part, &mut visitor)
            }
            Place::Folder(path) => folder::visit(path, part, &mut visitor),
            Place::Bytes(bytes) => {
                archive::visit(&self.name, std::io::Cursor::new(bytes), part, &mut visitor)
            }
        }
    }

    /// What was compiled from this feed in an earlier run.
    pub fn compact(&self, format: u32) -> Option<Arc<dyn ReadAt>> {
        let path = self
            .shared
            .store
            .raw_path(Bucket::Advisories, &self.compact_name(format))?;
        let file = open_regular(&path, Limit::ENTRY).ok()?;
        let length = file.metadata().ok()?.len();
        Some(Arc::new(OpenFile { file, length }))
    }

    /// Keeps what was compiled from this feed.
    pub fn keep_compact(&self, format: u32, bytes: &[u8]) {
        self.shared
            .store
            .write_raw(Bucket::Advisories, &self.compact_name(format), &[bytes]);
    }

    fn compact_name(&self, format: u32) -> String {
        format!("compact-{format}-{}", self.digest)
    }
}

/// A file that is read by place.
#[derive(Debug)]
struct OpenFile {
    file: File,
    length: u64,
}

impl ReadAt for OpenFile {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, String> {
        if offset
            .checked_add(length as u64)
            .is_none_or(|end| end > self.length)
        {
            return Err(format!("{length} bytes at {offset} are beyond the end"));
        }
        let mut bytes = vec![0; length];
        read_exact_at(&self.file, &mut bytes, offset).map_err(|error| error.to_string())?;
        Ok(bytes)
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes = bytes.get_mut(count..).unwrap_or_default();
        offset += count as u64;
    }
    Ok(())
}
