//! Requests that must not lead to this machine or into a private network: those to hosts that nothing but a policy of the checkout names.
//!
//! Each address of a chain of redirects is looked at: its host as written, and what the name resolves to. What was looked at is what is
//! connected to: a name is resolved once in a run, so that none can lead elsewhere between the look and the connection.

use std::collections::BTreeMap;
use std::net::SocketAddr;
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
    /// What names were resolved to.
    resolved: BTreeMap<(String, u16), Vec<SocketAddr>>,
}

/// A name, and the addresses that it stands for from now on: none where it cannot be resolved, as behind a proxy that does so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) name: String,
    pub(super) addresses: Vec<SocketAddr>,
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

    /// Refuses an address of a confined request that leads to this machine or into a private network. Gives what its name is to stand for,
    /// if it is one.
    pub(super) async fn admit(&self, url: &Url) -> Result<Option<Resolved>, FetchError> {
        if self.is_named(url) {
            return Ok(None);
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
            return Ok(None);
        };
        let addresses = self.resolve(name, port).await;
        if addresses
            .iter()
            .any(|address| !is_public_address(address.ip()))
        {
            return Err(refused());
        }
        let name = name.to_owned();
        Ok(Some(Resolved { name, addresses }))
    }

    /// Resolves a name, once in a run.
    async fn resolve(&self, name: &str, port: u16) -> Vec<SocketAddr> {
        let key = (name.to_owned(), port);
        let known = {
            let hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            hosts.resolved.get(&key).cloned()
        };
        if let Some(known) = known {
            return known;
        }
        let found = lookup_host((name, port)).await;
        let found: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.resolved.entry(key).or_insert(found).clone()
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
        let number = confinement.admit(&url("https://8.8.8.8/")).await.unwrap();
        assert_eq!(number, None);
    }

    #[tokio::test]
    async fn a_name_stands_for_what_it_was_first_resolved_to() {
        let confinement = Confinement::default();
        let address: SocketAddr = "8.8.8.8:443".parse().unwrap();
        let private: SocketAddr = "10.0.0.1:443".parse().unwrap();
        let resolve = |address| {
            let mut hosts = confinement.0.lock().unwrap();
            let key = ("public.invalid".to_owned(), 443);
            hosts.resolved.insert(key, vec![address]);
        };
        resolve(address);
        for _ in 0..2 {
            let admitted = confinement.admit(&url("https://public.invalid/")).await;
            assert_eq!(admitted.unwrap().unwrap().addresses, [address]);
        }
        resolve(private);
        let refused = confinement.admit(&url("https://public.invalid/")).await;
        refused.unwrap_err();
        // One that cannot be resolved stands for nothing, also later.
        let unknown = confinement
            .admit(&url("https://unknown.invalid:8443/"))
            .await;
        assert_eq!(unknown.unwrap().unwrap().addresses, []);
    }
}
