//! Whether an export goes back behind the one that is kept. A mirror that serves an old copy, or one that has lost records, would make known
//! advisories vanish: what is kept stays, until a person says that it is right.

use std::io::{Read, Seek};
use std::path::Path;

use lockgate_model::Timestamp;

use super::record::Head;
use super::records::Part;
use super::{FeedError, archive};

/// One in so many records may be gone from one export to the next.
const MAX_LOSS: usize = 10;

/// How much an export knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// How many records it has.
    pub(super) records: usize,
    /// When the newest of them was last changed. A date in the future says nothing.
    pub(super) newest: Option<Timestamp>,
}

impl Extent {
    /// Counts a record in.
    pub(super) fn add(&mut self, modified: Option<Timestamp>, now: Timestamp) {
        self.records += 1;
        let modified = modified.filter(|date| *date <= now);
        self.newest = self.newest.max(modified);
    }

    /// The extent of an archive. Records that cannot be read count, and have no date.
    pub(super) fn of_archive(
        place: &str,
        bytes: impl Read + Seek,
        now: Timestamp,
    ) -> Result<Self, FeedError> {
        let mut extent = Self::default();
        archive::visit::<FeedError>(place, bytes, Part::ALL, &mut |name, record| {
            if !super::folder::is_record(Path::new(name)) {
                return Ok(());
            }
            let head = record.ok().and_then(|record| {
                let is_json = Path::new(name)
                    .extension()
                    .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
                let read = if is_json { Head::json } else { Head::yaml };
                read(record).ok()
            });
            extent.add(head.and_then(|head| head.modified()), now);
            Ok(())
        })?;
        Ok(extent)
    }

    /// Refuses to go on to `new` from here where that is older or has lost too much.
    pub(super) fn admit(&self, new: &Self, place: &str) -> Result<(), FeedError> {
        let rolled_back = |what: String| {
            Err(FeedError::RolledBack {
                place: place.to_owned(),
                what,
            })
        };
        if let Some(old) = self.newest
            && new.newest.is_none_or(|new| new < old)
        {
            let new = match new.newest {
                Some(new) => format!("of {new}"),
                None => "without a date".to_owned(),
            };
            return rolled_back(format!(
                "it is older than the one that is kept: its newest record is {new}, that of the kept one of {old}"
            ));
        }
        if new.records * MAX_LOSS < self.records * (MAX_LOSS - 1) {
            return rolled_back(format!(
                "it has {} records, the one that is kept has {}: more than a tenth are gone",
                new.records, self.records
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_export_and_one_that_lost_more_than_a_tenth_are_refused() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let extent = |records: usize, date: &str| Extent {
            records,
            newest: date.parse().ok(),
        };
        let (old, new) = ("2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z");
        for (kept, found, is_admitted) in [
            (extent(100, old), extent(100, old), true),
            (extent(100, old), extent(90, new), true),
            (extent(100, old), extent(89, new), false),
            (extent(100, new), extent(100, old), false),
            (extent(100, new), extent(100, ""), false),
            (extent(100, ""), extent(100, ""), true),
            (extent(1, old), extent(0, old), false),
            (Extent::default(), Extent::default(), true),
        ] {
            let admitted = kept.admit(&found, "osv");
            assert_eq!(admitted.is_ok(), is_admitted, "{kept:?} {found:?}");
        }
        let mut extent = Extent::default();
        for date in ["2025-01-01T00:00:00Z", "2999-01-01T00:00:00Z"] {
            extent.add(date.parse().ok(), now);
        }
        extent.add(None, now);
        assert_eq!((extent.records, extent.newest), (3, old.parse().ok()));
    }
}
