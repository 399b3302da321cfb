//! The index's own JSON API: what it says of one release, `/pypi/{name}/{version}/json`.
//!
//! It tells of releases one at a time: it can audit pins, and cannot steer a choice of versions. Its answers are turned into OSV records
//! ([`vulnerability`]), so that the gate reads them as any others; they are kept by the rules of HTTP, as pages are. A release that is not
//! there is an answer of its own, and the opposite of clean.

mod vulnerability;

use std::sync::Arc;

use futures_util::StreamExt as _;
use lockgate_model::{FactError, Name, RecordLookup, ReleaseRecords, Version};
use url::Url;

use super::FeedError;
use crate::Shared;
use crate::cache::Bucket;
use crate::error::FetchError;
use crate::http::{Get, Got, get_cached};
use crate::once_map::{Claim, OnceMap, Slot};
use crate::redact::{redact_url, without_credentials};

/// The largest answer that is read.
const LIMIT: u64 = 32 << 20;
/// More answers than this are not waited for at once.
const AT_ONCE: usize = 256;

type Release = (Name, Version);
type Answer = Result<ReleaseRecords, FactError>;

/// The lookup over the JSON API of `index`, a simple index, called `name`.
pub(super) fn lookup(
    shared: &Arc<Shared>,
    index: Option<&Url>,
    name: &str,
) -> Result<Arc<dyn RecordLookup>, FeedError> {
    let wrong = |why| FeedError::Source(name.to_owned(), why);
    let index = index.ok_or_else(|| wrong("no index is known whose API could be asked"))?;
    let base = beside(index).ok_or_else(|| wrong("the index is no server that could be asked"))?;
    shared.transport.remember(index);
    Ok(Arc::new(Releases {
        name: Arc::from(name),
        base,
        shared: Arc::clone(shared),
        answers: OnceMap::new(),
    }))
}

/// The JSON API beside a simple index: `https://host/simple/` has it at `https://host/pypi`.
fn beside(index: &Url) -> Option<Url> {
    if !matches!(index.scheme(), "http" | "https") {
        return None;
    }
    let mut base = index.clone();
    base.set_query(None);
    base.set_fragment(None);
    base.path_segments_mut()
        .ok()?
        .pop_if_empty()
        .pop()
        .push("pypi");
    Some(base)
}

#[derive(Debug, Clone)]
struct Releases {
    name: Arc<str>,
    base: Url,
    shared: Arc<Shared>,
    answers: Arc<OnceMap<Release, Answer>>,
}

impl RecordLookup for Releases {
    fn records(&self, name: &Name) -> Result<Arc<[Vec<u8>]>, FactError> {
        Err(FactError::Unlearned {
            what: format!("{}: the advisories about `{name}`", self.name),
            why: "the JSON API of an index tells of one release at a time: it can audit pins, and cannot steer which versions are chosen"
                .to_owned(),
            remedy: Some("use `--advisories osv`".to_owned()),
        })
    }

    fn hint(&self, _: &[Name]) {}

    fn records_for(&self, name: &Name, version: &Version) -> Answer {
        let release = (name.clone(), version.clone());
        loop {
            let cell = match self.answers.claim(release.clone()) {
                Claim::Known(answer) => return answer,
                Claim::Pending(cell) => cell,
                Claim::Mine(slot) => {
                    let cell = slot.cell();
                    self.spawn(vec![(release.clone(), slot)]);
                    cell
                }
            };
            if let Some(answer) = cell.wait() {
                return answer;
            }
        }
    }

    fn hint_pins(&self, pins: &[Release]) {
        let vacant = pins
            .iter()
            .filter_map(|release| match self.answers.claim(release.clone()) {
                Claim::Mine(slot) => Some((release.clone(), slot)),
                Claim::Known(_) | Claim::Pending(_) => None,
            });
        self.spawn(vacant.collect());
    }
}

impl Releases {
    fn spawn(&self, asked: Vec<(Release, Slot<Release, Answer>)>) {
        let this = self.clone();
        self.shared.runtime.spawn(async move {
            futures_util::stream::iter(asked)
                .for_each_concurrent(AT_ONCE, |((name, version), slot)| {
                    let this = &this;
                    async move {
                        let answer = this.learn(&name, &version).await;
                        slot.fill(answer.map_err(|error| {
                            let what = &this.name;
                            error.unlearned(format!(
                                "{what}: the advisories about `{name}=={version}`"
                            ))
                        }));
                    }
                })
                .await;
        });
    }

    /// A local version is what its public version is, and perhaps more.
    async fn learn(&self, name: &Name, version: &Version) -> Result<ReleaseRecords, FetchError> {
        let public = version.clone().without_local();
        let mut records = self.release(name, version, version).await?;
        if public != *version
            && let Some(more) = self.release(name, &public, version).await?
        {
            records.get_or_insert_default().extend(more);
        }
        Ok(match records {
            Some(records) => ReleaseRecords::Known(records.into()),
            None => ReleaseRecords::NotOnIndex {
                place: redact_url(self.base.as_str()),
            },
        })
    }

    /// The records that the index states of a release, as records about `pinned`. None: it does not have the release.
    async fn release(
        &self,
        name: &Name,
        version: &Version,
        pinned: &Version,
    ) -> Result<Option<Vec<Vec<u8>>>, FetchError> {
        let url = self.address(name, version)?;
        let get = Get {
            bucket: Bucket::Advisories,
            key: format!("release-1 {} {pinned}", without_credentials(&url)),
            url: url.clone(),
            accept: "application/json",
            limit: LIMIT,
            refresh: self.shared.options.refresh.includes(name),
        };
        let wrong = |why: String| FetchError::Answer {
            url: redact_url(url.as_str()),
            why,
        };
        let derive = |response: &crate::transport::Response| {
            let records =
                vulnerability::records(&response.body, name, version, pinned).map_err(wrong)?;
            postcard::to_stdvec(&records).map_err(|error| wrong(error.to_string()))
        };
        let got = get_cached(&self.shared.store, &self.shared.transport, get, derive).await?;
        match got {
            Got::Absent => Ok(None),
            Got::Present(payload) => postcard::from_bytes(&payload)
                .map(Some)
                .map_err(|_damaged| wrong("what was kept of it is damaged".to_owned())),
        }
    }

    fn address(&self, name: &Name, version: &Version) -> Result<Url, FetchError> {
        let mut url = self.base.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => {
                segments.extend([name.as_str(), &version.to_string(), "json"]);
            }
            Err(()) => {
                return Err(FetchError::Answer {
                    url: redact_url(self.base.as_str()),
                    why: "it is no address of a server".to_owned(),
                });
            }
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_api_lies_beside_the_simple_index() {
        for (index, base) in [
            (
                "https://index.test/simple/",
                Some("https://index.test/pypi"),
            ),
            ("https://index.test/simple", Some("https://index.test/pypi")),
            (
                "https://user:pass@index.test:8443/root/dev/+simple/?x=1#y",
                Some("https://user:pass@index.test:8443/root/dev/pypi"),
            ),
            ("https://index.test/", Some("https://index.test/pypi")),
            ("file:///srv/simple", None),
        ] {
            let found = beside(&Url::parse(index).unwrap());
            assert_eq!(found.as_ref().map(Url::as_str), base, "{index}");
        }
    }
}
