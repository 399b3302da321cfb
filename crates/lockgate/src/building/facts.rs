//! Facts in which source distributions that may be built have metadata.

use std::sync::Arc;

use lockgate_model::{
    DirectRelease, DistFile, FactError, Facts, Metadata, Name, ProjectView, Scout, Sha256,
    UnusableReason, Version, Want,
};
use url::Url;

use super::{Builder, Source};

/// The facts below, with builds for what they say is known only after one.
pub(crate) struct BuildingFacts {
    inner: Arc<dyn Facts>,
    builder: Arc<Builder>,
}

impl BuildingFacts {
    /// Over `inner`.
    pub(crate) fn new(inner: Arc<dyn Facts>, builder: Arc<Builder>) -> Self {
        Self { inner, builder }
    }

    fn built(
        &self,
        name: &Name,
        version: &Version,
        file: &DistFile,
    ) -> Result<Arc<Metadata>, FactError> {
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
        self.inner.project(name)
    }

    fn metadata(
        &self,
        name: &Name,
        version: &Version,
        file: &DistFile,
    ) -> Result<Arc<Metadata>, FactError> {
        match self.inner.metadata(name, version, file) {
            Err(FactError::Unusable {
                reason: UnusableReason::NeedsBuild(_),
                ..
            }) if self.builder.settings.allowed.includes(Some(name)) => {
                self.built(name, version, file)
            }
            known => known,
        }
    }

    fn sha256(&self, file: &DistFile) -> Result<Sha256, FactError> {
        self.inner.sha256(file)
    }

    fn direct(&self, name: &Name) -> Option<Arc<DirectRelease>> {
        self.inner.direct(name)
    }

    fn is_at(&self, name: &Name, reference: &str) -> bool {
        self.inner.is_at(name, reference)
    }

    fn hint(&self, wants: Vec<Want>, scout: &Arc<dyn Scout>) {
        self.inner.hint(wants, scout);
    }
}
