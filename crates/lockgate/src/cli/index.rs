//! Options on indexes: which are asked, and how they are reached.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

/// Which index is asked, and how.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Index")]
pub(crate) struct IndexOptions {
    /// The index to resolve from, in place of the one that pip has
    #[arg(
        short = 'i',
        long,
        alias = "default-index",
        value_name = "URL",
        env = "LOCKGATE_INDEX_URL",
        hide_env_values = true
    )]
    pub(crate) index_url: Option<String>,
    /// A further index (repeatable)
    #[arg(
        long,
        value_name = "URL",
        env = "LOCKGATE_EXTRA_INDEX_URL",
        hide_env_values = true,
        value_delimiter = ' '
    )]
    pub(crate) extra_index_url: Vec<String>,
    /// A folder, a page or a file whose distributions are candidates too (repeatable)
    #[arg(
        long,
        value_name = "PLACE",
        env = "LOCKGATE_FIND_LINKS",
        hide_env_values = true
    )]
    pub(crate) find_links: Vec<String>,
    /// Ask no index: only what `--find-links` names exists
    #[arg(long, env = "LOCKGATE_NO_INDEX", value_parser = BoolishValueParser::new())]
    pub(crate) no_index: bool,
    /// Which of several indexes a project is taken from [default: first-index]
    #[arg(long, value_name = "STRATEGY", env = "LOCKGATE_INDEX_STRATEGY")]
    pub(crate) index_strategy: Option<StrategyName>,
    /// A host, or `HOST:PORT`, to ask without looking at its certificate, or without one at all (repeatable)
    #[arg(
        long,
        alias = "allow-insecure-host",
        value_name = "HOST",
        env = "LOCKGATE_TRUSTED_HOST",
        value_delimiter = ' '
    )]
    pub(crate) trusted_host: Vec<String>,
    /// A bundle of certificates, or a folder of them, to trust in place of the system's
    #[arg(long, value_name = "FILE", env = "LOCKGATE_CERT")]
    pub(crate) cert: Option<PathBuf>,
    /// A PEM file with the certificate and the private key to show to servers that ask for one
    #[arg(long, value_name = "FILE", env = "LOCKGATE_CLIENT_CERT")]
    pub(crate) client_cert: Option<PathBuf>,
    /// Whether the keyring is asked for the password of a user that an address names [default: auto]
    #[arg(long, value_name = "PROVIDER", env = "LOCKGATE_KEYRING_PROVIDER")]
    pub(crate) keyring_provider: Option<KeyringName>,
    /// The proxy to use, in place of the environment's
    #[arg(
        long,
        value_name = "URL",
        env = "LOCKGATE_PROXY",
        hide_env_values = true
    )]
    pub(crate) proxy: Option<String>,
    /// Seconds to wait for a connection, and for each piece of an answer
    #[arg(long, value_name = "SECONDS", env = "LOCKGATE_TIMEOUT")]
    pub(crate) timeout: Option<f64>,
    /// How often a failed request is tried again
    #[arg(long, value_name = "COUNT", env = "LOCKGATE_RETRIES")]
    pub(crate) retries: Option<u32>,
    /// Seconds that one step of `git` may take [default: 600]
    #[arg(long, value_name = "SECONDS", env = "LOCKGATE_GIT_TIMEOUT")]
    pub(crate) git_timeout: Option<f64>,
}

/// `--index-strategy` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StrategyName {
    /// A project found on one index is never taken from a later one
    FirstIndex,
    /// The best version of all indexes, as pip has it: who can publish on any of them decides what is installed
    UnsafeBestMatch,
}

/// `--keyring-provider` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyringName {
    /// By the program `keyring`, if there is one
    Auto,
    /// Not at all
    Disabled,
    /// As `subprocess`: there is no Python here to import it into
    Import,
    /// By the program `keyring`
    Subprocess,
}
