//! What may be asked for soon. A heuristic: it looks ahead by the plain rules, without the gate and without what the solver
//! has learned, and changes how long an answer takes, never the answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_model::{
    DistFile, Environment, Metadata, Name, Pick, PrereleaseMode, ProjectView, Scout, Version,
    VersionSet, Want,
};

use crate::dependencies::{Dependency, active};
use crate::question::Question;
use crate::release::{Inspector, Release, span};
use crate::sources::Sources;

/// Guesses where a want will come to.
#[derive(Debug)]
pub(crate) struct Lookahead {
    pub(crate) inspector: Arc<Inspector>,
    pub(crate) environment: Environment,
    pub(crate) keep: BTreeMap<Name, Version>,
    pub(crate) limits: BTreeMap<Name, VersionSet>,
}

impl Lookahead {
    pub(crate) fn new(
        inspector: &Arc<Inspector>,
        question: &Question<'_>,
        sources: &Sources,
    ) -> Self {
        Self {
            inspector: Arc::clone(inspector),
            environment: question.target.environment.clone(),
            keep: question.keep.pins.clone(),
            limits: sources.limits(),
        }
    }

    /// The want that a requirement makes.
    pub(crate) fn want(&self, name: &Name, extras: &[Name], set: &VersionSet) -> Want {
        Want {
            name: name.clone(),
            extras: extras.to_vec(),
            versions: match self.limits.get(name) {
                Some(limit) => set.intersection(limit),
                None => set.clone(),
            },
        }
    }

    fn file_at(&self, project: &dyn ProjectView, index: usize) -> Option<(DistFile, bool)> {
        let files = project.files(index).ok()?;
        match self.inspector.inspect(project.name(), &files) {
            Release::Usable(usable) => Some((usable.file, usable.yanked.is_some())),
            Release::Unusable(_) => None,
        }
    }
}

impl Scout for Lookahead {
    fn pick(&self, project: &dyn ProjectView, want: &Want) -> Option<Pick> {
        let pick = |index: usize, file: DistFile| Pick {
            version: project.version(index).clone(),
            file,
        };
        let range = &want.versions;
        if let Some(kept) = self.keep.get(&want.name)
            && range.contains(kept)
            && let Some(index) = project.position(kept)
            && let Some((file, false)) = self.file_at(project, index)
        {
            return Some(pick(index, file));
        }
        let competes = self.inspector.rules().prerelease == PrereleaseMode::Allow;
        let mut fallback = None;
        for index in span(project, range) {
            let version = project.version(index);
            if !range.contains(version) {
                continue;
            }
            let is_welcome = competes || !version.any_prerelease();
            if !is_welcome && fallback.is_some() {
                continue;
            }
            match self.file_at(project, index) {
                Some((file, false)) if is_welcome => return Some(pick(index, file)),
                Some((file, _)) if fallback.is_none() => fallback = Some(pick(index, file)),
                Some(_) | None => {}
            }
        }
        fallback
    }

    fn follow(&self, want: &Want, metadata: &Metadata) -> Vec<Want> {
        if self.inspector.rules().no_dependencies {
            return Vec::new();
        }
        let active = |extra| active(metadata, &self.environment, extra, |_, _| false);
        let base = active(None).unwrap_or_default();
        let extras = want.extras.iter();
        let guarded = extras.flat_map(|extra| active(Some(extra)).unwrap_or_default());
        base.into_iter()
            .chain(guarded)
            .map(
                |Dependency {
                     name,
                     extras,
                     bound,
                     ..
                 }| self.want(&name, &extras, &bound.set),
            )
            .collect()
    }
}
