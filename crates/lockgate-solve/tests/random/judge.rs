//! The judge: what the rules say of a choice on one machine, and whether any choice would do, by enumeration.

use lockgate_model::{PrereleaseMode, Resolution};

use super::plan::{Advice, Aim, Format, Plan, Release, Wish};
use super::tables::{
    ALWAYS, CLAUSES, CONDITIONS, Clause, FILES, IS_PRERELEASE, Place, REQUIRED_PYTHONS,
};

/// The place of the chosen release, by project.
pub type Choice = [Option<usize>; 5];

pub const NOTHING: Choice = [None; 5];

pub struct Judge<'p> {
    plan: &'p Plan,
    place: Place,
    /// By release: whether it can be installed, as far as its listing tells.
    usable: Vec<bool>,
}

/// What holds when something is chosen.
struct Asked {
    wishes: Vec<Wish>,
    extras: [[bool; 2]; 5],
}

impl<'p> Judge<'p> {
    /// What a lock of the plan has to be at a place. Where it is for other places too, upper bounds on Python do not count, and
    /// a wheel is one if it fits some of them.
    pub fn new(plan: &'p Plan, place: Place) -> Self {
        let mut judge = Self {
            plan,
            place,
            usable: Vec::new(),
        };
        let releases = plan.releases.iter().enumerate();
        judge.usable = releases
            .map(|(at, release)| match judge.direct(release.project) {
                // Only its metadata say which Pythons it is for.
                Some(direct) => direct == at,
                None => judge.is_usable(release),
            })
            .collect();
        judge
    }

    /// The release that a direct reference makes of a project here.
    pub fn direct(&self, project: usize) -> Option<usize> {
        self.plan.direct_at(project, self.place)
    }

    fn is_usable(&self, release: &Release) -> bool {
        let options = self.plan.options;
        let is_late = release.late && options.has_cutoff;
        // What only metadata say is not known of a release that is merely listed.
        let is_listed = release.hides_python || self.admits_python(release);
        !is_late && is_listed && (self.has_sdist(release) || self.has_wheel(release))
    }

    fn admits_python(&self, release: &Release) -> bool {
        let python = &REQUIRED_PYTHONS[release.python];
        let is_one = matches!(self.plan.aim, Aim::One(_));
        python.from <= self.place.python && (!is_one || self.place.python < python.below)
    }

    fn format_of(&self, release: &Release) -> Option<Format> {
        let format = self.plan.options.format;
        let format = format.filter(|(project, _)| *project == release.project);
        format.map(|(_, format)| format)
    }

    /// Whether a wheel of it may be used somewhere.
    fn has_wheel(&self, release: &Release) -> bool {
        let mut places = self.plan.aim.places().into_iter();
        self.format_of(release) != Some(Format::NoBinary)
            && places.any(|place| (FILES[release.files].taken)(place).is_some())
    }

    /// Whether there is a source distribution of it.
    fn has_sdist(&self, release: &Release) -> bool {
        FILES[release.files].has_sdist && self.format_of(release) != Some(Format::OnlyBinary)
    }

    /// The wheel that is taken here.
    fn wheel_here(&self, release: &Release) -> Option<usize> {
        let taken = (FILES[release.files].taken)(self.place);
        taken.filter(|_| self.format_of(release) != Some(Format::NoBinary))
    }

    /// Whether there is a file of it for this place.
    fn has_file(&self, release: &Release) -> bool {
        self.has_sdist(release) || self.wheel_here(release).is_some()
    }

    /// Whether only a build says what it requires: no wheel does that somebody takes.
    fn needs_build(&self, release: &Release) -> bool {
        FILES[release.files].needs_build && self.has_sdist(release) && !self.has_wheel(release)
    }

    /// Whether what a release requires here is known: where nothing of it is taken, what others take says something of the kind.
    fn is_clear(&self, release: &Release) -> bool {
        let is_split = release.wishes.iter().any(|wish| wish.part.is_some());
        !is_split || self.part_here(release).is_some()
    }

    /// The file that is taken here, counted from the first wheel.
    fn part_here(&self, release: &Release) -> Option<usize> {
        let files = &FILES[release.files];
        match self.wheel_here(release) {
            Some(wheel) => Some(wheel),
            None => (self.has_sdist(release) && !self.has_wheel(release))
                .then(|| files.parts.len().saturating_sub(1)),
        }
    }

    /// Whether it is known what everything in a choice requires here.
    pub fn is_known(&self, choice: &Choice) -> bool {
        let mut chosen = choice.iter().flatten();
        chosen.all(|place| self.is_clear(&self.plan.releases[*place]))
    }

    /// A choice with another release of one project that has a file for this place, where the chosen one has none.
    pub fn with_files(&self, choice: &Choice) -> Option<Choice> {
        for taken in choice.iter().flatten() {
            let taken = &self.plan.releases[*taken];
            if self.has_file(taken) || self.direct(taken.project).is_some() {
                continue;
            }
            for (place, release) in self.plan.releases.iter().enumerate() {
                let mut other = *choice;
                other[taken.project] = Some(place);
                if release.project == taken.project
                    && self.usable[place]
                    && !IS_PRERELEASE[release.version]
                    && self.has_file(release)
                    && self.is_clear(release)
                    && self.fault(&other, true).is_none()
                {
                    return Some(other);
                }
            }
        }
        None
    }

    /// Under which extra a wish of a release holds here.
    fn guard_here(&self, wish: &Wish) -> Option<usize> {
        let is_loose = wish.loose && wish.condition != ALWAYS;
        wish.guard
            .filter(|_| !is_loose || !self.meets_condition(wish))
    }

    fn holds_here(&self, wish: &Wish) -> bool {
        (wish.loose && wish.condition != ALWAYS) || self.meets_condition(wish)
    }

    fn meets_condition(&self, wish: &Wish) -> bool {
        (CONDITIONS[wish.condition].holds)(self.place)
    }

    /// Adds what is left of a wish of `asker` (none: the sources): nothing, itself, or the overrides.
    fn add(&self, wish: Wish, asker: Option<usize>, wishes: &mut Vec<Wish>) {
        if self.plan.options.excluded == Some(wish.project) {
            return;
        }
        let is_other = |other: &&Wish| other.project == wish.project;
        let mut overrides = self.plan.overrides.iter().filter(is_other).peekable();
        if overrides.peek().is_none() || asker == Some(wish.project) {
            if self.holds_here(&wish) {
                wishes.push(wish);
            }
            return;
        }
        for other in overrides.filter(|other| self.holds_here(other)) {
            wishes.push(Wish {
                extras: [0, 1].map(|extra| wish.extras[extra] || other.extras[extra]),
                guard: wish.guard,
                ..*other
            });
        }
    }

    /// Every wish that holds when `choice` is what there is.
    fn asked(&self, choice: &Choice) -> Asked {
        let mut wishes = Vec::new();
        for wish in self.plan.required() {
            self.add(wish, None, &mut wishes);
        }
        let mut extras = [[false; 2]; 5];
        let mut reached = [false; 5];
        let mut at = 0;
        while let Some(wish) = wishes.get(at).copied() {
            at += 1;
            let project = wish.project;
            let release = choice[project].map(|place| &self.plan.releases[place]);
            let mut follow = |guard: Option<usize>| {
                let own = release.iter().flat_map(|release| {
                    let here = self.part_here(release);
                    let is_here = move |wish: &&Wish| wish.part.is_none() || wish.part == here;
                    release.wishes.iter().filter(is_here)
                });
                for wish in own.filter(|wish| self.guard_here(wish) == guard) {
                    self.add(*wish, Some(project), &mut wishes);
                }
            };
            if !std::mem::replace(&mut reached[project], true) {
                follow(None);
            }
            for (extra, is_asked) in wish.extras.into_iter().enumerate() {
                if is_asked && !std::mem::replace(&mut extras[project][extra], true) {
                    follow(Some(extra));
                }
            }
        }
        Asked { wishes, extras }
    }

    /// The extras that are asked for, by project.
    pub fn extras(&self, choice: &Choice) -> [[bool; 2]; 5] {
        self.asked(choice).extras
    }

    /// What is wrong with a complete choice; `strict`: avoided releases count as denied.
    pub fn fault(&self, choice: &Choice, strict: bool) -> Option<String> {
        let wishes = self.asked(choice).wishes;
        for (project, release) in choice.iter().enumerate() {
            let mut own = wishes.iter().filter(|wish| wish.project == project);
            let Some(place) = *release else {
                if own.next().is_some() {
                    return Some(format!("project {project} is missing"));
                }
                continue;
            };
            if own.clone().next().is_none() {
                return Some(format!("nothing asks for project {project}"));
            }
            let release = &self.plan.releases[place];
            if !own.all(|wish| CLAUSES[wish.clause].admits[release.version] == b'x') {
                return Some(format!("project {project} is out of bounds"));
            }
            // A release gives no ground for itself.
            let mut others = *choice;
            others[project] = None;
            if let Some(fault) = self.groundless(place, &self.asked(&others).wishes, strict) {
                return Some(format!("project {project} is {fault}"));
            }
        }
        None
    }

    fn groundless(&self, place: usize, wishes: &[Wish], strict: bool) -> Option<&'static str> {
        let release = &self.plan.releases[place];
        let constraints = self.plan.constraints.iter();
        let clauses: Vec<&Clause> = wishes
            .iter()
            .chain(constraints.filter(|wish| self.holds_here(wish)))
            .filter(|wish| wish.project == release.project)
            .map(|wish| &CLAUSES[wish.clause])
            .collect();
        let admitted = |place: usize| {
            let release = &self.plan.releases[place];
            let admits = |clause: &&Clause| clause.admits[release.version] == b'x';
            self.usable[place] && clauses.iter().all(admits)
        };
        if !admitted(place) || !self.admits_python(release) || self.needs_build(release) {
            return Some("not admitted or unusable");
        }
        match release.advice {
            Advice::Denied => return Some("denied"),
            Advice::Avoided(_) if strict => return Some("avoided"),
            Advice::Avoided(_) | Advice::Clear => {}
        }
        let is_pre = |place: usize| IS_PRERELEASE[self.plan.releases[place].version];
        let is_special = is_pre(place) || release.yanked;
        if !is_special || self.direct(release.project).is_some() {
            return None;
        }
        let mut pool: Vec<usize> = (0..self.plan.releases.len())
            .filter(|other| {
                self.plan.releases[*other].project == release.project && admitted(*other)
            })
            .collect();
        let named = clauses.iter().any(|clause| clause.names_prerelease);
        let none_final = pool.iter().all(|other| is_pre(*other));
        let options = self.plan.options;
        let compete = match (options.controlled, options.mode) {
            (Some((controlled, all)), _) if controlled == release.project => all,
            (_, PrereleaseMode::Allow) => true,
            (_, PrereleaseMode::Disallow) => false,
            (_, PrereleaseMode::IfNecessary) => none_final,
            (_, PrereleaseMode::Explicit) => named,
            (_, PrereleaseMode::IfNecessaryOrExplicit) => named || none_final,
        };
        if !compete {
            pool.retain(|other| !is_pre(*other));
        }
        if !pool.contains(&place) {
            return Some("a pre-release without ground");
        }
        let all_yanked = pool.iter().all(|other| self.plan.releases[*other].yanked);
        let has_exact = clauses.iter().any(|clause| clause.is_exact);
        (release.yanked && !(all_yanked && has_exact)).then_some("yanked, without ground")
    }

    /// Whether a release comes before another of its project, by the options alone.
    fn precedes(&self, one: &Release, other: &Release) -> bool {
        let options = self.plan.options;
        if options.prefers_wheels && self.has_wheel(one) != self.has_wheel(other) {
            return self.has_wheel(one);
        }
        let is_lowest_first = match options.resolution {
            Resolution::Highest => false,
            Resolution::Lowest => true,
            Resolution::LowestDirect => {
                let mut direct = Vec::new();
                for wish in self.plan.required() {
                    self.add(wish, None, &mut direct);
                }
                direct.iter().any(|wish| wish.project == one.project)
            }
        };
        (one.version < other.version) == is_lowest_first
    }

    /// A release for one project alone that comes before its own and would do.
    pub fn better(&self, choice: &Choice) -> Option<usize> {
        for taken in choice.iter().flatten() {
            let taken = &self.plan.releases[*taken];
            for (place, release) in self.plan.releases.iter().enumerate() {
                if release.project == taken.project
                    && release.version != taken.version
                    && self.precedes(release, taken)
                {
                    let mut better = *choice;
                    better[release.project] = Some(place);
                    if self.fault(&better, true).is_none() {
                        return Some(place);
                    }
                }
            }
        }
        None
    }

    /// A choice that holds, if there is one.
    pub fn solution(&self, strict: bool) -> Option<Choice> {
        let mut choice = NOTHING;
        self.complete(&mut choice, strict).then_some(choice)
    }

    fn complete(&self, choice: &mut Choice, strict: bool) -> bool {
        let wishes = self.asked(choice).wishes;
        let open = wishes.iter().find(|wish| choice[wish.project].is_none());
        let Some(project) = open.map(|wish| wish.project) else {
            return self.fault(choice, strict).is_none();
        };
        for (place, release) in self.plan.releases.iter().enumerate() {
            let is_admitted = |wish: &Wish| {
                wish.project != project || CLAUSES[wish.clause].admits[release.version] == b'x'
            };
            let is_open = self.usable[place] && self.is_clear(release);
            if release.project == project && is_open && wishes.iter().all(is_admitted) {
                choice[project] = Some(place);
                if self.complete(choice, strict) {
                    return true;
                }
                choice[project] = None;
            }
        }
        false
    }
}
