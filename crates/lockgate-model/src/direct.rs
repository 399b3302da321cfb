//! A project at a direct reference: the one release that a solve may take of it where the reference holds.

use std::sync::Arc;

use crate::{DistFile, Marker, Metadata, Reference, Sha256};

/// What a direct reference came to. No index is asked about its project, and no rule for choosing among releases concerns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectRelease {
    /// Where it was taken from, as it was asked for.
    pub reference: Reference,
    /// What it says of itself.
    pub metadata: Arc<Metadata>,
    /// The wheel, with the tags of its name; for everything else a source distribution.
    pub file: DistFile,
    /// How a lock pins it.
    pub pin: DirectPin,
    /// In which environments the project is taken from there.
    pub marker: Marker,
}

/// How a lock pins a project at a direct reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectPin {
    /// The reference as a lock writes it: a commit in place of a branch, and no credentials.
    pub reference: String,
    /// What it is.
    pub kind: DirectKind,
    /// The branch, tag or commit that was asked for, where it is a repository.
    pub requested: Option<String>,
    /// Installed as a link to its folder (`-e`).
    pub editable: bool,
}

/// What a direct reference leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectKind {
    /// A wheel or a source distribution behind an address, with its digest.
    Archive(Sha256),
    /// One on this machine, with its digest.
    File(Sha256),
    /// A commit of a Git repository. pip cannot check it against a hash.
    Repository,
    /// A folder. pip cannot check it against a hash.
    Folder,
}

impl DirectKind {
    /// Its digest, where it is a file.
    pub fn sha256(self) -> Option<Sha256> {
        match self {
            Self::Archive(digest) | Self::File(digest) => Some(digest),
            Self::Repository | Self::Folder => None,
        }
    }
}
