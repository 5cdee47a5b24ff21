//! What the simulated provider adds to the header of every answer: its name, its time and its references.

use jiff::Timestamp;
use vouchsafe_core::message::Header;
use vouchsafe_core::party::{Institution, ThirdPartyIdentifier};
use vouchsafe_core::text::{Free, Text};

use crate::simulator::draw::Draw;

/// The header of a request as its response has it.
pub(super) fn answered(request: &Header, provider: &Institution, draw: &Draw<'_>, now: Timestamp) -> Header {
    let mut header = request.clone();
    header.time = now;
    header.receiver.get_or_insert_with(|| provider.clone());
    header.rrn.get_or_insert_with(|| plain(draw.digits("rrn", 12)));
    header.third_party_identifiers.push(ThirdPartyIdentifier {
        institution_id: provider.id.clone(),
        transaction_identifier: plain(draw.digits("reference", 12)),
    });
    header
}

/// Text made of our own letters and digits, which no rule of the interface refuses.
pub(super) fn plain<const LEAST: usize, const MOST: usize>(text: impl Into<Box<str>>) -> Text<Free, LEAST, MOST> {
    Text::new(text).unwrap_or_else(|fault| unreachable!("our own text is refused: {fault}"))
}
