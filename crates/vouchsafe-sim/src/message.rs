//! What channels send.

use jiff::Timestamp;
use vouchsafe_core::advice::ReversalReason;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{
    BasicAdvice, BasicReversal, Header, ProvisionRequest, RedemptionRequest, RefundRequest, TenderAdvice,
};
use vouchsafe_core::money::{Amounts, LedgerAmount};
use vouchsafe_core::party::{Institution, Merchant, MerchantName, Originator};
use vouchsafe_core::product::Product;
use vouchsafe_core::voucher::{PresentedVoucher, Voucher, VoucherCode};

use crate::assortment::text;

fn header(id: MessageId, client: &str) -> Header {
    Header {
        id,
        time: Timestamp::UNIX_EPOCH,
        originator: Originator {
            institution: Institution { id: text("shops"), name: text("Shops") },
            terminal_id: text("TERM0001"),
            merchant: Merchant {
                merchant_type: text("5411"),
                merchant_id: text("MERCHANT0000001"),
                merchant_name: MerchantName {
                    name: text("Corner"),
                    city: text("Cape Town"),
                    region: text("WC"),
                    country: text("ZA"),
                },
            },
            operator_id: None,
            channel_id: None,
        },
        client: Institution { id: text(client), name: text("") },
        settlement_entity: None,
        receiver: None,
        third_party_identifiers: Vec::new(),
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

fn asking(amount: LedgerAmount) -> Option<Amounts> {
    Some(Amounts { request_amount: Some(amount), ..Amounts::default() })
}

pub(crate) fn provision(id: MessageId, client: &str, product: &str, amount: LedgerAmount) -> ProvisionRequest {
    ProvisionRequest {
        header: header(id, client),
        amounts: asking(amount),
        tenders: Vec::new(),
        voucher: None,
        product: Some(Product::named(text(product))),
        pos_info: None,
        recipient: None,
    }
}

pub(crate) fn redemption(id: MessageId, client: &str, code: VoucherCode, amount: LedgerAmount) -> RedemptionRequest {
    let voucher =
        PresentedVoucher { code, expiry_date: None, redeem_instructions: Vec::new(), serial_number: None, pin: None };
    RedemptionRequest { header: header(id, client), voucher, amounts: asking(amount), pos_info: None, customer: None }
}

pub(crate) fn refund(id: MessageId, client: &str, code: VoucherCode, redemption: MessageId) -> RefundRequest {
    RefundRequest {
        header: header(id, client),
        voucher: Voucher { code: Some(code), ..Voucher::default() },
        amounts: None,
        redemption_id: Some(redemption),
        receiver_transaction_ref: None,
        pos_info: None,
    }
}

fn advice(id: MessageId, about: MessageId) -> BasicAdvice {
    BasicAdvice {
        id,
        request_id: about,
        time: Timestamp::UNIX_EPOCH,
        third_party_identifiers: Vec::new(),
        stan: None,
        rrn: None,
        amounts: None,
    }
}

pub(crate) fn reversal(id: MessageId, about: MessageId) -> BasicReversal {
    BasicReversal { advice: advice(id, about), reason: ReversalReason::Timeout }
}

pub(crate) fn confirmation(id: MessageId, about: MessageId) -> TenderAdvice {
    advice(id, about).into()
}
