//! Direct references as PEP 751 has them: a repository, a folder, an archive.

use lockgate_model::{DirectKind, DirectPin};

use super::write::url_or_path;

/// Where a package is taken from that no index has: `url` or `path`, and the value.
type Address = (&'static str, String);

/// What a direct reference is to `pylock.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// `vcs`.
    Repository {
        kind: String,
        address: Address,
        revision: Option<String>,
        commit: String,
        subdirectory: Option<String>,
    },
    /// `directory`.
    Directory {
        path: String,
        editable: bool,
        subdirectory: Option<String>,
    },
    /// `archive`.
    Archive {
        address: Address,
        subdirectory: Option<String>,
    },
}

/// The place that a pin is taken from.
pub(super) fn place_of(pin: &DirectPin) -> Place {
    let (reference, fragment) = match pin.reference.split_once('#') {
        Some((reference, fragment)) => (reference, fragment),
        None => (pin.reference.as_str(), ""),
    };
    let subdirectory = fragment
        .split('&')
        .find_map(|part| part.strip_prefix("subdirectory="))
        .map(ToOwned::to_owned);
    match pin.kind {
        DirectKind::Repository => repository(reference, pin.requested.clone(), subdirectory),
        DirectKind::Folder => Place::Directory {
            path: path_of(reference),
            editable: pin.editable,
            subdirectory,
        },
        DirectKind::Archive(_) | DirectKind::File(_) => Place::Archive {
            address: if reference.contains("://") {
                url_or_path(reference)
            } else {
                ("path", path_of(reference))
            },
            subdirectory,
        },
    }
}

/// `git+https://host/repository@commit`.
fn repository(reference: &str, revision: Option<String>, subdirectory: Option<String>) -> Place {
    let (kind, address) = reference.split_once('+').unwrap_or(("git", reference));
    // A user's name has an `@` too, but no `/` after it and the host.
    let (address, commit) = match address.rsplit_once('@') {
        Some((address, commit)) if !commit.contains('/') => (address, commit),
        _ => (address, ""),
    };
    Place::Repository {
        kind: kind.to_owned(),
        address: url_or_path(address),
        revision,
        commit: commit.to_owned(),
        subdirectory,
    }
}

fn path_of(reference: &str) -> String {
    match reference.strip_prefix("file:") {
        Some(path) => super::write::decoded(path.strip_prefix("//").unwrap_or(path)),
        None => reference.to_owned(),
    }
}
