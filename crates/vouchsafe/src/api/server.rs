//! Takes connections and answers them until it is told to stop.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, join};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::access::Peer;
use crate::api::crowd::Crowd;
use crate::app::App;
use crate::tls::LiveTls;

/// How long to wait before the next connection is taken after one could not be, for want of descriptors say.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);
/// What every HTTP/2 connection begins with, and no HTTP/1.1 request does.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves HTTP/1.1 and HTTP/2 on a listener, over TLS if there is any, until the switch is stopping, then lets what is
/// in flight finish: answers under way first, then work whose caller has gone.
pub async fn serve(listener: TcpListener, tls: Option<Arc<LiveTls>>, router: Router, app: Arc<App>) {
    let front = Arc::new(Front::new(tls, router, &app));
    let places = Arc::new(Semaphore::new(app.limits.connections.min(Semaphore::MAX_PERMITS)));
    let crowd = Crowd::new(app.limits.connections_per_address);
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = app.stopping.cancelled() => break,
        };
        match accepted {
            Ok((stream, address, place)) => {
                let Some(member) = crowd.join(address) else {
                    tracing::debug!(%address, "limits.connections_per_address is reached: a connection is closed");
                    continue;
                };
                let (front, watcher) = (Arc::clone(&front), connections.watcher());
                tokio::spawn(async move {
                    if let Err(error) = front.receive(stream, address, watcher).await {
                        tracing::debug!(%error, "a connection ended badly");
                    }
                    drop((place, member));
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
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let place = if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        place
    } else {
        tracing::warn!("limits.connections is reached: the next connection waits until one ends");
        Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?
    };
    let (stream, address) = listener.accept().await?;
    Ok((stream, address.ip(), place))
}

/// How connections are spoken with.
struct Front {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    tls: Option<Arc<LiveTls>>,
    router: Router,
    app: Arc<App>,
}

impl Front {
    fn new(tls: Option<Arc<LiveTls>>, router: Router, app: &Arc<App>) -> Self {
        let limits = &app.limits;
        let mut http1 = http1::Builder::new();
        // This time runs from one answer to the end of the next head, so it bounds both idling and slow headers; the
        // first head has a stricter bound of its own. Who closes its sending half is still answered.
        http1.timer(TokioTimer::new()).header_read_timeout(limits.idle.max(limits.header)).half_close(true);
        http1.max_buf_size(limits.header_bytes);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2.timer(TokioTimer::new()).keep_alive_interval(limits.header).keep_alive_timeout(limits.header);
        http2.max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX));
        Self { http1, http2, tls, router, app: Arc::clone(app) }
    }

    /// Answers what comes on a connection until it ends. The time for its first head runs from the beginning, so that
    /// a handshake is no place to be silent in.
    async fn receive(&self, stream: TcpStream, address: IpAddr, watcher: Watcher) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let head_until = Instant::now() + self.app.limits.header;
        let Some(tls) = &self.tls else {
            let (reading, writing) = stream.into_split();
            return self.talk(reading, writing, Peer::new(address, None), head_until, watcher).await;
        };
        let handshake = TlsAcceptor::from(tls.current()).accept(stream);
        let stream = tokio::select! {
            biased;
            shaken = timeout_at(head_until, handshake) => shaken??,
            // Nothing was asked yet.
            () = self.app.stopping.cancelled() => return Ok(()),
        };
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let peer = Peer::new(address, shown);
        let (reading, writing) = tokio::io::split(stream);
        self.talk(reading, writing, peer, head_until, watcher).await
    }

    /// Finds out which version of HTTP is spoken, and speaks it.
    async fn talk(
        &self,
        mut reading: impl AsyncRead + Send + Unpin + 'static,
        writing: impl AsyncWrite + Send + Unpin + 'static,
        peer: Peer,
        head_until: Instant,
        watcher: Watcher,
    ) -> io::Result<()> {
        let begun = tokio::select! {
            biased;
            begun = timeout_at(head_until, beginning(&mut reading)) => begun??,
            // Nothing was asked yet.
            () = self.app.stopping.cancelled() => return Ok(()),
        };
        let is_http2 = begun == PREFACE;
        let stream = join(io::Cursor::new(begun).chain(reading), writing);
        let router = TowerToHyperService::new(self.router.clone());
        let answer = move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer.clone());
            router.call(request)
        };
        if is_http2 {
            let connection = self.http2.serve_connection(TokioIo::new(stream), service_fn(answer));
            return watcher.watch(connection).await.map_err(io::Error::other);
        }
        self.http1(stream, answer, watcher, head_until).await
    }

    /// HTTP/1.1, whose first request must have arrived as far as its body at a time.
    async fn http1<A: Future<Output = Result<Response, Infallible>> + Send + 'static>(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        answer: impl Fn(Request<Incoming>) -> A + Send + 'static,
        watcher: Watcher,
        head_until: Instant,
    ) -> io::Result<()> {
        let asked = CancellationToken::new();
        let told = asked.clone();
        let service = service_fn(move |request| {
            told.cancel();
            answer(request)
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
async fn beginning(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let (mut bytes, mut length) = ([0; PREFACE.len()], 0);
    while length < PREFACE.len() && PREFACE.starts_with(&bytes[..length]) {
        match stream.read(&mut bytes[length..]).await? {
            0 => break,
            more => length += more,
        }
    }
    Ok(bytes[..length].to_vec())
}
