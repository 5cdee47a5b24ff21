//! Certificates, made for a test.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use rustls::ClientConfig;
use rustls::crypto::ring;
use tempfile::TempDir;
use tokio::io;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use vouchsafe::config::Tls;
use vouchsafe_provider::pem::{Authorities, Identity};

use super::Switch;

/// Somebody whose certificates may be believed.
pub(crate) struct Authority {
    pub(crate) certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, as PEM.
pub(crate) struct Pair {
    pub(crate) certificate: Certificate,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self { certificate: params.self_signed(&key).unwrap(), issuer: Issuer::new(params, key) }
    }

    /// A certificate for a DNS name and a URI.
    pub(crate) fn certify(&self, name: &str) -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::URI(format!("spiffe://test/{name}").try_into().unwrap()));
        Pair { certificate: params.signed_by(&key, &self.issuer).unwrap(), key: key.serialize_pem() }
    }

    /// How somebody who believes this authority, and is who the pair says, speaks TLS.
    pub(crate) fn believed_by(&self, pair: Option<&Pair>, protocols: &[&[u8]]) -> TlsConnector {
        let roots = Authorities::parse(self.certificate.pem().as_bytes()).unwrap().roots();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match pair {
            Some(pair) => {
                let identity = Identity::parse(pair.certificate.pem().as_bytes(), pair.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(identity.chain(), identity.expose_key()).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        TlsConnector::from(Arc::new(config))
    }
}

/// The files of a switch's `[tls]`.
pub(crate) struct TlsFolder(TempDir);

impl TlsFolder {
    pub(crate) fn new(shown: &Pair, clients: &Authority) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.show(shown);
        folder.put("clients.pem", &clients.certificate.pem());
        folder
    }

    pub(crate) fn files(&self) -> Tls {
        let path = |name| self.0.path().join(name);
        Tls { certificate: path("tls.pem"), key: path("tls.key"), client_authorities: Some(path("clients.pem")) }
    }

    /// Puts another certificate and its key in place.
    pub(crate) fn show(&self, pair: &Pair) {
        self.put("tls.pem", &pair.certificate.pem());
        self.put("tls.key", &pair.key);
    }

    /// Writes a file beside and puts it in place, so that not even the clock's coarseness hides the change.
    pub(crate) fn put(&self, name: &str, text: &str) {
        let beside = self.0.path().join("new");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, Path::new(self.0.path()).join(name)).unwrap();
    }
}

/// A connection to a switch over TLS.
pub(crate) async fn connect(switch: &Switch, connector: &TlsConnector) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(switch.address).await?;
    connector.connect("localhost".try_into().unwrap(), stream).await
}
