//! `audit`: what is locked or installed against advisories. Runs nothing of what it looks at, and solves only when it is asked to.

mod baseline;
mod gaps;
mod groups;
mod hashes;
mod inputs;
mod installed;
mod known_by_lock;
mod opened;
mod policies;
mod resolved;
pub(crate) mod statuses;
mod telling;
mod unread;

use std::collections::BTreeMap;
use std::path::PathBuf;

use lockgate_gate::{AdvisoryGate, Mode, Selection, YankRule, leave_out_known};
use lockgate_index::{Feed, FeedSource};
use lockgate_model::{AuditReport, AuditedPlace, Gap, Name, Timestamp};
use url::Url;

use crate::cli::{AuditArguments, YankName};
use crate::failure::Failure;
use crate::gating::{self, Gating};
use crate::hosts::Reach;
use crate::ops::target;
use crate::places;
use crate::reports::{Circumstances, Destination, Switches, destinations};
use crate::request::{Settings, named};
use crate::statements::LockStatements;
use crate::world::World;
use inputs::{Input, ReadInput};
use opened::Opened;
pub(crate) use policies::InputPolicies;

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
        let places = places::configured(&arguments.index, &arguments.target, world)?;
        Ok(places.indexes.into_iter().next())
    }

    /// The files that are audited.
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
                Input::File(_) | Input::Found(_) | Input::Unsearched { .. } => None,
            })
            .flatten()
            .collect()
    }

    /// What may be reached for an input with these settings.
    pub(crate) fn reach(&self, settings: Option<&Settings>) -> Result<Reach, Failure> {
        match settings {
            Some(settings) => Reach::of_audit(&self.arguments, &settings.statements),
            None => Reach::of_audit(&self.arguments, &LockStatements::default()),
        }
    }

    /// Each input with its policies.
    pub(crate) fn policies(&self) -> Result<InputPolicies, Failure> {
        let arguments = &self.arguments;
        let accepted = gaps::accepted(&arguments.allow_incomplete)?;
        InputPolicies::new(&self.inputs, arguments, |settings| {
            settings.policy.gaps.extend(accepted.iter().cloned());
            match arguments.yanked {
                Some(YankName::Deny) => settings.policy.yanked = YankRule::Deny,
                Some(YankName::Warn) => settings.policy.yanked = YankRule::Warn,
                None => {}
            }
            settings.asks_index |= arguments.online || arguments.yanked.is_some();
        })
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
    policies: &InputPolicies,
    world: &World,
) -> Result<Audited, Failure> {
    policies.show(&request.inputs, world);
    let selection = request.selection(world)?;
    let (mut inputs, unread) = inputs::read(request, policies, world)?;
    for group in groups::unknown(&selection, inputs.iter().map(|input| &input.inventory))? {
        world.terminal.warn(&group);
    }
    let mut audited = Audited {
        report: AuditReport::default(),
        destinations: request.destinations.clone(),
        descriptions: BTreeMap::new(),
        switches: Switches::of(&request.arguments.pip_audit),
        now: world.now,
        dry_run: request.arguments.pip_audit.dry_run,
        command: Some(request.command.clone()),
    };
    if audited.dry_run {
        audited.report = would_audit(&inputs, policies, &selection);
        let mut unread = unread;
        unread.extend(inputs.iter().flat_map(|input| input.inventory.gaps()));
        audited
            .report
            .gaps
            .extend(accept_unread(unread, policies, world));
        return Ok(audited);
    }
    let opened = Opened::new(request, &inputs, policies, world)?;
    let gates = opened.gates_of(&inputs);
    let asks_index = policies.all().any(|settings| settings.asks_index);
    let facts =
        (asks_index.then(|| statuses::facts(&request.arguments, policies, world))).transpose()?;
    if let Some(facts) = &facts {
        let is_asked: Vec<bool> = gates.iter().map(Option::is_some).collect();
        let inventories = inputs.iter_mut().map(|input| &mut input.inventory);
        statuses::recognize(inventories, &is_asked, facts);
    }
    opened.hint(&inputs, &selection);
    let mut report = opened.judge(&inputs, &selection, world);
    if request.arguments.as_of_lock {
        let inventories = inputs.iter().map(|input| &input.inventory);
        let remarks = known_by_lock::differences(inventories, &report);
        report.remarks.extend(remarks);
    }
    let settings_of: BTreeMap<String, usize> = inputs
        .iter()
        .map(|input| (input.inventory.place.clone(), input.settings))
        .collect();
    let left_out = unread::remarks(&request.arguments, &inputs);
    drop(inputs);
    report
        .gaps
        .splice(0..0, accept_unread(unread, policies, world));
    report.remarks.extend(left_out);
    if let Some(facts) = &facts {
        let gates = per_package(&report, &gates);
        statuses::ask_each(&mut report, &gates, facts, world);
    }
    if !request.arguments.baseline.is_empty() {
        let older = baseline::read(request, policies, &settings_of, world)?;
        opened.hint(&older.inputs, &selection);
        let mut found = opened.judge(&older.inputs, &selection, world);
        if let Some(facts) = &facts {
            let gates = per_package(&found, &opened.gates_of(&older.inputs));
            statuses::ask_each(&mut found, &gates, facts, world);
        }
        let mut known = older.known;
        known.add_report(&found);
        let named = request.arguments.baseline.join(", ");
        leave_out_known(&mut report, &known, &named);
    }
    report.remarks.extend(opened.acceptance_remarks());
    if request.arguments.pip_audit.skip_editable {
        report.own.clear();
    }
    if Destination::want_descriptions(&audited.destinations, audited.switches) {
        audited.descriptions = opened.descriptions(&report);
    }
    audited.report = report;
    Ok(audited)
}

/// The gaps of inputs that could not be read, accepted where the command line says so: no policy can accept them, so any one knows.
fn accept_unread(mut unread: Vec<Gap>, policies: &InputPolicies, world: &World) -> Vec<Gap> {
    if let Some(settings) = policies.all().next() {
        let gate = Gating::new(settings, Vec::new(), world).gate;
        for gap in &mut unread {
            gate.accept(gap);
        }
    }
    unread
}

/// The gate for each package of a report, given those for its places: packages stand in the order of the places.
fn per_package<'a>(
    report: &AuditReport,
    gates: &[Option<&'a AdvisoryGate>],
) -> Vec<Option<&'a AdvisoryGate>> {
    let places = report.places.iter().zip(gates);
    places
        .flat_map(|(place, gate)| std::iter::repeat_n(*gate, place.packages))
        .collect()
}

/// What would be audited, and nothing asked about it.
fn would_audit(
    inputs: &[ReadInput],
    policies: &InputPolicies,
    selection: &Selection,
) -> AuditReport {
    let mut report = AuditReport::default();
    for ReadInput {
        inventory,
        settings,
    } in inputs
    {
        let policy = policies
            .settings(*settings)
            .map(|settings| &settings.policy);
        let admitted = inventory.items.iter().filter(|item| selection.admits(item));
        let packages = admitted.filter(|item| item.pin().is_some()).count();
        report.places.push(AuditedPlace {
            place: inventory.place.clone(),
            kind: inventory.kind,
            packages,
            left_out: inventory.items.len() - packages,
            policies: policy
                .map(|policy| policy.names.clone())
                .unwrap_or_default(),
            is_off: policy.is_some_and(|policy| policy.mode == Mode::Off),
        });
    }
    report
}

impl Opened {
    /// What a record says in words, wherever it is. A text that cannot be had again is no reason to fail: what counts has been read.
    fn description(&self, id: &str) -> Option<String> {
        self.feeds().find_map(|feed| {
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
            descriptions: &self.descriptions,
            switches: self.switches,
            width,
            hyperlinks,
            is_brief: false,
            command: self.command.as_deref(),
        }
    }
}
