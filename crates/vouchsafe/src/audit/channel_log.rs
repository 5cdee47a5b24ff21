//! The channel's own record: what it sent, and what it was told.
//!
//! One JSON object a line, one line a message, written once the answer is there or is not waited for any more.
//! `docs/audit.md` shows every field.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::transaction::Kind;

use super::code_hash::CodeHash;
use super::names::{Name, Names};
use super::unusable::Unusable;
use super::{Progress, Stage, lines};

/// One line of a channel log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Line {
    /// When the message was sent.
    pub sent_at: Timestamp,
    /// Who sent it: the user name.
    pub channel: String,
    /// What it asked for.
    pub operation: Operation,
    /// The kind of the request: `provision`, `redemption` or `refund`.
    pub kind: String,
    /// Where it was sent, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The id of the request; of an advice the id of the request that it concerns.
    pub request_id: String,
    /// An advice's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice_id: Option<String>,
    /// The amount asked for, in minor units, where the message named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Its currency, three digits of ISO 4217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The id of the product asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// How long the channel waits, where that is to be checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_milliseconds: Option<u32>,
    /// What came back; absent where nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

/// What a channel sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Operation {
    /// A request, for the first time or as a copy: `POST /vouchers`, `/redemptions`, `/refunds`.
    Request,
    /// `POST /vouchers/{provisionId}/retry`.
    Retry,
    /// A reversal.
    Reversal,
    /// A confirmation.
    Confirmation,
    /// `GET /redemptions/{requestId}`.
    Lookup,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answer {
    /// When it was there, to its last byte.
    pub at: Timestamp,
    /// Its status.
    pub status: u16,
    /// Its `errorType`, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// The hash of the voucher's code, where it has one: 64 hexadecimal digits. Never the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_hash: Option<String>,
    /// The approved amount, in minor units, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Its currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// A line as it is kept: small, and compared by value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    pub(super) channel: Name,
    pub(super) kind: Kind,
    pub(super) request: MessageId,
    /// Milliseconds since 1970, by the channel's clock.
    pub(super) sent_at: i64,
    pub(super) log: u16,
    pub(super) line: u32,
    pub(super) operation: Operation,
    pub(super) advice: Option<MessageId>,
    pub(super) money: Option<(i64, u16)>,
    pub(super) product: Option<Name>,
    pub(super) wait: Option<u32>,
    pub(super) heard: Option<Heard>,
}

/// An answer as it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    pub(super) at: i64,
    pub(super) status: u16,
    pub(super) error: Option<Name>,
    pub(super) code: Option<CodeHash>,
    pub(super) money: Option<(i64, u16)>,
}

impl Said {
    fn of(line: &Line, log: u16, number: u32, names: &mut Names) -> Result<Self, String> {
        let heard = line.answer.as_ref().map(|answer| heard(answer, names)).transpose()?;
        Ok(Self {
            channel: names.name(&line.channel),
            kind: kind(&line.kind)?,
            request: id(&line.request_id)?,
            sent_at: line.sent_at.as_millisecond(),
            log,
            line: number,
            operation: line.operation,
            advice: line.advice_id.as_deref().map(id).transpose()?,
            money: money(line.amount, line.currency.as_deref())?,
            product: line.product.as_deref().map(|product| names.name(product)),
            wait: line.wait_milliseconds,
            heard,
        })
    }

    /// What the line is sorted by: its transaction, and then the order of sending.
    pub(super) const fn place(&self) -> (Name, Kind, [u8; 16], i64, u16, u32) {
        (self.channel, self.kind, *self.request.as_bytes(), self.sent_at, self.log, self.line)
    }
}

fn heard(answer: &Answer, names: &mut Names) -> Result<Heard, String> {
    let code = match &answer.code_hash {
        Some(text) => Some(CodeHash::parse(text).ok_or("codeHash is not 64 hexadecimal digits")?),
        None => None,
    };
    Ok(Heard {
        at: answer.at.as_millisecond(),
        status: answer.status,
        error: answer.error_type.as_deref().map(|error| names.name(error)),
        code,
        money: money(answer.amount, answer.currency.as_deref())?,
    })
}

/// Reads a log and keeps its lines.
///
/// # Errors
/// [`Unusable`] names the file and the line that cannot be used.
pub(super) fn read(
    path: &Path,
    log: u16,
    names: &mut Names,
    progress: Progress<'_>,
    into: &mut Vec<Said>,
) -> Result<(), Unusable> {
    lines::read(path, Stage::ChannelLog, progress, |number, line: Line| {
        into.push(Said::of(&line, log, number, names)?);
        Ok(())
    })
}

/// An id as a record writes it.
pub(super) fn id(text: &str) -> Result<MessageId, String> {
    MessageId::parse(text).map_err(|_| format!("{text:?} is not an id (8-4-4-4-12 hexadecimal digits)"))
}

/// A kind as a record writes it.
pub(super) fn kind(word: &str) -> Result<Kind, String> {
    Kind::from_name(word).ok_or_else(|| format!("kind {word:?} is not provision, redemption or refund"))
}

/// An amount as a record writes it: with its currency, or not at all.
pub(super) fn money(amount: Option<i64>, currency: Option<&str>) -> Result<Option<(i64, u16)>, String> {
    let Some(amount) = amount else { return Ok(None) };
    let code = currency.and_then(|currency| currency.parse::<u16>().ok()).filter(|code| *code < 1000);
    let code = code.ok_or("an amount needs a currency of three digits beside it")?;
    Ok(Some((amount, code)))
}
