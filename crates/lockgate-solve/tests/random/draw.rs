//! Plans drawn from a seed.

use lockgate_model::{Level, Marker, PrereleaseMode, Resolution};

use super::dice::Dice;
use super::plan::{Advice, Aim, Direct, Format, Options, Plan, Release, Wish};
use super::tables::{
    ALWAYS, ANY, ANY_PYTHON, CLAUSES, CONDITIONS, EXTRAS, FILES, PROJECTS, PURE, PYTHONS, Place,
    REQUIRED_PYTHONS, SYSTEMS, VERSIONS,
};

/// How worlds of one kind are drawn.
#[derive(Clone, Copy)]
struct Style {
    projects: usize,
    aim: Aim,
    /// Of a hundred wishes, how many admit all versions.
    open: usize,
}

fn wish(dice: &mut Dice, style: Style) -> Wish {
    let Style {
        projects,
        aim,
        open,
    } = style;
    let conditional = if matches!(aim, Aim::All { .. }) {
        40
    } else {
        25
    };
    let mut extra = || dice.percent(12);
    let extras = [extra(), extra()];
    Wish {
        project: dice.below(projects),
        extras,
        clause: if dice.percent(open) {
            ANY
        } else {
            dice.below(CLAUSES.len())
        },
        condition: if dice.percent(conditional) {
            dice.below(CONDITIONS.len())
        } else {
            ALWAYS
        },
        guard: None,
        loose: false,
        part: None,
    }
}

fn release(dice: &mut Dice, style: Style) -> Release {
    let files = if dice.percent(50) {
        dice.below(FILES.len())
    } else {
        PURE
    };
    let parts = FILES[files].parts;
    let mut wishes = Vec::new();
    for _ in 0..dice.below(if parts.is_empty() { 3 } else { 5 }) {
        let guard = dice.percent(30).then(|| dice.below(EXTRAS.len()));
        wishes.push(Wish {
            guard,
            loose: guard.is_some() && dice.percent(20),
            part: (!parts.is_empty() && dice.percent(70)).then(|| dice.below(parts.len())),
            ..wish(dice, style)
        });
    }
    Release {
        project: dice.below(style.projects),
        version: dice.below(VERSIONS.len()),
        yanked: dice.percent(12),
        python: if dice.percent(30) {
            dice.below(REQUIRED_PYTHONS.len())
        } else {
            ANY_PYTHON
        },
        hides_python: dice.percent(15),
        files,
        late: dice.percent(20),
        advice: match dice.below(16) {
            0 => Advice::Denied,
            1 => Advice::Avoided(Level::Low),
            2 => Advice::Avoided(Level::High),
            _ => Advice::Clear,
        },
        wishes,
    }
}

fn options(dice: &mut Dice, projects: usize) -> Options {
    Options {
        resolution: match dice.below(5) {
            0 => Resolution::Lowest,
            1 => Resolution::LowestDirect,
            _ => Resolution::Highest,
        },
        prefers_wheels: dice.percent(20),
        mode: match dice.below(12) {
            0 => PrereleaseMode::Allow,
            1 => PrereleaseMode::Disallow,
            2 => PrereleaseMode::IfNecessary,
            3 => PrereleaseMode::Explicit,
            _ => PrereleaseMode::IfNecessaryOrExplicit,
        },
        controlled: dice
            .percent(10)
            .then(|| (dice.below(projects), dice.percent(50))),
        excluded: dice.percent(8).then(|| dice.below(projects)),
        format: dice.percent(10).then(|| {
            let format = if dice.percent(50) {
                Format::NoBinary
            } else {
                Format::OnlyBinary
            };
            (dice.below(projects), format)
        }),
        has_cutoff: dice.percent(15),
        fewest: dice.percent(50),
        kept: if dice.percent(15) {
            PROJECTS.map(|_| dice.percent(50).then(|| dice.below(VERSIONS.len())))
        } else {
            [None; 5]
        },
    }
}

/// Direct references, those of a project where no other of it holds. What is overridden or left out is taken from none.
fn direct(dice: &mut Dice, plan: &Plan) -> Vec<Direct> {
    let mut drawn: Vec<Direct> = Vec::new();
    for _ in 0..=dice.below(3) {
        let release = &plan.releases[dice.below(plan.releases.len())];
        let direct = Direct {
            project: release.project,
            version: release.version,
            condition: dice.below(CONDITIONS.len()),
        };
        let is_free = plan.options.excluded != Some(release.project)
            && (plan.overrides.iter()).all(|wish| wish.project != release.project);
        let mut others = drawn.iter().filter(|other| other.project == direct.project);
        if release.files == PURE && is_free && others.all(|other| are_apart(&direct, other)) {
            drawn.push(direct);
        }
    }
    drawn
}

/// Whether two never hold together, in no environment at all.
fn are_apart(one: &Direct, other: &Direct) -> bool {
    let marker = |direct: &Direct| match CONDITIONS[direct.condition].text {
        "" => Marker::always(),
        text => Marker::parse(text).unwrap(),
    };
    marker(one).is_disjoint(&marker(other))
}

impl Plan {
    /// A question for one machine.
    pub fn single(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let aim = Aim::One(Place {
            python: PYTHONS[dice.below(PYTHONS.len())],
            system: SYSTEMS[dice.below(SYSTEMS.len())],
        });
        Self::drawn(&mut dice, aim)
    }

    /// A question for all machines.
    pub fn universal(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let from = PYTHONS[if dice.percent(20) { dice.below(3) } else { 0 }];
        let within = if dice.percent(15) {
            dice.below(CONDITIONS.len())
        } else {
            ALWAYS
        };
        let aim = Aim::All { from, within };
        let is_empty = aim.places().is_empty();
        Self::drawn(&mut dice, if is_empty { Aim::ALL } else { aim })
    }

    fn drawn(dice: &mut Dice, aim: Aim) -> Self {
        let projects = 3 + dice.below(PROJECTS.len() - 2);
        let is_gentle = dice.percent(60);
        let style = Style {
            projects,
            aim,
            open: if is_gentle { 60 } else { 25 },
        };
        let count = 1 + dice.below(17);
        let mut releases: Vec<Release> = (0..count).map(|_| release(dice, style)).collect();
        // Most projects have a release that can be had: worlds without any solution say little.
        for project in 0..projects {
            if dice.percent(if is_gentle { 95 } else { 60 }) {
                let mut had = Release {
                    project,
                    yanked: false,
                    python: ANY_PYTHON,
                    files: PURE,
                    advice: Advice::Clear,
                    ..release(dice, style)
                };
                had.wishes.iter_mut().for_each(|wish| wish.part = None);
                releases.push(had);
            }
        }
        releases.sort_by_key(|release| (release.project, release.version));
        releases.dedup_by_key(|release| (release.project, release.version));
        let mut wishes =
            |count: usize| -> Vec<Wish> { (0..count).map(|_| wish(dice, style)).collect() };
        let roots = wishes(3);
        let constraints = wishes(1);
        let overrides = wishes(2);
        let (roots, constraints, overrides) = (
            roots[..=dice.below(3)].to_vec(),
            constraints[..dice.below(2)].to_vec(),
            overrides[..dice.below(8).saturating_sub(5)].to_vec(),
        );
        if !overrides.is_empty() {
            // What of such a marker is of the environment, and would be overridden, is not said.
            for release in &mut releases {
                release
                    .wishes
                    .iter_mut()
                    .for_each(|wish| wish.loose = false);
            }
        }
        let mut plan = Self {
            aim,
            releases,
            roots,
            constraints,
            overrides,
            direct: Vec::new(),
            options: options(dice, projects),
        };
        if dice.percent(20) {
            plan.direct = direct(dice, &plan);
        }
        plan
    }
}
