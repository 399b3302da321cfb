//! `lock`: what is wanted, what exists, what must be avoided; solved, verified, rendered.
//!
//! Writes nothing itself: the outcome carries the text, and is delivered when nothing can go wrong any more.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lockgate_formats::inventory::kind_of;
use lockgate_formats::lock::{Header, Lock, RenderOptions};
use lockgate_formats::pylock::is_pylock;
use lockgate_formats::{InputError, Manifests, SourceKind};
use lockgate_model::{
    AuditReport, Change, Conflict, Edge, Facts, InventoryKind, LockedGraph, Manifest, Name, Note,
    OpenGate, Pins, Preferences, Target, Upgrade, Version,
};
use lockgate_solve::{Answer, Question, Solution};

use crate::absences;
use crate::building::{Allowed, BuildSettings};
use crate::disk;
use crate::failure::Failure;
use crate::gating::{self, Gating};
use crate::hosts;
use crate::indexes;
use crate::inputs::Inputs;
use crate::lock_paths;
use crate::ops::known::Known;
use crate::ops::{hash_mode, patches, target, unbuilt};
use crate::outputs::Bounds;
use crate::places;
use crate::policies::shown_path;
use crate::provenance;
use crate::rendering;
use crate::request::{Form, LockRequest, Output, Settings};
use crate::sources::inputs;
use crate::variables;
use crate::world::World;

/// How a lock ended.
#[derive(Debug)]
pub(crate) enum LockOutcome {
    /// There is a lock.
    Locked(Box<Locked>),
    /// There is none.
    Impossible {
        /// Where it would have gone.
        output: Output,
        /// Why.
        conflict: Box<Conflict>,
        /// What to know of the policy: ignore entries that have expired or match nothing.
        remarks: Vec<String>,
        /// The policies that hold for it.
        policies: Vec<String>,
    },
}

/// What the lock of a `[[lock]]` entry came to.
#[derive(Debug)]
pub(crate) struct LockedEntry {
    /// The lock.
    pub(crate) output: String,
    /// How it ended.
    pub(crate) ended: Result<LockOutcome, Failure>,
}

/// A lock, ready to be written.
#[derive(Debug)]
pub(crate) struct Locked {
    /// Where it goes.
    pub(crate) output: Output,
    /// What stands there now.
    pub(crate) previous: Option<String>,
    /// Its text.
    pub(crate) text: String,
    /// Old pins against new.
    pub(crate) change: Change,
    /// What is known against its pins.
    pub(crate) audit: AuditReport,
    /// Remarks on the choice.
    pub(crate) notes: Vec<Note>,
    /// What is locked.
    pub(crate) pins: Pins,
    /// Who asks for what.
    pub(crate) edges: Vec<Edge>,
    /// Whether it is only shown.
    pub(crate) dry_run: bool,
    /// Whether to show how the text changes.
    pub(crate) diff: bool,
    /// The policies that hold for it.
    pub(crate) policies: Vec<String>,
}

impl Locked {
    /// Whether its text differs from what stands there.
    pub(crate) fn is_new(&self) -> bool {
        self.previous.as_ref() != Some(&self.text)
    }
}

/// Resolves `request` under the gate of `settings`.
pub(crate) fn lock(
    request: &LockRequest,
    settings: &Settings,
    world: &World,
) -> Result<LockOutcome, Failure> {
    provenance::tell(&request.arguments, settings, world);
    if let Output::File(path) = &request.output {
        let bounds = Bounds::of(&inputs(&request.sources, &request.groups));
        bounds.admit(Path::new(path), request.is_output_named)?;
    }
    let mut manifest = manifest(request, world)?;
    let previous = previous(request)?;
    let environments = &settings.environments;
    let target = target::of_lock(&request.arguments, environments, &manifest, world)?;
    hash_mode::holds(&manifest, &target.target)?;
    let mut places = places::places(
        &manifest,
        &request.arguments.index,
        &request.arguments.target,
        world,
    )?;
    let settings = &settings.over_places(&mut places, &manifest);
    let mut rules = request.rules_with(&manifest, settings, world.now)?;
    world.pip.options().lay_under(&mut rules, world.now);
    let old_text = previous.as_ref().map(|(text, _)| text.as_str());
    let rendered = rendering::options(request, &manifest, &places, &rules, old_text)?;
    let mut known = Known::of(
        &mut manifest,
        &request.arguments,
        &target.target,
        rules.cutoff,
        settings,
        &places,
        world,
    )?;
    let facts = Arc::clone(&known.facts);
    let old_lock = previous.as_ref().map(|(_, lock)| lock);
    let old_pins = old_lock
        .map(|lock| old_versions(lock, &target.target))
        .unwrap_or_default();
    let keep = preferences(old_lock, &request.upgrade);
    let ungated = Question {
        manifest: &manifest,
        target: &target.target,
        rules: &rules,
        keep: &keep,
        upgrade: &request.upgrade.packages,
        gate: &OpenGate,
    };
    // Pages and metadata are on their way while the advisories are read.
    lockgate_solve::look_ahead(&ungated, &facts);
    let gating = known.gate()?;
    gating.require_all_records()?;
    let question = Question {
        gate: &gating.gate,
        ..ungated
    };
    let solution = match known.solved(&question)? {
        Answer::Locked(solution) => solution,
        Answer::Impossible(mut conflict) => {
            must_be_certain(&conflict)?;
            known.look_on_later_indexes(&question, &mut conflict, &places);
            return Ok(impossible(request, settings, &gating, conflict));
        }
    };
    let mut graph = solution.graph;
    on_hashes(&mut graph.notes, request.form, rendered.hashes);
    warn_of_unmatched_upgrades(&request.upgrade, old_lock, &graph, world);
    let index_answers = absences::evidence(&graph, &known.indexes, world);
    let confusion = places::confusion(&question, &graph, &places, &known.indexes);
    graph.notes.extend(confusion);
    warn_of_new_hosts(old_text, &manifest, &graph, &rendered, world);
    let audit = gating.audit(&graph, request.output.as_str())?;
    tell_unpinned(&rendered, &graph, world);
    let header = Header {
        python: target.python.clone(),
        is_universal: target.target.region.machine().is_none(),
        command: rendering::command(request),
        audit: gating::evidence(&audit),
        index_answers,
    };
    let text = match request.form {
        Form::Requirements => lockgate_formats::lock::render(&graph, &header, &rendered),
        Form::Pylock => {
            let python = patches::requires_python(&target, &question, &graph, &known.facts);
            let mut options = rendering::pylock_options(python, settings, &rendered);
            options.indexes = places::indexes_of(&graph, &places, &known.indexes);
            let placed = variables::left_out(lock_paths::relative(&graph, &request.output)?)?;
            lockgate_formats::pylock::render(&placed, &header, &options)
        }
    };
    must_be_readable(&text, request.form, request.output.as_str())?;
    Ok(LockOutcome::Locked(Box::new(Locked {
        output: request.output.clone(),
        previous: previous.map(|(text, _)| text),
        text,
        change: Change::between(&old_pins, &graph),
        audit,
        notes: graph.notes,
        pins: graph.pins,
        edges: graph.edges,
        dry_run: request.arguments.dry_run,
        diff: request.arguments.diff,
        policies: settings.policy.names.clone(),
    })))
}

fn impossible(
    request: &LockRequest,
    settings: &Settings,
    gating: &Gating,
    conflict: Box<Conflict>,
) -> LockOutcome {
    LockOutcome::Impossible {
        output: request.output.clone(),
        conflict,
        remarks: gating.remarks(),
        policies: settings.policy.names.clone(),
    }
}

/// What the form of the lock makes of the notes on pins without hashes.
fn on_hashes(notes: &mut Vec<Note>, form: Form, has_hashes: bool) {
    match form {
        Form::Pylock => needs_hashes(notes),
        // Without hashes pip checks none.
        Form::Requirements if !has_hashes => {
            notes.retain(|note| !matches!(note, Note::NotHashed { .. }));
        }
        Form::Requirements => {}
    }
}

/// The pins of an old lock that are kept.
fn preferences(old_lock: Option<&Lock>, upgrade: &Upgrade) -> Preferences {
    let keep = old_lock.map(|lock| Preferences::new(lock.kept(), lock.regions.clone(), upgrade));
    keep.unwrap_or_default()
}

/// Says which packages are to be upgraded and are in no lock, neither before nor after: a name that is spelt wrong upgrades nothing.
fn warn_of_unmatched_upgrades(
    upgrade: &Upgrade,
    old: Option<&Lock>,
    graph: &LockedGraph,
    world: &World,
) {
    let old = old.map(Lock::all_versions).unwrap_or_default();
    let is_there = |name: &Name| old.contains_key(name) || graph.pins.contains(name);
    let packages = upgrade.packages.iter().map(|package| &package.name);
    let options = packages.map(|name| ("--upgrade-package", name)).chain(
        upgrade
            .except
            .iter()
            .map(|name| ("--no-upgrade-package", name)),
    );
    for (option, name) in options.filter(|(_, name)| !is_there(name)) {
        world.terminal.warn(&format!(
            "`{option} {name}` has no effect: the lock has no such package"
        ));
    }
}

/// A `pylock.toml` cannot do without hashes.
fn needs_hashes(notes: &mut [Note]) {
    for note in notes {
        if let Note::NotHashed {
            can_omit_hashes, ..
        } = note
        {
            *can_omit_hashes = false;
        }
    }
}

/// The versions that a lock holds for a target, by project.
pub(crate) fn old_versions(lock: &Lock, target: &Target) -> BTreeMap<Name, Vec<Version>> {
    match target.region.machine() {
        None => lock.all_versions(),
        Some(machine) => {
            let versions = lock.versions(machine).into_iter();
            versions
                .map(|(name, version)| (name, vec![version]))
                .collect()
        }
    }
}

/// Says which hosts things come from now and did not before.
fn warn_of_new_hosts(
    old: Option<&str>,
    manifest: &Manifest,
    graph: &LockedGraph,
    rendered: &RenderOptions,
    world: &World,
) {
    let Some(old) = old else {
        return;
    };
    for remark in hosts::new_since(old, manifest, graph, rendered) {
        world.terminal.warn(&remark);
    }
}

/// pip refuses a lock with hashes that lacks something, unless that is installed already.
fn tell_unpinned(rendered: &RenderOptions, graph: &LockedGraph, world: &World) {
    let omitted = graph
        .pins
        .names()
        .filter(|name| rendered.omitted.contains(*name));
    let omitted: Vec<String> = omitted.map(|name| format!("`{name}`")).collect();
    if rendered.hashes && !omitted.is_empty() {
        world.terminal.warn(&format!(
            "{} needed and not pinned: under hashes, pip installs the lock only where it is installed already",
            omitted.join(", ")
        ));
    }
}

/// Everything that the sources and the command line ask for.
pub(crate) fn manifest(request: &LockRequest, world: &World) -> Result<Manifest, Failure> {
    let project = &request.arguments.project;
    if !request.has_project() && (project.all_extras || !project.extra.is_empty()) {
        return Err(Failure::new(
            "`--extra` and `--all-extras` ask for extras of a project, and no source is a `pyproject.toml` or a `setup.cfg`",
        )
        .remedy("name the project's file as a source, or remove the option"));
    }
    let files = request.pending.over(Inputs(world));
    // As pip has it, the command line adds to what is set up.
    let set_up = world.pip.options().constraints.iter();
    let constraints: Vec<String> = set_up
        .map(|set| set.value.clone())
        .chain(request.arguments.constraint.iter().cloned())
        .collect();
    let read = |sources: &[String], has_extras: bool| {
        Manifests {
            extras: if has_extras { &project.extra } else { &[] },
            all_extras: has_extras && project.all_extras,
            groups: &request.groups,
        }
        .read_onto(
            world.pip.options().before_files(),
            &files,
            sources,
            &constraints,
        )
    };
    let build = BuildSettings::new(&request.arguments.build, None)?;
    let mut read_manifest = read(&request.sources, true);
    if let Err(error) = &read_manifest
        && let Some(mut unbuilt) = unbuilt::project(error, &build.allowed)
    {
        // Extras are asked of the one project; where there are several, none is left to a build.
        let others: Vec<String> = (request.sources.iter())
            .filter(|source| **source != unbuilt.file)
            .cloned()
            .collect();
        unbuilt.extras.clone_from(&project.extra);
        unbuilt.all_extras = project.all_extras;
        read_manifest = read(&others, false).map(|mut manifest| {
            if SourceKind::of(&unbuilt.file).is_project() {
                manifest.projects.push(unbuilt.file.clone());
            }
            manifest.unbuilt.push(unbuilt);
            manifest
        });
    }
    let mut manifest = read_manifest.map_err(|error| {
        let mut failure = Failure::of_input(&error);
        if error.needs_build.is_some() && build.allowed == Allowed::Nothing {
            let remedy = failure.remedy.take().unwrap_or_default();
            failure.remedy = Some(format!("{remedy}; or allow its build with `--allow-build`"));
        }
        let mut set_up = world.pip.options().constraints.iter();
        if let Some(set) = set_up.find(|set| set.value == error.file) {
            failure.message += " (a constraint of pip's settings: ";
            failure.message += &set.origin;
            failure.message.push(')');
        }
        failure
    })?;
    for (warning, origin) in &manifest.warnings {
        world.terminal.warn(&format!("{origin}: {warning}"));
    }
    manifest.overrides = lockgate_formats::read_overrides(&files, &request.arguments.overrides)
        .map_err(|error| Failure::of_input(&error))?;
    for limit in &mut manifest.overrides {
        // Those of a revision lie in a temporary folder.
        if let Some(shown) = shown_path(&limit.origin.file) {
            let extracted = std::mem::replace(&mut limit.origin.file, shown);
            limit.origin.via = limit.origin.via.replace(&extracted, &limit.origin.file);
        }
    }
    manifest.excludes.clone_from(&request.excludes);
    lockgate_formats::must_be_repeatable(&manifest).map_err(|error| Failure::of_input(&error))?;
    Ok(manifest)
}

fn previous(request: &LockRequest) -> Result<Option<(String, Lock)>, Failure> {
    let Output::File(path) = &request.output else {
        return Ok(None);
    };
    let Some(text) = disk::read_if_there(Path::new(path))? else {
        return Ok(None);
    };
    let lock = match read_lock(&text, path) {
        Ok(lock) => lock,
        // Nothing of it is kept.
        Err(_) if request.arguments.upgrade => Lock::default(),
        Err(error) => {
            return Err(Failure::of(&error).remedy(
                "it is read for the pins to keep; mend it, remove it, keep none of them with `-U`, or name another file with `-o`",
            ));
        }
    };
    Ok(Some((text, lock)))
}

/// Returns the form of a lock, by its name, else by what it holds: a `.toml` of another name is no requirements file.
pub(crate) fn form_of(text: &str, path: &str) -> Form {
    let path = Path::new(path);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_toml = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    let is_one = || kind_of(&name, text) == Some(InventoryKind::Pylock);
    if is_pylock(&name) || is_toml && is_one() {
        Form::Pylock
    } else {
        Form::Requirements
    }
}

/// Reads a lock of either form.
pub(crate) fn read_lock(text: &str, path: &str) -> Result<Lock, InputError> {
    if form_of(text, path) == Form::Pylock {
        lockgate_formats::pylock::read(text, path).map(|pylock| pylock.lock())
    } else {
        lockgate_formats::lock::read(text, path)
    }
}

/// Refuses to write what the next run, `check` and an audit could not read: markers of many sources, joined, may be more than the reader takes.
pub(crate) fn must_be_readable(text: &str, form: Form, output: &str) -> Result<(), Failure> {
    let read = match form {
        Form::Requirements => lockgate_formats::lock::read(text, output).map(|_| ()),
        Form::Pylock => lockgate_formats::pylock::read(text, output).map(|_| ()),
    };
    read.map_err(|error| {
        Failure::new(format!(
            "the lock could not be read again, so nothing was written: {error}"
        ))
        .remedy("state simpler markers on this package, or lock for fewer environments (`environments` in the policy)")
    })
}

/// Solves, and has the answer verified by other means before anyone sees it.
pub(crate) fn solved(
    question: &Question<'_>,
    facts: &Arc<dyn Facts>,
    world: &World,
) -> Result<Answer, Failure> {
    let answer = lockgate_solve::solve(question, facts, &world.progress)
        .map_err(|error| indexes::unlearned(&error))?;
    facts
        .confirm_absences()
        .map_err(|error| indexes::unlearned(&error))?;
    if let Answer::Locked(Solution { graph, .. }) = &answer {
        let violations = lockgate_solve::verify(question, graph, facts)
            .map_err(|error| indexes::unlearned(&error))?;
        if !violations.is_empty() {
            let listed: Vec<String> = violations
                .iter()
                .map(|violation| format!("  {violation}"))
                .collect();
            return Err(Failure::new(format!(
                "the solution does not stand up to verification, so nothing was written:\n{}",
                listed.join("\n")
            ))
            .remedy("this is a defect of lockgate; please report it with the sources"));
        }
    }
    Ok(answer)
}

/// A refusal that rests on files nobody can read is no answer.
pub(crate) fn must_be_certain(conflict: &Conflict) -> Result<(), Failure> {
    let unreadable: Vec<&str> = conflict.unreadable().into_iter().collect();
    if unreadable.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "whether the requirements can be satisfied is not known, since what could not be read may be needed:\n  {}",
        unreadable.join("\n  ")
    ))
    .remedy("have the index mend or yank the file, or exclude its version with `!=`"))
}
