//! TLS towards channels: what they are shown, and what some of them must show.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, timeout};
use tokio_rustls::client::TlsStream;
use vouchsafe::access::{Access, KnownChannels};
use vouchsafe::config::{self, CertificateName};
use vouchsafe::live_file::{self, Live};
use vouchsafe::metrics;
use vouchsafe::tls::LiveTls;

use crate::world::{Authority, Pair, ProviderStub, Setup, Switch, TlsFolder, connect, eventually, known, request};

const HTTP_1: &[u8] = b"http/1.1";
const HTTP_2: &[u8] = b"h2";
/// Longer than any limit set here; who waits that long waits for ever.
const EVER: Duration = Duration::from_secs(30);

/// A switch that speaks TLS, the files that it does so with, and who has certified it and its channels.
struct Scene {
    switch: Switch,
    tls: Arc<LiveTls>,
    folder: TlsFolder,
    authority: Authority,
    clients: Authority,
}

impl Scene {
    async fn set(change: impl FnOnce(&mut Setup)) -> Self {
        let provider = ProviderStub::approving().await;
        let (authority, clients) = (Authority::new(), Authority::new());
        let folder = TlsFolder::new(&authority.certify("localhost"), &clients);
        let tls = Arc::new(LiveTls::open(&folder.files()).unwrap());
        let mut setup = Setup { tls: Some(Arc::clone(&tls)), ..Setup::to(provider.base_url()) };
        change(&mut setup);
        Self { switch: Switch::start(setup).await, tls, folder, authority, clients }
    }

    /// A connection by somebody who shows this certificate, if it can be made.
    async fn connection(&self, shown: Option<&Pair>, protocols: &[&[u8]]) -> std::io::Result<TlsStream<TcpStream>> {
        connect(&self.switch, &self.authority.believed_by(shown, protocols)).await
    }

    /// The certificate that new connections are shown.
    async fn shown(&self) -> Vec<u8> {
        let stream = self.connection(None, &[]).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    }
}

/// A sale of a channel, ready to be sent.
fn sale(channel: &str) -> Request<Full<Bytes>> {
    let credentials = BASE64_STANDARD.encode(format!("{channel}:secret"));
    Request::post("https://localhost/suv/v1/vouchers")
        .header("host", "localhost")
        .header("authorization", format!("Basic {credentials}"))
        .header("content-type", "application/json")
        .body(Full::from(request(channel).to_string()))
        .unwrap()
}

/// What is answered to a sale over this connection; none where the connection ends instead.
async fn sell(stream: TlsStream<TcpStream>, channel: &str) -> Option<u16> {
    let is_http_2 = stream.get_ref().1.alpn_protocol() == Some(HTTP_2);
    let (io, sale) = (TokioIo::new(stream), sale(channel));
    let answer = if is_http_2 {
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await.ok()?;
        tokio::spawn(connection);
        sender.send_request(sale).await
    } else {
        let (mut sender, connection) = http1::handshake(io).await.ok()?;
        tokio::spawn(connection);
        sender.send_request(sale).await
    };
    Some(answer.ok()?.status().as_u16())
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_over_tls() {
    let scene = Scene::set(|_| {}).await;
    for (offered, agreed) in [
        (&[HTTP_2, HTTP_1][..], Some(HTTP_2)),
        (&[HTTP_1, HTTP_2], Some(HTTP_2)),
        (&[HTTP_1], Some(HTTP_1)),
        (&[], None),
    ] {
        let stream = scene.connection(None, offered).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), agreed, "{offered:?}");
        assert_eq!(sell(stream, "app").await, Some(201), "{offered:?}");
    }
    let Err(refused) = scene.connection(None, &[b"spdy/1"]).await else { panic!("no common protocol") };
    assert_eq!(refused.kind(), ErrorKind::InvalidData);
}

#[tokio::test]
async fn a_connection_that_is_silent_before_during_or_after_the_handshake_ends() {
    let scene = Scene::set(|setup| setup.limits.header = Duration::from_millis(200)).await;
    let begin_of_a_hello = b"\x16\x03\x01\x02\x00\x01";
    for sent in [&b""[..], b"\x16", begin_of_a_hello, b"GET /health/live HTTP/1.1\r\nhost: switch\r\n\r\n"] {
        let mut caller = TcpStream::connect(scene.switch.address).await.unwrap();
        caller.write_all(sent).await.unwrap();
        let mut answer = Vec::new();
        let ended = timeout(EVER, caller.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "still open after {sent:?}");
        assert!(!answer.starts_with(b"HTTP"), "answered in clear");
    }
    for sent in [&b""[..], b"PRI", b"POST /suv/v1/vouchers HTTP/1.1\r\nhost:"] {
        let mut caller = scene.connection(None, &[]).await.unwrap();
        caller.write_all(sent).await.unwrap();
        caller.flush().await.unwrap();
        let ended = timeout(EVER, caller.read_to_end(&mut Vec::new())).await;
        assert!(ended.is_ok(), "still open after the handshake and {sent:?}");
    }
}

#[tokio::test]
async fn half_handshakes_keep_nobody_waiting() {
    let scene = Scene::set(|setup| {
        setup.limits.first_heads_per_address = 1;
        // Longer than anybody here waits.
        (setup.limits.header, setup.limits.idle) = (EVER * 10, EVER * 10);
    })
    .await;
    let mut half = Vec::new();
    for _ in 0..4 {
        let mut caller = TcpStream::connect(scene.switch.address).await.unwrap();
        // More of it is to come than ever does.
        caller.write_all(&[22, 3, 1, 1, 0]).await.unwrap();
        half.push(caller);
    }
    let asks = timeout(EVER, scene.connection(None, &[HTTP_1])).await.expect("a handshake").unwrap();
    assert_eq!(timeout(EVER, sell(asks, "app")).await.expect("an answer"), Some(201));
    drop(half);
}

#[tokio::test]
async fn a_graceful_stop_waits_for_no_handshake() {
    let scene = Scene::set(|setup| setup.limits.header = EVER).await;
    let silent = TcpStream::connect(scene.switch.address).await.unwrap();
    timeout(EVER, scene.switch.stop()).await.expect("the stop waits for a handshake");
    drop(silent);
}

#[tokio::test]
async fn answers_that_nobody_takes_in_take_up_no_place_for_ever() {
    let second = Duration::from_secs(1);
    let scene = Scene::set(|setup| {
        setup.limits.connections = 1;
        setup.limits.idle = second;
        setup.limits.header = second;
    })
    .await;
    let mut caller = scene.connection(None, &[HTTP_1]).await.unwrap();
    // More answers than fit into the buffers between switch and caller.
    let asked = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(40);
    caller.write_all(asked.as_bytes()).await.unwrap();
    timeout(EVER, scene.shown()).await.expect("the place is still taken");
}

#[tokio::test]
async fn a_changed_certificate_is_shown_to_new_connections_without_a_restart() {
    let scene = Scene::set(|setup| setup.limits.file_check = Duration::from_millis(5)).await;
    let old = scene.connection(None, &[HTTP_1]).await.unwrap();
    let hangup = signal(SignalKind::hangup()).unwrap();
    let watching = vec![Arc::clone(&scene.tls) as Arc<dyn Live>];
    tokio::spawn(live_file::watch(Arc::clone(&scene.switch.app), watching, hangup));
    let figures = async |stale: u8| {
        let series = format!("vouchsafe_file_stale{{file=\"tls\"}} {stale}\n");
        eventually(&series, async || metrics::text(&scene.switch.app).await.unwrap().contains(&series).then_some(()))
            .await;
    };
    figures(0).await;
    scene.folder.put("tls.pem", "not PEM");
    figures(1).await;
    let renewed = scene.authority.certify("localhost");
    assert_ne!(scene.shown().await, renewed.certificate.der().to_vec());
    scene.folder.show(&renewed);
    eventually("the renewed certificate", async || {
        (scene.shown().await == renewed.certificate.der().to_vec()).then_some(())
    })
    .await;
    figures(0).await;
    assert_eq!(sell(old, "app").await, Some(201), "connections that there are go on");
}

#[tokio::test]
async fn what_cannot_be_used_leaves_the_last_good_pair_in_use() {
    let scene = Scene::set(|_| {}).await;
    let good = scene.shown().await;
    let other = scene.authority.certify("localhost");
    for (file, text) in [("tls.key", other.key.as_str()), ("tls.pem", "not PEM"), ("clients.pem", "")] {
        scene.folder.put(file, text);
        scene.tls.reload(Instant::now());
        assert_eq!(scene.shown().await, good, "{file}");
        assert!(LiveTls::open(&scene.folder.files()).is_err(), "and no switch starts with it: {file}");
    }
    scene.folder.show(&other);
    scene.folder.put("clients.pem", &scene.clients.certificate.pem());
    scene.tls.reload(Instant::now());
    assert_eq!(scene.shown().await, other.certificate.der().to_vec());
}

#[tokio::test]
async fn a_channel_with_a_certificate_of_its_own_is_nobody_without_it() {
    let (clients, strangers) = (Authority::new(), Authority::new());
    let (app, till) = (clients.certify("app.example"), clients.certify("till.example"));
    let fingerprint: String = Sha256::digest(app.certificate.der()).iter().map(|byte| format!("{byte:02x}")).collect();
    let bound = |id: &str, names: &[&str]| {
        let certificates = names.iter().map(|name| CertificateName::parse(name).unwrap()).collect();
        config::Channel { certificates, ..known(id) }
    };
    let channels = [
        bound("by-fingerprint", &[&format!("sha256:{fingerprint}")]),
        bound("by-name", &["dns:app.example"]),
        bound("by-uri", &["uri:spiffe://test/app.example"]),
        bound("by-either", &["dns:app.example", "dns:till.example"]),
        known("free"),
    ];
    let access = Access::Known(Arc::new(KnownChannels::fixed(&channels)));
    let scene = Scene::set(|setup| setup.access = Some(access)).await;
    scene.folder.put("clients.pem", &clients.certificate.pem());
    scene.tls.reload(Instant::now());
    for protocols in [&[HTTP_1][..], &[HTTP_2]] {
        for (channel, with_app, with_till, without) in [
            ("by-fingerprint", 201, 401, 401),
            ("by-name", 201, 401, 401),
            ("by-uri", 201, 401, 401),
            ("by-either", 201, 201, 401),
            ("free", 201, 201, 201),
        ] {
            for (shown, expect) in [(Some(&app), with_app), (Some(&till), with_till), (None, without)] {
                let stream = scene.connection(shown, protocols).await.unwrap();
                assert_eq!(sell(stream, channel).await, Some(expect), "{channel} {expect}");
            }
        }
    }
    // One that nobody vouches for is worse than none: the handshake fails, at the latest with the first answer.
    let stranger = strangers.certify("app.example");
    let answer = match scene.connection(Some(&stranger), &[HTTP_1]).await {
        Ok(stream) => sell(stream, "free").await,
        Err(_) => None,
    };
    assert_eq!(answer, None);
}

#[tokio::test]
async fn a_certificate_cannot_be_shown_in_clear_text() {
    let bound = config::Channel { certificates: vec![CertificateName::Dns("app.example".to_owned())], ..known("app") };
    let provider = ProviderStub::approving().await;
    let access = Some(Access::Known(Arc::new(KnownChannels::fixed([&bound]))));
    let switch = Switch::start(Setup { access, ..Setup::to(provider.base_url()) }).await;
    assert_eq!(switch.channel("app").provision(&request("app")).await.verdict(), "401 AUTHENTICATION_ERROR");
}
