//! Who asks a provider next, where it has as many under way as it takes.

use std::collections::{BTreeMap, VecDeque};

use crate::id::ChannelId;

/// The turns of one provider: who has how many of them, and who waits for one.
///
/// A turn that is free goes to whoever comes. One that is given back while others wait goes to the channel that has the
/// fewest, and of several to the one that waits the longest. So a channel with a thousand requests takes all that others
/// leave and nothing that they need.
#[derive(Debug)]
pub struct Turns<W> {
    free: usize,
    taken: BTreeMap<ChannelId, usize>,
    waiting: BTreeMap<ChannelId, VecDeque<(Place, W)>>,
    next: Place,
}

/// A place in the queue: the smaller, the longer it has been waited in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u64);

impl<W> Turns<W> {
    /// So many turns, all free.
    #[must_use]
    pub const fn new(turns: usize) -> Self {
        Self { free: turns, taken: BTreeMap::new(), waiting: BTreeMap::new(), next: Place(0) }
    }

    /// Whether none is free.
    #[must_use]
    pub const fn are_all_taken(&self) -> bool {
        self.free == 0
    }

    /// Takes a turn if one is free. Whoever does gives it back.
    pub fn take(&mut self, channel: &ChannelId) -> bool {
        if self.free == 0 {
            return false;
        }
        self.free -= 1;
        self.taken_by(channel);
        true
    }

    /// Waits for a turn, where none is free.
    pub fn wait(&mut self, channel: &ChannelId, waiter: W) -> Place {
        let place = self.next;
        self.next = Place(place.0 + 1);
        self.waiting.entry(channel.clone()).or_default().push_back((place, waiter));
        place
    }

    /// Waits no longer. Whoever has been given a turn meanwhile is not in the queue any more, and has it.
    pub fn leave(&mut self, channel: &ChannelId, place: Place) {
        let Some(queue) = self.waiting.get_mut(channel) else { return };
        if let Ok(at) = queue.binary_search_by_key(&place, |(place, _)| *place) {
            queue.remove(at);
        }
        if queue.is_empty() {
            self.waiting.remove(channel);
        }
    }

    /// Gives a turn back. It is taken again at once by whoever this returns, if anybody waits.
    pub fn give_back(&mut self, channel: &ChannelId) -> Option<(ChannelId, W)> {
        if let Some(taken) = self.taken.get_mut(channel) {
            *taken -= 1;
            if *taken == 0 {
                self.taken.remove(channel);
            }
        }
        let next = self.next_waiting();
        match &next {
            Some((channel, _)) => self.taken_by(channel),
            None => self.free += 1,
        }
        next
    }

    /// Takes the next one out of the queue.
    fn next_waiting(&mut self) -> Option<(ChannelId, W)> {
        let taken = |channel: &ChannelId| self.taken.get(channel).copied().unwrap_or(0);
        let first = |queue: &VecDeque<(Place, W)>| queue.front().map(|(place, _)| *place);
        let next = self.waiting.iter().min_by_key(|(channel, queue)| (taken(channel), first(queue)));
        let channel = next.map(|(channel, _)| channel.clone())?;
        let queue = self.waiting.get_mut(&channel)?;
        let waiter = queue.pop_front().map(|(_, waiter)| waiter);
        if queue.is_empty() {
            self.waiting.remove(&channel);
        }
        waiter.map(|waiter| (channel, waiter))
    }

    fn taken_by(&mut self, channel: &ChannelId) {
        if let Some(taken) = self.taken.get_mut(channel) {
            *taken += 1;
        } else {
            self.taken.insert(channel.clone(), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(name: &str) -> ChannelId {
        ChannelId::new(name).unwrap()
    }

    /// Channels take what is free, in this order; then they wait, in this order; then what was taken is given back, in the
    /// order in which it was taken. Who is next each time?
    fn check(turns: usize, taking: &str, waiting: &str, expect: &str) {
        let mut all = Turns::new(turns);
        let names = |of: &str| of.chars().map(|name| channel(&name.to_string())).collect::<Vec<_>>();
        for name in names(taking) {
            assert!(all.take(&name));
        }
        assert!(all.are_all_taken() && !all.take(&channel("late")));
        for name in names(waiting) {
            all.wait(&name, ());
        }
        let mut having: VecDeque<_> = names(taking).into();
        let mut nexts = String::new();
        while let Some(first) = having.pop_front() {
            if let Some((next, ())) = all.give_back(&first) {
                nexts.push_str(next.as_str());
                having.push_back(next);
            }
        }
        assert_eq!(nexts, expect, "{turns} turns: {taking}, then {waiting}");
        assert_eq!((all.free, all.taken.len(), all.waiting.len()), (turns, 0, 0), "all is given back");
    }

    #[test]
    fn a_turn_that_is_given_back_goes_to_whoever_has_the_fewest() {
        check(2, "aa", "", "");
        // One channel is served in the order in which it came.
        check(2, "aa", "aaa", "aaa");
        // Another need not wait for all that came before.
        check(2, "aa", "aaaab", "baaaa");
        check(3, "aaa", "aaaabb", "baabaa");
        // Of those who have as many as each other, whoever waits the longest.
        check(2, "ab", "ba", "ab");
        check(1, "a", "cba", "cba");
        check(4, "aaab", "abcbc", "cabbc");
    }

    #[test]
    fn whoever_leaves_the_queue_is_given_nothing() {
        let (a, b) = (channel("a"), channel("b"));
        let mut turns = Turns::new(1);
        assert!(turns.take(&a));
        let [first, second, third] = [1, 2, 3].map(|waiter| turns.wait(&b, waiter));
        turns.leave(&b, second);
        assert_eq!(turns.give_back(&a), Some((b.clone(), 1)));
        // It has its turn already.
        turns.leave(&b, first);
        assert_eq!(turns.give_back(&b), Some((b.clone(), 3)));
        turns.leave(&a, third);
        assert_eq!(turns.give_back(&b), None);
        assert!(turns.take(&b) && turns.are_all_taken());
    }
}
