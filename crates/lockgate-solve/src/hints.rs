//! What to do about a conflict: which of the gate's refusals it comes from, and which changes make a solution possible.
//!
//! Nothing here is guessed. A refusal is a denied pin of the solution that there would be without the gate; a bound is offered
//! only after solving with exactly that bound under the gate. The number of solves is bounded, and they work on facts that are
//! mostly known. What cannot be learned on the way is not offered, and leaves the answer as it is.

mod notes;
mod options;
mod relax;
mod sparing;

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lockgate_model::{
    Advisory, ChoiceRules, Edge, Fact, FactError, Facts, GateRefusal, Level, Name, OpenGate, Rule,
    Scout, Target, Verdict, Version, VersionSet, Via, WayOut, Why,
};

pub(crate) use self::notes::{is_answered, notes};
use self::sparing::{Read, Sparing};
use crate::graph::Linked;
use crate::order::Order;
use crate::prefetch::Lookahead;
use crate::question::{Question, Statistics, Watch};
use crate::release::Inspector;
use crate::search::{Found, Search, Tree, inspector, shelf};
use crate::shelf::Guard;
use crate::sources::Sources;

/// How many versions one trial may try: a way out that is hard to find is not worth the wait for the refusal.
const MOST_TRIED: usize = 3000;

/// Watches a trial: it is cancelled when its budget is used up.
struct Budget<'w> {
    watch: &'w dyn Watch,
    is_spent: AtomicBool,
}

impl Watch for Budget<'_> {
    fn progress(&self, decided: usize, tried: usize) {
        if tried > MOST_TRIED {
            self.is_spent.store(true, Ordering::Relaxed);
        }
        self.watch.progress(decided, tried);
    }

    fn cancelled(&self) -> bool {
        self.is_spent.load(Ordering::Relaxed) || self.watch.cancelled()
    }
}

/// How many versions one of the trials for a conflict of the requirements may try: as many as a graph of two hundred and fifty pins takes, with
/// some that are tried in vain.
const MOST_TRIED_EACH: usize = 300;

/// How many versions all trials for a conflict of the requirements may try together. To try one that is known takes a tenth of a millisecond;
/// what is not known has a budget of its own ([`sparing`]).
const MOST_TRIED_IN_ALL: usize = 600;

/// Watches several trials: no more are made when what they may try together is used up.
struct Allowance<'w> {
    watch: &'w dyn Watch,
    /// What the trials before the running one tried, and what that has tried.
    spent: Cell<(usize, usize)>,
}

impl Watch for Allowance<'_> {
    fn progress(&self, decided: usize, tried: usize) {
        let (before, last) = self.spent.get();
        let before = if tried < last { before + last } else { before };
        self.spent.set((before, tried));
        self.watch.progress(decided, tried);
    }

    fn cancelled(&self) -> bool {
        let (before, last) = self.spent.get();
        last > MOST_TRIED_EACH || before + last > MOST_TRIED_IN_ALL || self.watch.cancelled()
    }
}

/// Where a conflict comes from.
pub(crate) enum Blame {
    /// The requirements, by all that is known.
    Requirements,
    /// The requirements: without the gate nothing fits either, for this reason.
    RequirementsAnyway(Box<Tree>),
    /// The gate, which refused these, most severe first.
    Gate(Vec<GateRefusal>),
}

/// Finds out where a conflict comes from.
pub(crate) fn blame(
    search: &Search<'_>,
    sources: &Sources,
    facts: &[Fact],
) -> Result<Blame, FactError> {
    if !is_of_the_gate(search, facts)? {
        return Ok(Blame::Requirements);
    }
    let open = Guard::new(&OpenGate);
    let found = trial(&search.under(&open), sources);
    let ungated = match found {
        Ok(Found::Linked(linked)) => linked,
        Ok(Found::Nothing(tree)) => return Ok(Blame::RequirementsAnyway(Box::new(tree))),
        Err(_) => return Ok(Blame::Requirements),
    };
    let mut refusals = Vec::new();
    for (name, version) in &ungated.versions {
        let Some((advisories, is_final)) = denial(search, name, version)? else {
            continue;
        };
        let mut ways_out = Vec::new();
        if !is_final {
            ways_out.push(WayOut::Ignore {
                ids: advisories
                    .iter()
                    .map(|advisory| advisory.id.clone())
                    .collect(),
                name: name.clone(),
            });
        }
        refusals.push(GateRefusal {
            name: name.clone(),
            version: version.clone(),
            advisories,
            is_final,
            chain: chain(&ungated, name),
            ways_out,
        });
    }
    let relaxations = relax::under_the_gate(search, sources, facts, &ungated, &refusals);
    for refusal in &mut refusals {
        let ways = relaxations.iter().map(|relaxation| WayOut::Relax {
            changes: relaxation.changes.clone(),
            gives: relaxation.versions.get(&refusal.name).cloned(),
        });
        refusal.ways_out.splice(0..0, ways);
    }
    refusals.sort_by_key(|refusal| std::cmp::Reverse(severity(&refusal.advisories)));
    Ok(Blame::Gate(refusals))
}

/// What makes a solution possible where the requirements conflict by themselves: options first, then bounds. Another Python is tried last:
/// it is another question, and takes the most.
pub(crate) fn ways_out(
    search: &Search<'_>,
    sources: &Sources,
    facts: &[Fact],
) -> Result<Vec<WayOut>, FactError> {
    let read = Read {
        projects: search.shelf.read_names(),
        files: search.shelf.read_files()?,
    };
    let allowance = Allowance {
        watch: search.watch,
        spent: Cell::new((0, 0)),
    };
    let spare = Arc::new(Sparing::new(&search.shelf.facts, read));
    let sparing: Arc<dyn Facts> = Arc::clone(&spare) as Arc<dyn Facts>;
    let inspector = Arc::clone(&search.shelf.inspector);
    let search = &Search {
        shelf: &shelf(search.question, &sparing, sources, inspector),
        watch: &allowance,
        ..*search
    };
    let mut ways = Vec::new();
    for option in options::options(search, sources, facts) {
        spare.found_one();
        ways.push(WayOut::Option(option));
    }
    let options = ways.len();
    let relaxed = relax::of_the_requirements(search, sources, facts, || spare.found_one());
    let yanked = yanked(facts)
        .into_iter()
        .filter_map(|(name, version)| relax::exactly(search, sources, name, version));
    for relaxation in relaxed.into_iter().chain(yanked) {
        spare.found_one();
        ways.push(WayOut::Relax {
            gives: relaxation.first_changed(),
            changes: relaxation.changes,
        });
    }
    if options < options::MOST_OFFERED
        && let Some(python) = options::python(search, sources, facts)
    {
        ways.insert(0, WayOut::Option(python));
    }
    Ok(ways)
}

/// The newest yanked version of each project of which a proof excludes some.
fn yanked(facts: &[Fact]) -> BTreeMap<&Name, &Version> {
    let mut yanked = BTreeMap::new();
    for fact in facts {
        let Fact::NoVersion { name, excluded, .. } = fact else {
            continue;
        };
        for exclusion in excluded {
            if let (Why::Yanked(_), Some(newest)) = (&exclusion.why, exclusion.versions.first()) {
                let known = yanked.entry(name).or_insert(newest);
                *known = std::cmp::max(*known, newest);
            }
        }
    }
    yanked
}

/// Whether the gate speaks against a version that a proof excludes, be it that something else does as well.
fn is_of_the_gate(search: &Search<'_>, facts: &[Fact]) -> Result<bool, FactError> {
    for fact in facts {
        let Fact::NoVersion { name, excluded, .. } = fact else {
            continue;
        };
        for exclusion in excluded {
            if matches!(exclusion.why, Why::Gate(_) | Why::Quarantined(_)) {
                return Ok(true);
            }
            for version in &exclusion.versions {
                if search.guard.verdict(name, version)? != Verdict::Clear {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

fn attempt(search: &Search<'_>, sources: &Sources) -> Option<Linked> {
    match trial(search, sources) {
        Ok(Found::Linked(linked)) => Some(linked),
        Ok(Found::Nothing(_)) | Err(_) => None,
    }
}

/// One solve within the budget.
fn trial(search: &Search<'_>, sources: &Sources) -> Result<Found, FactError> {
    let budget = Budget {
        watch: search.watch,
        is_spent: AtomicBool::new(false),
    };
    let mut trial = Search {
        watch: &budget,
        ..*search
    };
    // What releases ask for is kept with the overrides applied: other overrides need another look.
    let other;
    if !Arc::ptr_eq(&sources.changes, &search.shelf.changes) {
        let (facts, inspector) = (&search.shelf.facts, &search.shelf.inspector);
        other = shelf(search.question, facts, sources, Arc::clone(inspector));
        trial.shelf = &other;
    }
    trial.answer(sources, &mut Statistics::default())
}

/// One solve within the budget under other rules or for another target.
fn attempt_under(
    search: &Search<'_>,
    sources: &Sources,
    rules: &ChoiceRules,
    target: &Target,
) -> Option<Linked> {
    let question = Question {
        target,
        rules,
        ..*search.question
    };
    let inspector = inspector_after(search.question.rules, &question);
    let shelf = shelf(&question, &search.shelf.facts, sources, inspector);
    let order = Order::new(rules, sources);
    let other = Search {
        shelf: &shelf,
        guard: search.guard,
        order: &order,
        question: &question,
        keep: search.keep,
        watch: search.watch,
        effort: search.effort,
    };
    attempt(&other, sources)
}

/// The eyes of a question under whose rules more may have been uploaded than under those before: that goes after everything else. Then a
/// graph has little in it that the search has not fetched; and where there is one with it, there is one.
fn inspector_after(before: &ChoiceRules, question: &Question<'_>) -> Arc<Inspector> {
    let rules = question.rules;
    let limits = [
        (before.cutoff, rules.cutoff),
        (before.cooldown, rules.cooldown),
    ];
    let former = limits.into_iter().find(|(before, now)| before != now);
    let former = former.and_then(|(before, _)| before);
    Arc::new(inspector(question).with_last(former))
}

/// Hints at versions that a trial under other rules will come to.
fn hint_under(
    search: &Search<'_>,
    sources: &Sources,
    rules: &ChoiceRules,
    versions: &[(&Name, VersionSet)],
) {
    let question = Question {
        rules,
        ..*search.question
    };
    let inspector = inspector_after(search.question.rules, &question);
    let lookahead = Lookahead::new(&inspector, &question, sources);
    let wants = versions
        .iter()
        .map(|(name, versions)| lookahead.want(name, &[], versions))
        .collect();
    let scout: Arc<dyn Scout> = Arc::new(lookahead);
    search.shelf.facts.hint(wants, &scout);
}

fn severity(advisories: &[Arc<Advisory>]) -> Level {
    let level = |advisory: &Arc<Advisory>| advisory.severity.as_ref().map(|known| known.level);
    advisories
        .iter()
        .map(|advisory| level(advisory).unwrap_or(Level::High))
        .max()
        .unwrap_or(Level::Critical)
}

/// The advisories behind a denial, worst first, and whether no ignore entry can help.
type Denial = (Vec<Arc<Advisory>>, bool);

/// The denial of a version, if there is one.
fn denial(
    search: &Search<'_>,
    name: &Name,
    version: &Version,
) -> Result<Option<Denial>, FactError> {
    let by_status = match search.shelf.project(name)? {
        Some(project) => search.guard.project_verdict(&project),
        None => Verdict::Clear,
    };
    let verdict = search.guard.verdict(name, version)?;
    let reason = match (by_status, verdict) {
        (Verdict::Deny(reason), _) | (_, Verdict::Deny(reason)) => reason,
        (Verdict::Clear | Verdict::Avoid(_), Verdict::Clear | Verdict::Avoid(_)) => {
            return Ok(None);
        }
    };
    let mut advisories = reason.advisories.clone();
    advisories.sort_by_key(|advisory| std::cmp::Reverse(severity(std::slice::from_ref(advisory))));
    let is_final = match reason.rule {
        Rule::Malicious | Rule::Quarantined(_) => true,
        Rule::Mode { .. } => false,
    };
    Ok(Some((advisories, is_final)))
}

/// The shortest way from a source to a pin, as texts.
fn chain(linked: &Linked, to: &Name) -> Vec<String> {
    let mut reached: BTreeMap<&Name, (Option<&Name>, String)> = BTreeMap::new();
    let mut waiting = VecDeque::new();
    for edge in &linked.edges {
        if let Via::Source(origin) = &edge.from
            && edge.from.asks()
            && !reached.contains_key(&edge.to)
        {
            let text = format!(
                "{} ({origin}){}",
                edge.requirement,
                overridden(linked, edge)
            );
            reached.insert(&edge.to, (None, text));
            waiting.push_back(&edge.to);
        }
    }
    while let Some(from) = waiting.pop_front() {
        let Some(version) = linked.versions.get(from) else {
            continue;
        };
        for edge in &linked.edges {
            if edge.from == Via::Pin(from.clone()) && !reached.contains_key(&edge.to) {
                let text = format!(
                    "{from} {version} requires {}{}",
                    edge.requirement,
                    overridden(linked, edge)
                );
                reached.insert(&edge.to, (Some(from), text));
                waiting.push_back(&edge.to);
            }
        }
    }
    let mut chain = Vec::new();
    let mut at = Some(to);
    while let Some((from, text)) = at.and_then(|name| reached.get(name)) {
        chain.push(text.clone());
        at = *from;
    }
    chain.reverse();
    chain
}

/// Where the override stands that an edge's requirement comes from, as an addition to its text; empty if it comes from none.
fn overridden(linked: &Linked, edge: &Edge) -> String {
    let mut sources = linked
        .edges
        .iter()
        .filter(|other| other.to == edge.to && other.requirement == edge.requirement)
        .filter_map(|other| match &other.from {
            Via::Source(origin) if origin.is_override() => Some(origin),
            Via::Source(_) | Via::Pin(_) => None,
        });
    sources
        .next()
        .map(|origin| format!(", as {origin} overrides it"))
        .unwrap_or_default()
}
