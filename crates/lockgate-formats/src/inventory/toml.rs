//! TOML documents as trees.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::node::{Member, Node, Value, Wrong};
use crate::document::Document;

/// The document in `text`.
pub(crate) fn parse(text: &str) -> Result<Node<'_>, Wrong> {
    let document = Document::new("", text);
    let table = DeTable::parse(text).map_err(|error| {
        let input = document.toml_error(&error);
        let wrong = Wrong::new(input.message);
        match input.line {
            Some(line) => wrong.at(line),
            None => wrong,
        }
    })?;
    Ok(Node {
        line: 1,
        value: object(table.into_inner(), &document),
    })
}

fn object<'a>(table: DeTable<'a>, document: &Document<'_>) -> Value<'a> {
    let members = table.into_iter().map(|(key, value)| Member {
        key: key.into_inner(),
        node: node(value, document),
    });
    Value::Object(members.collect())
}

fn node<'a>(value: Spanned<DeValue<'a>>, document: &Document<'_>) -> Node<'a> {
    let line = document.line(value.span().start);
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text),
        DeValue::Boolean(flag) => Value::Flag(flag),
        DeValue::Integer(number) => Value::Number(number.to_string()),
        DeValue::Float(number) => Value::Number(number.to_string()),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(list) => Value::List(
            list.into_iter()
                .map(|value| node(value, document))
                .collect(),
        ),
        DeValue::Table(table) => object(table, document),
    };
    Node { line, value }
}
