//! The other end of a connection, as far as it is known before anything is said.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use webpki::EndEntityCert;

use crate::config::CertificateName;

/// Who is at the other end of a connection. Behind a proxy that is the proxy: what a header says of others is not
/// believed.
#[derive(Debug, Clone)]
pub struct Peer {
    address: IpAddr,
    certificate: Option<Arc<PeerCertificate>>,
}

/// A certificate that an authority of ours has vouched for.
#[derive(Debug)]
struct PeerCertificate {
    fingerprint: [u8; 32],
    dns_names: Vec<String>,
    uris: Vec<String>,
}

impl Peer {
    /// Whoever calls from `address` and has shown this certificate, which was checked in the handshake.
    #[must_use]
    pub fn new(address: IpAddr, certificate: Option<&CertificateDer<'_>>) -> Self {
        let certificate = certificate.map(|certificate| Arc::new(PeerCertificate::read(certificate)));
        // An IPv4 address stays one on a listener that takes both kinds.
        Self { address: address.to_canonical(), certificate }
    }

    pub(crate) const fn address(&self) -> IpAddr {
        self.address
    }

    /// Whether it has shown a certificate of this name.
    pub(crate) fn is(&self, name: &CertificateName) -> bool {
        self.certificate.as_ref().is_some_and(|certificate| match name {
            CertificateName::Fingerprint(fingerprint) => certificate.fingerprint == *fingerprint,
            CertificateName::Dns(name) => certificate.dns_names.contains(name),
            CertificateName::Uri(uri) => certificate.uris.contains(uri),
        })
    }
}

impl PeerCertificate {
    fn read(certificate: &CertificateDer<'_>) -> Self {
        // The handshake has read it, so it can be read; of one that could not be, only its fingerprint is known.
        let read = EndEntityCert::try_from(certificate).ok();
        let dns_names = read.iter().flat_map(|read| read.valid_dns_names()).map(str::to_ascii_lowercase).collect();
        let uris = read.iter().flat_map(|read| read.valid_uri_names()).map(str::to_owned).collect();
        Self { fingerprint: Sha256::digest(certificate).into(), dns_names, uris }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    #[test]
    fn a_certificate_is_known_by_itself_and_by_the_names_in_it() {
        let mut params = CertificateParams::new(["App.Example".to_owned(), "*.wild.example".to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::URI("spiffe://example/app".try_into().unwrap()));
        params.distinguished_name.push(rcgen::DnType::CommonName, "common.example");
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let address = "::ffff:10.0.0.1".parse().unwrap();
        let (shown, none) = (Peer::new(address, Some(certificate.der())), Peer::new(address, None));
        let digits: String = Sha256::digest(certificate.der()).iter().map(|byte| format!("{byte:02x}")).collect();
        for (name, expect) in [
            (format!("sha256:{digits}"), true),
            (format!("sha256:{}", "0a".repeat(32)), false),
            ("dns:app.example".to_owned(), true),
            ("dns:other.example".to_owned(), false),
            ("dns:a.wild.example".to_owned(), false),
            ("dns:common.example".to_owned(), false),
            ("uri:spiffe://example/app".to_owned(), true),
            ("uri:spiffe://example/App".to_owned(), false),
        ] {
            let named = CertificateName::parse(&name).unwrap();
            assert_eq!((shown.is(&named), none.is(&named)), (expect, false), "{name}");
        }
        assert_eq!(shown.address().to_string(), "10.0.0.1");
    }
}
