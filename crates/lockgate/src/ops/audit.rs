//! `audit`: existing locks against advisories. Solves nothing and runs nothing.

use std::collections::BTreeMap;

use lockgate_formats::lock::Lock;
use lockgate_index::{FindLinks, Places};
use lockgate_model::{AuditReport, Gap, GapCode, Manifest, Name};

use crate::cli::{IndexOptions, TargetOptions};
use crate::disk;
use crate::failure::Failure;
use crate::gating::{self, Audited};
use crate::indexes;
use crate::places;
use crate::request::Settings;
use crate::world::World;

/// Audits every pin of `files`.
pub(crate) fn audit(
    files: &[String],
    index: &IndexOptions,
    settings: &Settings,
    world: &World,
) -> Result<AuditReport, Failure> {
    let mut locks = Vec::new();
    for file in files {
        locks.push((file.as_str(), read(file, world)?));
    }
    let gating = gating::open(settings, || names_from(&locks, index, world), world)?;
    audit_locks(&locks, &gating)
}

/// The indexes that the names in some locks come from: those that a lock names and, where it does not name the main one, those that pip
/// would ask. An address that is none is an error: where names come from must be known before they are told.
fn names_from(
    locks: &[(&str, Lock)],
    index: &IndexOptions,
    world: &World,
) -> Result<Places, Failure> {
    let mut found = Places::default();
    let mut all_name_it = true;
    for (file, lock) in locks {
        let mut names_it = false;
        for option in &lock.options {
            names_it |= matches!(option.name, "--index-url" | "--no-index");
            if matches!(option.name, "--index-url" | "--extra-index-url") {
                let origin = format!("{file}:{}", option.line);
                found
                    .indexes
                    .push(indexes::address(&origin, &option.value)?);
            }
            if option.name == "--find-links"
                && let Ok(place) = FindLinks::locate(&option.value, world.pip.home())
            {
                found.find_links.push(place);
            }
        }
        all_name_it &= names_it;
    }
    if !all_name_it {
        let (manifest, target) = (Manifest::default(), TargetOptions::default());
        let asked = places::places(&manifest, index, &target, world)?;
        found.indexes.extend(asked.indexes);
        found.find_links.extend(asked.find_links);
    }
    Ok(found)
}

/// Audits locks that have been read already.
pub(crate) fn audit_locks(
    locks: &[(&str, Lock)],
    gating: &gating::Gating,
) -> Result<AuditReport, Failure> {
    let mut audited = Vec::new();
    let mut gaps = Vec::new();
    for (file, lock) in locks {
        let paths = paths(lock);
        for pin in &lock.pins {
            audited.push(Audited {
                name: pin.name.clone(),
                version: pin.version.clone(),
                source: (*file).to_owned(),
                line: Some(pin.line),
                path: paths.get(&pin.name).cloned().unwrap_or_default(),
            });
        }
        gaps.extend(lock.direct.iter().map(|line| Gap {
            code: GapCode::DirectReference,
            name: line.project.as_ref().map(|(name, _)| name.clone()),
            source: Some((*file).to_owned()),
            line: Some(line.line),
            what: format!("{file}:{}: `{}`", line.line, line.text),
            why: "it is taken from a direct reference, and advisories speak of releases".to_owned(),
        }));
        gaps.extend(lock.unpinned.iter().map(|line| Gap {
            code: GapCode::Unpinned,
            name: None,
            source: Some((*file).to_owned()),
            line: Some(line.line),
            what: format!("{file}:{}: `{}`", line.line, line.text),
            why: "it is not pinned to one version; lock it first".to_owned(),
        }));
    }
    let mut report = gating.audit_pins(audited)?;
    report.gaps.splice(0..0, gaps);
    Ok(report)
}

/// Refuses locks of other tools by their names: read as requirements they would be nonsense, or nothing at all.
pub(crate) fn must_be_requirements(file: &str) -> Result<(), Failure> {
    let path = std::path::Path::new(file);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    if matches!(
        extension.as_ref(),
        "toml" | "lock" | "json" | "xml" | "cfg" | "py"
    ) || name == "Pipfile"
    {
        return Err(Failure::new(format!(
            "`{file}` is no requirements lock, and no other kind is supported"
        ))
        .remedy("name a `requirements.txt`; export one from the tool that wrote this file"));
    }
    Ok(())
}

/// Reads one lock; `-` is standard input.
pub(crate) fn read(file: &str, world: &World) -> Result<Lock, Failure> {
    must_be_requirements(file)?;
    let text = disk::text(&world.files, file)?;
    if text.trim().is_empty() {
        return Err(Failure::new(format!(
            "`{file}` is empty: there is nothing to audit"
        )));
    }
    lockgate_formats::lock::read(&text, file).map_err(|error| Failure::of_input(&error))
}

/// For each pin, one shortest chain down to it by the lock's `# via` lines: the source first, the pin last.
fn paths(lock: &Lock) -> BTreeMap<Name, Vec<String>> {
    let mut paths: BTreeMap<Name, Vec<String>> = BTreeMap::new();
    // Breadth first from the pins that a source asks for; the lock's own order decides between chains of one length.
    let mut frontier: Vec<&Name> = Vec::new();
    for pin in &lock.pins {
        if let Some(source) = pin.via.iter().find(|via| Name::new(via).is_err()) {
            paths.insert(
                pin.name.clone(),
                vec![source.clone(), format!("{}=={}", pin.name, pin.version)],
            );
            frontier.push(&pin.name);
        }
    }
    while !frontier.is_empty() {
        let mut next = Vec::new();
        for pin in &lock.pins {
            if paths.contains_key(&pin.name) {
                continue;
            }
            let parent = pin
                .via
                .iter()
                .filter_map(|via| Name::new(via).ok())
                .find(|via| frontier.contains(&via));
            if let Some(mut path) = parent.and_then(|parent| paths.get(&parent).cloned()) {
                path.push(format!("{}=={}", pin.name, pin.version));
                next.push((&pin.name, path));
            }
        }
        frontier = next.iter().map(|(name, _)| *name).collect();
        paths.extend(next.into_iter().map(|(name, path)| (name.clone(), path)));
    }
    paths
}
