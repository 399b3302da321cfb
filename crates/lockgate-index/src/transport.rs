//! Requests over the network: retried with back-off, bounded in size and time, never more than so many at once.
//!
//! Clients are made when the first request needs one ([`clients`]). The timeout holds for the connection and for each piece of the answer,
//! so that a slow answer is no hanging one; one that merely drips is cut off ([`body`]). What may pass is tried again: refused and broken
//! connections, time-outs, bodies that break off, 408, 425, 429 and 5xx; `Retry-After` is obeyed up to a minute. Redirects are followed
//! here ([`redirect`]), so that each address is asked by its own login and none is carried to another server.

mod body;
mod clients;
mod confine;
mod redirect;

use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use backon::BackoffBuilder as _;
use bytes::Bytes;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, RANGE, RETRY_AFTER,
};
use reqwest::{Method, StatusCode};
use tempfile::SpooledTempFile;
use tokio::sync::Semaphore;
use url::Url;

use self::clients::{Clients, Safety};
use self::confine::{Confinement, Resolved};
use crate::credentials::{Credentials, Login};
use crate::error::FetchError;
use crate::options::Options;
use crate::redact::{redact_url, without_credentials};
use crate::reporter::Reporter;
use crate::trust::TrustedHost;

/// The most requests at once to servers that speak HTTP/2, where each is but a stream of one connection.
const STREAMS: usize = 200;
/// The longest wait that a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// The door to the network.
#[derive(Debug)]
pub(crate) struct Transport {
    options: Options,
    reporter: Arc<dyn Reporter>,
    clients: Clients,
    places: Semaphore,
    streams: Semaphore,
    credentials: Credentials,
    /// Hosts that the sources trust, beside those of the options.
    trusted: Mutex<Vec<TrustedHost>>,
    confinement: Confinement,
}

/// One request of a chain of redirects.
#[derive(Debug, Clone)]
struct Asked {
    method: Method,
    url: Url,
    body: Option<Bytes>,
}

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
        }
    }

    /// Of a part of it: `bytes=0-99`, `bytes=-1024`. Compressed parts would be parts of something else.
    pub(crate) fn range(mut self, range: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(range) {
            self.headers.insert(RANGE, value);
            self.headers
                .insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        self
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
            places,
            streams: Semaphore::new(STREAMS),
            trusted: Mutex::default(),
            confinement: Confinement::default(),
        }
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
        loop {
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
                Ok(response) => return Ok(response),
                Err(error @ FetchError::Transport { .. }) => (error, None),
                Err(error) => return Err(error),
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
            let body = body::read(answer, body, shown, request.limit, self.options.timeout).await?;
            return Ok(Response {
                status,
                headers,
                body,
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
        if !is_refusal(answer.status()) {
            return Ok(answer);
        }
        let (mut refused, mut status) = (login, answer.status());
        let other = self
            .credentials
            .after_refusal(&asked.url, refused.as_ref(), &*self.reporter);
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
        if let Some(header) = login.and_then(Login::header) {
            builder = builder.header(AUTHORIZATION, header);
        }
        if let Some(body) = &asked.body {
            builder = builder.body(body.clone());
        }
        let sent = builder.send().await;
        sent.map_err(|error| transport_error(&redact_url(asked.url.as_str()), &error))
    }
}

fn is_refusal(status: StatusCode) -> bool {
    matches!(status.as_u16(), 401 | 403)
}

fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429) || status.is_server_error()
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

fn transport_error(shown: &str, error: &reqwest::Error) -> FetchError {
    FetchError::Transport {
        url: shown.to_owned(),
        why: causes(error),
        timeout: error.is_timeout(),
    }
}

/// The causes of an error, without the address, which may hold secrets and is told already.
fn causes(error: &reqwest::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !texts.last().is_some_and(|last| last.contains(&text)) {
            texts.push(text);
        }
        cause = error.source();
    }
    if error.is_timeout() && !texts.iter().any(|text| text.contains("timed out")) {
        texts.push("the server did not answer in time".to_owned());
    }
    if texts.is_empty() {
        texts.push(if error.is_redirect() {
            "too many redirects".to_owned()
        } else {
            "the request failed".to_owned()
        });
    }
    texts.join(": ")
}
