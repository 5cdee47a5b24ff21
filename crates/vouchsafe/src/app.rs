//! Everything a request needs, gathered once at start.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vouchsafe_core::id::{ChannelId, ProviderId};
use vouchsafe_core::party::Institution;
use vouchsafe_core::route::Routes;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_store::Store;

use crate::clock::{Clock, SteadyTime};
use crate::config::Limits;
use crate::desk::Desk;
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
