//! When to stop: SIGTERM, or Ctrl-C.

use tokio::signal::unix::{SignalKind, signal};

use crate::command::Failure;

/// Gets ready to hear a stop signal, and returns what waits for it.
pub(crate) fn requested() -> Result<impl Future<Output = ()>, Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::failed(format!("cannot listen for signals: {error}")));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
