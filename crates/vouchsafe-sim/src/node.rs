//! A node of the switch: started as `serve` starts one, and cut off from everything when it crashes.

use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vouchsafe::app::App;
use vouchsafe::clock::{Clock, SteadyTime};
use vouchsafe::config::Limits;
use vouchsafe::desk::Desk;
use vouchsafe::live_catalogue::LiveCatalogue;
use vouchsafe::metrics::Metrics;
use vouchsafe::watchers::{Openings, Watchers};
use vouchsafe::{forward, recover};
use vouchsafe_core::advice::BackOff;
use vouchsafe_core::circuit::CircuitRules;
use vouchsafe_core::party::Institution;

use crate::assortment::{self, count, text};
use crate::outside::Outside;
use crate::unsteady_store::UnsteadyStore;
use crate::world::World;

/// The beginning of every seed by the wall clock, in milliseconds.
const DAWN: i64 = 1_700_000_000_000;

/// Whether a node lives. A dead one finishes nothing: whatever it waits for stays pending for ever.
pub(crate) struct Life {
    pub(crate) node: u64,
    is_dead: AtomicBool,
    /// How many steps are left to it.
    steps: AtomicU64,
    died: Notify,
}

impl Life {
    pub(crate) fn drawn(world: &World, node: u64) -> Self {
        let steps = world.trouble.crash_within.filter(|_| !world.is_healed());
        let steps = steps.map_or(u64::MAX, |within| world.draw.between(1, within));
        Self { node, is_dead: AtomicBool::new(false), steps: AtomicU64::new(steps), died: Notify::new() }
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Relaxed)
    }

    /// One more step of the node's way, which may be its last.
    pub(crate) async fn step(&self, world: &World) {
        if !world.is_healed() && !self.is_dead() && self.steps.fetch_sub(1, Ordering::Relaxed) == 1 {
            world.crashed();
            self.is_dead.store(true, Ordering::Relaxed);
            self.died.notify_one();
        }
        self.go_on().await;
    }

    /// Waits for ever if the node is dead.
    pub(crate) async fn go_on(&self) {
        if self.is_dead() {
            pending::<()>().await;
        }
    }
}

/// The clock of one machine: the even time of the world, moved by whoever meddles with it.
struct MachineClock {
    world: Arc<World>,
    moved: Arc<AtomicI64>,
}

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        let even = i64::try_from(self.world.now()).unwrap_or(i64::MAX);
        let millisecond = DAWN + even + self.moved.load(Ordering::Relaxed);
        // Clocks are moved by hours: far within the range of times.
        Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.world.draw.fill(bytes);
    }
}

/// A switch that runs, and whether it still does.
pub(crate) struct Node {
    pub(crate) app: Arc<App>,
    pub(crate) life: Arc<Life>,
}

/// Where one node after the other runs: a machine.
pub(crate) struct Machine {
    world: Arc<World>,
    number: u64,
    moved: Arc<AtomicI64>,
    node: Mutex<Option<Arc<Node>>>,
}

impl Machine {
    pub(crate) fn new(world: &Arc<World>, number: u64) -> Arc<Self> {
        Arc::new(Self { world: Arc::clone(world), number, moved: Arc::default(), node: Mutex::default() })
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<Node>>> {
        self.node.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node that takes calls here, if any does.
    pub(crate) fn node(&self) -> Option<Arc<Node>> {
        self.slot().clone()
    }

    /// Runs a node, and another one whenever one has died.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let life = Arc::new(Life::drawn(&self.world, self.number));
            let app = self.app(&life);
            let started = async {
                // A start that fails is made again, as a supervisor would.
                while recover::leftovers(&app).await.is_err() {
                    sleep(Duration::from_millis(500)).await;
                }
                recover::start(&app);
                forward::start(&app);
                *self.slot() = Some(Arc::new(Node { app: Arc::clone(&app), life: Arc::clone(&life) }));
                pending::<()>().await;
            };
            tokio::select! {
                biased;
                () = life.died.notified() => {}
                () = started => {}
            }
            *self.slot() = None;
            self.world.while_between(1, 4_000).await;
        }
    }

    /// Moves this machine's wall clock about until everything heals.
    pub(crate) async fn meddle_with_clock(self: Arc<Self>) {
        while !self.world.is_healed() {
            self.world.while_between(1_000, 20_000).await;
            let far = *self.world.draw.one_of(&[500, 5_000, 60_000, 300_000]);
            let by = i64::try_from(self.world.draw.between(0, 2 * far)).unwrap_or(0);
            self.moved.store(by - i64::try_from(far).unwrap_or(0), Ordering::Relaxed);
        }
    }

    fn app(&self, life: &Arc<Life>) -> Arc<App> {
        let world = &self.world;
        let rules = CircuitRules { failures: count(6), pause: Duration::from_secs(2) };
        let desk = |(place, house): (usize, &crate::world::House)| {
            let outside = Outside { world: Arc::clone(world), life: Arc::clone(life), house: place };
            let desk = Desk::new(text("vouchsafe"), Arc::new(outside), house.sheet.clone(), rules);
            (house.id.clone(), desk)
        };
        Arc::new(App {
            store: Arc::new(UnsteadyStore { world: Arc::clone(world), life: Arc::clone(life) }),
            providers: world.houses.iter().enumerate().map(desk).collect(),
            routes: assortment::routes(&world.houses),
            catalogue: LiveCatalogue::fixed(assortment::catalogue(&world.houses)),
            institution: Institution { id: text("switch"), name: text("The switch") },
            limits: limits(),
            clock: Arc::new(MachineClock { world: Arc::clone(world), moved: Arc::clone(&self.moved) }),
            steady: SteadyTime::default(),
            metrics: Metrics::default(),
            watchers: Watchers::default(),
            openings: Openings::default(),
            work: TaskTracker::new(),
            stopping: CancellationToken::new(),
        })
    }
}

/// Times short enough that a seed's troubles fit into some minutes of virtual time.
fn limits() -> Limits {
    Limits {
        answer_margin: Duration::from_millis(500),
        late_answer: Duration::from_secs(8),
        reversal_sync: Duration::from_secs(1),
        back_off: BackOff { first: Duration::from_secs(1), most: Duration::from_secs(8) },
        ..Limits::default()
    }
}
