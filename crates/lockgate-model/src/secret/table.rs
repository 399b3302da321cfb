//! The list of what was filled in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::address::{
    Address, address_in, base, host_of, identity, is_host_of, path_of_file,
    without_clear_credentials, without_fragment, without_port,
};
use super::forms::{forms, forms_of_text};
use super::words::{ends_name, is_random, pieces, replaced_alone, replaced_in_any_case};

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

/// Values of variables in sources.
#[derive(Debug, Default)]
pub struct Secrets {
    /// What is replaced in any address, or in any text.
    values: Vec<Value>,
    /// What is replaced where it was written, and in addresses that begin in the same way.
    parts: Vec<Part>,
    /// What is replaced in messages where it is a part of a path.
    of_paths: Vec<(String, String)>,
    /// Addresses, paths and hosts as their sources have them.
    written: BTreeMap<String, String>,
    /// Hosts that variables are a part of, as their sources have them.
    hosts: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Value {
    forms: Vec<String>,
    shown: String,
    origin: String,
    /// Whether it can be nothing but a secret, and so is replaced in any text.
    is_random: bool,
    /// Where it is replaced if it is not: a word may stand anywhere else for itself.
    place: ValuePlace,
}

/// Where in addresses a value was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ValuePlace {
    /// In a login.
    Login,
    /// Behind this host.
    Behind(String),
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
    /// The host.
    Host,
}

impl Secrets {
    /// Knows nothing.
    pub const fn new() -> Self {
        Self {
            values: Vec::new(),
            parts: Vec::new(),
            of_paths: Vec::new(),
            written: BTreeMap::new(),
            hosts: BTreeMap::new(),
        }
    }

    /// Adds what was filled into a line.
    pub fn add(&mut self, line: &Filled<'_>) {
        for (name, value) in line.variables {
            let shown = reference_to(name);
            if !line.written.contains(&shown) {
                continue;
            }
            for text in std::iter::once(value.as_str()).chain(pieces(value)) {
                // The host of a whole address is what messages are about.
                let is_host = text.len() < value.len() && is_host_of(value, text);
                if is_random(text) && !is_host {
                    self.add_value(text, &shown, line.origin, ValuePlace::Login);
                }
            }
        }
        for word in line.written.split_whitespace() {
            let used: Vec<&(String, String)> = line
                .variables
                .iter()
                .filter(|(name, _)| word.contains(&reference_to(name)))
                .collect();
            if used.is_empty() {
                continue;
            }
            let filled = with_values(word, &used);
            let (Some(from), Some(to)) = (address_in(word), address_in(&filled)) else {
                continue;
            };
            if to.contains("://") {
                self.add_address(from, to, &used, line.origin);
            }
        }
    }

    /// Adds a path, an address or a host as its source has it, where that differs.
    pub fn add_written(&mut self, filled: &str, written: &str) {
        if filled == written {
            return;
        }
        let (filled, written) = (without_fragment(filled), without_fragment(written));
        if !self.written.contains_key(filled) {
            let clean = without_clear_credentials(written);
            self.written.insert(filled.to_owned(), clean);
        }
        let parts = written.split('/').filter(|part| part.contains("${"));
        if let [part] = parts.collect::<Vec<_>>().as_slice()
            && let Some((before, after)) = written.split_once(part)
            && let Some(value) = filled
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after))
            && value.chars().count() >= MIN_ANYWHERE
            && !filled.contains("://")
        {
            self.of_paths.push((value.to_owned(), (*part).to_owned()));
        }
    }

    fn add_address(&mut self, from: &str, to: &str, used: &[&(String, String)], origin: &str) {
        let clean = without_clear_credentials(from);
        if let Some((key, _)) = identity(to) {
            self.written.insert(key, base(&clean).to_owned());
        }
        if let (Some(path), Some(written)) = (path_of_file(to), path_of_file(from)) {
            self.add_written(path, written);
        }
        // What has more than an address in it is no address.
        if !to.contains(char::is_whitespace) {
            self.written.insert(to.to_owned(), clean);
        }
        let (written, filled) = (Address::of(from), Address::of(to));
        self.add_parts(&written, &filled, used, origin);
        if with_values(written.host, used) == filled.host {
            self.add_host(&written, &filled);
        }
        for (name, value) in used {
            let shown = reference_to(name);
            let is_behind = written.tail.contains(&shown);
            if is_behind {
                self.add_value(value, &shown, origin, behind(&filled));
            }
            if written.user.contains(&shown) {
                self.add_value(value, &shown, origin, ValuePlace::Login);
            }
            if !is_behind && value.contains(['/', ':', '@', '?', '#']) {
                self.add_pieces(value, &filled, &shown, origin);
            }
        }
    }

    /// A host that a variable is a part of.
    fn add_host(&mut self, written: &Address<'_>, filled: &Address<'_>) {
        let (from, to) = (without_port(written.host), without_port(filled.host));
        if from != to && !from.contains(':') {
            let to = to.to_ascii_lowercase();
            if let Some(host) = host_of(&to).filter(|host| *host != to) {
                self.hosts.insert(host, from.to_owned());
            }
            self.hosts.insert(to, from.to_owned());
        }
    }

    /// The parts that have a variable, by their places.
    fn add_parts(
        &mut self,
        written: &Address<'_>,
        filled: &Address<'_>,
        used: &[&(String, String)],
        origin: &str,
    ) {
        let mut add = |place: PartPlace, shown: &str| {
            self.parts.push(Part {
                host: filled.host.to_ascii_lowercase(),
                place,
                shown: shown.to_owned(),
                origin: origin.to_owned(),
            });
        };
        // What holds more than the host is taken to pieces elsewhere.
        if written.host != filled.host && with_values(written.host, used) == filled.host {
            add(PartPlace::Host, written.host);
        }
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
        let pieces = [user, password].map(|piece| (piece, ValuePlace::Login));
        let pieces = pieces
            .into_iter()
            .chain(queries.map(|piece| (piece, behind(filled))));
        for (piece, place) in pieces {
            if !piece.is_empty() && value.contains(piece) {
                self.add_value(piece, shown, origin, place);
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
            self.add_value(segment, shown, origin, behind(filled));
        }
    }

    fn add_value(&mut self, value: &str, shown: &str, origin: &str, place: ValuePlace) {
        let is_known = |known: &Value| {
            known.shown == shown
                && (known.is_random || known.place == place)
                && known.forms.iter().any(|form| form == value)
        };
        if value.chars().count() < MIN_ANYWHERE || self.values.iter().any(is_known) {
            return;
        }
        let is_random = is_random(value);
        self.values.push(Value {
            forms: if is_random {
                forms_of_text(value)
            } else {
                forms(value)
            },
            shown: shown.to_owned(),
            origin: origin.to_owned(),
            is_random,
            place,
        });
        self.values
            .sort_by_key(|value| std::cmp::Reverse(value.forms.first().map_or(0, String::len)));
    }

    /// Returns `text` with names in place of values in every address, of what can be nothing but a secret anywhere, and with what sources have
    /// in place of whole paths.
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut hidden = self.in_addresses(text, true);
        for value in self.values.iter().filter(|value| value.is_random) {
            if let Some(replaced) = value.replaced(&hidden) {
                hidden = Cow::Owned(replaced);
            }
        }
        let is_apart = |before: Option<char>, after: Option<char>| {
            ends_name(before) && before != Some('/') && ends_name(after)
        };
        for (filled, written) in &self.written {
            let is_told_apart =
                filled.chars().count() >= MIN_ANYWHERE && filled.contains(['/', '.', ':']);
            if is_told_apart
                && !filled.contains("://")
                && let Some(replaced) = replaced_alone(&hidden, filled, written, is_apart)
            {
                hidden = Cow::Owned(replaced);
            }
        }
        hidden
    }

    /// Returns `text` as [`Secrets::hide`] does, and with what sources have in place of parts of paths and of hosts.
    pub fn hide_in_message<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut hidden = self.hide(text);
        let is_of_path = |before: Option<char>, after: Option<char>| {
            let is_end = |c: Option<char>| ends_name(c) && c != Some('/');
            (before == Some('/') && (after == Some('/') || is_end(after)))
                || (is_end(before) && after == Some('/'))
        };
        for (value, shown) in &self.of_paths {
            if let Some(replaced) = replaced_alone(&hidden, value, shown, is_of_path) {
                hidden = Cow::Owned(replaced);
            }
        }
        for part in &self.parts {
            // A port follows, or a sentence goes on.
            let is_host = |before: Option<char>, after: Option<char>| {
                ends_name(before) && (ends_name(after) || after == Some('.'))
            };
            let host = part.host.split(':').next().unwrap_or_default();
            let shown = part.shown.split(':').next().unwrap_or_default();
            if part.place == PartPlace::Host
                && host.len() >= MIN_ANYWHERE
                && host.contains('.')
                && let Some(replaced) = replaced_alone(&hidden, host, shown, is_host)
            {
                hidden = Cow::Owned(replaced);
            }
        }
        hidden
    }

    /// Returns `text`, which may be read again, with names in place of values in every address that they were filled into. A word that is the
    /// value of a variable may stand in other addresses for itself.
    pub fn hide_addresses<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.in_addresses(text, false)
    }

    /// `text` with names in place of values in its addresses; of words also `anywhere`, and not only where they were filled in.
    fn in_addresses<'t>(&self, text: &'t str, anywhere: bool) -> Cow<'t, str> {
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
            out.push_str(&self.hidden(bare, anywhere));
            out.push_str(address.get(bare.len()..).unwrap_or_default());
            rest = behind;
        }
        out.push_str(rest);
        Cow::Owned(out)
    }

    /// Returns an address or direct reference as its source has it.
    pub fn written(&self, filled: &str) -> Option<String> {
        if self.written.is_empty() {
            return None;
        }
        if let Some(written) = self.written.get(filled) {
            return Some(written.clone());
        }
        let (key, suffix) = identity(filled).unwrap_or_else(|| {
            let path = without_fragment(filled);
            let fragment = filled.get(path.len()..).unwrap_or_default();
            (path.to_owned(), fragment.to_owned())
        });
        self.written
            .get(&key)
            .map(|written| format!("{written}{suffix}"))
    }

    /// Returns a host, without a port, as its source has it.
    pub fn written_host(&self, host: &str) -> Option<String> {
        self.hosts.get(&host.to_ascii_lowercase()).cloned()
    }

    /// Returns the variable whose value stands in a path of this machine, and its origin if that is known.
    pub fn variable_in_path(&self, path: &str) -> Option<(String, Option<String>)> {
        let random = self.values.iter().filter(|value| value.is_random);
        let mut random = random.filter(|value| value.replaced(path).is_some());
        if let Some(value) = random.next() {
            return Some((value.shown.clone(), Some(value.origin.clone())));
        }
        let written = self.written.iter().find(|(filled, written)| {
            let is_path = !filled.contains("://") && written.contains("${");
            let starts = path.strip_prefix(filled.as_str());
            is_path && starts.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let of_path = || {
            let parts = self.of_paths.iter();
            let mut parts = parts.filter(|(value, _)| path.split('/').any(|part| part == value));
            parts.next().map(|(_, shown)| shown)
        };
        let shown = written.map(|(_, written)| written).or_else(of_path)?;
        Some((first_variable(shown)?.to_owned(), None))
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
            .find(|value| value.is_behind(&address) && value.replaced(address.tail).is_some())?;
        Some((value.shown.clone(), value.origin.clone()))
    }

    /// Returns whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
            && self.parts.is_empty()
            && self.hosts.is_empty()
            && self.written.is_empty()
    }

    /// An address, without its scheme, with names in place of values.
    fn hidden(&self, rest: &str, anywhere: bool) -> String {
        let address = Address::behind(rest);
        let mut user = address.user.to_owned();
        let mut tail = address.tail.to_owned();
        let is_host = |part: &&Part| part.place == PartPlace::Host && part.applies_to(&address);
        let host = self.parts.iter().find(is_host);
        let host = host.map_or(address.host, |part| part.shown.as_str());
        let bare = without_port(host);
        let port = host.get(bare.len()..).unwrap_or_default();
        let written = self.written_host(bare);
        let host = written.map_or_else(|| host.to_owned(), |written| format!("{written}{port}"));
        for part in &self.parts {
            let current = Address {
                tail: &tail,
                ..address
            };
            if part.place != PartPlace::Host && part.applies_to(&current) {
                tail = part.replaced(&current);
            }
        }
        for value in &self.values {
            if anywhere || value.is_behind(&address) {
                tail = value.replaced(&tail).unwrap_or(tail);
            }
            user = value.replaced(&user).unwrap_or(user);
        }
        let at = if rest.contains('@') && !address.user.is_empty() {
            "@"
        } else {
            ""
        };
        format!("{user}{at}{host}{tail}")
    }
}

fn behind(filled: &Address<'_>) -> ValuePlace {
    ValuePlace::Behind(filled.host.to_ascii_lowercase())
}

impl Value {
    /// Whether it is replaced behind the host of an address.
    fn is_behind(&self, address: &Address<'_>) -> bool {
        let is_host = |host: &String| address.host.eq_ignore_ascii_case(host);
        self.is_random || matches!(&self.place, ValuePlace::Behind(host) if is_host(host))
    }

    /// `text` with the name in place of every form of the value, if there is any.
    fn replaced(&self, text: &str) -> Option<String> {
        let mut out: Option<String> = None;
        for form in &self.forms {
            let current = out.as_deref().unwrap_or(text);
            if self.is_random {
                out = replaced_in_any_case(current, form, &self.shown).or(out);
            } else if current.contains(form.as_str()) {
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
            PartPlace::Host => true,
        }
    }

    /// What stands behind the host, with the name in its place.
    fn replaced(&self, address: &Address<'_>) -> String {
        let (path, behind) = address.tail.split_at(address.path().len());
        match &self.place {
            PartPlace::Host => address.tail.to_owned(),
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

fn reference_to(name: &str) -> String {
    format!("${{{name}}}")
}

fn with_values(text: &str, used: &[&(String, String)]) -> String {
    let fill =
        |text: String, (name, value): &&(String, String)| text.replace(&reference_to(name), value);
    used.iter().fold(text.to_owned(), fill)
}

fn first_variable(text: &str) -> Option<&str> {
    let start = text.find("${")?;
    let length = text.get(start..)?.find('}')? + 1;
    text.get(start..start + length)
}

#[cfg(test)]
mod tests;
