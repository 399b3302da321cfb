//! From text to [`Requirement`].

use super::{Requirement, RequirementError, Source};
use crate::{Marker, Name, Specifiers};

/// Reads one dependency specifier.
pub(super) fn requirement(text: &str) -> Result<Requirement, RequirementError> {
    check_names(text)?;
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

/// The parser below panics on a name or an extra that ends in a separator and is followed by something; such a text is refused here.
fn check_names(text: &str) -> Result<(), RequirementError> {
    let text = text.trim_start();
    let name_end = text.find(|c| !is_of_name(c)).unwrap_or(text.len());
    let (name, after) = text.split_at(name_end);
    let extras = after.trim_start().strip_prefix('[').unwrap_or_default();
    let extras = extras.split(']').next().unwrap_or_default();
    for word in extras.split(',').map(str::trim).chain([name]) {
        // Of an extra followed by more than the grammar admits, the parser has a word of its own to say.
        let word = word.split(|c| !is_of_name(c)).next().unwrap_or_default();
        if word.ends_with(['-', '_', '.']) {
            Name::new(word).map_err(|error| RequirementError::Syntax(error.to_string()))?;
        }
    }
    Ok(())
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::requirement;

    #[test]
    fn names_that_end_in_a_separator_are_errors_and_no_panic() {
        for text in [
            "a-",
            "a-!",
            "a- >=1",
            "a.[x]",
            "a_;",
            " a-==1",
            "a[x-]",
            "a[x, y.]",
            "a[x- ]>=1",
            "a[x-,y]",
            "a [x_]",
            "a[x-",
            "a[x- y]",
            "a ; extra == 'b-'.",
            "a-@ file:x",
        ] {
            assert!(requirement(text).is_err(), "{text}");
        }
        for text in ["a-b", "a.b[x-y,z.w]>=1", "a ; extra == 'b-c'"] {
            assert!(requirement(text).is_ok(), "{text}");
        }
    }
}
