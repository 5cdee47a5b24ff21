//! The simulated provider by itself: its vouchers, its books, its end.

use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::message::Request;
use vouchsafe_core::outcome::{Approval, Decline, NotSent, Outcome};
use vouchsafe_core::party::Institution;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::text::{FreeText, UpTo};
use vouchsafe_core::transaction::Kind;
use vouchsafe_provider::Provider;
use vouchsafe_provider::simulator::faults::{Faults, Rate};
use vouchsafe_provider::simulator::ledger::{self, Entry, Event, Fate, Ledger};
use vouchsafe_provider::simulator::{Simulator, serve};
use vouchsafe_provider::suv::SuvProvider;
use vouchsafe_wire::Message;

use crate::{at, in_a_while, let_the_time_pass, request};

fn simulator(ledger: Ledger) -> Simulator {
    Simulator {
        institution: Institution {
            id: FreeText::new("simulated").unwrap(),
            name: UpTo::new("Simulated provider").unwrap(),
        },
        seed: 7,
        faults: Faults::default(),
        messaging: Messaging::Dual,
        plays: Vec::new(),
        ledger,
        clock: Box::new(|| "2026-11-23T10:00:01Z".parse().unwrap()),
    }
}

/// A simulated provider that serves, with its books in a folder of its own.
pub(crate) struct Running {
    address: SocketAddr,
    folder: TempDir,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Running {
    pub(crate) async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), |_| ()).await
    }

    pub(crate) async fn start_in(folder: TempDir, change: impl FnOnce(&mut Simulator)) -> Self {
        let mut simulator = simulator(Ledger::open(&books(folder.path())).unwrap());
        change(&mut simulator);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        Self { address, folder, stop, task: tokio::spawn(serve(listener, simulator, shutdown)) }
    }

    pub(crate) fn provider(&self) -> SuvProvider {
        at(self.address)
    }

    /// Waits until so many requests are in the books.
    pub(crate) async fn booked(&self, count: usize) {
        while ledger::entries(&books(self.folder.path())).unwrap().len() < count {
            tokio::task::yield_now().await;
        }
    }

    /// What the books say of a request.
    pub(crate) fn fate(&self, number: u128) -> Fate {
        self.fate_of(Kind::Provision, number)
    }

    /// What the books say of a request of this kind.
    pub(crate) fn fate_of(&self, kind: Kind, number: u128) -> Fate {
        let entries = ledger::entries(&books(self.folder.path())).unwrap();
        let key = ("us".to_owned(), kind, request(number, "AIRTIME").header().id);
        ledger::fates(&entries).get(&key).copied().unwrap_or_default()
    }

    /// Stops and hands over what the books say.
    pub(crate) async fn stop(self) -> Vec<Entry> {
        let folder = self.end().await;
        ledger::entries(&books(folder.path())).unwrap()
    }

    pub(crate) async fn end(self) -> TempDir {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
        self.folder
    }
}

fn books(folder: &Path) -> PathBuf {
    folder.join("ledger.jsonl")
}

pub(crate) fn approval(found: Result<Outcome, NotSent>) -> Approval {
    match found {
        Ok(Outcome::Approved(approval)) => *approval,
        other => panic!("not approved: {other:?}"),
    }
}

pub(crate) fn declined_with(found: &Result<Outcome, NotSent>) -> Option<ErrorType> {
    match found {
        Ok(Outcome::Declined(Decline::ByProvider(error))) => {
            // What concerns the provider's dealings with us is found in its own words.
            let own = error.provider_code.as_ref().and_then(|code| ErrorType::from_name(code.as_str()));
            own.or(Some(error.error_type))
        }
        _ => None,
    }
}

#[tokio::test]
async fn a_voucher_looks_real_and_its_code_stays_out_of_the_books() {
    let simulator = Running::start().await;
    let sold = approval(simulator.provider().ask(&request(1, "AIRTIME"), in_a_while()).await);
    let code = sold.code().unwrap().expose().as_str().to_owned();
    let groups = code.split('-').map(|group| group.len() == 4 && group.bytes().all(|b| b.is_ascii_digit()));
    assert_eq!(groups.collect::<Vec<_>>(), [true; 4], "{code}");
    assert_eq!(sold.voucher().expiry_date, Some("2029-11-23T10:00:00Z".parse().unwrap()));
    assert_eq!(sold.voucher().redeem_instructions.len(), 1);
    let [reference] = &sold.third_party_identifiers[..] else { panic!("{:?}", sold.third_party_identifiers) };
    assert_eq!(reference.institution_id.as_str(), "simulated");

    let folder = simulator.end().await;
    let text = std::fs::read_to_string(books(folder.path())).unwrap();
    assert!(!text.contains(&code) && !text.contains(&code.replace('-', "")), "{text}");
    let [entry] = &ledger::entries(&books(folder.path())).unwrap()[..] else { panic!("{text}") };
    let Event::Sold { serial_number, code_fingerprint, .. } = &entry.event else { panic!("{text}") };
    assert_eq!(serial_number, sold.voucher().serial_number.as_ref().unwrap().as_str());
    assert_eq!(code_fingerprint.len(), 8);
    assert_eq!((entry.amount, entry.currency.as_deref()), (Some(5000), Some("710")));
}

#[tokio::test]
async fn the_same_seed_and_id_give_the_same_voucher_and_other_ones_another() {
    let ask = async |seed: u64, number: u128| {
        let simulator = Running::start_in(tempfile::tempdir().unwrap(), |simulator| simulator.seed = seed).await;
        approval(simulator.provider().ask(&request(number, "AIRTIME"), in_a_while()).await).code().unwrap().clone()
    };
    let code = ask(7, 1).await;
    assert!(code == ask(7, 1).await);
    assert!(code != ask(8, 1).await);
    assert!(code != ask(7, 2).await);
}

#[tokio::test]
async fn an_id_is_heard_once_also_across_a_restart() {
    let simulator = Running::start().await;
    let asked = request(1, "AIRTIME");
    approval(simulator.provider().ask(&asked, in_a_while()).await);
    let again = simulator.provider().ask(&asked, in_a_while()).await;
    assert_eq!(declined_with(&again), Some(ErrorType::DuplicateRecord));

    let simulator = Running::start_in(simulator.end().await, |_| ()).await;
    let again = simulator.provider().ask(&asked, in_a_while()).await;
    assert_eq!(declined_with(&again), Some(ErrorType::DuplicateRecord));
    approval(simulator.provider().ask(&request(2, "AIRTIME"), in_a_while()).await);

    let events = simulator.stop().await.into_iter().map(|entry| entry.event);
    let sold = events.map(|event| matches!(event, Event::Sold { .. }));
    assert_eq!(sold.collect::<Vec<_>>(), [true, false, false, true]);
}

#[tokio::test]
async fn of_many_copies_at_once_one_is_sold() {
    let simulator = Running::start().await;
    let provider = std::sync::Arc::new(simulator.provider());
    let copies = (0..16).map(|_| {
        let provider = provider.clone();
        tokio::spawn(async move { provider.ask(&request(1, "AIRTIME"), in_a_while()).await })
    });
    let mut sold = 0;
    for copy in copies.collect::<Vec<_>>() {
        match copy.await.unwrap() {
            Ok(Outcome::Approved(_)) => sold += 1,
            other => assert_eq!(declined_with(&other), Some(ErrorType::DuplicateRecord)),
        }
    }
    assert_eq!(sold, 1);
    assert_eq!(simulator.stop().await.len(), 16);
}

#[tokio::test]
async fn faults_by_chance_are_in_the_books_too() {
    let faults = Faults { drop: Rate::new(1.0).unwrap(), ..Faults::default() };
    let simulator = Running::start_in(tempfile::tempdir().unwrap(), |simulator| simulator.faults = faults).await;
    let provider = simulator.provider();
    for number in 0..8 {
        let asked = request(number as u128, "AIRTIME");
        let silence = async {
            simulator.booked(number + 1).await;
            let_the_time_pass().await;
        };
        let (found, ()) = tokio::join!(provider.ask(&asked, in_a_while()), silence);
        assert!(matches!(found, Ok(Outcome::Unknown(_))), "{found:?}");
    }
    // What a product id asks for comes before chance.
    let found = provider.ask(&request(8, "DECLINEDONOTHONOUR"), in_a_while()).await;
    assert_eq!(declined_with(&found), Some(ErrorType::DoNotHonour));
    assert_eq!(simulator.stop().await.len(), 9);
}

#[tokio::test]
async fn neither_silence_nor_slowness_holds_up_the_end() {
    let simulator = Running::start().await;
    let provider = std::sync::Arc::new(simulator.provider());
    let waiting = ["NEVERANSWERS", "SELLSTHENSILENT", "SLOW99999"].into_iter().enumerate().map(|(number, product)| {
        let provider = provider.clone();
        tokio::spawn(async move { provider.ask(&request(number as u128, product), in_a_while()).await })
    });
    let waiting = waiting.collect::<Vec<_>>();
    simulator.booked(3).await;
    simulator.stop().await;
    let mut sold = 0;
    for asked in waiting {
        match asked.await.unwrap() {
            Ok(Outcome::Approved(_)) => sold += 1,
            other => assert!(matches!(other, Ok(Outcome::Unknown(_))), "{other:?}"),
        }
    }
    assert_eq!(sold, 1, "the slow one is answered at once when the end has come");
}

/// Sends bytes and returns all that comes back until the connection ends.
async fn exchange(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}")
}

fn get(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n")
}

fn written(request: &Request) -> String {
    let Request::Provision(request) = request else { panic!("{request:?} asks for no voucher") };
    String::from_utf8(request.write()).unwrap()
}

const BASIC: &str = "authorization: Basic dXM6cHc=\r\ncontent-type: application/json\r\n";

#[tokio::test]
async fn the_edges_answer_as_the_interface_says() {
    let simulator = Running::start().await;
    let good = |number| written(&request(number, "AIRTIME"));
    let vouchers = "/suv/v1/vouchers";
    for (sent, status, part) in [
        (post(vouchers, BASIC, &good(1)), "201", "SV"),
        (post("/suv/v1/vouchers/", BASIC, &good(2)), "201", "SV"),
        (post(vouchers, "", &good(3)), "401", "www-authenticate: Basic"),
        (post(vouchers, "authorization: Bearer x\r\n", &good(3)), "401", "AUTHENTICATION_ERROR"),
        (post(vouchers, BASIC, "{}"), "400", "id may not be null"),
        (post(vouchers, BASIC, &" ".repeat(300_000)), "413", "FORMAT_ERROR"),
        (post("/suv/v1/vouchers/reversals", BASIC, "{}"), "400", "requestId may not be null"),
        (post("/suv/v1/vouchers/confirmations/", "authorization: Basic !\r\n", "{}"), "401", "AUTHENTICATION_ERROR"),
        (post("/suv/v1/redemptions", BASIC, "{}"), "400", "voucher may not be null"),
        (post("/suv/v1/refunds/", BASIC, "{}"), "400", "voucher may not be null"),
        (post("/suv/v1/refunds/confirmations", BASIC, r#"{"tenders":[]}"#), "400", "tenders is not a known field"),
        (post("/suv/v1/redemptions/reversals", BASIC, "{}"), "400", "reversalReason may not be null"),
        (post("/suv/v1/payments", BASIC, "{}"), "404", "FUNCTION_NOT_SUPPORTED"),
        (get("/suv/v1/vouchers?voucherCode=1", BASIC), "404", "UNABLE_TO_LOCATE_RECORD"),
        (get("/suv/v1/vouchers/?voucherSerialNumber=1", BASIC), "404", "UNABLE_TO_LOCATE_RECORD"),
        (get("/suv/v1/vouchers?code=1", BASIC), "400", "code is not a known field"),
        (get("/suv/v1/vouchers?voucherCode=1", ""), "401", "AUTHENTICATION_ERROR"),
    ] {
        let answer = exchange(simulator.address, &sent).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(part), "{part}: {answer}");
    }
}

#[tokio::test]
async fn a_cut_connection_ends_without_a_byte_and_a_truncated_answer_half_way() {
    let simulator = Running::start().await;
    let ask = |number, product| post("/suv/v1/vouchers", BASIC, &written(&request(number, product)));
    assert_eq!(exchange(simulator.address, &ask(1, "CUTS")).await, "");
    assert_eq!(exchange(simulator.address, &ask(2, "SELLSTHENCUTS")).await, "");
    let answer = exchange(simulator.address, &ask(3, "TRUNCATED")).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert_eq!(body.len(), length.parse::<usize>().unwrap() / 2);
}

#[tokio::test]
async fn a_caller_who_hangs_up_ends_the_silence() {
    let simulator = Running::start().await;
    let mut stream = TcpStream::connect(simulator.address).await.unwrap();
    let sent = post("/suv/v1/vouchers", BASIC, &written(&request(1, "NEVERANSWERS")));
    stream.write_all(sent.as_bytes()).await.unwrap();
    simulator.booked(1).await;
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "");
}
