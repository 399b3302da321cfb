//! Which versions a record affects (OSV schema, "affected[].ranges" and "affected[].versions").
//!
//! A version is affected if it is listed or lies in a range; ranges are compared in the order of PEP 440. A local version is affected
//! where its public version is. A listed version that is no PEP 440 version can be no release, and is skipped. What cannot be understood
//! counts as affected, never as safe: of a bound that is not a version the release that it begins with is affected, and without one the range
//! is open on that side ([`bound`]); a range without `introduced` begins with the first version; and an entry that comes to no version at
//! all, or with a range that ends where it begins, affects every version.

mod bound;

use std::collections::HashSet;

use lockgate_model::{Version, VersionSet};
use serde::{Deserialize, Serialize};

use self::bound::Bound;
use crate::record::{Affected, Range};

/// What `affected` entries come to, in a form that can be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Extent {
    spans: Vec<Span>,
    /// Affected versions outside of the spans.
    listed: Vec<Version>,
    /// Versions that fix it, ascending.
    pub(crate) fixed: Vec<Version>,
    /// What could not be understood, such as bounds that are not versions, as they are written.
    pub(crate) unclear: Vec<String>,
    /// Whether the entry has neither versions nor ranges of versions, so that all of them may be meant.
    pub(crate) states_no_versions: bool,
}

/// Why every version is affected: the entry states none.
const NO_VERSIONS: &str = "no affected versions are stated";
/// Why every version is affected: the entry has a range that contains none.
const ENDS_WHERE_IT_BEGINS: &str = "a range that ends where it begins";
/// Why a range begins with the first version.
const NO_INTRODUCED: &str = "a range without `introduced`";
/// Why a range ends later than its first end.
const SEVERAL_ENDS: &str = "several ends of one range";

/// From a version (none: from the first) to an end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Span {
    low: Option<Version>,
    end: End,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

    /// Whether it ends where it begins. What begins with the first version does so at the version `0` too: only development and
    /// pre-releases of that one lie below it, and `0` stands for the beginning.
    fn is_empty(&self) -> bool {
        match (&self.low, &self.end) {
            (None, End::Before(high)) => "0".parse().is_ok_and(|zero: Version| *high <= zero),
            _ => self.set().is_empty(),
        }
    }
}

impl Extent {
    /// The affected versions.
    pub(crate) fn versions(&self) -> VersionSet {
        let spans = self.spans.iter().map(Span::set);
        VersionSet::union_of(spans.chain(self.listed.iter().cloned().map(VersionSet::with_locals)))
    }

    fn states_versions(&self) -> bool {
        !(self.states_no_versions || self.spans.is_empty() && self.listed.is_empty())
    }

    /// Notes something that could not be understood and therefore counts as affected.
    pub(crate) fn note_unclear(&mut self, what: String) {
        if let Err(place) = self.unclear.binary_search(&what) {
            self.unclear.insert(place, what);
        }
    }

    /// Joins what another entry affects and fixes. One that states no versions adds nothing to one that does.
    pub(crate) fn join(&mut self, other: Self) {
        self.join_all(std::iter::once(other));
    }

    /// Joins what other entries affect and fix, all at once: one after the other takes time with the square of their number.
    pub(crate) fn join_all(&mut self, others: impl IntoIterator<Item = Self>) {
        let mut all: Vec<Self> = std::iter::once(std::mem::take(self))
            .chain(others)
            .collect();
        if all.iter().any(Self::states_versions) {
            all.retain(|entry| !entry.states_no_versions);
        }
        for other in all {
            self.states_no_versions |= other.states_no_versions;
            self.spans.extend(other.spans);
            self.listed.extend(other.listed);
            self.fixed.extend(other.fixed);
            self.unclear.extend(other.unclear);
        }
        let mut known = HashSet::new();
        self.spans.retain(|span| known.insert(span.clone()));
        let spans = VersionSet::union_of(self.spans.iter().map(Span::set));
        self.listed.retain(|version| !spans.contains(version));
        self.listed.sort();
        self.listed.dedup();
        self.listed.shrink_to_fit();
        self.fixed.sort();
        self.fixed.dedup();
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
    let mut has_no_ranges = true;
    for range in ranges {
        has_no_ranges = false;
        let (spans, contradiction) = spans(range);
        found.spans.extend(spans);
        found.unclear.extend(contradiction.map(str::to_owned));
        found
            .unclear
            .extend(range.events.iter().flat_map(bound::unclear));
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
    found.states_no_versions = affected.versions.iter().flatten().next().is_none() && has_no_ranges;
    let stated = found.spans.len();
    found.spans.retain(|span| !span.is_empty());
    let why = if found.listed.is_empty() && found.spans.is_empty() {
        Some(NO_VERSIONS)
    } else {
        (found.spans.len() < stated).then_some(ENDS_WHERE_IT_BEGINS)
    };
    if let Some(why) = why {
        found.spans.push(Span {
            low: None,
            end: End::Open,
        });
        found.unclear.push(why.to_owned());
    }
    let mut extent = Extent::default();
    extent.join(found);
    extent
}

/// The events of a range in the order of their versions, walked from the lowest: `introduced` opens, the others close. Also says what about
/// the events cannot be right.
///
/// At one version, what is open closes before it opens again: `introduced: 1, fixed: 2` and `introduced: 2, fixed: 3` in one range are one
/// span up to 3. What is closed opens before it closes: `introduced: 1, last_affected: 1` is 1 itself, `introduced: 1, fixed: 1` a span
/// without versions.
/// What closes before anything opened was open from the first version on. A version that `last_affected` names is affected, whatever closed
/// below it. What opens while another span is open is a span of its own, that another end belongs to: of `introduced: 0, fixed: 2.11.6` and
/// `introduced: 2.11, fixed: 2.11.7` in one range, 2.11.6 is affected.
fn spans(range: &Range) -> (Vec<Span>, Option<&'static str>) {
    let mut bounds: Vec<Bound> = range.events.iter().flat_map(bound::bounds).collect();
    bounds.sort_by(|a, b| a.version().cmp(&b.version()).then_with(|| a.cmp(b)));
    let mut spans: Vec<Span> = Vec::new();
    let opens_first = matches!(bounds.first(), Some(Bound::From(_)));
    let mut open: Option<Option<Version>> = (!opens_first).then_some(None);
    let mut contradiction = (!opens_first).then_some(NO_INTRODUCED);
    // How many spans are open.
    let mut depth = usize::from(!opens_first);
    let chunks: Vec<&[Bound]> = bounds.chunk_by(|a, b| a.version() == b.version()).collect();
    for (index, at_one) in chunks.iter().enumerate() {
        let was_open = open.is_some();
        let opens = at_one.iter().find_map(|bound| match bound {
            Bound::From(version) => Some(version.clone()),
            _ => None,
        });
        if !was_open {
            open.clone_from(&opens);
            depth = 0;
        }
        depth += usize::from(opens.is_some());
        let mut closes = at_one.iter().filter_map(|bound| match bound {
            Bound::From(_) => None,
            Bound::Before(high) => Some(End::Before(high.clone())),
            Bound::Through(high) => Some(End::Through(high.clone())),
        });
        let Some(end) = closes.next() else { continue };
        let is_followed_by_an_end = chunks
            .get(index + 1)
            .is_some_and(|next| !matches!(next, [Bound::From(_), ..]));
        if depth > 1 && opens.is_none() && is_followed_by_an_end {
            depth -= 1;
            contradiction = contradiction.or(Some(SEVERAL_ENDS));
            continue;
        }
        match open.take() {
            Some(low) => {
                spans.push(Span { low, end });
                if was_open {
                    open = opens;
                }
                depth = usize::from(open.is_some());
            }
            None => {
                if let End::Through(version) = &end {
                    contradiction = contradiction.or(Some(SEVERAL_ENDS));
                    affect_through(&mut spans, version);
                }
            }
        }
    }
    spans.extend(open.map(|low| Span {
        low,
        end: End::Open,
    }));
    (spans, contradiction)
}

/// Affects a version that `last_affected` names above the end of the last span: together with what lies between where that span ended with
/// `last_affected` too, else alone.
fn affect_through(spans: &mut Vec<Span>, version: &Version) {
    match spans.last_mut() {
        Some(Span {
            end: End::Through(last),
            ..
        }) => last.clone_from(version),
        _ => spans.push(Span {
            low: Some(version.clone()),
            end: End::Through(version.clone()),
        }),
    }
}

#[cfg(test)]
mod tests;
