//! The grammar of versions (PEP 440, appendix B), for texts with numbers beyond 64 bits.

use pep440_rs::PrereleaseKind;

use super::number::{self, Number};
use super::parts::{Local, Parts};

/// The names of pre-releases, longest first where one begins with another.
const PRE: [(&str, PrereleaseKind); 8] = [
    ("alpha", PrereleaseKind::Alpha),
    ("a", PrereleaseKind::Alpha),
    ("beta", PrereleaseKind::Beta),
    ("b", PrereleaseKind::Beta),
    ("preview", PrereleaseKind::Rc),
    ("pre", PrereleaseKind::Rc),
    ("rc", PrereleaseKind::Rc),
    ("c", PrereleaseKind::Rc),
];
const POST: [(&str, ()); 3] = [("post", ()), ("rev", ()), ("r", ())];
const DEV: [(&str, ()); 1] = [("dev", ())];

/// Reads a version; none if the text is none.
pub(super) fn parse(text: &str) -> Option<Parts> {
    if number::is_too_long(text) {
        return None;
    }
    let text = text.trim().to_ascii_lowercase();
    let text = text.strip_prefix('v').unwrap_or(&text);
    let (public, local) = match text.split_once('+') {
        Some((public, local)) => (public, Some(local)),
        None => (text, None),
    };
    let mut reader = Reader { rest: public };
    let mut epoch = Number::ZERO;
    let mut first = reader.number()?;
    if reader.sign("!") {
        epoch = first;
        first = reader.number()?;
    }
    let mut release = vec![first];
    while let Some(number) = reader.after_dot() {
        release.push(number);
    }
    let mut parts = Parts::new(epoch, release);
    parts.pre = reader.suffix(&PRE);
    parts.post = reader.bare_post();
    if parts.post.is_none() {
        parts.post = reader.suffix(&POST).map(|((), number)| number);
    }
    parts.dev = reader.suffix(&DEV).map(|((), number)| number);
    if !reader.rest.is_empty() {
        return None;
    }
    if let Some(local) = local {
        let segments = local.split(['.', '-', '_']);
        parts.local = segments.map(segment).collect::<Option<_>>()?;
    }
    Some(parts)
}

fn segment(text: &str) -> Option<Local> {
    let is_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Number::parse(text).map(Local::Number);
    }
    is_word.then(|| Local::Text(text.to_owned()))
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn sign(&mut self, sign: &str) -> bool {
        let after = self.rest.strip_prefix(sign);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn digits(&mut self) -> &'t str {
        let end = self.rest.find(|c: char| !c.is_ascii_digit());
        let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        digits
    }

    fn number(&mut self) -> Option<Number> {
        Number::parse(self.digits())
    }

    /// A further number of the release.
    fn after_dot(&mut self) -> Option<Number> {
        let after = self.rest.strip_prefix('.')?;
        if !after.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        self.rest = after;
        self.number()
    }

    /// A post-release that is written `1.0-2`.
    fn bare_post(&mut self) -> Option<Number> {
        let after = self.rest.strip_prefix('-')?;
        if !after.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        self.rest = after;
        self.number()
    }

    /// A word and its number, each with a separator before it or without; no number is 0.
    fn suffix<K: Copy>(&mut self, words: &[(&str, K)]) -> Option<(K, Number)> {
        let separators = ['.', '-', '_'];
        let start = self.rest.strip_prefix(separators).unwrap_or(self.rest);
        let (kind, after) = words
            .iter()
            .find_map(|(word, kind)| Some((*kind, start.strip_prefix(word)?)))?;
        let numbered = after.strip_prefix(separators).unwrap_or(after);
        if numbered.starts_with(|c: char| c.is_ascii_digit()) {
            self.rest = numbered;
            return Some((kind, self.number()?));
        }
        self.rest = after;
        Some((kind, Number::ZERO))
    }
}
