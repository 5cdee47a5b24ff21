//! How a connection to a provider is made: all of it within one time, and so that its death is noticed.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::time::timeout;
use tower::Service;

/// A host that takes the first packet and says nothing is as good as down, and the time left may buy a
/// sale elsewhere.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be still before TCP asks whether the other end is there, how long between two such
/// questions, and how many go unanswered before it is closed. All of that is less than an idle connection is kept, so
/// that whatever took the connection away without a word does not cost the next sale.
const STILL: Duration = Duration::from_secs(10);
const BETWEEN_QUESTIONS: Duration = Duration::from_secs(5);
const UNANSWERED_QUESTIONS: u32 = 2;

/// The error of whatever connects: the client takes no other.
type Failure = Box<dyn Error + Send + Sync>;

/// Connects over TCP.
pub(super) fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    // A host with many addresses has as many shares of that time, so that the last is tried too.
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    tcp.set_keepalive(Some(STILL));
    tcp.set_keepalive_interval(Some(BETWEEN_QUESTIONS));
    tcp.set_keepalive_retries(Some(UNANSWERED_QUESTIONS));
    tcp
}

/// Connects in time or not at all, whatever belongs to it: the name, TCP and the handshake of TLS.
///
/// A request that finds another connection meanwhile leaves the one in the making behind, to be finished without it.
/// Nobody else bounds that one then: a host that never shakes hands would collect our sockets.
#[derive(Debug, Clone)]
pub(super) struct InTime<C>(pub(super) C);

impl<C> Service<Uri> for InTime<C>
where
    C: Service<Uri>,
    C::Error: Into<Failure>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connecting = self.0.call(to);
        Box::pin(async move { timeout(CONNECT_TIMEOUT, connecting).await?.map_err(Into::into) })
    }
}
