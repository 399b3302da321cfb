//! From options to a builder.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use lockgate_model::{Facts, Manifest, Name, Target, Timestamp};

use super::python::Pythons;
use super::tools::Workshop;
use super::{Allowed, BuildSettings, Builder};
use crate::cli::{BuildOptions, TargetOptions};
use crate::failure::Failure;
use crate::gating::Gating;
use crate::request::named;
use crate::world::{World, seconds};

/// Builds that take longer are given up.
const PATIENCE: Duration = Duration::from_mins(10);

impl BuildSettings {
    /// Checks the options.
    pub(crate) fn new(options: &BuildOptions, cutoff: Option<Timestamp>) -> Result<Self, Failure> {
        let settings = options.config_settings.iter().map(|text| {
            text.split_once('=')
                .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
                .ok_or_else(|| {
                    Failure::new(format!("`--config-settings {text}`: write `KEY=VALUE`"))
                })
        });
        Ok(Self {
            allowed: allowed(&options.allow_build)?,
            settings: settings.collect::<Result<_, _>>()?,
            by_project: BTreeMap::new(),
            patience: match options.build_timeout {
                Some(value) => seconds("--build-timeout", value)?,
                None => PATIENCE,
            },
            cutoff,
        })
    }
}

impl BuildSettings {
    /// With what the lines of requirements say of their own builds.
    pub(crate) fn with_lines_of(mut self, manifest: &Manifest) -> Self {
        for root in &manifest.requirements {
            if !root.config_settings.is_empty() {
                let settings = self.by_project.entry(root.requirement.name.clone());
                settings
                    .or_default()
                    .extend_from_slice(&root.config_settings);
            }
        }
        self
    }
}

fn allowed(texts: &[String]) -> Result<Allowed, Failure> {
    if texts.iter().any(|text| text == ":all:") {
        return Ok(Allowed::Everything);
    }
    let names: BTreeSet<Name> = texts
        .iter()
        .map(|text| named("--allow-build", text))
        .collect::<Result<_, _>>()?;
    Ok(if names.is_empty() {
        Allowed::Nothing
    } else {
        Allowed::Packages(names)
    })
}

impl Builder {
    /// A builder for `target`.
    pub(crate) fn open(
        settings: BuildSettings,
        target: &Target,
        options: &TargetOptions,
        facts: Arc<dyn Facts>,
        gating: Arc<Gating>,
        world: &World,
    ) -> Self {
        if settings.allowed != Allowed::Nothing {
            world.index.set_source_distributions_aside();
        }
        Self {
            settings,
            target: target.clone(),
            python: Pythons::new(options.python.as_deref(), world),
            index: world.index.clone(),
            facts,
            gating,
            progress: world.progress.clone(),
            workshop: Workshop::default(),
            stopped: Arc::default(),
            running: AtomicUsize::new(0),
        }
    }
}
