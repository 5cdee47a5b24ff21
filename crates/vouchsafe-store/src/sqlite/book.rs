//! A connection, and the keys to what is read over it.

use rusqlite::{Connection, OptionalExtension, Row};

use super::{Fault, OpenError};
use crate::chain::Chain;
use crate::keyed_hash::KEY;
use crate::record::{Damaged, Record, decode};
use crate::seal::{Place, Sealer};
use crate::vault::{Opened, Unopened, Vault};
use crate::voucher_hash::VoucherHasher;

/// The file as one connection sees it, and what opens it.
#[derive(Clone, Copy)]
pub(super) struct Book<'a> {
    pub(super) connection: &'a Connection,
    pub(super) vault: &'a Vault,
}

impl Book<'_> {
    /// Opens what was sealed for a place.
    pub(super) fn open(self, place: Place<'_>, sealed: &[u8]) -> Result<Opened, Fault> {
        self.with_its_key(|| self.vault.open(place, sealed))
    }

    /// The same record sealed with the newest key, where it is not yet.
    pub(super) fn renew(self, place: Place<'_>, sealed: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.with_its_key(|| self.vault.renew(place, sealed))
    }

    /// What a column holds sealed, if anything.
    pub(super) fn open_column(self, row: &Row<'_>, column: usize, place: Place<'_>) -> Result<Option<Opened>, Fault> {
        let sealed = row.get_ref(column)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
        sealed.map(|sealed| self.open(place, sealed)).transpose()
    }

    /// Another process may have begun a new key meanwhile; what was sealed with it came into the file together with it.
    fn with_its_key<T>(self, open: impl Fn() -> Result<T, Unopened>) -> Result<T, Fault> {
        let other = match open() {
            Err(Unopened::OtherKey) => {
                self.load_keys()?;
                open()
            }
            opened => opened,
        };
        other.map_err(|unopened| match unopened {
            Unopened::OtherKey => Damaged("it was sealed with a key that the store does not have").into(),
            Unopened::Damaged(damaged) => damaged.into(),
        })
    }

    /// Takes every key of the store into the vault.
    pub(super) fn load_keys(self) -> Result<(), Fault> {
        for (number, sealed) in sealed_keys(self.connection)? {
            self.vault.take_in(number, &open_key(&self.vault.sealer, Place::SealingKey(number), &sealed)?);
        }
        Ok(())
    }
}

/// The store's own keys and their numbers, as they are kept. Number 0 stands for the key from the configuration.
pub(super) fn sealed_keys(connection: &Connection) -> Result<Vec<(u16, Vec<u8>)>, Fault> {
    let mut statement = connection.prepare_cached("SELECT number, key FROM sealing_keys WHERE number > 0")?;
    Ok(statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
}

/// The record of a text, unless it was destroyed.
pub(super) fn record<R: Record>(opened: Option<&Opened>) -> Result<Option<R>, Damaged> {
    opened.and_then(|opened| opened.text.as_deref()).map(decode).transpose()
}

/// Opens all that the store keeps of keys.
pub(super) fn open_vault(connection: &Connection, sealer: Sealer) -> Result<Vault, OpenError> {
    let (voucher_key, chain_key): (Vec<u8>, Vec<u8>) =
        connection.query_row("SELECT voucher_key, chain_key FROM store", (), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let voucher_key: [u8; KEY] = key_of_store(&sealer, Place::VoucherKey, &voucher_key)?;
    let chain_key: [u8; KEY] = key_of_store(&sealer, Place::ChainKey, &chain_key)?;
    let sql = "SELECT number, key FROM sealing_keys ORDER BY number DESC LIMIT 1";
    let newest: Option<(u16, Vec<u8>)> =
        connection.query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (number, sealed) = newest.ok_or(OpenError::NotAStore)?;
    let key = key_of_store(&sealer, Place::SealingKey(number), &sealed)?;
    Ok(Vault::new(sealer, Chain::new(&chain_key), VoucherHasher::new(&voucher_key), number, &key))
}

fn key_of_store<const COUNT: usize>(
    sealer: &Sealer,
    place: Place<'_>,
    sealed: &[u8],
) -> Result<[u8; COUNT], OpenError> {
    open_key(sealer, place, sealed).map_err(|_| OpenError::OtherKey)
}

fn open_key<const COUNT: usize>(sealer: &Sealer, place: Place<'_>, sealed: &[u8]) -> Result<[u8; COUNT], Damaged> {
    sealer.open(place, sealed)?.try_into().map_err(|_| Damaged("a key has another length"))
}
