//! What releases at direct references require at other places in turn, with the extras that are asked for of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockgate_index::DirectFacts;
use lockgate_model::{Facts, LockedGraph, Manifest, Name, Requirement, Source, Via};

use super::{Asked, DirectReleases, Following};
use crate::failure::Failure;

impl Following<'_> {
    /// Whether a direct reference decides where a package is taken from.
    pub(crate) fn leads_to(&self, name: &Name) -> bool {
        self.found.contains_key(name)
    }

    /// Returns the facts of `inner` under what the direct references decide; none where there are none.
    pub(crate) fn over(&self, inner: &Arc<dyn Facts>) -> Option<DirectFacts> {
        if self.found.is_empty() {
            return None;
        }
        let found = self.found.iter();
        let releases: DirectReleases = found
            .map(|(name, found)| {
                let releases = found.iter().map(|one| Arc::new(one.release.clone()));
                (name.clone(), releases.collect())
            })
            .collect();
        Some(DirectFacts::new(
            Arc::clone(inner),
            releases,
            self.folder.clone(),
        ))
    }

    /// Follows what the releases found require at places of their own, until nothing new comes up: without extras, and with those that the
    /// sources and the releases themselves ask for.
    pub(super) fn follow_further(&mut self, manifest: &Manifest) -> Result<(), Failure> {
        loop {
            let extras = self.extras(manifest);
            let followed = self.follow_where(manifest, &extras, |_, _| true)?;
            if followed.is_empty() {
                return Ok(());
            }
        }
    }

    /// Follows those of `references` that releases found require for any extra. Which extras releases of an index ask for is known only once
    /// a solution was looked for. Returns the packages that these are of.
    pub(crate) fn follow_unmet(
        &mut self,
        manifest: &Manifest,
        references: &BTreeSet<(Name, String)>,
    ) -> Result<BTreeSet<Name>, Failure> {
        let found = self.found.iter();
        let all = found
            .map(|(name, found)| {
                let extras = found.iter().flat_map(|one| &one.release.metadata.extras);
                (name.clone(), extras.cloned().collect())
            })
            .collect();
        let is_one = |requirement: &Requirement, text: &str| {
            references.contains(&(requirement.name.clone(), text.to_owned()))
        };
        let followed = self.follow_where(manifest, &all, is_one)?;
        if !followed.is_empty() {
            self.follow_further(manifest)?;
        }
        Ok(followed)
    }

    /// Whether `graph` takes each of `names` from where a release at a direct reference requires it.
    pub(crate) fn are_required(&self, names: &BTreeSet<Name>, graph: &LockedGraph) -> bool {
        let is_required = |name: &Name| {
            graph.edges.iter().any(|edge| {
                edge.to == *name
                    && matches!(&edge.from, Via::Pin(from) if self.found.contains_key(from))
            })
        };
        names.iter().all(is_required)
    }

    /// The extras that sources and releases found ask for, of each release found.
    fn extras(&self, manifest: &Manifest) -> BTreeMap<Name, BTreeSet<Name>> {
        let mut extras: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
        for root in &manifest.requirements {
            let requirement = &root.requirement;
            let asked = extras.entry(requirement.name.clone()).or_default();
            asked.extend(requirement.extras.iter().cloned());
        }
        loop {
            let mut more = Vec::new();
            for (name, found) in &self.found {
                let own: Vec<Name> = extras.get(name).into_iter().flatten().cloned().collect();
                for release in found.iter().map(|one| &one.release) {
                    for requirement in &release.metadata.requirements {
                        let marker = requirement.marker.with_extras(&own);
                        if !requirement.extras.is_empty()
                            && self.target.region.overlaps(&marker.and(&release.marker))
                        {
                            more.push((requirement.name.clone(), requirement.extras.clone()));
                        }
                    }
                }
            }
            let mut is_grown = false;
            for (name, asked) in more {
                let known = extras.entry(name).or_default();
                let before = known.len();
                known.extend(asked);
                is_grown |= known.len() > before;
            }
            if !is_grown {
                return extras;
            }
        }
    }

    /// Follows the references that releases found require with `extras` and that `admits`. Returns the packages of those that led to something
    /// new.
    fn follow_where(
        &mut self,
        manifest: &Manifest,
        extras: &BTreeMap<Name, BTreeSet<Name>>,
        admits: impl Fn(&Requirement, &str) -> bool,
    ) -> Result<BTreeSet<Name>, Failure> {
        let mut asked_for = Vec::new();
        for (name, found) in &self.found {
            let extras: Vec<Name> = extras.get(name).into_iter().flatten().cloned().collect();
            for release in found.iter().map(|one| &one.release) {
                for requirement in &release.metadata.requirements {
                    let Source::Url(text) = &requirement.source else {
                        continue;
                    };
                    let marker = requirement.marker.with_extras(&extras);
                    let marker = marker.and(&release.marker);
                    if !self.target.region.overlaps(&marker)
                        || manifest.excludes.contains(&requirement.name)
                        || !admits(requirement, text)
                    {
                        continue;
                    }
                    let asked = Asked {
                        text: text.clone(),
                        origin: format!("{} {}", release.metadata.name, release.metadata.version),
                        editable: false,
                        hashes: Vec::new(),
                        settings: Vec::new(),
                        name: Some(requirement.name.clone()),
                        marker,
                    };
                    asked_for.push((requirement.name.clone(), asked));
                }
            }
        }
        let mut followed = BTreeSet::new();
        for (name, asked) in asked_for {
            if self.take(&name, &asked)?.is_some() {
                followed.insert(name);
            }
        }
        Ok(followed)
    }
}
