//! The write-ahead log: copied into the file early and in small parts, and kept short.

use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, DEFAULT_NAME};

/// How long the log may get, in pages of 8 KiB.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// So many pages are copied into the file at a time.
    pub(super) part: i32,
    /// From so many pages on, the log is to start over at its beginning.
    pub(super) long: i32,
}

impl Default for Limits {
    /// Parts of 4 MiB, a log of 64 MiB.
    fn default() -> Self {
        Self { part: 512, long: 8192 }
    }
}

/// Keeps the log in order beside the writer, by a connection and a thread of its own.
///
/// What the log holds is durable; copying it into the file only keeps the log short. No commit waits for
/// that: the second connection copies whatever no reader still needs. But as long as commits keep coming
/// it never gets to the very end of the log, and only a log that is copied to its end can start over. So
/// when the log has grown long, the writer itself copies the little that is left.
pub(super) struct Log {
    limits: Limits,
    wake: Option<SyncSender<()>>,
    copier: Option<JoinHandle<()>>,
}

impl Log {
    pub(super) fn start(connection: Connection, limits: Limits) -> io::Result<Self> {
        // One signal in waiting says all there is to say.
        let (wake, woken) = sync_channel(1);
        let copying = move || {
            while let Ok(()) = woken.recv() {
                copy(&connection);
            }
        };
        let copier = Builder::new().name("store-log".to_owned()).spawn(copying)?;
        Ok(Self { limits, wake: Some(wake), copier: Some(copier) })
    }

    /// To be called by the writer between two commits. Returns the length of the log in pages.
    pub(super) fn tend(&self, writer: &Connection) -> i32 {
        let Ok((length, copied)) = writer.wal_checkpoint_v2(DEFAULT_NAME, CheckpointMode::NOOP) else { return 0 };
        let rest = length - copied;
        if rest >= self.limits.part
            && let Some(wake) = &self.wake
        {
            // Full means that it will wake in any case.
            let _ = wake.try_send(());
        }
        // Best done just after the copier has finished a part, when the rest is small; but not put off for ever.
        if length >= self.limits.long && (rest <= self.limits.part || length / 2 >= self.limits.long) {
            copy(writer);
        }
        length
    }
}

/// Copies what can be copied without waiting for anybody.
///
/// An error is of no consequence by itself: nothing leaves the log before it was copied and synced, and
/// the next call tries again. A log that no longer shrinks shows in the figures.
fn copy(connection: &Connection) {
    let _ = connection.wal_checkpoint_v2(DEFAULT_NAME, CheckpointMode::PASSIVE);
}

impl Drop for Log {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(copier) = self.copier.take() {
            // It ends by itself now, and a panic of its own has been told by the panic hook.
            let _ = copier.join();
        }
    }
}
