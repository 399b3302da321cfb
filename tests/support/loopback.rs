//! A web server on 127.0.0.1 around a [`Site`]: request log, faults, conditional and range requests, gzip.
//!
//! A site only says what stands at a path. What every server does over HTTP is done here, once, so that the index and the advisory
//! service behave alike. One thread and one small runtime each; both end when the value is dropped.

use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher as _};
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response, header};
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::oneshot;

use crate::artifact::sha256;
use crate::fault::{Fault, Faults};
use crate::tls::{Authority, TlsListener};

/// What stands at which path.
pub trait Site: Send + Sync + 'static {
    /// Answers one request. Conditional requests, ranges and compression are none of its business.
    fn answer(&self, request: &Incoming) -> Answer;
}

/// A request as a site sees it.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The path, percent-decoded.
    pub path: String,
    /// Headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// `http://127.0.0.1:PORT`.
    pub origin: String,
}

impl Incoming {
    /// A header's text; empty when absent.
    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// What a site answers.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: String,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    /// Further headers.
    pub headers: Vec<(header::HeaderName, String)>,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// 200 with a body.
    pub fn ok(content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status: 200,
            content_type: content_type.to_owned(),
            cache_control: None,
            retry_after: None,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// Sent on to another address.
    pub fn redirect(status: u16, to: &str) -> Self {
        Self {
            headers: vec![(header::LOCATION, to.to_owned())],
            ..Self::status(status)
        }
    }

    /// A status without content.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::ok("text/plain", format!("status {status}\n"))
        }
    }
}

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// `GET`, `HEAD`, `POST`.
    pub method: String,
    /// The path, percent-decoded.
    pub path: String,
    /// The status that was answered; none when a fault cut the answer off.
    pub status: Option<u16>,
    /// `Authorization`, when it was sent.
    pub authorization: Option<String>,
    /// `Proxy-Authorization`, when it was sent.
    pub proxy_authorization: Option<String>,
    /// `Range`, when it was sent.
    pub range: Option<String>,
    /// `Accept-Encoding`, when it was sent.
    pub accept_encoding: Option<String>,
}

/// A running server.
pub struct Loopback<S> {
    site: Arc<S>,
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    site: Arc<dyn Site>,
    origin: String,
    log: Mutex<Vec<Logged>>,
    faults: Mutex<Faults>,
    /// Seeds the delays of answers; 0: there are none.
    delays: AtomicU64,
}

impl<S: Site> Loopback<S> {
    /// Serves `site` on a free port.
    pub fn start(site: S) -> Self {
        Self::serve(site, None)
    }

    /// Serves `site` over TLS, with a certificate of `authority`; with `asks_clients` only to those that have one too.
    pub fn start_tls(site: S, authority: &Authority, asks_clients: bool) -> Self {
        Self::serve(site, Some(authority.server(asks_clients)))
    }

    fn serve(site: S, tls: Option<rustls::ServerConfig>) -> Self {
        let site = Arc::new(site);
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))
            .expect("a port of the loopback address is free");
        listener
            .set_nonblocking(true)
            .expect("a listener can be made non-blocking");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let shared = Arc::new(Shared {
            site: Arc::clone(&site) as Arc<dyn Site>,
            origin: format!(
                "{}://{address}",
                if tls.is_some() { "https" } else { "http" }
            ),
            log: Mutex::default(),
            faults: Mutex::default(),
            delays: AtomicU64::new(0),
        });
        let (stop, stopped) = oneshot::channel();
        let router = Router::new()
            .fallback(respond)
            .with_state(Arc::clone(&shared));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime starts");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener)
                    .expect("the listener is non-blocking");
                // Not a graceful end: a hanging answer would keep the server alive.
                match tls {
                    None => tokio::select! {
                        _ = axum::serve(listener, router) => {}
                        _ = stopped => {}
                    },
                    Some(config) => {
                        let listener = TlsListener {
                            tcp: listener,
                            acceptor: Arc::new(config).into(),
                        };
                        tokio::select! {
                            _ = axum::serve(listener, router) => {}
                            _ = stopped => {}
                        }
                    }
                }
            });
        });
        Self {
            site,
            address,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// What is served.
    pub fn site(&self) -> &S {
        &self.site
    }

    /// `http://127.0.0.1:PORT`, or `https`, without a slash at its end.
    pub fn origin(&self) -> String {
        self.shared.origin.clone()
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Breaks a path for good. A path that ends in `*` stands for all that begin so.
    pub fn fault(&self, path: &str, fault: Fault) {
        self.faults().set(path, fault, None);
    }

    /// Breaks a path for the next `times` requests.
    pub fn fault_times(&self, path: &str, times: u32, fault: Fault) {
        self.faults().set(path, fault, Some(times));
    }

    /// Delays each answer by up to 12 ms, so that they come in another order for each seed.
    pub fn shuffle(&self, seed: u64) {
        self.shared.delays.store(seed, Ordering::Relaxed);
    }

    /// Mends everything.
    pub fn mend(&self) {
        *self.faults() = Faults::default();
    }

    /// All requests so far.
    pub fn log(&self) -> Vec<Logged> {
        self.shared
            .log
            .lock()
            .expect("no thread panicked over the log")
            .clone()
    }

    /// Forgets the requests so far.
    pub fn clear_log(&self) {
        self.shared
            .log
            .lock()
            .expect("no thread panicked over the log")
            .clear();
    }

    /// How often each path was asked for.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for request in self.log() {
            *counts.entry(request.path).or_insert(0) += 1;
        }
        counts
    }

    /// How many requests were made for a path.
    pub fn count(&self, path: &str) -> usize {
        self.log()
            .iter()
            .filter(|request| request.path == path)
            .count()
    }

    fn faults(&self) -> std::sync::MutexGuard<'_, Faults> {
        self.shared
            .faults
            .lock()
            .expect("no thread panicked over the faults")
    }
}

impl<S> Drop for Loopback<S> {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn respond(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let incoming = Incoming {
        path: percent_decoded(parts.uri.path()),
        headers: parts.headers,
        body: to_bytes(body, 64 << 20).await.unwrap_or_default(),
        origin: shared.origin.clone(),
    };
    let seed = shared.delays.load(Ordering::Relaxed);
    if seed != 0 {
        let mut hasher = std::hash::DefaultHasher::new();
        (seed, &incoming.path).hash(&mut hasher);
        tokio::time::sleep(Duration::from_millis(hasher.finish() % 13)).await;
    }
    let fault = shared
        .faults
        .lock()
        .expect("no thread panicked over the faults")
        .take(&incoming.path);
    let answer = shared.site.answer(&incoming);
    let is_head = parts.method == Method::HEAD;
    let (response, status) = if let Some(fault) = fault {
        fault.apply(answer, |answer| over_http(&incoming, answer, is_head))
    } else {
        let response = over_http(&incoming, answer, is_head);
        let status = response.status().as_u16();
        (Some(response), Some(status))
    };
    let header = |name| {
        incoming
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    shared
        .log
        .lock()
        .expect("no thread panicked over the log")
        .push(Logged {
            method: parts.method.to_string(),
            path: incoming.path.clone(),
            status,
            authorization: header(header::AUTHORIZATION),
            proxy_authorization: header(header::PROXY_AUTHORIZATION),
            range: header(header::RANGE),
            accept_encoding: header(header::ACCEPT_ENCODING),
        });
    match response {
        Some(response) => response,
        None => std::future::pending().await,
    }
}

/// What every server does with an answer: validators, ranges, compression.
fn over_http(request: &Incoming, answer: Answer, is_head: bool) -> Response<Body> {
    let mut response = Response::builder()
        .status(answer.status)
        .header(header::CONTENT_TYPE, &answer.content_type);
    if let Some(cache_control) = &answer.cache_control {
        response = response.header(header::CACHE_CONTROL, cache_control);
    }
    if let Some(seconds) = answer.retry_after {
        response = response.header(header::RETRY_AFTER, seconds);
    }
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let mut body = answer.body;
    if answer.status == 200 {
        let etag = format!("\"{}\"", &sha256(&body)[..16]);
        response = response
            .header(header::ETAG, &etag)
            .header(header::VARY, "Accept, Accept-Encoding");
        if request
            .header(header::IF_NONE_MATCH)
            .split(',')
            .any(|tag| tag.trim() == etag)
        {
            return response
                .status(304)
                .body(Body::empty())
                .expect("the parts are valid");
        }
        response = response.header(header::ACCEPT_RANGES, "bytes");
        let total = body.len();
        if let Some(range) = byte_range(request.header(header::RANGE), total) {
            response = response.status(206).header(
                header::CONTENT_RANGE,
                format!("bytes {}-{}/{total}", range.start, range.end - 1),
            );
            body = body.slice(range);
        } else if body.len() > 1024 && is_text(&answer.content_type) && accepts_gzip(request) {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&body).expect("memory can be written");
            body = encoder.finish().expect("memory can be written").into();
            response = response.header(header::CONTENT_ENCODING, "gzip");
        }
    }
    response = response.header(header::CONTENT_LENGTH, body.len());
    response
        .body(if is_head { Body::empty() } else { body.into() })
        .expect("the parts are valid")
}

fn is_text(content_type: &str) -> bool {
    content_type.starts_with("text/") || content_type.contains("json")
}

fn accepts_gzip(request: &Incoming) -> bool {
    request.header(header::ACCEPT_ENCODING).contains("gzip")
}

/// One range of `Range: bytes=…`, in the three forms there are; none when it asks for nothing that exists.
fn byte_range(text: &str, total: usize) -> Option<std::ops::Range<usize>> {
    let (start, end) = text.strip_prefix("bytes=")?.split_once('-')?;
    let range = if start.is_empty() {
        total.saturating_sub(end.parse().ok()?)..total
    } else {
        let end = if end.is_empty() {
            total
        } else {
            end.parse::<usize>().ok()?.saturating_add(1).min(total)
        };
        start.parse().ok()?..end
    };
    (range.start < range.end).then_some(range)
}

fn percent_decoded(path: &str) -> String {
    let mut out = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let code = tail
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                out.push(byte);
                rest = &tail[2..];
            }
            _ => out.push(*first),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_in_their_three_forms() {
        assert_eq!(byte_range("bytes=2-4", 10), Some(2..5));
        assert_eq!(byte_range("bytes=2-", 10), Some(2..10));
        assert_eq!(byte_range("bytes=-3", 10), Some(7..10));
        assert_eq!(byte_range("bytes=-30", 10), Some(0..10));
        assert_eq!(byte_range("bytes=10-", 10), None);
        assert_eq!(byte_range("", 10), None);
    }
}
