//! What can be wrong with a setting that says who gets in.

use std::fmt;
use std::io;
use std::path::PathBuf;

use vouchsafe_provider::pem::PemFault;

use super::why_unread;

/// What is wrong with a setting that says who gets in, or as whom we are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessWrong {
    /// The file that it names cannot be read.
    File {
        /// Which file.
        file: PathBuf,
        /// Why not.
        reason: io::ErrorKind,
    },
    /// The file that it names is at fault.
    Pem(PemFault),
    /// It names no certificate.
    Certificate,
    /// It is bound to a certificate, and none is asked for.
    NoClientAuthorities,
    /// It is neither an address nor a network.
    Network,
    /// It lets in no address at all.
    NoNetworks,
    /// The main configuration has a channel of this id.
    InConfiguration,
}

impl fmt::Display for AccessWrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, reason } => write!(f, "names {}, which {}", file.display(), why_unread(*reason)),
            Self::Pem(fault) => write!(f, "names a file that cannot be used: it {fault}"),
            Self::Certificate => f.write_str(
                "must be \"sha256:\" and the 64 hexadecimal digits of the certificate's fingerprint, \"dns:\" and a name, \
                 or \"uri:\" and a URI that stands in it, without a star",
            ),
            Self::NoClientAuthorities => f.write_str(
                "needs tls.client_authorities, the authorities of channels' certificates: without them none is asked for",
            ),
            Self::Network => f.write_str("must be an IP address or a network such as \"10.1.0.0/16\""),
            Self::NoNetworks => {
                f.write_str("must list one network at least; leave it out to let the channel call from anywhere")
            }
            Self::InConfiguration => f.write_str("is that of a channel in the main configuration; each must be its own"),
        }
    }
}
