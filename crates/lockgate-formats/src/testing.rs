//! Files in memory, for tests.

use std::collections::BTreeMap;

use lockgate_model::{FileKind, Files, FilesError};

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

    fn kind(&self, path: &str) -> Option<FileKind> {
        let path = path.trim_start_matches("./").trim_end_matches('/');
        if self.files.contains_key(path) {
            return Some(FileKind::File);
        }
        let inside = format!("{path}/");
        let is_folder = path == "." || self.files.keys().any(|file| file.starts_with(&inside));
        is_folder.then_some(FileKind::Folder)
    }

    fn fetch(&self, address: &str) -> Result<Vec<u8>, FilesError> {
        self.read(address)
    }

    fn read_included(&self, path: &str, _from: &str) -> Result<Vec<u8>, FilesError> {
        self.read(path)
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
}
