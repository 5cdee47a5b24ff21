//! Whoever buys and sells while the switch is killed again and again: they never give up before they know.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use vouchsafe_core::transaction::Kind;

use super::binary::DRY;
use crate::world::{Answer, Channel, ChannelLog, confirmation, id, path, request_for, request_of, reversal};

/// Whoever waits or repeats more often than that has lost its way.
const MOST_WAITS: usize = 4_000;

/// Choices that follow from a seed.
pub(super) struct Chance(u64);

impl Chance {
    /// The choices of one of several who choose.
    pub(super) const fn new(seed: u64, who: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ who.wrapping_mul(0xd1b5_4a32_d192_ed03))
    }

    /// A number below `bound`: the next of the sequence that is known as SplitMix64.
    pub(super) const fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    const fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

/// Where everybody buys and sells.
pub(super) struct Street {
    pub(super) address: SocketAddr,
    pub(super) log: ChannelLog,
    pub(super) answers: AtomicU64,
    pub(super) unanswered: AtomicU64,
    /// Nobody begins anything new any more.
    pub(super) is_closed: AtomicBool,
}

/// What became of a request, as its channel sees it.
enum Came {
    Voucher(Json),
    Nothing,
    Unclear,
}

impl Street {
    fn is_open(&self) -> bool {
        !self.is_closed.load(Ordering::Relaxed)
    }

    async fn send(&self, channel: &Channel, place: &str, body: &Json) -> Option<Answer> {
        let answer = self.log.send(channel, place, body).await;
        let count = if answer.is_some() { &self.answers } else { &self.unanswered };
        count.fetch_add(1, Ordering::Relaxed);
        if answer.is_none() {
            // The next life answers again; it is waited for with a pause, and not for long.
            for _ in 0..MOST_WAITS {
                if TcpStream::connect(self.address).await.is_ok() {
                    return None;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            panic!("the switch never came back");
        }
        answer
    }

    /// Asks, and asks again while nothing came of it and retries are to be had.
    async fn ask(&self, channel: &Channel, kind: Kind, request: &Json, retries: u64) -> Came {
        let mut answer = self.send(channel, &format!("/{}", path(kind)), request).await;
        for _ in 0..retries {
            if answer.as_ref().is_none_or(|answer| matches!(answer.status, 500 | 504)) {
                answer = self.send(channel, &format!("/vouchers/{}/retry", id(request)), request).await;
            }
        }
        match answer {
            Some(answer) if answer.status == 201 => Came::Voucher(answer.json()),
            Some(answer) if answer.verdict() == "404 FUNCTION_NOT_SUPPORTED" => Came::Unclear,
            Some(answer) if matches!(answer.status, 500 | 504) => Came::Unclear,
            Some(_) => Came::Nothing,
            None => Came::Unclear,
        }
    }

    /// Sends an advice until it is answered.
    async fn advise(&self, channel: &Channel, kind: Kind, which: &str, advice: &Json) -> String {
        for _ in 0..MOST_WAITS {
            match self.send(channel, &format!("/{}/{which}", path(kind)), advice).await {
                Some(answer) if answer.status < 500 && answer.status != 429 => return answer.verdict(),
                _ => {}
            }
        }
        panic!("an advice was never taken over");
    }

    async fn reverse(&self, channel: &Channel, kind: Kind, request: &Json) {
        let verdict = self.advise(channel, kind, "reversals", &reversal(request)).await;
        let expected = ["202", "404 UNABLE_TO_LOCATE_RECORD", "400 VOUCHER_ALREADY_CONFIRMED"];
        assert!(expected.contains(&verdict.as_str()), "a reversal was answered {verdict}");
    }

    /// One customer of an app: the switch finalises.
    pub(super) async fn shops(self: Arc<Self>, name: &'static str, mut chance: Chance) {
        let channel = Channel::new(self.address, name);
        while self.is_open() {
            let request = sale(name, &mut chance);
            match self.ask(&channel, Kind::Provision, &request, chance.below(4)).await {
                Came::Voucher(_) if chance.one_in(8) => self.reverse(&channel, Kind::Provision, &request).await,
                // Half of those left in the dark leave the rest to the switch.
                Came::Unclear if chance.one_in(2) => self.reverse(&channel, Kind::Provision, &request).await,
                Came::Voucher(_) | Came::Nothing | Came::Unclear => {}
            }
        }
    }

    /// One till: it confirms or reverses whatever it has begun, and now and then takes a voucher and gives it back.
    pub(super) async fn keeps_a_till(self: Arc<Self>, name: &'static str, mut chance: Chance) {
        let channel = Channel::new(self.address, name);
        while self.is_open() {
            let request = sale(name, &mut chance);
            let retries = chance.below(4);
            let Some(sold) = self.finish(&channel, Kind::Provision, &request, retries, &mut chance).await else {
                continue;
            };
            let code = sold["voucher"]["code"].as_str().expect("a voucher has a code").to_owned();
            if request["settlementEntity"].is_null() && chance.one_in(3) {
                for kind in [Kind::Redemption, Kind::Refund] {
                    let request = request_of(kind, name, &code);
                    if self.finish(&channel, kind, &request, 0, &mut chance).await.is_none() {
                        break;
                    }
                }
            }
        }
    }

    /// Sees one request of a till through to its confirmation or its reversal. Says what it holds, if it does.
    async fn finish(
        &self,
        channel: &Channel,
        kind: Kind,
        request: &Json,
        retries: u64,
        chance: &mut Chance,
    ) -> Option<Json> {
        match self.ask(channel, kind, request, retries).await {
            Came::Voucher(response) if !chance.one_in(6) => {
                let verdict = self.advise(channel, kind, "confirmations", &confirmation(request)).await;
                assert_eq!(verdict, "202", "a {kind} that was approved can be confirmed");
                Some(response)
            }
            Came::Voucher(_) | Came::Unclear => {
                self.reverse(channel, kind, request).await;
                None
            }
            Came::Nothing => None,
        }
    }
}

/// A sale of R50; one in eight is asked of the provider that takes nothing but requests.
fn sale(channel: &str, chance: &mut Chance) -> Json {
    let mut request = request_for(channel, "AIRTIME50");
    request["amounts"] = json!({"requestAmount": {"amount": 5000, "currency": "710"}});
    if chance.one_in(8) {
        request["settlementEntity"] = json!({"id": DRY, "name": "Takes nothing"});
    }
    request
}
