//! Text of others where people see it: what a terminal or a CI service would obey is written out, and one datum stays on one line.

use std::borrow::Cow;
use std::ffi::OsStr;

/// Returns the name of a file as a message can show it: bytes that are not UTF-8 are written out (`\xff`).
pub fn escaped_name(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(&chunk.invalid().escape_ascii().to_string());
    }
    text
}

/// Returns whether `c` is not seen but changes what is: controls, line separators, marks that turn the direction of text, characters
/// without a shape.
///
/// The joiners U+200C and U+200D are not among them, since letters and pictures of several parts need them; [`shown`] looks at where
/// they stand.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Returns whether a terminal obeys `c`, or turns the direction of text or ends a line at it.
pub fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns whether `c`, behind `before`, is hidden: a joiner behind an ASCII character joins nothing.
pub fn is_hidden_behind(before: Option<char>, c: char) -> bool {
    match c {
        '\u{200c}' | '\u{200d}' => before.is_none_or(|before| before.is_ascii()),
        _ => is_hidden(c),
    }
}

/// Returns how many bytes `text` begins with that are printable ASCII characters, of which none is hidden: most texts are nothing else.
pub fn printable(text: &str) -> usize {
    let mut bytes = text.bytes();
    let end = bytes.position(|byte| !(b' '..=b'~').contains(&byte));
    end.unwrap_or(text.len())
}

/// Returns `text` on one line, each hidden character written as Rust writes it in a string: `\n`, `\u{1b}`, `\u{202e}`.
pub fn shown(text: &str) -> Cow<'_, str> {
    if printable(text) == text.len() {
        return Cow::Borrowed(text);
    }
    let mut before = None;
    let is_clean = text
        .chars()
        .all(|c| !is_hidden_behind(before.replace(c), c));
    if is_clean {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = None;
    for c in text.chars() {
        if is_hidden_behind(before, c) {
            push_escaped(c, &mut out);
        } else {
            out.push(c);
        }
        before = Some(c);
    }
    Cow::Owned(out)
}

/// Appends `c` as an escape.
pub fn push_escaped(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => out.extend(c.escape_unicode()),
    }
}

/// What services look for behind a `#`, anywhere in a line.
const MARKS: [&str; 3] = ["#[", "#vso[", "#teamcity["];

/// Returns `line` with a character of each command of a CI service written as an escape, so that it is none.
///
/// GitHub obeys `::name …::` at the beginning of a line, behind blanks too, and `##[name]` anywhere; Azure Pipelines obeys `##vso[`
/// anywhere, and `##teamcity[` is one to yet another.
pub fn without_commands(line: &str) -> Cow<'_, str> {
    let start = line.len() - line.trim_start().len();
    let begins = line.get(start..).is_some_and(|text| text.starts_with("::"));
    if !begins && mark(line).is_none() {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len() + 8);
    let mut rest = line;
    let mut next = if begins { Some(start) } else { mark(line) };
    while let Some(at) = next {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let mut characters = from.chars();
        out.extend(characters.by_ref().take(1).flat_map(char::escape_unicode));
        rest = characters.as_str();
        next = mark(rest);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Returns whether a CI service would take `line` for a command.
pub fn is_command(line: &str) -> bool {
    matches!(without_commands(line), Cow::Owned(_))
}

/// Where the first of the [`MARKS`] begins, behind its first `#`.
fn mark(line: &str) -> Option<usize> {
    let behind = line.match_indices('#').map(|(at, _)| at + 1);
    behind.into_iter().find(|at| {
        MARKS.iter().any(|mark| {
            line.get(*at..*at + mark.len())
                .is_some_and(|text| text.eq_ignore_ascii_case(mark))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_datum_is_one_line_without_anything_hidden() {
        for (text, expected) in [
            ("naïve 日本 été", "naïve 日本 été"),
            ("a\nb\r\tc", r"a\nb\r\tc"),
            (
                "\u{1b}[31mred\u{9b}0m\u{7f}",
                r"\u{1b}[31mred\u{9b}0m\u{7f}",
            ),
            ("safe\u{202e}gnp\u{2066}", r"safe\u{202e}gnp\u{2066}"),
            ("x\u{2028}y\u{2029}z\u{85}", r"x\u{2028}y\u{2029}z\u{85}"),
            ("re\u{200b}quests\u{ad}", r"re\u{200b}quests\u{ad}"),
            // Letters and pictures need joiners; names in ASCII do not.
            (
                "می\u{200c}خواهم 👩\u{200d}💻",
                "می\u{200c}خواهم 👩\u{200d}💻",
            ),
            ("re\u{200d}quests\u{200c}", r"re\u{200d}quests\u{200c}"),
            ("tags\u{e0041}", r"tags\u{e0041}"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn no_line_is_a_command_of_a_service() {
        for (line, expected) in [
            ("a::b ::error::c", "a::b ::error::c"),
            ("::error::x", r"\u{3a}:error::x"),
            (" \u{a0}::error::x", " \u{a0}\\u{3a}:error::x"),
            ("::::x", r"\u{3a}:::x"),
            ("text ##[error]x", r"text #\u{23}[error]x"),
            ("###[x ##vso[task]", r"##\u{23}[x #\u{23}vso[task]"),
            ("##TeamCity[x]", r"#\u{23}TeamCity[x]"),
            ("# # [x] ## x", "# # [x] ## x"),
        ] {
            assert_eq!(without_commands(line), expected, "{line:?}");
            assert!(!is_command(expected), "{line:?}");
        }
    }
}
