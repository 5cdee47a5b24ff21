//! Work that goes on for as long as the switch does, whatever happens to it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::app::App;

/// How long it takes before what has panicked begins anew: a fault that stays must not take the machine.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts work that ends when the switch is stopping. A panic ends its one task, is told in the log, and the work begins
/// anew: nobody else would deliver, settle or destroy what it was for.
pub(crate) fn unending<W>(app: &Arc<App>, what: &'static str, work: impl Fn(Arc<App>) -> W + Send + 'static)
where
    W: Future<Output = ()> + Send + 'static,
{
    let app = Arc::clone(app);
    tokio::spawn(async move {
        while let Err(fault) = tokio::spawn(work(Arc::clone(&app))).await {
            tracing::error!(%fault, what, "failed inside the switch, and begins anew");
            if app.stopping.run_until_cancelled(sleep(PAUSE)).await.is_none() {
                return;
            }
        }
    });
}
