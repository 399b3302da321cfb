//! Texts of advisories and policies where they are shown: one line, and nothing that a terminal or a page would obey.

use lockgate_model::secret;
use lockgate_model::text::is_hidden;

/// `text` in one line, without spaces around it: ends of lines and tabs are spaces, and control characters and marks that turn or hide
/// what follows are left out.
pub(crate) fn one_line(text: &str) -> String {
    as_spaced(text.trim())
}

/// The same with the spaces that stand around it.
pub(crate) fn as_spaced(text: &str) -> String {
    let text = secret::hide(text);
    let spaced = text.chars().filter_map(|character| {
        let is_space = matches!(
            character,
            '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        );
        if is_space {
            Some(' ')
        } else {
            (!is_hidden(character)).then_some(character)
        }
    });
    spaced.collect()
}

/// `text` as Markdown that reads as the text in one line: no markup, no link, no cell of a table.
pub(crate) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in one_line(text).chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~'
            | '$' => {
                out.push('\\');
                out.push(character);
            }
            // A word of this shape calls people on GitHub.
            '@' => out.push_str("&#64;"),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{markdown, one_line};

    #[test]
    fn what_a_terminal_or_a_page_would_obey_is_gone() {
        let cases = [
            ("a\nb\r\nc\td", "a b  c d"),
            ("\u{1b}[31mred\u{7}\u{9b}", "[31mred"),
            ("safe\u{202e}gnp.exe\u{2066}\u{200b}\u{feff}", "safegnp.exe"),
            ("été 😀 \u{2028}x", "été 😀  x"),
        ];
        for (text, expected) in cases {
            assert_eq!(one_line(text), expected, "{text:?}");
        }
    }

    #[test]
    fn markdown_shows_the_text_and_does_nothing_else() {
        let cases = [
            ("a | b", r"a \| b"),
            ("<script>&", "&lt;script&gt;&amp;"),
            (
                "[x](https://example.org) *b* `c`",
                r"\[x\]\(https://example.org\) \*b\* \`c\`",
            ),
            ("@someone", "&#64;someone"),
        ];
        for (text, expected) in cases {
            assert_eq!(markdown(text), expected, "{text:?}");
        }
    }
}
