//! The four questions that PubGrub asks, and the order in which it is told to decide.
//!
//! Projects are decided in the order of their discovery, breadth first, except that what the gate leaves nothing of goes first,
//! then what is pinned, and that a
//! project whose versions keep being rejected goes before all others when the search begins anew (`Stop::Reorder`), and what stood
//! against it after them: the newest of it with an older version of that, not the other way round.

mod reorder;

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use lockgate_model::{FactError, Marker, Name, Scout, Version, VersionSet, Want, Why};
use pubgrub::{
    Dependencies, DependencyConstraints, DependencyProvider, PackageResolutionStatistics,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::bounds::{Bound, Bounds, admitted};
use crate::candidates::{Choice, Chooser, Known, Relaxed};
use crate::conditions::Conditions;
use crate::dependencies::Dependency;
use crate::effort::Effort;
use crate::graph::Linked;
use crate::package::{Package, Set};
use crate::prefetch::Lookahead;
use crate::question::Watch;
use crate::release::Release;
use crate::shelf::Needs;
use crate::sources::Sources;

/// At this many tries of one project, and whenever they have doubled since, as many of the next versions are hinted at.
const TRIES_UNTIL_LOOKAHEAD: usize = 3;
/// But at most so many at a time.
const MOST_LOOKAHEAD: usize = 48;
/// A source distribution of more bytes is not fetched on a guess.
const LARGEST_GUESS: u64 = 1 << 20;

/// What outlives one run of PubGrub.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    pub(crate) bounds: Bounds,
    /// Projects to decide before all others, in this order.
    pub(crate) early: Vec<Name>,
    /// Projects to decide after the usual ones: versions of others were rejected again and again for the version that they had.
    pub(crate) behind: BTreeSet<Name>,
    /// Projects to decide after all others, so that every bound on them is known by then: a run that left out pre-releases or
    /// yanked releases of them found nothing.
    pub(crate) late: BTreeSet<Name>,
    /// Whether a range was found empty from which a pre-release or a yanked release was left out.
    pub(crate) left_out: bool,
    /// Pre-releases and yanked releases that a finished graph gave no ground for.
    pub(crate) groundless: BTreeSet<(Name, Version)>,
    /// Releases that a finished graph has no file of wherever it needs them.
    pub(crate) fileless: BTreeSet<(Name, Version)>,
    /// Where in the region projects were asked for, by all requirements on them that were met.
    asked_where: FxHashMap<Name, Marker>,
    conditions: Conditions<Name>,
    /// Versions that need something that can't be had.
    hopeless: FxHashMap<Name, FxHashSet<Version>>,
    /// Versions tried, over all runs.
    pub(crate) tried: usize,
}

impl Learned {
    /// Decides `early` before the others from now on, and `behind` after them.
    pub(crate) fn reorder(&mut self, early: Name, behind: Option<Name>) {
        self.early.push(early);
        self.behind.extend(behind);
    }
}

/// Why a run ends without an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// Something could not be learned.
    #[error(transparent)]
    Fact(#[from] FactError),
    /// Somebody asked for it.
    #[error("cancelled")]
    Cancelled,
    /// It takes more steps than it may.
    #[error("gave up after {0} steps")]
    GaveUp(u64),
    /// The region should be solved in two parts: this one, and the rest.
    #[error("to begin anew in two regions")]
    Split(Marker),
    /// It should begin anew in another order.
    #[error("to begin anew with `{early}` in front")]
    Reorder {
        /// Decided before the others from now on.
        early: Name,
        /// Decided after them: what stood against it.
        behind: Option<Name>,
    },
}

/// Why a version is unavailable, in PubGrub's incompatibilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unavailable(pub(crate) Why);

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// One run.
pub(crate) struct Provider<'a> {
    pub(crate) chooser: &'a Chooser<'a>,
    pub(crate) sources: &'a Sources,
    pub(crate) relaxed: &'a Relaxed,
    pub(crate) lookahead: &'a Arc<Lookahead>,
    pub(crate) scout: &'a Arc<dyn Scout>,
    pub(crate) watch: &'a dyn Watch,
    pub(crate) effort: Effort,
    pub(crate) learned: &'a RefCell<Learned>,
    /// Whether to split the region where a newer version needs a newer Python than the lowest.
    pub(crate) splits_by_python: bool,
    /// Whether conflicts may still reorder the search.
    pub(crate) may_reorder: bool,
    pub(crate) run: RefCell<Run>,
}

/// What holds within one run.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// The last known range of each undecided project.
    ranges: FxHashMap<Name, VersionSet>,
    /// The version each project was last given, while its range is what it was then.
    decided: FxHashMap<Name, Version>,
    discovered: FxHashMap<Name, u32>,
    tries: FxHashMap<Name, BTreeSet<Version>>,
    /// Up to which of its tries the versions of a project have been hinted at.
    looked_ahead: FxHashMap<Name, usize>,
    /// How many versions of a project had been rejected when it was last judged whether to reorder for it.
    judged: FxHashMap<Name, usize>,
    hinted: FxHashSet<(Name, Vec<Name>)>,
    /// How often a decided project stood against a version of another: by the rejected one, then by the decided one.
    clashes: FxHashMap<Name, BTreeMap<Name, usize>>,
    reorder: Option<(Name, Option<Name>)>,
}

/// What is decided first: greater goes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    Late,
    Behind,
    Usual,
    Pinned,
    Early(Reverse<usize>),
    /// The gate speaks against all that is left of it: the sooner this is seen, the shorter the way to the answer.
    Denied,
    Root,
}

type Offer = Dependencies<Package, Set, Unavailable>;

impl Provider<'_> {
    fn known_choice(&self, name: &Name, range: &VersionSet) -> Result<Choice, Stop> {
        let learned = self.learned.borrow();
        let known = Known {
            bounds: &learned.bounds,
            relaxed: self.relaxed,
            groundless: &learned.groundless,
            fileless: &learned.fileless,
            asked: learned.asked_where.get(name),
        };
        let choice = self.chooser.choose(name, range, &known)?;
        drop(learned);
        if choice.version.is_none() && choice.hid {
            self.learned.borrow_mut().left_out = true;
        }
        Ok(choice)
    }

    fn choose_project(&self, name: &Name, range: &VersionSet) -> Result<Option<Version>, Stop> {
        let choice = self.known_choice(name, range)?;
        if self.splits_by_python
            && let Some(part) = choice.newer_python
        {
            return Err(Stop::Split(part));
        }
        let mut run = self.run.borrow_mut();
        let Some(version) = choice.version else {
            return Ok(None);
        };
        run.decided.insert(name.clone(), version.clone());
        let tries = run.tries.entry(name.clone()).or_default();
        let is_new = tries.insert(version.clone());
        let count = tries.len();
        if is_new {
            self.learned.borrow_mut().tried += 1;
            let looked = run.looked_ahead.get(name).copied().unwrap_or_default();
            if count >= TRIES_UNTIL_LOOKAHEAD && 2 * count >= looked {
                let more = (2 * count).min(MOST_LOOKAHEAD);
                run.looked_ahead.insert(name.clone(), count + more);
                drop(run);
                self.hint_next(name, range, &version, more)?;
            }
        }
        Ok(Some(version))
    }

    /// A part of the region with a newer Python in which a newer version of a project could be chosen, and of which it was not known that
    /// the project is asked for there when it was decided.
    pub(crate) fn missed_part(&self, linked: &Linked) -> Result<Option<Marker>, FactError> {
        if !self.splits_by_python {
            return Ok(None);
        }
        let (run, learned) = (self.run.borrow(), self.learned.borrow());
        let mut decided: Vec<(&Name, &Marker)> = linked.reach.iter().collect();
        decided.sort_by_key(|(name, _)| run.discovered.get(*name));
        for (name, reach) in decided {
            let bounds = linked.bounds.get(name).map_or(&[][..], Vec::as_slice);
            let mut range = admitted(bounds);
            if let Some(at_decision) = run.ranges.get(name) {
                range = range.intersection(at_decision);
            }
            let known = Known {
                bounds: &learned.bounds,
                relaxed: self.relaxed,
                groundless: &learned.groundless,
                fileless: &learned.fileless,
                asked: Some(reach),
            };
            let choice = self.chooser.choose(name, &range, &known)?;
            if choice.newer_python.is_some() {
                return Ok(choice.newer_python);
            }
        }
        Ok(None)
    }

    /// Hints at the next versions of a project whose versions are being rejected one by one.
    fn hint_next(
        &self,
        name: &Name,
        range: &VersionSet,
        version: &Version,
        count: usize,
    ) -> Result<(), Stop> {
        let Some(project) = self.chooser.shelf.project(name)? else {
            return Ok(());
        };
        let (order, shelf) = (self.chooser.order, self.chooser.shelf);
        let next = range.intersection(&order.after(name, version));
        // Source distributions are fetched whole.
        let is_light = |index: &usize| match shelf.release(&project, *index).as_deref() {
            Ok(Release::Usable(usable)) => {
                let size = usable.file.size;
                usable.has_wheel || size.is_some_and(|size| size <= LARGEST_GUESS)
            }
            Ok(Release::Unusable(_)) | Err(_) => false,
        };
        let wants = order
            .walk(&*project.view, &next)
            .filter(|index| {
                let other = project.view.version(*index);
                !other.any_prerelease() && next.contains(other)
            })
            .filter(is_light)
            .take(count)
            .map(|index| project.view.version(index))
            .map(|other| Want {
                name: name.clone(),
                extras: Vec::new(),
                versions: VersionSet::exactly(other.clone()),
            })
            .collect();
        self.chooser.shelf.facts.hint(wants, self.scout);
        Ok(())
    }

    /// An extra goes with its project: at the version that the project has or is about to get.
    fn choose_extra(&self, name: &Name, range: &VersionSet) -> Result<Option<Version>, Stop> {
        let run = self.run.borrow();
        if let Some(version) = run.decided.get(name)
            && range.contains(version)
        {
            return Ok(Some(version.clone()));
        }
        let shared = run.ranges.get(name).map(|other| range.intersection(other));
        drop(run);
        if let Some(shared) = shared
            && let Some(version) = self.known_choice(name, &shared)?.version
        {
            return Ok(Some(version));
        }
        Ok(self.known_choice(name, range)?.version)
    }

    fn discover(&self, name: &Name) {
        let mut run = self.run.borrow_mut();
        let next = u32::try_from(run.discovered.len()).unwrap_or(u32::MAX);
        run.discovered.entry(name.clone()).or_insert(next);
    }

    /// Registers bounds, hints at what is new, and turns requirements into PubGrub's dependencies.
    fn offer(&self, own: Option<&Name>, version: &Version, needs: &[Dependency]) -> Offer {
        let mut offered: Vec<(Package, Set)> = Vec::new();
        let mut wants = Vec::new();
        for need in needs {
            if let Some(own) = own
                && need.name == *own
            {
                if need.contradicts(own, version) {
                    return Dependencies::Unavailable(Unavailable(Why::Metadata(format!(
                        "it requires `{}`, another version of itself",
                        need.text
                    ))));
                }
                let here = VersionSet::spelled(version.clone());
                for extra in &need.extras {
                    offered.push((
                        Package::Extra(need.name.clone(), extra.clone()),
                        Set(here.clone()),
                    ));
                }
                continue;
            }
            self.discover(&need.name);
            if let Some(own) = own {
                self.note_clash(own, need);
            }
            self.want(&need.name, &need.extras, &need.bound, &mut wants);
            self.ask_where(&need.name, &need.marker);
            self.demand(&need.name, &need.extras, &need.bound, &mut offered);
            self.constrain(&need.name, &need.bound.set, &mut offered);
        }
        self.hint(wants);
        Dependencies::Available(DependencyConstraints::from_iter(offered))
    }

    fn ask_where(&self, name: &Name, marker: &Marker) {
        if self.chooser.shelf.region.machine().is_none() {
            let learned = &mut *self.learned.borrow_mut();
            let asked = learned
                .asked_where
                .entry(name.clone())
                .or_insert_with(Marker::never);
            match learned.conditions.grown(name, name, asked, marker) {
                Ok(Some(grown)) => *asked = grown,
                Ok(None) => {}
                // A guess about the answer, of which all that was tried is a part: too wide does no harm.
                Err(_) => *asked = Marker::always(),
            }
        }
    }

    fn demand(
        &self,
        name: &Name,
        extras: &[Name],
        bound: &Bound,
        offered: &mut Vec<(Package, Set)>,
    ) {
        self.learned.borrow_mut().bounds.add(name, bound);
        offered.push((Package::Project(name.clone()), Set(bound.set.clone())));
        for extra in extras {
            offered.push((
                Package::Extra(name.clone(), extra.clone()),
                Set(bound.set.clone()),
            ));
        }
    }

    /// Constraints hold wherever a project is asked for, and ask for nothing by themselves.
    fn constrain(&self, name: &Name, set: &VersionSet, offered: &mut Vec<(Package, Set)>) {
        for constraint in self.sources.constraints_on(name) {
            if !set.is_subset_of(&constraint.bound.set) {
                offered.push((
                    Package::Project(name.clone()),
                    Set(constraint.bound.set.clone()),
                ));
            }
        }
    }

    fn want(&self, name: &Name, extras: &[Name], bound: &Bound, wants: &mut Vec<Want>) {
        let key = (name.clone(), extras.to_vec());
        if self.run.borrow_mut().hinted.insert(key) {
            wants.push(self.lookahead.want(name, extras, &bound.set));
        }
    }

    fn hint(&self, wants: Vec<Want>) {
        if wants.is_empty() {
            return;
        }
        let names: Vec<Name> = wants.iter().map(|want| want.name.clone()).collect();
        self.chooser.guard.hint(&names);
        self.chooser.shelf.facts.hint(wants, self.scout);
    }

    fn offer_of_sources(&self) -> Offer {
        let mut offered = Vec::new();
        let mut wants = Vec::new();
        for constraint in &self.sources.constraints {
            self.learned
                .borrow_mut()
                .bounds
                .add(&constraint.name, &constraint.bound);
        }
        for wanted in &self.sources.requirements {
            self.discover(&wanted.name);
            self.want(&wanted.name, &wanted.extras, &wanted.bound, &mut wants);
            self.ask_where(&wanted.name, &wanted.marker);
            self.demand(&wanted.name, &wanted.extras, &wanted.bound, &mut offered);
            self.constrain(&wanted.name, &wanted.bound.set, &mut offered);
        }
        self.hint(wants);
        Dependencies::Available(DependencyConstraints::from_iter(offered))
    }

    /// Whether the gate speaks against each version of a range, known without a look at the project.
    fn is_denied(&self, name: &Name, range: &VersionSet) -> bool {
        let affected = self.chooser.guard.affected(name);
        // What cannot be learned here is asked again, and told, when the project is decided.
        matches!(affected, Ok(Some(affected)) if range.is_subset_of(&affected))
    }
}

impl DependencyProvider for Provider<'_> {
    type P = Package;
    type V = Version;
    type VS = Set;
    type Priority = (Class, Reverse<u32>, u8);
    type M = Unavailable;
    type Err = Stop;

    fn prioritize(
        &self,
        package: &Package,
        range: &Set,
        statistics: &PackageResolutionStatistics,
    ) -> Self::Priority {
        let Some(name) = package.project() else {
            return (Class::Root, Reverse(0), 0);
        };
        if let Package::Project(name) = package {
            self.note_conflicts(name, &range.0, statistics);
            let mut run = self.run.borrow_mut();
            run.decided.remove(name);
            run.ranges.insert(name.clone(), range.0.clone());
        }
        let learned = self.learned.borrow();
        let class = if self.is_denied(name, &range.0) {
            Class::Denied
        } else if learned.late.contains(name) {
            Class::Late
        } else if let Some(rank) = self.early_rank(name, &learned) {
            Class::Early(Reverse(rank))
        } else if learned.bounds.covering(name, &range.0).is_exact {
            Class::Pinned
        } else if learned.behind.contains(name) {
            Class::Behind
        } else {
            Class::Usual
        };
        let discovered = self.run.borrow().discovered.get(name).copied();
        let order = Reverse(discovered.unwrap_or(u32::MAX));
        match package {
            Package::Root => (Class::Root, Reverse(0), 0),
            Package::Extra(..) => (class, order, 2),
            Package::Project(_) => (class, order, 1),
            // Its range is one version as soon as the extra is decided, which therefore goes first.
            Package::Guarded(..) => match class {
                Class::Early(_) | Class::Behind | Class::Late | Class::Denied => (class, order, 0),
                Class::Usual | Class::Pinned | Class::Root => (Class::Usual, order, 0),
            },
        }
    }

    fn choose_version(&self, package: &Package, range: &Set) -> Result<Option<Version>, Stop> {
        match package {
            Package::Root => Ok(Some(root_version())),
            Package::Project(name) => self.choose_project(name, &range.0),
            Package::Extra(name, _) => self.choose_extra(name, &range.0),
            Package::Guarded(name, _) => match range.0.as_single() {
                Some(version) => Ok(Some(version.clone())),
                None => self.choose_extra(name, &range.0),
            },
        }
    }

    fn get_dependencies(&self, package: &Package, version: &Version) -> Result<Offer, Stop> {
        let shelf = self.chooser.shelf;
        Ok(match package {
            Package::Root => self.offer_of_sources(),
            Package::Project(name) => match &*shelf.needs(name, version)? {
                Needs::Known(_, dependencies) => self.offer(Some(name), version, dependencies),
                Needs::Unusable(why) => Dependencies::Unavailable(Unavailable(why.clone())),
            },
            Package::Extra(name, extra) => {
                let here = Set(VersionSet::spelled(version.clone()));
                Dependencies::Available(DependencyConstraints::from_iter([
                    (Package::Project(name.clone()), here.clone()),
                    (Package::Guarded(name.clone(), extra.clone()), here),
                ]))
            }
            Package::Guarded(name, extra) => match shelf.guarded(name, version, extra)? {
                Ok(dependencies) => self.offer(Some(name), version, &dependencies),
                Err(why) => Dependencies::Unavailable(Unavailable(why)),
            },
        })
    }

    fn should_cancel(&self) -> Result<(), Stop> {
        let run = self.run.borrow();
        if let Some((early, behind)) = &run.reorder {
            return Err(Stop::Reorder {
                early: early.clone(),
                behind: behind.clone(),
            });
        }
        self.watch
            .progress(run.decided.len(), self.learned.borrow().tried);
        if self.watch.cancelled() {
            return Err(Stop::Cancelled);
        }
        let limit = self.watch.max_steps();
        if self.effort.spent() > limit {
            return Err(Stop::GaveUp(limit));
        }
        Ok(())
    }
}

/// The one version of the sources.
pub(crate) fn root_version() -> Version {
    Version::new([0])
}
