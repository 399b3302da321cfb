//! The requests to an OSV API, and what may be wrong with their answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;

use super::Named;
use super::question::Question;
use crate::Shared;
use crate::error::FetchError;
use crate::feeds::record::Head;
use crate::redact::redact_url;
use crate::transport::{Request, Response};

/// The most queries that a batch may have (OSV API).
pub(super) const MOST_QUERIES: usize = 1000;
/// More pages than this have no end.
const MOST_PAGES: usize = 2000;
/// A page may hold nothing but the token of the next one; so many one after the other have no end.
const MOST_EMPTY_PAGES: usize = 20;
/// The largest answer that is read.
const LIMIT: u64 = 64 << 20;

/// An API at an address.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) shared: Arc<Shared>,
    pub(super) base: Url,
    /// Whether it is known to speak HTTP/2.
    is_stream: AtomicBool,
}

#[derive(Serialize)]
struct Asked<'a> {
    queries: Vec<Query<'a>>,
}

#[derive(Serialize)]
struct Query<'a> {
    package: Package<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_token: Option<&'a str>,
}

#[derive(Serialize)]
struct Package<'a> {
    name: &'a str,
    ecosystem: &'static str,
}

#[derive(Deserialize)]
struct Batch {
    results: Vec<BatchResult>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BatchResult {
    vulns: Option<Vec<Vuln>>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Vuln {
    id: String,
    #[serde(default)]
    modified: Option<String>,
}

#[derive(Deserialize)]
struct Whole<'a> {
    #[serde(borrow, default)]
    vulns: Vec<&'a RawValue>,
}

/// A query that has more pages.
struct Open {
    query: usize,
    token: Option<String>,
}

impl Api {
    pub(super) fn new(shared: Arc<Shared>, base: Url) -> Self {
        Self {
            shared,
            base,
            is_stream: AtomicBool::new(false),
        }
    }

    /// The ids of the records about each question, all pages of them. The questions must fit in one batch.
    pub(super) async fn named(&self, questions: &[&Question]) -> Result<Vec<Named>, FetchError> {
        let url = self.within(&["v1", "querybatch"])?;
        let wrong = |why: String| FetchError::Answer {
            url: redact_url(url.as_str()),
            why,
        };
        let queries: Vec<(usize, Option<String>)> = questions
            .iter()
            .enumerate()
            .flat_map(|(index, question)| {
                let spellings = question.spellings().into_iter();
                spellings.map(move |spelling| (index, spelling))
            })
            .collect();
        let mut named = vec![Named::new(); questions.len()];
        let mut open: Vec<Open> = (0..queries.len())
            .map(|query| Open { query, token: None })
            .collect();
        let (mut known, mut empty_pages) = (0, 0);
        for _ in 0..MOST_PAGES {
            let asked = open.iter().filter_map(|open| {
                let (index, version) = queries.get(open.query)?;
                Some(Query {
                    package: Package {
                        name: questions.get(*index)?.name.as_str(),
                        ecosystem: "PyPI",
                    },
                    version: version.as_deref(),
                    page_token: open.token.as_deref(),
                })
            });
            let asked = Asked {
                queries: asked.collect(),
            };
            let results = self.page(&url, &asked).await?;
            if results.len() != open.len() {
                return Err(wrong(format!(
                    "it answered {} of {} queries",
                    results.len(),
                    open.len()
                )));
            }
            let mut more = Vec::new();
            for (asked, result) in open.into_iter().zip(results) {
                let named = queries
                    .get(asked.query)
                    .and_then(|(index, _)| named.get_mut(*index));
                if let Some(named) = named {
                    named.extend(result.vulns.into_iter().flatten().map(|vuln| {
                        let modified = vuln.modified.and_then(|text| text.parse().ok());
                        (vuln.id, modified)
                    }));
                }
                let token = result.next_page_token.filter(|token| !token.is_empty());
                if token.is_some() && token == asked.token {
                    return Err(wrong(
                        "it names the same next page again and again".to_owned(),
                    ));
                }
                more.extend(token.map(|token| Open {
                    query: asked.query,
                    token: Some(token),
                }));
            }
            if more.is_empty() {
                return Ok(named);
            }
            open = more;
            let now_known = named.iter().map(Named::len).sum();
            empty_pages = if now_known > known {
                0
            } else {
                empty_pages + 1
            };
            known = now_known;
            if empty_pages > MOST_EMPTY_PAGES {
                break;
            }
        }
        Err(wrong("its answer has pages without end".to_owned()))
    }

    async fn page(&self, url: &Url, asked: &Asked<'_>) -> Result<Vec<BatchResult>, FetchError> {
        let wrong = |why: String| FetchError::Answer {
            url: redact_url(url.as_str()),
            why,
        };
        let response = self.post(url, asked, false).await?;
        match response.status.as_u16() {
            200 => {}
            404 | 410 => return Err(wrong("it is not there: this is no OSV API".to_owned())),
            status => {
                let url = redact_url(url.as_str());
                return Err(FetchError::Status { url, status });
            }
        }
        let batch: Batch = serde_json::from_slice(&response.body)
            .map_err(|error| wrong(format!("it is no answer of an OSV API ({error})")))?;
        Ok(batch.results)
    }

    /// The first page of the records about a question, by id, as it is asked first.
    pub(super) async fn records(
        &self,
        question: &Question,
    ) -> Result<Vec<(String, Vec<u8>)>, FetchError> {
        let url = self.within(&["v1", "query"])?;
        let version = question.spellings().into_iter().next().flatten();
        let asked = Query {
            package: Package {
                name: question.name.as_str(),
                ecosystem: "PyPI",
            },
            version: version.as_deref(),
            page_token: None,
        };
        let is_stream = self.is_stream.load(Ordering::Relaxed);
        let response = self.post(&url, &asked, is_stream).await?;
        let shown = redact_url(url.as_str());
        if response.status.as_u16() != 200 {
            let status = response.status.as_u16();
            return Err(FetchError::Status { url: shown, status });
        }
        let whole: Whole<'_> =
            serde_json::from_slice(&response.body).map_err(|error| FetchError::Answer {
                url: shown,
                why: format!("it is no answer of an OSV API ({error})"),
            })?;
        let records = whole.vulns.iter().filter_map(|record| {
            let bytes = record.get().as_bytes();
            Some((Head::json(bytes).ok()?.id, bytes.to_vec()))
        });
        Ok(records.collect())
    }

    async fn post(
        &self,
        url: &Url,
        asked: &impl Serialize,
        is_stream: bool,
    ) -> Result<Response, FetchError> {
        let body = serde_json::to_vec(asked).map_err(|error| FetchError::Answer {
            url: redact_url(url.as_str()),
            why: error.to_string(),
        })?;
        let request = Request {
            method: Method::POST,
            body: Some(Bytes::from(body)),
            is_stream,
            ..Request::get(url.clone(), "application/json", LIMIT)
        };
        let json = HeaderValue::from_static("application/json");
        self.send(request.header(CONTENT_TYPE, json)).await
    }

    /// A record by its id. None: the service knows no such record.
    pub(super) async fn record(&self, id: &str) -> Result<Option<Vec<u8>>, FetchError> {
        let url = self.within(&["v1", "vulns", id])?;
        let mut request = Request::get(url.clone(), "application/json", LIMIT);
        request.is_stream = self.is_stream.load(Ordering::Relaxed);
        let response = self.send(request).await?;
        let shown = redact_url(url.as_str());
        let wrong = |why: String| FetchError::Answer {
            url: shown.clone(),
            why,
        };
        match response.status.as_u16() {
            200 => {}
            // The API says so in its own form; anything else that is not there is no OSV API.
            404 if serde_json::from_slice::<BTreeMap<String, serde_json::Value>>(
                &response.body,
            )
            .is_ok() =>
            {
                return Ok(None);
            }
            404 | 410 => return Err(wrong("it is not there: this is no OSV API".to_owned())),
            status => {
                let url = shown;
                return Err(FetchError::Status { url, status });
            }
        }
        Head::of(id, &response.body).map_err(wrong)?;
        Ok(Some(response.body.to_vec()))
    }

    /// A record that a batch named, which must therefore be there.
    pub(super) async fn named_record(&self, id: &str) -> Result<Vec<u8>, FetchError> {
        let missing = || {
            let url = self.within(&["v1", "vulns", id])?;
            Ok(FetchError::Answer {
                url: redact_url(url.as_str()),
                why: "it is not there, though the service named it".to_owned(),
            })
        };
        match self.record(id).await? {
            Some(record) => Ok(record),
            None => Err(missing().unwrap_or_else(|error| error)),
        }
    }

    async fn send(&self, request: Request) -> Result<Response, FetchError> {
        let response = self.shared.transport.send(request).await?;
        self.is_stream.store(response.is_stream, Ordering::Relaxed);
        Ok(response)
    }

    fn within(&self, path: &[&str]) -> Result<Url, FetchError> {
        let mut url = self.base.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => segments.pop_if_empty().extend(path),
            Err(()) => {
                return Err(FetchError::Answer {
                    url: redact_url(self.base.as_str()),
                    why: "it is no address of a service".to_owned(),
                });
            }
        };
        Ok(url)
    }
}
