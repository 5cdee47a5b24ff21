use uuid::Uuid;
use vouchsafe_core::advice::ReversalReason;
use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
use vouchsafe_core::money::LedgerAmount;
use vouchsafe_core::outcome::{Approval, Decline, Doubt};
use vouchsafe_core::secret::Secret;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::text::Text;
use vouchsafe_core::transaction::{Kind, Terms};
use vouchsafe_core::voucher::Voucher;
use vouchsafe_store::{Attempts, Key, QueuedAdvice};

use super::*;
use crate::command::grounds::Grounds;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_764_000_000 + seconds).unwrap()
}

fn id(id: u128) -> MessageId {
    MessageId::new(Uuid::from_u128(id))
}

fn orphan(number: u64, asked: Option<(i64, u16)>) -> Transaction {
    Transaction {
        number: TransactionNumber(number),
        key: Key { channel: ChannelId::new("till").unwrap(), kind: Kind::Provision, id: id(1) },
        version: 1,
        state: State::Orphaned,
        provider: ProviderId::new("stub").unwrap(),
        upstream_id: id(2),
        asked: asked.map(|(amount, currency)| LedgerAmount {
            amount,
            currency: Currency::new(currency).unwrap(),
            ledger_indicator: None,
        }),
        terms: Terms { messaging: Messaging::Single, confirmations: false, reversals: false },
        opened_at: at(0),
        due_at: None,
    }
}

fn event(event: Event, outcome: Option<Outcome>) -> Entry {
    let state = State::Orphaned;
    Entry {
        version: 1,
        at: at(1),
        event,
        state,
        outcome,
        advice: None,
        advice_end: None,
        attempts: Attempts::default(),
        advised: None,
        note: None,
        is_destroyed: false,
    }
}

/// The same, with a reversal that the provider does not take.
fn consumed(entry: Entry) -> Entry {
    let advice = Advice::Reversal(ReversalReason::Timeout);
    let queued = QueuedAdvice { id: id(3), advice, due_at: at(1) };
    Entry { advice: Some(queued), advice_end: Some(AdviceEnd::Consumed), ..entry }
}

fn approved() -> Option<Outcome> {
    let code = Some(Secret::new(Text::new("1234-5678-9012-3456").unwrap()));
    Some(Outcome::Approved(Box::new(Approval::accepted(Voucher { code, ..Voucher::default() }))))
}

#[test]
fn an_orphan_is_listed_with_its_value_age_evidence_and_next_step() {
    let journal = [consumed(event(Event::AnswerMissing, Some(Outcome::Unknown(Doubt::NoAnswer))))];
    let expect = "\
orphan 17: a provision of R50.00 at stub, 2 h 5 min old
  channel   till, request id 00000000-0000-0000-0000-000000000001
  evidence  nothing is proven: there was no answer in time; the provider takes no reversals
  next      ask stub whether upstream id 00000000-0000-0000-0000-000000000002 was sold; if so, have it cancelled or credited; \
then: vouchsafe orphans resolve 17 --data D --reason \"what you found\"";
    assert_eq!(block(&orphan(17, Some((5000, 710))), None, &journal, at(7_512), " --data D"), expect);
}

#[test]
fn evidence_and_next_step_follow_from_the_journal() {
    let no_answer = event(Event::AnswerMissing, Some(Outcome::Unknown(Doubt::NoAnswer)));
    let refused = Entry { note: FreeText::new("GENERAL_ERROR: never").ok(), ..event(Event::ReversalRefused, None) };
    let late_decline = event(Event::LateDecline, Some(Outcome::Declined(Decline::OurCredentials)));
    for (journal, expect, step) in [
        (
            vec![event(Event::ProviderApproved, approved()), consumed(event(Event::ReversalReceived, None))],
            "approved (code ****3456); reversed by the channel; the provider takes no reversals",
            "it is sold and no channel has it so: have upstream id",
        ),
        (
            vec![no_answer.clone(), event(Event::LateApproval, approved()), refused.clone()],
            "nothing is proven: there was no answer in time; late approval (code ****3456); \
             reversal refused: GENERAL_ERROR: never",
            "it is sold and no channel has it so",
        ),
        (
            vec![no_answer.clone(), refused],
            "nothing is proven: there was no answer in time; reversal refused: GENERAL_ERROR: never",
            "ask stub whether upstream id",
        ),
        (
            vec![consumed(no_answer), late_decline],
            "nothing is proven: there was no answer in time; the provider takes no reversals; \
             late, declined: the provider does not accept our credentials",
            "stub says that nothing was sold: check that upstream id",
        ),
    ] {
        assert_eq!(evidence(&journal, &Words::of(None, &journal)), expect);
        let told = next_step(&orphan(17, None), &journal, "stub", "");
        assert!(told.starts_with(step), "{told}");
    }
}

#[test]
fn the_sum_is_by_currency() {
    let orphans =
        [orphan(1, Some((5000, 710))), orphan(2, Some((250, 710))), orphan(3, Some((9, 840))), orphan(4, None)];
    let expect = "4 orphans at risk: R52.50, 9 minor units of currency 840, 1 of an amount that nobody named";
    assert_eq!(sum(orphans.iter()), expect);
    assert_eq!(sum(orphans[..1].iter()), "1 orphan at risk: R50.00");
}

#[test]
fn an_age_is_told_in_the_units_that_matter() {
    for (seconds, expect) in
        [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (7_512, "2 h 5 min"), (86_400 * 3 + 3_600, "3 d 1 h")]
    {
        assert_eq!(age(at(0), at(seconds)), expect);
    }
}

#[test]
fn only_an_orphan_is_resolved_and_only_one() {
    let signed = Grounds::signed_for_tests("credited");
    let orphaned = orphan(17, None);
    let change = resolution(&orphaned, &signed, at(9)).unwrap();
    assert_eq!((change.state, change.event, change.seen), (State::Resolved, Event::OrphanResolved, 1));
    assert_eq!(change.note, FreeText::new("credited").ok());
    let act = change.act.unwrap();
    assert_eq!((act.deed, act.reason.as_str()), (Deed::ResolveOrphan(orphaned.number), "credited"));
    assert_eq!((act.before.as_str(), act.after.as_str()), ("orphaned", "resolved"));
    for state in State::ALL.iter().copied().filter(|state| *state != State::Orphaned) {
        let refused = resolution(&Transaction { state, ..orphaned.clone() }, &signed, at(9)).unwrap_err();
        assert!(refused.contains(&format!("is {state}, not orphaned")), "{refused}");
    }
    assert_eq!(only("17", std::slice::from_ref(&orphaned)), Ok(&orphaned));
    assert!(only("17", &[]).unwrap_err().contains("no transaction here"));
    let several = [orphaned, orphan(23, None)];
    assert!(only("x", &several).unwrap_err().ends_with("say which by its number: 17, 23"));
}
