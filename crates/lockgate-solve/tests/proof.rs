//! What a conflict tells: facts with their origins, none of the solver's own devices, and what else is worth knowing.

mod support;

use std::fmt::Write as _;

use lockgate_model::{Conflict, ConflictNote, Fact, Proof, Stated, Why};
use lockgate_solve::Answer;
use support::{Case, name, version};

fn conflict(case: &Case) -> Conflict {
    match case.solve() {
        Answer::Impossible(conflict) => *conflict,
        Answer::Locked(solution) => panic!("it locks: {}", support::text(&solution.graph)),
    }
}

fn facts(proof: &Proof) -> Vec<Fact> {
    match proof {
        Proof::Fact(fact) => vec![fact.clone()],
        Proof::Derived { left, right, .. } => {
            let mut all = facts(left);
            all.extend(facts(right));
            all
        }
    }
}

#[test]
fn requirements_and_constraints_stand_with_their_file_and_line() {
    let case = Case::new("a 1.0\n    b>=2\nb 1.0\nb 2.0")
        .require("a")
        .constrain("b<2");
    let conflict = conflict(&case);
    let origins: Vec<(String, bool)> = facts(&conflict.proof)
        .iter()
        .filter_map(|fact| match fact {
            Fact::Root { origin, role, .. } => {
                Some((origin.to_string(), *role == Stated::Constraint))
            }
            _ => None,
        })
        .collect();
    assert!(
        origins.contains(&("requirements.in:1".to_owned(), false)),
        "{origins:?}"
    );
    assert!(
        origins.contains(&("constraints.txt:1".to_owned(), true)),
        "{origins:?}"
    );
}

#[test]
fn versions_that_require_the_same_are_told_at_once() {
    let mut world = "b 1.0\n".to_owned();
    for minor in 0..12 {
        writeln!(world, "a 1.{minor}\n    b>=2").unwrap();
    }
    let conflict = conflict(&Case::new(&world).require("a"));
    let facts = facts(&conflict.proof);
    assert!(facts.len() <= 3, "{facts:#?}");
    assert!(facts.iter().any(|fact| matches!(
        fact,
        Fact::Requires { from_versions, .. } if from_versions.is_full()
    )));
}

#[test]
fn versions_unusable_for_one_reason_are_told_at_once() {
    let mut world = String::new();
    for minor in 0..12 {
        writeln!(world, "a 1.{minor} needs-build").unwrap();
    }
    let conflict = conflict(&Case::new(&world).require("a"));
    let facts = facts(&conflict.proof);
    assert!(facts.len() <= 3, "{facts:#?}");
    assert!(
        conflict
            .notes
            .contains(&ConflictNote::NeedsBuild { name: name("a") })
    );
}

#[test]
fn extras_are_told_without_the_devices_behind_them() {
    let case = Case::new("a 1.0\n    b>=2 ; extra == 'x'\nb 1.0").require("a[x]");
    let facts = facts(&conflict(&case).proof);
    assert_eq!(facts.len(), 3, "{facts:#?}");
    assert!(facts.iter().any(|fact| matches!(
        fact,
        Fact::Requires { from, .. } if *from == (name("a"), Some(name("x")))
    )));
}

#[test]
fn what_exists_and_is_not_offered_is_mentioned() {
    let case = Case::new("a 1.0\na 2.0b1\na 1.5 yanked")
        .require("a")
        .deny("a", "==1.0");
    let notes = conflict(&case).notes;
    assert_eq!(
        notes,
        [
            ConflictNote::PrereleasesExist {
                name: name("a"),
                newest: version("2.0b1")
            },
            ConflictNote::YankedExists {
                name: name("a"),
                newest: version("1.5")
            },
        ]
    );
}

#[test]
fn a_missing_project_and_a_python_bound_are_facts() {
    let missing = conflict(&Case::new("a 1.0\n    gone").require("a"));
    assert!(facts(&missing.proof).contains(&Fact::Absent { name: name("gone") }));
    let python = conflict(&Case::new("a 1.0 python=>=3.12").require("a"));
    assert!(facts(&python.proof).iter().any(|fact| matches!(
        fact,
        Fact::NoVersion { excluded, .. } if excluded[0].why == Why::Python { requires: ">=3.12".to_owned(), target: version("3.11") }
    )));
}
