//! The port through which the solver learns what exists. Facts are immutable within a run: asked twice, the answer is the same.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    DirectRelease, DistFile, Metadata, Name, ProjectView, Region, Sha256, Version, VersionSet,
};

/// What exists. Calls block until the answer is known.
pub trait Facts: Send + Sync {
    /// The releases of a project. [`FactError::Absent`] only when every index said that it has none.
    fn project(&self, name: &Name) -> Result<Arc<dyn ProjectView>, FactError>;

    /// The metadata of a release, read from `file`, one of its files.
    fn metadata(
        &self,
        name: &Name,
        version: &Version,
        file: &DistFile,
    ) -> Result<Arc<Metadata>, FactError>;

    /// The digest of a file that no index states one of: learned from the file itself, whole.
    fn sha256(&self, file: &DistFile) -> Result<Sha256, FactError> {
        Err(FactError::Unlearned {
            what: format!("the sha256 of `{}`", file.filename),
            why: "the index does not state it".to_owned(),
            remedy: Some("use an index that states hashes".to_owned()),
        })
    }

    /// Whether the absences that were answered so far are known to be absences: an index that refuses everything may have been taken for one
    /// that lacks everything. Asked before anything is done with an answer.
    fn confirm_absences(&self) -> Result<(), FactError> {
        Ok(())
    }

    /// What the project is at, where a direct reference in the sources decides that. Its one release is what [`Facts::project`] has of it.
    fn direct(&self, _name: &Name) -> Option<Arc<DirectRelease>> {
        None
    }

    /// Whether the sources take the project from the place that `reference` names.
    fn is_at(&self, _name: &Name, _reference: &str) -> bool {
        false
    }

    /// The same facts as they are in a region, where that makes a difference: direct references may hold in a part of the environments.
    fn within(&self, _region: &Region) -> Option<Arc<dyn Facts>> {
        None
    }

    /// Says that the metadata of these files of a release are asked for next. Never blocks and never changes an answer.
    fn prepare(&self, _name: &Name, _version: &Version, _files: &[DistFile]) {}

    /// Says what may be asked for soon. Never blocks and never changes an answer; dropping it all is correct.
    fn hint(&self, wants: Vec<Want>, scout: &Arc<dyn Scout>);
}

/// What one of several indexes has of a project.
#[derive(Debug, Clone)]
pub struct OnIndex {
    /// The index's address, without secrets.
    pub index: String,
    /// The project there; none if it does not have it.
    pub page: Result<Option<Arc<dyn ProjectView>>, FactError>,
}

/// A project that may be asked about soon.
#[derive(Debug, Clone)]
pub struct Want {
    /// The project.
    pub name: Name,
    /// Extras of it asked for, sorted.
    pub extras: Vec<Name>,
    /// The versions that may be asked for.
    pub versions: VersionSet,
}

/// Tells which release a want will most likely come to, and what that release wants in turn: so that facts can be fetched ahead
/// of the solver, to any depth, by whoever holds the network.
pub trait Scout: Send + Sync {
    /// The release and the file whose metadata would be asked for, if any.
    fn pick(&self, project: &dyn ProjectView, want: &Want) -> Option<Pick>;

    /// What a release's metadata makes one want.
    fn follow(&self, want: &Want, metadata: &Metadata) -> Vec<Want>;
}

/// A release and the file to read its metadata from.
#[derive(Debug, Clone)]
pub struct Pick {
    /// The release.
    pub version: Version,
    /// The file.
    pub file: DistFile,
    /// Other files of it whose metadata would be asked for too.
    pub others: Vec<DistFile>,
}

/// Why there is no fact.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FactError {
    /// Every index answered that it has no such project. This is knowledge.
    #[error("`{name}` is on none of the indexes")]
    Absent {
        /// The project.
        name: Name,
    },
    /// The release is there but states no usable metadata. This is knowledge too.
    #[error("{filename}: {reason}")]
    Unusable {
        /// The file that was read.
        filename: String,
        /// What is wrong with it.
        reason: UnusableReason,
    },
    /// It could not be learned: network, disk, a hash that differs. Ends the run; never becomes "no such version".
    #[error("{what}: {why}")]
    Unlearned {
        /// What was asked for, with secrets redacted.
        what: String,
        /// The causes, outermost first.
        why: String,
        /// What a person can do about it, if something.
        remedy: Option<String>,
    },
}

/// Why a source distribution does not state its metadata for good (PEP 643).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error, Serialize, Deserialize,
)]
pub enum Unstated {
    /// It has no PKG-INFO.
    #[error("it has no PKG-INFO")]
    Missing,
    /// Its PKG-INFO promises nothing.
    #[error("its PKG-INFO is of before Metadata-Version 2.2")]
    Old,
    /// Its PKG-INFO says that the build decides.
    #[error("its PKG-INFO leaves them to the build")]
    Dynamic,
}

/// Why a release has no usable metadata.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum UnusableReason {
    /// A source distribution whose metadata are only known once it is built (Metadata-Version below 2.2, or `Dynamic`).
    #[error("its metadata are known only after a build: {0}")]
    NeedsBuild(Unstated),
    /// The metadata break the specification.
    #[error("its metadata cannot be read: {0}")]
    Malformed(String),
    /// The archive is not what its name says.
    #[error("it is no readable archive: {0}")]
    BadArchive(String),
    /// The metadata name another project or version than the file does.
    #[error("its metadata say {0}")]
    Mismatch(String),
}
