//! The simulated provider under test conditions: a real server with books in a file.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use tempfile::TempDir;
use tokio::net::TcpListener;
use vouchsafe::clock::{Clock as _, MachineClock};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::party::Institution;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::text::{FreeText, UpTo};
use vouchsafe_core::transaction::Kind;
use vouchsafe_provider::simulator::faults::Faults;
use vouchsafe_provider::simulator::ledger::{self, Entry, Fate, Ledger};
use vouchsafe_provider::simulator::plays::Play;
use vouchsafe_provider::simulator::{self, Simulator};

use super::switch::USER_NAME;

/// A simulated provider and its books.
pub(crate) struct Simulated {
    pub(crate) base_url: String,
    folder: TempDir,
}

impl Simulated {
    /// One that meets with these faults and does these plays; what it makes up follows from the same seed always.
    pub(crate) async fn start(faults: Faults, plays: Vec<Play>) -> Self {
        Self::finalised_by(Messaging::Single, faults, plays).await
    }

    /// The same, for channels of a messaging style.
    pub(crate) async fn finalised_by(messaging: Messaging, faults: Faults, plays: Vec<Play>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let simulator = Simulator {
            institution: Institution { id: FreeText::new("SIM").unwrap(), name: UpTo::new("Simulated").unwrap() },
            seed: 7,
            faults,
            plays,
            messaging,
            ledger: Ledger::open(&folder.path().join("ledger.jsonl")).unwrap(),
            clock: Box::new(|| MachineClock.now()),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let base_url = format!("http://{}{}", listener.local_addr().unwrap(), simulator::BASE_PATH);
        tokio::spawn(simulator::serve(listener, simulator, std::future::pending()));
        Self { base_url, folder }
    }

    /// Where its books are.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger.jsonl")
    }

    /// Every line of its books.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        ledger::entries(&self.ledger()).unwrap()
    }

    /// What its books say of each of the switch's provisions.
    pub(crate) fn fates(&self) -> HashMap<MessageId, Fate> {
        let own = |(client, kind, id): (String, Kind, MessageId)| {
            (client == USER_NAME && kind == Kind::Provision).then_some(id)
        };
        ledger::fates(&self.entries()).into_iter().filter_map(|(key, fate)| Some((own(key)?, fate))).collect()
    }

    /// What its books say of one of them.
    pub(crate) fn fate(&self, request: &str) -> Fate {
        self.fate_of(Kind::Provision, request)
    }

    /// What its books say of one of the switch's requests of a kind.
    pub(crate) fn fate_of(&self, kind: Kind, request: &str) -> Fate {
        let key = (USER_NAME.to_owned(), kind, MessageId::parse(request).unwrap());
        ledger::fates(&self.entries()).get(&key).copied().unwrap_or_default()
    }
}
