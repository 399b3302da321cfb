//! The port through which formats read included files, and outputs are replaced.

/// Reads texts by path. The binary's implementation reads the disk; tests hold texts in memory.
pub trait Files {
    /// The bytes of the file at `path` (relative to the working directory, or absolute).
    fn read(&self, path: &str) -> Result<Vec<u8>, FilesError>;

    /// The bytes of the file at `path`, which the file at `from` names or which is looked for next to it. The caller named `from`, and
    /// whoever wrote that names `path`: a link in a checkout that leads out of it is not followed.
    fn read_included(&self, path: &str, from: &str) -> Result<Vec<u8>, FilesError>;

    /// An environment variable, for `${VAR}` in requirement files.
    fn variable(&self, name: &str) -> Option<String>;

    /// What is at `path`, if anything is.
    fn kind(&self, path: &str) -> Option<FileKind> {
        self.read(path).is_ok().then_some(FileKind::File)
    }

    /// The bytes at an `http:` or `https:` address, for includes by address. Errors show no credential.
    fn fetch(&self, _address: &str) -> Result<Vec<u8>, FilesError> {
        Err(FilesError::Unreadable(
            "nothing is fetched by address here".to_owned(),
        ))
    }
}

/// What a path leads to, through symbolic links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A file, or what reads like one.
    File,
    /// A folder.
    Folder,
}

/// A file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilesError {
    /// It is not there.
    #[error("no such file")]
    Missing,
    /// It is there and cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// It is not to be read; why, and what to do about it.
    #[error("{why}")]
    Refused {
        /// Why.
        why: String,
        /// What a person can do about it.
        help: String,
    },
}
