//! From metadata and markers to what a release asks for in the target environment.

use lockgate_model::{Environment, Metadata, Name, Origin, Source, Specifiers, Why};

use crate::bounds::Bound;
use crate::changes::{Changes, in_place_of};
use crate::sources::unmarked;

/// One requirement of a release that holds in the target environment.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) name: Name,
    pub(crate) extras: Vec<Name>,
    pub(crate) bound: Bound,
    /// As text, without its marker.
    pub(crate) text: String,
    /// The override that took its place, if one did.
    pub(crate) overridden: Option<Origin>,
}

/// What `metadata` ask for: without an extra, or in addition for one extra. A direct reference makes the release unusable, unless the
/// sources ask for the project at the same place (`is_at`): nobody else may decide where it comes from.
pub(crate) fn active(
    metadata: &Metadata,
    environment: &Environment,
    changes: &Changes,
    extra: Option<&Name>,
    is_at: impl Fn(&Name, &str) -> bool,
) -> Result<Vec<Dependency>, Why> {
    let mut dependencies = Vec::new();
    for requirement in &metadata.requirements {
        // What a project says of itself, mostly of its extras, is nobody else's matter.
        let overrides = changes
            .overrides(&requirement.name)
            .filter(|_| requirement.name != metadata.name);
        let holds = |extras: &[Name]| match overrides {
            Some(_) => requirement.marker.may_hold(extras),
            None => requirement.marker.holds(environment, extras),
        };
        if !is_asked_for(extra, holds) || changes.excludes(&requirement.name) {
            continue;
        }
        if let Some(overrides) = overrides {
            let dependency = |wanted| in_place_of(requirement, wanted);
            dependencies.extend(overrides.iter().map(dependency));
            continue;
        }
        match &requirement.source {
            Source::Url(url) if !is_at(&requirement.name, url) => {
                return Err(Why::Metadata(format!(
                    "it requires `{}`, a direct reference that the sources do not ask for",
                    unmarked(requirement)
                )));
            }
            Source::Url(_) => dependencies.push(Dependency {
                name: requirement.name.clone(),
                extras: requirement.extras.clone(),
                bound: Bound::of(&Specifiers::any()),
                text: unmarked(requirement),
                overridden: None,
            }),
            Source::Index(specifiers) => dependencies.push(Dependency {
                name: requirement.name.clone(),
                extras: requirement.extras.clone(),
                bound: Bound::of(specifiers),
                text: unmarked(requirement),
                overridden: None,
            }),
        }
    }
    Ok(dependencies)
}

/// Whether a requirement is one without any extra (none), or one that an extra adds.
fn is_asked_for(extra: Option<&Name>, holds: impl Fn(&[Name]) -> bool) -> bool {
    match extra {
        None => holds(&[]),
        Some(extra) => holds(std::slice::from_ref(extra)) && !holds(&[]),
    }
}

/// Whether a release has an extra: it says so, or guards something by it.
pub(crate) fn has_extra(metadata: &Metadata, environment: &Environment, extra: &Name) -> bool {
    metadata.extras.contains(extra)
        || metadata.requirements.iter().any(|requirement| {
            is_asked_for(Some(extra), |extras| {
                requirement.marker.holds(environment, extras)
            })
        })
}
