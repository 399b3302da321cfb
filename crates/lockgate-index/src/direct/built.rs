//! Metadata that were built, kept for those who need them again.

use bytes::Bytes;
use lockgate_model::Metadata;

use crate::Index;
use crate::cache::{Bucket, EntryKind};
use crate::http::keep_for_good;
use crate::metadata::Stated;

impl Index {
    /// What was kept under `key`, which says all that it depends on.
    pub fn kept_metadata(&self, key: &str) -> Option<Metadata> {
        let kept = self.shared.store.read(Bucket::Direct, key)?;
        let stated: Stated = postcard::from_bytes(&kept.payload).ok()?;
        stated.parsed().ok()
    }

    /// Keeps metadata under `key`.
    pub fn keep_metadata(&self, key: &str, metadata: &Metadata) {
        if let Ok(payload) = postcard::to_stdvec(&Stated::of(metadata)) {
            let (store, payload) = (&self.shared.store, Bytes::from(payload));
            keep_for_good(store, Bucket::Direct, key, EntryKind::Present, payload);
        }
    }
}
