//! The auditor, once everything has come to its end.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use vouchsafe::audit::{self, Inputs, Report};
use vouchsafe_store::sqlite::SqliteStore;
use vouchsafe_store::{Reference, Store, TransactionNumber};

use super::channel_log::ChannelLog;
use super::eventually;
use super::simulated::Simulated;

/// Whether the switch owes nothing to anybody any more. What it is to confirm by itself counts only if it is to do so
/// within the test.
pub(crate) async fn is_settled(store: &dyn Store, confirms: bool) -> Option<()> {
    let is_open = !store.tally().await.ok()?.open_advices.is_empty()
        || !store.unanswered(Timestamp::MAX, 1).await.ok()?.is_empty()
        || (confirms && !store.unconfirmed(Timestamp::MAX, 1).await.ok()?.is_empty());
    (!is_open).then_some(())
}

/// Audits a store against a channel log, the ledgers of simulated providers, each with its name, and further files.
///
/// An answer that comes late can open again what was settled: what is audited must be settled before and after, and
/// nothing may have been written meanwhile. Where the store cannot be opened, a switch is between two lives.
pub(crate) async fn audited(
    open: impl Fn() -> Option<Arc<SqliteStore>>,
    confirms: bool,
    log: &ChannelLog,
    providers: &[(&str, &Simulated)],
    texts: Vec<PathBuf>,
) -> Report {
    let ledger = |(name, provider): &(&str, &Simulated)| ((*name).to_owned(), provider.ledger());
    let inputs = Inputs {
        channel_logs: vec![log.path().to_owned()],
        provider_ledgers: providers.iter().map(ledger).collect(),
        texts,
        settled: true,
        ..Inputs::none()
    };
    eventually("everything is settled, and stays so while it is audited", async || {
        let store = open()?;
        is_settled(&*store, confirms).await?;
        let before = versions(&*store).await?;
        let report = audit::audit(&*store, &inputs, &|_, _| ()).await.unwrap();
        // Whatever happened to it, nobody has altered it.
        let verdict = store.verify(|_, _| ()).await.unwrap();
        assert_eq!(verdict.broken, 0, "{:?}", verdict.told);
        (versions(&*store).await? == before).then_some(report)
    })
    .await
}

/// How often each transaction was written to.
async fn versions(store: &dyn Store) -> Option<Vec<u32>> {
    let mut versions = Vec::new();
    for number in 1.. {
        let found = store.look_up(Reference::Number(TransactionNumber(number))).await.ok()?;
        match found.first() {
            Some(transaction) => versions.push(transaction.version),
            None => break,
        }
    }
    Some(versions)
}
