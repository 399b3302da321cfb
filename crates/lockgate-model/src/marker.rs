//! Environment markers (PEP 508) and the environment of one machine that they are asked about.

use std::fmt;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Bound;

use pep508_rs::{
    ExtraName, ExtraOperator, MarkerEnvironment, MarkerExpression, MarkerOperator, MarkerTree,
    MarkerTreeKind, MarkerValueExtra, MarkerValueString, MarkerValueVersion,
};
use version_ranges::Ranges;

use crate::requirement::cost::{TOO_MUCH_WORK, is_too_much_work};
use crate::requirement::marker_text::for_parser;
use crate::requirement::parse::{TOO_LONG, is_too_long};
use crate::{Name, Version, VersionSet};

/// A condition on the environment and on the extras asked for.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
        if is_too_much_work(text) {
            return Err(MarkerError(TOO_MUCH_WORK.to_owned()));
        }
        let text = for_parser(text).map_err(|why| MarkerError(why.to_owned()))?;
        MarkerTree::parse_str::<pep508_rs::VerbatimUrl>(&text)
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

    /// The extras that it asks about.
    pub fn named_extras(&self) -> BTreeSet<Name> {
        let names = extras_of(&self.0).into_iter();
        // A name that is none can be asked for by nobody.
        let names = names.filter_map(|extra| Name::new(&extra.to_string()).ok());
        names.collect()
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

    /// Where it does not hold.
    #[must_use]
    pub fn not(&self) -> Self {
        Self(self.0.negate())
    }

    /// Holds from a Python version upwards.
    pub fn from_python(lowest: &Version) -> Self {
        // The text of a version is a version.
        Self::parse(&format!("python_full_version >= '{lowest}'"))
            .unwrap_or_else(|_| Self::always())
    }

    /// What is left of it when exactly `extras` are asked for.
    #[must_use]
    pub fn with_extras(&self, extras: &[Name]) -> Self {
        if self.0.is_true() || self.0.is_false() {
            return self.clone();
        }
        if extras_of(&self.0).is_empty() {
            return self.clone();
        }
        let ways = self.0.to_dnf();
        let of_extra = |expression: &MarkerExpression| match expression {
            MarkerExpression::Extra { operator, name } => {
                let mut asked = extras.iter();
                let is_asked = match name {
                    MarkerValueExtra::Extra(name) => {
                        asked.any(|asked| asked.as_str() == name.as_ref())
                    }
                    // No name of an extra.
                    MarkerValueExtra::Arbitrary(_) => false,
                };
                Some(is_asked == (*operator == ExtraOperator::Equal))
            }
            _ => None,
        };
        let mut any = MarkerTree::FALSE;
        for way in ways {
            if way
                .iter()
                .any(|expression| of_extra(expression) == Some(false))
            {
                continue;
            }
            let mut all = MarkerTree::TRUE;
            for expression in way {
                if of_extra(&expression).is_none() {
                    all.and(MarkerTree::expression(expression));
                }
            }
            any.or(all);
        }
        Self(any)
    }

    /// The same marker with one name for each system: `sys_platform` in place of `platform_system` and `os_name` where they say the same.
    #[must_use]
    pub fn with_one_name_for_systems(&self) -> Self {
        if self.0.is_true() || self.0.is_false() {
            return self.clone();
        }
        let mut any = MarkerTree::FALSE;
        for way in self.0.to_dnf() {
            let mut all = MarkerTree::TRUE;
            for expression in way {
                all.and(MarkerTree::expression(renamed(expression)));
            }
            any.or(all);
        }
        Self(any)
    }

    /// The Python versions that some environment that it admits may have.
    pub fn pythons(&self) -> VersionSet {
        let mut known = HashMap::new();
        VersionSet::from_plain(&pythons(&self.0, &mut known))
    }

    /// A simpler marker that holds in the same environments of a Python from `lowest` upwards.
    #[must_use]
    pub fn simplified_from(&self, lowest: &Version) -> Self {
        let tree = self.0.clone();
        Self(tree.simplify_python_versions(Bound::Included(lowest), Bound::Unbounded))
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

    /// `sys_platform`.
    pub fn system(&self) -> &str {
        self.0.sys_platform()
    }

    /// `python_full_version`.
    pub fn python_full_version(&self) -> &Version {
        &self.0.python_full_version().version
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An expression about a known system, by `sys_platform`.
fn renamed(expression: MarkerExpression) -> MarkerExpression {
    let MarkerExpression::String {
        key,
        operator: operator @ (MarkerOperator::Equal | MarkerOperator::NotEqual),
        value,
    } = &expression
    else {
        return expression;
    };
    let platform = match (key, value.as_str()) {
        (MarkerValueString::PlatformSystem, "Windows") | (MarkerValueString::OsName, "nt") => {
            "win32"
        }
        (MarkerValueString::PlatformSystem, "Linux") => "linux",
        (MarkerValueString::PlatformSystem, "Darwin") => "darwin",
        _ => return expression,
    };
    MarkerExpression::String {
        key: MarkerValueString::SysPlatform,
        operator: *operator,
        value: platform.to_owned(),
    }
}

/// The extras that a tree asks about.
fn extras_of(tree: &MarkerTree) -> BTreeSet<MarkerValueExtra> {
    let mut extras = BTreeSet::new();
    collect_extras(tree, &mut HashSet::new(), &mut extras);
    extras
}

/// Adds the extras that a tree asks about; `seen` are the parts that were looked at.
fn collect_extras(
    tree: &MarkerTree,
    seen: &mut HashSet<MarkerTree>,
    extras: &mut BTreeSet<MarkerValueExtra>,
) {
    let children: Vec<MarkerTree> = match tree.kind() {
        MarkerTreeKind::True | MarkerTreeKind::False => return,
        MarkerTreeKind::Extra(extra) => {
            extras.insert(extra.name().clone());
            extra.children().map(|(_, child)| child).collect()
        }
        MarkerTreeKind::Version(versions) => versions.edges().map(|(_, child)| child).collect(),
        MarkerTreeKind::String(strings) => strings.children().map(|(_, child)| child).collect(),
        MarkerTreeKind::In(values) => values.children().map(|(_, child)| child).collect(),
        MarkerTreeKind::Contains(values) => values.children().map(|(_, child)| child).collect(),
    };
    for child in &children {
        if seen.insert(child.clone()) {
            collect_extras(child, seen, extras);
        }
    }
}

/// The Python versions along the ways of a tree that end well.
fn pythons(tree: &MarkerTree, known: &mut HashMap<MarkerTree, Ranges<Version>>) -> Ranges<Version> {
    if let Some(known) = known.get(tree) {
        return known.clone();
    }
    let either = |children: Vec<MarkerTree>, known: &mut HashMap<MarkerTree, Ranges<Version>>| {
        children.iter().fold(Ranges::empty(), |all, child| {
            all.union(&pythons(child, known))
        })
    };
    let found = match tree.kind() {
        MarkerTreeKind::True => Ranges::full(),
        MarkerTreeKind::False => Ranges::empty(),
        MarkerTreeKind::Version(versions) => {
            let is_python = *versions.key() == MarkerValueVersion::PythonFullVersion;
            let mut all = Ranges::empty();
            for (range, child) in versions.edges() {
                let below = pythons(&child, known);
                let here = if is_python {
                    below.intersection(range)
                } else {
                    below
                };
                all = all.union(&here);
            }
            all
        }
        MarkerTreeKind::String(strings) => {
            either(strings.children().map(|(_, child)| child).collect(), known)
        }
        MarkerTreeKind::In(values) => {
            either(values.children().map(|(_, child)| child).collect(), known)
        }
        MarkerTreeKind::Contains(values) => {
            either(values.children().map(|(_, child)| child).collect(), known)
        }
        MarkerTreeKind::Extra(extras) => {
            either(extras.children().map(|(_, child)| child).collect(), known)
        }
    };
    known.insert(tree.clone(), found.clone());
    found
}
