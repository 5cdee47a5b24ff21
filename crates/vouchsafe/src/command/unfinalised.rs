//! `vouchsafe unfinalised`: what tills have sold, redeemed or refunded and then said nothing more of.

use jiff::Timestamp;
use vouchsafe_store::{Store, StoreError, Transaction, TransactionNumber};

use crate::clock::{Clock as _, MachineClock};
use crate::command::orphans::{age, all_told, cannot_be_told};
use crate::command::store::StoreArguments;
use crate::command::{Failure, block_on, say};
use crate::story::amount;

/// How many are read at once.
const BATCH: usize = 256;

/// Prints every approved transaction that its channel has neither confirmed nor reversed, the oldest first.
pub(crate) fn list(which: &StoreArguments) -> Result<(), Failure> {
    let found = which.find()?;
    let path = found.path.display().to_string();
    let store = found.read()?;
    let (waiting, untold) = block_on(async {
        let untold = store.altered_unfinalised().await.map_err(Failure::unread)?;
        Ok((waiting(&store).await.map_err(Failure::unread)?, untold))
    })?;
    if waiting.is_empty() && untold.is_empty() {
        return say(&format!("In {path} every approved transaction of dual messaging is confirmed or reversed."));
    }
    let now = MachineClock.now();
    let mut lines: Vec<_> = waiting.iter().map(|transaction| line(transaction, now)).collect();
    lines.extend(untold.iter().map(|words| cannot_be_told(words)));
    let plural = if waiting.len() == 1 { "transaction waits" } else { "transactions wait" };
    lines.push(format!(
        "{} {plural} for a confirmation or a reversal by its channel. Nobody else can know whether the voucher was handed \
         over: have the channel send one of the two.",
        waiting.len()
    ));
    say(&lines.join("\n"))?;
    all_told(&untold)
}

async fn waiting(store: &dyn Store) -> Result<Vec<Transaction>, StoreError> {
    let mut all = Vec::new();
    let mut after = TransactionNumber(0);
    loop {
        let some = store.unfinalised(after, BATCH).await?;
        let Some(last) = some.last() else { return Ok(all) };
        after = last.number;
        all.extend(some);
    }
}

/// One of them, in a line.
fn line(transaction: &Transaction, now: Timestamp) -> String {
    let value = transaction.asked.map_or_else(|| "an amount that nobody named".to_owned(), |asked| amount(&asked));
    let (number, key) = (transaction.number, &transaction.key);
    // What a channel's name could do to a terminal is taken out where a story is told; here its letters are quoted.
    format!(
        "transaction {number}: a {} of {value} at {:?}, {} old\n  channel {:?}, request id {}",
        key.kind,
        transaction.provider.as_str(),
        age(transaction.opened_at, now),
        key.channel.as_str(),
        key.id,
    )
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
    use vouchsafe_core::money::{Currency, LedgerAmount};
    use vouchsafe_core::sheet::Messaging;
    use vouchsafe_core::transaction::{Kind, State, Terms};
    use vouchsafe_store::Key;

    use super::*;

    #[test]
    fn a_line_says_whose_it_is_and_how_old() {
        let id = MessageId::new(Uuid::from_u128(7));
        let transaction = Transaction {
            number: TransactionNumber(17),
            key: Key { channel: ChannelId::new("till\u{1b}[2J").unwrap(), kind: Kind::Redemption, id },
            version: 1,
            state: State::Approved,
            provider: ProviderId::new("house").unwrap(),
            upstream_id: id,
            asked: Some(LedgerAmount { amount: 5_000, currency: Currency::ZAR, ledger_indicator: None }),
            terms: Terms { messaging: Messaging::Dual, confirmations: true, reversals: true },
            opened_at: Timestamp::from_second(1_000).unwrap(),
            due_at: None,
        };
        let expect = "transaction 17: a redemption of R50.00 at \"house\", 2 h 1 min old\n  \
                      channel \"till\\u{1b}[2J\", request id 00000000-0000-0000-0000-000000000007";
        assert_eq!(line(&transaction, Timestamp::from_second(8_260).unwrap()), expect);
    }
}
