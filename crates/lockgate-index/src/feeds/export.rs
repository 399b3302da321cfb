//! OSV's bulk export, kept in the cache: fetched whole once, then kept up to date record by record.
//!
//! The export's list of records with their dates (`modified_id.csv`) is kept as it was when the records were fetched. A refresh asks for the
//! list, if it changed; compares the two as sets, so that neither order nor a date in the future can hide a change; and fetches the records
//! that changed, or the whole export when they are many or the list is suspicious ([`refresh`]). What is kept is replaced only by what was
//! read and found sound. A refresh that fails leaves the kept export in use while it is young enough. One process refreshes at a time.

mod listing;
mod lock;
mod pack;
mod refresh;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use jiff::SignedDuration;
use lockgate_model::{Sha256, Timestamp, age};
use serde::{Deserialize, Serialize};

use self::listing::Listing;
use self::refresh::{Fresh, refreshed};
use super::records::Place;
use super::rollback::Extent;
use super::status::SyncOutcome;
use super::{FeedError, FeedTerms, FetchTerms};
use crate::Shared;
use crate::cache::{Bucket, EntryKind};
use crate::http::keep_for_good;

/// The source, as errors name it.
const NAME: &str = "osv";
/// How long the kept export is used unasked.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

/// The export as it is kept.
pub(super) struct Kept {
    pub(super) digest: Sha256,
    pub(super) refreshed: Timestamp,
    pub(super) place: Place,
}

/// What a refresh did.
pub(super) struct Refreshed {
    pub(super) kept: Kept,
    pub(super) outcome: SyncOutcome,
    pub(super) records: usize,
    /// The bytes that were fetched.
    pub(super) fetched: u64,
}

/// What is known of the kept export.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) digest: Sha256,
    refreshed_seconds: i64,
    pub(super) records: usize,
    listing: Listing,
    /// The validators of the list (RFC 9110, section 8.8).
    etag: Option<String>,
    last_modified: Option<String>,
    /// What was kept before: other processes may still read it.
    previous: Option<Sha256>,
}

impl State {
    /// How much the kept export knows, as of `now`.
    fn extent(&self, now: Timestamp) -> Extent {
        Extent {
            records: self.records,
            newest: self.listing.newest(now),
        }
    }

    pub(super) fn refreshed(&self) -> Timestamp {
        Timestamp::from_second(self.refreshed_seconds).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// OSV's export, refreshed if it is due.
pub(super) async fn current(shared: &Arc<Shared>, terms: &FeedTerms) -> Result<Kept, FeedError> {
    let (now, max_age) = (terms.now, terms.max_age);
    let is_asked_again = shared.options.refresh.is_all();
    let old = state(shared);
    if !is_asked_again && let Some(kept) = fresh(shared, old.as_ref(), now) {
        return Ok(kept);
    }
    let error = match sync(shared, &terms.fetch(), is_asked_again).await {
        Ok(refreshed) => return Ok(refreshed.kept),
        // Whether the kept one is still true is not known.
        Err(error @ FeedError::RolledBack { .. }) => return Err(error),
        Err(error) => error,
    };
    let Some(state) = old else {
        return Err(error);
    };
    let refreshed = state.refreshed();
    if !age::is_within(refreshed, max_age, now) {
        return Err(FeedError::Stale {
            place: NAME.to_owned(),
            refreshed,
            is_future: age::age(refreshed, now).is_none(),
            why: error.why(),
        });
    }
    if !shared.options.offline {
        shared.reporter.warning(&format!(
            "the advisories could not be refreshed ({}); using those of {refreshed}",
            error.why()
        ));
    }
    kept(shared, &state).ok_or(error)
}

/// Refreshes the kept export. Unless it `must`, it takes what another process refreshed meanwhile.
pub(super) async fn sync(
    shared: &Arc<Shared>,
    terms: &FetchTerms,
    must: bool,
) -> Result<Refreshed, FeedError> {
    let now = terms.now;
    let _lock = match (shared.options.offline, lock_path(shared)) {
        (false, Some(path)) => lock::taken(&path).await,
        _ => None,
    };
    let old = state(shared);
    if !must
        && let Some(state) = &old
        && let Some(kept) = fresh(shared, old.as_ref(), now)
    {
        return Ok(Refreshed {
            kept,
            outcome: SyncOutcome::Unchanged,
            records: state.records,
            fetched: 0,
        });
    }
    let fresh = refreshed(shared, old.as_ref(), now).await?;
    if let Some(old) = old.as_ref().filter(|_| !terms.accept_older) {
        old.extent(now).admit(&fresh.extent, NAME)?;
    }
    Ok(keep(shared, old, fresh, now))
}

/// Keeps what a refresh brought.
fn keep(shared: &Arc<Shared>, old: Option<State>, fresh: Fresh, now: Timestamp) -> Refreshed {
    let digest = fresh.digest;
    let is_stored = fresh.archive.as_ref().is_none_or(|archive| {
        let file = archive_name(&digest);
        shared
            .store
            .write_raw(Bucket::Advisories, &file, &[archive])
    });
    let (before, older) = old.map_or((None, None), |old| (Some(old.digest), old.previous));
    let has_changed = before != Some(digest);
    let state = State {
        digest,
        refreshed_seconds: now.as_second(),
        records: fresh.extent.records,
        listing: fresh.listing,
        etag: fresh.etag,
        last_modified: fresh.last_modified,
        previous: if has_changed { before } else { older },
    };
    if is_stored {
        let payload = postcard::to_stdvec(&state).unwrap_or_default();
        let (store, key) = (&shared.store, key(shared));
        keep_for_good(
            store,
            Bucket::Advisories,
            &key,
            EntryKind::Present,
            Bytes::from(payload),
        );
        if has_changed && let Some(older) = older.filter(|older| *older != digest) {
            shared.store.forget(Bucket::Advisories, &older.to_string());
        }
    }
    let kept = kept(shared, &state).filter(|_| is_stored);
    let kept = kept.unwrap_or_else(|| Kept {
        digest,
        refreshed: state.refreshed(),
        place: Place::Bytes(fresh.archive.unwrap_or_default()),
    });
    Refreshed {
        kept,
        outcome: fresh.outcome,
        records: state.records,
        fetched: fresh.fetched,
    }
}

/// What is kept, if it is there and known to be younger than a day.
fn fresh(shared: &Shared, state: Option<&State>, now: Timestamp) -> Option<Kept> {
    let state = state?;
    age::is_within(state.refreshed(), FRESH, now)
        .then(|| kept(shared, state))
        .flatten()
}

fn kept(shared: &Shared, state: &State) -> Option<Kept> {
    Some(Kept {
        digest: state.digest,
        refreshed: state.refreshed(),
        place: Place::Archive(archive_path(shared, &state.digest)?),
    })
}

/// What is known of the kept export, if it is there.
pub(super) fn state(shared: &Shared) -> Option<State> {
    let entry = shared.store.read(Bucket::Advisories, &key(shared))?;
    let state: State = postcard::from_bytes(&entry.payload).ok()?;
    archive_path(shared, &state.digest)
        .is_some_and(|path| path.is_file())
        .then_some(state)
}

/// Where the kept export is or would be.
pub(super) fn archive_path(shared: &Shared, digest: &Sha256) -> Option<PathBuf> {
    shared
        .store
        .raw_path(Bucket::Advisories, &archive_name(digest))
}

fn archive_name(digest: &Sha256) -> String {
    format!("export-{digest}.zip")
}

fn lock_path(shared: &Shared) -> Option<PathBuf> {
    shared.store.raw_path(Bucket::Advisories, "export.lock")
}

fn key(shared: &Shared) -> String {
    format!("export-2 {}", shared.options.osv_export)
}
