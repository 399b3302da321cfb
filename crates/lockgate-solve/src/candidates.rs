//! Which version of a project to take from a range: the first in the order (`order`) that the rules and the gate leave, kept pins first.
//!
//! Releases are looked at in that order and no further than needed: a range that admits the newest usable version, where the newest is
//! wanted, costs a look at one release. Only a range that would otherwise end empty is held against pip's rules for pre-releases and
//! yanks, which need a look at everything that its bounds admit.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use lockgate_model::{
    Exclusion, FactError, ForkStrategy, Level, Marker, Name, Preferences, PrereleaseMode, Reason,
    Verdict, Version, VersionSet, Why,
};

use crate::bounds::{Bounds, Covering};
use crate::order::{Order, Placed};
use crate::release::{Release, Usable, span};
use crate::shelf::{Guard, Needs, Project, Shelf};

/// Reasons to avoid that have been let go: those of a project up to no level but the named.
pub(crate) type Relaxed = BTreeSet<(Level, Name)>;

/// Chooses under the rules of one question.
pub(crate) struct Chooser<'a> {
    pub(crate) shelf: &'a Shelf<'a>,
    pub(crate) guard: &'a Guard<'a>,
    /// Versions to keep, in the order in which they are tried.
    pub(crate) keep: &'a BTreeMap<Name, Vec<Version>>,
    /// The lock that is there.
    pub(crate) old: &'a Preferences,
    pub(crate) order: &'a Order,
}

/// What the choice also depends on.
pub(crate) struct Known<'r> {
    pub(crate) bounds: &'r Bounds,
    pub(crate) relaxed: &'r Relaxed,
    /// Pre-releases and yanked releases that turned out to have nothing to stand on.
    pub(crate) groundless: &'r BTreeSet<(Name, Version)>,
    /// Releases that turned out to have no file wherever they are needed.
    pub(crate) fileless: &'r BTreeSet<(Name, Version)>,
    /// Where in the region the project is asked for: newer Pythons elsewhere are nobody's matter. None if that does not count.
    pub(crate) asked: Option<&'r Marker>,
}

/// A choice.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) version: Option<Version>,
    /// Whether a pre-release or a yanked release was left out that other bounds may admit.
    pub(crate) hid: bool,
    /// A part of the region that has a newer Python, and in which a version before this one could be chosen.
    pub(crate) newer_python: Option<Marker>,
}

/// How good a candidate is before its place in the order counts: lower is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// How bad the reason is for which the gate would avoid it, if there is one.
    avoided: Option<Level>,
    /// What of the points that ask for it has no file of it.
    lacks: Lack,
    /// Whether it has no wheel although versions that have one are preferred.
    lacks_wheel: bool,
    /// Whether it was uploaded after the limit that held before.
    goes_last: bool,
}

/// What a release has no files for, of what it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lack {
    /// Nothing that counts: for what it lacks, the region can be split.
    Little,
    /// Some points, where the region is to be split as little as can be.
    Some,
    /// Every point.
    All,
}

impl Rank {
    /// Nothing further down can be better.
    const BEST: Self = Self {
        avoided: None,
        lacks: Lack::Little,
        lacks_wheel: false,
        goes_last: false,
    };
}

/// What pip's rules make of the releases that the bounds admit together.
#[derive(Debug, Clone, Copy)]
struct Pool {
    finals: bool,
    prereleases: bool,
    yanked: bool,
}

impl Pool {
    fn admits(self, version: &Version, is_yanked: bool) -> bool {
        let of_kind = if version.any_prerelease() {
            self.prereleases
        } else {
            self.finals
        };
        of_kind && (self.yanked || !is_yanked)
    }
}

/// How bad a reason is taken to be: its worst advisory; one without severity counts as high.
pub(crate) fn level_of(reason: &Reason) -> Level {
    reason
        .advisories
        .iter()
        .map(|advisory| {
            advisory
                .severity
                .as_ref()
                .map_or(Level::High, |severity| severity.level)
        })
        .max()
        .unwrap_or(Level::High)
}

impl Chooser<'_> {
    /// Takes a version of `name` from `range`.
    pub(crate) fn choose(
        &self,
        name: &Name,
        range: &VersionSet,
        known: &Known<'_>,
    ) -> Result<Choice, FactError> {
        let Some(project) = self.shelf.project(name)? else {
            return Ok(Choice::default());
        };
        if matches!(self.guard.project_verdict(&project), Verdict::Deny(_)) {
            return Ok(Choice::default());
        }
        let covering = known.bounds.covering(name, range);
        let open = Pool {
            finals: true,
            prereleases: project.direct.is_some() || self.competes(name, covering.names_prerelease),
            yanked: false,
        };
        let mut first = self.best(&project, range, open, known)?;
        if first.version.is_some() || !first.hid {
            return Ok(first);
        }
        let combined = known.bounds.combined(name, range);
        let pool = self.pool(&project, &combined, covering)?;
        if pool.prereleases != open.prereleases || pool.yanked {
            first = self.best(&project, range, pool, known)?;
        }
        Ok(first)
    }

    /// Whether the bounds that are known, were they to hold together, admit pre-releases or yanked releases of a project. If they do not,
    /// no choice among them does.
    pub(crate) fn may_admit_more(&self, name: &Name, known: &Known<'_>) -> Result<bool, FactError> {
        let Some(project) = self.shelf.project(name)? else {
            return Ok(false);
        };
        let everywhere = VersionSet::empty();
        let covering = known.bounds.covering(name, &everywhere);
        let combined = known.bounds.combined(name, &everywhere);
        let pool = self.pool(&project, &combined, covering)?;
        Ok(pool.prereleases || pool.yanked)
    }

    /// Where a version stands in the order.
    pub(crate) fn placed<'v>(
        &self,
        name: &Name,
        version: &'v Version,
    ) -> Result<Placed<'v>, FactError> {
        let release = self.shelf.release_at(name, version)?;
        let has_wheel = match release.as_deref() {
            Some(Release::Usable(usable)) => usable.has_wheel,
            Some(Release::Unusable(_)) | None => false,
        };
        Ok(Placed { version, has_wheel })
    }

    /// Whether pre-releases are as good as any other version, where some clause names one or none does.
    pub(crate) fn competes(&self, name: &Name, names_prerelease: bool) -> bool {
        match self.shelf.inspector.rules().prereleases_of(name) {
            PrereleaseMode::Allow => true,
            PrereleaseMode::Explicit | PrereleaseMode::IfNecessaryOrExplicit => names_prerelease,
            PrereleaseMode::Disallow | PrereleaseMode::IfNecessary => false,
        }
    }

    /// What of `combined` may be chosen by pip's rules. The gate has no say in it: a final release that it denies is one.
    fn pool(
        &self,
        project: &Project,
        combined: &VersionSet,
        covering: Covering,
    ) -> Result<Pool, FactError> {
        let name = project.view.name();
        let competes = self.competes(name, covering.names_prerelease);
        let (mut finals, mut safe_finals, mut safe_prereleases) = (false, false, false);
        for index in span(&*project.view, combined) {
            let version = project.view.version(index);
            if !combined.contains(version) {
                continue;
            }
            let Release::Usable(usable) = &*self.shelf.release(project, index)? else {
                continue;
            };
            let is_safe = usable.yanked.is_none();
            if version.any_prerelease() {
                safe_prereleases |= is_safe;
            } else {
                finals = true;
                safe_finals |= is_safe;
                if is_safe {
                    // Nothing further down can change what follows from a final release.
                    break;
                }
            }
        }
        let falls_back = !finals
            && matches!(
                self.shelf.inspector.rules().prereleases_of(name),
                PrereleaseMode::IfNecessary | PrereleaseMode::IfNecessaryOrExplicit
            );
        let prereleases = competes || falls_back;
        let any_safe = safe_finals || (prereleases && safe_prereleases);
        Ok(Pool {
            finals: true,
            prereleases,
            yanked: covering.is_exact && !any_safe,
        })
    }

    /// The version of `range` to take from `pool`: the kept pin, else the first that the gate has nothing against, else the first of the
    /// mildest that it would rather avoid and that have been let go. Of equals, one with a wheel where such are preferred.
    fn best(
        &self,
        project: &Project,
        range: &VersionSet,
        pool: Pool,
        known: &Known<'_>,
    ) -> Result<Choice, FactError> {
        let name = project.view.name();
        let mut choice = Choice::default();
        for version in self.keep.get(name).into_iter().flatten() {
            let Some(index) = project.view.position(version) else {
                continue;
            };
            // As it is spelled here: an old lock may have it from elsewhere, and a range tells `1.0` from `1.0.0`.
            let version = project.view.version(index);
            if !range.contains(version) {
                continue;
            }
            let release = self.shelf.release(project, index)?;
            if let Release::Unusable(why) = &*release
                && choice.newer_python.is_none()
                && !self.is_kept_elsewhere(name, version)
            {
                choice.newer_python = self.newer_python(project, index, why, known)?;
            }
            if let Release::Usable(usable) = &*release
                && self.lacks(name, version, usable, known) != Lack::All
                && pool.admits(version, usable.yanked.is_some())
                && usable.yanked.is_none()
                && !known.groundless.contains(&(name.clone(), version.clone()))
                && self.guard.verdict(name, version)? == Verdict::Clear
            {
                return Ok(Choice {
                    version: Some(version.clone()),
                    ..choice
                });
            }
        }
        let mut best: Option<(Rank, Version)> = None;
        for index in self.order.walk(&*project.view, range) {
            let version = project.view.version(index);
            if !range.contains(version) {
                continue;
            }
            if version.any_prerelease() && !pool.prereleases {
                choice.hid = choice.hid || !self.is_denied(name, version)?;
                continue;
            }
            let release = self.shelf.release(project, index)?;
            let usable = match &*release {
                Release::Usable(usable) => usable,
                Release::Unusable(why) => {
                    if choice.newer_python.is_none() && best.is_none() {
                        choice.newer_python = self.newer_python(project, index, why, known)?;
                    }
                    continue;
                }
            };
            let is_yanked = usable.yanked.is_some();
            let is_groundless = (is_yanked || version.any_prerelease())
                && known.groundless.contains(&(name.clone(), version.clone()));
            if is_groundless || !pool.admits(version, is_yanked) {
                choice.hid = choice.hid || !self.is_denied(name, version)?;
                continue;
            }
            let rank = Rank {
                avoided: match self.guard.verdict(name, version)? {
                    Verdict::Clear => None,
                    Verdict::Avoid(reason) => {
                        let level = level_of(&reason);
                        if !known.relaxed.contains(&(level, name.clone())) {
                            continue;
                        }
                        Some(level)
                    }
                    Verdict::Deny(_) => continue,
                },
                lacks: self.lacks(name, version, usable, known),
                lacks_wheel: self.order.prefers_wheels && !usable.has_wheel,
                goes_last: self.shelf.inspector.goes_last(&usable.file),
            };
            if rank == Rank::BEST {
                choice.version = Some(version.clone());
                return Ok(choice);
            }
            if best.as_ref().is_none_or(|(other, _)| rank < *other) {
                best = Some((rank, version.clone()));
            }
        }
        choice.version = best.map(|(_, version)| version);
        Ok(choice)
    }

    /// Whether the old lock has a version for other environments alone: it is no reason to split this region.
    fn is_kept_elsewhere(&self, name: &Name, version: &Version) -> bool {
        let pins = self.old.pins.get(name).into_iter().flatten();
        let mut pins = pins.filter(|pin| pin.version == *version).peekable();
        pins.peek().is_some() && !pins.any(|pin| self.shelf.region.overlaps(&pin.marker))
    }

    /// Whether the gate denies a version: then no bound admits it. What it would avoid may still be let go.
    fn is_denied(&self, name: &Name, version: &Version) -> Result<bool, FactError> {
        let verdict = self.guard.verdict(name, version)?;
        Ok(matches!(verdict, Verdict::Deny(_)))
    }

    /// What of the points that ask for a release has no file of it.
    fn lacks(&self, name: &Name, version: &Version, usable: &Usable, known: &Known<'_>) -> Lack {
        let Some(covers) = usable.covers else {
            return Lack::Little;
        };
        if known.fileless.contains(&(name.clone(), version.clone())) {
            return Lack::All;
        }
        let always = Marker::always();
        let asking = self.shelf.points_of(known.asked.unwrap_or(&always));
        if asking.without(covers).is_empty() {
            Lack::Little
        } else if asking.intersection(covers).is_empty() {
            Lack::All
        } else if self.shelf.inspector.rules().fork_strategy == ForkStrategy::Fewest {
            Lack::Some
        } else {
            Lack::Little
        }
    }

    /// Whether the project is asked for in a part of the region.
    fn is_asked_for_in(&self, part: &Marker, known: &Known<'_>) -> bool {
        let region = &self.shelf.region;
        match known.asked {
            Some(asked) => region.overlaps(&part.and(asked)),
            None => region.overlaps(part),
        }
    }

    /// The part of the region whose Pythons a release needs, if it could be chosen there and the project is asked for there.
    fn newer_python(
        &self,
        project: &Project,
        index: usize,
        why: &Why,
        known: &Known<'_>,
    ) -> Result<Option<Marker>, FactError> {
        if self.shelf.region.machine().is_some() || !matches!(why, Why::Python { .. }) {
            return Ok(None);
        }
        let version = project.view.version(index);
        if self.guard.verdict(project.view.name(), version)? != Verdict::Clear {
            return Ok(None);
        }
        let part = self.shelf.newer_python(project, index)?;
        Ok(part.filter(|part| self.is_asked_for_in(part, known)))
    }

    /// What stands in the way of each existing version of `range`, one entry per reason, newest versions first.
    pub(crate) fn exclusions(
        &self,
        name: &Name,
        range: &VersionSet,
    ) -> Result<Vec<Exclusion>, FactError> {
        let mut exclusions: Vec<Exclusion> = Vec::new();
        let Some(project) = self.shelf.project(name)? else {
            return Ok(exclusions);
        };
        for index in span(&*project.view, range) {
            let version = project.view.version(index);
            if !range.contains(version) {
                continue;
            }
            let Some(why) = self.why_not(&project, index)? else {
                continue;
            };
            match exclusions.iter_mut().find(|other| other.why == why) {
                Some(other) => other.versions.push(version.clone()),
                None => exclusions.push(Exclusion {
                    versions: vec![version.clone()],
                    why,
                }),
            }
        }
        Ok(exclusions)
    }

    fn why_not(&self, project: &Rc<Project>, index: usize) -> Result<Option<Why>, FactError> {
        let name = project.view.name();
        let version = project.view.version(index);
        if let Verdict::Deny(reason) = self.guard.project_verdict(project) {
            let status = match &reason.rule {
                lockgate_model::Rule::Quarantined(status) => status.clone(),
                lockgate_model::Rule::Malicious | lockgate_model::Rule::Mode { .. } => None,
            };
            return Ok(Some(Why::Quarantined(status)));
        }
        let release = self.shelf.release(project, index)?;
        let usable = match &*release {
            Release::Unusable(why) => return Ok(Some(why.clone())),
            Release::Usable(usable) => usable,
        };
        if let Some(reason) = &usable.yanked {
            return Ok(Some(Why::Yanked(reason.clone())));
        }
        if let Verdict::Deny(reason) | Verdict::Avoid(reason) = self.guard.verdict(name, version)? {
            return Ok(Some(Why::Gate(reason.advisories.clone())));
        }
        if let Some(needs) = self.shelf.known_needs(name, version)
            && let Needs::Unusable(why) = &*needs
        {
            return Ok(Some(why.clone()));
        }
        Ok(version.any_prerelease().then_some(Why::Prerelease))
    }
}
