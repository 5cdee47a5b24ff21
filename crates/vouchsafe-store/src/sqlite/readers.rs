//! The readers: a few connections, used off the runtime's own threads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::book::Book;
use super::{Fault, schema};
use crate::vault::Vault;
use crate::{Cause, StoreError};

/// How many may read at once. A reading takes microseconds; more connections would only hold more memory.
const READERS: usize = 4;

/// What is read belongs together, and is proven against one another: it must all be of one commit, whatever is written
/// meanwhile. Nothing is written here, so it ends the same way whatever came of it.
fn at_one_moment<T>(connection: &Connection, reading: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    connection.prepare_cached("BEGIN")?.execute(())?;
    let result = reading();
    connection.prepare_cached("COMMIT")?.execute(())?;
    result
}

/// A pool of read connections, opened as they are first needed.
pub(super) struct Readers {
    path: PathBuf,
    vault: Arc<Vault>,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, vault: Arc<Vault>) -> Self {
        Self { path, vault, idle: Mutex::default(), permits: Arc::new(Semaphore::new(READERS)) }
    }

    /// Reads as of the last commit.
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

    fn take(&self) -> Result<Connection, Fault> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(connection) => Ok(connection),
            None => Ok(schema::open_for_reading(&self.path)?),
        }
    }

    /// Keeps a connection for the next reading.
    pub(super) fn keep(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}
