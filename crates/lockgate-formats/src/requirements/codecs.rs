//! The encodings that a requirement file may declare, by the names that Python has for them.

use std::borrow::Cow;

use encoding_rs::Encoding;

/// A way to read bytes as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    /// UTF-8.
    Utf8,
    /// Bytes below 128.
    Ascii,
    /// Each byte is the character of its number. What browsers call so is Windows-1252.
    Latin1,
    /// One of the older encodings.
    Legacy(&'static Encoding),
}

impl Codec {
    /// The encoding of a name; upper and lower case, `-` and `_` are the same, as in Python.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace('_', "-");
        Some(match name.as_str() {
            "utf-8" | "utf8" | "u8" | "utf" | "cp65001" => Self::Utf8,
            "ascii" | "us-ascii" | "646" | "ansi-x3.4-1968" => Self::Ascii,
            "latin-1" | "latin1" | "latin" | "l1" | "iso-8859-1" | "iso8859-1" | "iso88591"
            | "8859" | "cp819" => Self::Latin1,
            name => Self::Legacy(legacy(name)?),
        })
    }

    /// The text, if the bytes are one.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Ascii if !bytes.is_ascii() => None,
            Self::Ascii | Self::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Self::Latin1 => Some(Cow::Owned(
                bytes.iter().map(|byte| char::from(*byte)).collect(),
            )),
            Self::Legacy(encoding) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes)
            }
        }
    }
}

/// An encoding that is older than Unicode.
fn legacy(name: &str) -> Option<&'static Encoding> {
    let label = match name {
        "cp932" => "ms932",
        "shift-jis" | "shiftjis" | "sjis" | "s-jis" => "shift_jis",
        "cp936" | "936" => "gbk",
        "gb18030-2000" => "gb18030",
        "cp949" | "uhc" => "windows-949",
        "euckr" | "ks-c-5601" | "ks-c-5601-1987" => "euc-kr",
        "eucjp" | "ujis" => "euc-jp",
        "cp874" => "windows-874",
        "mac-roman" | "macroman" => "macintosh",
        "mac-cyrillic" => "x-mac-cyrillic",
        "big5-tw" => "big5",
        name => name,
    };
    let encoding = Encoding::for_label_no_replacement(label.as_bytes())?;
    // The Unicode encodings that are not UTF-8 cannot hold the ASCII comment that declares them.
    let is_legacy = encoding.is_ascii_compatible() || encoding == encoding_rs::ISO_2022_JP;
    (is_legacy && encoding != encoding_rs::X_USER_DEFINED).then_some(encoding)
}

#[cfg(test)]
mod tests {
    use super::Codec;

    #[test]
    fn names_are_read_as_python_reads_them() {
        for (name, bytes, text) in [
            ("UTF_8", "é".as_bytes(), "é"),
            ("Latin-1", b"\x80\xe9", "\u{80}é"),
            ("iso-8859-15", b"\xa4", "€"),
            ("CP1252", b"\x93", "“"),
            ("windows_1251", b"\xe4", "д"),
            ("koi8_u", b"\xa4", "є"),
            ("gbk", b"\xc4\xe3", "你"),
            ("GB18030", b"\xc4\xe3", "你"),
            ("big5", b"\xa7\x41", "你"),
            ("cp932", b"\x82\xa0", "あ"),
            ("euc_jp", b"\xa4\xa2", "あ"),
            ("iso-2022-jp", b"\x1b$B$\"\x1b(B", "あ"),
            ("cp949", b"\xb0\xa1", "가"),
            ("mac_roman", b"\x8e", "é"),
        ] {
            let codec = Codec::named(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(codec.decode(bytes).as_deref(), Some(text), "{name}");
        }
        for name in ["utf-16", "utf-16le", "hex", "rot13", "x-user-defined", ""] {
            assert_eq!(Codec::named(name), None, "{name}");
        }
    }
}
