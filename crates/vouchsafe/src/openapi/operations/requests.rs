//! The requests that move money: provisions and their retries, redemptions, refunds.

use http::StatusCode;
use vouchsafe_core::transaction::Kind;

use super::{posting, refusal, too_many, too_many_advices, unauthorized, unread};
use crate::openapi::descriptions::{CARRIED_THROUGH, RETRY};
use crate::openapi::kinds::{Described, PROVISION, Told};
use crate::openapi::operation::{Answer, Body, Message, Operation};
use crate::openapi::refusals::declines::{FOR_ITS_OWN_REASON, OF_ANYTHING, REFUSED_OR_UNUSABLE, UNUSABLE};
use crate::openapi::refusals::requests::{
    AMBIGUOUS, FOREIGN_CLIENT, KEPT_NO_LONGER, NO_ANSWER, REFUSED_RETRY, STILL_OPEN, USED_BEFORE, reversed,
};
use crate::openapi::refusals::{Case, FORMAT};

/// Asking for one of the three.
pub(super) fn ask(described: &Described) -> Operation {
    let created = created(
        described,
        "the provider approved, and the switch has recorded that durably. The body repeats the request and adds what the \
         provider says of the voucher, the amounts granted, and the references of switch and provider.",
    );
    let no_answer = refusal(
        StatusCode::GATEWAY_TIMEOUT,
        "the request was sent and the provider did not answer in time. The switch reverses it.",
        vec![NO_ANSWER],
    );
    let answers = [created].into_iter().chain(refused(described)).chain(failed(described, too_many(), no_answer));
    let operation = posting(described, &described.asking, "", request(described), answers.collect());
    Operation { description: format!("{}\n\n{CARRIED_THROUGH}", described.asking.description), ..operation }
}

/// Asking for the same voucher again.
pub(super) fn retry() -> Operation {
    let told = Told { id: "retryProvisionVoucher", summary: "Ask again for the same voucher", description: RETRY };
    let mut answers = vec![
        created(
            &PROVISION,
            "the voucher of the first request: the same code, and the whole answer as it was the first time.",
        ),
        refusal(
            StatusCode::BAD_REQUEST,
            "the switch itself refuses the retry. The path and the body must name the same id. But for \
             `VOUCHER_ALREADY_REVERSED`, which is final, this says nothing of a request that was seen before.",
            [&[FORMAT, FOREIGN_CLIENT], REFUSED_RETRY].concat(),
        ),
        unauthorized(),
        refusal(
            StatusCode::NOT_FOUND,
            "the provider declined the first request, in the same words as then, and a type that is not listed here is passed \
             on too; or it supports no retries (`FUNCTION_NOT_SUPPORTED`): then reverse. Or it is kept no longer.",
            [declines(&PROVISION, REFUSED_OR_UNUSABLE), vec![KEPT_NO_LONGER]].concat(),
        ),
    ];
    let still_open = refusal(
        StatusCode::GATEWAY_TIMEOUT,
        "there is no outcome within this request's own time. The provider was not asked a second time.",
        vec![STILL_OPEN],
    );
    answers.extend(failed(&PROVISION, too_many_advices(), still_open));
    posting(&PROVISION, &told, "/{provisionId}/retry", request(&PROVISION), answers)
}

fn request(described: &Described) -> Message {
    Message { schema: described.request, examples: (described.requests)() }
}

fn created(described: &Described, meaning: &'static str) -> Answer {
    let response = Message { schema: described.response, examples: (described.responses)() };
    Answer { status: StatusCode::CREATED, meaning, headers: &["Location"], body: Body::Message(response) }
}

/// Every no. A provider's is 404 to a provision; to the other two it has the status of the switch's own.
fn refused(described: &Described) -> [Answer; 3] {
    let ours = [&[FORMAT, FOREIGN_CLIENT, USED_BEFORE, reversed(described)], described.refused].concat();
    match described.kind {
        Kind::Provision => [
            refusal(
                StatusCode::BAD_REQUEST,
                "the switch itself refuses the request, and asks no provider because of it. `DUPLICATE_RECORD` says nothing of \
                 the earlier request of this id, which may have sold.",
                ours,
            ),
            unauthorized(),
            refusal(
                StatusCode::NOT_FOUND,
                "the provider did not issue the voucher. The type and the words are the provider's own, where it gave any; a \
                 type that is not listed here is passed on too.",
                declines(described, REFUSED_OR_UNUSABLE),
            ),
        ],
        Kind::Redemption | Kind::Refund => [
            refusal(
                StatusCode::BAD_REQUEST,
                "the switch itself refuses the request and asks nobody, or the provider declined. A decline has the \
                 provider's own type and words, where it gave any; a type that is not listed here is passed on too. \
                 `DUPLICATE_RECORD` says nothing of the earlier request of this id, which may have succeeded.",
                [ours, declines(described, FOR_ITS_OWN_REASON)].concat(),
            ),
            unauthorized(),
            refusal(
                StatusCode::NOT_FOUND,
                "the provider's answer proves nothing, and the switch reverses the request. Where that answer was an error, \
                 its type and words are passed on.",
                vec![UNUSABLE],
            ),
        ],
    }
}

/// What a provider may decline a request for; `otherwise` is what is left.
fn declines(described: &Described, otherwise: Case) -> Vec<Case> {
    [described.declines, OF_ANYTHING, &[otherwise]].concat()
}

/// What keeps a sound request from an outcome: no room to begin with, the lack of an answer last.
fn failed(described: &Described, too_many: Answer, no_answer: Answer) -> impl Iterator<Item = Answer> {
    let cannot_tell = refusal(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the switch cannot tell what became of the request.",
        vec![AMBIGUOUS],
    );
    let not_asked = refusal(
        StatusCode::SERVICE_UNAVAILABLE,
        "the provider was certainly not asked, or does not accept the switch.",
        described.not_sent.to_vec(),
    );
    unread().into_iter().chain([too_many, cannot_tell, not_asked, no_answer])
}
