//! The certificates and keys that are ours, and whose certificates we believe.

use std::path::PathBuf;

use vouchsafe_provider::pem::{Authorities, Identity, PemFault};

use super::Surroundings;
use super::document::{Section, Told};
use super::fault::{AccessWrong, Wrong};
use super::value;
use crate::live_file;

/// TLS towards channels. The files are not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// Our certificate, followed by those that lead to its authority, as PEM.
    pub certificate: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
    /// The authorities of channels' certificates, as PEM. Without them no certificate is asked for.
    pub client_authorities: Option<PathBuf>,
}

/// TLS towards a provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProviderTls {
    /// Whose certificates are believed there; this machine's authorities where nothing is said.
    pub authorities: Option<Authorities>,
    /// The certificate by which we are known there.
    pub identity: Option<Identity>,
}

/// The most that is read of a PEM file: a whole system's authorities are a quarter of that.
pub(crate) const MOST_OF_A_PEM_FILE: u64 = 1024 * 1024;

/// Reads `[tls]`, if it is there.
pub(super) fn read(root: &mut Section<'_, '_>, surroundings: Surroundings<'_>) -> Result<Option<Tls>, Told> {
    root.optional_table("tls", |section| {
        let certificate = section.required("certificate", value::path(surroundings.folder));
        let key = section.required("key", value::path(surroundings.folder));
        let client_authorities = section.optional("client_authorities", value::path(surroundings.folder));
        Ok(Tls { certificate: certificate?, key: key?, client_authorities: client_authorities? })
    })
}

/// Reads what a `[[provider]]` says of TLS, and the files that it names.
pub(super) fn of_provider(section: &mut Section<'_, '_>, surroundings: Surroundings<'_>) -> Result<ProviderTls, Told> {
    let path = |section: &mut Section<'_, '_>, key| section.optional(key, value::path(surroundings.folder));
    let (authorities, certificate, key) =
        (path(section, "tls_authorities"), path(section, "tls_certificate"), path(section, "tls_key"));
    let authorities = authorities.and_then(|path| {
        let Some(path) = path else { return Ok(None) };
        let pem = content(section, "tls_authorities", &path)?;
        Authorities::parse(&pem).map(Some).map_err(|fault| told(section, "tls_authorities", fault))
    });
    let identity = match (certificate?, key?) {
        (None, None) => None,
        (Some(certificate), Some(key)) => {
            let (chain, key) = (content(section, "tls_certificate", &certificate), content(section, "tls_key", &key));
            let identity = Identity::parse(&chain?, &key?).map_err(|fault| {
                let key = if fault == PemFault::NoCertificate { "tls_certificate" } else { "tls_key" };
                told(section, key, fault)
            });
            Some(identity?)
        }
        (Some(_), None) => return Err(section.fault("tls_key", Wrong::Missing)),
        (None, Some(_)) => return Err(section.fault("tls_certificate", Wrong::Missing)),
    };
    Ok(ProviderTls { authorities: authorities?, identity })
}

fn content(section: &mut Section<'_, '_>, key: &str, path: &std::path::Path) -> Result<Vec<u8>, Told> {
    live_file::content(path, MOST_OF_A_PEM_FILE)
        .map_err(|reason| section.fault(key, Wrong::Access(AccessWrong::File { file: path.to_owned(), reason })))
}

fn told(section: &mut Section<'_, '_>, key: &str, fault: PemFault) -> Told {
    section.fault(key, Wrong::Access(AccessWrong::Pem(fault)))
}
