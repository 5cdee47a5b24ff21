//! The simulated provider: a real HTTP server that speaks the interface and keeps honest books.
//!
//! What it does with a request or an advice is chosen by the product's id ([`magic`]), else by what
//! it plays ([`plays`]), else by chance ([`faults`]), and chance follows from a seed: the same requests meet
//! the same fate at every run. A voucher's own state comes before all of that. Whatever is answered or is not, the
//! [`ledger`] tells the truth and tells it first.

mod advice;
mod answer;
mod draw;
pub mod faults;
mod header;
pub mod ledger;
pub mod magic;
pub mod plays;
mod presented;
mod reply;
mod request;
mod router;
mod sale;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use axum::serve::ListenerExt;
use http::StatusCode;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::party::Institution;
use vouchsafe_core::sheet::Messaging;

use crate::simulator::faults::Faults;
use crate::simulator::ledger::Ledger;
use crate::simulator::magic::Silence;
use crate::simulator::plays::Play;

/// Where the interface begins on a simulated provider.
pub const BASE_PATH: &str = "/suv/v1";

/// One simulated provider.
pub struct Simulator {
    /// Who it is: its references and its receipts carry this name.
    pub institution: Institution,
    /// What its vouchers and its faults follow from.
    pub seed: u64,
    /// How often ordinary products fail.
    pub faults: Faults,
    /// Whether it waits for confirmations: in single messaging what it has answered well is good for use at once.
    pub messaging: Messaging,
    /// What it cannot do, or does in its own way; empty where it does everything as it should.
    pub plays: Vec<Play>,
    /// Where it writes down what it did.
    pub ledger: Ledger,
    /// What time it is.
    pub clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("institution", &self.institution)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// Serves `simulator` until `shutdown` resolves, then until the requests under way are answered. Those that
/// would wait, or would wait for ever, are ended then.
///
/// # Errors
/// None in practice: a failed accept is tried again.
pub async fn serve(
    listener: TcpListener,
    simulator: Simulator,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let closing = CancellationToken::new();
    let desk = Arc::new(Desk { simulator, closing: closing.clone() });
    let router = router::router(desk);
    let listener = listener.tap_io(|connection| {
        // Without it an answer may wait 40 ms for company; a connection that refuses still works.
        let _ = connection.set_nodelay(true);
    });
    let stop = async move {
        shutdown.await;
        closing.cancel();
    };
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

/// A simulated provider while it serves.
struct Desk {
    simulator: Simulator,
    closing: CancellationToken,
}

impl Desk {
    /// Lets the time pass; whoever stops the simulator does not want to wait for the slowest of its answers.
    async fn wait(&self, time: Duration) {
        let _ = self.closing.run_until_cancelled(tokio::time::sleep(time)).await;
    }

    /// Ends without an answer. The server drops this future when the caller hangs up.
    async fn say_nothing(&self, silence: Silence) -> Response {
        if silence == Silence::Open {
            self.closing.cancelled().await;
        }
        reply::cut()
    }
}

/// What is said when nothing can be promised any more.
fn unwritable(id: MessageId) -> Response {
    let detail = ErrorDetail::new(ErrorType::GeneralError, "the ledger cannot be written");
    reply::json(StatusCode::INTERNAL_SERVER_ERROR, &detail.about(id))
}
