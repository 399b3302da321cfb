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
    /// A status that is no answer, after all retries that it deserves.
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
        /// Whether another try may end otherwise.
        may_pass: bool,
    },
    /// The proxy on the way to it did not let it through.
    #[error("{url} could not be fetched: the proxy{} {trouble}", spaced(proxy))]
    Proxy {
        /// The address.
        url: String,
        /// The proxy, without its login; empty where it is not known.
        proxy: String,
        /// What it did.
        trouble: ProxyTrouble,
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

/// What a proxy did instead of passing a request on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyTrouble {
    /// It wants another login than the one that it got, if any.
    #[error("wants a login, or another one (status 407)")]
    Login,
    /// It answered that it does not pass this on.
    #[error("refuses to pass the request on (status 403)")]
    Refused,
    /// It did not open a connection to the server.
    #[error("did not open a connection to that server")]
    NoTunnel,
    /// No connection to it.
    #[error("cannot be reached: {why}")]
    Unreachable {
        /// The causes, outermost first.
        why: String,
        /// Whether another try may end otherwise.
        may_pass: bool,
    },
}

/// How often a failed request is worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retries {
    /// Never: it would fail in the same way.
    None,
    /// Once: it looks final, and is not known to be.
    One,
    /// As often as the options say.
    All,
}

impl FetchError {
    /// How often it is worth another try.
    pub(crate) fn retries(&self) -> Retries {
        match self {
            Self::Transport { may_pass: true, .. }
            | Self::Proxy {
                trouble: ProxyTrouble::Unreachable { may_pass: true, .. },
                ..
            } => Retries::All,
            // The status is not known: it may be 403, and it may be 503.
            Self::Proxy {
                trouble: ProxyTrouble::NoTunnel,
                ..
            } => Retries::One,
            _ => Retries::None,
        }
    }

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
            Self::Transport { why, .. } if why.contains("corrupt message") => {
                "the server does not speak TLS at this address: check its port, or whether it is an `http://` one"
            }
            Self::Proxy { trouble, .. } => unproxied(trouble),
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

/// `text` after a blank; nothing if it is empty.
fn spaced(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(" {text}")
    }
}

fn unproxied(trouble: &ProxyTrouble) -> &'static str {
    match trouble {
        ProxyTrouble::Login => {
            "give its user name and password, percent-encoded: `--proxy http://USER:PASSWORD@HOST:PORT`, or the same in pip's `proxy`, `HTTPS_PROXY` or `HTTP_PROXY`; only Basic logins are supported"
        }
        ProxyTrouble::Refused | ProxyTrouble::NoTunnel => {
            "have the proxy allow this host, or, where it can be reached without the proxy, name it in `NO_PROXY`"
        }
        ProxyTrouble::Unreachable { .. } => {
            "check the address of the proxy in `--proxy`, pip's `proxy`, `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY`; hosts in `NO_PROXY` are asked without it"
        }
    }
}

/// After a refusal: whose login it was.
pub(crate) fn after(login: Option<LoginOrigin>) -> &'static str {
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
