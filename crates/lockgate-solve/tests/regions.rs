//! Locks for all environments: regions, splits, markers (docs/resolver.md, "All environments").

mod support;

use lockgate_model::{
    ConflictNote, ForkStrategy, KeptPin, Level, Preferences, Resolution, Upgrade,
};
use lockgate_solve::Answer;
use support::Case;

/// World, requirements (`-c` before a constraint), lines of the lock.
type Row = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

fn case(world: &str, wants: &[&str]) -> Case {
    wants
        .iter()
        .fold(Case::new(world).universal("3.8"), |case, want| {
            match want.strip_prefix("-c ") {
                Some(constraint) => case.constrain(constraint),
                None => case.require(want),
            }
        })
}

fn lines(case: &Case) -> Vec<String> {
    let pins = case.pins();
    let pins = pins.replace(" ; ", ";").replace('\n', "");
    let mut lines: Vec<String> = Vec::new();
    for word in pins.split(' ') {
        match lines.last_mut() {
            Some(line) if !word.contains("==") || word.starts_with(['\'', '=']) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn check(rows: &[Row]) {
    for (world, wants, expected) in rows {
        let case = case(world, wants);
        assert_eq!(lines(&case), *expected, "{wants:?} of\n{world}");
    }
}

#[test]
fn disjoint_markers_on_one_project_split() {
    check(&[
        (
            "a 1.0\na 2.0",
            &[
                "a>=2 ; sys_platform == 'linux'",
                "a<2 ; sys_platform == 'darwin'",
            ],
            &[
                "a==1.0;sys_platform == 'darwin'",
                "a==2.0;sys_platform == 'linux'",
            ],
        ),
        (
            "a 1.0\na 2.0\na 3.0",
            &[
                "a==3 ; sys_platform == 'linux'",
                "a==2 ; sys_platform == 'darwin'",
                "a==1 ; sys_platform == 'win32'",
            ],
            &[
                "a==1.0;sys_platform == 'win32'",
                "a==2.0;sys_platform == 'darwin'",
                "a==3.0;sys_platform == 'linux'",
            ],
        ),
        // What is required only in the hole is still locked.
        (
            "a 1.0\na 2.0\nb 1.0",
            &[
                "a>=2 ; sys_platform == 'linux'",
                "a<2 ; sys_platform == 'darwin'",
                "b ; sys_platform == 'plan9'",
            ],
            &[
                "a==1.0;sys_platform == 'darwin'",
                "a==2.0;sys_platform == 'linux'",
                "b==1.0;sys_platform == 'plan9'",
            ],
        ),
        // One version of what both regions need, though the first alone would have it newer.
        (
            "a 1.0\na 2.0\n    b>=2\nb 1.0\nb 2.0",
            &[
                "a",
                "b>=2 ; sys_platform == 'linux'",
                "b<2 ; sys_platform == 'darwin'",
            ],
            &[
                "a==1.0",
                "b==1.0;sys_platform == 'darwin'",
                "b==2.0;sys_platform == 'linux'",
            ],
        ),
    ]);
}

#[test]
fn without_a_conflict_nothing_splits() {
    check(&[
        (
            "a 1.0\na 2.0",
            &[
                "a>=1 ; sys_platform == 'linux'",
                "a<2 ; sys_platform == 'win32'",
            ],
            &["a==1.0;sys_platform == 'linux' or sys_platform == 'win32'"],
        ),
        (
            "a 1.0\n    b ; python_version >= '3.9'\nb 1.0",
            &["a ; sys_platform == 'win32'"],
            &[
                "a==1.0;sys_platform == 'win32'",
                "b==1.0;python_full_version >= '3.9' and sys_platform == 'win32'",
            ],
        ),
        // Both paths to `b`.
        (
            "a 1.0\n    b\nb 1.0\nc 1.0\n    b",
            &["a ; sys_platform == 'win32'", "c ; python_version < '3.10'"],
            &[
                "a==1.0;sys_platform == 'win32'",
                "b==1.0;python_full_version < '3.10' or sys_platform == 'win32'",
                "c==1.0;python_full_version < '3.10'",
            ],
        ),
    ]);
}

#[test]
fn conflicts_between_requirements_of_others_split_too() {
    check(&[(
        "a 1.0\n    c<2\nb 1.0\n    c>=2\nc 1.0\nc 2.0",
        &["a ; sys_platform == 'win32'", "b ; sys_platform == 'linux'"],
        &[
            "a==1.0;sys_platform == 'win32'",
            "b==1.0;sys_platform == 'linux'",
            "c==1.0;sys_platform == 'win32'",
            "c==2.0;sys_platform == 'linux'",
        ],
    )]);
}

#[test]
fn a_version_that_is_unusable_in_a_part_splits() {
    let split: &[&str] = &[
        "a==1.0;sys_platform == 'win32'",
        "a==2.0;sys_platform != 'win32'",
    ];
    check(&[
        (
            "a 1.0\n    a==2.0 ; sys_platform != 'win32'\na 2.0\n    a==1.0 ; sys_platform == 'win32'",
            &["a"],
            split,
        ),
        (
            "a 1.0 extras=x\n    a==2.0 ; extra == 'x' and sys_platform != 'win32'
a 2.0 extras=x\n    a==1.0 ; extra == 'x' and sys_platform == 'win32'",
            &["a[x]"],
            split,
        ),
        // With the extra it would be unusable everywhere; nobody asks for it.
        (
            "a 1.0 extras=x\n    a==2.0 ; extra == 'x' or sys_platform != 'win32'
a 2.0 extras=x\n    a==1.0 ; extra == 'x' or sys_platform == 'win32'",
            &["a"],
            split,
        ),
        // Each of two extras in its part, and one of them is asked for.
        (
            "a 1.0 extras=x,y\n    a==2.0 ; extra == 'x' and sys_platform != 'win32'
    a==2.0 ; extra == 'y'\na 2.0 extras=x,y\n    a==1.0 ; extra == 'x' and sys_platform == 'win32' or extra == 'y'",
            &["a[x]"],
            split,
        ),
        (
            "a 1.0 extras=x\n    b @ https://example.org/b.whl ; extra == 'x' or sys_platform != 'win32'
a 2.0 extras=x\n    b @ https://example.org/b.whl ; extra == 'x' or sys_platform == 'win32'\nb 1.0",
            &["a"],
            split,
        ),
        // With the extra there is no version of it anywhere.
        (
            "a 1.0 extras=x\n    a==2.0 ; extra == 'x' or sys_platform != 'win32'
a 2.0 extras=x\n    a==1.0 ; extra == 'x' or sys_platform == 'win32'",
            &["a[x]"],
            &["impossible"],
        ),
    ]);
}

#[test]
fn the_gate_gives_way_only_in_the_part_in_which_the_safe_version_is_unusable() {
    for (needs, wants) in [
        ("a==2.0 ; sys_platform == 'win32'", "a"),
        ("a==2.0 ; extra == 'x' and sys_platform == 'win32'", "a[x]"),
        ("a==2.0 ; extra == 'x' or sys_platform == 'win32'", "a"),
    ] {
        let world = format!("a 1.0 extras=x\n    {needs}\na 2.0 extras=x");
        let case = case(&world, &[wants]).avoid("a", ">=2", Level::Low);
        let expected = [
            "a==1.0;sys_platform != 'win32'",
            "a==2.0;sys_platform == 'win32'",
        ];
        assert_eq!(lines(&case), expected, "{needs}");
    }
}

/// The proof need not name `d`: only its older version, in a part, leaves no final release of `c` and so lets the pre-release in.
#[test]
fn a_small_question_is_split_by_what_an_extra_adds_in_a_part() {
    for (needs, wants) in [
        ("d", "a ; python_version < '3.10'"),
        ("d ; python_version < '3.10'", "a"),
        ("d ; extra == 'x' and python_version < '3.10'", "a[x]"),
    ] {
        let world =
            format!("a 1.0 extras=x\n    {needs}\nc 1.0\nc 2.0b1\nd 1.0\n    c!=1.*\nd 2.0");
        let case = case(&world, &["c", wants]).avoid("c", "==1.0", Level::High);
        let lines = lines(&case);
        let safe = "c==2.0b1;python_full_version < '3.10'";
        assert!(lines.contains(&safe.to_owned()), "{needs}: {lines:?}");
    }
}

#[test]
fn what_holds_at_once_is_a_final_conflict() {
    check(&[
        (
            "a 1.0\na 2.0",
            &["a>=2 ; sys_platform == 'linux'", "a<2"],
            &["impossible"],
        ),
        (
            "a 1.0\na 2.0",
            &[
                "a>=2 ; python_version >= '3.10'",
                "a<2 ; python_version < '3.11'",
            ],
            &["impossible"],
        ),
        (
            "a 1.0\na 2.0",
            &[
                "a>=2 ; sys_platform == 'linux'",
                "a<2 ; platform_system == 'Windows'",
            ],
            &[
                "a==1.0;sys_platform == 'win32'",
                "a==2.0;sys_platform == 'linux'",
            ],
        ),
        (
            "a 1.0\n    gone",
            &["a ; sys_platform == 'win32'"],
            &["impossible"],
        ),
        ("a 1.0\n    gone", &["a ; python_version < '3.8'"], &[""]),
    ]);
}

const SPLIT: [&str; 2] = [
    "a==1.0;python_full_version < '3.10'",
    "a==2.0;python_full_version >= '3.10'",
];

#[test]
fn a_newer_version_that_needs_a_newer_python_splits() {
    let world = "a 1.0 python=>=3.8\na 2.0 python=>=3.10";
    check(&[
        (world, &["a"], &SPLIT),
        (
            world,
            &["a ; python_version < '3.10'"],
            &["a==1.0;python_full_version < '3.10'"],
        ),
        (
            world,
            &["a ; python_version >= '3.10'"],
            &["a==2.0;python_full_version >= '3.10'"],
        ),
        // What leaves out the first patch releases begins after them; further up they are not looked at.
        (
            "a 1.0 python=>=3.8\na 2.0 python=>=3.7,!=3.8.0,!=3.8.1",
            &["a"],
            &[
                "a==1.0;python_full_version < '3.8.2'",
                "a==2.0;python_full_version >= '3.8.2'",
            ],
        ),
        (
            "a 1.0 python=>=3.8\na 2.0 python=>=3.7,!=3.8.*",
            &["a"],
            &[
                "a==1.0;python_full_version < '3.9'",
                "a==2.0;python_full_version >= '3.9'",
            ],
        ),
        (
            "a 1.0 python=>=3.8\na 2.0 python=>=3.7,!=3.9.0,!=3.9.1",
            &["a"],
            &["a==2.0"],
        ),
        // Upper bounds say nothing.
        ("a 1.0 python=>=3.8,<3.10\na 0.9", &["a"], &["a==1.0"]),
        ("a 2.0 python=>=3.10", &["a"], &["impossible"]),
    ]);
    let fewest = case(world, &["a"]).rules(|rules| rules.fork_strategy = ForkStrategy::Fewest);
    assert_eq!(lines(&fewest), ["a==1.0"]);
    let forced = case(world, &["a>=2 ; python_version >= '3.10'", "a"]);
    let forced = forced.rules(|rules| rules.fork_strategy = ForkStrategy::Fewest);
    assert_eq!(lines(&forced), SPLIT);
}

#[test]
fn wheels_for_some_environments_are_taken_there() {
    check(&[
        (
            "a 1.0\na 2.0 wheel=py3-none-win_amd64.win_arm64",
            &["a"],
            &[
                "a==1.0;sys_platform != 'win32'",
                "a==2.0;sys_platform == 'win32'",
            ],
        ),
        (
            "a 1.0\na 2.0 wheel=cp310-cp310-win_amd64.win_arm64",
            &["a>=2"],
            &["a==2.0"],
        ),
    ]);
}

#[test]
fn the_gate_holds_in_each_region_by_itself() {
    let world = "a 1.0\na 1.5\na 2.0\na 2.5";
    let wants = [
        "a<2 ; sys_platform == 'win32'",
        "a>=2 ; sys_platform != 'win32'",
    ];
    let safe = [
        "a==1.0;sys_platform == 'win32'",
        "a==2.5;sys_platform != 'win32'",
    ];
    assert_eq!(lines(&case(world, &wants).deny("a", "==1.5")), safe);
    assert_eq!(lines(&case(world, &wants).deny("a", "<2")), ["impossible"]);
}

#[test]
fn what_the_gate_denies_is_no_reason_to_look_into_parts() {
    for world in ["a 1.0\na 2.0b1\nb 1.0", "a 1.0\na 2.0 yanked\nb 1.0"] {
        let case = case(world, &["a", "b ; sys_platform == 'win32'"]).deny("a", ">=0.dev0");
        let Answer::Impossible(conflict) = case.solve() else {
            panic!("nothing is left of `a`: {world}");
        };
        let regions: Vec<&str> = conflict
            .notes
            .iter()
            .filter_map(|note| match note {
                ConflictNote::Region { marker } => Some(marker.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(regions, ["python_full_version >= '3.8'"], "{world}");
    }
}

#[test]
fn prereleases_are_grounded_in_each_region() {
    check(&[(
        "a 1.0\na 2.0b1",
        &["a", "a>=2.0b1 ; sys_platform == 'win32'"],
        &[
            "a==1.0;sys_platform != 'win32'",
            "a==2.0b1;sys_platform == 'win32'",
        ],
    )]);
}

/// The regions of a lock that is the same when it is made again.
fn regions_of_both(case: Case) -> usize {
    let Answer::Locked(first) = case.solve() else {
        panic!("it locks");
    };
    let pins = first.graph.pins.iter().map(|pin| {
        let kept = KeptPin {
            version: pin.version.clone(),
            marker: pin.marker.clone(),
        };
        (pin.name.clone(), kept)
    });
    let mut again = case;
    again.keep = Preferences::new(pins, first.graph.regions.clone(), &Upgrade::default());
    let Answer::Locked(second) = again.solve() else {
        panic!("it locks");
    };
    assert_eq!(support::text(&first.graph), support::text(&second.graph));
    assert_eq!(first.graph.regions, second.graph.regions);
    first.graph.regions.len()
}

#[test]
fn a_lock_made_again_is_the_same() {
    let world = "a 1.0 python=>=3.8\na 2.0 python=>=3.10\nb 1.0\nb 2.0";
    let wants = [
        "a",
        "b<2 ; sys_platform == 'win32'",
        "b>=2 ; sys_platform != 'win32'",
    ];
    assert_eq!(regions_of_both(case(world, &wants)), 4);
}

#[test]
fn what_a_conflict_leads_to_does_not_depend_on_what_is_kept() {
    // `c` 1.0 is tried in the first run only: there every version of `a` is met under a bound that leaves nothing out.
    let world = "\
        a 1.0 uploaded=2023-06-01T00:00:00Z
        a 2.1.dev1 uploaded=2024-06-01T00:00:00Z
        b 1.0 uploaded=2023-06-01T00:00:00Z
            c ; sys_platform != 'win32'
        c 1.0 uploaded=2023-06-01T00:00:00Z
            a!=1.0
        c 2.0 uploaded=2023-06-01T00:00:00Z";
    let case = case(world, &["a", "b"])
        .avoid("a", "==1.0", Level::Low)
        .rules(|rules| {
            rules.resolution = Resolution::Lowest;
            rules.cutoff = Some("2024-01-01T00:00:00Z".parse().unwrap());
        });
    let pins = ["a==1.0", "b==1.0", "c==2.0;sys_platform != 'win32'"];
    assert_eq!(lines(&case), pins);
    assert_eq!(regions_of_both(case), 0);
}

#[test]
fn a_direct_reference_counts_where_it_holds() {
    let world = "a 1.0\n    p>=2\na 2.0\np 1.0\np 2.0\nb 1.0\n    p";
    let linux = "sys_platform == 'linux'";
    // One that nobody else asks for splits nothing.
    let case = Case::new(world)
        .universal("3.8")
        .take_from("p", "1.0", linux);
    assert_eq!(lines(&case), ["p==1.0;sys_platform == 'linux'"]);
    // Whoever needs the project elsewhere gets it from the index.
    let case = case.require("b");
    assert_eq!(
        lines(&case),
        [
            "b==1.0",
            "p==1.0;sys_platform == 'linux'",
            "p==1.0;sys_platform != 'linux'",
        ]
    );
    // The gate is let go of only where it holds.
    let case = Case::new(world)
        .universal("3.8")
        .require("a")
        .take_from("p", "1.0", linux)
        .avoid("a", "==2.0", Level::High);
    assert_eq!(
        lines(&case),
        [
            "a==1.0;sys_platform != 'linux'",
            "a==2.0;sys_platform == 'linux'",
            "p==1.0;sys_platform == 'linux'",
            "p==2.0;sys_platform != 'linux'",
        ]
    );
}
