//! What may be asked for soon. A heuristic: it looks ahead by the plain rules, without the gate and without what the solver
//! has learned, and changes how long an answer takes, never the answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockgate_model::{
    DistFile, Metadata, Name, Pick, PrereleaseMode, ProjectView, Region, Scout, Version,
    VersionSet, Want,
};

use crate::changes::Changes;
use crate::dependencies::{Dependency, active};
use crate::order::Order;
use crate::question::Question;
use crate::release::{Cooldown, Inspector, Release, Usable};
use crate::sources::Sources;
use crate::speakers::{have_one_digest, speakers};

/// Guesses where a want will come to.
#[derive(Debug)]
pub(crate) struct Lookahead {
    pub(crate) inspector: Arc<Inspector>,
    pub(crate) region: Region,
    pub(crate) keep: BTreeMap<Name, Vec<Version>>,
    pub(crate) limits: BTreeMap<Name, VersionSet>,
    pub(crate) order: Order,
    pub(crate) changes: Arc<Changes>,
    /// Projects of the sources, which no index is asked for.
    own: BTreeSet<Name>,
}

impl Lookahead {
    pub(crate) fn new(
        inspector: &Arc<Inspector>,
        question: &Question<'_>,
        sources: &Sources,
    ) -> Self {
        Self {
            inspector: Arc::clone(inspector),
            region: question.target.region.clone(),
            keep: question.keep.within(&question.target.region),
            limits: sources.limits(),
            order: Order::new(question.rules, sources),
            changes: Arc::clone(&sources.changes),
            own: question.manifest.own.clone(),
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

    fn usable(&self, project: &dyn ProjectView, index: usize) -> Option<Box<Usable>> {
        if self.inspector.is_after_cutoff(project, index) {
            return None;
        }
        let files = project.files(index).ok()?;
        let cooldown = Cooldown::Holds;
        match self.inspector.inspect(project.name(), &files, cooldown) {
            Release::Usable(usable) => Some(usable),
            Release::Unusable(_) => None,
        }
    }

    /// The files of a release that say by their digests that their metadata are others than those of the file to read.
    fn others(&self, project: &dyn ProjectView, index: usize, usable: &Usable) -> Vec<DistFile> {
        if self.inspector.lock.is_none() || !usable.has_wheel {
            return Vec::new();
        }
        let Ok(files) = project.files(index) else {
            return Vec::new();
        };
        if have_one_digest(&files, &usable.file) {
            return Vec::new();
        }
        let (name, are_yanked) = (project.name(), usable.file.is_yanked());
        let taken = (self.inspector).taken(name, &files, Cooldown::Holds, are_yanked);
        let others = speakers(taken, &usable.file).into_iter();
        let others = others.filter(|one| one.is_cheap && one.file.filename != usable.file.filename);
        others.map(|one| one.file).collect()
    }
}

impl Scout for Lookahead {
    fn pick(&self, project: &dyn ProjectView, want: &Want) -> Option<Pick> {
        let pick = |index: usize, usable: Box<Usable>| Pick {
            version: project.version(index).clone(),
            others: self.others(project, index, &usable),
            file: usable.file,
        };
        let range = &want.versions;
        if let Some(kept) = self.keep.get(&want.name).into_iter().flatten().next()
            && let Some(index) = project.position(kept)
            && range.contains(project.version(index))
            && let Some(usable) = self.usable(project, index)
            && usable.yanked.is_none()
        {
            return Some(pick(index, usable));
        }
        let mode = self.inspector.rules().prereleases_of(&want.name);
        let competes = mode == PrereleaseMode::Allow;
        let mut fallback = None;
        for index in self.order.walk(project, range) {
            let version = project.version(index);
            if !range.contains(version) {
                continue;
            }
            let is_welcome = competes || !version.any_prerelease();
            if !is_welcome && fallback.is_some() {
                continue;
            }
            let Some(usable) = self.usable(project, index) else {
                continue;
            };
            let is_best = (usable.has_wheel || !self.order.prefers_wheels)
                && !self.inspector.goes_last(&usable.file);
            if is_welcome && is_best && usable.yanked.is_none() {
                return Some(pick(index, usable));
            }
            if fallback.is_none() {
                fallback = Some(pick(index, usable));
            }
        }
        fallback
    }

    fn follow(&self, want: &Want, metadata: &Metadata) -> Vec<Want> {
        if self.inspector.rules().no_dependencies {
            return Vec::new();
        }
        let (region, changes) = (&self.region, &self.changes);
        let active = |extra| active(metadata, region, changes, extra, |_, _| false);
        let base = active(None).unwrap_or_default();
        let extras = want.extras.iter();
        let guarded = extras.flat_map(|extra| active(Some(extra)).unwrap_or_default());
        base.into_iter()
            .chain(guarded)
            .filter(|dependency| !self.own.contains(&dependency.name))
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
