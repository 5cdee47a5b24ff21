//! Messages for stories: one of everything that a request or an outcome can hold.

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe_core::advice::ReversalReason;
use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{
    BasicAdvice, BasicReversal, ChannelAdvice, Header, ProvisionRequest, RedemptionRequest, RefundRequest, Request,
    TenderAdvice, TranType, TransactionLabel,
};
use vouchsafe_core::money::{AccountType, Amounts, Currency, LedgerAmount, LedgerIndicator, Tender, TenderType};
use vouchsafe_core::outcome::{Approval, Decline, Doubt, NotSent, Outcome, ProviderError, Unusable};
use vouchsafe_core::party::{
    Address, Customer, EntryMode, Institution, Merchant, MerchantName, Originator, PanEntryMode, PinEntryCapability,
    PosConditionCode, PosInfo, ThirdPartyIdentifier,
};
use vouchsafe_core::product::{ChannelProductListing, Number, Product};
use vouchsafe_core::secret::Secret;
use vouchsafe_core::slip::{Barcode, SlipData, SlipLine};
use vouchsafe_core::transaction::Kind;
use vouchsafe_core::voucher::{EncryptionParameters, Pin, PinBlockFormat, PresentedVoucher, Voucher};

use super::text;

/// The code that [`request`] asks for and the approval among [`outcomes`] grants.
pub const CODE: &str = "9876-5432-1098-7654";
/// The PIN that stands beside [`CODE`].
pub const PIN: &str = "PIN-24680";
/// What a person should know of an event.
pub const NOTE: &str = "Mrs Dlamini called: never received";
/// The name of the customer in [`request`].
pub const CUSTOMER: &str = "Nomvula-Dlamini";

/// A request of a kind in which nothing is absent.
#[must_use]
pub fn request_of(kind: Kind, id: MessageId) -> Request {
    match kind {
        Kind::Provision => Request::Provision(request(id)),
        Kind::Redemption => Request::Redemption(redemption(id)),
        Kind::Refund => Request::Refund(refund(id)),
    }
}

/// A request for a redemption in which nothing is absent.
#[must_use]
pub fn redemption(id: MessageId) -> RedemptionRequest {
    let Voucher { expiry_date, redeem_instructions, serial_number, pin, .. } = voucher(Pin::Clear(text(PIN)));
    RedemptionRequest {
        header: header(id),
        voucher: PresentedVoucher {
            code: Secret::new(text(CODE)),
            expiry_date,
            redeem_instructions,
            serial_number,
            pin,
        },
        amounts: Some(amounts()),
        pos_info: Some(PosInfo { entry_mode: None, pos_condition_code: Some(PosConditionCode::NormalPresentment) }),
        customer: Some(Secret::new(customer())),
    }
}

/// A request for a refund in which nothing is absent.
#[must_use]
pub fn refund(id: MessageId) -> RefundRequest {
    RefundRequest {
        header: header(id),
        voucher: voucher(Pin::Clear(text(PIN))),
        amounts: Some(amounts()),
        redemption_id: Some(self::id()),
        receiver_transaction_ref: Some(text("R-9")),
        pos_info: Some(PosInfo { entry_mode: None, pos_condition_code: Some(PosConditionCode::NormalPresentment) }),
    }
}

/// What a channel can say of its request, nothing absent.
#[must_use]
pub fn channel_advices() -> [ChannelAdvice; 2] {
    let advice = BasicAdvice {
        id: MessageId::from_parts([0xad; 16], 0b101),
        request_id: id(),
        time: time(1_700_000_000_456),
        third_party_identifiers: header(id()).third_party_identifiers,
        stan: Some(text("000124")),
        rrn: Some(text("000000000457")),
        amounts: Some(amounts()),
    };
    [
        ChannelAdvice::Confirmation(TenderAdvice { advice: advice.clone(), tenders: tenders() }),
        ChannelAdvice::Reversal(BasicReversal { advice, reason: ReversalReason::ResponseNotFinal }),
    ]
}

fn tenders() -> Vec<Tender> {
    vec![
        Tender {
            tender_type: TenderType::CreditCard,
            amount: rand(4_000),
            account_type: Some(AccountType::Credit),
            card_number: Some(text("541333******1234")),
            reference: Some(text("T-1")),
        },
        Tender {
            tender_type: TenderType::Rounding,
            amount: rand(-5),
            account_type: None,
            card_number: None,
            reference: None,
        },
    ]
}

/// A request in which nothing is absent.
#[must_use]
pub fn request(id: MessageId) -> ProvisionRequest {
    ProvisionRequest {
        header: header(id),
        amounts: Some(amounts()),
        tenders: tenders(),
        voucher: Some(voucher(Pin::Clear(text(PIN)))),
        product: Some(product()),
        pos_info: Some(PosInfo {
            entry_mode: Some(EntryMode {
                pan_entry_mode: PanEntryMode::ContactlessIcc,
                pin_entry_capability: PinEntryCapability::CanAccept,
            }),
            pos_condition_code: Some(PosConditionCode::CustomerIdentityVerified),
        }),
        recipient: Some(Secret::new(customer())),
    }
}

/// A request as most are: header, amount, tender and product, and no more than the interface demands.
#[must_use]
pub fn plain_request(id: MessageId) -> ProvisionRequest {
    let header = Header {
        slip_data: None,
        basket_ref: None,
        tran_type: None,
        src_acc_type: None,
        dest_acc_type: None,
        transaction_labels: Vec::new(),
        ..header(id)
    };
    ProvisionRequest {
        header,
        amounts: Some(Amounts { request_amount: Some(rand(5_000)), ..Amounts::default() }),
        tenders: vec![Tender {
            tender_type: TenderType::Cash,
            amount: rand(5_000),
            account_type: None,
            card_number: None,
            reference: None,
        }],
        voucher: None,
        product: Some(Product::named(text("STELLR50"))),
        pos_info: None,
        recipient: None,
    }
}

/// An outcome of every kind; the first is an approval.
#[must_use]
pub fn outcomes() -> Vec<Outcome> {
    let error = ProviderError {
        error_type: ErrorType::DoNotHonour,
        message: text("the issuer said no"),
        provider_code: Some(text("05")),
        provider_message: Some(text("Moenie betaal nie: geen krediet")),
    };
    let bare = ProviderError { provider_code: None, provider_message: None, ..error.clone() };
    let mut outcomes = vec![
        Outcome::Approved(Box::new(approval())),
        Outcome::Declined(Decline::ByProvider(error.clone())),
        Outcome::Declined(Decline::ByProvider(bare)),
        Outcome::Declined(Decline::OurCredentials),
        Outcome::Declined(Decline::NotSent(NotSent::NoConnection)),
        Outcome::Declined(Decline::NotSent(NotSent::NoTime)),
        Outcome::Declined(Decline::NotSent(NotSent::NoDescriptor)),
        Outcome::Unknown(Doubt::NoAnswer),
        Outcome::Unknown(Doubt::Unusable { reason: Unusable::Status, error: Some(error) }),
        Outcome::Unknown(Doubt::Lost),
    ];
    let unusable = Unusable::ALL.iter().map(|reason| Doubt::Unusable { reason: *reason, error: None });
    outcomes.extend(unusable.map(Outcome::Unknown));
    outcomes
}

/// A PIN block, which no store keeps.
#[must_use]
pub fn pin_block() -> Secret<Pin> {
    Secret::new(Pin::Encrypted {
        pin_block: text("0123456789ABCDEF"),
        parameters: EncryptionParameters {
            pin_block_format: PinBlockFormat::Format1,
            account_number: text("123456789012"),
            key_index: 3,
        },
    })
}

fn approval() -> Approval {
    let mut approval = Approval::accepted(voucher(Pin::Hashed { hash: text("ab12"), name: Some(text("SHA-256")) }));
    approval.amounts = Some(Amounts { approved_amount: Some(rand(5_000)), ..Amounts::default() });
    approval.third_party_identifiers =
        vec![ThirdPartyIdentifier { institution_id: text("stellr"), transaction_identifier: text("S-778") }];
    approval.receiver = Some(institution("issuer"));
    approval.product = Some(product());
    approval.slip_data = Some(slip());
    approval.rrn = Some(text("000000778"));
    approval
}

fn header(id: MessageId) -> Header {
    let reference = |institution: &str, reference: &str| ThirdPartyIdentifier {
        institution_id: text(institution),
        transaction_identifier: text(reference),
    };
    Header {
        id,
        time: time(1_700_000_000_123),
        originator: Originator {
            institution: institution("shops"),
            terminal_id: text("TERM0001"),
            merchant: Merchant {
                merchant_type: text("5411"),
                merchant_id: text("MERCHANT0000001"),
                merchant_name: MerchantName {
                    name: text("Corner Café"),
                    city: text("Cape Town"),
                    region: text("WC"),
                    country: text("ZA"),
                },
            },
            operator_id: Some(text("operator 7")),
            channel_id: Some(text("front desk")),
        },
        client: institution("till"),
        settlement_entity: Some(institution("stellr")),
        receiver: Some(institution("issuer")),
        third_party_identifiers: vec![reference("shops", "S-1"), reference("till", "T-2")],
        slip_data: Some(slip()),
        basket_ref: Some(text("basket-1")),
        tran_type: Some(TranType::GoodsAndServices),
        src_acc_type: Some(AccountType::Default),
        dest_acc_type: Some(AccountType::StoredValue),
        stan: Some(text("000123")),
        rrn: Some(text("000000000456")),
        transaction_labels: vec![TransactionLabel { name: text("campaign"), value: text("") }],
    }
}

fn amounts() -> Amounts {
    Amounts {
        request_amount: Some(rand(5_000)),
        approved_amount: Some(rand(i64::MAX)),
        fee_amount: Some(rand(0)),
        balance_amount: Some(rand(i64::MIN)),
        additional_amounts: vec![
            (text("tip"), rand(100)),
            (text("levy"), LedgerAmount { ledger_indicator: Some(LedgerIndicator::Credit), ..rand(7) }),
        ],
    }
}

fn rand(amount: i64) -> LedgerAmount {
    LedgerAmount { amount, currency: Currency::ZAR, ledger_indicator: None }
}

fn voucher(pin: Pin) -> Voucher {
    Voucher {
        code: Some(Secret::new(text(CODE))),
        expiry_date: Some(time(1_800_000_000_000)),
        redeem_instructions: vec![text("Dial *123#"), text("Enter the code")],
        serial_number: Some(text("SER-1")),
        pin: Some(Secret::new(pin)),
    }
}

fn product() -> Product {
    let listing = |name: &str| ChannelProductListing {
        channel_name: text(name),
        product_display_name: Some(text("Fifty rand")),
        product_display_category: Some(text("Airtime")),
        product_display_sort_order: Number::new(-2.5),
        channel_product_identifier: Some(text("P-50")),
    };
    let bare = ChannelProductListing {
        product_display_name: None,
        product_display_category: None,
        product_display_sort_order: None,
        channel_product_identifier: None,
        ..listing("app")
    };
    Product {
        product_id: text("STELLR50"),
        barcode: Some(text("6001234567890")),
        name: Some(text("Stellr R50")),
        description: Some(text("A voucher of fifty rand")),
        amount: Some(rand(5_000)),
        min_amount: Some(rand(1_000)),
        max_amount: Some(rand(100_000)),
        is_fixed_value: Some(true),
        channel_product_listings: vec![listing("till"), bare],
        receiver: Some(institution("issuer")),
    }
}

fn slip() -> SlipData {
    SlipData {
        message_lines: vec![
            SlipLine {
                text: text("Thank you"),
                barcode: Some(Barcode { data: text("6001"), encoding: text("EAN13") }),
                font_width_scale_factor: Number::new(2.0),
                font_height_scale_factor: Number::new(1.5),
                line: Some(false),
                cut: Some(true),
            },
            SlipLine {
                text: text(""),
                barcode: None,
                font_width_scale_factor: None,
                font_height_scale_factor: None,
                line: None,
                cut: None,
            },
        ],
        slip_width: Some(40),
        issuer_reference: Some(text("REF1")),
    }
}

fn customer() -> Customer {
    Customer {
        first_name: Some(text(CUSTOMER)),
        last_name: Some(text("van der Merwe")),
        address: Some(text("1 Long Street")),
        address_details: Some(Secret::new(Address {
            address_line1: Some(text("1 Long Street")),
            address_line2: Some(text("Floor 2")),
            city: Some(text("Cape Town")),
            region: Some(text("Western Cape")),
            country: Some(text("ZA")),
            postal_code: Some(text("8001")),
        })),
        date_of_birth: Some(text("1990-01-01")),
        status: Some(text("GOLD")),
        profile_id: Some(text("C-1")),
        msisdn: Some(text("+27821234567")),
        email_address: Some(text("nomvula@example.com")),
    }
}

fn institution(id: &str) -> Institution {
    Institution { id: text(id), name: text("An institution") }
}

fn time(millisecond: i64) -> Timestamp {
    // A constant well within the range of times.
    Timestamp::from_millisecond(millisecond).unwrap()
}

/// The id of the samples' own making.
#[must_use]
pub const fn id() -> MessageId {
    MessageId::new(Uuid::from_u128(0xa1b2_c3d4_e5f6_0a0b_0c0d_0e0f_1011_1213))
}
