//! Whether an answer could be a better one, now that the bounds are known that hold in it.
//!
//! While PubGrub runs, pre-releases and yanked releases are left out of ranges that bounds met later let them into. What was decided
//! without them is looked at again: some of it is worth another run, the rest is mended one version at a time.

use std::collections::BTreeSet;

use lockgate_model::{FactError, Name, Version, VersionSet};

use crate::bounds::admitted;
use crate::candidates::{Known, Relaxed};
use crate::graph::{Linked, link};
use crate::provider::Learned;
use crate::search::Search;
use crate::shelf::Needs;
use crate::sources::Sources;
use crate::verify::grounds;

/// Looks at answers of one search again.
pub(crate) struct Hindsight<'s> {
    pub(crate) search: &'s Search<'s>,
    pub(crate) sources: &'s Sources,
    pub(crate) relaxed: &'s Relaxed,
    pub(crate) learned: &'s Learned,
}

impl Hindsight<'_> {
    /// A better answer than this one, or the same; and the projects for which another run may find a better one yet.
    pub(crate) fn on(&self, linked: Linked) -> Result<(Linked, Vec<Name>), FactError> {
        let linked = self.improved(linked)?;
        let hasty = self.hasty(&linked)?;
        Ok((linked, hasty))
    }

    /// Projects that were decided before it was known that a pre-release competes, and for which one would be taken now. Final releases
    /// before it may have been tried, and could not be had.
    fn hasty(&self, linked: &Linked) -> Result<Vec<Name>, FactError> {
        let mut hasty = Vec::new();
        for (name, pin) in &linked.versions {
            let bounds = linked.bounds.get(name).map_or(&[][..], Vec::as_slice);
            if self.learned.late.contains(name)
                || !bounds.iter().any(|bound| bound.names_prerelease)
            {
                continue;
            }
            let is_prerelease = |version: &Version| Ok(version.any_prerelease());
            let groundless = &self.learned.groundless;
            if self.is_preceded(name, pin, admitted(bounds), groundless, is_prerelease)? {
                hasty.push(name.clone());
            }
        }
        Ok(hasty)
    }

    /// The answer, each version moved to the first before it that goes with all the others. There is one only if a pre-release or a yanked
    /// release was left out.
    fn improved(&self, mut linked: Linked) -> Result<Linked, FactError> {
        while self.learned.left_out
            && let Some(better) = self.better(&linked)?
        {
            linked = better;
        }
        Ok(linked)
    }

    fn better(&self, linked: &Linked) -> Result<Option<Linked>, FactError> {
        let nothing = BTreeSet::new();
        for (name, pin) in &linked.versions {
            let asked = linked.asked.get(name).into_iter().flatten();
            let others = asked.filter(|(asker, _)| asker.as_ref() != Some(name));
            let admitted = admitted(others.map(|(_, bound)| bound));
            let mut better = None;
            self.is_preceded(name, pin, admitted, &nothing, |version| {
                better = self.with(linked, name, version)?;
                Ok(better.is_some())
            })?;
            if better.is_some() {
                return Ok(better);
            }
        }
        Ok(None)
    }

    /// Whether a version that is wanted would be taken before a pin, were it chosen now from what is admitted.
    fn is_preceded(
        &self,
        name: &Name,
        pin: &Version,
        mut admitted: VersionSet,
        groundless: &BTreeSet<(Name, Version)>,
        mut is_wanted: impl FnMut(&Version) -> Result<bool, FactError>,
    ) -> Result<bool, FactError> {
        let chooser = self.search.chooser();
        let known = Known {
            bounds: &self.learned.bounds,
            relaxed: self.relaxed,
            groundless,
            fileless: &self.learned.fileless,
            asked: None,
        };
        let pin = chooser.placed(name, pin)?;
        while let Some(version) = chooser.choose(name, &admitted, &known)?.version {
            let placed = chooser.placed(name, &version)?;
            if !chooser.order.precedes(name, placed, pin) {
                break;
            }
            if is_wanted(&version)? {
                return Ok(true);
            }
            admitted = admitted.intersection(&VersionSet::exactly(version).complement());
        }
        Ok(false)
    }

    /// The answer with another version of one project, if it still is one.
    pub(crate) fn with(
        &self,
        linked: &Linked,
        name: &Name,
        version: &Version,
    ) -> Result<Option<Linked>, FactError> {
        let shelf = self.search.shelf;
        let Needs::Known(_, needs) = &*shelf.needs(name, version)? else {
            return Ok(None);
        };
        // Most are ruled out by this, for less than a walk over the graph.
        let is_met = needs.iter().all(|need| {
            let there = linked.versions.get(&need.name);
            need.name == *name || there.is_some_and(|version| need.bound.set.contains(version))
        });
        if !is_met {
            return Ok(None);
        }
        let mut versions = linked.versions.clone();
        versions.insert(name.clone(), version.clone());
        let other = link(shelf, self.sources, &versions, None)?;
        let stands = other.is_consistent(shelf)?
            && other.open.is_empty()
            && grounds(shelf, self.sources, &other)?.are_given();
        Ok(stands.then_some(other))
    }
}
