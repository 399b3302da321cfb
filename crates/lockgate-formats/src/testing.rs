//! Files in memory, for tests.

use std::collections::BTreeMap;

use lockgate_model::{Files, FilesError};

/// Texts by path, and variables.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    files: BTreeMap<String, Vec<u8>>,
    variables: BTreeMap<String, String>,
}

impl Texts {
    pub(crate) fn with(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.as_bytes().to_vec());
        self
    }

    pub(crate) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }
}

impl Files for Texts {
    fn read(&self, path: &str) -> Result<Vec<u8>, FilesError> {
        self.files.get(path).cloned().ok_or(FilesError::Missing)
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
}
