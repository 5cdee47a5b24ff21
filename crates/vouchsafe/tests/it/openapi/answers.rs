//! What the switch answers, against the description of it: one story for each group of operations.

use std::time::Duration;

use http::Request;
use http_body_util::Full;
use serde_json::{Value as Json, json};
use vouchsafe::live_catalogue::LiveCatalogue;
use vouchsafe_core::sheet::Sheet;

use super::allowed::faults;
use super::obedient::{DECLINED, FAILING, SILENT, obedient};
use super::{document, operations};
use crate::world::{Answer, Channel, Setup, Switch, eventually, id, new_id, request, reversal};

/// Where nobody listens.
const NOWHERE: &str = "http://127.0.0.1:1/suv/v1";

/// A channel's developer, who holds every answer against the description.
struct Developer {
    channel: Channel,
    document: Json,
}

impl Developer {
    fn of(switch: &Switch, channel: &str) -> Self {
        Self { channel: switch.channel(channel), document: document() }
    }

    /// Posts a message to an operation; `expect` is the status, with the error type where there is one.
    async fn post(&self, operation: &str, body: &Json, expect: &str) {
        let (path, _) = self.described(operation);
        let path = path.replace("{provisionId}", body["id"].as_str().unwrap_or_default());
        let answer = self.channel.post(&path, body.to_string()).await;
        self.check(operation, &answer, expect);
    }

    /// Asks an operation; `words` stand in place of the path's parameter, or in the query.
    async fn get(&self, operation: &str, words: &str, expect: &str) {
        let answer = self.ask(operation, words).await;
        self.check(operation, &answer, expect);
    }

    async fn ask(&self, operation: &str, words: &str) -> Answer {
        let (path, _) = self.described(operation);
        let address = if path.contains('{') { path.replace("{requestId}", words) } else { format!("{path}{words}") };
        let asked = Request::get(format!("http://{}{address}", self.channel.address))
            .header("authorization", self.channel.authorization());
        self.channel.send(asked.body(Full::default()).unwrap()).await.unwrap()
    }

    /// The path of an operation and what is said of it.
    fn described(&self, operation: &str) -> (&str, &Json) {
        let mut all = operations(&self.document);
        let (path, _, described) = all.find(|(_, _, described)| described["operationId"] == operation).unwrap();
        (path, described)
    }

    /// Whether an answer is one that an operation is described to give, by its status, headers, body and error type.
    fn check(&self, operation: &str, answer: &Answer, expect: &str) {
        assert_eq!(answer.verdict(), expect, "{operation}: {:?}", answer.body);
        let described = &self.described(operation).1["responses"][answer.status.to_string()];
        assert!(described.is_object(), "{operation}: {expect} is not described");
        for (name, _) in described["headers"].as_object().unwrap() {
            assert!(answer.header(name).is_some(), "{operation}: {expect} has no {name}");
        }
        let Some(content) = described.get("content") else {
            assert!(answer.body.is_empty(), "{operation}: {expect} has a body");
            return;
        };
        let content_type = answer.header("content-type").unwrap().split(';').next().unwrap();
        let content = &content[content_type];
        assert!(content.is_object(), "{operation}: {expect} as {content_type} is not described");
        if content_type == "application/json" {
            assert_eq!(faults(&self.document, &content["schema"], &answer.json()), [""; 0], "{operation}: {expect}");
            if let Some(error_type) = answer.json()["errorType"].as_str() {
                assert!(content["examples"][error_type].is_object(), "{operation}: {expect} is not described");
            }
        }
    }
}

/// A request as an operation takes it, with a voucher of its own where it is about one.
fn asking(operation: &str) -> Json {
    let mut asked = request("app");
    if operation != "provisionVoucher" {
        asked["voucher"] = json!({"code": new_id()});
    }
    asked
}

/// `request` with a `basketRef`, which the provider obeys.
fn told(mut request: Json, words: &str) -> Json {
    request["basketRef"] = words.into();
    request
}

fn confirmation(request: &Json) -> Json {
    let mut confirmation = reversal(request);
    confirmation.as_object_mut().unwrap().remove("reversalReason");
    confirmation
}

/// The operations of one kind, and the words by which its answers differ.
struct Kind {
    ask: &'static str,
    confirm: &'static str,
    reverse: &'static str,
    declined: &'static str,
    already_reversed: &'static str,
    already_confirmed: &'static str,
    confirmed_by_another: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind {
        ask: "provisionVoucher",
        confirm: "confirmVoucher",
        reverse: "reverseVoucher",
        declined: "404 VOUCHER_STATUS_UNKNOWN",
        already_reversed: "400 VOUCHER_ALREADY_REVERSED",
        already_confirmed: "400 VOUCHER_ALREADY_CONFIRMED",
        confirmed_by_another: "202",
    },
    Kind {
        ask: "redeemVoucher",
        confirm: "confirmRedeem",
        reverse: "reverseRedeem",
        declined: "400 VOUCHER_STATUS_UNKNOWN",
        already_reversed: "400 REDEMPTION_ALREADY_REVERSED",
        already_confirmed: "400 REDEMPTION_ALREADY_CONFIRMED",
        confirmed_by_another: "400 VOUCHER_NOT_REDEEMED",
    },
    Kind {
        ask: "refundVoucher",
        confirm: "confirmRefund",
        reverse: "reverseRefund",
        declined: "400 VOUCHER_STATUS_UNKNOWN",
        already_reversed: "400 REFUND_ALREADY_REVERSED",
        already_confirmed: "400 REFUND_ALREADY_CONFIRMED",
        confirmed_by_another: "400 VOUCHER_NOT_REFUNDED",
    },
];

#[tokio::test]
async fn requests_are_answered_as_described() {
    let base_url = obedient().await;
    let switch = Switch::asking(base_url.as_str()).await;
    let nowhere = Switch::asking(NOWHERE).await;
    let lost = Switch::start(Setup { default_route: false, ..Setup::to(base_url.as_str()) }).await;
    let developer = Developer::of(&switch, "app");
    for kind in &KINDS {
        let first = asking(kind.ask);
        let mut foreign = asking(kind.ask);
        foreign["client"]["id"] = json!("other");
        let mut negative = asking(kind.ask);
        negative["amounts"]["requestAmount"]["amount"] = json!(-1);
        for (body, expect) in [
            (&first, "201"),
            (&first, "400 DUPLICATE_RECORD"),
            (&foreign, "400 AUTHENTICATION_ERROR"),
            (&json!({"colour": "red"}), "400 FORMAT_ERROR"),
            (&negative, "400 INVALID_AMOUNT"),
            (&told(asking(kind.ask), DECLINED), kind.declined),
            (&told(asking(kind.ask), FAILING), "404 GENERAL_ERROR"),
        ] {
            developer.post(kind.ask, body, expect).await;
        }
        Developer::of(&nowhere, "app").post(kind.ask, &asking(kind.ask), "503 UPSTREAM_UNAVAILABLE").await;
        Developer::of(&lost, "app").post(kind.ask, &asking(kind.ask), "400 ROUTING_ERROR").await;
    }
    let mut strange = asking("refundVoucher");
    strange["redemptionId"] = new_id().into();
    developer.post("refundVoucher", &strange, "400 VOUCHER_NOT_REDEEMED").await;
    let sheet = Sheet { redemptions: false, refunds: false, lookup: false, ..Sheet::full() };
    let unable = Switch::start(Setup { sheet, ..Setup::to(base_url.as_str()) }).await;
    let unable = Developer::of(&unable, "app");
    for operation in ["redeemVoucher", "refundVoucher"] {
        unable.post(operation, &asking(operation), "400 FUNCTION_NOT_SUPPORTED").await;
    }
    unable.get("lookupVoucher", "?voucherCode=1", "404 FUNCTION_NOT_SUPPORTED").await;
}

#[tokio::test]
async fn retries_are_answered_as_described() {
    let switch = Switch::asking(obedient().await).await;
    let developer = Developer::of(&switch, "app");
    let sale = asking("provisionVoucher");
    let declined = told(asking("provisionVoucher"), DECLINED);
    developer.post("provisionVoucher", &sale, "201").await;
    developer.post("provisionVoucher", &declined, "404 VOUCHER_STATUS_UNKNOWN").await;
    let other = told(sale.clone(), "another");
    for (body, expect) in [
        (&sale, "201"),
        (&asking("provisionVoucher"), "201"),
        (&other, "400 DUPLICATE_RECORD"),
        (&declined, "404 VOUCHER_STATUS_UNKNOWN"),
    ] {
        developer.post("retryProvisionVoucher", body, expect).await;
    }
    developer.post("reverseVoucher", &reversal(&sale), "202").await;
    developer.post("retryProvisionVoucher", &sale, "400 VOUCHER_ALREADY_REVERSED").await;
}

#[tokio::test]
async fn advices_are_answered_as_described() {
    let switch = Switch::asking(obedient().await).await;
    let developer = Developer::of(&switch, "app");
    for kind in &KINDS {
        let (kept, undone, never) = (asking(kind.ask), asking(kind.ask), asking(kind.ask));
        developer.post(kind.ask, &kept, "201").await;
        developer.post(kind.ask, &undone, "201").await;
        let mut too_much = confirmation(&kept);
        too_much["amounts"] = json!({"approvedAmount": {"amount": 5001, "currency": "710"}});
        let confirmed = confirmation(&kept);
        for (body, expect) in [
            (&json!({"colour": "red"}), "400 FORMAT_ERROR"),
            (&confirmation(&never), "404 UNABLE_TO_LOCATE_RECORD"),
            (&too_much, "400 INVALID_AMOUNT"),
            (&confirmed, "202"),
            (&confirmed, "202"),
            (&confirmation(&kept), kind.confirmed_by_another),
        ] {
            developer.post(kind.confirm, body, expect).await;
        }
        for (body, expect) in [
            (&json!({"colour": "red"}), "400 FORMAT_ERROR"),
            (&reversal(&never), "404 UNABLE_TO_LOCATE_RECORD"),
            (&reversal(&kept), kind.already_confirmed),
            (&reversal(&undone), "202"),
        ] {
            developer.post(kind.reverse, body, expect).await;
        }
        developer.post(kind.confirm, &confirmation(&undone), kind.already_reversed).await;
        developer.post(kind.ask, &never, kind.already_reversed).await;
    }
}

#[tokio::test]
async fn questions_about_vouchers_are_answered_as_described() {
    let base_url = obedient().await;
    let switch = Switch::asking(base_url.as_str()).await;
    let developer = Developer::of(&switch, "app");
    let sale = asking("provisionVoucher");
    developer.post("provisionVoucher", &sale, "201").await;
    for (query, expect) in [
        ("?voucherCode=1".to_owned(), "200"),
        ("?voucherSerialNumber=SN1".to_owned(), "200"),
        (format!("?provisionRequestId={}", id(&sale)), "200"),
        (format!("?provisionRequestId={}", new_id()), "404 UNABLE_TO_LOCATE_RECORD"),
        (format!("?voucherCode={DECLINED}"), "404 VOUCHER_STATUS_UNKNOWN"),
        (format!("?voucherCode={FAILING}"), "404 GENERAL_ERROR"),
        (String::new(), "400 FORMAT_ERROR"),
        ("?colour=red".to_owned(), "400 FORMAT_ERROR"),
    ] {
        developer.get("lookupVoucher", &query, expect).await;
    }
    let nowhere = Switch::asking(NOWHERE).await;
    let lost = Switch::start(Setup { default_route: false, ..Setup::to(base_url.as_str()) }).await;
    for (switch, expect) in [(&nowhere, "503 UPSTREAM_UNAVAILABLE"), (&lost, "400 ROUTING_ERROR")] {
        Developer::of(switch, "app").get("lookupVoucher", "?voucherCode=1", expect).await;
    }
}

#[tokio::test]
async fn silence_is_answered_as_described() {
    // Long enough for the question to be on its way, and no longer.
    let sheet = Sheet { timeout: Duration::from_secs(1), ..Sheet::full() };
    let switch = Switch::start(Setup { sheet, ..Setup::to(obedient().await) }).await;
    let developer = Developer::of(&switch, "app");
    let expect = "504 UPSTREAM_UNAVAILABLE";
    let [sale, redemption, refund] = KINDS.map(|kind| told(asking(kind.ask), SILENT));
    let query = format!("?voucherCode={SILENT}");
    tokio::join!(
        developer.post("provisionVoucher", &sale, expect),
        developer.post("redeemVoucher", &redemption, expect),
        developer.post("refundVoucher", &refund, expect),
        developer.get("lookupVoucher", &query, expect),
    );
}

#[tokio::test]
async fn questions_about_redemptions_are_answered_as_described() {
    let switch = Switch::asking(obedient().await).await;
    let developer = Developer::of(&switch, "app");
    let (kept, undone) = (asking("redeemVoucher"), asking("redeemVoucher"));
    let declined = told(asking("redeemVoucher"), DECLINED);
    developer.post("redeemVoucher", &kept, "201").await;
    developer.post("redeemVoucher", &undone, "201").await;
    developer.post("reverseRedeem", &reversal(&undone), "202").await;
    developer.post("redeemVoucher", &declined, "400 VOUCHER_STATUS_UNKNOWN").await;
    for (id, expect) in [
        (id(&kept), "200"),
        (id(&undone), "400 REDEMPTION_ALREADY_REVERSED"),
        (id(&declined), "400 VOUCHER_STATUS_UNKNOWN"),
        (new_id().as_str(), "404 UNABLE_TO_LOCATE_RECORD"),
        ("nonsense", "400 FORMAT_ERROR"),
    ] {
        developer.get("lookupRedemption", id, expect).await;
    }
    Developer::of(&switch, "other").get("lookupRedemption", id(&kept), "403 AUTHENTICATION_ERROR").await;

    let open = told(asking("redeemVoucher"), SILENT);
    let (channel, body) = (developer.channel.clone(), open.to_string());
    let waiting = tokio::spawn(async move { channel.post("/suv/v1/redemptions", body).await });
    eventually("the redemption is under way", async || {
        Some(developer.ask("lookupRedemption", id(&open)).await).filter(|answer| answer.status == 202)
    })
    .await;
    developer.get("lookupRedemption", id(&open), "202").await;
    waiting.abort();

    let nowhere = Switch::asking(NOWHERE).await;
    let nowhere = Developer::of(&nowhere, "app");
    let unsent = asking("redeemVoucher");
    nowhere.post("redeemVoucher", &unsent, "503 UPSTREAM_UNAVAILABLE").await;
    nowhere.get("lookupRedemption", id(&unsent), "503 UPSTREAM_UNAVAILABLE").await;
}

#[tokio::test]
async fn questions_about_products_are_answered_as_described() {
    let base_url = obedient().await;
    let switch = Switch::asking(base_url.as_str()).await;
    let developer = Developer::of(&switch, "app");
    developer.get("lookupProducts", "", "501 FUNCTION_NOT_SUPPORTED").await;
    developer.get("lookupProducts", "?colour=red", "400 FORMAT_ERROR").await;
    let catalogue = LiveCatalogue::fixed(vouchsafe::config::catalogue::demo());
    let selling = Switch::start(Setup { catalogue, ..Setup::to(base_url) }).await;
    Developer::of(&selling, "app").get("lookupProducts", "?channelName=app", "200").await;
}

#[tokio::test]
async fn what_is_refused_unread_is_refused_as_described() {
    let switch = Switch::asking(NOWHERE).await;
    let developer = Developer::of(&switch, "app");
    let channel = &developer.channel;
    for (path, method, operation) in operations(&developer.document) {
        let name = operation["operationId"].as_str().unwrap();
        if operation["security"] == json!([]) {
            let answer = channel.get(path).await;
            developer.check(name, &answer, "200");
            continue;
        }
        let address = format!("http://{}{path}", channel.address).replace(['{', '}'], "");
        let anonymous = Request::builder().method(method.to_uppercase().as_str()).uri(&address);
        let anonymous = channel.send(anonymous.body(Full::default()).unwrap()).await.unwrap();
        developer.check(name, &anonymous, "401 AUTHENTICATION_ERROR");
        if method == "post" {
            let huge = channel.post(&path.replace(['{', '}'], ""), vec![b' '; 1 << 20]).await;
            developer.check(name, &huge, "413 FORMAT_ERROR");
            let unannounced = Request::post(&address).header("authorization", channel.authorization());
            let unannounced = channel.send(unannounced.body(Full::default()).unwrap()).await.unwrap();
            developer.check(name, &unannounced, "415 FORMAT_ERROR");
        }
    }
}
