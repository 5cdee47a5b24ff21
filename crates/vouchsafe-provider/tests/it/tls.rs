//! TLS towards a provider: whom we believe, and as whom we are known.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::AsyncReadExt as _;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion};
use vouchsafe_core::outcome::{Doubt, NotSent, Outcome};
use vouchsafe_provider::Provider;
use vouchsafe_provider::pem::{Authorities, Identity};
use vouchsafe_provider::suv::{SuvConfig, SuvProvider};

use crate::peer::Peer;
use crate::{config, in_a_while, let_pass, request};

/// Somebody whose certificates may be believed.
pub(crate) struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self { certificate: params.self_signed(&key).unwrap(), issuer: Issuer::new(params, key) }
    }

    pub(crate) fn identity(&self, name: &str) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        Identity::parse(certificate.pem().as_bytes(), key.serialize_pem().as_bytes()).unwrap()
    }

    pub(crate) fn authorities(&self) -> Authorities {
        Authorities::parse(self.certificate.pem().as_bytes()).unwrap()
    }
}

/// A server that is `identity`, and lets in only whom `clients` certifies where that is said.
pub(crate) fn server(
    identity: &Identity,
    clients: Option<&Authority>,
    version: &'static SupportedProtocolVersion,
) -> ServerConfig {
    let cryptography = Arc::new(ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&cryptography)).with_protocol_versions(&[version]).unwrap();
    let builder = match clients {
        Some(authority) => {
            let roots = Arc::new(authority.authorities().roots());
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, cryptography).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
        None => builder.with_no_client_auth(),
    };
    builder.with_single_cert(identity.chain(), identity.expose_key()).unwrap()
}

/// What came of a request, and whether the server ever saw one.
async fn ask(config: impl FnOnce(SuvConfig) -> SuvConfig, server: ServerConfig) -> (Result<Outcome, NotSent>, bool) {
    let peer = Peer::listening().await;
    let base_url = format!("https://localhost:{}/suv/v1", peer.address().port());
    let provider = SuvProvider::new(&config(crate::config(base_url))).unwrap();
    let asked = request(1, "AIRTIME");
    let serve = async {
        let Ok(mut connection) = peer.tls(server).await else { return false };
        let Some((_, body)) = connection.request().await else { return false };
        connection.approve(&body).await;
        true
    };
    tokio::join!(provider.ask(&asked, in_a_while()), serve)
}

pub(crate) fn is_approved(found: &Result<Outcome, NotSent>) -> bool {
    matches!(found, Ok(Outcome::Approved(_)))
}

#[tokio::test]
async fn a_provider_of_the_configured_authority_is_asked() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        let server = server(&authority.identity("localhost"), None, version);
        let (found, was_seen) =
            ask(|config| SuvConfig { authorities: Some(authority.authorities()), ..config }, server).await;
        assert!(is_approved(&found) && was_seen, "{version:?}: {found:?}");
    }
}

#[tokio::test]
async fn another_name_or_another_authority_is_certainly_not_sent() {
    let (authority, other) = (Authority::new(), Authority::new());
    for (what, identity, believed) in [
        ("another name", authority.identity("elsewhere.example"), Some(&authority)),
        ("a name below", authority.identity("a.localhost"), Some(&authority)),
        ("another authority", other.identity("localhost"), Some(&authority)),
        ("nobody's authority", authority.identity("localhost"), None),
    ] {
        for version in [&TLS12, &TLS13] {
            let authorities = believed.map(Authority::authorities);
            let (found, was_seen) =
                ask(|config| SuvConfig { authorities, ..config }, server(&identity, None, version)).await;
            assert_eq!((found, was_seen), (Err(NotSent::NoConnection), false), "{what}, {version:?}");
        }
    }
}

#[tokio::test]
async fn we_show_our_certificate_where_it_is_asked_for() {
    let (authority, clients) = (Authority::new(), Authority::new());
    for version in [&TLS12, &TLS13] {
        let server = server(&authority.identity("localhost"), Some(&clients), version);
        let ours = SuvConfig {
            authorities: Some(authority.authorities()),
            identity: Some(clients.identity("vouchsafe")),
            ..config(String::new())
        };
        let (found, was_seen) = ask(|config| SuvConfig { base_url: config.base_url, ..ours }, server).await;
        assert!(is_approved(&found) && was_seen, "{version:?}: {found:?}");
    }
}

#[tokio::test]
async fn without_the_certificate_that_is_asked_for_no_request_is_seen() {
    let (authority, clients, others) = (Authority::new(), Authority::new(), Authority::new());
    for identity in [None, Some(others.identity("vouchsafe"))] {
        for version in [&TLS12, &TLS13] {
            let server = server(&authority.identity("localhost"), Some(&clients), version);
            let (authorities, identity) = (Some(authority.authorities()), identity.clone());
            let (found, was_seen) = ask(|config| SuvConfig { authorities, identity, ..config }, server).await;
            assert!(!was_seen);
            let not_sent = found == Err(NotSent::NoConnection);
            // In TLS 1.3 the client has finished before the server looks at its certificate: the request may have
            // left by then, and nobody can prove that it was not read.
            let in_doubt = found == Ok(Outcome::Unknown(Doubt::NoAnswer));
            assert!(not_sent || (version == &TLS13 && in_doubt), "{version:?}: {found:?}");
        }
    }
}

#[tokio::test]
async fn a_handshake_that_nobody_waits_for_is_not_waited_for_without_end() {
    let authority = Authority::new();
    let tls = server(&authority.identity("localhost"), None, &TLS13);
    let peer = Peer::listening().await;
    let base_url = format!("https://localhost:{}/suv/v1", peer.address().port());
    let config = SuvConfig { authorities: Some(authority.authorities()), ..config(base_url) };
    let provider = SuvProvider::new(&config).unwrap();
    let (first, second) = (request(1, "AIRTIME"), request(2, "AIRTIME"));
    let serve = async {
        let mut connection = peer.tls(tls).await.unwrap();
        let (_, body) = connection.request().await.unwrap();
        // A second request finds this one busy, and has another made; and then it finds it idle.
        let mut silent = None;
        let ask = provider.ask(&second, in_a_while());
        let answer = async {
            silent = Some(peer.connection().await);
            connection.approve(&body).await;
            let (_, body) = connection.request().await.unwrap();
            connection.approve(&body).await;
        };
        let (found, ()) = tokio::join!(ask, answer);
        assert!(is_approved(&found), "{found:?}");
        silent.unwrap()
    };
    let (found, mut silent) = tokio::join!(provider.ask(&first, in_a_while()), serve);
    assert!(is_approved(&found), "{found:?}");
    let_pass(Duration::from_secs(11)).await;
    // It began to shake hands, and then it hung up.
    silent.stream.read_to_end(&mut Vec::new()).await.unwrap();
}
