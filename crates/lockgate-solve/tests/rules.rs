//! The rules of the choice, case by case (docs/resolver.md).

mod support;

use lockgate_model::{Note, PrereleaseMode, Resolution, Via};
use lockgate_solve::Answer;
use support::{Case, name};

/// World, requirements (`-c` before a constraint), pins.
type Row = (&'static str, &'static [&'static str], &'static str);

fn check(rows: &[Row]) {
    for (world, wants, expected) in rows {
        let case = wants.iter().fold(Case::new(world), |case, want| {
            match want.strip_prefix("-c ") {
                Some(constraint) => case.constrain(constraint),
                None => case.require(want),
            }
        });
        assert_eq!(case.pins(), *expected, "{wants:?} of\n{world}");
    }
}

#[test]
fn the_highest_version_that_works_is_chosen() {
    check(&[
        ("a 1.0\na 2.0", &["a"], "a==2.0"),
        ("a 1.0\na 2.0", &["A<2"], "a==1.0"),
        ("a 1.9\na 1.10", &["a"], "a==1.10"),
        ("a 1.0", &[], ""),
        ("a 1.0", &["a ; python_version < '3'"], ""),
        ("a 1.0", &["a>1"], "impossible"),
    ]);
}

#[test]
fn requirements_on_a_project_hold_together() {
    check(&[
        (
            "a 1.0\n    c<3\nb 1.0\n    c>1\nc 1.0\nc 2.0\nc 3.0",
            &["a", "b"],
            "a==1.0 b==1.0 c==2.0",
        ),
        ("a 1.0\na 1.1\na 1.2", &["a!=1.2,!=1.1"], "a==1.0"),
        ("a 1.0\na 2.0", &["a>=1", "a<2"], "a==1.0"),
        ("a 1.0\na 2.0\n    b\n", &["a"], "a==1.0"),
        ("a 2.0\n    b==1\nb 1.0\n    a<2", &["a"], "impossible"),
    ]);
}

#[test]
fn versions_that_need_a_missing_project_are_not_used() {
    check(&[
        ("a 1.0\na 2.0\n    gone", &["a"], "a==1.0"),
        ("a 1.0\n    gone", &["a"], "impossible"),
        ("a 1.0", &["gone"], "impossible"),
    ]);
}

#[test]
fn constraints_restrict_and_pull_nothing_in() {
    check(&[
        ("a 1.0\nb 1.0", &["a", "-c b<1"], "a==1.0"),
        (
            "a 1.0\n    b\nb 1.0\nb 2.0",
            &["a", "-c b<2"],
            "a==1.0 b==1.0",
        ),
        ("a 1.0\na 2.0\n    b>=2\nb 2.0", &["a", "-c b<2"], "a==1.0"),
        ("a 1.0\na 2.0", &["a", "-c a==1.0"], "a==1.0"),
    ]);
}

#[test]
fn extras_add_what_they_guard() {
    check(&[
        (
            "a 1.0\n    b ; extra == 'x'\nb 1.0",
            &["a[X]"],
            "a==1.0 b==1.0",
        ),
        ("a 1.0\n    b ; extra == 'x'\nb 1.0", &["a"], "a==1.0"),
        (
            "a 1.0\n    a[x] ; extra == 'all'\n    b ; extra == 'x'\nb 1.0",
            &["a[all]"],
            "a==1.0 b==1.0",
        ),
        (
            "a 1.0\na 2.0\n    b>1 ; extra == 'x'\nb 1.0",
            &["a[x]"],
            "a==1.0",
        ),
        (
            "a 1.0\n    b ; extra == 'x'\n    c ; extra == 'y'\nb 1.0\nc 1.0\nd 1.0\n    a[y]",
            &["a[x]", "d"],
            "a==1.0 b==1.0 c==1.0 d==1.0",
        ),
        ("a 1.0\nd 1.0\n    a[x]<1", &["d"], "impossible"),
    ]);
}

#[test]
fn an_extra_that_is_not_there_is_a_note_and_no_reason_to_take_an_older_version() {
    let case = Case::new("a 1.0 extras=x\na 2.0").require("a[x]");
    assert_eq!(case.pins(), "a==2.0");
    let Answer::Locked(solution) = case.solve() else {
        panic!("it locks");
    };
    assert!(matches!(
        solution.graph.notes.as_slice(),
        [Note::MissingExtra { extra, .. }] if *extra == name("x")
    ));
}

#[test]
fn local_versions_belong_to_their_public_version() {
    let world = "a 1.2.3\na 1.2.3+foo";
    check(&[
        (world, &["a==1.2.3"], "a==1.2.3+foo"),
        (world, &["a>=1.2.3"], "a==1.2.3+foo"),
        (world, &["a<=1.2.3"], "a==1.2.3+foo"),
        (world, &["a==1.2.3+foo"], "a==1.2.3+foo"),
        (world, &["a>1.2.3"], "impossible"),
        (world, &["a<1.2.3"], "impossible"),
        (
            "a 1.2.3 wheel=cp39-cp39-win32\na 1.2.3+foo",
            &["a==1.2.3"],
            "a==1.2.3+foo",
        ),
    ]);
}

#[test]
fn post_releases_are_versions_of_their_own() {
    let world = "a 1.2.3\na 1.2.3.post1";
    check(&[
        (world, &["a==1.2.3"], "a==1.2.3"),
        (world, &["a<=1.2.3"], "a==1.2.3"),
        (world, &["a<1.2.3"], "impossible"),
        (world, &["a>1.2.3"], "impossible"),
        (world, &["a>=1.2.3"], "a==1.2.3.post1"),
        (world, &["a>1.2.3.post0"], "a==1.2.3.post1"),
    ]);
}

#[test]
fn prereleases_count_where_a_clause_names_one_or_nothing_final_matches() {
    check(&[
        ("a 1.0\na 2.0b1", &["a"], "a==1.0"),
        ("a 1.0\na 2.0b1", &["a>=1.0b1"], "a==2.0b1"),
        ("a 1.0\na 2.0b1", &["a>1"], "a==2.0b1"),
        ("a 2.0b1", &["a"], "a==2.0b1"),
        ("a 1.0\na 2.0.dev1", &["a!=2.0b1"], "a==1.0"),
        // A clause further down names it.
        (
            "a 1.0\na 2.0b1\nb 1.0\n    a>=2.0b1",
            &["a", "b"],
            "a==2.0b1 b==1.0",
        ),
        (
            "a 1.0\na 2.0b1\nb 1.0\n    a>=2.0b1",
            &["b", "a>=1"],
            "a==2.0b1 b==1.0",
        ),
        // The combined clauses leave a final release: the pre-release is none of theirs.
        (
            "a 1.0\na 1.1b1\nb 1.0\n    a<1.1",
            &["a>=1.0", "b"],
            "a==1.0 b==1.0",
        ),
        // A constraint is a clause.
        ("a 1.0\na 2.0b1", &["a", "-c a>=0.1b1"], "a==2.0b1"),
    ]);
}

#[test]
fn a_prerelease_that_a_clause_names_competes_also_where_little_else_is_left() {
    let lowest = "a 2.1.dev1\na 3.0\nb 2.1.dev1\n    a>=2.0b1\nc 1.1\nc 2.0\n    b>=2.0b1,!=2.0";
    let case = Case::new(lowest).require("b").require("c").rules(|rules| {
        rules.prerelease = PrereleaseMode::Explicit;
        rules.resolution = Resolution::Lowest;
    });
    assert_eq!(case.pins(), "a==2.1.dev1 b==2.1.dev1 c==2.0");
}

#[test]
fn the_prerelease_option_says_which_count() {
    let rows = [
        (PrereleaseMode::Disallow, "a", "a==1.0"),
        (PrereleaseMode::Disallow, "a>=2.0b1", "impossible"),
        (PrereleaseMode::Allow, "a", "a==2.0b1"),
        (PrereleaseMode::IfNecessary, "a>=1.0b1", "a==1.0"),
        (PrereleaseMode::IfNecessary, "a>1", "a==2.0b1"),
        (PrereleaseMode::Explicit, "a>=1.0b1", "a==2.0b1"),
        (PrereleaseMode::Explicit, "a>1", "impossible"),
    ];
    for (mode, requirement, expected) in rows {
        let case = Case::new("a 1.0\na 2.0b1")
            .require(requirement)
            .rules(|rules| rules.prerelease = mode);
        assert_eq!(case.pins(), expected, "{mode:?} {requirement}");
    }
}

#[test]
fn yanked_releases_need_an_exact_clause_and_nothing_else_to_match() {
    check(&[
        ("a 1.0\na 2.0 yanked", &["a"], "a==1.0"),
        ("a 2.0 yanked", &["a"], "impossible"),
        ("a 1.0\na 2.0 yanked", &["a==2.0"], "a==2.0"),
        ("a 1.0\na 2.0 yanked", &["a==2.*"], "impossible"),
        (
            "a 1.0\na 2.0 yanked\nb 1.0\n    a==2.0",
            &["a", "b"],
            "a==2.0 b==1.0",
        ),
        ("a 2.0 yanked\na 2.0+cpu", &["a==2.0"], "a==2.0+cpu"),
        // A yanked final release still is a matching final release (pip's rule).
        ("a 1.0 yanked\na 2.0b1", &["a"], "impossible"),
    ]);
}

#[test]
fn what_the_target_cannot_install_is_passed_over() {
    check(&[
        ("a 1.0\na 2.0 python=>=3.12", &["a"], "a==1.0"),
        ("a 1.0\na 2.0 metadata-python=>=3.12", &["a"], "a==1.0"),
        ("a 1.0\na 2.0 python=>=3.11.1", &["a"], "a==1.0"),
        ("a 1.0\na 2.0 python=<3.11", &["a"], "a==1.0"),
        ("a 1.0\na 2.0 python=nonsense", &["a"], "a==2.0"),
        ("a 1.0\na 2.0 wheel=cp39-cp39-win32", &["a"], "a==1.0"),
        ("a 1.0\na 2.0 needs-build", &["a"], "a==1.0"),
        ("a 1.0\na 2.0 sdist", &["a"], "a==2.0"),
        (
            "a 1.0\na 2.0\n    b @ https://b.test/b.whl\nb 1.0",
            &["a"],
            "a==1.0",
        ),
    ]);
}

#[test]
fn format_control_cutoff_and_hashes_leave_out_files() {
    let world = "a 1.0 sdist\na 2.0";
    let case = |value: &str, binary: bool| {
        Case::new(world).require("a").rules(|rules| {
            let policy = &mut rules.binary;
            if binary {
                policy.only_binary(value).unwrap();
            } else {
                policy.no_binary(value).unwrap();
            }
        })
    };
    assert_eq!(case("a", false).pins(), "a==1.0");
    assert_eq!(case("a", true).pins(), "a==2.0");
    assert_eq!(case("b", false).pins(), "a==2.0");

    let dated = "a 1.0 uploaded=2024-01-01T00:00:00Z\na 2.0 uploaded=2024-06-01T00:00:00Z\na 3.0";
    let case = Case::new(dated)
        .require("a")
        .rules(|rules| rules.cutoff = Some("2024-06-01T00:00:00Z".parse().unwrap()));
    assert_eq!(case.pins(), "a==1.0");

    let case = Case::new("a 1.0\na 2.0")
        .require("a")
        .hash("a-1.0-py3-none-any.whl");
    assert_eq!(case.pins(), "a==1.0");
}

#[test]
fn no_dependencies_means_only_what_is_asked_for() {
    let case = Case::new("a 1.0\n    b\nb 1.0")
        .require("a")
        .rules(|rules| rules.no_dependencies = true);
    assert_eq!(case.pins(), "a==1.0");
}

#[test]
fn kept_pins_stay_until_something_speaks_against_them() {
    let world = "a 1.0\na 2.0\na 3.0 yanked\nb 1.0\n    a>=2\nb 2.0\n    a>=2";
    let case = || Case::new(world);
    assert_eq!(case().require("a").keep("a", "1.0").pins(), "a==1.0");
    assert_eq!(case().require("a>1").keep("a", "1.0").pins(), "a==2.0");
    assert_eq!(case().require("a").keep("a", "9.0").pins(), "a==2.0");
    assert_eq!(case().require("a").keep("a", "3.0").pins(), "a==2.0");
    assert_eq!(
        case()
            .require("a")
            .require("b")
            .keep("a", "1.0")
            .keep("b", "1.0")
            .pins(),
        "a==2.0 b==1.0"
    );
    assert_eq!(
        case()
            .require("a")
            .keep("a", "1.0")
            .deny("a", "==1.0")
            .pins(),
        "a==2.0"
    );
    assert_eq!(case().require("a").upgrade("a<2").pins(), "a==1.0");
}

#[test]
fn the_newest_y_goes_with_an_older_x_rather_than_x_with_an_ancient_y() {
    use std::fmt::Write as _;
    let mut world = "x 1.0\nx 2.0\n    z==2\nz 1.0\nz 2.0\ny 0.1\n".to_owned();
    for minor in 0..20 {
        writeln!(world, "y 1.{minor}\n    z<2").unwrap();
    }
    let case = Case::new(&world).require("x").require("y");
    assert_eq!(case.pins(), "x==1.0 y==1.19 z==1.0");
}

#[test]
fn what_is_held_is_not_rejected() {
    // Two versions of `b` are rejected and the third holds: it is no third one only because `zz` is moved back.
    let world = "b 1.1\nb 2.0\n    d<2\nb 3.0\n    b<2\nd 1.1\nd 2.0\ndd 1.0\nzz 1.0\nzz 1.2\n    dd\nzz 2.0\n    dd>=2";
    check(&[
        (world, &["d", "b[x]"], "b==1.1 d==2.0"),
        (world, &["d", "b[x]", "zz"], "b==1.1 d==2.0 dd==1.0 zz==1.2"),
    ]);
}

#[test]
fn a_file_without_a_digest_is_a_failure_and_no_lock() {
    let case = Case::new("a 1.0 no-hash").require("a");
    assert!(case.error().to_string().contains("a-1.0-py3-none-any.whl"));
}

#[test]
fn an_override_mends_a_direct_reference_of_a_release() {
    let world = "a 1.0\na 2.0\n    b @ https://host.test/b-1.0-py3-none-any.whl\nb 1.0";
    assert_eq!(Case::new(world).require("a").pins(), "a==1.0");
    let case = Case::new(world).require("a").overrule("b");
    assert_eq!(case.pins(), "a==2.0 b==1.0");
}

#[test]
fn an_overridden_requirement_takes_its_hashes_with_it() {
    let world = "a 1.0\na 2.0";
    let case = Case::new(world)
        .require("a")
        .hash("a-1.0-py3-none-any.whl")
        .overrule("a>=2");
    assert_eq!(case.pins(), "a==2.0");
}

#[test]
fn overrides_and_who_they_are_for_stand_in_the_graph() {
    let case = Case::new("a 1.0\n    b<2\nb 1.0\nb 2.0")
        .require("a")
        .overrule("b==2.0");
    let Answer::Locked(solution) = case.solve() else {
        panic!("it locks");
    };
    let on_b: Vec<String> = solution
        .graph
        .edges
        .iter()
        .filter(|edge| edge.to == name("b"))
        .map(|edge| match &edge.from {
            Via::Source(origin) => {
                format!("{} {} {}", edge.requirement, origin.via, edge.from.asks())
            }
            Via::Pin(name) => format!("{} {name} {}", edge.requirement, edge.from.asks()),
        })
        .collect();
    assert_eq!(
        on_b,
        ["b==2.0 --override overrides.txt false", "b==2.0 a true"]
    );
    assert!(solution.graph.notes.contains(&Note::Defied {
        name: name("a"),
        version: "1.0".parse().unwrap(),
        requirement: "b<2".to_owned(),
        locked: Some("2.0".parse().unwrap()),
    }));
}

#[test]
fn the_lowest_are_passed_over_upwards() {
    let case = Case::new("a 1.0\na 1.1\na 1.2\na 1.3")
        .require("a>=1")
        .deny("a", "<1.2")
        .rules(|rules| rules.resolution = Resolution::Lowest);
    assert_eq!(case.pins(), "a==1.2");
    let Answer::Locked(solution) = case.solve() else {
        panic!("it locks");
    };
    let [Note::PassedOver(passed)] = solution.graph.notes.as_slice() else {
        panic!("one note: {:?}", solution.graph.notes);
    };
    let versions: Vec<String> = passed
        .versions
        .iter()
        .map(|(version, _)| version.to_string())
        .collect();
    assert_eq!(versions, ["1.0", "1.1"]);
}

#[test]
fn the_lowest_with_a_dependency_that_the_gate_denies_is_passed_over() {
    let case = Case::new("a 1.0\n    b<2\na 1.1\n    b>=2\nb 1.0\nb 2.0")
        .require("a>=1")
        .deny("b", "<2")
        .rules(|rules| rules.resolution = Resolution::Lowest);
    assert_eq!(case.pins(), "a==1.1 b==2.0");
}

#[test]
fn local_files_are_nobodys_upload() {
    let cutoff = "2024-01-01T00:00:00Z".parse().unwrap();
    let case = |world: &str| {
        Case::new(world)
            .require("a")
            .rules(|rules| rules.cutoff = Some(cutoff))
    };
    assert_eq!(case("a 1.0 local\n").pins(), "a==1.0");
    assert_eq!(case("a 1.0\n").pins(), "impossible");
}
