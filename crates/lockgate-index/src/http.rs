//! GET through the cache, by the rules of RFC 9111.
//!
//! The rules themselves are a library's, over the headers that were kept. What is kept is not the body but what was derived from it:
//! a page is parsed once. An answer that it is not there is kept as well, so that a run without network gives the same answers.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::request::Parts;
use http_cache_semantics::{AfterResponse, BeforeRequest, CacheOptions, CachePolicy};
use lockgate_model::Timestamp;
use reqwest::header::{AGE, HeaderMap, HeaderValue, SET_COOKIE};
use reqwest::{Method, StatusCode};
use url::Url;

use crate::cache::{Bucket, Entry, EntryKind, Store};
use crate::error::FetchError;
use crate::redact::{redact_url, without_credentials};
use crate::transport::{Request, Response, Transport};

/// The longest that an index page, an archive at an address, or an answer that something is not there is used unasked, whatever the
/// server says: a release that was withdrawn meanwhile is seen after that.
const MAX_PAGE_LIFETIME: Duration = Duration::from_mins(10);
/// The longest that advisories are used unasked, whatever the server says.
const MAX_ADVISORY_LIFETIME: Duration = Duration::from_hours(24);
/// Seconds in an `Age` header beyond which everything is stale; the library adds to it, and must not overflow.
const MAX_AGE_HEADER: u64 = 1 << 31;

/// What to get, and how it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Get {
    pub(crate) bucket: Bucket,
    pub(crate) key: String,
    pub(crate) url: Url,
    pub(crate) accept: &'static str,
    /// The most bytes of body that are read.
    pub(crate) limit: u64,
    /// Ask again even if it is fresh.
    pub(crate) refresh: bool,
}

/// What was kept or derived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Got {
    /// What was derived from the answer.
    Present(Bytes),
    /// The server said that it is not there.
    Absent,
}

/// The entry of `get` if it may be used without asking. Touches no network: safe and quick on any thread.
pub(crate) fn stored(store: &Store, get: &Get, is_offline: bool) -> Option<Got> {
    let entry = store.read(get.bucket, &get.key)?;
    let is_usable = is_offline || (!get.refresh && entry.is_fresh(Timestamp::now()));
    is_usable.then(|| got(&entry))
}

/// The entry if it may be used, revalidated if it must be, else fetched and derived by `derive`.
pub(crate) async fn get_cached<F>(
    store: &Store,
    transport: &Transport,
    get: Get,
    derive: F,
) -> Result<Got, FetchError>
where
    F: FnOnce(&Response) -> Result<Vec<u8>, FetchError>,
{
    let send = async |request| transport.send(request).await;
    get_through(store, transport, get, send, |response| derive(&response)).await
}

/// The same; `send` fetches it, and says what the body is in.
pub(crate) async fn get_through<B, S, F>(
    store: &Store,
    transport: &Transport,
    get: Get,
    send: S,
    derive: F,
) -> Result<Got, FetchError>
where
    S: AsyncFnOnce(Request) -> Result<Response<B>, FetchError>,
    F: FnOnce(Response<B>) -> Result<Vec<u8>, FetchError>,
{
    let entry = store.read(get.bucket, &get.key);
    let now = SystemTime::now();
    if transport.is_offline() {
        return entry.as_ref().map(got).ok_or_else(|| FetchError::Offline {
            url: redact_url(get.url.as_str()),
        });
    }
    if let Some(entry) = &entry
        && !get.refresh
        && entry.is_fresh(Timestamp::now())
    {
        return Ok(got(entry));
    }
    let mut plain = Request::get(get.url.clone(), get.accept, get.limit);
    if get.bucket == Bucket::Pages {
        plain = plain.by_installer();
    }
    let asked = parts(&plain)?;
    let old = entry
        .as_ref()
        .and_then(|entry| serde_json::from_slice::<CachePolicy>(&entry.policy).ok());
    let request = match &old {
        Some(policy) => conditional(policy, &asked, &plain, now),
        None => plain.clone(),
    };
    let response = send(request).await?;
    let now = SystemTime::now();
    let answer = answer_parts(&response);
    if response.status == StatusCode::NOT_MODIFIED {
        let (Some(old), Some(entry)) = (old, entry) else {
            return Err(unexpected(
                &get.url,
                "it answered that nothing changed, and was not asked that",
            ));
        };
        let policy = match old.after_response(&asked, &answer, now) {
            AfterResponse::NotModified(policy, _) | AfterResponse::Modified(policy, _) => policy,
        };
        store.write(
            get.bucket,
            &get.key,
            &under(&policy, get.bucket, now, entry.kind, entry.payload.clone()),
        );
        return Ok(got(&entry));
    }
    let policy = CachePolicy::new_options(&asked, &answer, now, private());
    let (kind, payload) = match response.status.as_u16() {
        200 | 203 => (EntryKind::Present, Bytes::from(derive(response)?)),
        404 | 410 => (EntryKind::Absent, Bytes::new()),
        status => {
            return Err(FetchError::Status {
                url: redact_url(get.url.as_str()),
                status,
            });
        }
    };
    let entry = under(&policy, get.bucket, now, kind, payload);
    store.write(get.bucket, &get.key, &entry);
    Ok(got(&entry))
}

/// Keeps that a page was refused, for runs without network: it is stale from the first.
pub(crate) fn keep_refusal(store: &Store, key: &str) {
    store.write(
        Bucket::Pages,
        key,
        &Entry {
            fetched: unix_seconds(SystemTime::now()),
            lifetime: 0,
            kind: EntryKind::Absent,
            policy: Bytes::new(),
            payload: Bytes::new(),
        },
    );
}

/// Keeps something that never changes: what a file's digest or address names.
pub(crate) fn keep_for_good(
    store: &Store,
    bucket: Bucket,
    key: &str,
    kind: EntryKind,
    payload: Bytes,
) {
    store.write(
        bucket,
        key,
        &Entry {
            fetched: 0,
            lifetime: u64::MAX,
            kind,
            policy: Bytes::new(),
            payload,
        },
    );
}

/// A cache of one user, which may keep what is private. Heuristics are off: an index that states no lifetime is asked each time.
fn private() -> CacheOptions {
    CacheOptions {
        shared: false,
        cache_heuristic: 0.0,
        ..CacheOptions::default()
    }
}

fn under(
    policy: &CachePolicy,
    bucket: Bucket,
    now: SystemTime,
    kind: EntryKind,
    payload: Bytes,
) -> Entry {
    // Entries are kept even where HTTP says not to store them: stale from the first, they serve only `--offline`.
    let lifetime = if policy.is_storable() {
        policy.time_to_live(now).min(max_lifetime(bucket, kind))
    } else {
        Duration::ZERO
    };
    let policy = serde_json::to_vec(policy).unwrap_or_default();
    Entry {
        fetched: unix_seconds(now),
        lifetime: lifetime.as_secs(),
        kind,
        policy: Bytes::from(policy),
        payload,
    }
}

/// Returns the ceiling on what a server may say about how long its answer holds.
fn max_lifetime(bucket: Bucket, kind: EntryKind) -> Duration {
    match (kind, bucket) {
        (EntryKind::Present, Bucket::Advisories) => MAX_ADVISORY_LIFETIME,
        (EntryKind::Absent, _)
        | (
            EntryKind::Present,
            Bucket::Pages | Bucket::Metadata | Bucket::Interpreters | Bucket::Direct,
        ) => MAX_PAGE_LIFETIME,
    }
}

fn got(entry: &Entry) -> Got {
    match entry.kind {
        EntryKind::Present => Got::Present(entry.payload.clone()),
        EntryKind::Absent => Got::Absent,
    }
}

/// `plain` with the validators that the old answer gave.
fn conditional(policy: &CachePolicy, asked: &Parts, plain: &Request, now: SystemTime) -> Request {
    match policy.before_request(asked, now) {
        BeforeRequest::Stale {
            request,
            matches: true,
        } => Request {
            headers: request.headers,
            ..plain.clone()
        },
        BeforeRequest::Stale { .. } => plain.clone(),
        BeforeRequest::Fresh(_) => {
            // Fresh, and asked again by `--refresh`: with the same validators as when stale.
            let much_later = now + Duration::from_hours(10 * 365 * 24);
            match policy.before_request(asked, much_later) {
                BeforeRequest::Stale {
                    request,
                    matches: true,
                } => Request {
                    headers: request.headers,
                    ..plain.clone()
                },
                _ => plain.clone(),
            }
        }
    }
}

/// The request as the rules see it and the cache keeps it: without credentials.
fn parts(request: &Request) -> Result<Parts, FetchError> {
    let url = without_credentials(&request.url);
    let mut built = http::Request::builder()
        .method(Method::GET)
        .uri(url.as_str())
        .body(())
        .map_err(|error| unexpected(&request.url, &error.to_string()))?
        .into_parts()
        .0;
    built.headers = request.headers.clone();
    Ok(built)
}

fn answer_parts<B>(response: &Response<B>) -> http::response::Parts {
    let (mut parts, ()) = http::Response::new(()).into_parts();
    parts.status = response.status;
    parts.headers = kept_headers(&response.headers);
    parts
}

/// Returns the headers that the rules see: without cookies, and with an age that can be added to.
fn kept_headers(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    kept.remove(SET_COOKIE);
    if let Some(stated) = kept.remove(AGE) {
        // An age that can't be read says that a cache on the way holds it, and not since when: no freshness is left.
        let seconds = stated
            .to_str()
            .ok()
            .and_then(|text| text.trim().parse().ok());
        let seconds: u64 = seconds.unwrap_or(MAX_AGE_HEADER);
        kept.insert(AGE, HeaderValue::from(seconds.min(MAX_AGE_HEADER)));
    }
    kept
}

fn unexpected(url: &Url, why: &str) -> FetchError {
    FetchError::Answer {
        url: redact_url(url.as_str()),
        why: why.to_owned(),
    }
}

fn unix_seconds(now: SystemTime) -> i64 {
    now.duration_since(SystemTime::UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or(0)
}
