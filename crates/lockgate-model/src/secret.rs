//! Values of variables in addresses: what is never shown, and what a lock repeats in its place.
//!
//! A requirement file names a secret as `${TOKEN}`, and as with pip the variable's value takes its place. From then on the value stands in
//! the address that is fetched, in those that follow from it (files of an index page, redirects) and in what others say about them. So what
//! was filled in is remembered for the life of the process, the one such list there is, and every door through which text leaves asks it.
//! Nothing is forgotten, and nothing but texts for people depends on it, save the addresses in a lock ([`written`]).

mod forms;
mod table;

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

pub use table::{Filled, Secrets};

static KNOWN: RwLock<Secrets> = RwLock::new(Secrets::new());

/// Remembers a line in which variables were replaced.
pub fn remember(line: &Filled<'_>) {
    KNOWN
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .add(line);
}

/// Returns `text` with the variables' names in place of their values in every address in it.
pub fn hide(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.hide(text)
}

/// Returns `text` as [`hide`] does, with the values that can be nothing but secrets replaced outside of addresses too.
pub fn hide_everywhere(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.hide_everywhere(text)
}

/// Returns whether no variable stands in any address.
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

/// Returns the address or direct reference `filled` as its source has it, if variables stand in it. Credentials that are written in clear
/// are left out.
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
