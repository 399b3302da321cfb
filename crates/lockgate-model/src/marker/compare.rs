//! Comparisons, with the meaning that `packaging` 26 gives them.
//!
//! - Values that are versions (Python's, the implementation's, the release of the system) are compared as versions where what stands on the
//!   right of the operator makes a version specifier with it; else, as all other values, as texts.
//! - Texts have no order: `<` and `>` are false, `<=` and `>=` hold where both are equal.
//! - A comparison that cannot be made (`~=` of texts) ends pip. Here it counts as one that holds: nothing that is required is left out.
//!
//! Python's versions are ranges, so that markers can be set off against each other. What is asked of the release of a system, or of the
//! version of an implementation, stays a question by itself ([`Question`]): two of them are never simplified into one.

use std::borrow::Cow;

use pep508_rs::{
    ExtraName, ExtraOperator, MarkerExpression, MarkerOperator, MarkerTree, MarkerValueExtra,
    MarkerValueString,
};

use super::Marker;
use super::parse::{Operand, Operator, Variable};
use super::python;
use crate::version::with_small_numbers;
use crate::{Specifiers, Version};

/// The marker of one comparison.
pub(super) fn marker(left: Operand<'_>, operator: Operator, right: Operand<'_>) -> Marker {
    match (left, right) {
        (Operand::Variable(variable), Operand::Text(text)) => {
            of_variable(variable, operator, text, Side::Right)
        }
        // The name of the second one is a text like another.
        (Operand::Variable(variable), Operand::Variable(other)) => {
            of_variable(variable, operator, other.name(), Side::Right)
        }
        (Operand::Text(text), Operand::Variable(variable)) => {
            of_variable(variable, operator, text, Side::Left)
        }
        (Operand::Text(text), Operand::Text(name)) => match Variable::of_name(name) {
            Some(variable) if !name.contains('.') => {
                of_variable(variable, operator, text, Side::Left)
            }
            _ => Marker::always(),
        },
    }
}

/// What is wrong with a comparison that `packaging` cannot make, or that nobody means; none of a sound one.
///
/// `packaging` takes more than this: a variable beside the name of another, or a version variable beside a text that is no version, is
/// compared as a text, and is as good as never true.
pub(super) fn fault(left: Operand<'_>, operator: Operator, right: Operand<'_>) -> Option<String> {
    let (variable, text, side) = match (left, right) {
        (Operand::Variable(variable), Operand::Text(text)) => (variable, text, Side::Right),
        (Operand::Text(text), Operand::Variable(variable)) => (variable, text, Side::Left),
        (Operand::Text(one), Operand::Text(other)) => {
            return Some(format!(
                "it compares two quoted strings, `{one}` and `{other}`"
            ));
        }
        (Operand::Variable(one), Operand::Variable(other)) => {
            let (one, other) = (one.name(), other.name());
            return Some(format!("it compares two variables, `{one}` and `{other}`"));
        }
    };
    let (name, sign) = (variable.name(), operator.text());
    let is_part = matches!(operator, Operator::In | Operator::NotIn);
    match variable {
        Variable::Text(_) if matches!(operator, Operator::Compatible | Operator::Arbitrary) => {
            Some(format!(
                "`{sign}` compares versions, and `{name}` is not one"
            ))
        }
        Variable::Extra if !matches!(operator, Operator::Equal | Operator::NotEqual) => {
            Some(format!("`{name}` is compared with `==` and `!=` alone"))
        }
        Variable::Text(_) | Variable::Extra => None,
        // The release of a system need not be a version.
        Variable::PlatformRelease => (operator == Operator::Compatible
            && side == Side::Right
            && specifier(operator, text).is_none())
        .then(|| format!("`{sign}{text}` is not a version specifier")),
        Variable::PythonVersion | Variable::PythonFullVersion | Variable::ImplementationVersion => {
            let is_sound = is_part
                || operator == Operator::Arbitrary
                || match side {
                    Side::Left => text.trim().parse::<Version>().is_ok(),
                    Side::Right => specifier(operator, text).is_some(),
                };
            (!is_sound).then(|| format!("`{sign}{text}` is not a version specifier"))
        }
    }
}

/// Where the text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

fn of_variable(variable: Variable, operator: Operator, text: &str, side: Side) -> Marker {
    // No version of a Python has such numbers: with smaller ones the answer is the same.
    let clamped = match operator {
        Operator::In | Operator::NotIn => Cow::Borrowed(text),
        _ => with_small_numbers(text),
    };
    match variable {
        Variable::PythonVersion => python::short(operator, &clamped, side)
            .unwrap_or_else(|| Question::new(variable, operator, text, side).marker()),
        Variable::PythonFullVersion => python::full(operator, &clamped, side)
            .unwrap_or_else(|| Question::new(variable, operator, text, side).marker()),
        Variable::ImplementationVersion => Question::new(variable, operator, text, side).marker(),
        Variable::PlatformRelease => {
            let is_of_versions = match side {
                Side::Left => !matches!(operator, Operator::In | Operator::NotIn),
                // Equality of texts would be read again as equality of versions where it can be.
                Side::Right => {
                    let is_specifier = |operator| specifier(operator, text).is_some();
                    operator == Operator::Arbitrary
                        || is_specifier(operator)
                        || (!matches!(operator, Operator::In | Operator::NotIn)
                            && is_specifier(Operator::Equal))
                }
            };
            if is_of_versions {
                Question::new(variable, operator, text, side).marker()
            } else {
                of_text(MarkerValueString::PlatformRelease, operator, text, side)
            }
        }
        Variable::Extra => of_extra(operator, text),
        Variable::Text(name) => of_text(key(name), operator, text, side),
    }
}

fn key(name: &str) -> MarkerValueString {
    match name {
        "os_name" => MarkerValueString::OsName,
        "sys_platform" => MarkerValueString::SysPlatform,
        "platform_system" => MarkerValueString::PlatformSystem,
        "platform_machine" => MarkerValueString::PlatformMachine,
        "platform_version" => MarkerValueString::PlatformVersion,
        "implementation_name" => MarkerValueString::ImplementationName,
        _ => MarkerValueString::PlatformPythonImplementation,
    }
}

fn of_text(key: MarkerValueString, operator: Operator, text: &str, side: Side) -> Marker {
    let operator = match (operator, side) {
        (Operator::Equal | Operator::LessEqual | Operator::GreaterEqual, _) => {
            MarkerOperator::Equal
        }
        (Operator::NotEqual, _) => MarkerOperator::NotEqual,
        (Operator::Less | Operator::Greater, _) => return Marker::never(),
        (Operator::In, Side::Right) => MarkerOperator::In,
        (Operator::NotIn, Side::Right) => MarkerOperator::NotIn,
        (Operator::In, Side::Left) => MarkerOperator::Contains,
        (Operator::NotIn, Side::Left) => MarkerOperator::NotContains,
        (Operator::Compatible | Operator::Arbitrary, _) => return Marker::always(),
    };
    Marker::of(MarkerTree::expression(MarkerExpression::String {
        key,
        operator,
        value: text.to_owned(),
    }))
}

fn of_extra(operator: Operator, text: &str) -> Marker {
    let operator = match operator {
        Operator::Equal | Operator::LessEqual | Operator::GreaterEqual => ExtraOperator::Equal,
        Operator::NotEqual => ExtraOperator::NotEqual,
        Operator::Less | Operator::Greater => return Marker::never(),
        Operator::In | Operator::NotIn | Operator::Compatible | Operator::Arbitrary => {
            return Marker::always();
        }
    };
    let name = ExtraName::new(text.to_owned()).map_or_else(
        |_no_name| MarkerValueExtra::Arbitrary(text.to_owned()),
        MarkerValueExtra::Extra,
    );
    Marker::of(MarkerTree::expression(MarkerExpression::Extra {
        operator,
        name,
    }))
}

/// What operator and version admit; none if they make no specifier.
pub(super) fn specifier(operator: Operator, version: &str) -> Option<Specifiers> {
    if matches!(operator, Operator::In | Operator::NotIn) || version.contains([',', ';']) {
        return None;
    }
    let text = format!("{}{}", operator.text(), version.trim());
    text.parse().ok()
}

/// A comparison that is answered as a whole: it has no place among ranges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) variable: Variable,
    operator: Operator,
    text: String,
    side: Side,
}

impl Question {
    fn new(variable: Variable, operator: Operator, text: &str, side: Side) -> Self {
        Self {
            variable,
            operator,
            text: text.to_owned(),
            side,
        }
    }

    fn marker(&self) -> Marker {
        if !self.can_be_asked() {
            return Marker::always();
        }
        Marker::of(MarkerTree::expression(MarkerExpression::String {
            key: MarkerValueString::PlatformRelease,
            operator: MarkerOperator::Contains,
            value: self.to_value(),
        }))
    }

    /// Whether the comparison can be made.
    fn can_be_asked(&self) -> bool {
        match (self.operator, self.side) {
            (Operator::Compatible | Operator::Arbitrary, Side::Right) => {
                specifier(self.operator, &self.text).is_some()
                    || self.operator == Operator::Arbitrary
            }
            _ => true,
        }
    }

    /// The question as the text of a node. No text of a marker has a control character, so that none is taken for one.
    fn to_value(&self) -> String {
        let side = match self.side {
            Side::Left => "left",
            Side::Right => "right",
        };
        let (variable, operator) = (self.variable.name(), self.operator.text());
        format!("\n{variable}\t{operator}\t{side}\t{}", self.text)
    }

    /// The question that a node of a tree is; none if it looks for a part of a text.
    pub(super) fn of_value(value: &str) -> Option<Self> {
        let mut parts = value.strip_prefix('\n')?.splitn(4, '\t');
        Some(Self {
            variable: Variable::of_name(parts.next()?)?,
            operator: Operator::of_text(parts.next()?)?,
            side: match parts.next()? {
                "left" => Side::Left,
                _ => Side::Right,
            },
            text: parts.next()?.to_owned(),
        })
    }

    /// The answer where the variable has this value.
    pub(super) fn holds(&self, value: &str) -> bool {
        let (left, right) = match self.side {
            Side::Left => (self.text.as_str(), value),
            Side::Right => (value, self.text.as_str()),
        };
        if self.operator == Operator::Arbitrary {
            return left.eq_ignore_ascii_case(right);
        }
        if let Some(specifier) = specifier(self.operator, right) {
            let version: Option<Version> = left.trim().parse().ok();
            return version.is_some_and(|version| specifier.set().contains(&version));
        }
        match self.operator {
            Operator::In => right.contains(left),
            Operator::NotIn => !right.contains(left),
            Operator::Equal | Operator::LessEqual | Operator::GreaterEqual => left == right,
            Operator::NotEqual => left != right,
            Operator::Less | Operator::Greater => false,
            Operator::Compatible | Operator::Arbitrary => true,
        }
    }

    /// The comparison as it is written; none for the opposite of one that has no opposite.
    pub(super) fn to_text(&self, holds: bool) -> Option<String> {
        let operator = match (self.operator, holds) {
            (operator, true) => operator,
            (Operator::In, false) => Operator::NotIn,
            (Operator::NotIn, false) => Operator::In,
            // `!=` of a version is false of a text that is none, and so is `==`.
            (_, false) => return None,
        };
        let (variable, operator, text) = (self.variable.name(), operator.text(), &self.text);
        Some(match self.side {
            Side::Left => format!("'{text}' {operator} {variable}"),
            Side::Right => format!("{variable} {operator} '{text}'"),
        })
    }
}
