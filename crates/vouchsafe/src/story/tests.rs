use uuid::Uuid;
use vouchsafe_core::advice::{Hindrance, ReversalReason};
use vouchsafe_core::error_detail::{ErrorType, shortened};
use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
use vouchsafe_core::outcome::{NotSent, Unusable};
use vouchsafe_core::secret::Secret;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::text::{FreeText, Text, UpTo};
use vouchsafe_core::transaction::{Event, Kind, State, Terms};
use vouchsafe_core::voucher::{Pin, Voucher};
use vouchsafe_store::story::sample;
use vouchsafe_store::{Key, TransactionNumber};

use super::*;

const CODE: &str = "1234-5678-9012-3456";

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_764_000_000_000 + milliseconds).unwrap()
}

fn approval() -> Approval {
    Approval::accepted(Voucher {
        code: Some(Secret::new(Text::new(CODE).unwrap())),
        serial_number: Some(UpTo::new("SN1").unwrap()),
        pin: Some(Secret::new(Pin::Clear(UpTo::new("2468").unwrap()))),
        ..Voucher::default()
    })
}

fn transaction() -> Transaction {
    let id = |id| MessageId::new(Uuid::from_u128(id));
    Transaction {
        number: TransactionNumber(17),
        key: Key { channel: ChannelId::new("till").unwrap(), kind: Kind::Provision, id: id(1) },
        version: 2,
        state: State::Reversing,
        provider: ProviderId::new("stub").unwrap(),
        upstream_id: id(2),
        asked: Some(LedgerAmount { amount: 5000, currency: Currency::ZAR, ledger_indicator: None }),
        terms: Terms { messaging: Messaging::Single, confirmations: true, reversals: true },
        opened_at: at(0),
        due_at: None,
    }
}

fn entry(version: u32, event: Event, state: State) -> Entry {
    let at = at(i64::from(version));
    Entry {
        version,
        at,
        event,
        state,
        outcome: None,
        advice: None,
        advice_end: None,
        attempts: Attempts::default(),
        advised: None,
        note: None,
        is_destroyed: false,
    }
}

fn error() -> ProviderError {
    ProviderError {
        error_type: ErrorType::LimitExceeded,
        message: shortened("no"),
        provider_code: Some(FreeText::new("61").unwrap()),
        provider_message: Some(FreeText::new(format!("{CODE} is over\n the limit")).unwrap()),
    }
}

#[test]
fn a_story_tells_everything_but_the_code_and_the_pin() {
    let sold = Entry {
        outcome: Some(Outcome::Approved(Box::new(approval()))),
        ..entry(1, Event::ProviderApproved, State::Approved)
    };
    let id = MessageId::new(Uuid::from_u128(3));
    let reversed = Entry {
        advice: Some(QueuedAdvice { id, advice: Advice::Reversal(ReversalReason::Cancelled), due_at: at(2) }),
        attempts: Attempts { count: 2, hindrance: Some(Hindrance::NoAnswer) },
        note: Some(FreeText::new(format!("keep {CODE} safe")).unwrap()),
        ..entry(2, Event::ReversalReceived, State::Reversing)
    };
    let expect = "\
transaction 17
  channel      till
  kind         provision
  request id   00000000-0000-0000-0000-000000000001
  provider     stub
  upstream id  00000000-0000-0000-0000-000000000002
  amount       R50.00
  messaging    single
  state        reversing
  opened at    2025-11-24T16:00:00.000Z
  due          nothing is waited for
  2025-11-24T16:00:00.000Z  opened, pending
  2025-11-24T16:00:00.001Z  provider approved, approved
      approved: serial number SN1, code ****3456
  2025-11-24T16:00:00.002Z  reversal received, reversing
      advice 00000000-0000-0000-0000-000000000003: reversal CANCELLED, still to be delivered, after 2 attempts that came to nothing; the last time there was no answer
      note: keep ****3456 safe";
    let told = story(&transaction(), None, &[sold, reversed]);
    assert_eq!(told, expect);
    assert!(!told.contains(CODE) && !told.contains("2468"));
}

#[test]
fn a_story_tells_what_stands_on_the_slip() {
    let request = Request::Provision(sample::request(MessageId::new(Uuid::from_u128(1))));
    let reference = |text: &str| ThirdPartyIdentifier {
        institution_id: FreeText::new("stub").unwrap(),
        transaction_identifier: FreeText::new(text).unwrap(),
    };
    let mut approval = approval();
    let (bare, dotted) = (CODE.replace('-', ""), CODE.replace('-', "."));
    approval.third_party_identifiers = ["receipt 7", CODE, &bare, &dotted, "no 2468"].map(reference).to_vec();
    let sold = Entry {
        outcome: Some(Outcome::Approved(Box::new(approval))),
        ..entry(1, Event::ProviderApproved, State::Approved)
    };
    let told = story(&transaction(), Some(&request), &[sold]);
    let header = request.header();
    for (name, value) in [
        ("terminal", header.originator.terminal_id.as_str()),
        ("merchant", header.originator.merchant.merchant_id.as_str()),
        ("stan", header.stan.as_ref().unwrap().as_str()),
        ("rrn", header.rrn.as_ref().unwrap().as_str()),
        ("reference", "receipt 7 by stub"),
    ] {
        assert!(told.contains(&format!("\n  {name:<12} {value}")), "{name}: {told}");
    }
    for secret in [CODE, &bare, &dotted, "2468"] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
}

#[test]
fn the_code_that_was_presented_is_taken_out_of_a_refusal() {
    let mut request = sample::redemption(MessageId::new(Uuid::from_u128(1)));
    request.voucher.code = Secret::new(Text::new(CODE).unwrap());
    let request = Request::Redemption(request);
    let declined = Entry {
        outcome: Some(Outcome::Declined(Decline::ByProvider(error()))),
        ..entry(1, Event::ProviderDeclined, State::Declined)
    };
    let told = story(&transaction(), Some(&request), &[declined]);
    assert!(!told.contains(CODE) && told.contains("****3456 is over"), "{told}");
}

#[test]
fn what_a_provider_wrote_is_told_without_what_could_be_a_code_or_a_pin() {
    for (text, expect) in [
        ("voucher 1234-5678-9012-3456 was used", "voucher **** was used"),
        ("voucher 1234 5678 9012 3456 was used", "voucher **** was used"),
        ("PIN 2468 is wrong", "PIN **** is wrong"),
        ("code AB12CD34EF is unknown", "code **** is unknown"),
        ("cut off at 1234-56", "cut off at ****"),
        ("code KQWERTZUIOPASDFGHJKL is taken", "code **** is taken"),
        ("code KQWERTZ2IOPASDFGHJKL is taken", "code **** is taken"),
        ("code kqwertzuiopasdfghjkl is taken", "code **** is taken"),
        ("code KqWeRtZuIoPaSdFgHjKl is taken", "code **** is taken"),
        ("VOUCHER_ALREADY_REDEEMED_BY_SOMEBODY", "VOUCHER_ALREADY_REDEEMED_BY_SOMEBODY"),
        (
            "VoucherAlreadyRedeemed: a well-known-but-never-ending-story",
            "VoucherAlreadyRedeemed: a well-known-but-never-ending-story",
        ),
        ("limit of R500 reached, see section 12-3", "limit of R500 reached, see section 12-3"),
        ("no such voucher", "no such voucher"),
        ("", ""),
    ] {
        let declined =
            ProviderError { message: shortened(text), provider_code: None, provider_message: None, ..error() };
        let told = Words::of(None, &[]).outcome(&Outcome::Declined(Decline::ByProvider(declined)));
        assert_eq!(told, format!("declined: LIMIT_EXCEEDED: {expect}"));
    }
    let note = Some(FreeText::new(format!("{CODE} is over, ticket 123456")).unwrap());
    for (event, expect) in [
        (Event::ReversalRefused, "note: **** is over, ticket ****"),
        (Event::OrphanResolved, "note: 1234-5678-9012-3456 is over, ticket 123456"),
    ] {
        let entry = Entry { note: note.clone(), ..entry(1, event, State::Orphaned) };
        let told = story(&transaction(), None, &[entry]);
        assert!(told.contains(expect), "{event}: {told}");
    }
}

#[test]
fn what_the_provider_said_is_told_in_words() {
    let sold = [Entry {
        outcome: Some(Outcome::Approved(Box::new(approval()))),
        ..entry(1, Event::LateApproval, State::Reversing)
    }];
    let unusable = |error| Outcome::Unknown(Doubt::Unusable { reason: Unusable::NoCode, error });
    let theirs = "LIMIT_EXCEEDED: no (provider's own: 61, ****3456 is over\u{fffd} the limit)";
    for (outcome, expect) in [
        (Outcome::Declined(Decline::ByProvider(error())), format!("declined: {theirs}")),
        (
            Outcome::Declined(Decline::OurCredentials),
            "declined: the provider does not accept our credentials".to_owned(),
        ),
        (
            Outcome::Declined(Decline::NotSent(NotSent::NoConnection)),
            "certainly not sent: no connection to the provider could be made".to_owned(),
        ),
        (Outcome::Unknown(Doubt::NoAnswer), "nothing is proven: there was no answer in time".to_owned()),
        (Outcome::Unknown(Doubt::Lost), "nothing is proven: the switch stopped before it heard the answer".to_owned()),
        (unusable(None), "nothing is proven: there is no voucher code".to_owned()),
        (unusable(Some(error())), format!("nothing is proven: there is no voucher code; the provider said {theirs}")),
    ] {
        assert_eq!(Words::of(None, &sold).outcome(&outcome), expect);
    }
}

#[test]
fn an_advice_is_told_with_its_end() {
    let queued = QueuedAdvice { id: MessageId::new(Uuid::from_u128(3)), advice: Advice::Confirmation, due_at: at(0) };
    let never = Attempts::default();
    let once = never.and(Hindrance::Status);
    for (end, attempts, expect) in [
        (None, never, "still to be delivered"),
        (
            Some(AdviceEnd::Delivered),
            once,
            "delivered, after 1 attempt that came to nothing; the last time the provider failed",
        ),
        (
            None,
            once.and(Hindrance::NoConnection),
            "still to be delivered, after 2 attempts that came to nothing; the last time no connection could be made",
        ),
        (Some(AdviceEnd::Consumed), never, "consumed: the provider takes none"),
        (Some(AdviceEnd::Refused), never, "refused"),
    ] {
        let id = "00000000-0000-0000-0000-000000000003";
        assert_eq!(advice(&queued, end, attempts), format!("advice {id}: confirmation, {expect}"));
    }
}

#[test]
fn four_characters_of_a_long_code_are_shown_and_none_of_a_short_one() {
    for (code, expect) in
        [(CODE, "****3456"), ("12345678", "****5678"), ("1234567", "****"), ("1", "****"), ("éééééééé", "****éééé")]
    {
        assert_eq!(masked(code), expect);
    }
}

#[test]
fn rand_are_written_as_rand_and_other_currencies_in_minor_units() {
    let dollar = Currency::new(840).unwrap();
    for (minor_units, currency, expect) in [
        (79_995, Currency::ZAR, "R799.95"),
        (5, Currency::ZAR, "R0.05"),
        (-5, Currency::ZAR, "-R0.05"),
        (i64::MIN, Currency::ZAR, "-R92233720368547758.08"),
        (5000, dollar, "5000 minor units of currency 840"),
    ] {
        assert_eq!(money(minor_units, currency), expect);
    }
}

#[test]
fn a_terminal_obeys_nothing_that_others_wrote() {
    let words = Words::of(None, &[]);
    assert_eq!(words.clean("a\u{1b}[2Jb\nc\u{202e}d é"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d é");
}
