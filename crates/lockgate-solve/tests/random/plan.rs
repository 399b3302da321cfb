//! A random world with a question about it: drawn from a seed, written as text, made into a case, cut down.

use std::fmt::Write as _;
use std::sync::LazyLock;

use lockgate_model::{ForkStrategy, Level, Marker, PrereleaseMode, Resolution, Target};

use super::dice::Dice;
use super::tables::{
    ALWAYS, ANY, ANY_PYTHON, CLAUSES, CONDITIONS, EXTRAS, FILES, PROJECTS, PURE, PYTHONS, Place,
    REQUIRED_PYTHONS, SYSTEMS, System, VERSIONS, grid,
};
use crate::support::Case;

/// A requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    pub project: usize,
    /// Which extras it asks for.
    pub extras: [bool; 2],
    pub clause: usize,
    pub condition: usize,
    /// Of a release: only with this extra.
    pub guard: Option<usize>,
    /// The extra or the condition is enough.
    pub loose: bool,
}

/// What the gate says of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    Clear,
    Denied,
    Avoided(Level),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub project: usize,
    pub version: usize,
    pub yanked: bool,
    pub python: usize,
    /// Only its metadata say which Pythons it is for.
    pub hides_python: bool,
    pub files: usize,
    /// Uploaded after the cutoff.
    pub late: bool,
    pub advice: Advice,
    pub wishes: Vec<Wish>,
}

/// `--no-binary` and `--only-binary`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    NoBinary,
    OnlyBinary,
}

/// The options of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    pub resolution: Resolution,
    pub prefers_wheels: bool,
    pub mode: PrereleaseMode,
    /// A project that `--all-releases` (true) or `--only-final` names.
    pub controlled: Option<(usize, bool)>,
    /// A project that is left out.
    pub excluded: Option<usize>,
    /// A project of which only one kind of file may be used.
    pub format: Option<(usize, Format)>,
    pub has_cutoff: bool,
    pub fewest: bool,
    /// A version that an old lock pins, of each project.
    pub kept: [Option<usize>; 5],
}

impl Options {
    pub const PLAIN: Self = Self {
        resolution: Resolution::Highest,
        prefers_wheels: false,
        mode: PrereleaseMode::IfNecessaryOrExplicit,
        controlled: None,
        excluded: None,
        format: None,
        has_cutoff: false,
        fewest: false,
        kept: [None; 5],
    };
}

/// What a lock is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    One(Place),
    /// All environments from a Python upwards in which a condition holds.
    All {
        from: u8,
        within: usize,
    },
}

impl Aim {
    const ALL: Self = Self::All {
        from: PYTHONS[0],
        within: ALWAYS,
    };

    /// Where the lock has to be right.
    pub fn places(self) -> Vec<Place> {
        match self {
            Self::One(place) => vec![place],
            Self::All { from, within } => grid()
                .filter(|place| place.python >= from && (CONDITIONS[within].holds)(*place))
                .collect(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub aim: Aim,
    /// Sorted, each version of a project once.
    pub releases: Vec<Release>,
    pub roots: Vec<Wish>,
    pub constraints: Vec<Wish>,
    pub overrides: Vec<Wish>,
    pub options: Options,
}

/// How the projects of a plan are called.
pub type Names = [&'static str; 5];

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
    }
}

fn release(dice: &mut Dice, style: Style) -> Release {
    let mut wishes = Vec::new();
    for _ in 0..dice.below(3) {
        let guard = dice.percent(30).then(|| dice.below(EXTRAS.len()));
        wishes.push(Wish {
            guard,
            loose: guard.is_some() && dice.percent(20),
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
        files: if dice.percent(40) {
            dice.below(FILES.len())
        } else {
            PURE
        },
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
                releases.push(Release {
                    project,
                    yanked: false,
                    python: ANY_PYTHON,
                    files: PURE,
                    advice: Advice::Clear,
                    ..release(dice, style)
                });
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
        Self {
            aim,
            releases,
            roots,
            constraints,
            overrides,
            options: options(dice, projects),
        }
    }

    /// The releases as text.
    pub fn world(&self, names: Names) -> String {
        let mut world = String::new();
        for release in &self.releases {
            let python = REQUIRED_PYTHONS[release.python].text;
            write!(
                world,
                "{} {} extras=x,y",
                names[release.project], VERSIONS[release.version]
            )
            .unwrap();
            world.push_str(FILES[release.files].flags);
            if !python.is_empty() {
                let key = if release.hides_python {
                    "metadata-python"
                } else {
                    "python"
                };
                write!(world, " {key}={python}").unwrap();
            }
            if release.yanked {
                world.push_str(" yanked");
            }
            world.push_str(if release.late {
                " uploaded=2024-06-01T00:00:00Z"
            } else {
                " uploaded=2023-06-01T00:00:00Z"
            });
            world.push('\n');
            for wish in &release.wishes {
                writeln!(world, "    {}", wish.text(names)).unwrap();
            }
        }
        world
    }

    pub fn case(&self) -> Case {
        self.case_with(PROJECTS)
    }

    /// The case, its projects called by `names`.
    pub fn case_with(&self, names: Names) -> Case {
        self.case_of(&self.world(names), names)
    }

    /// The case in a world of which only the question is the plan's.
    pub fn case_of(&self, world: &str, names: Names) -> Case {
        let mut case = Case::of(world, target(self.aim));
        for wish in &self.roots {
            case = case.require(&wish.text(names));
        }
        for wish in &self.constraints {
            case = case.constrain(&wish.without_extras().text(names));
        }
        for wish in &self.overrides {
            case = case.overrule(&wish.text(names));
        }
        let options = self.options;
        if let Some(project) = options.excluded {
            case = case.exclude(names[project]);
        }
        case = case.rules(|rules| {
            rules.resolution = options.resolution;
            rules.prefer_binary = options.prefers_wheels;
            rules.prerelease = options.mode;
            rules.cutoff = options
                .has_cutoff
                .then(|| "2024-01-01T00:00:00Z".parse().unwrap());
            if options.fewest {
                rules.fork_strategy = ForkStrategy::Fewest;
            }
            if let Some((project, all)) = options.controlled {
                let applied = if all {
                    rules.releases.all_releases(names[project])
                } else {
                    rules.releases.only_final(names[project])
                };
                applied.unwrap();
            }
            if let Some((project, format)) = options.format {
                let applied = match format {
                    Format::NoBinary => rules.binary.no_binary(names[project]),
                    Format::OnlyBinary => rules.binary.only_binary(names[project]),
                };
                applied.unwrap();
            }
        });
        for (project, kept) in options.kept.into_iter().enumerate() {
            if let Some(version) = kept {
                case = case.keep(names[project], VERSIONS[version]);
            }
        }
        for release in &self.releases {
            // `===` leaves the local versions alone: each release has a verdict of its own.
            let specifiers = format!("==={}", VERSIONS[release.version]);
            let project = names[release.project];
            case = match release.advice {
                Advice::Clear => case,
                Advice::Denied => case.deny(project, &specifiers),
                Advice::Avoided(level) => case.avoid(project, &specifiers, level),
            };
        }
        case
    }

    /// The place of a release.
    pub fn place_of(&self, project: &str, version: &str) -> Option<usize> {
        self.releases.iter().position(|release| {
            PROJECTS[release.project] == project && VERSIONS[release.version] == version
        })
    }

    /// A choice of releases as pins.
    pub fn choice_text(&self, choice: &[Option<usize>]) -> String {
        let releases = choice.iter().flatten().map(|place| &self.releases[*place]);
        let pins = releases.map(|release| {
            format!(
                "{}=={}",
                PROJECTS[release.project], VERSIONS[release.version]
            )
        });
        pins.collect::<Vec<String>>().join(" ")
    }

    /// World and question, for a person to read.
    pub fn text(&self) -> String {
        let mut text = self.world(PROJECTS);
        for (kind, wishes) in [
            ("require", &self.roots),
            ("constrain", &self.constraints),
            ("override", &self.overrides),
        ] {
            for wish in wishes {
                writeln!(text, "{kind} {}", wish.text(PROJECTS)).unwrap();
            }
        }
        for release in &self.releases {
            if release.advice != Advice::Clear {
                writeln!(
                    text,
                    "{:?} {} {}",
                    release.advice, PROJECTS[release.project], VERSIONS[release.version]
                )
                .unwrap();
            }
        }
        writeln!(text, "{:?} {:?}", self.aim, self.options).unwrap();
        text
    }

    /// Plans that are a little smaller, the smallest first.
    pub fn smaller(&self) -> Vec<Self> {
        let mut plans = Vec::new();
        let mut push = |change: &dyn Fn(&mut Self)| {
            let mut plan = self.clone();
            change(&mut plan);
            if plan != *self {
                plans.push(plan);
            }
        };
        for project in 0..PROJECTS.len() {
            push(&|plan| plan.releases.retain(|release| release.project != project));
        }
        for at in 0..self.releases.len() {
            push(&|plan| _ = plan.releases.remove(at));
        }
        for lists in [Self::roots_of, Self::constraints_of, Self::overrides_of] {
            for at in 0..lists(&mut self.clone()).len() {
                push(&|plan| _ = lists(plan).remove(at));
                for change in Wish::SIMPLER {
                    push(&|plan| change(&mut lists(plan)[at]));
                }
            }
        }
        for (at, release) in self.releases.iter().enumerate() {
            for wish in 0..release.wishes.len() {
                push(&|plan| _ = plan.releases[at].wishes.remove(wish));
                for change in Wish::SIMPLER {
                    push(&|plan| change(&mut plan.releases[at].wishes[wish]));
                }
            }
            push(&|plan| plan.releases[at].yanked = false);
            push(&|plan| plan.releases[at].python = ANY_PYTHON);
            push(&|plan| plan.releases[at].hides_python = false);
            push(&|plan| plan.releases[at].files = PURE);
            push(&|plan| plan.releases[at].late = false);
            push(&|plan| plan.releases[at].advice = Advice::Clear);
        }
        if let Aim::All { .. } = self.aim {
            push(&|plan| plan.aim = Aim::ALL);
        }
        let plain = Options::PLAIN;
        push(&|plan| plan.options = plain);
        push(&|plan| plan.options.resolution = plain.resolution);
        push(&|plan| plan.options.prefers_wheels = false);
        push(&|plan| plan.options.mode = plain.mode);
        push(&|plan| plan.options.controlled = None);
        push(&|plan| plan.options.excluded = None);
        push(&|plan| plan.options.format = None);
        push(&|plan| plan.options.has_cutoff = false);
        push(&|plan| plan.options.fewest = false);
        push(&|plan| plan.options.kept = plain.kept);
        for project in 0..PROJECTS.len() {
            push(&|plan| plan.options.kept[project] = None);
        }
        plans
    }

    fn roots_of(&mut self) -> &mut Vec<Wish> {
        &mut self.roots
    }

    fn constraints_of(&mut self) -> &mut Vec<Wish> {
        &mut self.constraints
    }

    fn overrides_of(&mut self) -> &mut Vec<Wish> {
        &mut self.overrides
    }
}

impl Wish {
    const SIMPLER: [fn(&mut Self); 6] = [
        |wish| wish.loose = false,
        |wish| wish.condition = ALWAYS,
        |wish| wish.clause = ANY,
        |wish| wish.guard = None,
        |wish| wish.extras[0] = false,
        |wish| wish.extras[1] = false,
    ];

    fn without_extras(mut self) -> Self {
        self.extras = [false; 2];
        self
    }

    fn text(&self, names: Names) -> String {
        let mut text = names[self.project].to_owned();
        match self.extras {
            [true, true] => text.push_str("[x,y]"),
            [true, false] => text.push_str("[x]"),
            [false, true] => text.push_str("[y]"),
            [false, false] => {}
        }
        text.push_str(CLAUSES[self.clause].text);
        let condition = CONDITIONS[self.condition].text;
        match (self.guard.map(|extra| EXTRAS[extra]), condition) {
            (None, "") => {}
            (None, condition) => write!(text, " ; {condition}").unwrap(),
            (Some(extra), "") => write!(text, " ; extra == '{extra}'").unwrap(),
            (Some(extra), condition) => {
                let word = if self.loose { "or" } else { "and" };
                write!(text, " ; extra == '{extra}' {word} ({condition})").unwrap();
            }
        }
        text
    }
}

/// The machine at a place.
pub fn machine(place: Place) -> &'static Target {
    static MACHINES: LazyLock<Vec<(Place, Target)>> = LazyLock::new(|| {
        let machine = |place: Place| {
            let system = match place.system {
                System::Linux => "linux",
                System::Windows => "windows",
                System::MacOs => "macos",
            };
            let python = format!("3.{}", place.python).parse().unwrap();
            Target::new(&python, &system.parse().unwrap())
        };
        grid().map(|place| (place, machine(place))).collect()
    });
    let known = MACHINES.iter().find(|(other, _)| *other == place);
    &known.unwrap().1
}

fn target(aim: Aim) -> Target {
    match aim {
        Aim::One(place) => machine(place).clone(),
        Aim::All { from, within } => {
            let all = Target::universal(&format!("3.{from}").parse().unwrap());
            match CONDITIONS[within].text {
                "" => all,
                text => all.with(&Marker::parse(text).unwrap()).unwrap(),
            }
        }
    }
}
