//! The paths that a code, a PIN or a secret can take through the switch, and what is sent along each.

use std::sync::Mutex;

use serde_json::{Value as Json, json};

use super::caller::{Answer, Caller, Way, basic};
use super::provider::WRONG;
use super::roll::{Look, Rest, Roll};
use super::switch::CHANNELS;
use crate::world::{confirmation, id, new_id, redemption, refund, request, reversal};

/// How many paths there are.
const PATHS: usize = 6;

/// What one run sends, and all that its channels are told.
pub(super) struct Walk {
    pub(super) way: Way,
    pub(super) roll: std::sync::Arc<Roll>,
    pub(super) secrets: [String; 2],
    /// All answers, one after the other: here the canaries must be found.
    pub(super) told: Mutex<Vec<u8>>,
}

impl Walk {
    /// One of the two channels, on a connection of its own.
    pub(super) fn caller(&self, number: usize) -> Caller {
        let channel = number % CHANNELS.len();
        // Over TLS every other pair of callers speaks HTTP/2.
        let is_http_2 = self.way.tls.is_some() && number / 2 % 2 == 1;
        Caller::new(&self.way, CHANNELS[channel], &self.secrets[channel], is_http_2)
    }

    /// Goes along one path, the next with each number.
    pub(super) async fn errand(&self, caller: &mut Caller, number: usize) {
        let turn = number / PATHS;
        match number % PATHS {
            0 => self.whole_life(caller).await,
            1 => self.wrong_answer(caller, WRONG[turn % WRONG.len()]).await,
            2 => self.voucher_of_anothers(caller, turn).await,
            3 => self.malformed(caller, turn).await,
            4 => self.bad_credentials(caller).await,
            _ => self.hangs_up(caller, turn).await,
        }
    }

    /// Sold, asked after, redeemed, refunded, and either confirmed or taken back; and everything once more.
    async fn whole_life(&self, caller: &mut Caller) {
        let channel = caller.user_name.clone();
        let sale = request(&channel);
        let sold = self.post(caller, "/vouchers", &sale).await;
        assert_eq!(sold.status, 201, "{sold:?}");
        let voucher = sold.json()["voucher"].clone();
        let code = voucher["code"].as_str().expect("a sale has a code");
        self.post(caller, "/vouchers", &sale).await;
        self.post(caller, &format!("/vouchers/{}/retry", id(&sale)), &sale).await;
        if channel == "till" {
            self.post(caller, "/vouchers/confirmations", &confirmation(&sale)).await;
        }
        self.get(caller, &format!("/vouchers?voucherCode={code}")).await;
        self.get(caller, &format!("/vouchers?provisionRequestId={}", id(&sale))).await;
        let mut redeemed = redemption(&channel, code);
        redeemed["voucher"]["pin"] = voucher["pin"].clone();
        let answer = self.post(caller, "/redemptions", &redeemed).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        self.get(caller, &format!("/redemptions/{}", id(&redeemed))).await;
        if channel == "till" {
            self.post(caller, "/redemptions/confirmations", &confirmation(&redeemed)).await;
        }
        let back = refund(&channel, code);
        self.post(caller, "/refunds", &back).await;
        self.post(caller, "/refunds/reversals", &reversal(&back)).await;
        let other = request(&channel);
        self.post(caller, "/vouchers", &other).await;
        self.post(caller, "/vouchers/reversals", &reversal(&other)).await;
        self.post(caller, &format!("/vouchers/{}/retry", id(&other)), &other).await;
    }

    /// The provider says something that cannot be used, and the channel takes back what it does not have.
    pub(super) async fn wrong_answer(&self, caller: &mut Caller, manner: &str) {
        let mut sale = request(&caller.user_name);
        sale["basketRef"] = manner.into();
        self.post(caller, "/vouchers", &sale).await;
        self.post(caller, &format!("/vouchers/{}/retry", id(&sale)), &sale).await;
        self.post(caller, "/vouchers/reversals", &reversal(&sale)).await;
    }

    /// The switch panics with an answer in its hands. What became of the sale is settled without it.
    pub(super) async fn panics(&self, caller: &mut Caller) {
        let mut sale = request(&caller.user_name);
        sale["basketRef"] = "panic".into();
        self.post(caller, "/vouchers", &sale).await;
    }

    /// A voucher that this switch has not sold: with a PIN of every kind, redeemed, refunded, or neither.
    async fn voucher_of_anothers(&self, caller: &mut Caller, turn: usize) {
        let code = self.roll.plant("code of a redemption");
        let mut redeemed = redemption(&caller.user_name, &code);
        redeemed["voucher"]["pin"] = match turn % 3 {
            0 => json!({"type": "CLEAR_PIN", "pin": self.roll.plant("PIN of a redemption")}),
            1 => json!({
                "type": "HASHED_PIN",
                "hash": self.roll.plant_digits("hash of a PIN", 32, Rest::Nowhere),
                "hashedPinParameters": {"name": "SHA-256"},
            }),
            _ => json!({
                "type": "ENCRYPTED_PIN",
                "pinBlock": self.roll.plant_digits("PIN block of a redemption", 8, Rest::Nowhere),
                "encryptionParameters":
                    {"pinBlockFormat": "ISO_9564_FORMAT_0", "accountNumber": "123456789012", "keyIndex": 1},
            }),
        };
        if turn % 2 == 1 {
            redeemed["basketRef"] = WRONG[turn / 2 % WRONG.len()].into();
        }
        self.post(caller, "/redemptions", &redeemed).await;
        self.post(caller, "/redemptions/reversals", &reversal(&redeemed)).await;
        self.post(caller, "/refunds", &refund(&caller.user_name, &self.roll.plant("code of a refund"))).await;
        let looked_up = self.roll.plant("code of a lookup");
        let manner = ["fine", "decline", "broken"][turn % 3];
        self.get(caller, &format!("/vouchers?voucherCode={looked_up}&receiverInstId={manner}")).await;
    }

    /// A message with a code in it that is none of the interface's.
    async fn malformed(&self, caller: &mut Caller, turn: usize) {
        let code = || self.roll.plant("malformed message");
        let mut message = redemption(&caller.user_name, &code());
        let mut path = "/redemptions".to_owned();
        match turn % 12 {
            0 => message["voucher"]["secretCode"] = code().into(),
            1 => message["voucher"][code()] = 1.into(),
            2 => message["voucher"]["code"] = json!([code()]),
            3 => message["voucher"]["code"] = format!("{}{}{}", code(), code(), code()).into(),
            4 => message["voucher"]["pin"] = json!({"type": code(), "pin": code()}),
            5 => message["voucher"]["pin"] = json!({"type": "ENCRYPTED_PIN", "pinBlock": code()}),
            6 => message["id"] = code().into(),
            7 => message["voucher"] = code().into(),
            8 => path = format!("/vouchers/{}/retry", code()),
            9 => path = format!("/redemptions?code={}", code()),
            10 => path = format!("/{}", code()),
            _ => message["time"] = code().into(),
        }
        self.post(caller, &path, &message).await;
        let whole = redemption(&caller.user_name, &code()).to_string();
        let body = &whole[..whole.len() - 2];
        match turn % 3 {
            0 => self.tell(caller.post_text(&at("/redemptions"), body).await),
            1 => self.tell(caller.post_text(&at("/redemptions"), &(body.to_owned() + &" ".repeat(300 * 1024))).await),
            _ => {
                self.get(caller, &format!("/vouchers?voucherCode={}&voucherCode={}&x={}", code(), code(), code())).await
            }
        }
    }

    /// Secrets, tokens and codes of whoever is not let in, and tokens of who is.
    async fn bad_credentials(&self, caller: &mut Caller) {
        let wrong = || self.roll.plant("wrong secret");
        let (user_name, right) = (caller.user_name.clone(), caller.secret.clone());
        let message = redemption(&user_name, &self.roll.plant("code of nobody")).to_string();
        for authorization in [
            basic(&user_name, &wrong()),
            basic(&wrong(), &right),
            format!("Bearer {}.{}", wrong(), wrong()),
            format!("Basic {}:{}", user_name, wrong()),
            wrong(),
        ] {
            let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
            self.tell(caller.send("POST", &at("/redemptions"), &headers, &message).await);
        }
        let form = format!("grant_type=password&username={user_name}&password={}&client_secret={}", wrong(), wrong());
        self.tell(caller.form("/oauth/token", None, &form).await);
        let (form, right) = ("grant_type=client_credentials", caller.basic());
        let answer = caller.form("/oauth/token", Some(&right), form).await;
        let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
        // What comes before names the channel and its end, and is not secret.
        self.roll.add("token", &token[token.len() - 40..], Rest::Nowhere, Look::Whole);
        self.tell(answer);
        let headers = [("authorization", &*format!("Bearer {token}"))];
        self.tell(caller.send("GET", &at(&format!("/redemptions/{}", new_id())), &headers, "").await);
        self.tell(caller.form("/oauth/revoke", Some(&right), &format!("token={token}")).await);
        self.tell(caller.send("GET", &at(&format!("/redemptions/{}", new_id())), &headers, "").await);
    }

    /// A caller that is gone before it is answered, in the middle of its message, or that speaks no HTTP.
    async fn hangs_up(&self, caller: &mut Caller, turn: usize) {
        let code = || self.roll.plant("caller that hung up");
        let body = redemption(&caller.user_name, &code()).to_string();
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: localhost\r\nauthorization: {}\r\ncontent-type: application/json\r\n",
            at("/redemptions"),
            caller.basic()
        );
        let whole = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        match turn % 5 {
            0 => self.way.say(&whole, false).await,
            1 => self.way.say(&whole[..whole.len() - 10], false).await,
            2 => self.way.say(&format!("GET /?code={} HTTP/9.9\r\n\r\n", code()), true).await,
            3 => self.way.say(&format!("{head}transfer-encoding: chunked\r\n\r\n{}\r\n", code()), true).await,
            _ => self.way.say(&format!("{head}x-voucher-code {}\r\n\r\n", code()), true).await,
        }
    }

    async fn post(&self, caller: &mut Caller, path: &str, body: &Json) -> Answer {
        let answer = caller.post(&at(path), body).await;
        self.told.lock().unwrap().extend_from_slice(&answer.body);
        answer
    }

    async fn get(&self, caller: &mut Caller, path: &str) {
        self.tell(caller.get(&at(path)).await);
    }

    fn tell(&self, answer: Answer) {
        self.told.lock().unwrap().extend(answer.body);
    }
}

/// Where an operation is.
pub(super) fn at(path: &str) -> String {
    format!("/suv/v1{path}")
}
