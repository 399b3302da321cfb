//! What the fuzzers run: one function for each kind of input that others write, which takes any bytes and panics where something that must
//! hold does not.
//!
//! `tests/fuzz` feeds these functions with libFuzzer; the tests of this crate replay the inputs that the fuzzers begin with, and damaged
//! copies of them, so that no target can fall behind the code. Whatever the bytes are, nothing panics, an error says something, and what
//! can be written and read again stays the same.

mod advisories;
mod configuration;
mod headers;
mod inventories;
mod locks;
mod markers;
mod metadata;
mod pages;
mod projects;
mod seeds;
mod sources;
mod texts;
mod wheels;

pub use seeds::seeds;

/// What is run with the bytes of one input.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also the name of its binary in `tests/fuzz`.
pub const TARGETS: &[(&str, Target)] = &[
    ("sources", sources::run),
    ("projects", projects::run),
    ("lock", locks::requirements),
    ("pylock", locks::pylock),
    ("header", headers::run),
    ("page-html", pages::html),
    ("page-json", pages::json),
    ("metadata", metadata::run),
    ("wheel", wheels::run),
    ("osv", advisories::run),
    ("configuration", configuration::run),
    ("markers", markers::run),
    ("uv", inventories::uv),
    ("poetry", inventories::poetry),
    ("pdm", inventories::pdm),
    ("pipfile", inventories::pipfile),
    ("cyclonedx", inventories::cyclonedx),
    ("spdx", inventories::spdx),
    ("installed", inventories::installed),
];

/// Runs the target of that name.
///
/// # Panics
///
/// When there is no such target, or when something does not hold that must.
pub fn run(target: &str, bytes: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    let (_, run) = found.unwrap_or_else(|| panic!("there is a target `{target}`"));
    run(bytes);
}

#[cfg(test)]
mod tests;
