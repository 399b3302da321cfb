//! The verbs: one file each, the same rooms in another order. Rules live in the rooms; here they are only wired.

pub(crate) mod advisories;
pub(crate) mod audit;
pub(crate) mod cache;
pub(crate) mod check;
pub(crate) mod convert;
pub(crate) mod direct;
mod hash_mode;
pub(crate) mod known;
pub(crate) mod lock;
mod patches;
pub(crate) mod target;
mod unbuilt;

use crate::disk;
use crate::failure::Failure;

/// The locks named, or the one that is there by default.
pub(crate) fn locks_or_default(given: Vec<String>) -> Result<Vec<String>, Failure> {
    if !given.is_empty() {
        return Ok(given);
    }
    disk::first_there(&["requirements.txt", "pylock.toml"])?
        .map(|name| vec![name])
        .ok_or_else(|| {
            Failure::new("there is no `requirements.txt` and no `pylock.toml` in this folder")
                .remedy("name the locks")
        })
}
