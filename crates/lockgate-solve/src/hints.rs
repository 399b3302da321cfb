//! What to do about a conflict: which of the gate's refusals it comes from, and which changes make a solution possible.
//!
//! Nothing here is guessed. A refusal is a denied pin of the solution that there would be without the gate; a bound is offered
//! only after solving with exactly that bound under the gate. The number of solves is bounded, and they work on facts that are
//! mostly known. What cannot be learned on the way is not offered, and leaves the answer as it is.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lockgate_model::{
    Advisory, BoundChange, ConflictNote, Edge, Fact, FactError, GateRefusal, Level, Name, OpenGate,
    Requirement, Rule, Source, Specifiers, Verdict, Version, Via, WayOut, Why,
};

use crate::bounds::Bound;
use crate::graph::Linked;
use crate::question::{Statistics, Watch};
use crate::search::{Found, Search, Tree, shelf};
use crate::shelf::Guard;
use crate::sources::{Role, Sources, Wanted};

/// How many direct requirements are tried: each alone with at most two solves, or all together with at most one more for each.
const MOST_TRIALS: usize = 6;

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

/// Where a conflict comes from.
pub(crate) enum Blame {
    /// The requirements, by all that is known.
    Requirements,
    /// The requirements: without the gate nothing fits either, for this reason.
    RequirementsAnyway(Tree),
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
        Ok(Found::Nothing(tree)) => return Ok(Blame::RequirementsAnyway(tree)),
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
    let relaxations = relaxations(search, sources, facts, &ungated, &refusals);
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
        let (facts, inspector) = (search.shelf.facts, &search.shelf.inspector);
        other = shelf(search.question, facts, sources, Arc::clone(inspector));
        trial.shelf = &other;
    }
    trial.answer(sources, &mut Statistics::default())
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

/// Direct requirements or constraints with other bounds, under which there is a solution.
struct Relaxation {
    changes: Vec<BoundChange>,
    versions: BTreeMap<Name, Version>,
}

/// The bounds that can be relaxed, smallest change first: fewest pins other than without the gate. Where no single one helps, a
/// smallest set of them that does.
fn relaxations(
    search: &Search<'_>,
    sources: &Sources,
    facts: &[Fact],
    ungated: &Linked,
    refusals: &[GateRefusal],
) -> Vec<Relaxation> {
    let named: BTreeSet<&Name> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Root { name, .. } => Some(name),
            Fact::Requires { to, overridden, .. } => overridden.as_ref().map(|_| &to.0),
            Fact::NoVersion { .. } | Fact::Absent { .. } => None,
        })
        .chain(refusals.iter().map(|refusal| &refusal.name))
        .collect();
    let bounded: Vec<&Wanted> = sources
        .requirements
        .iter()
        .filter(|wanted| wanted.role != Role::Override)
        .chain(&sources.constraints)
        .chain(sources.changes.all())
        .filter(|wanted| {
            wanted.place.is_some() && named.contains(&wanted.name) && !wanted.bound.set.is_full()
        })
        .take(MOST_TRIALS)
        .collect();
    let mut relaxations: Vec<Relaxation> = bounded
        .iter()
        .filter_map(|wanted| relax(search, sources, &[*wanted]))
        .collect();
    if relaxations.is_empty() && bounded.len() > 1 {
        relaxations.extend(relax_together(search, sources, bounded));
    }
    relaxations.sort_by_cached_key(|relaxation| {
        ungated
            .versions
            .iter()
            .filter(|(name, version)| relaxation.versions.get(name) != Some(version))
            .count()
    });
    relaxations
}

/// Relaxes all bounds, then takes back each that need not be.
fn relax_together(
    search: &Search<'_>,
    sources: &Sources,
    mut bounded: Vec<&Wanted>,
) -> Option<Relaxation> {
    let works =
        |bounded: &[&Wanted]| attempt(search, &with_bounds(sources, bounded, None)).is_some();
    if !works(&bounded) {
        return None;
    }
    let mut place = 0;
    while place < bounded.len() {
        let mut fewer = bounded.clone();
        fewer.remove(place);
        if works(&fewer) {
            bounded = fewer;
        } else {
            place += 1;
        }
    }
    relax(search, sources, &bounded)
}

/// Solves without the bounds, then with the shortest bounds that name what was found.
fn relax(search: &Search<'_>, sources: &Sources, bounded: &[&Wanted]) -> Option<Relaxation> {
    let free = attempt(search, &with_bounds(sources, bounded, None))?;
    let specifiers: Vec<Specifiers> = bounded
        .iter()
        .map(|wanted| {
            let chosen = free.versions.get(&wanted.name)?;
            // The bound on the side from which versions are tried takes what was found again.
            let (set, is_lowest_first) = (
                &wanted.bound.set,
                search.order.is_lowest_first(&wanted.name),
            );
            let operator = match is_lowest_first {
                _ if wanted.bound.is_exact => "==",
                false if set.is_above(chosen) || !set.is_below(chosen) => "<=",
                true if !set.is_below(chosen) && set.is_above(chosen) => "<=",
                false | true => ">=",
            };
            format!("{operator}{chosen}").parse().ok()
        })
        .collect::<Option<_>>()?;
    let found = attempt(search, &with_bounds(sources, bounded, Some(&specifiers)))?;
    let changes = bounded.iter().zip(specifiers).map(|(wanted, specifiers)| {
        let to = Requirement {
            source: Source::Index(specifiers),
            ..wanted.requirement.clone()
        };
        BoundChange {
            requirement: wanted.requirement.to_string(),
            origin: wanted.origin.clone(),
            to: to.to_string(),
        }
    });
    Some(Relaxation {
        changes: changes.collect(),
        versions: found.versions,
    })
}

/// The sources with other bounds on some requirements, or with none on them.
fn with_bounds(
    sources: &Sources,
    bounded: &[&Wanted],
    specifiers: Option<&[Specifiers]>,
) -> Sources {
    let mut sources = sources.clone();
    for (index, wanted) in bounded.iter().enumerate() {
        let bound = match specifiers.and_then(|specifiers| specifiers.get(index)) {
            Some(specifiers) => Bound::of(specifiers),
            None => Bound::of(&Specifiers::any()),
        };
        let (requirements, constraints) = (&mut sources.requirements, &mut sources.constraints);
        for changed in requirements.iter_mut().chain(constraints) {
            if changed.role == wanted.role && changed.place == wanted.place {
                changed.bound = bound.clone();
            }
        }
        if wanted.role == Role::Override {
            Arc::make_mut(&mut sources.changes).rebind(wanted.place, &bound);
        }
    }
    sources
}

/// What else is worth knowing: versions that exist and are not offered by themselves.
pub(crate) fn notes(search: &Search<'_>, facts: &[Fact]) -> Vec<ConflictNote> {
    let mut notes: BTreeMap<(&Name, u8), ConflictNote> = BTreeMap::new();
    for fact in facts {
        let Fact::NoVersion { name, excluded, .. } = fact else {
            continue;
        };
        if let Some(direct) = search.shelf.direct(name) {
            let note = ConflictNote::Direct {
                name: name.clone(),
                version: direct.metadata.version.clone(),
                reference: direct.reference.to_string(),
            };
            notes.insert((name, 6), note);
        }
        for exclusion in excluded {
            let Some(newest) = exclusion.versions.first().cloned() else {
                continue;
            };
            let (order, note) = match &exclusion.why {
                Why::Prerelease => (
                    0,
                    ConflictNote::PrereleasesExist {
                        name: name.clone(),
                        newest,
                    },
                ),
                Why::Yanked(_) => (
                    1,
                    ConflictNote::YankedExists {
                        name: name.clone(),
                        newest,
                    },
                ),
                Why::NeedsBuild(_) => (2, ConflictNote::NeedsBuild { name: name.clone() }),
                Why::Cutoff => (3, ConflictNote::CutoffHides { name: name.clone() }),
                Why::Cooldown => (4, ConflictNote::CooldownHides { name: name.clone() }),
                Why::NoUploadTime => (5, ConflictNote::Undated { name: name.clone() }),
                Why::Gate(_)
                | Why::Quarantined(_)
                | Why::Python { .. }
                | Why::NoWheel
                | Why::Format(_)
                | Why::Metadata(_)
                | Why::Unreadable(_)
                | Why::Hash => continue,
            };
            notes.entry((name, order)).or_insert(note);
        }
    }
    notes.into_values().collect()
}
