//! Records that take the place of those that earlier sources have: corrections and withdrawals of one's own.
//!
//! An overlay speaks for a whole vulnerability: what shares an id or an alias with one of its records is left out of what earlier sources
//! said, for every project, and the overlay's record says what is affected instead. A withdrawn record of an overlay says: nothing is.

use std::collections::BTreeMap;

use lockgate_model::{Advisory, Name, Timestamp, age};

use crate::brief::Brief;
use crate::error::UnreadableRecord;
use crate::group::{Concern, concerns};
use crate::record::Record;

/// The records of a source that overrides.
#[derive(Debug, Default)]
pub struct Overlay {
    concerns: BTreeMap<Name, Vec<Concern>>,
    /// Whether it takes back what is known by an id (in capitals).
    withdrawn: BTreeMap<String, bool>,
    modified: Vec<Timestamp>,
    records: u32,
    unreadable: Vec<UnreadableRecord>,
}

impl Overlay {
    /// Reads records, given as file name and bytes, as of `now`. Those that cannot be read are noted, and the others still count.
    pub fn read<'r>(
        source_name: &str,
        now: Timestamp,
        records: impl IntoIterator<Item = (&'r str, &'r [u8])>,
    ) -> Self {
        let mut overlay = Self::default();
        let mut briefs = Vec::new();
        for (file, bytes) in records {
            let read = Record::read(file, bytes).and_then(|record| {
                let failed = |why| UnreadableRecord {
                    file: file.to_owned(),
                    why,
                };
                let brief = Brief::of(&record, now).map_err(failed)?;
                Ok((record, brief))
            });
            let (record, brief) = match read {
                Ok(read) => read,
                Err(unreadable) => {
                    overlay.unreadable.push(unreadable);
                    continue;
                }
            };
            overlay.records += 1;
            overlay.modified.extend(record.modified);
            let ids = std::iter::once(&record.id).chain(record.aliases.iter().flatten());
            for id in ids {
                let is_withdrawn = overlay.withdrawn.entry(id.to_ascii_uppercase());
                // Of two records that share an id, the one in force counts.
                *is_withdrawn.or_insert(true) &= brief.is_none();
            }
            briefs.extend(brief);
        }
        overlay.concerns = concerns(&briefs, source_name);
        overlay
    }

    /// The records that could not be read: what they would have said is unknown.
    pub fn unreadable(&self) -> &[UnreadableRecord] {
        &self.unreadable
    }

    /// What concerns a project.
    pub(crate) fn about(&self, name: &Name) -> Vec<Concern> {
        self.concerns.get(name).cloned().unwrap_or_default()
    }

    /// Whether it speaks in place of an advisory of another source. With a record that cannot be read it does not: that one might say
    /// otherwise.
    pub(crate) fn speaks_of(&self, advisory: &Advisory) -> bool {
        self.unreadable.is_empty() && self.words_on(advisory).next().is_some()
    }

    /// Whether it takes back an advisory of another source.
    pub(crate) fn withdraws(&self, advisory: &Advisory) -> bool {
        self.speaks_of(advisory) && self.words_on(advisory).all(|withdrawn| withdrawn)
    }

    fn words_on(&self, advisory: &Advisory) -> impl Iterator<Item = bool> {
        let ids = std::iter::once(&advisory.id).chain(&advisory.aliases);
        ids.filter_map(|id| self.withdrawn.get(&id.to_ascii_uppercase()).copied())
    }

    /// How many records it has.
    pub(crate) fn records(&self) -> u32 {
        self.records
    }

    /// Returns the newest `modified` of its records that does not lie in the future.
    pub(crate) fn modified(&self, now: Timestamp) -> Option<Timestamp> {
        age::latest(self.modified.iter().copied(), now)
    }
}
