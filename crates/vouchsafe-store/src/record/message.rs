//! The form of a request and of all that it consists of.

use vouchsafe_core::message::{
    BasicAdvice, BasicReversal, ChannelAdvice, Header, ProvisionRequest, RedemptionRequest, RefundRequest, Request,
    TenderAdvice, TransactionLabel,
};
use vouchsafe_core::money::{Amounts, LedgerAmount, Tender};
use vouchsafe_core::party::{
    Address, Customer, EntryMode, Institution, Merchant, MerchantName, Originator, PinEntryCapability, PosInfo,
    ThirdPartyIdentifier,
};
use vouchsafe_core::product::{ChannelProductListing, Product};
use vouchsafe_core::secret::Secret;
use vouchsafe_core::slip::{Barcode, SlipData, SlipLine};
use vouchsafe_core::transaction::Kind;
use vouchsafe_core::voucher::{Pin, PresentedVoucher, Voucher};

use super::{Damaged, Optional, Presence, Reader, Record, decode, encode, put_presence, records};

records! {
    ProvisionRequest { header; amounts, tenders, voucher, product, pos_info, recipient }
    RedemptionRequest { header, voucher; amounts, pos_info, customer }
    RefundRequest { header, voucher; amounts, redemption_id, receiver_transaction_ref, pos_info }

    BasicAdvice { id, request_id, time; third_party_identifiers, stan, rrn, amounts }
    BasicReversal { advice, reason; }
    TenderAdvice { advice; tenders }

    Header {
        id, time, originator, client;
        settlement_entity, receiver, third_party_identifiers, slip_data, basket_ref, tran_type, src_acc_type,
        dest_acc_type, stan, rrn, transaction_labels
    }
    TransactionLabel { name, value; }

    Institution { id, name; }
    Originator { institution, terminal_id, merchant; operator_id, channel_id }
    Merchant { merchant_type, merchant_id, merchant_name; }
    MerchantName { name, city, region, country; }
    ThirdPartyIdentifier { institution_id, transaction_identifier; }
    Customer {
        ;
        first_name, last_name, address, address_details, date_of_birth, status, profile_id, msisdn, email_address
    }
    Address { ; address_line1, address_line2, city, region, country, postal_code }
    PosInfo { ; entry_mode, pos_condition_code }
    EntryMode { pan_entry_mode; pin_entry_capability }

    LedgerAmount { amount, currency; ledger_indicator }
    Amounts { ; request_amount, approved_amount, fee_amount, balance_amount, additional_amounts }
    Tender { tender_type, amount; account_type, card_number, reference }

    Product {
        product_id;
        barcode, name, description, amount, min_amount, max_amount, is_fixed_value, channel_product_listings, receiver
    }
    ChannelProductListing {
        channel_name;
        product_display_name, product_display_category, product_display_sort_order, channel_product_identifier
    }

    SlipData { ; message_lines, slip_width, issuer_reference }
    SlipLine { text; barcode, font_width_scale_factor, font_height_scale_factor, line, cut }
    Barcode { data, encoding; }

    Voucher { ; code, expiry_date, redeem_instructions, serial_number, pin }
    PresentedVoucher { code; expiry_date, redeem_instructions, serial_number, pin }
}

/// Writes a request. Which kind it is stands in its transaction's key and is not repeated.
pub(crate) fn encode_request(request: &Request, out: &mut Vec<u8>) {
    match request {
        Request::Provision(request) => encode(request, out),
        Request::Redemption(request) => encode(request, out),
        Request::Refund(request) => encode(request, out),
    }
}

/// Reads a request of a kind.
pub(crate) fn decode_request(kind: Kind, bytes: &[u8]) -> Result<Request, Damaged> {
    match kind {
        Kind::Provision => decode(bytes).map(Request::Provision),
        Kind::Redemption => decode(bytes).map(Request::Redemption),
        Kind::Refund => decode(bytes).map(Request::Refund),
    }
}

impl Record for ChannelAdvice {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Confirmation(confirmation) => {
                out.push(0);
                confirmation.put(out);
            }
            Self::Reversal(reversal) => {
                out.push(1);
                reversal.put(out);
            }
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        match from.byte()? {
            0 => Record::take(from).map(Self::Confirmation),
            1 => Record::take(from).map(Self::Reversal),
            _ => Err(Damaged("it has an advice of a kind that this version does not know")),
        }
    }
}

/// Once it could be left out, and the form still says whether it is there.
impl Optional for PinEntryCapability {
    fn is_present(&self) -> bool {
        true
    }

    fn absent() -> Self {
        Self::Unknown
    }

    fn put_present(&self, out: &mut Vec<u8>) {
        self.put(out);
    }

    fn take_present(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Record::take(from)
    }
}

/// PIN blocks are never stored: one counts as absent. A [`Pin`] by itself has no form at all, so none can
/// get to the disk by another way.
impl Optional for Option<Secret<Pin>> {
    fn is_present(&self) -> bool {
        match self.as_ref().map(Secret::expose) {
            Some(Pin::Clear(_) | Pin::Hashed { .. }) => true,
            Some(Pin::Encrypted { .. }) | None => false,
        }
    }

    fn absent() -> Self {
        None
    }

    fn put_present(&self, out: &mut Vec<u8>) {
        match self.as_ref().map(Secret::expose) {
            Some(Pin::Clear(pin)) => {
                out.push(0);
                pin.put(out);
            }
            Some(Pin::Hashed { hash, name }) => {
                out.push(1);
                put_presence(&[name.is_present()], out);
                hash.put(out);
                name.put_present(out);
            }
            Some(Pin::Encrypted { .. }) | None => {}
        }
    }

    fn take_present(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let pin = match from.byte()? {
            0 => Pin::Clear(Record::take(from)?),
            1 => {
                let mut presence = Presence::take(1, from)?;
                Pin::Hashed { hash: Record::take(from)?, name: presence.next(from)? }
            }
            _ => return Err(Damaged("it has a PIN of a kind that this version does not know")),
        };
        Ok(Some(Secret::new(pin)))
    }
}
