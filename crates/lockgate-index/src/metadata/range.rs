//! Parts of a remote file, as a reader: what is missing is asked for by name.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::rc::Rc;

use bytes::Bytes;

/// Known parts of a file of known length, in order, not overlapping.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    length: u64,
    parts: Vec<(u64, Bytes)>,
}

impl Parts {
    pub(super) fn new(length: u64) -> Self {
        Self {
            length,
            parts: Vec::new(),
        }
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Adds what stands at `start`; it must be a part that was missing. Parts that touch become one.
    pub(super) fn add(&mut self, mut start: u64, mut bytes: Bytes) {
        let mut place = self.parts.partition_point(|(at, _)| *at < start);
        let end = start + bytes.len() as u64;
        if self.parts.get(place).is_some_and(|(next, _)| *next == end) {
            let (_, next) = self.parts.remove(place);
            bytes = [bytes, next].concat().into();
        }
        if let Some(before) = place.checked_sub(1)
            && self
                .parts
                .get(before)
                .is_some_and(|(at, part)| at + part.len() as u64 == start)
        {
            let (at, previous) = self.parts.remove(before);
            bytes = [previous, bytes].concat().into();
            (start, place) = (at, before);
        }
        self.parts.insert(place, (start, bytes));
    }

    /// From `offset` to the end of the known part that holds it.
    fn at(&self, offset: u64) -> Option<&[u8]> {
        let (start, bytes) = self.before(offset)?;
        let skip = usize::try_from(offset - start).ok()?;
        bytes.get(skip..).filter(|rest| !rest.is_empty())
    }

    /// `wanted`, cut down to what is missing at its beginning; none if its beginning is known.
    pub(super) fn missing(&self, wanted: Range<u64>) -> Option<Range<u64>> {
        if self.at(wanted.start).is_some() {
            return None;
        }
        let next = self
            .parts
            .iter()
            .map(|(start, _)| *start)
            .find(|start| *start > wanted.start);
        let end = wanted.end.min(self.length).min(next.unwrap_or(self.length));
        (wanted.start < end).then_some(wanted.start..end)
    }

    /// Where the last known part begins and what it holds, if it reaches the end of the file.
    pub(super) fn tail(&self) -> Option<(u64, &[u8])> {
        let (start, bytes) = self.parts.last()?;
        (start + bytes.len() as u64 == self.length).then_some((*start, bytes))
    }

    fn before(&self, offset: u64) -> Option<&(u64, Bytes)> {
        let place = self.parts.partition_point(|(start, _)| *start <= offset);
        self.parts.get(place.checked_sub(1)?)
    }
}

/// Reads [`Parts`]. Where something is missing it fails and leaves the offset in `missed`.
#[derive(Debug, Clone)]
pub(super) struct PartsReader<'a> {
    parts: &'a Parts,
    position: u64,
    missed: Rc<Cell<Option<u64>>>,
}

impl<'a> PartsReader<'a> {
    pub(super) fn new(parts: &'a Parts) -> (Self, Rc<Cell<Option<u64>>>) {
        let missed = Rc::new(Cell::new(None));
        let reader = Self {
            parts,
            position: 0,
            missed: Rc::clone(&missed),
        };
        (reader, missed)
    }
}

impl Read for PartsReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.parts.length || buffer.is_empty() {
            return Ok(0);
        }
        let Some(mut known) = self.parts.at(self.position) else {
            self.missed.set(Some(self.position));
            return Err(io::Error::other("this part of the file is not known yet"));
        };
        let count = known.read(buffer)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for PartsReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.parts.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
