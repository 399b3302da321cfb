//! Two trees of one form against each other, key by key.

use std::collections::{BTreeMap, VecDeque};

use lockgate_model::{Timestamp, Version};

use crate::inventory::{Node, Value};
use crate::lock::compare::{Condition, Difference, field};
use crate::path::joined;
use crate::pylock::names;

/// The differences between two trees, as they are found.
pub(super) struct Comparison {
    /// What stands before each key.
    place: String,
    /// Whether digests were compared by other means.
    pub(super) without_digests: bool,
    pub(super) differences: Vec<Difference>,
}

impl Comparison {
    pub(super) fn new(place: &str) -> Self {
        Self {
            place: place.to_owned(),
            without_digests: false,
            differences: Vec::new(),
        }
    }

    fn push(&mut self, line: usize, key: &str, held: Option<&Node<'_>>, now: Option<&Node<'_>>) {
        let key = format!("{}{key}", self.place);
        let what = field(&key, held.map(shown), now.map(shown));
        self.differences.push(Difference::at(line, what));
    }

    /// Compares the members of two objects, but for `left_out`.
    pub(super) fn objects(
        &mut self,
        path: &str,
        held: &Node<'_>,
        expected: &Node<'_>,
        left_out: &[&str],
    ) {
        let below = |key: &str| match path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        for member in held.members(path).unwrap_or_default() {
            let key: &str = &member.key;
            if left_out.contains(&key) {
                continue;
            }
            let (path, node) = (below(key), &member.node);
            match expected.get(key) {
                Some(other) => self.nodes(&path, key, node, other),
                None => self.push(node.line, &path, Some(node), None),
            }
        }
        for member in expected.members(path).unwrap_or_default() {
            let key: &str = &member.key;
            if !left_out.contains(&key) && held.get(key).is_none() {
                self.push(held.line, &below(key), None, Some(&member.node));
            }
        }
    }

    fn nodes(&mut self, path: &str, key: &str, held: &Node<'_>, expected: &Node<'_>) {
        if self.without_digests && key == "sha256" {
            return;
        }
        match (&held.value, &expected.value) {
            (Value::Object(_), Value::Object(_)) => self.objects(path, held, expected, &[]),
            (Value::List(one), Value::List(other)) => {
                self.lists(path, key, held.line, (one, other));
            }
            _ if is_same(key, held, expected) => {}
            _ => self.push(held.line, path, Some(held), Some(expected)),
        }
    }

    /// Lists, whose order says nothing to an installer. Of files those of one name are held against each other.
    fn lists(
        &mut self,
        path: &str,
        key: &str,
        line: usize,
        (held, expected): (&[Node<'_>], &[Node<'_>]),
    ) {
        if key == "wheels" {
            return self.wheels(path, line, (held, expected));
        }
        let mut missing: Vec<&Node<'_>> = expected.iter().collect();
        for node in held {
            let mut others = missing.iter();
            match others.position(|other| is_same(key, node, other)) {
                Some(place) => {
                    missing.remove(place);
                }
                None => self.push(node.line, path, Some(node), None),
            }
        }
        for node in missing {
            self.push(line, path, None, Some(node));
        }
    }

    /// Wheels, of which those of one name are held against each other. A release may have thousands of them.
    fn wheels(&mut self, path: &str, line: usize, (held, expected): (&[Node<'_>], &[Node<'_>])) {
        let mut by_name: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
        for (place, node) in expected.iter().enumerate() {
            if let Ok(name) = names::of(node) {
                by_name.entry(name).or_default().push_back(place);
            }
        }
        let mut is_missing = vec![true; expected.len()];
        for node in held {
            let name = names::of(node).ok();
            let found = name.and_then(|name| {
                let place = by_name.get_mut(&name)?.pop_front()?;
                Some((name, place, expected.get(place)?))
            });
            let Some((name, place, other)) = found else {
                self.push(node.line, path, Some(node), None);
                continue;
            };
            if let Some(is_missing) = is_missing.get_mut(place) {
                *is_missing = false;
            }
            self.objects(&format!("{path}.{name}"), node, other, &[]);
        }
        for (node, is_missing) in expected.iter().zip(is_missing) {
            if is_missing {
                self.push(line, path, None, Some(node));
            }
        }
    }
}

/// Whether two values of one key are the same to an installer.
fn is_same(key: &str, one: &Node<'_>, other: &Node<'_>) -> bool {
    match (&one.value, &other.value) {
        (Value::Text(one), Value::Text(other)) => one == other || is_same_text(key, one, other),
        (Value::Number(one), Value::Number(other)) => one == other,
        (Value::Flag(one), Value::Flag(other)) => one == other,
        (Value::Date(one), Value::Date(other)) => {
            let instant = |text: &str| text.parse::<Timestamp>().ok();
            one == other || (instant(one).is_some() && instant(one) == instant(other))
        }
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| is_same(key, one, other))
        }
        (Value::Object(members), Value::Object(others)) => {
            members.len() == others.len()
                && members.iter().all(|member| {
                    let other = other.get(&member.key);
                    other.is_some_and(|other| is_same(&member.key, &member.node, other))
                })
        }
        _ => false,
    }
}

fn is_same_text(key: &str, one: &str, other: &str) -> bool {
    match key {
        "name" => {
            let name = |text: &str| lockgate_model::Name::new(text).ok();
            // A file has a name too, and that is compared as it is.
            !one.contains('.') && name(one).is_some() && name(one) == name(other)
        }
        "version" => {
            let version = |text: &str| text.parse::<Version>().ok();
            version(one).is_some() && version(one) == version(other)
        }
        "marker" | "environments" => Condition::new(one) == Condition::new(other),
        "path" => joined("", one) == joined("", other),
        "sha256" => one.eq_ignore_ascii_case(other),
        "requires-python" => {
            let bare = |text: &str| text.replace(' ', "");
            bare(one) == bare(other)
        }
        _ => false,
    }
}

/// A value as people read it.
pub(super) fn shown(node: &Node<'_>) -> String {
    match &node.value {
        Value::Text(text) => text.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Number(text) | Value::Date(text) => text.clone(),
        Value::List(list) => {
            let items: Vec<String> = list.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let member = |member: &crate::inventory::Member<'_>| {
                format!("{} = {}", member.key, shown(&member.node))
            };
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Null => "null".to_owned(),
    }
}
