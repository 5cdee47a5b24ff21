//! Everything a request needs, gathered once at start.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vouchsafe_core::circuit::{Circuit, CircuitRules, Health, Wait};
use vouchsafe_core::id::{ChannelId, ProviderId};
use vouchsafe_core::outcome::{NotSent, Outcome};
use vouchsafe_core::party::Institution;
use vouchsafe_core::rate::RateLimit;
use vouchsafe_core::route::Routes;
use vouchsafe_core::sheet::{Messaging, Sheet};
use vouchsafe_core::text::FreeText;
use vouchsafe_provider::Provider;
use vouchsafe_store::Store;

use crate::clock::{Clock, SteadyTime};
use crate::config::Limits;
use crate::live_catalogue::LiveCatalogue;
use crate::metrics::Metrics;
use crate::watchers::{Openings, Watchers};

/// The switch at work.
pub struct App {
    /// Its memory.
    pub store: Arc<dyn Store>,
    /// Whom it can ask.
    pub providers: HashMap<ProviderId, Desk>,
    /// The ways from a request to a provider.
    pub routes: Routes,
    /// What it sells; without a catalogue nothing is checked and nothing is mapped.
    pub catalogue: LiveCatalogue,
    /// Who it is towards others.
    pub institution: Institution,
    /// Bounds on size and time.
    pub limits: Limits,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
    /// The time by which it is said when something is due, and judged what is.
    pub steady: SteadyTime,
    /// What is counted for whoever watches it.
    pub metrics: Metrics,
    /// Who waits for news of a transaction.
    pub watchers: Watchers,
    /// Which transactions are being opened right now.
    pub openings: Openings,
    /// Work that must end before the switch may stop.
    pub work: TaskTracker,
    /// Set once the switch is to stop.
    pub stopping: CancellationToken,
}

impl App {
    /// The time by which it is said when something is due, and judged what is. It may be ahead of the wall clock, so neither
    /// is compared with the other.
    pub(crate) fn due_by(&self) -> Timestamp {
        self.steady.at(self.clock.now(), Instant::now())
    }

    /// Any evenly spread number.
    pub(crate) fn draw(&self) -> u64 {
        let mut bytes = [0; 8];
        self.clock.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

/// A channel as the switch knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Who finalises its transactions.
    pub messaging: Messaging,
    /// Who is asked when nothing else says.
    pub default_provider: Option<ProviderId>,
    /// How long it waits for an answer.
    pub wait: Duration,
}

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
    under_way: Arc<Semaphore>,
    rate: Option<Mutex<RateLimit>>,
    since: Instant,
}

/// The right to ask a provider once; given back when dropped.
pub struct Turn {
    _under_way: OwnedSemaphorePermit,
    /// Given the trial back if nothing was asked after all.
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
        let concurrency = usize::try_from(sheet.concurrency.get()).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            user_name,
            provider,
            advices: Notify::new(),
            circuit: Arc::new(Mutex::new(Circuit::new(rules))),
            under_way: Arc::new(Semaphore::new(concurrency)),
            rate: sheet.rate.map(|rate| Mutex::new(RateLimit::new(rate))),
            since: Instant::now(),
            sheet,
        }
    }

    /// A turn, if there is room for one more request.
    ///
    /// # Errors
    /// [`NoRoom`] says which cap is reached.
    pub fn turn(&self) -> Result<Turn, NoRoom> {
        self.turn_with(Arc::clone(&self.under_way).try_acquire_owned().map_err(|_| NoRoom::Concurrency)?)
    }

    /// A turn as soon as one of those that are under way has ended, if that is by `until`. Whoever came first is first.
    pub(crate) async fn turn_by(&self, until: Instant) -> Result<Turn, NoRoom> {
        match timeout_at(until, Arc::clone(&self.under_way).acquire_owned()).await {
            Ok(Ok(permit)) => self.turn_with(permit),
            Ok(Err(_)) | Err(_) => Err(NoRoom::Concurrency),
        }
    }

    /// Whether as many requests are under way as it takes.
    pub(crate) fn is_busy(&self) -> bool {
        self.under_way.available_permits() == 0
    }

    fn turn_with(&self, permit: OwnedSemaphorePermit) -> Result<Turn, NoRoom> {
        // The circuit last: a trial is dear, and given back only by the turn.
        if let Some(rate) = &self.rate
            && !lock(rate).admit(self.since.elapsed())
        {
            return Err(NoRoom::Rate);
        }
        if !lock(&self.circuit).admit(self.since.elapsed()) {
            return Err(NoRoom::Circuit);
        }
        Ok(Turn { _under_way: permit, circuit: Some(Arc::clone(&self.circuit)) })
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
