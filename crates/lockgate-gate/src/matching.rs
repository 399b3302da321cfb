//! Which versions a record affects (OSV schema, "affected[].ranges" and "affected[].versions").
//!
//! A version is affected if it is listed or lies in a range; ranges are compared in the order of PEP 440. A local version is affected
//! where its public version is. A listed version that is no PEP 440 version can be no release, and is passed over. A bound that is none
//! leaves the range open on its side: what cannot be understood counts as affected, never as safe.

use lockgate_model::{Version, VersionSet};
use serde::{Deserialize, Serialize};

use crate::record::{Affected, Event, Range};

/// What `affected` entries come to, in a form that can be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Extent {
    spans: Vec<Span>,
    /// Affected versions outside of the spans.
    listed: Vec<Version>,
    /// Versions that fix it, ascending.
    pub(crate) fixed: Vec<Version>,
    /// Bounds that are no versions, each as it is written.
    pub(crate) unclear: Vec<String>,
}

/// From a version (none: from the first) to an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Span {
    low: Option<Version>,
    end: End,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum End {
    Open,
    Before(Version),
    Through(Version),
}

impl Span {
    fn set(&self) -> VersionSet {
        let low = self
            .low
            .clone()
            .map_or_else(VersionSet::full, VersionSet::at_least);
        match &self.end {
            End::Open => low,
            End::Before(high) => low.intersection(&VersionSet::below(high.clone())),
            End::Through(high) => low.intersection(&VersionSet::up_to(high.clone())),
        }
    }
}

impl Extent {
    /// The affected versions.
    pub(crate) fn versions(&self) -> VersionSet {
        let spans = self.spans.iter().map(Span::set);
        spans
            .chain(self.listed.iter().cloned().map(VersionSet::with_locals))
            .fold(VersionSet::empty(), |set, more| set.union(&more))
    }

    /// Joins what another entry affects and fixes.
    pub(crate) fn join(&mut self, other: Self) {
        for span in other.spans {
            if !self.spans.contains(&span) {
                self.spans.push(span);
            }
        }
        let spans = Self {
            spans: self.spans.clone(),
            ..Self::default()
        }
        .versions();
        self.listed.extend(other.listed);
        self.listed.retain(|version| !spans.contains(version));
        self.listed.sort();
        self.listed.dedup();
        self.listed.shrink_to_fit();
        self.fixed.extend(other.fixed);
        self.fixed.sort();
        self.fixed.dedup();
        self.unclear.extend(other.unclear);
        self.unclear.sort();
        self.unclear.dedup();
    }
}

/// Affected and fixed versions of one entry.
pub(crate) fn extent(affected: &Affected) -> Extent {
    let ranges = affected
        .ranges
        .iter()
        .flatten()
        .filter(|range| range.kind != "GIT");
    let mut found = Extent::default();
    for range in ranges {
        found.spans.extend(spans(range));
        found
            .unclear
            .extend(range.events.iter().filter_map(unclear));
        found.fixed.extend(
            range
                .events
                .iter()
                .filter_map(|event| event.fixed.as_ref()?.parse::<Version>().ok()),
        );
    }
    found.listed = affected
        .versions
        .iter()
        .flatten()
        .filter_map(|listed| listed.0.clone())
        .collect();
    let mut extent = Extent::default();
    extent.join(found);
    extent
}

/// A bound as it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Bound {
    /// `introduced`: from here on.
    From(Option<Version>),
    /// `fixed` or `limit`: no longer from here on.
    Before(Version),
    /// `last_affected`: no longer after it and its local versions.
    Through(Version),
}

impl Bound {
    fn version(&self) -> Option<&Version> {
        match self {
            Self::From(version) => version.as_ref(),
            Self::Before(version) | Self::Through(version) => Some(version),
        }
    }
}

/// The events of a range in the order of their versions, walked from the lowest: `introduced` opens, the others close.
///
/// At one version, what is open closes before it opens again: `introduced: 1, fixed: 2` and `introduced: 2, fixed: 3` in one range are one
/// span up to 3. What is closed opens before it closes: `introduced: 1, last_affected: 1` is 1 itself, and a fix at an introduction wins.
fn spans(range: &Range) -> Vec<Span> {
    let mut bounds: Vec<Bound> = range.events.iter().filter_map(bound).collect();
    bounds.sort_by(|a, b| a.version().cmp(&b.version()).then_with(|| a.cmp(b)));
    let mut spans = Vec::new();
    let mut open: Option<Option<Version>> = None;
    for at_one in bounds.chunk_by(|a, b| a.version() == b.version()) {
        let was_open = open.is_some();
        let opens = at_one.iter().find_map(|bound| match bound {
            Bound::From(version) => Some(version.clone()),
            _ => None,
        });
        if !was_open {
            open.clone_from(&opens);
        }
        let mut closes = at_one.iter().filter_map(|bound| match bound {
            Bound::From(_) => None,
            Bound::Before(high) => Some(End::Before(high.clone())),
            Bound::Through(high) => Some(End::Through(high.clone())),
        });
        if let Some(end) = closes.next() {
            spans.extend(open.take().map(|low| Span { low, end }));
            if was_open {
                open = opens;
            }
        }
    }
    spans.extend(open.map(|low| Span {
        low,
        end: End::Open,
    }));
    spans
}

/// The event as it is written, if its bound is no version.
fn unclear(event: &Event) -> Option<String> {
    let of = |word: &str, bound: &Option<String>, open: &str| {
        let bound = bound.as_ref().filter(|bound| bound.as_str() != open)?;
        let is_version = bound.parse::<Version>().is_ok();
        (!is_version).then(|| format!("{word} {bound}"))
    };
    of("introduced", &event.introduced, "0")
        .or_else(|| of("fixed", &event.fixed, ""))
        .or_else(|| of("last_affected", &event.last_affected, ""))
        .or_else(|| of("limit", &event.limit, "*"))
}

fn bound(event: &Event) -> Option<Bound> {
    if let Some(introduced) = &event.introduced {
        // "0" is before everything; so is what cannot be understood.
        return Some(Bound::From(if introduced == "0" {
            None
        } else {
            introduced.parse().ok()
        }));
    }
    if let Some(fixed) = &event.fixed {
        return fixed.parse().ok().map(Bound::Before);
    }
    if let Some(last) = &event.last_affected {
        return last.parse().ok().map(Bound::Through);
    }
    event
        .limit
        .as_ref()
        .filter(|limit| *limit != "*")
        .and_then(|limit| limit.parse().ok())
        .map(Bound::Before)
}

#[cfg(test)]
mod tests;
