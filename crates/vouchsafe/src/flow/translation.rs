//! The same request in other mouths: as a provider is told it, and as the channel is answered.

use jiff::Timestamp;
use vouchsafe_core::advice::Advice;
use vouchsafe_core::message::{BasicAdvice, BasicReversal, Header, ProvisionRequest, ProvisionResponse, TenderAdvice};
use vouchsafe_core::money::{Amounts, LedgerAmount};
use vouchsafe_core::outcome::{Approval, Outcome};
use vouchsafe_core::party::{Institution, ThirdPartyIdentifier};
use vouchsafe_core::product::ProductId;
use vouchsafe_core::text::FreeText;
use vouchsafe_store::{Entry, OpenAdvice, Transaction};

/// Our own reference for a transaction: its number, under which operators find it again.
pub(crate) fn own_reference(institution: &Institution, transaction: &Transaction) -> ThirdPartyIdentifier {
    ThirdPartyIdentifier {
        institution_id: institution.id.clone(),
        // Digits are free text of any length.
        transaction_identifier: FreeText::new(transaction.number.to_string())
            .unwrap_or_else(|_| unreachable!("digits are free text")),
    }
}

/// A request as a provider is told it: we are the client, the id is the one chosen towards the provider, the
/// amount is spelled out, the product has the provider's own id, and our reference follows the caller's.
pub(crate) fn upstream_request(
    request: &ProvisionRequest,
    transaction: &Transaction,
    client: Institution,
    own: ThirdPartyIdentifier,
    product_id: Option<&ProductId>,
    now: Timestamp,
) -> ProvisionRequest {
    let mut upstream = request.clone();
    upstream.header.id = transaction.upstream_id;
    upstream.header.time = now;
    upstream.header.client = client;
    upstream.header.third_party_identifiers.push(own);
    if let Some(amounts) = &mut upstream.amounts {
        // Only a provider approves, charges and tells balances; a channel's figures there would come back as its own.
        (amounts.approved_amount, amounts.fee_amount, amounts.balance_amount) = (None, None, None);
    }
    if let Some(asked) = transaction.asked {
        upstream.amounts.get_or_insert_default().request_amount.get_or_insert(asked);
    }
    if let (Some(product), Some(product_id)) = (&mut upstream.product, product_id) {
        product.product_id = product_id.clone();
    }
    upstream
}

/// The answer to an approved request: every field of the request that the approval does not replace, our
/// reference after the caller's and the provider's after ours.
pub(crate) fn response(
    request: &ProvisionRequest,
    approval: &Approval,
    asked: Option<LedgerAmount>,
    own: ThirdPartyIdentifier,
    at: Timestamp,
) -> ProvisionResponse {
    let request = request.clone();
    let mut references = request.header.third_party_identifiers;
    references.push(own);
    references.extend(approval.third_party_identifiers.iter().cloned());
    ProvisionResponse {
        header: Header {
            time: at,
            third_party_identifiers: references,
            receiver: request.header.receiver.or_else(|| approval.receiver.clone()),
            slip_data: approval.slip_data.clone().or(request.header.slip_data),
            rrn: request.header.rrn.or_else(|| approval.rrn.clone()),
            ..request.header
        },
        amounts: amounts(request.amounts, approval.amounts.as_ref(), asked),
        voucher: approval.voucher().clone(),
        product: request.product,
        pos_info: request.pos_info,
        recipient: request.recipient,
    }
}

/// The request's amounts, overlaid with what the provider granted. A provider that approves without naming
/// an amount has granted what was asked for; what the channel said of approved amount, fee and balance counts
/// for nothing.
fn amounts(requested: Option<Amounts>, granted: Option<&Amounts>, asked: Option<LedgerAmount>) -> Option<Amounts> {
    if requested.is_none() && granted.is_none() && asked.is_none() {
        return None;
    }
    let mut amounts = requested.unwrap_or_default();
    let granted = granted.cloned().unwrap_or_default();
    amounts.approved_amount = granted.approved_amount.or(asked);
    amounts.fee_amount = granted.fee_amount;
    amounts.balance_amount = granted.balance_amount;
    for (name, amount) in granted.additional_amounts {
        match amounts.additional_amounts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = amount,
            None => amounts.additional_amounts.push((name, amount)),
        }
    }
    Some(amounts)
}

/// The advice that is owed for a transaction, as the provider is told it: the same on every attempt, so what
/// became known after it was queued does not count.
pub(crate) fn advice(
    open: &OpenAdvice,
    request: ProvisionRequest,
    journal: &[Entry],
    own: ThirdPartyIdentifier,
) -> Message {
    let approval =
        journal.iter().filter(|entry| entry.version <= open.version).find_map(|entry| match &entry.outcome {
            Some(Outcome::Approved(approval)) => Some(approval),
            _ => None,
        });
    let mut references = request.header.third_party_identifiers;
    references.push(own);
    references.extend(approval.iter().flat_map(|approval| approval.third_party_identifiers.iter().cloned()));
    let basic = BasicAdvice {
        id: open.queued.id,
        request_id: open.transaction.upstream_id,
        time: open.first_due_at,
        third_party_identifiers: references,
        stan: request.header.stan,
        rrn: request.header.rrn.or_else(|| approval.and_then(|approval| approval.rrn.clone())),
        amounts: None,
    };
    match open.queued.advice {
        Advice::Reversal(reason) => Message::Reversal(BasicReversal { advice: basic, reason }),
        Advice::Confirmation => Message::Confirmation(TenderAdvice { advice: basic, tenders: request.tenders }),
    }
}

/// An advice as a message of the interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    Reversal(BasicReversal),
    Confirmation(TenderAdvice),
}
