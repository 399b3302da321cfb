//! Holds a graph against its question anew, from the sources down: no PubGrub, no memory of the search, no candidate order.
//!
//! What it shares with the search is only how a release's files are judged and how markers select requirements.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use lockgate_model::{
    FactError, Facts, LockedGraph, Name, PrereleaseMode, Verdict, Version, VersionSet,
};

use crate::bounds::Bound;
use crate::graph::{Linked, locked_files};
use crate::question::Question;
use crate::release::Release;
use crate::search::inspector;
use crate::shelf::{Needs, Shelf};
use crate::sources::Sources;

/// Something in a graph that its question does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
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
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
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
            Self::Files(name) => {
                write!(
                    f,
                    "the files of `{name}` are not those that the options permit"
                )
            }
        }
    }
}

/// Everything in `graph` that `question` does not allow; nothing if it is a solution.
pub fn verify(
    question: &Question<'_>,
    graph: &LockedGraph,
    facts: &Arc<dyn Facts>,
) -> Result<Vec<Violation>, FactError> {
    let inspector = Arc::new(inspector(question));
    let shelf = Shelf::new(facts, inspector, question.target.environment.clone());
    let sources = Sources::new(question.manifest, question.upgrade, question.target);
    let mut check = Check {
        question,
        shelf: &shelf,
        graph,
        asked: BTreeMap::new(),
        violations: Vec::new(),
    };
    for wanted in &sources.requirements {
        check.ask(&wanted.name, &wanted.extras, &wanted.bound);
    }
    check.follow()?;
    for constraint in &sources.constraints {
        if let Some(asked) = check.asked.get_mut(&constraint.name) {
            asked.bounds.push(constraint.bound.clone());
        }
    }
    check.pins()?;
    Ok(check.violations)
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
    graph: &'a LockedGraph,
    asked: BTreeMap<Name, Asked>,
    violations: Vec<Violation>,
}

impl Check<'_> {
    fn ask(&mut self, name: &Name, extras: &[Name], bound: &Bound) {
        let asked = self.asked.entry(name.clone()).or_default();
        asked.extras.extend(extras.iter().cloned());
        asked.bounds.push(bound.clone());
    }

    /// Adds what the pins ask for until nothing new comes up: a fixed point by sweeps.
    fn follow(&mut self) -> Result<(), FactError> {
        let mut done: BTreeSet<(Name, Option<Name>)> = BTreeSet::new();
        loop {
            let mut fresh: Vec<(Name, Option<Name>)> = Vec::new();
            for (name, asked) in &self.asked {
                fresh.push((name.clone(), None));
                fresh.extend(
                    asked
                        .extras
                        .iter()
                        .map(|extra| (name.clone(), Some(extra.clone()))),
                );
            }
            fresh.retain(|asked| !done.contains(asked));
            if fresh.is_empty() {
                return Ok(());
            }
            for (name, extra) in fresh {
                done.insert((name.clone(), extra.clone()));
                self.follow_one(&name, extra.as_ref())?;
            }
        }
    }

    fn follow_one(&mut self, name: &Name, extra: Option<&Name>) -> Result<(), FactError> {
        let Some(pin) = self.graph.pins.get(name) else {
            if extra.is_none() {
                self.violations.push(Violation::Missing(name.clone()));
            }
            return Ok(());
        };
        let needs = self.shelf.needs(name, &pin.version)?;
        let dependencies = match (&*needs, extra) {
            (Needs::Known(_, dependencies), None) => dependencies.clone(),
            (Needs::Known(..), Some(extra)) => {
                match self.shelf.guarded(name, &pin.version, extra)? {
                    Ok(dependencies) => dependencies,
                    Err(_) => {
                        self.violations
                            .push(Violation::Unusable(name.clone(), pin.version.clone()));
                        return Ok(());
                    }
                }
            }
            (Needs::Unusable(_) | Needs::NeedsBuild(_), _) => {
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
        for (name, pin) in &self.graph.pins {
            let version = &pin.version;
            let Some(asked) = self.asked.get(name) else {
                self.violations.push(Violation::Unreachable(name.clone()));
                continue;
            };
            if !asked.extras.iter().eq(&pin.extras) {
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
            self.violations
                .extend(standing(self.shelf, name, version, &asked.bounds)?);
            if self.is_denied(name, version)? {
                self.violations
                    .push(Violation::Denied(name.clone(), version.clone()));
            }
            if pin.files.is_empty() || pin.files != locked_files(self.shelf, name, version)? {
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

/// The pre-releases and yanked releases of a finished choice that its own bounds give no ground for.
pub(crate) fn groundless(
    shelf: &Shelf<'_>,
    linked: &Linked,
) -> Result<Vec<(Name, Version)>, FactError> {
    let mut groundless = Vec::new();
    for (name, version) in &linked.versions {
        let bounds = linked.bounds.get(name).map_or(&[][..], Vec::as_slice);
        match standing(shelf, name, version, bounds)? {
            Some(Violation::Prerelease(..) | Violation::Yanked(..)) => {
                groundless.push((name.clone(), version.clone()));
            }
            Some(_) | None => {}
        }
    }
    Ok(groundless)
}

/// Whether a version may be chosen under exactly these bounds, by the rules for installability, pre-releases and yanks.
fn standing(
    shelf: &Shelf<'_>,
    name: &Name,
    version: &Version,
    bounds: &[Bound],
) -> Result<Option<Violation>, FactError> {
    let Some(project) = shelf.project(name)? else {
        return Ok(Some(Violation::Unusable(name.clone(), version.clone())));
    };
    let release = shelf.release_at(name, version)?;
    let Some(Release::Usable(usable)) = release.as_deref() else {
        return Ok(Some(Violation::Unusable(name.clone(), version.clone())));
    };
    if !version.any_prerelease() && usable.yanked.is_none() {
        return Ok(None);
    }
    let admitted = bounds.iter().fold(VersionSet::full(), |all, bound| {
        all.intersection(&bound.set)
    });
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
    let is_named = bounds.iter().any(|bound| bound.names_prerelease);
    let no_finals = rivals.iter().all(|(is_prerelease, _)| *is_prerelease);
    let prereleases_compete = match shelf.inspector.rules().prerelease {
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
