//! Takes connections and answers them until it is told to stop.

use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::{Request, Version};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, join};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use crate::access::Peer;
use crate::api::crowd::{Crowd, Member};
use crate::api::hearing;
use crate::api::patient::Patient;
use crate::api::traffic::Traffic;
use crate::app::App;
use crate::config::Limits;
use crate::tls::LiveTls;

/// How long to wait before the next connection is taken after one could not be, for want of descriptors say.
const PAUSE: Duration = Duration::from_millis(100);
/// How long the other end of a connection that is to end has to take in what was answered last. Whoever reads at all does
/// so in less; whoever does not must not hold up a stop.
const PARTING: Duration = Duration::from_secs(3);
/// How many requests may be under way on one HTTP/2 connection. Fewer than 100 hinder whoever has one connection only, as
/// RFC 9113 says; each more is one more answer that an end which reads nothing makes us keep.
const STREAMS: u32 = 100;
/// What every HTTP/2 connection begins with, and no HTTP/1.1 request does.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves HTTP/1.1 and HTTP/2 on a listener, over TLS if there is any, until the switch is stopping, then lets what is
/// in flight finish: answers under way first, then work whose caller has gone.
pub async fn serve(listener: TcpListener, tls: Option<Arc<LiveTls>>, router: Router, app: Arc<App>) {
    let front = Arc::new(Front::new(tls, router, &app));
    let places = Arc::new(Semaphore::new(app.limits.connections.min(Semaphore::MAX_PERMITS)));
    let crowd = Crowd::new(app.limits.connections_per_address, app.limits.first_heads_per_address);
    let connections = TaskTracker::new();
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
                let front = Arc::clone(&front);
                connections.spawn(async move {
                    if let Err(error) = front.receive(stream, &member).await {
                        tracing::debug!(%error, "a connection ended badly");
                    }
                    drop(place);
                    tokio::select! {
                        () = member.do_penance() => {}
                        () = front.app.stopping.cancelled() => {}
                    }
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
        connections.close();
        connections.wait().await;
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
        http1.timer(TokioTimer::new()).header_read_timeout(idle(limits)).half_close(true);
        http1.max_buf_size(limits.header_bytes);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2.timer(TokioTimer::new()).keep_alive_interval(limits.header).keep_alive_timeout(limits.header);
        http2
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX));
        Self { http1, http2, tls, router, app: Arc::clone(app) }
    }

    /// Answers what comes on a connection until it ends. The time for its first head runs from the beginning, so that
    /// a handshake is no place to be silent in.
    async fn receive(&self, stream: TcpStream, member: &Arc<Member>) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let head_until = Instant::now() + self.app.limits.header;
        let begun = self.before(head_until, hearing::begun(stream, member)).await?;
        let Some(stream) = begun.flatten() else { return Ok(()) };
        let Some(tls) = &self.tls else {
            let halves = |stream: TcpStream| {
                let (reading, writing) = stream.into_split();
                (reading, Patient::new(writing, idle(&self.app.limits)))
            };
            return self.talk(stream, halves, Peer::new(member.address(), None), member, head_until).await;
        };
        let handshake = TlsAcceptor::from(tls.current()).accept(Patient::new(stream, idle(&self.app.limits)));
        // In a place of its own, as all that not every connection comes to: those that say nothing are to take little.
        let Some(stream) = self.before(head_until, Box::pin(handshake)).await? else { return Ok(()) };
        // Many a client makes its handshakes ahead and asks later: that must not keep others waiting.
        member.was_heard();
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let peer = Peer::new(member.address(), shown);
        self.talk(stream, tokio::io::split, peer, member, head_until).await
    }

    /// What comes of something that must be done by a time; nothing if the switch stops before: whatever was asked by then was
    /// not begun with.
    async fn before<T>(&self, until: Instant, something: impl Future<Output = io::Result<T>>) -> io::Result<Option<T>> {
        tokio::select! {
            biased;
            done = timeout_at(until, something) => done?.map(Some),
            () = self.app.stopping.cancelled() => Ok(None),
        }
    }

    /// Finds out which version of HTTP is spoken, and speaks it.
    async fn talk<S, R, W>(
        &self,
        mut stream: S,
        halves: impl FnOnce(S) -> (R, W),
        peer: Peer,
        member: &Arc<Member>,
        head_until: Instant,
    ) -> io::Result<()>
    where
        S: AsyncRead + Unpin,
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let Some(begun) = self.before(head_until, beginning(&mut stream)).await? else { return Ok(()) };
        let version = if begun == PREFACE { Version::HTTP_2 } else { Version::HTTP_11 };
        let (reading, writing) = halves(stream);
        let stream = join(io::Cursor::new(begun).chain(reading), writing);
        Box::pin(self.speak(version, stream, peer, member, head_until)).await
    }

    /// Speaks HTTP.
    async fn speak(
        &self,
        version: Version,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        peer: Peer,
        member: &Arc<Member>,
        head_until: Instant,
    ) -> io::Result<()> {
        let stream = TokioIo::new(stream);
        let router = TowerToHyperService::new(self.router.clone());
        let traffic = Arc::new(Traffic::default());
        let (coming, heard) = (Arc::clone(&traffic), Arc::clone(member));
        let service = service_fn(move |mut request: Request<Incoming>| {
            let under_way = coming.begin();
            heard.was_heard();
            request.extensions_mut().insert(peer.clone());
            let answer = router.call(request);
            async move {
                let answer = answer.await;
                drop(under_way);
                answer
            }
        });
        if version == Version::HTTP_2 {
            // Many a client opens such connections ahead and asks later: that must not keep others waiting.
            member.was_heard();
            // Whoever answers our pings and asks nothing is as idle as whoever says nothing at all.
            self.drive(self.http2.serve_connection(stream, service), &traffic, traffic.quiet(idle(&self.app.limits)))
                .await
        } else {
            // The builder has the time between two requests; that to the first is ours to see to.
            self.drive(self.http1.serve_connection(stream, service), &traffic, traffic.unasked(head_until)).await
        }
    }

    /// Answers what is asked on a connection until the other end has had enough, or else until it is silent or the switch
    /// stops. Then nothing more is taken, what is under way is answered, and there is a moment to take the answers in.
    async fn drive(
        &self,
        connection: impl GracefulConnection<Error = hyper::Error>,
        traffic: &Traffic,
        silence: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let mut connection = pin!(connection);
        tokio::select! {
            biased;
            ended = &mut connection => return ended.map_err(io::Error::other),
            () = self.app.stopping.cancelled() => {}
            () = silence => {}
        }
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            biased;
            ended = connection => ended.map_err(io::Error::other),
            () = traffic.quiet(PARTING) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// How long nothing may happen on a connection: nothing be asked, or nothing be taken in of what was answered. The head of
/// a next request has no less time than that of the first.
fn idle(limits: &Limits) -> Duration {
    limits.idle.max(limits.header)
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
