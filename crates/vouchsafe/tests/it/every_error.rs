//! Every error type of the interface is told somewhere, with its status, and by whom it is to be told.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::response::IntoResponse as _;
use http::StatusCode;
use serde_json::{Value as Json, json};
use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::sheet::{Messaging, RetrySupport};
use vouchsafe_core::transaction::Kind;

use crate::routing::catalogue;
use crate::world::{
    Answer, CODE, ProviderStub, Setup, Switch, approve, confirmation, request, request_for, request_of, reversal, take,
};

/// What a provider says of its dealings with the switch is nothing to the channel, which would act on it.
const BETWEEN_PROVIDER_AND_SWITCH: [ErrorType; 5] = [
    ErrorType::FormatError,
    ErrorType::AuthenticationError,
    ErrorType::DuplicateRecord,
    ErrorType::UnableToLocateRecord,
    ErrorType::RoutingError,
];

/// Whether a provider's error is told as it stands for a request of a kind.
fn is_passed_on(error_type: ErrorType, kind: Kind) -> bool {
    use ErrorType as Type;
    let about_this_request = match kind {
        Kind::Provision => [Type::VoucherAlreadyReversed, Type::VoucherAlreadyConfirmed],
        Kind::Redemption => [Type::RedemptionAlreadyReversed, Type::RedemptionAlreadyConfirmed],
        Kind::Refund => [Type::RefundAlreadyReversed, Type::RefundAlreadyConfirmed],
    };
    !BETWEEN_PROVIDER_AND_SWITCH.contains(&error_type) && !about_this_request.contains(&error_type)
}

/// The error types that were told, by their words.
#[derive(Default)]
struct Told(BTreeSet<String>);

impl Told {
    #[track_caller]
    fn check(&mut self, answer: &Answer, expect: &str) {
        assert_eq!(answer.verdict(), expect);
        self.0.extend(expect.split_once(' ').map(|(_, error_type)| error_type.to_owned()));
    }
}

/// A provider that declines with what it is told to say.
async fn declining() -> (ProviderStub, Arc<Mutex<&'static str>>) {
    let says = Arc::new(Mutex::new("GENERAL_ERROR"));
    let saying = Arc::clone(&says);
    let provider = ProviderStub::answering(move |_| {
        let error_type = *saying.lock().unwrap();
        let body = json!({"errorType": error_type, "errorMessage": "no", "providerErrorCode": "05"}).to_string();
        async move { (StatusCode::BAD_REQUEST, body).into_response() }
    });
    (provider.await, says)
}

/// A provider's no, for each type that it may give and each kind of request.
async fn declines(told: &mut Told) {
    let (provider, says) = declining().await;
    let switch = Switch::asking(provider.base_url()).await;
    let channel = switch.channel("app");
    for error_type in ErrorType::ALL.iter().copied() {
        *says.lock().unwrap() = error_type.name();
        for (kind, status) in [(Kind::Provision, 404), (Kind::Redemption, 400), (Kind::Refund, 400)] {
            let answer = channel.open(kind, &request_of(kind, "app", CODE)).await;
            let expect = if is_passed_on(error_type, kind) { error_type } else { ErrorType::GeneralError };
            told.check(&answer, &format!("{status} {expect}"));
            assert_eq!(answer.json()["providerErrorCode"], "05", "with the provider's own code");
        }
    }
}

/// What the switch refuses about a request.
async fn refused_requests(told: &mut Told) {
    let provider = ProviderStub::advised(approve, take).await;
    let mut setup = Setup { messaging: Messaging::Dual, ..Setup::to(provider.base_url()) };
    setup.catalogue = catalogue();
    setup.sheet.retry = RetrySupport::Unsupported;
    let switch = Switch::start(setup).await;
    let channel = switch.channel("app");
    for kind in Kind::ALL.iter().copied() {
        let request = request_of(kind, "app", CODE);
        let with = |field: &str, value: Json| {
            let mut other = request.clone();
            other[field] = value;
            other
        };
        told.check(&channel.open(kind, &with("id", Json::Null)).await, "400 FORMAT_ERROR");
        let foreign = with("client", json!({"id": "another", "name": "Another"}));
        told.check(&channel.open(kind, &foreign).await, "400 AUTHENTICATION_ERROR");
        let negative = with("amounts", json!({"requestAmount": {"amount": -1, "currency": "710"}}));
        told.check(&channel.open(kind, &negative).await, "400 INVALID_AMOUNT");
        assert_eq!(channel.open(kind, &request).await.verdict(), "201");
        told.check(&channel.open(kind, &request).await, "400 DUPLICATE_RECORD");
    }
    told.check(&channel.get("/suv/v1/products").await, "401 AUTHENTICATION_ERROR");
    told.check(&channel.provision(&request_for("app", "UNKNOWN")).await, "400 ROUTING_ERROR");
    let mut wrong_price = request_for("app", "AIRTIME50");
    wrong_price["amounts"] = json!({"requestAmount": {"amount": 1, "currency": "710"}});
    told.check(&channel.provision(&wrong_price).await, "400 INVALID_AMOUNT");
    let sold = request("app");
    assert_eq!(channel.provision(&sold).await.verdict(), "201");
    told.check(&channel.retry(&sold).await, "404 FUNCTION_NOT_SUPPORTED");
}

/// What the switch refuses about an advice.
async fn refused_advices(told: &mut Told) {
    let provider = ProviderStub::advised(approve, take).await;
    let switch = Switch::start(Setup { messaging: Messaging::Dual, ..Setup::to(provider.base_url()) }).await;
    let channel = switch.channel("app");
    for (kind, reversed, confirmed, twice) in [
        (Kind::Provision, "VOUCHER_ALREADY_REVERSED", "VOUCHER_ALREADY_CONFIRMED", None),
        (Kind::Redemption, "REDEMPTION_ALREADY_REVERSED", "REDEMPTION_ALREADY_CONFIRMED", Some("VOUCHER_NOT_REDEEMED")),
        (Kind::Refund, "REFUND_ALREADY_REVERSED", "REFUND_ALREADY_CONFIRMED", Some("VOUCHER_NOT_REFUNDED")),
    ] {
        let (one, other) = (request_of(kind, "app", CODE), request_of(kind, "app", CODE));
        told.check(&channel.confirm(kind, &confirmation(&one)).await, "404 UNABLE_TO_LOCATE_RECORD");
        told.check(&channel.confirm(kind, &json!({})).await, "400 FORMAT_ERROR");
        told.check(&channel.reverse_any(kind, &json!({})).await, "400 FORMAT_ERROR");
        assert_eq!(channel.open(kind, &one).await.verdict(), "201");
        let mut too_much = confirmation(&one);
        too_much["amounts"] = json!({"approvedAmount": {"amount": -5, "currency": "710"}});
        told.check(&channel.confirm(kind, &too_much).await, "400 INVALID_AMOUNT");
        assert_eq!(channel.reverse_any(kind, &reversal(&one)).await.verdict(), "202");
        told.check(&channel.confirm(kind, &confirmation(&one)).await, &format!("400 {reversed}"));
        told.check(&channel.open(kind, &one).await, "400 DUPLICATE_RECORD");
        assert_eq!(channel.open(kind, &other).await.verdict(), "201");
        assert_eq!(channel.confirm(kind, &confirmation(&other)).await.verdict(), "202");
        told.check(&channel.reverse_any(kind, &reversal(&other)).await, &format!("400 {confirmed}"));
        if let Some(twice) = twice {
            told.check(&channel.confirm(kind, &confirmation(&other)).await, &format!("400 {twice}"));
        }
    }
}

/// What comes of a provider that does not answer, or with nothing that can be used.
async fn unproven(told: &mut Told) {
    for (status, expect) in
        [(StatusCode::BAD_GATEWAY, "404 GENERAL_ERROR"), (StatusCode::UNAUTHORIZED, "503 UPSTREAM_UNAVAILABLE")]
    {
        let provider = ProviderStub::answering(move |_| async move { status.into_response() }).await;
        let switch = Switch::asking(provider.base_url()).await;
        for kind in Kind::ALL.iter().copied() {
            // Each has a voucher of its own: what is in doubt holds up whatever else is asked about the same one.
            let request = request_of(kind, "app", kind.name());
            told.check(&switch.channel("app").open(kind, &request).await, expect);
        }
    }
    let silent = ProviderStub::answering(async |_| std::future::pending().await).await;
    let mut setup = Setup::to(silent.base_url());
    setup.sheet.timeout = std::time::Duration::from_millis(50);
    let switch = Switch::start(setup).await;
    for kind in Kind::ALL.iter().copied() {
        let answer = switch.channel("app").open(kind, &request_of(kind, "app", kind.name())).await;
        told.check(&answer, "504 UPSTREAM_UNAVAILABLE");
    }
}

#[tokio::test]
async fn every_error_type_of_the_interface_is_told() {
    let mut told = Told::default();
    declines(&mut told).await;
    let passed_on = told.0.len();
    refused_requests(&mut told).await;
    refused_advices(&mut told).await;
    unproven(&mut told).await;
    let all: BTreeSet<String> = ErrorType::ALL.iter().map(|error_type| error_type.name().to_owned()).collect();
    assert_eq!(told.0, all);
    assert_eq!(passed_on, all.len() - BETWEEN_PROVIDER_AND_SWITCH.len(), "what no provider's answer brings about");
}
