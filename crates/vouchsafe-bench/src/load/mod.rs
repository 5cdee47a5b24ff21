//! The load generator: so many connections that each send one request after the other, as fast as they are answered (a
//! closed loop) or so many a second whatever happens (an open loop).

mod connection;
mod pace;
mod recorder;
mod requests;

pub(crate) use recorder::MIXED_UP;
pub(crate) use requests::Asked;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::fault::Fault;
use crate::load::connection::Connection;
use crate::load::pace::Pace;
use crate::load::recorder::{Recorder, Took};
use crate::load::requests::{Numbered, Requests, Verdict};
use crate::process::{end_with_parent, say};
use crate::report::Told;

/// What a load generator is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LoadOrders {
    /// Whom it asks.
    pub(crate) to: SocketAddr,
    /// For what.
    pub(crate) asked: Asked,
    /// Over how many connections.
    pub(crate) connections: u32,
    /// How many requests a second; as many as are answered where it is not said.
    pub(crate) rate: Option<u32>,
    /// How long it asks before it counts.
    pub(crate) warm_up: Duration,
    /// How long it counts.
    pub(crate) measured: Duration,
    /// How long answers to what was counted are waited for.
    pub(crate) patience: Duration,
    /// How long it goes on asking after that, for whoever wants to pull the plug meanwhile.
    pub(crate) tail: Duration,
    /// Where every answer is written that it ever got.
    pub(crate) answers: PathBuf,
}

impl LoadOrders {
    /// How long it takes at most until it has said everything.
    pub(crate) fn longest(&self) -> Duration {
        self.warm_up + self.measured + self.patience + self.tail + Duration::from_secs(60)
    }
}

/// Is a load generator until whoever started it ends it: what it has used is read after its report. One thread is enough,
/// and takes the least from the others.
pub(crate) fn run(orders: LoadOrders) -> Result<(), Fault> {
    end_with_parent();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Fault::machine("start the load generator's runtime"))?;
    LocalSet::new().block_on(&runtime, async {
        generate(orders).await?;
        std::future::pending().await
    })
}

/// What the connections share.
struct Load {
    orders: LoadOrders,
    requests: RefCell<Requests>,
    pace: RefCell<Pace>,
    recorder: RefCell<Recorder>,
    /// From then on nothing more is asked.
    end: Cell<Instant>,
}

async fn generate(orders: LoadOrders) -> Result<(), Fault> {
    let requests = Requests::new(&orders.asked)?;
    let begin = Instant::now() + orders.warm_up;
    let end = begin + orders.measured;
    let load = Rc::new(Load {
        requests: RefCell::new(requests),
        pace: RefCell::new(Pace::new(orders.rate, Instant::now(), begin..end)),
        recorder: RefCell::new(Recorder::new(begin, end)),
        end: Cell::new(end + orders.patience + orders.tail),
        orders,
    });
    let mut asking = JoinSet::new();
    for number in 0..load.orders.connections {
        asking.spawn_local(ask(Rc::clone(&load), number));
    }
    sleep_until(begin).await;
    tell(&Told::Begun)?;
    sleep_until(end).await;
    tell(&Told::Measured)?;
    let waited = end + load.orders.patience;
    let is_settled = || !load.pace.borrow().is_due_before(end) && !load.recorder.borrow().is_waiting();
    while !is_settled() && Instant::now() < waited {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    load.pace.borrow_mut().leave_out(end);
    load.recorder.borrow_mut().settle();
    load.end.set(Instant::now() + load.orders.tail);
    tell(&Told::Settled)?;
    // Whoever pulls the plug breaks the connections, and that ends them all.
    let all = async { while asking.join_next().await.is_some() {} };
    let _ = timeout_at(load.end.get() + Duration::from_secs(1), all).await;
    asking.shutdown().await;
    let recorder = load.recorder.borrow();
    recorder.write_answers(&load.orders.answers).map_err(Fault::machine("write down the answers"))?;
    tell(&Told::Report(Box::new(recorder.report(load.pace.borrow().unsent()))))
}

fn tell(told: &Told) -> Result<(), Fault> {
    let line = serde_json::to_string(told).map_err(std::io::Error::other);
    line.and_then(|line| say(&line)).map_err(Fault::machine("tell what was measured"))
}

/// One connection: sends one request after the other until it is time or nobody is there any more.
async fn ask(load: Rc<Load>, number: u32) {
    let mut connection = Connection::new(load.orders.to);
    // Not all in the same instant, as they would never be again.
    tokio::time::sleep(Duration::from_micros(u64::from(number) * 100)).await;
    while Instant::now() < load.end.get() {
        let slot = load.pace.borrow_mut().next(Instant::now());
        let begun = slot.begin().await;
        let Numbered { id, request } = load.requests.borrow_mut().next();
        load.recorder.borrow_mut().sent(begun);
        let answer = connection.send(request).await;
        let now = Instant::now();
        let mut recorder = load.recorder.borrow_mut();
        match answer {
            Ok(answer) => match load.requests.borrow().judge(id.as_ref(), &answer) {
                // The one thing that a switch must never do.
                Verdict::MixedUp => recorder.mixed_up(begun),
                verdict => {
                    recorder.note(id.as_ref(), answer.status);
                    let took = Took { begun, now, is_timed: slot.is_timed() };
                    recorder.answered(took, answer.status, verdict == Verdict::Given);
                }
            },
            Err(connection::Broken::Lost) => recorder.broken(begun),
            Err(connection::Broken::Refused) => {
                recorder.broken(begun);
                return;
            }
        }
    }
}
