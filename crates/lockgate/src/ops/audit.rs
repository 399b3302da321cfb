//! `audit`: what is locked or installed against advisories. Runs nothing of what it looks at, and solves only when it is asked to.

mod groups;
mod hashes;
mod inputs;
mod installed;
mod known_by_lock;
mod resolved;
pub(crate) mod statuses;
mod telling;

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use lockgate_gate::{Auditor, Selection, YankRule, leave_out_known};
use lockgate_index::{Feed, FeedSource};
use lockgate_model::{
    AuditReport, AuditedPlace, Inventory, Item, Manifest, Name, Timestamp, Version,
};
use url::Url;

use crate::cli::{AuditArguments, YankName};
use crate::failure::Failure;
use crate::gating::{self, Gating};
use crate::ops::target;
use crate::places;
use crate::reports::{Circumstances, Destination, Switches, destinations};
use crate::request::{Settings, named};
use crate::world::World;
use inputs::Input;
use telling::Telling;

/// What `audit` is asked to do.
#[derive(Debug)]
pub(crate) struct AuditRequest {
    /// The arguments that are passed on as they are.
    pub(crate) arguments: AuditArguments,
    /// Where reports go.
    pub(crate) destinations: Vec<Destination>,
    inputs: Vec<Input>,
    /// The command as typed, without secrets.
    command: String,
}

/// What an audit came to.
#[derive(Debug)]
pub(crate) struct Audited {
    /// What was found.
    pub(crate) report: AuditReport,
    /// Whether gaps are accepted.
    pub(crate) allow_incomplete: bool,
    /// Where it is to be told.
    pub(crate) destinations: Vec<Destination>,
    /// Whole descriptions of advisories, for formats that carry them.
    pub(crate) descriptions: BTreeMap<String, String>,
    /// Whether pip-audit's formats carry descriptions and aliases.
    pub(crate) switches: Switches,
    /// When it was done.
    pub(crate) now: Timestamp,
    /// Whether it only says what would be audited.
    pub(crate) dry_run: bool,
    /// The command as typed, without secrets.
    pub(crate) command: Option<String>,
}

impl AuditRequest {
    /// Checks the arguments against each other, and finds what is to be audited.
    pub(crate) fn new(arguments: AuditArguments, words: &[String]) -> Result<Self, Failure> {
        arguments.pip_audit.judged()?;
        let destinations = destinations(&arguments)?;
        let inputs = inputs::find(&arguments)?;
        Ok(Self {
            arguments,
            destinations,
            inputs,
            command: lockgate_formats::command::redacted(&words.join(" ")),
        })
    }

    /// The index whose JSON API `pypi` stands for: the main one that pip would ask. Which one that is an interpreter may have to say, so
    /// it is looked for only where that source is in use.
    fn index(&self, settings: &Settings, world: &World) -> Result<Option<Url>, Failure> {
        let arguments = &self.arguments;
        if !gating::parsed(settings)?.contains(&FeedSource::Pypi) {
            return Ok(None);
        }
        let places = places::places(
            &Manifest::default(),
            &arguments.index,
            &arguments.target,
            world,
        )?;
        Ok(places.indexes.into_iter().next())
    }

    /// The files that are audited: the configuration is looked for beside the first.
    pub(crate) fn files(&self) -> Vec<String> {
        let files = self.inputs.iter();
        files
            .filter_map(|input| input.file().map(str::to_owned))
            .collect()
    }

    /// The folders of environments that are audited: no interpreter is started from there.
    pub(crate) fn audited_folders(&self) -> Vec<PathBuf> {
        let inputs = self.inputs.iter();
        inputs
            .filter_map(|input| match input {
                Input::Environment(environment) => Some(environment.roots()),
                Input::File(_) | Input::Found(_) => None,
            })
            .flatten()
            .collect()
    }

    /// The settings with what options of the audit say of them.
    pub(crate) fn settings(&self, mut settings: Settings) -> Settings {
        match self.arguments.yanked {
            Some(YankName::Deny) => settings.policy.yanked = YankRule::Deny,
            Some(YankName::Warn) => settings.policy.yanked = YankRule::Warn,
            None => {}
        }
        settings.asks_index |= self.arguments.online || self.arguments.yanked.is_some();
        settings
    }

    /// What the audit is restricted to.
    fn selection(&self, world: &World) -> Result<Selection, Failure> {
        let arguments = &self.arguments;
        let names = |option: &str, texts: &[String]| {
            let texts = texts.iter();
            texts
                .map(|text| named(option, text))
                .collect::<Result<Vec<Name>, Failure>>()
        };
        let options = &arguments.target;
        let has_target = options.python.is_some()
            || options.python_version.is_some()
            || options.python_platform.is_some();
        Ok(Selection {
            environment: if has_target {
                target::machine(options, world)?
            } else {
                None
            },
            only_groups: names("--only-group", &arguments.only_group)?,
            no_groups: names("--no-group", &arguments.no_group)?,
            no_dev: arguments.no_dev,
        })
    }
}

/// Audits everything that was asked for.
pub(crate) fn audit(
    request: &AuditRequest,
    settings: &Settings,
    world: &World,
) -> Result<Audited, Failure> {
    let selection = request.selection(world)?;
    let (inventories, unread) = inputs::read(request, settings, world)?;
    for group in groups::unknown(&selection, &inventories)? {
        world.terminal.warn(&group);
    }
    let mut audited = Audited {
        report: AuditReport::default(),
        allow_incomplete: request.arguments.allow_incomplete,
        destinations: request.destinations.clone(),
        descriptions: BTreeMap::new(),
        switches: Switches::of(&request.arguments.pip_audit),
        now: world.now,
        dry_run: request.arguments.pip_audit.dry_run,
        command: Some(request.command.clone()),
    };
    if audited.dry_run {
        audited.report = would_audit(&inventories, &selection);
        audited.report.gaps.extend(unread);
        return Ok(audited);
    }
    let opened = open(request, &inventories, settings, world)?;
    hint(&opened, &inventories, &selection);
    let mut report = if request.arguments.as_of_lock {
        let mut report = judged(&opened, &inventories, &selection, world);
        let remarks = known_by_lock::differences(&inventories, &report);
        report.remarks.extend(remarks);
        report
    } else {
        judged(&opened, inventories, &selection, world)
    };
    report.gaps.splice(0..0, unread);
    if settings.asks_index {
        let facts = statuses::facts(&request.arguments, world)?;
        statuses::ask(&mut report, &opened.gating.gate, &facts, |_| true, world);
    }
    if let Some(baseline) = &request.arguments.baseline {
        let inventory = inputs::read_one(baseline, request, world)?;
        hint(&opened, std::slice::from_ref(&inventory), &selection);
        let mut older = judged(&opened, [inventory], &selection, world);
        if settings.asks_index {
            let facts = statuses::facts(&request.arguments, world)?;
            statuses::ask(&mut older, &opened.gating.gate, &facts, |_| true, world);
        }
        leave_out_known(&mut report, &older, baseline);
    }
    if request.arguments.pip_audit.skip_editable {
        report.own.clear();
    }
    if Destination::want_descriptions(&audited.destinations, audited.switches) {
        audited.descriptions = opened.descriptions(&report);
    }
    audited.report = report;
    Ok(audited)
}

/// The sources of advisories, as far as they could be opened.
#[derive(Debug)]
struct Opened {
    gating: Gating,
    /// Where whole records are.
    feeds: Vec<Feed>,
    /// Sources that could not be opened, and why.
    failed: Vec<(String, String)>,
    telling: Telling,
}

/// Opens each source by itself: one that fails leaves a gap, and the others go on.
fn open(
    request: &AuditRequest,
    inventories: &[Inventory],
    settings: &Settings,
    world: &World,
) -> Result<Opened, Failure> {
    let index = request.index(settings, world)?;
    let opened = if request.arguments.as_of_lock {
        known_by_lock::open(inventories, settings, world)?
    } else {
        gating::open_each(settings, index, world)?
    };
    let arguments = &request.arguments;
    let telling = Telling::new(&opened.services, &arguments.index, &arguments.target, world)?;
    Ok(Opened {
        gating: Gating::new(settings, opened.sources, world),
        feeds: opened.feeds,
        failed: opened.failed,
        telling,
    })
}

/// Has services asked about all pins at once.
fn hint(opened: &Opened, inventories: &[Inventory], selection: &Selection) {
    if !opened.telling.is_asked() {
        return;
    }
    let mut pins: Vec<(Name, Version)> = Vec::new();
    for inventory in inventories {
        let told = inventory.items.iter().filter(|item| {
            selection.admits(item) && opened.telling.may_tell(inventory, item).is_ok()
        });
        pins.extend(told.filter_map(Item::pin));
    }
    pins.sort();
    pins.dedup();
    opened.gating.gate.hint_pins(&pins);
}

/// Every item of the inventories, judged; each inventory is let go as soon as it is.
fn judged<I: Borrow<Inventory>>(
    opened: &Opened,
    inventories: impl IntoIterator<Item = I>,
    selection: &Selection,
    world: &World,
) -> AuditReport {
    world.progress.phase("auditing");
    let mut auditor = Auditor::new(&opened.gating.gate, selection);
    for (source, why) in &opened.failed {
        auditor.source_failed(source, why.clone());
    }
    for inventory in inventories {
        let inventory = inventory.borrow();
        auditor.add(inventory, &|item: &Item| {
            opened.telling.may_tell(inventory, item)
        });
    }
    auditor.finish()
}

/// What would be audited, and nothing asked about it.
fn would_audit(inventories: &[Inventory], selection: &Selection) -> AuditReport {
    let mut report = AuditReport::default();
    for inventory in inventories {
        let admitted = inventory.items.iter().filter(|item| selection.admits(item));
        let packages = admitted.filter(|item| item.pin().is_some()).count();
        report.places.push(AuditedPlace {
            place: inventory.place.clone(),
            kind: inventory.kind,
            packages,
            left_out: inventory.items.len() - packages,
        });
    }
    report
}

impl Opened {
    /// What a record says in words, wherever it is. A text that cannot be had again is no reason to fail: what counts has been read.
    fn description(&self, id: &str) -> Option<String> {
        self.feeds.iter().find_map(|feed| {
            let (file, bytes) = match feed {
                Feed::Records(feed) => {
                    let record = feed.record(id).ok().flatten()?;
                    (record.file, record.bytes)
                }
                Feed::Service { lookup, .. } => {
                    ("record.json".to_owned(), lookup.record(id).ok().flatten()?)
                }
            };
            lockgate_gate::description(&file, &bytes)
        })
    }

    /// The whole texts about what was found, by the ids that are shown: a record's summary, else its details.
    fn descriptions(&self, report: &AuditReport) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for finding in report.findings() {
            let advisory = &finding.advisory;
            if found.contains_key(&advisory.id) {
                continue;
            }
            // The record that is shown first.
            let shown = advisory.records.iter().filter(|id| **id == advisory.id);
            let ids = shown.chain(&advisory.records);
            let mut ids = ids;
            if let Some(text) = ids.find_map(|id| self.description(id)) {
                found.insert(advisory.id.clone(), text);
            }
        }
        found
    }
}

impl Audited {
    /// What a report is made of beside the findings.
    pub(crate) fn circumstances<'a>(
        &'a self,
        status: &'a str,
        width: Option<usize>,
        hyperlinks: bool,
    ) -> Circumstances<'a> {
        Circumstances {
            status,
            now: self.now,
            allow_incomplete: self.allow_incomplete,
            descriptions: &self.descriptions,
            switches: self.switches,
            width,
            hyperlinks,
            command: self.command.as_deref(),
        }
    }
}
