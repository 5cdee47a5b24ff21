//! Fills a store with transactions as a switch would have left them, through the store's own verbs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::Instant;
use vouchsafe::clock::{Clock as _, MachineClock, new_id};
use vouchsafe_core::advice::AdviceEnd;
use vouchsafe_core::id::{ChannelId, ProviderId};
use vouchsafe_core::message::ProvisionRequest;
use vouchsafe_core::outcome::{Approval, Doubt, Outcome};
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::{Effect, Event, Kind, Terms, next};
use vouchsafe_store::sqlite::SqliteStore;
use vouchsafe_store::{Change, Intent, Key, Opened, QueuedAdvice, Recorded, Store as _, Transaction};
use vouchsafe_wire::{ApprovalAnswer, IssuedVoucher, Manner, Message as _};

use crate::fault::Fault;
use crate::ids::{IdKind, spelled};
use crate::message::{CHANNEL, Template};
use crate::process::{progress, say};
use crate::workplace::{block_on, open_store};

/// What a store is filled with.
#[derive(Debug, Clone, Args)]
pub(crate) struct FillArguments {
    /// How many transactions.
    #[arg(long, value_name = "NUMBER")]
    transactions: u64,
    /// The folder of the store, which is made if it does not exist.
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
    /// How far each transaction has come.
    #[arg(long, value_enum, default_value = "confirmed")]
    stage: Stage,
    /// How ids of requests follow one another.
    #[arg(long, value_enum, default_value = "random")]
    ids: IdKind,
    /// Whose they are.
    #[arg(long, value_name = "NAME", default_value = "stub")]
    provider: String,
}

/// How far a transaction has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// Sold for good, and the provider knows it.
    Confirmed,
    /// Sold; to be confirmed tomorrow.
    Approved,
    /// Asked, and no answer is known: what a crash leaves.
    Pending,
    /// Never answered; the reversal is due.
    Reversing,
}

impl Stage {
    /// The events that lead there.
    const fn events(self) -> &'static [Event] {
        match self {
            Self::Confirmed => &[Event::ProviderApproved, Event::ConfirmationDue, Event::ConfirmationDelivered],
            Self::Approved => &[Event::ProviderApproved],
            Self::Pending => &[],
            Self::Reversing => &[Event::AnswerMissing],
        }
    }
}

/// How many transactions are written side by side, so that they share commits.
const TOGETHER: usize = 512;
/// How often the person at the terminal is told.
const TELL: Duration = Duration::from_millis(500);

/// What there is to fill.
#[derive(Debug, Clone)]
pub(crate) struct Filling {
    pub(crate) transactions: u64,
    pub(crate) stage: Stage,
    pub(crate) ids: IdKind,
    pub(crate) provider: String,
}

/// Does what was asked.
pub(crate) fn command(arguments: &FillArguments) -> Result<(), Fault> {
    let FillArguments { transactions, store, stage, ids, provider } = arguments.clone();
    let begun = Instant::now();
    fill(&store, &Filling { transactions, stage, ids, provider })?;
    let done = format!("{transactions} transactions in {:.1} s: {}", begun.elapsed().as_secs_f64(), store.display());
    say(&done).map_err(Fault::machine("say so"))
}

/// Fills the store of a folder.
pub(crate) fn fill(folder: &Path, filling: &Filling) -> Result<(), Fault> {
    std::fs::create_dir_all(folder).map_err(Fault::machine(format!("make the folder {}", folder.display())))?;
    block_on(async {
        let store = Arc::new(open_store(folder)?);
        let sample = Arc::new(Sample::new(filling)?);
        let done = Arc::new(AtomicU64::new(0));
        let mut writing = JoinSet::new();
        for _ in 0..TOGETHER {
            let (store, sample, done) = (Arc::clone(&store), Arc::clone(&sample), Arc::clone(&done));
            let (most, ids, stage) = (filling.transactions, filling.ids, filling.stage);
            writing.spawn(async move {
                while done.fetch_add(1, Ordering::Relaxed) < most {
                    sample.write(&store, ids, stage).await?;
                }
                Ok(())
            });
        }
        let (begun, mut told) = (Instant::now(), Instant::now());
        loop {
            match tokio::time::timeout(TELL, writing.join_next()).await {
                Ok(None) => break,
                Ok(Some(Ok(written))) => written?,
                Ok(Some(Err(fault))) => return Err(Fault::Store(fault.to_string())),
                Err(_) => {}
            }
            if told.elapsed() >= TELL {
                told = Instant::now();
                bar(done.load(Ordering::Relaxed), filling.transactions, begun.elapsed());
            }
        }
        progress("");
        Ok(())
    })
}

/// How far it is, and how long it will take.
fn bar(done: u64, all: u64, elapsed: Duration) {
    let (done, all) = (done.min(all), all.max(1));
    let percent = done * 100 / all;
    let filled = usize::try_from(percent / 4).unwrap_or_default();
    let left = elapsed.as_secs() * (all - done) / done.max(1);
    progress(&format!("filling [{:<25}] {percent} %, {done} of {all}, {left} s left", "#".repeat(filled)));
}

/// A transaction to be written again and again, under new ids.
struct Sample {
    request: ProvisionRequest,
    approval: Approval,
    channel: ChannelId,
    provider: ProviderId,
    now: Timestamp,
}

const TERMS: Terms = Terms { messaging: Messaging::Single, confirmations: true, reversals: true };
const DAY: Duration = Duration::from_hours(24);

impl Sample {
    fn new(filling: &Filling) -> Result<Self, Fault> {
        let wrong = |what: &str| Fault::Store(format!("the sample transaction is wrong: {what}"));
        let id = spelled(filling.ids.next());
        let request = ProvisionRequest::read(&Template::request(None).fill(&id), Manner::Strict);
        let answer = ApprovalAnswer::read(&Template::answer().fill(&id), Manner::Lenient);
        let (Ok(request), Ok(answer)) = (request, answer) else { return Err(wrong("its messages")) };
        let Some(IssuedVoucher::Whole(voucher)) = answer.voucher else { return Err(wrong("its voucher")) };
        let mut approval = Approval::issued(voucher).map_err(|_| wrong("its code"))?;
        approval.third_party_identifiers = answer.third_party_identifiers;
        approval.third_party_identifiers.retain(|own| !request.header.third_party_identifiers.contains(own));
        (approval.amounts, approval.receiver, approval.slip_data) = (answer.amounts, answer.receiver, answer.slip_data);
        approval.product = answer.product.and_then(|sold| sold.product);
        Ok(Self {
            request,
            approval,
            channel: ChannelId::new(CHANNEL).map_err(|_| wrong("its channel"))?,
            provider: ProviderId::new(filling.provider.as_str()).map_err(|_| wrong("its provider"))?,
            now: MachineClock.now(),
        })
    }

    /// Writes one transaction, event by event.
    async fn write(&self, store: &SqliteStore, ids: IdKind, stage: Stage) -> Result<(), Fault> {
        let failed = |error: vouchsafe_store::StoreError| Fault::Store(error.to_string());
        let mut request = self.request.clone();
        request.header.id = ids.next();
        let intent = Intent {
            key: Key { channel: self.channel.clone(), kind: Kind::Provision, id: request.header.id },
            asked: request.amounts.as_ref().and_then(|amounts| amounts.request_amount),
            request: request.into(),
            provider: self.provider.clone(),
            terms: TERMS,
            at: self.now,
            due_at: self.now,
        };
        let Opened::New(mut transaction) = store.open(intent).await.map_err(failed)? else {
            return Err(Fault::Store("an id was not new".to_owned()));
        };
        for event in stage.events() {
            let change = self.change(&transaction, *event)?;
            (transaction.state, transaction.version) = (change.state, transaction.version + 1);
            if store.record(change).await.map_err(failed)? == Recorded::Stale {
                return Err(Fault::Store("somebody else writes into this store".to_owned()));
            }
        }
        Ok(())
    }

    /// An event and what comes with it, by the rules of the core.
    fn change(&self, transaction: &Transaction, event: Event) -> Result<Change, Fault> {
        let step = next(transaction.state, event, TERMS)
            .map_err(|refusal| Fault::Store(format!("{event} in {}: {refusal}", transaction.state)))?;
        let advice = match step.effect {
            Some(Effect::Queue(advice)) => Some(QueuedAdvice { id: new_id(&MachineClock), advice, due_at: self.now }),
            _ => None,
        };
        let outcome = match event {
            Event::ProviderApproved => Some(Outcome::Approved(Box::new(self.approval.clone()))),
            Event::AnswerMissing => Some(Outcome::Unknown(Doubt::NoAnswer)),
            _ => None,
        };
        Ok(Change {
            number: transaction.number,
            key: transaction.key.clone(),
            seen: transaction.version,
            at: self.now,
            event,
            state: step.state,
            due_at: (step.effect == Some(Effect::ConfirmLater)).then(|| self.now + DAY),
            outcome,
            advice,
            ends: (event == Event::ConfirmationDelivered).then_some(AdviceEnd::Delivered),
            advised: None,
            note: None,
            reroute: None,
            act: None,
        })
    }
}
