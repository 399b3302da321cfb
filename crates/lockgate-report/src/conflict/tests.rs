use std::sync::Arc;

use lockgate_model::{
    Conflict, Fact, Name, Origin, Proof, Specifiers, Stated, Statement, VersionSet,
};

use super::{Detail, conflict_text, tree};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn set(text: &str) -> VersionSet {
    text.parse::<Specifiers>().unwrap().set().clone()
}

fn root(line: usize, requirement: &str) -> Proof {
    Proof::Fact(Fact::Root {
        requirement: requirement.to_owned(),
        origin: Origin {
            file: "requirements.in".to_owned(),
            line: Some(line),
            via: "-r requirements.in".to_owned(),
        },
        role: Stated::Requirement,
        name: name("a"),
        versions: VersionSet::full(),
    })
}

fn requires(from: &str, versions: &str, to: &str) -> Proof {
    Proof::Fact(Fact::Requires {
        from: (name(from), None),
        from_versions: set(versions),
        to: (name(to), None),
        to_versions: VersionSet::full(),
        marker: None,
        overridden: None,
    })
}

fn derived(conclusion: &[(&str, bool)], left: Proof, right: Proof) -> Proof {
    let statement = |(project, is_in): &(&str, bool)| Statement {
        name: Some(name(project)),
        extra: None,
        versions: VersionSet::full(),
        is_in: *is_in,
    };
    Proof::Derived {
        conclusion: conclusion.iter().map(statement).collect(),
        left: Arc::new(left),
        right: Arc::new(right),
        shared: None,
    }
}

fn conflict(proof: Proof) -> Conflict {
    Conflict {
        proof,
        refusals: Vec::new(),
        ways_out: Vec::new(),
        notes: Vec::new(),
    }
}

/// A proof of many steps that say different things, each of which rests on a line of the sources.
fn long(steps: usize) -> Proof {
    let mut proof = derived(
        &[("p0", true), ("p1", false)],
        requires("p0", "", "p1"),
        root(1, "p0"),
    );
    for step in 1..steps {
        let (from, to) = (format!("p{step}"), format!("q{step}"));
        let side = derived(
            &[(&from, true), (&to, false)],
            requires(&from, "", &to),
            root(step + 1, &from),
        );
        proof = derived(&[(&from, true), ("z", true), (&to, false)], proof, side);
    }
    derived(&[], proof, root(steps + 1, "end"))
}

#[test]
fn a_refusal_has_at_most_twelve_lines_and_the_whole_is_there_when_asked_for() {
    for steps in [1, 2, 5, 8, 40] {
        let conflict = conflict(long(steps));
        let (short, full) = (
            conflict_text(&conflict, Detail::Short),
            conflict_text(&conflict, Detail::Full),
        );
        // The title is the caller's.
        assert!(short.lines().count() < 12, "{short}");
        assert!(full.lines().count() >= steps, "{full}");
        for line in 1..=steps + 1 {
            assert!(
                short.contains(&format!("requirements.in:{line} ")),
                "line {line} is at fault\n{short}"
            );
        }
        assert!(full.contains("cannot be satisfied"), "{full}");
        assert!(short.contains("cannot be satisfied"), "{short}");
    }
}

#[test]
fn what_is_said_of_version_after_version_is_told_of_the_last() {
    let fact = |minor: usize| requires("a", &format!("==1.{minor}"), "b");
    let mut proof = derived(&[("a", true), ("b", false)], fact(0), fact(1));
    for minor in 2..30 {
        proof = derived(&[("a", true), ("b", false)], proof, fact(minor));
    }
    let conflict = conflict(derived(&[], proof, root(1, "a")));
    let short = conflict_text(&conflict, Detail::Short);
    assert_eq!(
        short,
        "  Because a==1.29 requires b, and with 29 more ranges of versions, told with `-v`, a needs b.\n  \
         And because requirements.in:1 requires `a`, the requirements cannot be satisfied.\n"
    );
    assert!(conflict_text(&conflict, Detail::Full).contains("a==1.7 requires b"));
}

#[test]
fn the_proof_as_data_has_each_step_after_those_that_it_rests_on() {
    let steps = tree(&long(20));
    for (place, step) in steps.iter().enumerate() {
        let because = step["because"].as_array();
        assert_eq!(because.is_some(), step["kind"] == "derived", "{step}");
        for other in because.into_iter().flatten() {
            assert!(usize::try_from(other.as_u64().unwrap()).unwrap() < place);
        }
    }
    let last = steps.last().unwrap();
    assert_eq!(last["statements"], serde_json::json!([]));
    assert_eq!(last["text"], "the requirements cannot be satisfied");
    let lines = steps.iter().filter(|step| step["kind"] == "requirement");
    assert_eq!(lines.count(), 21);
}
