//! Where an answer sends the client on to (RFC 9110, section 15.4).

use bytes::Bytes;
use reqwest::header::LOCATION;
use reqwest::{Method, StatusCode};
use url::Url;

use super::Asked;
use crate::error::FetchError;
use crate::redact::redact_url;
use crate::trust::is_secure;

/// The most redirects that are followed for one answer.
pub(super) const MOST: usize = 10;

/// What to ask next, when `answer` to `asked` says so.
pub(super) fn next(
    asked: &Asked,
    answer: &reqwest::Response,
    is_trusted: impl Fn(&Url) -> bool,
) -> Result<Option<Asked>, FetchError> {
    let status = answer.status();
    let is_redirect = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let Some(location) = answer.headers().get(LOCATION).filter(|_| is_redirect) else {
        return Ok(None);
    };
    let broken = |why: String| FetchError::Answer {
        url: redact_url(asked.url.as_str()),
        why,
    };
    let location = String::from_utf8_lossy(location.as_bytes());
    let url = asked
        .url
        .join(&location)
        .map_err(|_no_url| broken("it redirects to what is no address".to_owned()))?;
    let shown = redact_url(url.as_str());
    if !matches!(url.scheme(), "http" | "https") {
        return Err(broken(format!(
            "it redirects to {shown}, which is no address of the web"
        )));
    }
    if asked.url.scheme() == "https" && !is_secure(&url) && !is_trusted(&url) {
        return Err(FetchError::Insecure {
            url: redact_url(asked.url.as_str()),
            to: shown,
        });
    }
    let (method, body) = method_after(status, asked);
    Ok(Some(Asked { method, url, body }))
}

/// A form that was sent is not sent again, except where the server asks for just that.
fn method_after(status: StatusCode, asked: &Asked) -> (Method, Option<Bytes>) {
    let keeps = matches!(status.as_u16(), 307 | 308) || asked.method == Method::HEAD;
    if keeps {
        (asked.method.clone(), asked.body.clone())
    } else {
        (Method::GET, None)
    }
}
