//! The sources of advisories that an audit uses, and a gate over them for each of its policies.

use std::sync::Arc;

use lockgate_gate::{AdvisoryGate, Auditor, Selection};
use lockgate_index::Feed;
use lockgate_model::{AuditReport, Inventory, Item, Name, Remark, Version};

use super::inputs::ReadInput;
use super::telling::Telling;
use super::{AuditRequest, InputPolicies, known_by_lock};
use crate::failure::Failure;
use crate::gating::{self, Gating};
use crate::request::Settings;
use crate::world::World;

/// The sources of advisories, as far as they could be opened, under each of the policies in use.
#[derive(Debug)]
pub(super) struct Opened {
    /// By the number of the settings.
    under: Vec<Under>,
}

/// The gate of one policy.
#[derive(Debug)]
struct Under {
    gating: Gating,
    sources: Arc<Sources>,
    asks_index: bool,
}

/// Sources that are opened once for all policies that name the same ones.
#[derive(Debug)]
struct Sources {
    opened: gating::Opened,
    telling: Telling,
}

impl Opened {
    /// Opens each source by itself: one that fails leaves a gap, and the others go on.
    pub(super) fn new(
        request: &AuditRequest,
        inputs: &[ReadInput],
        policies: &InputPolicies,
        world: &World,
    ) -> Result<Self, Failure> {
        let mut under: Vec<Under> = Vec::new();
        let mut known: Vec<(&Settings, Arc<Sources>)> = Vec::new();
        for (number, settings) in policies.all().enumerate() {
            let same = known.iter().find(|(other, _)| {
                other.advisories == settings.advisories
                    && other.max_advisory_age == settings.max_advisory_age
            });
            let sources = match same {
                // What a lock names follows from the lock.
                Some((_, sources)) if !request.arguments.as_of_lock => Arc::clone(sources),
                _ => {
                    let own = inputs.iter().filter(|input| input.settings == number);
                    let inventories = own.map(|input| &input.inventory).collect();
                    Arc::new(Sources::open(request, inventories, settings, world)?)
                }
            };
            known.push((settings, Arc::clone(&sources)));
            under.push(Under {
                gating: Gating::new(settings, sources.opened.sources.clone(), world),
                sources,
                asks_index: settings.asks_index,
            });
        }
        Ok(Self { under })
    }

    /// Where whole records are.
    pub(super) fn feeds(&self) -> impl Iterator<Item = &Feed> {
        let sources = self.under.iter().map(|under| &under.sources);
        sources.flat_map(|sources| &sources.opened.feeds)
    }

    /// For each input, its gate if the index is to be asked about it.
    pub(super) fn gates_of(&self, inputs: &[ReadInput]) -> Vec<Option<&AdvisoryGate>> {
        let under = inputs.iter().map(|input| self.under.get(input.settings));
        under
            .map(|under| under.filter(|it| it.asks_index).map(|it| &it.gating.gate))
            .collect()
    }

    /// Has services asked about all pins at once.
    pub(super) fn hint(&self, inputs: &[ReadInput], selection: &Selection) {
        for (number, under) in self.under.iter().enumerate() {
            let telling = &under.sources.telling;
            if !telling.is_asked() {
                continue;
            }
            let mut pins: Vec<(Name, Version)> = Vec::new();
            for ReadInput { inventory, .. } in inputs.iter().filter(|it| it.settings == number) {
                let told = inventory.items.iter().filter(|item| {
                    selection.admits(item) && telling.may_tell(inventory, item).is_ok()
                });
                pins.extend(told.filter_map(Item::pin));
            }
            pins.sort();
            pins.dedup();
            under.gating.gate.hint_pins(&pins);
        }
    }

    /// Every item of the inputs, each judged under the policies of its own.
    pub(super) fn judge(
        &self,
        inputs: &[ReadInput],
        selection: &Selection,
        world: &World,
    ) -> AuditReport {
        world.progress.phase("auditing");
        let Some(first) = self.under.first() else {
            return AuditReport::default();
        };
        let mut auditor = Auditor::new(&first.gating.gate, selection);
        for under in &self.under {
            auditor.under(&under.gating.gate);
            for (source, why) in &under.sources.opened.failed {
                auditor.source_failed(source, why.clone());
            }
            for (source, record) in &under.sources.opened.unreadable {
                auditor.record_failed(source, record);
            }
        }
        for ReadInput {
            inventory,
            settings,
        } in inputs
        {
            let Some(under) = self.under.get(*settings) else {
                continue;
            };
            auditor.under(&under.gating.gate);
            auditor.add(inventory, &|item: &Item| {
                under.sources.telling.may_tell(inventory, item)
            });
        }
        auditor.finish()
    }

    /// Remarks on entries of the policies that accept gaps and have expired or accept nothing. To be asked once the report has all of its gaps.
    pub(super) fn acceptance_remarks(&self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        for under in &self.under {
            for remark in under.gating.gate.acceptance_remarks() {
                if !remarks.contains(&remark) {
                    remarks.push(remark);
                }
            }
        }
        remarks
    }
}

impl Sources {
    fn open(
        request: &AuditRequest,
        inventories: Vec<&Inventory>,
        settings: &Settings,
        world: &World,
    ) -> Result<Self, Failure> {
        let index = request.index(settings, world)?;
        let arguments = &request.arguments;
        let opened = if arguments.as_of_lock {
            known_by_lock::open(inventories, settings, world)?
        } else {
            gating::open_each(settings, index, world)?
        };
        let telling = Telling::new(&opened.services, &arguments.index, &arguments.target, world)?;
        Ok(Self { opened, telling })
    }
}
