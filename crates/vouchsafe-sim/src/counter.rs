//! One exchange between a channel and some node: sent, perhaps lost, worked on, answered, perhaps heard.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use vouchsafe::app::Channel;
use vouchsafe::flow::{self, AdviceRefusal, Refusal};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{Request, Response};
use vouchsafe_core::outcome::{Doubt, Outcome};
use vouchsafe_store::Key;

use crate::message;
use crate::node::{Machine, Node};
use crate::records::{Answer, Call, Exchange, Told};
use crate::world::World;

/// Where a channel's customers are served.
pub(crate) struct Counter {
    pub(crate) world: Arc<World>,
    pub(crate) machines: Vec<Arc<Machine>>,
    pub(crate) channel: Channel,
}

impl Counter {
    /// An id of the channel's own making.
    pub(crate) fn new_id(&self) -> MessageId {
        MessageId::new(uuid::Uuid::from_u128(self.world.draw.number()))
    }

    /// Says something once and waits for the answer as long as the channel does. `advice` is the id of the advice, where
    /// it is one.
    pub(crate) async fn say(
        self: &Arc<Self>,
        key: &Key,
        request: &Request,
        call: Call,
        advice: MessageId,
    ) -> Option<Answer> {
        let place = {
            let mut exchanges = self.world.exchanges();
            exchanges.push(Exchange {
                key: key.clone(),
                call,
                sent: self.world.now(),
                arrived: None,
                told: None,
                heard: None,
                panicked: false,
            });
            exchanges.len() - 1
        };
        let (tell, told) = oneshot::channel();
        let (counter, request) = (Arc::clone(self), request.clone());
        tokio::spawn(async move { counter.carry(place, request, call, advice, tell).await });
        // The way there and back is on top of what the channel grants the switch.
        let answer = timeout(self.channel.wait + Duration::from_millis(200), told).await.ok()?.ok()?;
        self.world.exchanges()[place].heard = Some(self.world.now());
        Some(answer)
    }

    async fn carry(
        self: Arc<Self>,
        place: usize,
        request: Request,
        call: Call,
        advice: MessageId,
        tell: oneshot::Sender<Answer>,
    ) {
        let world = &self.world;
        let is_lost = world.fault(world.trouble.lost);
        let is_answer_lost = world.fault(world.trouble.lost);
        let (first, last) = if world.fault(world.trouble.slow) { (1_000, 9_000) } else { (1, 60) };
        world.while_between(first, last).await;
        let machine = world.draw.one_of(&self.machines);
        let Some(node) = machine.node().filter(|_| !is_lost) else { return };
        world.exchanges()[place].arrived = Some((world.now(), node.life.node));
        let key = world.exchanges()[place].key.clone();
        let work = tokio::spawn(work(Arc::clone(&node), self.channel.clone(), key.clone(), request, call, advice));
        let answer = work.await;
        if node.life.is_dead() {
            return;
        }
        let Ok(answer) = answer else {
            world.exchanges()[place].panicked = true;
            return;
        };
        let journal = world.store.number(&key).map(|number| world.store.journal_of(number)).unwrap_or_default();
        let has_approval = journal.iter().any(|entry| matches!(entry.outcome, Some(Outcome::Approved(_))));
        let state = world.store.state(&key);
        let at = world.now();
        world.exchanges()[place].told = Some(Told { at, answer: answer.clone(), state, has_approval });
        world.while_between(1, 60).await;
        if !is_answer_lost {
            // The channel may have given up.
            let _ = tell.send(answer);
        }
    }
}

/// What the node makes of it.
async fn work(node: Arc<Node>, channel: Channel, key: Key, request: Request, call: Call, advice: MessageId) -> Answer {
    let (app, arrived) = (Arc::clone(&node.app), Instant::now());
    match (call, request) {
        (Call::Request, request) => answer(flow::transact(app, channel, request, arrived).await),
        (Call::Retry, Request::Provision(request)) => {
            answer(flow::retry(app, channel, request, arrived, flow::Seen::Unclear).await)
        }
        (Call::Retry, _) => Answer::Strange("only provisions are retried".to_owned()),
        (Call::Reverse, _) => {
            let reversal = message::reversal(advice, key.id);
            advice_answer(flow::reverse(app, channel, key.kind, reversal, arrived).await)
        }
        (Call::Confirm(id), _) => {
            let confirmation = message::confirmation(id, key.id);
            advice_answer(flow::confirm(app, channel, key.kind, confirmation, arrived).await)
        }
    }
}

fn answer(answer: Result<Response, Refusal>) -> Answer {
    match answer {
        Ok(response) => Answer::Approved(Box::new(response)),
        Err(Refusal::Declined(decline)) => Answer::Declined(format!("{decline:?}")),
        Err(Refusal::Unknown(Doubt::Unusable { .. })) => Answer::Unproven,
        Err(Refusal::Unknown(Doubt::NoAnswer | Doubt::Lost)) => Answer::Silent,
        Err(Refusal::AlreadyReversed) => Answer::Reversed,
        Err(Refusal::DuplicateRecord) => Answer::Duplicate,
        Err(Refusal::NoRetries) => Answer::NoRetries,
        Err(Refusal::Unsure) => Answer::Unsure,
        Err(
            why @ (Refusal::NotOffered
            | Refusal::NotRecorded
            | Refusal::AdvicesFirst
            | Refusal::NoRoom(_)
            | Refusal::NoSuchRedemption),
        ) => Answer::NotSold(format!("{why:?}")),
        Err(
            why @ (Refusal::OtherRequest(_)
            | Refusal::NoRoute
            | Refusal::NeverSeen
            | Refusal::KeptNoLonger
            | Refusal::NotYours
            | Refusal::StillOpen
            | Refusal::NotForSale(_)),
        ) => Answer::Strange(format!("{why:?}")),
    }
}

fn advice_answer(answer: Result<(), AdviceRefusal>) -> Answer {
    match answer {
        Ok(()) => Answer::Accepted,
        Err(AdviceRefusal::NothingToFinalise) => Answer::NeverSeen,
        Err(AdviceRefusal::AlreadyConfirmed | AdviceRefusal::ConfirmedByAnother) => Answer::Confirmed,
        Err(AdviceRefusal::AlreadyReversed) => Answer::Reversed,
        Err(AdviceRefusal::NotRecorded) => Answer::NotRecorded,
        Err(AdviceRefusal::NotAuthorised) => Answer::Strange("no amount was named".to_owned()),
    }
}
