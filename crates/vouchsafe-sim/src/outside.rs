//! A provider as a node reaches it: in process, over a network that loses, delays, repeats and reorders.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout_at};
use vouchsafe_core::advice::{Delivery, Hindrance};
use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{BasicReversal, Request, TenderAdvice, VoucherQuery};
use vouchsafe_core::outcome::{Decline, Doubt, Lookup, NotSent, Outcome};
use vouchsafe_core::transaction::Kind;
use vouchsafe_provider::suv::{Answer, Body, Finaliser, delivery, outcome};
use vouchsafe_provider::{Patience, Provider};

use crate::ledger::{AdviceWhim, Advised, AskWhim, Asked, Circumstances, Ledger, Said};
use crate::node::Life;
use crate::world::World;

/// One provider, from one node.
pub(crate) struct Outside {
    pub(crate) world: Arc<World>,
    pub(crate) life: Arc<Life>,
    pub(crate) house: usize,
}

/// Nothing is on the wire for longer: a little less than the horizon that the sheets promise.
const LONGEST_WAY: u64 = 7_500;

fn answer(said: Said) -> Answer {
    let mut headers = HeaderMap::new();
    if said.status == 429 {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("3"));
    }
    let status = StatusCode::from_u16(said.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Answer { status, headers, body: Body::Whole(Bytes::from(said.body)) }
}

impl Outside {
    /// How long one way takes, in milliseconds.
    fn way(&self) -> (u64, u64) {
        if self.world.fault(self.world.trouble.slow) { (500, LONGEST_WAY) } else { (1, 60) }
    }

    /// Sends something that the provider takes with `take`, as often as the network makes of it, and hands back the
    /// answer to the first copy, which overtakes no other: whoever repeats a message on the way keeps what is said to
    /// the repeat. What is on the wire goes on whatever becomes of the node.
    fn send(&self, take: impl Fn(&World, &mut Ledger) -> Said + Send + Sync + 'static) -> oneshot::Receiver<Said> {
        let (tell, told) = oneshot::channel();
        let take = Arc::new(take);
        let trouble = &self.world.trouble;
        let mut tell = Some(tell);
        let mut soonest = 0;
        let copies = if self.world.fault(trouble.twice) { 2 } else { 1 };
        for _ in 0..copies {
            let (world, house, take) = (Arc::clone(&self.world), self.house, Arc::clone(&take));
            let (is_lost, is_answer_lost) = (world.fault(trouble.lost), world.fault(trouble.lost));
            let ((first, last), (back_first, back_last)) = (self.way(), self.way());
            let way = world.draw.between(first, last).max(soonest);
            soonest = way + 1;
            let tell = tell.take();
            tokio::spawn(async move {
                sleep(Duration::from_millis(way)).await;
                if is_lost {
                    return;
                }
                let said = take(&world, &mut world.ledger(house));
                world.while_between(back_first, back_last).await;
                if let Some(tell) = tell.filter(|_| !is_answer_lost) {
                    // Whoever asked may have given up.
                    let _ = tell.send(said);
                }
            });
        }
        told
    }

    fn ask_whim(&self) -> AskWhim {
        let trouble = &self.world.trouble;
        if self.world.fault(trouble.declined) {
            return *self.world.draw.one_of(&[AskWhim::Decline, AskWhim::Decline, AskWhim::Credentials]);
        }
        if self.world.fault(trouble.lies) { *self.world.draw.one_of(AskWhim::LIES) } else { AskWhim::Sell }
    }

    fn advice_whim(&self) -> AdviceWhim {
        let trouble = &self.world.trouble;
        if self.world.fault(trouble.advice_refused) {
            return AdviceWhim::Refuse;
        }
        if self.world.fault(trouble.hindered) {
            let statuses = [401, 403, 429, 500, 502, 503, 504].map(AdviceWhim::Fail);
            let whim = *self.world.draw.one_of(&statuses);
            return if self.world.draw.chance(200) { AdviceWhim::TakeAndFail } else { whim };
        }
        if self.world.fault(trouble.lies) {
            AdviceWhim::TakeLate(self.world.draw.between(1, 5_000))
        } else {
            AdviceWhim::Take
        }
    }

    /// Delivers an advice once.
    async fn advise(&self, kind: Kind, advised: Advised, about: MessageId, by: Instant) -> Delivery {
        self.life.step(&self.world).await;
        let again = |why| Delivery::Again { why, retry_after: None };
        if self.world.fault(self.world.trouble.refused) {
            return again(Hindrance::NoConnection);
        }
        let is_confirmation = advised.is_confirmation;
        self.world.ledger(self.house).entry_mut(kind, about).advised.push(advised);
        let whim = self.advice_whim();
        let told = self.send(move |world, ledger| {
            if is_confirmation {
                ledger.confirm(kind, about, world.now(), whim)
            } else {
                ledger.reverse(kind, about, world.now(), whim)
            }
        });
        let said = timeout_at(by, told).await;
        self.life.step(&self.world).await;
        let finaliser = if is_confirmation { Finaliser::Confirmation } else { Finaliser::Reversal };
        match said {
            Ok(Ok(said)) => delivery(&answer(said), finaliser),
            Ok(Err(_)) | Err(_) => again(Hindrance::NoAnswer),
        }
    }

    /// Notes that a request is about to go out, and what the store holds of it at this instant.
    fn note(&self, request: &Request, patience: Patience) -> usize {
        let (kind, id) = (request.kind(), request.header().id);
        let house = &self.world.houses[self.house];
        let intended = self.world.store.by_upstream_id(kind, id);
        let asked = Asked {
            at: self.world.now(),
            node: self.life.node,
            ended: None,
            deadline: self.world.now() + millis(patience.send_by.saturating_duration_since(Instant::now())),
            is_intended: intended.is_some_and(|it| it.provider == house.id),
            is_approval_heard: false,
        };
        self.world.ledger(self.house).asked(request, asked)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[async_trait]
impl Provider for Outside {
    async fn ask(&self, request: &Request, patience: Patience) -> Result<Outcome, NotSent> {
        self.life.step(&self.world).await;
        if Instant::now() >= patience.send_by {
            return Err(NotSent::NoTime);
        }
        if self.world.fault(self.world.trouble.refused) {
            self.world.while_between(1, 300).await;
            return Err(NotSent::NoConnection);
        }
        let place = self.note(request, patience);
        let (whim, house) = (self.ask_whim(), self.house);
        // Whoever takes no confirmations cannot insist on them.
        let is_strict = self.world.trouble.strict && self.world.houses[house].sheet.confirmations;
        let hidden =
            if self.world.fault(self.world.trouble.lies) { self.world.draw.between(0, LONGEST_WAY) } else { 0 };
        let (copy, asked_at) = (request.clone(), self.world.now());
        let told = self.send(move |world, ledger| {
            let at = world.now();
            // Neither is it hidden for longer than a request may be under way.
            let hidden_until = (at + hidden).min(asked_at + LONGEST_WAY);
            ledger.take(&copy, whim, &Circumstances { at, hidden_until, is_strict, house })
        });
        let said = timeout_at(patience.listen_until, told).await;
        self.life.step(&self.world).await;
        let outcome = match said {
            Ok(Ok(said)) => outcome(&answer(said), request),
            Ok(Err(_)) | Err(_) => Outcome::Unknown(Doubt::NoAnswer),
        };
        let (kind, id) = (request.kind(), request.header().id);
        let mut ledger = self.world.ledger(self.house);
        let asked = &mut ledger.entry_mut(kind, id).asked[place];
        asked.ended = Some(self.world.now());
        asked.is_approval_heard = matches!(outcome, Outcome::Approved(_));
        Ok(outcome)
    }

    async fn reverse(&self, kind: Kind, reversal: &BasicReversal, by: Instant) -> Delivery {
        let advice = &reversal.advice;
        let (at, body) = (self.world.now(), format!("{reversal:?}"));
        let advised = Advised { at, is_confirmation: false, id: advice.id, body };
        self.advise(kind, advised, advice.request_id, by).await
    }

    async fn confirm(&self, kind: Kind, confirmation: &TenderAdvice, by: Instant) -> Delivery {
        let advice = &confirmation.advice;
        let (at, body) = (self.world.now(), format!("{confirmation:?}"));
        let advised = Advised { at, is_confirmation: true, id: advice.id, body };
        self.advise(kind, advised, advice.request_id, by).await
    }

    async fn look_up(&self, _query: &VoucherQuery, _by: Instant) -> Lookup {
        let error = vouchsafe_core::outcome::ProviderError {
            error_type: ErrorType::VoucherStatusUnknown,
            message: vouchsafe_core::error_detail::shortened("nobody asks here"),
            provider_code: None,
            provider_message: None,
        };
        Lookup::Declined(Decline::ByProvider(error))
    }
}
