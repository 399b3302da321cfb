//! What exists for one question: what the indexes have, what direct references lead to, what builds add.

use std::sync::Arc;

use lockgate_index::{IndexFacts, Places};
use lockgate_model::{Facts, Manifest, Target, Timestamp};

use crate::building::{Allowed, BuildSettings, Builder, BuildingFacts};
use crate::cli::LockArguments;
use crate::failure::Failure;
use crate::gating::{self, Gating};
use crate::indexes;
use crate::ops::{direct, unbuilt};
use crate::places;
use crate::request::Settings;
use crate::world::World;

/// The facts, and the gate.
pub(crate) struct Known<'a> {
    /// What exists.
    pub(crate) facts: Arc<dyn Facts>,
    /// What the indexes alone have.
    pub(crate) indexes: Arc<IndexFacts>,
    gating: Option<Arc<Gating>>,
    /// A direct reference among the sources: what is taken from there has a name that no service needs to know.
    reference: Option<String>,
    settings: &'a Settings,
    places: &'a Places,
    world: &'a World,
}

impl<'a> Known<'a> {
    /// Looks at the direct references of `manifest`, and names those without a name.
    pub(crate) fn of(
        manifest: &mut Manifest,
        arguments: &LockArguments,
        target: &Target,
        cutoff: Option<Timestamp>,
        settings: &'a Settings,
        places: &'a Places,
        world: &'a World,
    ) -> Result<Self, Failure> {
        let indexes = places::facts(places, world);
        let mut known = Self {
            facts: Arc::clone(&indexes) as _,
            indexes,
            gating: None,
            reference: direct::any(manifest),
            settings,
            places,
            world,
        };
        let build = BuildSettings::new(&arguments.build, cutoff)?.with_lines_of(manifest);
        let mut builder = None;
        if build.allowed != Allowed::Nothing {
            // What a build requires is held against the gate, before anything else is known.
            let gating = known.gate()?;
            gating.require_all_records()?;
            let below = Arc::clone(&known.facts);
            let opened = Builder::open(build, target, &arguments.target, below, gating, world);
            let opened = builder.insert(Arc::new(opened));
            let stopped = Arc::downgrade(opened);
            world.when_interrupted(move || {
                if let Some(builder) = stopped.upgrade() {
                    builder.stop();
                }
            });
            unbuilt::build(manifest, opened, target)?;
            known.facts = Arc::new(BuildingFacts::new(known.facts, Arc::clone(opened)));
        }
        let releases = direct::follow(manifest, target, builder.as_deref(), world)?;
        known.facts = direct::over(known.facts, releases)?;
        Ok(known)
    }

    /// The gate, opened when it is first asked for. Records of its sources may be unreadable.
    pub(crate) fn gate(&mut self) -> Result<Arc<Gating>, Failure> {
        if let Some(gating) = &self.gating {
            return Ok(Arc::clone(gating));
        }
        let gating = gating::open(
            self.settings,
            || match &self.reference {
                Some(reference) => Err(indexes::not_told(reference)),
                None => Ok(self.places.clone()),
            },
            self.world,
        )?;
        Ok(Arc::clone(self.gating.insert(Arc::new(gating))))
    }
}
