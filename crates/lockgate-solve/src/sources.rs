//! What the sources ask for in the target region.

mod merge;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockgate_model::{
    Manifest, Marker, Name, Origin, Region, Requirement, Scope, Sha256, Source, Specifiers, Target,
    VersionSet,
};

use crate::bounds::Bound;
use crate::changes::{Changes, with_extras_of};

/// One requirement, constraint or override of a source that holds in the target region, or in a part of it.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) name: Name,
    pub(crate) extras: Vec<Name>,
    pub(crate) bound: Bound,
    /// Where in the region it holds.
    pub(crate) marker: Marker,
    /// The requirement as written.
    pub(crate) requirement: Requirement,
    pub(crate) origin: Origin,
    pub(crate) role: Role,
    /// Where it stands in the manifest's list of its kind; none for a `-P` specifier and for many lines that were merged.
    pub(crate) place: Option<usize>,
    /// Whether it is a `-P` specifier, which restricts this run: the lock does not remember it.
    pub(crate) is_of_run: bool,
    /// What of the sources asks for it.
    pub(crate) scopes: BTreeSet<Scope>,
    /// The direct requirement that this override takes the place of, if it does.
    pub(crate) replaced: Option<(Requirement, Origin)>,
}

/// What a source states with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Requirement,
    Constraint,
    Override,
}

impl Wanted {
    pub(crate) fn new(
        requirement: &Requirement,
        origin: &Origin,
        role: Role,
        place: Option<usize>,
    ) -> Self {
        let any = Specifiers::any();
        let specifiers = requirement.specifiers().unwrap_or(&any);
        Self {
            name: requirement.name.clone(),
            extras: requirement.extras.clone(),
            bound: Bound::of(specifiers),
            marker: Marker::always(),
            requirement: requirement.clone(),
            origin: origin.clone(),
            role,
            place,
            is_of_run: false,
            scopes: BTreeSet::new(),
            replaced: None,
        }
    }

    /// The same where only a part of the region admits it.
    pub(crate) fn holding(self, marker: Marker) -> Self {
        Self { marker, ..self }
    }

    /// Whether one of these asks for it.
    pub(crate) fn is_of(&self, scopes: &[&Scope]) -> bool {
        scopes.iter().any(|scope| self.scopes.contains(scope))
    }

    /// As text, without its marker and with all extras that are asked for.
    pub(crate) fn text(&self) -> String {
        unmarked(&Requirement {
            extras: self.extras.clone(),
            ..self.requirement.clone()
        })
    }

    /// Where the override stands that took the place of a requirement, if one did.
    pub(crate) fn overridden(&self) -> Option<&Origin> {
        self.replaced.as_ref().map(|_| &self.origin)
    }

    /// Who asks: the source of the requirement, also where an override takes its place.
    pub(crate) fn asker(&self) -> &Origin {
        self.replaced
            .as_ref()
            .map_or(&self.origin, |(_, origin)| origin)
    }
}

/// The requirements and constraints that hold in the target region.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    /// What is asked for, overrides in place of what they replace.
    pub(crate) requirements: Vec<Wanted>,
    pub(crate) constraints: Vec<Wanted>,
    pub(crate) changes: Arc<Changes>,
    /// The extras and groups that can be installed or not, beside the dependencies themselves.
    pub(crate) optional: BTreeSet<Scope>,
    /// Direct requirements on projects that are excluded.
    pub(crate) excluded: Vec<(Name, Origin)>,
}

impl Sources {
    pub(crate) fn new(manifest: &Manifest, upgrade: &[Requirement], target: &Target) -> Self {
        let changes = Arc::new(Changes::new(manifest, target));
        let mut sources = Self {
            changes: Arc::clone(&changes),
            optional: manifest.optional().cloned().collect(),
            ..Self::default()
        };
        for (place, root) in manifest.requirements.iter().enumerate() {
            let requirement = &root.requirement;
            let overrides = changes.overrides(&requirement.name);
            let holds = match overrides {
                Some(_) => requirement.marker.may_hold(&[]).then(Marker::always),
                None => target.region.within(&requirement.marker, &[]),
            };
            let Some(marker) = holds else {
                continue;
            };
            if changes.excludes(&requirement.name) {
                let excluded = (requirement.name.clone(), root.origin.clone());
                sources.excluded.push(excluded);
                continue;
            }
            match overrides {
                None => sources.requirements.push(Wanted {
                    scopes: root.scopes.clone(),
                    ..Wanted::new(requirement, &root.origin, Role::Requirement, Some(place))
                        .holding(marker)
                }),
                Some(overrides) => {
                    sources
                        .requirements
                        .extend(overrides.iter().map(|wanted| Wanted {
                            extras: with_extras_of(&wanted.requirement, requirement).extras,
                            scopes: root.scopes.clone(),
                            replaced: Some((requirement.clone(), root.origin.clone())),
                            ..wanted.clone()
                        }));
                }
            }
        }
        let command_line = Origin {
            file: "--upgrade-package".to_owned(),
            line: None,
            via: "--upgrade-package".to_owned(),
        };
        let written = manifest
            .constraints
            .iter()
            .enumerate()
            .map(|(place, constraint)| (&constraint.requirement, &constraint.origin, Some(place)));
        let restricting = upgrade
            .iter()
            .map(|requirement| (requirement, &command_line, None));
        sources.constraints = written
            .chain(restricting)
            .filter_map(|(requirement, origin, place)| {
                let marker = target.region.within(&requirement.marker, &[])?;
                let wanted = Wanted {
                    is_of_run: place.is_none(),
                    ..Wanted::new(requirement, origin, Role::Constraint, place)
                };
                Some(wanted.holding(marker))
            })
            .collect();
        sources.requirements = merge::merged(sources.requirements);
        sources.constraints = merge::merged(sources.constraints);
        sources
    }

    /// The projects that the sources ask for.
    pub(crate) fn direct(&self) -> impl Iterator<Item = &Name> {
        self.requirements.iter().map(|wanted| &wanted.name)
    }

    /// The constraints on a project.
    pub(crate) fn constraints_on<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = &'a Wanted> {
        self.constraints
            .iter()
            .filter(move |constraint| constraint.name == *name)
    }

    /// What the constraints leave of each project that they speak of.
    pub(crate) fn limits(&self) -> BTreeMap<Name, VersionSet> {
        let mut limits: BTreeMap<Name, VersionSet> = BTreeMap::new();
        for constraint in &self.constraints {
            let limit = limits
                .entry(constraint.name.clone())
                .or_insert_with(VersionSet::full);
            *limit = limit.intersection(&constraint.bound.set);
        }
        limits
    }
}

/// The files that `--hash` options leave of each project that has some: those that all of its lists in the region name. Those of a
/// requirement that is overridden went with it.
pub(crate) fn allowed_hashes(
    manifest: &Manifest,
    region: &Region,
) -> BTreeMap<Name, BTreeSet<Sha256>> {
    let mut allowed: BTreeMap<Name, BTreeSet<Sha256>> = BTreeMap::new();
    let is_overridden = |name: &Name| {
        let mut overrides = manifest.overrides.iter();
        overrides.any(|other| other.requirement.name == *name)
    };
    let roots = manifest.requirements.iter();
    let roots = roots.filter(|root| !is_overridden(&root.requirement.name));
    let limits = manifest.constraints.iter().chain(&manifest.overrides);
    let lists = roots
        .map(|root| (&root.requirement, &root.hashes))
        .chain(limits.map(|limit| (&limit.requirement, &limit.hashes)))
        .filter(|(_, hashes)| !hashes.is_empty())
        // Those of a direct reference are of the file that it leads to.
        .filter(|(requirement, _)| matches!(requirement.source, Source::Index(_)))
        .filter(|(requirement, _)| region.admits(&requirement.marker, &[]));
    for (requirement, hashes) in lists {
        let hashes: BTreeSet<Sha256> = hashes.iter().copied().collect();
        allowed
            .entry(requirement.name.clone())
            .and_modify(|known| *known = known.intersection(&hashes).copied().collect())
            .or_insert(hashes);
    }
    allowed
}

/// A requirement's text without its marker.
pub(crate) fn unmarked(requirement: &Requirement) -> String {
    let mut requirement = requirement.clone();
    requirement.marker = Marker::always();
    requirement.to_string()
}
