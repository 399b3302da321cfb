//! From metadata and markers to what a release asks for in the target environment.

use lockgate_model::{Environment, Metadata, Name, Source, Specifiers, Why};

use crate::bounds::Bound;
use crate::sources::unmarked;

/// One requirement of a release that holds in the target environment.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) name: Name,
    pub(crate) extras: Vec<Name>,
    pub(crate) bound: Bound,
    /// As text, without its marker.
    pub(crate) text: String,
}

/// What `metadata` ask for: without an extra, or in addition for one extra. A direct reference makes the release unusable, unless the
/// sources ask for the project at the same place (`is_at`): nobody else may decide where it comes from.
pub(crate) fn active(
    metadata: &Metadata,
    environment: &Environment,
    extra: Option<&Name>,
    is_at: impl Fn(&Name, &str) -> bool,
) -> Result<Vec<Dependency>, Why> {
    let mut dependencies = Vec::new();
    for requirement in &metadata.requirements {
        let holds = match extra {
            None => requirement.marker.holds(environment, &[]),
            Some(extra) => {
                requirement
                    .marker
                    .holds(environment, std::slice::from_ref(extra))
                    && !requirement.marker.holds(environment, &[])
            }
        };
        if !holds {
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
            }),
            Source::Index(specifiers) => dependencies.push(Dependency {
                name: requirement.name.clone(),
                extras: requirement.extras.clone(),
                bound: Bound::of(specifiers),
                text: unmarked(requirement),
            }),
        }
    }
    Ok(dependencies)
}

/// Whether a release has an extra: it says so, or guards something by it.
pub(crate) fn has_extra(metadata: &Metadata, environment: &Environment, extra: &Name) -> bool {
    metadata.extras.contains(extra)
        || metadata.requirements.iter().any(|requirement| {
            requirement
                .marker
                .holds(environment, std::slice::from_ref(extra))
                && !requirement.marker.holds(environment, &[])
        })
}
