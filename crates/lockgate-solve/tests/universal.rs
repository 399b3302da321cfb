//! Random small worlds for all environments, judged by brute force in each kind of environment that their markers can tell apart.
//!
//! `LOCKGATE_WORLDS` sets how many worlds are tried, `LOCKGATE_FIRST_WORLD` the first of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod random;
mod support;

use std::fmt::Write as _;

use lockgate_model::{KeptPin, LockedGraph, Preferences, Upgrade};
use lockgate_solve::{Answer, Solution, Unwatched, solve, verify};
use random::case::machine;
use random::judge::{Choice, Judge, NOTHING};
use random::plan::Plan;
use random::run::{Counts, Wrong, worlds};
use random::tables::{EXTRAS, PROJECTS, Place};
use support::{Case, text};

#[test]
fn a_lock_for_all_environments_is_right_in_each() {
    worlds(2_000, Plan::universal, &judge);
}

fn judge(plan: &Plan, counts: &Counts) -> Result<(), Wrong> {
    let case = plan.case();
    let answer = solve(&case.question(), &case.facts(true), &Unwatched);
    let answer = answer.map_err(|error| Wrong::new("no answer", error.to_string()))?;
    let solution = match answer {
        Answer::Locked(solution) => solution,
        Answer::Impossible(_) => {
            counts.add("impossible");
            return has_no_solution(plan);
        }
    };
    counts.add("locked");
    if solution.graph.regions.len() > 1 {
        counts.add("in several regions");
        let pins = &solution.graph.pins;
        if pins.len() == pins.names().count() {
            counts.add("in several regions, with one version of each project");
        }
    }
    let pins = text(&solution.graph);
    for place in plan.aim.places() {
        at(plan, place, &solution, &pins, counts)?;
    }
    let breaches = verify(&case.question(), &solution.graph, &case.facts(false)).unwrap();
    if let Some(breach) = breaches.first() {
        return Err(Wrong::new("verify refuses it", format!("{pins}\n{breach}")));
    }
    let without_hints = answer_of(&case);
    if without_hints != told(&solution.graph) {
        return Err(Wrong::new(
            "hints change it",
            format!("{pins}\n{without_hints}"),
        ));
    }
    let again = answer_of(&kept(plan, &solution.graph));
    if again != told(&solution.graph) {
        return Err(Wrong::new(
            "another one over itself",
            format!("{}\n{again}", told(&solution.graph)),
        ));
    }
    Ok(())
}

/// That there is no lock is right if one environment has no solution.
fn has_no_solution(plan: &Plan) -> Result<(), Wrong> {
    let mut solutions = String::new();
    for place in plan.aim.places() {
        let Some(solution) = Judge::new(plan, place).solution(false) else {
            return Ok(());
        };
        writeln!(solutions, "{place:?}: {}", plan.choice_text(&solution)).unwrap();
    }
    Err(Wrong::new("a solution was missed", solutions))
}

/// What the lock's markers select at a place, against the rules there.
fn at(
    plan: &Plan,
    place: Place,
    solution: &Solution,
    pins: &str,
    counts: &Counts,
) -> Result<(), Wrong> {
    let machine = machine(place);
    let environment = machine.region.machine().unwrap();
    let judge = Judge::new(plan, place);
    let wrong = |kind, what: String| Wrong::new(kind, format!("{place:?}: {what}\n{pins}"));
    let mut choice: Choice = NOTHING;
    let selected = || {
        let pins = solution.graph.pins.iter();
        pins.filter(|pin| pin.marker.holds(environment, &[]))
    };
    for pin in selected() {
        let Some(release) = plan.place_of(pin.name.as_str(), &pin.version.to_string()) else {
            return Err(wrong("no such release", pin.name.to_string()));
        };
        let project = plan.releases[release].project;
        if pin.direct.is_some() != judge.direct(project).is_some() {
            return Err(wrong("from another place", pin.name.to_string()));
        }
        let chosen = &mut choice[project];
        if chosen.replace(release).is_some() {
            return Err(wrong("two versions at once", pin.name.to_string()));
        }
    }
    if !judge.is_known(&choice) {
        counts.add("places left out: nothing of a pin can be had there");
        return Ok(());
    }
    counts.add("places");
    if let Some(fault) = judge.fault(&choice, false) {
        return Err(wrong("unsound", fault));
    }
    if let Some(other) = judge.with_files(&choice) {
        let other = plan.choice_text(&other);
        return Err(wrong("without a file, and another has one", other));
    }
    let extras = judge.extras(&choice);
    for pin in selected() {
        let project = PROJECTS.iter().position(|name| *name == pin.name.as_str());
        for extra in &pin.extras {
            let extra = EXTRAS.iter().position(|name| *name == extra.as_str());
            if !extras[project.unwrap()][extra.unwrap()] {
                return Err(wrong("an extra that nobody asks for", pin.name.to_string()));
            }
        }
    }
    if let Some(fault) = judge.fault(&choice, true)
        && let Some(safe) = judge.solution(true)
    {
        let safe = plan.choice_text(&safe);
        return Err(wrong(
            "a safe solution was missed",
            format!("{fault}, and there is {safe}"),
        ));
    }
    Ok(())
}

/// Pins and regions.
fn told(graph: &LockedGraph) -> String {
    format!("{}\n{:?}", text(graph), graph.regions)
}

fn answer_of(case: &Case) -> String {
    match solve(&case.question(), &case.facts(false), &Unwatched).unwrap() {
        Answer::Locked(solution) => told(&solution.graph),
        Answer::Impossible(_) => "impossible".to_owned(),
    }
}

/// The same question with an answer as the old lock.
fn kept(plan: &Plan, graph: &LockedGraph) -> Case {
    let pins = graph.pins.iter().map(|pin| {
        let kept = KeptPin {
            version: pin.version.clone(),
            marker: pin.marker.clone(),
        };
        (pin.name.clone(), kept)
    });
    let mut case = plan.case();
    case.keep = Preferences::new(pins, graph.regions.clone(), &Upgrade::default());
    case
}
