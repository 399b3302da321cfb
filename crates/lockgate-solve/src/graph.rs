//! From chosen versions to the locked graph: pins, who asks for whom, files.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{
    DirectRelease, Edge, FactError, LockedFile, LockedGraph, Marker, Name, Origin, Pin, Pins,
    Scope, Version, Via,
};

use crate::bounds::Bound;
use crate::conditions::Conditions;
use crate::dependencies::Dependency;
use crate::release::{Cooldown, Release};
use crate::shelf::{Needs, Shelf};
use crate::sources::{Sources, Wanted, unmarked};

/// What the sources reach over a choice of versions.
#[derive(Debug, Default)]
pub(crate) struct Linked {
    pub(crate) versions: BTreeMap<Name, Version>,
    /// What is needed and has no version.
    pub(crate) open: BTreeSet<Name>,
    pub(crate) extras: BTreeMap<Name, BTreeSet<Name>>,
    pub(crate) edges: BTreeSet<Edge>,
    /// Every bound on each pin, constraints included.
    pub(crate) bounds: BTreeMap<Name, Vec<Bound>>,
    /// Where in the region each of these bounds holds, in the same order.
    pub(crate) holding: BTreeMap<Name, Vec<Marker>>,
    /// The same bounds with who asks; none for the sources.
    pub(crate) asked: BTreeMap<Name, Vec<(Option<Name>, Bound)>>,
    /// Where each project is needed, the region taken for granted.
    pub(crate) reach: BTreeMap<Name, Marker>,
    /// Where each extra is.
    pub(crate) extra_reach: BTreeMap<(Name, Name), Marker>,
    /// The projects that each pin asks for.
    pub(crate) dependencies: BTreeMap<Name, BTreeSet<Name>>,
}

impl Linked {
    /// Whether something asks for a project only because, or also because, the project is there: itself, or what it leads to.
    pub(crate) fn is_asked_for_by_its_own(&self, name: &Name) -> bool {
        let mut own: BTreeSet<&Name> = BTreeSet::from([name]);
        let mut waiting = vec![name];
        while let Some(next) = waiting.pop() {
            let asked = self.dependencies.get(next).into_iter().flatten();
            waiting.extend(asked.filter(|name| own.insert(name)));
        }
        let askers = self.asked.get(name).into_iter().flatten();
        askers
            .filter_map(|(asker, _)| asker.as_ref())
            .any(|asker| own.contains(asker))
    }

    /// Whether each version is in all bounds on it and can be had with the extras that are asked for.
    pub(crate) fn is_consistent(&self, shelf: &Shelf<'_>) -> Result<bool, FactError> {
        for (name, version) in &self.versions {
            let mut bounds = self.bounds.get(name).into_iter().flatten();
            if !bounds.all(|bound| bound.set.contains(version)) {
                return Ok(false);
            }
            for extra in self.extras.get(name).into_iter().flatten() {
                if shelf.guarded(name, version, extra)?.is_err() {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn bound(&mut self, on: &Name, asker: Option<Name>, bound: &Bound, marker: &Marker) {
        self.bounds
            .entry(on.clone())
            .or_default()
            .push(bound.clone());
        self.holding
            .entry(on.clone())
            .or_default()
            .push(marker.clone());
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

    fn ask(&mut self, to: &Name, from: Via, requirement: String, bound: &Bound, marker: &Marker) {
        let asker = match &from {
            Via::Pin(name) => Some(name.clone()),
            Via::Source(_) => None,
        };
        if let Some(asker) = &asker
            && asker != to
        {
            let asked = self.dependencies.entry(asker.clone()).or_default();
            asked.insert(to.clone());
        }
        if from != Via::Pin(to.clone()) {
            self.edges.insert(Edge {
                to: to.clone(),
                from,
                requirement,
            });
        }
        self.bound(to, asker, bound, marker);
    }
}

/// A project, or an extra of it.
type Node = (Name, Option<Name>);

/// Walks from the sources over `chosen`; what is asked for by `without`, if given, counts for nothing.
pub(crate) fn link(
    shelf: &Shelf<'_>,
    sources: &Sources,
    chosen: &BTreeMap<Name, Version>,
    without: Option<&Name>,
) -> Result<Linked, FactError> {
    let mut walk = Walk {
        shelf,
        chosen,
        without,
        reach: BTreeMap::new(),
        needs: BTreeMap::new(),
        conditions: Conditions::default(),
    };
    walk.follow(sources.requirements.iter())?;
    let mut linked = Linked::default();
    for wanted in &sources.requirements {
        let via = Via::Source(wanted.asker().clone());
        let text = wanted.text();
        linked.overridden(&wanted.name, wanted.overridden(), &text);
        linked.ask(&wanted.name, via, text, &wanted.bound, &wanted.marker);
    }
    for ((name, extra), reach) in &walk.reach {
        let Some(version) = chosen.get(name) else {
            linked.open.insert(name.clone());
            continue;
        };
        linked.versions.insert(name.clone(), version.clone());
        match extra {
            None => {
                linked.reach.insert(name.clone(), reach.clone());
            }
            Some(_) if without == Some(name) => {}
            Some(extra) => {
                let extras = linked.extras.entry(name.clone()).or_default();
                extras.insert(extra.clone());
                let key = (name.clone(), extra.clone());
                linked.extra_reach.insert(key, reach.clone());
            }
        }
    }
    for (node, needs) in walk.needs {
        let reach = walk.reach.get(&node).cloned();
        let reach = reach.unwrap_or_else(Marker::never);
        for need in needs {
            let marker = reach.and(&need.marker);
            linked.overridden(&need.name, need.overridden.as_ref(), &need.text);
            let via = Via::Pin(node.0.clone());
            linked.ask(&need.name, via, need.text, &need.bound, &marker);
        }
    }
    for constraint in &sources.constraints {
        if linked.versions.contains_key(&constraint.name) {
            let via = Via::Source(constraint.origin.clone());
            let text = unmarked(&constraint.requirement);
            let (name, bound, marker) = (&constraint.name, &constraint.bound, &constraint.marker);
            if constraint.is_of_run {
                linked.bound(name, None, bound, marker);
            } else {
                linked.ask(name, via, text, bound, marker);
            }
        }
    }
    Ok(linked)
}

/// Finds where in the region projects and extras are needed: the union over all ways from the sources of what holds along each.
struct Walk<'w, 'a> {
    shelf: &'w Shelf<'a>,
    chosen: &'w BTreeMap<Name, Version>,
    without: Option<&'w Name>,
    reach: BTreeMap<Node, Marker>,
    /// What each node that was reached asks for.
    needs: BTreeMap<Node, Vec<Dependency>>,
    conditions: Conditions<Node>,
}

impl Walk<'_, '_> {
    fn follow<'s>(&mut self, wanted: impl Iterator<Item = &'s Wanted>) -> Result<(), FactError> {
        let mut waiting: Vec<(Node, Marker)> = Vec::new();
        for wanted in wanted {
            push(&mut waiting, &wanted.name, &wanted.extras, &wanted.marker);
        }
        while let Some((node, marker)) = waiting.pop() {
            let grown = match self.reach.get(&node) {
                None => marker,
                Some(known) => match self.conditions.grown(&node, &node.0, known, &marker)? {
                    Some(grown) => grown,
                    None => continue,
                },
            };
            if !self.needs.contains_key(&node) {
                let needs = self.needs_of(&node)?;
                self.needs.insert(node.clone(), needs);
            }
            for need in self.needs.get(&node).into_iter().flatten() {
                let marker = grown.and(&need.marker);
                if self.shelf.region.overlaps(&marker) {
                    push(&mut waiting, &need.name, &need.extras, &marker);
                }
            }
            self.reach.insert(node, grown);
        }
        Ok(())
    }

    fn needs_of(&self, node: &Node) -> Result<Vec<Dependency>, FactError> {
        let (name, extra) = node;
        let Some(version) = self.chosen.get(name) else {
            return Ok(Vec::new());
        };
        if self.without == Some(name) {
            return Ok(Vec::new());
        }
        Ok(match extra {
            None => match &*self.shelf.needs(name, version)? {
                Needs::Known(_, dependencies) => dependencies.clone(),
                Needs::Unusable(_) => Vec::new(),
            },
            Some(extra) => self
                .shelf
                .guarded(name, version, extra)?
                .unwrap_or_default(),
        })
    }
}

fn push(waiting: &mut Vec<(Node, Marker)>, name: &Name, extras: &[Name], marker: &Marker) {
    let extras = extras.iter();
    waiting.extend(extras.map(|extra| ((name.clone(), Some(extra.clone())), marker.clone())));
    waiting.push(((name.clone(), None), marker.clone()));
}

/// Where each project is needed by the dependencies themselves and by each extra and group, if these can be installed or not. Reach is a
/// union over ways from the sources, so that each of them is walked from by itself.
fn scopes(
    shelf: &Shelf<'_>,
    sources: &Sources,
    chosen: &BTreeMap<Name, Version>,
) -> Result<BTreeMap<Name, Vec<(Scope, Marker)>>, FactError> {
    let mut scopes: BTreeMap<Name, Vec<(Scope, Marker)>> = BTreeMap::new();
    if sources.optional.is_empty() {
        return Ok(scopes);
    }
    for scope in std::iter::once(&Scope::Main).chain(&sources.optional) {
        let mut walk = Walk {
            shelf,
            chosen,
            without: None,
            reach: BTreeMap::new(),
            needs: BTreeMap::new(),
            conditions: Conditions::default(),
        };
        let wanted = sources.requirements.iter();
        walk.follow(wanted.filter(|wanted| wanted.is_of(&[scope])))?;
        for ((name, extra), reach) in walk.reach {
            if extra.is_none() {
                scopes.entry(name).or_default().push((scope.clone(), reach));
            }
        }
    }
    Ok(scopes)
}

/// The graph of pins with their files. Notes are added by `notes`.
pub(crate) fn graph(
    shelf: &Shelf<'_>,
    sources: &Sources,
    linked: &Linked,
) -> Result<LockedGraph, FactError> {
    let mut pins = Pins::default();
    let mut scopes = scopes(shelf, sources, &linked.versions)?;
    for (name, version) in &linked.versions {
        let reach = linked.reach.get(name);
        let marker = reach.cloned().unwrap_or_else(Marker::never);
        let extras = linked.extras.get(name).into_iter().flatten();
        let is_everywhere = |extra: &&Name| {
            let reach = linked.extra_reach.get(&(name.clone(), (*extra).clone()));
            reach.is_some_and(|reach| !shelf.region.overlaps(&marker.and(&reach.not())))
        };
        let dependencies = linked.dependencies.get(name).into_iter().flatten();
        let requires_python = match &*shelf.needs(name, version)? {
            Needs::Known(metadata, _) => metadata.requires_python.clone(),
            Needs::Unusable(_) => None,
        };
        pins.insert(Pin {
            name: name.clone(),
            version: version.clone(),
            extras: extras.filter(is_everywhere).cloned().collect(),
            marker: marker.clone(),
            scopes: scopes.remove(name).unwrap_or_default(),
            requires_python,
            dependencies: dependencies
                .filter_map(|name| Some((name.clone(), linked.versions.get(name)?.clone())))
                .collect(),
            files: locked_files(shelf, name, version)?,
            direct: shelf.direct(name).map(|direct| direct.pin.clone()),
        });
    }
    Ok(LockedGraph {
        pins,
        edges: linked.edges.iter().cloned().collect(),
        notes: Vec::new(),
        regions: Vec::new(),
        scopes: sources.optional.clone(),
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
