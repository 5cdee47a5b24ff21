//! A reversal or a confirmation: taken, turned down or left without an answer.

use axum::response::Response;
use http::StatusCode;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{BasicAdvice, BasicReversal, TenderAdvice};
use vouchsafe_core::transaction::Kind;
use vouchsafe_wire::Message;

use crate::simulator::draw::Draw;
use crate::simulator::ledger::{Entry, Event, Fate, Finaliser, Heard, Key, Standing};
use crate::simulator::magic::{Denial, Manner, Often, Receipt, Whim};
use crate::simulator::plays::Play;
use crate::simulator::request::already_reversed;
use crate::simulator::{Desk, Simulator, reply, unwritable};

/// A message that finalises a request.
pub(super) trait Advice: Message + Send + Sync {
    /// Which of the two it is.
    const FINALISER: Finaliser;

    /// Which request it concerns.
    fn advice(&self) -> &BasicAdvice;
}

impl Advice for BasicReversal {
    const FINALISER: Finaliser = Finaliser::Reversal;

    fn advice(&self) -> &BasicAdvice {
        &self.advice
    }
}

impl Advice for BasicAdvice {
    const FINALISER: Finaliser = Finaliser::Confirmation;

    fn advice(&self) -> &BasicAdvice {
        self
    }
}

impl Advice for TenderAdvice {
    const FINALISER: Finaliser = Finaliser::Confirmation;

    fn advice(&self) -> &BasicAdvice {
        &self.advice
    }
}

/// What an advice does to the fate of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Reverses,
    Confirms,
    Forestalls,
    Nothing,
    Breach,
}

/// What is answered, where anything is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Accepted,
    Error(StatusCode, ErrorType),
}

/// What becomes of an advice: what it does, what is answered, and how well that arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Verdict {
    effect: Effect,
    answer: Answer,
    receipt: Receipt,
}

const NOT_FOUND: Answer = Answer::Error(StatusCode::NOT_FOUND, ErrorType::UnableToLocateRecord);
const NOT_SUPPORTED: Answer = Answer::Error(StatusCode::NOT_IMPLEMENTED, ErrorType::FunctionNotSupported);
const REFUSED: Answer = refused(ErrorType::TransactionDeclined);
const BUSY: Answer = Answer::Error(StatusCode::SERVICE_UNAVAILABLE, ErrorType::UpstreamUnavailable);

const fn refused(error_type: ErrorType) -> Answer {
    Answer::Error(StatusCode::BAD_REQUEST, error_type)
}

/// What is said of a request that is confirmed already.
const fn already_confirmed(kind: Kind) -> ErrorType {
    match kind {
        Kind::Provision => ErrorType::VoucherAlreadyConfirmed,
        Kind::Redemption => ErrorType::RedemptionAlreadyConfirmed,
        Kind::Refund => ErrorType::RefundAlreadyConfirmed,
    }
}

/// What an advice comes to.
#[derive(Debug, Clone, Copy)]
struct Case {
    finaliser: Finaliser,
    kind: Kind,
    /// Where the request stands.
    standing: Standing,
    /// Whether what the request did can still be undone; the voucher may have been used since.
    undo: Result<(), ErrorType>,
}

/// What an advice does and is told where everything goes as it should.
const fn due(case: Case) -> (Effect, Answer) {
    match (case.finaliser, case.standing) {
        (Finaliser::Reversal, Standing::Done) => match case.undo {
            Ok(()) => (Effect::Reverses, Answer::Accepted),
            Err(why) => (Effect::Nothing, refused(why)),
        },
        (Finaliser::Reversal, Standing::Unheard) => (Effect::Forestalls, NOT_FOUND),
        // A repeat is told the same as the first.
        (Finaliser::Reversal, Standing::Dropped | Standing::Forestalled) => (Effect::Nothing, NOT_FOUND),
        (Finaliser::Reversal, Standing::Refused | Standing::Reversed) => (Effect::Nothing, Answer::Accepted),
        (Finaliser::Reversal, Standing::Confirmed) => (Effect::Nothing, refused(already_confirmed(case.kind))),
        (Finaliser::Confirmation, Standing::Done) => (Effect::Confirms, Answer::Accepted),
        (Finaliser::Confirmation, Standing::Confirmed) => (Effect::Nothing, Answer::Accepted),
        (Finaliser::Confirmation, Standing::Reversed | Standing::Forestalled) => {
            (Effect::Nothing, refused(already_reversed(case.kind)))
        }
        (Finaliser::Confirmation, Standing::Unheard | Standing::Dropped | Standing::Refused) => {
            (Effect::Nothing, NOT_FOUND)
        }
    }
}

/// What becomes of an advice that is met in this manner.
fn verdict(case: Case, manner: Manner) -> Verdict {
    let nothing = |answer, receipt| Verdict { effect: Effect::Nothing, answer, receipt };
    match manner {
        Manner::Takes(receipt) => {
            let (effect, answer) = due(case);
            Verdict { effect, answer, receipt }
        }
        Manner::TurnsDown(Denial::NotFound) => nothing(NOT_FOUND, Receipt::Usual),
        Manner::TurnsDown(Denial::Refused) => nothing(REFUSED, Receipt::Usual),
        Manner::TurnsDown(Denial::Busy) => nothing(BUSY, Receipt::Usual),
        Manner::TurnsDown(Denial::Silent(silence)) => nothing(BUSY, Receipt::Silent(silence)),
    }
}

/// How often an advice of this kind came before.
const fn before(fate: &Fate, finaliser: Finaliser) -> u32 {
    match finaliser {
        Finaliser::Reversal => fate.reversals,
        Finaliser::Confirmation => fate.confirmations,
    }
}

impl Desk {
    /// Deals with an advice about a request of this kind that came with this user name.
    pub(super) async fn advise<M: Advice>(&self, kind: Kind, client: &str, message: &M) -> Response {
        let Simulator { institution, seed, faults, plays, ledger, clock, .. } = &self.simulator;
        let advice = message.advice();
        let key = Key { client: client.into(), kind, id: advice.request_id };
        let draw = Draw::about(&key, *seed, institution.id.as_str());
        let now = clock();
        let (verdict, written) = ledger.record(key.clone(), |books, fate| {
            let verdict = if plays.contains(&Play::NoAdvices) {
                Verdict { effect: Effect::Breach, answer: NOT_SUPPORTED, receipt: Receipt::Usual }
            } else {
                let before = before(fate, M::FINALISER);
                let whim = fate.whim.or_else(|| plays.iter().find_map(|play| play.whim()));
                let taken = |whim: &Whim| whim.advice == M::FINALISER && (whim.often == Often::Always || before == 0);
                let manner = match whim {
                    Some(whim) if taken(&whim) => whim.manner,
                    // A product whose id chooses what happens meets no chance besides.
                    _ if fate.whim.is_some() => Manner::Takes(Receipt::Usual),
                    _ => faults.manner(&draw, &format!(" {:?} {before}", M::FINALISER)),
                };
                let undo = books.voucher_of(fate).map_or(Ok(()), |voucher| voucher.undo(&key));
                verdict(Case { finaliser: M::FINALISER, kind, standing: fate.standing, undo }, manner)
            };
            let event = event(verdict, M::FINALISER, advice.id);
            let (id, client) = (advice.request_id.to_string(), client.to_owned());
            (verdict, Entry { at: now, event, kind, id, client, product: None, amount: None, currency: None })
        });
        if written.await.is_err() {
            return unwritable(advice.id);
        }
        self.acknowledge(verdict, message).await
    }

    /// Answers an advice, well or badly.
    async fn acknowledge<M: Advice>(&self, verdict: Verdict, message: &M) -> Response {
        let advice = message.advice();
        let error = |status, error_type: ErrorType, words| {
            let mut detail = ErrorDetail::new(error_type, words).about(advice.id);
            detail.original_id = Some(advice.request_id);
            (status, detail)
        };
        let refusal = match (verdict.receipt, verdict.answer) {
            (Receipt::Silent(silence), _) => return self.say_nothing(silence).await,
            (Receipt::InternalError, _) => {
                Some(error(StatusCode::INTERNAL_SERVER_ERROR, ErrorType::GeneralError, "something went wrong here"))
            }
            (_, Answer::Error(status, error_type)) => Some(error(status, error_type, "the advice is not taken")),
            (_, Answer::Accepted) => None,
        };
        if let Receipt::Late(delay) = verdict.receipt {
            self.wait(delay).await;
        }
        let is_truncated = verdict.receipt == Receipt::Truncated;
        match refusal {
            Some((status, detail)) if is_truncated => reply::truncated(status, &detail),
            Some((status, detail)) => reply::json(status, &detail),
            None if is_truncated => reply::truncated(StatusCode::ACCEPTED, message),
            None => reply::json(StatusCode::ACCEPTED, message),
        }
    }
}

/// What the books say of a verdict.
fn event(verdict: Verdict, advice: Finaliser, advice_id: MessageId) -> Event {
    let advice_id = advice_id.to_string();
    match verdict.effect {
        Effect::Reverses => Event::Reversed { advice_id },
        Effect::Confirms => Event::Confirmed { advice_id },
        Effect::Forestalls => Event::Forestalled { advice_id },
        Effect::Nothing => {
            let (status, error_type) = match (verdict.receipt, verdict.answer) {
                (Receipt::Silent(_), _) => (None, None),
                (Receipt::InternalError, _) => (Some(StatusCode::INTERNAL_SERVER_ERROR), Some(ErrorType::GeneralError)),
                (_, Answer::Accepted) => (Some(StatusCode::ACCEPTED), None),
                (_, Answer::Error(status, error_type)) => (Some(status), Some(error_type)),
            };
            let (status, error_type) = (status.map(|it| it.as_u16()), error_type.map(|it| it.name().to_owned()));
            Event::Advised { advice, advice_id, status, error_type }
        }
        Effect::Breach => {
            let heard = match advice {
                Finaliser::Reversal => Heard::Reversal,
                Finaliser::Confirmation => Heard::Confirmation,
            };
            Event::Breach { heard, advice_id: Some(advice_id) }
        }
    }
}

#[cfg(test)]
mod tests;
