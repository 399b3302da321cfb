//! Text of others, made harmless before it is written: advisories, indexes and files say what they like.
//!
//! Every form of the report passes foreign text through [`plain`] first, then through the escapes of its own syntax.

use std::borrow::Cow;
use std::fmt::Write as _;

use lockgate_model::secret;
use lockgate_model::text::{is_hidden_behind, printable};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// One line without anything that drives a terminal or hides what is written: blanks of all kinds become a space, control characters,
/// marks that turn the direction of text, and characters that cannot be seen become U+FFFD.
/// Values of variables become their names.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    match secret::hide(text) {
        Cow::Borrowed(text) => of_one_line(text),
        Cow::Owned(text) => Cow::Owned(of_one_line(&text).into_owned()),
    }
}

fn of_one_line(text: &str) -> Cow<'_, str> {
    if printable(text) == text.len() {
        return Cow::Borrowed(text);
    }
    let mut before = None;
    let is_plain = |c| !is_blank(c) && !is_hidden_behind(before.replace(c), c);
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    for c in text.chars() {
        if is_blank(c) {
            // `\r\n` and the indent after it are one break.
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else if is_hidden_behind(before, c) {
            out.push(char::REPLACEMENT_CHARACTER);
        } else {
            out.push(c);
        }
        before = Some(c);
    }
    Cow::Owned(out.trim().to_owned())
}

/// Breaks other than a space.
fn is_blank(c: char) -> bool {
    matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// How many columns a terminal takes for a text.
pub(crate) fn columns(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text`, not wider than `width` columns; what is cut off shows as an ellipsis.
pub(crate) fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if columns(text) <= width {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(c);
    }
    let mut out = out.trim_end().to_owned();
    out.push('…');
    Cow::Owned(out)
}

/// The lines of `text` within `width` columns, the first one shorter by `taken`, broken between words; a word that is wider stands alone.
/// Without a width, one line.
pub(crate) fn wrapped(text: &str, width: Option<usize>, taken: usize) -> Vec<String> {
    let Some(width) = width else {
        return vec![text.to_owned()];
    };
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut room = width.saturating_sub(taken);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && columns(&line) + 1 + columns(word) > room {
            lines.push(std::mem::take(&mut line));
            room = width;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// An address that may become a link: `http` or `https`, with everything percent-encoded that could end the link or hide in it.
pub(crate) fn web_address(text: &str) -> Option<String> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    if rest.is_empty() || rest.starts_with('/') {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || "-._~:/?#@!$&+,;=%".contains(c) {
            out.push(c);
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests;
