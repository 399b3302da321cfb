//! Facts in which source distributions that may be built have metadata.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use lockgate_model::{
    DirectRelease, DistFile, DistKind, FactError, Facts, Metadata, Name, ProjectView, Scout,
    Sha256, UnusableReason, Version, Want,
};
use url::Url;

use super::agreed::{self, Asked};
use super::ahead::{Ahead, BuildingScout};
use super::{Builder, Source};

/// The facts below, with builds for what they say is known only after one.
pub(crate) struct BuildingFacts(Arc<Builds>);

/// What is built, or will be.
pub(super) struct Builds {
    inner: Arc<dyn Facts>,
    pub(super) builder: Arc<Builder>,
    /// By the address of the file: whoever comes first builds, all others wait.
    known: Mutex<BTreeMap<String, Arc<OnceLock<Built>>>>,
    pub(super) ahead: Ahead,
}

/// A build that was not made yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Build {
    /// That it is needed came to be known in this run.
    New,
    /// That was known to an earlier run, which did without.
    LeftBefore,
}

type Built = Result<Arc<Metadata>, FactError>;

impl BuildingFacts {
    /// Over `inner`.
    pub(crate) fn new(inner: Arc<dyn Facts>, builder: Arc<Builder>) -> Self {
        Self(Arc::new(Builds {
            inner,
            builder,
            known: Mutex::default(),
            ahead: Ahead::default(),
        }))
    }
}

impl Drop for BuildingFacts {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Builds {
    /// Whether a file may be built: no other is looked at here.
    pub(super) fn may_build(&self, name: &Name, file: &DistFile) -> bool {
        matches!(file.kind(), Some(DistKind::Sdist))
            && self.builder.settings.allowed.includes(Some(name))
    }

    pub(super) fn metadata(
        self: &Arc<Self>,
        name: &Name,
        version: &Version,
        file: &DistFile,
    ) -> Built {
        if !self.may_build(name, file) {
            return self.inner.metadata(name, version, file);
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = Arc::clone(known.entry(file.url.clone()).or_default());
        drop(known);
        let learn = || match self.stated(name, version, file) {
            stated if is_unstated(&stated) => self.built(name, version, file),
            stated => stated,
        };
        cell.get_or_init(learn).clone()
    }

    /// The build that has to tell the metadata, if one has to.
    pub(super) fn needed_build(
        &self,
        name: &Name,
        version: &Version,
        file: &DistFile,
    ) -> Option<Build> {
        let url = Url::parse(&file.url).ok()?;
        let is_known = !is_unstated(&self.stated(name, version, file))
            || self.builder.keeps(source(file, &url), self.settings(name));
        if is_known {
            None
        } else if self.builder.index.has_set_aside(&url) {
            Some(Build::New)
        } else {
            Some(Build::LeftBefore)
        }
    }

    /// What is known without a build.
    fn stated(&self, name: &Name, version: &Version, file: &DistFile) -> Built {
        let project = self
            .asked(name)
            .and_then(|asked| Some((asked, self.inner.project(name).ok()?)));
        let agreed = project.and_then(|(asked, project)| {
            agreed::metadata(self.inner.as_ref(), project.as_ref(), version, &asked)
        });
        match agreed {
            Some(metadata) => Ok(metadata),
            None => self.inner.metadata(name, version, file),
        }
    }

    /// Whether wheels of a release may tell what its source distribution requires.
    pub(super) fn is_told_by_wheels(
        &self,
        project: &dyn ProjectView,
        name: &Name,
        version: &Version,
    ) -> bool {
        self.asked(name)
            .is_some_and(|asked| agreed::may_tell(project, version, &asked))
    }

    /// What wheels are asked, unless something that was asked for may change a build.
    fn asked(&self, name: &Name) -> Option<Asked<'_>> {
        let settings = &self.builder.settings;
        let is_plain = settings.settings.is_empty() && !settings.by_project.contains_key(name);
        is_plain.then_some(Asked {
            region: &self.builder.target.region,
            cutoff: settings.cutoff,
        })
    }

    /// The settings of a project's own builds.
    fn settings(&self, name: &Name) -> &[(String, String)] {
        let own = self.builder.settings.by_project.get(name);
        own.map_or(&[], Vec::as_slice)
    }

    pub(super) fn hint(self: &Arc<Self>, wants: Vec<Want>, scout: &Arc<dyn Scout>) {
        let scout: Arc<dyn Scout> = Arc::new(BuildingScout {
            inner: Arc::clone(scout),
            builds: Arc::clone(self),
        });
        self.inner.hint(wants, &scout);
    }

    fn built(self: &Arc<Self>, name: &Name, version: &Version, file: &DistFile) -> Built {
        let unlearned = |why: String, remedy: Option<String>| FactError::Unlearned {
            what: format!("metadata of `{}`", file.filename),
            why,
            remedy,
        };
        let url = Url::parse(&file.url).map_err(|error| unlearned(error.to_string(), None))?;
        let source = source(file, &url);
        let label = format!("{name} {version}");
        let own = self.settings(name);
        if !self.builder.keeps(source, own) {
            self.begin();
        }
        let metadata = self
            .builder
            .metadata(&label, source, own)
            .map_err(|error| unlearned(error.why, error.remedy))?;
        if metadata.name != *name || metadata.version != *version {
            return Err(FactError::Unusable {
                filename: file.filename.clone(),
                reason: UnusableReason::Mismatch(format!(
                    "`{} {}`",
                    metadata.name, metadata.version
                )),
            });
        }
        Ok(Arc::new(metadata))
    }
}

fn is_unstated(stated: &Built) -> bool {
    let needs_build = |reason: &UnusableReason| matches!(reason, UnusableReason::NeedsBuild(_));
    matches!(stated, Err(FactError::Unusable { reason, .. }) if needs_build(reason))
}

fn source<'a>(file: &'a DistFile, url: &'a Url) -> Source<'a> {
    Source::Address {
        url,
        filename: &file.filename,
        sha256: file.sha256,
        subdirectory: None,
    }
}

impl Facts for BuildingFacts {
    fn project(&self, name: &Name) -> Result<Arc<dyn ProjectView>, FactError> {
        self.0.inner.project(name)
    }

    fn metadata(&self, name: &Name, version: &Version, file: &DistFile) -> Built {
        if self.0.may_build(name, file) {
            self.0.is_asked_for(name);
        }
        self.0.metadata(name, version, file)
    }

    fn sha256(&self, file: &DistFile) -> Result<Sha256, FactError> {
        self.0.inner.sha256(file)
    }

    fn confirm_absences(&self) -> Result<(), FactError> {
        self.0.inner.confirm_absences()
    }

    fn direct(&self, name: &Name) -> Option<Arc<DirectRelease>> {
        self.0.inner.direct(name)
    }

    fn is_at(&self, name: &Name, reference: &str) -> bool {
        self.0.inner.is_at(name, reference)
    }

    fn prepare(&self, name: &Name, version: &Version, files: &[DistFile]) {
        self.0.inner.prepare(name, version, files);
    }

    fn hint(&self, wants: Vec<Want>, scout: &Arc<dyn Scout>) {
        self.0.hint(wants, scout);
    }
}
