//! A version by its parts: their order, and how they are written.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use pep440_rs::{LocalSegment, Prerelease, PrereleaseKind};

use super::number::Number;

/// The parts of a version.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) epoch: Number,
    pub(super) release: Vec<Number>,
    clamped_release: Vec<u64>,
    pub(super) pre: Option<(PrereleaseKind, Number)>,
    pub(super) post: Option<Number>,
    pub(super) dev: Option<Number>,
    pub(super) local: Vec<Local>,
    pub(super) edge: Edge,
}

/// One part of a local version. A text is lower than a number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Local {
    Text(String),
    Number(Number),
}

/// Whether this is a version or a place around those that share its release.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// Before its first development release.
    Lower,
    No,
    /// After its post-releases and local versions.
    Upper,
}

impl Parts {
    /// The version of an epoch and a release.
    pub(super) fn new(epoch: Number, release: Vec<Number>) -> Self {
        let mut parts = Self {
            epoch,
            release: Vec::new(),
            clamped_release: Vec::new(),
            pre: None,
            post: None,
            dev: None,
            local: Vec::new(),
            edge: Edge::No,
        };
        parts.set_release(release);
        parts
    }

    pub(super) fn of(version: &pep440_rs::Version) -> Self {
        let release = version.release().iter().copied().map(Number::from);
        let mut parts = Self::new(version.epoch().into(), release.collect());
        parts.pre = version.pre().map(|pre| (pre.kind, pre.number.into()));
        parts.post = version.post().map(Number::from);
        parts.dev = version.dev().map(Number::from);
        let local = version.local().iter().map(|part| match part {
            LocalSegment::String(text) => Local::Text(text.clone()),
            LocalSegment::Number(number) => Local::Number((*number).into()),
        });
        parts.local = local.collect();
        if version.min().is_some() {
            parts.edge = Edge::Lower;
        } else if version.max().is_some() {
            parts.edge = Edge::Upper;
        }
        parts
    }

    pub(super) fn set_release(&mut self, release: Vec<Number>) {
        self.clamped_release = release.iter().map(Number::clamped).collect();
        self.release = release;
    }

    pub(super) fn clamped_release(&self) -> &[u64] {
        &self.clamped_release
    }

    /// Leaves epoch and release.
    pub(super) fn keep_base(&mut self) {
        let (epoch, release) = (self.epoch.clone(), std::mem::take(&mut self.release));
        *self = Self::new(epoch, release);
    }

    /// The version, if all its numbers are small.
    pub(super) fn small(&self) -> Option<pep440_rs::Version> {
        let pre = self.pre.iter().map(|(_, number)| number);
        let numbers = self.release.iter().chain([&self.epoch]).chain(pre);
        let mut numbers = numbers.chain(&self.post).chain(&self.dev);
        let is_small = numbers.all(|number| number.small().is_some())
            && self.local.iter().all(|part| match part {
                Local::Number(number) => number.small().is_some(),
                Local::Text(_) => true,
            });
        is_small.then(|| self.clamped())
    }

    /// The version with each number brought down to what is small.
    pub(super) fn clamped(&self) -> pep440_rs::Version {
        let local = self.local.iter().map(|part| match part {
            Local::Text(text) => LocalSegment::String(text.clone()),
            Local::Number(number) => LocalSegment::Number(number.clamped()),
        });
        let pre = self.pre.as_ref().map(|(kind, number)| Prerelease {
            kind: *kind,
            number: number.clamped(),
        });
        let version = pep440_rs::Version::new(&self.clamped_release)
            .with_epoch(self.epoch.clamped())
            .with_pre(pre)
            .with_post(self.post.as_ref().map(Number::clamped))
            .with_dev(self.dev.as_ref().map(Number::clamped))
            .with_local(local.collect());
        match self.edge {
            Edge::Lower => version.with_min(Some(0)),
            Edge::No => version,
            Edge::Upper => version.with_max(Some(0)),
        }
    }

    /// The release without zeros at its end, which make no difference.
    fn trimmed(&self) -> &[Number] {
        let kept = self
            .release
            .iter()
            .rposition(|number| *number != Number::ZERO);
        let kept = kept.map_or(0, |last| last + 1);
        self.release.get(..kept).unwrap_or_default()
    }

    /// What sets versions of one release apart (PEP 440, "Summary of permitted suffixes and relative ordering").
    fn suffix(&self) -> impl Ord {
        let kind = match (&self.pre, &self.post, &self.dev, self.edge) {
            (_, _, _, Edge::Lower) => 0,
            (None, None, Some(_), Edge::No) => 1,
            (Some(_), _, _, _) => 2,
            (None, None, None, Edge::No) => 3,
            (None, _, _, _) => 4,
        };
        let post = match (self.edge, &self.post) {
            (Edge::Upper, _) => (2, None),
            (_, Some(number)) => (1, Some(number)),
            (_, None) => (0, None),
        };
        // A development release is below what it leads to.
        let dev = match &self.dev {
            Some(number) => (0, Some(number)),
            None => (1, None),
        };
        (kind, self.pre.as_ref(), post, dev, self.local.as_slice())
    }
}

impl Ord for Parts {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| self.trimmed().cmp(other.trimmed()))
            .then_with(|| self.suffix().cmp(&other.suffix()))
    }
}

impl PartialOrd for Parts {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Parts {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Parts {}

impl Hash for Parts {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.epoch.hash(state);
        self.trimmed().hash(state);
        self.pre.hash(state);
        self.post.hash(state);
        self.dev.hash(state);
        self.local.hash(state);
    }
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch != Number::ZERO {
            write!(f, "{}!", self.epoch)?;
        }
        for (index, number) in self.release.iter().enumerate() {
            let dot = if index > 0 { "." } else { "" };
            write!(f, "{dot}{number}")?;
        }
        if let Some((kind, number)) = &self.pre {
            write!(f, "{kind}{number}")?;
        }
        if let Some(number) = &self.post {
            write!(f, ".post{number}")?;
        }
        if let Some(number) = &self.dev {
            write!(f, ".dev{number}")?;
        }
        for (index, part) in self.local.iter().enumerate() {
            f.write_str(if index > 0 { "." } else { "+" })?;
            match part {
                Local::Text(text) => f.write_str(text)?,
                Local::Number(number) => write!(f, "{number}")?,
            }
        }
        Ok(())
    }
}
