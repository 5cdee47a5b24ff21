//! The embedded engine: one SQLite file, one writer with group commit, readers beside it.
//!
//! ```text
//!  open, record, put_off ... ── encode, seal ──> queue ──> writer thread ── one COMMIT ──> all answers
//!  find, journal, due_advices ... ──────────────────────> a pooled read connection
//! ```
//! The file is in WAL mode with `synchronous=FULL`: a commit returns once the log is on disk. A second
//! connection copies the log into the file, so that no commit waits for that.

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
use vouchsafe_core::message::Request;
use vouchsafe_core::transaction::State;
use vouchsafe_core::voucher::VoucherName;

use crate::record::{encode, encode_request};
use crate::seal::{Place, Sealer};
use crate::voucher_hash::VoucherHasher;
use crate::{
    Attempt, Cause, Change, Concerned, Entry, Figures, Forestalled, Intent, Key, OpenAdvice, Opened, Recorded,
    Reference, Store, StoreError, Tally, Transaction, TransactionNumber,
};

mod command;
mod fault;
mod log;
mod owed;
mod readers;
mod row;
mod schema;
mod vouchers;
mod writer;

use command::{Check, Forestall, Noted, OpenTransaction, Placed, PutOff, RecordEvent, Redrive, SetAside};
use fault::Fault;
pub use fault::OpenError;
use log::{Limits, Log};
use readers::Readers;
use writer::Writer;

/// The embedded store: a [`Store`] in one SQLite file.
///
/// Dropping it ends it in good order: what was accepted is committed and the log is copied into the file.
/// That takes a moment, so a service should do it at the end of its life and not within a request.
pub struct SqliteStore {
    // Dropped in this order: the writer is the last to close the file and clears the log away, and only
    // then may another switch have it.
    readers: Arc<Readers>,
    writer: Option<Writer>,
    _lock: Option<File>,
    sealer: Arc<Sealer>,
    hasher: VoucherHasher,
}

impl SqliteStore {
    /// Opens the store in a file, and makes it where there is none. Beside it stand `<path>-wal` and
    /// `<path>-shm`, which belong to it, and `<path>.lock`, which keeps a second switch away.
    ///
    /// # Errors
    /// [`OpenError`], with nothing altered: the file is in use, is no store, is newer than this version,
    /// was sealed with another key, or cannot be reached.
    pub fn open(path: &Path, sealer: Sealer) -> Result<Self, OpenError> {
        Self::open_with(path, sealer, Limits::default())
    }

    fn open_with(path: &Path, sealer: Sealer, limits: Limits) -> Result<Self, OpenError> {
        let path = schema::prepare_file(path)?;
        let lock = schema::lock(&path)?;
        let connection = schema::open_for_writing(&path, &sealer)?;
        let hasher = schema::voucher_hasher(&connection, &sealer)?;
        let log = Log::start(schema::open_for_copying(&path)?, limits)?;
        Ok(Self {
            readers: Arc::new(Readers::new(path)),
            writer: Some(Writer::start(connection, Some(log))?),
            _lock: Some(lock),
            sealer: Arc::new(sealer),
            hasher,
        })
    }

    /// Opens a store that exists for writing, beside a running switch or without one: for an operator's command,
    /// which is soon over. The log is the switch's to look after.
    ///
    /// # Errors
    /// As [`SqliteStore::open`], but a store in use may be had, and one of an older version is refused and not
    /// brought up to date.
    pub fn open_beside(path: &Path, sealer: Sealer) -> Result<Self, OpenError> {
        let connection = schema::open_for_writing_beside(path, &sealer)?;
        let hasher = schema::voucher_hasher(&connection, &sealer)?;
        Ok(Self {
            readers: Arc::new(Readers::new(path.to_owned())),
            writer: Some(Writer::start(connection, None)?),
            _lock: None,
            sealer: Arc::new(sealer),
            hasher,
        })
    }

    /// Opens a store for reading only, beside a running switch or without one. Its writing verbs return
    /// [`Cause::Closed`].
    ///
    /// # Errors
    /// As [`SqliteStore::open`], but a store in use may be read.
    pub fn open_read_only(path: &Path, sealer: Sealer) -> Result<Self, OpenError> {
        let connection = schema::open_for_reading(path)?;
        schema::check_identity(&connection)?.up_to_date()?;
        schema::check_key(&connection, &sealer)?;
        let hasher = schema::voucher_hasher(&connection, &sealer)?;
        let readers = Readers::new(path.to_owned());
        readers.keep(connection);
        Ok(Self { readers: Arc::new(readers), writer: None, _lock: None, sealer: Arc::new(sealer), hasher })
    }

    /// Commits what was accepted, copies the log into the file and closes it. The same as dropping it.
    pub fn close(self) {
        drop(self);
    }

    fn writer(&self) -> Result<&Writer, StoreError> {
        self.writer.as_ref().ok_or(StoreError::Determinate(Cause::Closed))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn open(&self, intent: Intent) -> Result<Opened, StoreError> {
        let Intent { key, request, provider, asked, terms, at, due_at } = intent;
        let voucher = self.hasher.presented(&request);
        let request = self.sealer.seal(Place::Request(&key), |out| encode_request(&request, out));
        let (at, due_at) = (to_millisecond(at), to_millisecond(due_at));
        let command = OpenTransaction { key, provider, asked, terms, at, due_at, request, voucher };
        let (command, placed) = self.writer()?.begin(command).await?;
        Ok(match placed {
            Placed::Known(transaction) => Opened::Known(*transaction),
            Placed::Forestalled => Opened::Forestalled,
            Placed::New { number, upstream_id } => Opened::New(Transaction {
                number,
                key: command.key,
                version: 0,
                state: State::Pending,
                provider: command.provider,
                upstream_id,
                asked,
                terms,
                opened_at: at,
                due_at: Some(due_at),
            }),
        })
    }

    async fn forestall(&self, key: Key, reversal: MessageId, at: Timestamp) -> Result<Forestalled, StoreError> {
        let (_, noted) = self.writer()?.begin(Forestall { key, reversal, at }).await?;
        Ok(match noted {
            Noted::Noted => Forestalled::Noted,
            Noted::Known(transaction) => Forestalled::Known(*transaction),
        })
    }

    async fn record(&self, change: Change) -> Result<Recorded, StoreError> {
        let Change { number, key, seen, at, event, state, due_at, outcome, advice, ends, advised, note, reroute } =
            change;
        let version = seen.saturating_add(1);
        let voucher = outcome.as_ref().map_or_else(Vec::new, |outcome| self.hasher.issued(outcome));
        let outcome =
            outcome.map(|outcome| self.sealer.seal(Place::Outcome(&key, version), |out| encode(&outcome, out)));
        let advised =
            advised.map(|advised| self.sealer.seal(Place::Advised(&key, version), |out| encode(&advised, out)));
        let note = note.map(|note| self.sealer.seal(Place::Note(&key, version), |out| encode(&note, out)));
        let command = RecordEvent {
            number,
            key,
            seen,
            at,
            event,
            state,
            due_at,
            outcome,
            advice,
            ends,
            advised,
            note,
            voucher,
            reroute,
        };
        let (_, recorded) = self.writer()?.complete(command).await?;
        Ok(recorded)
    }

    async fn find(&self, key: &Key) -> Result<Option<Transaction>, StoreError> {
        let key = key.clone();
        self.readers.read(move |connection| row::find(connection, &key)).await
    }

    async fn request(&self, number: TransactionNumber) -> Result<Request, StoreError> {
        let sealer = Arc::clone(&self.sealer);
        self.readers.read(move |connection| row::request(connection, number, &sealer)).await
    }

    async fn journal(&self, number: TransactionNumber) -> Result<Vec<Entry>, StoreError> {
        let sealer = Arc::clone(&self.sealer);
        self.readers.read(move |connection| row::journal(connection, number, &sealer)).await
    }

    async fn put_off(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.writer()?.complete(PutOff(attempt)).await?;
        Ok(())
    }

    async fn redrive(
        &self,
        number: Option<TransactionNumber>,
        at: Timestamp,
        most: usize,
    ) -> Result<usize, StoreError> {
        let (_, count) = self.writer()?.complete(Redrive { number, at, most }).await?;
        Ok(count)
    }

    async fn due_advices(
        &self,
        provider: &ProviderId,
        by: Timestamp,
        most: usize,
    ) -> Result<Vec<OpenAdvice>, StoreError> {
        let provider = provider.clone();
        self.readers.read(move |connection| owed::due_advices(connection, &provider, by, most)).await
    }

    async fn unanswered(&self, by: Timestamp, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.readers.read(move |connection| owed::unanswered(connection, by, most)).await
    }

    async fn unconfirmed(&self, by: Timestamp, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.readers.read(move |connection| owed::unconfirmed(connection, by, most)).await
    }

    async fn unfinalised(&self, after: TransactionNumber, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.readers.read(move |connection| owed::unfinalised(connection, after, most)).await
    }

    async fn orphans(&self, after: TransactionNumber, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.readers.read(move |connection| owed::orphans(connection, after, most)).await
    }

    async fn look_up(&self, reference: Reference) -> Result<Vec<Transaction>, StoreError> {
        self.readers.read(move |connection| row::look_up(connection, reference)).await
    }

    async fn concerning(&self, voucher: VoucherName) -> Result<Vec<Concerned>, StoreError> {
        let name = self.hasher.hash(&voucher);
        self.readers.read(move |connection| vouchers::concerning(connection, name)).await
    }

    async fn set_aside(&self, channel: ChannelId, under: ChannelId) -> Result<usize, StoreError> {
        let sealer = Arc::clone(&self.sealer);
        let (_, count) = self.writer()?.complete(SetAside { channel, under, sealer }).await?;
        Ok(count)
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        self.readers.read(owed::tally).await
    }

    fn figures(&self) -> Figures {
        self.writer.as_ref().map(Writer::figures).unwrap_or_default()
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.writer()?.begin(Check).await?;
        Ok(())
    }
}

/// Times are kept to the millisecond, and told so from the first answer on.
fn to_millisecond(time: Timestamp) -> Timestamp {
    // Towards zero, so that it stays within the range it came from.
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

#[cfg(test)]
mod tests;
