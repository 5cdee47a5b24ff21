//! The provider stub: answers every sale with a voucher, after a delay or never. It remembers nothing but how
//! often it was asked.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::sleep;

use crate::fault::Fault;
use crate::message::{BASE_PATH, Template, id};
use crate::process::{announce, page};

/// How a stub behaves.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct StubOrders {
    /// How long it takes to answer.
    pub(crate) delay: Duration,
    /// Of how many sales in a thousand nobody ever hears again.
    pub(crate) silent_per_mille: u32,
    /// Whether nobody ever hears of a reversal or a confirmation either.
    pub(crate) silent_to_advices: bool,
}

/// Is a stub until whoever started it ends it. One thread is enough, and takes the least from the others.
pub(crate) fn run(orders: StubOrders) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Fault::machine("start the stub's runtime"))?;
    LocalSet::new().block_on(&runtime, serve(orders)).map_err(Fault::machine("serve as the stub"))
}

/// How a stub can be told to behave from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It answers everything at once.
    Answering,
    /// It takes everything and never answers.
    Silent,
}

impl Manner {
    /// Where it is told so.
    const fn path(self) -> &'static str {
        match self {
            Self::Answering => "/answer",
            Self::Silent => "/be-silent",
        }
    }

    fn orders(self) -> StubOrders {
        match self {
            Self::Answering => StubOrders::default(),
            Self::Silent => StubOrders { silent_per_mille: 1000, silent_to_advices: true, ..StubOrders::default() },
        }
    }
}

/// Tells a stub how to behave from now on. Whatever it kept silent about is never answered.
pub(crate) fn be(stub: SocketAddr, manner: Manner) -> Result<(), Fault> {
    page(stub, manner.path()).map(drop).map_err(Fault::machine("tell the stub how to behave"))
}

/// Where a stub says how many vouchers it was asked for.
const SOLD: &str = "/sold";

/// How many vouchers a stub was asked for so far.
pub(crate) fn sold(stub: SocketAddr) -> Result<u64, Fault> {
    let answer = page(stub, SOLD).map_err(Fault::machine("ask the stub what it sold"))?;
    let count = answer.rsplit_once("\r\n\r\n").and_then(|(_, count)| count.parse().ok());
    count
        .ok_or_else(|| Fault::Nonsense { process: "stub".to_owned(), wrong: "it does not say what it sold".to_owned() })
}

async fn serve(orders: StubOrders) -> std::io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    announce(listener.local_addr()?)?;
    let books = Rc::new(Books { orders: Cell::new(orders), answer: Template::answer(), asked: Cell::new(0) });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let books = Rc::clone(&books);
        spawn_local(async move {
            let service = service_fn(move |request| respond(Rc::clone(&books), request));
            // A connection that breaks off is the caller's to notice.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// What all connections share.
struct Books {
    orders: Cell<StubOrders>,
    answer: Template,
    /// How many vouchers were asked for.
    asked: Cell<u64>,
}

async fn respond(books: Rc<Books>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path();
    if path == SOLD {
        return Ok(Response::new(Full::from(books.asked.get().to_string())));
    }
    if let Some(manner) = [Manner::Answering, Manner::Silent].into_iter().find(|manner| manner.path() == path) {
        books.orders.set(manner.orders());
        return Ok(Response::new(Full::default()));
    }
    let (orders, is_sale) = (books.orders.get(), path.strip_prefix(BASE_PATH) == Some("/vouchers"));
    let Ok(body) = request.into_body().collect().await else { return Ok(status(StatusCode::BAD_REQUEST)) };
    if !is_sale {
        if orders.silent_to_advices {
            return pending().await;
        }
        return Ok(status(StatusCode::ACCEPTED));
    }
    books.asked.set(books.asked.get() + 1);
    let body = body.to_bytes();
    let Some(id) = id(&body) else { return Ok(status(StatusCode::BAD_REQUEST)) };
    if is_silent_about(id, orders.silent_per_mille) {
        return pending().await;
    }
    if !orders.delay.is_zero() {
        sleep(orders.delay).await;
    }
    let mut response = Response::new(Full::from(books.answer.fill(id)));
    *response.status_mut() = StatusCode::CREATED;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// Whether this is one of those sales: by the last digits of its id, which are random.
fn is_silent_about(id: &[u8; 36], per_mille: u32) -> bool {
    let digits = id[28..].iter().filter_map(|digit| char::from(*digit).to_digit(16));
    digits.fold(0_u64, |number, digit| number * 16 + u64::from(digit)) % 1000 < u64::from(per_mille)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{IdKind, spelled};

    #[test]
    fn a_tenth_of_all_ids_is_a_tenth() {
        for kind in [IdKind::Random, IdKind::Timed] {
            let silent = (0..10_000).filter(|_| is_silent_about(&spelled(kind.next()), 100)).count();
            assert!((800..1_200).contains(&silent), "{kind:?}: {silent}");
        }
    }
}
