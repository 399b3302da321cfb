//! Writing markers.

use pep508_rs::{MarkerExpression, MarkerOperator, MarkerTree};

use super::compare::Question;

/// The text of a tree, or none when it always holds.
///
/// The opposite of a question about the release of a system cannot be written: of a text that is no version, `>=` and `<` are both false.
/// Such a part is left out, so that what is written holds wherever the tree does.
pub(super) fn of(tree: &MarkerTree) -> Option<String> {
    if tree.is_true() {
        return None;
    }
    if tree.is_false() {
        return Some("python_version < '0'".to_owned());
    }
    let ways = tree.to_dnf();
    let is_alone = ways.len() == 1;
    let mut written: Vec<String> = Vec::with_capacity(ways.len());
    for way in &ways {
        let parts: Vec<String> = way.iter().filter_map(expression).collect();
        let text = match parts.as_slice() {
            [] => return None,
            [_] => parts.join(" and "),
            _ if is_alone => parts.join(" and "),
            _ => format!("({})", parts.join(" and ")),
        };
        if !written.contains(&text) {
            written.push(text);
        }
    }
    Some(written.join(" or "))
}

fn expression(expression: &MarkerExpression) -> Option<String> {
    if let MarkerExpression::String {
        operator: operator @ (MarkerOperator::Contains | MarkerOperator::NotContains),
        value,
        ..
    } = expression
        && let Some(question) = Question::of_value(value)
    {
        return question.to_text(*operator == MarkerOperator::Contains);
    }
    Some(expression.to_string())
}
