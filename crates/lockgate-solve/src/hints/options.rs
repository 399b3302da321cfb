//! Options under which there is a solution: pre-releases, other formats, a later cutoff, another Python.
//!
//! A proof says what stands in the way; only what would take that away is tried, each alone and with one solve or two.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{
    ChoiceRules, Exclusion, Fact, FormatControl, Marker, Name, OptionChange, PythonVersion,
    Releases, Specifiers, Target, Timestamp, Version, VersionSet, Why,
};

use super::{attempt_under, hint_under};
use crate::search::Search;
use crate::sources::Sources;

/// The minor versions of Python 3 that are offered.
const PYTHONS: std::ops::RangeInclusive<u64> = 8..=14;

/// How many Pythons are tried.
const MOST_PYTHONS: usize = 3;

/// How many options are offered.
pub(super) const MOST_OFFERED: usize = 2;

/// How many seconds a day has.
const DAY: i64 = 24 * 60 * 60;

/// The options that help, each by itself. The next is tried when it is asked for.
pub(super) fn options<'a>(
    search: &'a Search<'a>,
    sources: &'a Sources,
    facts: &'a [Fact],
) -> impl Iterator<Item = OptionChange> + use<'a> {
    let trials = Trials {
        search,
        sources,
        facts,
    };
    let kinds = [
        Trials::prereleases,
        Trials::formats,
        Trials::cutoff,
        Trials::cooldown,
    ];
    kinds
        .into_iter()
        .filter_map(move |kind| kind(&trials))
        .take(MOST_OFFERED)
}

/// Another Python that helps.
pub(super) fn python(
    search: &Search<'_>,
    sources: &Sources,
    facts: &[Fact],
) -> Option<OptionChange> {
    let trials = Trials {
        search,
        sources,
        facts,
    };
    trials.python()
}

struct Trials<'a> {
    search: &'a Search<'a>,
    sources: &'a Sources,
    facts: &'a [Fact],
}

impl<'a> Trials<'a> {
    fn rules(&self) -> &'a ChoiceRules {
        self.search.question.rules
    }

    fn works(&self, rules: &ChoiceRules) -> bool {
        let target = self.search.question.target;
        attempt_under(self.search, self.sources, rules, target).is_some()
    }

    /// Every exclusion that the proof rests on, with its project.
    fn exclusions(&self) -> impl Iterator<Item = (&'a Name, &'a Exclusion)> + use<'a> {
        self.facts.iter().flat_map(|fact| {
            let (name, excluded) = match fact {
                Fact::NoVersion { name, excluded, .. } => (Some(name), excluded.as_slice()),
                Fact::Root { .. } | Fact::Requires { .. } | Fact::Absent { .. } => (None, &[][..]),
            };
            name.into_iter()
                .flat_map(move |name| excluded.iter().map(move |exclusion| (name, exclusion)))
        })
    }

    /// The projects of which versions are excluded for a reason.
    fn names(&self, is_reason: impl Fn(&Name, &Why) -> bool) -> Vec<Name> {
        let names: BTreeSet<&Name> = self
            .exclusions()
            .filter(|(name, exclusion)| is_reason(name, &exclusion.why))
            .map(|(name, _)| name)
            .collect();
        names.into_iter().cloned().collect()
    }

    /// A smallest choice of `names` with which a change works: one, if one is enough.
    fn fewest(
        &self,
        names: Vec<Name>,
        change: impl Fn(&mut ChoiceRules, &Name),
    ) -> Option<Vec<Name>> {
        let works = |names: &[Name]| {
            let mut rules = self.rules().clone();
            for name in names {
                change(&mut rules, name);
            }
            self.works(&rules)
        };
        if names.is_empty() || !works(&names) {
            return None;
        }
        let single = |name: &&Name| names.len() > 1 && works(std::slice::from_ref(*name));
        match names.iter().find(single) {
            Some(name) => Some(vec![name.clone()]),
            None => Some(names),
        }
    }

    fn prereleases(&self) -> Option<OptionChange> {
        let names = self.names(|_, why| *why == Why::Prerelease);
        let admit = |rules: &mut ChoiceRules, name: &Name| {
            rules.releases.packages.insert(name.clone(), Releases::All);
        };
        self.fewest(names, admit).map(OptionChange::Prereleases)
    }

    fn formats(&self) -> Option<OptionChange> {
        let any_format = |rules: &mut ChoiceRules, name: &Name| {
            let both = FormatControl::default();
            rules.binary.packages.insert(name.clone(), both);
        };
        ["--only-binary", "--no-binary"]
            .into_iter()
            .find_map(|option| {
                let names = self.names(|name, why| {
                    let control = self.rules().binary.of(name);
                    let is_set = match option {
                        "--only-binary" => control.no_sdists,
                        _ => control.no_wheels,
                    };
                    is_set && matches!(why, Why::Format(_) | Why::NoWheel)
                });
                let names = self.fewest(names, any_format)?;
                Some(OptionChange::Formats(names, option))
            })
    }

    fn cutoff(&self) -> Option<OptionChange> {
        self.rules().cutoff?;
        self.day(&Why::Cutoff, |rules, limit| rules.cutoff = Some(limit))
            .map(OptionChange::Cutoff)
    }

    fn cooldown(&self) -> Option<OptionChange> {
        self.rules().cooldown?;
        self.day(&Why::Cooldown, |rules, limit| rules.cooldown = Some(limit))
            .map(OptionChange::Cooldown)
    }

    /// The day up to whose end a limit must reach: the first on which each project has a version, or else the last.
    fn day(&self, why: &Why, limit: impl Fn(&mut ChoiceRules, Timestamp)) -> Option<String> {
        let mut days: BTreeMap<&Name, BTreeSet<i64>> = BTreeMap::new();
        for (name, exclusion) in self.exclusions() {
            if exclusion.why == *why {
                let uploaded = exclusion.versions.iter();
                let uploaded = uploaded.filter_map(|version| self.uploaded(name, version));
                let known = days.entry(name).or_default();
                known.extend(uploaded.map(|instant| instant.as_second().div_euclid(DAY)));
            }
        }
        let first = days.values().filter_map(BTreeSet::first).max();
        let last = days.values().filter_map(BTreeSet::last).max();
        let tried: BTreeSet<i64> = first.into_iter().chain(last).copied().collect();
        let tried: Vec<(String, Timestamp, ChoiceRules)> = tried
            .into_iter()
            .filter_map(|day| {
                let end = Timestamp::from_second((day + 1) * DAY).ok()?;
                let mut rules = self.rules().clone();
                limit(&mut rules, end);
                let start = Timestamp::from_second(day * DAY).ok()?;
                Some((start.to_string().get(..10)?.to_owned(), end, rules))
            })
            .collect();
        for (_, end, rules) in &tried {
            let admitted = self.admitted(why, *end);
            hint_under(self.search, self.sources, rules, &admitted);
        }
        let (date, ..) = tried.into_iter().find(|(.., rules)| self.works(rules))?;
        Some(date)
    }

    /// The versions that are excluded for one reason, up to those of a point in time.
    fn admitted(&self, why: &Why, end: Timestamp) -> Vec<(&'a Name, VersionSet)> {
        let exclusions = self.exclusions();
        exclusions
            .filter(|(_, exclusion)| exclusion.why == *why)
            .map(|(name, exclusion)| {
                let admitted = exclusion.versions.iter().filter(|version| {
                    let uploaded = self.uploaded(name, version);
                    uploaded.is_some_and(|uploaded| uploaded < end)
                });
                let one_by_one = admitted.cloned().map(VersionSet::exactly);
                let none = VersionSet::empty();
                (name, one_by_one.fold(none, |all, one| all.union(&one)))
            })
            .collect()
    }

    /// When the first file of a release was uploaded.
    fn uploaded(&self, name: &Name, version: &Version) -> Option<Timestamp> {
        let project = self.search.shelf.project(name).ok()??;
        let files = project.view.files(project.view.position(version)?).ok()?;
        files.iter().filter_map(|file| file.uploaded).min()
    }

    /// The Python nearest to the target's under which something that the proof rests on no longer holds, and which works.
    fn python(&self) -> Option<OptionChange> {
        let target = self.search.question.target;
        let release = target.python.release();
        let own = *release.get(1)?;
        let mut minors: Vec<u64> = PYTHONS.filter(|minor| *minor != own).collect();
        // Newer ones first: they are where the versions are.
        minors.sort_by_key(|minor| (*minor < own, minor.abs_diff(own)));
        minors
            .into_iter()
            .filter_map(|minor| {
                let text = format!("3.{minor}");
                let python: PythonVersion = text.parse().ok()?;
                let target = target.at_python(&python)?;
                (self.is_admitted(&target) && self.changes_something(&target))
                    .then_some((text, target))
            })
            .take(MOST_PYTHONS)
            .find_map(|(text, target)| {
                let question = self.search.question;
                let sources = Sources::new(question.manifest, question.upgrade, &target);
                attempt_under(self.search, &sources, self.rules(), &target)
                    .map(|_| OptionChange::Python(text))
            })
    }

    /// Whether the sources are for this Python.
    fn is_admitted(&self, target: &Target) -> bool {
        let mut demands = self.search.question.manifest.requires_python.iter();
        demands.all(|(specifiers, _)| target.admits_python(specifiers.set()))
    }

    /// Whether a version is no longer excluded, or a requirement no longer holds.
    fn changes_something(&self, target: &Target) -> bool {
        let admits = |text: &str| {
            Specifiers::parse_lenient(text)
                .is_ok_and(|specifiers| target.admits_python(specifiers.set()))
        };
        let is_admitted = |(_, exclusion): (&Name, &Exclusion)| match &exclusion.why {
            Why::Python { requires, .. } => admits(requires),
            Why::NoWheel => true,
            _ => false,
        };
        let was = self.search.question.target;
        let differs =
            |marker: &Marker| was.region.within(marker, &[]) != target.region.within(marker, &[]);
        let no_longer_holds = |fact: &Fact| match fact {
            Fact::Requires {
                marker: Some(text), ..
            } => Marker::parse(text).is_ok_and(|marker| differs(&marker)),
            Fact::Root { name, origin, .. } => {
                let mut roots = self.search.question.manifest.requirements.iter();
                roots.any(|root| {
                    root.requirement.name == *name
                        && root.origin == *origin
                        && differs(&root.requirement.marker)
                })
            }
            Fact::Requires { .. } | Fact::NoVersion { .. } | Fact::Absent { .. } => false,
        };
        self.exclusions().any(is_admitted) || self.facts.iter().any(no_longer_holds)
    }
}
