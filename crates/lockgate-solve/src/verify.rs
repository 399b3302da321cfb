//! Holds a graph against its question anew, from the sources down: no PubGrub, no memory of the search, no candidate order.
//!
//! What it shares with the search is only how a release's files are judged and how markers select requirements.

mod scopes;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use lockgate_model::{
    Environment, FactError, Facts, LockedGraph, Marker, Name, Pin, PrereleaseMode, PythonRule,
    Region, Scope, Verdict, Version, VersionSet, Why,
};

use crate::bounds::{Bound, admitted};
use crate::graph::{Linked, link, locked_files};
use crate::grid;
use crate::question::Question;
use crate::release::Release;
use crate::search::{inspector, shelf};
use crate::shelf::{Needs, Shelf};
use crate::sources::Sources;
use crate::split::by_place;

/// Something in a graph that its question does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// Two pins of a project are for one environment.
    Duplicate(Name),
    /// A required project has no pin.
    Missing(Name),
    /// A pin that nothing asks for.
    Unreachable(Name),
    /// A pin outside of what a requirement or constraint admits.
    Outside {
        /// The project.
        name: Name,
        /// Its pin.
        version: Version,
        /// What it should be in.
        admitted: VersionSet,
    },
    /// A pin that cannot be installed on the target, or does not exist.
    Unusable(Name, Version),
    /// A pre-release that no bound names, with a final release that all of them admit.
    Prerelease(Name, Version),
    /// A yanked release that no bound names, or with another release that all of them admit.
    Yanked(Name, Version),
    /// A pin that the gate denies.
    Denied(Name, Version),
    /// The extras of a pin are not those that are asked for.
    Extras(Name),
    /// The files of a pin are not those that the options permit.
    Files(Name),
    /// With the dependencies and this extra or group alone, the pin is installed and not required, or required and not installed.
    Scope(Name, Scope),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate(name) => write!(f, "`{name}` is pinned twice"),
            Self::Missing(name) => write!(f, "`{name}` is required and not pinned"),
            Self::Unreachable(name) => write!(f, "`{name}` is pinned and not required"),
            Self::Outside {
                name,
                version,
                admitted,
            } => write!(f, "`{name}=={version}` is not in `{admitted}`"),
            Self::Unusable(name, version) => {
                write!(f, "`{name}=={version}` cannot be installed on the target")
            }
            Self::Prerelease(name, version) => {
                write!(f, "nothing admits the pre-release `{name}=={version}`")
            }
            Self::Yanked(name, version) => {
                write!(f, "nothing admits the yanked release `{name}=={version}`")
            }
            Self::Denied(name, version) => write!(f, "the gate denies `{name}=={version}`"),
            Self::Extras(name) => write!(f, "the extras of `{name}` are not those asked for"),
            Self::Scope(name, scope) => write!(
                f,
                "`{name}` is not there exactly where the dependencies with `{scope}` need it"
            ),
            Self::Files(name) => {
                write!(
                    f,
                    "the files of `{name}` are not those that the options permit"
                )
            }
        }
    }
}

/// Something that a question does not allow, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// In which environment of a lock for many; none in a lock for one machine.
    pub place: Option<String>,
    /// What it is.
    pub violation: Violation,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            None => self.violation.fmt(f),
            Some(place) => write!(f, "{place}: {}", self.violation),
        }
    }
}

/// Everything in `graph` that `question` does not allow; nothing if it is a solution. A graph for many environments is held against
/// each of a grid of them, by what its markers select there.
pub fn verify(
    question: &Question<'_>,
    graph: &LockedGraph,
    facts: &Arc<dyn Facts>,
) -> Result<Vec<Breach>, FactError> {
    if let Region::One(environment) = &question.target.region {
        let violations = verify_in(question, environment, graph, facts)?;
        let breach = |violation| Breach {
            place: None,
            violation,
        };
        return Ok(violations.into_iter().map(breach).collect());
    }
    let mut breaches = Vec::new();
    for place in grid::places(question.target) {
        let target = place.target.among_many(question.target);
        let Region::One(environment) = &target.region else {
            continue;
        };
        let here = Question {
            target: &target,
            ..*question
        };
        for violation in verify_in(&here, environment, graph, facts)? {
            breaches.push(Breach {
                place: Some(place.name.clone()),
                violation,
            });
        }
    }
    Ok(breaches)
}

/// Everything that is wrong in one environment.
fn verify_in(
    question: &Question<'_>,
    environment: &Environment,
    graph: &LockedGraph,
    facts: &Arc<dyn Facts>,
) -> Result<Vec<Violation>, FactError> {
    let inspector = Arc::new(inspector(question));
    let sources = Sources::new(question.manifest, question.upgrade, question.target);
    let shelf = shelf(question, facts, &sources, inspector);
    let mut pins: BTreeMap<Name, &Pin> = BTreeMap::new();
    let mut violations = Vec::new();
    let is_here = |pin: &&Pin| pin.marker.holds(environment, &[]);
    for pin in graph.pins.iter().filter(is_here) {
        if pins.insert(pin.name.clone(), pin).is_some() {
            violations.push(Violation::Duplicate(pin.name.clone()));
        }
    }
    let mut check = Check::new(question, &shelf, &sources, &pins);
    check.follow(None)?;
    check.pins()?;
    violations.extend(check.scopes(environment)?);
    violations.extend(check.violations);
    Ok(violations)
}

/// What is asked of one project.
#[derive(Default)]
struct Asked {
    extras: BTreeSet<Name>,
    bounds: Vec<Bound>,
}

struct Check<'a> {
    question: &'a Question<'a>,
    shelf: &'a Shelf<'a>,
    sources: &'a Sources,
    /// What is installed.
    pins: &'a BTreeMap<Name, &'a Pin>,
    asked: BTreeMap<Name, Asked>,
    /// What was asked for and not followed yet: projects, and extras of them.
    fresh: Vec<(Name, Option<Name>)>,
    violations: Vec<Violation>,
}

impl<'a> Check<'a> {
    fn new(
        question: &'a Question<'a>,
        shelf: &'a Shelf<'a>,
        sources: &'a Sources,
        pins: &'a BTreeMap<Name, &'a Pin>,
    ) -> Self {
        Self {
            question,
            shelf,
            sources,
            pins,
            asked: BTreeMap::new(),
            fresh: Vec::new(),
            violations: Vec::new(),
        }
    }

    fn ask(&mut self, name: &Name, extras: &[Name], bound: &Bound) {
        let asked = self.asked.entry(name.clone()).or_insert_with(|| {
            self.fresh.push((name.clone(), None));
            Asked::default()
        });
        for extra in extras {
            if asked.extras.insert(extra.clone()) {
                self.fresh.push((name.clone(), Some(extra.clone())));
            }
        }
        asked.bounds.push(bound.clone());
    }

    /// Adds what the sources and the pins ask for; what `without` asks for counts for nothing.
    fn follow(&mut self, without: Option<&Name>) -> Result<(), FactError> {
        let sources = self.sources;
        for wanted in &sources.requirements {
            self.ask(&wanted.name, &wanted.extras, &wanted.bound);
        }
        self.sweep(without)?;
        for constraint in &sources.constraints {
            if let Some(asked) = self.asked.get_mut(&constraint.name) {
                asked.bounds.push(constraint.bound.clone());
            }
        }
        Ok(())
    }

    /// Adds what the pins ask for that were asked for, until nothing new comes up.
    fn sweep(&mut self, without: Option<&Name>) -> Result<(), FactError> {
        while let Some((name, extra)) = self.fresh.pop() {
            if without != Some(&name) {
                self.follow_one(&name, extra.as_ref())?;
            }
        }
        Ok(())
    }

    fn follow_one(&mut self, name: &Name, extra: Option<&Name>) -> Result<(), FactError> {
        let Some(pin) = self.pins.get(name) else {
            if extra.is_none() {
                self.violations.push(Violation::Missing(name.clone()));
            }
            return Ok(());
        };
        let needs = self.shelf.needs(name, &pin.version)?;
        let dependencies = match (&*needs, extra) {
            (Needs::Known(_, dependencies), None) => dependencies.clone(),
            (Needs::Known(..), Some(extra)) => {
                let Ok(dependencies) = self.shelf.guarded(name, &pin.version, extra)? else {
                    self.violations
                        .push(Violation::Unusable(name.clone(), pin.version.clone()));
                    return Ok(());
                };
                dependencies
            }
            (Needs::Unusable(_), _) => {
                if extra.is_none() {
                    self.violations
                        .push(Violation::Unusable(name.clone(), pin.version.clone()));
                }
                return Ok(());
            }
        };
        for dependency in dependencies {
            self.ask(&dependency.name, &dependency.extras, &dependency.bound);
        }
        Ok(())
    }

    fn pins(&mut self) -> Result<(), FactError> {
        for (name, pin) in self.pins {
            let version = &pin.version;
            let Some(asked) = self.asked.get(name) else {
                self.violations.push(Violation::Unreachable(name.clone()));
                continue;
            };
            // A lock for many environments names the extras that are asked for wherever the pin is.
            let is_exact = self.question.target.python_rule == PythonRule::Exact;
            let has_all = asked.extras.len() == pin.extras.len() || !is_exact;
            if !has_all || !pin.extras.iter().all(|extra| asked.extras.contains(extra)) {
                self.violations.push(Violation::Extras(name.clone()));
            }
            for bound in &asked.bounds {
                if !bound.set.contains(version) {
                    self.violations.push(Violation::Outside {
                        name: name.clone(),
                        version: version.clone(),
                        admitted: bound.set.clone(),
                    });
                }
            }
            let mut others = Self::new(self.question, self.shelf, self.sources, self.pins);
            if is_special(self.shelf, name, version)? {
                others.follow(Some(name))?;
            }
            let bounds = others.asked.remove(name).unwrap_or_default().bounds;
            self.violations
                .extend(standing(self.shelf, name, version, &bounds, Rivals::Here)?);
            if self.is_denied(name, version)? {
                self.violations
                    .push(Violation::Denied(name.clone(), version.clone()));
            }
            let direct = self.shelf.direct(name).map(|direct| direct.pin.clone());
            let needs_files = direct.is_none();
            if pin.direct != direct
                || (needs_files && pin.files.is_empty())
                || pin.files != locked_files(self.shelf, name, version)?
            {
                self.violations.push(Violation::Files(name.clone()));
            }
        }
        Ok(())
    }

    fn is_denied(&self, name: &Name, version: &Version) -> Result<bool, FactError> {
        let gate = self.question.gate;
        if let Verdict::Deny(_) = gate.verdict(name, version)? {
            return Ok(true);
        }
        let Some(project) = self.shelf.project(name)? else {
            return Ok(false);
        };
        let verdict = gate.project_verdict(name, project.view.status());
        Ok(matches!(verdict, Verdict::Deny(_)))
    }
}

/// What is wrong with the pre-releases and yanked releases of a finished choice.
#[derive(Debug, Default)]
pub(crate) struct Grounds {
    /// Those that their bounds give no ground for, anywhere.
    pub(crate) groundless: Vec<(Name, Version)>,
    /// A part of the region in which one has another ground than in the rest, or in which a project is taken from a direct reference.
    pub(crate) apart: Option<Marker>,
}

impl Grounds {
    /// Whether all is well.
    pub(crate) fn are_given(&self) -> bool {
        self.groundless.is_empty() && self.apart.is_none()
    }
}

/// What is wrong with the pre-releases and yanked releases of a finished choice, and with the places of its projects. A release gives no
/// ground for itself: what is only asked for because of it does not count.
pub(crate) fn grounds(
    shelf: &Shelf<'_>,
    sources: &Sources,
    linked: &Linked,
) -> Result<Grounds, FactError> {
    let mut grounds = Grounds {
        apart: by_place(shelf, linked),
        ..Grounds::default()
    };
    for (name, version) in &linked.versions {
        if !is_special(shelf, name, version)? {
            continue;
        }
        let without;
        let others = if linked.is_asked_for_by_its_own(name) {
            without = link(shelf, sources, &linked.versions, Some(name))?;
            &without
        } else {
            linked
        };
        let bounds = others.bounds.get(name).map_or(&[][..], Vec::as_slice);
        let holding = others.holding.get(name).map_or(&[][..], Vec::as_slice);
        let reach = linked.reach.get(name).cloned();
        let (mut stands, mut apart) = (None, None);
        for (place, bounds) in cells(
            shelf,
            &reach.unwrap_or_else(Marker::always),
            bounds,
            holding,
        ) {
            let is_given = |rivals: Rivals| -> Result<bool, FactError> {
                let violation = standing(shelf, name, version, &bounds, rivals)?;
                Ok(!matches!(
                    violation,
                    Some(Violation::Prerelease(..) | Violation::Yanked(..))
                ))
            };
            let here = is_given(Rivals::Here)?;
            if here {
                for (part, is_yanked) in newer_rivals(shelf, name, &bounds)? {
                    if !is_given(Rivals::OnNewerPython { is_yanked })? {
                        apart = Some(part);
                        break;
                    }
                }
            }
            if apart.is_some() {
                break;
            }
            if *stands.get_or_insert(here) != here {
                apart = place;
                break;
            }
        }
        if apart.is_some() {
            grounds.apart = grounds.apart.or(apart);
        } else if stands == Some(false) {
            grounds.groundless.push((name.clone(), version.clone()));
        }
    }
    Ok(grounds)
}

/// The parts of `reach` in which the same of `bounds` hold: a marker that tells the part from those before it, and these bounds. Where all
/// hold everywhere, as on one machine, there is one part.
fn cells(
    shelf: &Shelf<'_>,
    reach: &Marker,
    bounds: &[Bound],
    holding: &[Marker],
) -> Vec<(Option<Marker>, Vec<Bound>)> {
    let mut cells: Vec<(Marker, Option<Marker>, Vec<Bound>)> =
        vec![(reach.clone(), None, Vec::new())];
    for (bound, marker) in bounds.iter().zip(holding) {
        let mut finer = Vec::new();
        for (cell, mark, mut held) in cells {
            let (inside, outside) = (cell.and(marker), cell.and(&marker.not()));
            let (is_inside, is_outside) = (
                shelf.region.overlaps(&inside),
                shelf.region.overlaps(&outside),
            );
            if is_outside || !is_inside {
                let mark = if is_inside {
                    Some(marker.not())
                } else {
                    mark.clone()
                };
                finer.push((outside, mark, held.clone()));
            }
            if is_inside {
                let mark = if is_outside {
                    Some(marker.clone())
                } else {
                    mark
                };
                held.push(bound.clone());
                finer.push((inside, mark, held));
            }
        }
        cells = finer;
    }
    cells
        .into_iter()
        .map(|(_, mark, held)| (mark, held))
        .collect()
}

/// Whether a version needs a ground to be chosen at all.
fn is_special(shelf: &Shelf<'_>, name: &Name, version: &Version) -> Result<bool, FactError> {
    let release = shelf.release_at(name, version)?;
    Ok(match release.as_deref() {
        Some(Release::Usable(_)) if shelf.direct(name).is_some() => false,
        Some(Release::Usable(usable)) => version.any_prerelease() || usable.yanked.is_some(),
        Some(Release::Unusable(_)) | None => false,
    })
}

/// Which other releases count against a pre-release or a yanked one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rivals {
    /// Those that the lowest Python admits.
    Here,
    /// Those, and a final release that only newer Pythons of the region admit.
    OnNewerPython {
        /// Whether it is yanked.
        is_yanked: bool,
    },
}

/// The final releases under these bounds that newer Pythons of the region admit and the lowest does not: the part of the region with those
/// Pythons, and whether they are yanked.
fn newer_rivals(
    shelf: &Shelf<'_>,
    name: &Name,
    bounds: &[Bound],
) -> Result<Vec<(Marker, bool)>, FactError> {
    let mut newer = Vec::new();
    let Some(project) = shelf
        .project(name)?
        .filter(|_| shelf.region.machine().is_none())
    else {
        return Ok(newer);
    };
    let admitted = admitted(bounds);
    for index in 0..project.view.len() {
        let rival = project.view.version(index);
        if !rival.any_prerelease()
            && admitted.contains(rival)
            && let Release::Unusable(Why::Python { .. }) = &*shelf.release(&project, index)?
        {
            newer.extend(shelf.on_newer_python(&project, index)?);
        }
    }
    Ok(newer)
}

/// Whether a version may be chosen under exactly these bounds, by the rules for installability, pre-releases and yanks.
fn standing(
    shelf: &Shelf<'_>,
    name: &Name,
    version: &Version,
    bounds: &[Bound],
    counted: Rivals,
) -> Result<Option<Violation>, FactError> {
    let Some(project) = shelf.project(name)? else {
        return Ok(Some(Violation::Unusable(name.clone(), version.clone())));
    };
    let release = shelf.release_at(name, version)?;
    let Some(Release::Usable(usable)) = release.as_deref() else {
        return Ok(Some(Violation::Unusable(name.clone(), version.clone())));
    };
    let is_plain = !version.any_prerelease() && usable.yanked.is_none();
    if is_plain || project.direct.is_some() {
        return Ok(None);
    }
    let admitted = admitted(bounds);
    // Everything that the bounds admit together and the target can install: (is a pre-release, is yanked).
    let mut rivals = Vec::new();
    for index in 0..project.view.len() {
        let rival = project.view.version(index);
        if admitted.contains(rival)
            && let Release::Usable(usable) = &*shelf.release(&project, index)?
        {
            rivals.push((rival.any_prerelease(), usable.yanked.is_some()));
        }
    }
    if let Rivals::OnNewerPython { is_yanked } = counted {
        rivals.push((false, is_yanked));
    }
    let is_named = bounds.iter().any(|bound| bound.names_prerelease);
    let no_finals = rivals.iter().all(|(is_prerelease, _)| *is_prerelease);
    let prereleases_compete = match shelf.inspector.rules().prereleases_of(name) {
        PrereleaseMode::Allow => true,
        PrereleaseMode::Disallow => false,
        PrereleaseMode::Explicit => is_named,
        PrereleaseMode::IfNecessary => no_finals,
        PrereleaseMode::IfNecessaryOrExplicit => is_named || no_finals,
    };
    if version.any_prerelease() && !prereleases_compete {
        return Ok(Some(Violation::Prerelease(name.clone(), version.clone())));
    }
    if !prereleases_compete {
        rivals.retain(|(is_prerelease, _)| !is_prerelease);
    }
    let all_yanked = rivals.iter().all(|(_, is_yanked)| *is_yanked);
    let is_exact = bounds.iter().any(|bound| bound.is_exact);
    if usable.yanked.is_some() && !(all_yanked && is_exact) {
        return Ok(Some(Violation::Yanked(name.clone(), version.clone())));
    }
    Ok(None)
}
