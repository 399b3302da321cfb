//! Texts to the model and back: requirement files, `pyproject.toml`, locks, `lockgate.toml`.
//!
//! Opens no file: texts come in, and a reader for includes. Errors name file, line and remedy.

mod config;
mod error;
mod manifests;
mod path;
mod pyproject;
mod requirements;
#[cfg(test)]
mod testing;

pub mod command;
pub mod diff;
pub mod lock;

pub use config::{Config, ConfigIgnore, Set};
pub use error::InputError;
pub use manifests::Manifests;
