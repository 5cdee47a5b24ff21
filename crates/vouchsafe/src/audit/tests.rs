mod world;

use serde_json::json;
use vouchsafe_core::advice::{Advice, AdviceEnd, ReversalReason};
use vouchsafe_core::message::ChannelAdvice;
use vouchsafe_core::transaction::{Event, State};
use vouchsafe_store::story::sample::channel_advices;

use self::world::{World, advice, approved, at, code, failed, hash, id, note, sold, success};
use super::*;

const REVERSAL: Advice = Advice::Reversal(ReversalReason::Timeout);

/// What was done to records that agreed, and the one invariant that they break now.
type Row = (&'static str, Invariant, fn(&mut World));

/// A row for each way in which records can be seen to break a promise.
const ROWS: &[Row] = &[
    ("two providers sold", Invariant::OneSale, |world| world.noted[1].push(sold(1))),
    ("a provider was asked twice", Invariant::AskedOnce, |world| world.noted[0].push(note(1, "refused"))),
    ("a request is in no journal", Invariant::DurableFirst, |world| world.noted[0].push(note(99, "dropped"))),
    ("a success is in no journal", Invariant::DurableFirst, |world| world.said.push(success("request", "app", 99, 0))),
    ("a success was told, and none recorded", Invariant::DurableFirst, |world| {
        world.of(1).journal[0].event = Event::Rerouted;
    }),
    ("a retry told another code", Invariant::SameSuccess, |world| {
        let mut line = success("retry", "app", 1, 500);
        line["answer"]["codeHash"] = json!(hash("0000-0000"));
        world.said.push(line);
    }),
    ("the provider issued another code", Invariant::SameSuccess, |world| {
        world.unnote(1, "sold");
        let mut line = sold(1);
        line["codeFingerprint"] = json!("00000000");
        world.noted[0].push(line);
    }),
    ("two transactions have one code", Invariant::OneCode, |world| {
        world.of(5).journal[0].outcome = Some(approved(&code(1)));
        world.unnote(5, "sold");
        let mut line = sold(5);
        line["codeFingerprint"] = sold(1)["codeFingerprint"].clone();
        world.noted[0].push(line);
        for line in world.lines(5) {
            line["answer"]["codeHash"] = json!(hash(&code(1)));
        }
    }),
    ("the provider never approved", Invariant::ApprovedOnly, |world| world.unnote(1, "sold")),
    ("the channel asked for another amount", Invariant::SameMoney, |world| {
        world.lines(1).for_each(|line| line["amount"] = json!(5_001));
    }),
    ("the channel was told another amount", Invariant::SameMoney, |world| {
        world.lines(1).for_each(|line| line["answer"]["currency"] = json!("840"));
    }),
    ("the provider sold another amount", Invariant::SameMoney, |world| {
        world.unnote(1, "sold");
        let mut line = sold(1);
        line["amount"] = json!(50);
        world.noted[0].push(line);
    }),
    ("the provider sold another product", Invariant::SameMoney, |world| {
        world.unnote(1, "sold");
        let mut line = sold(1);
        line["product"] = json!("OTHER");
        world.noted[0].push(line);
    }),
    ("a confirmed sale was reversed too", Invariant::OneFinaliser, |world| {
        let mut line = note(1, "advised");
        line["advice"] = json!("reversal");
        world.noted[0].push(line);
    }),
    ("a retry got a voucher after the reversal", Invariant::NoneAfterReverse, |world| {
        world.said.push(success("retry", "app", 6, 2_000));
    }),
    ("what the channel holds was reversed", Invariant::HeldStands, |world| {
        world.said.retain(|line| line["operation"] != "reversal");
    }),
    ("a failure stays sold", Invariant::FailureIsNotSold, |world| world.unreverse(7)),
    ("a reversal stays sold", Invariant::FailureIsNotSold, |world| world.unreverse(6)),
    ("the queue and the journals differ", Invariant::AdvicesKept, |world| world.more_in_the_queue = 1),
    ("an advice was dropped", Invariant::AdvicesKept, |world| {
        let held = world.of(2);
        held.journal.pop();
        held.transaction.version -= 1;
        held.transaction.state = State::Reversing;
    }),
    ("a delivered advice was never heard of", Invariant::AdvicesKept, |world| world.unnote(1, "confirmed")),
    ("what was reversed stays sold, and the channel knows nothing", Invariant::FailureIsNotSold, |world| {
        world.unreverse(2)
    }),
    ("a provider without advices got one", Invariant::SheetKept, |world| {
        let mut line = note(4, "breach");
        line["heard"] = json!("reversal");
        world.noted[1].push(line);
    }),
    ("a decline was not the end", Invariant::DeclineIsFinal, |world| {
        let held = world.happened(3, Event::LateApproval, State::Orphaned);
        held.advise(REVERSAL, Some(AdviceEnd::Consumed));
    }),
    ("a retry told another decline", Invariant::SameOutcome, |world| {
        world.said.push(failed("retry", 3, 20_000, (404, "DO_NOT_HONOUR")));
    }),
    ("a retry failed after a success", Invariant::SameOutcome, |world| {
        world.said.push(failed("retry", 1, 20_000, (404, "GENERAL_ERROR")));
        world.said.push(success("retry", "app", 1, 30_000));
    }),
    ("an answer came after its deadline", Invariant::InTime, |world| {
        world.lines(1).for_each(|line| line["waitMilliseconds"] = json!(149));
    }),
    ("a channel got another's code", Invariant::OwnOnly, |world| {
        world.lines(5).for_each(|line| line["answer"]["codeHash"] = json!(hash(&code(1))));
    }),
    ("a channel reversed what is another's", Invariant::OwnOnly, |world| {
        let [_, mut advised] = channel_advices();
        if let ChannelAdvice::Reversal(reversal) = &mut advised {
            reversal.advice.id = id(2_006);
        }
        world.of(6).journal[1].advised = Some(advised);
        world.said.push(advice("reversal", "other", 6, 900, (202, None)));
    }),
    ("a code stands in a ledger", Invariant::NoCodeInClear, |world| {
        world.noted[0][0]["comment"] = json!(format!("sold {}.", code(1)).replace('.', " "));
    }),
    ("a code stands in a log", Invariant::NoCodeInClear, |world| {
        world.text = format!("2026-11-23 INFO answered code={} to app\n", code(5));
    }),
    ("a code stands at the end of a dump, in a line without an end", Invariant::NoCodeInClear, |world| {
        world.text = format!("a dump\n{{\"code\": \"{}\"}}", code(5));
    }),
    ("an acknowledged reversal is lost", Invariant::NothingLost, |world| {
        world.said.push(advice("reversal", "app", 3, 30_000, (202, None)));
    }),
    ("an acknowledged confirmation is lost", Invariant::NothingLost, |world| {
        world.said.push(advice("confirmation", "app", 4, 30_000, (202, None)));
    }),
    ("an acknowledgement is about nothing", Invariant::NothingLost, |world| {
        world.said.push(advice("confirmation", "app", 99, 0, (202, None)));
    }),
    ("a reversal that came first was forgotten", Invariant::NothingLost, |world| {
        world.said.push(advice("reversal", "app", 3, -500, (404, Some("UNABLE_TO_LOCATE_RECORD"))));
    }),
    ("a journal has a gap", Invariant::NothingLost, |world| world.of(1).journal[2].version = 4),
    ("what was refused for want of room was begun", Invariant::RefusedBeforeIntent, |world| {
        world.lines(3).for_each(|line| line["answer"] = json!({"at": at(40), "status": 429}));
    }),
    ("a reversal is still open in the end", Invariant::AllSettled, |world| {
        world.settled = true;
        let held = world.of(2);
        held.journal.pop();
        held.journal[0].advice_end = None;
        held.transaction.version -= 1;
        held.transaction.state = State::Reversing;
    }),
];

#[tokio::test]
async fn records_that_agree_break_nothing() {
    let mut world = World::clean();
    world.settled = true;
    let report = world.audited().await;
    assert!(report.is_clean(), "{report}");
    assert_eq!((report.messages, report.transactions, report.ledger_lines), (9, 7, 12), "{report}");
    assert!(report.to_string().ends_with("no violation was found"), "{report}");
}

#[tokio::test]
async fn each_broken_promise_is_found_and_no_other() {
    for (name, invariant, doctor) in ROWS {
        let mut world = World::clean();
        doctor(&mut world);
        let report = world.audited().await;
        let found: Vec<_> = report.counts.iter().map(|(found, count)| (*found, *count)).collect();
        assert_eq!(found, [(*invariant, 1)], "{name}:\n{report}");
    }
}

#[test]
fn every_invariant_that_records_can_show_has_a_row() {
    for invariant in Invariant::ALL {
        let has_row = ROWS.iter().any(|(_, of_row, _)| *of_row == invariant);
        assert_eq!(has_row, invariant != Invariant::AnyClock, "{invariant}");
    }
    let numbers = Invariant::ALL.map(Invariant::number);
    assert!(numbers.iter().copied().eq(1..=22), "{numbers:?}");
}

#[tokio::test]
async fn a_violation_is_told_with_its_story_and_without_its_code() {
    let mut world = World::clean();
    world.noted[1].push(sold(1));
    let text = world.audited().await.to_string();
    for expected in [
        "VIOLATION (1)",
        "transaction 1\n",
        "provider approved, approved",
        "the channel sent its request",
        "stellr heard a request",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    assert!(!text.contains(&code(1)), "{text}");
}

#[test]
fn what_cannot_be_read_is_named_with_its_line_and_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let line = |doctor: fn(&mut serde_json::Value)| {
        let mut line = success("request", "app", 1, 0);
        doctor(&mut line);
        line.to_string()
    };
    for (bad, expect) in [
        ("nonsense".to_owned(), "expected"),
        (line(|line| line["requestId"] = json!("1")), "not an id"),
        (line(|line| line["kind"] = json!("sale")), "not provision, redemption or refund"),
        (line(|line| line["answer"]["codeHash"] = json!(code(1))), "64 hexadecimal digits"),
        (line(|line| line["currency"] = json!("ZAR")), "three digits"),
        (line(|line| line["code"] = json!(code(1))), "unknown field `code`"),
    ] {
        std::fs::write(&path, format!("{}\n\n{bad}\n", success("request", "app", 2, 0))).unwrap();
        let inputs = Inputs { channel_logs: vec![path.clone()], ..Inputs::none() };
        let told = Records::read(&inputs, &|_, _| ()).unwrap_err().to_string();
        assert!(told.contains("line 3: ") && told.contains(expect) && told.contains("docs/audit.md"), "{told}");
        assert!(!told.contains(&code(1)), "{told}");
    }
    let inputs = Inputs { channel_logs: vec![folder.path().join("none")], ..Inputs::none() };
    assert!(Records::read(&inputs, &|_, _| ()).unwrap_err().to_string().contains("none: "));
}

#[test]
fn a_line_that_was_never_finished_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    std::fs::write(&path, format!("{}\n{{\"sentAt\":\"20", success("request", "app", 2, 0))).unwrap();
    let inputs = Inputs { channel_logs: vec![path], ..Inputs::none() };
    assert_eq!(Records::read(&inputs, &|_, _| ()).unwrap().said.len(), 1);
}

#[test]
fn a_keyed_hash_needs_a_key_worth_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "0123456789abcde\n").unwrap();
    assert!(CodeHasher::keyed(&path).unwrap_err().to_string().contains("at least 16 bytes"));
    std::fs::write(&path, "0123456789abcdef\n").unwrap();
    let keyed = CodeHasher::keyed(&path).unwrap();
    assert_ne!(keyed.hash("1234"), CodeHasher::plain().hash("1234"));
    // RFC 6234's and FIPS 180's own example, and what OpenSSL says of the keyed one.
    assert_eq!(
        CodeHasher::plain().hash("abc").to_string(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn the_page_shows_a_line_of_each_kind_that_can_be_read() {
    let page = include_str!("../../../../docs/audit.md");
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, begins: &str| {
        let path = folder.path().join(name);
        let lines = page.lines().filter(|line| line.starts_with(begins));
        std::fs::write(&path, lines.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        path
    };
    let inputs = Inputs {
        channel_logs: vec![write("log", r#"{"sentAt""#)],
        provider_ledgers: vec![("acme".to_owned(), write("ledger", r#"{"at""#))],
        ..Inputs::none()
    };
    let records = Records::read(&inputs, &|_, _| ()).unwrap();
    assert_eq!((records.said.len(), records.noted.len()), (5, 10), "operations, and events of a ledger");
}
