//! Random small worlds for one machine, judged by brute force.
//!
//! The judge enumerates what the sources reach and holds each finished choice against the rules as they are stated.
//! `LOCKGATE_WORLDS` sets how many worlds are tried, `LOCKGATE_FIRST_WORLD` the first of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod random;
mod support;

use lockgate_model::{Name, Preferences};
use lockgate_solve::{Answer, Unwatched, solve, verify};
use random::judge::{Choice, Judge, NOTHING};
use random::plan::{Aim, Plan};
use random::run::{Counts, Wrong, worlds};
use random::tables::{EXTRAS, PROJECTS, Place};
use support::{Case, text};

#[test]
fn the_solver_agrees_with_brute_force() {
    worlds(4_000, Plan::single, &|plan, counts| {
        let Aim::One(place) = plan.aim else {
            return Err(Wrong::new("not for one machine", ""));
        };
        judge(plan, place, counts)
    });
}

fn judge(plan: &Plan, place: Place, counts: &Counts) -> Result<(), Wrong> {
    let case = plan.case();
    let judge = Judge::new(plan, place);
    match case.solve() {
        Answer::Locked(solution) => {
            counts.add("locked");
            let pins = text(&solution.graph);
            let violations = verify(&case.question(), &solution.graph, &case.facts(false)).unwrap();
            if !violations.is_empty() {
                return Err(Wrong::new(
                    "verify refuses it",
                    format!("{pins}\n{violations:?}"),
                ));
            }
            let mut choice: Choice = NOTHING;
            for pin in solution.graph.pins.iter() {
                let place = plan
                    .place_of(pin.name.as_str(), &pin.version.to_string())
                    .unwrap();
                choice[plan.releases[place].project] = Some(place);
            }
            if let Some(fault) = judge.fault(&choice, false) {
                return Err(Wrong::new("unsound", format!("{pins}\n{fault}")));
            }
            let extras = judge.extras(&choice);
            for pin in solution.graph.pins.iter() {
                let project = PROJECTS.iter().position(|name| *name == pin.name.as_str());
                let asked = extras[project.unwrap()];
                let names = EXTRAS.iter().enumerate().filter(|(extra, _)| asked[*extra]);
                if !names
                    .map(|(_, name)| *name)
                    .eq(pin.extras.iter().map(Name::as_str))
                {
                    return Err(Wrong::new("other extras", pins));
                }
            }
            let without_hints = answer(&case);
            if without_hints != pins {
                return Err(Wrong::new(
                    "hints change it",
                    format!("{pins}\n{without_hints}"),
                ));
            }
            let mut again = plan.case();
            again.keep = Preferences::default();
            for pin in solution.graph.pins.iter() {
                again = again.keep(pin.name.as_str(), &pin.version.to_string());
            }
            let again = answer(&again);
            if again != pins {
                return Err(Wrong::new(
                    "another one over itself",
                    format!("{pins}\n{again}"),
                ));
            }
            let is_strict = judge.fault(&choice, true).is_none();
            if is_strict != solution.accepted.is_empty() {
                return Err(Wrong::new("not told what was accepted", pins));
            }
            if !is_strict {
                counts.add("with what the gate would avoid");
                if let Some(safe) = judge.solution(true) {
                    return Err(Wrong::new(
                        "a safe solution was missed",
                        format!("{pins}\n{}", plan.choice_text(&safe)),
                    ));
                }
            }
            let is_free = is_strict && plan.options.kept == [None; 5];
            if let Some(better) = judge.better(&choice).filter(|_| is_free) {
                let mut best = choice;
                best[plan.releases[better].project] = Some(better);
                return Err(Wrong::new(
                    "one version could be better",
                    format!("{pins}\n{}", plan.choice_text(&best)),
                ));
            }
        }
        Answer::Impossible(_) => {
            if let Some(missed) = judge.solution(false) {
                return Err(Wrong::new(
                    "a solution was missed",
                    plan.choice_text(&missed),
                ));
            }
        }
    }
    Ok(())
}

/// The pins without hints, as text.
fn answer(case: &Case) -> String {
    match solve(&case.question(), &case.facts(false), &Unwatched).unwrap() {
        Answer::Locked(solution) => text(&solution.graph),
        Answer::Impossible(_) => "impossible".to_owned(),
    }
}
