//! How to reach the network and the cache.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use lockgate_model::Name;
use url::Url;

use crate::trust::TrustedHost;

/// Where OSV keeps its bulk export for PyPI.
const OSV_EXPORT: &str = "https://osv-vulnerabilities.storage.googleapis.com/PyPI";

/// Options of an [`Index`](crate::Index).
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the cache; none: nothing is kept.
    pub cache: Option<PathBuf>,
    /// Use only what the cache holds, however old.
    pub offline: bool,
    /// What to ask again about although the cache holds it.
    pub refresh: Refresh,
    /// The longest wait for a connection, and for each piece of an answer.
    pub timeout: Duration,
    /// How often a failed request is tried again.
    pub retries: u32,
    /// The proxy, in place of the environment's.
    pub proxy: Option<String>,
    /// Whether the environment's proxies count, where `proxy` is not set.
    pub environment_proxy: bool,
    /// A PEM bundle of certificates to trust, or a folder of them, in place of the system's.
    pub certificate_bundle: Option<PathBuf>,
    /// A PEM file with the certificate and the private key to show to servers that ask for one.
    pub client_certificate: Option<PathBuf>,
    /// Hosts whose certificate is not looked at.
    pub trusted_hosts: Vec<TrustedHost>,
    /// Where a netrc file may be; the first that is there counts.
    pub netrc: Vec<PathBuf>,
    /// Whether the keyring is asked for passwords.
    pub keyring: KeyringProvider,
    /// The most requests under way at once.
    pub connections: usize,
    /// Where OSV's bulk export for PyPI is, or a mirror of it.
    pub osv_export: Url,
    /// How long one step of `git` may take.
    pub git_timeout: Duration,
    /// Whether interpreters are asked without what is installed for them, so that nothing of it runs.
    pub bare_interpreters: bool,
    /// The folder from which upwards a `.python-version` may tell a shim of pyenv's what to start; none: the current one.
    pub python_choice: Option<PathBuf>,
}

impl Default for Options {
    /// pip's patience: 15 seconds, five retries.
    fn default() -> Self {
        Self {
            cache: None,
            offline: false,
            refresh: Refresh::No,
            timeout: Duration::from_secs(15),
            retries: 5,
            proxy: None,
            environment_proxy: true,
            certificate_bundle: None,
            client_certificate: None,
            trusted_hosts: Vec::new(),
            netrc: Vec::new(),
            keyring: KeyringProvider::Disabled,
            connections: 50,
            osv_export: Url::parse(OSV_EXPORT).expect("the constant is an address"),
            git_timeout: crate::git::DEFAULT_LIMIT,
            bare_interpreters: false,
            python_choice: None,
        }
    }
}

/// How the keyring is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyringProvider {
    /// Not at all.
    Disabled,
    /// By the program `keyring`, if there is one.
    #[default]
    Auto,
    /// By the program `keyring`, which must be there.
    Subprocess,
}

/// What is asked again about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refresh {
    /// What is stale by the rules of HTTP.
    No,
    /// Everything.
    All,
    /// These projects.
    Packages(BTreeSet<Name>),
}

impl Refresh {
    /// Whether everything is asked for again.
    pub(crate) fn is_all(&self) -> bool {
        *self == Self::All
    }

    /// Whether `name`'s page is asked for again.
    pub(crate) fn includes(&self, name: &Name) -> bool {
        match self {
            Self::No => false,
            Self::All => true,
            Self::Packages(names) => names.contains(name),
        }
    }
}
