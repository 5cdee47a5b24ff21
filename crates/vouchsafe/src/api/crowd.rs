//! How many connections come from one place, so that no place alone can take them all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many times the share of a small IPv6 network a large one has. Whoever is given 48 bits has 65536 small ones in it;
/// but it may also be a provider whose customers have one each.
const LARGE_SHARES: usize = 4;

/// The connections that there are, by where they come from.
#[derive(Debug)]
pub(super) struct Crowd {
    most: usize,
    counts: Mutex<HashMap<Place, usize>>,
}

/// Where connections come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    /// One IPv4 address.
    Address(Ipv4Addr),
    /// An IPv6 network of 64 bits: whoever has an address has all of it, and counts as one.
    Small(Ipv6Addr),
    /// An IPv6 network of 48 bits.
    Large(Ipv6Addr),
}

/// One connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Member {
    crowd: Arc<Crowd>,
    from: Vec<Place>,
}

impl Crowd {
    /// No connections yet, and never more than `most` from one place, or a few times that from a large network.
    pub(super) fn new(most: usize) -> Arc<Self> {
        // At least one from everywhere: who can never join has no connection to be refused on.
        Arc::new(Self { most: most.max(1), counts: Mutex::default() })
    }

    /// One more connection from this address, if there may be one.
    pub(super) fn join(self: &Arc<Self>, address: IpAddr) -> Option<Member> {
        let from = places(address);
        let mut counts = self.counts();
        let has_room = |place: &Place| counts.get(place).is_none_or(|count| *count < self.most_from(*place));
        if !from.iter().all(has_room) {
            return None;
        }
        for place in &from {
            *counts.entry(*place).or_default() += 1;
        }
        Some(Member { crowd: Arc::clone(self), from })
    }

    fn most_from(&self, place: Place) -> usize {
        match place {
            Place::Address(_) | Place::Small(_) => self.most,
            Place::Large(_) => self.most.saturating_mul(LARGE_SHARES),
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Place, usize>> {
        // A thread that panicked between two entries left a usable map behind.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut counts = self.crowd.counts();
        for place in &self.from {
            if let Some(count) = counts.get_mut(place) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(place);
                }
            }
        }
    }
}

/// All that an address is counted in.
fn places(address: IpAddr) -> Vec<Place> {
    let network = |address: Ipv6Addr, bits: u32| Ipv6Addr::from_bits(address.to_bits() & !(u128::MAX >> bits));
    match address.to_canonical() {
        IpAddr::V4(address) => vec![Place::Address(address)],
        IpAddr::V6(address) => vec![Place::Small(network(address, 64)), Place::Large(network(address, 48))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_has_more_than_its_share_and_nothing_is_left_behind() {
        let crowd = Crowd::new(2);
        let join = |address: &str| crowd.join(address.parse().unwrap());
        let held = (join("192.0.2.1").unwrap(), join("::ffff:192.0.2.1").unwrap());
        assert!(join("192.0.2.1").is_none());
        let other = join("192.0.2.2").unwrap();
        let six = (join("2001:db8::1").unwrap(), join("2001:db8::2").unwrap());
        assert!(join("2001:db8::3").is_none() && join("2001:db8:0:1::3").is_some());
        drop(held.0);
        assert!(join("192.0.2.1").is_some());
        drop((held.1, other, six));
        assert!(crowd.counts().is_empty());
    }
    #[test]
    fn a_large_network_has_a_few_shares_and_not_one_for_each_small_one_in_it() {
        let crowd = Crowd::new(2);
        let join = |address: String| crowd.join(address.parse().unwrap());
        let members: Vec<_> = (0..100).filter_map(|small| join(format!("2001:db8:1:{small:x}::1"))).collect();
        assert_eq!(members.len(), 2 * LARGE_SHARES);
        assert!(join("2001:db8:2::1".to_owned()).is_some(), "another large network");
        drop(members);
        assert!(crowd.counts().is_empty());
    }
}
