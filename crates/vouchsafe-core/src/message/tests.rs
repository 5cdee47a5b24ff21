//! What the messages promise: what a repeat may change, and what is said of every kind of request alike.

use super::*;
use crate::advice::ReversalReason;
use crate::money::{Currency, LedgerAmount, TenderType};
use crate::party::{Merchant, MerchantName};
use crate::product::ProductId;
use crate::text::{Form, Text};
use crate::transaction::Kind;
use crate::voucher::{EncryptionParameters, PinBlockFormat, PresentedVoucher};

pub(crate) const FIRST: &str = "00000000-0000-0000-0000-000000000001";
const SECOND: &str = "00000000-0000-0000-0000-000000000002";

fn text<F: Form, const LEAST: usize, const MOST: usize>(value: &str) -> Text<F, LEAST, MOST> {
    Text::new(value).unwrap()
}

fn some<F: Form, const LEAST: usize, const MOST: usize>(value: &str) -> Option<Text<F, LEAST, MOST>> {
    Some(text(value))
}

pub(crate) fn institution(id: &str) -> Institution {
    Institution { id: text(id), name: text("a party") }
}

fn reference(transaction: &str) -> ThirdPartyIdentifier {
    ThirdPartyIdentifier { institution_id: text("app"), transaction_identifier: text(transaction) }
}

const fn rand(amount: i64) -> LedgerAmount {
    LedgerAmount { amount, currency: Currency::ZAR, ledger_indicator: None }
}

fn asking(amount: i64) -> Option<Amounts> {
    Some(Amounts { request_amount: Some(rand(amount)), ..Amounts::default() })
}

/// A header of which nothing is said but what must be.
pub(crate) fn header(id: &str) -> Header {
    let name = MerchantName { name: text("Shop"), city: text("Town"), region: text("WC"), country: text("ZA") };
    let merchant = Merchant { merchant_type: text("5411"), merchant_id: text("123456789012345"), merchant_name: name };
    Header {
        id: MessageId::parse(id).unwrap(),
        time: Timestamp::UNIX_EPOCH,
        originator: Originator {
            institution: institution("till"),
            terminal_id: text("12345678"),
            merchant,
            operator_id: None,
            channel_id: None,
        },
        client: institution("app"),
        settlement_entity: None,
        receiver: None,
        third_party_identifiers: vec![reference("T1")],
        slip_data: None,
        basket_ref: None,
        tran_type: None,
        src_acc_type: None,
        dest_acc_type: None,
        stan: None,
        rrn: None,
        transaction_labels: Vec::new(),
    }
}

fn priced(amount: Option<LedgerAmount>) -> Option<Product> {
    Some(Product { amount, ..Product::named(ProductId::new("AIRTIME").unwrap()) })
}

fn provision() -> ProvisionRequest {
    ProvisionRequest {
        header: header(FIRST),
        amounts: asking(500),
        tenders: Vec::new(),
        voucher: None,
        product: priced(None),
        pos_info: None,
        recipient: None,
    }
}

fn redemption() -> RedemptionRequest {
    let voucher = PresentedVoucher {
        code: Secret::new(text("CODE-R")),
        expiry_date: None,
        redeem_instructions: Vec::new(),
        serial_number: some("SERIAL-R"),
        pin: None,
    };
    RedemptionRequest { header: header(FIRST), voucher, amounts: asking(600), pos_info: None, customer: None }
}

fn refund(code: Option<&str>) -> RefundRequest {
    let code = code.map(|code| Secret::new(text(code)));
    RefundRequest {
        header: header(FIRST),
        voucher: Voucher { code, serial_number: some("SERIAL-F"), ..Voucher::default() },
        amounts: asking(700),
        redemption_id: None,
        receiver_transaction_ref: None,
        pos_info: None,
    }
}

#[test]
fn a_repeat_that_differs_is_told_the_first_field_in_which_it_does() {
    let check = |change: &dyn Fn(&mut ProvisionRequest), expect: Option<&str>| {
        let (original, mut repeat) = (provision(), provision());
        change(&mut repeat);
        assert_eq!(difference(&original, &repeat), expect);
        assert_eq!(difference(&repeat, &original), expect, "the other way round");
    };
    let label = || TransactionLabel { name: text("campaign"), value: text("spring") };
    let cash = || Tender {
        tender_type: TenderType::Cash,
        amount: rand(500),
        account_type: None,
        card_number: None,
        reference: None,
    };
    check(&|_| (), None);
    check(&|repeat| repeat.header.id = MessageId::parse(SECOND).unwrap(), None);
    check(&|repeat| repeat.header.time = Timestamp::MAX, None);
    check(&|repeat| repeat.header.originator.operator_id = some("7"), Some("originator"));
    check(&|repeat| repeat.header.client = institution("another"), Some("client"));
    check(&|repeat| repeat.header.settlement_entity = Some(institution("1001")), Some("settlementEntity"));
    check(&|repeat| repeat.header.receiver = Some(institution("2001")), Some("receiver"));
    check(&|repeat| repeat.header.third_party_identifiers.clear(), Some("thirdPartyIdentifiers"));
    check(&|repeat| repeat.header.slip_data = Some(SlipData::default()), Some("slipData"));
    check(&|repeat| repeat.header.basket_ref = some("B1"), Some("basketRef"));
    check(&|repeat| repeat.header.tran_type = Some(TranType::Deposit), Some("tranType"));
    check(&|repeat| repeat.header.src_acc_type = Some(AccountType::Savings), Some("srcAccType"));
    check(&|repeat| repeat.header.dest_acc_type = Some(AccountType::Savings), Some("destAccType"));
    check(&|repeat| repeat.header.stan = some("1"), Some("stan"));
    check(&|repeat| repeat.header.rrn = some("1"), Some("rrn"));
    check(&|repeat| repeat.header.transaction_labels.push(label()), Some("transactionLabels"));
    check(&|repeat| repeat.amounts = asking(501), Some("amounts"));
    check(&|repeat| repeat.tenders.push(cash()), Some("tenders"));
    check(&|repeat| repeat.voucher = Some(Voucher::default()), Some("voucher"));
    check(&|repeat| repeat.product = None, Some("product"));
    check(&|repeat| repeat.pos_info = Some(PosInfo::default()), Some("posInfo"));
    check(&|repeat| repeat.recipient = Some(Secret::new(Customer::default())), Some("recipient"));
    let several = |repeat: &mut ProvisionRequest| (repeat.amounts, repeat.header.stan) = (None, some("1"));
    check(&several, Some("stan"));
}

#[test]
fn a_pin_counts_in_a_repeat_unless_it_is_a_block_of_which_none_is_kept() {
    let with = |pin: Option<Pin>| {
        let voucher = Voucher { pin: pin.map(Secret::new), ..Voucher::default() };
        ProvisionRequest { voucher: Some(voucher), ..provision() }
    };
    let clear = |pin: &str| Some(Pin::Clear(text(pin)));
    let hashed = |hash: &str| Some(Pin::Hashed { hash: text(hash), name: None });
    let block = |digit: &str| {
        let format = PinBlockFormat::Format0;
        let parameters =
            EncryptionParameters { pin_block_format: format, account_number: text("123456789012"), key_index: 1 };
        Some(Pin::Encrypted { pin_block: text(&digit.repeat(16)), parameters })
    };
    for (original, repeat, expect) in [
        (clear("1234"), clear("1234"), None),
        (clear("1234"), clear("4321"), Some("voucher")),
        (clear("1234"), None, Some("voucher")),
        (hashed("AB"), hashed("AB"), None),
        (hashed("AB"), hashed("AC"), Some("voucher")),
        (block("0"), block("1"), None),
        (None, block("1"), None),
        (clear("1234"), block("1"), Some("voucher")),
    ] {
        assert_eq!(difference(&with(original.clone()), &with(repeat.clone())), expect, "{original:?} {repeat:?}");
    }
}

#[test]
fn every_kind_of_request_tells_its_kind_its_amounts_and_the_voucher_presented() {
    let check = |mut request: Request, kind: Kind, amount: i64, code: Option<&str>, serial_number: Option<&str>| {
        assert_eq!(request.kind(), kind);
        assert_eq!(request.amounts(), asking(amount).as_ref(), "{kind}");
        assert_eq!(request.presented_code().map(|code| code.expose().as_str()), code, "{kind}");
        assert_eq!(request.presented_serial_number().map(Text::as_str), serial_number, "{kind}");
        assert_eq!(request.header(), &header(FIRST), "{kind}");
        let (header_part, amounts_part) = request.parts_mut();
        (*header_part, *amounts_part) = (header(SECOND), None);
        assert_eq!(request.header(), &header(SECOND), "{kind}");
        assert_eq!(request.amounts(), None, "{kind}");
    };
    check(provision().into(), Kind::Provision, 500, None, None);
    check(redemption().into(), Kind::Redemption, 600, Some("CODE-R"), Some("SERIAL-R"));
    check(refund(Some("CODE-F")).into(), Kind::Refund, 700, Some("CODE-F"), Some("SERIAL-F"));
    check(refund(None).into(), Kind::Refund, 700, None, Some("SERIAL-F"));
}

#[test]
fn a_request_asks_for_the_amount_it_names_else_for_its_products_price() {
    let check = |request: Request, expect: Option<LedgerAmount>| assert_eq!(request.asked(), expect, "{request:?}");
    let provision = |amounts, product| ProvisionRequest { amounts, product, ..provision() };
    check(provision(asking(500), priced(Some(rand(900)))).into(), Some(rand(500)));
    check(provision(Some(Amounts::default()), priced(Some(rand(900)))).into(), Some(rand(900)));
    check(provision(None, priced(Some(rand(900)))).into(), Some(rand(900)));
    check(provision(None, priced(None)).into(), None);
    check(provision(None, None).into(), None);
    check(redemption().into(), Some(rand(600)));
    check(RedemptionRequest { amounts: None, ..redemption() }.into(), None);
    check(refund(None).into(), Some(rand(700)));
    check(RefundRequest { amounts: None, ..refund(None) }.into(), None);
}

#[test]
fn what_a_channel_said_tells_which_request_it_is_about_either_way() {
    let advice = BasicAdvice {
        id: MessageId::parse(SECOND).unwrap(),
        request_id: MessageId::parse(FIRST).unwrap(),
        time: Timestamp::UNIX_EPOCH,
        third_party_identifiers: vec![reference("T1")],
        stan: None,
        rrn: None,
        amounts: asking(500),
    };
    let confirmation = TenderAdvice::from(advice.clone());
    assert_eq!(
        confirmation,
        TenderAdvice { advice: advice.clone(), tenders: Vec::new() },
        "nobody says how it was paid"
    );
    let reversal = BasicReversal { advice: advice.clone(), reason: ReversalReason::Cancelled };
    for said in [ChannelAdvice::Confirmation(confirmation), ChannelAdvice::Reversal(reversal)] {
        assert_eq!(said.basic(), &advice);
    }
}
