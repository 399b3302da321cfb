//! What is kept of a file's metadata: the texts, or why there are none that can be used.

use std::cell::RefCell;

use lockgate_model::{
    ByExtra, Metadata, Name, Requirement, RequirementError, UnusableReason, Version,
};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::headers::Stated;

/// The payload of a cache entry, as postcard.
#[derive(Debug, Serialize, Deserialize)]
enum Stored {
    Stated(Stated),
    Unusable(UnusableReason),
}

/// Writes the stored form.
pub(super) fn encode(learned: Result<Stated, UnusableReason>) -> Vec<u8> {
    let stored = match learned {
        Ok(stated) => Stored::Stated(stated),
        Err(reason) => Stored::Unusable(reason),
    };
    // Writing texts into memory does not fail; bytes that are no stored form would be fetched again.
    postcard::to_stdvec(&stored).unwrap_or_default()
}

/// Reads the stored form of the metadata of `name` at `version`. None: these bytes are not one.
pub(crate) fn decode(
    bytes: &[u8],
    name: &Name,
    version: &Version,
) -> Option<Result<Metadata, UnusableReason>> {
    match postcard::from_bytes(bytes).ok()? {
        Stored::Stated(stated) => Some(parse(stated, name, version)),
        Stored::Unusable(reason) => Some(Err(reason)),
    }
}

/// Parses what is stated, and holds it against what it should be of.
pub(super) fn parse(
    stated: Stated,
    name: &Name,
    version: &Version,
) -> Result<Metadata, UnusableReason> {
    let says = || UnusableReason::Mismatch(format!("`{} {}`", stated.name, stated.version));
    let stated_version: Version = stated.version.parse().ok().ok_or_else(says)?;
    if stated.name != *name || stated_version != *version {
        return Err(says());
    }
    let requirements = stated
        .requirements
        .iter()
        .map(|text| requirement(text))
        .collect::<Result<_, _>>()?;
    Ok(Metadata {
        name: stated.name,
        version: stated_version,
        requires_python: stated.requires_python,
        requirements,
        extras: stated.extras,
        stated: std::collections::BTreeMap::default(),
        by_extra: ByExtra::default(),
    })
}

thread_local! {
    /// The requirements that were parsed on this thread. Releases of a project differ in few of theirs, and parsing them is most of what
    /// reading metadata takes.
    static PARSED: RefCell<FxHashMap<String, Requirement>> = RefCell::default();
}

/// More requirements than this are not remembered.
const MOST_REMEMBERED: usize = 20_000;

fn requirement(text: &str) -> Result<Requirement, UnusableReason> {
    PARSED.with_borrow_mut(|parsed| {
        if let Some(known) = parsed.get(text) {
            return Ok(known.clone());
        }
        let requirement: Requirement = text.parse().map_err(|error: RequirementError| {
            UnusableReason::Malformed(format!("`Requires-Dist: {text}`: {error}"))
        })?;
        if parsed.len() < MOST_REMEMBERED {
            parsed.insert(text.to_owned(), requirement.clone());
        }
        Ok(requirement)
    })
}
