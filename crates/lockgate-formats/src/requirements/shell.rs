//! Splitting a text into words as a shell would.

/// Words as a POSIX shell splits them: blanks, quotes, backslashes.
pub(crate) fn shell_words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"') | None, '\\') => {
                let Some(escaped) = letters.next() else {
                    return Err("it ends in a backslash".to_owned());
                };
                let word = word.get_or_insert_default();
                if quote.is_some() && !matches!(escaped, '"' | '\\') {
                    word.push('\\');
                }
                word.push(escaped);
            }
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t' | '\r' | '\n') => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed".to_owned());
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::shell_words;

    #[test]
    fn words_are_split_as_a_shell_does() {
        for (text, words) in [
            ("a b  c", vec!["a", "b", "c"]),
            ("'a b' \"c d\"", vec!["a b", "c d"]),
            (r#"a\ b "c\"d" 'e\f'"#, vec!["a b", "c\"d", r"e\f"]),
            ("''", vec![""]),
            ("a\u{a0}b\tc", vec!["a\u{a0}b", "c"]),
            (r#""a\b""#, vec![r"a\b"]),
        ] {
            assert_eq!(shell_words(text).unwrap(), words);
        }
        for text in ["'a", "\"a", "a\\"] {
            assert!(shell_words(text).is_err(), "{text}");
        }
    }
}
