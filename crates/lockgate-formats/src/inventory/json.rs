//! JSON documents as trees. The library reads level by level, and where each piece begins tells its line.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::node::{Member, Node, Value, Wrong};
use crate::document::Document;

/// Deeper than any bill of materials: each level is read once more than the one around it.
const DEEPEST: usize = 64;

/// The document in `text`.
pub(crate) fn parse(text: &str) -> Result<Node<'_>, Wrong> {
    let source = Source {
        document: Document::new("", text),
        text,
    };
    let root: &RawValue = serde_json::from_str(text).map_err(|error| Source::wrong(&error, 1))?;
    source.node(root, 0)
}

struct Source<'a> {
    document: Document<'a>,
    text: &'a str,
}

impl<'a> Source<'a> {
    fn node(&self, raw: &'a RawValue, depth: usize) -> Result<Node<'a>, Wrong> {
        let text = raw.get();
        let offset = text.as_ptr().addr() - self.text.as_ptr().addr();
        let line = self.document.line(offset);
        if depth > DEEPEST {
            return Err(Wrong::new(format!("it is nested more than {DEEPEST} deep")).at(line));
        }
        let wrong = |error: serde_json::Error| Self::wrong(&error, line);
        let value = match text.as_bytes().first() {
            Some(b'{') => {
                let members: Members<'_> = serde_json::from_str(text).map_err(wrong)?;
                self.object(members, depth, line)?
            }
            Some(b'[') => {
                let list: Vec<&RawValue> = serde_json::from_str(text).map_err(wrong)?;
                let list = list.into_iter().map(|raw| self.node(raw, depth + 1));
                Value::List(list.collect::<Result<_, _>>()?)
            }
            Some(b'"') => {
                let text: Text<'_> = serde_json::from_str(text).map_err(wrong)?;
                Value::Text(text.0)
            }
            Some(b't') => Value::Flag(true),
            Some(b'f') => Value::Flag(false),
            Some(b'n') => Value::Null,
            _ => Value::Number(text.to_owned()),
        };
        Ok(Node { line, value })
    }

    fn object(&self, members: Members<'a>, depth: usize, line: usize) -> Result<Value<'a>, Wrong> {
        let mut keys = BTreeSet::new();
        for (key, _) in &members.0 {
            // Of two, each reader would take another one.
            if !keys.insert(key.clone()) {
                return Err(
                    Wrong::new(format!("the key `{key}` stands twice in one object")).at(line),
                );
            }
        }
        let members = members.0.into_iter().map(|(key, raw)| {
            let node = self.node(raw, depth + 1)?;
            Ok(Member { key, node })
        });
        Ok(Value::Object(members.collect::<Result<_, _>>()?))
    }

    /// What the library says about a piece that begins at `line`, in one line.
    fn wrong(error: &serde_json::Error, line: usize) -> Wrong {
        let text = error.to_string();
        let message = text.split(" at line ").next().unwrap_or_default();
        Wrong::new(message).at(line + error.line().saturating_sub(1))
    }
}

/// The members of one object, in order, those of the same key too.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    members.push((key.0, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reading)
    }
}

/// A text, borrowed where nothing in it is escaped.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
