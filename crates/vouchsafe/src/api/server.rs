//! Takes connections and answers them until it is told to stop.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use hyper::server::conn::{http1, http2};
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, join};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How long to wait before the next connection is taken after one could not be, for want of descriptors say.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);
/// What every HTTP/2 connection begins with, and no HTTP/1.1 request does.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves HTTP/1.1 and HTTP/2 on a listener until the switch is stopping, then lets what is in flight finish:
/// answers under way first, then work whose caller has gone.
pub async fn serve(listener: TcpListener, router: Router, app: Arc<App>) {
    let front = Arc::new(Front::new(router, &app));
    let places = Arc::new(Semaphore::new(app.limits.connections.min(Semaphore::MAX_PERMITS)));
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = app.stopping.cancelled() => break,
        };
        match accepted {
            Ok((stream, place)) => {
                let (front, watcher) = (Arc::clone(&front), connections.watcher());
                tokio::spawn(async move {
                    if let Err(error) = front.receive(stream, watcher).await {
                        tracing::debug!(%error, "a connection ended badly");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    let finished = async {
        connections.shutdown().await;
        app.work.close();
        app.work.wait().await;
    };
    if timeout(app.limits.stop, finished).await.is_err() {
        // What is left is in the journal as pending: the next start owes it an end.
        tracing::warn!("work was still in flight when the time to stop was over");
    }
}

/// The next connection, once there is a place for it; until then it waits in the listener's queue.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        place
    } else {
        tracing::warn!("limits.connections is reached: the next connection waits until one ends");
        Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?
    };
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

/// How connections are spoken with.
struct Front {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    router: Router,
    app: Arc<App>,
}

impl Front {
    fn new(router: Router, app: &Arc<App>) -> Self {
        let limits = &app.limits;
        let mut http1 = http1::Builder::new();
        // This time runs from one answer to the end of the next head, so it bounds both idling and slow headers; the
        // first head has a stricter bound of its own. Who closes its sending half is still answered.
        http1.timer(TokioTimer::new()).header_read_timeout(limits.idle.max(limits.header)).half_close(true);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2.timer(TokioTimer::new()).keep_alive_interval(limits.header).keep_alive_timeout(limits.header);
        Self { http1, http2, router, app: Arc::clone(app) }
    }

    /// Answers what comes on a connection until it ends.
    async fn receive(&self, mut stream: TcpStream, watcher: Watcher) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let head_until = Instant::now() + self.app.limits.header;
        let begun = tokio::select! {
            biased;
            begun = timeout_at(head_until, beginning(&mut stream)) => begun??,
            // Nothing was asked yet.
            () = self.app.stopping.cancelled() => return Ok(()),
        };
        let is_http2 = begun == PREFACE;
        let (reading, writing) = stream.into_split();
        let stream = join(io::Cursor::new(begun).chain(reading), writing);
        if is_http2 {
            let service = TowerToHyperService::new(self.router.clone());
            let connection = self.http2.serve_connection(TokioIo::new(stream), service);
            return watcher.watch(connection).await.map_err(io::Error::other);
        }
        self.http1(stream, watcher, head_until).await
    }

    /// HTTP/1.1, whose first request must have arrived as far as its body at a time.
    async fn http1(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        watcher: Watcher,
        head_until: Instant,
    ) -> io::Result<()> {
        let asked = CancellationToken::new();
        let (router, told) = (TowerToHyperService::new(self.router.clone()), asked.clone());
        let service = service_fn(move |request| {
            told.cancel();
            router.call(request)
        });
        let connection = self.http1.serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(watcher.watch(connection));
        tokio::select! {
            biased;
            ended = &mut connection => return ended.map_err(io::Error::other),
            () = asked.cancelled() => {}
            () = sleep_until(head_until) => return Err(io::ErrorKind::TimedOut.into()),
        }
        connection.await.map_err(io::Error::other)
    }
}

/// Reads as much as shows which version of HTTP it is. Whether the preface is there is only known when all of it is.
async fn beginning(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let (mut bytes, mut length) = ([0; PREFACE.len()], 0);
    while length < PREFACE.len() && PREFACE.starts_with(&bytes[..length]) {
        match stream.read(&mut bytes[length..]).await? {
            0 => break,
            more => length += more,
        }
    }
    Ok(bytes[..length].to_vec())
}
