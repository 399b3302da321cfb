//! `check`: does a lock still satisfy its sources, has it its hashes, is it clean under policy? Writes nothing.
//!
//! The lock is solved again with its own pins as preferences and no gate: a lock that satisfies its sources comes out as it went in,
//! and every difference is a reason. The gate then audits the pins as they stand.

mod compare;
mod direct;
mod header;
mod request;
mod sources;
mod strictness;

pub(crate) use request::CheckRequest;
pub(crate) use sources::entry_stays_inside;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockgate_formats::inventory::read_inventory;
use lockgate_gate::{Auditor, Mode, Selection, scopes_of};
use lockgate_index::Places;
use lockgate_model::{
    Advisory, AuditReport, AuditedPackage, Change, Conflict, FactError, Gate, InventoryKind,
    ItemOrigin, Manifest, Name, Note, Preferences, ProjectStatus, Remark, RemarkCode, Scope,
    Upgrade, Verdict, Version, VersionSet,
};
use lockgate_report::{Detail, conflict_text};
use lockgate_solve::{Answer, Question};

use self::compare::Expected;
use crate::cli::CheckArguments;
use crate::failure::Failure;
use crate::gating::Gating;
use crate::inputs::Inputs;
use crate::ops::audit::statuses;
use crate::ops::known::Known;
use crate::ops::{lock, locks_or_default, target};
use crate::places;
use crate::policies::PolicyFinder;
use crate::provenance;
use crate::request::{Form, Settings};
use crate::statements::LockStatements;
use crate::world::World;

/// How a lock stands.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The lock.
    pub(crate) lock: String,
    /// Every reason for which it does not satisfy its sources.
    pub(crate) reasons: Vec<Reason>,
    /// The pins that would change.
    pub(crate) change: Change,
    /// Releases that are skipped since they need a build, and what is not known of the machine.
    pub(crate) notes: Vec<Note>,
    /// Why its sources cannot be satisfied at all.
    pub(crate) conflict: Option<Box<Conflict>>,
    /// What is known against its pins.
    pub(crate) audit: AuditReport,
    /// The policies that hold for it.
    pub(crate) policies: Vec<String>,
    /// Why no advisories were looked for, where the gate is off.
    pub(crate) unaudited: Option<String>,
    /// Why there is no answer, or none on its sources.
    pub(crate) failure: Option<Failure>,
}

/// A reason for which a lock does not satisfy its sources.
#[derive(Debug)]
pub(crate) struct Reason {
    /// The reason.
    pub(crate) text: String,
    /// What stands below it: a text of `lockgate-report`, with its styles.
    pub(crate) details: Option<String>,
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self {
            text,
            details: None,
        }
    }
}

impl Checked {
    /// A lock that there is no answer on.
    pub(crate) fn failed(lock: String, failure: Failure) -> Self {
        Self {
            lock,
            reasons: Vec::new(),
            change: Change::default(),
            notes: Vec::new(),
            conflict: None,
            audit: AuditReport::default(),
            policies: Vec::new(),
            unaudited: None,
            failure: Some(failure),
        }
    }
}

/// The locks to check: those named, else those that the policy states, else the one that is there by default.
pub(crate) fn locks(arguments: &CheckArguments) -> Result<Vec<String>, Failure> {
    if arguments.locks.is_empty() && arguments.source.is_empty() {
        let policies = PolicyFinder::new(&arguments.gate)?.of_file("-")?;
        let statements = LockStatements::of(&policies);
        let outputs = statements.outputs();
        for (output, origin) in &outputs {
            sources::output_inside(output, statements.scope(), origin)?;
        }
        if !outputs.is_empty() {
            return Ok(outputs.into_iter().map(|(output, _)| output).collect());
        }
    }
    locks_or_default(arguments.locks.clone())
}

/// A gate that speaks against nothing, and knows what releases fix: a pin that the cooldown admitted for what it fixes still is admitted.
struct KnowsFixes<'a>(&'a dyn Gate);

impl Gate for KnowsFixes<'_> {
    fn affected(&self, _: &Name) -> Result<Option<Arc<VersionSet>>, FactError> {
        Ok(None)
    }

    fn verdict(&self, _: &Name, _: &Version) -> Result<Verdict, FactError> {
        Ok(Verdict::Clear)
    }

    fn fixes(
        &self,
        name: &Name,
        before: &Version,
        version: &Version,
    ) -> Result<Vec<Arc<Advisory>>, FactError> {
        self.0.fixes(name, before, version)
    }

    fn project_verdict(&self, _: &Name, _: &ProjectStatus) -> Verdict {
        Verdict::Clear
    }
}

/// Checks one lock.
pub(crate) fn check(
    check: &CheckRequest,
    settings: &Settings,
    world: &World,
) -> Result<Checked, Failure> {
    compared(check, settings, world)
        .map_err(|failure| check.statement.with_what_it_needs(failure, &check.lock))
}

/// What the sources of a lock say.
fn manifest(check: &CheckRequest, world: &World) -> Result<Manifest, Failure> {
    lock::manifest(&check.request, world).map_err(|mut failure| {
        failure.message = format!(
            "{}: its sources cannot be read: {}",
            check.lock, failure.message
        );
        failure.remedy.get_or_insert_with(|| {
            "run in the folder where it was locked, or name the sources with `--source FILE`"
                .to_owned()
        });
        failure
    })
}

fn compared(check: &CheckRequest, settings: &Settings, world: &World) -> Result<Checked, Failure> {
    let request = &check.request;
    check.statement.tell(&check.lock, world);
    provenance::tell(&request.arguments, settings, world);
    let mut manifest = manifest(check, world)?;
    let environments = &settings.environments;
    let target = target::of_lock(&request.arguments, environments, &manifest, world)?;
    let mut places = places::places(
        &manifest,
        &request.arguments.index,
        &request.arguments.target,
        world,
    )?;
    let settings = &settings.over_places(&mut places, &manifest);
    let mut rules = request.rules_with(&manifest, settings, world.now)?;
    world.pip.options().lay_under(&mut rules, world.now);
    check.statement.tighten(&mut rules, &check.lock, world)?;
    let mut known = Known::of(
        &mut manifest,
        &request.arguments,
        &target.target,
        rules.cutoff,
        settings,
        &places,
        world,
    )?;
    let gating = known.gate()?;
    let pins = lock::old_versions(&check.read, &target.target);
    let regions = check.read.regions.clone();
    let keep = Preferences::new(check.read.kept(), regions, &Upgrade::default());
    let question = Question {
        manifest: &manifest,
        target: &target.target,
        rules: &rules,
        keep: &keep,
        upgrade: &[],
        gate: &KnowsFixes(&gating.gate),
    };
    let mut reasons = Vec::new();
    let mut pinned = BTreeMap::new();
    let mut scopes = BTreeMap::new();
    let mut failure = None;
    let mut notes = Vec::new();
    let (change, conflict) = match known.solved(&question)? {
        Answer::Locked(solution) => {
            let change = Change::between(&pins, &solution.graph);
            let now = Expected {
                graph: &solution.graph,
                manifest: &manifest,
                target: &target,
                question: &question,
                facts: &known.facts,
                places: &places,
                indexes: &known.indexes,
                rules: &rules,
                settings,
            };
            let found = compare::reasons(check, &now)?;
            reasons.extend(found.into_iter().map(Reason::from));
            pinned = direct::pins(check, &solution.graph);
            scopes = scopes_of(&solution.graph, &manifest.requirements);
            if check.statement.header_groups {
                without_groups(&mut scopes);
            }
            notes = solution.graph.notes;
            notes
                .retain(|note| matches!(note, Note::NeedsBuild { .. } | Note::UnknownValue { .. }));
            (change, None)
        }
        Answer::Impossible(mut conflict) => {
            lock::must_be_certain(&conflict)?;
            known.look_on_later_indexes(&question, &mut conflict, &places);
            reasons.extend(unpinned(check).map(Reason::from));
            match unsatisfied(check, &conflict, &places) {
                Ok(reason) => reasons.push(reason),
                Err(no_answer) => failure = Some(no_answer),
            }
            (Change::default(), Some(conflict))
        }
    };
    let mut audit = audited(check, &pinned, &scopes, &gating, world)?;
    if check.online || settings.asks_index {
        let is_on_index =
            |package: &AuditedPackage| package.line.is_none_or(|line| !pinned.contains_key(&line));
        statuses::ask(&mut audit, &gating.gate, &known.facts, is_on_index, world);
    }
    audit.remarks.extend(gating.gate.acceptance_remarks());
    audit.remarks.extend(groups_without_effect(check, settings));
    Ok(Checked {
        lock: check.lock.clone(),
        reasons,
        change,
        notes,
        conflict,
        audit,
        policies: settings.policy.names.clone(),
        unaudited: unaudited(check, settings),
        failure,
    })
}

/// Has everything that a group requires count as required by the dependencies too: what is for that group alone then loosens nothing, and
/// what is stricter for it holds.
fn without_groups(scopes: &mut BTreeMap<Name, BTreeSet<Scope>>) {
    for scopes in scopes.values_mut() {
        if scopes.iter().any(|scope| matches!(scope, Scope::Group(_))) {
            scopes.insert(Scope::Main);
        }
    }
}

/// A remark where the policy has rules for groups and the lock's header names the groups: whoever proposes a change writes the header.
fn groups_without_effect(check: &CheckRequest, settings: &Settings) -> Option<Remark> {
    let policy = &settings.policy;
    let has_rules =
        !policy.groups.is_empty() || policy.ignores.iter().any(|entry| entry.group.is_some());
    (check.statement.header_groups && has_rules).then(|| Remark {
        code: RemarkCode::PolicyWithoutEffect,
        text: format!(
            "{}: its header names its groups, so the policy's rules for groups let nothing pass; state its sources and groups in a `[[lock]]` entry of the policy, or pass them with `--source` and `--group`",
            check.lock
        ),
        origin: Some(check.lock.clone()),
    })
}

/// Why no advisories are looked for, where the gate is off.
fn unaudited(check: &CheckRequest, settings: &Settings) -> Option<String> {
    let policy = &settings.policy;
    (policy.mode == Mode::Off).then(|| {
        if check.request.arguments.gate.no_advisories {
            "--no-advisories".to_owned()
        } else {
            policy.origin.clone()
        }
    })
}

/// The reason that the sources cannot be satisfied; no answer where that may be for lack of an option.
fn unsatisfied(
    check: &CheckRequest,
    conflict: &Conflict,
    places: &Places,
) -> Result<Reason, Failure> {
    let text = conflict_text(conflict, Detail::Short);
    match check.statement.needs_more(&check.lock, &text, places) {
        Some(failure) => Err(failure),
        None => Ok(Reason {
            text: format!("{}: its sources cannot be satisfied any more", check.lock),
            details: Some(text.trim_end().to_owned()),
        }),
    }
}

/// The lines that pin nothing.
fn unpinned(check: &CheckRequest) -> impl Iterator<Item = String> {
    check.read.unpinned.iter().map(|line| {
        format!(
            "{}:{}: `{}` is not pinned to one version",
            check.lock, line.line, line.text
        )
    })
}

/// The audit of the lock, in which direct references are judged as the releases that they have turned out to be, as `lock` does, and each
/// package by the groups that ask for it in the graph that was solved. Without such a graph no group loosens anything.
fn audited(
    check: &CheckRequest,
    pinned: &BTreeMap<usize, (Name, Version)>,
    scopes: &BTreeMap<Name, BTreeSet<Scope>>,
    gating: &Gating,
    world: &World,
) -> Result<AuditReport, Failure> {
    let files = Inputs(world);
    let mut inventory = read_inventory(
        match lock::form_of(&check.text, &check.lock) {
            Form::Pylock => InventoryKind::Pylock,
            Form::Requirements => InventoryKind::Requirements,
        },
        check.text.as_bytes(),
        &check.lock,
        &files,
    )
    .map_err(|error| Failure::of_input(&error))?;
    for item in &mut inventory.items {
        let is_direct = matches!(item.origin, ItemOrigin::Direct(_) | ItemOrigin::Own(_));
        if is_direct && let Some((name, version)) = item.line.and_then(|line| pinned.get(&line)) {
            item.origin = ItemOrigin::Index(None);
            item.name = Some(name.clone());
            item.version = Some(version.clone());
        }
        // What asks for it follows from the sources, and from nothing that the lock says.
        let asked = item.name.as_ref().and_then(|name| scopes.get(name));
        item.scopes = asked.cloned().unwrap_or_default();
    }
    let selection = Selection::default();
    let mut auditor = Auditor::new(&gating.gate, &selection);
    gating.note_unreadable(&mut auditor);
    // What the sources come from was held against the services when they were opened.
    auditor.add(&inventory, &|_| Ok(()));
    Ok(auditor.finish())
}
