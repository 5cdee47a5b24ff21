//! The switch as a process: its configuration, its start, its end.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use tokio::time::Instant;
use vouchsafe::config::SecretHash;

use crate::fault::Fault;
use crate::message::{BASE_PATH, CHANNEL, CROWD, SECRET};
use crate::process::{Process, page};
use crate::workplace::{STORE, Workplace, key_digits};

/// A provider that the switch knows.
#[derive(Debug, Clone)]
pub(crate) struct KnownProvider {
    /// Its name, and its settlement entity's.
    pub(crate) id: &'static str,
    /// Where it is.
    pub(crate) address: SocketAddr,
    /// How many requests may be under way there.
    pub(crate) concurrency: u32,
    /// How many seconds it may take to answer.
    pub(crate) timeout_seconds: u32,
    /// How many seconds after the sale a voucher is confirmed.
    pub(crate) confirm_after_seconds: u32,
}

impl KnownProvider {
    /// One that nothing is to keep from being asked.
    pub(crate) const fn new(id: &'static str, address: SocketAddr) -> Self {
        Self { id, address, concurrency: 2000, timeout_seconds: 45, confirm_after_seconds: 900 }
    }

    /// The same; nothing that was sold there is confirmed while anything is measured.
    pub(crate) const fn unconfirmed(id: &'static str, address: SocketAddr) -> Self {
        Self { confirm_after_seconds: 86_400, ..Self::new(id, address) }
    }
}

/// How often a provider may fail in a row before it is asked no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Circuit {
    /// As many times as it is by default.
    Default,
    /// It goes on being asked: for measurements of what failing costs.
    Never,
}

/// A running switch.
pub(crate) struct Switch {
    /// Its process.
    pub(crate) process: Process,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// How long it took from its start until it was ready.
    pub(crate) start: Duration,
}

/// How long a switch may take to be ready: it may have a million transactions to settle first.
const START: Duration = Duration::from_secs(1800);
/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(5);

impl Switch {
    /// Starts the switch on the store of a folder and waits until it is ready. The first provider is the default.
    pub(crate) fn start(
        workplace: &Workplace,
        folder: &Path,
        providers: &[KnownProvider],
        circuit: Circuit,
    ) -> Result<Self, Fault> {
        Self::start_with(workplace, folder, providers, circuit, None)
    }

    /// The same, with a catalogue where there is to be one.
    pub(crate) fn start_with(
        workplace: &Workplace,
        folder: &Path,
        providers: &[KnownProvider],
        circuit: Circuit,
        catalogue: Option<&str>,
    ) -> Result<Self, Fault> {
        let (config, log) = (folder.join("vouchsafe.toml"), folder.join("switch.log"));
        write_all(folder, providers, circuit, catalogue)?;
        let opened = File::create(&log).map_err(Fault::machine("make the switch's log"))?;
        let begun = Instant::now();
        let mut process = Process::switch(&workplace.switch, &config, opened)?;
        let mut address = None;
        while begun.elapsed() < START && !process.has_ended() {
            address = address.or_else(|| fs::read_to_string(&log).ok().and_then(|log| serving(&log)));
            if let Some(address) = address
                && page(address, "/health/ready").is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
            {
                return Ok(Self { process, address, start: begun.elapsed() });
            }
            sleep(LOOK);
        }
        let wrong = format!("it is not ready; it said: {}", fs::read_to_string(&log).unwrap_or_default().trim());
        Err(Fault::Nonsense { process: process.name().to_owned(), wrong })
    }
}

/// The name of a catalogue in its folder.
const CATALOGUE: &str = "catalogue.toml";

/// Everything that a switch reads.
fn write_all(
    folder: &Path,
    providers: &[KnownProvider],
    circuit: Circuit,
    catalogue: Option<&str>,
) -> Result<(), Fault> {
    let mut files = vec![("sealing.key", key_digits()), ("provider.password", "any".to_owned())];
    let mut configured = configuration(providers, circuit);
    if let Some(catalogue) = catalogue {
        configured.insert_str(0, &format!("catalogue = \"{CATALOGUE}\"\n"));
        files.push((CATALOGUE, catalogue.to_owned()));
    }
    files.push(("vouchsafe.toml", configured));
    for (name, text) in files {
        fs::write(folder.join(name), text).map_err(Fault::machine(format!("write {name}")))?;
    }
    Ok(())
}

/// The address in the line that says that the switch serves.
fn serving(log: &str) -> Option<SocketAddr> {
    let (_, after) = log.split_once("serving address=")?;
    let (address, _) = after.split_once(' ')?;
    address.parse().ok()
}

/// Everything that has a default keeps it: what is measured is what is shipped.
fn configuration(providers: &[KnownProvider], circuit: Circuit) -> String {
    let secret = SecretHash::of(SECRET);
    let default_provider = providers.first().map_or("", |provider| provider.id);
    let mut text = format!(
        r#"listen = "127.0.0.1:0"
store = "sqlite:{STORE}"
sealing_key.file = "sealing.key"
institution = {{ id = "vouchsafe", name = "Vouchsafe" }}

[[channel]]
id = "{CHANNEL}"
messaging = "single"
secrets = ["{secret}"]
default_provider = "{default_provider}"

[[channel]]
id = "{CROWD}"
messaging = "single"
secrets = ["{secret}"]
default_provider = "{default_provider}"
"#
    );
    let mut routes = "[routes.settlement_entities]\n".to_owned();
    for KnownProvider { id, address, concurrency, timeout_seconds, confirm_after_seconds } in providers {
        // Writing into a string cannot fail.
        let _ = write!(
            text,
            r#"
[[provider]]
id = "{id}"
protocol = "suv"
base_url = "http://{address}{BASE_PATH}"
user_name = "vouchsafe"
password_file = "provider.password"
concurrency = {concurrency}
timeout_seconds = {timeout_seconds}
confirm_after_seconds = {confirm_after_seconds}
"#
        );
        let _ = writeln!(routes, "\"{id}\" = \"{id}\"");
    }
    let limits = match circuit {
        Circuit::Default => "",
        Circuit::Never => "\n[limits]\ncircuit_failures = 100000\n",
    };
    format!("{text}\n{routes}{limits}")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use vouchsafe::config::Config;

    use super::*;

    #[test]
    fn the_configuration_is_one_that_the_switch_takes() {
        let folder = tempfile::tempdir().unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let providers = [KnownProvider::new("one", address), KnownProvider::new("other", address)];
        for circuit in [Circuit::Default, Circuit::Never] {
            write_all(folder.path(), &providers, circuit, None).unwrap();
            let config = Config::load(&folder.path().join("vouchsafe.toml")).unwrap();
            assert_eq!((config.channels.len(), config.providers.len()), (2, 2));
        }
    }

    #[test]
    fn the_log_says_where_it_listens() {
        let line = "2026-11-23T09:30:00Z  INFO vouchsafe::command::serve: serving address=127.0.0.1:81 channels=1";
        assert_eq!(serving(line), Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 81))));
        assert_eq!(serving("serving address=127.0."), None);
    }
}
