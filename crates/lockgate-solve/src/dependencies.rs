//! From metadata and markers to what a release asks for in the target region.

use lockgate_model::{
    Marker, Metadata, Name, Origin, Region, Requirement, Source, Specifiers, Version, Why,
};

use crate::bounds::Bound;
use crate::changes::{Changes, in_place_of};
use crate::sources::unmarked;

/// One requirement of a release that holds in the target region, or in a part of it.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) name: Name,
    pub(crate) extras: Vec<Name>,
    pub(crate) bound: Bound,
    /// Where in the region it holds.
    pub(crate) marker: Marker,
    /// As text, without its marker.
    pub(crate) text: String,
    /// The override that took its place, if one did.
    pub(crate) overridden: Option<Origin>,
}

impl Dependency {
    /// Whether it is in the way of the version that asks for it: it is for another version of the same project.
    pub(crate) fn contradicts(&self, own: &Name, version: &Version) -> bool {
        self.name == *own && !self.bound.set.contains(version)
    }
}

/// What `metadata` ask for: without an extra, or in addition for one extra. A direct reference makes the release unusable, unless the
/// sources ask for the project at the same place (`is_at`): nobody else may decide where it comes from.
pub(crate) fn active(
    metadata: &Metadata,
    region: &Region,
    changes: &Changes,
    extra: Option<&Name>,
    is_at: impl Fn(&Name, &str) -> bool,
) -> Result<Vec<Dependency>, Why> {
    if let Some((_, requirement)) =
        foreign_references(metadata, region, changes, extra, is_at).next()
    {
        return Err(Why::Metadata(format!(
            "it requires `{}`, a direct reference that the sources do not ask for",
            unmarked(requirement)
        )));
    }
    let mut dependencies = Vec::new();
    for requirement in &metadata.requirements {
        // What a project says of itself, mostly of its extras, is nobody else's matter.
        let overrides = changes
            .overrides(&requirement.name)
            .filter(|_| requirement.name != metadata.name);
        if changes.excludes(&requirement.name) {
            continue;
        }
        if let Some(overrides) = overrides {
            if is_asked_for(extra, |extras| requirement.marker.may_hold(extras)) {
                let dependency = |wanted| in_place_of(requirement, wanted);
                dependencies.extend(overrides.iter().map(dependency));
            }
            continue;
        }
        let Some(marker) = asked_where(&requirement.marker, region, extra) else {
            continue;
        };
        match &requirement.source {
            Source::Url(_) => dependencies.push(Dependency {
                name: requirement.name.clone(),
                extras: requirement.extras.clone(),
                bound: Bound::of(&Specifiers::any()),
                marker,
                text: unmarked(requirement),
                overridden: None,
            }),
            Source::Index(specifiers) => dependencies.push(Dependency {
                name: requirement.name.clone(),
                extras: requirement.extras.clone(),
                bound: Bound::of(specifiers),
                marker,
                text: unmarked(requirement),
                overridden: None,
            }),
        }
    }
    Ok(dependencies)
}

/// The direct references among what `metadata` ask for that the sources do not ask for, and where in the region each of them holds.
pub(crate) fn foreign_references<'m>(
    metadata: &'m Metadata,
    region: &Region,
    changes: &Changes,
    extra: Option<&Name>,
    is_at: impl Fn(&Name, &str) -> bool,
) -> impl Iterator<Item = (Marker, &'m Requirement)> {
    let requirements = metadata.requirements.iter();
    requirements.filter_map(move |requirement| {
        let Source::Url(url) = &requirement.source else {
            return None;
        };
        let name = &requirement.name;
        let is_changed =
            changes.excludes(name) || (*name != metadata.name && changes.overrides(name).is_some());
        if is_changed || is_at(name, url) {
            return None;
        }
        let marker = asked_where(&requirement.marker, region, extra)?;
        Some((marker, requirement))
    })
}

/// Whether a requirement is one without any extra (none), or one that an extra adds.
fn is_asked_for(extra: Option<&Name>, holds: impl Fn(&[Name]) -> bool) -> bool {
    match extra {
        None => holds(&[]),
        Some(extra) => holds(std::slice::from_ref(extra)) && !holds(&[]),
    }
}

/// Where in the region a requirement with this marker is one without any extra (none), or one that an extra adds; none if nowhere.
pub(crate) fn asked_where(
    marker: &Marker,
    region: &Region,
    extra: Option<&Name>,
) -> Option<Marker> {
    let Some(extra) = extra else {
        return region.within(marker, &[]);
    };
    let with = region.within(marker, std::slice::from_ref(extra))?;
    match region.within(marker, &[]) {
        None => Some(with),
        Some(without) => {
            let added = with.and(&without.not());
            region.within(&added, &[])
        }
    }
}

/// Whether a release has an extra: it says so, or guards something by it.
pub(crate) fn has_extra(metadata: &Metadata, region: &Region, extra: &Name) -> bool {
    metadata.extras.contains(extra)
        || (metadata.requirements.iter())
            .any(|requirement| asked_where(&requirement.marker, region, Some(extra)).is_some())
}
