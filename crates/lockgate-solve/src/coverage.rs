//! Whether each environment of a lock for many has a file of what it gets, where another release would have one.
//!
//! A choice is made for a region as a whole. Where a pin has no file for points that need it, and a release within the bounds that hold
//! there has one, the region is split: by the bound that keeps that release out elsewhere, or else by the points that the pin is for.

use std::collections::BTreeSet;

use lockgate_model::{FactError, Marker, Name, PointSet, Verdict, Version, Why};

use crate::bounds::Bound;
use crate::dependencies::Dependency;
use crate::graph::Linked;
use crate::release::Release;
use crate::search::Search;
use crate::shelf::{Needs, Project};
use crate::sources::Sources;
use crate::split::by_anything;

/// Of so many releases that have the missing files the metadata are read.
const MAX_READ: usize = 8;

/// A bound, where it holds, and at which points.
struct Held<'l> {
    bound: &'l Bound,
    marker: &'l Marker,
    points: PointSet,
}

/// What to do about pins without files.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    /// A part of the region to solve first, since a pin has no files for the points of it, or of the rest, and another release has.
    pub(crate) part: Option<(Marker, Rest)>,
    /// Pins that have no file for any point that needs them, which was not known when they were chosen.
    pub(crate) fileless: Vec<(Name, Version)>,
}

/// When the rest of a region is solved that is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// After the part.
    Next,
    /// After all other regions: what it is left with for want of files is no measure for them.
    Last,
}

/// What lacks files in a choice; `fileless` is known already.
pub(crate) fn gaps(
    search: &Search<'_>,
    sources: &Sources,
    linked: &Linked,
    fileless: &BTreeSet<(Name, Version)>,
) -> Result<Gaps, FactError> {
    let shelf = search.shelf;
    let mut gaps = Gaps::default();
    if shelf.region.machine().is_some() {
        return Ok(gaps);
    }
    for (name, version) in &linked.versions {
        let (Some(project), Some(release)) =
            (shelf.project(name)?, shelf.release_at(name, version)?)
        else {
            continue;
        };
        let (Release::Usable(usable), None) = (&*release, &project.direct) else {
            continue;
        };
        let (Some(covers), Some(reach)) = (usable.covers, linked.reach.get(name)) else {
            continue;
        };
        let asking = shelf.points_of(reach);
        let missing = asking.without(covers);
        if missing.is_empty() {
            continue;
        }
        let bounds = linked.bounds.get(name).into_iter().flatten();
        let holding = linked.holding.get(name).into_iter().flatten();
        let askers = linked.asked.get(name).into_iter().flatten();
        let held: Vec<Held<'_>> = bounds
            .zip(holding)
            .zip(askers)
            .filter(|(_, (asker, _))| asker.as_ref() != Some(name))
            .map(|((bound, marker), _)| Held {
                bound,
                marker,
                points: shelf.points_of(marker),
            })
            .collect();
        let of_pin = Incomplete {
            search,
            sources,
            project: &project,
            version,
            covered: asking.intersection(covers),
            missing,
            held,
            linked,
            was_known: fileless.contains(&(name.clone(), version.clone())),
        };
        match of_pin.remedy()? {
            Some(Remedy::Split(part, rest)) => {
                gaps.part = Some((part, rest));
                break;
            }
            Some(Remedy::Other) => gaps.fileless.push((name.clone(), version.clone())),
            None => {}
        }
    }
    if !gaps.fileless.is_empty() {
        gaps.part = None;
    }
    Ok(gaps)
}

/// What helps a pin that lacks files.
enum Remedy {
    /// To solve this part of the region first.
    Split(Marker, Rest),
    /// To try others before it.
    Other,
}

/// A pin that lacks files.
struct Incomplete<'s> {
    search: &'s Search<'s>,
    sources: &'s Sources,
    project: &'s Project,
    version: &'s Version,
    /// The points that need it and have a file.
    covered: PointSet,
    /// Those that have none.
    missing: PointSet,
    held: Vec<Held<'s>>,
    linked: &'s Linked,
    /// Whether it was known to have no files, when it was chosen for want of a better one.
    was_known: bool,
}

impl Incomplete<'_> {
    fn splits(&self, part: &Marker) -> bool {
        let region = &self.search.shelf.region;
        region.overlaps(part) && region.overlaps(&part.not())
    }

    fn remedy(&self) -> Result<Option<Remedy>, FactError> {
        let split = |part: Marker| Ok(Some(Remedy::Split(part, Rest::Next)));
        let (mut hopeful, mut read) = (PointSet::NONE, 0);
        for index in 0..self.project.view.len() {
            let Some((points, later)) = self.points_for(index)? else {
                continue;
            };
            if let Some(later) = later {
                return split(later);
            }
            if points.without(hopeful).is_empty() {
                continue;
            }
            read += 1;
            if read > MAX_READ {
                break;
            }
            let other = self.project.view.version(index);
            let needs = match self.needs(other)? {
                Ok(needs) => needs,
                Err(Some(later)) => return split(later),
                Err(None) => continue,
            };
            let keeps_out =
                |held: &&Held<'_>| !held.bound.set.contains(other) && self.splits(held.marker);
            if let Some(held) = self.held.iter().find(keeps_out) {
                return split(held.marker.clone());
            }
            if !self.covered.is_empty() {
                hopeful = hopeful.union(points);
            } else if !self.was_known {
                return Ok(Some(Remedy::Other));
            } else if let Some(need) = needs.iter().find(|need| self.is_unmet_in_part(other, need))
            {
                // The other one was tried: what it needs in a part may have kept it out of all of the region.
                return split(need.marker.clone());
            } else if let Some(part) = by_anything(self.search, self.sources)? {
                return split(part);
            }
        }
        let Some(lock) = &self.search.shelf.inspector.lock else {
            return Ok(None);
        };
        if hopeful.is_empty() {
            return Ok(None);
        }
        // Where neither has a file, the pin stays.
        let part = lock.points.separating(hopeful, self.covered).not();
        Ok(Some(part)
            .filter(|part| self.splits(part))
            .map(|part| Remedy::Split(part, Rest::Last)))
    }

    /// What another release needs with the extras that are asked for. If it cannot be used: the part of the region that has the Python which
    /// only its metadata ask for, if that is why.
    fn needs(&self, other: &Version) -> Result<Result<Vec<Dependency>, Option<Marker>>, FactError> {
        let (shelf, name) = (self.search.shelf, self.project.view.name());
        let mut all = match &*shelf.needs(name, other)? {
            Needs::Known(_, needs) => needs.clone(),
            Needs::Unusable(Why::Python { requires, .. }) => {
                let lowest = shelf.inspector.python_from(requires);
                let part = lowest.map(|lowest| Marker::from_python(&lowest));
                let is_missing =
                    |part: &Marker| !shelf.points_of(part).intersection(self.missing).is_empty();
                let part = part.filter(|part| self.splits(part) && is_missing(part));
                return Ok(Err(part));
            }
            Needs::Unusable(_) => return Ok(Err(None)),
        };
        for extra in self.linked.extras.get(name).into_iter().flatten() {
            match shelf.guarded(name, other, extra)? {
                Ok(guarded) => all.extend(guarded),
                Err(_) => return Ok(Err(None)),
            }
        }
        Ok(Ok(all))
    }

    fn is_unmet_in_part(&self, other: &Version, need: &Dependency) -> bool {
        let there = self.linked.versions.get(&need.name);
        let is_met = if need.name == *self.project.view.name() {
            !need.contradicts(&need.name, other)
        } else {
            there.is_some_and(|there| need.bound.set.contains(there))
        };
        !is_met && self.splits(&need.marker)
    }

    /// The points that lack a file of the pin, and have one of the release at `index`, which all bounds that hold there admit; none if there
    /// are none. If that release needs a newer Python than the region's lowest, the part of the region that has it.
    fn points_for(&self, index: usize) -> Result<Option<(PointSet, Option<Marker>)>, FactError> {
        let (shelf, view) = (self.search.shelf, &self.project.view);
        let other = view.version(index);
        if other == self.version || (other.any_prerelease() && !self.version.any_prerelease()) {
            return Ok(None);
        }
        let kept_out = self
            .held
            .iter()
            .filter(|held| !held.bound.set.contains(other))
            .fold(PointSet::NONE, |all, held| all.union(held.points));
        let open = self.missing.without(kept_out);
        if open.is_empty() || self.search.guard.verdict(view.name(), other)? != Verdict::Clear {
            return Ok(None);
        }
        let (points, later) = match &*shelf.release(self.project, index)? {
            Release::Usable(usable) if usable.yanked.is_none() => {
                let covers = usable.covers.unwrap_or(open);
                (open.intersection(covers), None)
            }
            Release::Unusable(Why::Python { .. }) => match shelf.later(self.project, index)? {
                Some((part, covers)) => {
                    let points = shelf.points_of(&part);
                    let covers = covers.unwrap_or(points);
                    (open.intersection(points).intersection(covers), Some(part))
                }
                None => return Ok(None),
            },
            Release::Usable(_) | Release::Unusable(_) => return Ok(None),
        };
        Ok((!points.is_empty()).then_some((points, later)))
    }
}
