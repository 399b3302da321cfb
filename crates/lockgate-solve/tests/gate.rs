//! What the gate does to a choice, and what a refusal tells.

mod support;

use lockgate_model::{Level, Note, PrereleaseMode, Resolution, WayOut};
use lockgate_solve::Answer;
use support::{Case, name, version};

const PARENT: &str = "p 1.0\n    c<2\np 2.0\n    c>=2\np 3.0\n    c>=3\nc 1.0\nc 2.0\nc 3.0";

#[test]
fn a_denied_version_is_passed_over_and_the_note_says_so() {
    let case = Case::new("a 1.0\na 1.1\na 1.2")
        .require("a")
        .deny("a", ">=1.1");
    assert_eq!(case.pins(), "a==1.0");
    let Answer::Locked(solution) = case.solve() else {
        panic!("it locks");
    };
    let [Note::PassedOver(passed)] = solution.graph.notes.as_slice() else {
        panic!("one note: {:?}", solution.graph.notes);
    };
    let versions: Vec<String> = passed.versions.iter().map(|(v, _)| v.to_string()).collect();
    assert_eq!(versions, ["1.2", "1.1"]);
}

#[test]
fn parents_move_so_that_a_safe_version_fits() {
    let back = Case::new(PARENT).require("p").deny("c", ">=2");
    assert_eq!(back.pins(), "c==1.0 p==1.0");
    let forward = Case::new(PARENT)
        .require("p")
        .keep("p", "1.0")
        .deny("c", "<3");
    assert_eq!(forward.pins(), "c==3.0 p==3.0");
    let middle = Case::new(PARENT).require("p").deny("c", "==3.0");
    assert_eq!(middle.pins(), "c==2.0 p==2.0");
}

#[test]
fn a_parent_held_back_by_what_it_requires_has_a_note_also_when_it_is_kept() {
    let fresh = Case::new(PARENT).require("p").deny("c", ">=2");
    let kept = Case::new(PARENT)
        .require("p")
        .deny("c", ">=2")
        .keep("p", "1.0")
        .keep("c", "1.0");
    for case in [fresh, kept] {
        let Answer::Locked(solution) = case.solve() else {
            panic!("it locks");
        };
        let [Note::PassedOver(passed)] = solution.graph.notes.as_slice() else {
            panic!("one note: {:?}", solution.graph.notes);
        };
        assert_eq!(passed.name, name("p"));
        let versions: Vec<String> = passed.versions.iter().map(|(v, _)| v.to_string()).collect();
        assert_eq!(versions, ["3.0", "2.0"]);
    }
}

#[test]
fn neither_prereleases_nor_yanked_releases_step_in_for_a_denied_one() {
    let case = Case::new("a 1.0\na 2.0b1").require("a").deny("a", "==1.0");
    assert_eq!(case.pins(), "impossible");
    let case = Case::new("a 1.0\na 2.0 yanked")
        .require("a")
        .deny("a", "==1.0");
    assert_eq!(case.pins(), "impossible");
}

#[test]
fn what_is_to_be_avoided_is_taken_only_when_nothing_safe_fits() {
    let safe = Case::new(PARENT).require("p").avoid("c", ">=2", Level::Low);
    assert_eq!(safe.pins(), "c==1.0 p==1.0");
    let forced = Case::new(PARENT).require("p").avoid("c", ">=1", Level::Low);
    assert_eq!(forced.pins(), "c==3.0 p==3.0");
    let Answer::Locked(solution) = forced.solve() else {
        panic!("it locks");
    };
    assert_eq!(solution.accepted.len(), 1);
}

#[test]
fn the_mildest_reason_is_let_go_first() {
    let case = Case::new("a 1.0\na 2.0")
        .require("a")
        .avoid("a", "==2.0", Level::Critical)
        .avoid("a", "==1.0", Level::Low);
    assert_eq!(case.pins(), "a==1.0");
}

/// Of two reasons that are equally mild, a lock that is made again lets go the one that it let go the first time, whatever it keeps.
#[test]
fn a_lock_that_is_made_again_lets_the_same_reason_go() {
    let world = "a 1.0.post1\n    b\na 1.1\nb 2.0\nc 2.0b1\n    a\nd 1.0\nd 1.1\n    c==2.0b1";
    let case = || {
        Case::new(world)
            .require("d")
            .require("c")
            .avoid("a", "==1.1", Level::High)
            .avoid("b", "==2.0", Level::High)
            .rules(|rules| {
                rules.resolution = Resolution::Lowest;
                rules.prerelease = PrereleaseMode::Explicit;
            })
    };
    let fresh = case().pins();
    let again = fresh.split(' ').fold(case(), |case, pin| {
        let (name, version) = pin.split_once("==").unwrap();
        case.keep(name, version)
    });
    assert_eq!(again.pins(), fresh);
}

#[test]
fn malicious_and_quarantined_are_final() {
    let case = Case::new("a 1.0").require("a").malicious("a", "==1.0");
    let Answer::Impossible(conflict) = case.solve() else {
        panic!("it is denied");
    };
    assert!(conflict.refusals[0].is_final);
    assert!(conflict.refusals[0].ways_out.is_empty());
    let case = Case::new("a 1.0").require("a").quarantine("a");
    assert_eq!(case.pins(), "impossible");
}

#[test]
fn a_refusal_tells_the_chain_and_a_bound_that_works() {
    let case = Case::new(PARENT)
        .require("p==2.0")
        .deny("c", "==2.0")
        .constrain("c<3");
    let Answer::Impossible(conflict) = case.solve() else {
        panic!("it is denied");
    };
    let refusal = &conflict.refusals[0];
    assert_eq!(refusal.version, version("2.0"));
    assert_eq!(
        refusal.chain,
        ["p==2.0 (requirements.in:1)", "p 2.0 requires c>=2"]
    );
    let offered: Vec<&str> = refusal
        .ways_out
        .iter()
        .filter_map(|way| match way {
            WayOut::Relax { changes, .. } => changes.first().map(|change| change.to.as_str()),
            WayOut::Option(_) | WayOut::Ignore { .. } => None,
        })
        .collect();
    assert_eq!(offered, ["c>=3.0", "p==1.0"]);
    assert!(matches!(
        refusal.ways_out.last(),
        Some(WayOut::Ignore { ids, .. }) if ids == &["TEST-1"]
    ));
}

#[test]
fn requirements_that_conflict_by_themselves_are_no_refusal() {
    let case = Case::new(PARENT)
        .require("p==2.0")
        .require("c<2")
        .deny("c", "==2.0");
    let Answer::Impossible(conflict) = case.solve() else {
        panic!("it conflicts");
    };
    assert!(conflict.refusals.is_empty());
}
