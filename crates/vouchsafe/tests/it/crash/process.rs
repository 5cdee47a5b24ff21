//! A switch as a process of its own, killed and started again on the same folder.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::sync::{oneshot, watch};
use vouchsafe::config::Limits;
use vouchsafe_core::advice::BackOff;
use vouchsafe_core::sheet::{Messaging, RetrySupport, Sheet};
use vouchsafe_store::sqlite::SqliteStore;

use super::point::{CrashPoint, Killer};
use super::relay;
use crate::world::{Answer, Channel, ChannelLog, MeddledStore, Setup, eventually, sealer, serve};

/// What a process is told by its environment.
const ORDERS: &str = "VOUCHSAFE_TEST_SWITCH";
/// How a process says where it listens.
const LISTENS: &str = "the switch listens at ";
/// The signal that nobody can handle.
const KILLED: i32 = 9;

/// Everything a process needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Orders {
    pub(super) store: PathBuf,
    pub(super) provider_url: String,
    pub(super) plan: Plan,
    pub(super) confirm_after_milliseconds: u64,
    /// Whether the channels are tills.
    pub(super) is_dual: bool,
    pub(super) point: Option<CrashPoint>,
}

/// What the provider can do, as its sheet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Plan {
    Full,
    /// As Netcare: it takes advices, and no retries.
    NoRetries,
    /// As Stellr: it takes neither.
    NoAdvices,
}

impl Orders {
    /// The switch of these orders, which asks its provider at an address.
    fn setup(&self, provider_url: &str) -> Setup {
        let takes_advices = self.plan != Plan::NoAdvices;
        let base = Setup::to(provider_url);
        let sheet = Sheet {
            confirmations: takes_advices,
            reversals: takes_advices,
            retry: if self.plan == Plan::Full { RetrySupport::Supported } else { RetrySupport::Unsupported },
            timeout: Duration::from_millis(300),
            in_flight_horizon: Duration::from_millis(100),
            confirm_after: Duration::from_millis(self.confirm_after_milliseconds),
            ..base.sheet
        };
        let limits = Limits {
            answer_margin: Duration::from_millis(100),
            back_off: BackOff { first: Duration::from_millis(10), most: Duration::from_millis(100) },
            ..Limits::default()
        };
        let messaging = if self.is_dual { Messaging::Dual } else { Messaging::Single };
        Setup { sheet, limits, messaging, wait: Duration::from_secs(2), ..base }
    }
}

/// Is the switch, where it is told to be, until its standard input ends or it is killed.
pub(super) async fn be_the_switch() {
    let Ok(orders) = std::env::var(ORDERS) else { return };
    let orders: Orders = serde_json::from_str(&orders).unwrap();
    let store = SqliteStore::open(&orders.store, sealer()).unwrap();
    let killer = Arc::new(Killer::new(orders.point));
    let provider_url = relay::begin(&orders.provider_url, Arc::clone(&killer)).await;
    let store = MeddledStore { inner: Arc::new(store), meddler: Arc::clone(&killer) };
    let (address, _app, _serving) = serve(orders.setup(&provider_url), Arc::new(store)).await;
    #[expect(clippy::print_stdout, reason = "this is how the parent learns it")]
    {
        println!("{LISTENS}{address}");
    }
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = ended.send(());
    });
    end.await.unwrap();
    eventually("every step that was begun has ended", async || killer.is_at_rest().then_some(())).await;
}

/// A store of a switch that lives or does not, to be read beside it.
pub(super) fn opened(path: &Path) -> Option<Arc<SqliteStore>> {
    Some(Arc::new(SqliteStore::open_read_only(path, sealer()).ok()?))
}

/// The lives of one switch: each ends at its point, the last when it is told to.
pub(super) struct Lives {
    /// What its channels say of it.
    pub(super) log: ChannelLog,
    address: watch::Receiver<Option<SocketAddr>>,
    hold: Arc<Mutex<Hold>>,
    thread: Option<thread::JoinHandle<usize>>,
}

/// What keeps the present life going.
#[derive(Default)]
struct Hold {
    standard_input: Option<ChildStdin>,
    is_over: bool,
}

impl Lives {
    /// Sends a channel's message to whichever switch is there. A connection breaks because the switch has died: then
    /// nobody is there until its next life.
    pub(super) async fn send(&self, channel: &str, path: &str, body: &Json) -> Option<Answer> {
        let channel = Channel::new(self.address().await, channel);
        let answer = self.log.send(&channel, path, body).await;
        if answer.is_none() {
            self.left(channel.address).await;
        }
        answer
    }

    /// Begins the first life; there is one more than there are points.
    pub(super) fn begin(orders: Orders, points: Vec<CrashPoint>) -> Self {
        let (tell, address) = watch::channel(None);
        let hold = Arc::new(Mutex::new(Hold::default()));
        let log = ChannelLog::in_folder(orders.store.parent().expect("the store is in a folder"));
        let thread = thread::spawn({
            let hold = Arc::clone(&hold);
            move || live(&orders, points, &tell, &hold)
        });
        Self { log, address, hold, thread: Some(thread) }
    }

    /// Where the switch is, once it is somewhere.
    pub(super) async fn address(&self) -> SocketAddr {
        let mut address = self.address.clone();
        let found = address.wait_for(Option::is_some).await.expect("the switch begins a new life");
        found.expect("an address was waited for")
    }

    /// Waits until the switch is not at an address any more.
    pub(super) async fn left(&self, address: SocketAddr) {
        let mut now = self.address.clone();
        now.wait_for(|now| *now != Some(address)).await.expect("the switch begins a new life");
    }

    /// Ends the present life in good order and says how many were ended by a kill.
    pub(super) async fn end(mut self) -> usize {
        self.let_go();
        let thread = self.thread.take().expect("it ends once");
        tokio::task::spawn_blocking(move || thread.join().expect("every life ends as it should")).await.unwrap()
    }

    fn let_go(&self) {
        let mut hold = self.hold.lock().unwrap();
        hold.is_over = true;
        hold.standard_input = None;
    }
}

impl Drop for Lives {
    /// A test that fails takes its folder away: no further life may begin in it.
    fn drop(&mut self) {
        self.let_go();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn live(
    orders: &Orders,
    points: Vec<CrashPoint>,
    tell: &watch::Sender<Option<SocketAddr>>,
    hold: &Mutex<Hold>,
) -> usize {
    let mut deaths = 0;
    for point in points.into_iter().map(Some).chain([None]) {
        let mut process = start(&Orders { point, ..orders.clone() });
        {
            let mut hold = hold.lock().unwrap();
            if hold.is_over {
                process.stdin = None;
            }
            hold.standard_input = process.stdin.take();
        }
        for line in BufReader::new(process.stdout.take().unwrap()).lines() {
            // What the test harness says goes before it, and sometimes on the same line.
            if let Some((_, address)) = line.unwrap().split_once(LISTENS) {
                tell.send_replace(Some(address.parse().unwrap()));
            }
        }
        tell.send_replace(None);
        let status = process.wait().unwrap();
        match status.signal() {
            Some(KILLED) if point.is_some() => deaths += 1,
            _ => assert!(status.success() && hold.lock().unwrap().is_over, "the switch ended by itself: {status}"),
        }
        if hold.lock().unwrap().is_over {
            break;
        }
    }
    deaths
}

/// This very test program once more, told to be the switch.
fn start(orders: &Orders) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "crash::the_switch"])
        .env(ORDERS, serde_json::to_string(orders).unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}
