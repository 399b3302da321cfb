//! A plan made into a case for the solver.

use std::sync::LazyLock;

use lockgate_model::{ForkStrategy, Marker, Target};

use super::plan::{Advice, Aim, Format, Names, Plan, Wish};
use super::tables::{CONDITIONS, PROJECTS, Place, System, VERSIONS, grid};
use crate::support::Case;

impl Plan {
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
        for direct in &self.direct {
            let (name, version) = (names[direct.project], VERSIONS[direct.version]);
            case = case.take_from(name, version, CONDITIONS[direct.condition].text);
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
}

impl Wish {
    fn without_extras(mut self) -> Self {
        self.extras = [false; 2];
        self
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
