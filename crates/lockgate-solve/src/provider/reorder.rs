//! When the search is to begin anew in another order: whose versions are rejected, by what, and whether any order would help.

use lockgate_model::{Name, Version, VersionSet};
use pubgrub::PackageResolutionStatistics;

use super::{Learned, Provider};
use crate::dependencies::Dependency;
use crate::release::Release;
use crate::shelf::Needs;

/// How many versions of a project must have been rejected before the search begins anew with it in front.
const REJECTIONS_UNTIL_REORDER: usize = 3;
/// How far down the requirements it is looked for whether a version can be had at all.
const HOPELESS_DEPTH: usize = 3;

impl Provider<'_> {
    /// The rank of a project among those that go first. It has none before all that go before it were asked for: it would overtake
    /// what asks for them.
    pub(super) fn early_rank(&self, name: &Name, learned: &Learned) -> Option<usize> {
        let rank = learned.early.iter().position(|early| early == name)?;
        let run = self.run.borrow();
        let mut before = learned.early[..rank].iter();
        before
            .all(|early| run.discovered.contains_key(early))
            .then_some(rank)
    }

    pub(super) fn note_clash(&self, own: &Name, need: &Dependency) {
        let mut run = self.run.borrow_mut();
        let stands_against = run
            .decided
            .get(&need.name)
            .is_some_and(|version| !need.bound.set.contains(version));
        if stands_against {
            let clashes = run.clashes.entry(own.clone()).or_default();
            *clashes.entry(need.name.clone()).or_default() += 1;
        }
    }

    /// Whether a version needs something that can't be had whatever else is chosen, as far as that is known without another look at
    /// metadata. Heuristic: pre-releases and yanked releases count for nothing.
    fn is_hopeless(&self, name: &Name, version: &Version, depth: usize) -> bool {
        let known = self.learned.borrow();
        if known
            .hopeless
            .get(name)
            .is_some_and(|versions| versions.contains(version))
        {
            return true;
        }
        drop(known);
        let needs = self.chooser.shelf.known_needs(name, version);
        let is_hopeless = match needs.as_deref() {
            None => false,
            Some(Needs::Unusable(_)) => true,
            Some(Needs::Known(_, needs)) => needs
                .iter()
                .any(|need| need.name != *name && self.is_dead(&need.name, &need.bound.set, depth)),
        };
        if is_hopeless {
            let mut learned = self.learned.borrow_mut();
            let versions = learned.hopeless.entry(name.clone()).or_default();
            versions.insert(version.clone());
        }
        is_hopeless
    }

    fn is_dead(&self, name: &Name, range: &VersionSet, depth: usize) -> bool {
        let shelf = self.chooser.shelf;
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        let Some(project) = shelf.known_project(name) else {
            return shelf.is_known_absent(name);
        };
        crate::release::span(&*project.view, range)
            .filter(|index| range.contains(project.view.version(*index)))
            .all(|index| {
                let version = project.view.version(index);
                match shelf.release(&project, index).as_deref() {
                    Ok(Release::Usable(usable)) => {
                        usable.yanked.is_some()
                            || version.any_prerelease()
                            || self.is_hopeless(name, version, depth)
                    }
                    Ok(Release::Unusable(_)) => true,
                    Err(_) => false,
                }
            })
    }

    pub(super) fn note_conflicts(
        &self,
        name: &Name,
        range: &VersionSet,
        statistics: &PackageResolutionStatistics,
    ) {
        if !self.may_reorder
            || (statistics.conflict_count() as usize) < REJECTIONS_UNTIL_REORDER
            || self.learned.borrow().early.contains(name)
        {
            return;
        }
        let mut run = self.run.borrow_mut();
        // What is still in its range may have been given up, but is not rejected.
        let is_rejected = |version: &&Version| !range.contains(version);
        let tries = run.tries.get(name).into_iter().flatten();
        let count = tries.filter(is_rejected).count();
        let judged = run.judged.insert(name.clone(), count).unwrap_or(0);
        if run.reorder.is_some() || count < REJECTIONS_UNTIL_REORDER || judged == count {
            return;
        }
        // In no order are versions of use that can never be had.
        let tries = run.tries.get(name).into_iter().flatten();
        let rejected = tries
            .filter(is_rejected)
            .filter(|version| !self.is_hopeless(name, version, HOPELESS_DEPTH))
            .take(REJECTIONS_UNTIL_REORDER);
        if rejected.count() == REJECTIONS_UNTIL_REORDER {
            let clashes = run.clashes.get(name).into_iter().flatten();
            let behind = clashes
                .max_by_key(|(_, count)| **count)
                .filter(|(_, count)| 2 * **count >= REJECTIONS_UNTIL_REORDER)
                .map(|(culprit, _)| culprit.clone());
            run.reorder = Some((name.clone(), behind));
        }
    }
}
