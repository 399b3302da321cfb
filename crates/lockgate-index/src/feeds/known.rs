//! Digests of local sources, remembered: what lies where it lay, as long and as old as it was, is not read again.

use std::fs::Metadata;
use std::time::SystemTime;

use bytes::Bytes;
use jiff::SignedDuration;
use lockgate_model::{Sha256, Timestamp, age};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use super::FeedError;
use crate::cache::{Bucket, EntryKind, Store};
use crate::http::keep_for_good;

/// A file changed so recently may change again within the same tick of its clock.
const TOO_RECENT: SignedDuration = SignedDuration::from_secs(2);

/// What tells files from their later selves: a digest over places, lengths, times and inodes.
#[derive(Default)]
pub(super) struct Look {
    hasher: sha2::Sha256,
    newest: Option<SystemTime>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Known {
    look: Sha256,
    digest: Sha256,
}

impl Look {
    /// Adds a file.
    pub(super) fn add(&mut self, name: &str, metadata: &Metadata) -> std::io::Result<()> {
        let modified = metadata.modified()?;
        let nanoseconds = modified
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos());
        self.hasher.update(name.as_bytes());
        self.hasher.update([0]);
        self.hasher.update(metadata.len().to_le_bytes());
        self.hasher.update(nanoseconds.to_le_bytes());
        self.hasher.update(inode(metadata).to_le_bytes());
        self.newest = self.newest.max(Some(modified));
        Ok(())
    }
}

/// The digest that is remembered under `key` for what looks like this, else what `read` makes of it.
pub(super) fn digest(
    store: &Store,
    key: &str,
    look: Look,
    read: impl FnOnce() -> Result<Sha256, FeedError>,
) -> Result<Sha256, FeedError> {
    let newest = look.newest;
    let look = Sha256(look.hasher.finalize().into());
    let known = store
        .read(Bucket::Advisories, key)
        .and_then(|entry| postcard::from_bytes::<Known>(&entry.payload).ok());
    if let Some(known) = known.filter(|known| known.look == look) {
        return Ok(known.digest);
    }
    let digest = read()?;
    let age = newest
        .and_then(|newest| Timestamp::try_from(newest).ok())
        .and_then(|newest| age::age(newest, Timestamp::now()));
    let is_settled = age.is_some_and(|age| age > TOO_RECENT);
    if is_settled && let Ok(payload) = postcard::to_stdvec(&Known { look, digest }) {
        keep_for_good(
            store,
            Bucket::Advisories,
            key,
            EntryKind::Present,
            Bytes::from(payload),
        );
    }
    Ok(digest)
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}
