//! The facts of the indexes, under what direct references decide.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use lockgate_model::{
    DirectRelease, DistFile, FactError, Facts, Metadata, Name, ProjectStatus, ProjectView,
    Reference, Region, Scout, Sha256, Version, Want,
};

/// Facts in which some projects have one release, at a direct reference. No index is asked about those.
pub struct DirectFacts {
    inner: Arc<dyn Facts>,
    /// Of each project those in all environments, no two of them in one.
    all: Arc<BTreeMap<Name, Vec<Arc<DirectRelease>>>>,
    /// The one of each project that counts here.
    releases: BTreeMap<Name, Arc<DirectRelease>>,
    folder: PathBuf,
    /// The references that the solver asked about and that lead elsewhere, by package.
    unmet: Arc<Mutex<BTreeSet<(Name, String)>>>,
}

impl DirectFacts {
    /// `all` over `inner`; paths are compared from `folder`.
    pub fn new(
        inner: Arc<dyn Facts>,
        all: BTreeMap<Name, Vec<Arc<DirectRelease>>>,
        folder: PathBuf,
    ) -> Self {
        Self {
            inner,
            releases: first_of_each(&all, |_| true),
            all: Arc::new(all),
            folder,
            unmet: Arc::default(),
        }
    }

    /// Returns the references that releases were found to require, and where the package is not taken from; each with its package.
    pub fn unmet(&self) -> BTreeSet<(Name, String)> {
        let unmet = self.unmet.lock().unwrap_or_else(PoisonError::into_inner);
        unmet.clone()
    }
}

impl Facts for DirectFacts {
    fn project(&self, name: &Name) -> Result<Arc<dyn ProjectView>, FactError> {
        match self.releases.get(name) {
            Some(release) => Ok(Arc::new(DirectView(Arc::clone(release)))),
            None => self.inner.project(name),
        }
    }

    fn metadata(
        &self,
        name: &Name,
        version: &Version,
        file: &DistFile,
    ) -> Result<Arc<Metadata>, FactError> {
        match self.releases.get(name) {
            Some(release) => Ok(Arc::clone(&release.metadata)),
            None => self.inner.metadata(name, version, file),
        }
    }

    fn sha256(&self, file: &DistFile) -> Result<Sha256, FactError> {
        self.inner.sha256(file)
    }

    fn confirm_absences(&self) -> Result<(), FactError> {
        self.inner.confirm_absences()
    }

    fn direct(&self, name: &Name) -> Option<Arc<DirectRelease>> {
        self.releases.get(name).cloned()
    }

    fn is_at(&self, name: &Name, reference: &str) -> bool {
        let folder = self.folder.to_string_lossy();
        let is_at = self.releases.get(name).is_some_and(|release| {
            reference
                .parse::<Reference>()
                .is_ok_and(|reference| reference.is_same(&release.reference, &folder))
        });
        if !is_at {
            let mut unmet = self.unmet.lock().unwrap_or_else(PoisonError::into_inner);
            unmet.insert((name.clone(), reference.to_owned()));
        }
        is_at
    }

    fn within(&self, region: &Region) -> Option<Arc<dyn Facts>> {
        let releases = first_of_each(&self.all, |release| region.overlaps(&release.marker));
        (releases != self.releases).then(|| {
            Arc::new(Self {
                inner: Arc::clone(&self.inner),
                all: Arc::clone(&self.all),
                releases,
                folder: self.folder.clone(),
                unmet: Arc::clone(&self.unmet),
            }) as _
        })
    }

    fn prepare(&self, name: &Name, version: &Version, files: &[DistFile]) {
        if !self.releases.contains_key(name) {
            self.inner.prepare(name, version, files);
        }
    }

    fn hint(&self, wants: Vec<Want>, scout: &Arc<dyn Scout>) {
        let (direct, mut wants): (Vec<Want>, Vec<Want>) = wants
            .into_iter()
            .partition(|want| self.releases.contains_key(&want.name));
        for want in direct {
            if let Some(release) = self.releases.get(&want.name) {
                let follows = scout.follow(&want, &release.metadata);
                wants.extend(
                    follows
                        .into_iter()
                        .filter(|want| !self.releases.contains_key(&want.name)),
                );
            }
        }
        self.inner.hint(wants, scout);
    }
}

/// The first release of each project that counts.
fn first_of_each(
    all: &BTreeMap<Name, Vec<Arc<DirectRelease>>>,
    counts: impl Fn(&DirectRelease) -> bool,
) -> BTreeMap<Name, Arc<DirectRelease>> {
    let first = |releases: &[Arc<DirectRelease>]| {
        let mut releases = releases.iter();
        releases.find(|release| counts(release)).cloned()
    };
    all.iter()
        .filter_map(|(name, releases)| Some((name.clone(), first(releases)?)))
        .collect()
}

/// The one release of a project at a direct reference.
#[derive(Debug)]
struct DirectView(Arc<DirectRelease>);

impl ProjectView for DirectView {
    fn name(&self) -> &Name {
        &self.0.metadata.name
    }

    fn status(&self) -> &ProjectStatus {
        const ACTIVE: &ProjectStatus = &ProjectStatus::Active;
        ACTIVE
    }

    fn len(&self) -> usize {
        1
    }

    fn version(&self, _index: usize) -> &Version {
        &self.0.metadata.version
    }

    fn files(&self, _index: usize) -> Result<Arc<[DistFile]>, FactError> {
        Ok(Arc::from([self.0.file.clone()]))
    }
}
