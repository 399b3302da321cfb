//! The last word where PubGrub's is none: the combinations of a small question, tried one by one.
//!
//! PubGrub takes a range that was empty once to stay empty, which pre-releases and yanked releases do not keep to (docs/resolver.md, "What
//! may be missed"). Where some were left out and nothing was found, this looks again without taking anything for granted. It is
//! exponential, and therefore bounded; a large question gets PubGrub's answer.

use std::collections::BTreeMap;

use lockgate_model::{FactError, Marker, Name, Verdict, Version};

use crate::bounds::{Bound, admitted};
use crate::candidates::{Relaxed, level_of};
use crate::graph::{Linked, link};
use crate::release::Release;
use crate::search::Search;
use crate::shelf::Needs;
use crate::sources::Sources;
use crate::verify::grounds;

/// How many choices, finished or not, are looked at.
const MOST_STEPS: usize = 5000;

/// A choice that stands, if there is one within the bound.
pub(crate) fn exhaust(
    search: &Search<'_>,
    sources: &Sources,
    relaxed: &Relaxed,
) -> Result<Option<Linked>, FactError> {
    let mut trial = Trial {
        search,
        sources,
        relaxed,
        chosen: BTreeMap::new(),
        steps: 0,
    };
    trial.step()
}

struct Trial<'a> {
    search: &'a Search<'a>,
    sources: &'a Sources,
    relaxed: &'a Relaxed,
    chosen: BTreeMap<Name, Version>,
    steps: usize,
}

impl Trial<'_> {
    /// Completes what is chosen so far.
    fn step(&mut self) -> Result<Option<Linked>, FactError> {
        self.steps += 1;
        if self.steps > MOST_STEPS || self.search.watch.cancelled() {
            return Ok(None);
        }
        let shelf = self.search.shelf;
        let linked = link(shelf, self.sources, &self.chosen, None)?;
        if !linked.is_consistent(shelf)? {
            return Ok(None);
        }
        // The fewest candidates first: what has none ends the trial before anything is fetched for it.
        let mut fewest: Option<(Name, Vec<Version>)> = None;
        for name in &linked.open {
            let candidates = self.candidates(name, &linked)?;
            if candidates.is_empty() {
                return Ok(None);
            }
            if fewest
                .as_ref()
                .is_none_or(|(_, known)| candidates.len() < known.len())
            {
                fewest = Some((name.clone(), candidates));
            }
        }
        let Some((name, candidates)) = fewest else {
            let stands = grounds(shelf, self.sources, &linked)?.are_given();
            return Ok(stands.then_some(linked));
        };
        for version in candidates {
            if matches!(*shelf.needs(&name, &version)?, Needs::Unusable(_)) {
                continue;
            }
            self.chosen.insert(name.clone(), version);
            if let Some(found) = self.step()? {
                return Ok(Some(found));
            }
            self.chosen.remove(&name);
        }
        Ok(None)
    }

    /// What may be chosen under the bounds so far, in the usual order: yanked releases, and pre-releases that do not compete, after
    /// the others.
    fn candidates(&self, name: &Name, linked: &Linked) -> Result<Vec<Version>, FactError> {
        let (shelf, guard) = (self.search.shelf, self.search.guard);
        let Some(project) = shelf.project(name)? else {
            return Ok(Vec::new());
        };
        if matches!(guard.project_verdict(&project), Verdict::Deny(_)) {
            return Ok(Vec::new());
        }
        let bounds = linked.bounds.get(name).into_iter().flatten();
        let constraints = self.sources.constraints_on(name);
        let bounds: Vec<&Bound> = bounds
            .chain(constraints.map(|wanted| &wanted.bound))
            .collect();
        let names_prerelease = bounds.iter().any(|bound| bound.names_prerelease);
        let competes = self.search.chooser().competes(name, names_prerelease);
        let admitted = admitted(bounds);
        let (mut usual, mut special) = (Vec::new(), Vec::new());
        let holding = linked.holding.get(name).into_iter().flatten();
        let reach = holding.fold(Marker::never(), |reach, marker| reach.or(marker));
        let order = self.search.order;
        for index in order.walk(&*project.view, &admitted) {
            let version = project.view.version(index);
            if !admitted.contains(version) {
                continue;
            }
            let Release::Usable(usable) = &*shelf.release(&project, index)? else {
                continue;
            };
            let is_allowed = match guard.verdict(name, version)? {
                Verdict::Clear => true,
                Verdict::Avoid(reason) => self.relaxed.contains(&(level_of(&reason), name.clone())),
                Verdict::Deny(_) => false,
            };
            if !is_allowed {
                continue;
            }
            let is_fileless = usable
                .covers
                .is_some_and(|covers| shelf.points_of(&reach).intersection(covers).is_empty());
            let place = (is_fileless, order.prefers_wheels && !usable.has_wheel);
            if usable.yanked.is_some() || (version.any_prerelease() && !competes) {
                special.push((place, version.clone()));
            } else {
                usual.push((place, version.clone()));
            }
        }
        for list in [&mut usual, &mut special] {
            list.sort_by_key(|(place, _)| *place);
        }
        usual.extend(special);
        Ok(usual.into_iter().map(|(_, version)| version).collect())
    }
}
