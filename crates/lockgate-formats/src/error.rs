//! What is wrong with an input, where, and what to do about it.

use std::fmt;

use crate::redact::without_credentials;

/// An input that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError {
    /// The file as people know it; `-` is standard input.
    pub file: String,
    /// The line, from 1, where there is one.
    pub line: Option<usize>,
    /// What is wrong. Credentials in addresses are not shown.
    pub message: String,
    /// What a person can do about it.
    pub remedy: Option<String>,
    /// What a build of the project would tell, where nothing else stands in the way.
    pub needs_build: Option<Box<NeedsBuild>>,
}

/// What only a build of a project can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedsBuild {
    /// The project's folder, as it was named; empty for the current one.
    pub folder: String,
    /// The fields of `[project]` that are not known without it.
    pub fields: Vec<&'static str>,
}

impl InputError {
    /// An error about a whole file.
    pub fn new(file: &str, message: impl AsRef<str>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            message: shortened(without_credentials(message.as_ref())),
            remedy: None,
            needs_build: None,
        }
    }

    /// At a line.
    #[must_use]
    pub fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// With what to do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl InputError {
    /// Of the file at `file`, whose project tells `fields` only to those who build it.
    #[must_use]
    pub(crate) fn needs_build(mut self, file: &str, fields: &[&'static str]) -> Self {
        let folder = file
            .rsplit_once(['/', '\\'])
            .map_or("", |(folder, _)| folder);
        self.needs_build = Some(Box::new(NeedsBuild {
            folder: folder.to_owned(),
            fields: fields.to_vec(),
        }));
        self
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for InputError {}

/// A message that can be read on a terminal, whatever of the input it shows.
fn shortened(message: String) -> String {
    const BEGINNING: usize = 1000;
    const END: usize = 200;
    let count = message.chars().count();
    if count <= BEGINNING + END {
        return message;
    }
    let beginning: String = message.chars().take(BEGINNING).collect();
    let end: String = message.chars().skip(count - END).collect();
    format!("{beginning} … {end}")
}

/// An error's first line: what follows it draws the text and a caret, which stand apart from what is said around it.
pub(crate) fn in_one_line(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_end_matches([':', '.']).to_owned()
}

/// Of `known`, the one that `text` was most likely meant to be.
pub(crate) fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(text, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::InputError;

    #[test]
    fn messages_have_an_end() {
        let error = InputError::new("a", format!("`{}` is wrong", "é".repeat(100_000)));
        assert!(error.message.chars().count() < 1300);
        assert!(error.message.starts_with("`éé") && error.message.ends_with("é` is wrong"));
    }
}
