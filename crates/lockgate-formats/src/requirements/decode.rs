//! Bytes to text as pip decodes them: byte order mark, PEP 263 `coding` in the first two lines, UTF-8.

use std::borrow::Cow;

/// The text of a requirement file, or what is wrong with its encoding.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return utf8(rest);
    }
    // The mark of UTF-32 begins with that of UTF-16, so it is looked for first.
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe\x00\x00") {
        return utf32(rest, u32::from_le_bytes).map(Cow::Owned);
    }
    if let Some(rest) = bytes.strip_prefix(b"\x00\x00\xfe\xff") {
        return utf32(rest, u32::from_be_bytes).map(Cow::Owned);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return utf16(rest, u16::from_le_bytes).map(Cow::Owned);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return utf16(rest, u16::from_be_bytes).map(Cow::Owned);
    }
    match declared(bytes)
        .map(|name| name.to_ascii_lowercase().replace('_', "-"))
        .as_deref()
    {
        None | Some("utf-8" | "utf8" | "ascii" | "us-ascii") => utf8(bytes),
        Some("latin-1" | "iso-8859-1" | "latin1") => Ok(Cow::Owned(
            bytes.iter().map(|byte| char::from(*byte)).collect(),
        )),
        Some(other) => Err(format!(
            "its declared encoding `{other}` is not supported; save it as UTF-8"
        )),
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
        let line = 1 + bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
        format!("line {line} is not UTF-8 text; save it as UTF-8, or declare its encoding in the first line")
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let wrong = "it begins like UTF-16 and is none; save it as UTF-8";
    let (pairs, []) = bytes.as_chunks::<2>() else {
        return Err(wrong.to_owned());
    };
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16(&units).map_err(|_lone_surrogate| wrong.to_owned())
}

fn utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> Result<String, String> {
    let wrong = || "it begins like UTF-32 and is none; save it as UTF-8".to_owned();
    let (units, []) = bytes.as_chunks::<4>() else {
        return Err(wrong());
    };
    units
        .iter()
        .map(|four| char::from_u32(unit(*four)))
        .collect::<Option<String>>()
        .ok_or_else(wrong)
}

/// The encoding that a comment in the first two lines declares (PEP 263).
fn declared(bytes: &[u8]) -> Option<&str> {
    let lines = bytes.split(|byte| *byte == b'\n').take(2);
    for line in lines {
        let Ok(line) = std::str::from_utf8(line) else {
            continue;
        };
        let Some(comment) = line.trim_start().strip_prefix('#') else {
            continue;
        };
        let Some((_, rest)) = comment.split_once("coding") else {
            continue;
        };
        let Some(rest) = rest.strip_prefix([':', '=']) else {
            continue;
        };
        let rest = rest.trim_start();
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
            .unwrap_or(rest.len());
        return rest.get(..end).filter(|name| !name.is_empty());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn encodings_are_found_as_pip_finds_them() {
        let cases: [(&[u8], &str); 9] = [
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
        ];
        for (bytes, text) in cases {
            assert_eq!(decode(bytes).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_text_is_said_with_its_line() {
        assert!(decode(b"flask\n\x80").unwrap_err().contains("line 2"));
        assert!(
            decode(b"# coding: koi8-r\n")
                .unwrap_err()
                .contains("koi8-r")
        );
        assert!(decode(b"\xff\xfef").unwrap_err().contains("UTF-16"));
        assert!(decode(b"\xff\xfe\x00\xd8").unwrap_err().contains("UTF-16"));
        assert!(decode(b"\x00\x00\xfe\xfff").unwrap_err().contains("UTF-32"));
    }
}
