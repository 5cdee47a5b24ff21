//! What may be done with a voucher, and what it is worth.

use vouchsafe_core::id::MessageId;

use super::super::{Books, Names};
use super::*;

const NOW: &str = "2026-11-23T10:00:00Z";

fn mark() -> VoucherMark {
    VoucherMark::new([7; 16])
}

fn rand(amount: i64) -> LedgerAmount {
    LedgerAmount { amount, currency: Currency::ZAR, ledger_indicator: None }
}

fn key(kind: Kind, number: u8) -> Key {
    Key { client: "us".into(), kind, id: MessageId::from_parts([number; 16], 0) }
}

const SALE: (Kind, u8) = (Kind::Provision, 0);
const FIRST: (Kind, u8) = (Kind::Redemption, 1);
const BACK: (Kind, u8) = (Kind::Refund, 2);
const AGAIN: (Kind, u8) = (Kind::Redemption, 3);

/// What a request or an advice about it does.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// Moves so much, and waits for its confirmation.
    Moves((Kind, u8), i64),
    /// Moves so much, and counts as confirmed.
    MovesForGood((Kind, u8), i64),
    Confirms((Kind, u8)),
    Reverses((Kind, u8)),
}
use Act::{Confirms, Moves, MovesForGood, Reverses};

/// The books after all this.
fn books(acts: &[Act]) -> Books {
    let mut books = Books::default();
    for act in acts {
        let (Moves(request, _) | MovesForGood(request, _) | Confirms(request) | Reverses(request)) = *act;
        let (amount, voucher) = (
            match *act {
                Moves(_, amount) | MovesForGood(_, amount) => Some(amount),
                _ => None,
            },
            mark(),
        );
        let counts_as_confirmed = matches!(act, MovesForGood(..));
        let advice_id = String::new();
        let event = match (act, request.0) {
            (Confirms(_), _) => Event::Confirmed { advice_id },
            (Reverses(_), _) => Event::Reversed { advice_id },
            (_, Kind::Provision) => Event::Sold {
                serial_number: "SV1".to_owned(),
                code_fingerprint: String::new(),
                voucher: Some(voucher),
                expiry_date: "2029-11-23T10:00:00Z".parse().ok(),
                counts_as_confirmed,
            },
            (_, Kind::Redemption) => Event::Redeemed { voucher, counts_as_confirmed },
            (_, Kind::Refund) => Event::Refunded { voucher, counts_as_confirmed },
        };
        let key = key(request.0, request.1);
        let entry = Entry {
            at: NOW.parse().unwrap(),
            event,
            kind: key.kind,
            id: key.id.to_string(),
            client: key.client.to_string(),
            product: Some("AIRTIME".to_owned()),
            amount,
            currency: amount.map(|_| "710".to_owned()),
        };
        books.learn(key, &entry);
    }
    books
}

fn by_code() -> Names {
    Names { mark: Some(mark()), ..Names::default() }
}

#[test]
fn the_state_of_a_voucher_says_what_may_be_done_with_it() {
    use ErrorType as Type;
    let unconfirmed = vec![Moves(SALE, 50)];
    let with = |before: &[Act], more: &[Act]| [before, more].concat();
    let confirmed = with(&unconfirmed, &[Confirms(SALE)]);
    let redeemed = with(&confirmed, &[Moves(FIRST, 50)]);
    let taken = with(&redeemed, &[Confirms(FIRST)]);
    let refunded = with(&taken, &[Moves(BACK, 50)]);
    let given_back = with(&refunded, &[Confirms(BACK)]);
    let redeemed_again = with(&given_back, &[Moves(AGAIN, 50)]);
    for (what, acts, redeem, refund, value) in [
        ("unconfirmed", unconfirmed.clone(), Err(Type::VoucherNotRedeemable), Err(Type::VoucherNotRedeemed), 50),
        ("confirmed", confirmed.clone(), Ok(50), Err(Type::VoucherNotRedeemed), 50),
        ("redeemed", redeemed.clone(), Err(Type::VoucherAlreadyRedeemed), Err(Type::RedemptionNotConfirmed), 0),
        ("redemption confirmed", taken.clone(), Err(Type::VoucherAlreadyRedeemed), Ok(50), 0),
        ("refunded", refunded.clone(), Err(Type::VoucherNotRedeemable), Err(Type::VoucherAlreadyRefunded), 50),
        ("refund confirmed", given_back, Ok(50), Err(Type::VoucherAlreadyRefunded), 50),
        ("again", redeemed_again, Err(Type::VoucherAlreadyRedeemed), Err(Type::RedemptionNotConfirmed), 0),
        ("redemption reversed", with(&redeemed, &[Reverses(FIRST)]), Ok(50), Err(Type::VoucherNotRedeemed), 50),
        ("refund reversed", with(&refunded, &[Reverses(BACK)]), Err(Type::VoucherAlreadyRedeemed), Ok(50), 0),
        ("single", vec![MovesForGood(SALE, 50)], Ok(50), Err(Type::VoucherNotRedeemed), 50),
        (
            "single, redeemed",
            vec![MovesForGood(SALE, 50), MovesForGood(FIRST, 50)],
            Err(Type::VoucherAlreadyRedeemed),
            Ok(50),
            0,
        ),
    ] {
        let books = books(&acts);
        let voucher = books.voucher(&by_code()).unwrap();
        let now = NOW.parse().unwrap();
        let amount = |moved: Option<LedgerAmount>| moved.unwrap().amount;
        assert_eq!(voucher.redeem(None, now).map(amount), redeem, "{what}");
        assert_eq!(voucher.refund(None, None).map(amount), refund, "{what}");
        assert_eq!(voucher.value().unwrap().amount, value, "{what}");
    }
    // What was never confirmed is gone once it is reversed, by every name.
    let books = books(&with(&unconfirmed, &[Reverses(SALE)]));
    let by_number = Names { serial_number: Some("SV1".into()), ..Names::default() };
    for names in [by_code(), by_number, Names { request: Some(key(SALE.0, SALE.1)), ..Names::default() }] {
        assert!(books.voucher(&names).is_none(), "{names:?}");
    }
}

#[test]
fn only_what_was_done_last_is_undone() {
    let acts = [MovesForGood(SALE, 50), MovesForGood(FIRST, 50), MovesForGood(BACK, 50), MovesForGood(AGAIN, 50)];
    let refund = Err(ErrorType::VoucherAlreadyRefunded);
    let redemption = Err(ErrorType::VoucherAlreadyRedeemed);
    for (done, expect) in [
        (1, vec![Ok(())]),
        (2, vec![redemption, Ok(())]),
        (3, vec![refund, refund, Ok(())]),
        (4, vec![redemption, redemption, redemption, Ok(())]),
    ] {
        let books = books(&acts[..done]);
        let voucher = books.voucher(&by_code()).unwrap();
        let found = [SALE, FIRST, BACK, AGAIN][..done].iter().map(|(kind, number)| voucher.undo(&key(*kind, *number)));
        assert_eq!(found.collect::<Vec<_>>(), expect);
    }
}

#[test]
fn no_more_is_taken_than_is_there_and_no_more_given_back_than_was_taken() {
    use ErrorType as Type;
    let now = NOW.parse().unwrap();
    let dollars = |amount| LedgerAmount { currency: Currency::new(840).unwrap(), ..rand(amount) };
    let sold = books(&[MovesForGood(SALE, 50)]);
    let used = books(&[MovesForGood(SALE, 50), MovesForGood(FIRST, 20)]);
    let (sold, used) = (sold.voucher(&by_code()).unwrap(), used.voucher(&by_code()).unwrap());
    for (asked, redeem, refund) in [
        (rand(1), Ok(1), Ok(1)),
        (rand(20), Ok(20), Ok(20)),
        (rand(21), Ok(21), Err(Type::InvalidAmount)),
        (rand(50), Ok(50), Err(Type::InvalidAmount)),
        (rand(51), Err(Type::InsufficientFunds), Err(Type::InvalidAmount)),
        (rand(0), Err(Type::InvalidAmount), Err(Type::InvalidAmount)),
        (rand(-1), Err(Type::InvalidAmount), Err(Type::InvalidAmount)),
        (dollars(1), Err(Type::InvalidAmount), Err(Type::InvalidAmount)),
    ] {
        assert_eq!(sold.redeem(Some(asked), now).map(|taken| taken.unwrap().amount), redeem, "{asked}");
        assert_eq!(used.refund(None, Some(asked)).map(|given| given.unwrap().amount), refund, "{asked}");
    }
    assert_eq!(used.refund(None, None).unwrap().unwrap().amount, 20, "all that was taken");
}

#[test]
fn what_is_taken_and_given_back_adds_up() {
    for (taken, given, left) in [(50, 50, 50), (50, 20, 20), (20, 20, 50), (20, 5, 35)] {
        let books = books(&[MovesForGood(SALE, 50), MovesForGood(FIRST, taken), MovesForGood(BACK, given)]);
        let voucher = books.voucher(&by_code()).unwrap();
        let found = voucher.redeem(None, NOW.parse().unwrap()).unwrap().unwrap();
        assert_eq!(found.amount, left, "{taken} taken, {given} given back");
        assert_eq!(voucher.value().unwrap().amount, left);
    }
}

#[test]
fn an_expired_voucher_is_not_redeemed_but_what_it_was_redeemed_for_is_refunded() {
    let then = "2029-11-23T10:00:00Z".parse().unwrap();
    let sold = books(&[MovesForGood(SALE, 50)]);
    assert_eq!(sold.voucher(&by_code()).unwrap().redeem(None, then), Err(ErrorType::VoucherNotRedeemable));
    let used = books(&[MovesForGood(SALE, 50), MovesForGood(FIRST, 50)]);
    assert!(used.voucher(&by_code()).unwrap().refund(None, None).is_ok());
}

#[test]
fn names_that_contradict_each_other_name_no_voucher() {
    let books = books(&[MovesForGood(SALE, 50), MovesForGood(FIRST, 50)]);
    let number = |text: &str| Some(Box::from(text));
    let request = |(kind, number)| Some(key(kind, number));
    let other = Some(VoucherMark::new([8; 16]));
    for (mark, serial_number, request, is_found) in [
        (Some(mark()), None, None, true),
        (None, number("SV1"), None, true),
        (None, None, request(SALE), true),
        (None, None, request(FIRST), true),
        (Some(mark()), number("SV1"), request(SALE), true),
        (None, None, None, false),
        (other, None, None, false),
        (None, number("SV2"), None, false),
        (None, None, request(AGAIN), false),
        (Some(mark()), number("SV2"), None, false),
        (other, number("SV1"), None, false),
        (other, None, request(SALE), false),
        (Some(mark()), None, request(AGAIN), false),
        (None, number("SV1"), request(AGAIN), false),
    ] {
        let names = Names { mark, serial_number, request };
        assert_eq!(books.voucher(&names).is_some(), is_found, "{names:?}");
    }
}

#[test]
fn a_refund_may_name_the_redemption_and_then_means_no_other() {
    let books = books(&[MovesForGood(SALE, 50), MovesForGood(FIRST, 50)]);
    let voucher = books.voucher(&by_code()).unwrap();
    assert!(voucher.refund(Some(&key(FIRST.0, FIRST.1)), None).is_ok());
    assert_eq!(voucher.refund(Some(&key(AGAIN.0, AGAIN.1)), None), Err(ErrorType::VoucherNotRedeemed));
}
