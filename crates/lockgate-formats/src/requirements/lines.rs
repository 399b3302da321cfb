//! Physical lines to logical ones: continuations joined, comments stripped, variables replaced, in pip's order.

use lockgate_model::Files;
use lockgate_model::secret::{self, Filled};

use crate::error::InputError;

/// A logical line and the number of its first physical line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) text: String,
    /// What was replaced in it, if anything.
    pub(super) variables: Option<Variables>,
}

/// The variables of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Variables {
    /// The line as its file has it.
    pub(super) written: String,
    /// Names and values, in the order in which pip replaces them.
    pub(super) values: Vec<(String, String)>,
}

impl Line {
    /// Has the addresses of the line hidden from now on.
    pub(super) fn remember(&self, shown: &str) {
        if let Some(variables) = &self.variables {
            secret::remember(&Filled {
                written: &variables.written,
                filled: &self.text,
                variables: &variables.values,
                origin: &format!("{shown}:{}", self.number),
            });
        }
    }

    /// Returns `text`, which is about this line, with the variables' names in place of their values.
    pub(super) fn unfilled(&self, text: String) -> String {
        match &self.variables {
            Some(variables) => secret::unfilled(&text, &variables.values),
            None => text,
        }
    }

    /// Returns an error of this line as its file has the line.
    pub(super) fn unfilled_error(&self, error: InputError) -> InputError {
        if self.variables.is_none() {
            return error;
        }
        InputError {
            message: self.unfilled(error.message),
            remedy: error.remedy.map(|remedy| self.unfilled(remedy)),
            ..error
        }
    }
}

/// The physical lines of `text`, ended where Python ends lines. pip reads a file so: what is a line of its own to pip must not hide in
/// another from us.
pub(crate) fn physical(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((line, after)) = rest.split_once(ends_line) else {
            return Some(std::mem::take(&mut rest));
        };
        let is_pair = rest
            .get(line.len()..)
            .is_some_and(|end| end.starts_with("\r\n"));
        rest = if is_pair {
            after.strip_prefix('\n').unwrap_or(after)
        } else {
            after
        };
        Some(line)
    })
}

/// Whether Python ends a line at `c`.
pub(crate) fn ends_line(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// The logical lines of a file, without empty ones.
pub(super) fn logical(text: &str, files: &dyn Files) -> Vec<Line> {
    let lines = uncommented(text).into_iter();
    lines
        .map(|(number, stripped)| {
            let (text, values) = with_variables(&stripped, files);
            let variables = (!values.is_empty()).then_some(Variables {
                written: stripped,
                values,
            });
            Line {
                number,
                text,
                variables,
            }
        })
        .collect()
}

/// Returns the logical lines of a file as written, with their numbers: without comments and empty lines, and with no variable replaced.
pub(crate) fn uncommented(text: &str) -> Vec<(usize, String)> {
    let lines = joined(text).into_iter().map(|line| {
        let stripped = without_comment(&line.text).trim_matches(is_space);
        (line.number, stripped.to_owned())
    });
    lines.filter(|(_, text)| !text.is_empty()).collect()
}

/// A trailing `\` joins the next line; a comment line ends a continuation, and never continues itself.
fn joined(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut open: Option<Line> = None;
    for (index, physical) in physical(text).enumerate() {
        let is_comment = is_comment(physical);
        // pip takes every backslash off both ends of a line that goes on.
        let continued =
            (physical.ends_with('\\') && !is_comment).then(|| physical.trim_matches('\\'));
        // A comment after a continuation keeps its `#` apart from what stands before it.
        let piece = match (&open, is_comment) {
            (Some(_), true) => format!(" {physical}"),
            _ => continued.unwrap_or(physical).to_owned(),
        };
        let mut line = open.take().unwrap_or_else(|| Line {
            number: index + 1,
            text: String::new(),
            variables: None,
        });
        line.text.push_str(&piece);
        if continued.is_some() {
            open = Some(line);
        } else {
            lines.push(line);
        }
    }
    lines.extend(open);
    lines
}

/// Whether a physical line is a comment.
pub(crate) fn is_comment(line: &str) -> bool {
    line.trim_start_matches(is_space).starts_with('#')
}

/// A `#` at the beginning or after whitespace starts a comment.
pub(crate) fn without_comment(line: &str) -> &str {
    let mut before = None;
    for (place, c) in line.char_indices() {
        if c == '#' && before.is_none_or(is_space) {
            return line.get(..place).unwrap_or(line);
        }
        before = Some(c);
    }
    line
}

/// What Python takes for a blank: Unicode's white space and four separators of old.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\x1c'..='\x1f')
}

/// `${NAME}` of capitals, digits and `_`, where the variable is set and not empty; else it stays as it is. Each name that the line has
/// is replaced everywhere, one after the other. Returns the names and values too.
pub(crate) fn with_variables(line: &str, files: &dyn Files) -> (String, Vec<(String, String)>) {
    let mut filled = line.to_owned();
    let mut values = Vec::new();
    for name in variables(line) {
        let value = files.variable(name).filter(|value| !value.is_empty());
        if let Some(value) = value {
            filled = filled.replace(&format!("${{{name}}}"), &value);
            values.push((name.to_owned(), value));
        }
    }
    (filled, values)
}

/// The names between `${` and `}`.
fn variables(line: &str) -> impl Iterator<Item = &str> {
    line.split("${").skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        let is_name = !name.is_empty() && name.bytes().all(is_of_variable);
        is_name.then_some(name)
    })
}

fn is_of_variable(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Texts;

    fn lines(text: &str) -> Vec<(usize, String)> {
        let files = Texts::default()
            .with_variable("TOKEN", "secret")
            .with_variable("EMPTY", "");
        logical(text, &files)
            .into_iter()
            .map(|line| (line.number, line.text))
            .collect()
    }

    #[test]
    fn lines_are_joined_stripped_and_filled_as_pip_does() {
        let cases: [(&str, &[(usize, &str)]); 24] = [
            ("", &[]),
            ("# only a comment\n\n", &[]),
            ("flask # why\ndjango", &[(1, "flask"), (2, "django")]),
            ("pkg#egg", &[(1, "pkg#egg")]),
            ("flask \\\n  ==2.0", &[(1, "flask   ==2.0")]),
            (
                "flask \\\n# comment\ndjango",
                &[(1, "flask"), (3, "django")],
            ),
            ("# comment \\\nflask", &[(2, "flask")]),
            ("flask\\", &[(1, "flask")]),
            ("https://${TOKEN}@host", &[(1, "https://secret@host")]),
            (
                "${EMPTY} ${MISSING} $TOKEN ${lower}",
                &[(1, "${EMPTY} ${MISSING} $TOKEN ${lower}")],
            ),
            ("\r\nflask\r\n", &[(2, "flask")]),
            ("a \\\nb \\\nc\nd", &[(1, "a b c"), (4, "d")]),
            (
                "a\rb\x0cc\u{2028}d",
                &[(1, "a"), (2, "b"), (3, "c"), (4, "d")],
            ),
            ("a # b\rc", &[(1, "a"), (2, "c")]),
            ("a\t# b", &[(1, "a")]),
            ("a #", &[(1, "a")]),
            ("a # b \\\nc", &[(1, "a")]),
            ("a \\\n\nb", &[(1, "a"), (3, "b")]),
            ("${TOKEN}${TOKEN}${", &[(1, "secretsecret${")]),
            ("a\\\\\nb", &[(1, "ab")]),
            ("\\a\\\n\\b\\", &[(1, "ab")]),
            ("\\a", &[(1, "\\a")]),
            ("\x1fa\x1f# b", &[(1, "a")]),
            ("# ${TOKEN}\n${TOKEN}", &[(2, "secret")]),
        ];
        for (text, expected) in cases {
            let expected: Vec<(usize, String)> = expected
                .iter()
                .map(|(n, t)| (*n, (*t).to_owned()))
                .collect();
            assert_eq!(lines(text), expected, "{text:?}");
        }
    }
}
