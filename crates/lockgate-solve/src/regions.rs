//! From a question to an answer: the target's region, solved as a whole or in parts, and the parts put together.
//!
//! One machine is one region that never splits. A larger one is split where that has to be (`split`), the parts are solved one after the
//! other, and what one part has chosen is what the next ones try first.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_model::{
    ConflictNote, FactError, Facts, LockedGraph, Marker, Name, Note, Pin, Region, Scope, Target,
    Verdict, Version,
};

use crate::conditions;
use crate::conflict;
use crate::coverage::Rest;
use crate::effort::Effort;
use crate::graph::{Linked, graph};
use crate::notes;
use crate::order::Order;
use crate::question::{Accepted, Answer, Question, Solution, Statistics, Watch};
use crate::search::{Ended, Found, Search, inspector, shelf};
use crate::shelf::Guard;
use crate::sources::Sources;

/// A lock of more regions than this helps nobody.
const MOST_REGIONS: usize = 256;

/// The solution of one region.
struct Part {
    target: Target,
    graph: LockedGraph,
    accepted: Vec<Accepted>,
}

/// How a region ended.
enum Outcome {
    Solved(Box<Part>),
    Split(Marker, Rest),
    Impossible(Answer),
}

/// Answers a question. An error means that something could not be learned, or that the watch cancelled.
pub fn solve(
    question: &Question<'_>,
    facts: &Arc<dyn Facts>,
    watch: &dyn Watch,
) -> Result<Answer, FactError> {
    let effort = Effort::begin();
    let mut statistics = Statistics::default();
    let mut waiting = beginning(question);
    waiting.reverse();
    let mut parts: Vec<Part> = Vec::new();
    let mut chosen: BTreeMap<Name, Vec<Version>> = BTreeMap::new();
    while let Some(target) = waiting.pop() {
        let of_region = Question {
            target: &target,
            ..*question
        };
        match in_region(&of_region, facts, &chosen, watch, effort, &mut statistics)? {
            Outcome::Solved(part) => {
                for pin in part.graph.pins.iter() {
                    let versions = chosen.entry(pin.name.clone()).or_default();
                    if !versions.contains(&pin.version) {
                        versions.push(pin.version.clone());
                    }
                }
                parts.push(*part);
            }
            Outcome::Split(part, rest) => {
                match (target.part(&part.not()), rest) {
                    (Some(other), Rest::Last) => waiting.insert(0, other),
                    (other, _) => waiting.extend(other),
                }
                // Solved first, so it goes on top.
                waiting.extend(target.part(&part));
                if parts.len() + waiting.len() > MOST_REGIONS {
                    return Err(FactError::Unlearned {
                        what: "a solution for all environments".to_owned(),
                        why: format!("it would take more than {MOST_REGIONS} regions"),
                        remedy: None,
                    });
                }
            }
            Outcome::Impossible(answer) => return Ok(answer),
        }
    }
    Ok(Answer::Locked(together(question.target, parts, statistics)))
}

/// The regions to begin with: those of the lock that is there, and what they leave of the target.
fn beginning(question: &Question<'_>) -> Vec<Target> {
    let target = question.target;
    if target.region.machine().is_some() {
        return vec![target.clone()];
    }
    let mut regions = Vec::new();
    let mut rest = Marker::always();
    for region in &question.keep.regions {
        regions.extend(target.part(&region.and(&rest)));
        rest = rest.and(&region.not());
    }
    regions.extend(target.part(&rest));
    regions
}

fn in_region(
    question: &Question<'_>,
    facts: &Arc<dyn Facts>,
    chosen: &BTreeMap<Name, Vec<Version>>,
    watch: &dyn Watch,
    effort: Effort,
    statistics: &mut Statistics,
) -> Result<Outcome, FactError> {
    let sources = Sources::new(question.manifest, question.upgrade, question.target);
    let conditions = sources.requirements.iter().chain(&sources.constraints);
    let conditions: Vec<_> = conditions
        .map(|wanted| (&wanted.name, &wanted.marker))
        .collect();
    if let Some(name) = conditions::over(conditions.into_iter()) {
        return Err(FactError::Unlearned {
            what: "the sources".to_owned(),
            why: conditions::too_many(name),
            remedy: None,
        });
    }
    let inspector = Arc::new(inspector(question));
    let new_shelf = || shelf(question, facts, &sources, Arc::clone(&inspector));
    let (shelf, shelf_anew) = (new_shelf(), new_shelf());
    let guard = Guard::new(question.gate);
    let order = Order::new(question.rules, &sources);
    let mut keep = question.keep.within(&question.target.region);
    for (name, versions) in chosen {
        keep.entry(name.clone())
            .or_default()
            .extend_from_slice(versions);
    }
    let search = Search {
        shelf: &shelf,
        guard: &guard,
        order: &order,
        question,
        keep: &keep,
        watch,
        effort,
    };
    let nothing = BTreeMap::new();
    // What the first search looks at is nothing that this one would know.
    let anew = Search {
        shelf: &shelf_anew,
        keep: &nothing,
        ..search
    };
    let anew = (!keep.is_empty()).then_some(&anew);
    Ok(match search.answer_or_split(&sources, anew, statistics)? {
        Ended::Split(part) => Outcome::Split(part, Rest::Next),
        Ended::Apart(part) => Outcome::Split(part, Rest::Last),
        Ended::Found(Found::Linked(linked)) => {
            let mut graph = graph(&shelf, &sources, &linked)?;
            graph.notes = notes::notes(&search, &sources, &linked)?;
            Outcome::Solved(Box::new(Part {
                target: question.target.clone(),
                graph,
                accepted: accepted(&guard, &linked)?,
            }))
        }
        Ended::Found(Found::Nothing(tree)) => {
            // On one machine what is kept belongs to the question, and to the ways out.
            let explainer = match question.target.region.machine() {
                Some(_) => &search,
                None => anew.unwrap_or(&search),
            };
            let mut conflict = conflict::explain(explainer, &sources, &tree)?;
            if let Region::Many(_) = &question.target.region
                && let Some(marker) = question.target.region.marker().to_text()
            {
                conflict.notes.push(ConflictNote::Region { marker });
            }
            Outcome::Impossible(Answer::Impossible(Box::new(conflict)))
        }
    })
}

/// The pins that the gate would avoid.
fn accepted(guard: &Guard<'_>, linked: &Linked) -> Result<Vec<Accepted>, FactError> {
    let mut accepted = Vec::new();
    for (name, version) in &linked.versions {
        if let Verdict::Avoid(reason) = guard.verdict(name, version)? {
            accepted.push(Accepted {
                name: name.clone(),
                version: version.clone(),
                reason,
            });
        }
    }
    Ok(accepted)
}

/// One solution of the solutions of all parts.
fn together(whole: &Target, parts: Vec<Part>, statistics: Statistics) -> Solution {
    let regions = regions(&parts);
    let mut graph = LockedGraph::default();
    let mut accepted: Vec<Accepted> = Vec::new();
    let is_whole = parts.len() == 1;
    for part in parts {
        for pin in part.graph.pins.iter() {
            let pin = &located(whole, &part.target, pin);
            let pin = match graph.pins.like(pin) {
                Some(known) => joined(known, pin),
                None => pin.clone(),
            };
            graph.pins.insert(pin);
        }
        graph.edges.extend(part.graph.edges);
        graph.scopes.extend(part.graph.scopes);
        for note in part.graph.notes {
            add_note(&mut graph.notes, note);
        }
        for one in part.accepted {
            if !accepted.contains(&one) {
                accepted.push(one);
            }
        }
    }
    if !is_whole {
        graph.edges.sort();
        graph.edges.dedup();
        accepted
            .sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    }
    graph.regions = regions;
    graph.pins = graph
        .pins
        .iter()
        .map(|pin| simplified(whole, pin))
        .collect();
    graph.notes.extend(unknown_value(whole, &graph));
    Solution {
        graph,
        accepted,
        statistics,
    }
}

/// Which pins have a marker though the lock is for one machine.
fn unknown_value(whole: &Target, graph: &LockedGraph) -> Option<Note> {
    whole.region.machine()?;
    let is_open = |pin: &&Pin| {
        let mut scopes = pin.scopes.iter();
        !pin.marker.is_always() || scopes.any(|(_, marker)| !marker.is_always())
    };
    let mut names: Vec<Name> = graph
        .pins
        .iter()
        .filter(is_open)
        .map(|pin| pin.name.clone())
        .collect();
    names.dedup();
    (!names.is_empty()).then_some(Note::UnknownValue { names })
}

/// A pin of a part with the part in its marker, unless that follows from it.
fn located(whole: &Target, part: &Target, pin: &Pin) -> Pin {
    let here = part.region.marker();
    let elsewhere = here.not();
    let located = |marker: &Marker| {
        if whole.region.overlaps(&marker.and(&elsewhere)) {
            marker.and(&here)
        } else {
            marker.clone()
        }
    };
    let scopes = pin.scopes.iter();
    Pin {
        marker: located(&pin.marker),
        scopes: scopes
            .map(|(scope, marker)| (scope.clone(), located(marker)))
            .collect(),
        ..pin.clone()
    }
}

/// A pin that two parts have.
fn joined(one: &Pin, other: &Pin) -> Pin {
    let mut pin = one.clone();
    pin.marker = one.marker.or(&other.marker);
    for (scope, marker) in &other.scopes {
        match pin.scopes.iter_mut().find(|(known, _)| known == scope) {
            Some((_, known)) => *known = known.or(marker),
            None => pin.scopes.push((scope.clone(), marker.clone())),
        }
    }
    pin.scopes.sort();
    // What is not asked for in both parts is not asked for wherever the pin is.
    pin.extras.retain(|extra| other.extras.contains(extra));
    pin.dependencies.extend(other.dependencies.iter().cloned());
    pin.dependencies.sort();
    pin.dependencies.dedup();
    pin
}

/// A pin with markers that take the target for granted. What the dependencies themselves need, no extra and no group need ask for.
fn simplified(whole: &Target, pin: &Pin) -> Pin {
    let simple = |marker: &Marker| match whole.region.within(marker, &[]) {
        None => Marker::never(),
        Some(marker) if marker.is_always() => marker,
        // Equal conditions have one text, whatever parts they come from.
        Some(marker) => plain(
            marker
                .with_one_name_for_systems()
                .simplified_from(&whole.python),
        ),
    };
    let mut scopes = pin.scopes.iter();
    let main = scopes.find(|(scope, _)| *scope == Scope::Main);
    let beyond = main.map(|(_, marker)| marker.not());
    let adds = |scope: &Scope, marker: &Marker| match &beyond {
        Some(beyond) => *scope == Scope::Main || whole.region.overlaps(&marker.and(beyond)),
        None => true,
    };
    Pin {
        marker: simple(&pin.marker),
        scopes: (pin.scopes.iter())
            .filter(|(scope, marker)| adds(scope, marker))
            .map(|(scope, marker)| (scope.clone(), simple(marker)))
            .collect(),
        ..pin.clone()
    }
}

/// A marker as its text says it: where versions that count for nothing were left out of it, it may still tell apart what is the same.
fn plain(marker: Marker) -> Marker {
    let text = marker.to_text();
    let read = text.and_then(|text| Marker::parse(&text).ok());
    read.unwrap_or(marker)
}

/// Adds a note that is not there yet; what was passed over for one pin in several parts is one note.
fn add_note(notes: &mut Vec<Note>, note: Note) {
    if notes.contains(&note) {
        return;
    }
    if let Note::PassedOver(new) = &note {
        for known in notes.iter_mut() {
            if let Note::PassedOver(known) = known
                && (&known.name, &known.version) == (&new.name, &new.version)
            {
                for passed in &new.versions {
                    if !known
                        .versions
                        .iter()
                        .any(|(version, _)| *version == passed.0)
                    {
                        known.versions.push(passed.clone());
                    }
                }
                known
                    .versions
                    .sort_by(|(one, _), (other, _)| other.cmp(one));
                return;
            }
        }
    }
    notes.push(note);
}

/// The regions to begin with when the lock is made again, in the order in which they were solved: joined to fewer, they might not
/// come to the same.
fn regions(parts: &[Part]) -> Vec<Marker> {
    if parts.len() < 2 {
        return Vec::new();
    }
    let markers = parts.iter().map(|part| part.target.region.marker());
    markers
        .map(|marker| marker.with_one_name_for_systems())
        .collect()
}
