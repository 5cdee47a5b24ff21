//! What the operating system asks for by signals: to stop (SIGTERM, Ctrl-C), or to look again (SIGHUP).

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::command::Failure;

/// Gets ready to hear a stop signal, and returns what waits for it.
pub(crate) fn requested() -> Result<impl Future<Output = ()>, Failure> {
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Gets ready to hear SIGHUP, which from now on does not end the process.
pub(crate) fn hangup() -> Result<Signal, Failure> {
    listen(SignalKind::hangup())
}

fn listen(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::failed(format!("cannot listen for signals: {error}")))
}
