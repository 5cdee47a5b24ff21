//! What a crash, or a time that has come, owes to transactions: the same transitions, from another cause.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use vouchsafe_core::outcome::{Doubt, Outcome};
use vouchsafe_core::transaction::Event;
use vouchsafe_store::{StoreError, Transaction};

use crate::app::App;
use crate::flow::record::{News, NotSettled, record};

/// How many transactions are settled side by side: they share commits, and memory stays small.
const BATCH: usize = 256;
/// How often the switch looks for what has become due.
const PULSE: Duration = Duration::from_secs(1);
/// How long the store is tried for one of them.
const RECORDING: Duration = Duration::from_secs(30);

/// Settles what the last run of the switch left without an outcome, before this one takes new work: nobody waits
/// for those answers any more. The requests are never sent again; each is reversed, or an orphan. Returns how many
/// there were.
///
/// # Errors
/// The store could not be read, or did not take them.
pub async fn leftovers(app: &Arc<App>) -> Result<usize, StoreError> {
    settle_all(app, Owed::Outcome, Timestamp::MAX).await
}

/// Starts looking, again and again, for answers that are overdue and confirmations whose time has come; runs until
/// the switch is stopping.
pub fn start(app: &Arc<App>) {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        while !app.stopping.is_cancelled() {
            for owed in [Owed::Outcome, Owed::Confirmation] {
                match settle_all(&app, owed, app.clock.now()).await {
                    Ok(0) => {}
                    Ok(count) => tracing::info!(count, ?owed, "settled what was due"),
                    Err(error) => tracing::error!(%error, ?owed, "what is due could not be settled; trying again"),
                }
            }
            let _ = app.stopping.run_until_cancelled(sleep(PULSE.min(app.limits.back_off.first))).await;
        }
    });
}

/// What a transaction waits for.
#[derive(Debug, Clone, Copy)]
enum Owed {
    /// Its outcome: whoever was to hear it is gone.
    Outcome,
    /// The switch's own confirmation.
    Confirmation,
}

impl Owed {
    async fn due(self, app: &App, by: Timestamp) -> Result<Vec<Transaction>, StoreError> {
        match self {
            Self::Outcome => app.store.unanswered(by, BATCH).await,
            Self::Confirmation => app.store.unconfirmed(by, BATCH).await,
        }
    }

    const fn news(self) -> News {
        match self {
            Self::Outcome => News::Heard(Outcome::Unknown(Doubt::Lost)),
            Self::Confirmation => News::happened(Event::ConfirmationDue),
        }
    }
}

/// Settles everything that is due by then, batch by batch.
async fn settle_all(app: &Arc<App>, owed: Owed, by: Timestamp) -> Result<usize, StoreError> {
    let mut count = 0;
    loop {
        let due = owed.due(app, by).await?;
        if due.is_empty() {
            return Ok(count);
        }
        let mut settling = JoinSet::new();
        for transaction in due {
            let (app, news) = (Arc::clone(app), owed.news());
            settling.spawn(async move { record(&app, &transaction, &news, Instant::now() + RECORDING).await });
        }
        for settled in settling.join_all().await {
            match settled {
                Ok(_) => count += 1,
                // Somebody was faster: its answer came after all, or its reversal.
                Err(NotSettled::Refused(_) | NotSettled::NothingNew) => {}
                Err(NotSettled::Store(error)) => return Err(error),
            }
        }
    }
}
