//! The HTTP clients: one for plain addresses, one that looks at certificates, one for trusted hosts that does not.
//!
//! Each is made when it is first needed: a warm run makes none, and the system's certificates are loaded only when an `https` address is
//! asked.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use reqwest::{Certificate, Client, ClientBuilder, Identity};

use super::confine::Resolved;
use super::failure::causes;
use crate::error::FetchError;
use crate::files::{Limit, read_regular};
use crate::options::Options;
use crate::redact::redact_url;

type Made = OnceLock<Result<Client, FetchError>>;

/// All clients of a run.
#[derive(Debug, Default)]
pub(super) struct Clients {
    plain: Made,
    verified: Made,
    trusting: Made,
    /// Those for a name whose addresses are known, which they ask no resolver for.
    resolved: Mutex<BTreeMap<(Safety, String), Client>>,
}

/// How an address is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Safety {
    /// `http`: no certificate is needed.
    Plain,
    /// `https`.
    Verified,
    /// `https`, of a host that the user trusts whatever its certificate says.
    Trusting,
}

impl Clients {
    pub(super) fn get(&self, safety: Safety, options: &Options) -> Result<&Client, FetchError> {
        let slot = match safety {
            // An encrypted proxy is verified as any other server.
            Safety::Plain if !has_encrypted_proxy(options) => &self.plain,
            Safety::Plain | Safety::Verified => &self.verified,
            Safety::Trusting => &self.trusting,
        };
        slot.get_or_init(|| made(builder(safety, options)?))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// A client that connects to these addresses of a name and to no others. A proxy is found as by any client.
    pub(super) fn for_resolved(
        &self,
        safety: Safety,
        options: &Options,
        resolved: &Resolved,
    ) -> Result<Client, FetchError> {
        let mut clients = self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (safety, resolved.name.clone());
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let builder = builder(safety, options)?;
        let client = made(builder.resolve_to_addrs(&resolved.name, &resolved.addresses))?;
        clients.insert(key, client.clone());
        Ok(client)
    }
}

fn failed(why: impl AsRef<str>) -> FetchError {
    FetchError::Client(Arc::from(why.as_ref()))
}

fn made(builder: ClientBuilder) -> Result<Client, FetchError> {
    builder.build().map_err(|error| failed(causes(&error)))
}

fn builder(safety: Safety, options: &Options) -> Result<ClientBuilder, FetchError> {
    // Another part of the process may have chosen the provider already; it is the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .user_agent(concat!("lockgate/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(options.timeout)
        .read_timeout(options.timeout)
        .pool_max_idle_per_host(options.connections)
        // Bodies are decoded by the transport: files are taken as they come.
        .no_gzip()
        // Redirects are followed by the transport: each address is asked by its own login and its own client.
        .redirect(reqwest::redirect::Policy::none());
    let builder = with_proxy(builder, options)?;
    Ok(match safety {
        Safety::Plain if !has_encrypted_proxy(options) => {
            builder.tls_backend_preconfigured(plain_tls())
        }
        Safety::Trusting => with_identity(builder.tls_danger_accept_invalid_certs(true), options)?,
        Safety::Plain | Safety::Verified => with_identity(with_roots(builder, options)?, options)?,
    })
}

/// The proxy of the options takes the place of the environment's, `NO_PROXY` included, as with pip.
fn with_proxy(builder: ClientBuilder, options: &Options) -> Result<ClientBuilder, FetchError> {
    let Some(address) = &options.proxy else {
        return Ok(if options.environment_proxy {
            builder
        } else {
            builder.no_proxy()
        });
    };
    let proxy = reqwest::Proxy::all(address).map_err(|error| {
        failed(format!(
            "the proxy `{}` cannot be used: {}",
            redact_url(address),
            causes(&error)
        ))
    })?;
    Ok(builder.proxy(proxy))
}

/// The bundle of the options takes the place of the system's certificates.
fn with_roots(builder: ClientBuilder, options: &Options) -> Result<ClientBuilder, FetchError> {
    let Some(path) = &options.certificate_bundle else {
        return Ok(builder);
    };
    let shown = path.display();
    let texts = bundle(path).map_err(|error| {
        failed(format!(
            "the certificates in `{shown}` cannot be read: {error}"
        ))
    })?;
    let mut certificates = Vec::new();
    for pem in texts {
        certificates.extend(
            Certificate::from_pem_bundle(&pem)
                .map_err(|_no_pem| failed(format!("`{shown}` holds no PEM certificates")))?,
        );
    }
    if certificates.is_empty() {
        return Err(failed(format!("`{shown}` holds no PEM certificates")));
    }
    Ok(builder.tls_certs_only(certificates))
}

/// The texts of a bundle, or of all files in a folder.
fn bundle(path: &Path) -> io::Result<Vec<Vec<u8>>> {
    if !path.is_dir() {
        return Ok(vec![read_regular(path, Limit::CERTIFICATES)?]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        if file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    let texts = files.iter();
    texts
        .map(|path| read_regular(path, Limit::CERTIFICATES))
        .collect()
}

fn with_identity(builder: ClientBuilder, options: &Options) -> Result<ClientBuilder, FetchError> {
    let Some(path) = &options.client_certificate else {
        return Ok(builder);
    };
    let shown = path.display();
    let pem = read_regular(path, Limit::CERTIFICATES).map_err(|error| {
        failed(format!(
            "the client certificate `{shown}` cannot be read: {error}"
        ))
    })?;
    // What is wrong is not told by the library's words: they might quote the key.
    let identity = Identity::from_pem(&pem).map_err(|_no_identity| {
        failed(format!(
            "`{shown}` is no client certificate: one PEM file must hold the certificate and its private key, unencrypted"
        ))
    })?;
    Ok(builder.identity(identity))
}

/// TLS that trusts nobody: what the client for plain addresses has, so that it costs nothing to make.
fn plain_tls() -> rustls::ClientConfig {
    rustls::ClientConfig::builder()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

/// Whether plain addresses may be asked through an encrypted proxy.
fn has_encrypted_proxy(options: &Options) -> bool {
    let is_encrypted = |address: &str| address.trim().to_ascii_lowercase().starts_with("https://");
    match &options.proxy {
        Some(address) => is_encrypted(address),
        None if !options.environment_proxy => false,
        None => ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
            .iter()
            .filter_map(|name| std::env::var(name).ok())
            .any(|address| is_encrypted(&address)),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_name_that_was_looked_at_is_connected_to_by_its_addresses() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await.unwrap();
            let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        });
        let options = Options {
            environment_proxy: false,
            ..Options::default()
        };
        let clients = Clients::default();
        let ask = |name: &str, addresses: Vec<std::net::SocketAddr>| {
            let resolved = Resolved {
                name: name.to_owned(),
                addresses,
            };
            let client = clients.for_resolved(Safety::Plain, &options, &resolved);
            let url = format!("http://{name}:{}/", address.port());
            client.unwrap().get(url).send()
        };
        // No resolver knows this name.
        let answer = ask("public.invalid", vec![address]).await.unwrap();
        assert_eq!(answer.status().as_u16(), 204);
        // Every resolver knows this one, and none is asked.
        ask("localhost", Vec::new()).await.unwrap_err();
    }
}
