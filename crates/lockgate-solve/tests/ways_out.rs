//! Options that a refusal offers: each is what stands in the way, and none is offered that does not help.

mod support;

use lockgate_model::{
    BinaryPolicy, ConflictNote, FormatControl, OptionChange, PrereleaseMode, WayOut,
};
use lockgate_solve::Answer;
use support::{Case, name, version};

/// The ways out of a case that has no solution, as short texts.
fn ways(case: &Case) -> Vec<String> {
    let Answer::Impossible(conflict) = case.solve() else {
        panic!("it locks");
    };
    let ways = conflict.ways_out.iter().map(|way| match way {
        WayOut::Relax { changes, gives } => {
            let changes: Vec<&str> = changes.iter().map(|change| change.to.as_str()).collect();
            let gives = gives.as_ref().map_or_else(String::new, ToString::to_string);
            format!("{} gives {gives}", changes.join(" and "))
        }
        WayOut::Option(OptionChange::Python(python)) => format!("python {python}"),
        WayOut::Option(OptionChange::Prereleases(names)) => format!("pre-releases {names:?}"),
        WayOut::Option(OptionChange::Formats(names, option)) => format!("no {option} {names:?}"),
        WayOut::Option(OptionChange::Cutoff(day)) => format!("cutoff {day}"),
        WayOut::Option(OptionChange::Cooldown(day)) => format!("cooldown {day}"),
        WayOut::Ignore { .. } => panic!("nothing of the gate"),
    });
    ways.collect()
}

#[test]
fn what_stands_in_the_way_is_taken_away_where_that_helps() {
    let only_binary = BinaryPolicy {
        all: FormatControl {
            no_wheels: false,
            no_sdists: true,
        },
        ..BinaryPolicy::default()
    };
    let cases: [(&str, Case, &[&str]); 11] = [
        (
            "the nearest newer Python that the versions are for",
            Case::new("a 1.0 python=>=3.13").require("a"),
            &["python 3.13"],
        ),
        (
            "an older Python where no newer one helps",
            Case::new("a 1.0 python=<3.10").require("a"),
            &["python 3.9"],
        ),
        (
            "a Python under which the requirement does not hold",
            Case::new("a 1.0\n    b ; python_version < '3.12'").require("a"),
            &["python 3.12"],
        ),
        (
            "no Python where something else is in the way too",
            Case::new("a 1.0 python=>=3.12\n    gone").require("a"),
            &[],
        ),
        (
            "the pre-releases of the one project that matters",
            Case::new("a 1.0b1\nb 1.0b1\nb 1.0")
                .require("a")
                .require("b")
                .rules(|rules| rules.prerelease = PrereleaseMode::Disallow),
            &["pre-releases [\"a\"]"],
        ),
        (
            "source distributions",
            Case::new("a 1.0 sdist")
                .require("a")
                .rules(|rules| rules.binary = only_binary.clone()),
            &["no --only-binary [\"a\"]"],
        ),
        (
            "no source distribution that would have to be built first",
            Case::new("a 1.0 needs-build")
                .require("a")
                .rules(|rules| rules.binary = only_binary.clone()),
            &[],
        ),
        (
            "the first day on which there is a version",
            Case::new(
                "a 1.0 uploaded=2024-03-01T08:00:00Z\na 1.1 uploaded=2024-05-01T08:00:00Z",
            )
            .require("a")
            .rules(|rules| rules.cutoff = Some("2024-01-01T00:00:00Z".parse().unwrap())),
            &["cutoff 2024-03-01"],
        ),
        (
            "the last day where the first does not do",
            Case::new(
                "a 1.0 uploaded=2024-03-01T08:00:00Z\n    gone\na 1.1 uploaded=2024-05-01T08:00:00Z",
            )
            .require("a")
            .rules(|rules| rules.cutoff = Some("2024-01-01T00:00:00Z".parse().unwrap())),
            &["cutoff 2024-05-01"],
        ),
        (
            "a lower bound where the bound is too high, and a higher one where it is too low",
            Case::new("a 1.0\na 2.0").require("a>=2").require("a<2"),
            &["a>=1.0 gives 1.0", "a>=2.0 gives 2.0"],
        ),
        (
            "a yanked version by its name",
            Case::new("a 1.0 yanked").require("a"),
            &["a==1.0 gives 1.0"],
        ),
    ];
    for (what, case, expected) in cases {
        assert_eq!(ways(&case), expected, "{what}");
    }
}

/// Projects that each require the next, the first of them named like `p1`.
fn chain(first: &str, length: usize, more: &str) -> String {
    (1..=length)
        .map(|place| match place {
            1 => format!("{first}1 1.0{more}\n    {first}2\n"),
            _ if place == length => format!("{first}{place} 1.0{more}\n"),
            _ => format!("{first}{place} 1.0{more}\n    {first}{}\n", place + 1),
        })
        .collect()
}

#[test]
fn no_way_out_is_looked_for_that_takes_far_more_than_the_conflict() {
    // Two are read for each project of the graph.
    let ways_beside = |length: usize| {
        let world = format!("a 1.0\na 2.0\n{}", chain("p", length, ""));
        let case = Case::new(&world).require("a>=2").require("a<2");
        ways(&case.require("p1"))
    };
    let both = ["a>=1.0 gives 1.0", "a>=2.0 gives 2.0"];
    assert_eq!(ways_beside(35), both, "one graph serves both trials");
    assert_eq!(ways_beside(60), [""; 0], "too large a graph");
}

#[test]
fn the_next_way_out_is_told_where_it_costs_hardly_anything() {
    let ways_with = |length: usize| {
        // The older version alone asks for the chain.
        let world = format!("a 1.0\n    p1\na 2.0\n{}", chain("p", length, ""));
        ways(&Case::new(&world).require("a<2").require("a>=2"))
    };
    assert_eq!(ways_with(3), ["a>=2.0 gives 2.0", "a>=1.0 gives 1.0"]);
    assert_eq!(ways_with(10), ["a>=2.0 gives 2.0"]);
}

#[test]
fn what_was_admitted_before_goes_first_under_a_later_cutoff() {
    let (before, after) = (
        " uploaded=2023-06-01T08:00:00Z",
        " uploaded=2024-03-01T08:00:00Z",
    );
    // The newest version of `b` asks for more than is read for a way out.
    let world = format!(
        "a 1.0{after}\nb 1.0{before}\nb 2.0{after}\n    p1\n{}",
        chain("p", 60, after)
    );
    let case = Case::new(&world)
        .require("a")
        .require("b")
        .rules(|rules| rules.cutoff = Some("2024-01-01T00:00:00Z".parse().unwrap()));
    assert_eq!(ways(&case), ["cutoff 2024-03-01"]);
    // What only a new version allows is found too.
    let case = case.require("b>=2");
    assert_eq!(ways(&case), [""; 0], "with all that it asks for");
    let world = format!("a 1.0{after}\nb 1.0{before}\nb 2.0{after}\n");
    let case = Case::new(&world)
        .require("a")
        .require("b>=2")
        .rules(|rules| rules.cutoff = Some("2024-01-01T00:00:00Z".parse().unwrap()));
    assert_eq!(ways(&case), ["cutoff 2024-03-01"]);
}

#[test]
fn what_cannot_be_tried_is_a_note() {
    let notes = |case: &Case| match case.solve() {
        Answer::Impossible(conflict) => conflict.notes,
        Answer::Locked(_) => panic!("it locks"),
    };
    let a = name("a");
    let cases = [
        (
            Case::new("b 1.0").require("a"),
            ConflictNote::Misspelt { name: a.clone() },
        ),
        (
            Case::new("a 1.0").require("a").hash("another file"),
            ConflictNote::HashesDiffer { name: a.clone() },
        ),
        (
            Case::new("a 1.0 needs-build").require("a"),
            ConflictNote::NeedsBuild { name: a.clone() },
        ),
        (
            Case::new("a 1.0b1\n    gone")
                .require("a")
                .rules(|rules| rules.prerelease = PrereleaseMode::Disallow),
            ConflictNote::PrereleasesExist {
                name: a,
                newest: version("1.0b1"),
            },
        ),
    ];
    for (case, note) in cases {
        assert!(notes(&case).contains(&note), "{note:?}: {:?}", notes(&case));
    }
}
