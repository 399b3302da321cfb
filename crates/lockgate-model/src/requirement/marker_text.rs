//! Markers as texts, before they reach the parser and so that they can be written again.
//!
//! - Outside of quotes the grammar has ASCII alone, and a quoted text follows an operator or precedes one. Everything else is refused here:
//!   the parser (`pep508_rs` 0.9.2) may panic where it should return an error.
//! - What is quoted is written in single quotes, whatever it holds. A text with a quote in it would be read as more comparisons, and one
//!   with a line break as another line of a lock. No environment has such values; they are refused.

use std::borrow::Cow;

/// What is said of letters where the grammar has none.
const OUT_OF_PLACE: &str = "its marker has letters beyond ASCII outside of quotes, or a quoted text where `and`, `or` or an operator is expected";

/// What is said of a quoted text that cannot be written again.
const NOT_WRITTEN: &str = "its marker has a quote or a line break in a quoted text";

/// The marker as the parser can take it: where it has letters beyond ASCII, a blank before each quoted text keeps what follows a
/// comparison apart from it.
pub(crate) fn for_parser(marker: &str) -> Result<Cow<'_, str>, &'static str> {
    let is_ascii = marker.is_ascii();
    if is_ascii && !(marker.contains('"') && marker.contains('\'')) && !marker.contains(breaks) {
        return Ok(Cow::Borrowed(marker));
    }
    let mut out = String::with_capacity(marker.len() + 8);
    let mut rest = marker;
    // Whether a value stood last, so that no quoted text can follow.
    let mut after_value = false;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\'' | '"' => {
                if after_value && !is_ascii {
                    return Err(OUT_OF_PLACE);
                }
                out.push(' ');
                after_value = true;
                quoted(rest, first)?
            }
            '(' | ')' => {
                after_value = first == ')';
                1
            }
            '<' | '>' | '=' | '!' | '~' => {
                after_value = false;
                1
            }
            _ if first.is_whitespace() => first.len_utf8(),
            _ => {
                let ends = |c: char| c.is_whitespace() || "'\"()<>=!~".contains(c);
                let end = rest.find(ends).unwrap_or(rest.len());
                let (word, _) = rest.split_at_checked(end).unwrap_or_default();
                if !word.is_ascii() {
                    return Err(OUT_OF_PLACE);
                }
                after_value = !matches!(word, "and" | "or" | "in" | "not");
                end
            }
        };
        let (token, after) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        out.push_str(token);
        rest = after;
    }
    Ok(if is_ascii {
        Cow::Borrowed(marker)
    } else {
        Cow::Owned(out)
    })
}

/// How long the quoted text is that begins here, with its quotes. To one that does not end the parser has a word of its own to say.
fn quoted(text: &str, quote: char) -> Result<usize, &'static str> {
    let inside = text.strip_prefix(quote).unwrap_or_default();
    let Some((value, _)) = inside.split_once(quote) else {
        return Ok(text.len());
    };
    if value.contains(['\'', '"']) || value.contains(breaks) {
        return Err(NOT_WRITTEN);
    }
    Ok(value.len() + 2)
}

/// What ends a line for some reader, or is no text at all.
fn breaks(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Marker, Requirement};

    #[test]
    fn quoted_letters_are_kept_and_stand_apart() {
        for (marker, taken) in [
            ("os_name == 'nt'", "os_name == 'nt'"),
            (
                "os_name == 'a' or\tos_name == \"b\"",
                "os_name == 'a' or\tos_name == \"b\"",
            ),
            ("os_name=='é'", "os_name== 'é'"),
            (
                "'é' != os_name and platform_version in \"ü ö\"",
                " 'é' != os_name and platform_version in  \"ü ö\"",
            ),
            (
                "(os_name == 'a') and'ß'!=os_name",
                "(os_name ==  'a') and 'ß'!=os_name",
            ),
        ] {
            assert_eq!(for_parser(marker).as_deref(), Ok(taken), "{marker}");
            assert!(Marker::parse(marker).is_ok(), "{marker}");
        }
        let read: Requirement = "a ; os_name == 'né'".parse().unwrap();
        assert_eq!(read.marker, Marker::parse("os_name == 'né'").unwrap());
        assert_eq!(read.marker.to_text().as_deref(), Some("os_name == 'né'"));
    }

    #[test]
    fn letters_in_other_places_are_refused() {
        for marker in ["é == 'nt'", "os_namé == 'nt'"] {
            assert_eq!(for_parser(marker), Err(OUT_OF_PLACE), "{marker}");
        }
        refused_everywhere(&["é == 'nt'", "os_namé == 'nt'"]);
    }

    /// Such a text would say more when it is written again: other comparisons, another line.
    #[test]
    fn quoted_texts_that_cannot_be_written_again_are_refused() {
        for marker in [
            "os_name == \"it's\"",
            "os_name == 'a \"b\"'",
            "os_name == \"a' or os_name != 'a\"",
            "os_name == 'é' and os_name != \"'\"",
            "'a\nb' == os_name",
            "os_name == 'a\u{b}'",
            "os_name == 'a\u{85}'",
            "os_name == 'a\u{2028}b==1'",
            "os_name == \"a\" and platform_version in 'b\rc'",
        ] {
            assert_eq!(for_parser(marker), Err(NOT_WRITTEN), "{marker:?}");
            refused_everywhere(&[marker]);
        }
    }

    fn refused_everywhere(markers: &[&str]) {
        for marker in markers {
            assert!(Marker::parse(marker).is_err(), "{marker:?}");
            for text in [
                format!("a ; {marker}"),
                format!("a @ https://x.test ; {marker}"),
            ] {
                assert!(text.parse::<Requirement>().is_err(), "{text:?}");
                assert!(Requirement::parse_strict(&text).is_err(), "{text:?}");
            }
        }
    }
}
