//! The readers: short readings in place, long ones off the runtime's own threads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;
use tokio::task::coop::consume_budget;
use tokio::task::spawn_blocking;

use super::book::Book;
use super::{Fault, schema};
use crate::vault::Vault;
use crate::{Cause, StoreError};

/// How many may read at once. A reading takes microseconds; more connections would only hold more memory.
const READERS: usize = 4;

/// What is read belongs together, and is proven against one another: it must all be of one commit, whatever is written
/// meanwhile. Nothing is written here, so it ends the same way whatever came of it, and what was read holds even if the
/// engine does not commit, as after a page that it found torn.
fn at_one_moment<T>(connection: &Connection, reading: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    connection.prepare_cached("BEGIN")?.execute(())?;
    let result = reading();
    if connection.prepare_cached("COMMIT")?.execute(()).is_err() && !connection.is_autocommit() {
        connection.prepare_cached("ROLLBACK")?.execute(())?;
    }
    result
}

/// A reader's connections, opened as they are first needed.
pub(super) struct Readers {
    path: PathBuf,
    vault: Arc<Vault>,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    /// The one connection for readings in place; it waits for nobody. Locked for as long as it is in use.
    in_place: Mutex<Option<Connection>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, vault: Arc<Vault>) -> Self {
        let permits = Arc::new(Semaphore::new(READERS));
        Self { path, vault, idle: Mutex::default(), permits, in_place: Mutex::default() }
    }

    /// Reads as of the last commit, on a thread for work that may take long.
    ///
    /// # Errors
    /// Always determinate: a reading writes nothing.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        reading: impl FnOnce(Book<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let closed = |_| StoreError::Determinate(Cause::Closed);
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(closed)?;
        let readers = Arc::clone(self);
        let task = spawn_blocking(move || {
            let connection = readers.take()?;
            let result =
                at_one_moment(&connection, || reading(Book { connection: &connection, vault: &readers.vault }));
            // A connection that failed may be broken: the next reader opens another.
            if !matches!(result, Err(Fault::Engine(_))) {
                readers.keep(connection);
            }
            drop(permit);
            result
        });
        match task.await {
            Ok(result) => result.map_err(|fault| StoreError::Determinate(fault.into())),
            Err(stopped) => Err(StoreError::Determinate(Cause::Engine(stopped.to_string()))),
        }
    }

    /// As [`Readers::read`], for what is found by its key and is soon read: in place where that holds nobody up, since to
    /// wake another thread costs more than the reading itself and takes the processor from somebody's sale.
    ///
    /// A disk may hang, or have to be waited for. So only one reading at a time is made in place, and only where the
    /// runtime has other threads that go on meanwhile.
    ///
    /// # Errors
    /// As [`Readers::read`].
    pub(super) async fn read_soon<T: Send + 'static>(
        self: &Arc<Self>,
        reading: impl Fn(Book<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        // Nothing is waited for in place, so whoever reads again and again would keep others from their turn.
        consume_budget().await;
        match self.read_in_place(&reading) {
            Some(result) => result.map_err(|fault| StoreError::Determinate(fault.into())),
            None => self.read(reading).await,
        }
    }

    /// Reads in place, if that can be done now.
    fn read_in_place<T>(&self, reading: impl Fn(Book<'_>) -> Result<T, Fault>) -> Option<Result<T, Fault>> {
        if !others_go_on() {
            return None;
        }
        let mut in_place = self.unused_in_place()?;
        // Taken out, so that a reading that panics leaves no connection behind that is in the middle of something.
        let connection = in_place.take()?;
        let result = at_one_moment(&connection, || reading(Book { connection: &connection, vault: &self.vault }));
        match result {
            // It has to be waited for, and that is not for here.
            Err(Fault::Engine(error)) if is_busy(&error) => {
                *in_place = Some(connection);
                None
            }
            Err(Fault::Engine(_)) => Some(result),
            _ => {
                *in_place = Some(connection);
                Some(result)
            }
        }
    }

    /// The place of the connection for readings in place, unless it is in use.
    fn unused_in_place(&self) -> Option<MutexGuard<'_, Option<Connection>>> {
        match self.in_place.try_lock() {
            Ok(in_place) => Some(in_place),
            Err(TryLockError::WouldBlock) => None,
            // A reading panicked, and had taken the connection out.
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        }
    }

    fn take(&self) -> Result<Connection, Fault> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(connection) => Ok(connection),
            None => Ok(schema::open_for_reading(&self.path)?),
        }
    }

    /// Keeps a connection for the next reading.
    pub(super) fn keep(&self, connection: Connection) {
        // Opening one takes long, so the first that was opened elsewhere becomes the one for readings in place.
        if let Some(mut in_place) = self.unused_in_place()
            && in_place.is_none()
            && connection.busy_timeout(Duration::ZERO).is_ok()
        {
            *in_place = Some(connection);
            return;
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

/// Whether the runtime has threads that go on while this one reads.
fn others_go_on() -> bool {
    Handle::try_current().is_ok_and(|runtime| {
        runtime.runtime_flavor() == RuntimeFlavor::MultiThread && runtime.metrics().num_workers() > 1
    })
}

/// Whether somebody else has what the engine needs for a moment.
fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

#[cfg(test)]
mod tests;
