//! One request, one answer, one deadline; and whether a lost request can have been heard.

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{Connect, HttpConnector, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use rustls::crypto::ring;
use tokio::time::{Instant, timeout_at};
use vouchsafe_core::outcome::NotSent;

use crate::Patience;
use crate::suv::SuvConfig;
use crate::suv::base_url::Security;
use crate::suv::connector::{InTime, no_connection, tcp};
use crate::suv::endpoint::ConfigFault;
use crate::suv::timely::Timely;
use crate::whole::{Unread, whole};

/// The largest body that is read: no voucher takes that much, and an endless answer must end somewhere.
const MOST_OF_AN_ANSWER: usize = 1024 * 1024;
/// Most servers close a silent connection after a minute. We close first, because a request that meets
/// the server's closing half-way is lost in doubt.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Over HTTP/2 all requests share one connection. Where something on the way forgot it without a word, each of them
/// would be lost in doubt, and its reversal after it, until TCP gives up after a quarter of an hour. So a connection on
/// which nothing came for this long is asked whether it is still there, idle or not: most often before a sale finds out.
const HTTP_2_STILL: Duration = Duration::from_secs(5);
/// How long that answer may take, which no work of the provider's delays. What is under way is lost in doubt if we are
/// wrong, so it leaves TCP the time to repeat a packet a few times.
const HTTP_2_SILENT: Duration = Duration::from_secs(10);

/// A complete answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Body,
}

/// An answer's body.
#[derive(Debug)]
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// It is too large, and nobody read the rest.
    TooLarge,
}

/// There is no complete answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// No byte of the request can have left.
    BeforeTheFirstByte(NotSent),
    /// The request, or a part of it, may have been heard.
    AfterTheFirstByte,
}

/// Connections to one provider.
#[derive(Debug)]
pub(super) enum Client {
    Clear(legacy::Client<InTime<HttpConnector>, Timely>),
    Tls(legacy::Client<InTime<HttpsConnector<HttpConnector>>, Timely>),
}

impl Client {
    /// Reads this machine's certificate authorities where they are needed, and only there.
    pub(super) fn new(security: Security, config: &SuvConfig) -> Result<Self, ConfigFault> {
        let mut tcp = tcp();
        let pool = pool(config.max_idle_connections);
        Ok(match security {
            Security::Clear => Self::Clear(pool.build(InTime(tcp))),
            Security::Tls => {
                // The connector for TLS hands addresses that begin with `https` to the one for TCP.
                tcp.enforce_http(false);
                let tls = HttpsConnectorBuilder::new()
                    .with_tls_config(tls(config)?)
                    .https_only()
                    .enable_all_versions()
                    .wrap_connector(tcp);
                Self::Tls(pool.build(InTime(tls)))
            }
        })
    }

    /// Sends `request` once, in time or not at all, and waits for the whole answer.
    pub(super) async fn exchange(&self, request: Request<Bytes>, patience: Patience) -> Result<Answer, Lost> {
        let request = request.map(|body| Timely::new(body, patience.send_by));
        match self {
            Self::Clear(client) => exchange(client, request, patience).await,
            Self::Tls(client) => exchange(client, request, patience).await,
        }
    }
}

/// Whom we believe, and as whom we are known. Names are always checked: nothing can be configured that turns that off.
fn tls(config: &SuvConfig) -> Result<ClientConfig, ConfigFault> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(ConfigFault::Tls)?;
    let builder = match &config.authorities {
        Some(authorities) => builder.with_root_certificates(authorities.roots()),
        None => builder.with_native_roots().map_err(|fault| ConfigFault::NoAuthorities(fault.to_string()))?,
    };
    match &config.identity {
        Some(identity) => {
            builder.with_client_auth_cert(identity.chain(), identity.expose_key()).map_err(ConfigFault::Tls)
        }
        None => Ok(builder.with_no_client_auth()),
    }
}

/// How connections are kept.
///
/// `retry_canceled_requests` stays on, and yet a request is put on the wire at most once. It covers the one
/// case in which an idle connection turns out to be closed while the request still waits in its queue:
/// hyper then hands the request back untouched, before a single byte of it was written, and it is given to
/// another connection. A request of which anything was written is never handed back. Without this, every
/// provider that closes idle connections would now and then cost us a reversal for a sale never asked for.
fn pool(max_idle_connections: usize) -> legacy::Builder {
    let mut pool = legacy::Client::builder(TokioExecutor::new());
    pool.pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(max_idle_connections)
        .http2_keep_alive_interval(HTTP_2_STILL)
        .http2_keep_alive_timeout(HTTP_2_SILENT)
        .http2_keep_alive_while_idle(true)
        .retry_canceled_requests(true);
    pool
}

async fn exchange<C: Connect + Clone + Send + Sync + 'static>(
    client: &legacy::Client<C, Timely>,
    mut request: Request<Timely>,
    patience: Patience,
) -> Result<Answer, Lost> {
    // A timeout looks at its future first: with no time left the request would still go out.
    if Instant::now() >= patience.send_by {
        return Err(Lost::BeforeTheFirstByte(NotSent::NoTime));
    }
    // The client notes the connection in the same step in which it hands the request over to it, and just
    // before. While nothing is noted the request is in nobody's hands but ours, and once its future is
    // dropped it never leaves them: a connection still being made is finished in the background, but empty. A connection
    // that is noted may hand it back, and another be made for it; after its time its body does not leave any more.
    let connection = capture_connection(&mut request);
    let mut sending = pin!(client.request(request));
    let mut answer = timeout_at(patience.send_by, &mut sending).await;
    if answer.is_err() {
        if connection.connection_metadata().is_none() {
            return Err(Lost::BeforeTheFirstByte(NotSent::NoTime));
        }
        // It is on its way and nothing more is decided by it, but what it brings back is worth knowing.
        answer = timeout_at(patience.listen_until, sending).await;
    }
    let response = match answer {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            tracing::warn!(error = reasons(&error), "a provider did not answer");
            // An error of connecting says the same even where an earlier, closed connection was noted.
            return Err(if error.is_connect() || connection.connection_metadata().is_none() {
                Lost::BeforeTheFirstByte(no_connection(&error))
            } else {
                Lost::AfterTheFirstByte
            });
        }
        Err(_elapsed) => return Err(Lost::AfterTheFirstByte),
    };
    match timeout_at(patience.listen_until, read(response)).await {
        Ok(answer) => answer,
        Err(_elapsed) => Err(Lost::AfterTheFirstByte),
    }
}

async fn read(response: Response<Incoming>) -> Result<Answer, Lost> {
    let (head, body) = response.into_parts();
    let body = match whole(body, MOST_OF_AN_ANSWER).await {
        Ok(body) => Body::Whole(body),
        Err(Unread::TooLarge) => Body::TooLarge,
        Err(Unread::BrokeOff(error)) => {
            tracing::warn!(error = reasons(&error), "a provider's answer broke off");
            return Err(Lost::AfterTheFirstByte);
        }
    };
    Ok(Answer { status: head.status, headers: head.headers, body })
}

/// An error and what caused it, in one line. The errors of this layer speak of connections and never
/// repeat what was sent or received.
fn reasons(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
