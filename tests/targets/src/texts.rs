//! Inputs taken apart: several files in one, and files that are held in memory.

use lockgate_model::{Files, FilesError};

/// What stands between two files of one input.
const BETWEEN: u8 = 0;

/// The files of an input, the last of which holds whatever is left.
pub(crate) fn parts(bytes: &[u8], most: usize) -> Vec<&[u8]> {
    bytes.splitn(most, |byte| *byte == BETWEEN).collect()
}

/// Files by name, and one that every address leads to.
pub(crate) struct Memory<'a> {
    pub(crate) files: Vec<(&'static str, &'a [u8])>,
    pub(crate) address: Option<&'a [u8]>,
}

impl Files for Memory<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FilesError> {
        let mut files = self.files.iter();
        files
            .find(|(name, _)| *name == path)
            .map(|(_, bytes)| bytes.to_vec())
            .ok_or(FilesError::Missing)
    }

    fn read_included(&self, path: &str, _from: &str) -> Result<Vec<u8>, FilesError> {
        self.read(path)
    }

    fn variable(&self, name: &str) -> Option<String> {
        name.starts_with('V').then(|| "value of it".to_owned())
    }

    fn fetch(&self, _address: &str) -> Result<Vec<u8>, FilesError> {
        self.address
            .map(<[u8]>::to_vec)
            .ok_or_else(|| FilesError::Unreadable("there is no such page".to_owned()))
    }
}

/// No file stands next to the one that is read.
pub(crate) const NOTHING: Memory<'static> = Memory {
    files: Vec::new(),
    address: None,
};

/// An error says something.
pub(crate) fn says_something(error: &impl ToString) {
    assert!(!error.to_string().trim().is_empty(), "an empty error");
}
