//! `vouchsafe audit`: three records compared by somebody who believes none of them.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _, stderr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::audit::{self, CodeHasher, Inputs, ProductNames, Stage};
use crate::command::store::StoreArguments;
use crate::command::{Failure, assemble, block_on, say};
use crate::config::Config;
use crate::config::catalogue::{self, Sources};

/// What the help teaches of the formats; docs/audit.md has every field.
pub(crate) const FORMATS: &str = r#"A channel log has one JSON object a line for each message that a channel sent:

  {"sentAt":"2026-11-23T09:30:00.000Z","channel":"app","operation":"request","kind":"provision",
   "requestId":"b8e3b2f0-6c5f-4d0a-9a53-2f6a1c7d9e10","amount":5000,"currency":"710","product":"AIRTIME50",
   "answer":{"at":"2026-11-23T09:30:00.120Z","status":201,"codeHash":"9f86d081...","amount":5000,"currency":"710"}}

  operation is request, retry, reversal, confirmation or lookup; an advice has its own id in adviceId. A message that
  was never answered has no answer. codeHash is the HMAC-SHA-256 of the code with the key of --code-key, or its plain
  SHA-256 without one: never write a code.

A provider's ledger has one JSON object a line for each request and advice that the provider heard:

  {"at":"2026-11-23T09:30:00.050Z","event":"sold","id":"b8e3b2f0-6c5f-4d0a-9a53-2f6a1c7d9e10",
   "product":"AIRTIME50","amount":5000,"currency":"710","codeFingerprint":"9f86d081"}

  event is sold, redeemed, refunded, refused, dropped, reversed, confirmed, forestalled, advised or breach; id is the
  request's id towards the provider. `vouchsafe simulator --ledger FILE` writes one. docs/audit.md shows every field.

Nothing may be written to the records meanwhile. Memory: up to 300 bytes for each line of the logs and ledgers and 50
for each code in the store; the store itself is read a few transactions at a time.

Exit codes: 0 nothing is wrong, 1 something is, 2 the records cannot be used."#;

/// What `audit` can be told.
#[derive(Debug, Args)]
pub(crate) struct AuditArguments {
    /// What a channel sent and was told, as JSON Lines; may be given several times.
    #[arg(long, value_name = "FILE")]
    channel_log: Vec<PathBuf>,
    /// A copy of the store, to be read in place of the one that the configuration or the folder names.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// What a provider did, as JSON Lines, after the provider's name: `acme=/var/acme.jsonl`; may be given several times.
    #[arg(long, value_name = "PROVIDER=FILE", value_parser = named_file)]
    provider_ledger: Vec<(String, PathBuf)>,
    /// A further file in which no code may stand: a log, a trace, a dump; may be given several times.
    #[arg(long, value_name = "FILE")]
    text: Vec<PathBuf>,
    /// The key of the hashes of codes in the channel logs: at least 16 bytes.
    #[arg(long, value_name = "FILE")]
    code_key: Option<PathBuf>,
    /// How far the clocks of channels and switch may be apart.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    clocks_differ_by: u64,
    /// Demand that everything has come to its end: no advice is open, no outcome waited for.
    #[arg(long)]
    settled: bool,
    #[command(flatten)]
    store: StoreArguments,
}

/// A provider's name and its file.
fn named_file(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => Ok((name.to_owned(), PathBuf::from(file))),
        _ => Err("say whose it is, by the name in the configuration: PROVIDER=FILE".to_owned()),
    }
}

/// Audits, and prints what was found.
pub(crate) fn audit(arguments: &AuditArguments) -> Result<(), Failure> {
    // The exit code 1 is for violations alone.
    let report = compare(arguments).map_err(Failure::into_unusable)?;
    say(&report.to_string())?;
    if report.is_clean() { Ok(()) } else { Err(Failure::failed("the records break what must always be true")) }
}

fn compare(arguments: &AuditArguments) -> Result<audit::Report, Failure> {
    let config = arguments.store.config()?;
    let hasher = match &arguments.code_key {
        Some(path) => CodeHasher::keyed(path).map_err(Failure::unusable)?,
        None => CodeHasher::plain(),
    };
    let inputs = Inputs {
        channel_logs: arguments.channel_log.clone(),
        provider_ledgers: arguments.provider_ledger.clone(),
        texts: arguments.text.clone(),
        hasher,
        products: product_names(config.as_ref())?,
        clocks_differ_by: Duration::from_secs(arguments.clocks_differ_by),
        settled: arguments.settled,
    };
    let store = arguments.store.find_at(arguments.journal.as_deref())?.read()?;
    let is_seen = stderr().is_terminal();
    let report = block_on(async {
        audit::audit(&store, &inputs, &|stage, count| show(is_seen, stage, count)).await.map_err(Failure::unusable)
    });
    if is_seen {
        // What it wrote over is gone; so is this if nobody can see it.
        let _ = write!(stderr(), "\r\x1b[K");
    }
    report
}

/// Says how far it is, to whoever sits and waits.
fn show(is_seen: bool, stage: Stage, count: u64) {
    if !is_seen || !count.is_multiple_of(10_000) {
        return;
    }
    let what = match stage {
        Stage::ChannelLog => "lines of a channel log",
        Stage::ProviderLedger => "lines of a provider's ledger",
        Stage::Transactions => "transactions compared",
        Stage::Codes => "lines searched for codes",
    };
    let mut line = String::new();
    // Writing to a string cannot fail, and nobody misses a line of progress.
    let _ = write!(line, "\r\x1b[K{count} {what}");
    let _ = stderr().write_all(line.as_bytes());
}

/// What providers call the products of a configuration's catalogue, or of the sandbox's.
fn product_names(config: Option<&Config>) -> Result<ProductNames, Failure> {
    let catalogue = match config {
        None => catalogue::demo(),
        Some(Config { catalogue: None, .. }) => return Ok(ProductNames::default()),
        Some(config @ Config { catalogue: Some(path), .. }) => {
            catalogue::load(path, Sources::Of(&assemble::provider_ids(config))).map_err(Failure::unusable)?
        }
    };
    let names = catalogue.items().iter().flat_map(|item| {
        item.sources.iter().map(|source| {
            let names = [source.provider.as_str(), item.product.product_id.as_str(), source.product_id.as_str()];
            names.map(str::to_owned).into()
        })
    });
    Ok(ProductNames(names.collect()))
}
