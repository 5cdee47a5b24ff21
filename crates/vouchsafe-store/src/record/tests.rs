use std::fmt::{Debug, Write as _};

use vouchsafe_core::advice::{Advice, AdviceEnd, Hindrance};
use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{ProvisionRequest, TranType};
use vouchsafe_core::money::{AccountType, LedgerIndicator, TenderType};
use vouchsafe_core::outcome::{Outcome, Unusable};
use vouchsafe_core::party::{PanEntryMode, PinEntryCapability, PosConditionCode};
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::{Event, Kind, State};

use super::word::Word;
use super::*;
use crate::story::{self, sample};
use crate::{Act, Deed, Doer, TransactionNumber};

fn encoded(value: &impl Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(value, &mut bytes);
    bytes
}

/// Value to bytes to value; and every shorter input is damaged, never a panic, never another value.
fn check<R: Record + PartialEq + Debug>(value: &R) {
    let bytes = encoded(value);
    assert_eq!(decode::<R>(&bytes).as_ref(), Ok(value));
    for end in 0..bytes.len() {
        assert!(decode::<R>(&bytes[..end]).is_err(), "cut at {end} of {}", bytes.len());
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(decode::<R>(&longer), Err(Damaged("it goes on where it should end")));
}

#[test]
fn requests_come_back_as_they_were() {
    check(&sample::request(sample::id()));
    check(&sample::plain_request(MessageId::from_parts([0xff; 16], u32::MAX)));
    check(&sample::redemption(sample::id()));
    check(&sample::refund(sample::id()));
}

#[test]
fn what_channels_say_comes_back_as_it_was() {
    for advice in sample::channel_advices() {
        check(&advice);
    }
}

#[test]
fn acts_come_back_as_they_were() {
    for deed in story::acts::deeds(TransactionNumber(1 << 40)) {
        check(&story::acts::act(deed));
    }
    check(&Act { doer: Doer::Channel(Text::new("till 7").unwrap()), ..story::acts::act(Deed::RewrapKeys) });
}

#[test]
fn outcomes_come_back_as_they_were() {
    for outcome in sample::outcomes() {
        check(&outcome);
    }
}

#[test]
fn numbers_of_every_size_come_back_as_they_were() {
    for value in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, u64::MAX / 2, u64::MAX] {
        check(&value);
    }
    for value in [0, -1, 1, -64, 64, i64::MIN, i64::MAX] {
        check(&value);
    }
    assert!(decode::<u64>(&[FORM, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]).is_err(), "65 bits");
}

#[test]
fn any_change_of_any_byte_gives_a_value_or_is_damaged() {
    let mut records: Vec<_> = sample::outcomes().iter().map(encoded).collect();
    records.push(encoded(&sample::request(sample::id())));
    for bytes in records {
        for at in 0..bytes.len() {
            for flip in [0x01, 0x02, 0x10, 0x40, 0x80, 0xff] {
                let mut altered = bytes.clone();
                altered[at] ^= flip;
                let _ = decode::<Outcome>(&altered);
                let _ = decode::<ProvisionRequest>(&altered);
            }
        }
    }
}

#[test]
fn a_count_larger_than_the_record_is_damaged_before_anything_is_reserved() {
    let mut bytes = vec![FORM];
    u64::MAX.put(&mut bytes);
    assert_eq!(decode::<vouchsafe_core::text::FreeText>(&bytes), Err(ENDS_EARLY));
    assert_eq!(Vec::<bool>::take_present(&mut Reader { rest: &bytes[1..] }), Err(ENDS_EARLY));
}

#[test]
fn what_a_newer_version_wrote_is_damaged_and_not_guessed_at() {
    let newer_form = [FORM + 1, 0];
    assert_eq!(decode::<Outcome>(&newer_form), Err(Damaged("it has a form that this version does not know")));
    let mut newer_field = encoded(&sample::plain_request(sample::id()));
    newer_field[1] |= 0x40;
    let expect = Err(Damaged("it has fields that this version does not know"));
    assert_eq!(decode::<ProvisionRequest>(&newer_field), expect);
}

#[test]
fn a_pin_block_is_left_out() {
    let mut request = sample::plain_request(sample::id());
    request.voucher = Some(vouchsafe_core::voucher::Voucher { pin: Some(sample::pin_block()), ..Default::default() });
    let bytes = encoded(&request);
    assert!(!bytes.windows(16).any(|window| window == b"0123456789ABCDEF"));
    let kept = decode::<ProvisionRequest>(&bytes).unwrap();
    assert_eq!(kept.voucher, Some(Default::default()));
}

#[test]
fn a_record_is_a_fraction_of_its_json() {
    let plain = encoded(&sample::plain_request(sample::id())).len();
    assert!(plain <= 1_400 / 4, "a plain request takes {plain} bytes, and 1,400 as JSON");
}

fn list<W: Word>(form: &mut String, name: &str, spell: impl Fn(W) -> String) {
    let _ = writeln!(form, "\n{name}");
    for word in W::WORDS {
        let _ = writeln!(form, "  {} {}", word.place(), spell(*word));
    }
}

fn hex(form: &mut String, name: &str, bytes: &[u8]) {
    let _ = writeln!(form, "\n{name}, {} bytes", bytes.len());
    for line in bytes.chunks(48) {
        let digits = line.iter().fold(String::from("  "), |digits, byte| digits + &format!("{byte:02x}"));
        let _ = writeln!(form, "{digits}");
    }
}

/// Everything that existing files depend on: the places of words and the bytes of the samples.
fn form() -> String {
    let mut form =
        String::from("# The on-disk form, written by `record::tests::the_form_is_what_existing_files_have`.\n");
    form += "# Words may be added at the ends of lists. Any other difference makes existing stores unreadable.\n";
    list(&mut form, "kind", |word: Kind| word.to_string());
    list(&mut form, "state", |word: State| word.to_string());
    list(&mut form, "event", |word: Event| word.to_string());
    list(&mut form, "advice", |word: Advice| format!("{word:?}"));
    list(&mut form, "advice end", |word: AdviceEnd| word.to_string());
    list(&mut form, "hindrance", |word: Hindrance| word.to_string());
    list(&mut form, "messaging", |word: Messaging| word.to_string());
    list(&mut form, "ledger indicator", |word: LedgerIndicator| word.to_string());
    list(&mut form, "tender type", |word: TenderType| word.to_string());
    list(&mut form, "account type", |word: AccountType| word.to_string());
    list(&mut form, "transaction type", |word: TranType| word.to_string());
    list(&mut form, "PAN entry mode", |word: PanEntryMode| word.to_string());
    list(&mut form, "PIN entry capability", |word: PinEntryCapability| word.to_string());
    list(&mut form, "condition code", |word: PosConditionCode| word.to_string());
    list(&mut form, "unusable", |word: Unusable| word.to_string());
    list(&mut form, "error type", |word: ErrorType| word.to_string());
    hex(&mut form, "a full request", &encoded(&sample::request(sample::id())));
    hex(&mut form, "a plain request", &encoded(&sample::plain_request(sample::id())));
    for (outcome, number) in sample::outcomes().iter().zip(1..) {
        hex(&mut form, &format!("outcome {number}"), &encoded(outcome));
    }
    hex(&mut form, "a redemption", &encoded(&sample::redemption(sample::id())));
    hex(&mut form, "a refund", &encoded(&sample::refund(sample::id())));
    for (advice, number) in sample::channel_advices().iter().zip(1..) {
        hex(&mut form, &format!("channel's advice {number}"), &encoded(advice));
    }
    for (deed, number) in story::acts::deeds(TransactionNumber(17)).into_iter().zip(1..) {
        hex(&mut form, &format!("act {number}, {deed}"), &encoded(&story::acts::act(deed)));
    }
    form
}

#[test]
fn the_form_is_what_existing_files_have() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/form.txt");
    let form = form();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &form).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == form, "form.txt differs: run the tests with UPDATE=1 and read the difference with care");
}
