//! Sets of versions under PEP 440, closed under intersection, union and complement.
//!
//! A plain range over versions cannot say "1.0 and every local version of it" (`==1.0` admits `1.0+cpu`), so the line that
//! these sets cut also has a place *after all local versions of V*. Nor can it say "1.0 and not 1.0.0" (`===1.0`), so it has a place for each
//! spelling of a version too. Held against vectors recorded from `packaging`
//! (`fixtures/pep440`).

mod display;

use std::cmp::Ordering;
use std::fmt;
use std::ops::Bound;

use version_ranges::Ranges;

use crate::{Clause, Version};

/// A set of versions.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VersionSet(Ranges<Place>);

/// A place on the line of versions: around all spellings of a version, one of its spellings, or the gap right after its local versions.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Place {
    version: Version,
    spot: Spot,
}

/// Where around a version. `1.0` and `1.0.0` are one version to all operators but `===`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Spot {
    Before,
    /// The spelling with so many parts in its release.
    Spelled(u8),
    After,
    AfterLocals,
}

impl Place {
    /// Where a version stands by its spelling.
    fn at(version: Version) -> Self {
        let parts = u8::try_from(version.release().len()).unwrap_or(u8::MAX);
        let spot = Spot::Spelled(parts);
        Self { version, spot }
    }

    fn before(version: Version) -> Self {
        let spot = Spot::Before;
        Self { version, spot }
    }

    fn after(version: Version) -> Self {
        let spot = Spot::After;
        Self { version, spot }
    }

    fn after_locals(version: Version) -> Self {
        let spot = Spot::AfterLocals;
        Self { version, spot }
    }

    fn is_after_locals(&self) -> bool {
        self.spot == Spot::AfterLocals
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_after_locals(), other.is_after_locals()) {
            (false, false) => {
                let versions = self.version.cmp(&other.version);
                versions.then(self.spot.cmp(&other.spot))
            }
            (true, true) => self.version.cmp(&other.version),
            (true, false) => after_locals_against(&self.version, &other.version),
            (false, true) => after_locals_against(&other.version, &self.version).reverse(),
        }
    }
}

/// Compares the gap after the local versions of `gap` with `version`.
fn after_locals_against(gap: &Version, version: &Version) -> Ordering {
    match gap.cmp(version) {
        Ordering::Less if version.is_local() && version.clone().without_local() == *gap => {
            Ordering::Greater
        }
        Ordering::Less => Ordering::Less,
        Ordering::Equal | Ordering::Greater => Ordering::Greater,
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl VersionSet {
    /// No version.
    pub fn empty() -> Self {
        Self(Ranges::empty())
    }

    /// Every version.
    pub fn full() -> Self {
        Self(Ranges::full())
    }

    /// Exactly this version, however it is spelled: not its local versions.
    pub fn exactly(version: Version) -> Self {
        Self(Ranges::from_range_bounds(
            Place::before(version.clone())..Place::after(version),
        ))
    }

    /// Exactly this version with as many parts in its release: `1.0` and not `1.0.0`. What `===` admits.
    pub fn spelled(version: Version) -> Self {
        Self(Ranges::singleton(Place::at(version)))
    }

    /// This version and, when it has no local part, every local version of it: what `==V` admits.
    pub fn with_locals(version: Version) -> Self {
        if version.is_local() {
            return Self::exactly(version);
        }
        Self(Ranges::from_range_bounds(
            Place::before(version.clone())..Place::after_locals(version),
        ))
    }

    /// From `low` on, up to but without `high`; local versions belong to their public version.
    pub fn between(low: Version, high: Version) -> Self {
        Self(Ranges::from_range_bounds(
            Place::before(low)..Place::before(high),
        ))
    }

    /// From `low` on.
    pub fn at_least(low: Version) -> Self {
        Self(Ranges::higher_than(Place::before(low)))
    }

    /// Below `high` in the plain order of versions.
    pub fn below(high: Version) -> Self {
        Self(Ranges::strictly_lower_than(Place::before(high)))
    }

    /// Above `low` in the plain order of versions: its local versions too.
    pub fn above(low: Version) -> Self {
        Self(Ranges::higher_than(Place::after(low)))
    }

    /// Up to `high` and its local versions.
    pub fn up_to(high: Version) -> Self {
        Self(Ranges::strictly_lower_than(Place::after_locals(high)))
    }

    /// What one clause admits, pre-releases included.
    pub fn from_clause(clause: &Clause) -> Self {
        let version = clause.version.clone();
        match (clause.operator, clause.wildcard) {
            ("==", false) => Self::with_locals(version),
            ("===", _) if clause.is_in_normal_form() => Self::spelled(version),
            ("!=", false) => Self::with_locals(version).complement(),
            ("<=", _) => Self::up_to(version),
            (">=", _) => Self::at_least(version),
            ("<", _) if version.any_prerelease() => Self::below(version),
            ("<", _) if version.is_post() => Self::below(version.first_dev()),
            ("<", _) => Self::below(version.lower_edge()),
            (">", _) if version.is_post() && !version.any_prerelease() => {
                Self(Ranges::higher_than(Place::after_locals(version)))
            }
            (">", _) => match version.after_last_number() {
                Some(next) => Self::at_least(next),
                None => Self::above(version.upper_edge()),
            },
            ("~=", _) => {
                let kept = version.release().len().saturating_sub(1);
                let end = version.after_family(kept);
                end.map_or_else(Self::empty, |end| Self::between(version, end))
            }
            ("==", true) => Self::family(version),
            ("!=", true) => Self::family(version).complement(),
            // No version has the text behind this `===`.
            _ => Self::empty(),
        }
    }

    /// All versions whose release begins as this one's does.
    fn family(version: Version) -> Self {
        let end = version.after_family(version.release().len());
        end.map_or_else(Self::empty, |end| Self::between(version.first_dev(), end))
    }

    /// Of how many pieces without a gap it consists: what work with it costs.
    pub fn pieces(&self) -> usize {
        self.0.iter().size_hint().0
    }

    /// Whether `version` is in it.
    pub fn contains(&self, version: &Version) -> bool {
        self.0.contains(&Place::at(version.clone()))
    }

    /// Versions in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0))
    }

    /// Versions in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0))
    }

    /// Versions in all of `sets`; every version if there are none.
    pub fn intersection_of(sets: impl IntoIterator<Item = Self>) -> Self {
        joined(sets, Self::intersection).unwrap_or_else(Self::full)
    }

    /// Versions in any of `sets`.
    pub fn union_of(sets: impl IntoIterator<Item = Self>) -> Self {
        joined(sets, Self::union).unwrap_or_else(Self::empty)
    }

    /// Versions not in it.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self(self.0.complement())
    }

    /// Whether it has no version.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// From ranges of versions, none of which ends between a version and its local ones.
    pub(crate) fn from_plain(plain: &Ranges<pep440_rs::Version>) -> Self {
        let version = |version: &pep440_rs::Version| Version::from(version.clone());
        let low = |bound: &Bound<pep440_rs::Version>| match bound {
            Bound::Included(low) => Bound::Included(Place::before(version(low))),
            Bound::Excluded(low) => Bound::Included(Place::after(version(low))),
            Bound::Unbounded => Bound::Unbounded,
        };
        let high = |bound: &Bound<pep440_rs::Version>| match bound {
            Bound::Included(high) => Bound::Excluded(Place::after(version(high))),
            Bound::Excluded(high) => Bound::Excluded(Place::before(version(high))),
            Bound::Unbounded => Bound::Unbounded,
        };
        let parts = plain
            .iter()
            .map(|(from, to)| Self(Ranges::from_range_bounds((low(from), high(to)))));
        Self::union_of(parts)
    }

    /// Its stretches as ranges of versions. A local version with the largest number stands for all local versions of one.
    pub(crate) fn plain_ranges(
        &self,
    ) -> Vec<(Bound<pep440_rs::Version>, Bound<pep440_rs::Version>)> {
        let last = |version: &Version| {
            let local = vec![pep440_rs::LocalSegment::Number(u64::MAX)];
            version.clamped().with_local(local)
        };
        let low = |bound: &Bound<Place>| match bound {
            Bound::Unbounded => Bound::Unbounded,
            Bound::Included(place) | Bound::Excluded(place) => match place.spot {
                Spot::Before => Bound::Included(place.version.clamped()),
                Spot::Spelled(_) if matches!(bound, Bound::Included(_)) => {
                    Bound::Included(place.version.clamped())
                }
                Spot::Spelled(_) | Spot::After => Bound::Excluded(place.version.clamped()),
                Spot::AfterLocals => Bound::Excluded(last(&place.version)),
            },
        };
        let high = |bound: &Bound<Place>| match bound {
            Bound::Unbounded => Bound::Unbounded,
            Bound::Included(place) | Bound::Excluded(place) => match place.spot {
                Spot::Before => Bound::Excluded(place.version.clamped()),
                Spot::Spelled(_) if matches!(bound, Bound::Excluded(_)) => {
                    Bound::Excluded(place.version.clamped())
                }
                Spot::Spelled(_) | Spot::After => Bound::Included(place.version.clamped()),
                Spot::AfterLocals => Bound::Included(last(&place.version)),
            },
        };
        let stretches = self.0.iter();
        stretches.map(|(from, to)| (low(from), high(to))).collect()
    }

    /// The version that it begins with or right after; none if it is empty or goes down without end.
    pub fn lowest(&self) -> Option<&Version> {
        match self.0.bounding_range()? {
            (Bound::Included(low) | Bound::Excluded(low), _) => Some(&low.version),
            (Bound::Unbounded, _) => None,
        }
    }

    /// The same set with its highest stretch extended upwards without end.
    #[must_use]
    pub fn without_ceiling(&self) -> Self {
        let last = self.0.iter().last();
        last.map_or_else(Self::empty, |(low, _)| {
            let top = Ranges::from_range_bounds((low.clone(), Bound::Unbounded));
            Self(self.0.union(&top))
        })
    }

    /// Whether there is a version that all of it is above, or nothing in it.
    pub fn has_floor(&self) -> bool {
        !matches!(self.0.bounding_range(), Some((Bound::Unbounded, _)))
    }

    /// Whether there is a version that all of it is below, or nothing in it.
    pub fn has_ceiling(&self) -> bool {
        !matches!(self.0.bounding_range(), Some((_, Bound::Unbounded)))
    }

    /// Whether it has every version.
    pub fn is_full(&self) -> bool {
        self.0 == Ranges::full()
    }

    /// Whether every version of it is in `other`.
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.0.subset_of(&other.0)
    }

    /// Whether they share no version.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.0.is_disjoint(&other.0)
    }

    /// Whether every version of it is lower than `version`.
    pub fn is_below(&self, version: &Version) -> bool {
        let place = Place::before(version.clone());
        match self.0.bounding_range() {
            None => true,
            Some((_, Bound::Included(high))) => *high < place,
            Some((_, Bound::Excluded(high))) => *high <= place,
            Some((_, Bound::Unbounded)) => false,
        }
    }

    /// Whether every version of it is higher than `version`.
    pub fn is_above(&self, version: &Version) -> bool {
        let place = Place::after(version.clone());
        match self.0.bounding_range() {
            None => true,
            Some((Bound::Included(low) | Bound::Excluded(low), _)) => *low >= place,
            Some((Bound::Unbounded, _)) => false,
        }
    }

    /// A set of simpler form that agrees with this one on each of `versions`, which ascend: for people to read.
    #[must_use]
    pub fn simplified<'v>(&self, versions: impl Iterator<Item = &'v Version>) -> Self {
        let places: Vec<Place> = versions.cloned().map(Place::at).collect();
        Self(self.0.simplify(places.iter()))
    }

    /// The one version in it, if it was made by [`VersionSet::exactly`] or [`VersionSet::spelled`].
    pub fn as_single(&self) -> Option<&Version> {
        let mut stretches = self.0.iter();
        let (low, high) = stretches.next()?;
        let is_single = match (low, high) {
            (Bound::Included(low), Bound::Excluded(high)) => {
                let around = (low.spot, high.spot) == (Spot::Before, Spot::After);
                around && low.version == high.version
            }
            (Bound::Included(low), Bound::Included(high)) => low == high,
            _ => false,
        };
        match low {
            Bound::Included(low) if is_single && stretches.next().is_none() => Some(&low.version),
            _ => None,
        }
    }
}

/// All of `sets` by pairs, then by pairs of pairs: one after the other would take time with the square of their number.
fn joined(
    sets: impl IntoIterator<Item = VersionSet>,
    join: impl Fn(&VersionSet, &VersionSet) -> VersionSet,
) -> Option<VersionSet> {
    let mut sets: Vec<VersionSet> = sets.into_iter().collect();
    while sets.len() > 1 {
        let pairs = sets.chunks(2).map(|pair| match pair {
            [one, other] => join(one, other),
            rest => rest.iter().fold(VersionSet::full(), |_, one| one.clone()),
        });
        sets = pairs.collect();
    }
    sets.pop()
}

impl fmt::Debug for VersionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_full() {
            f.write_str("*")
        } else {
            fmt::Display::fmt(self, f)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Specifiers, Version, VersionSet};

    /// Recorded from `packaging`: fixtures/pep440/record.py.
    const RECORDED: &str = include_str!("../../../fixtures/pep440/specifiers.tsv");

    #[test]
    fn many_sets_are_joined_as_one_after_the_other() {
        let parse = |text: &str| text.parse::<Specifiers>().unwrap().set().clone();
        for count in 0..9 {
            let sets: Vec<VersionSet> = (0..count)
                .map(|place| parse(&format!("!={place}.5,<{}", 20 - place)))
                .collect();
            let one_by_one = sets
                .iter()
                .fold(VersionSet::full(), |all, set| all.intersection(set));
            assert_eq!(VersionSet::intersection_of(sets.clone()), one_by_one);
            let one_by_one = sets
                .iter()
                .fold(VersionSet::empty(), |all, set| all.union(set));
            assert_eq!(VersionSet::union_of(sets), one_by_one);
        }
    }

    #[test]
    fn specifiers_admit_what_packaging_says() {
        let mut lines = RECORDED.lines().map(|line| line.split_once('\t').unwrap());
        let (_, versions) = lines.next().unwrap();
        let versions: Vec<Version> = versions
            .split(' ')
            .map(|text| text.parse().unwrap())
            .collect();
        let mut wrong = Vec::new();
        for (text, recorded) in lines {
            let set = text.parse::<Specifiers>().unwrap().set().clone();
            let admitted: Vec<String> = versions
                .iter()
                .filter(|version| set.contains(version))
                .map(Version::to_string)
                .collect();
            if admitted.join(" ") != recorded {
                wrong.push(format!(
                    "{text}\n  recorded {recorded}\n  admitted {}",
                    admitted.join(" ")
                ));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
