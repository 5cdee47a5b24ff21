//! `vouchsafe sandbox`: everything at once, for trying out.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vouchsafe_core::id::{ChannelId, ProviderId};
use vouchsafe_core::party::Institution;
use vouchsafe_core::secret::Secret;
use vouchsafe_core::sheet::{RetrySupport, Sheet};
use vouchsafe_core::text::{FreeText, UpTo};
use vouchsafe_provider::simulator::faults::Faults;
use vouchsafe_provider::simulator::plays::Play;
use vouchsafe_provider::simulator::{self, BASE_PATH};

use crate::access::Access;
use crate::clock::{Clock as _, MachineClock, new_id};
use crate::command::assemble::Door;
use crate::command::{
    Failure, SandboxArguments, assemble, block_on, say, simulator::ledger, simulator::simulated as simulated_provider,
};
use crate::config::catalogue::{self, SIMULATED, SIMULATED_FULL, Simulated};
use crate::config::{Config, KeySource, Limits, LogFormat, Provider, ProviderTls, StoreUri};
use crate::live_catalogue::LiveCatalogue;
use crate::telemetry;

/// Where everything is kept unless a person says otherwise.
pub(crate) const DATA: &str = "vouchsafe-data/sandbox";
/// Where the operations are.
const BASE: &str = "/suv/v1";
/// The simulated providers answer at once or not at all; nobody who tries things out waits 45 seconds for that.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a channel waits, as by the interface.
const CHANNEL_WAIT: Duration = Duration::from_secs(60);
/// What the simulated providers' vouchers follow from.
const SEED: u64 = 1;

/// Runs a switch with its simulated providers until it is asked to stop.
pub(crate) fn sandbox(arguments: &SandboxArguments) -> Result<(), Failure> {
    assemble::only_here(arguments.listen, arguments.insecure, "sandbox")?;
    let _log = telemetry::start(LogFormat::Text).map_err(Failure::failed)?;
    assemble::make_folder(&arguments.data)?;
    let mut config = config(arguments)?;
    let store = assemble::open_store(&config)?;
    block_on(async {
        let closing = CancellationToken::new();
        let mut simulators = Vec::new();
        for (simulated, provider) in SIMULATED.iter().zip(&mut config.providers) {
            let (address, serving) = simulate(simulated, arguments, closing.clone()).await?;
            provider.base_url = format!("http://{address}{BASE_PATH}");
            simulators.push(serving);
        }
        let app = assemble::app(&config, store, LiveCatalogue::fixed(catalogue::demo()))?;
        let listener = assemble::listen(arguments.listen).await?;
        let welcome = welcome(listener.local_addr().unwrap_or(arguments.listen), &arguments.data);
        let access = Access::Anybody {
            messaging: arguments.messaging,
            default_provider: provider_id(SIMULATED_FULL)?,
            wait: CHANNEL_WAIT,
        };
        let door = Door { listener, tls: None, access, base_path: BASE };
        let served = assemble::serve(door, app, || say(&welcome)).await;
        closing.cancel();
        for simulator in simulators {
            // They have nothing left to do that could fail.
            let _ = simulator.await;
        }
        served
    })
}

/// Starts a simulated provider on a port of its own; its ledger is in the data folder.
async fn simulate(
    simulated: &Simulated,
    arguments: &SandboxArguments,
    closing: CancellationToken,
) -> Result<(SocketAddr, tokio::task::JoinHandle<std::io::Result<()>>), Failure> {
    let listener = assemble::listen((Ipv4Addr::LOCALHOST, 0).into()).await?;
    let address = listener.local_addr().map_err(Failure::failed)?;
    let name = simulated.provider;
    let ledger = ledger(Some(&arguments.data.join(format!("{name}.ledger.jsonl"))))?;
    let mut simulator = simulated_provider(name, SEED, Faults::default(), ledger)?;
    // It plays the sheet that the sandbox's configuration gives it, and books whatever breaks it.
    simulator.plays = simulated.plays.to_vec();
    simulator.messaging = arguments.messaging;
    let serving = tokio::spawn(simulator::serve(listener, simulator, async move { closing.cancelled().await }));
    Ok((address, serving))
}

/// What a simulated provider can do.
fn sheet(simulated: &Simulated) -> Sheet {
    let advices = !simulated.plays.contains(&Play::NoAdvices);
    let retries = !simulated.plays.contains(&Play::NoRetries);
    Sheet {
        confirmations: advices,
        reversals: advices,
        retry: if retries { RetrySupport::Supported } else { RetrySupport::Unsupported },
        timeout: PROVIDER_TIMEOUT,
        in_flight_horizon: 2 * PROVIDER_TIMEOUT,
        ..Sheet::full()
    }
}

/// The sandbox's configuration: one provider for each kind of sheet.
fn config(arguments: &SandboxArguments) -> Result<Config, Failure> {
    let provider = |simulated: &Simulated| -> Result<Provider, Failure> {
        Ok(Provider {
            id: provider_id(simulated.provider)?,
            base_url: String::new(),
            user_name: ChannelId::new("sandbox").map_err(Failure::failed)?,
            password: Secret::new("sandbox".to_owned()),
            tls: ProviderTls::default(),
            sheet: sheet(simulated),
        })
    };
    let (store, sealing_key) = kept_in(&arguments.data);
    Ok(Config {
        listen: arguments.listen,
        tls: None,
        base_path: BASE.to_owned(),
        store,
        sealing_key,
        institution: Institution {
            id: FreeText::new("vouchsafe").map_err(Failure::failed)?,
            name: UpTo::new("Vouchsafe").map_err(Failure::failed)?,
        },
        limits: Limits::default(),
        log: LogFormat::Text,
        channels: Vec::new(),
        channels_file: None,
        providers: SIMULATED.iter().map(provider).collect::<Result<_, _>>()?,
        routes: vouchsafe_core::route::Routes::default(),
        catalogue: None,
    })
}

/// The store in a sandbox's folder, and where its key is.
pub(crate) fn kept_in(data: &Path) -> (StoreUri, KeySource) {
    (StoreUri::Sqlite(data.join("vouchsafe.db")), KeySource::File(data.join("sealing.key")))
}

fn provider_id(name: &str) -> Result<ProviderId, Failure> {
    ProviderId::new(name).map_err(Failure::failed)
}

/// What a person sees: where it is, and a sale to copy and paste.
fn welcome(address: SocketAddr, data: &Path) -> String {
    let id = new_id(&MachineClock);
    let time = format!("{:.3}", MachineClock.now());
    format!(
        r#"
Vouchsafe sandbox at http://{address}{BASE}      documentation: http://{address}/docs
Data in {data}. ANYBODY IS LET IN: the user name is the channel's id, any password will do.

Sell a voucher (the same once more gives DUPLICATE_RECORD; take a new id for each sale):

curl -i -u demo-app:secret http://{address}{BASE}/vouchers -H 'Content-Type: application/json' -d '{{
  "id": "{id}", "time": "{time}",
  "originator": {{"institution": {{"id": "demo-app", "name": "Demo App"}}, "terminalId": "APP00001",
    "merchant": {{"merchantType": "5411", "merchantId": "000000000012345",
      "merchantName": {{"name": "Corner Shop", "city": "Cape Town", "region": "WC", "country": "ZA"}}}}}},
  "client": {{"id": "demo-app", "name": "Demo App"}}, "thirdPartyIdentifiers": [],
  "product": {{"productId": "AIRTIME50"}}
}}'

Other products, and magic ones for every kind of trouble, are listed in the README. Ctrl-C stops.
"#,
        data = data.display(),
    )
}
