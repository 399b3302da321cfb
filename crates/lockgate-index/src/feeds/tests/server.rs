//! A small OSV API, export and JSON API on loopback, with faults.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use lockgate_model::{Name, Version};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use url::Url;

use crate::feeds::{Feed, FeedError, FeedSource, FeedTerms};
use crate::{Index, Options, Silent};

/// How an address misbehaves.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    None,
    Status(u16),
    /// Once, with `Retry-After`; then as if nothing had been.
    Busy(u16, &'static str),
    Body(&'static str),
    /// The first half of the right answer.
    Half,
    Hang,
    /// Each result names a next page, for ever: the same, or always another.
    Endless {
        same_token: bool,
    },
    /// A batch with one result too few.
    Short,
}

/// What the server has and does. Records are OSV records; a batch compares versions letter by letter.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) records: BTreeMap<String, Value>,
    /// By the beginning of the path.
    pub(super) faults: Vec<(&'static str, Fault)>,
    /// Answers to paths that are neither the API nor the export.
    pub(super) pages: BTreeMap<String, String>,
    pub(super) page_size: usize,
    /// Whether the first page of each result is a token alone.
    pub(super) token_first: bool,
    /// In place of the list of records.
    pub(super) listing: Option<String>,
    /// In place of the export.
    pub(super) archive: Option<Vec<u8>>,
    log: Vec<String>,
    pages_told: usize,
}

pub(super) struct Server {
    pub(super) runtime: Runtime,
    pub(super) url: String,
    site: Arc<Mutex<Site>>,
}

/// A record about versions of a project.
pub(super) fn record(id: &str, modified: &str, name: &str, versions: &[&str]) -> Value {
    json!({
        "id": id, "modified": modified, "aliases": [format!("CVE-{id}")],
        "affected": [{ "package": { "ecosystem": "PyPI", "name": name }, "versions": versions }],
    })
}

/// An export of records.
pub(super) fn export<'a>(records: impl Iterator<Item = &'a Value>) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for record in records {
        let name = format!("{}.json", record["id"].as_str().unwrap());
        writer.start_file(name, options).unwrap();
        writer.write_all(record.to_string().as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

impl Server {
    pub(super) fn start(records: &[Value]) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let records = records
            .iter()
            .map(|record| (record["id"].as_str().unwrap().to_owned(), record.clone()));
        let site = Arc::new(Mutex::new(Site {
            records: records.collect(),
            faults: Vec::new(),
            pages: BTreeMap::new(),
            page_size: 1000,
            token_first: false,
            listing: None,
            archive: None,
            log: Vec::new(),
            pages_told: 0,
        }));
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&site));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { runtime, url, site }
    }

    pub(super) fn site(&self) -> MutexGuard<'_, Site> {
        self.site.lock().unwrap()
    }

    pub(super) fn put(&self, record: Value) {
        let id = record["id"].as_str().unwrap().to_owned();
        self.site().records.insert(id, record);
    }

    pub(super) fn fail(&self, path: &'static str, fault: Fault) {
        self.site().faults.push((path, fault));
    }

    /// What was asked since the last call.
    pub(super) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.site().log)
    }

    pub(super) fn options(&self, cache: Option<PathBuf>) -> Options {
        Options {
            cache,
            retries: 0,
            timeout: Duration::from_secs(10),
            osv_export: Url::parse(&format!("{}/PyPI", self.url)).unwrap(),
            ..Options::default()
        }
    }

    pub(super) fn index(&self, options: Options) -> Index {
        Index::new(options, self.runtime.handle().clone(), Arc::new(Silent))
    }

    pub(super) fn open(&self, index: &Index, source: &FeedSource) -> Result<Feed, FeedError> {
        let terms = FeedTerms {
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            max_age: jiff::SignedDuration::from_hours(7 * 24),
            index: Some(Url::parse(&format!("{}/simple/", self.url)).unwrap()),
            accept_older: false,
        };
        let feeds = index.feeds(std::slice::from_ref(source), &terms);
        self.runtime.block_on(feeds).pop().unwrap()
    }
}

async fn answer(State(site): State<Arc<Mutex<Site>>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let etag = request.headers().get(header::IF_NONE_MATCH).cloned();
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap();
    let fault = {
        let mut site = site.lock().unwrap();
        site.log.push(path.clone());
        let place = site.faults.iter().position(|(of, _)| path.starts_with(of));
        place.map(|place| match site.faults[place].1 {
            Fault::Busy(..) => site.faults.remove(place).1,
            _ => site.faults[place].1.clone(),
        })
    };
    match fault {
        Some(Fault::Status(status)) => {
            return StatusCode::from_u16(status).unwrap().into_response();
        }
        Some(Fault::Busy(status, wait)) => {
            let status = StatusCode::from_u16(status).unwrap();
            return (status, [(header::RETRY_AFTER, wait)]).into_response();
        }
        Some(Fault::Body(text)) => return text.into_response(),
        Some(Fault::Hang) => {
            std::future::pending::<()>().await;
        }
        _ => {}
    }
    let whole = site.lock().unwrap().right(&path, &body, fault.as_ref());
    let Some(mut whole) = whole else {
        let missing = json!({ "code": 5, "message": "not found" });
        return (StatusCode::NOT_FOUND, missing.to_string()).into_response();
    };
    if matches!(fault, Some(Fault::Half)) {
        whole.truncate(whole.len() / 2);
    }
    let tag = format!("\"{}\"", lockgate_model::Sha256::of(&whole));
    if etag.is_some_and(|etag| etag.as_bytes() == tag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    ([(header::ETAG, tag)], Body::from(whole)).into_response()
}

impl Site {
    fn right(&mut self, path: &str, body: &[u8], fault: Option<&Fault>) -> Option<Vec<u8>> {
        if path == "/v1/querybatch" {
            return Some(self.batch(body, fault).to_string().into_bytes());
        }
        if path == "/v1/query" {
            let query: Value = serde_json::from_slice(body).unwrap();
            let mut result = self.result(&query, None);
            for named in result["vulns"].as_array_mut().into_iter().flatten() {
                *named = self.records[named["id"].as_str().unwrap()].clone();
            }
            return Some(format!("{result:#}").into_bytes());
        }
        if let Some(id) = path.strip_prefix("/v1/vulns/") {
            return Some(self.records.get(id)?.to_string().into_bytes());
        }
        if path == "/PyPI/all.zip" {
            let archive = self.archive.clone();
            return Some(archive.unwrap_or_else(|| export(self.records.values())));
        }
        if path == "/PyPI/modified_id.csv" {
            let lines = self.records.iter().map(|(id, record)| {
                let modified = record["modified"].as_str().unwrap();
                format!("{modified},{id}\n")
            });
            let listing = self.listing.clone();
            return Some(listing.unwrap_or_else(|| lines.collect()).into_bytes());
        }
        if let Some(file) = path.strip_prefix("/PyPI/") {
            let record = self.records.get(file.strip_suffix(".json")?)?;
            return Some(record.to_string().into_bytes());
        }
        Some(self.pages.get(path)?.clone().into_bytes())
    }

    fn batch(&mut self, body: &[u8], fault: Option<&Fault>) -> Value {
        let asked: Value = serde_json::from_slice(body).unwrap();
        let queries = asked["queries"].as_array().unwrap().clone();
        assert!(queries.len() <= 1000, "too many queries");
        self.log.push(format!("{} queries", queries.len()));
        let mut results: Vec<Value> = queries
            .iter()
            .map(|query| self.result(query, fault))
            .collect();
        if matches!(fault, Some(Fault::Short)) {
            results.pop();
        }
        json!({ "results": results })
    }

    fn result(&mut self, query: &Value, fault: Option<&Fault>) -> Value {
        let affects = |record: &&Value| {
            record["affected"].as_array().unwrap().iter().any(|one| {
                let versions = one["versions"].as_array().unwrap();
                one["package"]["name"] == query["package"]["name"]
                    && (query["version"].is_null() || versions.contains(&query["version"]))
            })
        };
        let found: Vec<Value> = self
            .records
            .values()
            .filter(affects)
            .map(|record| json!({ "id": record["id"], "modified": record["modified"] }))
            .collect();
        let token = query["page_token"].as_str();
        if let Some(Fault::Endless { same_token }) = fault {
            self.pages_told += usize::from(!same_token);
            return json!({ "next_page_token": format!("page {}", self.pages_told) });
        }
        let start = match token {
            None if self.token_first && !found.is_empty() => {
                return json!({ "next_page_token": "0" });
            }
            token => token.map_or(0, |token| token.parse().unwrap()),
        };
        let end = (start + self.page_size).min(found.len());
        let mut result = json!({});
        if end > start {
            result["vulns"] = json!(found[start..end]);
        }
        if end < found.len() {
            result["next_page_token"] = json!(end.to_string());
        }
        result
    }
}

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(super) fn version(text: &str) -> Version {
    text.parse().unwrap()
}
