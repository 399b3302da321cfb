//! A TOML document as text: where a byte of it stands, and errors that say so.

use crate::error::InputError;
use crate::project::Stated;

/// The text of a TOML file, with the places of its lines.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    /// The file as people know it.
    pub(crate) file: &'a str,
    /// Where each line ends, ascending.
    ends: Vec<usize>,
    /// The line of the file that its first line is.
    first: usize,
}

impl<'a> Document<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(end, _)| end).collect();
        Self {
            file,
            ends,
            first: 1,
        }
    }

    /// A document that begins on a later line of its file.
    pub(crate) fn starting_at(mut self, first: usize) -> Self {
        self.first = first;
        self
    }

    /// The line, from 1, that the byte at `offset` stands on.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.first + self.ends.partition_point(|end| *end < offset)
    }

    /// An error at the byte at `offset`.
    pub(crate) fn error_at(&self, offset: usize, message: impl AsRef<str>) -> InputError {
        InputError::new(self.file, message).at(self.line(offset))
    }

    /// What the TOML reader says, in one line.
    pub(crate) fn toml_error(&self, error: &toml::de::Error) -> InputError {
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        let message = plain_words(message);
        let input = match error.span() {
            Some(span) => self.error_at(span.start, message),
            None => InputError::new(self.file, message),
        };
        input.remedy("mend the file: it is read as TOML, and by the rules of its tables")
    }

    /// A text that stands at the byte at `offset`.
    pub(crate) fn stated(&self, offset: usize, text: &str) -> Stated {
        Stated {
            text: text.to_owned(),
            file: self.file.to_owned(),
            line: self.line(offset),
        }
    }
}

/// Returns a message of the TOML reader, with what to write in place of a mistake that is made often.
fn plain_words(message: String) -> String {
    let hint = if message.starts_with("invalid type: map, expected a sequence") {
        "a list of tables has two brackets around its name, `[[NAME]]`, for each entry"
    } else if message.ends_with("expected a TOML datetime") {
        "write a date without quotes, such as 2027-03-01"
    } else {
        return message;
    };
    format!("{message}: {hint}")
}

#[cfg(test)]
mod tests {
    use super::Document;

    #[test]
    fn every_byte_has_its_line() {
        let document = Document::new("a.toml", "a\n\nb\nc");
        let lines: Vec<usize> = (0..7).map(|offset| document.line(offset)).collect();
        assert_eq!(lines, [1, 1, 2, 3, 3, 4, 4]);
    }
}
