//! The records of a service: each learned once in a run, and kept in the cache for as long as the service names it with the same date.
//!
//! A record is asked for by its id. Where a question lacks several, `/v1/query` brings them in one answer; that is a short cut, and no more:
//! what it does not bring, or if there is no such address, is asked for by id, so that each record that was named is had or is an error.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::future::try_join_all;
use lockgate_model::Timestamp;

use super::Named;
use super::api::Api;
use super::question::Question;
use crate::cache::{Bucket, EntryKind};
use crate::error::FetchError;
use crate::feeds::record::{Head, canonical};
use crate::http::keep_for_good;
use crate::once_map::{Claim, OnceMap};
use crate::redact::without_credentials;

/// So many records are quicker had together than one by one.
const SEVERAL: usize = 4;

type Record = Arc<[u8]>;

/// Records by id.
#[derive(Debug)]
pub(super) struct KeptRecords {
    api: Arc<Api>,
    /// The service, as part of a key.
    service: String,
    learned: Arc<OnceMap<String, Result<Record, FetchError>>>,
    /// Whether the service was seen to have no `/v1/query`.
    has_no_query: AtomicBool,
}

impl KeptRecords {
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self {
            service: without_credentials(&api.base).to_string(),
            api,
            learned: OnceMap::new(),
            has_no_query: AtomicBool::new(false),
        }
    }

    /// The records that the service named to a question, in the order of their ids.
    pub(super) async fn named(
        &self,
        question: &Question,
        named: &Named,
    ) -> Result<Vec<Record>, FetchError> {
        let missing = named
            .iter()
            .filter(|(id, modified)| !self.is_had(id, **modified))
            .count();
        if missing >= SEVERAL && !self.has_no_query.load(Ordering::Relaxed) {
            self.learn_together(question, named).await;
        }
        try_join_all(named.iter().map(|(id, modified)| self.get(id, *modified))).await
    }

    /// Whether a record is known, is being learned, or is in the cache.
    fn is_had(&self, id: &str, modified: Option<Timestamp>) -> bool {
        match self.learned.claim(id.to_owned()) {
            Claim::Known(_) | Claim::Pending(_) => true,
            Claim::Mine(slot) => match self.kept(id, modified) {
                Some(record) => {
                    slot.fill(Ok(record));
                    true
                }
                None => false,
            },
        }
    }

    /// Takes what one answer brings of the named records.
    async fn learn_together(&self, question: &Question, named: &Named) {
        let records = match self.api.records(question).await {
            Ok(records) => records,
            Err(error) => {
                tracing::debug!(%error, "records are asked for one by one");
                self.has_no_query.store(true, Ordering::Relaxed);
                return;
            }
        };
        for (id, record) in records {
            if named.contains_key(&id)
                && let Claim::Mine(slot) = self.learned.claim(id.clone())
            {
                slot.fill(Ok(self.keep(&id, &record)));
            }
        }
    }

    /// The record, of which the service says that it was last changed at `modified`.
    async fn get(&self, id: &str, modified: Option<Timestamp>) -> Result<Record, FetchError> {
        loop {
            let cell = match self.learned.claim(id.to_owned()) {
                Claim::Known(answer) => return answer,
                Claim::Pending(cell) => cell,
                Claim::Mine(slot) => {
                    let answer = match self.kept(id, modified) {
                        Some(record) => Ok(record),
                        None => self.fetched(id).await,
                    };
                    slot.fill(answer.clone());
                    return answer;
                }
            };
            if let Some(answer) = cell.settled().await {
                return answer;
            }
        }
    }

    async fn fetched(&self, id: &str) -> Result<Record, FetchError> {
        let record = self.api.named_record(id).await?;
        Ok(self.keep(id, &record))
    }

    fn kept(&self, id: &str, modified: Option<Timestamp>) -> Option<Record> {
        if modified.is_none() || self.api.shared.options.refresh.is_all() {
            return None;
        }
        let store = &self.api.shared.store;
        let entry = store.read(Bucket::Advisories, &self.key(id))?;
        let head = Head::of(id, &entry.payload).ok()?;
        (head.modified() == modified).then(|| Arc::from(entry.payload.as_ref()))
    }

    /// Keeps a record under the date that it states itself: if that is not the one that the batch named, it is asked for again the next time.
    fn keep(&self, id: &str, record: &[u8]) -> Record {
        let record = canonical(record);
        keep_for_good(
            &self.api.shared.store,
            Bucket::Advisories,
            &self.key(id),
            EntryKind::Present,
            Bytes::from(record.clone()),
        );
        Arc::from(record)
    }

    fn key(&self, id: &str) -> String {
        format!("record {} {id}", self.service)
    }
}
