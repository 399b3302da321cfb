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

/// Advisory records asked for by project, as an OSV API answers them.
pub trait RecordLookup: Send + Sync + fmt::Debug {
    /// Every OSV record (JSON) about the project. Blocks until known; an empty list is knowledge.
    fn records(&self, name: &Name) -> Result<Arc<[Vec<u8>]>, FactError>;

    /// Every OSV record (JSON) that may affect one version of the project, perhaps with others. Blocks until known.
    fn records_for(&self, name: &Name, _version: &Version) -> Result<Arc<[Vec<u8>]>, FactError> {
        self.records(name)
    }

    /// Says which projects may be asked about soon. Never blocks.
    fn hint(&self, names: &[Name]);

    /// Says which pins may be asked about soon. Never blocks.
    fn hint_pins(&self, pins: &[(Name, Version)]) {
        let names: Vec<Name> = pins.iter().map(|(name, _)| name.clone()).collect();
        self.hint(&names);
    }
}
