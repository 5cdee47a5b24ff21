//! Bearer tokens: how they are got, what they open, and how they end.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use vouchsafe::access::{Access, KnownChannels};
use vouchsafe::config::{self, SecretHash};
use vouchsafe_core::transaction::Kind;

use crate::world::{
    Answer, Channel, ProviderStub, Setup, Switch, eventually, id, known, redemption, refund, request, reversal,
};

async fn switch(provider: &ProviderStub, change: impl FnOnce(&mut Setup)) -> Switch {
    let spaced = config::Channel { secrets: vec![SecretHash::of("a+b %c")], ..known("my app") };
    let elsewhere = config::Channel { addresses: vec!["192.0.2.0/24".parse().unwrap()], ..known("elsewhere") };
    let channels = [known("app"), known("till"), spaced, elsewhere];
    let access = Some(Access::Known(Arc::new(KnownChannels::fixed(&channels))));
    let mut setup = Setup { access, ..Setup::to(provider.base_url()) };
    change(&mut setup);
    Switch::start(setup).await
}

fn basic(user_name: &str, secret: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user_name}:{secret}")))
}

fn token(answer: &Answer) -> String {
    answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer:?}")).to_owned()
}

#[tokio::test]
async fn a_token_is_got_by_either_grant_and_in_either_way() {
    let provider = ProviderStub::approving().await;
    let switch = switch(&provider, |_| {}).await;
    let credentials = "client_id=app&client_secret=secret";
    let user = "grant_type=password&username=app&password=secret";
    for (authorization, form, channel) in [
        (Some(basic("app", "secret")), "grant_type=client_credentials".to_owned(), "app"),
        (None, format!("grant_type=client_credentials&{credentials}"), "app"),
        (
            Some(basic("app", "secret")),
            "grant_type=client_credentials&client_id=app&scope=all&audience=".to_owned(),
            "app",
        ),
        (Some(basic("app", "secret")), user.to_owned(), "app"),
        (None, format!("{user}&{credentials}"), "app"),
        (None, user.to_owned(), "app"),
        (None, format!("{user}&client_id=app"), "app"),
        (None, format!("{user}&client_id=app&client_secret="), "app"),
        (Some(basic("my app", "a+b %c")), "grant_type=client_credentials".to_owned(), "my app"),
        (Some(basic("my+app", "a%2Bb+%25c")), "grant_type=client_credentials".to_owned(), "my app"),
        (None, "grant_type=client_credentials&client_id=my%20app&client_secret=a%2Bb+%25c".to_owned(), "my app"),
    ] {
        let mut caller = switch.channel(channel);
        let answer = caller.form("/oauth/token", authorization.as_deref(), &form).await;
        assert_eq!(answer.status, 200, "{form}: {answer:?}");
        assert_eq!((answer.header("cache-control"), answer.header("pragma")), (Some("no-store"), Some("no-cache")));
        assert_eq!((&answer.json()["token_type"], &answer.json()["expires_in"]), (&"Bearer".into(), &900.into()));
        caller.token = Some(token(&answer));
        assert_eq!(caller.provision(&request(channel)).await.verdict(), "201", "{form}");
    }
}

#[tokio::test]
async fn a_token_opens_every_operation_and_speaks_for_its_channel_only() {
    let provider = ProviderStub::approving().await;
    let switch = switch(&provider, |_| {}).await;
    let mut app = switch.channel("app");
    app.take_token().await;
    let sale = request("app");
    assert_eq!(app.provision(&sale).await.verdict(), "201");
    assert_eq!(app.retry(&sale).await.verdict(), "201");
    assert_eq!(app.reverse(&reversal(&sale)).await.status, 202);
    assert_eq!(app.products("").await.verdict(), "501 FUNCTION_NOT_SUPPORTED", "there is no catalogue");
    // Of another voucher than the one whose reversal is on its way.
    let redeemed = redemption("app", "SOLD-ELSEWHERE");
    assert_eq!(app.open(Kind::Redemption, &redeemed).await.verdict(), "201");
    assert_eq!(app.look_up_redemption(id(&redeemed)).await.verdict(), "200");
    assert_eq!(app.open(Kind::Refund, &refund("app", "SOLD-ELSEWHERE")).await.verdict(), "201");
    assert_eq!(app.provision(&request("till")).await.verdict(), "400 AUTHENTICATION_ERROR");
}

#[tokio::test]
async fn a_refused_client_is_told_in_the_words_of_oauth() {
    let provider = ProviderStub::approving().await;
    let switch = switch(&provider, |_| {}).await;
    let caller = switch.channel("app");
    let (good, grant) = (basic("app", "secret"), "grant_type=client_credentials");
    for (authorization, form, status, error) in [
        (Some(basic("app", "wrong")), grant, 401, "invalid_client"),
        (Some(basic("nobody", "secret")), grant, 401, "invalid_client"),
        (Some(basic("elsewhere", "secret")), grant, 401, "invalid_client"),
        (Some("Bearer abc".to_owned()), grant, 401, "invalid_client"),
        (Some("Basic !".to_owned()), grant, 401, "invalid_client"),
        (None, grant, 401, "invalid_client"),
        (None, "grant_type=client_credentials&client_id=app", 401, "invalid_client"),
        (None, "grant_type=client_credentials&client_id=app&client_secret=wrong", 401, "invalid_client"),
        (None, "grant_type=client_credentials&client_secret=secret", 400, "invalid_request"),
        (Some(good.clone()), "grant_type=client_credentials&client_secret=secret", 400, "invalid_request"),
        (Some(good.clone()), "grant_type=client_credentials&client_id=till", 400, "invalid_request"),
        (Some(good.clone()), "", 400, "invalid_request"),
        (Some(good.clone()), "grant_type=", 400, "invalid_request"),
        (Some(good.clone()), "grant_type=client_credentials&grant_type=client_credentials", 400, "invalid_request"),
        (Some(good.clone()), "grant_type=authorization_code&code=1", 400, "unsupported_grant_type"),
        (Some(good.clone()), "grant_type=password&username=app", 400, "invalid_request"),
        (Some(good.clone()), "grant_type=password&password=secret", 400, "invalid_request"),
        (Some(good.clone()), "grant_type=password&username=app&password=wrong", 400, "invalid_grant"),
        (Some(good.clone()), "grant_type=password&username=till&password=secret", 400, "invalid_grant"),
        (None, "grant_type=password&username=app&password=wrong", 400, "invalid_grant"),
        (None, "grant_type=password&client_id=till&username=app&password=secret", 400, "invalid_grant"),
        (None, "grant_type=password&client_id=app&username=app&password=wrong", 400, "invalid_grant"),
        (Some(basic("app", "wrong")), "grant_type=password&username=app&password=secret", 401, "invalid_client"),
    ] {
        let answer = caller.form("/oauth/token", authorization.as_deref(), form).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{authorization:?} {form}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
    }
    let unheard_of = caller.form("/oauth/token", Some(&basic("nobody", "secret")), grant).await.body;
    let wrong = caller.form("/oauth/token", Some(&basic("app", "wrong")), grant).await.body;
    assert_eq!(unheard_of, wrong, "nobody learns who is known");
    let answer = caller.post("/oauth/token", grant).await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("invalid_request")), "not a form");
    let huge = format!("{grant}&padding={}", "a".repeat(10_000));
    let answer = caller.form("/oauth/token", Some(&good), &huge).await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("invalid_request")));
    assert_eq!(caller.get("/oauth/token").await.status, 405);
}

#[tokio::test]
async fn a_token_that_does_not_hold_is_nobodys_and_all_such_are_told_the_same() {
    let provider = ProviderStub::approving().await;
    let switch = switch(&provider, |_| {}).await;
    let others = self::switch(&provider, |_| {}).await;
    let mut app = switch.channel("app");
    app.take_token().await;
    let good = app.token.clone().unwrap();
    let mut elsewhere = others.channel("app");
    elsewhere.take_token().await;
    let mut told = Vec::new();
    for token in ["", "abc", &good[1..], &format!("{good}A"), &elsewhere.token.unwrap(), "a.b.c"] {
        app.token = Some(token.to_owned());
        let answer = app.provision(&request("app")).await;
        assert_eq!(answer.verdict(), "401 AUTHENTICATION_ERROR", "{token}");
        let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().cloned().collect();
        if !token.is_empty() {
            assert_eq!(challenges[0], "Bearer realm=\"vouchsafe\", error=\"invalid_token\"");
        }
        told.push(answer.body);
    }
    assert!(told.iter().all(|body| body == &told[0]), "{told:?}");
    assert!(provider.seen().is_empty());
}

#[tokio::test]
async fn a_token_ends_by_itself() {
    let provider = ProviderStub::approving().await;
    let switch = switch(&provider, |setup| setup.limits.token = Duration::from_millis(1)).await;
    let mut app = switch.channel("app");
    app.take_token().await;
    eventually("the token's end", async || (app.products("").await.status == 401).then_some(())).await;
    assert_eq!(app.provision(&request("app")).await.verdict(), "401 AUTHENTICATION_ERROR");
}

#[tokio::test]
async fn a_token_is_revoked_by_whoever_got_it_and_by_nobody_else() {
    let provider = ProviderStub::approving().await;
    let switch = switch(&provider, |_| {}).await;
    let taken = async |channel: &str| -> Channel {
        let mut channel = switch.channel(channel);
        channel.take_token().await;
        channel
    };
    let (app, twin, till) = (taken("app").await, taken("app").await, taken("till").await);
    let form = format!("token={}&token_type_hint=access_token", app.token.clone().unwrap());
    for (authorization, form, status, error) in [
        (Some(basic("till", "secret")), form.as_str(), 400, Some("invalid_grant")),
        (Some(basic("app", "wrong")), &form, 401, Some("invalid_client")),
        (Some(app.authorization()), &form, 401, Some("invalid_client")),
        (None, &form, 401, Some("invalid_client")),
        (Some(basic("app", "secret")), "", 400, Some("invalid_request")),
        (Some(basic("app", "secret")), "token=nonsense", 200, None),
    ] {
        let answer = app.form("/oauth/revoke", authorization.as_deref(), form).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, error), "{authorization:?}");
        assert_eq!(app.products("").await.status, 501, "it still holds");
    }
    for _ in 0..2 {
        let answer = app.form("/oauth/revoke", Some(&basic("app", "secret")), &form).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
        let sale = request("app");
        assert_eq!(app.provision(&sale).await.verdict(), "401 AUTHENTICATION_ERROR");
        assert_eq!(switch.transaction("app", id(&sale)).await, None);
    }
    assert_eq!((twin.products("").await.status, till.products("").await.status), (501, 501));
}

#[tokio::test]
async fn the_sandbox_gives_a_token_to_anybody_and_believes_no_other() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let mut app = switch.channel("app");
    app.secret = "whatever".to_owned();
    app.take_token().await;
    assert_eq!(app.provision(&request("app")).await.verdict(), "201");
    app.token = Some("whatever".to_owned());
    assert_eq!(app.provision(&request("app")).await.verdict(), "401 AUTHENTICATION_ERROR");
}
