//! What a crash, or a time that has come, owes to transactions: the same transitions, from another cause.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use vouchsafe_core::outcome::{Doubt, Outcome};
use vouchsafe_core::planted::{Bug, planted};
use vouchsafe_core::transaction::Event;
use vouchsafe_store::{Cause, StoreError, Transaction, TransactionNumber};

use crate::app::App;
use crate::flow::record::{News, NotSettled, confirms_at, record};
use crate::unending::unending;

/// How many transactions are settled side by side: they share commits, and memory stays small.
const BATCH: usize = 256;
/// How often the switch looks for what has become due.
const PULSE: Duration = Duration::from_secs(1);
/// By so much the wall clock may run ahead of even time between two looks; more is a leap.
const LEAP: Duration = Duration::from_secs(30);
/// How long the store is tried for one of them.
const RECORDING: Duration = Duration::from_secs(30);
/// After how long one that is damaged is tried, and told, again.
const PASSED_OVER_FOR: Duration = Duration::from_secs(5 * 60);

/// Settles what the last run of the switch left without an outcome, before this one takes new work: nobody waits
/// for those answers any more. The requests are never sent again; each is reversed, or an orphan. Returns how many
/// there were.
///
/// # Errors
/// The store could not be read, or did not take them.
pub async fn leftovers(app: &Arc<App>) -> Result<usize, StoreError> {
    settle_all(app, Owed::Outcome, Timestamp::MAX, &mut PassedOver::default()).await
}

/// What the time during which nobody could reach the switch, or a wall clock that leapt ahead, has made due too
/// early: confirmations that channels had no chance to forestall are put off; and advices that wait for a time which a
/// wrong clock has set are taken back into the bounds of their pauses.
async fn make_up(app: &Arc<App>, passed_over: &mut PassedOver) -> Result<(), StoreError> {
    settle_all(app, Owed::MissedConfirmation, app.due_by(), passed_over).await?;
    let horizons = app.providers.values().map(|desk| desk.sheet.in_flight_horizon);
    let longest = horizons.fold(app.limits.back_off.most, Duration::max);
    // The bound moves on with the clock, and fewer than a batch are the last: what deliveries put off meanwhile is within
    // bounds, and to wait until nothing is beyond an old bound might never end.
    while app.store.redrive(None, app.due_by() + longest, BATCH, None).await? == BATCH {}
    Ok(())
}

/// Starts looking, again and again, for answers that are overdue and confirmations whose time has come; runs until
/// the switch is stopping.
pub fn start(app: &Arc<App>) {
    unending(app, "settling what is due", look);
}

async fn look(app: Arc<App>) {
    let (mut made_up, mut passed_over) = (false, PassedOver::default());
    let mut last = Looked { told: app.clock.now(), at: Instant::now() };
    while !app.stopping.is_cancelled() {
        let now = Looked { told: app.clock.now(), at: Instant::now() };
        made_up &= !now.was_away_since(last);
        last = now;
        // What falls due from here on is judged by the next look, which knows whether there was a leap.
        let by = app.due_by();
        if !made_up {
            match make_up(&app, &mut passed_over).await {
                Ok(()) => made_up = true,
                Err(error) => tracing::error!(%error, "what is due could not be put right; trying again"),
            }
        }
        // No confirmation before those that were missed are put off.
        let owed = if made_up { &[Owed::Outcome, Owed::Confirmation][..] } else { &[Owed::Outcome] };
        for owed in owed.iter().copied() {
            match settle_all(&app, owed, by, &mut passed_over).await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, ?owed, "settled what was due"),
                Err(error) => {
                    // No reversal could be recorded either: what is due once the store is well again was missed.
                    made_up = false;
                    tracing::error!(%error, ?owed, "what is due could not be settled; trying again");
                }
            }
        }
        let _ = app.stopping.run_until_cancelled(sleep(PULSE.min(app.limits.back_off.first))).await;
    }
}

/// When it was looked for what is due: what the wall clock told, and by even time.
#[derive(Debug, Clone, Copy)]
struct Looked {
    told: Timestamp,
    at: Instant,
}

impl Looked {
    /// Whether the clock leapt between two looks, or the process stood still: nobody could reach it meanwhile. A look that
    /// takes as long counts, too, and what fell due meanwhile is put off without need, once.
    fn was_away_since(self, last: Self) -> bool {
        let passed = self.at - last.at;
        passed > LEAP || self.told > last.told + passed + LEAP
    }
}

/// What a transaction waits for.
#[derive(Debug, Clone, Copy)]
enum Owed {
    /// Its outcome: whoever was to hear it is gone.
    Outcome,
    /// The switch's own confirmation.
    Confirmation,
    /// The same, but its time came while nobody could have reversed.
    MissedConfirmation,
}

impl Owed {
    async fn due(self, app: &App, by: Timestamp, most: usize) -> Result<Vec<Transaction>, StoreError> {
        match self {
            Self::Outcome if planted(Bug::LeftoversIgnored) => Ok(Vec::new()),
            Self::Confirmation if planted(Bug::NobodyConfirms) => Ok(Vec::new()),
            Self::Outcome => app.store.unanswered(by, most).await,
            Self::Confirmation | Self::MissedConfirmation => app.store.unconfirmed(by, most).await,
        }
    }

    /// How long the store is tried. A confirmation is not forced on a store that is ill: whoever reverses meanwhile
    /// cannot be heard.
    const fn patience(self) -> Duration {
        match self {
            Self::Outcome | Self::MissedConfirmation => RECORDING,
            Self::Confirmation => PULSE,
        }
    }

    fn news(self, app: &App, transaction: &Transaction, by: Timestamp) -> News {
        match self {
            Self::Outcome => News::Heard(Outcome::Unknown(Doubt::Lost)),
            // Where the provider allows no later time, it is confirmed all the same.
            Self::MissedConfirmation if confirms_at(app, transaction) > by => News::happened(Event::ConfirmationPutOff),
            Self::Confirmation | Self::MissedConfirmation => News::happened(Event::ConfirmationDue),
        }
    }
}

/// The transactions of which nothing can be recorded, because something that is written with it is damaged, and when each is
/// tried again. They must not keep the others from their turn.
#[derive(Default)]
struct PassedOver(HashMap<TransactionNumber, Instant>);

impl PassedOver {
    fn holds(&self, number: TransactionNumber) -> bool {
        self.0.get(&number).is_some_and(|until| Instant::now() < *until)
    }

    fn put(&mut self, number: TransactionNumber) {
        self.0.insert(number, Instant::now() + PASSED_OVER_FOR);
    }
}

/// Settles everything that is due by then, batch by batch. What is damaged is told and passed over.
async fn settle_all(
    app: &Arc<App>,
    owed: Owed,
    by: Timestamp,
    passed_over: &mut PassedOver,
) -> Result<usize, StoreError> {
    let (mut count, mut damaged) = (0, 0);
    passed_over.0.retain(|_, until| Instant::now() < *until);
    loop {
        let due = owed.due(app, by, BATCH + passed_over.0.len()).await?;
        let due: Vec<_> = due.into_iter().filter(|transaction| !passed_over.holds(transaction.number)).collect();
        if due.is_empty() {
            if count == 0 && damaged > 0 {
                // Perhaps none of them is damaged, but the store is ill.
                app.store.check().await?;
            }
            return Ok(count);
        }
        let mut settling = JoinSet::new();
        for transaction in due {
            if planted(Bug::ResendAfterCrash) && matches!(owed, Owed::Outcome) {
                crate::planted::resend(app, &transaction).await;
            }
            let (app, news) = (Arc::clone(app), owed.news(app, &transaction, by));
            let until = Instant::now() + owed.patience();
            settling.spawn(async move { (transaction.number, record(&app, &transaction, &news, until).await) });
        }
        let mut failure = None;
        while let Some(settled) = settling.join_next().await {
            match settled {
                Ok((_, Ok(_))) => count += 1,
                // Somebody was faster: its answer came after all, or its reversal.
                Ok((_, Err(NotSettled::Refused(_) | NotSettled::NothingNew))) => {}
                Ok((number, Err(NotSettled::Store(error @ StoreError::Determinate(Cause::Damaged(_)))))) => {
                    tracing::error!(transaction.number = number.0, %error, ?owed, "it cannot be settled; the others are");
                    passed_over.put(number);
                    damaged += 1;
                }
                Ok((_, Err(NotSettled::Store(error)))) => failure = Some(error),
                // It is still due. Whoever looks for what is due must not end with it.
                Err(panic) => failure = Some(StoreError::Indeterminate(Cause::Engine(panic.to_string()))),
            }
        }
        if let Some(error) = failure {
            return Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_of_the_clock_and_a_process_that_stood_still_are_told_from_a_slow_look() {
        let last = Looked { told: Timestamp::UNIX_EPOCH, at: Instant::now() };
        let check = |told: i64, passed: u64, away: bool| {
            let told = Timestamp::from_second(told).unwrap();
            let now = Looked { told, at: last.at + Duration::from_secs(passed) };
            assert_eq!(now.was_away_since(last), away, "{told} after {passed} s");
        };
        check(1, 1, false);
        check(30, 30, false);
        // The whole machine stood still, or the process alone: both clocks went on, or only the even one.
        check(31, 31, true);
        check(1, 31, true);
        // The wall clock alone leapt ahead; a little is a correction.
        check(31, 1, false);
        check(32, 1, true);
        check(3600, 1, true);
        // One that was put back makes nothing due.
        check(-3600, 1, false);
    }
}
