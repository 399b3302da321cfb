//! JSON values to text: what a terminal would obey, and what turns the direction of writing, is written as an escape. The value is the same.

use std::io::{self, Write};

use lockgate_model::secret;
use lockgate_model::text::is_hidden;
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

/// A document as it is written to a file or to standard output: indented, with a line end.
pub fn json_text(document: &Value) -> String {
    let hidden = (!secret::is_empty()).then(|| without_secrets(document.clone()));
    let document = hidden.as_ref().unwrap_or(document);
    let mut text = Vec::new();
    let formatter = Escaped {
        inner: PrettyFormatter::new(),
        escapes: is_hidden,
    };
    let mut serializer = Serializer::with_formatter(&mut text, formatter);
    // Neither a value nor a vector in memory has anything to fail by.
    if document.serialize(&mut serializer).is_err() {
        return format!("{document:#}\n");
    }
    text.push(b'\n');
    String::from_utf8_lossy(&text).into_owned()
}

/// The document with the names of variables in place of their values.
fn without_secrets(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(secret::hide(&text).into_owned()),
        Value::Array(values) => Value::Array(values.into_iter().map(without_secrets).collect()),
        Value::Object(members) => {
            let members = members.into_iter();
            let hidden = |(key, value): (String, Value)| {
                (secret::hide(&key).into_owned(), without_secrets(value))
            };
            Value::Object(members.map(hidden).collect())
        }
        other => other,
    }
}

/// A document as Python's `json.dumps` writes it: one line, spaces after commas and colons, ASCII only.
pub(crate) fn python_text(document: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = Vec::new();
    let formatter = Escaped {
        inner: Spaced(CompactFormatter),
        escapes: |character| !character.is_ascii() || character == '\u{7f}',
    };
    document.serialize(&mut Serializer::with_formatter(&mut text, formatter))?;
    // Neither quotes nor escapes are in the name of a variable.
    Ok(secret::hide(&String::from_utf8_lossy(&text)).into_owned())
}

/// Writes some characters by their code, as JSON allows it, and the first of two `#`.
struct Escaped<F> {
    inner: F,
    escapes: fn(char) -> bool,
}

impl<F: Formatter> Formatter for Escaped<F> {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        // `##[name]` is a command to a CI service wherever it stands.
        let next = |rest: &str| {
            let hidden = rest.find(self.escapes);
            let hidden = hidden.into_iter().chain(rest.find("##"));
            hidden.min()
        };
        while let Some(at) = next(rest) {
            let (plain, found) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut characters = found.chars();
            for unit in characters.by_ref().take(1).flat_map(utf16) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = characters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.inner.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.inner.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.end_object_value(writer)
    }
}

fn utf16(character: char) -> Vec<u16> {
    character.encode_utf16(&mut [0; 2]).to_vec()
}

/// One line with a space after each comma and colon.
struct Spaced(CompactFormatter);

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.begin_array_value(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)?;
        writer.write_all(b" ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{json_text, python_text};

    #[test]
    fn what_is_treacherous_is_escaped_and_the_value_is_the_same() {
        let value =
            json!({ "a": ["x\u{202e}y\u{9b}\u{7f}\u{1b}[0m", "é", 1.5, {}], "b": ["##[x]"] });
        let text = json_text(&value);
        assert!(
            text.contains(r"x\u202ey\u009b\u007f\u001b[0m") && text.contains('é'),
            "{text}"
        );
        assert!(text.contains(r"\u0023#[x]"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert!(
            text.starts_with("{\n  \"a\": [\n") && text.ends_with("\n}\n"),
            "{text}"
        );
    }

    #[test]
    fn python_writes_ascii_with_spaces() {
        let value = json!({ "a": ["é", "😀\n\u{7f}\"", {}], "b": [], "c": null });
        // As `json.dumps` of Python 3.11 gave it.
        let expected = r#"{"a": ["\u00e9", "\ud83d\ude00\n\u007f\"", {}], "b": [], "c": null}"#;
        assert_eq!(python_text(&value).unwrap(), expected);
    }
}
