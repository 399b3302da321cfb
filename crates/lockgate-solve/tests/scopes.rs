//! What of a project asks for each pin: the dependencies themselves, extras, groups.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod random;
mod support;

use lockgate_model::{LockedGraph, Marker, Pin, Scope};
use lockgate_solve::{Answer, Unwatched, Violation, solve, verify};
use random::case::machine;
use random::plan::Plan;
use random::run::{Counts, Wrong, worlds};
use support::Case;

fn extra(text: &str) -> Scope {
    Scope::Extra(text.parse().unwrap())
}

fn group(text: &str) -> Scope {
    Scope::Group(text.parse().unwrap())
}

/// The case with a project whose requirements, in turn, are asked for by these.
fn beside_a_project(mut case: Case, scopes: &[&[Scope]]) -> Case {
    case.manifest.projects.push("pyproject.toml".to_owned());
    let roots = case.manifest.requirements.iter_mut();
    for (root, asking) in roots.zip(scopes.iter().cycle()) {
        root.scopes = asking.iter().cloned().collect();
        let optional = asking.iter().filter(|scope| **scope != Scope::Main);
        case.manifest.scopes.extend(optional.cloned());
    }
    case
}

fn locked(case: &Case) -> LockedGraph {
    match case.solve() {
        Answer::Locked(solution) => solution.graph,
        Answer::Impossible(conflict) => panic!("{conflict:?}"),
    }
}

fn shown(pin: &Pin) -> String {
    let scopes = pin
        .scopes
        .iter()
        .map(|(scope, marker)| match marker.to_text() {
            None => scope.to_string(),
            Some(text) => format!("{scope} where {text}"),
        });
    let scopes: Vec<String> = scopes.collect();
    format!("{}: {}", pin.name, scopes.join(", "))
}

#[test]
fn each_pin_knows_what_asks_for_it_and_where() {
    let world = "a 1.0\n    c\n    d ; extra == 'x'\nb 1.0\n    c\n    d\nc 1.0\nd 1.0\ne 1.0";
    for (requirements, scopes, expected) in [
        (
            &["a", "b"][..],
            &[&[Scope::Main][..], &[extra("dev")]][..],
            &["a: main", "b: extra dev", "c: main", "d: extra dev"][..],
        ),
        // An extra of a pin is asked for by who asks for it with that.
        (
            &["a", "a[x]"],
            &[&[Scope::Main], &[group("test")]],
            &["a: main", "c: main", "d: group test"],
        ),
        (
            &["a ; sys_platform == 'win32'", "b", "e ; os_name == 'java'"],
            &[
                &[Scope::Main],
                &[extra("dev"), group("test")],
                &[extra("dev")],
            ],
            &[
                "a: main where sys_platform == 'win32'",
                "b: extra dev, group test",
                "c: main where sys_platform == 'win32', extra dev, group test",
                "d: extra dev, group test",
                "e: extra dev where os_name == 'java'",
            ],
        ),
    ] {
        let mut case = Case::new(world).universal("3.8");
        for requirement in requirements {
            case = case.require(requirement);
        }
        let case = beside_a_project(case, scopes);
        let graph = locked(&case);
        let pins: Vec<String> = graph.pins.iter().map(shown).collect();
        assert_eq!(pins, expected);
        assert_eq!(graph.scopes, case.manifest.scopes);
        assert!(
            verify(&case.question(), &graph, &case.facts(false))
                .unwrap()
                .is_empty()
        );
    }
}

#[test]
fn without_a_project_nothing_is_told_apart() {
    let mut case = Case::new("a 1.0\nb 1.0").require("a").require("b");
    case = beside_a_project(case, &[&[Scope::Main], &[group("test")]]);
    case.manifest.projects.clear();
    let graph = locked(&case);
    assert!(graph.scopes.is_empty());
    assert!(graph.pins.iter().all(|pin| pin.scopes.is_empty()));
}

#[test]
fn a_pin_without_who_needs_it_is_refused() {
    let case = Case::new("a 1.0\n    c\nb 1.0\n    c\nc 1.0")
        .require("a")
        .require("b");
    let case = beside_a_project(case, &[&[extra("dev")], &[group("test")]]);
    let graph = locked(&case);
    let of = |scopes: Vec<(Scope, Marker)>| {
        let mut changed = graph.clone();
        let c = graph.pins.of(&"c".parse().unwrap()).first().unwrap();
        changed.pins.insert(Pin {
            scopes,
            ..c.clone()
        });
        let breaches = verify(&case.question(), &changed, &case.facts(false)).unwrap();
        breaches
            .into_iter()
            .map(|breach| breach.violation)
            .collect::<Vec<_>>()
    };
    let always = |scope: Scope| (scope, Marker::always());
    let wrong = |scope: Scope| Violation::Scope("c".parse().unwrap(), scope);
    assert_eq!(of(vec![always(extra("dev")), always(group("test"))]), []);
    assert_eq!(of(vec![always(extra("dev"))]), [wrong(group("test"))]);
    assert_eq!(of(vec![always(Scope::Main)]), [wrong(Scope::Main)]);
}

#[test]
fn in_random_worlds_each_scope_has_what_it_needs() {
    worlds(1_000, Plan::universal, &judge);
    worlds(1_000, Plan::single, &judge);
}

fn judge(plan: &Plan, counts: &Counts) -> Result<(), Wrong> {
    let scopes = [
        &[Scope::Main][..],
        &[extra("x")],
        &[group("y")],
        &[extra("x"), group("y")],
    ];
    let case = beside_a_project(plan.case(), &scopes);
    let answer = solve(&case.question(), &case.facts(true), &Unwatched);
    let Ok(Answer::Locked(solution)) = answer else {
        return Ok(());
    };
    counts.add("locked");
    let graph = solution.graph;
    if graph.pins.iter().any(|pin| pin.scopes.len() > 1) {
        counts.add("with a pin for several");
    }
    let breaches = verify(&case.question(), &graph, &case.facts(false)).unwrap();
    if let Some(breach) = breaches.first() {
        return Err(Wrong::new("verify refuses it", breach.to_string()));
    }
    if case.manifest.scopes.is_empty() {
        return Ok(());
    }
    for place in plan.aim.places() {
        let environment = machine(place).region.machine().unwrap();
        for pin in graph.pins.iter() {
            let mut asking = pin.scopes.iter();
            let by_scopes = asking.any(|(_, marker)| marker.holds(environment, &[]));
            if by_scopes != pin.marker.holds(environment, &[]) {
                return Err(Wrong::new("a pin is not where it is asked for", shown(pin)));
            }
        }
    }
    Ok(())
}
