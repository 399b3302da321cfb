//! The metadata of a release, from one of its files: what it requires, on which Pythons.
//!
//! Tried in the order of cost: the file that the index serves beside a wheel (PEP 658/714), the wheel's directory by range requests
//! ([`wheel`], [`remote`]), the whole wheel; of source distributions the static PKG-INFO ([`sdist`]). Nothing is ever built or run.
//!
//! What was learned is kept for good under the file's digest ([`stored`]), also that a file has nothing usable to say.

mod headers;
mod local;
mod project_table;
mod range;
mod remote;
mod sdist;
mod stored;
#[cfg(test)]
mod tests;
mod wheel;
mod whole;

pub(crate) use headers::Stated;
pub(crate) use local::read as read_local;
pub(crate) use remote::{Source, fetch};
pub(crate) use stored::decode;
pub(crate) use wheel::probe;
pub use whole::{archived_pyproject, built_metadata};
pub(crate) use whole::{of_archive, of_pkg_info};

/// The most bytes that metadata may have. Real ones stay below one mebibyte.
pub(crate) const LIMIT: u64 = 16 * 1024 * 1024;
