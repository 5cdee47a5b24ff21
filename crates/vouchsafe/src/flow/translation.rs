//! The same request in other mouths: as a provider is told it, and as the channel is answered.

use jiff::Timestamp;
use vouchsafe_core::advice::Advice;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{
    BasicAdvice, BasicReversal, ChannelAdvice, Header, ProvisionResponse, RedemptionResponse, RefundRequest,
    RefundResponse, Request, Response, TenderAdvice,
};
use vouchsafe_core::money::{Amounts, LedgerAmount, Tender};
use vouchsafe_core::outcome::{Approval, Outcome};
use vouchsafe_core::party::{Institution, ThirdPartyIdentifier};
use vouchsafe_core::planted::{Bug, planted};
use vouchsafe_core::product::ProductId;
use vouchsafe_core::text::FreeText;
use vouchsafe_core::transaction::Event;
use vouchsafe_core::voucher::Voucher;
use vouchsafe_store::{Entry, OpenAdvice, Transaction};

use crate::flow::authorised::{authorised, final_amount, is_within};

/// Our own reference for a transaction: its number, under which operators find it again.
pub(crate) fn own_reference(institution: &Institution, transaction: &Transaction) -> ThirdPartyIdentifier {
    ThirdPartyIdentifier {
        institution_id: institution.id.clone(),
        // Digits are free text of any length.
        transaction_identifier: FreeText::new(transaction.number.to_string())
            .unwrap_or_else(|_| unreachable!("digits are free text")),
    }
}

/// What is called otherwise towards a provider than by the channel.
pub(crate) struct Names<'a> {
    /// Who we are there.
    pub(crate) client: Institution,
    /// Our reference.
    pub(crate) own: ThirdPartyIdentifier,
    /// The provider's own id for the product.
    pub(crate) product_id: Option<&'a ProductId>,
    /// The id by which it knows the redemption that is refunded.
    pub(crate) redemption: Option<MessageId>,
}

/// A request as a provider is told it: we are the client, the id is the one chosen towards the provider, the
/// amount is spelled out, product and redemption go by the provider's ids, and our reference follows the caller's.
pub(crate) fn upstream_request(
    request: &Request,
    transaction: &Transaction,
    names: Names<'_>,
    now: Timestamp,
) -> Request {
    let mut upstream = request.clone();
    let (header, amounts) = upstream.parts_mut();
    header.id = if planted(Bug::ChannelIdUpstream) { transaction.key.id } else { transaction.upstream_id };
    header.time = now;
    header.client = names.client;
    header.third_party_identifiers.push(names.own);
    if let Some(amounts) = amounts {
        // Only a provider approves, charges and tells balances; a channel's figures there would come back as its own.
        (amounts.approved_amount, amounts.fee_amount, amounts.balance_amount) = (None, None, None);
    }
    if planted(Bug::AmountRaised) {
        amounts.iter_mut().filter_map(|amounts| amounts.request_amount.as_mut()).for_each(|asked| asked.amount += 1);
    }
    if let Some(asked) = transaction.asked {
        amounts.get_or_insert_default().request_amount.get_or_insert(asked);
    }
    match &mut upstream {
        Request::Provision(request) => {
            if let (Some(product), Some(product_id)) = (&mut request.product, names.product_id)
                && !planted(Bug::ProductNotTranslated)
            {
                product.product_id = product_id.clone();
            }
        }
        Request::Refund(request) => request.redemption_id = names.redemption,
        Request::Redemption(_) => {}
    }
    upstream
}

/// The answer to an approved request: every field of the request that the approval does not replace, our
/// reference after the caller's and the provider's after ours.
pub(crate) fn response(
    request: &Request,
    approval: &Approval,
    asked: Option<LedgerAmount>,
    own: ThirdPartyIdentifier,
    at: Timestamp,
) -> Response {
    let mut header = answered(request.header().clone(), approval, own, at);
    if let Request::Refund(RefundRequest { voucher: Voucher { code: None, .. }, .. }) = request {
        // A slip is printed with the code on it, and whoever showed none is told none.
        header.slip_data = request.header().slip_data.clone();
    }
    let amounts = amounts(request.amounts().cloned(), approval.amounts.as_ref(), asked);
    match request.clone() {
        Request::Provision(request) => Response::Provision(ProvisionResponse {
            header,
            amounts,
            voucher: approval.voucher().clone(),
            product: request.product,
            pos_info: request.pos_info,
            recipient: request.recipient,
        }),
        Request::Redemption(request) => Response::Redemption(RedemptionResponse {
            header,
            voucher: Some(overlaid(request.voucher.into(), approval.voucher())),
            amounts,
            pos_info: request.pos_info,
            customer: request.customer,
        }),
        Request::Refund(request) => Response::Refund(RefundResponse {
            header,
            amounts,
            voucher: Some(overlaid(request.voucher, approval.voucher())),
            pos_info: request.pos_info,
        }),
    }
}

/// A request's header, as its answer has it.
fn answered(header: Header, approval: &Approval, own: ThirdPartyIdentifier, at: Timestamp) -> Header {
    let mut references = header.third_party_identifiers;
    references.push(own);
    references.extend(approval.third_party_identifiers.iter().cloned());
    Header {
        time: at,
        third_party_identifiers: references,
        receiver: header.receiver.or_else(|| approval.receiver.clone()),
        slip_data: approval.slip_data.clone().or(header.slip_data),
        rrn: header.rrn.or_else(|| approval.rrn.clone()),
        ..header
    }
}

/// The voucher that was presented, with what its provider says of it beside that. Whoever showed no code is told none,
/// nor a PIN, nor how it is used, which may repeat the code: a serial number stands on the outside.
fn overlaid(presented: Voucher, said: &Voucher) -> Voucher {
    let said = said.clone();
    let (told, pin) = if presented.code.is_some() { (said.redeem_instructions, said.pin) } else { (Vec::new(), None) };
    let instructions = if told.is_empty() { presented.redeem_instructions } else { told };
    Voucher {
        code: presented.code,
        expiry_date: said.expiry_date.or(presented.expiry_date),
        redeem_instructions: instructions,
        serial_number: said.serial_number.or(presented.serial_number),
        pin: pin.or(presented.pin),
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
/// became known after it was queued does not count. What the channel itself said of the request is passed on.
pub(crate) fn advice(open: &OpenAdvice, request: &Request, journal: &[Entry], own: ThirdPartyIdentifier) -> Message {
    let known = || journal.iter().filter(|entry| entry.version <= open.version);
    let approval = known().find_map(|entry| match &entry.outcome {
        Some(Outcome::Approved(approval)) => Some(approval),
        _ => None,
    });
    let said = |event| known().find(|entry| entry.event == event).and_then(|entry| entry.advised.as_ref());
    let authorised = authorised(&open.transaction, known());
    let header = request.header();
    let mut references = header.third_party_identifiers.clone();
    references.push(own);
    references.extend(approval.iter().flat_map(|approval| approval.third_party_identifiers.iter().cloned()));
    let basic = BasicAdvice {
        id: if planted(Bug::AdviceIdChanges) { crate::planted::another(open) } else { open.queued.id },
        request_id: open.transaction.upstream_id,
        time: if planted(Bug::AdviceBodyChanges) { open.queued.due_at } else { open.first_due_at },
        third_party_identifiers: references,
        stan: header.stan.clone(),
        rrn: header.rrn.clone().or_else(|| approval.and_then(|approval| approval.rrn.clone())),
        amounts: None,
    };
    match open.queued.advice {
        Advice::Reversal(reason) => match said(Event::ReversalReceived) {
            Some(ChannelAdvice::Reversal(said)) => {
                let advice = passed_on(basic, &undoable(&said.advice, authorised));
                Message::Reversal(BasicReversal { advice, reason: said.reason })
            }
            _ => Message::Reversal(BasicReversal { advice: basic, reason }),
        },
        Advice::Confirmation => match said(Event::ConfirmationReceived) {
            Some(ChannelAdvice::Confirmation(said)) => Message::Confirmation(TenderAdvice {
                advice: passed_on(basic, &said.advice),
                tenders: said.tenders.clone(),
            }),
            _ => Message::Confirmation(TenderAdvice { advice: basic, tenders: tenders(request) }),
        },
    }
}

/// A channel's reversal without a final amount that was never authorised. No reversal is refused for what it says of
/// amounts; one that names none undoes all of it.
fn undoable(said: &BasicAdvice, authorised: Option<LedgerAmount>) -> BasicAdvice {
    let is_sound = final_amount(said).is_none_or(|last| is_within(last, authorised));
    BasicAdvice { amounts: said.amounts.clone().filter(|_| is_sound), ..said.clone() }
}

/// Our own advice with what the channel said in its place: the final amount, and numbers of the card world.
fn passed_on(own: BasicAdvice, said: &BasicAdvice) -> BasicAdvice {
    BasicAdvice {
        stan: said.stan.clone().or(own.stan),
        rrn: said.rrn.clone().or(own.rrn),
        amounts: said.amounts.clone(),
        ..own
    }
}

/// How the customer paid, as the request had it.
fn tenders(request: &Request) -> Vec<Tender> {
    match request {
        Request::Provision(request) => request.tenders.clone(),
        Request::Redemption(_) | Request::Refund(_) => Vec::new(),
    }
}

/// An advice as a message of the interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    Reversal(BasicReversal),
    Confirmation(TenderAdvice),
}
