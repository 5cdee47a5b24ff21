//! What only an operator's commands ask of a store in a file.

use jiff::Timestamp;
use rusqlite::Connection;

use super::book::Book;
use super::command::RedriveEach;
use super::{Fault, SqliteStore, row};
use crate::{StoreError, TransactionNumber};

/// Over the index of what is open: those that have ended are as many as were ever sent.
pub(super) const WAITING: &str =
    "SELECT position >> 20 FROM advices INDEXED BY advices_open WHERE state = 0 AND due_at > ?1";

pub(super) const ORPHANS: &str =
    "SELECT number FROM transactions INDEXED BY transactions_orphaned WHERE state = 8 ORDER BY number";
pub(super) const UNFINALISED: &str = "SELECT number FROM transactions INDEXED BY transactions_unfinalised
     WHERE state = 2 AND due_at IS NULL ORDER BY number";

impl SqliteStore {
    /// What is wrong with each orphan that was altered: [`Store::orphans`](crate::Store::orphans) passes them over.
    ///
    /// # Errors
    /// As every reading verb.
    pub async fn altered_orphans(&self) -> Result<Vec<String>, StoreError> {
        self.readers.read(|book| altered(book, ORPHANS)).await
    }

    /// The same of those that [`Store::unfinalised`](crate::Store::unfinalised) passes over.
    ///
    /// # Errors
    /// As every reading verb.
    pub async fn altered_unfinalised(&self) -> Result<Vec<String>, StoreError> {
        self.readers.read(|book| altered(book, UNFINALISED)).await
    }

    /// The transactions whose advice is open and due later than that, as of this moment: what [`SqliteStore::redrive_each`]
    /// is to be asked for.
    ///
    /// # Errors
    /// As every reading verb.
    pub async fn waiting(&self, after: Timestamp) -> Result<Vec<TransactionNumber>, StoreError> {
        self.readers.read(move |book| waiting(book.connection, after)).await
    }

    /// Commits that the open advices of these transactions, where they are due later, are due at `at`. Returns how many
    /// were moved; attempts do not change.
    ///
    /// # Errors
    /// As every writing verb.
    pub async fn redrive_each(&self, numbers: Vec<TransactionNumber>, at: Timestamp) -> Result<usize, StoreError> {
        let (_, count) = self.writer()?.complete(RedriveEach { numbers, at }).await?;
        Ok(count)
    }
}

fn waiting(connection: &Connection, after: Timestamp) -> Result<Vec<TransactionNumber>, Fault> {
    let mut statement = connection.prepare_cached(WAITING)?;
    let mut rows = statement.query([after.as_millisecond()])?;
    let mut numbers = Vec::new();
    while let Some(row) = rows.next()? {
        numbers.push(TransactionNumber(row.get::<_, i64>(0)?.cast_unsigned()));
    }
    // In the order of their numbers, so that each commit touches few pages.
    numbers.sort_unstable();
    Ok(numbers)
}

fn altered(book: Book<'_>, sql: &str) -> Result<Vec<String>, Fault> {
    let mut statement = book.connection.prepare_cached(sql)?;
    let mut rows = statement.query(())?;
    let mut altered = Vec::new();
    while let Some(row) = rows.next()? {
        let number = TransactionNumber(row.get::<_, i64>(0)?.cast_unsigned());
        match row::linked(book, number) {
            Err(fault) if fault.is_damage() => altered.push(fault.of(number)),
            linked => drop(linked?),
        }
    }
    Ok(altered)
}
