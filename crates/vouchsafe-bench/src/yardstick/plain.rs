//! The plain answer: axum, as the switch has it, giving the same bytes to whoever asks.
//!
//! It knows no callers, no catalogue and no figures: what a lookup costs beyond this is the switch's own doing.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::fault::Fault;
use crate::message::PRODUCTS;
use crate::process::announce;

/// What a plain answerer is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PlainOrders {
    /// Where its one answer is.
    pub(crate) file: PathBuf,
    /// The type of that.
    pub(crate) content_type: String,
}

/// Is a plain answerer until whoever started it ends it.
pub(crate) fn run(orders: &PlainOrders) -> Result<(), Fault> {
    // The runtime that the switch has, too.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(Fault::machine("start the plain answerer's runtime"))?;
    runtime.block_on(serve(orders)).map_err(Fault::machine("serve plain answers"))
}

async fn serve(orders: &PlainOrders) -> std::io::Result<()> {
    let body = Bytes::from(std::fs::read(&orders.file)?);
    let content_type = HeaderValue::from_str(&orders.content_type).map_err(std::io::Error::other)?;
    let router = Router::new().route(PRODUCTS, get(answer)).with_state((content_type, body));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    announce(listener.local_addr()?)?;
    // A connection for which that fails is slower, and that is all.
    axum::serve(listener.tap_io(|stream| drop(stream.set_nodelay(true))), router).await
}

async fn answer(State((content_type, body)): State<(HeaderValue, Bytes)>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, content_type)], body)
}
