//! The embedded engine: one SQLite file, one writer with group commit, readers beside it.
//!
//! ```text
//!  open, record, put_off ... ── encode, seal ──> queue ──> writer thread ── one COMMIT ──> all answers
//!  find, journal, dossier ... ──────────────────────────> a read connection, in place
//!  due_advices, tally, acts ... ────────────────────────> a pooled read connection, on a thread for long work
//! ```
//! The file is in WAL mode with `synchronous=FULL`: a commit returns once the log is on disk. A second
//! connection copies the log into the file, so that no commit waits for that.

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
use vouchsafe_core::message::Request;
use vouchsafe_core::transaction::State;
use vouchsafe_core::voucher::VoucherName;

use crate::record::{encode, encode_request};
use crate::seal::{Place, Sealer};
use crate::vault::Vault;
use crate::{
    Act, ActEnd, ActNumber, Attempt, Cause, Change, Concerned, Destroyed, Dossier, Entry, Figures, Forestalled, Intent,
    Key, OpenAdvice, Opened, Recorded, RecordedAct, Reference, Store, StoreError, Tally, Transaction,
    TransactionNumber,
};

mod acts;
mod book;
mod by_hand;
mod command;
mod fault;
mod journal;
mod keys;
mod log;
mod owed;
mod readers;
mod row;
mod schema;
mod total;
mod upgrade;
mod verify;
mod vouchers;
mod writer;

use book::open_vault;
use command::{
    Check, Destroy, EndAct, Forestall, IntendAct, Noted, OpenTransaction, Placed, PutOff, RecordEvent, Redrive,
    SetAside, Tables,
};
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
    vault: Arc<Vault>,
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
        let (connection, vault) = schema::open_for_writing(&path, sealer)?;
        let vault = Arc::new(vault);
        let log = Log::start(schema::open_for_copying(&path)?, limits)?;
        Ok(Self {
            readers: Arc::new(Readers::new(path, Arc::clone(&vault))),
            writer: Some(Writer::start(Tables::new(connection, Arc::clone(&vault)), Some(log))?),
            _lock: Some(lock),
            vault,
        })
    }

    /// Opens a store that exists for writing, beside a running switch or without one: for an operator's command,
    /// which is soon over. The log is the switch's to look after.
    ///
    /// # Errors
    /// As [`SqliteStore::open`], but a store in use may be had, and one of an older version is refused and not
    /// brought up to date.
    pub fn open_beside(path: &Path, sealer: Sealer) -> Result<Self, OpenError> {
        let (connection, vault) = schema::open_for_writing_beside(path, sealer)?;
        let vault = Arc::new(vault);
        Ok(Self {
            readers: Arc::new(Readers::new(path.to_owned(), Arc::clone(&vault))),
            writer: Some(Writer::start(Tables::new(connection, Arc::clone(&vault)), None)?),
            _lock: None,
            vault,
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
        let vault = Arc::new(open_vault(&connection, sealer)?);
        let readers = Readers::new(path.to_owned(), Arc::clone(&vault));
        readers.keep(connection);
        Ok(Self { readers: Arc::new(readers), writer: None, _lock: None, vault })
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
        let voucher = self.vault.hasher.presented(&request);
        let request = self.vault.seal(Place::Request(&key), |out| encode_request(&request, out));
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
        let Change { number, key, seen, at, event, state, due_at, outcome, advice, ends, advised, note, reroute, act } =
            change;
        let version = seen.saturating_add(1);
        let voucher = outcome.as_ref().map_or_else(Vec::new, |outcome| self.vault.hasher.issued(outcome));
        let outcome =
            outcome.map(|outcome| self.vault.seal(Place::Outcome(&key, version), |out| encode(&outcome, out)));
        let advised =
            advised.map(|advised| self.vault.seal(Place::Advised(&key, version), |out| encode(&advised, out)));
        let note = note.map(|note| self.vault.seal(Place::Note(&key, version), |out| encode(&note, out)));
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
            act,
        };
        let (_, recorded) = self.writer()?.complete(command).await?;
        Ok(recorded)
    }

    async fn find(&self, key: &Key) -> Result<Option<Transaction>, StoreError> {
        let key = key.clone();
        self.readers.read_soon(move |book| row::find(book, &key)).await
    }

    async fn is_forestalled(&self, key: &Key) -> Result<bool, StoreError> {
        let key = key.clone();
        self.readers.read_soon(move |book| row::is_forestalled(book.connection, &key)).await
    }

    async fn request(&self, number: TransactionNumber) -> Result<Request, StoreError> {
        self.readers.read_soon(move |book| journal::request(book, number)).await
    }

    async fn journal(&self, number: TransactionNumber) -> Result<Vec<Entry>, StoreError> {
        self.readers.read_soon(move |book| journal::journal(book, number)).await
    }

    async fn dossier(&self, number: TransactionNumber) -> Result<Dossier, StoreError> {
        self.readers.read_soon(move |book| journal::dossier(book, number)).await
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
        act: Option<Act>,
    ) -> Result<usize, StoreError> {
        let (_, count) = self.writer()?.complete(Redrive { number, at, most, act }).await?;
        Ok(count)
    }

    async fn due_advices(
        &self,
        provider: &ProviderId,
        by: Timestamp,
        most: usize,
    ) -> Result<Vec<OpenAdvice>, StoreError> {
        let provider = provider.clone();
        self.readers.read(move |book| owed::due_advices(book, &provider, by, most)).await
    }

    async fn unanswered(&self, by: Timestamp, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.readers.read(move |book| owed::unanswered(book, by, most)).await
    }

    async fn unconfirmed(&self, by: Timestamp, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.readers.read(move |book| owed::unconfirmed(book, by, most)).await
    }

    async fn unfinalised(&self, after: TransactionNumber, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.readers.read(move |book| owed::unfinalised(book, after, most)).await
    }

    async fn orphans(&self, after: TransactionNumber, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.readers.read(move |book| owed::orphans(book, after, most)).await
    }

    async fn look_up(&self, reference: Reference) -> Result<Vec<Transaction>, StoreError> {
        self.readers.read(move |book| row::look_up(book, reference)).await
    }

    async fn concerning(&self, voucher: VoucherName) -> Result<Vec<Concerned>, StoreError> {
        let name = self.vault.hasher.hash(&voucher);
        self.readers.read(move |book| vouchers::concerning(book, name)).await
    }

    async fn set_aside(&self, channel: ChannelId, under: ChannelId, act: Act) -> Result<usize, StoreError> {
        let (_, count) = self.writer()?.complete(SetAside { channel, under, act }).await?;
        Ok(count)
    }

    async fn destroy(&self, now: Timestamp, kept_for: Duration, most: usize) -> Result<Destroyed, StoreError> {
        let (_, destroyed) = self.writer()?.complete(Destroy { now, kept_for, most }).await?;
        Ok(destroyed)
    }

    async fn intend(&self, act: Act) -> Result<ActNumber, StoreError> {
        let (_, number) = self.writer()?.complete(IntendAct(act)).await?;
        Ok(number)
    }

    async fn end_act(&self, number: ActNumber, end: ActEnd, at: Timestamp) -> Result<(), StoreError> {
        self.writer()?.complete(EndAct { number, end, at }).await?;
        Ok(())
    }

    async fn acts(&self, of: Option<TransactionNumber>, most: usize) -> Result<Vec<RecordedAct>, StoreError> {
        self.readers.read(move |book| acts::acts(book, of, most)).await
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
