//! Whether two markers are the same to every installer.

use lockgate_model::{Marker, Requirement};

use super::difference::shown_marker;

/// The variables whose values installers compare as versions.
const VERSIONS: [&str; 3] = [
    "python_version",
    "python_full_version",
    "implementation_version",
];

/// A marker as written. Two are equal when their texts are, or when they hold in the same environments and no part of either is one that
/// installers read differently.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    text: String,
    marker: Option<Marker>,
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text || (self.marker.is_some() && self.marker == other.marker)
    }
}

impl Eq for Condition {}

impl Condition {
    /// The condition of a marker; an empty text is the one that always holds.
    pub(crate) fn new(text: &str) -> Self {
        let text = text.trim().replace('\'', "\"");
        let marker = if text.is_empty() {
            Some(Marker::always())
        } else if Self::is_certain(&text) {
            // Read strictly: what an evaluation would leave out counts as holding everywhere.
            let requirement = Requirement::parse_strict(&format!("x ; {text}")).ok();
            requirement.map(|requirement| requirement.marker)
        } else {
            None
        };
        Self { text, marker }
    }

    /// The condition as people read it.
    pub(crate) fn shown(&self) -> String {
        let text = match &self.marker {
            Some(marker) => marker.to_text(),
            None => Some(self.text.clone()),
        };
        shown_marker(text.as_deref())
    }

    /// Whether it was read.
    pub(crate) fn is_read(&self) -> bool {
        self.marker.is_some()
    }

    /// Whether every comparison by order is one of versions. Of other texts, such as `platform_release`, installers do not agree on the order.
    pub(crate) fn is_certain(marker: &str) -> bool {
        let marker = marker.replace('\'', "\"");
        let tokens = tokens(&marker);
        let is_version = |place: Option<usize>| {
            let token = place.and_then(|place| tokens.get(place));
            token.is_some_and(|token| VERSIONS.contains(token))
        };
        let mut ordered = tokens
            .iter()
            .enumerate()
            .filter(|(_, token)| token.starts_with(['<', '>', '~']));
        ordered
            .all(|(place, _)| is_version(place.checked_sub(1)) || is_version(place.checked_add(1)))
    }
}

/// Quoted texts, operators, words.
fn tokens(text: &str) -> Vec<&str> {
    let is_operator = |c: char| matches!(c, '<' | '>' | '=' | '!' | '~');
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' {
            let end = rest.get(1..).and_then(|inner| inner.find('"'));
            end.map_or(rest.len(), |end| end + 2)
        } else if is_operator(first) {
            rest.find(|c| !is_operator(c)).unwrap_or(rest.len())
        } else if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if !token.trim().is_empty() {
            tokens.push(token);
        }
        rest = after;
    }
    tokens
}
