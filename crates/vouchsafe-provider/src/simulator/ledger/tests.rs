//! The books in memory and on disk.

use super::*;

fn sold(id: &str) -> Entry {
    Entry {
        at: "2026-11-23T10:00:00.125Z".parse().unwrap(),
        event: Event::Sold {
            serial_number: "SV1".to_owned(),
            code_fingerprint: "0badcafe".to_owned(),
            voucher: None,
            expiry_date: None,
            counts_as_confirmed: false,
        },
        kind: Kind::Provision,
        id: id.to_owned(),
        client: "us".to_owned(),
        product: Some("AIRTIME".to_owned()),
        amount: Some(5000),
        currency: Some("710".to_owned()),
    }
}

/// Writes an entry and returns where its request stood before.
async fn append(ledger: &Ledger, entry: Entry) -> Standing {
    let key = Key { client: entry.client.as_str().into(), kind: entry.kind, id: MessageId::parse(&entry.id).unwrap() };
    let (stood, written) = ledger.record(key, |_, fate| (fate.standing, entry));
    written.await.unwrap();
    stood
}

const FIRST: &str = "a1b2c3d4-e5f6-0a0b-0c0d-0e0f10111213";
const SECOND: &str = "A1B2c3d4-e5f6-0a0b-0c0d-0e0f10111214";

#[test]
fn a_line_says_what_happened_in_a_fixed_order() {
    let line = |event| serde_json::to_string(&Entry { event, ..sold(FIRST) }).unwrap();
    let rest = format!(r#""id":"{FIRST}","client":"us","product":"AIRTIME","amount":5000,"currency":"710"}}"#);
    let at = r#"{"at":"2026-11-23T10:00:00.125Z","event":"#;
    for (event, expect) in [
        (sold(FIRST).event, r#""sold","serialNumber":"SV1","codeFingerprint":"0badcafe","#),
        (
            Event::Refused { status: 404, error_type: Some("LIMIT_EXCEEDED".to_owned()) },
            r#""refused","status":404,"errorType":"LIMIT_EXCEEDED","#,
        ),
        (Event::Refused { status: 307, error_type: None }, r#""refused","status":307,"#),
        (Event::Dropped, r#""dropped","#),
        (reversed(), &format!(r#""reversed","adviceId":"{SECOND}","#)),
        (confirmed(), &format!(r#""confirmed","adviceId":"{SECOND}","#)),
        (Event::Forestalled { advice_id: SECOND.to_owned() }, &format!(r#""forestalled","adviceId":"{SECOND}","#)),
        (
            advised(Finaliser::Reversal, Some(202)),
            &format!(r#""advised","advice":"reversal","adviceId":"{SECOND}","status":202,"#),
        ),
        (
            advised(Finaliser::Confirmation, None),
            &format!(r#""advised","advice":"confirmation","adviceId":"{SECOND}","#),
        ),
        (Event::Breach { heard: Heard::Request, advice_id: None }, r#""breach","heard":"request","#),
    ] {
        assert_eq!(line(event), format!("{at}{expect}{rest}"));
    }
    let mark = mark();
    let whole = Entry { event: in_full(), ..sold(FIRST) };
    let expect = format!(
        r#"{at}"sold","serialNumber":"SV1","codeFingerprint":"0badcafe","voucher":"{mark}","expiryDate":"2029-11-23T10:00:00Z","countsAsConfirmed":true,{rest}"#
    );
    assert_eq!(serde_json::to_string(&whole).unwrap(), expect);
    for (kind, event, expect) in [
        (
            Kind::Redemption,
            Event::Redeemed { voucher: mark, counts_as_confirmed: false },
            format!(r#""redeemed","voucher":"{mark}","kind":"redemption","#),
        ),
        (
            Kind::Refund,
            Event::Refunded { voucher: mark, counts_as_confirmed: true },
            format!(r#""refunded","voucher":"{mark}","countsAsConfirmed":true,"kind":"refund","#),
        ),
        (Kind::Refund, Event::Dropped, r#""dropped","kind":"refund","#.to_owned()),
    ] {
        let entry = Entry { kind, event, ..sold(FIRST) };
        let line = serde_json::to_string(&entry).unwrap();
        assert_eq!(line, format!("{at}{expect}{rest}"));
        assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), entry);
    }
}

#[test]
fn a_kind_or_a_mark_that_is_none_is_no_entry() {
    let line = |event| serde_json::to_string(&Entry { event, ..sold(FIRST) }).unwrap();
    let good = line(in_full());
    assert!(serde_json::from_str::<Entry>(&good).is_ok());
    let other_kind = good.replace(r#""id""#, r#""kind":"sale","id""#);
    let (mark, signed) = (mark().to_string(), format!("+{}", &mark().to_string()[1..]));
    for bad in [other_kind, good.replace(&mark, &mark[1..]), good.replace(&mark, &signed)] {
        assert!(serde_json::from_str::<Entry>(&bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn what_was_written_is_read_again_and_what_became_of_an_id_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let theirs = Entry { client: "them".to_owned(), ..sold(FIRST) };
    let redeemed = Event::Redeemed { voucher: mark(), counts_as_confirmed: false };
    let redemption = Entry { kind: Kind::Redemption, event: redeemed, ..sold(FIRST) };

    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(append(&ledger, sold(FIRST)).await, Standing::Unheard);
    assert_eq!(append(&ledger, theirs.clone()).await, Standing::Unheard, "ids are a client's own");
    assert_eq!(append(&ledger, redemption.clone()).await, Standing::Unheard, "and their kind's own");
    assert!(matches!(Ledger::open(&path), Err(LedgerFault::InUse)));
    drop(ledger);

    let ledger = Ledger::open(&path).unwrap();
    let reversed = Entry { event: reversed(), product: None, ..sold(FIRST) };
    assert_eq!(append(&ledger, reversed.clone()).await, Standing::Done);
    assert_eq!(append(&ledger, sold(SECOND)).await, Standing::Unheard);
    drop(ledger);
    assert_eq!(entries(&path).unwrap(), [sold(FIRST), theirs, redemption, reversed.clone(), sold(SECOND)]);
    assert_eq!(append(&Ledger::open(&path).unwrap(), reversed).await, Standing::Reversed);
}

fn mark() -> VoucherMark {
    VoucherMark::try_from("00112233445566778899aabbccddeeff".to_owned()).unwrap()
}

/// A sale as it is written today.
fn in_full() -> Event {
    Event::Sold {
        serial_number: "SV1".to_owned(),
        code_fingerprint: "0badcafe".to_owned(),
        voucher: Some(mark()),
        expiry_date: "2029-11-23T10:00:00Z".parse().ok(),
        counts_as_confirmed: true,
    }
}

fn reversed() -> Event {
    Event::Reversed { advice_id: SECOND.to_owned() }
}

fn confirmed() -> Event {
    Event::Confirmed { advice_id: SECOND.to_owned() }
}

fn advised(advice: Finaliser, status: Option<u16>) -> Event {
    Event::Advised { advice, advice_id: SECOND.to_owned(), status, error_type: None }
}

#[test]
fn the_fate_of_a_request_can_be_read_from_its_lines() {
    let sale = || sold(FIRST).event;
    let refused = |status| Event::Refused { status, error_type: None };
    let forestalled = Event::Forestalled { advice_id: SECOND.to_owned() };
    let check = |events: Vec<Event>, expect: Fate| {
        let entries = events.into_iter().map(|event| Entry { event, ..sold(FIRST) }).collect::<Vec<_>>();
        let found = fates(&entries);
        let key = ("us".to_owned(), Kind::Provision, MessageId::parse(&FIRST.to_uppercase()).unwrap());
        assert_eq!(found.get(&key), Some(&expect), "{entries:?}");
        assert_eq!(found.len(), 1);
    };
    let fate = |standing, requests, reversals, confirmations| Fate {
        standing,
        requests,
        reversals,
        confirmations,
        ..Fate::default()
    };
    check(vec![sale()], fate(Standing::Done, 1, 0, 0));
    check(vec![in_full()], Fate { voucher: Some(mark()), ..fate(Standing::Done, 1, 0, 0) });
    check(vec![sale(), refused(400)], fate(Standing::Done, 2, 0, 0));
    check(vec![refused(404)], fate(Standing::Refused, 1, 0, 0));
    check(vec![Event::Dropped, refused(400)], fate(Standing::Dropped, 2, 0, 0));
    check(
        vec![sale(), advised(Finaliser::Reversal, None), reversed(), advised(Finaliser::Reversal, Some(202))],
        fate(Standing::Reversed, 1, 3, 0),
    );
    check(
        vec![sale(), confirmed(), advised(Finaliser::Confirmation, Some(202)), advised(Finaliser::Reversal, Some(400))],
        fate(Standing::Confirmed, 1, 1, 2),
    );
    check(vec![forestalled, refused(400)], fate(Standing::Forestalled, 1, 1, 0));
    check(vec![advised(Finaliser::Confirmation, Some(404))], fate(Standing::Unheard, 0, 0, 1));
    let breach = |heard| Event::Breach { heard, advice_id: None };
    check(
        vec![sale(), breach(Heard::Request), breach(Heard::Reversal), breach(Heard::Confirmation)],
        Fate { breaches: 3, ..fate(Standing::Done, 2, 1, 1) },
    );
    let strange = Entry { id: "not an id".to_owned(), ..sold(FIRST) };
    assert!(fates(&[strange]).is_empty());
}

#[tokio::test]
async fn a_line_that_a_crash_left_unfinished_is_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let whole = serde_json::to_string(&sold(FIRST)).unwrap();
    std::fs::write(&path, format!("{whole}\n{}", &whole[..40])).unwrap();
    assert_eq!(entries(&path).unwrap(), [sold(FIRST)]);

    let ledger = Ledger::open(&path).unwrap();
    append(&ledger, sold(SECOND)).await;
    assert_eq!(entries(&path).unwrap(), [sold(FIRST), sold(SECOND)]);
}

#[test]
fn a_file_that_is_no_ledger_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "milk\n").unwrap();
    assert!(matches!(Ledger::open(&path), Err(LedgerFault::Unreadable { line: 1 })));
    assert_eq!(std::fs::read(&path).unwrap(), b"milk\n");
}
