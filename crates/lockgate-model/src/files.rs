//! The port through which formats read included files, and outputs are replaced.

/// Reads texts by path. The binary's implementation reads the disk; tests hold texts in memory.
pub trait Files {
    /// The bytes of the file at `path` (relative to the working directory, or absolute).
    fn read(&self, path: &str) -> Result<Vec<u8>, FilesError>;

    /// An environment variable, for `${VAR}` in requirement files.
    fn variable(&self, name: &str) -> Option<String>;
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
}
