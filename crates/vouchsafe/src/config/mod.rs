//! What an operator decides: one TOML file, read once and checked as a whole.
//!
//! `config.default.toml` in the repository shows every setting with its reason. A [`Config`] is valid: what the
//! file may not say never becomes one. Whoever reads a file is told all its faults at once, each with its line
//! and what to do about it.

pub mod catalogue;
mod certificate;
pub mod channel;
mod document;
mod fault;
mod limits;
mod provider;
mod secret_hash;
mod secret_source;
mod sheet;
mod tls;
mod value;

use std::fs;
use std::io::{self, Read as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use toml::de::DeValue;
use vouchsafe_core::party::Institution;
use vouchsafe_core::route::Routes;
use vouchsafe_core::text::{FreeText, Text};

pub use self::certificate::{CertificateName, NotACertificateName};
pub use self::channel::{Allowance, Channel};
use self::document::{Section, Told};
pub use self::fault::{AccessWrong, ConfigError, Fault, Kind, RowsWrong, Wrong};
pub use self::limits::Limits;
pub use self::provider::Provider;
pub use self::secret_hash::{NewSecret, NotAHash, SecretHash};
pub use self::secret_source::KeySource;
pub use self::sheet::{ShippedSheet, shipped as shipped_sheets};
pub(crate) use self::tls::MOST_OF_A_PEM_FILE;
pub use self::tls::{ProviderTls, Tls};
use self::value::Known;

/// Everything that is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where channels connect.
    pub listen: SocketAddr,
    /// TLS towards channels; without it they are spoken with in clear.
    pub tls: Option<Tls>,
    /// What every path of the interface begins with: it begins with a slash and ends without one.
    pub base_path: String,
    /// Where everything is remembered.
    pub store: StoreUri,
    /// Where the key is found that seals what is remembered. It is not read yet.
    pub sealing_key: KeySource,
    /// Who we are towards others.
    pub institution: Institution,
    /// Bounds on size and time.
    pub limits: Limits,
    /// How the log is written.
    pub log: LogFormat,
    /// Who may sell; each id once, and at least one where there is no file of channels.
    pub channels: Vec<Channel>,
    /// The file of further channels, for [`channel::load`].
    pub channels_file: Option<PathBuf>,
    /// Whom the switch may ask; at least one, each id once.
    pub providers: Vec<Provider>,
    /// The ways from a request to a provider. Each ends at one of `providers`.
    pub routes: Routes,
    /// The catalogue's file, for [`catalogue::load`]. Without one any product is passed on.
    pub catalogue: Option<PathBuf>,
}

/// Where everything is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUri {
    /// `sqlite:PATH`: a database file.
    Sqlite(PathBuf),
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// What a configuration refers to outside its own text.
#[derive(Clone, Copy)]
struct Surroundings<'a> {
    /// What relative paths are relative to.
    folder: &'a Path,
    /// Looks an environment variable up.
    environment: &'a dyn Fn(&str) -> Option<String>,
}

impl Config {
    /// Reads a configuration file; relative paths in it are relative to its folder.
    ///
    /// # Errors
    /// [`ConfigError`] with all that is wrong.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&content(path)?, folder, &|name| std::env::var(name).ok()).map_err(|error| error.in_file(path))
    }

    /// Reads a configuration; relative paths in it are relative to `folder`, and `environment` gives the value
    /// of a variable. The files of providers' passwords are read; the catalogue and the sealing key are not.
    ///
    /// # Errors
    /// [`ConfigError::Faulty`] with all that is wrong.
    pub fn parse(text: &str, folder: &Path, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let surroundings = Surroundings { folder, environment };
        document::read(text, |root| config(root, surroundings))
            .map_err(|faults| ConfigError::Faulty { file: None, faults })
    }
}

fn config(root: &mut Section<'_, '_>, surroundings: Surroundings<'_>) -> Result<Config, Told> {
    let folder = surroundings.folder;
    let listen = root.or("listen", SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)), value::address);
    let tls = tls::read(root, surroundings);
    let base_path = root.or("base_path", "/suv/v1".to_owned(), base_path);
    let store = root.required("store", |value| store(value, folder));
    let catalogue = root.optional("catalogue", value::path(folder));
    let sealing_key = root.table("sealing_key", |key| secret_source::read_sealing_key(key, folder));
    let institution = root.table("institution", institution);
    let limits = root.table("limits", limits::read);
    let log = root.table("log", |log| {
        log.or("format", LogFormat::default(), value::word(&[LogFormat::Text, LogFormat::Json], LogFormat::name))
    });
    let (providers, ids) = provider::read(root, surroundings);
    let known = ids.as_deref().map_or(Known::Any, Known::Only);
    let channels_file = root.optional("channels", value::path(folder));
    let certificates = !matches!(&tls, Ok(tls) if tls.as_ref().is_none_or(|tls| tls.client_authorities.is_none()));
    let compared =
        channel::Compared { providers: known, limits: limits.as_ref().ok(), certificates, others: Default::default() };
    let channels = channel::read(root, compared).and_then(|channels| {
        let is_nobody = channels.is_empty() && matches!(channels_file, Ok(None));
        if is_nobody { Err(root.fault("channel", Wrong::Nothing)) } else { Ok(channels) }
    });
    let routes = root.table("routes", |routes| {
        let settlement_entities = routes.names("settlement_entities", |value| known.provider(value));
        let receivers = routes.names("receivers", |value| known.provider(value));
        Ok(Routes { settlement_entities: settlement_entities?, receivers: receivers? })
    });
    Ok(Config {
        listen: listen?,
        tls: tls?,
        base_path: base_path?,
        store: store?,
        sealing_key: sealing_key?,
        institution: institution?,
        limits: limits?,
        log: log?,
        channels: channels?,
        channels_file: channels_file?,
        providers: providers?,
        routes: routes?,
        catalogue: catalogue?,
    })
}

impl LogFormat {
    const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// The largest file that is read, in bytes: a catalogue of some hundred thousand products.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The text of a file.
fn content(path: &Path) -> Result<String, ConfigError> {
    let read = || {
        let mut text = String::new();
        let length = fs::File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
        if u64::try_from(length).is_ok_and(|length| length <= LARGEST) {
            Ok(text)
        } else {
            Err(io::Error::from(io::ErrorKind::FileTooLarge))
        }
    };
    read().map_err(|error: io::Error| ConfigError::Unreadable { file: path.to_owned(), reason: error.kind() })
}

/// A path whose parts mean the same in every router and every client.
fn base_path(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = value::text(value)?;
    let plain = |part: &str| {
        let letters = |letter: u8| letter.is_ascii_alphanumeric() || b"._~-".contains(&letter);
        !matches!(part, "" | "." | "..") && part.bytes().all(letters)
    };
    let parts = text.strip_prefix('/').ok_or(Wrong::BasePath)?;
    if parts.split('/').all(plain) { Ok(text.to_owned()) } else { Err(Wrong::BasePath) }
}

fn store(value: &DeValue<'_>, folder: &Path) -> Result<StoreUri, Wrong> {
    let path = value::text(value)?.strip_prefix("sqlite:").ok_or(Wrong::Store)?;
    // SQLite keeps these in memory, where nothing survives a restart.
    if path.is_empty() || path.starts_with(":memory:") {
        return Err(Wrong::Store);
    }
    Ok(StoreUri::Sqlite(folder.join(path)))
}

fn institution(section: &mut Section<'_, '_>) -> Result<Institution, Told> {
    let own = |value: &DeValue<'_>| value::some_text(value).map(str::to_owned);
    let id = section.or("id", "vouchsafe".to_owned(), own);
    let name = section.or("name", "Vouchsafe".to_owned(), own);
    let id = FreeText::new(id?).map_err(|fault| section.fault("id", Wrong::Text(fault)));
    let name = Text::new(name?).map_err(|fault| section.fault("name", Wrong::Text(fault)));
    Ok(Institution { id: id?, name: name? })
}

#[cfg(test)]
mod tests;
