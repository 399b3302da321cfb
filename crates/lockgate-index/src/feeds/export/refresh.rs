//! One refresh of the export: what is asked, and what is believed.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use lockgate_model::{Sha256, Timestamp};
use reqwest::header::{
    ETAG, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use url::Url;

use super::listing::{Difference, Listing};
use super::{NAME, State, archive_path, pack};
use crate::Shared;
use crate::error::FetchError;
use crate::feeds::FeedError;
use crate::feeds::record::Head;
use crate::feeds::rollback::Extent;
use crate::feeds::status::SyncOutcome;
use crate::files::{Limit, read_regular};
use crate::redact::redact_url;
use crate::transport::{Request, Response};

/// The largest export that is fetched.
const LIMIT: u64 = 1 << 30;
/// More changes than this are fetched as a whole.
const MANY: usize = 500;
/// Records that are fetched at once.
const AT_ONCE: usize = 64;

/// What a refresh brought.
pub(super) struct Fresh {
    pub(super) digest: Sha256,
    /// The archive, if it is another one than before.
    pub(super) archive: Option<Vec<u8>>,
    /// How much it knows.
    pub(super) extent: Extent,
    pub(super) listing: Listing,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    pub(super) outcome: SyncOutcome,
    pub(super) fetched: u64,
}

/// The list of records, and the bytes that it took to have it.
struct Listed {
    listing: Listing,
    etag: Option<String>,
    last_modified: Option<String>,
    fetched: u64,
}

/// Brings `old` up to date, or fetches everything.
pub(super) async fn refreshed(
    shared: &Arc<Shared>,
    old: Option<&State>,
    now: Timestamp,
) -> Result<Fresh, FeedError> {
    // The list first: what changes while the rest is fetched is seen as a change the next time.
    let Some(listed) = listed(shared, old).await? else {
        return old.map(|old| unchanged(old, now)).ok_or_else(|| {
            FeedError::unusable(
                NAME,
                "the list of advisories is unchanged, and none is kept",
            )
        });
    };
    if let Some(old) = old {
        let difference = old.listing.until(&listed.listing);
        if is_small(&difference, &old.listing)
            && let Some(archive) = kept_archive(shared, old)
            && let Some(fresh) = updated(shared, old, archive, (&difference, &listed), now).await?
        {
            return Ok(fresh);
        }
    }
    whole(shared, listed, now).await
}

/// Whether it is worth and wise to fetch changes by themselves. A list that lacks half of what there was is not believed without the export.
fn is_small(difference: &Difference, old: &Listing) -> bool {
    difference.changed.len() + difference.gone.len() <= MANY
        && 2 * difference.gone.len() <= old.len()
}

fn unchanged(old: &State, now: Timestamp) -> Fresh {
    Fresh {
        digest: old.digest,
        archive: None,
        extent: old.extent(now),
        listing: old.listing.clone(),
        etag: old.etag.clone(),
        last_modified: old.last_modified.clone(),
        outcome: SyncOutcome::Unchanged,
        fetched: 0,
    }
}

/// The kept archive, if it is what it was.
fn kept_archive(shared: &Shared, old: &State) -> Option<Vec<u8>> {
    let bytes = read_regular(&archive_path(shared, &old.digest)?, Limit::EXPORT).ok()?;
    (Sha256::of(&bytes) == old.digest).then_some(bytes)
}

/// The list of records. None: it is the one that is known.
async fn listed(shared: &Shared, old: Option<&State>) -> Result<Option<Listed>, FeedError> {
    let url = within(shared, "modified_id.csv")?;
    let mut request = Request::get(url.clone(), "*/*", LIMIT);
    if let Some(old) = old {
        request = conditional(request, IF_NONE_MATCH, old.etag.as_deref());
        request = conditional(request, IF_MODIFIED_SINCE, old.last_modified.as_deref());
    }
    let response = sent(shared, request, "the list of advisories").await?;
    if old.is_some() && response.status.as_u16() == 304 {
        return Ok(None);
    }
    let response = present(response)?;
    let listing = Listing::parse(&response.body).map_err(|why| {
        let url = redact_url(url.as_str());
        FeedError::unusable(NAME, format!("{url} is no list of advisories: {why}"))
    })?;
    let header = |name| response.header(&name).map(str::to_owned);
    Ok(Some(Listed {
        listing,
        etag: header(ETAG),
        last_modified: header(LAST_MODIFIED),
        fetched: response.body.len() as u64,
    }))
}

fn conditional(request: Request, name: HeaderName, value: Option<&str>) -> Request {
    match value.and_then(|value| HeaderValue::from_str(value).ok()) {
        Some(value) => request.header(name, value),
        None => request,
    }
}

/// The whole export. It must hold what its list names.
async fn whole(
    shared: &Arc<Shared>,
    mut listed: Listed,
    now: Timestamp,
) -> Result<Fresh, FeedError> {
    let url = within(shared, "all.zip")?;
    let request = Request::get(url.clone(), "*/*", LIMIT);
    let response = present(sent(shared, request, "the advisories").await?)?;
    let archive = response.body.to_vec();
    let extent = pack::checked(&archive, &mut listed.listing, now)
        .map_err(|why| FeedError::unusable(NAME, format!("{}: {why}", redact_url(url.as_str()))))?;
    Ok(Fresh {
        digest: Sha256::of(&archive),
        extent,
        fetched: listed.fetched + archive.len() as u64,
        archive: Some(archive),
        listing: listed.listing,
        etag: listed.etag,
        last_modified: listed.last_modified,
        outcome: SyncOutcome::Whole,
    })
}

/// The kept archive with the changes put in. None: the list names what is not there or lacks what is, so that only the whole export can tell.
async fn updated(
    shared: &Arc<Shared>,
    old: &State,
    archive: Vec<u8>,
    (difference, listed): (&Difference, &Listed),
    now: Timestamp,
) -> Result<Option<Fresh>, FeedError> {
    let asked = difference.changed.iter().chain(&difference.gone).cloned();
    let mut fetched: Vec<(String, Option<Bytes>)> = futures_util::stream::iter(asked)
        .map(|id| async move { Ok::<_, FeedError>((id.clone(), record(shared, &id).await?)) })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    fetched.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let mut listing = listed.listing.clone();
    let mut changes = BTreeMap::new();
    let mut bytes = listed.fetched;
    let mut newest = None;
    for (id, body) in fetched {
        let is_listed = listing.has(&id);
        if is_listed != body.is_some() {
            return Ok(None);
        }
        if let Some(body) = &body {
            let modified = Head::of(&id, body)
                .map_err(|why| FeedError::unusable(NAME, format!("`{id}.json`: {why}")))?
                .modified();
            newest = newest.max(modified.filter(|date| *date <= now));
            // The list is ahead of the record: it is asked for again the next time.
            if modified < listing.date(&id) {
                listing.forget(&id);
            }
            bytes += body.len() as u64;
        }
        changes.insert(format!("{id}.json"), body);
    }
    let count = difference.changed.len() + difference.gone.len();
    // What is put in counts as it is, and not as the list has it.
    let newest = listing.newest(now).max(newest);
    let fresh = |digest, archive, records, outcome| {
        Some(Fresh {
            digest,
            archive,
            extent: Extent { records, newest },
            listing,
            etag: listed.etag.clone(),
            last_modified: listed.last_modified.clone(),
            outcome,
            fetched: bytes,
        })
    };
    if changes.is_empty() {
        return Ok(fresh(old.digest, None, old.records, SyncOutcome::Unchanged));
    }
    let (archive, records) = pack::changed(&archive, &changes)
        .map_err(|why| FeedError::unusable(NAME, format!("the kept export: {why}")))?;
    let outcome = SyncOutcome::Changed { records: count };
    Ok(fresh(Sha256::of(&archive), Some(archive), records, outcome))
}

/// A record. None: it is not there.
async fn record(shared: &Shared, id: &str) -> Result<Option<Bytes>, FeedError> {
    let url = within(shared, &format!("{id}.json"))?;
    let response = sent(shared, Request::get(url, "*/*", LIMIT), id).await?;
    match response.status.as_u16() {
        404 | 410 => Ok(None),
        _ => present(response).map(|response| Some(response.body)),
    }
}

fn within(shared: &Shared, name: &str) -> Result<Url, FeedError> {
    let base = &shared.options.osv_export;
    let text = format!("{}/{name}", base.as_str().trim_end_matches('/'));
    Url::parse(&text).map_err(|_error| FeedError::Source(redact_url(&text), "it is no address"))
}

async fn sent(shared: &Shared, request: Request, what: &str) -> Result<Response, FeedError> {
    shared.reporter.started(what);
    let answer = shared.transport.send(request).await;
    shared.reporter.finished(what);
    answer.map_err(|error| FeedError::fetch(NAME, error))
}

/// The answer, if the thing is there.
fn present(response: Response) -> Result<Response, FeedError> {
    let url = redact_url(response.url.as_str());
    let error = match response.status.as_u16() {
        200 => return Ok(response),
        404 | 410 => FetchError::NotFound { url },
        status => FetchError::Status { url, status },
    };
    Err(FeedError::fetch(NAME, error))
}
