//! Requests over the network: retried with back-off, bounded in size, never more than so many at once.
//!
//! Clients are made when the first request needs one: a warm run makes none, and loading the system's certificates is put off until
//! an `https` address is asked. The timeout holds for the connection and for each piece of the answer, so that a slow answer is no
//! hanging one. What may pass is tried again: refused and broken connections, time-outs, bodies that break off, 408, 425, 429 and 5xx;
//! `Retry-After` is obeyed up to a minute.

use std::error::Error as _;
use std::fs;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use backon::BackoffBuilder as _;
use bytes::{Bytes, BytesMut};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, RANGE, RETRY_AFTER,
};
use reqwest::{Certificate, Client, Method, StatusCode};
use tokio::sync::Semaphore;
use url::Url;

use crate::error::FetchError;
use crate::options::Options;
use crate::redact::redact_url;

/// The longest wait that a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// The door to the network.
#[derive(Debug)]
pub(crate) struct Transport {
    options: Options,
    plain: OnceLock<Result<Client, FetchError>>,
    secure: OnceLock<Result<Client, FetchError>>,
    places: Semaphore,
    /// Addresses with credentials that were given by the user: what else is on the same host and port is asked with them too.
    known: Mutex<Vec<Url>>,
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
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Where it came from after redirects.
    pub(crate) url: Url,
}

impl Response {
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Transport {
    pub(crate) fn new(options: Options) -> Self {
        let places = Semaphore::new(options.connections.max(1));
        Self {
            options,
            plain: OnceLock::new(),
            secure: OnceLock::new(),
            places,
            known: Mutex::default(),
        }
    }

    /// Remembers credentials that stand in the address of an index, for the files that it serves.
    pub(crate) fn remember(&self, index: &Url) {
        if index.username().is_empty() && index.password().is_none() {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains(index) {
            known.push(index.clone());
        }
    }

    /// `url` with the credentials of its host, unless it has its own.
    fn with_credentials(&self, url: &Url) -> Url {
        let mut url = url.clone();
        if !url.username().is_empty() || url.password().is_some() {
            return url;
        }
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = known.iter().find(|index| index.origin() == url.origin()) {
            // An address with a host, as both are, can take them.
            let _ = url.set_username(index.username());
            let _ = url.set_password(index.password());
        }
        url
    }

    /// Whether the network may not be used.
    pub(crate) fn is_offline(&self) -> bool {
        self.options.offline
    }

    /// Asks until there is an answer or no retry is left. Success, redirects that end, 304 and statuses below 500 are answers;
    /// what a status means is the caller's to say, except 401 and 403.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, FetchError> {
        let shown = redact_url(request.url.as_str());
        if self.options.offline {
            return Err(FetchError::Offline { url: shown });
        }
        let client = self.client(request.url.scheme())?;
        let Ok(_place) = self.places.acquire().await else {
            return Err(FetchError::Client(Arc::from("it is shut down")));
        };
        let mut waits = backon::ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(250))
            .with_max_delay(Duration::from_secs(10))
            .with_max_times(usize::try_from(self.options.retries).unwrap_or(usize::MAX))
            .with_jitter()
            .build();
        loop {
            let (error, asked_wait) = match self.attempt(client, &request, &shown).await {
                Ok(response) if is_passing(response.status) => {
                    let wait = retry_after(&response);
                    (
                        FetchError::Status {
                            url: shown.clone(),
                            status: response.status.as_u16(),
                        },
                        wait,
                    )
                }
                Ok(response) if matches!(response.status.as_u16(), 401 | 403) => {
                    return Err(FetchError::Unauthorized {
                        url: shown,
                        status: response.status.as_u16(),
                    });
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

    async fn attempt(
        &self,
        client: &Client,
        request: &Request,
        shown: &str,
    ) -> Result<Response, FetchError> {
        let failed = |error: &reqwest::Error| transport_error(shown, error);
        let mut builder = client
            .request(request.method.clone(), self.with_credentials(&request.url))
            .headers(request.headers.clone());
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let mut answer = builder.send().await.map_err(|error| failed(&error))?;
        let too_large = || FetchError::TooLarge {
            url: shown.to_owned(),
            limit: request.limit,
        };
        let announced = answer.content_length();
        if announced.is_some_and(|length| length > request.limit) {
            return Err(too_large());
        }
        let (status, headers, url) = (
            answer.status(),
            answer.headers().clone(),
            answer.url().clone(),
        );
        let capacity = announced.unwrap_or(0).min(1 << 20);
        let mut body = BytesMut::with_capacity(usize::try_from(capacity).unwrap_or(0));
        while let Some(piece) = answer.chunk().await.map_err(|error| failed(&error))? {
            if body.len() as u64 + piece.len() as u64 > request.limit {
                return Err(too_large());
            }
            body.extend_from_slice(&piece);
        }
        Ok(Response {
            status,
            headers,
            body: body.freeze(),
            url,
        })
    }

    fn client(&self, scheme: &str) -> Result<&Client, FetchError> {
        let (slot, secure) = if scheme == "https" {
            (&self.secure, true)
        } else {
            (&self.plain, false)
        };
        slot.get_or_init(|| self.build(secure))
            .as_ref()
            .map_err(Clone::clone)
    }

    fn build(&self, secure: bool) -> Result<Client, FetchError> {
        let failed =
            |error: &dyn std::fmt::Display| FetchError::Client(Arc::from(error.to_string()));
        // Another part of the process may have chosen the provider already; it is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("lockgate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.options.timeout)
            .read_timeout(self.options.timeout)
            .pool_max_idle_per_host(self.options.connections)
            .redirect(reqwest::redirect::Policy::limited(10));
        if let Some(proxy) = &self.options.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(|error| failed(&error))?);
        } else if !self.options.environment_proxy {
            builder = builder.no_proxy();
        }
        if !secure {
            // A redirect to `https` is followed with the verifier below only if there are roots: plain addresses rarely redirect,
            // and when they do the system's roots are loaded here as well.
            builder = builder.tls_backend_preconfigured(plain_tls());
        } else if let Some(path) = &self.options.certificate_bundle {
            let pem = fs::read(path).map_err(|error| {
                failed(&format!(
                    "the certificates in `{}` cannot be read: {error}",
                    path.display()
                ))
            })?;
            let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| {
                failed(&format!(
                    "`{}` holds no PEM certificates: {error}",
                    path.display()
                ))
            })?;
            if certificates.is_empty() {
                return Err(failed(&format!(
                    "`{}` holds no PEM certificates",
                    path.display()
                )));
            }
            builder = builder.tls_certs_only(certificates);
        }
        builder.build().map_err(|error| failed(&causes(&error)))
    }
}

/// TLS that trusts nobody: what the client for plain addresses has, so that it costs nothing to make.
fn plain_tls() -> rustls::ClientConfig {
    rustls::ClientConfig::builder()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429) || status.is_server_error()
}

/// Seconds or a date (RFC 9110, section 10.2.3), at most a minute.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.header(&RETRY_AFTER)?.trim();
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
