//! One statement of what a release requires, where its files differ: each environment's requirements under a marker that says where.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_model::{
    ByExtra, Marker, Metadata, PointSet, Points, Requirement, Specifiers, StatedInPart, Version,
};

/// Metadata of one release, each with the points whose file states them. A requirement that is stated wherever its marker may hold stays as
/// it is.
pub(crate) fn joined(points: &Points, told: &[(Arc<Metadata>, PointSet)]) -> Option<Arc<Metadata>> {
    let (first, _) = told.first()?;
    if told.iter().all(|(other, _)| is_same(first, other)) {
        return Some(Arc::clone(first));
    }
    let all = told
        .iter()
        .fold(PointSet::NONE, |all, (_, here)| all.union(*here));
    let mut stated: Vec<(&Requirement, PointSet)> = Vec::new();
    let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (metadata, here) in told {
        for requirement in &metadata.requirements {
            let known = places.entry(requirement.to_string()).or_default();
            let same = known.iter().copied().find(|place| {
                stated
                    .get(*place)
                    .is_some_and(|(one, _)| *one == requirement)
            });
            if let Some((_, everywhere)) = same.and_then(|place| stated.get_mut(place)) {
                *everywhere = everywhere.union(*here);
            } else {
                known.push(stated.len());
                stated.push((requirement, *here));
            }
        }
    }
    let mut metadata = Metadata::clone(first);
    metadata.by_extra = ByExtra::default();
    metadata.requirements = Vec::new();
    for (requirement, here) in stated {
        let elsewhere = all.without(here);
        let marker = where_stated(points, requirement, here, elsewhere);
        if !elsewhere.is_empty() {
            let stated = StatedInPart {
                only: points.separating(here, elsewhere),
                marker: requirement.marker.clone(),
            };
            metadata.stated.insert(metadata.requirements.len(), stated);
        }
        metadata.requirements.push(Requirement {
            marker,
            ..requirement.clone()
        });
    }
    for (other, _) in told {
        for extra in &other.extras {
            if !metadata.extras.contains(extra) {
                metadata.extras.push(extra.clone());
            }
        }
    }
    metadata.requires_python = least(told.iter().map(|(other, _)| other.requires_python.as_ref()));
    Some(Arc::new(metadata))
}

/// The marker of a requirement that is stated here and not elsewhere.
fn where_stated(
    points: &Points,
    requirement: &Requirement,
    here: PointSet,
    elsewhere: PointSet,
) -> Marker {
    let marker = &requirement.marker;
    let with_extras = marker.given(&Vec::from_iter(marker.named_extras()));
    let lacking = points.touched_by(&with_extras, elsewhere);
    if lacking.is_empty() {
        return marker.clone();
    }
    let stating = points.touched_by(&with_extras, here);
    marker.and(&points.separating(stating, lacking))
}

/// The `Requires-Python` that admits the lowest Python.
fn least<'t>(texts: impl Iterator<Item = Option<&'t String>>) -> Option<String> {
    let lowest = |text: &String| -> Option<Version> {
        let specifiers = Specifiers::parse_lenient(text).ok()?;
        specifiers.set().lowest().cloned()
    };
    let mut least: Option<(Option<Version>, &String)> = None;
    for text in texts {
        let text = text?;
        let from = lowest(text);
        if least.as_ref().is_none_or(|(known, _)| from < *known) {
            least = Some((from, text));
        }
    }
    least.map(|(_, text)| text.clone())
}

/// Whether both require the same, in whatever order.
pub(crate) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    fn sorted<T: ToString>(all: &[T]) -> Vec<String> {
        let mut texts: Vec<String> = all.iter().map(ToString::to_string).collect();
        texts.sort_unstable();
        texts
    }
    if one == other {
        return true;
    }
    one.requires_python == other.requires_python
        && one.requirements.len() == other.requirements.len()
        && sorted(&one.requirements) == sorted(&other.requirements)
        && sorted(&one.extras) == sorted(&other.extras)
}
