//! What exists for one question: what the indexes have, what direct references lead to, what builds add.

use std::sync::Arc;

use lockgate_index::{DirectFacts, IndexFacts, Places};
use lockgate_model::{Conflict, Facts, Manifest, Name, Target, Timestamp};
use lockgate_solve::{Answer, Question};

use crate::building::{Allowed, BuildSettings, Builder, BuildingFacts};
use crate::cli::LockArguments;
use crate::failure::{Exit, Failure};
use crate::gating::{self, Gating};
use crate::indexes;
use crate::ops::direct::{self, Following};
use crate::ops::{lock, unbuilt};
use crate::places;
use crate::request::Settings;
use crate::world::World;

/// How often a search is made again for references that it came upon.
const MAX_ROUNDS: usize = 16;

fn is_locked(answer: &Answer) -> bool {
    matches!(answer, Answer::Locked(_))
}

/// The facts, and the gate.
pub(crate) struct Known<'a> {
    /// What exists.
    pub(crate) facts: Arc<dyn Facts>,
    /// What the indexes alone have.
    pub(crate) indexes: Arc<IndexFacts>,
    /// What exists where no direct reference decides.
    below: Arc<dyn Facts>,
    following: Option<Following<'a>>,
    direct: Option<Arc<DirectFacts>>,
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
        target: &'a Target,
        cutoff: Option<Timestamp>,
        settings: &'a Settings,
        places: &'a Places,
        world: &'a World,
    ) -> Result<Self, Failure> {
        let indexes = places::facts(places, world);
        let mut known = Self {
            facts: Arc::clone(&indexes) as _,
            below: Arc::clone(&indexes) as _,
            following: None,
            direct: None,
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
        known.below = Arc::clone(&known.facts);
        let following = direct::follow(manifest, target, builder, world)?;
        // A project of the sources is its own folder: it is not pinned, and no index is asked for it.
        let own = manifest.own.iter();
        let own: Vec<Name> = own
            .filter(|name| !following.leads_to(name))
            .cloned()
            .collect();
        manifest.excludes.extend(own);
        known.take(following);
        Ok(known)
    }

    /// Has the direct references that were followed decide.
    fn take(&mut self, following: Following<'a>) {
        self.direct = following.over(&self.below).map(Arc::new);
        self.facts = match &self.direct {
            Some(direct) => Arc::clone(direct) as _,
            None => Arc::clone(&self.below),
        };
        self.following = Some(following);
    }

    /// Says of a conflict what later indexes have of what it is about.
    pub(crate) fn look_on_later_indexes(
        &self,
        question: &Question<'_>,
        conflict: &mut Conflict,
        places: &Places,
    ) {
        places::look_on_later_indexes(question, conflict, places, &self.facts, &self.indexes);
    }

    /// Solves, verified. Where a release at a direct reference requires another one for an extra, which only what was looked at in the search
    /// asks for, that one is followed as well, and the search made again; what does not come to be required by it decides nothing.
    pub(crate) fn solved(&mut self, question: &Question<'_>) -> Result<Answer, Failure> {
        let mut answer = lock::solved(question, &self.facts, self.world)?;
        for _ in 0..MAX_ROUNDS {
            let (Some(direct), Some(before)) = (&self.direct, self.following.clone()) else {
                break;
            };
            let mut following = before.clone();
            let followed = match following.follow_unmet(question.manifest, &direct.unmet()) {
                Ok(followed) => followed,
                // Two places for one package: what asks for the second one can be used in no solution.
                Err(failure) if failure.exit == Exit::No && is_locked(&answer) => break,
                Err(failure) => return Err(failure),
            };
            if followed.is_empty() {
                break;
            }
            self.take(following.clone());
            let again = lock::solved(question, &self.facts, self.world)?;
            let is_better = match &again {
                Answer::Locked(solution) => following.are_required(&followed, &solution.graph),
                Answer::Impossible(_) => !is_locked(&answer),
            };
            if !is_better {
                self.take(before);
                break;
            }
            answer = again;
        }
        Ok(answer)
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
