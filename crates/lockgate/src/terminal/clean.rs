//! What is left of a text before it goes to a terminal or into the log of a CI service.
//!
//! A message may hold anything that somebody else wrote. It is printed with every hidden character written out, and lines behind its first
//! one stand behind a bar: no part of it drives the terminal, reads as a line of lockgate's own, or is a command of the service.

use std::fmt::Write as _;

use lockgate_model::secret;
use lockgate_model::text::{is_hidden_behind, printable, push_escaped, shown, without_commands};

/// What stands before the further lines of a message.
const BAR: &str = "  | ";

/// A text that `lockgate-report` made: its lines are meant, and so are its styles. What others wrote in it has been cleaned there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rendered<'a>(pub(crate) &'a str);

impl Rendered<'_> {
    /// Returns the text with no more than the styles and links that reports use.
    pub(crate) fn text(self) -> String {
        let text = secret::hide(self.0);
        let mut out = String::with_capacity(text.len());
        for line in text.trim_end_matches('\n').split('\n') {
            styled_line(line, &mut out);
            out.push('\n');
        }
        out
    }
}

/// Returns `message`, ready to be printed behind a label: one line, and others behind bars.
pub(crate) fn message(message: &str) -> String {
    let message = secret::hide_everywhere(message);
    let mut out = String::with_capacity(message.len() + 1);
    let mut lines = message.trim_end_matches('\n').split('\n');
    out.push_str(&without_commands(&shown(lines.next().unwrap_or_default())));
    for line in lines {
        // Writing to a string cannot fail.
        let _ = write!(out, "\n{BAR}{}", without_commands(&shown(line)));
    }
    out
}

/// Appends a line, its styles kept and everything else cleaned.
fn styled_line(line: &str, out: &mut String) {
    let mut is_first = true;
    let mut rest = line;
    let mut clean = String::new();
    while !rest.is_empty() {
        if let Some(length) = style(rest) {
            let (style, behind) = rest.split_at(length);
            flush(&mut clean, &mut is_first, out);
            out.push_str(style);
            rest = behind;
            continue;
        }
        let (plain, behind) = rest.split_at(printable(rest));
        clean.push_str(plain);
        rest = behind;
        // What begins with an escape may be a style.
        if !plain.is_empty() {
            continue;
        }
        let mut characters = rest.chars();
        let Some(c) = characters.next() else { break };
        if is_hidden_behind(clean.chars().next_back(), c) {
            push_escaped(c, &mut clean);
        } else {
            clean.push(c);
        }
        rest = characters.as_str();
    }
    flush(&mut clean, &mut is_first, out);
}

/// Appends what was gathered. Only what is seen first of a line can begin it.
fn flush(clean: &mut String, is_first: &mut bool, out: &mut String) {
    let text = std::mem::take(clean);
    if text.trim_start().is_empty() {
        out.push_str(&text);
        return;
    }
    if std::mem::take(is_first) {
        out.push_str(&without_commands(&text));
    } else {
        let behind = format!("-{text}");
        out.push_str(without_commands(&behind).get(1..).unwrap_or_default());
    }
}

/// How long the style or the link is that `text` begins with, if it is one that reports make.
fn style(text: &str) -> Option<usize> {
    const STYLES: [&str; 9] = [
        "\u{1b}[0m",
        "\u{1b}[1m",
        "\u{1b}[2m",
        "\u{1b}[4m",
        "\u{1b}[31m",
        "\u{1b}[32m",
        "\u{1b}[33m",
        "\u{1b}[35m",
        "\u{1b}[36m",
    ];
    if let Some(style) = STYLES.iter().find(|style| text.starts_with(**style)) {
        return Some(style.len());
    }
    let address = text.strip_prefix("\u{1b}]8;;")?;
    let (address, _) = address.split_once("\u{1b}\\")?;
    let is_web =
        address.is_empty() || address.starts_with("https://") || address.starts_with("http://");
    (is_web && address.bytes().all(|byte| byte.is_ascii_graphic()))
        .then(|| "\u{1b}]8;;\u{1b}\\".len() + address.len())
}

#[cfg(test)]
mod tests {
    use super::{Rendered, message};

    #[test]
    fn a_message_is_one_line_and_others_behind_bars() {
        for (text, expected) in [
            ("cannot read `a`", "cannot read `a`"),
            (
                "a\u{1b}[31m\nerror: b\r\n::error::c\n",
                "a\\u{1b}[31m\n  | error: b\\r\n  | \\u{3a}:error::c",
            ),
            ("::error::a", "\\u{3a}:error::a"),
        ] {
            assert_eq!(message(text), expected);
        }
    }

    #[test]
    fn of_a_rendered_text_styles_and_links_are_left() {
        for (text, expected) in [
            (
                "\u{1b}[1ma\u{1b}[0m b\n\n  c\n",
                "\u{1b}[1ma\u{1b}[0m b\n\n  c\n",
            ),
            (
                "\u{1b}[2Ja\u{9b}b\u{202e}",
                "\\u{1b}[2Ja\\u{9b}b\\u{202e}\n",
            ),
            (
                "\u{1b}]8;;https://a.test/\u{1b}\\x\u{1b}]8;;\u{1b}\\",
                "\u{1b}]8;;https://a.test/\u{1b}\\x\u{1b}]8;;\u{1b}\\\n",
            ),
            (
                "\u{1b}]8;;javascript:x\u{1b}\\x",
                "\\u{1b}]8;;javascript:x\\u{1b}\\x\n",
            ),
            // Without colours the styles go, and what stands behind them begins the line.
            (" \u{1b}[1m ::error::x", " \u{1b}[1m \\u{3a}:error::x\n"),
            ("a\u{1b}[1m::error::x", "a\u{1b}[1m::error::x\n"),
        ] {
            assert_eq!(Rendered(text).text(), expected);
        }
    }
}
