//! Facts in which source distributions that may be built have metadata.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use lockgate_model::{
    DirectRelease, DistFile, FactError, Facts, Metadata, Name, ProjectView, Scout, Sha256,
    UnusableReason, Version, Want,
};
use url::Url;

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
    pub(super) fn may_build(&self, name: &Name) -> bool {
        self.builder.settings.allowed.includes(Some(name))
    }

    pub(super) fn metadata(&self, name: &Name, version: &Version, file: &DistFile) -> Built {
        match self.inner.metadata(name, version, file) {
            Err(FactError::Unusable {
                reason: UnusableReason::NeedsBuild(_),
                ..
            }) if self.may_build(name) => {
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                let cell = Arc::clone(known.entry(file.url.clone()).or_default());
                drop(known);
                cell.get_or_init(|| self.built(name, version, file)).clone()
            }
            known => known,
        }
    }

    pub(super) fn hint(self: &Arc<Self>, wants: Vec<Want>, scout: &Arc<dyn Scout>) {
        let scout: Arc<dyn Scout> = Arc::new(BuildingScout {
            inner: Arc::clone(scout),
            builds: Arc::clone(self),
        });
        self.inner.hint(wants, &scout);
    }

    fn built(&self, name: &Name, version: &Version, file: &DistFile) -> Built {
        let unlearned = |why: String, remedy: Option<String>| FactError::Unlearned {
            what: format!("metadata of `{}`", file.filename),
            why,
            remedy,
        };
        let url = Url::parse(&file.url).map_err(|error| unlearned(error.to_string(), None))?;
        let source = Source::Address {
            url: &url,
            filename: &file.filename,
            sha256: file.sha256,
            subdirectory: None,
        };
        let label = format!("{name} {version}");
        let own = self.builder.settings.by_project.get(name);
        let own = own.map_or(&[][..], Vec::as_slice);
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

impl Facts for BuildingFacts {
    fn project(&self, name: &Name) -> Result<Arc<dyn ProjectView>, FactError> {
        self.0.inner.project(name)
    }

    fn metadata(&self, name: &Name, version: &Version, file: &DistFile) -> Built {
        self.0.metadata(name, version, file)
    }

    fn sha256(&self, file: &DistFile) -> Result<Sha256, FactError> {
        self.0.inner.sha256(file)
    }

    fn direct(&self, name: &Name) -> Option<Arc<DirectRelease>> {
        self.0.inner.direct(name)
    }

    fn is_at(&self, name: &Name, reference: &str) -> bool {
        self.0.inner.is_at(name, reference)
    }

    fn hint(&self, wants: Vec<Want>, scout: &Arc<dyn Scout>) {
        self.0.hint(wants, scout);
    }
}
