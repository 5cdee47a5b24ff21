//! One seed from beginning to end: trouble, healing, rest.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;
use vouchsafe_core::id::MessageId;

use crate::assortment::{self, TILLS};
use crate::counter::Counter;
use crate::customer::Customer;
use crate::node::Machine;
use crate::records::{Book, Records, Sale};
use crate::world::World;

/// How long everything may take to come to rest once nothing new goes wrong, in virtual seconds: advices pause for
/// seconds here, but what a clock has set that was minutes ahead waits for as long.
const REST: u64 = 900;

/// Lives through one seed. To be called within a runtime of one thread whose time is paused.
pub async fn simulate(seed: u64) -> Records {
    let world = Arc::new(World::new(seed, assortment::houses()));
    let machines: Vec<_> = (0..world.trouble.nodes).map(|number| Machine::new(&world, number)).collect();
    for machine in &machines {
        tokio::spawn(Arc::clone(machine).run());
        if world.trouble.clocks_jump {
            tokio::spawn(Arc::clone(machine).meddle_with_clock());
        }
    }
    let counter = |till| {
        let channel = assortment::channel(till, &world.houses);
        Arc::new(Counter { world: Arc::clone(&world), machines: machines.clone(), channel })
    };
    let counters: Vec<_> = TILLS.iter().map(counter).collect();
    let mut customers = JoinSet::new();
    let mut id = MessageId::new(uuid::Uuid::from_u128(world.draw.number()));
    let mut free: Vec<_> = counters.iter().collect();
    for _ in 0..world.trouble.customers {
        world.while_between(0, world.trouble.pause).await;
        // Ids are a channel's own: now and then another has used the same.
        if free.is_empty() || !world.draw.chance(50) {
            id = MessageId::new(uuid::Uuid::from_u128(world.draw.number()));
            free = counters.iter().collect();
        }
        let place = world.draw.between(0, free.len() as u64 - 1) as usize;
        let counter = Arc::clone(free.swap_remove(place));
        let redeemer = Arc::clone(world.draw.one_of(&counters));
        customers.spawn(Customer { counter, redeemer }.come(id));
    }
    sleep(Duration::from_secs(10)).await;
    world.heal();
    let healed = world.now();
    let mut sales: Vec<Sale> = Vec::new();
    let mut is_quiet = false;
    for _ in 0..REST {
        sleep(Duration::from_secs(1)).await;
        while let Some(come) = customers.try_join_next() {
            sales.extend(come.unwrap_or_default());
        }
        is_quiet = customers.is_empty() && world.store.is_quiet();
        if is_quiet {
            break;
        }
    }
    // What is still on the wire arrives, and reversals that were taken late take hold.
    sleep(Duration::from_secs(25)).await;
    is_quiet &= world.store.is_quiet();
    records(seed, &world, sales, is_quiet, world.now() - healed)
}

fn records(seed: u64, world: &World, sales: Vec<Sale>, is_quiet: bool, took: u64) -> Records {
    let books = world.houses.iter().enumerate();
    let books = books.map(|(place, house)| Book {
        provider: house.id.clone(),
        sheet: house.sheet.clone(),
        ledger: std::mem::take(&mut *world.ledger(place)),
    });
    Records {
        seed,
        trouble: world.trouble.clone(),
        faults: world.counts(),
        tills: TILLS.to_vec(),
        sales,
        exchanges: std::mem::take(&mut *world.exchanges()),
        journals: world.store.all(),
        commits: world.commits(),
        books: books.collect(),
        is_quiet,
        took,
    }
}
