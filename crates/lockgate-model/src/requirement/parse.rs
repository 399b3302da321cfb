//! From text to [`Requirement`].

use super::{Requirement, RequirementError, Source};
use crate::{Marker, Name, Specifiers};

/// Reads one dependency specifier.
pub(super) fn requirement(text: &str) -> Result<Requirement, RequirementError> {
    let _ = (text, Specifiers::any());
    let parsed: pep508_rs::Requirement =
        text.parse().map_err(|error: pep508_rs::Pep508Error| {
            RequirementError::Syntax(error.message.to_string())
        })?;
    let mut extras: Vec<Name> = parsed
        .extras
        .iter()
        .filter_map(|extra| Name::new(extra.as_ref()).ok())
        .collect();
    extras.sort();
    extras.dedup();
    let source = match parsed.version_or_url {
        None => Source::Index(Specifiers::any()),
        Some(pep508_rs::VersionOrUrl::VersionSpecifier(specifiers)) => {
            Source::Index(specifiers.to_string().parse()?)
        }
        Some(pep508_rs::VersionOrUrl::Url(url)) => Source::Url(url.to_string()),
    };
    Ok(Requirement {
        name: Name::new(parsed.name.as_ref())
            .map_err(|error| RequirementError::Syntax(error.to_string()))?,
        extras,
        source,
        marker: Marker::from_tree(parsed.marker),
    })
}
