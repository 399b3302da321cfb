//! Requests over the network: retried with back-off, bounded in size and time, never more than so many at once.
//!
//! Clients are made when the first request needs one ([`clients`]). The timeout holds for the connection and for each piece of the answer,
//! so that a slow answer is no hanging one; one that merely drips is cut off ([`body`]). What may pass is tried again: refused and broken
//! connections, time-outs, bodies that break off, 408, 425, 429 and most of 5xx; `Retry-After` is obeyed up to a minute. What would fail in
//! the same way again is not ([`failure`]). Redirects are followed here ([`redirect`]), so that each address is asked by its own login and none is carried to another server.

mod body;
mod clients;
mod confine;
mod failure;
mod proxies;
mod redirect;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use backon::BackoffBuilder as _;
use bytes::Bytes;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, RANGE, RETRY_AFTER,
    USER_AGENT,
};
use reqwest::{Method, StatusCode};
use rustc_hash::FxHashMap;
use tempfile::SpooledTempFile;
use tokio::sync::Semaphore;
use url::{Origin, Url};

use self::clients::{Clients, Safety};
use self::confine::{Confinement, Resolved};
use self::failure::transport_error;
use self::proxies::Proxies;
use crate::credentials::{Credentials, Login};
use crate::error::{FetchError, ProxyTrouble, Retries};
use crate::options::Options;
use crate::redact::{redact_url, without_credentials};
use crate::reporter::Reporter;
use crate::trust::TrustedHost;

/// The most requests at once to servers that speak HTTP/2, where each is but a stream of one connection.
const STREAMS: usize = 200;
/// The longest wait that a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How long a server that may not know yet what it has is left alone before it is asked again.
const SECOND_LOOK: Duration = Duration::from_millis(500);
/// A mirror of devpi that is busy with its upstream's list of names says so, after seconds, by "not there" or by a page without files; one that
/// has the list answers in an instant.
const BUSY: Duration = Duration::from_secs(1);
/// A page without files is no longer than this.
const EMPTY_PAGE: u64 = 512;
/// How often a busy one is asked again: the list takes up to half a minute.
const MAX_BUSY_TRIES: u32 = 5;

/// What a server makes of ranges that count from the end of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Suffixes {
    /// It refused none yet.
    #[default]
    Unknown,
    /// It refuses those that are longer than the file.
    NotBeyond,
    /// It refuses them all.
    Refused,
}

/// The door to the network.
#[derive(Debug)]
pub(crate) struct Transport {
    options: Options,
    reporter: Arc<dyn Reporter>,
    clients: Clients,
    proxies: Proxies,
    places: Semaphore,
    streams: Semaphore,
    credentials: Credentials,
    /// Hosts that the sources trust, beside those of the options.
    trusted: Mutex<Vec<TrustedHost>>,
    confinement: Confinement,
    /// Servers that refuse ranges from the end.
    suffixes: Mutex<FxHashMap<Origin, Suffixes>>,
}

/// One request of a chain of redirects.
#[derive(Debug, Clone)]
struct Asked {
    method: Method,
    url: Url,
    body: Option<Bytes>,
}

/// Who asks an index for pages and files: lockgate, and an installer that stands in for pip. devpi, for one, serves the simple page under the
/// address of an index without `+simple` only to user agents with `pip/` and the like; what pip is set up with must look to lockgate as to pip.
const INSTALLER: &str = concat!(
    "lockgate/",
    env!("CARGO_PKG_VERSION"),
    " (compatible; pip/26.3)"
);

/// What to ask.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    /// The most bytes of body that are read.
    pub(crate) limit: u64,
    /// Whether the server is known to speak HTTP/2: more of these are under way at once.
    pub(crate) is_stream: bool,
    /// Whether the body is taken as it comes, whatever `Content-Encoding` says.
    pub(crate) as_it_comes: bool,
}

impl Request {
    /// A GET that accepts `accept`.
    pub(crate) fn get(url: Url, accept: &'static str, limit: u64) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        Self {
            method: Method::GET,
            url,
            headers,
            body: None,
            limit,
            is_stream: false,
            as_it_comes: false,
        }
    }

    /// A GET of a distribution or of what belongs to one: asked without compression, and taken as it comes, as pip does. Object stores send
    /// `.tar.gz` with `Content-Encoding: gzip`, and its digest is of what is stored.
    pub(crate) fn file(url: Url, limit: u64) -> Self {
        Self::get(url, "*/*", limit).unencoded().by_installer()
    }

    /// The same, of an index.
    pub(crate) fn by_installer(mut self) -> Self {
        let agent = HeaderValue::from_static(INSTALLER);
        self.headers.insert(USER_AGENT, agent);
        self
    }

    /// The same, as a file.
    pub(crate) fn unencoded(mut self) -> Self {
        let identity = HeaderValue::from_static("identity");
        self.headers.insert(ACCEPT_ENCODING, identity);
        self.as_it_comes = true;
        self
    }

    /// Of a part of it: `bytes=0-99`, `bytes=-1024`. Compressed parts would be parts of something else.
    pub(crate) fn range(self, range: &str) -> Self {
        let mut request = self.unencoded();
        if let Ok(value) = HeaderValue::from_str(range) {
            request.headers.insert(RANGE, value);
        }
        request
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub(crate) struct Response<B = Bytes> {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: B,
    /// Bytes of the body.
    pub(crate) length: u64,
    /// Where it came from after redirects.
    pub(crate) url: Url,
    /// Whether it came over HTTP/2.
    pub(crate) is_stream: bool,
}

impl Response {
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Transport {
    pub(crate) fn new(options: Options, reporter: Arc<dyn Reporter>) -> Self {
        let places = Semaphore::new(options.connections.max(1));
        Self {
            credentials: Credentials::new(&options),
            options,
            reporter,
            clients: Clients::default(),
            proxies: Proxies::default(),
            places,
            streams: Semaphore::new(STREAMS),
            trusted: Mutex::default(),
            confinement: Confinement::default(),
            suffixes: Mutex::default(),
        }
    }

    /// Returns what the server of `url` makes of ranges from the end.
    pub(crate) fn suffixes_of(&self, url: &Url) -> Suffixes {
        let known = self.suffixes.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&url.origin()).copied().unwrap_or_default()
    }

    /// Remembers what the server of `url` makes of ranges from the end.
    pub(crate) fn remember_suffixes(&self, url: &Url, suffixes: Suffixes) {
        let mut known = self.suffixes.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(url.origin(), suffixes);
    }

    /// Lets requests to the hosts of `urls` lead nowhere but into the public network and to hosts that are `named`.
    pub(crate) fn confine(&self, urls: &[Url], named: &[TrustedHost]) {
        self.confinement.add(urls, named);
    }

    /// Remembers an index: a login in its address counts for what it serves.
    pub(crate) fn remember(&self, index: &Url) {
        self.credentials.remember(index);
    }

    /// Trusts hosts that the sources name.
    pub(crate) fn trust(&self, hosts: &[TrustedHost]) {
        let mut trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        trusted.extend_from_slice(hosts);
    }

    fn is_trusted(&self, url: &Url) -> bool {
        let trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hosts = self.options.trusted_hosts.iter().chain(&*trusted);
        hosts.any(|host| host.covers(url))
    }

    /// Whether the network may not be used.
    pub(crate) fn is_offline(&self) -> bool {
        self.options.offline
    }

    /// Asks until there is an answer or no retry is left. Success, redirects that end, 304 and statuses below 500 are answers;
    /// what a status means is the caller's to say, except 401 and 403.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, FetchError> {
        let answer = self.send_into(request, body::in_memory).await?;
        Ok(Response {
            status: answer.status,
            headers: answer.headers,
            body: Bytes::from(answer.body),
            length: answer.length,
            url: answer.url,
            is_stream: answer.is_stream,
        })
    }

    /// The same for what may be large: a body of more than a few megabytes goes to a file without a name, which is gone with the process
    /// however it ends. It has to be rewound.
    pub(crate) async fn send_to_disk(
        &self,
        request: Request,
    ) -> Result<Response<SpooledTempFile>, FetchError> {
        self.send_into(request, body::on_disk).await
    }

    /// The same; `place` makes room for a body that is announced with a length.
    async fn send_into<B: io::Write>(
        &self,
        request: Request,
        place: impl Fn(Option<u64>) -> B,
    ) -> Result<Response<B>, FetchError> {
        let shown = redact_url(request.url.as_str());
        if self.options.offline {
            return Err(FetchError::Offline { url: shown });
        }
        let places = if request.is_stream {
            &self.streams
        } else {
            &self.places
        };
        let Ok(_place) = places.acquire().await else {
            return Err(FetchError::Client(Arc::from("it is shut down")));
        };
        let mut waits = backon::ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(250))
            .with_max_delay(Duration::from_secs(10))
            .with_max_times(usize::try_from(self.options.retries).unwrap_or(usize::MAX))
            .with_jitter()
            .build();
        let mut tries = 0;
        loop {
            tries += 1;
            let began = Instant::now();
            let (error, asked_wait) = match self.attempt(&request, &shown, &place).await {
                Ok(response) if is_passing(response.status) => {
                    let wait = retry_after(&response.headers);
                    (
                        FetchError::Status {
                            url: shown.clone(),
                            status: response.status.as_u16(),
                        },
                        wait,
                    )
                }
                Ok(response)
                    if is_of_devpi(&response.headers)
                        && is_doubtful(&response, tries, began.elapsed()) =>
                {
                    tokio::time::sleep(SECOND_LOOK).await;
                    continue;
                }
                Ok(response) => return Ok(response),
                Err(error) => match error.retries() {
                    Retries::All => (error, None),
                    Retries::One if tries == 1 => (error, None),
                    Retries::One | Retries::None => return Err(error),
                },
            };
            let Some(wait) = waits.next() else {
                return Err(error);
            };
            tracing::debug!(%error, ?wait, "trying again");
            tokio::time::sleep(asked_wait.unwrap_or(wait)).await;
        }
    }

    /// One try: follows redirects, and reads the body of what they end at.
    async fn attempt<B: io::Write>(
        &self,
        request: &Request,
        shown: &str,
        place: impl Fn(Option<u64>) -> B,
    ) -> Result<Response<B>, FetchError> {
        let mut asked = Asked {
            method: request.method.clone(),
            url: request.url.clone(),
            body: request.body.clone(),
        };
        let is_confined = self.confinement.holds(&request.url);
        for _ in 0..=redirect::MOST {
            let resolved = if is_confined {
                self.confinement.admit(&asked.url).await?
            } else {
                None
            };
            let answer = self
                .ask(&asked, &request.headers, resolved.as_ref())
                .await?;
            if let Some(next) = redirect::next(&asked, &answer, |url| self.is_trusted(url))? {
                asked = next;
                continue;
            }
            let (status, headers) = (answer.status(), answer.headers().clone());
            let is_stream = answer.version() == reqwest::Version::HTTP_2;
            let body = place(answer.content_length());
            let reading = body::Reading {
                shown,
                limit: request.limit,
                timeout: self.options.timeout,
                as_it_comes: request.as_it_comes,
            };
            let (body, length) = body::read(answer, body, reading).await?;
            return Ok(Response {
                status,
                headers,
                body,
                length,
                url: without_credentials(&asked.url),
                is_stream,
            });
        }
        Err(FetchError::Answer {
            url: shown.to_owned(),
            why: format!("it redirects more than {} times", redirect::MOST),
        })
    }

    /// Asks one address; where it refuses, the keyring is asked who else may ask.
    async fn ask(
        &self,
        asked: &Asked,
        headers: &HeaderMap,
        resolved: Option<&Resolved>,
    ) -> Result<reqwest::Response, FetchError> {
        let login = self.credentials.login(&asked.url, &*self.reporter);
        let answer = self.put(asked, headers, login.as_ref(), resolved).await?;
        if let Some(trouble) = trouble_of_proxy(&answer) {
            return Err(FetchError::Proxy {
                url: redact_url(asked.url.as_str()),
                proxy: self.proxy_of(&asked.url).unwrap_or_default(),
                trouble,
            });
        }
        if !is_refusal(answer.status()) {
            return Ok(answer);
        }
        let (mut refused, mut status) = (login, answer.status());
        let other = self.credentials.after_refusal(
            &asked.url,
            refused.as_ref(),
            status == 401,
            &*self.reporter,
        );
        if let Some(login) = other.await {
            let answer = self.put(asked, headers, Some(&login), resolved).await?;
            if !is_refusal(answer.status()) {
                self.credentials.prove(&asked.url, login);
                return Ok(answer);
            }
            status = answer.status();
            refused = Some(login);
        }
        Err(FetchError::Unauthorized {
            url: redact_url(asked.url.as_str()),
            status: status.as_u16(),
            login: refused.map(|login| login.origin),
        })
    }

    async fn put(
        &self,
        asked: &Asked,
        headers: &HeaderMap,
        login: Option<&Login>,
        resolved: Option<&Resolved>,
    ) -> Result<reqwest::Response, FetchError> {
        let safety = match asked.url.scheme() {
            "https" if self.is_trusted(&asked.url) => Safety::Trusting,
            "https" => Safety::Verified,
            _ => Safety::Plain,
        };
        let client = match resolved {
            Some(resolved) => self.clients.for_resolved(safety, &self.options, resolved)?,
            None => self.clients.get(safety, &self.options)?.clone(),
        };
        let mut builder = client
            .request(asked.method.clone(), without_credentials(&asked.url))
            .headers(headers.clone());
        if !headers.contains_key(ACCEPT_ENCODING) {
            builder = builder.header(ACCEPT_ENCODING, "gzip");
        }
        if let Some(header) = login.and_then(Login::header) {
            builder = builder.header(AUTHORIZATION, header);
        }
        if let Some(body) = &asked.body {
            builder = builder.body(body.clone());
        }
        let sent = builder.send().await;
        sent.map_err(|error| {
            let proxy = self.proxy_of(&asked.url);
            transport_error(&redact_url(asked.url.as_str()), &error, proxy.as_deref())
        })
    }

    fn proxy_of(&self, url: &Url) -> Option<String> {
        self.proxies.shown(url, &self.options)
    }
}

fn is_refusal(status: StatusCode) -> bool {
    matches!(status.as_u16(), 401 | 403)
}

fn is_of_devpi(headers: &HeaderMap) -> bool {
    headers.contains_key("x-devpi-server-version")
}

/// Whether devpi may mean "not known yet": the first time that it says "not there", and for as long as it takes seconds to say that or nothing.
fn is_doubtful<B>(response: &Response<B>, tries: u32, took: Duration) -> bool {
    let is_busy = took > BUSY && tries <= MAX_BUSY_TRIES;
    match response.status {
        StatusCode::NOT_FOUND => is_busy || tries == 1,
        StatusCode::OK => is_busy && response.length <= EMPTY_PAGE,
        _ => false,
    }
}

/// Whether a later try may have another status. What a server does not know how to do (501, 505, 510) it will not know then, and a network that
/// wants a login first (511) goes on wanting it.
fn is_passing(status: StatusCode) -> bool {
    match status.as_u16() {
        408 | 425 | 429 => true,
        501 | 505 | 510 | 511 => false,
        _ => status.is_server_error(),
    }
}

/// What a proxy says in place of the server, where an answer in the clear is known to be a proxy's: Squid marks its own.
fn trouble_of_proxy(answer: &reqwest::Response) -> Option<ProxyTrouble> {
    let is_squids = || {
        let mark = answer.headers().get("x-squid-error");
        mark.is_some_and(|mark| mark.as_bytes().starts_with(b"ERR_ACCESS_DENIED"))
    };
    match answer.status().as_u16() {
        407 => Some(ProxyTrouble::Login),
        403 if is_squids() => Some(ProxyTrouble::Refused),
        _ => None,
    }
}

/// Seconds or a date (RFC 9110, section 10.2.3), at most a minute.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = value.parse::<u64>() {
        Duration::from_secs(seconds)
    } else {
        let date = jiff::fmt::rfc2822::DateTimeParser::new()
            .parse_timestamp(value)
            .ok()?;
        SystemTime::try_from(date)
            .ok()?
            .duration_since(SystemTime::now())
            .unwrap_or_default()
    };
    Some(wait.min(LONGEST_WAIT))
}
