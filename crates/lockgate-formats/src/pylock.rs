//! `pylock.toml` (PEP 751) as a lock of our own: written, and read again.

pub mod compare;
mod names;
mod read;
mod reference;
mod scopes;
mod write;

pub use read::{Pylock, read};
pub use write::{PylockOptions, render, written};

pub(crate) use names::{
    check as check_names, check_listed as check_listed_names, release_in, version_in,
    version_of_wheels,
};
pub(crate) use write::{decoded, last_part};

/// Whether a file of this name is a `pylock.toml` (PEP 751, "File Name"): `pylock.toml`, or `pylock.NAME.toml` with a name without dots.
pub fn is_pylock(file_name: &str) -> bool {
    let Some(middle) = file_name
        .strip_prefix("pylock.")
        .and_then(|rest| rest.strip_suffix("toml"))
    else {
        return false;
    };
    middle.is_empty()
        || middle
            .strip_suffix('.')
            .is_some_and(|name| !name.is_empty() && !name.contains('.'))
}

#[cfg(test)]
mod tests;
