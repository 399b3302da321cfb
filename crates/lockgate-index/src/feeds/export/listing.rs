//! The list of an export's records: lines of date and id.

use std::collections::BTreeMap;

use lockgate_model::Timestamp;
use serde::{Deserialize, Serialize};

/// Dates of records, as they are written, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listing(BTreeMap<String, String>);

/// What became of the records.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// New, or with another date.
    pub(super) changed: Vec<String>,
    pub(super) gone: Vec<String>,
}

impl Listing {
    /// Reads a list. An error: why it is none.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(text).map_err(|_utf8| "it is no text".to_owned())?;
        let mut dates = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let (date, id) = line
                .split_once(',')
                .map(|(date, id)| (date.trim(), id.trim()))
                .filter(|(date, id)| date.parse::<Timestamp>().is_ok() && is_id(id))
                .ok_or_else(|| format!("line {} is no date and id", index + 1))?;
            dates.insert(id.to_owned(), date.to_owned());
        }
        if dates.is_empty() {
            return Err("it is empty".to_owned());
        }
        Ok(Self(dates))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// When the record was last changed.
    pub(super) fn date(&self, id: &str) -> Option<Timestamp> {
        self.0.get(id)?.parse().ok()
    }

    /// When the newest record was last changed, of those whose date isn't in the future.
    pub(super) fn newest(&self, now: Timestamp) -> Option<Timestamp> {
        let dates = self.0.values().filter_map(|date| date.parse().ok());
        dates.filter(|date| *date <= now).max()
    }

    /// Takes a record out, so that the next comparison finds it changed.
    pub(super) fn forget(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// What changed from here to `new`.
    pub(super) fn until(&self, new: &Self) -> Difference {
        let changed = new
            .0
            .iter()
            .filter(|(id, date)| self.0.get(*id) != Some(*date));
        let gone = self.0.keys().filter(|id| !new.0.contains_key(*id));
        Difference {
            changed: changed.map(|(id, _)| id.clone()).collect(),
            gone: gone.cloned().collect(),
        }
    }
}

/// Ids are names of files.
fn is_id(id: &str) -> bool {
    !id.is_empty()
        && !id.starts_with('.')
        && id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_list_is_told() {
        for (text, why) in [
            ("", "it is empty"),
            ("\n \n", "it is empty"),
            ("<!DOCTYPE html>\n", "line 1 is no date and id"),
            (
                "2024-01-01T00:00:00Z,A-1\n2024-01-01T0",
                "line 2 is no date and id",
            ),
            ("2024-01-01T00:00:00Z,../A\n", "line 1 is no date and id"),
            ("yesterday,A-1\n", "line 1 is no date and id"),
        ] {
            assert_eq!(
                Listing::parse(text.as_bytes()),
                Err(why.to_owned()),
                "{text}"
            );
        }
        assert_eq!(Listing::parse(&[0xff]), Err("it is no text".to_owned()));
    }

    #[test]
    fn a_change_is_seen_whatever_its_date_and_place() {
        let listing = |text: &str| Listing::parse(text.as_bytes()).unwrap();
        let old = listing("2999-01-01T00:00:00Z,A\n2024-01-01T00:00:00Z,B\n2024-01-01T00:00:00Z,C");
        let new =
            listing("2023-01-01T00:00:00Z,D\n2023-01-01T00:00:00Z,B\n2999-01-01T00:00:00Z,A\n");
        let difference = old.until(&new);
        assert_eq!(difference.changed, ["B", "D"]);
        assert_eq!(difference.gone, ["C"]);
        assert_eq!(new.until(&new), Difference::default());
    }
}
