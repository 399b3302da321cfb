//! Exports at an address of the user's, kept by the rules of HTTP.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use lockgate_model::Sha256;
use url::Url;

use super::records::Place;
use super::rollback::Extent;
use super::{FeedError, FetchTerms, archive};
use crate::Shared;
use crate::cache::Bucket;
use crate::error::FetchError;
use crate::files::{Limit, open_regular};
use crate::http::{Get, Got, get_cached};
use crate::redact::redact_url;
use crate::transport::{Request, Response};

/// The largest export that is fetched.
const LIMIT: u64 = 1 << 30;

/// An export that was had.
pub(super) struct Remote {
    pub(super) digest: Sha256,
    /// What was fetched now; none if what is kept is still true.
    pub(super) fetched: Option<Vec<u8>>,
    kept: PathBuf,
}

impl Remote {
    pub(super) fn into_place(self) -> (Sha256, Place) {
        let place = match self.fetched {
            Some(bytes) => Place::Bytes(bytes),
            None => Place::Archive(self.kept),
        };
        (self.digest, place)
    }

    /// How many records it has.
    pub(super) fn records(&self) -> Result<usize, FeedError> {
        if let Some(bytes) = &self.fetched {
            return archive::count("", Cursor::new(bytes));
        }
        let failed = |error| super::unusable(&self.kept, error);
        let file = open_regular(&self.kept, Limit::EXPORT).map_err(failed)?;
        let place = self.kept.display().to_string();
        archive::count(&place, std::io::BufReader::new(file))
    }
}

/// The export at `url`. What is kept under the address is its digest; the archive lies beside it, under that.
pub(super) async fn archive(
    shared: &Arc<Shared>,
    url: &Url,
    is_refreshed: bool,
    terms: &FetchTerms,
) -> Result<Remote, FeedError> {
    let name = redact_url(url.as_str());
    let body = Mutex::new(None);
    let rolled_back = Mutex::new(None);
    let old = kept(shared, url).filter(|_| !terms.accept_older);
    let derive = |response: &Response| {
        let digest = Sha256::of(&response.body);
        archive::check(&name, Cursor::new(&response.body)).map_err(|error| FetchError::Answer {
            url: name.clone(),
            why: error.why(),
        })?;
        if let Some((_, path)) = old.as_ref().filter(|(old, _)| *old != digest)
            && let Err(error) = admit(&name, path, &response.body, terms)
        {
            let why = error.to_string();
            if let Ok(mut rolled_back) = rolled_back.lock() {
                *rolled_back = Some(error);
            }
            let url = name.clone();
            return Err(FetchError::Answer { url, why });
        }
        let file = file_name(&digest);
        let parts: &[&[u8]] = &[&response.body];
        shared.store.write_raw(Bucket::Advisories, &file, parts);
        if let Ok(mut body) = body.lock() {
            *body = Some(response.body.to_vec());
        }
        Ok(digest.0.to_vec())
    };
    let failed = |error| FeedError::fetch(name.clone(), error);
    let asked = get(url, is_refreshed);
    let got = get_cached(&shared.store, &shared.transport, asked, derive).await;
    if let Ok(Some(error)) = rolled_back.into_inner() {
        return Err(error);
    }
    let got = got.map_err(failed)?;
    let Got::Present(payload) = got else {
        return Err(failed(FetchError::NotFound { url: name.clone() }));
    };
    let digest = <[u8; 32]>::try_from(payload.as_ref())
        .map(Sha256)
        .map_err(|_length| FeedError::unusable(&name, "what was kept of it is damaged"))?;
    let mut fetched = body.into_inner().ok().flatten();
    let kept = kept_path(shared, &digest);
    if fetched.is_none() && kept.is_none() {
        let request = Request::get(url.clone(), "*/*", LIMIT);
        let response = shared.transport.send(request).await.map_err(failed)?;
        if response.status.as_u16() != 200 {
            let (url, status) = (name.clone(), response.status.as_u16());
            return Err(failed(FetchError::Status { url, status }));
        }
        archive::check(&name, Cursor::new(&response.body))?;
        fetched = Some(response.body.to_vec());
    }
    let digest = fetched.as_ref().map_or(digest, |bytes| Sha256::of(bytes));
    if let Some(stated) = stated_digest(url)?
        && stated != digest
    {
        return Err(FeedError::unusable(
            &name,
            format!("its digest is sha256:{digest}, and sha256:{stated} is stated"),
        ));
    }
    Ok(Remote {
        digest,
        fetched,
        kept: kept.unwrap_or_default(),
    })
}

/// Refuses an export that goes back behind the one that is kept at `old`.
fn admit(name: &str, old: &Path, new: &[u8], terms: &FetchTerms) -> Result<(), FeedError> {
    let file = open_regular(old, Limit::EXPORT).map_err(|error| super::unusable(old, error))?;
    let place = old.display().to_string();
    let old = Extent::of_archive(&place, std::io::BufReader::new(file), terms.now)?;
    old.admit(
        &Extent::of_archive(name, Cursor::new(new), terms.now)?,
        name,
    )
}

/// The digest that an address states for what is there: `#sha256=…`.
fn stated_digest(url: &Url) -> Result<Option<Sha256>, FeedError> {
    let parts = url.fragment().unwrap_or_default().split('&');
    let mut stated = parts.filter_map(|part| part.strip_prefix("sha256="));
    let Some(text) = stated.next() else {
        return Ok(None);
    };
    Sha256::from_hex(text).map(Some).ok_or_else(|| {
        FeedError::unusable(
            redact_url(url.as_str()),
            "its `#sha256=` is not a valid digest",
        )
    })
}

/// What is kept of `url`, whatever its age: digest and archive.
pub(super) fn kept(shared: &Shared, url: &Url) -> Option<(Sha256, PathBuf)> {
    let entry = shared
        .store
        .read(Bucket::Advisories, &get(url, false).key)?;
    let digest = Sha256(<[u8; 32]>::try_from(entry.payload.as_ref()).ok()?);
    Some((digest, kept_path(shared, &digest)?))
}

fn get(url: &Url, is_refreshed: bool) -> Get {
    Get {
        bucket: Bucket::Advisories,
        key: format!("remote {url}"),
        url: url.clone(),
        accept: "application/zip, */*;q=0.1",
        limit: LIMIT,
        refresh: is_refreshed,
    }
}

pub(super) fn kept_path(shared: &Shared, digest: &Sha256) -> Option<PathBuf> {
    let path = shared
        .store
        .raw_path(Bucket::Advisories, &file_name(digest))?;
    path.is_file().then_some(path)
}

fn file_name(digest: &Sha256) -> String {
    format!("export-{digest}.zip")
}
