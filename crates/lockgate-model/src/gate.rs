//! The port through which the solver asks whether a release may be chosen.

use std::sync::Arc;

use crate::{Advisory, FactError, Name, ProjectStatus, Version, VersionSet};

/// Which releases are to be avoided, and by which rule. Immutable within a run.
///
/// What cannot be learned about a project is [`FactError::Unlearned`], never [`Verdict::Clear`].
pub trait Gate: Send + Sync {
    /// The versions of a project whose verdict is not [`Verdict::Clear`]; none is the fast path.
    fn affected(&self, name: &Name) -> Result<Option<Arc<VersionSet>>, FactError>;

    /// What is to be done about one version. Local versions are judged as their public version too.
    fn verdict(&self, name: &Name, version: &Version) -> Result<Verdict, FactError>;

    /// The advisories that affect `before`, and no longer `version`: what `version` fixes. Advisories that are ignored do not count, nor
    /// do those about malicious packages, which no later release mends. What counts does not depend on the mode, unless that is `off`.
    fn fixes(
        &self,
        _name: &Name,
        _before: &Version,
        _version: &Version,
    ) -> Result<Vec<Arc<Advisory>>, FactError> {
        Ok(Vec::new())
    }

    /// Says which projects may be asked about soon. Never blocks and never changes an answer.
    fn hint(&self, _names: &[Name]) {}

    /// What is to be done about all versions of a project of this status (PEP 792).
    fn project_verdict(&self, name: &Name, status: &ProjectStatus) -> Verdict;
}

/// Answer of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing speaks against it.
    Clear,
    /// To be chosen last (`prefer`).
    Avoid(Arc<Reason>),
    /// Not to be chosen.
    Deny(Arc<Reason>),
}

/// What speaks against a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The advisories that count, in the order of their ids; none for a quarantined project.
    pub advisories: Vec<Arc<Advisory>>,
    /// The rule that makes them count.
    pub rule: Rule,
}

/// The rule behind a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The gate's mode, with the setting's origin (`gate = "deny"` in `lockgate.toml`, `--gate deny`, the default).
    Mode {
        /// `deny` or `prefer`.
        mode: &'static str,
        /// Where it was set.
        origin: String,
    },
    /// Malicious packages are denied in every mode but `off`.
    Malicious,
    /// Quarantined projects are denied in every mode but `off`.
    Quarantined(Option<String>),
}

/// The gate that lets everything through: `--gate off`, and tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenGate;

impl Gate for OpenGate {
    fn affected(&self, _: &Name) -> Result<Option<Arc<VersionSet>>, FactError> {
        Ok(None)
    }

    fn verdict(&self, _: &Name, _: &Version) -> Result<Verdict, FactError> {
        Ok(Verdict::Clear)
    }

    fn project_verdict(&self, _: &Name, _: &ProjectStatus) -> Verdict {
        Verdict::Clear
    }
}
