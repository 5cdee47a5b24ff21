//! The sum over all links: what is missing from a store is missing from it.

use rusqlite::Connection;

use super::Fault;
use super::book::Book;
use crate::record::Damaged;
use crate::seal::{Place, Sealer};

/// The sum as it stands.
pub(super) fn read(book: Book<'_>) -> Result<u128, Fault> {
    const GONE: Damaged = Damaged("the sum over all journals is gone, or not of this store");
    let mut statement = book.connection.prepare_cached("SELECT sum FROM total")?;
    let mut rows = statement.query(())?;
    let row = rows.next()?.ok_or(GONE)?;
    let sealed = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
    let sum = book.vault.sealer.open(Place::Total, sealed).map_err(|_| GONE)?;
    Ok(u128::from_be_bytes(sum.try_into().map_err(|_| GONE)?))
}

/// Adds to the sum.
pub(super) fn add(book: Book<'_>, gained: u128) -> Result<(), Fault> {
    put(book.connection, &book.vault.sealer, read(book)?.wrapping_add(gained))
}

/// Writes the sum down.
pub(super) fn put(connection: &Connection, sealer: &Sealer, sum: u128) -> Result<(), Fault> {
    let sealed = sealer.seal(Place::Total, |out| out.extend_from_slice(&sum.to_be_bytes()));
    let sql = "INSERT INTO total (only_row, sum) VALUES (1, ?1) ON CONFLICT DO UPDATE SET sum = excluded.sum";
    connection.prepare_cached(sql)?.execute([sealed])?;
    Ok(())
}
