//! What the sources ask for in the target environment.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{
    Manifest, Marker, Name, Origin, Requirement, Sha256, Specifiers, Target, VersionSet,
};

use crate::bounds::Bound;

/// One requirement or constraint of a source that holds in the target environment.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) name: Name,
    pub(crate) extras: Vec<Name>,
    pub(crate) bound: Bound,
    /// The requirement as written.
    pub(crate) requirement: Requirement,
    pub(crate) origin: Origin,
    pub(crate) is_constraint: bool,
    /// Where it stands in the manifest's list of its kind; none for a `-P` specifier.
    pub(crate) place: Option<usize>,
}

/// The requirements and constraints that hold in the target environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    pub(crate) requirements: Vec<Wanted>,
    pub(crate) constraints: Vec<Wanted>,
}

impl Sources {
    pub(crate) fn new(manifest: &Manifest, upgrade: &[Requirement], target: &Target) -> Self {
        let wanted = |requirement: &Requirement, origin: &Origin, is_constraint, place| {
            let any = Specifiers::any();
            let specifiers = requirement.specifiers().unwrap_or(&any);
            requirement
                .marker
                .holds(&target.environment, &[])
                .then(|| Wanted {
                    name: requirement.name.clone(),
                    extras: requirement.extras.clone(),
                    bound: Bound::of(specifiers),
                    requirement: requirement.clone(),
                    origin: origin.clone(),
                    is_constraint,
                    place,
                })
        };
        let command_line = Origin {
            file: "--upgrade-package".to_owned(),
            line: None,
            via: "--upgrade-package".to_owned(),
        };
        let requirements = manifest
            .requirements
            .iter()
            .enumerate()
            .filter_map(|(place, root)| wanted(&root.requirement, &root.origin, false, Some(place)))
            .collect();
        let constraints = manifest
            .constraints
            .iter()
            .enumerate()
            .filter_map(|(place, constraint)| {
                wanted(
                    &constraint.requirement,
                    &constraint.origin,
                    true,
                    Some(place),
                )
            })
            .chain(
                upgrade
                    .iter()
                    .filter_map(|requirement| wanted(requirement, &command_line, true, None)),
            )
            .collect();
        Self {
            requirements,
            constraints,
        }
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

/// The files that `--hash` options leave of each project that has some: those that all of its lists name.
pub(crate) fn allowed_hashes(manifest: &Manifest) -> BTreeMap<Name, BTreeSet<Sha256>> {
    let mut allowed: BTreeMap<Name, BTreeSet<Sha256>> = BTreeMap::new();
    let lists = manifest
        .requirements
        .iter()
        .map(|root| (&root.requirement.name, &root.hashes))
        .chain(
            manifest
                .constraints
                .iter()
                .map(|constraint| (&constraint.requirement.name, &constraint.hashes)),
        )
        .filter(|(_, hashes)| !hashes.is_empty());
    for (name, hashes) in lists {
        let hashes: BTreeSet<Sha256> = hashes.iter().copied().collect();
        allowed
            .entry(name.clone())
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
