//! What has been learned, kept for as long as a question is worked on: restarts and trial solves cost no second look.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use lockgate_model::{
    Advisory, DirectRelease, DistFile, FactError, Facts, Gate, Marker, Metadata, Name, PointSet,
    ProjectView, Region, Requirement, Verdict, Version, VersionSet, Why,
};
use rustc_hash::FxHashMap;

use crate::changes::Changes;
use crate::dependencies::{Dependency, active, foreign_references};
use crate::release::{Cooldown, Inspector, Release, Usable};
use crate::speakers::{Learned, missing};

/// The facts, each looked at once.
pub(crate) struct Shelf<'a> {
    /// As they are in the region.
    pub(crate) facts: Arc<dyn Facts>,
    pub(crate) inspector: Arc<Inspector>,
    pub(crate) region: Region,
    /// What the sources change in requirements.
    pub(crate) changes: Arc<Changes>,
    /// Asked only what a release fixes: that does not depend on the gate that a search is under.
    pub(crate) gate: &'a dyn Gate,
    projects: RefCell<FxHashMap<Name, Option<Rc<Project>>>>,
    needs: RefCell<FxHashMap<Name, FxHashMap<Version, Rc<Needs>>>>,
    metadata: RefCell<FxHashMap<(Name, Version), Learned>>,
    /// The points of a lock for many that are in the region.
    points: OnceCell<PointSet>,
    points_of: RefCell<FxHashMap<Marker, PointSet>>,
}

/// A project that is on an index.
pub(crate) struct Project {
    pub(crate) view: Arc<dyn ProjectView>,
    /// What a direct reference of the sources makes of it.
    pub(crate) direct: Option<Arc<DirectRelease>>,
    releases: RefCell<FxHashMap<usize, Rc<Release>>>,
}

impl Project {
    /// What the release at `index` comes to on the target, if that is known already.
    pub(crate) fn known_release(&self, index: usize) -> Option<Rc<Release>> {
        self.releases.borrow().get(&index).cloned()
    }
}

/// What a release asks for.
pub(crate) enum Needs {
    /// Its metadata, and the requirements without any extra.
    Known(Arc<Metadata>, Vec<Dependency>),
    /// It cannot be used.
    Unusable(Why),
}

impl<'a> Shelf<'a> {
    pub(crate) fn new(
        facts: &Arc<dyn Facts>,
        inspector: Arc<Inspector>,
        region: Region,
        changes: Arc<Changes>,
        gate: &'a dyn Gate,
    ) -> Self {
        Self {
            facts: facts.within(&region).unwrap_or_else(|| Arc::clone(facts)),
            inspector,
            region,
            changes,
            gate,
            projects: RefCell::default(),
            needs: RefCell::default(),
            metadata: RefCell::default(),
            points: OnceCell::new(),
            points_of: RefCell::default(),
        }
    }

    /// The points of a lock for many in the region at which a marker may hold, and that a release without a file for them is held against.
    pub(crate) fn points_of(&self, marker: &Marker) -> PointSet {
        let Some(lock) = &self.inspector.lock else {
            return PointSet::NONE;
        };
        let among = *self.points.get_or_init(|| {
            let counted = lock.whole.intersection(lock.points.of_cpython());
            (lock.points).where_marker(&self.region, &Marker::always(), counted)
        });
        if marker.is_always() {
            return among;
        }
        if let Some(known) = self.points_of.borrow().get(marker) {
            return *known;
        }
        let points = lock.points.where_marker(&self.region, marker, among);
        self.points_of.borrow_mut().insert(marker.clone(), points);
        points
    }

    /// The project, or none if it is on no index.
    pub(crate) fn project(&self, name: &Name) -> Result<Option<Rc<Project>>, FactError> {
        if let Some(known) = self.projects.borrow().get(name) {
            return Ok(known.clone());
        }
        let project = match self.facts.project(name) {
            Ok(view) => Some(Rc::new(Project {
                view,
                direct: self.facts.direct(name),
                releases: RefCell::default(),
            })),
            Err(FactError::Absent { .. }) => None,
            Err(error) => return Err(error),
        };
        self.projects
            .borrow_mut()
            .insert(name.clone(), project.clone());
        Ok(project)
    }

    /// The project, if it has been looked at already and is on an index.
    pub(crate) fn known_project(&self, name: &Name) -> Option<Rc<Project>> {
        self.projects.borrow().get(name).cloned().flatten()
    }

    /// All projects that have been looked at and are on an index, by name.
    pub(crate) fn known_projects(&self) -> Vec<Rc<Project>> {
        let projects = self.projects.borrow();
        let mut known: Vec<Rc<Project>> = projects.values().flatten().cloned().collect();
        known.sort_by(|one, other| one.view.name().cmp(other.view.name()));
        known
    }

    /// Whether it is known already that the project is on no index.
    pub(crate) fn is_known_absent(&self, name: &Name) -> bool {
        matches!(self.projects.borrow().get(name), Some(None))
    }

    /// What the release at `index` comes to on the target.
    pub(crate) fn release(
        &self,
        project: &Project,
        index: usize,
    ) -> Result<Rc<Release>, FactError> {
        if let Some(known) = project.releases.borrow().get(&index) {
            return Ok(Rc::clone(known));
        }
        let release =
            if project.direct.is_none() && self.inspector.is_after_cutoff(&*project.view, index) {
                Release::Unusable(Why::Cutoff)
            } else {
                self.look_at(project, index)?
            };
        let release = Rc::new(release);
        project
            .releases
            .borrow_mut()
            .insert(index, Rc::clone(&release));
        Ok(release)
    }

    fn look_at(&self, project: &Project, index: usize) -> Result<Release, FactError> {
        Ok(match project.view.files(index) {
            Ok(files) if project.direct.is_some() => self.inspector.inspect_direct(&files),
            Ok(files) => self.inspect(project, index, &files)?,
            Err(error @ FactError::Unlearned { .. }) => return Err(error),
            Err(error) => Release::Unusable(Why::Metadata(error.to_string())),
        })
    }

    fn inspect(
        &self,
        project: &Project,
        index: usize,
        files: &[DistFile],
    ) -> Result<Release, FactError> {
        let name = project.view.name();
        let release = self.inspector.inspect(name, files, Cooldown::Holds);
        if matches!(release, Release::Usable(_)) || !self.inspector.is_cooling(name, files) {
            return Ok(release);
        }
        let fixed = self.fixes(project, index)?;
        if fixed.is_empty() {
            return Ok(match release {
                undated @ Release::Unusable(Why::NoUploadTime) => undated,
                Release::Unusable(_) | Release::Usable(_) => Release::Unusable(Why::Cooldown),
            });
        }
        let mut release = self.inspector.inspect(name, files, Cooldown::Exempt);
        if let Release::Usable(usable) = &mut release {
            usable.fixes = fixed;
        }
        Ok(release)
    }

    /// What the release at `index` fixes: the advisories that affect the newest final release below it that can be installed, and do not
    /// affect itself. A release that is exempt for what it fixes counts below the next one, which is then no longer needed for it.
    fn fixes(&self, project: &Project, index: usize) -> Result<Vec<Arc<Advisory>>, FactError> {
        for below in index + 1..project.view.len() {
            let before = project.view.version(below);
            if before.any_prerelease() {
                continue;
            }
            let release = self.release(project, below)?;
            if let Release::Usable(usable) = &*release
                && usable.yanked.is_none()
            {
                let version = project.view.version(index);
                return self.gate.fixes(project.view.name(), before, version);
            }
        }
        Ok(Vec::new())
    }

    /// The part of the region whose Pythons the release at `index` needs, if it could be chosen there.
    pub(crate) fn newer_python(
        &self,
        project: &Project,
        index: usize,
    ) -> Result<Option<Marker>, FactError> {
        Ok(self.later(project, index)?.map(|(part, _)| part))
    }

    /// The same, and which points have a file of the release there; no set where all have.
    pub(crate) fn later(
        &self,
        project: &Project,
        index: usize,
    ) -> Result<Option<(Marker, Option<PointSet>)>, FactError> {
        let newer = self.usable_later(project, index)?;
        Ok(newer
            .filter(|(_, usable)| usable.yanked.is_none())
            .map(|(part, usable)| (part, usable.covers)))
    }

    /// The same, also if the release is yanked: whether it is.
    pub(crate) fn on_newer_python(
        &self,
        project: &Project,
        index: usize,
    ) -> Result<Option<(Marker, bool)>, FactError> {
        let newer = self.usable_later(project, index)?;
        Ok(newer.map(|(part, usable)| (part, usable.yanked.is_some())))
    }

    fn usable_later(
        &self,
        project: &Project,
        index: usize,
    ) -> Result<Option<(Marker, Box<Usable>)>, FactError> {
        let files = match project.view.files(index) {
            Ok(files) => files,
            Err(error @ FactError::Unlearned { .. }) => return Err(error),
            Err(_) => return Ok(None),
        };
        let Some((lowest, usable)) = self.inspector.usable_from(project.view.name(), &files) else {
            return Ok(None);
        };
        let part = Marker::from_python(&lowest);
        Ok(self.region.overlaps(&part).then_some((part, usable)))
    }

    /// What the release of `name` at `version` comes to; none if there is no such release.
    pub(crate) fn release_at(
        &self,
        name: &Name,
        version: &Version,
    ) -> Result<Option<Rc<Release>>, FactError> {
        let Some(project) = self.project(name)? else {
            return Ok(None);
        };
        match project.view.position(version) {
            Some(index) => self.release(&project, index).map(Some),
            None => Ok(None),
        }
    }

    /// What a release asks for. Reads its metadata.
    pub(crate) fn needs(&self, name: &Name, version: &Version) -> Result<Rc<Needs>, FactError> {
        let known = self.needs.borrow();
        if let Some(known) = known.get(name).and_then(|all| all.get(version)) {
            return Ok(Rc::clone(known));
        }
        drop(known);
        let needs = Rc::new(self.read_needs(name, version)?);
        self.needs
            .borrow_mut()
            .entry(name.clone())
            .or_default()
            .insert(version.clone(), Rc::clone(&needs));
        Ok(needs)
    }

    /// What a release asks for, if that has been looked at already.
    pub(crate) fn known_needs(&self, name: &Name, version: &Version) -> Option<Rc<Needs>> {
        self.needs.borrow().get(name)?.get(version).cloned()
    }

    fn read_needs(&self, name: &Name, version: &Version) -> Result<Needs, FactError> {
        let metadata = match self.metadata(name, version)? {
            Ok(metadata) => metadata,
            Err(why) => return Ok(Needs::Unusable(why)),
        };
        if let Some(text) = &metadata.requires_python
            && !self.inspector.admits_python(text)
        {
            return Ok(Needs::Unusable(self.inspector.excluded_by_python(text)));
        }
        if self.inspector.rules().no_dependencies {
            return Ok(Needs::Known(metadata, Vec::new()));
        }
        Ok(match self.active(&metadata, None) {
            Ok(dependencies) => Needs::Known(metadata, dependencies),
            Err(why) => Needs::Unusable(why),
        })
    }

    /// The metadata of a release as they hold in the region, or why it cannot be used.
    fn metadata(&self, name: &Name, version: &Version) -> Result<Learned, FactError> {
        let key = (name.clone(), version.clone());
        if let Some(known) = self.metadata.borrow().get(&key) {
            return Ok(known.clone());
        }
        let learned = match (self.project(name)?, self.release_at(name, version)?) {
            (Some(project), Some(release)) => match &*release {
                Release::Usable(usable) => self.learn(&project, version, usable)?,
                Release::Unusable(why) => Err(why.clone()),
            },
            _ => Err(missing()),
        };
        self.metadata.borrow_mut().insert(key, learned.clone());
        Ok(learned)
    }

    /// The names that have been looked at, whether they are on an index or not.
    #[expect(clippy::iter_over_hash_type, reason = "what is collected is sorted")]
    pub(crate) fn read_names(&self) -> BTreeSet<Name> {
        let mut names = BTreeSet::new();
        for name in self.projects.borrow().keys() {
            names.insert(name.clone());
        }
        names
    }

    /// The files whose metadata have been looked at.
    #[expect(clippy::iter_over_hash_type, reason = "what is collected is sorted")]
    pub(crate) fn read_files(&self) -> Result<BTreeSet<String>, FactError> {
        let mut files = BTreeSet::new();
        for (name, versions) in &*self.needs.borrow() {
            for version in versions.keys() {
                if let Some(release) = self.release_at(name, version)?
                    && let Release::Usable(usable) = &*release
                {
                    files.insert(usable.file.filename.clone());
                }
            }
        }
        Ok(files)
    }

    /// The metadata of a release, if they have been looked at already and can be read.
    pub(crate) fn known_metadata(
        &self,
        name: &Name,
        version: &Version,
    ) -> Result<Option<Arc<Metadata>>, FactError> {
        if self.known_needs(name, version).is_none() {
            return Ok(None);
        }
        Ok(self.metadata(name, version)?.ok())
    }

    /// What an extra of a release adds; nothing if it has no such extra.
    pub(crate) fn guarded(
        &self,
        name: &Name,
        version: &Version,
        extra: &Name,
    ) -> Result<Result<Vec<Dependency>, Why>, FactError> {
        if self.inspector.rules().no_dependencies {
            return Ok(Ok(Vec::new()));
        }
        Ok(match &*self.needs(name, version)? {
            Needs::Known(metadata, _) => self.active(metadata, Some(extra)),
            Needs::Unusable(why) => Err(why.clone()),
        })
    }

    fn active(&self, metadata: &Metadata, extra: Option<&Name>) -> Result<Vec<Dependency>, Why> {
        let is_at = |name: &Name, reference: &str| self.facts.is_at(name, reference);
        active(metadata, &self.region, &self.changes, extra, is_at)
    }

    /// The direct references in `metadata` that make a release unusable, without an extra or for one, and where in the region they hold.
    pub(crate) fn foreign_references<'m>(
        &self,
        metadata: &'m Metadata,
        extra: Option<&Name>,
    ) -> impl Iterator<Item = (Marker, &'m Requirement)> {
        let is_at = |name: &Name, reference: &str| self.facts.is_at(name, reference);
        foreign_references(metadata, &self.region, &self.changes, extra, is_at)
    }

    /// What a direct reference of the sources makes of a project.
    pub(crate) fn direct(&self, name: &Name) -> Option<Arc<DirectRelease>> {
        self.facts.direct(name)
    }
}

/// The gate, with its fast path asked once per project.
pub(crate) struct Guard<'a> {
    gate: &'a dyn Gate,
    affected: RefCell<FxHashMap<Name, Option<Arc<VersionSet>>>>,
}

impl<'a> Guard<'a> {
    pub(crate) fn new(gate: &'a dyn Gate) -> Self {
        Self {
            gate,
            affected: RefCell::default(),
        }
    }

    /// The versions of a project that something speaks against.
    pub(crate) fn affected(&self, name: &Name) -> Result<Option<Arc<VersionSet>>, FactError> {
        if let Some(known) = self.affected.borrow().get(name) {
            return Ok(known.clone());
        }
        let affected = self.gate.affected(name)?;
        self.affected
            .borrow_mut()
            .insert(name.clone(), affected.clone());
        Ok(affected)
    }

    pub(crate) fn verdict(&self, name: &Name, version: &Version) -> Result<Verdict, FactError> {
        match self.affected(name)? {
            Some(affected) if affected.contains(version) => self.gate.verdict(name, version),
            Some(_) | None => Ok(Verdict::Clear),
        }
    }

    pub(crate) fn project_verdict(&self, project: &Project) -> Verdict {
        self.gate
            .project_verdict(project.view.name(), project.view.status())
    }

    pub(crate) fn hint(&self, names: &[Name]) {
        self.gate.hint(names);
    }
}
