//! Bytes to text as pip decodes them: byte order mark, PEP 263 `coding` in the first two lines, UTF-8, the locale's encoding.

use std::borrow::Cow;

use lockgate_model::Files;

use super::codecs::Codec;

/// A text, and what a person should know of how it came about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) warning: Option<String>,
}

/// The text of a requirement file, or what is wrong with its encoding.
pub(crate) fn decode<'a>(bytes: &'a [u8], files: &dyn Files) -> Result<Decoded<'a>, String> {
    if let Some(text) = marked(bytes) {
        return text.map(plain);
    }
    if let Some(name) = declared(bytes) {
        return in_encoding(bytes, name).map(plain);
    }
    let not_utf8 = match utf8(bytes) {
        Ok(text) => return Ok(plain(text)),
        Err(message) => message,
    };
    let Some(locale) = locale_encoding(files) else {
        return Err(not_utf8);
    };
    let codec = Codec::named(&locale).filter(|codec| *codec != Codec::Utf8);
    let text = codec.and_then(|codec| codec.decode(bytes));
    text.map(|text| Decoded {
        text,
        warning: Some(format!(
            "it is not UTF-8 and was read in the locale's encoding, {locale}; say so in its first line: `# -*- coding: {locale} -*-`"
        )),
    })
    .ok_or(not_utf8)
}

/// The text of a file that was read as UTF-8, as pip decodes it: a declaration in a comment may say otherwise.
pub(crate) fn as_declared(text: &str) -> Result<Cow<'_, str>, String> {
    let bytes = text.as_bytes();
    if let Some(text) = marked(bytes) {
        return text;
    }
    match declared(bytes) {
        Some(name) => in_encoding(bytes, name),
        None => Ok(Cow::Borrowed(text)),
    }
}

fn plain(text: Cow<'_, str>) -> Decoded<'_> {
    Decoded {
        text,
        warning: None,
    }
}

/// The text after a byte order mark, if there is one.
fn marked(bytes: &[u8]) -> Option<Result<Cow<'_, str>, String>> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return Some(utf8(rest));
    }
    // The mark of UTF-32 begins with that of UTF-16, so it is looked for first.
    let text = if let Some(rest) = bytes.strip_prefix(b"\xff\xfe\x00\x00") {
        utf32(rest, u32::from_le_bytes)
    } else if let Some(rest) = bytes.strip_prefix(b"\x00\x00\xfe\xff") {
        utf32(rest, u32::from_be_bytes)
    } else if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        utf16(rest, u16::from_le_bytes)
    } else if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        utf16(rest, u16::from_be_bytes)
    } else {
        return None;
    };
    Some(text.map(Cow::Owned))
}

fn in_encoding<'a>(bytes: &'a [u8], name: &str) -> Result<Cow<'a, str>, String> {
    let Some(codec) = Codec::named(name) else {
        return Err(format!("its declared encoding `{name}` is not supported"));
    };
    if codec == Codec::Utf8 {
        return utf8(bytes);
    }
    codec
        .decode(bytes)
        .ok_or_else(|| format!("it is not in its declared encoding `{name}`"))
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    std::str::from_utf8(bytes)
        .map(Cow::Borrowed)
        .map_err(|error| {
            let line = 1 + bytes
                .iter()
                .take(error.valid_up_to())
                .filter(|byte| **byte == b'\n')
                .count();
            format!("line {line} is not UTF-8 text, and its encoding is not declared")
        })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let wrong = "it begins like UTF-16 and is none";
    let (pairs, []) = bytes.as_chunks::<2>() else {
        return Err(wrong.to_owned());
    };
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16(&units).map_err(|_lone_surrogate| wrong.to_owned())
}

fn utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> Result<String, String> {
    let wrong = || "it begins like UTF-32 and is none".to_owned();
    let (units, []) = bytes.as_chunks::<4>() else {
        return Err(wrong());
    };
    units
        .iter()
        .map(|four| char::from_u32(unit(*four)))
        .collect::<Option<String>>()
        .ok_or_else(wrong)
}

/// The encoding that a comment in the first two lines declares (PEP 263), as pip looks for it: the `#` is the line's first byte, and
/// only `\n` ends a line.
fn declared(bytes: &[u8]) -> Option<&str> {
    let lines = bytes.split(|byte| *byte == b'\n').take(2);
    lines
        .filter(|line| line.starts_with(b"#"))
        .find_map(declared_by)
}

fn declared_by(comment: &[u8]) -> Option<&str> {
    const WORD: &[u8] = b"coding";
    (0..comment.len()).find_map(|start| {
        let rest = comment.get(start..)?.strip_prefix(WORD)?;
        let (b':' | b'=', rest) = rest.split_first()? else {
            return None;
        };
        let rest = rest.trim_ascii_start();
        let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        let end = rest.iter().position(|byte| !is_of_name(byte));
        let name = rest.get(..end.unwrap_or(rest.len()))?;
        let name = std::str::from_utf8(name).ok()?;
        (!name.is_empty()).then_some(name)
    })
}

/// The encoding of the locale as its variables name it: `de_DE.ISO-8859-1@euro`.
fn locale_encoding(files: &dyn Files) -> Option<String> {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| files.variable(name))
        .find(|value| !value.is_empty())?;
    let (_, encoding) = locale.split_once('.')?;
    let encoding = encoding.split('@').next().unwrap_or_default();
    (!encoding.is_empty()).then(|| encoding.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Texts;

    fn text(bytes: &[u8]) -> Result<String, String> {
        decode(bytes, &Texts::default()).map(|decoded| decoded.text.into_owned())
    }

    #[test]
    fn encodings_are_found_as_pip_finds_them() {
        let cases: [(&[u8], &str); 15] = [
            (b"flask", "flask"),
            (b"\xef\xbb\xbfflask", "flask"),
            (b"\xff\xfef\x00\n\x00", "f\n"),
            (b"\xfe\xff\x00f\x00\n", "f\n"),
            (
                b"# -*- coding: latin-1 -*-\n# caf\xe9",
                "# -*- coding: latin-1 -*-\n# café",
            ),
            ("# é".as_bytes(), "# é"),
            (b"\xff\xfe\x00\x00f\x00\x00\x00", "f"),
            (b"\x00\x00\xfe\xff\x00\x00\x00f", "f"),
            (
                b"#!x\n# vim: set coding=utf-8 :\nf",
                "#!x\n# vim: set coding=utf-8 :\nf",
            ),
            (b"# coding: koi8-r\n# \xc4\xc1", "# coding: koi8-r\n# да"),
            (b"# coding=cp1252\n# \x80", "# coding=cp1252\n# €"),
            (
                b"#codingcoding: latin_1\n#\xe9",
                "#codingcoding: latin_1\n#é",
            ),
            (b"#\xff coding: cp1251\n", "#я coding: cp1251\n"),
            (
                b"# coding: shift_jis\n# \x83\x65",
                "# coding: shift_jis\n# テ",
            ),
            (b"a\n# coding: latin-1\n# x", "a\n# coding: latin-1\n# x"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(text(bytes).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_is_no_text_is_said_with_its_line() {
        assert!(text(b"flask\n\x80").unwrap_err().contains("line 2"));
        assert!(text(b"# coding: rot13\n").unwrap_err().contains("rot13"));
        assert!(
            text(b"# coding: ascii\n\x80")
                .unwrap_err()
                .contains("`ascii`")
        );
        assert!(
            text(b" # coding: latin-1\n\x80")
                .unwrap_err()
                .contains("line 2")
        );
        assert!(text(b"\xff\xfef").unwrap_err().contains("UTF-16"));
        assert!(text(b"\xff\xfe\x00\xd8").unwrap_err().contains("UTF-16"));
        assert!(text(b"\x00\x00\xfe\xfff").unwrap_err().contains("UTF-32"));
    }

    #[test]
    fn the_locale_is_the_last_resort_and_is_told() {
        let in_locale = |name: &str, value: &str| {
            let files = Texts::default().with_variable(name, value);
            decode(b"flask # caf\xe9", &files)
                .map(|decoded| (decoded.text.into_owned(), decoded.warning.is_some()))
        };
        for (name, value) in [
            ("LC_ALL", "de_DE.ISO-8859-1"),
            ("LC_CTYPE", "de_DE.ISO-8859-15@euro"),
            ("LANG", "de_DE.cp1252"),
        ] {
            let decoded = in_locale(name, value).unwrap();
            assert_eq!(decoded, ("flask # café".to_owned(), true));
        }
        for value in ["C", "de_DE.UTF-8", "de_DE", "de_DE.", "de_DE.none"] {
            assert!(in_locale("LC_ALL", value).unwrap_err().contains("line 1"));
        }
    }
}
