//! The records of a service: each asked for once in a run, and kept in the cache for as long as the service names it with the same date.

use std::sync::Arc;

use bytes::Bytes;
use lockgate_model::Timestamp;

use super::api::Api;
use crate::cache::{Bucket, EntryKind};
use crate::error::FetchError;
use crate::feeds::record::Head;
use crate::http::keep_for_good;
use crate::once_map::{Claim, OnceMap};
use crate::redact::without_credentials;

/// Records by id.
#[derive(Debug)]
pub(super) struct KeptRecords {
    api: Arc<Api>,
    /// The service, as part of a key.
    service: String,
    learned: Arc<OnceMap<String, Result<Arc<[u8]>, FetchError>>>,
}

impl KeptRecords {
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self {
            service: without_credentials(&api.base).to_string(),
            api,
            learned: OnceMap::new(),
        }
    }

    /// The record, of which the service says that it was last changed at `modified`.
    pub(super) async fn get(
        &self,
        id: &str,
        modified: Option<Timestamp>,
    ) -> Result<Arc<[u8]>, FetchError> {
        loop {
            let cell = match self.learned.claim(id.to_owned()) {
                Claim::Known(answer) => return answer,
                Claim::Pending(cell) => cell,
                Claim::Mine(slot) => {
                    let answer = self.learn(id, modified).await;
                    slot.fill(answer.clone());
                    return answer;
                }
            };
            if let Some(answer) = cell.settled().await {
                return answer;
            }
        }
    }

    async fn learn(&self, id: &str, modified: Option<Timestamp>) -> Result<Arc<[u8]>, FetchError> {
        let store = &self.api.shared.store;
        let key = format!("record {} {id}", self.service);
        let is_asked_again = modified.is_none() || self.api.shared.options.refresh.is_all();
        if !is_asked_again
            && let Some(entry) = store.read(Bucket::Advisories, &key)
            && Head::of(id, &entry.payload).is_ok_and(|head| head.modified() == modified)
        {
            return Ok(Arc::from(entry.payload.as_ref()));
        }
        let record = self.api.named_record(id).await?;
        // Under the date that it states itself: if that is not the one that the batch named, it is asked for again the next time.
        keep_for_good(
            store,
            Bucket::Advisories,
            &key,
            EntryKind::Present,
            Bytes::from(record.clone()),
        );
        Ok(Arc::from(record))
    }
}
