//! Versions (PEP 440), whatever the size of their numbers.
//!
//! Almost every version has numbers of a few digits; those are held by `pep440_rs`, which compares them in one step. Its numbers end at 64
//! bits, and `1.0.dev20261130235959123456` is a version too: one with a number of more than [`number::MAX_SMALL_DIGITS`] digits is held by
//! its parts.

mod number;
mod parse;
mod parts;

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::number::Number;
pub(crate) use self::number::with_small_numbers;
use self::parts::{Edge, Parts};

/// A version (PEP 440). Versions are equal where PEP 440 has them equal: `1.0` and `1.0.0`.
#[derive(Clone)]
pub struct Version(Form);

#[derive(Clone)]
enum Form {
    Small(pep440_rs::Version),
    /// With a number that is too large for the other form.
    Large(Arc<Parts>),
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VersionError(String);

impl Version {
    /// The version of a release: its numbers, of which there is at least one.
    pub fn new<N: Borrow<u64>>(release: impl IntoIterator<Item = N>) -> Self {
        let numbers = release
            .into_iter()
            .map(|number| Number::from(*number.borrow()));
        Self::from_parts(Parts::new(Number::ZERO, numbers.collect()))
    }

    fn parts(&self) -> Parts {
        match &self.0 {
            Form::Small(version) => Parts::of(version),
            Form::Large(parts) => (**parts).clone(),
        }
    }

    fn from_parts(parts: Parts) -> Self {
        match parts.small() {
            Some(version) => Self(Form::Small(version)),
            None => Self(Form::Large(Arc::new(parts))),
        }
    }

    /// The version with its parts changed.
    fn with(&self, change: impl FnOnce(&mut Parts)) -> Self {
        let mut parts = self.parts();
        change(&mut parts);
        Self::from_parts(parts)
    }

    /// The version as markers hold those of Python: a number that is too large for them is the largest that they have.
    pub(crate) fn clamped(&self) -> pep440_rs::Version {
        match &self.0 {
            Form::Small(version) => version.clone(),
            Form::Large(parts) => parts.clamped(),
        }
    }

    /// Whether each of its numbers has at most 18 digits.
    pub(crate) fn is_small(&self) -> bool {
        matches!(self.0, Form::Small(_))
    }

    /// The numbers of its release. One of more than 18 digits counts as the largest that has so many.
    pub fn release(&self) -> &[u64] {
        match &self.0 {
            Form::Small(version) => version.release(),
            Form::Large(parts) => parts.clamped_release(),
        }
    }

    /// Whether it has an epoch other than 0.
    pub fn has_epoch(&self) -> bool {
        match &self.0 {
            Form::Small(version) => version.epoch() != 0,
            Form::Large(parts) => parts.epoch != Number::ZERO,
        }
    }

    /// Whether it is an alpha, beta, release candidate or development release.
    pub fn any_prerelease(&self) -> bool {
        match &self.0 {
            Form::Small(version) => version.any_prerelease(),
            Form::Large(parts) => parts.pre.is_some() || parts.dev.is_some(),
        }
    }

    /// Whether it is a post-release.
    pub fn is_post(&self) -> bool {
        match &self.0 {
            Form::Small(version) => version.is_post(),
            Form::Large(parts) => parts.post.is_some(),
        }
    }

    /// Whether it is a development release.
    pub fn is_dev(&self) -> bool {
        match &self.0 {
            Form::Small(version) => version.is_dev(),
            Form::Large(parts) => parts.dev.is_some(),
        }
    }

    /// Whether it is the first development release of another version.
    pub(crate) fn is_first_dev(&self) -> bool {
        match &self.0 {
            Form::Small(version) => version.dev() == Some(0),
            Form::Large(parts) => parts.dev == Some(Number::ZERO),
        }
    }

    /// Whether it is a local version.
    pub fn is_local(&self) -> bool {
        match &self.0 {
            Form::Small(version) => version.is_local(),
            Form::Large(parts) => !parts.local.is_empty(),
        }
    }

    /// Its public version.
    #[must_use]
    pub fn without_local(self) -> Self {
        match self.0 {
            Form::Small(version) => Self(Form::Small(version.without_local())),
            Form::Large(_) => self.with(|parts| parts.local.clear()),
        }
    }

    /// Its epoch and release alone.
    #[must_use]
    pub fn base(&self) -> Self {
        match &self.0 {
            Form::Small(version) => {
                let base = version.only_release().with_epoch(version.epoch());
                Self(Form::Small(base))
            }
            Form::Large(_) => self.with(Parts::keep_base),
        }
    }

    /// The same version with other numbers in its release.
    #[must_use]
    pub fn with_release<N: Borrow<u64>>(self, release: impl IntoIterator<Item = N>) -> Self {
        let numbers = release
            .into_iter()
            .map(|number| Number::from(*number.borrow()));
        self.with(|parts| parts.set_release(numbers.collect()))
    }

    /// The same version with so many numbers in its release: zeros are added, or left out. None where another number would go.
    pub fn with_length(&self, length: usize) -> Option<Self> {
        let is_zero = |number: &&u64| **number == 0;
        let kept = self.release().len() - self.release().iter().rev().take_while(is_zero).count();
        if length < kept.max(1) {
            return None;
        }
        Some(self.with(|parts| {
            let mut release = parts.release.clone();
            release.resize(length, Number::ZERO);
            parts.set_release(release);
        }))
    }

    /// Its first development release.
    #[must_use]
    pub fn first_dev(self) -> Self {
        match self.0 {
            Form::Small(version) => Self(Form::Small(version.with_dev(Some(0)))),
            Form::Large(_) => self.with(|parts| parts.dev = Some(Number::ZERO)),
        }
    }

    /// The version without its number of a development release.
    #[must_use]
    pub(crate) fn without_dev(self) -> Self {
        match self.0 {
            Form::Small(version) => Self(Form::Small(version.with_dev(None))),
            Form::Large(_) => self.with(|parts| parts.dev = None),
        }
    }

    /// The highest of its post-releases that can be written.
    #[must_use]
    pub fn last_post(&self) -> Self {
        self.with(|parts| parts.post = Some(Number::largest()))
    }

    /// The first version after all whose release begins with the first `length` numbers of its own: of 1.4.2 and two, 1.5.dev0.
    pub fn after_family(&self, length: usize) -> Option<Self> {
        let mut parts = self.parts();
        parts.keep_base();
        let mut release = std::mem::take(&mut parts.release);
        release.truncate(length);
        let last = release.last_mut()?;
        *last = last.next();
        parts.set_release(release);
        parts.dev = Some(Number::ZERO);
        Some(Self::from_parts(parts))
    }

    /// The first version after its development release, or else after its post-release; none of a version that is neither.
    pub(crate) fn after_last_number(&self) -> Option<Self> {
        let mut parts = self.parts();
        let number = parts.dev.as_mut().or(parts.post.as_mut())?;
        *number = number.next();
        Some(Self::from_parts(parts))
    }

    /// The place before all versions with its release.
    pub(crate) fn lower_edge(self) -> Self {
        match self.0 {
            Form::Small(version) => Self(Form::Small(version.with_min(Some(0)))),
            Form::Large(_) => self.with(|parts| parts.edge = Edge::Lower),
        }
    }

    /// The place after its post-releases and local versions.
    pub(crate) fn upper_edge(self) -> Self {
        match self.0 {
            Form::Small(version) => Self(Form::Small(version.with_max(Some(0)))),
            Form::Large(_) => self.with(|parts| parts.edge = Edge::Upper),
        }
    }
}

impl From<pep440_rs::Version> for Version {
    fn from(version: pep440_rs::Version) -> Self {
        Self(Form::Small(version))
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if number::has_many_digits(text) {
            let parts = parse::parse(text).ok_or_else(|| {
                VersionError(format!("`{text}` is not a version as PEP 440 has them"))
            })?;
            return Ok(Self::from_parts(parts));
        }
        let version: Result<pep440_rs::Version, _> = text.parse();
        version
            .map(Self::from)
            .map_err(|error| VersionError(error.to_string()))
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for Version {
    /// In normal form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Small(version) => version.fmt(f),
            Form::Large(parts) => parts.fmt(f),
        }
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Form::Small(one), Form::Small(other)) => one.cmp(other),
            (Form::Large(one), Form::Large(other)) => one.cmp(other),
            (Form::Large(one), Form::Small(other)) => (**one).cmp(&Parts::of(other)),
            (Form::Small(one), Form::Large(other)) => Parts::of(one).cmp(other),
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Form::Small(version) => version.hash(state),
            Form::Large(parts) => parts.hash(state),
        }
    }
}

#[cfg(test)]
mod tests;
