//! Comparisons with Python's version, as ranges of full versions.
//!
//! There are two lines of versions. On the line of *final* versions a pre-release is no place: what holds from a pre-release on holds from
//! its final version on. Locks for many environments are worked out on it. On the *exact* line `python_version >= '3.13'` begins with the
//! first pre-release of 3.13, since that is what `python_version` is on it, and `python_full_version >= '3.13'` with 3.13.0; markers are
//! evaluated on it for one environment whose Python is a pre-release.

use std::collections::BTreeSet;
use std::ops::Bound;

use pep440_rs::Version;
use pep508_rs::MarkerTree;

use super::Marker;
use super::compare::{Side, specifier};
use super::parse::Operator;
use crate::Specifiers;

type Range = (Bound<Version>, Bound<Version>);

/// The condition that the full version is in a range.
pub(super) fn in_range(low: Bound<&Version>, high: Bound<&Version>) -> MarkerTree {
    MarkerTree::TRUE.complexify_python_versions(low, high)
}

fn in_any(ranges: &[Range]) -> MarkerTree {
    let mut any = MarkerTree::FALSE;
    for (low, high) in ranges {
        any.or(in_range(low.as_ref(), high.as_ref()));
    }
    any
}

/// `python_version`: a major and a minor number. None where the answer is no range.
pub(super) fn short(operator: Operator, text: &str, side: Side) -> Option<Marker> {
    match (operator, side) {
        (Operator::In | Operator::NotIn, Side::Left) => None,
        (Operator::In | Operator::NotIn, Side::Right) => {
            let all = parts(text, 2);
            let any = all.iter().filter_map(|version| {
                let [major, minor] = *version.release() else {
                    return None;
                };
                Some(from_pair((major, minor), Some((major, minor + 1))))
            });
            let any = any.fold(Marker::never(), |any, one| any.or(&one));
            Some(negated_if(operator == Operator::NotIn, any))
        }
        (_, Side::Right) => match specifier(operator, text) {
            Some(specifiers) => {
                let named = named_by(&specifiers)?;
                Some(piecewise(&named, |version| {
                    specifiers.set().contains(&version.clone().into())
                }))
            }
            None => Some(as_text(operator)),
        },
        (_, Side::Left) => {
            let Ok(version) = text.trim().parse::<Version>() else {
                return Some(Marker::never());
            };
            if operator == Operator::Arbitrary {
                return Some(piecewise(&version, |python| python.to_string() == text));
            }
            let holds = |python: &Version| {
                let specifiers = specifier(operator, &python.to_string());
                specifiers
                    .is_some_and(|specifiers| specifiers.set().contains(&version.clone().into()))
            };
            Some(piecewise(&version, holds))
        }
    }
}

/// `python_full_version`. None where the answer is no range.
pub(super) fn full(operator: Operator, text: &str, side: Side) -> Option<Marker> {
    match (operator, side) {
        (Operator::In | Operator::NotIn, Side::Left) => None,
        (Operator::In | Operator::NotIn, Side::Right) => {
            let all = parts(text, 3).into_iter();
            let ranges: Vec<Range> = all.map(only).collect();
            Some(negated_if(operator == Operator::NotIn, of_ranges(&ranges)))
        }
        // What a full version is written as has three numbers.
        (Operator::Arbitrary, _) => {
            let version: Option<Version> = text.parse().ok();
            let is_written_so = |version: &Version| {
                version.release().len() == 3 && version.to_string().eq_ignore_ascii_case(text)
            };
            let version = version.filter(is_written_so);
            Some(version.map_or_else(Marker::never, |version| of_ranges(&[only(version)])))
        }
        (_, Side::Right) => Some(match specifier(operator, text) {
            Some(specifiers) => of_ranges(&specifiers.set().plain_ranges()),
            None => as_text(operator),
        }),
        (_, Side::Left) => Some(match text.trim().parse::<Version>() {
            Ok(version) => below_or_above(operator, &version),
            Err(_) => Marker::never(),
        }),
    }
}

/// The full versions that make `version OPERATOR python_full_version` true.
fn below_or_above(operator: Operator, version: &Version) -> Marker {
    let public = version.clone().without_local();
    let base = trimmed(version);
    let up_to = |high: &Version| (Bound::Unbounded, Bound::Included(high.clone()));
    let equal = || {
        let mut equal = vec![only(public.clone())];
        if version.is_local() {
            equal.push(only(version.clone()));
        }
        of_ranges(&equal)
    };
    match operator {
        Operator::Equal => equal(),
        Operator::NotEqual => equal().not(),
        Operator::LessEqual => of_ranges(&[(Bound::Included(public), Bound::Unbounded)]),
        Operator::GreaterEqual => of_ranges(&[up_to(version)]),
        Operator::Less => {
            let all = of_ranges(&[(Bound::Excluded(version.clone()), Bound::Unbounded)]);
            // No pre-release is below the version that it is one of.
            if version.any_prerelease() && !version.is_post() {
                all.and(&of_ranges(&[only(base)]).not())
            } else {
                all
            }
        }
        Operator::Greater => {
            let all = of_ranges(&[(Bound::Unbounded, Bound::Excluded(version.clone()))]);
            let public_one = version.is_local().then_some(public);
            let final_one = version.is_post().then_some(base);
            // Nor is a post-release or a local version above the version that it is one of.
            let own: Vec<Range> = public_one.into_iter().chain(final_one).map(only).collect();
            all.and(&of_ranges(&own).not())
        }
        Operator::Compatible => {
            let mut family = version.release().to_vec();
            family.resize(2, 0);
            let first = Version::new(family).with_epoch(version.epoch());
            let first = first.with_dev(Some(0));
            of_ranges(&[(Bound::Included(first), Bound::Included(version.clone()))])
        }
        Operator::Arbitrary | Operator::In | Operator::NotIn => Marker::never(),
    }
}

/// The answer to a comparison of a version with a text that is none.
fn as_text(operator: Operator) -> Marker {
    match operator {
        Operator::NotEqual | Operator::Compatible => Marker::always(),
        _ => Marker::never(),
    }
}

fn negated_if(is_negated: bool, marker: Marker) -> Marker {
    if is_negated { marker.not() } else { marker }
}

fn only(version: Version) -> Range {
    (Bound::Included(version.clone()), Bound::Included(version))
}

/// The version that a specifier of one clause names.
fn named_by(specifiers: &Specifiers) -> Option<Version> {
    let first = specifiers.clauses().first();
    first.map(|clause| clause.version.clamped())
}

/// The versions of so many numbers that are parts of a text, as they are written.
fn parts(text: &str, numbers: usize) -> BTreeSet<Version> {
    const LONGEST: usize = 16;
    let mut found = BTreeSet::new();
    for (start, first) in text.char_indices() {
        if !first.is_ascii_digit() {
            continue;
        }
        let rest = text.get(start..).unwrap_or_default();
        let is_of_version = |c: char| c.is_ascii_alphanumeric() || c == '.';
        let end = rest.find(|c| !is_of_version(c)).unwrap_or(rest.len());
        for length in 1..=end.min(LONGEST) {
            let part = rest.get(..length).unwrap_or_default();
            let version: Option<Version> = part.parse().ok();
            found.extend(version.filter(|version| {
                version.release().len() == numbers
                    && version.to_string() == part
                    && (numbers == 3 || version.only_release() == *version)
            }));
        }
    }
    found
}

/// Where a condition on `X.Y` holds that changes only around one version.
fn piecewise(named: &Version, holds: impl Fn(&Version) -> bool) -> Marker {
    let release = named.release();
    let major = release.first().copied().unwrap_or(0);
    let minor = release.get(1).copied().unwrap_or(0);
    let steps = BTreeSet::from([
        (0, 0),
        (major, 0),
        (major, minor),
        (major, minor.saturating_add(1)),
        (major.saturating_add(1), 0),
    ]);
    let mut any = Marker::never();
    let mut steps = steps.into_iter().peekable();
    while let Some((major, minor)) = steps.next() {
        if holds(&Version::new([major, minor])) {
            any = any.or(&from_pair((major, minor), steps.peek().copied()));
        }
    }
    any
}

/// The Pythons from one `X.Y` on, up to but without another.
fn from_pair(from: (u64, u64), to: Option<(u64, u64)>) -> Marker {
    let final_one = |(major, minor)| trimmed(&Version::new([major, minor]));
    let exact = |pair| final_one(pair).with_dev(Some(0));
    let low = |version: Version| match from {
        (0, 0) => Bound::Unbounded,
        _ => Bound::Included(version),
    };
    let high = |version: Option<Version>| version.map_or(Bound::Unbounded, Bound::Excluded);
    Marker {
        finals: in_any(&[(low(final_one(from)), high(to.map(final_one)))]),
        exact: in_any(&[(low(exact(from)), high(to.map(exact)))]),
    }
}

fn of_ranges(ranges: &[Range]) -> Marker {
    let finals: Vec<Range> = ranges
        .iter()
        .map(|(low, high)| (low_of_finals(low), high_of_finals(high)))
        .collect();
    Marker {
        finals: in_any(&finals),
        exact: in_any(ranges),
    }
}

/// Where a version stands to the final version that has its numbers.
enum Spot {
    Before,
    At,
    After,
}

fn spot(version: &Version) -> Spot {
    if (version.any_prerelease() && !version.is_post()) || version.min().is_some() {
        Spot::Before
    } else if version.is_post() || version.max().is_some() || version.is_local() {
        Spot::After
    } else {
        Spot::At
    }
}

fn low_of_finals(low: &Bound<Version>) -> Bound<Version> {
    match low {
        Bound::Unbounded => Bound::Unbounded,
        Bound::Included(version) | Bound::Excluded(version) => match (spot(version), low) {
            (Spot::Before, _) | (Spot::At, Bound::Included(_)) => Bound::Included(trimmed(version)),
            _ => Bound::Excluded(trimmed(version)),
        },
    }
}

fn high_of_finals(high: &Bound<Version>) -> Bound<Version> {
    match high {
        Bound::Unbounded => Bound::Unbounded,
        Bound::Included(version) | Bound::Excluded(version) => match (spot(version), high) {
            (Spot::After, _) | (Spot::At, Bound::Included(_)) => Bound::Included(trimmed(version)),
            _ => Bound::Excluded(trimmed(version)),
        },
    }
}

/// Its numbers without zeros at the end, so that there is one way to write each.
fn trimmed(version: &Version) -> Version {
    let mut release = version.release().to_vec();
    while release.len() > 1 && release.last() == Some(&0) {
        release.pop();
    }
    Version::new(release).with_epoch(version.epoch())
}
