//! From a question to an answer: runs of PubGrub, each wiser than the last.
//!
//! A run may begin anew for four reasons, all bounded: its conflicts suggest another order of decisions; it found nothing,
//! but learned bounds that may admit what it left out; its result holds a pre-release or a yanked release that the finished
//! graph gives no ground for; or it decided on a final release before a bound turned up that lets a newer pre-release compete. Facts are memoised, so that beginning anew costs no second look.
//!
//! The gate is strict at first: what it would avoid counts as denied. Only when nothing fits is one reason to avoid let go at
//! a time, the mildest of those that the conflict names.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockgate_model::{
    FactError, Facts, ForkStrategy, Marker, Name, Region, Scout, Verdict, Version,
};
use pubgrub::{DerivationTree, External, PubGrubError};

use crate::candidates::{Chooser, Known, Relaxed, level_of};
use crate::conflict;
use crate::coverage::{Rest, gaps};
use crate::effort::Effort;
use crate::exhaust::exhaust;
use crate::graph::{Linked, link};
use crate::hindsight::Hindsight;
use crate::order::{Order, Placed};
use crate::package::{Package, Set};
use crate::prefetch::Lookahead;
use crate::provider::{Learned, Provider, Run, Stop, Unavailable, root_version};
use crate::question::{MAX_STEPS_VARIABLE, Question, Statistics, Watch};
use crate::release::Inspector;
use crate::shelf::{Guard, Shelf};
use crate::sources::{Sources, allowed_hashes};
use crate::split;
use crate::verify::{Grounds, grounds};

/// How often conflicts may reorder one search, and how often while that is affordable.
const MOST_REORDERS: usize = 8;
const MOST_EARLY_REORDERS: usize = 24;
/// How often one search may begin anew over pre-releases and yanks.
const MOST_RESTARTS: usize = 32;

/// A question that PubGrub tried no more versions for is small enough to be tried exhaustively.
const SMALL: usize = 100;

/// A search that has tried no more versions can begin anew for little: for a better order, or on the mere chance that there is an answer.
const AFFORDABLE: usize = 2000;

/// When a region may be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Splitting {
    /// Not at all.
    Never,
    /// Where requirements that hold in a part of it only are in conflict.
    ByConflicts,
    /// There, and where a newer version needs a newer Python.
    ByPython,
}

/// PubGrub's proof that nothing fits.
pub(crate) type Tree = DerivationTree<Package, Set, Unavailable>;

/// Hints at what a question will need, so that it is fetched while something else is done; the gate is not asked.
pub fn look_ahead(question: &Question<'_>, facts: &Arc<dyn Facts>) {
    let sources = Sources::new(question.manifest, question.upgrade, question.target);
    let lookahead = Lookahead::new(&Arc::new(inspector(question)), question, &sources);
    let wants = sources
        .requirements
        .iter()
        .map(|wanted| lookahead.want(&wanted.name, &wanted.extras, &wanted.bound.set))
        .collect();
    let scout: Arc<dyn Scout> = Arc::new(lookahead);
    facts.hint(wants, &scout);
}

/// The facts for a question, none of them looked at yet.
pub(crate) fn shelf<'a>(
    question: &Question<'a>,
    facts: &Arc<dyn Facts>,
    sources: &Sources,
    inspector: Arc<Inspector>,
) -> Shelf<'a> {
    Shelf::new(
        facts,
        inspector,
        question.target.region.clone(),
        Arc::clone(&sources.changes),
        question.gate,
    )
}

/// The eyes of a question.
pub(crate) fn inspector(question: &Question<'_>) -> Inspector {
    Inspector::new(
        question.target,
        question.rules.clone(),
        allowed_hashes(question.manifest, &question.target.region),
    )
}

/// What every run for a question shares.
pub(crate) struct Search<'a> {
    pub(crate) shelf: &'a Shelf<'a>,
    pub(crate) guard: &'a Guard<'a>,
    pub(crate) order: &'a Order,
    pub(crate) question: &'a Question<'a>,
    /// Versions to keep, in the order in which they are tried.
    pub(crate) keep: &'a BTreeMap<Name, Vec<Version>>,
    pub(crate) watch: &'a dyn Watch,
    /// Since the question was asked.
    pub(crate) effort: Effort,
}

/// How a search in a region ended.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each run, and it is taken apart at once"
)]
pub(crate) enum Ended {
    /// With an answer for all of it.
    Found(Found),
    /// It has to be solved in two parts: this one, and the rest.
    Split(Marker),
    /// The same; the rest, which lacks files, goes after all other regions.
    Apart(Marker),
}

/// What is left to be done about a choice.
enum LastLook {
    /// To make it anew, with what was learned.
    Again,
    /// To solve this part of the region first.
    Split(Marker),
    /// The same, and the rest, which lacks files, at last.
    Apart(Marker),
    /// Nothing.
    Fine,
}

/// What a search found.
pub(crate) enum Found {
    /// Versions that fit.
    Linked(Linked),
    /// That nothing fits.
    Nothing(Tree),
}

impl<'a> Search<'a> {
    pub(crate) fn chooser(&self) -> Chooser<'_> {
        Chooser {
            shelf: self.shelf,
            guard: self.guard,
            keep: self.keep,
            old: self.question.keep,
            order: self.order,
        }
    }

    /// Where a version stands in the order.
    pub(crate) fn placed<'v>(
        &self,
        name: &Name,
        version: &'v Version,
    ) -> Result<Placed<'v>, FactError> {
        self.chooser().placed(name, version)
    }

    /// The same search under another gate.
    pub(crate) fn under<'b>(&'b self, guard: &'b Guard<'b>) -> Search<'b>
    where
        'a: 'b,
    {
        Search {
            shelf: self.shelf,
            guard,
            order: self.order,
            question: self.question,
            keep: self.keep,
            watch: self.watch,
            effort: self.effort,
        }
    }

    /// What fits in all of the region, strict at first and then letting go of one reason to avoid after the other.
    pub(crate) fn answer(
        &self,
        sources: &Sources,
        statistics: &mut Statistics,
    ) -> Result<Found, FactError> {
        match self.work(sources, None, Splitting::Never, statistics)? {
            Ended::Found(found) => Ok(found),
            // Not asked for; to say so is no answer.
            Ended::Split(_) | Ended::Apart(_) => Err(FactError::Unlearned {
                what: "a solution for all of the region".to_owned(),
                why: "it has to be solved in parts".to_owned(),
                remedy: None,
            }),
        }
    }

    /// The same, or where the region has to be split.
    ///
    /// Of several proofs that nothing fits, versions to keep lead to another one than there would be without them: it rests on other
    /// conditions, other reasons of the gate, and other pre-releases that were left out. Where to split and what to let go must not depend on
    /// that, or a lock that is made again would have other regions than before. So `anew`, the same search without versions to keep, says it.
    pub(crate) fn answer_or_split(
        &self,
        sources: &Sources,
        anew: Option<&Search<'_>>,
        statistics: &mut Statistics,
    ) -> Result<Ended, FactError> {
        let splitting = match (&self.shelf.region, self.question.rules.fork_strategy) {
            (Region::One(_), _) => Splitting::Never,
            (Region::Many(_), ForkStrategy::Fewest) => Splitting::ByConflicts,
            (Region::Many(_), ForkStrategy::RequiresPython) => Splitting::ByPython,
        };
        self.work(sources, anew, splitting, statistics)
    }

    fn work(
        &self,
        sources: &Sources,
        anew: Option<&Search<'_>>,
        splitting: Splitting,
        statistics: &mut Statistics,
    ) -> Result<Ended, FactError> {
        let mut relaxed = Relaxed::new();
        let judge = match splitting {
            Splitting::Never => self,
            Splitting::ByConflicts | Splitting::ByPython => anew.unwrap_or(self),
        };
        loop {
            let mut ended = self.settle(sources, &relaxed, splitting, statistics)?;
            if let Some(anew) = anew
                && let Ended::Found(Found::Nothing(tree)) = &ended
                && (splitting != Splitting::Never || self.mildest(tree, &relaxed)?.is_some())
            {
                // Which reason is let go must not depend on what is kept either.
                // A newer version that needs a newer Python is no reason to split where an older one is kept.
                let splitting = match splitting {
                    Splitting::Never => Splitting::Never,
                    Splitting::ByConflicts | Splitting::ByPython => Splitting::ByConflicts,
                };
                ended = anew.settle(sources, &relaxed, splitting, statistics)?;
            }
            let tree = match ended {
                Ended::Found(Found::Nothing(tree)) => tree,
                ended @ (Ended::Found(Found::Linked(_)) | Ended::Split(_) | Ended::Apart(_)) => {
                    return Ok(ended);
                }
            };
            if splitting != Splitting::Never
                && let Some(part) = split::by_conflict(judge, sources, &tree)?
            {
                return Ok(Ended::Split(part));
            }
            if splitting != Splitting::Never
                && statistics.may_have_missed
                && let Some(part) = split::by_anything(judge, sources)?
            {
                return Ok(Ended::Split(part));
            }
            match judge.mildest(&tree, &relaxed)? {
                Some(reason) => {
                    relaxed.insert(reason);
                    statistics.relaxed += 1;
                }
                None if statistics.may_have_missed => {
                    // Nothing that the proof names is left to let go; what it does not name may still be in the way.
                    let answer = judge.exhaust_without_reasons(sources)?;
                    return Ok(Ended::Found(match answer {
                        Some(linked) => Found::Linked(linked),
                        None => Found::Nothing(tree),
                    }));
                }
                None => return Ok(Ended::Found(Found::Nothing(tree))),
            }
        }
    }

    /// Runs PubGrub until what it finds stands.
    fn settle(
        &self,
        sources: &Sources,
        relaxed: &Relaxed,
        splitting: Splitting,
        statistics: &mut Statistics,
    ) -> Result<Ended, FactError> {
        let chooser = self.chooser();
        let learned = RefCell::new(Learned::default());
        let lookahead = Lookahead::new(&self.shelf.inspector, self.question, sources);
        let lookahead = Arc::new(lookahead);
        let scout: Arc<dyn Scout> = Arc::clone(&lookahead) as Arc<dyn Scout>;
        let (mut restarts, mut reorders) = (0, 0);
        let mut hasty_answer = None;
        let found = loop {
            let provider = Provider {
                chooser: &chooser,
                sources,
                relaxed,
                lookahead: &lookahead,
                scout: &scout,
                watch: self.watch,
                effort: self.effort,
                learned: &learned,
                splits_by_python: splitting == Splitting::ByPython,
                may_reorder: reorders < most_reorders(learned.borrow().tried),
                run: RefCell::new(Run::default()),
            };
            let stop = match pubgrub::resolve(&provider, Package::Root, root_version()) {
                Ok(selected) => {
                    let linked = link(self.shelf, sources, &projects(selected.iter()), None)?;
                    let Grounds { groundless, apart } = grounds(self.shelf, sources, &linked)?;
                    if let Some(part) = apart
                        && splitting != Splitting::Never
                    {
                        break Ended::Split(part);
                    }
                    if restarts >= MOST_RESTARTS {
                        break Ended::Found(Found::Linked(linked));
                    }
                    if !groundless.is_empty() {
                        learned.borrow_mut().groundless.extend(groundless);
                        restarts += 1;
                        continue;
                    }
                    let (linked, hasty) = Hindsight {
                        search: self,
                        sources,
                        relaxed,
                        learned: &learned.borrow(),
                    }
                    .on(linked)?;
                    if hasty.is_empty() {
                        match self.last_look(&provider, &linked, splitting)? {
                            LastLook::Again => {}
                            LastLook::Split(part) => break Ended::Split(part),
                            LastLook::Apart(part) => break Ended::Apart(part),
                            LastLook::Fine => break Ended::Found(Found::Linked(linked)),
                        }
                        continue;
                    }
                    learned.borrow_mut().late.extend(hasty);
                    restarts += 1;
                    hasty_answer = Some(linked);
                    continue;
                }
                Err(PubGrubError::NoSolution(tree)) => {
                    let doubts = doubts(&chooser, &tree, relaxed, &learned.borrow())?;
                    let mut learned = learned.borrow_mut();
                    let is_wiser = doubts.are_worth_a_run(restarts, &learned);
                    if is_wiser && restarts < MOST_RESTARTS {
                        learned.late.extend(doubts.hid);
                        restarts += 1;
                        continue;
                    }
                    // An answer that could be better is still one.
                    let mut answer = hasty_answer.take();
                    statistics.may_have_missed = !doubts.hid.is_empty() && learned.tried <= SMALL;
                    if answer.is_none() && statistics.may_have_missed {
                        answer = exhaust(self, sources, relaxed)?;
                    }
                    let Some(linked) = answer else {
                        break Ended::Found(Found::Nothing(tree));
                    };
                    break self.unless_split(sources, linked, splitting, &learned.fileless)?;
                }
                Err(
                    PubGrubError::ErrorRetrievingDependencies { source, .. }
                    | PubGrubError::ErrorChoosingVersion { source, .. }
                    | PubGrubError::ErrorInShouldCancel(source),
                ) => source,
            };
            match stop {
                Stop::Fact(error) => return Err(error),
                Stop::Split(part) => break Ended::Split(part),
                Stop::Cancelled => return Err(cancelled()),
                Stop::GaveUp(limit) => return Err(gave_up(limit)),
                Stop::Reorder { early, behind } => {
                    learned.borrow_mut().reorder(early, behind);
                    reorders += 1;
                }
            }
        };
        statistics.tried += learned.borrow().tried;
        statistics.restarts += restarts;
        statistics.reorders += reorders;
        Ok(found)
    }

    /// What is left to be done about a choice: newer Pythons that were missed, and files that are missing. What was not known of these when
    /// it was made is worth another run.
    fn last_look(
        &self,
        provider: &Provider<'_>,
        linked: &Linked,
        splitting: Splitting,
    ) -> Result<LastLook, FactError> {
        if let Some(part) = provider.missed_part(linked)? {
            return Ok(LastLook::Split(part));
        }
        if splitting == Splitting::Never {
            return Ok(LastLook::Fine);
        }
        let learned = provider.learned;
        let gaps = gaps(self, provider.sources, linked, &learned.borrow().fileless)?;
        if !gaps.fileless.is_empty() && learned.borrow().fileless.len() < MOST_RESTARTS {
            learned.borrow_mut().fileless.extend(gaps.fileless);
            return Ok(LastLook::Again);
        }
        Ok(match gaps.part {
            None => LastLook::Fine,
            Some((part, Rest::Next)) => LastLook::Split(part),
            Some((part, Rest::Last)) => LastLook::Apart(part),
        })
    }

    /// An answer that no further run is made for, or where to split the region for want of files in it.
    fn unless_split(
        &self,
        sources: &Sources,
        linked: Linked,
        splitting: Splitting,
        fileless: &BTreeSet<(Name, Version)>,
    ) -> Result<Ended, FactError> {
        let mut part = None;
        if splitting != Splitting::Never {
            let mut fileless = fileless.clone();
            loop {
                let gaps = gaps(self, sources, &linked, &fileless)?;
                part = gaps.part;
                if gaps.fileless.is_empty() {
                    break;
                }
                fileless.extend(gaps.fileless);
            }
        }
        Ok(match part {
            None => Ended::Found(Found::Linked(linked)),
            Some((part, Rest::Next)) => Ended::Split(part),
            Some((part, Rest::Last)) => Ended::Apart(part),
        })
    }

    /// What fits if all reasons to avoid are let go, those included that come up on the way.
    fn exhaust_without_reasons(&self, sources: &Sources) -> Result<Option<Linked>, FactError> {
        let mut reasons = self.all_reasons()?;
        loop {
            if let Some(linked) = exhaust(self, sources, &reasons)? {
                return Ok(Some(linked));
            }
            let known = self.all_reasons()?;
            if known == reasons {
                return Ok(None);
            }
            reasons = known;
        }
    }

    /// All reasons to avoid versions of the projects that were looked at.
    fn all_reasons(&self) -> Result<Relaxed, FactError> {
        let mut reasons = Relaxed::new();
        for project in self.shelf.known_projects() {
            let name = project.view.name();
            for index in 0..project.view.len() {
                let version = project.view.version(index);
                if let Verdict::Avoid(reason) = self.guard.verdict(name, version)? {
                    reasons.insert((level_of(&reason), name.clone()));
                }
            }
        }
        Ok(reasons)
    }

    /// The mildest reason to avoid that a proof names and that is still in force.
    fn mildest(
        &self,
        tree: &Tree,
        relaxed: &Relaxed,
    ) -> Result<Option<(lockgate_model::Level, Name)>, FactError> {
        let mut named = Relaxed::new();
        for (name, range) in conflict::dead_ends(tree) {
            let Some(affected) = self.guard.affected(name)? else {
                continue;
            };
            let Some(project) = self.shelf.project(name)? else {
                continue;
            };
            let range = range.intersection(&affected);
            for index in crate::release::span(&*project.view, &range) {
                let version = project.view.version(index);
                if range.contains(version)
                    && let Verdict::Avoid(reason) = self.guard.verdict(name, version)?
                {
                    named.insert((level_of(&reason), name.clone()));
                }
            }
        }
        Ok(named.into_iter().find(|reason| !relaxed.contains(reason)))
    }
}

fn cancelled() -> FactError {
    FactError::Unlearned {
        what: "a solution".to_owned(),
        why: "cancelled".to_owned(),
        remedy: None,
    }
}

/// That a question was given up after so many steps.
fn gave_up(limit: u64) -> FactError {
    FactError::Unlearned {
        what: "whether the requirements can be satisfied together".to_owned(),
        why: format!("the search gave up after {limit} steps"),
        remedy: Some(format!(
            "pin or constrain some of the packages, or allow more with `{MAX_STEPS_VARIABLE}={}`",
            limit.saturating_mul(10)
        )),
    }
}

/// What a proof rests on that pre-releases and yanked releases may refute.
#[derive(Debug, Default)]
struct Doubts {
    /// Whether a version can be chosen, under the bounds that were learned since, where the proof says that none can.
    admits: bool,
    /// The projects of which something was left out there that other bounds may admit.
    hid: BTreeSet<Name>,
    /// Those of them of which the bounds that were met could admit it.
    admissible: BTreeSet<Name>,
}

impl Doubts {
    /// Whether to begin anew, after so many times.
    fn are_worth_a_run(&self, restarts: usize, learned: &Learned) -> bool {
        // What was not met may admit something, too: where that does not take long it is looked for, once.
        let doubtful = match restarts {
            0 if learned.tried <= AFFORDABLE => &self.hid,
            _ => &self.admissible,
        };
        self.admits || !doubtful.is_subset(&learned.late)
    }
}

/// How often conflicts may reorder a search that has tried so many versions.
fn most_reorders(tried: usize) -> usize {
    if tried <= AFFORDABLE {
        MOST_EARLY_REORDERS
    } else {
        MOST_REORDERS
    }
}

/// Whether a proof stands: a range without a version is a fact only if no bound can let a pre-release or a yanked release in.
fn doubts(
    chooser: &Chooser<'_>,
    tree: &Tree,
    relaxed: &Relaxed,
    learned: &Learned,
) -> Result<Doubts, FactError> {
    let known = Known {
        bounds: &learned.bounds,
        relaxed,
        groundless: &learned.groundless,
        fileless: &learned.fileless,
        asked: None,
    };
    let mut doubts = Doubts::default();
    for (name, range) in conflict::dead_ends(tree) {
        let choice = chooser.choose(name, range, &known)?;
        doubts.admits |= choice.version.is_some();
        if choice.hid && doubts.hid.insert(name.clone()) && chooser.may_admit_more(name, &known)? {
            doubts.admissible.insert(name.clone());
        }
    }
    Ok(doubts)
}

/// The versions of projects in PubGrub's selection.
fn projects<'s>(
    selected: impl Iterator<Item = (&'s Package, &'s Version)>,
) -> BTreeMap<Name, Version> {
    selected
        .filter_map(|(package, version)| match package {
            Package::Project(name) => Some((name.clone(), version.clone())),
            Package::Root | Package::Extra(..) | Package::Guarded(..) => None,
        })
        .collect()
}

/// Whether an external reason says that no version of a range can be chosen.
pub(crate) fn as_dead_end(
    external: &External<Package, Set, Unavailable>,
) -> Option<(&Package, &Set)> {
    match external {
        External::NoVersions(package, set) => Some((package, set)),
        External::NotRoot(..) | External::FromDependencyOf(..) | External::Custom(..) => None,
    }
}
