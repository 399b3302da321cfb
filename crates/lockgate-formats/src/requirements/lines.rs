//! Physical lines to logical ones: continuations joined, comments stripped, variables replaced, in pip's order.

use lockgate_model::Files;

/// A logical line and the number of its first physical line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) text: String,
}

/// The logical lines of a file, without empty ones.
pub(super) fn logical(text: &str, files: &dyn Files) -> Vec<Line> {
    joined(text)
        .into_iter()
        .filter_map(|line| {
            let stripped = without_comment(&line.text).trim().to_owned();
            (!stripped.is_empty()).then(|| Line {
                number: line.number,
                text: with_variables(&stripped, files),
            })
        })
        .collect()
}

/// A trailing `\` joins the next line; a comment line ends a continuation, and never continues itself.
fn joined(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut open: Option<Line> = None;
    for (index, physical) in text.lines().enumerate() {
        let is_comment = physical.trim_start().starts_with('#');
        let continued = physical.strip_suffix('\\').filter(|_| !is_comment);
        // A comment after a continuation keeps its `#` apart from what stands before it.
        let piece = match (&open, is_comment) {
            (Some(_), true) => format!(" {physical}"),
            _ => continued.unwrap_or(physical).to_owned(),
        };
        let mut line = open.take().unwrap_or_else(|| Line {
            number: index + 1,
            text: String::new(),
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

/// A `#` at the beginning or after whitespace starts a comment.
fn without_comment(line: &str) -> &str {
    let mut before = None;
    for (place, c) in line.char_indices() {
        if c == '#' && before.is_none_or(char::is_whitespace) {
            return line.get(..place).unwrap_or(line);
        }
        before = Some(c);
    }
    line
}

/// `${NAME}` of capitals, digits and `_`, where the variable is set and not empty; else it stays as it is.
fn with_variables(line: &str, files: &dyn Files) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let inner = from.get(2..).unwrap_or_default();
        let name = inner
            .find('}')
            .and_then(|end| inner.get(..end))
            .filter(|name| {
                !name.is_empty()
                    && name
                        .bytes()
                        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
            });
        match name.and_then(|name| {
            Some((
                name,
                files.variable(name).filter(|value| !value.is_empty())?,
            ))
        }) {
            Some((name, value)) => {
                out.push_str(&value);
                rest = inner.get(name.len() + 1..).unwrap_or_default();
            }
            None => {
                out.push_str("${");
                rest = inner;
            }
        }
    }
    out.push_str(rest);
    out
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
        let cases: [(&str, &[(usize, &str)]); 12] = [
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
