//! `check`: does a lock still satisfy its sources, has it its hashes, is it clean under policy? Writes nothing.
//!
//! The lock is solved again with its own pins as preferences and no gate: a lock that satisfies its sources comes out as it went in,
//! and every difference is a reason. The gate then audits the pins as they stand.

mod direct;
mod scopes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockgate_formats::inventory::{kind_of, read_inventory};
use lockgate_formats::lock::{Lock, RenderOptions};
use lockgate_formats::pylock::written;
use lockgate_gate::{Auditor, Selection};
use lockgate_model::{
    Advisory, AuditReport, AuditedPackage, Change, Conflict, FactError, Gate, InventoryKind,
    ItemOrigin, LockedFile, LockedGraph, Marker, Name, Note, Preferences, ProjectStatus, Upgrade,
    Verdict, Version, VersionSet,
};
use lockgate_report::{Detail, conflict_text};
use lockgate_solve::{Answer, Question};

use crate::cli::{self, CheckArguments, ChoiceOptions, LockArguments};
use crate::disk;
use crate::failure::Failure;
use crate::gating::Gating;
use crate::inputs::Inputs;
use crate::ops::audit::statuses;
use crate::ops::known::Known;
use crate::ops::{lock, target};
use crate::places;
use crate::policies::PolicyFinder;
use crate::provenance;
use crate::rendering;
use crate::request::{LockRequest, Settings};
use crate::terminal::Terminal;
use crate::world::World;

/// What `check` is asked to do for one lock.
#[derive(Debug)]
pub(crate) struct CheckRequest {
    lock: String,
    text: String,
    read: Lock,
    request: LockRequest,
    online: bool,
}

/// Refuses locks of other tools by their names: read as requirements they would be nonsense, or nothing at all.
fn must_be_requirements(file: &str) -> Result<(), Failure> {
    match kind_of(file, "") {
        None | Some(InventoryKind::Requirements | InventoryKind::Pylock) => Ok(()),
        Some(kind) => Err(Failure::new(format!(
            "`{file}` is neither a requirements lock nor a `pylock.toml`, and no other kind is checked ({})",
            kind.word()
        ))
        .remedy("name a `requirements.txt` or a `pylock.toml`; `lockgate audit` reads this file")),
    }
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
    /// The policies that hold for it.
    pub(crate) policies: Vec<String>,
}

impl CheckRequest {
    /// Finds the lock's sources and the options that its header records; options given anew win.
    pub(crate) fn new(arguments: &CheckArguments, lock: String) -> Result<Self, Failure> {
        must_be_requirements(&lock)?;
        let text = disk::text(&disk::Disk, &lock)?;
        let read = lock::read_lock(&text, &lock).map_err(|error| Failure::of_input(&error))?;
        let recorded = read
            .command
            .as_deref()
            .and_then(|words| cli::lock_arguments(words).ok());
        let merged = merged(arguments, recorded.unwrap_or_default(), &lock, &read)?;
        let request = LockRequest::new(merged, Vec::new())?;
        Ok(Self {
            lock,
            text,
            read,
            request,
            online: arguments.online,
        })
    }

    /// Settings and world for this lock.
    pub(crate) fn prepare(&self, terminal: &Terminal) -> Result<(Settings, Arc<World>), Failure> {
        let arguments = &self.request.arguments;
        let finder = PolicyFinder::new(&arguments.gate)?;
        let policies = finder.of_file_from(&self.lock, &self.request.sources)?;
        let settings = Settings::of(&arguments.gate, &policies, &[])?;
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
    } else if merged.sources.is_empty() && merged.project.group.is_empty() {
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
    let project = &given.project;
    if project.all_extras || !project.extra.is_empty() {
        merged.project.all_extras = project.all_extras;
        merged.project.extra.clone_from(&project.extra);
    }
    if !project.group.is_empty() {
        merged.project.group.clone_from(&project.group);
    }
    // What the lock was written to does not matter here; sources must not be taken for the lock.
    merged.output_file = Some("-".to_owned());
    merged.upgrade = false;
    merged.upgrade_package.clear();
    merged.no_upgrade_package.clear();
    if !given.overrides.is_empty() {
        merged.overrides.clone_from(&given.overrides);
    }
    if !given.exclude.is_empty() {
        merged.exclude.clone_from(&given.exclude);
    }
    merge_choice(&mut merged.choice, &given.choice);
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
    // Whose policy is followed only the caller says.
    merged.gate.policy.clone_from(&gate.policy);
    merged.gate.policy_from.clone_from(&gate.policy_from);
    merged.rendering = merged.rendering.with(&given.rendering);
    merged.build = merged.build.with(&given.build);
    merged.cache = given.cache.clone();
    merged.cache.refresh |= given.online;
    Ok(merged)
}

/// The recorded options of the choice under those given now.
fn merge_choice(merged: &mut ChoiceOptions, given: &ChoiceOptions) {
    let says_prereleases = given.pre || given.prerelease.is_some() || !given.releases.0.is_empty();
    if says_prereleases {
        // They speak of the same, so that one given now takes the place of all that are recorded.
        merged.pre = given.pre;
        merged.prerelease = given.prerelease;
        merged.releases = given.releases.clone();
    }
    merged.no_deps |= given.no_deps;
    merged.prefer_binary |= given.prefer_binary;
    replace_if_given(&mut merged.resolution, given.resolution.as_ref());
    replace_if_given(&mut merged.exclude_newer, given.exclude_newer.as_ref());
    replace_if_given(
        &mut merged.uploaded_prior_to,
        given.uploaded_prior_to.as_ref(),
    );
    replace_if_given(&mut merged.cooldown, given.cooldown.as_ref());
    if !given.binary.0.is_empty() {
        merged.binary = given.binary.clone();
    }
}

fn replace_if_given<T: Clone>(recorded: &mut Option<T>, given: Option<&T>) {
    if given.is_some() {
        *recorded = given.cloned();
    }
}

/// `X.txt` is locked from `X.in`; else the sources that its `# via` lines name.
fn sources_beside(lock: &str, read: &Lock) -> Result<Vec<String>, Failure> {
    let path = std::path::Path::new(lock);
    let beside = path.with_extension("in");
    if beside != path && beside.is_file() {
        return Ok(vec![beside.display().to_string()]);
    }
    let via = read.pins.iter().flat_map(|pin| &pin.via);
    let named: BTreeSet<&str> = via.filter_map(|via| source_of(via)).collect();
    if named.is_empty() {
        return Err(Failure::new(format!(
            "`{lock}` does not say what it was locked from, and there is no `{}`",
            beside.display()
        ))
        .remedy("name the source with `--source FILE`"));
    }
    Ok(named.into_iter().map(str::to_owned).collect())
}

/// The source that a `# via` names: `-r FILE`, `NAME (FILE)` of a project, `(FILE)` of a script. A group has no file of its own.
fn source_of(via: &str) -> Option<&str> {
    if let Some(file) = via.strip_prefix("-r ") {
        return Some(file);
    }
    let (_, file) = via.strip_suffix(')')?.split_once('(')?;
    (!file.contains(".toml:")).then_some(file)
}

/// Checks one lock.
pub(crate) fn check(
    check: &CheckRequest,
    settings: &Settings,
    world: &World,
) -> Result<Checked, Failure> {
    let request = &check.request;
    provenance::tell(&request.arguments, settings, world);
    let mut manifest = lock::manifest(request, world).map_err(|mut failure| {
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
    let environments = &settings.environments;
    let target = target::of_lock(&request.arguments, environments, &manifest, world)?;
    let places = places::places(
        &manifest,
        &request.arguments.index,
        &request.arguments.target,
        world,
    )?;
    let mut rules = request.rules_with(&manifest, settings, world.now)?;
    world.pip.options().lay_under(&mut rules, world.now);
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
    let facts = Arc::clone(&known.facts);
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
    let mut reasons = scopes::unpinned(check);
    let mut pinned = BTreeMap::new();
    let (change, conflict) = match lock::solved(&question, &facts, world)? {
        Answer::Locked(solution) => {
            let change = Change::between(&pins, &solution.graph);
            reasons.extend(differences(check, &change, &solution.graph)?);
            let is_pylock = kind_of(&check.lock, "") == Some(InventoryKind::Pylock);
            if is_pylock && !(check.read.scopes.is_empty() && solution.graph.scopes.is_empty()) {
                reasons.extend(scopes::reasons(check, &solution.graph));
            } else if target.target.region.machine().is_none() {
                reasons.extend(marker_reasons(check, &change, &solution.graph));
            }
            reasons.extend(hash_reasons(check, &solution.graph));
            if is_pylock {
                reasons.extend(direct::reasons(check, &solution.graph));
                pinned = direct::pins(&check.read, &solution.graph);
            } else {
                reasons.extend(direct_reasons(check, &solution.graph));
                pinned = direct_pins(&check.read, &solution.graph);
            }
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
    let mut audit = audited(check, &pinned, &gating, world)?;
    if check.online || settings.asks_index {
        let is_on_index =
            |package: &AuditedPackage| package.line.is_none_or(|line| !pinned.contains_key(&line));
        statuses::ask(&mut audit, &gating.gate, &facts, is_on_index, world);
    }
    Ok(Checked {
        lock: check.lock.clone(),
        reasons,
        change,
        conflict,
        audit,
        policies: settings.policy.names.clone(),
    })
}

fn differences(
    check: &CheckRequest,
    change: &Change,
    graph: &LockedGraph,
) -> Result<Vec<String>, Failure> {
    let CheckRequest { lock, read, .. } = check;
    let named: BTreeSet<&Name> = read.omitted.iter().map(|omitted| &omitted.name).collect();
    let unpinned = rendering::omitted(&check.request.arguments.rendering)?;
    let why = |moved: &Name| {
        graph.notes.iter().find_map(|note| match note {
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
    // What is taken from a direct reference has no pin to be held against; it may be taken from an index in other environments.
    let is_direct = |name: &Name| {
        let (direct, fresh): (Vec<_>, Vec<_>) =
            (graph.pins.of(name).iter()).partition(|pin| pin.direct.is_some());
        let held = read.pins.iter().filter(|pin| pin.name == *name);
        let held: BTreeSet<&Version> = held.map(|pin| &pin.version).collect();
        let fresh: BTreeSet<&Version> = fresh.iter().map(|pin| &pin.version).collect();
        !direct.is_empty() && (fresh.is_empty() || fresh == held)
    };
    let missing =
        |name: &Name| !named.contains(name) && !unpinned.contains(name) && !is_direct(name);
    for (name, versions) in change.added.iter().filter(|(name, _)| missing(name)) {
        reasons.push(format!(
            "{lock}: `{name}` is required and not locked; it would be {}",
            listed(versions)
        ));
    }
    for (name, versions) in &change.removed {
        reasons.push(format!(
            "{lock}:{}: `{name}=={}` is locked and not required by anything",
            line(name),
            listed(versions)
        ));
    }
    for (name, (old, new)) in change.moved.iter().filter(|(name, _)| !is_direct(name)) {
        reasons.push(format!(
            "{lock}:{}: `{name}=={}` would now be {}: {}",
            line(name),
            listed(old),
            listed(new),
            why(name).unwrap_or("it does not satisfy its requirements")
        ));
    }
    Ok(reasons)
}

/// Versions as a list.
fn listed(versions: &[Version]) -> String {
    let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// Each pin that stays is for the environments that its requirements are for.
fn marker_reasons(check: &CheckRequest, change: &Change, graph: &LockedGraph) -> Vec<String> {
    let CheckRequest { lock, read, .. } = check;
    let shown = |marker: &Marker| match marker.to_text() {
        None => "all environments".to_owned(),
        Some(text) => format!("`{text}`"),
    };
    let mut reasons = Vec::new();
    for pin in read
        .pins
        .iter()
        .filter(|pin| !change.moved.contains_key(&pin.name))
    {
        if let Some(fresh) = graph.pins.on_index(&pin.name, &pin.version)
            && fresh.marker != pin.marker
        {
            reasons.push(format!(
                "{lock}:{}: `{}=={}` is locked for {} and needed for {}",
                pin.line,
                pin.name,
                pin.version,
                shown(&pin.marker),
                shown(&fresh.marker)
            ));
        }
    }
    reasons
}

/// Each pin that stays needs exactly the hashes of the files that may be installed.
fn hash_reasons(check: &CheckRequest, graph: &LockedGraph) -> Vec<String> {
    let CheckRequest { lock, read, .. } = check;
    let needs_none = check.request.arguments.rendering.no_hashes;
    let mut reasons = Vec::new();
    for pin in &read.pins {
        let Some(fresh) = graph.pins.on_index(&pin.name, &pin.version) else {
            continue;
        };
        let files: Vec<&LockedFile> = if kind_of(lock, "") == Some(InventoryKind::Pylock) {
            let (sdist, wheels) = written(fresh);
            sdist.into_iter().chain(wheels).collect()
        } else {
            fresh.files.iter().collect()
        };
        let expected: BTreeSet<String> = files
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

/// What the direct references of the lock have turned out to be, by line.
fn direct_pins(read: &Lock, graph: &LockedGraph) -> BTreeMap<usize, (Name, Version)> {
    let lines = lockgate_formats::lock::direct_lines(graph, &RenderOptions::default());
    let held = read.direct.iter().filter_map(|held| {
        let (pin, _) = lines.iter().find(|(_, line)| *line == held.text)?;
        Some((held.line, (pin.name.clone(), pin.version.clone())))
    });
    held.collect()
}

/// The audit of the lock, in which direct references are judged as the releases that they have turned out to be, as `lock` does.
fn audited(
    check: &CheckRequest,
    pinned: &BTreeMap<usize, (Name, Version)>,
    gating: &Gating,
    world: &World,
) -> Result<AuditReport, Failure> {
    let files = Inputs {
        disk: &world.files,
        index: &world.index,
    };
    let mut inventory = read_inventory(
        kind_of(&check.lock, "").unwrap_or(InventoryKind::Requirements),
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
    }
    let selection = Selection::default();
    let mut auditor = Auditor::new(&gating.gate, &selection);
    // What the sources come from was held against the services when they were opened.
    auditor.add(&inventory, &|_| Ok(()));
    Ok(auditor.finish())
}

/// Each direct reference stands in the lock as it would be written now, and each that stands there is asked for.
fn direct_reasons(check: &CheckRequest, graph: &LockedGraph) -> Vec<String> {
    let CheckRequest { lock, read, .. } = check;
    let rendering = &check.request.arguments.rendering;
    let options = RenderOptions {
        strip_extras: rendering.strip_extras,
        ..RenderOptions::default()
    };
    let lines = lockgate_formats::lock::direct_lines(graph, &options);
    let mut reasons = Vec::new();
    for (pin, line) in &lines {
        let Some(held) = read.direct.iter().find(|held| held.text == *line) else {
            let name = &pin.name;
            reasons.push(format!("{lock}: `{name}` would now be locked as `{line}`"));
            continue;
        };
        let fresh = pin.direct.as_ref();
        let digest = fresh.and_then(|direct| direct.kind.sha256());
        let expected = digest.map(|digest| format!("sha256:{digest}"));
        if let Some(expected) = expected
            && !rendering.no_hashes
            && !held.hashes.contains(&expected)
        {
            let place = format!("{lock}:{}: `{line}`", held.line);
            reasons.push(if held.hashes.is_empty() {
                format!("{place} has no hash")
            } else {
                format!("{place} has another hash than the file, {expected}")
            });
        }
    }
    for held in &read.direct {
        if !lines.iter().any(|(_, line)| *line == held.text) {
            reasons.push(format!(
                "{lock}:{}: `{}` is locked and not what its sources ask for",
                held.line, held.text
            ));
        }
    }
    reasons
}
