//! A small index on loopback, and ways to ask it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use lockgate_model::{DistFile, FactError, Facts as _, Metadata, Name, Sha256, Version};
use tokio::runtime::{Builder, Runtime};
use url::Url;

use crate::{Index, IndexFacts, Options, Places, Silent};

/// How the server answers range requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ranges {
    Served,
    Ignored,
    Refused(u16),
    /// 206 with another range than asked for.
    Wrong,
    /// 206 without `Content-Range`.
    Unstated,
    /// Only from a start: an answer of 416 to a suffix.
    NoSuffix,
}

/// What the server has, and how it behaves.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// Path to content type and body, or a status.
    pub(super) answers: BTreeMap<String, Result<(&'static str, Vec<u8>), u16>>,
    pub(super) ranges: Ranges,
    /// Makes the delay of a request in milliseconds from its path.
    pub(super) delay: fn(&str) -> u64,
}

pub(super) const JSON: &str = "application/vnd.pypi.simple.v1+json";

/// A running server and the log of its requests: path and range.
pub(super) struct Server {
    pub(super) runtime: Runtime,
    pub(super) url: String,
    log: Log,
}

type Log = Arc<Mutex<Vec<String>>>;

impl Site {
    pub(super) fn new() -> Self {
        Self {
            answers: BTreeMap::new(),
            ranges: Ranges::Served,
            delay: |_| 0,
        }
    }

    pub(super) fn put(&mut self, path: &str, content_type: &'static str, body: impl Into<Vec<u8>>) {
        self.answers
            .insert(path.to_owned(), Ok((content_type, body.into())));
    }

    pub(super) fn fail(&mut self, path: &str, status: u16) {
        self.answers.insert(path.to_owned(), Err(status));
    }

    /// A page under `root` with these files: name and further members.
    pub(super) fn page(&mut self, root: &str, project: &str, files: &[(String, String)]) {
        let files: Vec<String> = files
            .iter()
            .map(|(name, members)| {
                format!(r#"{{"filename":"{name}","url":"../../files/{name}"{members}}}"#)
            })
            .collect();
        let body = format!(
            r#"{{"meta":{{"api-version":"1.1"}},"name":"{project}","files":[{}]}}"#,
            files.join(",")
        );
        self.put(&format!("/{root}/{project}/"), JSON, body);
    }

    /// A project under `simple` with one wheel, version 1, whose metadata are served beside it.
    pub(super) fn project(&mut self, name: &str, requirements: &[String]) {
        let text = metadata_text(name, requirements);
        let wheel = format!("{name}-1-py3-none-any.whl");
        let digest = Sha256::of(text.as_bytes());
        let members = format!(r#","core-metadata":{{"sha256":"{digest}"}}"#);
        self.page("simple", name, &[(wheel.clone(), members)]);
        self.put(&format!("/files/{wheel}.metadata"), "text/plain", text);
    }

    pub(super) fn start(self) -> Server {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let log = Log::default();
        let state = (Arc::new(self), Arc::clone(&log));
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(state);
        runtime.spawn(async move { axum::serve(listener, router).await });
        Server { runtime, url, log }
    }
}

async fn answer(State((site, log)): State<(Arc<Site>, Log)>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let range = request
        .headers()
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let mut line = path.clone();
    if let Some(range) = &range {
        let _ = write!(line, " {range}");
    }
    log.lock().unwrap().push(line);
    tokio::time::sleep(Duration::from_millis((site.delay)(&path))).await;
    match site.answers.get(&path) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(Err(status)) => StatusCode::from_u16(*status).unwrap().into_response(),
        Some(Ok((content_type, body))) => {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
            headers.insert(header::CACHE_CONTROL, "max-age=600".parse().unwrap());
            match range {
                Some(range) => ranged(site.ranges, &range, headers, body),
                None => (headers, body.clone()).into_response(),
            }
        }
    }
}

fn ranged(ranges: Ranges, range: &str, mut headers: HeaderMap, body: &[u8]) -> Response {
    let (first, last) = range
        .strip_prefix("bytes=")
        .unwrap()
        .split_once('-')
        .unwrap();
    let last: usize = last.parse().unwrap();
    let (start, end) = match first.parse::<usize>() {
        Ok(first) => (first, (last + 1).min(body.len())),
        Err(_) => (body.len().saturating_sub(last), body.len()),
    };
    let stated = |start: usize| {
        format!("bytes {start}-{}/{}", end - 1, body.len())
            .parse()
            .unwrap()
    };
    match ranges {
        Ranges::Ignored => return (headers, body.to_vec()).into_response(),
        Ranges::Refused(status) => return StatusCode::from_u16(status).unwrap().into_response(),
        Ranges::NoSuffix if first.is_empty() => {
            return StatusCode::RANGE_NOT_SATISFIABLE.into_response();
        }
        Ranges::Wrong => headers.insert(header::CONTENT_RANGE, stated(start + 1)),
        Ranges::Served | Ranges::NoSuffix => headers.insert(header::CONTENT_RANGE, stated(start)),
        Ranges::Unstated => None,
    };
    (
        StatusCode::PARTIAL_CONTENT,
        headers,
        body[start..end].to_vec(),
    )
        .into_response()
}

impl Server {
    /// What was asked since the last call.
    pub(super) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    /// Facts of the indexes at these paths.
    pub(super) fn facts_with(&self, options: Options, roots: &[&str]) -> IndexFacts {
        let index = Index::new(options, self.runtime.handle().clone(), Arc::new(Silent));
        let indexes = roots
            .iter()
            .map(|root| Url::parse(&format!("{}/{root}", self.url)).unwrap())
            .collect();
        index.facts(Places {
            indexes,
            ..Places::default()
        })
    }

    pub(super) fn facts(&self) -> IndexFacts {
        self.facts_with(options(None), &["simple"])
    }
}

/// Without patience.
pub(super) fn options(cache: Option<PathBuf>) -> Options {
    Options {
        cache,
        retries: 0,
        ..Options::default()
    }
}

pub(super) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// The metadata of the newest release's first file.
pub(super) fn newest(facts: &IndexFacts, project: &str) -> Result<Arc<Metadata>, FactError> {
    let view = facts.project(&name(project))?;
    let (version, file): (Version, DistFile) = (view.version(0).clone(), view.files(0)?[0].clone());
    facts.metadata(view.name(), &version, &file)
}

pub(super) fn metadata_text(name: &str, requirements: &[String]) -> String {
    let mut text = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1\n");
    for requirement in requirements {
        let _ = writeln!(text, "Requires-Dist: {requirement}");
    }
    text
}

/// A wheel of `foo` 1 that is larger than the first range.
pub(super) fn wheel() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (path, content) in [
        (
            "foo-1.dist-info/METADATA",
            metadata_text("foo", &["bar>=2".to_owned()]).into_bytes(),
        ),
        ("foo/data", vec![7; 100_000]),
    ] {
        writer.start_file(path, options).unwrap();
        writer.write_all(&content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
