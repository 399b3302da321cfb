//! Random small worlds without a solution: each explanation stays a conflict when the index is cut to the facts that it names.
//! `LOCKGATE_WORLDS` sets how many worlds are tried.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod explained;
mod support;

use std::fmt::Write as _;

use lockgate_model::{Level, PrereleaseMode, Resolution};
use proptest::prelude::*;
use support::Case;

const PROJECTS: [&str; 5] = ["a", "b", "c", "d", "e"];
const VERSIONS: [&str; 7] = ["1.0", "1.0+l", "1.1", "2.0b1", "2.0", "2.1.dev1", "3.0"];
const SPECIFIERS: [&str; 14] = [
    "", "", "", ">=1.1", "<2", "<2.0b1", "==1.0", "!=1.0", "==2.0b1", ">=2.0b1", ">1.0", "==1.*",
    "<=2.0", "==3.0",
];

#[derive(Debug, Clone, Copy)]
struct Wish {
    project: usize,
    extra: bool,
    specifiers: usize,
    /// Of a release: only with its extra.
    guarded: bool,
}

#[derive(Debug, Clone)]
struct Release {
    project: usize,
    version: usize,
    yanked: bool,
    wrong_python: bool,
    /// 0 and more than 3: clear, 1: denied, 2: mildly avoided, 3: avoided.
    verdict: u8,
    has_wheel: bool,
    wishes: Vec<Wish>,
}

/// The options of a question.
#[derive(Debug, Clone, Copy)]
struct Options {
    resolution: Resolution,
    prefers_wheels: bool,
    mode: PrereleaseMode,
    /// A project that `--all-releases` (true) or `--only-final` names.
    controlled: Option<(usize, bool)>,
    /// A project that is left out.
    excluded: Option<usize>,
}

#[derive(Debug, Clone)]
struct Plan {
    releases: Vec<Release>,
    roots: Vec<Wish>,
    constraints: Vec<Wish>,
    overrides: Vec<Wish>,
    options: Options,
}

fn options() -> impl Strategy<Value = Options> {
    let resolution = prop_oneof![
        3 => Just(Resolution::Highest),
        1 => Just(Resolution::Lowest),
        1 => Just(Resolution::LowestDirect),
    ];
    let mode = prop_oneof![
        8 => Just(PrereleaseMode::IfNecessaryOrExplicit),
        1 => Just(PrereleaseMode::Allow),
        1 => Just(PrereleaseMode::Disallow),
        1 => Just(PrereleaseMode::IfNecessary),
        1 => Just(PrereleaseMode::Explicit),
    ];
    let project = 0..PROJECTS.len();
    (
        resolution,
        prop::bool::weighted(0.2),
        mode,
        prop::option::weighted(0.1, (project.clone(), any::<bool>())),
        prop::option::weighted(0.1, project),
    )
        .prop_map(
            |(resolution, prefers_wheels, mode, controlled, excluded)| Options {
                resolution,
                prefers_wheels,
                mode,
                controlled,
                excluded,
            },
        )
}

fn wish() -> impl Strategy<Value = Wish> {
    (
        0..PROJECTS.len(),
        prop::bool::weighted(0.2),
        0..SPECIFIERS.len(),
        prop::bool::weighted(0.25),
    )
        .prop_map(|(project, extra, specifiers, guarded)| Wish {
            project,
            extra,
            specifiers,
            guarded,
        })
}

fn plan() -> impl Strategy<Value = Plan> {
    let release = (
        0..PROJECTS.len(),
        0..VERSIONS.len(),
        prop::bool::weighted(0.12),
        prop::bool::weighted(0.08),
        0..16u8,
        prop::bool::weighted(0.7),
        prop::collection::vec(wish(), 0..3),
    )
        .prop_map(
            |(project, version, yanked, wrong_python, verdict, has_wheel, wishes)| Release {
                project,
                version,
                yanked,
                wrong_python,
                verdict,
                has_wheel,
                wishes,
            },
        );
    (
        prop::collection::vec(release, 1..18),
        prop::collection::vec(wish(), 1..4),
        prop::collection::vec(wish(), 0..2),
        prop_oneof![
            2 => Just(Vec::new()),
            1 => prop::collection::vec(wish(), 1..3),
        ],
        options(),
    )
        .prop_map(|(mut releases, roots, constraints, overrides, options)| {
            releases.sort_by_key(|release| (release.project, release.version));
            releases.dedup_by_key(|release| (release.project, release.version));
            Plan {
                releases,
                roots,
                constraints,
                overrides,
                options,
            }
        })
}

impl Plan {
    fn world(&self) -> String {
        let mut world = String::new();
        for release in &self.releases {
            let flags = [
                (release.yanked, " yanked"),
                (release.wrong_python, " python=<3"),
                (!release.has_wheel, " sdist"),
            ];
            let flags: String = flags
                .iter()
                .filter_map(|(on, flag)| on.then_some(*flag))
                .collect();
            let project = PROJECTS[release.project];
            writeln!(world, "{project} {}{flags}", VERSIONS[release.version]).unwrap();
            for wish in &release.wishes {
                let marker = if wish.guarded { " ; extra == 'x'" } else { "" };
                writeln!(world, "    {}{marker}", text_of_wish(wish)).unwrap();
            }
        }
        world
    }

    fn case(&self) -> Case {
        let mut case = Case::new(&self.world());
        for wish in &self.roots {
            case = case.require(&text_of_wish(wish));
        }
        for wish in &self.constraints {
            let specifiers = SPECIFIERS[wish.specifiers];
            case = case.constrain(&format!("{}{specifiers}", PROJECTS[wish.project]));
        }
        for wish in &self.overrides {
            case = case.overrule(&text_of_wish(wish));
        }
        let options = self.options;
        if let Some(project) = options.excluded {
            case = case.exclude(PROJECTS[project]);
        }
        case = case.rules(|rules| {
            rules.resolution = options.resolution;
            rules.prefer_binary = options.prefers_wheels;
            rules.prerelease = options.mode;
            if let Some((project, all)) = options.controlled {
                let applied = if all {
                    rules.releases.all_releases(PROJECTS[project])
                } else {
                    rules.releases.only_final(PROJECTS[project])
                };
                applied.unwrap();
            }
        });
        for release in &self.releases {
            // `===` leaves the local versions alone: each release has a verdict of its own.
            let specifiers = format!("==={}", VERSIONS[release.version]);
            let project = PROJECTS[release.project];
            case = match release.verdict {
                1 => case.deny(project, &specifiers),
                2 => case.avoid(project, &specifiers, Level::Low),
                3 => case.avoid(project, &specifiers, Level::High),
                _ => case,
            };
        }
        case
    }
}

fn text_of_wish(wish: &Wish) -> String {
    let extra = if wish.extra { "[x]" } else { "" };
    format!(
        "{}{extra}{}",
        PROJECTS[wish.project], SPECIFIERS[wish.specifiers]
    )
}

fn worlds() -> u32 {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a test runs, not what the solver answers"
    )]
    let worlds = std::env::var("LOCKGATE_WORLDS");
    worlds
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(500)
}
