//! What the model store finds.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::money::Currency;
use vouchsafe_core::transaction::State;
use vouchsafe_core::voucher::VoucherName;
use vouchsafe_store::{
    Concerned, OpenAdvice, OpenAdvices, Orphans, QueuedAdvice, Reference, Tally, Transaction, TransactionNumber,
    Unfinalised,
};

use super::tables::{Row, Tables, name};

impl Tables {
    /// The rows that are not at rest, in the order of their numbers.
    fn awake(&self) -> impl Iterator<Item = &Row> {
        self.restless.iter().map(|place| &self.rows()[*place])
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.awake().all(|row| {
            let waits = match row.transaction.state {
                State::Pending | State::Cancelled => true,
                State::Approved => row.transaction.due_at.is_some(),
                _ => false,
            };
            !waits && row.open.is_none()
        })
    }

    pub(super) fn due_advices(&self, of: &ProviderId, by: Timestamp, most: usize) -> Vec<OpenAdvice> {
        let mut due: Vec<_> = self.awake().filter_map(open_advice).filter(|(provider, _)| *provider == of).collect();
        due.retain(|(_, open)| open.queued.due_at.as_millisecond() <= by.as_millisecond());
        due.sort_by_key(|(_, open)| (open.queued.due_at, open.first_due_at, open.transaction.number));
        due.into_iter().take(most).map(|(_, open)| open).collect()
    }

    pub(super) fn due(&self, states: &[State], by: Timestamp, most: usize) -> Vec<Transaction> {
        let all = self.awake().map(|row| &row.transaction).filter(|it| states.contains(&it.state));
        let is_due = |due_at: Timestamp| due_at.as_millisecond() <= by.as_millisecond();
        let mut due: Vec<_> = all.filter(|it| it.due_at.is_some_and(is_due)).cloned().collect();
        due.sort_by_key(|it| (it.due_at, it.number));
        due.truncate(most);
        due
    }

    pub(super) fn listed(
        &self,
        after: TransactionNumber,
        most: usize,
        is_listed: impl Fn(&Transaction) -> bool,
    ) -> Vec<Transaction> {
        let all = self.awake().map(|row| &row.transaction).filter(|it| it.number > after && is_listed(it));
        all.take(most).cloned().collect()
    }

    pub(super) fn look_up(&self, reference: Reference) -> Vec<Transaction> {
        let goes_by = |row: &&Row| match reference {
            Reference::Number(number) => row.transaction.number == number,
            Reference::Id(id) => {
                let is_advice = |queued: QueuedAdvice| queued.id == id;
                [row.transaction.key.id, row.transaction.upstream_id].contains(&id)
                    || row.journal.iter().any(|entry| entry.advice.is_some_and(is_advice))
            }
        };
        self.rows().iter().filter(goes_by).map(|row| row.transaction.clone()).collect()
    }

    pub(super) fn concerning(&self, voucher: &VoucherName) -> Vec<Concerned> {
        let concerned = |row: &Row| Concerned { transaction: row.transaction.clone(), is_owed: row.open.is_some() };
        self.of_voucher(&name(voucher)).map(concerned).collect()
    }

    pub(super) fn tally(&self) -> Tally {
        let mut advices = BTreeMap::<&str, OpenAdvices>::new();
        let mut orphans = BTreeMap::<Option<Currency>, Orphans>::new();
        let mut unfinalised: Option<Unfinalised> = None;
        for row in self.awake() {
            if let Some((provider, open)) = open_advice(row) {
                let oldest = open.first_due_at;
                let counted = advices.entry(provider.as_str());
                let counted = counted.or_insert_with(|| OpenAdvices { provider: provider.clone(), count: 0, oldest });
                (counted.count, counted.oldest) = (counted.count + 1, counted.oldest.min(oldest));
            }
            let transaction = &row.transaction;
            if transaction.state == State::Orphaned {
                let currency = transaction.asked.map(|asked| asked.currency);
                let counted = orphans.entry(currency).or_insert(Orphans { currency, count: 0, value: 0 });
                counted.count += 1;
                counted.value = counted.value.saturating_add(transaction.asked.map_or(0, |asked| asked.amount));
            }
            if transaction.state == State::Approved && transaction.due_at.is_none() {
                let before = unfinalised.unwrap_or(Unfinalised { count: 0, oldest: transaction.opened_at });
                let oldest = before.oldest.min(transaction.opened_at);
                unfinalised = Some(Unfinalised { count: before.count + 1, oldest });
            }
        }
        Tally { open_advices: advices.into_values().collect(), orphans: orphans.into_values().collect(), unfinalised }
    }
}

/// The open advice of a row, with whom it is for.
fn open_advice(row: &Row) -> Option<(&ProviderId, OpenAdvice)> {
    let open = row.open.as_ref()?;
    let entry = row.journal.get(open.version as usize - 1)?;
    let queued = entry.advice?;
    let advice = OpenAdvice {
        transaction: row.transaction.clone(),
        version: open.version,
        queued: QueuedAdvice { due_at: open.due_at, ..queued },
        first_due_at: queued.due_at,
        attempts: entry.attempts,
        not_found: open.not_found,
    };
    Some((&open.provider, advice))
}
