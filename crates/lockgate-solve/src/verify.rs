//! Holds a graph against its question anew, from the sources down: no PubGrub, no memory of the search, no candidate order.
//!
//! What it shares with the search is only how a release's files are judged and how markers select requirements.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use lockgate_model::{
    FactError, Facts, LockedGraph, Name, PrereleaseMode, Verdict, Version, VersionSet,
};

use crate::bounds::{Bound, admitted};
use crate::graph::{Linked, link, locked_files};
use crate::question::Question;
use crate::release::Release;
use crate::search::{inspector, shelf};
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
    let sources = Sources::new(question.manifest, question.upgrade, question.target);
    let shelf = shelf(question, facts, &sources, inspector);
    let mut check = Check::new(question, &shelf, &sources, graph);
    check.follow(None)?;
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
    sources: &'a Sources,
    graph: &'a LockedGraph,
    asked: BTreeMap<Name, Asked>,
    violations: Vec<Violation>,
}

impl<'a> Check<'a> {
    fn new(
        question: &'a Question<'a>,
        shelf: &'a Shelf<'a>,
        sources: &'a Sources,
        graph: &'a LockedGraph,
    ) -> Self {
        Self {
            question,
            shelf,
            sources,
            graph,
            asked: BTreeMap::new(),
            violations: Vec::new(),
        }
    }

    fn ask(&mut self, name: &Name, extras: &[Name], bound: &Bound) {
        let asked = self.asked.entry(name.clone()).or_default();
        asked.extras.extend(extras.iter().cloned());
        asked.bounds.push(bound.clone());
    }

    /// Adds what the sources and the pins ask for until nothing new comes up, a fixed point by sweeps; what `without` asks for
    /// counts for nothing.
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

    fn sweep(&mut self, without: Option<&Name>) -> Result<(), FactError> {
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
                if without == Some(&name) {
                    continue;
                }
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
            let mut others = Self::new(self.question, self.shelf, self.sources, self.graph);
            if is_special(self.shelf, name, version)? {
                others.follow(Some(name))?;
            }
            let bounds = others.asked.remove(name).unwrap_or_default().bounds;
            self.violations
                .extend(standing(self.shelf, name, version, &bounds)?);
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

/// The pre-releases and yanked releases of a finished choice that its bounds give no ground for. A release gives no ground
/// for itself: what is only asked for because of it does not count.
pub(crate) fn groundless(
    shelf: &Shelf<'_>,
    sources: &Sources,
    linked: &Linked,
) -> Result<Vec<(Name, Version)>, FactError> {
    let mut groundless = Vec::new();
    for (name, version) in &linked.versions {
        if !is_special(shelf, name, version)? {
            continue;
        }
        let others = link(shelf, sources, &linked.versions, Some(name))?;
        let bounds = others.bounds.get(name).map_or(&[][..], Vec::as_slice);
        if let Some(Violation::Prerelease(..) | Violation::Yanked(..)) =
            standing(shelf, name, version, bounds)?
        {
            groundless.push((name.clone(), version.clone()));
        }
    }
    Ok(groundless)
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
