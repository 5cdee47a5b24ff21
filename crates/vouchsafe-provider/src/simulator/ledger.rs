//! The simulated provider's books: one line of JSON for every request and advice, on disk before the answer.
//!
//! An auditor compares these lines with the switch's journal. They are only ever added to; a last line
//! that a crash left unfinished was never answered for and is taken away.

mod entry;
mod fate;
mod voucher;

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::transaction::Kind;

pub use self::entry::{Entry, Event, Finaliser, Heard};
pub use self::fate::{Fate, Standing, fates};
pub(super) use self::voucher::Voucher;
use self::voucher::Vouchers;
pub use self::voucher::{NotAMark, VoucherMark};

/// Why a ledger cannot be used.
#[derive(Debug)]
pub enum LedgerFault {
    /// The file cannot be opened, read or written.
    File(io::Error),
    /// Another simulated provider writes to it.
    InUse,
    /// A line is not an entry; the first line is 1.
    Unreadable {
        /// Which line.
        line: usize,
    },
}

impl fmt::Display for LedgerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(fault) => write!(f, "the ledger cannot be used: {fault}"),
            Self::InUse => f.write_str("the ledger is in use by another simulated provider"),
            Self::Unreadable { line } => write!(f, "line {line} of the ledger is not an entry"),
        }
    }
}

impl std::error::Error for LedgerFault {}

impl From<io::Error> for LedgerFault {
    fn from(fault: io::Error) -> Self {
        Self::File(fault)
    }
}

/// Every entry of a ledger's file, oldest first; a line that is still being written is left out.
///
/// # Errors
/// [`LedgerFault`] where the file is not a ledger or cannot be read.
pub fn entries(path: &Path) -> Result<Vec<Entry>, LedgerFault> {
    let mut entries = Vec::new();
    scan(&File::open(path)?, |entry| entries.push(entry))?;
    Ok(entries)
}

/// The books of one simulated provider, open for writing.
#[derive(Debug)]
pub struct Ledger {
    books: Mutex<Books>,
    file: Option<Writer>,
}

/// What names a request at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) client: Box<str>,
    pub(super) kind: Kind,
    pub(super) id: MessageId,
}

/// What somebody names a voucher by.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Its code.
    pub(super) mark: Option<VoucherMark>,
    /// Its serial number.
    pub(super) serial_number: Option<Box<str>>,
    /// A request that issued it, took it or gave it back.
    pub(super) request: Option<Key>,
}

/// What all lines together say.
#[derive(Debug, Default)]
pub(super) struct Books {
    fates: HashMap<Key, Fate>,
    vouchers: Vouchers,
}

impl Books {
    /// The voucher that has all these names. Names that contradict each other, or none, name no voucher.
    pub(super) fn voucher(&self, names: &Names) -> Option<&Voucher> {
        let by_request = names.request.as_ref().map(|request| self.fates.get(request).and_then(|fate| fate.voucher));
        let mark = names.mark.or(by_request.flatten());
        let voucher = match (mark, names.serial_number.as_deref()) {
            (Some(mark), _) => self.vouchers.marked(mark),
            (None, serial_number) => self.vouchers.numbered(serial_number?),
        };
        voucher
            .filter(|voucher| names.serial_number.as_ref().is_none_or(|number| *number == voucher.serial_number))
            .filter(|voucher| by_request.is_none_or(|mark| mark == Some(voucher.mark)))
    }

    /// The voucher that a request issued, took or gave back.
    pub(super) fn voucher_of(&self, fate: &Fate) -> Option<&Voucher> {
        self.vouchers.marked(fate.voucher?)
    }

    fn fate(&self, request: &Key) -> Fate {
        self.fates.get(request).copied().unwrap_or_default()
    }

    fn learn(&mut self, request: Key, entry: &Entry) {
        let about = match self.fates.get_mut(&request) {
            Some(fate) => {
                fate.learn(entry);
                fate.voucher
            }
            None => {
                let mut fate = Fate::default();
                fate.learn(entry);
                self.fates.insert(request.clone(), fate);
                fate.voucher
            }
        };
        self.vouchers.learn(&request, entry, about);
    }
}

impl Ledger {
    /// Books that last as long as this value.
    #[must_use]
    pub fn in_memory() -> Self {
        Self { books: Mutex::default(), file: None }
    }

    /// Books in a file, made where there is none. The file is this value's alone until it is dropped.
    ///
    /// # Errors
    /// [`LedgerFault`] where the file is in use, is not a ledger or cannot be written.
    pub fn open(path: &Path) -> Result<Self, LedgerFault> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        file.try_lock().map_err(|refused| match refused {
            TryLockError::WouldBlock => LedgerFault::InUse,
            TryLockError::Error(fault) => LedgerFault::File(fault),
        })?;
        let mut books = Books::default();
        let whole_lines = scan(&file, |entry| {
            if let Ok(id) = MessageId::parse(&entry.id) {
                books.learn(Key { client: entry.client.as_str().into(), kind: entry.kind, id }, &entry);
            }
        })?;
        file.set_len(whole_lines)?;
        file.seek(SeekFrom::End(0))?;
        file.sync_all()?;
        // A new file outlives a power cut only once the directory knows of it.
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent)?.sync_all()?;
        }
        Ok(Self { books: Mutex::new(books), file: Some(Writer::start(file)?) })
    }

    /// What the books say now.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Books) -> T) -> T {
        read(&self.books.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes down what `decide` makes of the fate so far of a request, and hands on what it decided.
    ///
    /// Nobody else decides anything meanwhile: a yes is given once, and either reversed or confirmed. The line
    /// is on its way when this returns and on disk when the future does.
    pub(super) fn record<T, D: FnOnce(&Books, &Fate) -> (T, Entry)>(
        &self,
        request: Key,
        decide: D,
    ) -> (T, impl Future<Output = Result<(), Unwritable>> + use<T, D>) {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let (decided, entry) = decide(&books, &books.fate(&request));
        books.learn(request, &entry);
        // Within the lock, so that the lines stand in the order of the decisions.
        let written = self.file.as_ref().map(|file| file.append(&entry));
        let written = async move {
            match written {
                Some(written) => written?.await.map_err(|_| Unwritable),
                None => Ok(()),
            }
        };
        (decided, written)
    }
}

/// The ledger's file takes no more lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unwritable;

/// Reads whole lines until the end of the file and returns how many bytes they take.
fn scan(file: &File, mut each: impl FnMut(Entry)) -> Result<u64, LedgerFault> {
    let mut reader = BufReader::new(file);
    let mut whole_lines = 0;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let length = reader.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            break;
        }
        each(serde_json::from_slice(&line).map_err(|_| LedgerFault::Unreadable { line: number })?);
        whole_lines += length as u64;
    }
    Ok(whole_lines)
}

/// The thread that writes lines, as many as are waiting with one flush.
#[derive(Debug)]
struct Writer {
    lines: Option<mpsc::UnboundedSender<Line>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Line {
    bytes: Vec<u8>,
    written: oneshot::Sender<()>,
}

impl Writer {
    fn start(file: File) -> io::Result<Self> {
        let (lines, waiting) = mpsc::unbounded_channel();
        let thread = thread::Builder::new().name("ledger".to_owned()).spawn(|| write(file, waiting))?;
        Ok(Self { lines: Some(lines), thread: Some(thread) })
    }

    fn append(&self, entry: &Entry) -> Result<oneshot::Receiver<()>, Unwritable> {
        let mut bytes = serde_json::to_vec(entry).map_err(|_| Unwritable)?;
        bytes.push(b'\n');
        let (written, when) = oneshot::channel();
        let lines = self.lines.as_ref().ok_or(Unwritable)?;
        lines.send(Line { bytes, written }).map_err(|_| Unwritable)?;
        Ok(when)
    }
}

impl Drop for Writer {
    /// Waits until the last line is written and the file is free for the next owner.
    fn drop(&mut self) {
        self.lines = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has written all it ever will.
            let _ = thread.join();
        }
    }
}

fn write(mut file: File, mut waiting: mpsc::UnboundedReceiver<Line>) {
    while let Some(line) = waiting.blocking_recv() {
        let mut batch = line.bytes;
        let mut written = vec![line.written];
        while let Ok(line) = waiting.try_recv() {
            batch.extend_from_slice(&line.bytes);
            written.push(line.written);
        }
        if let Err(fault) = file.write_all(&batch).and_then(|()| file.sync_data()) {
            // Nobody knows what is on disk now. Everybody who waits is told by the end of this thread.
            tracing::error!(error = %fault, "the ledger cannot be written");
            return;
        }
        for written in written {
            // Whoever waited may have hung up; the line stands.
            let _ = written.send(());
        }
    }
}

#[cfg(test)]
mod tests;
