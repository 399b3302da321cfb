//! Why something could not be fetched.

use std::sync::Arc;

use lockgate_model::FactError;

use crate::credentials::LoginOrigin;

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
    #[error("{url} refused access with status {status}{}", after(*.login))]
    Unauthorized {
        /// The address.
        url: String,
        /// 401 or 403.
        status: u16,
        /// Where the login came from that was refused, if one was sent.
        login: Option<LoginOrigin>,
    },
    /// An encrypted address sends on to one that is not.
    #[error("{url} redirects to {to}, where anybody on the way could change what it says")]
    Insecure {
        /// The address.
        url: String,
        /// The other one.
        to: String,
    },
    /// An answer that comes, but not in any useful time.
    #[error("{url} answers too slowly: {bytes} bytes in {seconds} seconds")]
    Slow {
        /// The address.
        url: String,
        /// How much came.
        bytes: u64,
        /// In which time.
        seconds: u64,
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
    /// What came could not be written to the temporary folder, or read from it.
    #[error("{url} could not be kept in the temporary folder: {why}")]
    Disk {
        /// The address.
        url: String,
        /// What the system says.
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
        let text = match self {
            Self::Unauthorized { status, login, .. } => denied(*status, *login),
            Self::Insecure { .. } => {
                "use an address that stays encrypted, or accept it with `--trusted-host HOST`"
            }
            Self::Offline { .. } => "run once without `--offline`",
            Self::Slow { .. } => {
                "try again later, or allow more time with `--timeout`: twice as long is waited before speed counts"
            }
            Self::Transport { timeout: true, .. } => {
                "try again, or allow more time with `--timeout`"
            }
            Self::Transport { why, .. } if why.contains("ertificateRequired") => {
                "the server asks for a client certificate: name a PEM file with it and its key by `--client-cert FILE`"
            }
            Self::Transport { why, .. } if why.contains("certificate") => {
                "name the certificates to trust with `--cert FILE`, or in `SSL_CERT_FILE` or `SSL_CERT_DIR`; `--trusted-host HOST` trusts whoever answers there"
            }
            Self::Transport { .. } => "check the network, the address and the proxy; try again",
            Self::Status { status: 500.., .. } => "try again later",
            Self::NotFound { .. } | Self::Status { .. } => "check the address",
            Self::TooLarge { .. } => "check the address: nothing of this kind is that large",
            Self::Answer { .. } => {
                "check the address; behind a proxy or a login page, check that it lets this machine through"
            }
            Self::Disk { .. } => "make room there, or name another folder in `TMPDIR`",
            Self::Client(_) => {
                "check `--cert`, `--client-cert` and `--proxy`, and what pip is set up with"
            }
        };
        Some(text.to_owned())
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

/// After a refusal: whose login it was.
fn after(login: Option<LoginOrigin>) -> &'static str {
    match login {
        None => "",
        Some(LoginOrigin::Address) => " to the login in the address",
        Some(LoginOrigin::Netrc) => " to the login of the netrc file",
        Some(LoginOrigin::Keyring) => " to the login of the keyring",
    }
}

fn denied(status: u16, login: Option<LoginOrigin>) -> &'static str {
    match (status, login) {
        (401, None) => {
            "say who asks: `https://USER:PASSWORD@…` (in a requirement file best as `${VARIABLES}`), a netrc file, or `https://USER@…` and the keyring"
        }
        (401, Some(_)) => "check user name and password; tokens expire",
        (_, None) => {
            "the server refuses whoever asks without a login: give one as for 401, or check that the address is right"
        }
        (_, Some(_)) => {
            "the server knows who asks and refuses: have it grant the right to read this address, or use another login"
        }
    }
}
