//! Notes on releases that are skipped because they need a build.

mod support;

use lockgate_model::{Note, Resolution};
use lockgate_solve::Answer;
use support::Case;

/// The notes on skipped releases, as `name skipped > pin`, with `(requires name version)` where something else needs the build.
#[track_caller]
fn skipped(case: &Case) -> Vec<String> {
    let Answer::Locked(solution) = case.solve() else {
        panic!("it locks");
    };
    let notes = solution.graph.notes.into_iter();
    let texts = notes.filter_map(|note| match note {
        Note::NeedsBuild {
            name,
            version,
            skipped,
            requires,
        } => {
            let requires = requires.map_or_else(String::new, |(name, version)| {
                format!(" (requires {name} {version})")
            });
            Some(format!("{name} {skipped} > {version}{requires}"))
        }
        _ => None,
    });
    texts.collect()
}

#[test]
fn a_newer_release_that_needs_a_build_is_named() {
    let world = "a 1.0\na 1.1 needs-build\na 1.2 needs-build";
    assert_eq!(skipped(&Case::new(world).require("a")), ["a 1.2 > 1.0"]);
    // Of a package that another one requires as well.
    let world = format!("{world}\nb 1.0\n    a>0.5");
    assert_eq!(skipped(&Case::new(&world).require("b")), ["a 1.2 > 1.0"]);
    // Wheels for other machines alone, beside the source distribution.
    let world = "a 1.0\na 1.1 wheel=cp311-cp311-win_amd64 needs-build and-sdist";
    assert_eq!(skipped(&Case::new(world).require("a")), ["a 1.1 > 1.0"]);
    // For many environments too.
    let world = "a 1.0\na 1.1 needs-build";
    let case = Case::new(world).require("a").universal("3.10");
    assert_eq!(skipped(&case), ["a 1.1 > 1.0"]);
    // The lowest that can be taken.
    let case = Case::new("a 1.0 needs-build\na 1.1\na 1.2")
        .require("a>=1")
        .rules(|rules| rules.resolution = Resolution::Lowest);
    assert_eq!(skipped(&case), ["a 1.0 > 1.1"]);
}

#[test]
fn there_is_no_note_where_a_build_is_not_the_reason() {
    let world = "a 1.0\na 1.1\na 1.2 needs-build\na 1.3 needs-build";
    for requirement in ["a<1.2", "a==1.1"] {
        let case = Case::new(world).require(requirement);
        assert!(skipped(&case).is_empty(), "{requirement}");
    }
    let constrained = Case::new(world).require("a").constrain("a<1.2");
    assert!(skipped(&constrained).is_empty());
    let denied = Case::new(world).require("a").deny("a", ">=1.2");
    assert!(skipped(&denied).is_empty());
    let cases = [
        "a 1.0 needs-build\na 1.1",
        "a 1.0\na 2.0a1 needs-build",
        "a 1.0\na 1.1 needs-build yanked",
        "a 1.0\na 1.1 needs-build python=>=4",
        // Its metadata are stated.
        "a 1.0\na 1.1 sdist\n    gone",
        "a 1.0\na 1.1 and-sdist needs-build\n    gone",
    ];
    for world in cases {
        assert!(
            skipped(&Case::new(world).require("a")).is_empty(),
            "{world}"
        );
    }
    let preferred = Case::new("a 1.0\na 1.1 needs-build")
        .require("a")
        .rules(|rules| rules.prefer_binary = true);
    assert!(skipped(&preferred).is_empty());
}

#[test]
fn a_pin_that_is_kept_has_the_note_that_it_had() {
    let world = "a 1.0\na 1.1 needs-build\na 1.2 needs-build";
    let again = Case::new(world).require("a").keep("a", "1.0");
    assert_eq!(skipped(&again), ["a 1.2 > 1.0"]);
    // It is kept although there is a newer one that needs none.
    let world = "a 1.0\na 1.1\na 1.2 needs-build";
    let kept = Case::new(world).require("a").keep("a", "1.0");
    assert!(skipped(&kept).is_empty());
    let world = "a 1.0\na 1.1 sdist\na 1.2 needs-build";
    assert_eq!(skipped(&Case::new(world).require("a")), ["a 1.2 > 1.1"]);
}

#[test]
fn a_pin_that_moves_for_it_says_so() {
    let case = Case::new("a 1.0\na 1.1 needs-build")
        .require("a")
        .keep("a", "1.1");
    assert_eq!(skipped(&case), ["a 1.1 > 1.0"]);
    let Answer::Locked(solution) = case.solve() else {
        panic!("it locks");
    };
    let why = solution.graph.notes.iter().find_map(|note| match note {
        Note::NotKept { why, .. } => Some(why.as_str()),
        _ => None,
    });
    assert!(
        why.is_some_and(|why| why.contains("--allow-build=a")),
        "{why:?}"
    );
}

#[test]
fn a_release_is_named_whose_requirement_needs_the_build() {
    let world = "app 1.0\n    dep>=1\napp 2.0\n    dep>=2\ndep 1.0\ndep 2.0 needs-build\ndep 2.1 needs-build";
    assert_eq!(
        skipped(&Case::new(world).require("app")),
        ["app 2.0 > 1.0 (requires dep 2.1)", "dep 2.1 > 1.0"]
    );
    // Where something else is wrong with it, too, that is not known to be the reason.
    let world = "app 1.0\napp 2.0\n    dep>=2\ndep 2.0\n    gone\ndep 2.1 needs-build";
    assert!(skipped(&Case::new(world).require("app")).is_empty());
}
