//! What an operator watches: counted as it happens, or read when somebody asks. No label holds an id or a secret,
//! and the number of label values is bounded.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::time::Instant;
use vouchsafe_core::advice::AdviceEnd;
use vouchsafe_core::id::{ChannelId, ProviderId};
use vouchsafe_core::outcome::{Decline, Doubt, NotSent};
use vouchsafe_core::transaction::Kind;
use vouchsafe_store::{Figures, StoreError, Tally};

use crate::access::Full;
use crate::app::App;
use crate::desk::NoRoom;
use crate::flow::{AdviceRefusal, Refusal};

/// How many channels are told apart; anybody may choose a name in a sandbox, and each is kept in memory.
const CHANNELS: usize = 1_000;
/// What the channels beyond those are called together, and a request for which no provider was chosen.
const OTHER: &str = "other";
const NONE: &str = "none";
/// The bounds of the buckets of the providers' answering times, in seconds.
const SECONDS: [f64; 12] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

type Labels = Vec<(&'static str, String)>;

/// What is counted as it happens.
pub struct Metrics {
    counted: Registry,
    requests: Family<Labels, Counter>,
    answering: Family<Labels, Histogram, fn() -> Histogram>,
    advices: Family<Labels, Counter>,
    turned_away: Family<Labels, Counter>,
    files: Family<Labels, Gauge>,
    channels: Mutex<HashSet<ChannelId>>,
}

/// An operation of the interface, as far as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Request(Kind),
    Retry,
    Reversal(Kind),
    Confirmation(Kind),
    VoucherLookup,
    RedemptionLookup,
}

impl Operation {
    const fn name(self) -> &'static str {
        match self {
            Self::Request(kind) => kind.name(),
            Self::Retry => "retry",
            Self::Reversal(Kind::Provision) => "reversal",
            Self::Reversal(Kind::Redemption) => "redemption_reversal",
            Self::Reversal(Kind::Refund) => "refund_reversal",
            Self::Confirmation(Kind::Provision) => "confirmation",
            Self::Confirmation(Kind::Redemption) => "redemption_confirmation",
            Self::Confirmation(Kind::Refund) => "refund_confirmation",
            Self::VoucherLookup => "voucher_lookup",
            Self::RedemptionLookup => "redemption_lookup",
        }
    }
}

/// How a request ended, by whose doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The channel got what it asked for.
    Approved,
    /// The provider said no.
    Declined,
    /// The provider failed, was silent, could not be reached, or has failed so often that it is not asked.
    ProviderFault,
    /// The switch failed, or its credentials are wrong.
    OwnFault,
    /// The provider's concurrency or rate was used up.
    NoRoom,
    /// The switch refused by its rules.
    Refused,
}

impl Ending {
    const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::ProviderFault => "provider_fault",
            Self::OwnFault => "own_fault",
            Self::NoRoom => "no_room",
            Self::Refused => "refused",
        }
    }

    /// How a request, its retry or a lookup ended.
    pub(crate) fn of<T>(answer: &Result<T, Refusal>) -> Self {
        match answer {
            Ok(_) => Self::Approved,
            Err(Refusal::Declined(Decline::ByProvider(_))) => Self::Declined,
            Err(
                Refusal::Declined(Decline::NotSent(NotSent::NoConnection | NotSent::NoTime))
                | Refusal::Unknown(Doubt::NoAnswer | Doubt::Unusable { .. })
                | Refusal::NoRoom(NoRoom::Circuit)
                | Refusal::AdvicesFirst,
            ) => Self::ProviderFault,
            Err(
                Refusal::Declined(Decline::OurCredentials | Decline::NotSent(NotSent::NoDescriptor))
                | Refusal::Unknown(Doubt::Lost)
                | Refusal::NotRecorded
                | Refusal::Unsure,
            ) => Self::OwnFault,
            Err(Refusal::NoRoom(NoRoom::Concurrency | NoRoom::Rate)) => Self::NoRoom,
            Err(
                Refusal::DuplicateRecord
                | Refusal::OtherRequest(_)
                | Refusal::NoRetries
                | Refusal::NotOffered
                | Refusal::AlreadyReversed
                | Refusal::NoRoute
                | Refusal::NoSuchRedemption
                | Refusal::NeverSeen
                | Refusal::KeptNoLonger
                | Refusal::NotYours
                | Refusal::StillOpen
                | Refusal::NotForSale(_),
            ) => Self::Refused,
        }
    }

    /// How a confirmation or a reversal ended.
    pub(crate) const fn of_advice(answer: &Result<(), AdviceRefusal>) -> Self {
        match answer {
            Ok(()) => Self::Approved,
            Err(AdviceRefusal::NotRecorded) => Self::OwnFault,
            Err(
                AdviceRefusal::NothingToFinalise
                | AdviceRefusal::AlreadyConfirmed
                | AdviceRefusal::AlreadyReversed
                | AdviceRefusal::ConfirmedByAnother
                | AdviceRefusal::NotAuthorised,
            ) => Self::Refused,
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut counted = Registry::with_prefix("vouchsafe");
        let (requests, advices, turned_away) = (Family::default(), Family::default(), Family::default());
        let files = Family::default();
        let answering: Family<_, _, fn() -> Histogram> = Family::new_with_constructor(|| Histogram::new(SECONDS));
        counted.register("requests", "Requests answered", requests.clone());
        counted.register(
            "provider_answer_seconds",
            "How long providers take to answer a sale, or are waited for",
            answering.clone(),
        );
        counted.register("advices_ended", "Advices that ended", advices.clone());
        counted.register("turned_away", "Requests that were not let in, before they were read", turned_away.clone());
        let stale = "Whether a file says something else by now, which cannot be used";
        counted.register("file_stale", stale, files.clone());
        let metrics = Self { counted, requests, answering, advices, turned_away, files, channels: Mutex::default() };
        // None is a number too: who watches what grows sees nothing in a series that begins with its first.
        drop(metrics.turned_away.get_or_create(&without_credentials()));
        metrics
    }
}

impl Metrics {
    /// A request was answered.
    pub(crate) fn answered(
        &self,
        operation: Operation,
        channel: &ChannelId,
        provider: Option<&ProviderId>,
        ending: Ending,
    ) {
        let labels = vec![
            ("operation", operation.name().to_owned()),
            ("channel", self.channel(channel)),
            ("provider", provider.map_or(NONE, |provider| provider.as_str()).to_owned()),
            ("outcome", ending.name().to_owned()),
        ];
        self.requests.get_or_create(&labels).inc();
    }

    /// A provider was asked for a sale, and answered or was given up after so long.
    pub(crate) fn asked(&self, provider: &ProviderId, took: Duration) {
        self.answering.get_or_create(&by_provider(provider)).observe(took.as_secs_f64());
    }

    /// An advice ended, and that is on disk.
    pub(crate) fn advice_ended(&self, provider: &ProviderId, end: AdviceEnd) {
        self.advices.get_or_create(&by_end(provider, end)).inc();
    }

    /// A request was not let in: for want of room, or of good credentials. Whose name those were given with is not told,
    /// because strangers choose it.
    pub(crate) fn turned_away(&self, for_want_of_room: Option<(&ChannelId, Full)>) {
        let labels = for_want_of_room.map_or_else(without_credentials, |(channel, full)| {
            vec![("channel", self.channel(channel)), ("reason", full.name().to_owned())]
        });
        self.turned_away.get_or_create(&labels).inc();
    }

    /// Whether a file that may change while the switch runs says something else by now that cannot be used.
    pub(crate) fn file(&self, name: &str, is_stale: bool) {
        self.files.get_or_create(&vec![("file", name.to_owned())]).set(i64::from(is_stale));
    }

    /// A channel's name, or the name for all those that came after the first many.
    fn channel(&self, channel: &ChannelId) -> String {
        // A thread that panicked between two names left a usable set behind.
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if !channels.contains(channel) {
            if channels.len() >= CHANNELS {
                return OTHER.to_owned();
            }
            channels.insert(channel.clone());
        }
        channel.as_str().to_owned()
    }
}

fn by_provider(provider: &ProviderId) -> Labels {
    vec![("provider", provider.as_str().to_owned())]
}

fn by_end(provider: &ProviderId, end: AdviceEnd) -> Labels {
    let mut labels = by_provider(provider);
    labels.push(("end", end.name().to_owned()));
    labels
}

fn without_credentials() -> Labels {
    vec![("channel", NONE.to_owned()), ("reason", "credentials".to_owned())]
}

/// All of it as Prometheus reads it: what was counted, and how things stand now.
///
/// # Errors
/// The store could not be read.
pub async fn text(app: &App) -> Result<String, StoreError> {
    let mut now = Registry::with_prefix("vouchsafe");
    for provider in app.providers.keys() {
        AdviceEnd::ALL.iter().for_each(|end| drop(app.metrics.advices.get_or_create(&by_end(provider, *end))));
    }
    tallied(&mut now, app, &app.store.tally().await?);
    circuits(&mut now, app);
    catalogue(&mut now, app);
    stored(&mut now, app.store.figures());
    let mut text = String::new();
    let written: fmt::Result = encode_registry(&mut text, &app.metrics.counted)
        .and_then(|()| encode_registry(&mut text, &now))
        .and_then(|()| encode_eof(&mut text));
    // Writing into a string cannot fail.
    written.unwrap_or_else(|_| unreachable!("a string takes every text"));
    Ok(text)
}

/// What is owed.
fn tallied(now: &mut Registry, app: &App, tally: &Tally) {
    let (open, age) = (Family::<Labels, Gauge>::default(), Family::<Labels, Gauge>::default());
    for provider in app.providers.keys() {
        // Nothing owed is a number too: an alarm must not wait for the first.
        open.get_or_create(&by_provider(provider)).set(0);
        age.get_or_create(&by_provider(provider)).set(0);
    }
    for owed in &tally.open_advices {
        let labels = by_provider(&owed.provider);
        open.get_or_create(&labels).set(i64::try_from(owed.count).unwrap_or(i64::MAX));
        age.get_or_create(&labels).set(app.clock.now().as_second().saturating_sub(owed.oldest.as_second()).max(0));
    }
    now.register("advices_open", "Advices that have not ended", open);
    now.register("advices_oldest_age_seconds", "How long ago the oldest open advice was first due", age);
    let (count, value) = (Family::<Labels, Gauge>::default(), Family::<Labels, Gauge>::default());
    for orphans in &tally.orphans {
        let currency = orphans.currency.map_or_else(|| NONE.to_owned(), |currency| currency.to_string());
        let labels = vec![("currency", currency)];
        count.get_or_create(&labels).set(i64::try_from(orphans.count).unwrap_or(i64::MAX));
        value.get_or_create(&labels).set(orphans.value);
    }
    now.register("orphans", "Sold, or perhaps sold, and held by no channel", count);
    now.register("orphans_value_minor_units", "What the orphans are worth", value);
    let (count, age) = tally.unfinalised.map_or((0, 0), |unfinalised| {
        let age = app.clock.now().as_second().saturating_sub(unfinalised.oldest.as_second()).max(0);
        (i64::try_from(unfinalised.count).unwrap_or(i64::MAX), age)
    });
    now.register("unfinalised", "Approved, and neither confirmed nor reversed by a till", ConstGauge::new(count));
    now.register("unfinalised_oldest_age_seconds", "How long ago the oldest of them was opened", ConstGauge::new(age));
}

fn circuits(now: &mut Registry, app: &App) {
    let circuits = Family::<Labels, Gauge>::default();
    for (provider, desk) in &app.providers {
        circuits.get_or_create(&by_provider(provider)).set(i64::from(desk.is_circuit_open()));
    }
    now.register("circuit_open", "Whether a provider is asked for no sales because it failed too often", circuits);
}

/// How far the catalogue can be relied on; a switch without one says nothing.
fn catalogue(now: &mut Registry, app: &App) {
    if let Some(age) = app.catalogue.age(Instant::now()) {
        let age = ConstGauge::new(age.as_secs_f64());
        now.register("catalogue_age_seconds", "Since the catalogue's file was last found to say what is in use", age);
        let stale = ConstGauge::new(i64::from(app.catalogue.is_stale()));
        now.register("catalogue_stale", "Whether the file says something else by now, which cannot be used", stale);
    }
}

/// How the writing fares: a commit's mean latency and how many commands share one follow by division.
fn stored(now: &mut Registry, figures: Figures) {
    now.register("store_commits", "Durable commits", ConstCounter::new(figures.commits));
    now.register("store_commands", "Commands that those commits held", ConstCounter::new(figures.commands));
    let seconds = ConstCounter::new(figures.commit_time.as_secs_f64());
    now.register("store_commit_seconds", "How long the commits took together", seconds);
    let pages = ConstGauge::new(i64::try_from(figures.log_pages).unwrap_or(i64::MAX));
    now.register("store_log_pages", "Pages of 8 KiB in the store's log", pages);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_fill_the_memory_with_names() {
        let metrics = Metrics::default();
        let channel = |number: usize| ChannelId::new(format!("channel {number}")).unwrap();
        for number in 0..CHANNELS {
            assert_eq!(metrics.channel(&channel(number)), format!("channel {number}"));
        }
        assert_eq!(metrics.channel(&channel(CHANNELS)), OTHER);
        assert_eq!(metrics.channel(&channel(0)), "channel 0");
    }
}
