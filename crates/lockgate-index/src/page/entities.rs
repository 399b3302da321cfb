//! HTML character references, as far as they stand in attribute values of index pages.

use std::borrow::Cow;

/// Replaces numeric references and the named ones that escape markup; what is not known stays as written.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let reference = after
            .split_once(';')
            .and_then(|(body, tail)| Some((character(body)?, tail)));
        let (character, tail) = reference.unwrap_or(('&', after));
        plain.push(character);
        rest = tail;
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

fn character(body: &str) -> Option<char> {
    if let Some(number) = body.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|character| *character != '\0');
    }
    match body {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::unescape;

    #[test]
    fn references_become_characters_and_the_rest_stays() {
        for (text, expected) in [
            (">=3.8", ">=3.8"),
            ("&gt;=3.8,&lt;4", ">=3.8,<4"),
            ("&#62;=3.8, &#x3C;4", ">=3.8, <4"),
            ("a&b;c & d&amp;gt;", "a&b;c & d&gt;"),
            ("&#0;&#xFFFFFFFF;&", "&#0;&#xFFFFFFFF;&"),
        ] {
            assert_eq!(unescape(text), expected);
        }
    }
}
