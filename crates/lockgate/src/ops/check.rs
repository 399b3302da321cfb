//! `check`: does a lock still satisfy its sources, has it its hashes, is it clean under policy? Writes nothing.
//!
//! The lock is solved again with its own pins as preferences and no gate: a lock that satisfies its sources comes out as it went in,
//! and every difference is a reason. The gate then audits the pins as they stand.

use std::collections::BTreeSet;
use std::sync::Arc;

use lockgate_formats::lock::Lock;
use lockgate_model::{
    AuditReport, Change, Conflict, Facts, LockedGraph, Name, Note, OpenGate, Preferences,
};
use lockgate_report::{Detail, conflict_text};
use lockgate_solve::{Answer, Question};

use crate::cli::{self, CheckArguments, LockArguments};
use crate::disk;
use crate::failure::Failure;
use crate::gating;
use crate::ops::{audit, lock, target};
use crate::places;
use crate::provenance;
use crate::rendering;
use crate::request::{LockRequest, Settings};
use crate::terminal::Terminal;
use crate::world::World;

/// What `check` is asked to do for one lock.
#[derive(Debug)]
pub(crate) struct CheckRequest {
    lock: String,
    read: Lock,
    request: LockRequest,
}

/// How a lock stands.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The lock.
    pub(crate) lock: String,
    /// Every reason for which it does not satisfy its sources.
    pub(crate) reasons: Vec<String>,
    /// The pins that would change.
    pub(crate) change: Change,
    /// Why its sources cannot be satisfied at all.
    pub(crate) conflict: Option<Box<Conflict>>,
    /// What is known against its pins.
    pub(crate) audit: AuditReport,
}

impl CheckRequest {
    /// Finds the lock's sources and the options that its header records; options given anew win.
    pub(crate) fn new(arguments: &CheckArguments, lock: String) -> Result<Self, Failure> {
        audit::must_be_requirements(&lock)?;
        let text = disk::text(&disk::Disk, &lock)?;
        let read =
            lockgate_formats::lock::read(&text, &lock).map_err(|error| Failure::of(&error))?;
        let recorded = read
            .command
            .as_deref()
            .and_then(|words| cli::lock_arguments(words).ok());
        let merged = merged(arguments, recorded.unwrap_or_default(), &lock, &read)?;
        let request = LockRequest::new(merged, Vec::new())?;
        Ok(Self {
            lock,
            read,
            request,
        })
    }

    /// Settings and world for this lock.
    pub(crate) fn prepare(&self, terminal: &Terminal) -> Result<(Settings, Arc<World>), Failure> {
        let arguments = &self.request.arguments;
        let settings = Settings::read(&arguments.gate, &self.request.sources)?;
        Ok((
            settings,
            World::new(
                &arguments.index,
                &arguments.cache,
                arguments.target.python.as_deref(),
                terminal,
            )?,
        ))
    }
}

/// The recorded arguments under those given now.
fn merged(
    given: &CheckArguments,
    recorded: LockArguments,
    lock: &str,
    read: &Lock,
) -> Result<LockArguments, Failure> {
    let mut merged = recorded;
    if !given.source.is_empty() {
        merged.sources.clone_from(&given.source);
    } else if merged.sources.is_empty() {
        merged.sources = sources_beside(lock, read)?;
    }
    if merged.sources.iter().any(|source| source == "-") {
        return Err(Failure::new(format!(
            "`{lock}` was locked from standard input, which is gone"
        ))
        .remedy("name the source with `--source FILE`"));
    }
    if !given.constraint.is_empty() {
        merged.constraint.clone_from(&given.constraint);
    }
    // What the lock was written to does not matter here; sources must not be taken for the lock.
    merged.output_file = Some("-".to_owned());
    merged.upgrade = false;
    merged.upgrade_package.clear();
    let choice = &given.choice;
    merged.choice.pre |= choice.pre;
    merged.choice.no_deps |= choice.no_deps;
    replace_if_given(&mut merged.choice.prerelease, choice.prerelease.as_ref());
    replace_if_given(
        &mut merged.choice.exclude_newer,
        choice.exclude_newer.as_ref(),
    );
    if !choice.binary.0.is_empty() {
        merged.choice.binary = choice.binary.clone();
    }
    replace_if_given(&mut merged.target.python, given.target.python.as_ref());
    replace_if_given(
        &mut merged.target.python_version,
        given.target.python_version.as_ref(),
    );
    replace_if_given(
        &mut merged.target.python_platform,
        given.target.python_platform.as_ref(),
    );
    given.index.over(&mut merged.index);
    let gate = &given.gate;
    replace_if_given(&mut merged.gate.gate, gate.gate.as_ref());
    replace_if_given(&mut merged.gate.min_severity, gate.min_severity.as_ref());
    if gate.no_advisories || !gate.advisories.is_empty() {
        merged.gate.no_advisories = gate.no_advisories;
        merged.gate.advisories.clone_from(&gate.advisories);
    }
    merged
        .gate
        .ignore_vuln
        .extend(gate.ignore_vuln.iter().cloned());
    merged.gate.no_config |= gate.no_config;
    merged.rendering = merged.rendering.with(&given.rendering);
    merged.cache = given.cache.clone();
    Ok(merged)
}

fn replace_if_given<T: Clone>(recorded: &mut Option<T>, given: Option<&T>) {
    if given.is_some() {
        *recorded = given.cloned();
    }
}

/// `X.txt` is locked from `X.in`; else the sources that its `# via -r` lines name.
fn sources_beside(lock: &str, read: &Lock) -> Result<Vec<String>, Failure> {
    let path = std::path::Path::new(lock);
    let beside = path.with_extension("in");
    if beside != path && beside.is_file() {
        return Ok(vec![beside.display().to_string()]);
    }
    let named: BTreeSet<&str> = read
        .pins
        .iter()
        .flat_map(|pin| &pin.via)
        .filter_map(|via| via.strip_prefix("-r "))
        .collect();
    if named.is_empty() {
        return Err(Failure::new(format!(
            "`{lock}` does not say what it was locked from, and there is no `{}`",
            beside.display()
        ))
        .remedy("name the source with `--source FILE`"));
    }
    Ok(named.into_iter().map(str::to_owned).collect())
}

/// Checks one lock.
pub(crate) fn check(
    check: &CheckRequest,
    settings: &Settings,
    world: &World,
) -> Result<Checked, Failure> {
    let request = &check.request;
    provenance::tell(&request.arguments, settings, world);
    let manifest = lock::manifest(request, world).map_err(|mut failure| {
        failure.message = format!(
            "{}: its sources cannot be read: {}",
            check.lock, failure.message
        );
        failure.remedy.get_or_insert_with(|| {
            "run in the folder where it was locked, or name the sources with `--source FILE`"
                .to_owned()
        });
        failure
    })?;
    let target = target::of(&request.arguments.target, world)?;
    target::admits(&manifest, &target)?;
    let places = places::places(
        &manifest,
        &request.arguments.index,
        &request.arguments.target,
        world,
    )?;
    let gating = gating::open(settings, || Ok(places.clone()), world)?;
    let facts: Arc<dyn Facts> = places::facts(&places, world);
    let mut rules = request.rules_with(&manifest)?;
    world.pip.options().lay_under(&mut rules, world.now);
    let pins = check.read.versions(&target.target.environment);
    let keep = Preferences { pins: pins.clone() };
    let question = Question {
        manifest: &manifest,
        target: &target.target,
        rules: &rules,
        keep: &keep,
        upgrade: &[],
        gate: &OpenGate,
    };
    let mut reasons: Vec<String> = check
        .read
        .unpinned
        .iter()
        .map(|line| {
            format!(
                "{}:{}: `{}` is not pinned to one version",
                check.lock, line.line, line.text
            )
        })
        .collect();
    let (change, conflict) = match lock::solved(&question, &facts, world)? {
        Answer::Locked(solution) => {
            let change = Change::between(&pins, &solution.graph);
            reasons.extend(differences(check, &change, &solution.graph.notes)?);
            reasons.extend(hash_reasons(check, &solution.graph));
            (change, None)
        }
        Answer::Impossible(conflict) => {
            lock::must_be_certain(&conflict)?;
            reasons.push(format!(
                "{}: its sources cannot be satisfied any more\n{}",
                check.lock,
                conflict_text(&conflict, Detail::Short).trim_end()
            ));
            (Change::default(), Some(conflict))
        }
    };
    let locks = [(check.lock.as_str(), check.read.clone())];
    let audit = audit::audit_locks(&locks, &gating)?;
    Ok(Checked {
        lock: check.lock.clone(),
        reasons,
        change,
        conflict,
        audit,
    })
}

fn differences(
    check: &CheckRequest,
    change: &Change,
    notes: &[Note],
) -> Result<Vec<String>, Failure> {
    let CheckRequest { lock, read, .. } = check;
    let named: BTreeSet<&Name> = read.omitted.iter().map(|omitted| &omitted.name).collect();
    let unpinned = rendering::omitted(&check.request.arguments.rendering)?;
    let why = |moved: &Name| {
        notes.iter().find_map(|note| match note {
            Note::NotKept { name, why, .. } if name == moved => Some(why.as_str()),
            _ => None,
        })
    };
    let line = |name: &Name| {
        read.pins
            .iter()
            .find(|pin| pin.name == *name)
            .map_or(0, |pin| pin.line)
    };
    let mut reasons = Vec::new();
    let missing = |name: &Name| !named.contains(name) && !unpinned.contains(name);
    for (name, version) in change.added.iter().filter(|(name, _)| missing(name)) {
        reasons.push(format!(
            "{lock}: `{name}` is required and not locked; it would be {version}"
        ));
    }
    for (name, version) in &change.removed {
        reasons.push(format!(
            "{lock}:{}: `{name}=={version}` is locked and not required by anything",
            line(name)
        ));
    }
    for (name, (old, new)) in &change.moved {
        reasons.push(format!(
            "{lock}:{}: `{name}=={old}` would now be {new}: {}",
            line(name),
            why(name).unwrap_or("it does not satisfy its requirements")
        ));
    }
    Ok(reasons)
}

/// Each pin that stays needs exactly the hashes of the files that may be installed.
fn hash_reasons(check: &CheckRequest, graph: &LockedGraph) -> Vec<String> {
    let CheckRequest { lock, read, .. } = check;
    let needs_none = check.request.arguments.rendering.no_hashes;
    let mut reasons = Vec::new();
    for pin in &read.pins {
        let Some(fresh) = graph
            .pins
            .get(&pin.name)
            .filter(|fresh| fresh.version == pin.version)
        else {
            continue;
        };
        let expected: BTreeSet<String> = fresh
            .files
            .iter()
            .map(|file| format!("sha256:{}", file.sha256))
            .collect();
        let held: BTreeSet<String> = pin.hashes.iter().cloned().collect();
        let (missing, foreign) = (
            expected.difference(&held).count(),
            held.difference(&expected).count(),
        );
        let place = format!("{lock}:{}: `{}=={}`", pin.line, pin.name, pin.version);
        if held.is_empty() && needs_none {
            continue;
        }
        if held.is_empty() {
            reasons.push(format!("{place} has no hashes"));
        } else if missing > 0 {
            reasons.push(format!(
                "{place} lacks the hashes of {missing} of its {} files",
                expected.len()
            ));
        }
        if foreign > 0 {
            let hashes = if foreign == 1 { "hash" } else { "hashes" };
            reasons.push(format!(
                "{place} has {foreign} {hashes} of none of its files"
            ));
        }
    }
    reasons
}
