//! The list of what was filled in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use url::Url;

use super::forms::forms;
use crate::reference::{Place, Reference};

/// Shorter values are replaced only where they were written: `a` is in every address.
const MIN_ANYWHERE: usize = 4;

/// A line of a source in which variables were replaced.
#[derive(Debug, Clone, Copy)]
pub struct Filled<'a> {
    /// The line as its file has it.
    pub written: &'a str,
    /// The line with the values.
    pub filled: &'a str,
    /// Names and values of the variables.
    pub variables: &'a [(String, String)],
    /// Where it stands: `requirements.in:3`.
    pub origin: &'a str,
}

/// Values of variables in addresses.
#[derive(Debug, Default)]
pub struct Secrets {
    /// What is replaced in any address.
    values: Vec<Value>,
    /// What is replaced where it was written, and in addresses that begin in the same way.
    parts: Vec<Part>,
    /// Addresses and direct references as their sources have them.
    written: BTreeMap<String, String>,
    /// Hosts that variables are a part of, as their sources have them.
    hosts: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Value {
    forms: Vec<String>,
    shown: String,
    origin: String,
    /// Whether it can be nothing but a secret.
    is_random: bool,
}

#[derive(Debug)]
struct Part {
    host: String,
    place: PartPlace,
    shown: String,
    origin: String,
}

#[derive(Debug, PartialEq, Eq)]
enum PartPlace {
    /// A part of the path between slashes, by its position.
    Segment(usize, String),
    /// The beginning of the path.
    Path(String),
    /// A part of the query between `&`s.
    Query(String),
}

impl Secrets {
    /// Knows nothing.
    pub const fn new() -> Self {
        Self {
            values: Vec::new(),
            parts: Vec::new(),
            written: BTreeMap::new(),
            hosts: BTreeMap::new(),
        }
    }

    /// Adds what stands in the addresses of a line.
    pub fn add(&mut self, line: &Filled<'_>) {
        for word in line.written.split_whitespace() {
            let used: Vec<&(String, String)> = line
                .variables
                .iter()
                .filter(|(name, _)| word.contains(&reference_to(name)))
                .collect();
            if used.is_empty() {
                continue;
            }
            let mut filled = word.to_owned();
            for (name, value) in &used {
                filled = filled.replace(&reference_to(name), value);
            }
            let (Some(from), Some(to)) = (address_in(word), address_in(&filled)) else {
                continue;
            };
            if to.contains("://") {
                self.add_address(from, to, &used, line.origin);
            }
        }
    }

    fn add_address(&mut self, from: &str, to: &str, used: &[&(String, String)], origin: &str) {
        let clean = without_clear_credentials(from);
        if let Some((key, _)) = identity(to) {
            self.written.insert(key, base(&clean).to_owned());
        }
        self.written.insert(to.to_owned(), clean);
        let (written, filled) = (Address::of(from), Address::of(to));
        self.add_parts(&written, &filled, origin);
        self.add_host(&written, &filled);
        for (name, value) in used {
            let shown = reference_to(name);
            let is_behind = written.tail.contains(&shown);
            if is_behind || written.user.contains(&shown) {
                self.add_value(value, &shown, origin);
            }
            if !is_behind && value.contains(['/', ':', '@', '?', '#']) {
                self.add_pieces(value, &filled, &shown, origin);
            }
        }
    }

    /// A host that a variable is a part of.
    fn add_host(&mut self, written: &Address<'_>, filled: &Address<'_>) {
        let (from, to) = (without_port(written.host), without_port(filled.host));
        if from != to && from.contains("${") {
            let to = to.to_ascii_lowercase();
            if let Some(host) = host_of(&to).filter(|host| *host != to) {
                self.hosts.insert(host, from.to_owned());
            }
            self.hosts.insert(to, from.to_owned());
        }
    }

    /// The parts that have a variable, by their places.
    fn add_parts(&mut self, written: &Address<'_>, filled: &Address<'_>, origin: &str) {
        let mut add = |place: PartPlace, shown: &str| {
            self.parts.push(Part {
                host: filled.host.to_ascii_lowercase(),
                place,
                shown: shown.to_owned(),
                origin: origin.to_owned(),
            });
        };
        let (from, to) = (written.path().split('/'), filled.path().split('/'));
        if from.clone().count() == to.clone().count() {
            for (index, (from, to)) in from.zip(to).enumerate() {
                if from != to {
                    add(PartPlace::Segment(index, to.to_owned()), from);
                }
            }
        }
        let (from, to) = (written.query().split('&'), filled.query().split('&'));
        for (from, to) in from.zip(to) {
            if from != to && from.contains("${") {
                add(PartPlace::Query(to.to_owned()), from);
            }
        }
    }

    /// What a value that is more than one part of an address brings into it: a whole address, a host with a login.
    fn add_pieces(&mut self, value: &str, filled: &Address<'_>, shown: &str, origin: &str) {
        let (user, password) = filled.user.split_once(':').unwrap_or((filled.user, ""));
        let queries = filled.query().split('&');
        let queries = queries.map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
        for piece in [user, password].into_iter().chain(queries) {
            if !piece.is_empty() && value.contains(piece) {
                self.add_value(piece, shown, origin);
            }
        }
        let own = Address::of(value);
        let path = own.path().trim_end_matches('/');
        if path.is_empty() || !filled.path().starts_with(path) {
            return;
        }
        self.parts.push(Part {
            host: filled.host.to_ascii_lowercase(),
            place: PartPlace::Path(path.to_owned()),
            shown: shown.to_owned(),
            origin: origin.to_owned(),
        });
        for segment in path.split('/').filter(|segment| is_random(segment)) {
            self.add_value(segment, shown, origin);
        }
    }

    fn add_value(&mut self, value: &str, shown: &str, origin: &str) {
        let is_known =
            |known: &Value| known.shown == shown && known.forms.iter().any(|form| form == value);
        if value.chars().count() < MIN_ANYWHERE || self.values.iter().any(is_known) {
            return;
        }
        self.values.push(Value {
            forms: forms(value),
            shown: shown.to_owned(),
            origin: origin.to_owned(),
            is_random: is_random(value),
        });
        self.values
            .sort_by_key(|value| std::cmp::Reverse(value.forms.first().map_or(0, String::len)));
    }

    /// Returns `text` with names in place of values in every address.
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.is_empty() || !text.contains("://") {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("://") {
            out.push_str(before);
            out.push_str("://");
            let end = after.find(|c: char| c.is_whitespace() || "\"`<>".contains(c));
            let (address, behind) = after.split_at(end.unwrap_or(after.len()));
            let bare = address.trim_end_matches(['\'', ')', ',', ';', ':', '.', ']']);
            out.push_str(&self.hidden(bare));
            out.push_str(address.get(bare.len()..).unwrap_or_default());
            rest = behind;
        }
        out.push_str(rest);
        Cow::Owned(out)
    }

    /// Returns `text` as [`Secrets::hide`] does, and without what can be nothing but a secret anywhere.
    pub fn hide_everywhere<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut hidden = self.hide(text);
        for value in self.values.iter().filter(|value| value.is_random) {
            if let Some(replaced) = value.replaced(&hidden) {
                hidden = Cow::Owned(replaced);
            }
        }
        hidden
    }

    /// Returns an address or direct reference as its source has it.
    pub fn written(&self, filled: &str) -> Option<String> {
        if self.written.is_empty() {
            return None;
        }
        if let Some(written) = self.written.get(filled) {
            return Some(written.clone());
        }
        let (key, suffix) = identity(filled)?;
        self.written
            .get(&key)
            .map(|written| format!("{written}{suffix}"))
    }

    /// Returns a host, without a port, as its source has it.
    pub fn written_host(&self, host: &str) -> Option<String> {
        self.hosts.get(&host.to_ascii_lowercase()).cloned()
    }

    /// Returns the variable whose value stands in `address` outside of its credentials, and its origin.
    pub fn variable_in(&self, address: &str) -> Option<(String, String)> {
        let (_, rest) = address.split_once("://")?;
        let address = Address::behind(rest);
        let part = self.parts.iter().find(|part| part.applies_to(&address));
        if let Some(part) = part {
            return Some((part.shown.clone(), part.origin.clone()));
        }
        let value = self
            .values
            .iter()
            .find(|value| value.replaced(address.tail).is_some())?;
        Some((value.shown.clone(), value.origin.clone()))
    }

    /// Returns whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.parts.is_empty() && self.hosts.is_empty()
    }

    /// An address, without its scheme, with names in place of values.
    fn hidden(&self, rest: &str) -> String {
        let address = Address::behind(rest);
        let mut user = address.user.to_owned();
        let mut tail = address.tail.to_owned();
        for part in &self.parts {
            let current = Address {
                tail: &tail,
                ..address
            };
            if part.applies_to(&current) {
                tail = part.replaced(&current);
            }
        }
        for value in &self.values {
            tail = value.replaced(&tail).unwrap_or(tail);
            user = value.replaced(&user).unwrap_or(user);
        }
        let at = if rest.contains('@') && !address.user.is_empty() {
            "@"
        } else {
            ""
        };
        let bare = without_port(address.host);
        let port = address.host.get(bare.len()..).unwrap_or_default();
        let host = self.written_host(bare);
        let host = host.as_deref().unwrap_or(bare);
        format!("{user}{at}{host}{port}{tail}")
    }
}

impl Value {
    /// `text` with the name in place of every form of the value, if there is any.
    fn replaced(&self, text: &str) -> Option<String> {
        let mut out = None;
        for form in &self.forms {
            let current = out.as_deref().unwrap_or(text);
            if current.contains(form.as_str()) {
                out = Some(current.replace(form.as_str(), &self.shown));
            }
        }
        out
    }
}

impl Part {
    fn applies_to(&self, address: &Address<'_>) -> bool {
        if !address.host.eq_ignore_ascii_case(&self.host) {
            return false;
        }
        match &self.place {
            PartPlace::Segment(index, value) => {
                address.path().split('/').nth(*index) == Some(value.as_str())
            }
            PartPlace::Path(path) => address
                .path()
                .strip_prefix(path.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
            PartPlace::Query(value) => address.query().split('&').any(|part| part == value),
        }
    }

    /// What stands behind the host, with the name in its place.
    fn replaced(&self, address: &Address<'_>) -> String {
        let (path, behind) = address.tail.split_at(address.path().len());
        match &self.place {
            PartPlace::Segment(index, _) => {
                let mut segments: Vec<&str> = path.split('/').collect();
                if let Some(segment) = segments.get_mut(*index) {
                    *segment = &self.shown;
                }
                format!("{}{behind}", segments.join("/"))
            }
            PartPlace::Path(start) => {
                let rest = path.get(start.len()..).unwrap_or_default();
                format!("/{}{rest}{behind}", self.shown)
            }
            PartPlace::Query(value) => {
                let (query, fragment) =
                    behind.split_once('#').map_or((behind, ""), |(query, _)| {
                        (query, behind.get(query.len()..).unwrap_or_default())
                    });
                let parts = query.trim_start_matches('?').split('&');
                let parts: Vec<&str> = parts
                    .map(|part| {
                        if part == value {
                            self.shown.as_str()
                        } else {
                            part
                        }
                    })
                    .collect();
                format!("{path}?{}{fragment}", parts.join("&"))
            }
        }
    }
}

/// An address, taken apart by its marks alone: it may not be valid, and may hold `${NAME}`.
#[derive(Debug, Clone, Copy)]
struct Address<'a> {
    user: &'a str,
    host: &'a str,
    /// Path, query and fragment.
    tail: &'a str,
}

impl<'a> Address<'a> {
    fn of(text: &'a str) -> Self {
        Self::behind(text.split_once("://").map_or(text, |(_, rest)| rest))
    }

    fn behind(rest: &'a str) -> Self {
        let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        Self { user, host, tail }
    }

    fn path(&self) -> &'a str {
        self.tail.split(['?', '#']).next().unwrap_or_default()
    }

    fn query(&self) -> &'a str {
        let without_fragment = self.tail.split('#').next().unwrap_or_default();
        without_fragment
            .split_once('?')
            .map_or("", |(_, query)| query)
    }
}

/// A host without its port.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => host,
    }
}

/// A host as addresses have it once they are parsed.
fn host_of(host: &str) -> Option<String> {
    let url = Url::parse(&format!("https://{host}/")).ok()?;
    url.host_str().map(str::to_owned)
}

fn reference_to(name: &str) -> String {
    format!("${{{name}}}")
}

/// A value that no word of a language looks like: letters with digits in them, or of great length.
fn is_random(value: &str) -> bool {
    let count = value.chars().count();
    let has = |is: fn(char) -> bool| value.contains(is);
    count >= 20 || (count >= 6 && has(|c| c.is_ascii_digit()) && has(char::is_alphabetic))
}

/// Where in a word its address begins: at its scheme, or at the variable that holds it.
fn address_in(word: &str) -> Option<&str> {
    let word = word.trim_matches(['\'', '"']);
    let start = match (word.find("://"), word.find("${")) {
        (Some(end), variable) if variable.is_none_or(|start| end < start) => {
            let scheme = word.get(..end)?;
            let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-');
            let start = scheme.rfind(|c| !is_of_scheme(c)).map_or(0, |at| at + 1);
            // A short option may stand right before its value.
            let is_option = start == 0 && scheme.starts_with('-');
            if is_option { 2 } else { start }
        }
        (_, Some(start)) => start,
        (_, None) => return None,
    };
    word.get(start..)
}

/// An address as its source has it, less a password or a token that is written in clear there.
fn without_clear_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let address = Address::behind(rest);
    let secret = address
        .user
        .rsplit_once(':')
        .map_or(address.user, |(_, password)| password);
    if address.user.is_empty() || is_variables(secret) {
        return text.to_owned();
    }
    let user = if scheme.ends_with("ssh") && !address.user.contains(':') {
        format!("{}@", address.user)
    } else {
        String::new()
    };
    format!("{scheme}://{user}{}{}", address.host, address.tail)
}

/// Whether a text is `${NAME}`s and nothing else.
fn is_variables(text: &str) -> bool {
    let mut rest = text;
    while let Some(behind) = rest.strip_prefix("${") {
        let Some((_, behind)) = behind.split_once('}') else {
            return false;
        };
        rest = behind;
    }
    rest.is_empty() && !text.is_empty()
}

/// What two spellings of a direct reference share, and what of it may differ from what is written: the commit and the fragment.
fn identity(text: &str) -> Option<(String, String)> {
    let reference: Reference = text.parse().ok()?;
    let place = match &reference.place {
        Place::Archive(url) => bare(url),
        Place::Git { repository, .. } => format!("git+{}", bare(&Url::parse(repository).ok()?)),
        Place::Path(_) => return None,
    };
    let revision = match &reference.place {
        Place::Git {
            revision: Some(revision),
            ..
        } => format!("@{revision}"),
        _ => String::new(),
    };
    let folder = reference.subdirectory.as_deref();
    let folder = folder.map_or_else(String::new, |folder| format!("#subdirectory={folder}"));
    Some((place, format!("{revision}{folder}")))
}

fn bare(url: &Url) -> String {
    let mut url = url.clone();
    // An address without a host has none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    url.to_string()
}

/// A reference as written, without its fragment and the revision of a repository.
fn base(text: &str) -> &str {
    let text = text.split('#').next().unwrap_or(text);
    if !text.starts_with("git+") {
        return text;
    }
    let tail = Address::of(text).tail;
    let path = tail.rsplit_once('@').map_or(tail, |(path, _)| path);
    text.get(..text.len() - tail.len() + path.len())
        .unwrap_or(text)
}

#[cfg(test)]
mod tests;
