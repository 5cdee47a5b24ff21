//! A provider's own record: what it was asked, and what it did. Its form is read here independently of who writes it.
//! `docs/audit.md` shows every field.

use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::transaction::Kind;

use super::channel_log::{id, kind, money};
use super::names::{Name, Names};
use super::unusable::Unusable;
use super::{Progress, Stage, lines};

/// One line of a ledger. Fields that this reader does not know are the provider's own affair.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    at: Timestamp,
    event: Event,
    kind: Option<String>,
    id: String,
    product: Option<String>,
    amount: Option<i64>,
    currency: Option<String>,
    code_fingerprint: Option<String>,
    advice: Option<Finaliser>,
    advice_id: Option<String>,
    status: Option<u16>,
    heard: Option<Unwanted>,
}

/// What a ledger says that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Event {
    Sold,
    Redeemed,
    Refunded,
    Refused,
    Dropped,
    Reversed,
    Confirmed,
    Forestalled,
    Advised,
    Breach,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Finaliser {
    Reversal,
    Confirmation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Unwanted {
    Request,
    Reversal,
    Confirmation,
}

/// What a provider heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Request,
    Reversal,
    Confirmation,
}

/// A line as it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noted {
    pub(super) kind: Kind,
    pub(super) request: MessageId,
    pub(super) ledger: u16,
    pub(super) line: u32,
    /// Milliseconds since 1970, by the provider's clock.
    pub(super) at: i64,
    pub(super) event: Event,
    pub(super) heard: Heard,
    pub(super) status: Option<u16>,
    pub(super) advice: Option<MessageId>,
    pub(super) money: Option<(i64, u16)>,
    pub(super) product: Option<Name>,
    pub(super) fingerprint: Option<u32>,
}

impl Noted {
    fn of(line: &Line, ledger: u16, number: u32, names: &mut Names) -> Result<Self, String> {
        let heard = match (line.event, line.advice, line.heard) {
            (Event::Sold | Event::Redeemed | Event::Refunded | Event::Refused | Event::Dropped, ..)
            | (Event::Breach, _, Some(Unwanted::Request)) => Heard::Request,
            (Event::Reversed | Event::Forestalled, ..)
            | (Event::Advised, Some(Finaliser::Reversal), _)
            | (Event::Breach, _, Some(Unwanted::Reversal)) => Heard::Reversal,
            (Event::Confirmed, ..)
            | (Event::Advised, Some(Finaliser::Confirmation), _)
            | (Event::Breach, _, Some(Unwanted::Confirmation)) => Heard::Confirmation,
            (Event::Advised, None, _) => return Err("advised needs advice: reversal or confirmation".to_owned()),
            (Event::Breach, _, None) => return Err("breach needs heard: request, reversal or confirmation".to_owned()),
        };
        let fingerprint = match &line.code_fingerprint {
            Some(digits) => {
                Some(u32::from_str_radix(digits, 16).map_err(|_| "codeFingerprint is not 8 hexadecimal digits")?)
            }
            None => None,
        };
        Ok(Self {
            kind: line.kind.as_deref().map_or(Ok(Kind::Provision), kind)?,
            request: id(&line.id)?,
            ledger,
            line: number,
            at: line.at.as_millisecond(),
            event: line.event,
            heard,
            status: line.status,
            advice: line.advice_id.as_deref().map(id).transpose()?,
            money: money(line.amount, line.currency.as_deref())?,
            product: line.product.as_deref().map(|product| names.name(product)),
            fingerprint,
        })
    }

    /// What the line is sorted by: its request, and then the order of the books.
    pub(super) const fn place(&self) -> (Kind, [u8; 16], u16, u32) {
        (self.kind, *self.request.as_bytes(), self.ledger, self.line)
    }

    /// Whether the provider did what was asked.
    pub(super) const fn is_done(&self) -> bool {
        matches!(self.event, Event::Sold | Event::Redeemed | Event::Refunded)
    }
}

/// Reads a ledger and keeps its lines.
///
/// # Errors
/// [`Unusable`] names the file and the line that cannot be used.
pub(super) fn read(
    path: &Path,
    ledger: u16,
    names: &mut Names,
    progress: Progress<'_>,
    into: &mut Vec<Noted>,
) -> Result<(), Unusable> {
    lines::read(path, Stage::ProviderLedger, progress, |number, line: Line| {
        into.push(Noted::of(&line, ledger, number, names)?);
        Ok(())
    })
}
