//! Certificates made for one test: an authority of its own, servers and clients that it vouches for.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A private certificate authority.
pub struct Authority {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// A fresh one, which no system knows.
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("keys can be made");
        let mut parameters = parameters("lockgate test authority", &[]);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = parameters
            .self_signed(&key)
            .expect("an authority can sign itself");
        Self {
            certificate,
            issuer: Issuer::new(parameters, key),
        }
    }

    /// Its certificate, for `--cert`.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A client's certificate and key in one file, for `--client-cert`.
    pub fn client_pem(&self) -> String {
        let (certificate, key) = self.signed("lockgate test client", &[]);
        format!("{}{}", certificate.pem(), key.serialize_pem())
    }

    /// What a server on this machine needs; with `asks_clients` it lets nobody in without a certificate of this authority.
    pub(crate) fn server(&self, asks_clients: bool) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let (certificate, key) = self.signed("lockgate test server", &["127.0.0.1", "localhost"]);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider knows the default versions");
        let builder = if asks_clients {
            let mut roots = RootCertStore::empty();
            roots
                .add(self.certificate.der().clone())
                .expect("our own certificate is one");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().expect("there is a root"))
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        builder
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("the key is the certificate's")
    }

    fn signed(&self, name: &str, hosts: &[&str]) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().expect("keys can be made");
        let certificate = parameters(name, hosts)
            .signed_by(&key, &self.issuer)
            .expect("the authority can sign");
        (certificate, key)
    }
}

fn parameters(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut parameters = CertificateParams::new(hosts).expect("the hosts can stand in one");
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}

/// Takes connections and shakes hands; who fails to is dropped.
pub(crate) struct TlsListener {
    pub(crate) tcp: TcpListener,
    pub(crate) acceptor: TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.tcp.accept().await else {
                continue;
            };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}
