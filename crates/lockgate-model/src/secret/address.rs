//! Addresses as texts: taken apart by their marks, where they begin, and what two spellings share.

use url::Url;

use crate::reference::{Place, Reference};

/// An address, taken apart by its marks alone: it may not be valid, and may hold `${NAME}`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address<'a> {
    pub(super) user: &'a str,
    pub(super) host: &'a str,
    /// Path, query and fragment.
    pub(super) tail: &'a str,
}

impl<'a> Address<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self::behind(text.split_once("://").map_or(text, |(_, rest)| rest))
    }

    pub(super) fn behind(rest: &'a str) -> Self {
        let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        Self { user, host, tail }
    }

    pub(super) fn path(&self) -> &'a str {
        self.tail.split(['?', '#']).next().unwrap_or_default()
    }

    pub(super) fn query(&self) -> &'a str {
        let without_fragment = self.tail.split('#').next().unwrap_or_default();
        without_fragment
            .split_once('?')
            .map_or("", |(_, query)| query)
    }
}

/// A host without its port.
pub(super) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => host,
    }
}

/// A host as addresses have it once they are parsed.
pub(super) fn host_of(host: &str) -> Option<String> {
    let url = Url::parse(&format!("https://{host}/")).ok()?;
    url.host_str().map(str::to_owned)
}

/// Whether `text` is the host of the address that `value` is, or that it begins with a login for.
pub(super) fn is_host_of(value: &str, text: &str) -> bool {
    let host = Address::of(value).host;
    host == text || host.split(':').next() == Some(text)
}

pub(super) fn without_fragment(text: &str) -> &str {
    text.split('#').next().unwrap_or(text)
}

/// The path that a `file:` address of this machine names, which messages show by itself.
pub(super) fn path_of_file(text: &str) -> Option<&str> {
    let text = base(text);
    let path = text
        .strip_prefix("git+")
        .unwrap_or(text)
        .strip_prefix("file://")?;
    Some(path.strip_prefix("localhost").unwrap_or(path))
}

/// Where in a word its address begins: at its scheme, or at the variable that holds it.
pub(super) fn address_in(word: &str) -> Option<&str> {
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
pub(super) fn without_clear_credentials(text: &str) -> String {
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
pub(super) fn identity(text: &str) -> Option<(String, String)> {
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
pub(super) fn base(text: &str) -> &str {
    let text = text.split('#').next().unwrap_or(text);
    if !text.starts_with("git+") {
        return text;
    }
    let tail = Address::of(text).tail;
    let path = tail.rsplit_once('@').map_or(tail, |(path, _)| path);
    text.get(..text.len() - tail.len() + path.len())
        .unwrap_or(text)
}
