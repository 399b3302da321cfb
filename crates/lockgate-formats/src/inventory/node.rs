//! One tree for TOML and JSON documents, each node with its line, so that readers need not care which it was.
//!
//! What a reader asks of a node is checked there: a value of another type is an error with its line, never nothing.

use std::borrow::Cow;

use crate::error::InputError;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    /// Its line, from 1.
    pub(crate) line: usize,
    pub(crate) value: Value<'a>,
}

#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    Text(Cow<'a, str>),
    Flag(bool),
    List(Vec<Node<'a>>),
    Object(Vec<Member<'a>>),
    /// A number, as written.
    Number(String),
    /// A date with its time, as written.
    Date(String),
    /// JSON's `null`: as good as absent.
    Null,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(crate) struct Member<'a> {
    pub(crate) key: Cow<'a, str>,
    pub(crate) node: Node<'a>,
}

/// What is wrong with a document, before it is said of which file.
#[derive(Debug)]
pub(crate) struct Wrong {
    line: Option<usize>,
    message: String,
    remedy: Option<&'static str>,
}

impl Wrong {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            line: None,
            message: message.into(),
            remedy: None,
        }
    }

    pub(crate) fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    pub(crate) fn remedy(mut self, remedy: &'static str) -> Self {
        self.remedy = Some(remedy);
        self
    }

    /// As an error of the file at `file`; `remedy` is what to do if nothing better is known.
    pub(crate) fn into_input(self, file: &str, remedy: &str) -> InputError {
        let mut input = InputError::new(file, self.message);
        input.line = self.line;
        input.remedy(self.remedy.unwrap_or(remedy))
    }
}

impl<'a> Node<'a> {
    /// The value at `key` of an object, unless it is not there.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Value::Object(members) = &self.value else {
            return None;
        };
        members
            .iter()
            .find(|member| member.key == key)
            .map(|member| &member.node)
            .filter(|node| !matches!(node.value, Value::Null))
    }

    /// The text at `key`, if there is something.
    pub(crate) fn text_at(&self, key: &str) -> Result<Option<&str>, Wrong> {
        self.get(key).map(|node| node.text(key)).transpose()
    }

    /// The text at `key`.
    pub(crate) fn need_text(&self, key: &str) -> Result<&str, Wrong> {
        self.text_at(key)?
            .ok_or_else(|| Wrong::new(format!("`{key}` is missing")).at(self.line))
    }

    /// The list at `key`; none is an empty one.
    pub(crate) fn list_at(&self, key: &str) -> Result<&[Self], Wrong> {
        self.get(key).map_or(Ok(&[]), |node| node.list(key))
    }

    /// The texts of the list at `key`.
    pub(crate) fn texts_at(&self, key: &str) -> Result<Vec<&str>, Wrong> {
        let list = self.list_at(key)?;
        list.iter().map(|node| node.text(key)).collect()
    }

    /// The members of the object at `key`; none is an empty one.
    pub(crate) fn members_at(&self, key: &str) -> Result<&[Member<'a>], Wrong> {
        self.get(key).map_or(Ok(&[]), |node| node.members(key))
    }

    /// The object at `key`, if there is one.
    pub(crate) fn object_at(&self, key: &str) -> Result<Option<&Self>, Wrong> {
        let node = self.get(key);
        node.map(|node| node.members(key).map(|_| node)).transpose()
    }

    /// The flag at `key`; none is a no.
    pub(crate) fn flag_at(&self, key: &str) -> Result<bool, Wrong> {
        match self.get(key).map(|node| (&node.value, node)) {
            None => Ok(false),
            Some((Value::Flag(flag), _)) => Ok(*flag),
            Some((_, node)) => Err(node.is_no(key, "true or false")),
        }
    }

    /// The whole number at `key`, if there is one.
    pub(crate) fn number_at(&self, key: &str) -> Result<Option<u64>, Wrong> {
        let Some(node) = self.get(key) else {
            return Ok(None);
        };
        let number = match &node.value {
            Value::Number(number) => number.parse().ok(),
            _ => None,
        };
        number
            .map(Some)
            .ok_or_else(|| node.is_no(key, "a whole number"))
    }

    /// The date at `key`, if there is one.
    pub(crate) fn date_at(&self, key: &str) -> Result<Option<&str>, Wrong> {
        match self.get(key).map(|node| (&node.value, node)) {
            None => Ok(None),
            Some((Value::Date(date), _)) => Ok(Some(date)),
            Some((_, node)) => Err(node.is_no(key, "a date")),
        }
    }

    /// Its text; `what` is what a message calls it.
    pub(crate) fn text(&self, what: &str) -> Result<&str, Wrong> {
        match &self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.is_no(what, "a text")),
        }
    }

    /// What it holds as a list.
    pub(crate) fn list(&self, what: &str) -> Result<&[Self], Wrong> {
        match &self.value {
            Value::List(list) => Ok(list),
            _ => Err(self.is_no(what, "a list")),
        }
    }

    /// What it holds as an object.
    pub(crate) fn members(&self, what: &str) -> Result<&[Member<'a>], Wrong> {
        match &self.value {
            Value::Object(members) => Ok(members),
            _ => Err(self.is_no(what, "an object")),
        }
    }

    /// The line of the value at `key`, else its own.
    pub(crate) fn line_of(&self, key: &str) -> usize {
        self.get(key).map_or(self.line, |node| node.line)
    }

    fn is_no(&self, what: &str, wanted: &str) -> Wrong {
        let is = match &self.value {
            Value::Text(_) => "a text",
            Value::Flag(_) => "true or false",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
            Value::Number(_) => "a number",
            Value::Date(_) => "a date",
            Value::Null => "null",
        };
        Wrong::new(format!("`{what}` is {is}, and must be {wanted}")).at(self.line)
    }
}
