//! Core metadata of a release, as far as solving needs it.

use crate::{Name, Requirement, Version};

/// What a distribution states of itself (core metadata specification).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// `Name`.
    pub name: Name,
    /// `Version`.
    pub version: Version,
    /// `Requires-Python`, as written.
    pub requires_python: Option<String>,
    /// `Requires-Dist`, in order.
    pub requirements: Vec<Requirement>,
    /// `Provides-Extra`.
    pub extras: Vec<Name>,
}
