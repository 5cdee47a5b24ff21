//! One provider's desk: how it is asked, and how much is being asked of it right now.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;
use vouchsafe_core::circuit::{Admitted, Circuit, CircuitRules, Health, Wait};
use vouchsafe_core::id::ChannelId;
use vouchsafe_core::outcome::{NotSent, Outcome};
use vouchsafe_core::rate::RateLimit;
use vouchsafe_core::sheet::Sheet;
use vouchsafe_core::text::FreeText;
use vouchsafe_provider::Provider;

mod shares;

use shares::{Held, Shares};

/// One provider: how it is asked, what it can do, and how much is being asked of it.
pub struct Desk {
    /// Our user name there, which is the `client.id` of our requests.
    pub user_name: FreeText,
    /// How it is asked.
    pub provider: Arc<dyn Provider>,
    /// What it can do.
    pub sheet: Sheet,
    /// Rung when an advice for it was queued.
    pub(crate) advices: Notify,
    circuit: Arc<Mutex<Circuit>>,
    shares: Shares,
    rate: Option<Mutex<RateLimit>>,
    since: Instant,
}

/// The right to ask a provider once; given back when dropped.
pub struct Turn {
    _held: Held,
    /// Given the trial back, if this is one and nothing was asked after all.
    circuit: Option<Arc<Mutex<Circuit>>>,
}

impl Turn {
    /// The same turn, now that the provider is asked.
    pub(crate) fn used(mut self) -> Self {
        self.circuit = None;
        self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(circuit) = &self.circuit {
            lock(circuit).untried();
        }
    }
}

/// A thread that panicked between two numbers left a usable value behind.
fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a provider cannot be asked right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRoom {
    /// It failed too often in a row: its circuit is open.
    Circuit,
    /// As many requests are under way as it takes.
    Concurrency,
    /// As many were sent this second as it takes.
    Rate,
}

impl Desk {
    /// A desk at which nothing is under way.
    pub fn new(user_name: FreeText, provider: Arc<dyn Provider>, sheet: Sheet, rules: CircuitRules) -> Self {
        let concurrency = usize::try_from(sheet.concurrency.get()).unwrap_or(usize::MAX);
        Self {
            user_name,
            provider,
            advices: Notify::new(),
            circuit: Arc::new(Mutex::new(Circuit::new(rules))),
            shares: Shares::new(concurrency),
            rate: sheet.rate.map(|rate| Mutex::new(RateLimit::new(rate))),
            since: Instant::now(),
            sheet,
        }
    }

    /// A turn for a channel's request, if there is room for one more.
    ///
    /// # Errors
    /// [`NoRoom`] says which cap is reached.
    pub fn turn(&self, channel: &ChannelId) -> Result<Turn, NoRoom> {
        self.turn_with(self.shares.take(channel))
    }

    /// A turn as soon as one of those that are under way has ended, if that is by `until`. The channel that has the fewest
    /// under way is first, and then whoever came first.
    pub(crate) async fn turn_by(&self, channel: &ChannelId, until: Instant) -> Result<Turn, NoRoom> {
        self.turn_with(self.shares.take_by(channel, until).await)
    }

    /// Whether as many requests are under way as it takes.
    pub(crate) fn is_busy(&self) -> bool {
        self.shares.are_all_taken()
    }

    fn turn_with(&self, held: Option<Held>) -> Result<Turn, NoRoom> {
        let held = held.ok_or(NoRoom::Concurrency)?;
        // The circuit last: a trial is dear, and given back only by the turn.
        if let Some(rate) = &self.rate
            && !lock(rate).admit(self.since.elapsed())
        {
            return Err(NoRoom::Rate);
        }
        let admitted = lock(&self.circuit).admit(self.since.elapsed()).ok_or(NoRoom::Circuit)?;
        // Whoever was let in freely and asks nothing has no trial to give back, though the circuit may have opened since.
        let circuit = (admitted == Admitted::OnTrial).then(|| Arc::clone(&self.circuit));
        Ok(Turn { _held: held, circuit })
    }

    /// What an answer, or its absence after such a wait, says about the provider's health.
    pub(crate) fn heard(&self, answer: &Result<Outcome, NotSent>, wait: Wait) {
        match Health::told_by(answer, wait) {
            Health::Well => lock(&self.circuit).heard(),
            Health::Ill => lock(&self.circuit).failed(self.since.elapsed()),
            // Had it been a trial, the next one is made after a pause, as if it had not been heard of.
            Health::Unsaid => {}
        }
    }

    /// Whether its circuit is open: no sales are asked of it but for trials.
    pub fn is_circuit_open(&self) -> bool {
        lock(&self.circuit).is_open()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use async_trait::async_trait;
    use vouchsafe_core::advice::Delivery;
    use vouchsafe_core::message::{BasicReversal, Request, TenderAdvice, VoucherQuery};
    use vouchsafe_core::outcome::{Doubt, Lookup};
    use vouchsafe_core::transaction::Kind;
    use vouchsafe_provider::Patience;

    use super::*;

    /// A provider that nobody comes to ask.
    struct Unasked;

    #[async_trait]
    impl Provider for Unasked {
        async fn ask(&self, _: &Request, _: Patience) -> Result<Outcome, NotSent> {
            panic!("nobody asks")
        }

        async fn reverse(&self, _: Kind, _: &BasicReversal, _: Instant) -> Delivery {
            panic!("nobody reverses")
        }

        async fn confirm(&self, _: Kind, _: &TenderAdvice, _: Instant) -> Delivery {
            panic!("nobody confirms")
        }

        async fn look_up(&self, _: &VoucherQuery, _: Instant) -> Lookup {
            panic!("nobody looks anything up")
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_trial_that_was_not_made_ends_the_pause_of_a_circuit() {
        let rules = CircuitRules::default();
        let desk = Desk::new(FreeText::new("us").unwrap(), Arc::new(Unasked), Sheet::full(), rules);
        let app = ChannelId::new("app").unwrap();
        let before = desk.turn(&app).unwrap();
        let all = Sheet::full().timeout;
        for _ in 0..rules.failures.get() {
            let wait = Wait { timeout: all, given: all, taken: all };
            desk.heard(&Ok(Outcome::Unknown(Doubt::NoAnswer)), wait);
        }
        drop(before);
        assert_eq!(desk.turn(&app).err(), Some(NoRoom::Circuit), "it was let in before, and asked nothing");
        tokio::time::advance(rules.pause + Duration::from_millis(1)).await;
        let trial = desk.turn(&app).unwrap();
        assert_eq!(desk.turn(&app).err(), Some(NoRoom::Circuit));
        drop(trial);
        assert!(desk.turn(&app).is_ok(), "the trial was not made");
    }
}
