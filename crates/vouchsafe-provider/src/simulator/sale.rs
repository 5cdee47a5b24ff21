//! What the simulated provider hands over: vouchers that look real and follow from the seed.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use sha2::{Digest, Sha256};
use vouchsafe_core::message::{Header, ProvisionRequest, ProvisionResponse};
use vouchsafe_core::money::{Amounts, LedgerAmount};
use vouchsafe_core::secret::Secret;
use vouchsafe_core::text::{Free, FreeText, Text};
use vouchsafe_core::voucher::{Voucher, VoucherCode};

use crate::simulator::draw::Draw;
use crate::simulator::header::plain;
use crate::simulator::ledger::{Event, VoucherMark};

/// How long a voucher is good.
const YEARS_OF_VALIDITY: i32 = 3;

/// One voucher, issued or about to be.
pub(super) struct Sale {
    pub(super) code: VoucherCode,
    serial_number: String,
    /// A request from the end of time gets a voucher without an expiry date.
    expiry_date: Option<Timestamp>,
}

impl Sale {
    /// The voucher that a request gets, the same at every run. A code that the channel asks for is kept as it is.
    pub(super) fn of(request: &ProvisionRequest, draw: &Draw<'_>) -> Self {
        let asked_for = request.voucher.as_ref().and_then(|voucher| voucher.code.clone());
        let expiry_date = request.header.time.to_zoned_datetime(TimeZone::UTC).checked_add(YEARS_OF_VALIDITY.years());
        Self {
            code: asked_for.unwrap_or_else(|| Secret::new(made_up_code(draw))),
            serial_number: format!("SV{}", draw.digits("serial number", 12)),
            expiry_date: expiry_date.ok().map(|expiry_date| expiry_date.timestamp()),
        }
    }

    /// The sale as the books show it.
    pub(super) fn event(&self, mark: VoucherMark, counts_as_confirmed: bool) -> Event {
        let hash = Sha256::digest(self.code.expose().as_str());
        let code_fingerprint = hash.iter().take(4).fold(String::new(), |mut text, byte| {
            // Writing into a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        Event::Sold {
            serial_number: self.serial_number.clone(),
            code_fingerprint,
            voucher: Some(mark),
            expiry_date: self.expiry_date,
            counts_as_confirmed,
        }
    }

    /// The response: the request's own fields, and the voucher.
    pub(super) fn response(
        self,
        request: &ProvisionRequest,
        header: Header,
        granted: Option<LedgerAmount>,
    ) -> ProvisionResponse {
        let voucher = Voucher {
            code: Some(self.code),
            expiry_date: self.expiry_date,
            redeem_instructions: redeem_instructions(),
            serial_number: Some(plain(self.serial_number)),
            pin: None,
        };
        let asked = Amounts { request_amount: granted, ..request.amounts.clone().unwrap_or_default() };
        ProvisionResponse {
            header,
            amounts: Some(Amounts { approved_amount: granted, ..asked }),
            voucher,
            product: request.product.clone(),
            pos_info: request.pos_info.clone(),
            recipient: request.recipient.clone(),
        }
    }
}

/// What is printed beside every code.
pub(super) fn redeem_instructions() -> Vec<FreeText> {
    vec![plain("Enter the code where you redeem the voucher.")]
}

fn made_up_code(draw: &Draw<'_>) -> Text<Free, 1, 40> {
    let mut code = draw.digits("code", 16);
    for place in [12, 8, 4] {
        code.insert(place, '-');
    }
    plain(code)
}
