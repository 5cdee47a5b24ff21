//! The file: who may have it, what it is, and how its connections are set.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};
use vouchsafe_core::advice::{Advice, AdviceEnd, Hindrance};
use vouchsafe_core::transaction::{Event, Kind, State};

use super::book::{Book, open_vault};
use super::{OpenError, upgrade};
use crate::Cause;
use crate::keyed_hash::KEY;
use crate::record::word::Word;
use crate::seal::{Place, Sealer};
use crate::vault::Vault;

/// "vchs" in the file's header, so that tools and we can tell a store from any other SQLite file.
const APPLICATION_ID: i64 = 0x7663_6873;
/// Each brings the schema to the version of its place, counted from 1.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_transactions.sql"),
    include_str!("../../migrations/sqlite/0002_advices.sql"),
    include_str!("../../migrations/sqlite/0003_vouchers.sql"),
    include_str!("../../migrations/sqlite/0004_integrity.sql"),
    include_str!("../../migrations/sqlite/0005_acts.sql"),
    include_str!("../../migrations/sqlite/0006_retention.sql"),
];
const NEWEST: i64 = MIGRATIONS.len() as i64;
/// The first version that finds vouchers by their names.
const WITH_VOUCHERS: i64 = 3;
/// The first version that chains journals and seals with keys of the store's own.
const WITH_CHAINS: i64 = 4;
/// How long a connection waits for another process that looks into the file.
const BUSY: Duration = Duration::from_secs(5);
/// How long an operator's command waits for its turn beside a switch that has much to write.
const BUSY_BESIDE: Duration = Duration::from_secs(30);

/// What the file turned out to be.
pub(super) enum Identity {
    /// Nothing is in it yet.
    New,
    /// A store with a schema of this version, not newer than ours.
    Store(i64),
}

impl Identity {
    /// Whoever comes beside a switch does not bring the schema up to date.
    pub(super) fn up_to_date(self) -> Result<(), OpenError> {
        match self {
            Self::Store(NEWEST) => Ok(()),
            Self::Store(found) => Err(OpenError::Older { found, known: NEWEST }),
            Self::New => Err(OpenError::NotAStore),
        }
    }
}

/// Makes the file where there is none, readable by its owner only, and returns its true path, so that
/// whoever comes by a link meets the same lock.
pub(super) fn prepare_file(path: &Path) -> io::Result<PathBuf> {
    create_private(path)?;
    path.canonicalize()
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Takes the store for this process. The lock is the file's own: it ends with the process, however that ends. It goes
/// by the file's name, and so does the log: a file with two names could be opened twice and torn in two.
pub(super) fn lock(path: &Path) -> Result<File, OpenError> {
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(&path.metadata()?) > 1 {
        return Err(OpenError::File("it has a second name (a hard link); remove that first".to_owned()));
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let file = create_private(Path::new(&beside))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// The writer's connection, with the schema up to date, and the keys to it.
pub(super) fn open_for_writing(path: &Path, sealer: Sealer) -> Result<(Connection, Vault), OpenError> {
    let mut connection = Connection::open_with_flags(path, writing())?;
    connection.busy_timeout(BUSY)?;
    // Before all else: it holds only for a file that is still empty.
    connection.pragma_update(None, "page_size", 8192)?;
    let identity = check_identity(&connection)?;
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenError::Engine(format!("the file system does not allow a write-ahead log (mode {mode})")));
    }
    set_for_writing(&connection)?;
    // In KiB: enough for the inner pages of the indexes of some millions of transactions.
    connection.pragma_update(None, "cache_size", -32_768)?;
    if let Identity::Store(_) = identity {
        check_key(&connection, &sealer)?;
    }
    let vault = migrate(&mut connection, &identity, sealer)?;
    Ok((connection, vault))
}

/// A writer's connection to a store that exists and that a switch may have open.
pub(super) fn open_for_writing_beside(path: &Path, sealer: Sealer) -> Result<(Connection, Vault), OpenError> {
    let connection = Connection::open_with_flags(path, writing())?;
    connection.busy_timeout(BUSY_BESIDE)?;
    check_identity(&connection)?.up_to_date()?;
    check_key(&connection, &sealer)?;
    set_for_writing(&connection)?;
    let vault = open_vault(&connection, sealer)?;
    Ok((connection, vault))
}

/// Every commit is on disk when it returns, and copies nothing of the log into the file.
fn set_for_writing(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // What is replaced or destroyed is overwritten, and not only let go of.
    connection.pragma_update(None, "secure_delete", true)?;
    plan_once(connection)
}

/// A statement is planned once, and its plan does not depend on what is bound to it. Otherwise the engine would plan anew
/// each time another state is bound where an index is for one state only, which is at nearly every step.
fn plan_once(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// The connection that copies the log into the file.
pub(super) fn open_for_copying(path: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open_with_flags(path, writing())?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}

/// A reader's connection.
pub(super) fn open_for_reading(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    plan_once(&connection)?;
    Ok(connection)
}

fn writing() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// What the file is, before anything in it is touched.
pub(super) fn check_identity(connection: &Connection) -> Result<Identity, OpenError> {
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if application == APPLICATION_ID {
        return if found <= NEWEST {
            Ok(Identity::Store(found))
        } else {
            Err(OpenError::Newer { found, known: NEWEST })
        };
    }
    let empty: bool = connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", (), |row| row.get(0))?;
    if application == 0 && found == 0 && empty { Ok(Identity::New) } else { Err(OpenError::NotAStore) }
}

/// Whether the store was sealed with this key: better told at once than after a day's vouchers were sealed
/// with another.
pub(super) fn check_key(connection: &Connection, sealer: &Sealer) -> Result<(), OpenError> {
    let seal: Option<Vec<u8>> = connection.query_row("SELECT seal FROM store", (), |row| row.get(0)).optional()?;
    let seal = seal.ok_or(OpenError::NotAStore)?;
    sealer.open(Place::Store, &seal).map(|_| ()).map_err(|_| OpenError::OtherKey)
}

/// Brings schema and words up to date, all or nothing.
fn migrate(connection: &mut Connection, identity: &Identity, sealer: Sealer) -> Result<Vault, OpenError> {
    // At once for writing: a command beside us may write, and what was read before that could not be written on.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = match identity {
        Identity::New => 0,
        Identity::Store(version) => *version,
    };
    for (migration, version) in MIGRATIONS.iter().zip(1..).filter(|(_, version)| *version > from) {
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    if let Identity::New = identity {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        let seal = sealer.seal(Place::Store, |_| ());
        transaction.execute("INSERT INTO store (only_row, seal, checks) VALUES (1, ?1, 0)", [seal])?;
    }
    if from < WITH_VOUCHERS {
        let key: [u8; KEY] = sealer.draw();
        let sealed = sealer.seal(Place::VoucherKey, |out| out.extend_from_slice(&key));
        transaction.execute("UPDATE store SET voucher_key = ?1", [sealed])?;
    }
    if from < WITH_CHAINS {
        begin_chains(&transaction, &sealer)?;
    }
    if (1..WITH_CHAINS).contains(&from) {
        // What an earlier version wrote is sealed with the key from the configuration itself.
        transaction.execute("INSERT INTO sealing_keys (number, key) VALUES (0, x'')", ())?;
    }
    let vault = open_vault(&transaction, sealer)?;
    if from < WITH_CHAINS {
        let filled = upgrade::fill(Book { connection: &transaction, vault: &vault }, from < WITH_VOUCHERS);
        filled.map_err(|fault| OpenError::Engine(Cause::from(fault).to_string()))?;
    }
    write_words(&transaction)?;
    transaction.commit()?;
    Ok(vault)
}

/// How a file's schema differs from the one that this version makes, a sentence each.
pub(super) fn alterations(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let made = Connection::open_in_memory()?;
    MIGRATIONS.iter().try_for_each(|migration| made.execute_batch(migration))?;
    let (ours, mut found) = (objects(&made)?, objects(connection)?);
    let mut told = Vec::new();
    for (object, definition) in ours {
        match found.remove(&object) {
            Some(found) if found == definition => {}
            Some(_) => told.push(format!("{object} has another definition")),
            None => told.push(format!("{object} is missing")),
        }
    }
    told.extend(found.into_keys().map(|object| format!("{object} is none of the store's")));
    Ok(told)
}

/// Everything that a schema is made of, with its definition. What the engine makes for itself is not ours to judge: indexes
/// without a definition, and what it counts.
fn objects(connection: &Connection) -> rusqlite::Result<BTreeMap<String, String>> {
    let sql = "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL
               AND NOT (type = 'table' AND (name GLOB 'sqlite_stat[0-9]' OR name = 'sqlite_sequence'))";
    let mut statement = connection.prepare(sql)?;
    statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Gives the store the key that journals are chained with, and the first that records are sealed with.
fn begin_chains(connection: &Connection, sealer: &Sealer) -> Result<(), OpenError> {
    let key: [u8; KEY] = sealer.draw();
    let sealed = sealer.seal(Place::ChainKey, |out| out.extend_from_slice(&key));
    connection.execute("UPDATE store SET chain_key = ?1", [sealed])?;
    let key: [u8; 32] = sealer.draw();
    let sealed = sealer.seal(Place::SealingKey(1), |out| out.extend_from_slice(&key));
    connection.execute("INSERT INTO sealing_keys (number, key) VALUES (1, ?1)", [sealed])?;
    Ok(())
}

/// Writes down what the places of words mean.
fn write_words(connection: &Connection) -> Result<(), OpenError> {
    let lists = [
        ("kind", words(Kind::name)),
        ("state", words(State::name)),
        ("event", words(Event::name)),
        ("advice", words(spelled)),
        ("advice state", advice_states()),
        ("hindrance", words(Hindrance::name)),
    ];
    let sql = "INSERT INTO words (list, place, word) VALUES (?1, ?2, ?3)
               ON CONFLICT DO UPDATE SET word = excluded.word WHERE word <> excluded.word";
    for (list, words) in lists {
        for (word, place) in words.iter().zip(0_i64..) {
            connection.prepare_cached(sql)?.execute((list, place, word))?;
        }
    }
    Ok(())
}

fn words<W: Word, S: Into<String>>(spell: impl Fn(W) -> S) -> Vec<String> {
    W::WORDS.iter().map(|word| spell(*word).into()).collect()
}

/// The words of an advice's state: open, and then its ends.
fn advice_states() -> Vec<String> {
    std::iter::once("open".to_owned()).chain(words(AdviceEnd::name)).collect()
}

fn spelled(advice: Advice) -> String {
    match advice {
        Advice::Confirmation => "confirmation".to_owned(),
        Advice::Reversal(reason) => format!("reversal {reason}"),
    }
}
