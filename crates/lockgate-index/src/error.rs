//! Why something could not be fetched.

use std::sync::Arc;

use lockgate_model::FactError;

/// Why an address gave no answer. Addresses carry no secrets here.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    /// Nothing is there (404, 410): knowledge, not a fault.
    #[error("{url} is not there")]
    NotFound {
        /// The address.
        url: String,
    },
    /// The server wants to know who asks (401), or refuses whoever asks (403).
    #[error("{url} refused access with status {status}")]
    Unauthorized {
        /// The address.
        url: String,
        /// 401 or 403.
        status: u16,
    },
    /// A status that is no answer, after all retries.
    #[error("{url} answered with status {status}")]
    Status {
        /// The address.
        url: String,
        /// The status.
        status: u16,
    },
    /// No connection, no name, a broken or hanging answer, after all retries.
    #[error("{url} could not be fetched: {why}")]
    Transport {
        /// The address.
        url: String,
        /// The causes, outermost first.
        why: String,
        /// Whether it was a time-out.
        timeout: bool,
    },
    /// The body is longer than anything of its kind.
    #[error("{url} answered with more than {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The most that is read.
        limit: u64,
    },
    /// The answer came and is not what it should be.
    #[error("{url}: {why}")]
    Answer {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The network is not to be used and the cache has no answer.
    #[error("{url} is not in the cache, and `--offline` forbids to fetch it")]
    Offline {
        /// The address.
        url: String,
    },
    /// No client could be made: certificates, proxy.
    #[error("the network client cannot be set up: {0}")]
    Client(Arc<str>),
}

impl FetchError {
    /// What a person can do about it.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Unauthorized { .. } => Some(
                "put the credentials into the index's address, or check that they may read it"
                    .to_owned(),
            ),
            Self::Offline { .. } => Some("run once without `--offline`".to_owned()),
            Self::Transport { timeout: true, .. } => {
                Some("try again, or allow more time with `--timeout`".to_owned())
            }
            Self::Transport { why, .. } if why.contains("certificate") => Some(
                "name the certificates to trust with `--cert FILE`, or in `SSL_CERT_FILE` or `SSL_CERT_DIR`"
                    .to_owned(),
            ),
            Self::Transport { .. } => {
                Some("check the network, the address and the proxy; try again".to_owned())
            }
            Self::Status { .. } => Some("try again later".to_owned()),
            _ => None,
        }
    }

    /// As what the solver could not learn.
    pub(crate) fn unlearned(&self, what: impl Into<String>) -> FactError {
        FactError::Unlearned {
            what: what.into(),
            why: self.to_string(),
            remedy: self.remedy(),
        }
    }
}
