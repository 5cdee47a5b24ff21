//! References: whatever a person has in hand leads to its transactions.

use std::slice;

use vouchsafe_core::id::MessageId;
use vouchsafe_core::transaction::Kind;

use super::{advices, at, id, intent, key, opened};
use crate::{Key, Reference, Store, Transaction, TransactionNumber};

pub(super) async fn tell(store: &dyn Store) {
    a_number_leads_to_its_transaction(store).await;
    an_id_leads_to_everything_that_goes_by_it(store).await;
    an_advice_leads_to_its_transaction(store).await;
}

async fn look_up(store: &dyn Store, id: MessageId) -> Vec<Transaction> {
    store.look_up(Reference::Id(id)).await.unwrap()
}

async fn a_number_leads_to_its_transaction(store: &dyn Store) {
    let transaction = opened(store, intent(&key("till", 0x4000))).await;
    let number = transaction.number;
    assert_eq!(store.look_up(Reference::Number(number)).await, Ok(vec![transaction]));
    for unknown in [TransactionNumber(0), TransactionNumber(number.0 + 1), TransactionNumber(u64::MAX)] {
        assert_eq!(store.look_up(Reference::Number(unknown)).await, Ok(Vec::new()), "{unknown}");
    }
}

async fn an_id_leads_to_everything_that_goes_by_it(store: &dyn Store) {
    let till = key("till", 0x4100_abcd);
    assert_eq!(look_up(store, till.id).await, []);
    let refund = Key { kind: Kind::Refund, ..till.clone() };
    let first = opened(store, intent(&till)).await;
    let second = opened(store, intent(&key("shop", 0x4100_abcd))).await;
    let third = opened(store, intent(&refund)).await;
    assert_eq!(look_up(store, till.id).await, [first.clone(), second.clone(), third.clone()]);
    let shouted = MessageId::parse(&till.id.to_string().to_uppercase()).unwrap();
    assert_eq!(look_up(store, shouted).await, [first, second.clone(), third], "in any case");
    assert_ne!(second.upstream_id, till.id);
    assert_eq!(look_up(store, second.upstream_id).await, [second], "the id that the provider knows");
}

async fn an_advice_leads_to_its_transaction(store: &dyn Store) {
    let open = advices::queued(store, &key("till", 0x4200), "stellar", at(100)).await;
    assert_eq!(look_up(store, open.queued.id).await, slice::from_ref(&open.transaction));
    // An advice may go by the id of a request: of the one, of the other and once only.
    let other = opened(store, intent(&Key { id: open.queued.id, ..key("till", 0) })).await;
    assert_eq!(look_up(store, open.queued.id).await, [open.transaction, other]);
    assert_eq!(look_up(store, id(0x42ff)).await, []);
}
