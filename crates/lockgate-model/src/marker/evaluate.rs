//! Evaluating markers for one environment, and what is left to ask of one of which not everything is known.

use std::collections::HashMap;

use pep508_rs::{
    ExtraOperator, MarkerEnvironment, MarkerExpression, MarkerOperator, MarkerTree, MarkerTreeKind,
    MarkerValueExtra, MarkerValueString,
};
use version_ranges::Ranges;

use super::compare::Question;
use super::parse::Variable;
use super::python;
use crate::Name;

/// How a comparison with a value that is not known is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    Holds,
    Fails,
}

/// Whether a tree holds in `environment` with these extras.
pub(super) fn holds(
    tree: &MarkerTree,
    environment: &MarkerEnvironment,
    extras: &[Name],
    unknown: Unknown,
) -> bool {
    let kind = tree.kind();
    match &kind {
        MarkerTreeKind::True => return true,
        MarkerTreeKind::False => return false,
        _ => {}
    }
    if let Some(child) = decided(&kind, environment, Some(extras)) {
        return holds(&child, environment, extras, unknown);
    }
    let mut children = children(&kind).into_iter();
    match unknown {
        Unknown::Holds => children.any(|child| holds(&child, environment, extras, unknown)),
        Unknown::Fails => children.all(|child| holds(&child, environment, extras, unknown)),
    }
}

/// What is left to ask: questions about values of `environment` that are not known.
pub(super) fn residual(
    tree: &MarkerTree,
    environment: &MarkerEnvironment,
    extras: &[Name],
) -> MarkerTree {
    let decide = |kind: &MarkerTreeKind<'_>| decided(kind, environment, Some(extras));
    rebuilt(tree, &decide, &mut HashMap::new())
}

/// The tree where exactly these extras are asked for.
pub(super) fn with_extras(tree: &MarkerTree, extras: &[Name]) -> MarkerTree {
    let decide = |kind: &MarkerTreeKind<'_>| match kind {
        MarkerTreeKind::Extra(extra) => Some(extra.edge(is_asked_for(extra.name(), extras))),
        _ => None,
    };
    rebuilt(tree, &decide, &mut HashMap::new())
}

fn is_asked_for(name: &MarkerValueExtra, extras: &[Name]) -> bool {
    match name {
        MarkerValueExtra::Extra(name) => extras.iter().any(|extra| extra.as_str() == name.as_ref()),
        // No name of an extra.
        MarkerValueExtra::Arbitrary(_) => false,
    }
}

/// Whether a value is not known: that of a system that is only named.
fn is_unknown(environment: &MarkerEnvironment, key: &MarkerValueString) -> bool {
    matches!(
        key,
        MarkerValueString::PlatformRelease | MarkerValueString::PlatformVersion
    ) && environment.get_string(key).is_empty()
}

/// The child that the values of an environment lead to; none where the value is not known.
fn decided(
    kind: &MarkerTreeKind<'_>,
    environment: &MarkerEnvironment,
    extras: Option<&[Name]>,
) -> Option<MarkerTree> {
    match kind {
        MarkerTreeKind::True | MarkerTreeKind::False => None,
        MarkerTreeKind::Version(versions) => {
            let version = environment.get_version(versions.key());
            let mut edges = versions.edges();
            edges
                .find(|(range, _)| range.contains(version))
                .map(|(_, child)| child)
        }
        MarkerTreeKind::String(strings) if is_unknown(environment, strings.key()) => None,
        MarkerTreeKind::String(strings) => {
            let value = environment.get_string(strings.key()).to_owned();
            let mut edges = strings.children();
            edges
                .find(|(range, _)| range.contains(&value))
                .map(|(_, child)| child)
        }
        MarkerTreeKind::In(part) if is_unknown(environment, part.key()) => None,
        MarkerTreeKind::In(part) => {
            Some(part.edge(part.value().contains(environment.get_string(part.key()))))
        }
        MarkerTreeKind::Contains(part) => match Question::of_value(part.value()) {
            Some(question) => {
                let value = match question.variable {
                    Variable::PythonVersion => environment.python_version().to_string(),
                    Variable::PythonFullVersion => environment.python_full_version().to_string(),
                    Variable::ImplementationVersion => {
                        environment.implementation_version().to_string()
                    }
                    _ if is_unknown(environment, &MarkerValueString::PlatformRelease) => {
                        return None;
                    }
                    _ => environment.platform_release().to_owned(),
                };
                Some(part.edge(question.holds(&value)))
            }
            None if is_unknown(environment, part.key()) => None,
            None => Some(part.edge(environment.get_string(part.key()).contains(part.value()))),
        },
        MarkerTreeKind::Extra(extra) => {
            extras.map(|extras| extra.edge(is_asked_for(extra.name(), extras)))
        }
    }
}

fn children(kind: &MarkerTreeKind<'_>) -> Vec<MarkerTree> {
    match kind {
        MarkerTreeKind::True | MarkerTreeKind::False => Vec::new(),
        MarkerTreeKind::Version(versions) => versions.edges().map(|(_, child)| child).collect(),
        MarkerTreeKind::String(strings) => strings.children().map(|(_, child)| child).collect(),
        MarkerTreeKind::In(part) => part.children().map(|(_, child)| child).collect(),
        MarkerTreeKind::Contains(part) => part.children().map(|(_, child)| child).collect(),
        MarkerTreeKind::Extra(extra) => extra.children().map(|(_, child)| child).collect(),
    }
}

/// The tree with what `decide` answers taken out of it.
fn rebuilt(
    tree: &MarkerTree,
    decide: &dyn Fn(&MarkerTreeKind<'_>) -> Option<MarkerTree>,
    known: &mut HashMap<MarkerTree, MarkerTree>,
) -> MarkerTree {
    if tree.is_true() || tree.is_false() {
        return tree.clone();
    }
    if let Some(known) = known.get(tree) {
        return known.clone();
    }
    let kind = tree.kind();
    let found = if let Some(child) = decide(&kind) {
        rebuilt(&child, decide, known)
    } else {
        let mut below = |child: &MarkerTree| rebuilt(child, decide, known);
        let text = |key: &MarkerValueString, operator, value: &str| {
            MarkerTree::expression(MarkerExpression::String {
                key: key.clone(),
                operator,
                value: value.to_owned(),
            })
        };
        match &kind {
            MarkerTreeKind::True | MarkerTreeKind::False => tree.clone(),
            MarkerTreeKind::Version(versions) => {
                let mut any = MarkerTree::FALSE;
                for (range, child) in versions.edges() {
                    any.or(both(in_range(range), below(&child)));
                }
                any
            }
            // A text is compared for being equal alone: all that is not named leads to one child.
            MarkerTreeKind::String(strings) => {
                let mut any = MarkerTree::FALSE;
                let mut other = MarkerTree::TRUE;
                let mut otherwise = MarkerTree::FALSE;
                for (range, child) in strings.children() {
                    if let Some(value) = range.as_singleton() {
                        let is_it = text(strings.key(), MarkerOperator::Equal, value);
                        other.and(is_it.negate());
                        any.or(both(is_it, below(&child)));
                    } else {
                        otherwise = below(&child);
                    }
                }
                any.or(both(other, otherwise));
                any
            }
            MarkerTreeKind::In(part) => either(
                &text(part.key(), MarkerOperator::In, part.value()),
                below(&part.edge(true)),
                below(&part.edge(false)),
            ),
            MarkerTreeKind::Contains(part) => either(
                &text(part.key(), MarkerOperator::Contains, part.value()),
                below(&part.edge(true)),
                below(&part.edge(false)),
            ),
            MarkerTreeKind::Extra(extra) => either(
                &MarkerTree::expression(MarkerExpression::Extra {
                    operator: ExtraOperator::Equal,
                    name: extra.name().clone(),
                }),
                below(&extra.edge(true)),
                below(&extra.edge(false)),
            ),
        }
    };
    known.insert(tree.clone(), found.clone());
    found
}

fn in_range(range: &Ranges<pep440_rs::Version>) -> MarkerTree {
    let mut any = MarkerTree::FALSE;
    for (low, high) in range.iter() {
        any.or(python::in_range(low.as_ref(), high.as_ref()));
    }
    any
}

fn both(mut one: MarkerTree, other: MarkerTree) -> MarkerTree {
    one.and(other);
    one
}

fn either(condition: &MarkerTree, then: MarkerTree, otherwise: MarkerTree) -> MarkerTree {
    let mut any = both(condition.clone(), then);
    any.or(both(condition.negate(), otherwise));
    any
}
