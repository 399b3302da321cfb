//! Ports for advisory data that is not wholly in memory.

use std::fmt;
use std::sync::Arc;

use crate::{FactError, Name, Version};

/// Bytes that are read by place: the compact advisories in the cache, read where they lie.
pub trait ReadAt: Send + Sync + fmt::Debug {
    /// How many bytes there are.
    fn len(&self) -> u64;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Exactly `length` bytes from `offset`, or an error text.
    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, String>;
}

impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        Self::len(self) as u64
    }

    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, String> {
        usize::try_from(offset)
            .ok()
            .and_then(|start| self.get(start..start.checked_add(length)?))
            .map(<[u8]>::to_vec)
            .ok_or_else(|| format!("{length} bytes at {offset} are beyond the end"))
    }
}

/// What a source says about one release.
#[derive(Debug, Clone)]
pub enum ReleaseRecords {
    /// Every OSV record (JSON) that affects the release, perhaps more. They hold for this release alone: of another one of the project they
    /// say nothing.
    Known(Arc<[Vec<u8>]>),
    /// The source does not have the release, and so cannot tell: the opposite of clean.
    NotOnIndex {
        /// The source, without secrets.
        place: String,
    },
}

/// Advisory records asked for by project or by release, as an OSV API and the index's own JSON API answer them.
pub trait RecordLookup: Send + Sync + fmt::Debug {
    /// Every OSV record (JSON) about the project. Blocks until known; an empty list is knowledge.
    fn records(&self, name: &Name) -> Result<Arc<[Vec<u8>]>, FactError>;

    /// Says which projects may be asked about soon. Never blocks.
    fn hint(&self, names: &[Name]);

    /// What affects one release. Blocks until known. A source that is asked about a release names fewer records than about its project.
    fn records_for(&self, name: &Name, _version: &Version) -> Result<ReleaseRecords, FactError> {
        self.records(name).map(ReleaseRecords::Known)
    }

    /// Says which releases will be asked about with [`Self::records_for`]. Never blocks.
    fn hint_pins(&self, pins: &[(Name, Version)]) {
        let names: Vec<Name> = pins.iter().map(|(name, _)| name.clone()).collect();
        self.hint(&names);
    }

    /// One record (JSON) by its own id. None: the source has no such record.
    fn record(&self, id: &str) -> Result<Option<Vec<u8>>, FactError> {
        Err(FactError::Unlearned {
            what: format!("the advisory `{id}`"),
            why: "the source cannot be asked for one advisory".to_owned(),
            remedy: Some("name `osv`, or an export, with `--advisories`".to_owned()),
        })
    }
}
