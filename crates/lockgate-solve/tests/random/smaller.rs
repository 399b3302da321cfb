//! Plans cut down, to find the smallest that still goes wrong.

use super::plan::{Advice, Aim, Options, Plan, Wish};
use super::tables::{ALWAYS, ANY, ANY_PYTHON, PROJECTS, PURE};

impl Plan {
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
        for at in 0..self.direct.len() {
            push(&|plan| _ = plan.direct.remove(at));
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
            push(&|plan| {
                let release = &mut plan.releases[at];
                release.files = PURE;
                release.wishes.iter_mut().for_each(|wish| wish.part = None);
            });
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
    const SIMPLER: [fn(&mut Self); 7] = [
        |wish| wish.part = None,
        |wish| wish.loose = false,
        |wish| wish.condition = ALWAYS,
        |wish| wish.clause = ANY,
        |wish| wish.guard = None,
        |wish| wish.extras[0] = false,
        |wish| wish.extras[1] = false,
    ];
}
