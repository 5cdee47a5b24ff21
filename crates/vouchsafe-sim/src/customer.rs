//! What channels do for a customer: ask, repeat, give up, reverse, confirm, redeem, refund, forget.

use std::sync::Arc;

use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{Request, Response};
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::Kind;
use vouchsafe_core::voucher::VoucherCode;
use vouchsafe_store::Key;

use crate::assortment::{self, rand};
use crate::counter::Counter;
use crate::message;
use crate::records::{Answer, Call, Conclusion, Sale};
use crate::world::World;

/// A customer's way through the channels.
pub(crate) struct Customer {
    pub(crate) counter: Arc<Counter>,
    /// Where the voucher is redeemed.
    pub(crate) redeemer: Arc<Counter>,
}

/// Where a transaction stands, as its channel has it.
enum Standing {
    Held(Box<Response>),
    Failed,
    Reversed,
    Open,
}

impl Customer {
    /// Buys a voucher, and perhaps uses it, and perhaps gives that back.
    pub(crate) async fn come(self, id: MessageId) -> Vec<Sale> {
        let world = Arc::clone(&self.counter.world);
        let client = self.counter.channel.id.as_str();
        let house = world.draw.between(0, world.houses.len() as u64) as usize;
        let (product, amount) = match world.houses.get(house) {
            Some(_) => (assortment::own_product(house), world.draw.between(1, 100_000) as i64),
            None => (assortment::SHARED.to_owned(), assortment::PRICE),
        };
        let request = Request::Provision(message::provision(id, client, &product, rand(amount)));
        let mut sales = Vec::new();
        let (sale, response) = self.counter.serve(request).await;
        let is_kept = matches!(sale.conclusion, Some(Conclusion::Held | Conclusion::Confirmed));
        sales.push(sale);
        let code = match response.as_deref() {
            Some(Response::Provision(response)) => response.voucher.code.clone(),
            _ => None,
        };
        if let (true, Some(code)) = (is_kept, code)
            && world.draw.chance(400)
        {
            sales.extend(self.use_up(&world, code, amount).await);
        }
        sales
    }

    async fn use_up(&self, world: &World, code: VoucherCode, amount: i64) -> Vec<Sale> {
        world.while_between(0, 3_000).await;
        let client = self.redeemer.channel.id.as_str();
        let id = self.redeemer.new_id();
        let redemption = message::redemption(id, client, code.clone(), rand(amount));
        let (sale, response) = self.redeemer.serve(Request::Redemption(redemption)).await;
        let is_kept = response.is_some() && matches!(sale.conclusion, Some(Conclusion::Held | Conclusion::Confirmed));
        let mut sales = vec![sale];
        if is_kept && world.draw.chance(400) {
            let refund = message::refund(self.redeemer.new_id(), client, code, id);
            sales.push(self.redeemer.serve(Request::Refund(refund)).await.0);
        }
        sales
    }
}

impl Counter {
    /// Carries one request to its end, whatever that takes.
    async fn serve(self: &Arc<Self>, request: Request) -> (Sale, Option<Box<Response>>) {
        let key = Key { channel: self.channel.id.clone(), kind: request.kind(), id: request.header().id };
        let draw = &self.world.draw;
        if draw.chance(20) {
            // The reversal of a request that is still on its way, or never left.
            let conclusion = self.reverse(&key, &request).await;
            if draw.chance(700) {
                self.ask(&key, &request, Call::Request).await;
            }
            return (Sale { key, request, conclusion: Some(conclusion) }, None);
        }
        let mut standing = self.first(&key, &request).await;
        let patience = draw.between(0, 3);
        for _ in 0..patience {
            if !matches!(standing, Standing::Open) {
                break;
            }
            self.world.while_between(0, 1_500).await;
            let call = if key.kind == Kind::Provision { Call::Retry } else { Call::Request };
            standing = self.ask(&key, &request, call).await;
        }
        let (conclusion, response) = match standing {
            Standing::Held(response) => (self.finalise(&key, &request).await, Some(response)),
            Standing::Failed => (Conclusion::Failed, None),
            Standing::Reversed => (Conclusion::Reversed, None),
            Standing::Open => (self.reverse(&key, &request).await, None),
        };
        (Sale { key, request, conclusion: Some(conclusion) }, response)
    }

    /// The first time, and perhaps a copy side by side. Only if all copies are told the same no is it one.
    async fn first(self: &Arc<Self>, key: &Key, request: &Request) -> Standing {
        if !self.world.fault(self.world.trouble.twice) {
            return self.ask(key, request, Call::Request).await;
        }
        let copy = self.ask(key, request, Call::Request);
        let (one, other) = if self.world.draw.chance(300) {
            // Somebody reverses beside it.
            let reversal = async {
                self.world.while_between(0, 3_000).await;
                self.reverse(key, request).await
            };
            let (standing, conclusion) = tokio::join!(biased; copy, reversal);
            return match conclusion {
                Conclusion::Confirmed => standing,
                _ => Standing::Reversed,
            };
        } else {
            tokio::join!(biased; copy, self.ask(key, request, Call::Request))
        };
        match (one, other) {
            (Standing::Held(response), _) | (_, Standing::Held(response)) => Standing::Held(response),
            (Standing::Reversed, _) | (_, Standing::Reversed) => Standing::Reversed,
            (Standing::Failed, Standing::Failed) => Standing::Failed,
            (Standing::Open, _) | (_, Standing::Open) => Standing::Open,
        }
    }

    async fn ask(self: &Arc<Self>, key: &Key, request: &Request, call: Call) -> Standing {
        match self.say(key, request, call, key.id).await {
            Some(Answer::Approved(response)) => Standing::Held(response),
            Some(Answer::Declined(_) | Answer::Unproven) => Standing::Failed,
            // It says so of this message; whatever is unheard of may still be on its way.
            Some(Answer::NotSold(_)) if self.has_heard_all(key) => Standing::Failed,
            Some(Answer::Reversed) => Standing::Reversed,
            _ => Standing::Open,
        }
    }

    /// Whether the channel has heard an answer to everything that it ever said of a request.
    fn has_heard_all(&self, key: &Key) -> bool {
        self.world.exchanges().iter().filter(|exchange| exchange.key == *key).all(|exchange| exchange.heard.is_some())
    }

    /// Says that it must not stand, until somebody has heard.
    async fn reverse(self: &Arc<Self>, key: &Key, request: &Request) -> Conclusion {
        let advice = self.new_id();
        loop {
            let answer = self.say(key, request, Call::Reverse, advice).await;
            if self.world.draw.chance(30) {
                // What was reversed is confirmed, by somebody who does not know.
                let advice = self.new_id();
                self.say(key, request, Call::Confirm(advice), advice).await;
            }
            match answer {
                Some(Answer::Accepted | Answer::NeverSeen) => return Conclusion::Reversed,
                Some(Answer::Confirmed) => return Conclusion::Confirmed,
                _ => self.world.while_between(200, 3_000).await,
            }
        }
    }

    /// What a channel does with what it holds.
    async fn finalise(self: &Arc<Self>, key: &Key, request: &Request) -> Conclusion {
        let draw = &self.world.draw;
        self.world.while_between(0, 2_000).await;
        if draw.chance(120) {
            return self.reverse(key, request).await;
        }
        if draw.chance(40) {
            // Somebody confirms and somebody reverses, side by side.
            let advice = self.new_id();
            let confirmation = self.say(key, request, Call::Confirm(advice), advice);
            return tokio::join!(biased; self.reverse(key, request), confirmation).0;
        }
        if draw.chance(50) {
            // The customer is back when the switch may have confirmed by itself.
            self.world.while_between(10_000, 30_000).await;
            return self.reverse(key, request).await;
        }
        if self.channel.messaging == Messaging::Single {
            return Conclusion::Held;
        }
        if draw.chance(60) {
            return Conclusion::Forgotten;
        }
        let advice = self.new_id();
        loop {
            match self.say(key, request, Call::Confirm(advice), advice).await {
                Some(Answer::Accepted | Answer::Confirmed) => return Conclusion::Confirmed,
                Some(Answer::Reversed) => return Conclusion::Reversed,
                // Whatever else is said, what is held is held, and is said again.
                _ => self.world.while_between(200, 3_000).await,
            }
        }
    }
}
