//! Vouchers: found by their names, whoever has to do with them.

use vouchsafe_core::advice::{Advice, AdviceEnd};
use vouchsafe_core::message::Request;
use vouchsafe_core::outcome::{Approval, Outcome};
use vouchsafe_core::secret::Secret;
use vouchsafe_core::transaction::{Event, Kind, State};
use vouchsafe_core::voucher::{Voucher, VoucherName};

use super::{acts, advices, approval, at, change, id, intent, key, opened, recorded, sample, text};
use crate::{
    Change, Concerned, Deed, Forestalled, Intent, Key, Opened, QueuedAdvice, Store, Transaction, TransactionNumber,
    Unfinalised,
};

pub(super) async fn tell(store: &dyn Store) {
    a_voucher_leads_to_all_that_have_to_do_with_it(store).await;
    what_is_owed_for_a_voucher_shows(store).await;
    a_serial_number_is_a_name_too(store).await;
    what_only_its_channel_can_finalise_is_listed(store).await;
    what_is_set_aside_frees_its_ids_and_goes_on(store).await;
}

/// What a code leads to.
pub(super) async fn found(store: &dyn Store, code: &str) -> Vec<Concerned> {
    store.concerning(VoucherName::Code(Secret::new(text(code)))).await.unwrap()
}

/// Approves a provision with a voucher of this code and serial number.
async fn issued(store: &dyn Store, pending: &Transaction, code: &str, serial_number: &str) -> Transaction {
    let voucher =
        Voucher { code: Some(Secret::new(text(code))), serial_number: Some(text(serial_number)), ..Voucher::default() };
    let outcome = Some(Outcome::Approved(Box::new(Approval::accepted(voucher))));
    recorded(store, Change { outcome, ..approval(pending) }).await
}

/// Opens a redemption of this code.
async fn redeeming(store: &dyn Store, id: u128, code: &str) -> Transaction {
    let key = Key { kind: Kind::Redemption, ..key("shop", id) };
    let mut request = sample::redemption(key.id);
    request.voucher.code = Secret::new(text(code));
    opened(store, Intent { request: Request::Redemption(request), ..intent(&key) }).await
}

fn concerned(transactions: &[&Transaction]) -> Vec<Concerned> {
    transactions.iter().map(|it| Concerned { transaction: (*it).clone(), is_owed: false }).collect()
}

async fn a_voucher_leads_to_all_that_have_to_do_with_it(store: &dyn Store) {
    let pending = opened(store, intent(&key("till", 0x5000))).await;
    assert_eq!(found(store, "5000-A").await, [], "nobody knows a code before it is issued");
    let sold = issued(store, &pending, "5000-A", "S-5000").await;
    let redeemed = redeeming(store, 0x5001, "5000-A").await;
    redeeming(store, 0x5002, "5000-B").await;
    assert_eq!(found(store, "5000-A").await, concerned(&[&sold, &redeemed]));
    // The provider says the code again as it approves: once is enough.
    let redeemed = issued(store, &redeemed, "5000-A", "S-5000").await;
    assert_eq!(found(store, "5000-A").await, concerned(&[&sold, &redeemed]));
    assert_eq!(found(store, "5000-a").await, [], "a code is what it is to the letter");
    let declined = redeeming(store, 0x5003, "5000-A").await;
    recorded(store, change(&declined, Event::ProviderDeclined, State::Declined)).await;
    assert_eq!(found(store, "5000-A").await, concerned(&[&sold, &redeemed]), "nothing was done to it");
}

async fn what_is_owed_for_a_voucher_shows(store: &dyn Store) {
    let pending = opened(store, intent(&key("till", 0x5100))).await;
    let sold = issued(store, &pending, "5100", "S-5100").await;
    let queued = QueuedAdvice { id: id(0x51ff), advice: Advice::Confirmation, due_at: at(100) };
    let confirm = change(&sold, Event::ConfirmationReceived, State::Confirming);
    let confirming = recorded(store, Change { advice: Some(queued), ..confirm }).await;
    let owed = |transaction: &Transaction, is_owed| vec![Concerned { transaction: transaction.clone(), is_owed }];
    assert_eq!(found(store, "5100").await, owed(&confirming, true));
    let delivered = change(&confirming, Event::ConfirmationDelivered, State::Confirmed);
    let confirmed = recorded(store, Change { ends: Some(AdviceEnd::Delivered), ..delivered }).await;
    assert_eq!(found(store, "5100").await, owed(&confirmed, false));
}

async fn a_serial_number_is_a_name_too(store: &dyn Store) {
    let pending = opened(store, intent(&key("till", 0x5200))).await;
    let sold = issued(store, &pending, "5200", "S-5200").await;
    let by_number = |number| store.concerning(VoucherName::SerialNumber(text(number)));
    assert_eq!(by_number("S-5200").await, Ok(concerned(&[&sold])));
    assert_eq!(by_number("5200").await, Ok(Vec::new()), "a code is no serial number");
}

async fn what_only_its_channel_can_finalise_is_listed(store: &dyn Store) {
    let last = opened(store, intent(&key("till", 0x5300))).await;
    let list = async |most| store.unfinalised(last.number, most).await.unwrap();
    let count = async || store.tally().await.unwrap().unfinalised;
    let before = count().await.map_or(0, |unfinalised| unfinalised.count);
    let mut waiting = Vec::new();
    for turn in 0..3 {
        let pending = opened(store, intent(&key("till", 0x5301 + turn))).await;
        waiting.push(recorded(store, approval(&pending)).await);
        let pending = opened(store, intent(&key("till", 0x5311 + turn))).await;
        recorded(store, Change { due_at: Some(at(900_000)), ..approval(&pending) }).await;
    }
    for most in 0..5 {
        assert_eq!(list(most).await, waiting[..most.min(3)], "at most {most}");
    }
    assert_eq!(count().await, Some(Unfinalised { count: before + 3, oldest: at(0) }));
    recorded(store, change(&waiting.remove(1), Event::ConfirmationReceived, State::Confirmed)).await;
    assert_eq!(list(9).await, waiting);
    assert_eq!(store.unfinalised(TransactionNumber(u64::MAX), 9).await, Ok(Vec::new()));
}

async fn what_is_set_aside_frees_its_ids_and_goes_on(store: &dyn Store) {
    let own = |id| key("demo", id);
    let forestalled = own(0x5403);
    store.forestall(forestalled.clone(), id(0x54ff), at(0)).await.unwrap();
    let sold = issued(store, &opened(store, intent(&own(0x5401))).await, "5401", "S-5401").await;
    let owed = advices::queued(store, &own(0x5402), "demo provider", at(100)).await;
    let journal = store.journal(sold.number).await;
    let request = store.request(sold.number).await;
    for (channel, under, count) in [("nobody", "nobody, before", 0), ("demo", "demo, before", 2)] {
        let act = acts::act(Deed::ResetChannel(text(channel)));
        assert_eq!(store.set_aside(text(channel), text(under), act).await, Ok(count));
    }

    let aside = |transaction: Transaction| {
        let key = Key { channel: text("demo, before"), ..transaction.key };
        Transaction { key, ..transaction }
    };
    let (sold, owed_for) = (aside(sold), aside(owed.transaction));
    assert_eq!(store.find(&sold.key).await.unwrap().as_ref(), Some(&sold));
    assert_eq!((store.request(sold.number).await, store.journal(sold.number).await), (request, journal));
    assert_eq!(store.due_advices(&text("demo provider"), at(100), 9).await.unwrap()[0].transaction, owed_for);
    assert_eq!(found(store, "5401").await, concerned(&[&sold]));
    for free in [own(0x5401), own(0x5402), forestalled.clone()] {
        let again = opened(store, intent(&free)).await;
        let is_first_upstream = free == forestalled;
        assert_eq!(again.upstream_id == free.id, is_first_upstream, "the provider has heard the others' ids");
    }
    let aside = Key { channel: text("demo, before"), ..forestalled };
    assert_eq!(store.open(intent(&aside)).await, Ok(Opened::Forestalled));
    assert_eq!(store.forestall(aside, id(0x54fe), at(0)).await, Ok(Forestalled::Noted));
}
