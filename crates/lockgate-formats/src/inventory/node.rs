//! One tree for TOML and JSON documents, each node with its line, so that readers need not care which it was.
//!
//! What a reader asks of a node is checked there: a value of another type is an error with its line, never nothing.

use std::borrow::Cow;

use crate::error::InputError;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    /// Its line, from 1.
    pub(super) line: usize,
    pub(super) value: Value<'a>,
}

#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    Flag(bool),
    List(Vec<Node<'a>>),
    Object(Vec<Member<'a>>),
    /// A number, as written.
    Number(String),
    /// Something that no reader asks for; what it is.
    Other(&'static str),
    /// JSON's `null`: as good as absent.
    Null,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(super) struct Member<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) node: Node<'a>,
}

/// What is wrong with a document, before it is said of which file.
#[derive(Debug)]
pub(super) struct Wrong {
    line: Option<usize>,
    message: String,
    remedy: Option<&'static str>,
}

impl Wrong {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            line: None,
            message: message.into(),
            remedy: None,
        }
    }

    pub(super) fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    pub(super) fn remedy(mut self, remedy: &'static str) -> Self {
        self.remedy = Some(remedy);
        self
    }

    /// As an error of the file at `file`; `remedy` is what to do if nothing better is known.
    pub(super) fn into_input(self, file: &str, remedy: &str) -> InputError {
        let mut input = InputError::new(file, self.message);
        input.line = self.line;
        input.remedy(self.remedy.unwrap_or(remedy))
    }
}

impl<'a> Node<'a> {
    /// The value at `key` of an object, unless it is not there.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
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
    pub(super) fn text_at(&self, key: &str) -> Result<Option<&str>, Wrong> {
        self.get(key).map(|node| node.text(key)).transpose()
    }

    /// The text at `key`.
    pub(super) fn need_text(&self, key: &str) -> Result<&str, Wrong> {
        self.text_at(key)?
            .ok_or_else(|| Wrong::new(format!("`{key}` is missing")).at(self.line))
    }

    /// The list at `key`; none is an empty one.
    pub(super) fn list_at(&self, key: &str) -> Result<&[Self], Wrong> {
        self.get(key).map_or(Ok(&[]), |node| node.list(key))
    }

    /// The texts of the list at `key`.
    pub(super) fn texts_at(&self, key: &str) -> Result<Vec<&str>, Wrong> {
        let list = self.list_at(key)?;
        list.iter().map(|node| node.text(key)).collect()
    }

    /// The members of the object at `key`; none is an empty one.
    pub(super) fn members_at(&self, key: &str) -> Result<&[Member<'a>], Wrong> {
        self.get(key).map_or(Ok(&[]), |node| node.members(key))
    }

    /// The object at `key`, if there is one.
    pub(super) fn object_at(&self, key: &str) -> Result<Option<&Self>, Wrong> {
        let node = self.get(key);
        node.map(|node| node.members(key).map(|_| node)).transpose()
    }

    /// The flag at `key`; none is a no.
    pub(super) fn flag_at(&self, key: &str) -> Result<bool, Wrong> {
        match self.get(key).map(|node| (&node.value, node)) {
            None => Ok(false),
            Some((Value::Flag(flag), _)) => Ok(*flag),
            Some((_, node)) => Err(node.is_no(key, "true or false")),
        }
    }

    /// Its text; `what` is what a message calls it.
    pub(super) fn text(&self, what: &str) -> Result<&str, Wrong> {
        match &self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.is_no(what, "a text")),
        }
    }

    /// What it holds as a list.
    pub(super) fn list(&self, what: &str) -> Result<&[Self], Wrong> {
        match &self.value {
            Value::List(list) => Ok(list),
            _ => Err(self.is_no(what, "a list")),
        }
    }

    /// What it holds as an object.
    pub(super) fn members(&self, what: &str) -> Result<&[Member<'a>], Wrong> {
        match &self.value {
            Value::Object(members) => Ok(members),
            _ => Err(self.is_no(what, "an object")),
        }
    }

    /// The line of the value at `key`, else its own.
    pub(super) fn line_of(&self, key: &str) -> usize {
        self.get(key).map_or(self.line, |node| node.line)
    }

    fn is_no(&self, what: &str, wanted: &str) -> Wrong {
        let is = match &self.value {
            Value::Text(_) => "a text",
            Value::Flag(_) => "true or false",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
            Value::Number(_) => "a number",
            Value::Other(what) => what,
            Value::Null => "null",
        };
        Wrong::new(format!("`{what}` is {is}, and must be {wanted}")).at(self.line)
    }
}
