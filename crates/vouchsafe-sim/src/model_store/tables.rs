//! What the model store holds, and the verbs that write.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe_core::advice::Hindrance;
use vouchsafe_core::id::ChannelId;
use vouchsafe_core::id::{MessageId, ProviderId};
use vouchsafe_core::message::Request;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::planted::{Bug, planted};
use vouchsafe_core::secret::Secret;
use vouchsafe_core::text::UpTo;
use vouchsafe_core::transaction::{Kind, State};
use vouchsafe_core::voucher::{Pin, VoucherCode, VoucherName};
use vouchsafe_store::{
    Attempt, Attempts, Cause, Change, Entry, Forestalled, Intent, Key, Opened, Recorded, StoreError, Transaction,
    TransactionNumber,
};

use super::acts::Acts;

/// One transaction and all that is known of it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) transaction: Transaction,
    pub(super) request: Request,
    pub(super) journal: Vec<Entry>,
    pub(super) open: Option<Open>,
    /// Whether what was said in it was destroyed.
    pub(super) is_destroyed: bool,
}

/// What changes of an advice while it is open.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) version: u32,
    pub(super) provider: ProviderId,
    pub(super) due_at: Timestamp,
    pub(super) not_found: bool,
}

/// A voucher's name, told apart by its sort.
pub(super) type Name = (u8, String);

/// Everything that is durable.
#[derive(Debug, Default)]
pub(super) struct Tables {
    rows: Vec<Row>,
    keys: HashMap<Key, usize>,
    forestalled: HashSet<Key>,
    /// Every id that a provider may know a request by.
    taken: HashMap<(Kind, MessageId), usize>,
    vouchers: BTreeMap<Name, BTreeSet<usize>>,
    /// The rows that are looked for again and again: those that are not yet at rest.
    pub(super) restless: BTreeSet<usize>,
    pub(super) acts: Acts,
}

fn damaged(what: &str) -> StoreError {
    StoreError::Determinate(Cause::Damaged(what.to_owned()))
}

impl Tables {
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn rows_mut(&mut self) -> &mut [Row] {
        &mut self.rows
    }

    fn place(number: TransactionNumber) -> Option<usize> {
        usize::try_from(number.0).ok()?.checked_sub(1)
    }

    pub(super) fn row(&self, number: TransactionNumber) -> Result<&Row, StoreError> {
        Self::place(number).and_then(|place| self.rows.get(place)).ok_or_else(|| damaged("no such transaction"))
    }

    pub(super) fn find(&self, key: &Key) -> Option<&Transaction> {
        self.keys.get(key).map(|place| &self.rows[*place].transaction)
    }

    pub(super) fn is_forestalled(&self, key: &Key) -> bool {
        self.forestalled.contains(key) && !planted(Bug::TombstoneIgnored)
    }

    pub(super) fn by_upstream_id(&self, kind: Kind, id: MessageId) -> Option<&Transaction> {
        let transaction = &self.rows[*self.taken.get(&(kind, id))?].transaction;
        (transaction.upstream_id == id).then_some(transaction)
    }

    pub(super) fn of_voucher(&self, name: &Name) -> impl Iterator<Item = &Row> {
        self.vouchers.get(name).into_iter().flatten().map(|place| &self.rows[*place])
    }

    pub(super) fn open(&mut self, intent: Intent) -> Opened {
        if let Some(known) = self.find(&intent.key) {
            return Opened::Known(known.clone());
        }
        if self.is_forestalled(&intent.key) {
            return Opened::Forestalled;
        }
        let place = self.rows.len();
        let Intent { key, request, provider, asked, terms, at, due_at } = intent;
        let upstream_id = self.free_upstream_id(&key);
        for id in [key.id, upstream_id] {
            self.taken.entry((key.kind, id)).or_insert(place);
        }
        for name in presented(&request) {
            self.vouchers.entry(name).or_default().insert(place);
        }
        let transaction = Transaction {
            number: TransactionNumber(place as u64 + 1),
            key: key.clone(),
            version: 0,
            state: State::Pending,
            provider,
            upstream_id,
            asked,
            terms,
            opened_at: at,
            due_at: Some(due_at),
        };
        self.keys.insert(key, place);
        self.restless.insert(place);
        self.rows.push(Row {
            transaction: transaction.clone(),
            request: without_pin_block(request),
            journal: Vec::new(),
            open: None,
            is_destroyed: false,
        });
        Opened::New(transaction)
    }

    /// The request's own id, or else the next that nobody has.
    fn free_upstream_id(&self, key: &Key) -> MessageId {
        let mut id = key.id;
        while self.taken.contains_key(&(key.kind, id)) && !planted(Bug::UpstreamIdReused) {
            let number = Uuid::from_bytes(*id.as_bytes()).as_u128();
            id = MessageId::new(Uuid::from_u128(number.wrapping_add(0x9e37_79b9_7f4a_7c15)));
        }
        id
    }

    pub(super) fn forestall(&mut self, key: Key) -> Forestalled {
        if let Some(known) = self.find(&key) {
            return Forestalled::Known(known.clone());
        }
        self.forestalled.insert(key);
        Forestalled::Noted
    }

    pub(super) fn record(&mut self, change: Change) -> Result<Recorded, StoreError> {
        let place = Self::place(change.number).filter(|place| *place < self.rows.len());
        let Some(place) = place else { return Ok(Recorded::Stale) };
        let row = &mut self.rows[place];
        let is_current = change.seen == row.transaction.version || planted(Bug::VersionIgnored);
        let is_seen = is_current && change.key == row.transaction.key;
        if !is_seen {
            return Ok(Recorded::Stale);
        }
        if change.advice.is_some() && row.open.is_some() {
            return Err(damaged("another advice is open"));
        }
        if change.advice.is_none() && change.ends.is_some() && row.open.is_none() {
            return Err(damaged("no advice is open"));
        }
        row.write(&change);
        if let Some(act) = &change.act {
            self.acts.done(act.clone());
        }
        if let Some(Outcome::Approved(approval)) = &change.outcome {
            for name in names(approval.code(), approval.voucher().serial_number.as_ref()) {
                self.vouchers.entry(name).or_default().insert(place);
            }
        }
        if change.state == State::Declined && change.key.kind != Kind::Provision {
            for name in presented(&self.rows[place].request) {
                self.vouchers.entry(name).or_default().remove(&place);
            }
        }
        if self.rows[place].is_at_rest() {
            self.restless.remove(&place);
        } else {
            self.restless.insert(place);
        }
        Ok(Recorded::Done)
    }

    pub(super) fn put_off(&mut self, attempt: &Attempt) {
        let row = Self::place(attempt.number).and_then(|place| self.rows.get_mut(place));
        let Some(Row { open: Some(open), journal, .. }) = row else { return };
        if open.version == attempt.version {
            open.due_at = attempt.due_at;
            open.not_found |= attempt.hindrance == Hindrance::NotFound;
            let attempts = &mut journal[open.version as usize - 1].attempts;
            *attempts = attempts.and(attempt.hindrance);
        }
    }

    pub(super) fn redrive(&mut self, of: Option<TransactionNumber>, at: Timestamp, most: usize) -> usize {
        let mut left = most;
        for place in &self.restless {
            let row = &mut self.rows[*place];
            let Some(open) = &mut row.open else { continue };
            if left > 0 && open.due_at > at && of.is_none_or(|of| of == row.transaction.number) {
                open.due_at = at;
                left -= 1;
            }
        }
        most - left
    }

    pub(super) fn set_aside(&mut self, channel: &ChannelId, under: &ChannelId) -> usize {
        let aside = |key: &Key| Key { channel: under.clone(), ..key.clone() };
        let forestalled = std::mem::take(&mut self.forestalled);
        let renamed = |key: Key| if key.channel == *channel { aside(&key) } else { key };
        self.forestalled = forestalled.into_iter().map(renamed).collect();
        let mut count = 0;
        for (place, row) in self.rows.iter_mut().enumerate() {
            if row.transaction.key.channel == *channel {
                self.keys.remove(&row.transaction.key);
                row.transaction.key = aside(&row.transaction.key);
                self.keys.insert(row.transaction.key.clone(), place);
                count += 1;
            }
        }
        count
    }
}

impl Row {
    fn is_at_rest(&self) -> bool {
        let waits = matches!(self.transaction.state, State::Pending | State::Cancelled | State::Approved);
        !waits && self.transaction.state != State::Orphaned && self.open.is_none()
    }

    fn write(&mut self, change: &Change) {
        let version = self.transaction.version + 1;
        let now = &mut self.transaction;
        (now.version, now.state, now.due_at) = (version, change.state, change.due_at);
        if let Some(reroute) = &change.reroute {
            (now.provider, now.terms) = (reroute.provider.clone(), reroute.terms);
        }
        match (change.advice, change.ends) {
            (Some(queued), None) => {
                let provider = now.provider.clone();
                self.open = Some(Open { version, provider, due_at: queued.due_at, not_found: false });
            }
            (None, Some(end)) => {
                if let Some(open) = self.open.take() {
                    self.journal[open.version as usize - 1].advice_end = Some(end);
                }
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        self.journal.push(Entry {
            version,
            at: change.at,
            event: change.event,
            state: change.state,
            outcome: change.outcome.clone(),
            advice: change.advice,
            advice_end: change.advice.and(change.ends),
            attempts: Attempts::default(),
            advised: change.advised.clone(),
            note: change.note.clone(),
            is_destroyed: false,
        });
    }
}

fn names(code: Option<&VoucherCode>, number: Option<&UpTo<40>>) -> Vec<Name> {
    let code = code.cloned().map(VoucherName::Code);
    let number = number.filter(|number| !number.as_str().is_empty()).cloned().map(VoucherName::SerialNumber);
    code.iter().chain(&number).map(self::name).collect()
}

pub(super) fn name(name: &VoucherName) -> Name {
    match name {
        VoucherName::Code(code) => (0, code.expose().as_str().to_owned()),
        VoucherName::SerialNumber(number) => (1, number.as_str().to_owned()),
    }
}

fn presented(request: &Request) -> Vec<Name> {
    names(request.presented_code(), request.presented_serial_number())
}

fn without_pin_block(mut request: Request) -> Request {
    let pin = match &mut request {
        Request::Provision(request) => request.voucher.as_mut().map(|voucher| &mut voucher.pin),
        Request::Redemption(request) => Some(&mut request.voucher.pin),
        Request::Refund(request) => Some(&mut request.voucher.pin),
    };
    let is_block = |pin: &Secret<Pin>| matches!(pin.expose(), Pin::Encrypted { .. });
    if let Some(pin) = pin
        && pin.as_ref().is_some_and(is_block)
    {
        *pin = None;
    }
    request
}
