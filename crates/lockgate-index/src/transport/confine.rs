//! Requests that must not lead to this machine or into a private network: those to hosts that nothing but a policy of the checkout names.
//!
//! Each address of a chain of redirects is looked at: its host as written, and what the name resolves to. Between that look and the
//! connection a name could change; who controls it still learns nothing, since the answer of another server is no export of advisories.

use std::sync::{Mutex, PoisonError};

use tokio::net::lookup_host;
use url::{Host, Url};

use crate::error::FetchError;
use crate::reach::{is_public, is_public_address};
use crate::redact::redact_url;
use crate::trust::TrustedHost;

/// Which hosts are confined, and which may be reached all the same.
#[derive(Debug, Default)]
pub(super) struct Confinement(Mutex<Hosts>);

#[derive(Debug, Default)]
struct Hosts {
    confined: Vec<Host>,
    /// Those that the caller names.
    named: Vec<TrustedHost>,
}

impl Confinement {
    /// Confines requests to the hosts of `urls`, except those that are `named`.
    pub(super) fn add(&self, urls: &[Url], named: &[TrustedHost]) {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_named = |url: &&Url| named.iter().any(|host| host.covers(url));
        let confined = urls.iter().filter(|url| !is_named(url));
        let confined = confined.filter_map(|url| url.host().map(|host| host.to_owned()));
        hosts.confined.extend(confined);
        hosts.named.extend_from_slice(named);
    }

    /// Whether what is asked first of `url` is confined.
    pub(super) fn holds(&self, url: &Url) -> bool {
        let hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let host = url.host().map(|host| host.to_owned());
        host.is_some_and(|host| hosts.confined.contains(&host))
    }

    /// Refuses an address of a confined request that leads to this machine or into a private network.
    pub(super) async fn admit(&self, url: &Url) -> Result<(), FetchError> {
        if self.is_named(url) {
            return Ok(());
        }
        let refused = || {
            FetchError::Answer {
            url: redact_url(url.as_str()),
            why: "it leads to this machine or into a private network, and only a policy of the checkout names it".to_owned(),
        }
        };
        if !is_public(url) {
            return Err(refused());
        }
        let (Some(Host::Domain(name)), Some(port)) = (url.host(), url.port_or_known_default())
        else {
            return Ok(());
        };
        // A name that cannot be resolved here is resolved by a proxy, or by nobody.
        let Ok(mut addresses) = lookup_host((name, port)).await else {
            return Ok(());
        };
        if addresses.any(|address| !is_public_address(address.ip())) {
            return Err(refused());
        }
        Ok(())
    }

    fn is_named(&self, url: &Url) -> bool {
        let hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.named.iter().any(|host| host.covers(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[tokio::test]
    async fn confined_requests_stay_in_the_public_network() {
        let confinement = Confinement::default();
        let named: TrustedHost = "127.0.0.1:8080".parse().unwrap();
        confinement.add(
            &[
                url("https://public.test/all.zip"),
                url("http://127.0.0.1:8080/all.zip"),
            ],
            &[named],
        );
        assert!(confinement.holds(&url("https://public.test/other")));
        // What the caller names is as free as it was.
        assert!(!confinement.holds(&url("http://127.0.0.1:8080/all.zip")));
        assert!(!confinement.holds(&url("https://other.test/")));
        for refused in [
            "https://127.0.0.1/",
            "https://localhost/",
            "https://[::1]/",
            "http://127.0.0.1:8081/",
        ] {
            let error = confinement.admit(&url(refused)).await.unwrap_err();
            assert!(
                error.to_string().contains("private network"),
                "{refused}: {error}"
            );
        }
        confinement
            .admit(&url("http://127.0.0.1:8080/x"))
            .await
            .unwrap();
        confinement.admit(&url("https://8.8.8.8/")).await.unwrap();
    }
}
