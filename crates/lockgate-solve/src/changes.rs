//! What the sources change in requirements, whoever asks: overrides take their place, excluded projects are left out (uv's rules).
//!
//! An override takes the place of a requirement with its versions and the environment part of its marker; a requirement that an
//! extra guards stays guarded by it, and the extras that it asks for are still asked for. An override that does not hold in the
//! target environment leaves nothing in its place.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{Manifest, Name, Requirement, Target, VersionSet};

use crate::bounds::Bound;
use crate::dependencies::Dependency;
use crate::sources::{Role, Wanted, unmarked};

/// Overrides and excluded projects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes {
    /// By project, the overrides that hold in the target environment: none where none does.
    overrides: BTreeMap<Name, Vec<Wanted>>,
    excludes: BTreeSet<Name>,
}

impl Changes {
    pub(crate) fn new(manifest: &Manifest, target: &Target) -> Self {
        let mut overrides: BTreeMap<Name, Vec<Wanted>> = BTreeMap::new();
        for (place, written) in manifest.overrides.iter().enumerate() {
            let requirement = &written.requirement;
            let active = overrides.entry(requirement.name.clone()).or_default();
            if let Some(marker) = target.region.within(&requirement.marker, &[]) {
                active.push(
                    Wanted::new(requirement, &written.origin, Role::Override, Some(place))
                        .holding(marker),
                );
            }
        }
        Self {
            overrides,
            excludes: manifest.excludes.clone(),
        }
    }

    /// Whether nothing is changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.overrides.is_empty() && self.excludes.is_empty()
    }

    /// Whether a project is left out.
    pub(crate) fn excludes(&self, name: &Name) -> bool {
        self.excludes.contains(name)
    }

    /// What takes the place of requirements on a project; none if they stand.
    pub(crate) fn overrides(&self, name: &Name) -> Option<&[Wanted]> {
        self.overrides.get(name).map(Vec::as_slice)
    }

    /// The overrides that hold in the target environment.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Wanted> {
        self.overrides.values().flatten()
    }

    /// The override on a project that admits exactly these versions.
    pub(crate) fn that_admits(&self, name: &Name, set: &VersionSet) -> Option<&Wanted> {
        self.overrides(name)?
            .iter()
            .find(|wanted| wanted.bound.set == *set)
    }

    /// Gives an override another bound.
    pub(crate) fn rebind(&mut self, place: Option<usize>, bound: &Bound) {
        for wanted in self.overrides.values_mut().flatten() {
            if wanted.place == place {
                wanted.bound = bound.clone();
            }
        }
    }
}

/// `wanted` in place of `replaced`, a requirement of a release.
pub(crate) fn in_place_of(replaced: &Requirement, wanted: &Wanted) -> Dependency {
    let requirement = with_extras_of(&wanted.requirement, replaced);
    Dependency {
        name: wanted.name.clone(),
        bound: wanted.bound.clone(),
        marker: wanted.marker.clone(),
        text: unmarked(&requirement),
        extras: requirement.extras,
        overridden: Some(wanted.origin.clone()),
    }
}

/// A requirement with the extras of another too.
pub(crate) fn with_extras_of(requirement: &Requirement, other: &Requirement) -> Requirement {
    let mut extras = requirement.extras.clone();
    extras.extend(other.extras.iter().cloned());
    extras.sort();
    extras.dedup();
    Requirement {
        extras,
        ..requirement.clone()
    }
}
