//! What the simulated provider hands over: vouchers that look real and follow from the seed.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use sha2::{Digest, Sha256};
use vouchsafe_core::message::{ProvisionRequest, ProvisionResponse};
use vouchsafe_core::money::{Amounts, LedgerAmount};
use vouchsafe_core::party::{Institution, ThirdPartyIdentifier};
use vouchsafe_core::secret::Secret;
use vouchsafe_core::text::{Free, Text};
use vouchsafe_core::voucher::Voucher;

use crate::simulator::draw::Draw;
use crate::simulator::ledger::Event;

/// How long a voucher is good.
const YEARS_OF_VALIDITY: i32 = 3;

/// One voucher and all that is said of it.
pub(super) struct Sale {
    code: String,
    serial_number: String,
    reference: String,
    rrn: String,
}

impl Sale {
    /// The voucher that a request gets, the same at every run.
    pub(super) fn of(draw: &Draw<'_>) -> Self {
        let mut code = draw.digits("code", 16);
        for place in [12, 8, 4] {
            code.insert(place, '-');
        }
        Self {
            code,
            serial_number: format!("SV{}", draw.digits("serial number", 12)),
            reference: draw.digits("reference", 12),
            rrn: draw.digits("rrn", 12),
        }
    }

    /// The sale as the books show it.
    pub(super) fn event(&self) -> Event {
        let hash = Sha256::digest(&self.code);
        let code_fingerprint = hash.iter().take(4).fold(String::new(), |mut text, byte| {
            // Writing into a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        Event::Sold { serial_number: self.serial_number.clone(), code_fingerprint }
    }

    /// The response: the request's own fields, and what `seller` adds to them.
    pub(super) fn response(
        self,
        request: &ProvisionRequest,
        seller: &Institution,
        now: Timestamp,
    ) -> ProvisionResponse {
        let asked = asked(request);
        let mut header = request.header.clone();
        let expiry = header.time.to_zoned_datetime(TimeZone::UTC).checked_add(YEARS_OF_VALIDITY.years());
        header.time = now;
        header.receiver.get_or_insert_with(|| seller.clone());
        header.rrn.get_or_insert_with(|| plain(self.rrn));
        header.third_party_identifiers.push(ThirdPartyIdentifier {
            institution_id: seller.id.clone(),
            transaction_identifier: plain(self.reference),
        });
        let voucher = Voucher {
            code: Some(Secret::new(plain(self.code))),
            // A request from the end of time gets a voucher without an expiry date.
            expiry_date: expiry.ok().map(|expiry| expiry.timestamp()),
            redeem_instructions: vec![plain("Enter the 16 digits where you redeem the voucher.".to_owned())],
            serial_number: Some(plain(self.serial_number)),
            pin: None,
        };
        let amounts =
            Amounts { request_amount: asked, approved_amount: asked, ..request.amounts.clone().unwrap_or_default() };
        ProvisionResponse {
            header,
            amounts: Some(amounts),
            voucher,
            product: request.product.clone(),
            pos_info: request.pos_info.clone(),
            recipient: request.recipient.clone(),
        }
    }
}

/// What a request asks for: its own amount, else its product's price.
pub(super) fn asked(request: &ProvisionRequest) -> Option<LedgerAmount> {
    let named = request.amounts.as_ref().and_then(|amounts| amounts.request_amount);
    named.or_else(|| request.product.as_ref().and_then(|product| product.amount))
}

/// Text made of our own letters and digits, which no rule of the interface refuses.
fn plain<const LEAST: usize, const MOST: usize>(text: String) -> Text<Free, LEAST, MOST> {
    Text::new(text).unwrap_or_else(|fault| unreachable!("our own text is refused: {fault}"))
}
