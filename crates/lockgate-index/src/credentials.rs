//! Who asks: user names and passwords for addresses, from wherever the user keeps them.
//!
//! In pip's order: the address itself, the address of the index that it belongs to, a netrc file; and the keyring only after a server has
//! refused. They are looked up for each address by itself, each stop of a redirect included, so that none reaches a server that it is not meant
//! for. Nothing here is ever shown: `Debug` hides it, and header values are marked as secret for whoever logs them.

mod keyring;
mod netrc;

use std::fmt;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use reqwest::header::HeaderValue;
use rustc_hash::FxHashMap;
use url::{Origin, Url};

use self::keyring::Keyring;
use self::netrc::NetrcFile;
use crate::options::Options;
use crate::percent;
use crate::redact::without_credentials;
use crate::reporter::Reporter;

/// Where a login comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginOrigin {
    /// The address, or that of the index.
    Address,
    /// A netrc file.
    Netrc,
    /// The keyring.
    Keyring,
}

/// A user name and a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    user: String,
    password: Option<String>,
    pub(crate) origin: LoginOrigin,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({:?})", self.origin)
    }
}

impl Login {
    fn of(url: &Url) -> Option<Self> {
        if url.username().is_empty() && url.password().is_none() {
            return None;
        }
        Some(Self {
            user: percent::decode_text(url.username()),
            password: url.password().map(percent::decode_text),
            origin: LoginOrigin::Address,
        })
    }

    fn is_complete(&self) -> bool {
        self.password.is_some()
    }

    /// `Authorization: Basic` (RFC 7617, in UTF-8); a name alone goes with an empty password, as tokens do.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let pair = format!(
            "{}:{}",
            self.user,
            self.password.as_deref().unwrap_or_default()
        );
        let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
        let mut value = HeaderValue::from_str(&format!("Basic {encoded}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// All logins of a run.
#[derive(Debug)]
pub(crate) struct Credentials {
    /// The addresses of indexes and pages, with what they hold.
    indexes: Mutex<Vec<Url>>,
    /// What the keyring said and a server accepted.
    proven: Mutex<FxHashMap<Origin, Login>>,
    netrc: NetrcFile,
    keyring: Keyring,
}

impl Credentials {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            indexes: Mutex::default(),
            proven: Mutex::default(),
            netrc: NetrcFile::new(options.netrc.clone()),
            keyring: Keyring::new(options.keyring, options.timeout * 2),
        }
    }

    /// Remembers the address of an index: its login counts for what it serves.
    pub(crate) fn remember(&self, index: &Url) {
        let mut indexes = lock(&self.indexes);
        if !indexes.contains(index) {
            indexes.push(index.clone());
        }
    }

    /// Who asks `url`, before anybody has refused.
    pub(crate) fn login(&self, url: &Url, reporter: &dyn Reporter) -> Option<Login> {
        let of_address = self.of_address(url);
        if of_address.as_ref().is_some_and(Login::is_complete) {
            return of_address;
        }
        let proven = lock(&self.proven).get(&url.origin()).cloned();
        let is_same_user = |login: &Login| of_address.as_ref().is_none_or(|o| o.user == login.user);
        proven
            .filter(is_same_user)
            .or_else(|| self.netrc.login(url.host_str()?, reporter))
            .or(of_address)
    }

    /// Who else may ask `url`, after `refused` was refused: what the keyring knows of the user that the address names; where it names none and
    /// the server wants to know who asks (`is_unknown`), of any user, as with pip.
    pub(crate) async fn after_refusal(
        &self,
        url: &Url,
        refused: Option<&Login>,
        is_unknown: bool,
        reporter: &dyn Reporter,
    ) -> Option<Login> {
        let of_address = self.of_address(url);
        if of_address.as_ref().is_some_and(Login::is_complete) {
            return None;
        }
        let user = of_address.map(|login| login.user);
        if user.is_none() && !is_unknown {
            return None;
        }
        let mut services = Vec::new();
        if let Some(index) = self.index_of(url) {
            services.push(without_credentials(&index).to_string());
        }
        services.push(match (url.host_str()?, url.port()) {
            (host, Some(port)) => format!("{host}:{port}"),
            (host, None) => host.to_owned(),
        });
        for service in services {
            let found = self.keyring.login(&service, user.as_deref(), reporter);
            if let Some((user, password)) = found.await {
                let login = Login {
                    user,
                    password: Some(password),
                    origin: LoginOrigin::Keyring,
                };
                return (refused != Some(&login)).then_some(login);
            }
        }
        None
    }

    /// Remembers a login that the server of `url` has accepted.
    pub(crate) fn prove(&self, url: &Url, login: Login) {
        lock(&self.proven).insert(url.origin(), login);
    }

    /// What the address says, else what the address of its index says.
    fn of_address(&self, url: &Url) -> Option<Login> {
        let own = Login::of(url);
        if own.as_ref().is_some_and(Login::is_complete) {
            return own;
        }
        self.index_of(url).as_ref().and_then(Login::of).or(own)
    }

    /// The index that `url` belongs to: on the same server, with the longest path in common.
    fn index_of(&self, url: &Url) -> Option<Url> {
        let indexes = lock(&self.indexes);
        let same = indexes
            .iter()
            .filter(|index| index.origin() == url.origin());
        // Of equals the first: `max_by_key` would take the last.
        same.rev()
            .max_by_key(|index| common_folders(index.path(), url.path()))
            .cloned()
    }
}

/// The length of what two paths have in common, up to a slash.
fn common_folders(left: &str, right: &str) -> usize {
    let left = format!("{}/", left.trim_end_matches('/'));
    let pairs = left.bytes().zip(right.bytes().chain([b'/']));
    let same = pairs.take_while(|(left, right)| left == right).count();
    left.get(..same)
        .and_then(|common| common.rfind('/'))
        .unwrap_or(0)
}

/// Nothing panics while it holds one of these locks, so a poisoned one is sound.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Silent;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn header(credentials: &Credentials, text: &str) -> Option<String> {
        let login = credentials.login(&url(text), &Silent)?;
        let header = login.header().unwrap();
        assert!(header.is_sensitive());
        let encoded = header.to_str().unwrap().strip_prefix("Basic ").unwrap();
        let pair = base64::engine::general_purpose::STANDARD
            .decode(encoded)
            .unwrap();
        Some(String::from_utf8(pair).unwrap())
    }

    #[test]
    fn an_address_has_the_login_of_the_index_that_shares_most_of_its_path() {
        let credentials = Credentials::new(&Options::default());
        for index in [
            "https://all:1@host.test/",
            "https://team%40x:p%3Aw%2F%C3%A9@host.test/team/simple",
            "https://token@tokens.test/simple",
            "http://plain:2@host.test/team/simple",
        ] {
            credentials.remember(&url(index));
        }
        for (address, expected) in [
            ("https://host.test/team/simple/a/", Some("team@x:p:w/é")),
            ("https://host.test/team/files/a.whl", Some("team@x:p:w/é")),
            ("https://host.test/teams/a.whl", Some("all:1")),
            ("https://host.test:8443/team/simple/a/", None),
            ("http://host.test/team/simple/a/", Some("plain:2")),
            ("https://other.test/team/simple/a/", None),
            ("https://tokens.test/files/a.whl", Some("token:")),
            ("https://own:3@host.test/team/simple/a/", Some("own:3")),
        ] {
            assert_eq!(
                header(&credentials, address).as_deref(),
                expected,
                "{address}"
            );
        }
    }

    #[test]
    fn no_login_is_ever_shown() {
        let credentials = Credentials::new(&Options::default());
        credentials.prove(
            &url("https://host.test"),
            Login::of(&url("https://user:s3cret@host.test")).unwrap(),
        );
        let shown = format!("{:?}", credentials.proven);
        assert!(
            !shown.contains("s3cret") && !shown.contains("user"),
            "{shown}"
        );
    }
}
