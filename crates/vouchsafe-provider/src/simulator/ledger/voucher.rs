//! What the books as a whole say of one voucher: what it is worth and what may be done with it.

use std::collections::HashMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::money::{Currency, LedgerAmount, LedgerIndicator};
use vouchsafe_core::transaction::Kind;

use super::Key;
use super::entry::{Entry, Event};

/// How the books tell vouchers apart without naming a code: a keyed fingerprint of 128 bits, in hexadecimal digits.
/// Without the key nobody can find a code by trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VoucherMark([u8; 16]);

impl VoucherMark {
    pub(in crate::simulator) const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for VoucherMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<VoucherMark> for String {
    fn from(mark: VoucherMark) -> Self {
        mark.to_string()
    }
}

/// The text is not 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAMark;

impl fmt::Display for NotAMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a voucher's mark has 32 hexadecimal digits")
    }
}

impl std::error::Error for NotAMark {}

impl TryFrom<String> for VoucherMark {
    type Error = NotAMark;

    fn try_from(text: String) -> Result<Self, NotAMark> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NotAMark);
        }
        u128::from_str_radix(&text, 16).map(|number| Self(number.to_be_bytes())).map_err(|_| NotAMark)
    }
}

/// One voucher that stands. One whose sale was reversed is gone.
#[derive(Debug)]
pub(in crate::simulator) struct Voucher {
    pub(in crate::simulator) mark: VoucherMark,
    pub(in crate::simulator) serial_number: Box<str>,
    pub(in crate::simulator) product: Option<Box<str>>,
    pub(in crate::simulator) expiry_date: Option<Timestamp>,
    currency: Option<Currency>,
    sale: Deed,
    /// Its redemptions and refunds that were not reversed, oldest first. They take turns.
    uses: Vec<Deed>,
}

/// What one request did to a voucher.
#[derive(Debug)]
struct Deed {
    request: Key,
    /// What it put on the voucher, took from it or gave back, in minor units.
    amount: i64,
    /// Whether it is confirmed, or counts as if it were: only then can the next deed follow.
    is_settled: bool,
}

impl Deed {
    fn of(request: &Key, entry: &Entry, is_settled: bool) -> Self {
        Self { request: request.clone(), amount: entry.amount.unwrap_or_default(), is_settled }
    }
}

impl Voucher {
    fn last(&self) -> &Deed {
        self.uses.last().unwrap_or(&self.sale)
    }

    /// What is on it. A voucher that was sold for no amount in particular is worth nothing in particular.
    fn worth(&self) -> Option<LedgerAmount> {
        let on_it = self.uses.iter().fold(self.sale.amount, |left, deed| match deed.request.kind {
            Kind::Redemption => left.saturating_sub(deed.amount),
            Kind::Refund | Kind::Provision => left.saturating_add(deed.amount),
        });
        self.money(on_it)
    }

    fn money(&self, amount: i64) -> Option<LedgerAmount> {
        self.currency.map(|currency| LedgerAmount { amount, currency, ledger_indicator: None })
    }

    /// What whoever has it can still get for it, now or once what is under way is confirmed. A voucher is good for one
    /// redemption: what that left on it is nobody's, until a refund is confirmed.
    pub(in crate::simulator) fn value(&self) -> Option<LedgerAmount> {
        let value = if self.last().request.kind == Kind::Redemption { self.money(0) } else { self.worth() };
        value.map(|value| LedgerAmount { ledger_indicator: Some(LedgerIndicator::Credit), ..value })
    }

    /// How much a redemption takes: as much as it asks for, else all; or why it takes nothing.
    pub(in crate::simulator) fn redeem(
        &self,
        asked: Option<LedgerAmount>,
        now: Timestamp,
    ) -> Result<Option<LedgerAmount>, ErrorType> {
        let last = self.last();
        let has_expired = self.expiry_date.is_some_and(|expiry_date| expiry_date <= now);
        match last.request.kind {
            Kind::Redemption => return Err(ErrorType::VoucherAlreadyRedeemed),
            Kind::Provision | Kind::Refund if has_expired || !last.is_settled => {
                return Err(ErrorType::VoucherNotRedeemable);
            }
            Kind::Provision | Kind::Refund => {}
        }
        let worth = self.worth();
        let Some(asked) = asked else { return Ok(worth) };
        match worth {
            // No voucher could meet it.
            _ if asked.amount <= 0 => Err(ErrorType::InvalidAmount),
            Some(worth) if worth.currency != asked.currency => Err(ErrorType::InvalidAmount),
            // Another voucher could.
            Some(worth) if worth.amount >= asked.amount => Ok(Some(asked)),
            Some(_) | None => Err(ErrorType::InsufficientFunds),
        }
    }

    /// How much a refund gives back: as much as it asks for, else all that was taken; or why it gives nothing.
    /// It may name the redemption that it refunds.
    pub(in crate::simulator) fn refund(
        &self,
        redemption: Option<&Key>,
        asked: Option<LedgerAmount>,
    ) -> Result<Option<LedgerAmount>, ErrorType> {
        let last = self.last();
        match last.request.kind {
            Kind::Provision => return Err(ErrorType::VoucherNotRedeemed),
            Kind::Refund => return Err(ErrorType::VoucherAlreadyRefunded),
            Kind::Redemption if redemption.is_some_and(|named| *named != last.request) => {
                return Err(ErrorType::VoucherNotRedeemed);
            }
            Kind::Redemption if !last.is_settled => return Err(ErrorType::RedemptionNotConfirmed),
            Kind::Redemption => {}
        }
        let taken = self.money(last.amount);
        let Some(asked) = asked else { return Ok(taken) };
        match taken {
            Some(taken) if taken.currency == asked.currency && (1..=taken.amount).contains(&asked.amount) => {
                Ok(Some(asked))
            }
            _ => Err(ErrorType::InvalidAmount),
        }
    }

    /// Whether what a request did can still be undone, or what was done since.
    pub(in crate::simulator) fn undo(&self, request: &Key) -> Result<(), ErrorType> {
        let last = &self.last().request;
        match last.kind {
            _ if last == request => Ok(()),
            Kind::Redemption => Err(ErrorType::VoucherAlreadyRedeemed),
            Kind::Refund => Err(ErrorType::VoucherAlreadyRefunded),
            Kind::Provision => Err(ErrorType::VoucherAlreadyProvisioned),
        }
    }
}

/// Every voucher that stands.
#[derive(Debug, Default)]
pub(super) struct Vouchers {
    by_mark: HashMap<VoucherMark, Voucher>,
    by_serial_number: HashMap<Box<str>, VoucherMark>,
}

impl Vouchers {
    pub(super) fn marked(&self, mark: VoucherMark) -> Option<&Voucher> {
        self.by_mark.get(&mark)
    }

    pub(super) fn numbered(&self, serial_number: &str) -> Option<&Voucher> {
        self.marked(*self.by_serial_number.get(serial_number)?)
    }

    /// What an entry about a request means for the voucher that the request is about.
    pub(super) fn learn(&mut self, request: &Key, entry: &Entry, about: Option<VoucherMark>) {
        match &entry.event {
            Event::Sold { serial_number, expiry_date, counts_as_confirmed, .. } => {
                let Some(mark) = about else { return };
                let serial_number: Box<str> = serial_number.as_str().into();
                let currency = entry.currency.as_deref().and_then(|code| code.parse().ok()).and_then(Currency::new);
                self.by_serial_number.insert(serial_number.clone(), mark);
                let voucher = Voucher {
                    mark,
                    serial_number,
                    product: entry.product.as_deref().map(Into::into),
                    expiry_date: *expiry_date,
                    currency,
                    sale: Deed::of(request, entry, *counts_as_confirmed),
                    uses: Vec::new(),
                };
                self.by_mark.insert(mark, voucher);
            }
            Event::Redeemed { counts_as_confirmed, .. } | Event::Refunded { counts_as_confirmed, .. } => {
                let Some(voucher) = about.and_then(|mark| self.by_mark.get_mut(&mark)) else { return };
                voucher.uses.push(Deed::of(request, entry, *counts_as_confirmed));
            }
            Event::Confirmed { .. } => {
                let Some(voucher) = about.and_then(|mark| self.by_mark.get_mut(&mark)) else { return };
                let mut deeds = std::iter::once(&mut voucher.sale).chain(&mut voucher.uses);
                if let Some(deed) = deeds.find(|deed| deed.request == *request) {
                    deed.is_settled = true;
                }
            }
            Event::Reversed { .. } => self.undo(request, about),
            Event::Refused { .. }
            | Event::Dropped
            | Event::Forestalled { .. }
            | Event::Advised { .. }
            | Event::Breach { .. } => {}
        }
    }

    /// Takes back what a request did, where it is the last that was done.
    fn undo(&mut self, request: &Key, about: Option<VoucherMark>) {
        let Some(voucher) = about.and_then(|mark| self.by_mark.get_mut(&mark)) else { return };
        if voucher.last().request != *request || voucher.uses.pop().is_some() {
            return;
        }
        let mark = voucher.mark;
        if let Some(gone) = self.by_mark.remove(&mark)
            && self.by_serial_number.get(&gone.serial_number) == Some(&mark)
        {
            self.by_serial_number.remove(&gone.serial_number);
        }
    }
}

#[cfg(test)]
mod tests;
