//! The one file: a thread that writes whatever is waiting, flushes once, and tells everybody.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::record::{Id, Kind, append};

/// How many records may wait.
const QUEUE: usize = 4096;

/// A record, and who waits for it.
struct Waiting {
    kind: Kind,
    id: Id,
    text: Bytes,
    written: oneshot::Sender<()>,
}

/// The record is not on disk.
#[derive(Debug, Clone, Copy)]
pub(super) struct NotWritten;

/// The way to the thread.
pub(super) struct Writer {
    queue: mpsc::Sender<Waiting>,
    commits: Arc<AtomicU64>,
}

impl Writer {
    pub(super) fn start(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let commits = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&commits);
        thread::Builder::new().name("append".to_owned()).spawn(move || write_all(file, waiting, &counted))?;
        Ok(Self { queue, commits })
    }

    /// Once this returns, the record is on disk.
    pub(super) async fn append(&self, kind: Kind, id: Id, text: Bytes) -> Result<(), NotWritten> {
        let (written, done) = oneshot::channel();
        self.queue.send(Waiting { kind, id, text, written }).await.map_err(|_| NotWritten)?;
        done.await.map_err(|_| NotWritten)
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

/// Ends with the first error: whoever waits then learns that nothing was written.
fn write_all(mut file: File, mut waiting: mpsc::Receiver<Waiting>, commits: &AtomicU64) {
    let (mut batch, mut bytes) = (Vec::new(), Vec::new());
    while waiting.blocking_recv_many(&mut batch, QUEUE) > 0 {
        bytes.clear();
        for record in &batch {
            append(&mut bytes, record.kind, &record.id, &record.text);
        }
        if file.write_all(&bytes).and_then(|()| file.sync_data()).is_err() {
            return;
        }
        commits.fetch_add(1, Ordering::Relaxed);
        for record in batch.drain(..) {
            // Whoever stopped waiting needs no word.
            let _ = record.written.send(());
        }
    }
}
