//! The proxy that an address is asked through, so that a message can name it.

use std::sync::OnceLock;

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::options::Options;
use crate::redact::{redact_url, without_credentials};

/// The proxies of the options or of the environment, found by the same rules as by the HTTP library.
#[derive(Default)]
pub(super) struct Proxies(OnceLock<Option<Matcher>>);

impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proxies")
    }
}

impl Proxies {
    /// Returns the proxy that `url` is asked through, without its login.
    pub(super) fn shown(&self, url: &Url, options: &Options) -> Option<String> {
        if let Some(address) = &options.proxy {
            return Some(without_login(address));
        }
        let found = || options.environment_proxy.then(Matcher::from_system);
        let matcher = self.0.get_or_init(found).as_ref()?;
        let uri = without_credentials(url).as_str().parse().ok()?;
        let proxy = matcher.intercept(&uri)?;
        Some(without_login(&proxy.uri().to_string()))
    }
}

fn without_login(address: &str) -> String {
    let shown = match Url::parse(address) {
        Ok(url) if url.has_host() => redact_url(without_credentials(&url).as_str()),
        _ => redact_url(address),
    };
    shown.trim_end_matches('/').to_owned()
}
