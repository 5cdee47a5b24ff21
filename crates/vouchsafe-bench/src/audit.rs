//! Whether what was answered is on disk: asked after every run, once whoever answered has been killed.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use tokio::task::JoinSet;
use vouchsafe_core::id::{ChannelId, MessageId};
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::transaction::{Kind, State};
use vouchsafe_store::sqlite::SqliteStore;
use vouchsafe_store::{Key, Store as _};

use crate::fault::Fault;
use crate::load::MIXED_UP;
use crate::message::{CHANNEL, code};
use crate::workplace::{block_on, read_store};
use crate::yardstick::record;

/// An answer as a load generator has written it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answered {
    /// About which request.
    pub(crate) id: [u8; 36],
    /// The status.
    pub(crate) status: u16,
}

/// How many answers were found as they were told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Audited {
    /// Vouchers.
    pub(crate) sold: usize,
    /// Unknown outcomes, each with its reversal.
    pub(crate) unknown: usize,
    /// Everything else: nothing was sold.
    pub(crate) refused: usize,
}

impl Audited {
    /// Both together.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self {
            sold: self.sold + other.sold,
            unknown: self.unknown + other.unknown,
            refused: self.refused + other.refused,
        }
    }
}

/// The answers that a load generator has written down.
pub(crate) fn answers(path: &Path) -> Result<Vec<Answered>, Fault> {
    let bytes = fs::read(path).map_err(Fault::machine("read the answers"))?;
    let (records, rest) = bytes.as_chunks::<38>();
    if !rest.is_empty() {
        let wrong = "its answers end in the middle of one".to_owned();
        return Err(Fault::Nonsense { process: "the load generator".to_owned(), wrong });
    }
    let answered = |record: &[u8; 38]| {
        let mut id = [0; 36];
        id.copy_from_slice(&record[..36]);
        Answered { id, status: u16::from_le_bytes([record[36], record[37]]) }
    };
    Ok(records.iter().map(answered).collect())
}

/// Whether every voucher that the yardstick handed out is in its file.
pub(crate) fn yardstick(file: &Path, answers: &[Answered]) -> Result<Audited, Fault> {
    let opened = File::open(file).map_err(Fault::machine("open the yardstick's file"))?;
    let kept = record::answered(&mut BufReader::new(opened)).map_err(Fault::machine("read the yardstick's file"))?;
    let sold: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    let missing: Vec<_> = sold.iter().filter(|answer| !kept.contains(&answer.id)).collect();
    match missing.first() {
        None => Ok(Audited { sold: sold.len(), refused: answers.len() - sold.len(), unknown: 0 }),
        Some(first) => Err(broken("bare append", missing.len(), format!("{} is missing", spelled(first.id)))),
    }
}

/// Whether the store of a switch says of every request what its channel was told, voucher by voucher.
pub(crate) fn switch(folder: &Path, answers: &[Answered]) -> Result<Audited, Fault> {
    /// So many are looked up side by side.
    const TOGETHER: usize = 1_000;
    block_on(async {
        let store = Arc::new(read_store(folder)?);
        let (mut audited, mut wrong) = (Audited::default(), Vec::new());
        let mut looking = JoinSet::new();
        for part in answers.chunks(TOGETHER) {
            if looking.len() >= 4 {
                gather(looking.join_next().await, &mut audited, &mut wrong)?;
            }
            let (store, part) = (Arc::clone(&store), part.to_vec());
            looking.spawn(async move { look_up(&store, &part).await });
        }
        while let Some(found) = looking.join_next().await {
            gather(Some(found), &mut audited, &mut wrong)?;
        }
        match wrong.first() {
            None => Ok(audited),
            Some(first) => Err(broken("switch", wrong.len(), first.clone())),
        }
    })
}

type Found = Result<(Audited, Vec<String>), Fault>;

fn gather(
    found: Option<Result<Found, tokio::task::JoinError>>,
    audited: &mut Audited,
    wrong: &mut Vec<String>,
) -> Result<(), Fault> {
    let Some(found) = found else { return Ok(()) };
    let (more, more_wrong) = found.map_err(|fault| Fault::Store(fault.to_string()))??;
    *audited = audited.and(more);
    wrong.extend(more_wrong);
    Ok(())
}

/// Looks some answers up, and says in words what is wrong with each that is not as told.
async fn look_up(store: &SqliteStore, answers: &[Answered]) -> Found {
    let (mut audited, mut wrong) = (Audited::default(), Vec::new());
    let unreadable = |error: vouchsafe_store::StoreError| Fault::Store(error.to_string());
    for answer in answers {
        let id = spelled(answer.id);
        let key = Key {
            channel: ChannelId::new(CHANNEL).map_err(|_| Fault::Store("the channel has no name".to_owned()))?,
            kind: Kind::Provision,
            id: MessageId::parse(&id).map_err(|_| Fault::Store(format!("{id} is no id")))?,
        };
        let found = store.find(&key).await.map_err(unreadable)?;
        let state = found.as_ref().map(|transaction| transaction.state);
        match (answer.status, state) {
            (201, Some(State::Approved | State::Confirming | State::Confirmed)) => audited.sold += 1,
            (504 | 404, Some(State::Reversing | State::Reversed | State::Orphaned)) => audited.unknown += 1,
            // It said itself that it was unsure: whatever is there is right.
            (500, Some(_)) => audited.unknown += 1,
            // Refused before anything was recorded, or certainly not sent.
            (503 | 429, None | Some(State::Declined)) => audited.refused += 1,
            (status, state) => wrong.push(format!("{id} was answered {status} and is {state:?}")),
        }
        // Whether the code is the one that was handed out too, for some: a look into the journal is dear.
        if let (201, Some(transaction), true) = (answer.status, found, answer.id[0] == b'0') {
            let journal = store.journal(transaction.number).await.map_err(unreadable)?;
            let codes = journal.iter().filter_map(|entry| match &entry.outcome {
                Some(Outcome::Approved(approval)) => {
                    approval.code().map(|code| code.expose().as_str().as_bytes().to_vec())
                }
                _ => None,
            });
            if codes.collect::<Vec<_>>() != [code(&answer.id)] {
                wrong.push(format!("{id} was sold with another code"));
            }
        }
    }
    Ok((audited, wrong))
}

/// Whether any answer was about another request than the one that was sent.
pub(crate) fn none_mixed_up(statuses: &std::collections::BTreeMap<u16, u64>) -> Result<(), Fault> {
    match statuses.get(&MIXED_UP) {
        None => Ok(()),
        Some(count) => {
            let wrong = format!("{count} answers were about other requests than those that were sent");
            Err(Fault::Nonsense { process: "the subject".to_owned(), wrong })
        }
    }
}

fn broken(subject: &'static str, count: usize, first: String) -> Fault {
    Fault::Broken { subject, count, first }
}

fn spelled(id: [u8; 36]) -> String {
    String::from_utf8_lossy(&id).into_owned()
}
