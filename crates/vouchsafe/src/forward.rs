//! Store-and-forward: every advice reaches its provider, however often that takes.
//!
//! Each provider has a dispatcher of its own, so that none waits for another. It takes the advices that are due
//! out of the store, a bounded number at a time, and delivers them side by side up to the provider's cap. A
//! transaction has at most one open advice, so its advices keep their order. What came of a delivery is in the store
//! before its place is given to another; a crash in between sends the same advice again.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use vouchsafe_core::advice::{Advice, AdviceEnd, Afterwards, Delivery, Hindrance, afterwards};
use vouchsafe_core::error_detail::ErrorDetail;
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::planted::{Bug, planted};
use vouchsafe_core::sheet::Sheet;
use vouchsafe_core::text::FreeText;
use vouchsafe_core::transaction::Event;
use vouchsafe_store::{Attempt, Cause, Dossier, OpenAdvice, StoreError, TransactionNumber};

use crate::app::App;
use crate::desk::Desk;
use crate::flow::record::{Ended, News, NotSettled, record};
use crate::flow::translation::{Message, advice, own_reference};
use crate::unending::unending;

mod not_found;

use not_found::NotFound;

/// How often each dispatcher looks for advices whose pause is over. What is queued meanwhile rings at once.
const PULSE: Duration = Duration::from_secs(1);
/// How many deliveries are begun together. Of a provider that answers each one that ends lets as many begin; of one that
/// does not they come to its cap one [`breath`] after the other, so that those whose pauses were over together do not take
/// the machine from other providers' sales.
const TOGETHER: u32 = 4;
const SHORTEST_BREATH: Duration = Duration::from_millis(5);
const LONGEST_BREATH: Duration = Duration::from_millis(60);
/// Added to a pause that must not be too short: the times of a store are cut to milliseconds.
const ROUNDING: Duration = Duration::from_millis(5);
/// How long the store is tried for the end of an advice before the advice is simply sent again.
const RECORDING: Duration = Duration::from_secs(30);

/// Starts a dispatcher for each provider; they run until the switch is stopping.
pub fn start(app: &Arc<App>) {
    // In the order of their names, for a run on virtual time must be the same run every time.
    let mut providers: Vec<_> = app.providers.keys().cloned().collect();
    providers.sort();
    for provider in providers {
        unending(app, "delivering advices", move |app| dispatch(app, provider.clone()));
    }
    let app = Arc::clone(app);
    tokio::spawn(async move { tell_of_strangers(&app).await });
}

/// Tells of advices whose provider is configured no more: nobody can deliver them.
async fn tell_of_strangers(app: &App) {
    match app.store.tally().await {
        Ok(tally) => {
            for owed in tally.open_advices.iter().filter(|owed| !app.providers.contains_key(&owed.provider)) {
                tracing::error!(
                    provider = %owed.provider, count = owed.count, oldest = %owed.oldest,
                    "advices wait for a provider that is not configured; put it back"
                );
            }
        }
        Err(error) => tracing::warn!(%error, "what is owed could not be counted"),
    }
}

async fn dispatch(app: Arc<App>, provider: ProviderId) {
    let Some(desk) = app.providers.get(&provider) else { return };
    let cap = usize::try_from(desk.sheet.concurrency.get()).unwrap_or(usize::MAX);
    let (together, breath) = (TOGETHER as usize, breath(&desk.sheet));
    let pulse = PULSE.min(app.limits.back_off.first);
    // What is being delivered right now; it is still due by the store.
    let mut under_way = HashSet::new();
    let mut deliveries = JoinSet::new();
    let not_found = Arc::new(NotFound::new(app.limits.back_off.most));
    let mut waiting = VecDeque::new();
    // A look costs the same for one advice as for a screenful, so it is not made for each that ends: only while the
    // last look found more than there was room for.
    let mut look = true;
    let mut more = false;
    let mut next_look = Instant::now() + pulse;
    while !app.stopping.is_cancelled() {
        if look && waiting.is_empty() && under_way.len() < cap {
            look = false;
            next_look = Instant::now() + pulse;
            match due(&app, &provider, cap, &under_way).await {
                Ok((due, are_all)) => (waiting, more) = (due, !are_all),
                Err(error) => tracing::warn!(%provider, %error, "the advices that are due could not be read"),
            }
        }
        for open in waiting.drain(..together.min(waiting.len()).min(cap - under_way.len())) {
            under_way.insert(open.transaction.number);
            deliveries.spawn(deliver(Arc::clone(&app), provider.clone(), Arc::clone(&not_found), open));
        }
        let goes_on = !waiting.is_empty() && under_way.len() < cap;
        // What has ended makes room for what is looked for, so it comes first; and no draw decides, so that a run on
        // virtual time can be repeated.
        tokio::select! {
            biased;
            // With nothing under way there is nothing to join, and this branch is off.
            Some(ended) = deliveries.join_next() => {
                let mut next = Some(ended);
                while let Some(ended) = next {
                    match ended {
                        Ok(number) => { under_way.remove(&number); }
                        Err(fault) => {
                            tracing::error!(%provider, %fault, "a delivery failed inside the switch");
                            // Nobody knows whose it was: the rest is waited for, and then all is free again.
                            while deliveries.join_next().await.is_some() {}
                            under_way.clear();
                        }
                    }
                    next = deliveries.try_join_next();
                }
                look |= more && under_way.len() <= cap / 2;
            }
            () = app.stopping.cancelled() => {}
            () = desk.advices.notified() => look = true,
            () = sleep(breath), if goes_on => {}
            () = sleep_until(next_look), if !goes_on => (look, next_look) = (true, Instant::now() + pulse),
        }
    }
    // What is under way is dropped here and sent again after the next start: repeats do no harm.
}

/// How long it takes before more are begun though none has ended. Those that hang hang for the provider's time, and are
/// spread over it: otherwise they would all end at once, and as many begin at once, again and again.
fn breath(sheet: &Sheet) -> Duration {
    (sheet.timeout * TOGETHER / sheet.concurrency.get()).clamp(SHORTEST_BREATH, LONGEST_BREATH)
}

/// The advices to deliver next: due, not under way, and no more than there is room for; and whether these are all.
async fn due(
    app: &App,
    provider: &ProviderId,
    cap: usize,
    under_way: &HashSet<TransactionNumber>,
) -> Result<(VecDeque<OpenAdvice>, bool), StoreError> {
    let room = cap.saturating_sub(under_way.len());
    let due = app.store.due_advices(provider, app.due_by(), cap).await?;
    let are_all = due.len() < cap;
    let due = due.into_iter().filter(|open| !under_way.contains(&open.transaction.number));
    Ok((due.take(room).collect(), are_all))
}

/// Delivers one advice, once, and writes down what came of it. Where that fails the advice is still due. Returns whose
/// it was.
async fn deliver(app: Arc<App>, provider: ProviderId, not_found: Arc<NotFound>, open: OpenAdvice) -> TransactionNumber {
    let number = open.transaction.number;
    let Some(desk) = app.providers.get(&provider) else { return number };
    let sent_at = Instant::now();
    let delivery = attempt(&app, &provider, desk, &open).await.unwrap_or_else(|error| {
        tracing::error!(transaction.number = number.0, %error, "an advice could not be read; trying again later");
        // It is put off as if it could not be sent: what cannot be read, perhaps ever, must not stay the longest due
        // and hold up the others.
        Delivery::Again { why: Hindrance::NoConnection, retry_after: None }
    });
    if let Err(error) = note(&app, desk, &not_found, &open, sent_at, delivery).await {
        tracing::error!(transaction.number = number.0, %error, "what came of an advice could not be written; trying again");
        // It is still due. Where its transaction is damaged it is put off as far as can be: the provider must not be told the
        // same again and again. Else the store has failed, and is given time.
        let due_at = app.due_by() + app.limits.back_off.most;
        let hindrance = open.attempts.hindrance.unwrap_or(Hindrance::Status);
        let put_off = Attempt { number, version: open.version, due_at, hindrance };
        if !matches!(error.cause(), Cause::Damaged(_)) || app.store.put_off(put_off).await.is_err() {
            let _ = app.stopping.run_until_cancelled(sleep(PULSE)).await;
        }
    }
    number
}

async fn attempt(app: &App, of: &ProviderId, desk: &Desk, open: &OpenAdvice) -> Result<Delivery, StoreError> {
    if planted(Bug::CircuitStopsAdvices) && desk.is_circuit_open() {
        return Ok(Delivery::Again { why: Hindrance::NoConnection, retry_after: None });
    }
    if open.transaction.provider != *of {
        return Err(StoreError::Determinate(Cause::Damaged("an advice is in another provider's list".to_owned())));
    }
    let Dossier { request, journal } = app.store.dossier(open.transaction.number).await?;
    // The list that it was found in is kept apart from the journal, which is proven.
    let entry = journal.iter().find(|entry| entry.version == open.version);
    let written = entry.and_then(|entry| entry.advice.as_ref());
    if !written.is_some_and(|written| (written.id, written.advice) == (open.queued.id, open.queued.advice)) {
        return Err(StoreError::Determinate(Cause::Damaged("an advice is another than its journal says".to_owned())));
    }
    let own = own_reference(&app.institution, &open.transaction);
    let by = Instant::now() + desk.sheet.timeout;
    let (provider, message) = (Arc::clone(&desk.provider), advice(open, &request, &journal, own));
    let kind = open.transaction.key.kind;
    // A task of its own: an adapter that panics has sent nothing that counts, and the advice goes on.
    let sending = tokio::spawn(async move {
        match message {
            Message::Reversal(reversal) => provider.reverse(kind, &reversal, by).await,
            Message::Confirmation(confirmation) => provider.confirm(kind, &confirmation, by).await,
        }
    });
    // Adapters keep to the time they are given; one that does not must not hold the queue up.
    match timeout(desk.sheet.timeout * 2, sending).await {
        Ok(Ok(delivery)) => return Ok(delivery),
        Ok(Err(fault)) => {
            tracing::error!(transaction.number = open.transaction.number.0, %fault, "a provider adapter failed");
        }
        Err(_) => {}
    }
    Ok(Delivery::Again { why: Hindrance::NoAnswer, retry_after: None })
}

async fn note(
    app: &App,
    desk: &Desk,
    not_found: &NotFound,
    open: &OpenAdvice,
    sent_at: Instant,
    delivery: Delivery,
) -> Result<(), StoreError> {
    let horizon = desk.sheet.in_flight_horizon;
    let is_proven = delivery == Delivery::NotFound && not_found.is_proven(open, horizon, sent_at, Instant::now());
    let is_proven = is_proven || planted(Bug::GivesUpOn404) || (planted(Bug::NotFoundByClock) && open.not_found);
    let (pause, hindrance) = match afterwards(open.queued.advice, &delivery, is_proven) {
        Afterwards::Ended(end) => return ended(app, open, end, delivery).await,
        Afterwards::Again(_) if planted(Bug::GivesUp) && open.attempts.count > 2 => {
            return ended(app, open, AdviceEnd::Delivered, delivery).await;
        }
        Afterwards::OnceMore => (horizon + ROUNDING, Hindrance::NotFound),
        Afterwards::Again(hindrance) => {
            let retry_after = match delivery {
                Delivery::Again { retry_after, .. } => retry_after,
                Delivery::Taken | Delivery::NotFound | Delivery::Refused(_) => None,
            };
            (app.limits.back_off.pause(open.attempts.count + 1, app.draw(), retry_after), hindrance)
        }
    };
    tracing::debug!(transaction.number = open.transaction.number.0, %hindrance, "an advice is sent again later");
    let (number, version) = (open.transaction.number, open.version);
    app.store.put_off(Attempt { number, version, due_at: app.due_by() + pause, hindrance }).await?;
    app.watchers.tell_of_attempt(&open.transaction.key);
    Ok(())
}

async fn ended(app: &App, open: &OpenAdvice, end: AdviceEnd, delivery: Delivery) -> Result<(), StoreError> {
    let event = match (open.queued.advice, end) {
        (Advice::Reversal(_), AdviceEnd::Delivered | AdviceEnd::Consumed) => Event::ReversalDelivered,
        (Advice::Reversal(_), AdviceEnd::Refused) => Event::ReversalRefused,
        (Advice::Confirmation, AdviceEnd::Delivered | AdviceEnd::Consumed) => Event::ConfirmationDelivered,
        (Advice::Confirmation, AdviceEnd::Refused) => Event::ConfirmationRefused,
    };
    let only_as_it_stood = delivery == Delivery::NotFound;
    let is_forgotten = only_as_it_stood && was_approved(app, open).await;
    let words = match delivery {
        Delivery::Refused(error) => Some(words(error.into())),
        Delivery::NotFound if is_forgotten => Some(format!("{}, though it had approved it", Hindrance::NotFound)),
        Delivery::NotFound => Some(Hindrance::NotFound.to_string()),
        Delivery::Taken | Delivery::Again { .. } => None,
    };
    let number = open.transaction.number.0;
    if end == AdviceEnd::Refused && !is_forgotten {
        tracing::error!(transaction.number = number, provider = %open.transaction.provider, %event, "a provider refuses an advice");
    }
    let ends = Some(Ended { version: open.version, end, only_as_it_stood });
    let news = News::Happened { event, ends, note: words.and_then(|words| FreeText::new(words).ok()) };
    match record(app, &open.transaction, &news, Instant::now() + RECORDING).await {
        // Where another node was faster there is nothing left to write; nor where a late answer shows that the reversal was
        // too early, which is still due.
        Err(NotSettled::NothingNew) => Ok(()),
        Ok(_) => {
            if is_forgotten {
                tracing::error!(
                    transaction.number = number, provider = %open.transaction.provider, %event,
                    "a provider had approved this, and does not know it any more: ask it what became of it"
                );
            }
            Ok(())
        }
        Err(NotSettled::Store(error)) => Err(error),
        Err(refused @ NotSettled::Refused(_)) => {
            tracing::error!(transaction.number = number, ?refused, "the end of an advice does not fit its transaction");
            Ok(())
        }
    }
}

/// Whether the provider has approved what an advice is about. One that says later that it does not know it has nothing more
/// to be told, and yet what it approved may stand.
async fn was_approved(app: &App, open: &OpenAdvice) -> bool {
    let number = open.transaction.number;
    match app.store.journal(number).await {
        Ok(journal) => journal.iter().any(|entry| matches!(entry.outcome, Some(Outcome::Approved(_)))),
        Err(error) => {
            tracing::warn!(transaction.number = number.0, %error, "whether this was approved could not be read");
            false
        }
    }
}

/// The provider's own words for its refusal, in one line.
fn words(error: ErrorDetail) -> String {
    let code = error.provider_error_code.map(|code| format!(" ({})", code.as_str())).unwrap_or_default();
    format!("{}: {}{code}", error.error_type, error.error_message.as_str())
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn what_hangs_is_spread_over_the_time_that_it_hangs() {
        let check = |timeout_milliseconds, concurrency, expect| {
            let timeout = Duration::from_millis(timeout_milliseconds);
            let concurrency = NonZeroU32::new(concurrency).unwrap();
            let sheet = Sheet { timeout, concurrency, ..Sheet::full() };
            assert_eq!(
                breath(&sheet),
                Duration::from_millis(expect),
                "{timeout_milliseconds} ms, {concurrency} at once"
            );
        };
        check(1_000, 80, 50);
        // A queue that has grown long goes out, though nobody answers.
        check(30_000, 64, 60);
        check(30_000, 1, 60);
        // As many at once as can be are still not all at once.
        check(1_000, 10_000, 5);
    }
}
