//! Core metadata of a release, as far as solving needs it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::{Marker, Name, Requirement, Version};

/// What a distribution states of itself (core metadata specification).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// `Name`.
    pub name: Name,
    /// `Version`.
    pub version: Version,
    /// `Requires-Python`, as written.
    pub requires_python: Option<String>,
    /// `Requires-Dist`, in order.
    pub requirements: Vec<Requirement>,
    /// `Provides-Extra`.
    pub extras: Vec<Name>,
    /// Where files of a release differ: the requirements that only some of them state, by place. Their markers say so too; but a marker may be
    /// overridden, and what a file does not state is not.
    pub stated: BTreeMap<usize, StatedInPart>,
    /// Which of the requirements ask about which extra, found out once.
    pub by_extra: ByExtra,
}

/// A requirement that only some files of a release state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedInPart {
    /// For which environments these files are.
    pub only: Marker,
    /// Its marker as they have it.
    pub marker: Marker,
}

impl Metadata {
    /// What is known of one of the requirements that only some files state; none if all do.
    pub fn stated_in_part(&self, requirement: &Requirement) -> Option<&StatedInPart> {
        let mut stated = self.stated.iter();
        let place = stated.find(|(place, _)| {
            let own = self.requirements.get(**place);
            own.is_some_and(|own| std::ptr::eq(own, requirement))
        });
        place.map(|(_, stated)| stated)
    }

    /// The requirements whose markers ask about an extra, in order: no others can hold with it and not without.
    pub fn requirements_about<'m>(
        &'m self,
        extra: &Name,
    ) -> impl Iterator<Item = &'m Requirement> + use<'m> {
        let by_extra = self.by_extra.0.get_or_init(|| {
            let mut by_extra: BTreeMap<Name, Vec<usize>> = BTreeMap::new();
            for (place, requirement) in self.requirements.iter().enumerate() {
                let stated = self.stated.get(&place);
                let marker = stated.map_or(&requirement.marker, |stated| &stated.marker);
                for extra in marker.named_extras() {
                    by_extra.entry(extra).or_default().push(place);
                }
            }
            by_extra
        });
        let places = by_extra.get(extra).into_iter().flatten();
        places.filter_map(|place| self.requirements.get(*place))
    }
}

/// Places of requirements by the extras that their markers ask about: what follows from the requirements makes no difference between two.
#[derive(Debug, Clone, Default)]
pub struct ByExtra(OnceLock<BTreeMap<Name, Vec<usize>>>);

impl PartialEq for ByExtra {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for ByExtra {}
