//! Who is let in.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use vouchsafe::access::{Access, KnownChannels};
use vouchsafe::config::{self, SecretHash};

use crate::world::{ProviderStub, Setup, Switch, id, known, request};

async fn switch(provider: &ProviderStub) -> Switch {
    let secrets = vec![SecretHash::of("old secret"), SecretHash::of("new secret")];
    let app = config::Channel { secrets, ..known("app") };
    let access = Access::Known(Arc::new(KnownChannels::fixed([&app])));
    Switch::start(Setup { access: Some(access), ..Setup::to(provider.base_url()) }).await
}

#[tokio::test]
async fn a_channel_is_let_in_with_any_of_its_secrets() {
    let provider = ProviderStub::approving().await;
    let switch = switch(&provider).await;
    let mut channel = switch.channel("app");
    for secret in ["old secret", "new secret"] {
        channel.secret = secret.to_owned();
        assert_eq!(channel.provision(&request("app")).await.verdict(), "201");
    }
}

#[tokio::test]
async fn nobody_else_is_let_in_and_all_are_told_the_same() {
    let provider = ProviderStub::approving().await;
    let switch = switch(&provider).await;
    let mut told = Vec::new();
    for (user_name, secret) in
        [("app", "wrong"), ("app", ""), ("nobody", "old secret"), ("", ""), ("APP", "old secret")]
    {
        let mut channel = switch.channel(user_name);
        channel.secret = secret.to_owned();
        let answer = channel.provision(&request(user_name)).await;
        assert_eq!(answer.verdict(), "401 AUTHENTICATION_ERROR", "{user_name}:{secret}");
        assert!(answer.header("www-authenticate").is_some_and(|challenge| challenge.starts_with("Basic")));
        told.push(answer.body);
    }
    let without = Request::post(format!("http://{}/suv/v1/vouchers", switch.address)).body(Full::<Bytes>::default());
    let answer = switch.channel("app").send(without.unwrap()).await.unwrap();
    assert_eq!(answer.status, 401);
    told.push(answer.body);
    assert!(told.iter().all(|body| body == &told[0]), "{told:?}");
    assert!(provider.seen().is_empty());
}

#[tokio::test]
async fn a_channel_speaks_for_itself_only() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let request = request("somebody else");
    let answer = switch.channel("app").provision(&request).await;
    assert_eq!(answer.verdict(), "400 AUTHENTICATION_ERROR");
    assert_eq!(answer.json()["id"], request["id"]);
    assert_eq!(switch.transaction("app", id(&request)).await, None);
    assert!(provider.seen().is_empty());
}
