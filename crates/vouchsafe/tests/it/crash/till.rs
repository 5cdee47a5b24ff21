//! A channel that never gives up before it knows: no answer, then a retry, then the reversal.

use bytes::Bytes;
use serde_json::Value as Json;

use super::process::Lives;
use crate::world::{Answer, id, request_for, reversal};

/// The user name of the channel.
const CHANNEL: &str = "app";

/// What the channel makes of an answer, by its status: 500, 504 and no answer leave it in the dark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    Voucher,
    Failed(String),
    Nothing,
}

/// One sale as the channel sees it.
pub(super) struct Till<'a> {
    lives: &'a Lives,
    pub(super) request: Json,
    reversal: Json,
    /// Every success it was ever given, to the byte.
    pub(super) vouchers: Vec<Bytes>,
    /// Whether the sale stands, as far as it was told: it has the voucher, or can have nothing but the voucher.
    pub(super) holds: bool,
}

impl<'a> Till<'a> {
    pub(super) fn new(lives: &'a Lives, product: &str) -> Self {
        let request = request_for(CHANNEL, product);
        let reversal = reversal(&request);
        Self { lives, request, reversal, vouchers: Vec::new(), holds: false }
    }

    async fn send(&self, path: &str, body: &Json) -> Option<Answer> {
        self.lives.send(CHANNEL, path, body).await
    }

    fn hear(&mut self, answer: Option<Answer>) -> Heard {
        match answer {
            Some(answer) if answer.status == 201 => {
                self.vouchers.push(answer.body);
                self.holds = true;
                Heard::Voucher
            }
            Some(answer) if !matches!(answer.status, 500 | 504) => Heard::Failed(answer.verdict()),
            _ => Heard::Nothing,
        }
    }

    pub(super) async fn provision(&mut self) -> Heard {
        let answer = self.send("/vouchers", &self.request).await;
        self.hear(answer)
    }

    /// Asks, and hangs up once `enough`, or once the switch is gone; an answer that came before is lost on the way.
    pub(super) async fn provision_until(&mut self, enough: impl Future<Output = ()>) {
        let answer = tokio::select! {
            answer = self.send("/vouchers", &self.request) => answer,
            () = enough => None,
        };
        self.vouchers.extend(answer.filter(|answer| answer.status == 201).map(|answer| answer.body));
    }

    pub(super) async fn retry(&mut self) -> Heard {
        let answer = self.send(&format!("/vouchers/{}/retry", id(&self.request)), &self.request).await;
        self.hear(answer)
    }

    /// Goes on from what it heard until it knows whether it holds a voucher.
    pub(super) async fn make_certain(&mut self, mut heard: Heard) {
        for _ in 0..3 {
            if heard == Heard::Nothing {
                heard = self.retry().await;
            }
        }
        match heard {
            Heard::Voucher => {}
            // What cannot be repeated is as little known as before.
            Heard::Failed(verdict) if verdict == "404 FUNCTION_NOT_SUPPORTED" => self.reverse().await,
            Heard::Failed(_) => {}
            Heard::Nothing => self.reverse().await,
        }
    }

    /// Sends one reversal until it is acknowledged.
    pub(super) async fn reverse(&mut self) {
        for _ in 0..20 {
            let Some(answer) = self.send("/vouchers/reversals", &self.reversal).await else { continue };
            match answer.verdict().as_str() {
                "202" | "404 UNABLE_TO_LOCATE_RECORD" => {
                    self.holds = false;
                    return;
                }
                // The sale stands, and that is the truth.
                "400 VOUCHER_ALREADY_CONFIRMED" => return self.fetch().await,
                verdict if answer.status < 500 => panic!("a reversal was answered {verdict}"),
                _ => {}
            }
        }
        panic!("a reversal was never acknowledged");
    }

    /// Gets the voucher of a sale that stands, where retries are to be had.
    async fn fetch(&mut self) {
        self.holds = true;
        for _ in 0..20 {
            match self.retry().await {
                Heard::Voucher => return,
                Heard::Nothing => {}
                Heard::Failed(verdict) if verdict == "404 FUNCTION_NOT_SUPPORTED" => return,
                Heard::Failed(verdict) => panic!("a confirmed sale was answered {verdict}"),
            }
        }
        panic!("a confirmed voucher was never handed out");
    }
}
