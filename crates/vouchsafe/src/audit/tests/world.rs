//! Three records that agree, to be doctored.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use vouchsafe_core::advice::{Advice, AdviceEnd, ReversalReason};
use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
use vouchsafe_core::message::Request;
use vouchsafe_core::money::{Currency, LedgerAmount};
use vouchsafe_core::outcome::{Approval, Outcome};
use vouchsafe_core::secret::Secret;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::text::Text;
use vouchsafe_core::transaction::{Event, Kind, State, Terms};
use vouchsafe_core::voucher::Voucher;
use vouchsafe_store::story::sample::plain_request;
use vouchsafe_store::{Attempts, Cause, Entry, Key, QueuedAdvice, StoreError, Transaction, TransactionNumber};

use crate::audit::code_hash::fingerprint;
use crate::audit::{CodeHasher, Held, Inputs, Report, audit};

mod store;

/// The product of every sale.
const PRODUCT: &str = "STELLR50";

/// The three records.
pub(super) struct World {
    pub(super) held: Vec<Held>,
    pub(super) said: Vec<Json>,
    /// By provider: one that takes everything, and one that takes no advices.
    pub(super) noted: [Vec<Json>; 2],
    /// How many more advices the queue holds than the journals.
    pub(super) more_in_the_queue: u64,
    pub(super) settled: bool,
    pub(super) text: String,
}

/// The names of the providers, by their places.
const PROVIDERS: [&str; 2] = ["acme", "stellr"];

/// A request's id, by the number of its transaction.
pub(super) fn id(number: u64) -> MessageId {
    MessageId::from_parts(u128::from(number).to_be_bytes(), 0)
}

/// An instant so many milliseconds after the beginning.
pub(super) fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).unwrap()
}

/// The code that a transaction issued.
pub(super) fn code(number: u64) -> String {
    format!("1234-5678-9012-{number:04}")
}

/// The hash of a code.
pub(super) fn hash(code: &str) -> String {
    CodeHasher::plain().hash(code).to_string()
}

/// A provider's yes.
pub(super) fn approved(code: &str) -> Outcome {
    let code = Some(Secret::new(Text::new(code).unwrap()));
    Outcome::Approved(Box::new(Approval::issued(Voucher { code, ..Voucher::default() }).unwrap()))
}

impl World {
    /// Records that agree: 1 and 5 were sold and confirmed, 2 was reversed by the switch, 3 declined, 4 is an orphan, 6
    /// was reversed by its till, and of 7 the channel was told that it failed.
    pub(super) fn clean() -> Self {
        let mut world = Self {
            held: Vec::new(),
            said: Vec::new(),
            noted: [Vec::new(), Vec::new()],
            more_in_the_queue: 0,
            settled: false,
            text: String::new(),
        };
        let (reversal, end) = (Advice::Reversal(ReversalReason::Timeout), AdviceEnd::Delivered);
        for (number, channel) in [(1, "app"), (5, "other")] {
            world.sold(number, channel);
            world.happened(number, Event::ConfirmationDue, State::Confirming).advise(Advice::Confirmation, Some(end));
            world.happened(number, Event::ConfirmationDelivered, State::Confirmed);
            world.noted[0].push(note(number, "confirmed"));
        }
        for (number, answer) in [(2, (504, "UPSTREAM_UNAVAILABLE")), (7, (404, "GENERAL_ERROR"))] {
            world.begun(number, "app", 0);
            world.noted[0].push(sold(number));
            world.happened(number, Event::AnswerMissing, State::Reversing).advise(reversal, Some(end));
            world.happened(number, Event::ReversalDelivered, State::Reversed);
            world.noted[0].push(note(number, "reversed"));
            world.said.push(failed("request", number, 0, answer));
        }
        world.begun(3, "app", 0);
        world.happened(3, Event::ProviderDeclined, State::Declined);
        world.noted[0].push(note(3, "refused"));
        for (operation, when) in [("request", 0), ("retry", 9_000)] {
            world.said.push(failed(operation, 3, when, (404, "TRANSACTION_DECLINED")));
        }
        world.begun(4, "app", 1);
        world.happened(4, Event::AnswerMissing, State::Orphaned).advise(reversal, Some(AdviceEnd::Consumed));
        world.noted[1].push(sold(4));
        world.said.push(failed("request", 4, 0, (504, "UPSTREAM_UNAVAILABLE")));
        world.sold(6, "app");
        world.happened(6, Event::ReversalReceived, State::Reversing).advise(reversal, Some(end));
        world.happened(6, Event::ReversalDelivered, State::Reversed);
        world.noted[0].push(note(6, "reversed"));
        world.said.push(advice("reversal", "app", 6, 1_000, (202, None)));
        world.held.sort_by_key(|held| held.transaction.number);
        world
    }

    /// What the switch holds of a transaction.
    pub(super) fn of(&mut self, number: u64) -> &mut Held {
        self.held.iter_mut().find(|held| held.transaction.number.0 == number).unwrap()
    }

    /// The lines that the channels say about a transaction.
    pub(super) fn lines(&mut self, number: u64) -> impl Iterator<Item = &mut Json> {
        self.said.iter_mut().filter(move |line| line["requestId"] == json!(id(number).to_string()))
    }

    /// Takes every line of the first ledger about a transaction away that tells of an event.
    pub(super) fn unnote(&mut self, number: u64, event: &str) {
        self.noted[0].retain(|line| line["id"] != json!(id(number).to_string()) || line["event"] != json!(event));
    }

    /// Has the first provider hear a reversal and do nothing about it.
    pub(super) fn unreverse(&mut self, number: u64) {
        self.unnote(number, "reversed");
        let mut line = note(number, "advised");
        line["advice"] = json!("reversal");
        self.noted[0].push(line);
    }

    /// Records an event.
    pub(super) fn happened(&mut self, number: u64, event: Event, state: State) -> &mut Held {
        let held = self.of(number);
        held.transaction.version += 1;
        held.transaction.state = state;
        let version = held.transaction.version;
        held.journal.push(Entry {
            version,
            at: at(100 * i64::from(version)),
            event,
            state,
            outcome: None,
            advice: None,
            advice_end: None,
            attempts: Attempts::default(),
            advised: None,
            note: None,
            is_destroyed: false,
        });
        held
    }

    fn begun(&mut self, number: u64, channel: &str, provider: usize) {
        let request_id = id(number);
        let is_acme = provider == 0;
        let transaction = Transaction {
            number: TransactionNumber(number),
            key: Key { channel: ChannelId::new(channel).unwrap(), kind: Kind::Provision, id: request_id },
            version: 0,
            state: State::Pending,
            provider: ProviderId::new(PROVIDERS[provider]).unwrap(),
            upstream_id: request_id,
            asked: Some(LedgerAmount { amount: 5_000, currency: Currency::ZAR, ledger_indicator: None }),
            terms: Terms { messaging: Messaging::Single, confirmations: is_acme, reversals: is_acme },
            opened_at: at(10),
            due_at: None,
        };
        let request = Request::Provision(plain_request(request_id));
        self.held.push(Held { transaction, request: Some(request), journal: Vec::new() });
    }

    fn sold(&mut self, number: u64, channel: &str) {
        self.begun(number, channel, 0);
        self.happened(number, Event::ProviderApproved, State::Approved);
        self.of(number).journal[0].outcome = Some(approved(&code(number)));
        self.noted[0].push(sold(number));
        self.said.push(success("request", channel, number, 0));
    }

    /// What the auditor finds, and the folder that the records stood in.
    pub(super) async fn audited(&self) -> Report {
        let folder = TempDir::new().unwrap();
        let file = |name: &str, lines: &[Json]| {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            write(folder.path(), name, &text)
        };
        let [acme, stellr] = &self.noted;
        let ledgers = [file("acme", acme), file("stellr", stellr)];
        let inputs = Inputs {
            channel_logs: vec![file("channel", &self.said)],
            provider_ledgers: PROVIDERS.map(str::to_owned).into_iter().zip(ledgers).collect(),
            texts: vec![write(folder.path(), "text", &self.text)],
            settled: self.settled,
            ..Inputs::none()
        };
        audit(self, &inputs, &|_, _| ()).await.unwrap()
    }

    fn find_all(&self, is: impl Fn(&Transaction) -> bool) -> Vec<Transaction> {
        self.held.iter().map(|held| &held.transaction).filter(|transaction| is(transaction)).cloned().collect()
    }

    fn at_number(&self, number: TransactionNumber) -> Result<&Held, StoreError> {
        let found = self.held.iter().find(|held| held.transaction.number == number);
        found.ok_or_else(|| StoreError::Determinate(Cause::Damaged("no such transaction".to_owned())))
    }
}

impl Held {
    /// Gives the last event an advice.
    pub(super) fn advise(&mut self, advice: Advice, end: Option<AdviceEnd>) {
        let number = self.transaction.number.0;
        let last = self.journal.last_mut().unwrap();
        last.advice = Some(QueuedAdvice { id: id(1_000 + number), advice, due_at: at(0) });
        last.advice_end = end;
    }
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// A line of a channel's log without its answer.
fn message(operation: &str, channel: &str, number: u64, when: i64) -> Json {
    json!({
        "sentAt": at(when), "channel": channel, "operation": operation, "kind": "provision",
        "requestId": id(number).to_string(), "amount": 5_000, "currency": "710", "product": PRODUCT,
    })
}

/// A request or a retry that was answered with its voucher.
pub(super) fn success(operation: &str, channel: &str, number: u64, when: i64) -> Json {
    let mut line = message(operation, channel, number, when);
    line["answer"] = json!({
        "at": at(when + 150), "status": 201, "codeHash": hash(&code(number)), "amount": 5_000, "currency": "710",
    });
    line
}

/// A request or a retry that was answered with an error.
pub(super) fn failed(operation: &str, number: u64, when: i64, (status, error_type): (u16, &str)) -> Json {
    let mut line = message(operation, "app", number, when);
    line["answer"] = json!({"at": at(when + 150), "status": status, "errorType": error_type});
    line
}

/// An advice and its answer.
pub(super) fn advice(
    operation: &str,
    channel: &str,
    number: u64,
    when: i64,
    (status, error_type): (u16, Option<&str>),
) -> Json {
    let mut answer = json!({"at": at(when + 50), "status": status});
    if let Some(error_type) = error_type {
        answer["errorType"] = json!(error_type);
    }
    json!({
        "sentAt": at(when), "channel": channel, "operation": operation, "kind": "provision",
        "requestId": id(number).to_string(), "adviceId": id(2_000 + number).to_string(), "answer": answer,
    })
}

/// A line of a ledger.
pub(super) fn note(number: u64, event: &str) -> Json {
    json!({"at": at(50), "event": event, "id": id(number).to_string(), "client": "switch"})
}

/// A line that tells of a sale.
pub(super) fn sold(number: u64) -> Json {
    let mut line = note(number, "sold");
    line["codeFingerprint"] = json!(format!("{:08x}", fingerprint(&code(number))));
    line["product"] = json!(PRODUCT);
    line["amount"] = json!(5_000);
    line["currency"] = json!("710");
    line
}
