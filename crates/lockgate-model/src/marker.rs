//! Environment markers (PEP 508) and the environment of one machine that they are asked about.

use std::fmt;

use pep508_rs::{ExtraName, MarkerEnvironment, MarkerTree};

use crate::Name;
use crate::requirement::parse::{TOO_LONG, is_too_long};

/// A condition on the environment and on the extras asked for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Marker(MarkerTree);

/// A text that is no marker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MarkerError(pub String);

impl Marker {
    /// The marker that always holds.
    pub fn always() -> Self {
        Self(MarkerTree::TRUE)
    }

    /// The marker that holds nowhere.
    pub fn never() -> Self {
        Self(MarkerTree::FALSE)
    }

    /// Reads what stands behind the `;` of a requirement.
    pub fn parse(text: &str) -> Result<Self, MarkerError> {
        if is_too_long(text) {
            return Err(MarkerError(TOO_LONG.to_owned()));
        }
        MarkerTree::parse_str::<pep508_rs::VerbatimUrl>(text)
            .map(Self)
            .map_err(|error| MarkerError(error.message.to_string()))
    }

    pub(crate) fn from_tree(tree: MarkerTree) -> Self {
        Self(tree)
    }

    /// Whether it holds everywhere, whatever is asked for.
    pub fn is_always(&self) -> bool {
        self.0.is_true()
    }

    /// Whether it can hold nowhere.
    pub fn is_never(&self) -> bool {
        self.0.is_false()
    }

    /// Whether it holds in `environment` when exactly `extras` are asked for.
    pub fn holds(&self, environment: &Environment, extras: &[Name]) -> bool {
        if self.0.is_true() {
            return true;
        }
        let extras: Vec<ExtraName> = extras
            .iter()
            .filter_map(|extra| ExtraName::new(extra.as_str().to_owned()).ok())
            .collect();
        self.0.evaluate(&environment.0, &extras)
    }

    /// Whether some environment admits it when exactly `extras` are asked for.
    pub fn may_hold(&self, extras: &[Name]) -> bool {
        let extras: Vec<ExtraName> = extras
            .iter()
            .filter_map(|extra| ExtraName::new(extra.as_str().to_owned()).ok())
            .collect();
        self.0.evaluate_extras(&extras)
    }

    /// Whether, in `environment`, it could hold for some extras but does not without them.
    pub fn needs_extra(&self, environment: &Environment) -> bool {
        if self.0.is_true() || self.0.evaluate(&environment.0, &[]) {
            return false;
        }
        let mut any = self.0.clone().simplify_extras_with(|_| true);
        any.and(MarkerTree::TRUE);
        any.evaluate(&environment.0, &[])
    }

    /// What it asks of the environment where these extras are asked for.
    #[must_use]
    pub fn given(&self, extras: &[Name]) -> Self {
        let is_given =
            |extra: &ExtraName| extras.iter().any(|name| name.as_str() == extra.as_ref());
        Self(self.0.clone().simplify_extras_with(is_given))
    }

    /// Both conditions at once.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut tree = self.0.clone();
        tree.and(other.0.clone());
        Self(tree)
    }

    /// Either condition.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let mut tree = self.0.clone();
        tree.or(other.0.clone());
        Self(tree)
    }

    /// Whether both can never hold together.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.0.is_disjoint(&other.0)
    }

    /// Its text, or none when it always holds.
    pub fn to_text(&self) -> Option<String> {
        self.0.try_to_string()
    }
}

impl fmt::Debug for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.try_to_string().as_deref().unwrap_or("always"))
    }
}

/// The marker values of one environment (PEP 508, "Environment Markers").
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Environment(MarkerEnvironment);

impl Environment {
    pub(crate) fn new(environment: MarkerEnvironment) -> Self {
        Self(environment)
    }

    /// The values.
    pub(crate) fn values(&self) -> &MarkerEnvironment {
        &self.0
    }

    /// Whether a build for one is a build for the other: Python without its patch, implementation, system and machine are the same.
    pub fn builds_like(&self, other: &Self) -> bool {
        let (one, other) = (&self.0, &other.0);
        one.python_version() == other.python_version()
            && one.implementation_name() == other.implementation_name()
            && one.sys_platform() == other.sys_platform()
            && one.platform_machine() == other.platform_machine()
    }

    /// `python_full_version`.
    pub fn python_full_version(&self) -> &pep440_rs::Version {
        &self.0.python_full_version().version
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
