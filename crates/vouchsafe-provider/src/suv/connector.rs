//! How a connection to a provider is made: all of it within one time, and so that its death is noticed.

use std::error::Error;
use std::io;
use std::iter::successors;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::time::timeout;
use tower::Service;
use vouchsafe_core::outcome::NotSent;

/// A host that takes the first packet and says nothing is as good as down, and the time left may buy a
/// sale elsewhere.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be still before TCP asks whether the other end is there, how long between two such
/// questions, and how many go unanswered before it is closed. All of that is less than an idle connection is kept, so
/// that whatever took the connection away without a word does not cost the next sale.
const STILL: Duration = Duration::from_secs(10);
const BETWEEN_QUESTIONS: Duration = Duration::from_secs(5);
const UNANSWERED_QUESTIONS: u32 = 2;

/// What the kernel says when this process has no file descriptor left, and when the machine has none. The library knows
/// no kinds for them; the numbers are the same on every Unix.
const NO_DESCRIPTOR: [i32; 2] = [24, 23];

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

/// Whose fault it is that there is no connection.
pub(super) fn no_connection(error: &(dyn Error + 'static)) -> NotSent {
    let is_ours = successors(Some(error), |error| (*error).source())
        .filter_map(|error| error.downcast_ref::<io::Error>()?.raw_os_error())
        .any(|number| NO_DESCRIPTOR.contains(&number));
    if is_ours { NotSent::NoDescriptor } else { NotSent::NoConnection }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};

    use bytes::Bytes;
    use http_body_util::Full;
    use hyper_util::client::legacy;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use tokio::net::TcpStream;

    use super::*;

    /// A machine that connects to nobody, and says with this number why.
    #[derive(Clone)]
    struct Unable(i32);

    impl Service<Uri> for Unable {
        type Response = TokioIo<TcpStream>;
        type Error = io::Error;
        type Future = Ready<io::Result<TokioIo<TcpStream>>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Uri) -> Self::Future {
            ready(Err(io::Error::from_raw_os_error(self.0)))
        }
    }

    #[tokio::test]
    async fn what_this_machine_lacks_is_not_the_providers_fault() {
        let refused = 111;
        for (number, expect) in
            [(24, NotSent::NoDescriptor), (23, NotSent::NoDescriptor), (refused, NotSent::NoConnection)]
        {
            let client: legacy::Client<_, Full<Bytes>> =
                legacy::Client::builder(TokioExecutor::new()).build(InTime(Unable(number)));
            let error = client.get(Uri::from_static("http://provider.example/")).await.unwrap_err();
            assert_eq!(no_connection(&error), expect, "{number}");
        }
    }
}
