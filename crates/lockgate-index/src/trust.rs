//! Hosts whose certificate is not looked at (`--trusted-host`), and addresses that are safe to ask without one.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// A host, on one port or on any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedHost {
    host: Host,
    port: Option<u16>,
}

/// A text that names no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no host")]
pub struct NoHost(String);

impl FromStr for TrustedHost {
    type Err = NoHost;

    /// `host`, `host:port`, `[::1]:port`.
    fn from_str(text: &str) -> Result<Self, NoHost> {
        let text = text.trim();
        // Whatever stands here may be an address with a password in it.
        let wrong = || NoHost(crate::redact::redact_url(text));
        if text.is_empty() || text.contains(['/', '@', '?', '#']) {
            return Err(wrong());
        }
        // Of a scheme without a default port, so that the port is there if it was written.
        let colons = text.matches(':').count();
        let authority = if colons > 1 && !text.starts_with('[') {
            format!("[{text}]")
        } else {
            text.to_owned()
        };
        let url = Url::parse(&format!("https://{authority}")).map_err(|_no_url| wrong())?;
        let port = authority
            .rsplit_once(':')
            .filter(|(_, port)| !port.contains(']'))
            .map(|(_, port)| port.parse::<u16>().map_err(|_no_port| wrong()))
            .transpose()?;
        Ok(Self {
            host: url.host().ok_or_else(wrong)?.to_owned(),
            port,
        })
    }
}

impl fmt::Display for TrustedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => write!(f, "{}", self.host),
        }
    }
}

impl TrustedHost {
    /// Whether `url` is on this host.
    pub fn covers(&self, url: &Url) -> bool {
        let is_same = url.host().is_some_and(|host| host.to_owned() == self.host);
        is_same && (self.port.is_none() || self.port == url.port_or_known_default())
    }
}

/// Whether nobody on the way can read or change what `url` answers: it is encrypted, or never leaves this machine.
pub fn is_secure(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https" | "file", _) => true,
        (_, Some(Host::Ipv4(address))) => address.is_loopback(),
        (_, Some(Host::Ipv6(address))) => address.is_loopback(),
        (_, Some(Host::Domain(name))) => name == "localhost" || name.ends_with(".localhost"),
        (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_trusted_on_its_port_only_if_one_is_named() {
        let covers = |host: &str, url: &str| {
            let host: TrustedHost = host.parse().unwrap();
            host.covers(&Url::parse(url).unwrap())
        };
        for (host, url, expected) in [
            ("host.test", "https://host.test/x", true),
            ("HOST.test", "https://user:pw@host.test:8443/x", true),
            ("host.test", "http://host.test/", true),
            ("host.test:8443", "https://host.test:8443/x", true),
            ("host.test:8443", "https://host.test/x", false),
            ("host.test:443", "https://host.test/x", true),
            ("host.test", "https://sub.host.test/x", false),
            ("host.test", "https://host.test.evil.test/x", false),
            ("127.0.0.1", "https://127.0.0.1:1/x", true),
            ("[::1]:443", "https://[::1]/x", true),
            ("::1", "https://[::1]:99/x", true),
        ] {
            assert_eq!(covers(host, url), expected, "{host} {url}");
        }
        let shown = |text: &str| text.parse::<TrustedHost>().unwrap().to_string();
        assert_eq!(shown("HOST.test:8443"), "host.test:8443");
        assert_eq!(shown("::1"), "[::1]");
        for wrong in [
            "",
            "https://host.test",
            "host.test/x",
            "a:b@host.test",
            "host.test:x",
        ] {
            assert!(wrong.parse::<TrustedHost>().is_err(), "{wrong}");
        }
        let shown = "https://a:s3cret@host.test"
            .parse::<TrustedHost>()
            .unwrap_err();
        assert!(!shown.to_string().contains("s3cret"));
    }

    #[test]
    fn what_leaves_the_machine_unencrypted_is_not_secure() {
        for (url, expected) in [
            ("https://host.test", true),
            ("http://host.test", false),
            ("http://127.9.9.9:80/", true),
            ("http://[::1]/", true),
            ("http://localhost:3141/root", true),
            ("file:///wheels", true),
        ] {
            assert_eq!(is_secure(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
