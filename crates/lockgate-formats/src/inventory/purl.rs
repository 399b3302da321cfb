//! Package URLs as bills of materials have them.

use std::str::FromStr as _;

use lockgate_model::Item;
use packageurl::PackageUrl;

use super::item::{From, Stated};

/// What a package URL says.
#[derive(Debug)]
pub(super) enum Purl {
    /// A package of Python's index.
    PyPi(Box<Item>),
    /// A package of something else; its type.
    Other(String),
    /// It is none.
    Bad,
}

/// Reads a package URL, which stands on `line`.
pub(super) fn read(text: &str, line: usize) -> Purl {
    // The scheme may be in any case, and the reader below knows one.
    let after = text.trim().split_once(':');
    let after = after.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("pkg"));
    let after = after.map_or("", |(_, after)| after);
    let Ok(purl) = PackageUrl::from_str(&format!("pkg:{after}")) else {
        // Even so its beginning tells whose it is.
        let kind = after
            .trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or_default();
        return match kind.to_ascii_lowercase().as_str() {
            "" | "pypi" => Purl::Bad,
            other => Purl::Other(other.to_owned()),
        };
    };
    if !purl.ty().eq_ignore_ascii_case("pypi") {
        return Purl::Other(purl.ty().to_owned());
    }
    let of = |key: &str| purl.qualifiers().get(key).map(AsRef::<str>::as_ref);
    let from = match (
        of("vcs_url").or_else(|| of("download_url")),
        of("repository_url"),
    ) {
        (Some(address), _) => From::direct(address),
        (None, Some(index)) => From::index(index),
        (None, None) => From::Index(None),
    };
    // What has a namespace is no project of the index, whatever its name.
    let name = match purl.namespace() {
        Some(namespace) => format!("{namespace}/{}", purl.name()),
        None => purl.name().to_owned(),
    };
    let stated = Stated {
        name: &name,
        version: purl.version(),
        line,
        from,
    };
    Purl::PyPi(Box::new(stated.item()))
}
