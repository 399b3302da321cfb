//! Values of variables in sources: what is never shown, and what a lock repeats in its place.
//!
//! A requirement file names a secret as `${TOKEN}`, and as with pip the variable's value takes its place. From then on the value stands in
//! what is fetched and read, in what follows from that (files of an index page, redirects) and in what others say about it. So what was
//! filled in is remembered for the life of the process, the one such list there is, and every door through which text leaves asks it:
//! [`hide`] for documents, [`hide_everywhere`] for messages. Nothing is forgotten, and nothing but texts for people depends on it, save
//! what a lock repeats ([`written`]).

mod address;
mod forms;
mod table;
mod unfilled;
mod words;

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

pub use table::{Filled, Secrets};
pub use unfilled::unfilled;

static KNOWN: RwLock<Secrets> = RwLock::new(Secrets::new());

/// Remembers a line in which variables were replaced.
pub fn remember(line: &Filled<'_>) {
    KNOWN
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .add(line);
}

/// Remembers a path, an address or a host as its source has it.
pub fn remember_written(filled: &str, written: &str) {
    KNOWN
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .add_written(filled, written);
}

/// Returns `text`, which a program may read again, with the variables' names in place of their values in every address in it.
pub fn hide_addresses(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.hide_addresses(text)
}

/// Returns `text` with the variables' names in place of their values: in addresses and whole paths, and of values that can be nothing but
/// secrets anywhere.
pub fn hide(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.hide(text)
}

/// Returns a message as [`hide`] does, with parts of paths and hosts as their sources have them.
pub fn hide_everywhere(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.hide_in_message(text)
}

/// Returns whether a value may stand in a lock as a part of names and versions: words and numbers, of which nothing looks random.
pub fn is_plain(value: &str) -> bool {
    words::is_plain(value)
}

/// Returns whether no variable was filled in.
pub fn is_empty() -> bool {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.is_empty()
}

/// Returns an address with `****` in place of each value of its query: that is where tokens stand.
pub fn without_query_values(address: &str) -> Cow<'_, str> {
    let (bare, fragment) = address.split_at(address.find('#').unwrap_or(address.len()));
    let Some((start, query)) = bare.split_once('?') else {
        return Cow::Borrowed(address);
    };
    // A closing quote or bracket belongs to the sentence.
    let meant = query.trim_end_matches(['`', '\'', '"', ')', ',', ';', ':', '.', '>']);
    let closing = query.get(meant.len()..).unwrap_or_default();
    let pairs = meant.split('&').map(|pair| match pair.split_once('=') {
        Some((key, value)) if !value.is_empty() => format!("{key}=****"),
        _ => pair.to_owned(),
    });
    let pairs: Vec<String> = pairs.collect();
    Cow::Owned(format!("{start}?{}{closing}{fragment}", pairs.join("&")))
}

/// Returns the address, path or host `filled` as its source has it, if variables stand in it. Credentials that are written in clear are left
/// out.
pub fn written(filled: &str) -> Option<String> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.written(filled)
}

/// Returns the host of an address as its source has it, if variables stand in it.
pub fn written_host(host: &str) -> Option<String> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.written_host(host)
}

/// Returns the variable whose value stands in `address` outside of its credentials, and where that was written.
pub fn variable_in(address: &str) -> Option<(String, String)> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.variable_in(address)
}

/// Returns the variable whose value stands in a path of this machine, and where that was written if it is known.
pub fn variable_in_path(path: &str) -> Option<(String, Option<String>)> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.variable_in_path(path)
}
