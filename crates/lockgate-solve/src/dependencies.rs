//! From metadata and markers to what a release asks for in the target region.

use std::collections::BTreeMap;

use lockgate_model::{
    Marker, Metadata, Name, Origin, Region, Requirement, Source, Specifiers, Version, Why,
};

use crate::bounds::{Bound, admitted};
use crate::changes::{Changes, in_place_of};
use crate::conditions;
use crate::sources::unmarked;

/// Up to this many requirements of one project by one release stay apart.
pub(crate) const MAX_SEPARATE: usize = 64;
/// What a version specifier begins with.
pub(crate) const OPERATORS: [char; 5] = ['<', '>', '=', '!', '~'];

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
    for requirement in requirements(metadata, extra) {
        // What a project says of itself, mostly of its extras, is nobody else's matter.
        let overrides = changes
            .overrides(&requirement.name)
            .filter(|_| requirement.name != metadata.name);
        if changes.excludes(&requirement.name) {
            continue;
        }
        if let Some(overrides) = overrides {
            let stated = metadata.stated_in_part(requirement);
            let own = stated.map_or(&requirement.marker, |stated| &stated.marker);
            if is_asked_for(extra, |extras| own.may_hold(extras)) {
                let here = |mut dependency: Dependency| {
                    if let Some(stated) = stated {
                        let marker = dependency.marker.and(&stated.only);
                        dependency.marker = region.within(&marker, &[])?;
                    }
                    Some(dependency)
                };
                let dependency = |wanted| here(in_place_of(requirement, wanted));
                dependencies.extend(overrides.iter().filter_map(dependency));
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
    let conditions = dependencies.iter().map(|need| (&need.name, &need.marker));
    if let Some(name) = conditions::over(conditions) {
        return Err(Why::Metadata(conditions::too_many(name)));
    }
    Ok(merged(dependencies))
}

/// The requirements that may hold without an extra, or that may be added by one.
fn requirements<'m>(
    metadata: &'m Metadata,
    extra: Option<&Name>,
) -> Box<dyn Iterator<Item = &'m Requirement> + 'm> {
    match extra {
        None => Box::new(metadata.requirements.iter()),
        Some(extra) => Box::new(metadata.requirements_about(extra)),
    }
}

/// Merges the requirements of one project that are more than people read, so that what they admit together is worked out once: the search
/// takes time with the square of how many there are. Few stay apart, each to be named in an explanation.
fn merged(dependencies: Vec<Dependency>) -> Vec<Dependency> {
    if dependencies.len() <= MAX_SEPARATE {
        return dependencies;
    }
    let key = |need: &Dependency| {
        let is_plain = need.overridden.is_none() && need.text.find(OPERATORS).is_some();
        let is_plain = is_plain && !need.text.contains('@');
        is_plain.then(|| (need.name.clone(), need.extras.clone(), need.marker.clone()))
    };
    let mut places: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (place, need) in dependencies.iter().enumerate() {
        if let Some(key) = key(need) {
            places.entry(key).or_default().push(place);
        }
    }
    let mut is_merged = vec![false; dependencies.len()];
    let mut at_first: BTreeMap<usize, Dependency> = BTreeMap::new();
    for places in places.into_values().filter(|all| all.len() > MAX_SEPARATE) {
        let group: Vec<&Dependency> = places
            .iter()
            .filter_map(|place| dependencies.get(*place))
            .collect();
        for place in &places {
            if let Some(flag) = is_merged.get_mut(*place) {
                *flag = true;
            }
        }
        if let (Some(first), Some(one)) = (places.first(), as_one(&group)) {
            at_first.insert(*first, one);
        }
    }
    let all = dependencies.into_iter().zip(is_merged).enumerate();
    all.filter_map(|(place, (need, is_merged))| {
        at_first.remove(&place).or((!is_merged).then_some(need))
    })
    .collect()
}

/// Requirements of one project as a single one.
fn as_one(group: &[&Dependency]) -> Option<Dependency> {
    let mut one = Dependency::clone(group.first()?);
    one.bound = Bound {
        set: admitted(group.iter().map(|need| &need.bound)),
        names_prerelease: group.iter().any(|need| need.bound.names_prerelease),
        is_exact: group.iter().any(|need| need.bound.is_exact),
    };
    for need in group.iter().skip(1) {
        let clauses = need.text.find(OPERATORS);
        one.text.push(',');
        one.text.push_str(
            clauses
                .and_then(|at| need.text.get(at..))
                .unwrap_or_default(),
        );
    }
    Some(one)
}

/// The direct references among what `metadata` ask for that the sources do not ask for, and where in the region each of them holds.
pub(crate) fn foreign_references<'m>(
    metadata: &'m Metadata,
    region: &Region,
    changes: &Changes,
    extra: Option<&Name>,
    is_at: impl Fn(&Name, &str) -> bool,
) -> impl Iterator<Item = (Marker, &'m Requirement)> {
    requirements(metadata, extra).filter_map(move |requirement| {
        let Source::Url(url) = &requirement.source else {
            return None;
        };
        let name = &requirement.name;
        let is_changed =
            changes.excludes(name) || (*name != metadata.name && changes.overrides(name).is_some());
        if is_changed {
            return None;
        }
        // Only a reference that holds is asked about: facts may keep what is missing.
        let marker = asked_where(&requirement.marker, region, extra)?;
        (!is_at(name, url)).then_some((marker, requirement))
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
        || (metadata.requirements_about(extra))
            .any(|requirement| asked_where(&requirement.marker, region, Some(extra)).is_some())
}
