//! OSV's bulk export, kept in the cache: fetched whole once, then kept up to date record by record.
//!
//! The export's list of records with their dates (`modified_id.csv`) is kept as it was when the records were fetched. A refresh compares
//! the two lists as sets, so that neither order nor a date in the future can hide a change; it fetches the records that changed, or the
//! whole export when they are many. A refresh that fails leaves the kept export in use while it is young enough.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::SignedDuration;
use lockgate_model::{Sha256, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{FeedError, Part, Place, archive};
use crate::Shared;
use crate::cache::{Bucket, EntryKind};
use crate::error::FetchError;
use crate::http::{Get, Got, get_cached, keep_for_good};
use crate::redact::redact_url;
use crate::transport::{Request, Response};

/// The largest export that is fetched.
const LIMIT: u64 = 1 << 30;
/// More changes than this are fetched as a whole.
const MANY: usize = 500;
/// How long the kept export is used unasked.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

/// The export as it is kept.
pub(super) struct Kept {
    pub(super) digest: Sha256,
    pub(super) refreshed: Timestamp,
    pub(super) place: Place,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    digest: Sha256,
    refreshed_seconds: i64,
    listing: String,
}

/// OSV's export, refreshed if it is due.
pub(super) async fn current(
    shared: &Arc<Shared>,
    now: Timestamp,
    max_age: SignedDuration,
) -> Result<Kept, FeedError> {
    let base = &shared.options.osv_export;
    let key = format!("export {base}");
    let state = read_state(shared, &key);
    let age = state.as_ref().and_then(|state| {
        Some(now.duration_since(Timestamp::from_second(state.refreshed_seconds).ok()?))
    });
    let must_refresh =
        shared.options.refresh == crate::Refresh::All || age.is_none_or(|age| age > FRESH);
    if let (Some(state), false) = (&state, must_refresh) {
        return Ok(kept(shared, state));
    }
    match refresh(shared, base, state.as_ref(), now).await {
        Ok((state, bytes)) => {
            let payload = postcard::to_stdvec(&state).unwrap_or_default();
            let is_stored =
                shared
                    .store
                    .write_raw(Bucket::Advisories, &archive_name(&state.digest), &[&bytes]);
            if is_stored {
                keep_for_good(
                    &shared.store,
                    Bucket::Advisories,
                    &key,
                    EntryKind::Present,
                    Bytes::from(payload),
                );
                Ok(kept(shared, &state))
            } else {
                let refreshed = Timestamp::from_second(state.refreshed_seconds).unwrap_or(now);
                Ok(Kept {
                    digest: state.digest,
                    refreshed,
                    place: Place::Bytes(bytes),
                })
            }
        }
        Err(error) => {
            let Some((state, age)) = state.zip(age) else {
                return Err(error);
            };
            let refreshed = Timestamp::from_second(state.refreshed_seconds).unwrap_or(now);
            if age > max_age {
                return Err(FeedError::Stale {
                    refreshed,
                    why: told(&error),
                });
            }
            if !shared.options.offline {
                shared.reporter.warning(&format!(
                    "the advisories could not be refreshed ({}); using those of {refreshed}",
                    told(&error)
                ));
            }
            Ok(kept(shared, &state))
        }
    }
}

fn told(error: &FeedError) -> String {
    match error {
        FeedError::Fetch(error) => error.to_string(),
        error => error.to_string(),
    }
}

fn kept(shared: &Shared, state: &State) -> Kept {
    Kept {
        digest: state.digest,
        refreshed: Timestamp::from_second(state.refreshed_seconds).unwrap_or(Timestamp::UNIX_EPOCH),
        place: Place::Archive(
            shared
                .store
                .raw_path(Bucket::Advisories, &archive_name(&state.digest))
                .unwrap_or_default(),
        ),
    }
}

fn archive_name(digest: &Sha256) -> String {
    format!("export-{digest}.zip")
}

/// The state, if its archive is there as well.
fn read_state(shared: &Shared, key: &str) -> Option<State> {
    let entry = shared.store.read(Bucket::Advisories, key)?;
    let state: State = postcard::from_bytes(&entry.payload).ok()?;
    let path = shared
        .store
        .raw_path(Bucket::Advisories, &archive_name(&state.digest))?;
    path.is_file().then_some(state)
}

async fn refresh(
    shared: &Arc<Shared>,
    base: &Url,
    old: Option<&State>,
    now: Timestamp,
) -> Result<(State, Vec<u8>), FeedError> {
    // The list first: what changes while the rest is fetched is seen as a change the next time.
    let listing = text(
        &fetch(
            shared,
            &within(base, "modified_id.csv")?,
            "the list of advisories",
        )
        .await?,
    )?;
    let refreshed_seconds = now.as_second();
    if let Some(old) = old {
        let changed = changed(&old.listing, &listing);
        if changed.len() <= MANY {
            let bytes = updated(shared, base, old, &changed).await?;
            let digest = Sha256::of(&bytes);
            return Ok((
                State {
                    digest,
                    refreshed_seconds,
                    listing,
                },
                bytes,
            ));
        }
    }
    let bytes = fetch(shared, &within(base, "all.zip")?, "the advisories")
        .await?
        .body
        .to_vec();
    archive::check("the export", std::io::Cursor::new(&bytes))?;
    Ok((
        State {
            digest: Sha256::of(&bytes),
            refreshed_seconds,
            listing,
        },
        bytes,
    ))
}

/// Ids of records that are new, changed or gone: those on lines that only one of the lists has.
fn changed(old: &str, new: &str) -> Vec<String> {
    let old: BTreeSet<&str> = old.lines().collect();
    let new: BTreeSet<&str> = new.lines().collect();
    let ids: BTreeSet<String> = old
        .symmetric_difference(&new)
        .filter_map(|line| line.split_once(',').map(|(_, id)| id.trim().to_owned()))
        .collect();
    ids.into_iter().collect()
}

/// The old archive with the changed records put in.
async fn updated(
    shared: &Arc<Shared>,
    base: &Url,
    old: &State,
    changed: &[String],
) -> Result<Vec<u8>, FeedError> {
    let path = shared
        .store
        .raw_path(Bucket::Advisories, &archive_name(&old.digest))
        .unwrap_or_default();
    let bytes = fs::read(&path).map_err(|error| super::unusable(&path, error))?;
    if changed.is_empty() {
        return Ok(bytes);
    }
    let mut records: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let kept = std::io::Cursor::new(&bytes);
    archive::visit::<FeedError>("the kept export", kept, Part::ALL, &mut |name, record| {
        records.insert(name.to_owned(), record.to_vec());
        Ok(())
    })?;
    let fetched: Vec<(String, Option<Bytes>)> = futures_util::stream::iter(changed.iter().cloned())
        .map(|id| async move {
            let url = within(base, &format!("{id}.json"))?;
            match fetch(shared, &url, &id).await {
                Ok(response) => Ok((id, Some(response.body))),
                Err(FeedError::Fetch(FetchError::NotFound { .. })) => Ok((id, None)),
                Err(error) => Err(error),
            }
        })
        .buffer_unordered(16)
        .try_collect()
        .await?;
    for (id, body) in fetched {
        match body {
            Some(body) => records.insert(format!("{id}.json"), body.to_vec()),
            None => records.remove(&format!("{id}.json")),
        };
    }
    packed(&records).map_err(|error| FeedError::Unusable {
        place: "the kept export".to_owned(),
        why: error.to_string(),
    })
}

/// One archive of all records: the same records give the same bytes.
fn packed(records: &BTreeMap<String, Vec<u8>>) -> zip::result::ZipResult<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in records {
        writer.start_file(name.as_str(), options)?;
        writer.write_all(bytes)?;
    }
    writer.finish().map(std::io::Cursor::into_inner)
}

fn within(base: &Url, name: &str) -> Result<Url, FeedError> {
    let text = format!("{}/{name}", base.as_str().trim_end_matches('/'));
    Url::parse(&text).map_err(|_error| FeedError::Source(text, "it is no address"))
}

async fn fetch(shared: &Shared, url: &Url, what: &str) -> Result<Response, FeedError> {
    shared.reporter.started(what);
    let answer = shared
        .transport
        .send(Request::get(url.clone(), "*/*", LIMIT))
        .await;
    shared.reporter.finished(what);
    let response = answer?;
    let shown = redact_url(url.as_str());
    match response.status.as_u16() {
        200 => Ok(response),
        404 | 410 => Err(FetchError::NotFound { url: shown }.into()),
        status => Err(FetchError::Status { url: shown, status }.into()),
    }
}

fn text(response: &Response) -> Result<String, FeedError> {
    String::from_utf8(response.body.to_vec()).map_err(|_utf8| FeedError::Unusable {
        place: redact_url(response.url.as_str()),
        why: "it is no text".to_owned(),
    })
}

/// An export at an address, kept by the rules of HTTP. What is kept under the address is its digest; the archive lies beside it.
pub(super) async fn remote(shared: &Arc<Shared>, url: &Url) -> Result<(Sha256, Place), FeedError> {
    let get = Get {
        bucket: Bucket::Advisories,
        key: format!("remote {url}"),
        url: url.clone(),
        accept: "application/zip, */*;q=0.1",
        limit: LIMIT,
        refresh: shared.options.refresh == crate::Refresh::All,
    };
    let body = std::sync::Mutex::new(None);
    let derive = |response: &Response| {
        let digest = Sha256::of(&response.body);
        archive::check(
            &redact_url(url.as_str()),
            std::io::Cursor::new(&response.body),
        )
        .map_err(|error| FetchError::Answer {
            url: redact_url(url.as_str()),
            why: error.to_string(),
        })?;
        shared.store.write_raw(
            Bucket::Advisories,
            &archive_name(&digest),
            &[&response.body],
        );
        if let Ok(mut body) = body.lock() {
            *body = Some(response.body.to_vec());
        }
        Ok(digest.0.to_vec())
    };
    let got = get_cached(&shared.store, &shared.transport, get.clone(), derive).await?;
    let Got::Present(payload) = got else {
        return Err(FetchError::NotFound {
            url: redact_url(url.as_str()),
        }
        .into());
    };
    let digest = <[u8; 32]>::try_from(payload.as_ref())
        .map(Sha256)
        .map_err(|_length| FeedError::Unusable {
            place: redact_url(url.as_str()),
            why: "what was kept of it is damaged".to_owned(),
        })?;
    if let Some(bytes) = body.into_inner().ok().flatten() {
        return Ok((digest, Place::Bytes(bytes)));
    }
    let path = shared
        .store
        .raw_path(Bucket::Advisories, &archive_name(&digest))
        .filter(|path| path.is_file());
    if let Some(path) = path {
        return Ok((digest, Place::Archive(path)));
    }
    let response = fetch(shared, url, "the advisories").await?;
    Ok((
        Sha256::of(&response.body),
        Place::Bytes(response.body.to_vec()),
    ))
}
