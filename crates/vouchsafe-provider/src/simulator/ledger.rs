//! The simulated provider's books: one line of JSON for every request, on disk before it is answered.
//!
//! An auditor compares these lines with the switch's journal. They are only ever added to; a last line
//! that a crash left unfinished was never answered for and is taken away.

use std::collections::HashSet;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use vouchsafe_core::id::MessageId;

/// One line: what became of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// The request's id, as sent.
    pub id: String,
    /// The `client.id` of the request.
    pub client: String,
    /// The id of the product asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The amount asked for, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Its currency, three digits of ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// A voucher was issued, whatever the answer was then.
    Sold {
        /// The voucher's serial number.
        serial_number: String,
        /// The first 32 bits of the SHA-256 of the voucher's code, in hexadecimal digits: enough to compare
        /// two records, far too little to find the code by trying.
        code_fingerprint: String,
    },
    /// Nothing was issued and the answer said so.
    Refused {
        /// The answer's status.
        status: u16,
        /// The answer's error type, where it had one.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_type: Option<String>,
    },
    /// Nothing was issued and nothing was answered.
    Dropped,
}

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
    /// Client and id of every request in the books: none is heard twice.
    known: Mutex<HashSet<(Box<str>, MessageId)>>,
    file: Option<Writer>,
}

impl Ledger {
    /// Books that last as long as this value.
    #[must_use]
    pub fn in_memory() -> Self {
        Self { known: Mutex::default(), file: None }
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
        let mut known = HashSet::new();
        let whole_lines = scan(&file, |entry| {
            if let Ok(id) = MessageId::parse(&entry.id) {
                known.insert((entry.client.into_boxed_str(), id));
            }
        })?;
        file.set_len(whole_lines)?;
        file.seek(SeekFrom::End(0))?;
        file.sync_all()?;
        // A new file outlives a power cut only once the directory knows of it.
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent)?.sync_all()?;
        }
        Ok(Self { known: Mutex::new(known), file: Some(Writer::start(file)?) })
    }

    /// Takes a request into the books, unless it is there already. A yes is given once.
    pub(super) fn admit(&self, client: &str, id: MessageId) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert((client.into(), id))
    }

    /// Writes an entry. The line is on its way when this returns and on disk when the future does.
    pub(super) fn append(&self, entry: &Entry) -> impl Future<Output = Result<(), Unwritable>> + use<> {
        let written = self.file.as_ref().map(|file| file.append(entry));
        async move {
            match written {
                Some(written) => written?.await.map_err(|_| Unwritable),
                None => Ok(()),
            }
        }
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
mod tests {
    use super::*;

    fn sold(id: &str) -> Entry {
        Entry {
            at: "2026-11-23T10:00:00.125Z".parse().unwrap(),
            event: Event::Sold { serial_number: "SV1".to_owned(), code_fingerprint: "0badcafe".to_owned() },
            id: id.to_owned(),
            client: "us".to_owned(),
            product: Some("AIRTIME".to_owned()),
            amount: Some(5000),
            currency: Some("710".to_owned()),
        }
    }

    const FIRST: &str = "a1b2c3d4-e5f6-0a0b-0c0d-0e0f10111213";
    const SECOND: &str = "A1B2c3d4-e5f6-0a0b-0c0d-0e0f10111214";

    #[test]
    fn a_line_says_what_happened_in_a_fixed_order() {
        let line = |event| serde_json::to_string(&Entry { event, ..sold(FIRST) }).unwrap();
        let rest = format!(r#""id":"{FIRST}","client":"us","product":"AIRTIME","amount":5000,"currency":"710"}}"#);
        let at = r#"{"at":"2026-11-23T10:00:00.125Z","event":"#;
        for (event, expect) in [
            (sold(FIRST).event, r#""sold","serialNumber":"SV1","codeFingerprint":"0badcafe","#),
            (
                Event::Refused { status: 404, error_type: Some("LIMIT_EXCEEDED".to_owned()) },
                r#""refused","status":404,"errorType":"LIMIT_EXCEEDED","#,
            ),
            (Event::Refused { status: 307, error_type: None }, r#""refused","status":307,"#),
            (Event::Dropped, r#""dropped","#),
        ] {
            assert_eq!(line(event), format!("{at}{expect}{rest}"));
        }
    }

    #[tokio::test]
    async fn what_was_written_is_read_again_and_no_id_is_heard_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let (first, second) = (MessageId::parse(FIRST).unwrap(), MessageId::parse(SECOND).unwrap());

        let ledger = Ledger::open(&path).unwrap();
        assert!(ledger.admit("us", first));
        ledger.append(&sold(FIRST)).await.unwrap();
        assert!(!ledger.admit("us", first));
        assert!(ledger.admit("them", first), "ids are a client's own");
        assert!(matches!(Ledger::open(&path), Err(LedgerFault::InUse)));
        drop(ledger);

        let ledger = Ledger::open(&path).unwrap();
        assert!(!ledger.admit("us", first));
        assert!(ledger.admit("us", second));
        ledger.append(&sold(SECOND)).await.unwrap();
        assert_eq!(entries(&path).unwrap(), [sold(FIRST), sold(SECOND)]);
    }

    #[tokio::test]
    async fn a_line_that_a_crash_left_unfinished_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let whole = serde_json::to_string(&sold(FIRST)).unwrap();
        std::fs::write(&path, format!("{whole}\n{}", &whole[..40])).unwrap();
        assert_eq!(entries(&path).unwrap(), [sold(FIRST)]);

        let ledger = Ledger::open(&path).unwrap();
        ledger.append(&sold(SECOND)).await.unwrap();
        assert_eq!(entries(&path).unwrap(), [sold(FIRST), sold(SECOND)]);
    }

    #[test]
    fn a_file_that_is_no_ledger_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "milk\n").unwrap();
        assert!(matches!(Ledger::open(&path), Err(LedgerFault::Unreadable { line: 1 })));
        assert_eq!(std::fs::read(&path).unwrap(), b"milk\n");
    }
}
