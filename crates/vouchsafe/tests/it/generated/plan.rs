//! What a run asks: for each number one message, the same for the same seed however often and in whichever order it is
//! made. So a message can speak of what an earlier one did without anything being remembered, and each can be sent alone.

use fastrand::Rng;
use serde_json::{Value as Json, json};

use super::sample::Sampler;
use crate::openapi::operations;

/// Who calls; the sandbox lets in anybody.
const CHANNELS: [&str; 3] = ["demo-app", "demo-till", "kiosk é 7"];
/// Where the code of every voucher begins that this run asks for: nothing else says that.
pub(super) const CODE: &str = "SECRETCODE";
/// A provider that can do everything, and one that takes no advices.
const PROVIDERS: [&str; 2] = ["simulated-full", "simulated-stellr"];
/// How many numbers are looked back over for something to speak of.
const MEMORY: u64 = 120;
/// Products whose provider, or whose voucher's provider, takes its time. They are asked for now and then.
const SLOW: [&str; 8] = [
    "SLOW",
    "NEVERANSWERS",
    "SELLSTHENSILENT",
    "REVERSESLOWLY",
    "SHEETSLOW",
    "REDEEMSTHENSILENT",
    "REFUNDSTHENSILENT",
    "HUGE",
];

/// What the choices of one number are for: each purpose has a chance of its own.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Operation = 1,
    Name,
    Message,
    Damage,
    Transport,
}

/// One operation of the description.
pub(super) struct Operation {
    pub(super) name: String,
    pub(super) method: String,
    path: String,
    /// The name of what its body is.
    pub(super) request: Option<Json>,
    parameters: Vec<Json>,
    /// Whether it needs no credentials.
    pub(super) is_open: bool,
    pub(super) described: Json,
}

/// What a whole run follows from.
pub(super) struct Plan {
    pub(super) document: Json,
    seed: u64,
    operations: Vec<Operation>,
    /// What is asked for: products as the switch lists them.
    stock: Vec<Json>,
}

/// What is to be asked, before it is put on the wire.
pub(super) struct Message<'a> {
    pub(super) operation: &'a Operation,
    pub(super) channel: &'static str,
    pub(super) target: String,
    /// The id that stands in its path, where it is to be the body's too.
    pub(super) id_in_path: Option<String>,
    pub(super) body: Option<Json>,
}

impl Plan {
    /// Everything that can be asked of a switch that describes itself so and sells these products.
    pub(super) fn new(document: Json, products: &Json, seed: u64) -> Self {
        let referred = |parameter: &Json| {
            document
                .pointer(&parameter["$ref"].as_str().expect("parameters are named")[1..])
                .expect("it exists")
                .clone()
        };
        let operation = |(path, method, described): (&str, &str, &Json)| Operation {
            name: described["operationId"].as_str().expect("every operation has a name").to_owned(),
            method: method.to_uppercase(),
            path: path.to_owned(),
            request: described.pointer("/requestBody/content/application~1json/schema").cloned(),
            parameters: described["parameters"].as_array().expect("a list").iter().map(referred).collect(),
            is_open: described["security"] == json!([]),
            described: described.clone(),
        };
        let operations: Vec<_> = operations(&document).map(operation).collect();
        let stock = products["products"].as_array().expect("the sandbox sells something").clone();
        Self { seed, operations, stock, document }
    }

    pub(super) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The chance of a number for a purpose.
    pub(super) fn chance(&self, number: u64, purpose: Purpose) -> Rng {
        let mut seeds = Rng::with_seed(self.seed.wrapping_mul(1 << 40).wrapping_add(number << 4 | purpose as u64));
        // Seeds that lie side by side are told apart by the second number only.
        seeds.u64(..);
        Rng::with_seed(seeds.u64(..))
    }

    /// Which operation a number asks for. Sales come more often, for the others live on them, and so does what needs a
    /// whole chain of them.
    fn operation(&self, number: u64) -> &Operation {
        let mut chance = self.chance(number, Purpose::Operation);
        let wanted = match chance.u32(..12) {
            0 | 1 => "provisionVoucher",
            2 => "redeemVoucher",
            3 => "refundVoucher",
            4 => "confirmRefund",
            _ => return &self.operations[chance.usize(..self.operations.len())],
        };
        self.operations.iter().find(|operation| operation.name == wanted).expect("the interface has it")
    }

    fn channel(&self, number: u64) -> &'static str {
        CHANNELS[self.chance(number, Purpose::Name).usize(..CHANNELS.len())]
    }

    fn id(&self, number: u64) -> String {
        let mut chance = self.chance(number, Purpose::Name);
        let id = format!("{:032x}", chance.u128(..));
        let id = format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]);
        if chance.bool() { id } else { id.to_uppercase() }
    }

    fn code(&self, number: u64) -> String {
        format!("{CODE}{:012x}", self.chance(number, Purpose::Name).u64(..1 << 48))
    }

    /// An earlier number that asked for one of these operations, if one is near.
    fn earlier(&self, number: u64, chance: &mut Rng, names: &[&str]) -> Option<u64> {
        let from = number.checked_sub(1 + chance.u64(..40))?;
        let near = (from.saturating_sub(MEMORY)..=from).rev();
        near.into_iter().find(|earlier| names.contains(&self.operation(*earlier).name.as_str()))
    }

    /// The message of a number.
    pub(super) fn message(&self, number: u64) -> Message<'_> {
        let operation = self.operation(number);
        let chance = self.chance(number, Purpose::Message);
        let mut sampler = Sampler { document: &self.document, chance };
        let mut message = Message {
            operation,
            channel: self.channel(number),
            target: operation.path.clone(),
            id_in_path: None,
            body: operation.request.as_ref().map(|schema| sampler.value(schema)),
        };
        match operation.name.as_str() {
            "retryProvisionVoucher" => self.retry(number, &mut message, &mut sampler),
            "lookupRedemption" => {
                let of = self.earlier(number, &mut sampler.chance, &["redeemVoucher"]).unwrap_or(number);
                message.channel = self.channel(of);
                message.target = message.target.replace("{requestId}", &self.id(of));
            }
            "lookupVoucher" | "lookupProducts" => self.query(number, &mut message, &mut sampler),
            name if message.body.is_some() => match name.strip_prefix("confirm").or(name.strip_prefix("reverse")) {
                Some(kind) => self.advice(number, kind, &mut message, &mut sampler),
                None => self.request(number, &mut message, &mut sampler),
            },
            _ => {}
        }
        message
    }

    /// Makes a request one that comes further than the first refusal, more often than not.
    fn request(&self, number: u64, message: &mut Message<'_>, sampler: &mut Sampler<'_>) {
        let Some(body) = &mut message.body else { return };
        body["client"]["id"] = message.channel.into();
        body["id"] = self.id(number).into();
        let name = message.operation.name.as_str();
        if name == "provisionVoucher"
            && let Some(code) = body.pointer_mut("/voucher/code")
        {
            // Two providers may each be asked for one code and sell it, and nobody could tell the vouchers apart.
            *code = self.code(number).into();
        }
        if sampler.once_in(5) {
            return;
        }
        // Who is to be asked is left to the switch, unless somebody is named who exists.
        for party in ["receiver", "settlementEntity", "amounts", "product"] {
            body.as_object_mut().expect("a request").shift_remove(party);
        }
        if sampler.once_in(8) {
            body["settlementEntity"] = json!({"id": sampler.one_of(&PROVIDERS), "name": "Simulated"});
        }
        if name == "provisionVoucher" {
            if sampler.once_in(4) {
                body["amounts"] = json!({"requestAmount": money(sampler.chance.i64(0..10_000))});
            } else {
                self.buy(body, sampler);
            }
            body["voucher"]["code"] = self.code(number).into();
            return;
        }
        let sale = self.earlier(number, &mut sampler.chance, &["provisionVoucher"]).unwrap_or(number);
        message.channel = self.channel(sale);
        body["client"]["id"] = message.channel.into();
        body["voucher"] = json!({"code": self.code(sale)});
        if name == "refundVoucher"
            && let Some(redemption) = self.earlier(number, &mut sampler.chance, &["redeemVoucher"])
        {
            let redeemed = self.message(redemption);
            message.channel = redeemed.channel;
            body["client"]["id"] = redeemed.channel.into();
            body["redemptionId"] = self.id(redemption).into();
            body["voucher"] = json!({"code": redeemed.body.expect("a request")["voucher"]["code"]});
        }
        if sampler.once_in(4) {
            body["amounts"] = json!({"requestAmount": money(sampler.chance.i64(0..6_000))});
        }
    }

    /// Asks for something in stock, at its price.
    fn buy(&self, body: &mut Json, sampler: &mut Sampler<'_>) {
        let product = loop {
            let product = sampler.one_of(&self.stock);
            let id = product["productId"].as_str().expect("a product has an id");
            let is_slow = SLOW.iter().any(|slow| id.starts_with(slow));
            let is_odd = product["isFixedValue"] == true && product["amount"]["amount"] == 5000;
            if (!is_slow || sampler.once_in(100)) && (!is_odd || sampler.once_in(4)) {
                break product;
            }
        };
        body["product"] = json!({"productId": product["productId"]});
        let amount = if let Some(least) = product["minAmount"]["amount"].as_i64() {
            Some(sampler.chance.i64(least..=product["maxAmount"]["amount"].as_i64().expect("a range has two ends")))
        } else if product["amount"].is_null() {
            Some(sampler.chance.i64(1..10_000))
        } else {
            None
        };
        if let Some(amount) = amount {
            body["amounts"] = json!({"requestAmount": money(amount)});
        }
    }

    fn retry(&self, number: u64, message: &mut Message<'_>, sampler: &mut Sampler<'_>) {
        let of = self.earlier(number, &mut sampler.chance, &["provisionVoucher"]);
        if let Some(of) = of {
            let first = self.message(of);
            message.channel = first.channel;
            message.body = first.body;
        } else {
            self.request(number, message, sampler);
        }
        let id = self.id(of.unwrap_or(number));
        message.target = message.target.replace("{provisionId}", &id);
        message.id_in_path = Some(id);
    }

    fn advice(&self, number: u64, kind: &str, message: &mut Message<'_>, sampler: &mut Sampler<'_>) {
        let Some(body) = &mut message.body else { return };
        body["id"] = self.id(number).into();
        let about = match kind {
            "Voucher" => "provisionVoucher",
            "Redeem" => "redeemVoucher",
            _ => "refundVoucher",
        };
        if let Some(of) = self.earlier(number, &mut sampler.chance, &[about]) {
            message.channel = self.message(of).channel;
            body["requestId"] = self.id(of).into();
            // An amount is more than was granted, most of the time.
            if !sampler.once_in(4) {
                body.as_object_mut().expect("an advice").shift_remove("amounts");
            }
        }
    }

    fn query(&self, number: u64, message: &mut Message<'_>, sampler: &mut Sampler<'_>) {
        let parameters = message.operation.parameters.iter().filter(|parameter| parameter["in"] == "query");
        let (mut pairs, mut names_a_voucher) = (Vec::new(), false);
        let sale = self.earlier(number, &mut sampler.chance, &["provisionVoucher"]).filter(|_| !sampler.once_in(4));
        if let Some(sale) = sale {
            message.channel = self.channel(sale);
        }
        for parameter in parameters {
            let name = parameter["name"].as_str().expect("a parameter has a name");
            let names_one = name.starts_with("voucher") || name.starts_with("provision");
            let is_last_chance = name == "voucherSerialNumber" && !names_a_voucher;
            if !is_last_chance && !sampler.once_in(if names_one { 2 } else { 5 }) {
                continue;
            }
            names_a_voucher |= names_one;
            let value = match (name, sale) {
                ("voucherCode", Some(sale)) => self.code(sale),
                ("provisionRequestId", Some(sale)) => self.id(sale),
                ("channelName", _) => message.channel.to_owned(),
                _ => sampler.text(&parameter["schema"]),
            };
            pairs.push(format!("{name}={}", percent_encoding::utf8_percent_encode(&value, ENCODED)));
        }
        if !pairs.is_empty() {
            message.target = format!("{}?{}", message.target, pairs.join("&"));
        }
    }
}

const ENCODED: &percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC;

fn money(amount: i64) -> Json {
    json!({"amount": amount, "currency": "710"})
}

#[test]
fn a_number_is_the_same_call_whatever_was_made_before() {
    let document = vouchsafe::openapi::document("/suv/v1");
    let products = json!({"products": [{"productId": "AIRTIME50", "isFixedValue": true, "amount": money(5000)}]});
    let (one, same) = (Plan::new(document.clone(), &products, 1), Plan::new(document.clone(), &products, 1));
    let other = Plan::new(document, &products, 2);
    let sent = |plan: &Plan, number| plan.call(number).bytes;
    let forwards: Vec<_> = (0..500).map(|number| sent(&one, number)).collect();
    for number in (0..500).rev() {
        assert_eq!(forwards[number as usize], sent(&same, number), "{number}");
    }
    assert!((0..500).any(|number| sent(&other, number) != forwards[number as usize]));
}
