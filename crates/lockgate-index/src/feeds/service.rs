//! An OSV API, asked project by project: `/v1/querybatch` for ids, `/v1/vulns/{id}` for records.
//!
//! What is hinted at is asked in one batch in the background; whoever needs an answer waits for it. Every failure is the failure of each
//! project in the batch: nothing that was not answered counts as clean.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use lockgate_model::{FactError, Name, RecordLookup};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::Shared;
use crate::error::FetchError;
use crate::redact::redact_url;
use crate::transport::{Request, Response};

/// The most queries that a batch may have (OSV API).
const BATCH: usize = 1000;
/// More pages than this have no end.
const MOST_PAGES: usize = 100;
/// The largest answer that is read.
const LIMIT: u64 = 64 << 20;

type Records = Arc<[Vec<u8>]>;

/// The lookup over the API at `base`.
pub(super) fn lookup(shared: Arc<Shared>, base: Url) -> Arc<dyn RecordLookup> {
    Arc::new(Service(Arc::new(Inner {
        shared,
        base,
        answers: Mutex::default(),
        answered: Condvar::new(),
    })))
}

#[derive(Debug)]
struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    base: Url,
    /// None while it is being asked.
    answers: Mutex<HashMap<Name, Option<Result<Records, FactError>>>>,
    answered: Condvar,
}

#[derive(Deserialize)]
struct Batch {
    results: Vec<BatchResult>,
}

#[derive(Default, Deserialize)]
struct BatchResult {
    #[serde(default)]
    vulns: Option<Vec<Vuln>>,
    #[serde(default)]
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Vuln {
    id: String,
}

impl RecordLookup for Service {
    fn records(&self, name: &Name) -> Result<Records, FactError> {
        self.hint(std::slice::from_ref(name));
        let mut answers = self
            .0
            .answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(Some(answer)) = answers.get(name) {
                return answer.clone();
            }
            answers = self
                .0
                .answered
                .wait(answers)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn hint(&self, names: &[Name]) {
        let mut answers = self
            .0
            .answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut wanted: Vec<Name> = names
            .iter()
            .filter(|name| !answers.contains_key(name))
            .cloned()
            .collect();
        wanted.sort();
        wanted.dedup();
        for name in &wanted {
            answers.insert(name.clone(), None);
        }
        drop(answers);
        for batch in wanted.chunks(BATCH) {
            let (inner, batch) = (Arc::clone(&self.0), batch.to_vec());
            self.0.shared.runtime.spawn(async move {
                let answered = inner.ask(&batch).await;
                let mut answers = inner.answers.lock().unwrap_or_else(PoisonError::into_inner);
                match answered {
                    Ok(records) => {
                        for (name, records) in batch.into_iter().zip(records) {
                            answers.insert(name, Some(Ok(records)));
                        }
                    }
                    Err(error) => {
                        for name in batch {
                            let what = format!("the advisories about `{name}`");
                            answers.insert(name, Some(Err(error.unlearned(what))));
                        }
                    }
                }
                inner.answered.notify_all();
            });
        }
    }
}

impl Inner {
    /// The records about each of `names`, in their order.
    async fn ask(&self, names: &[Name]) -> Result<Vec<Records>, FetchError> {
        let ids = self.ids(names).await?;
        let all: BTreeSet<String> = ids.iter().flatten().cloned().collect();
        let records: HashMap<String, Vec<u8>> = futures_util::stream::iter(all)
            .map(|id| async move {
                let record = self.record(&id).await?;
                Ok::<_, FetchError>((id, record))
            })
            .buffer_unordered(20)
            .try_collect()
            .await?;
        Ok(ids
            .iter()
            .map(|ids| {
                ids.iter()
                    .filter_map(|id| records.get(id).cloned())
                    .collect::<Vec<_>>()
                    .into()
            })
            .collect())
    }

    /// The ids of records about each of `names`, all pages of them.
    async fn ids(&self, names: &[Name]) -> Result<Vec<BTreeSet<String>>, FetchError> {
        let url = self.within("/v1/querybatch")?;
        let wrong = |why: String| FetchError::Answer {
            url: redact_url(url.as_str()),
            why,
        };
        let mut ids = vec![BTreeSet::new(); names.len()];
        let mut open: Vec<(usize, Option<String>)> =
            (0..names.len()).map(|index| (index, None)).collect();
        for _ in 0..MOST_PAGES {
            let queries: Vec<serde_json::Value> = open
                .iter()
                .filter_map(|(index, token)| {
                    let mut query = json!({ "package": { "name": names.get(*index)?.as_str(), "ecosystem": "PyPI" } });
                    if let (Some(token), Some(query)) = (token, query.as_object_mut()) {
                        query.insert("page_token".to_owned(), json!(token));
                    }
                    Some(query)
                })
                .collect();
            let body = json!({ "queries": queries }).to_string();
            let request = Request {
                method: Method::POST,
                body: Some(Bytes::from(body)),
                ..Request::get(url.clone(), "application/json", LIMIT)
            };
            let response = self
                .answer(request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")))
                .await?;
            let batch: Batch = serde_json::from_slice(&response.body)
                .map_err(|error| wrong(format!("it is no answer of an OSV API ({error})")))?;
            if batch.results.len() != open.len() {
                return Err(wrong(format!(
                    "it answered {} of {} queries",
                    batch.results.len(),
                    open.len()
                )));
            }
            let asked = std::mem::take(&mut open);
            for ((index, _), result) in asked.into_iter().zip(batch.results) {
                if let Some(known) = ids.get_mut(index) {
                    known.extend(result.vulns.into_iter().flatten().map(|vuln| vuln.id));
                }
                if let Some(token) = result.next_page_token.filter(|token| !token.is_empty()) {
                    open.push((index, Some(token)));
                }
            }
            if open.is_empty() {
                return Ok(ids);
            }
        }
        Err(wrong(format!(
            "its answer has more than {MOST_PAGES} pages"
        )))
    }

    async fn record(&self, id: &str) -> Result<Vec<u8>, FetchError> {
        let response = self
            .answer(Request::get(
                self.within(&format!("/v1/vulns/{id}"))?,
                "application/json",
                LIMIT,
            ))
            .await?;
        Ok(response.body.to_vec())
    }

    async fn answer(&self, request: Request) -> Result<Response, FetchError> {
        let shown = redact_url(request.url.as_str());
        let response = self.shared.transport.send(request).await?;
        match response.status.as_u16() {
            200 => Ok(response),
            404 | 410 => Err(FetchError::Answer {
                url: shown,
                why: "it is not there, though the service named it".to_owned(),
            }),
            status => Err(FetchError::Status { url: shown, status }),
        }
    }

    fn within(&self, path: &str) -> Result<Url, FetchError> {
        let text = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        Url::parse(&text).map_err(|error| FetchError::Answer {
            url: redact_url(&text),
            why: error.to_string(),
        })
    }
}
