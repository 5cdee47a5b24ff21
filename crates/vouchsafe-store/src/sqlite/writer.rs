//! The writer: one thread, a bounded queue, and one commit for all that is waiting.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, Builder, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::command::{Command, Tables};
use super::fault::Fault;
use super::log::Log;
use crate::{Cause, Figures, StoreError};

/// How many commands may wait. At some thousands of commands a second this is about one second's work.
const QUEUE: usize = 4096;
/// How many commands one commit may hold: more would only make the first of them wait longer.
const BATCH: usize = 256;
/// Fewer than that are committed at once, as they come from few callers, and more than [`ENOUGH`] fill a commit well.
const SEVERAL: usize = 4;
const ENOUGH: usize = 64;
/// How long a commit of several waits for more of them. A commit costs as much for one as for ten, in flushes of the
/// disk and in pages that are written whole, so under load each request costs an eighth less; and it waits shorter than
/// one flush takes.
const GATHERING: Duration = Duration::from_micros(500);

#[derive(Default)]
struct Counters {
    commits: AtomicU64,
    commands: AtomicU64,
    /// In nanoseconds.
    commit_time: AtomicU64,
    log_pages: AtomicU64,
}

/// The way to the writer's thread. Dropping it lets the thread finish what is waiting, and waits for that.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Work>>>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
}

impl Writer {
    /// A writer with a log to look after, or one beside a switch whose log it is.
    pub(super) fn start(tables: Tables, log: Option<Log>) -> io::Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let counters = Arc::new(Counters::default());
        let thread = WriterThread { tables, log, counters: Arc::clone(&counters) };
        let thread = Builder::new().name("store-writer".to_owned()).spawn(move || thread.run(waiting))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), counters })
    }

    /// Writes a command that begins something new. Where too much is waiting already, it is refused: what is
    /// refused here was never begun. A caller that stops waiting does not take the command back.
    pub(super) async fn begin<C: Command>(&self, command: C) -> Result<(C, C::Answer), StoreError> {
        let (work, answer) = Pending::boxed(command);
        match self.queue()?.try_send(work) {
            Ok(()) => settled(answer).await,
            Err(TrySendError::Full(_)) => Err(StoreError::Determinate(Cause::Overloaded)),
            Err(TrySendError::Closed(_)) => Err(StoreError::Determinate(Cause::Closed)),
        }
    }

    /// Writes a command that completes something begun. It waits for room in the queue: what was begun must
    /// not be lost because more is beginning.
    pub(super) async fn complete<C: Command>(&self, command: C) -> Result<(C, C::Answer), StoreError> {
        let (work, answer) = Pending::boxed(command);
        match self.queue()?.send(work).await {
            Ok(()) => settled(answer).await,
            Err(_) => Err(StoreError::Determinate(Cause::Closed)),
        }
    }

    pub(super) fn figures(&self) -> Figures {
        Figures {
            commits: self.counters.commits.load(Ordering::Relaxed),
            commands: self.counters.commands.load(Ordering::Relaxed),
            commit_time: Duration::from_nanos(self.counters.commit_time.load(Ordering::Relaxed)),
            log_pages: self.counters.log_pages.load(Ordering::Relaxed),
        }
    }

    /// How many commands nobody has taken out of the queue yet.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    fn queue(&self) -> Result<&mpsc::Sender<Box<dyn Work>>, StoreError> {
        self.queue.as_ref().ok_or(StoreError::Determinate(Cause::Closed))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // It ends when the queue is empty, and a panic of its own has been told by the panic hook.
            let _ = thread.join();
        }
    }
}

type Reply<C> = Result<(C, <C as Command>::Answer), StoreError>;

async fn settled<C: Command>(answer: oneshot::Receiver<Reply<C>>) -> Reply<C> {
    let gone = || Cause::Engine("the writer ended before it answered".to_owned());
    answer.await.unwrap_or_else(|_| Err(StoreError::Indeterminate(gone())))
}

/// A command in the queue, whatever its answer.
trait Work: Send {
    /// Applies it within the open transaction.
    fn apply(&mut self, tables: &mut Tables) -> Result<(), Fault>;

    /// Tells the caller, once the transaction's fate is known.
    fn settle(self: Box<Self>, fate: Result<(), StoreError>);
}

/// A command, its answer as soon as it was applied, and who waits for it. The command goes back to the
/// caller with the answer, so that nothing in it needs to be copied.
struct Pending<C: Command> {
    command: C,
    answer: Option<C::Answer>,
    reply: oneshot::Sender<Reply<C>>,
}

impl<C: Command> Pending<C> {
    fn boxed(command: C) -> (Box<dyn Work>, oneshot::Receiver<Reply<C>>) {
        let (reply, receiver) = oneshot::channel();
        (Box::new(Self { command, answer: None, reply }), receiver)
    }
}

impl<C: Command> Work for Pending<C> {
    fn apply(&mut self, tables: &mut Tables) -> Result<(), Fault> {
        self.answer = Some(self.command.apply(tables)?);
        Ok(())
    }

    fn settle(self: Box<Self>, fate: Result<(), StoreError>) {
        let Self { command, answer, reply } = *self;
        let answer = fate.map(|()| answer.map(|answer| (command, answer)));
        // A command that was committed was applied, so there is an answer; whoever stopped waiting needs none.
        if let Some(answer) = answer.transpose() {
            let _ = reply.send(answer);
        }
    }
}

/// What kept a batch from being written.
#[derive(Clone)]
enum Setback {
    /// Somebody else kept the file from being written to. That was waited for once, and to wait again for each
    /// command of the batch would take minutes.
    Begin(Cause),
    /// One of the commands failed.
    Command(Cause),
    /// The commit failed.
    Commit(Cause),
}

/// Until COMMIT is asked for, a failure is known to have written nothing; from then on nothing is known.
impl From<Setback> for StoreError {
    fn from(setback: Setback) -> Self {
        match setback {
            Setback::Begin(cause) | Setback::Command(cause) => Self::Determinate(cause),
            Setback::Commit(cause) => Self::Indeterminate(cause),
        }
    }
}

struct WriterThread {
    tables: Tables,
    log: Option<Log>,
    counters: Arc<Counters>,
}

impl WriterThread {
    /// Commits what is waiting until nobody can send any more, and then empties the log.
    fn run(mut self, mut waiting: mpsc::Receiver<Box<dyn Work>>) {
        let mut batch = Vec::with_capacity(BATCH);
        while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
            if (SEVERAL..ENOUGH).contains(&batch.len()) {
                thread::sleep(GATHERING);
                batch.extend(std::iter::from_fn(|| waiting.try_recv().ok()).take(BATCH - batch.len()));
            }
            self.settle(&mut batch);
            if let Some(log) = &self.log {
                let length = log.tend(&self.tables.connection);
                self.counters.log_pages.store(length.unsigned_abs().into(), Ordering::Relaxed);
            }
        }
        if let Some(log) = self.log {
            drop(log);
            // If it fails, the log stays and is read at the next start.
            let _ = self.tables.connection.wal_checkpoint_v2(rusqlite::DEFAULT_NAME, CheckpointMode::TRUNCATE);
        }
    }

    /// One commit for the whole batch. Where a command fails, all is rolled back and each is tried alone,
    /// so that none suffers for another. That is rare, and dearer than a savepoint around each command only
    /// when it happens.
    fn settle(&mut self, batch: &mut Vec<Box<dyn Work>>) {
        let fate = self.commit(batch);
        let alone = matches!(fate, Err(Setback::Command(_))) && batch.len() > 1;
        for mut work in batch.drain(..) {
            let fate = if alone { self.commit(std::slice::from_mut(&mut work)) } else { fate.clone() };
            work.settle(fate.map_err(StoreError::from));
        }
    }

    fn commit(&mut self, batch: &mut [Box<dyn Work>]) -> Result<(), Setback> {
        let in_words = |error: rusqlite::Error| Cause::Engine(error.to_string());
        execute(&self.tables.connection, "BEGIN IMMEDIATE").map_err(|error| Setback::Begin(in_words(error)))?;
        // A panic must not end the only thread that writes: the switch would live on and sell nothing any more. Whatever
        // was altered in memory is forgotten with the rest.
        let applied = catch_unwind(AssertUnwindSafe(|| self.apply(batch).map_err(Cause::from)));
        if let Err(cause) = applied.unwrap_or_else(|_panic| Err(Cause::Engine("the writer panicked".to_owned()))) {
            self.roll_back();
            return Err(Setback::Command(cause));
        }
        let begun = Instant::now();
        if let Err(error) = execute(&self.tables.connection, "COMMIT") {
            self.roll_back();
            return Err(Setback::Commit(in_words(error)));
        }
        let nanoseconds = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.counters.commit_time.fetch_add(nanoseconds, Ordering::Relaxed);
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        self.counters.commands.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn apply(&mut self, batch: &mut [Box<dyn Work>]) -> Result<(), Fault> {
        self.tables.begin()?;
        batch.iter_mut().try_for_each(|work| work.apply(&mut self.tables))?;
        self.tables.add_up()
    }

    /// Leaves no transaction open. The engine may have rolled back by itself; and if it cannot, then the
    /// next BEGIN fails and says so.
    fn roll_back(&mut self) {
        self.tables.forget();
        if !self.tables.connection.is_autocommit() {
            let _ = execute(&self.tables.connection, "ROLLBACK");
        }
    }
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute(())?;
    Ok(())
}
