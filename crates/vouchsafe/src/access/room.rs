//! How much is asked at once and a second, and whether there is room for more. Everything here is refused before
//! anything is written down, and before a body is read.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use vouchsafe_core::rate::RateLimit;

use crate::config::{Allowance, Limits};

/// What is asked, as far as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    /// A sale or a lookup: refusing it leaves nothing undone.
    Sale,
    /// What puts a sale right: a retry of a request that was seen, a reversal, a confirmation. It is counted apart, and
    /// never refused because too much is being sold.
    Advice,
}

/// Why there is no room for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// The switch has as many under way as it takes.
    Switch,
    /// The channel has as many under way as it may.
    Concurrency,
    /// The channel has asked as many this second as it may.
    Rate,
}

/// The room that somebody has for each demand.
#[derive(Debug)]
pub(super) struct Rooms {
    sales: Room,
    advices: Room,
}

#[derive(Debug)]
struct Room {
    under_way: Arc<Semaphore>,
    rate: Option<Mutex<RateLimit>>,
    since: Instant,
}

impl Full {
    /// Its word in the figures.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Switch => "switch",
            Self::Concurrency => "concurrency",
            Self::Rate => "rate",
        }
    }
}

/// Room for one request, given back when dropped: whoever does the work keeps it until that ends, whether or not
/// anybody still waits for the answer.
#[derive(Debug)]
pub(crate) struct Place {
    _places: [Option<OwnedSemaphorePermit>; 2],
    /// The rooms of the channel that has it, if any are kept for it.
    pub(super) channel: Option<Arc<Rooms>>,
}

impl Place {
    /// The same work, with its room until it ends.
    pub(crate) async fn during<T>(self, work: impl Future<Output = T>) -> T {
        work.await
    }
}

impl Rooms {
    /// What a channel may ask.
    pub(super) fn of_channel(allowance: &Allowance) -> Self {
        let count = |count: NonZeroU32| usize::try_from(count.get()).unwrap_or(usize::MAX);
        Self {
            sales: Room::new(count(allowance.concurrency), allowance.rate),
            advices: Room::new(count(allowance.advice_concurrency), allowance.advice_rate),
        }
    }

    /// What the whole switch takes.
    pub(super) fn of_switch(limits: &Limits) -> Self {
        Self { sales: Room::new(limits.requests, None), advices: Room::new(limits.advices, None) }
    }

    /// A place in these rooms of the switch and, where it has rooms of its own, in those of the channel.
    ///
    /// # Errors
    /// [`Full`] says which is full; nothing is counted then but, at most, the switch's patience.
    pub(super) fn place(&self, channel: Option<Arc<Self>>, demand: Demand) -> Result<Place, Full> {
        let ours = self.room(demand).enter().ok_or(Full::Switch)?;
        let theirs = match channel.as_ref().map(|channel| channel.room(demand)) {
            Some(room) => {
                let place = room.enter().ok_or(Full::Concurrency)?;
                // The rate last: a yes is counted, and must not be for nothing.
                if !room.is_in_time() {
                    return Err(Full::Rate);
                }
                Some(place)
            }
            None => None,
        };
        Ok(Place { _places: [Some(ours), theirs], channel })
    }

    const fn room(&self, demand: Demand) -> &Room {
        match demand {
            Demand::Sale => &self.sales,
            Demand::Advice => &self.advices,
        }
    }
}

impl Room {
    fn new(places: usize, rate: Option<NonZeroU32>) -> Self {
        Self {
            under_way: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            rate: rate.map(|rate| Mutex::new(RateLimit::new(rate))),
            since: Instant::now(),
        }
    }

    fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.under_way).try_acquire_owned().ok()
    }

    fn is_in_time(&self) -> bool {
        // A thread that panicked between two numbers left a usable value behind.
        let limit = self.rate.as_ref().map(|rate| rate.lock().unwrap_or_else(PoisonError::into_inner));
        limit.is_none_or(|mut limit| limit.admit(self.since.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).unwrap()
    }

    fn channel(rate: Option<u32>, concurrency: u32) -> Arc<Rooms> {
        let allowance = Allowance { rate: rate.map(number), concurrency: number(concurrency), ..Allowance::default() };
        Arc::new(Rooms::of_channel(&allowance))
    }

    fn switch(requests: usize, advices: usize) -> Rooms {
        Rooms::of_switch(&Limits { requests, advices, ..Limits::default() })
    }

    #[tokio::test]
    async fn there_is_room_until_it_is_taken_and_again_when_it_is_given_back() {
        let (switch, one, two) = (switch(3, 1), channel(None, 2), channel(None, 2));
        let sale = |channel: &Arc<Rooms>| switch.place(Some(Arc::clone(channel)), Demand::Sale);
        let advice = |channel: &Arc<Rooms>| switch.place(Some(Arc::clone(channel)), Demand::Advice);
        let held = [sale(&one).unwrap(), sale(&one).unwrap()];
        assert_eq!(sale(&one).err(), Some(Full::Concurrency));
        let last = sale(&two).unwrap();
        assert_eq!(sale(&two).err(), Some(Full::Switch));
        assert_eq!(switch.place(None, Demand::Sale).err(), Some(Full::Switch));
        let held_too = advice(&one).unwrap();
        assert_eq!(advice(&one).err(), Some(Full::Switch));
        drop((held, last, held_too));
        assert!(sale(&one).is_ok() && advice(&one).is_ok());
    }

    #[tokio::test]
    async fn a_rate_counts_what_got_in_only_and_advices_apart() {
        let (switch, one) = (switch(10, 10), channel(Some(1), 1));
        let place = |demand| switch.place(Some(Arc::clone(&one)), demand);
        let held = place(Demand::Sale).unwrap();
        assert_eq!(place(Demand::Sale).err(), Some(Full::Concurrency));
        drop(held);
        assert_eq!(place(Demand::Sale).err(), Some(Full::Rate));
        assert!(place(Demand::Advice).is_ok());
    }
}
