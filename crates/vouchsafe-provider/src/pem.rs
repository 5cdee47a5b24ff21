//! Certificates and keys as PEM files hold them, judged once and not at every connection.

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use vouchsafe_core::secret::Secret;

/// Whose certificates are believed: at least one authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorities(Vec<CertificateDer<'static>>);

/// A certificate with the chain that leads to its authority, and its private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: Secret<Arc<PrivateKeyDer<'static>>>,
}

/// Why PEM cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PemFault {
    /// There is no certificate in it, or one that is damaged.
    NoCertificate,
    /// There is no private key in it, or one that is damaged.
    NoKey,
    /// A certificate in it cannot be an authority's.
    NoAuthority,
    /// The key is not that of the first certificate, or of a kind that is not known.
    OtherKey,
}

impl fmt::Display for PemFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCertificate => "must hold a certificate as PEM (-----BEGIN CERTIFICATE-----), and whole ones only",
            Self::NoKey => "must hold a private key as PEM (-----BEGIN PRIVATE KEY-----) without a password",
            Self::NoAuthority => "holds a certificate that cannot be an authority's",
            Self::OtherKey => "is not the key of the first certificate, or is of a kind that is not known",
        })
    }
}

impl std::error::Error for PemFault {}

impl Authorities {
    /// The authorities in a PEM file.
    ///
    /// # Errors
    /// [`PemFault::NoCertificate`] or [`PemFault::NoAuthority`].
    pub fn parse(pem: &[u8]) -> Result<Self, PemFault> {
        let authorities = certificates(pem)?;
        for authority in &authorities {
            RootCertStore::empty().add(authority.clone()).map_err(|_| PemFault::NoAuthority)?;
        }
        Ok(Self(authorities))
    }

    /// As they are handed to whoever checks a certificate.
    #[must_use]
    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        // None is left out: each was taken once when it was parsed.
        roots.add_parsable_certificates(self.0.iter().cloned());
        roots
    }
}

impl Identity {
    /// The certificate, with what follows it, and the key of two PEM files.
    ///
    /// # Errors
    /// [`PemFault::NoCertificate`], [`PemFault::NoKey`], or [`PemFault::OtherKey`] where they do not belong together.
    pub fn parse(chain: &[u8], key: &[u8]) -> Result<Self, PemFault> {
        let chain = certificates(chain)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| PemFault::NoKey)?;
        CertifiedKey::from_der(chain.clone(), key.clone_key(), &ring::default_provider())
            .map_err(|_| PemFault::OtherKey)?;
        Ok(Self { chain, key: Secret::new(Arc::new(key)) })
    }

    /// The certificate first, then those that lead to its authority.
    #[must_use]
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.chain.clone()
    }

    /// The private key. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose_key(&self) -> PrivateKeyDer<'static> {
        self.key.expose().clone_key()
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemFault> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    all.ok().filter(|all| !all.is_empty()).ok_or(PemFault::NoCertificate)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, generate_simple_self_signed};

    use super::*;

    fn pair() -> (String, String) {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["house.example".to_owned()]).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    #[test]
    fn only_a_key_of_its_own_makes_a_certificate_an_identity() {
        let ((chain, key), (other, _)) = (pair(), pair());
        let check = |chain: &str, key: &str, expect: Result<usize, PemFault>| {
            let found = Identity::parse(chain.as_bytes(), key.as_bytes()).map(|identity| identity.chain().len());
            assert_eq!(found, expect, "{chain}{key}");
        };
        check(&chain, &key, Ok(1));
        check(&format!("words\n{chain}{other}"), &key, Ok(2));
        check(&other, &key, Err(PemFault::OtherKey));
        check("", &key, Err(PemFault::NoCertificate));
        check(&key, &key, Err(PemFault::NoCertificate));
        check(&format!("{chain}{}", &other[..other.len() / 2]), &key, Err(PemFault::NoCertificate));
        check(&chain, "", Err(PemFault::NoKey));
        check(&chain, &chain, Err(PemFault::NoKey));
        check(&chain, &key[..key.len() / 2], Err(PemFault::NoKey));
    }

    #[test]
    fn authorities_are_whole_certificates() {
        let ((one, key), (two, _)) = (pair(), pair());
        let check = |pem: &str, expect: Result<usize, PemFault>| {
            let found = Authorities::parse(pem.as_bytes()).map(|authorities| authorities.roots().len());
            assert_eq!(found, expect, "{pem}");
        };
        check(&format!("{one}{two}"), Ok(2));
        check("", Err(PemFault::NoCertificate));
        check(&key, Err(PemFault::NoCertificate));
        check("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", Err(PemFault::NoAuthority));
    }

    #[test]
    fn a_key_cannot_be_printed() {
        let (chain, key) = pair();
        let identity = Identity::parse(chain.as_bytes(), key.as_bytes()).unwrap();
        assert!(format!("{identity:?}").contains("key: ***"));
    }
}
