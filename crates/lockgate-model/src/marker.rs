//! Environment markers (PEP 508) and the environment of one machine that they are asked about.

mod compare;
mod evaluate;
mod parse;
mod python;
mod text;

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Bound;

use pep508_rs::{
    ExtraName, MarkerEnvironment, MarkerExpression, MarkerOperator, MarkerTree, MarkerTreeKind,
    MarkerValueExtra, MarkerValueString, MarkerValueVersion,
};
use version_ranges::Ranges;

use self::evaluate::Unknown;
use crate::requirement::cost::{TOO_MUCH_WORK, is_too_much_work};
use crate::requirement::parse::{TOO_LONG, is_too_long};
use crate::{Name, Version, VersionSet};

/// A condition on the environment and on the extras asked for.
///
/// Two markers are the same where they hold in the same environments whose Python is a final version.
#[derive(Clone)]
pub struct Marker {
    /// Over environments whose Python is a final version: what markers are set off against each other by.
    finals: MarkerTree,
    /// With pre-releases of Python as places of their own: what markers are evaluated by on one.
    exact: MarkerTree,
}

impl PartialEq for Marker {
    fn eq(&self, other: &Self) -> bool {
        self.finals == other.finals
    }
}

impl Eq for Marker {}

impl Hash for Marker {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.finals.hash(state);
    }
}

impl Ord for Marker {
    fn cmp(&self, other: &Self) -> Ordering {
        self.finals.cmp(&other.finals)
    }
}

impl PartialOrd for Marker {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A text that is no marker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MarkerError(pub String);

impl Marker {
    /// The marker that always holds.
    pub fn always() -> Self {
        Self::of(MarkerTree::TRUE)
    }

    /// The marker that holds nowhere.
    pub fn never() -> Self {
        Self::of(MarkerTree::FALSE)
    }

    /// Reads what stands behind the `;` of a requirement.
    pub fn parse(text: &str) -> Result<Self, MarkerError> {
        if is_too_long(text) {
            return Err(MarkerError(TOO_LONG.to_owned()));
        }
        if is_too_much_work(text) {
            return Err(MarkerError(TOO_MUCH_WORK.to_owned()));
        }
        Self::parse_checked(text)
    }

    /// Reads a marker of which the limits and letters were looked at.
    pub(crate) fn parse_checked(text: &str) -> Result<Self, MarkerError> {
        let read = parse::parse(text).map_err(MarkerError)?;
        Ok(read.marker)
    }

    /// What is wrong with its first comparison that cannot be made, or that nobody means; none where the text is sound, or no marker at all.
    pub(crate) fn fault(text: &str) -> Option<String> {
        parse::parse(text).ok()?.fault
    }

    /// The marker of a tree that says nothing about Python's version.
    fn of(tree: MarkerTree) -> Self {
        Self {
            finals: tree.clone(),
            exact: tree,
        }
    }

    /// The tree that it is evaluated by in `environment`.
    fn tree(&self, environment: &Environment) -> &MarkerTree {
        let python = environment.python_full_version();
        if python.any_prerelease() || python.is_local() {
            &self.exact
        } else {
            &self.finals
        }
    }

    /// Whether it holds everywhere, whatever is asked for.
    pub fn is_always(&self) -> bool {
        self.finals.is_true()
    }

    /// Whether it can hold nowhere.
    pub fn is_never(&self) -> bool {
        self.finals.is_false()
    }

    /// Whether it holds in `environment` when exactly `extras` are asked for. What it asks of a value that is not known counts as holding.
    pub fn holds(&self, environment: &Environment, extras: &[Name]) -> bool {
        let tree = self.tree(environment);
        evaluate::holds(tree, &environment.values, extras, Unknown::Holds)
    }

    /// Returns what is left to ask in `environment` when exactly `extras` are asked for: none if it does not hold, `always` if it does, else
    /// what it asks of values that are not known.
    pub fn left_in(&self, environment: &Environment, extras: &[Name]) -> Option<Self> {
        let tree = self.tree(environment);
        if !evaluate::holds(tree, &environment.values, extras, Unknown::Holds) {
            return None;
        }
        if evaluate::holds(tree, &environment.values, extras, Unknown::Fails) {
            return Some(Self::always());
        }
        Some(Self::of(evaluate::residual(
            tree,
            &environment.values,
            extras,
        )))
    }

    /// Whether some environment admits it when exactly `extras` are asked for.
    pub fn may_hold(&self, extras: &[Name]) -> bool {
        let extras: Vec<ExtraName> = extras
            .iter()
            .filter_map(|extra| ExtraName::new(extra.as_str().to_owned()).ok())
            .collect();
        self.finals.evaluate_extras(&extras)
    }

    /// Whether, in `environment`, it could hold for some extras but does not without them.
    pub fn needs_extra(&self, environment: &Environment) -> bool {
        if self.holds(environment, &[]) {
            return false;
        }
        let any = self.on_trees(|tree| tree.clone().simplify_extras_with(|_| true));
        any.holds(environment, &[])
    }

    /// What it asks of the environment where these extras are asked for.
    #[must_use]
    pub fn given(&self, extras: &[Name]) -> Self {
        let is_given =
            |extra: &ExtraName| extras.iter().any(|name| name.as_str() == extra.as_ref());
        self.on_trees(|tree| tree.clone().simplify_extras_with(is_given))
    }

    fn on_trees(&self, change: impl Fn(&MarkerTree) -> MarkerTree) -> Self {
        if self.finals == self.exact {
            return Self::of(change(&self.finals));
        }
        Self {
            finals: change(&self.finals),
            exact: change(&self.exact),
        }
    }

    fn with_other(&self, other: &Self, join: impl Fn(&mut MarkerTree, MarkerTree)) -> Self {
        let joined = |one: &MarkerTree, other: &MarkerTree| {
            let mut tree = one.clone();
            join(&mut tree, other.clone());
            tree
        };
        let finals = joined(&self.finals, &other.finals);
        if self.finals == self.exact && other.finals == other.exact {
            return Self::of(finals);
        }
        Self {
            finals,
            exact: joined(&self.exact, &other.exact),
        }
    }

    /// The extras that it asks about.
    pub fn named_extras(&self) -> BTreeSet<Name> {
        let names = extras_of(&self.finals).into_iter();
        // A name that is none can be asked for by nobody.
        let names = names.filter_map(|extra| Name::new(&extra.to_string()).ok());
        names.collect()
    }

    /// Both conditions at once.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.with_other(other, MarkerTree::and)
    }

    /// Either condition.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        self.with_other(other, MarkerTree::or)
    }

    /// Whether both can never hold together.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.finals.is_disjoint(&other.finals)
    }

    /// Where it does not hold.
    #[must_use]
    pub fn not(&self) -> Self {
        self.on_trees(MarkerTree::negate)
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
        if extras_of(&self.finals).is_empty() {
            return self.clone();
        }
        self.on_trees(|tree| evaluate::with_extras(tree, extras))
    }

    /// The same marker with one name for each system: `sys_platform` in place of `platform_system` and `os_name` where they say the same.
    #[must_use]
    pub fn with_one_name_for_systems(&self) -> Self {
        if self.finals.is_true() || self.finals.is_false() {
            return self.clone();
        }
        let mut any = MarkerTree::FALSE;
        for way in self.finals.to_dnf() {
            let mut all = MarkerTree::TRUE;
            for expression in way {
                all.and(MarkerTree::expression(renamed(expression)));
            }
            any.or(all);
        }
        Self {
            finals: any,
            exact: self.exact.clone(),
        }
    }

    /// The Python versions that some environment that it admits may have.
    pub fn pythons(&self) -> VersionSet {
        let mut known = HashMap::new();
        VersionSet::from_plain(&pythons(&self.finals, &mut known))
    }

    /// A simpler marker that holds in the same environments of a Python from `lowest` upwards.
    #[must_use]
    pub fn simplified_from(&self, lowest: &Version) -> Self {
        self.on_trees(|tree| {
            let tree = tree.clone();
            tree.simplify_python_versions(Bound::Included(&lowest.clamped()), Bound::Unbounded)
        })
    }

    /// Its text, or none when it always holds.
    pub fn to_text(&self) -> Option<String> {
        text::of(&self.finals)
    }
}

impl fmt::Debug for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_text().as_deref().unwrap_or("always"))
    }
}

/// The marker values of one environment (PEP 508, "Environment Markers").
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Environment {
    values: MarkerEnvironment,
    python: Version,
}

impl Environment {
    pub(crate) fn new(values: MarkerEnvironment) -> Self {
        let python = values.python_full_version().version.clone().into();
        Self { values, python }
    }

    /// The values.
    pub(crate) fn values(&self) -> &MarkerEnvironment {
        &self.values
    }

    /// Whether a build for one is a build for the other: Python without its patch, implementation, system and machine are the same.
    pub fn builds_like(&self, other: &Self) -> bool {
        let (one, other) = (&self.values, &other.values);
        one.python_version() == other.python_version()
            && one.implementation_name() == other.implementation_name()
            && one.sys_platform() == other.sys_platform()
            && one.platform_machine() == other.platform_machine()
    }

    /// `sys_platform`.
    pub fn system(&self) -> &str {
        self.values.sys_platform()
    }

    /// `python_full_version`.
    pub fn python_full_version(&self) -> &Version {
        &self.python
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.values.fmt(f)
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

type PythonRanges = Ranges<pep440_rs::Version>;

/// The Python versions along the ways of a tree that end well.
fn pythons(tree: &MarkerTree, known: &mut HashMap<MarkerTree, PythonRanges>) -> PythonRanges {
    if let Some(known) = known.get(tree) {
        return known.clone();
    }
    let either = |children: Vec<MarkerTree>, known: &mut HashMap<MarkerTree, PythonRanges>| {
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
