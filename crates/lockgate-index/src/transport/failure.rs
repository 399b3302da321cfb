//! Failed requests: what failed, the server or the proxy on the way to it, and whether trying again may help.
//!
//! A certificate that nobody vouches for, a name that does not exist, a proxy that wants a login: such answers are the same the next time, and
//! waiting for them would only hide them.

use std::error::Error;
use std::io;

use rustls::AlertDescription;

use crate::error::{FetchError, ProxyTrouble};

/// What resolvers say of a name that does not exist: glibc (twice), musl, macOS, Windows. A resolver that could not tell says otherwise.
const NO_SUCH_NAME: [&str; 5] = [
    "Name or service not known",
    "No address associated with hostname",
    "Name does not resolve",
    "nodename nor servname provided",
    "No such host is known",
];

/// What the HTTP library says of a `CONNECT` that was answered with 407, and of one that was answered with another status or with no HTTP.
const TUNNEL_LOGIN: &str = "proxy authorization required";
const TUNNEL_REFUSED: &str = "tunnel error: unsuccessful";
const TUNNEL: &str = "tunnel error";

/// Returns the error for a request to `shown` that failed with `error`; `proxy` is the proxy that it went through.
pub(super) fn transport_error(
    shown: &str,
    error: &reqwest::Error,
    proxy: Option<&str>,
) -> FetchError {
    let why = causes(error);
    if let Some(trouble) = proxy.and_then(|_| proxy_trouble(error, &why)) {
        return FetchError::Proxy {
            url: shown.to_owned(),
            proxy: proxy.unwrap_or_default().to_owned(),
            trouble,
        };
    }
    FetchError::Transport {
        url: shown.to_owned(),
        timeout: error.is_timeout(),
        may_pass: !is_final(error, &why),
        why,
    }
}

/// What a proxy did, where it is what failed. The library names `CONNECT` in what it says; of plain requests only the connection is known to
/// have failed, which was one to the proxy.
fn proxy_trouble(error: &reqwest::Error, why: &str) -> Option<ProxyTrouble> {
    if why.contains(TUNNEL_LOGIN) {
        return Some(ProxyTrouble::Login);
    }
    if why.contains(TUNNEL_REFUSED) {
        return Some(ProxyTrouble::NoTunnel);
    }
    let is_refused = any_cause(error, |cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    });
    let is_connecting = error.is_connect() && !any_cause(error, <dyn Error>::is::<rustls::Error>);
    (is_connecting || why.contains(TUNNEL)).then(|| ProxyTrouble::Unreachable {
        why: why.to_owned(),
        may_pass: !is_refused && !is_final(error, why),
    })
}

/// Whether the next try would fail as this one did.
fn is_final(error: &reqwest::Error, why: &str) -> bool {
    let is_connecting = error.is_connect();
    let is_final_tls = |cause: &(dyn Error + 'static)| {
        cause
            .downcast_ref::<rustls::Error>()
            .is_some_and(|error| is_final_of_tls(error, is_connecting))
    };
    any_cause(error, is_final_tls) || NO_SUCH_NAME.iter().any(|text| why.contains(text))
}

fn is_final_of_tls(error: &rustls::Error, is_connecting: bool) -> bool {
    match error {
        rustls::Error::InvalidCertificate(_)
        | rustls::Error::NoCertificatesPresented
        | rustls::Error::UnsupportedNameType
        | rustls::Error::PeerIncompatible(_)
        | rustls::Error::NoApplicationProtocol => true,
        // A server that speaks no TLS says this first; later it is a connection that went wrong.
        rustls::Error::InvalidMessage(_) => is_connecting,
        rustls::Error::AlertReceived(alert) => !matches!(
            alert,
            AlertDescription::CloseNotify
                | AlertDescription::UserCanceled
                | AlertDescription::InternalError
                | AlertDescription::BadRecordMac
                | AlertDescription::DecodeError
                | AlertDescription::DecryptError
                | AlertDescription::RecordOverflow
        ),
        _ => false,
    }
}

/// Whether `is` holds for a cause of `error`, those within errors of the system included, which leave them out of their own causes.
fn any_cause(error: &reqwest::Error, is: impl Fn(&(dyn Error + 'static)) -> bool) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if is(error) {
            return true;
        }
        let within = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        cause = match within {
            Some(within) => Some(within),
            None => error.source(),
        };
    }
    false
}

/// The causes of an error, without the address, which may hold secrets and is told already.
pub(super) fn causes(error: &reqwest::Error) -> String {
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
