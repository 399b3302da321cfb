//! From chosen versions to the locked graph: pins, who asks for whom, files.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{
    DirectRelease, Edge, FactError, LockedFile, LockedGraph, Name, Origin, Pin, Version, Via,
};

use crate::bounds::Bound;
use crate::release::{Cooldown, Release};
use crate::shelf::{Needs, Shelf};
use crate::sources::{Sources, unmarked};

/// What the sources reach over a choice of versions.
#[derive(Debug, Default)]
pub(crate) struct Linked {
    pub(crate) versions: BTreeMap<Name, Version>,
    pub(crate) extras: BTreeMap<Name, BTreeSet<Name>>,
    pub(crate) edges: BTreeSet<Edge>,
    /// Every bound on each pin, constraints included.
    pub(crate) bounds: BTreeMap<Name, Vec<Bound>>,
    /// The same with who asks; none for the sources.
    pub(crate) asked: BTreeMap<Name, Vec<(Option<Name>, Bound)>>,
}

impl Linked {
    fn bound(&mut self, on: &Name, asker: Option<Name>, bound: &Bound) {
        self.bounds
            .entry(on.clone())
            .or_default()
            .push(bound.clone());
        self.asked
            .entry(on.clone())
            .or_default()
            .push((asker, bound.clone()));
    }

    /// Remembers the override that `requirement` comes from, if it does.
    fn overridden(&mut self, to: &Name, by: Option<&Origin>, requirement: &str) {
        self.edges.extend(by.map(|origin| Edge {
            to: to.clone(),
            from: Via::Source(origin.clone()),
            requirement: requirement.to_owned(),
        }));
    }

    fn ask(&mut self, to: &Name, from: Via, requirement: String, bound: &Bound) {
        let asker = match &from {
            Via::Pin(name) => Some(name.clone()),
            Via::Source(_) => None,
        };
        if from != Via::Pin(to.clone()) {
            self.edges.insert(Edge {
                to: to.clone(),
                from,
                requirement,
            });
        }
        self.bound(to, asker, bound);
    }
}

/// Walks from the sources over `chosen`; what is asked for by `without`, if given, counts for nothing.
pub(crate) fn link(
    shelf: &Shelf<'_>,
    sources: &Sources,
    chosen: &BTreeMap<Name, Version>,
    without: Option<&Name>,
) -> Result<Linked, FactError> {
    let mut linked = Linked::default();
    let mut waiting: Vec<(Name, Option<Name>)> = Vec::new();
    let mut seen: BTreeSet<(Name, Option<Name>)> = BTreeSet::new();
    for wanted in &sources.requirements {
        let via = Via::Source(wanted.asker().clone());
        let text = wanted.text();
        linked.overridden(&wanted.name, wanted.overridden(), &text);
        linked.ask(&wanted.name, via, text, &wanted.bound);
        waiting.push((wanted.name.clone(), None));
        waiting.extend(
            wanted
                .extras
                .iter()
                .map(|extra| (wanted.name.clone(), Some(extra.clone()))),
        );
    }
    while let Some((name, extra)) = waiting.pop() {
        if !seen.insert((name.clone(), extra.clone())) {
            continue;
        }
        let Some(version) = chosen.get(&name) else {
            continue;
        };
        linked.versions.insert(name.clone(), version.clone());
        if without == Some(&name) {
            continue;
        }
        let needs = match &extra {
            None => match &*shelf.needs(&name, version)? {
                Needs::Known(_, dependencies) => dependencies.clone(),
                Needs::Unusable(_) => Vec::new(),
            },
            Some(extra) => {
                linked
                    .extras
                    .entry(name.clone())
                    .or_default()
                    .insert(extra.clone());
                shelf.guarded(&name, version, extra)?.unwrap_or_default()
            }
        };
        for need in needs {
            linked.overridden(&need.name, need.overridden.as_ref(), &need.text);
            linked.ask(&need.name, Via::Pin(name.clone()), need.text, &need.bound);
            waiting.extend(
                need.extras
                    .iter()
                    .map(|extra| (need.name.clone(), Some(extra.clone()))),
            );
            waiting.push((need.name, None));
        }
    }
    for constraint in &sources.constraints {
        if linked.versions.contains_key(&constraint.name) {
            let via = Via::Source(constraint.origin.clone());
            let text = unmarked(&constraint.requirement);
            if constraint.place.is_some() {
                linked.ask(&constraint.name, via, text, &constraint.bound);
            } else {
                // `-P` restricts this run; the lock does not remember it.
                linked.bound(&constraint.name, None, &constraint.bound);
            }
        }
    }
    Ok(linked)
}

/// The graph of pins with their files. Notes are added by `notes`.
pub(crate) fn graph(shelf: &Shelf<'_>, linked: &Linked) -> Result<LockedGraph, FactError> {
    let mut pins = BTreeMap::new();
    for (name, version) in &linked.versions {
        let extras = linked.extras.get(name);
        pins.insert(
            name.clone(),
            Pin {
                name: name.clone(),
                version: version.clone(),
                extras: extras.into_iter().flatten().cloned().collect(),
                files: locked_files(shelf, name, version)?,
                direct: shelf.direct(name).map(|direct| direct.pin.clone()),
            },
        );
    }
    Ok(LockedGraph {
        pins,
        edges: linked.edges.iter().cloned().collect(),
        notes: Vec::new(),
    })
}

/// The files of a pin. Each needs a digest: a lock without it could not be installed with `--require-hashes`.
pub(crate) fn locked_files(
    shelf: &Shelf<'_>,
    name: &Name,
    version: &Version,
) -> Result<Vec<LockedFile>, FactError> {
    let Some(project) = shelf.project(name)? else {
        return Ok(Vec::new());
    };
    if let Some(direct) = &project.direct {
        return Ok(direct_file(direct).into_iter().collect());
    }
    let Some(index) = project.view.position(version) else {
        return Ok(Vec::new());
    };
    let files = project.view.files(index)?;
    let cooldown = match &*shelf.release(&project, index)? {
        Release::Usable(usable) if !usable.fixes.is_empty() => Cooldown::Exempt,
        Release::Usable(_) | Release::Unusable(_) => Cooldown::Holds,
    };
    shelf
        .inspector
        .locked(name, &files, cooldown)
        .into_iter()
        .map(|file| {
            let sha256 = match file.sha256 {
                Some(stated) => stated,
                None => shelf.facts.sha256(file)?,
            };
            Ok(LockedFile {
                filename: file.filename.clone(),
                url: file.url.clone(),
                sha256,
                size: file.size,
                uploaded: file.uploaded,
                has_provenance: file.has_provenance,
            })
        })
        .collect()
}

/// The file that a direct reference leads to; a repository and a folder are none.
fn direct_file(direct: &DirectRelease) -> Option<LockedFile> {
    Some(LockedFile {
        filename: direct.file.filename.clone(),
        url: direct.pin.reference.clone(),
        sha256: direct.pin.kind.sha256()?,
        size: direct.file.size,
        uploaded: direct.file.uploaded,
        has_provenance: false,
    })
}
