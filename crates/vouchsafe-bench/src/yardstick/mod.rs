//! The bare append: the least that two durable records and two HTTP exchanges cost.
//!
//! It takes a request, has it on disk, passes it on, has the answer on disk, and answers. It knows neither JSON nor who
//! is calling, keeps no index and seals nothing: whoever is as fast as this can only become faster by promising less.

pub(crate) mod plain;
pub(crate) mod record;
mod writer;

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::fault::Fault;
use crate::message::{BASE_PATH, id};
use crate::process::announce;
use crate::yardstick::record::Kind;
use crate::yardstick::writer::Writer;

/// The name of the figure that says how often it flushed.
pub(crate) const COMMITS: &str = "bare_append_commits_total";

/// What a yardstick is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct YardstickOrders {
    /// The one file.
    pub(crate) file: PathBuf,
    /// Whom it asks.
    pub(crate) provider: SocketAddr,
}

/// Is a yardstick until whoever started it ends it.
pub(crate) fn run(orders: &YardstickOrders) -> Result<(), Fault> {
    // The runtime that the switch has, too.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(Fault::machine("start the yardstick's runtime"))?;
    runtime.block_on(serve(orders)).map_err(Fault::machine("serve as the yardstick"))
}

struct Yardstick {
    writer: Writer,
    client: Client<HttpConnector, Full<Bytes>>,
    provider: http::Uri,
}

async fn serve(orders: &YardstickOrders) -> std::io::Result<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let provider = format!("http://{}{BASE_PATH}/vouchers", orders.provider);
    let yardstick = Arc::new(Yardstick {
        writer: Writer::start(&orders.file)?,
        client: Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector),
        provider: provider.parse().map_err(std::io::Error::other)?,
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    announce(listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let yardstick = Arc::clone(&yardstick);
        tokio::spawn(async move {
            let service = service_fn(move |request| respond(Arc::clone(&yardstick), request));
            // A connection that breaks off is the caller's to notice.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(yardstick: Arc<Yardstick>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() == "/metrics" {
        let text = format!("{COMMITS} {}\n", yardstick.writer.commits());
        return Ok(Response::new(Full::from(text)));
    }
    Ok(yardstick.provision(request).await.unwrap_or_else(|status| {
        let mut response = Response::new(Full::default());
        *response.status_mut() = status;
        response
    }))
}

impl Yardstick {
    async fn provision(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, StatusCode> {
        let lost = |_| StatusCode::SERVICE_UNAVAILABLE;
        let body = request.into_body().collect().await.map_err(|_| StatusCode::BAD_REQUEST)?.to_bytes();
        let id = *id(&body).ok_or(StatusCode::BAD_REQUEST)?;
        self.writer.append(Kind::Request, id, body.clone()).await.map_err(lost)?;

        let mut asked = Request::new(Full::new(body));
        *asked.method_mut() = http::Method::POST;
        *asked.uri_mut() = self.provider.clone();
        asked.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let answer = self.client.request(asked).await.map_err(|_| StatusCode::GATEWAY_TIMEOUT)?;
        let (head, answer) = answer.into_parts();
        let answer = answer.collect().await.map_err(|_| StatusCode::GATEWAY_TIMEOUT)?.to_bytes();
        self.writer.append(Kind::Answer, id, answer.clone()).await.map_err(lost)?;

        let mut response = Response::new(Full::new(answer));
        *response.status_mut() = head.status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    }
}
