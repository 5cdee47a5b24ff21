//! The certificate that channels see, and whose certificates are believed of them: read from files, looked at again, and
//! never replaced by what cannot be used.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use tokio::time::Instant;
use vouchsafe_provider::pem::{Authorities, Identity, PemFault};

use crate::config::{MOST_OF_A_PEM_FILE, Tls};
use crate::live_file::{Live, Look, Watched, content};

/// What is agreed on in the handshake: both versions of HTTP, the newer one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// TLS towards channels.
pub struct LiveTls {
    files: Tls,
    watched: Mutex<Watched>,
    /// The last good one.
    current: RwLock<Arc<ServerConfig>>,
    /// Whether the files say something else by now.
    is_stale: AtomicBool,
}

/// Why TLS cannot be used as configured.
#[derive(Debug)]
pub enum TlsFault {
    /// A file cannot be read.
    Unreadable(PathBuf, io::ErrorKind),
    /// A file does not hold what it should.
    Pem(PathBuf, PemFault),
    /// The authorities cannot judge anybody.
    Authorities(VerifierBuilderError),
    /// The certificate cannot be shown.
    Certificate(rustls::Error),
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(file, reason) => write!(f, "{} cannot be read: {reason}", file.display()),
            Self::Pem(file, fault) => write!(f, "{} {fault}", file.display()),
            Self::Authorities(fault) => write!(f, "tls.client_authorities cannot be used: {fault}"),
            Self::Certificate(fault) => write!(f, "tls.certificate cannot be used: {fault}"),
        }
    }
}

impl std::error::Error for TlsFault {}

impl LiveTls {
    /// TLS with these files as they are now.
    ///
    /// # Errors
    /// [`TlsFault`]: a switch does not start with a certificate that it cannot show.
    pub fn open(files: &Tls) -> Result<Self, TlsFault> {
        let paths = [Some(&files.certificate), Some(&files.key), files.client_authorities.as_ref()];
        let watched = Watched::new(paths.into_iter().flatten().cloned().collect());
        let current = RwLock::new(Arc::new(load(files)?));
        Ok(Self { files: files.clone(), watched: Mutex::new(watched), current, is_stale: AtomicBool::new(false) })
    }

    /// How the next handshake is made. Connections that there are keep what they began with.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        // A thread that panicked cannot have left half of it: it is replaced whole.
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn judge(&self) {
        let file = self.files.certificate.display();
        let loaded = load(&self.files);
        self.is_stale.store(loaded.is_err(), Ordering::Relaxed);
        match loaded {
            Ok(good) => {
                tracing::info!(tls.certificate = %file, "read the certificate again: new connections are shown it");
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(good);
            }
            Err(fault) => {
                tracing::error!(tls.certificate = %file, %fault, "TLS cannot be used as its files are: the last good pair stays in use");
            }
        }
    }
}

impl Live for LiveTls {
    fn name(&self) -> &'static str {
        "tls"
    }

    fn is_stale(&self) -> bool {
        self.is_stale.load(Ordering::Relaxed)
    }

    fn look(&self, _: Instant) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.look() == Look::Changed {
            self.judge();
        }
    }

    fn reload(&self, _: Instant) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.judge();
        self.judge();
    }
}

fn load(files: &Tls) -> Result<ServerConfig, TlsFault> {
    let read =
        |path: &PathBuf| content(path, MOST_OF_A_PEM_FILE).map_err(|reason| TlsFault::Unreadable(path.clone(), reason));
    let identity = Identity::parse(&read(&files.certificate)?, &read(&files.key)?).map_err(|fault| {
        let file = if fault == PemFault::NoCertificate { &files.certificate } else { &files.key };
        TlsFault::Pem(file.clone(), fault)
    })?;
    let cryptography = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&cryptography))
        .with_safe_default_protocol_versions()
        .map_err(TlsFault::Certificate)?;
    let builder = match &files.client_authorities {
        Some(file) => {
            let pem = Authorities::parse(&read(file)?).map_err(|fault| TlsFault::Pem(file.clone(), fault))?;
            // Whether a channel must show a certificate is the channel's own setting; one that is shown must be good.
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(pem.roots()), cryptography)
                .allow_unauthenticated()
                .build()
                .map_err(TlsFault::Authorities)?;
            builder.with_client_cert_verifier(verifier)
        }
        None => builder.with_no_client_auth(),
    };
    let mut config =
        builder.with_single_cert(identity.chain(), identity.expose_key()).map_err(TlsFault::Certificate)?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(config)
}
