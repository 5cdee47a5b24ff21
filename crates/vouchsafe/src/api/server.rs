//! Takes connections and answers them until it is told to stop.

use std::sync::Arc;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::app::App;

/// How long to wait before the next connection is taken after one could not be, for want of descriptors say.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// Serves HTTP/1.1 and HTTP/2 on a listener until the switch is stopping, then lets what is in flight finish:
/// answers under way first, then work whose caller has gone.
pub async fn serve(listener: TcpListener, router: Router, app: Arc<App>) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(app.limits.header);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(Some(app.limits.header));
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = app.stopping.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => take(stream, &builder, &router, &connections),
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

fn take(stream: TcpStream, builder: &Builder<TokioExecutor>, router: &Router, connections: &GracefulShutdown) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection ended as it was taken");
        return;
    }
    let service = TowerToHyperService::new(router.clone());
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended badly");
        }
    });
}
