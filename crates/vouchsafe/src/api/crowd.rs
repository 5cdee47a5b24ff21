//! How many connections come from one place, so that no place alone can take them all, and how many of them are heard at once
//! that say what they have to say in parts, so that no place alone can keep the switch busy with what leads to nothing.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

/// How many times the share of a small IPv6 network a large one has. Whoever is given 48 bits has 65536 small ones in it;
/// but it may also be a provider whose customers have one each.
const LARGE_SHARES: usize = 4;
/// How much longer a connection that ended before it was understood keeps its hearing. It bounds what leads to nothing, heads
/// that are too large say, to so many a second from one place.
const PENANCE: Duration = Duration::from_secs(1);

/// The connections that there are, by where they come from.
#[derive(Debug)]
pub(super) struct Crowd {
    most: usize,
    first_heads: usize,
    places: Mutex<HashMap<Place, Share>>,
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

/// What one place has taken.
#[derive(Debug)]
struct Share {
    connections: usize,
    /// What is left for connections that are being heard.
    hearings: Arc<Semaphore>,
}

/// One connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Member {
    crowd: Arc<Crowd>,
    address: IpAddr,
    from: Vec<(Place, Arc<Semaphore>)>,
    /// Its hearing, while it has one: a permit of each place that it comes from.
    hearing: Mutex<Vec<OwnedSemaphorePermit>>,
}

impl Crowd {
    /// No connections yet, and never more than `most` from one place, of which `first_heads` are heard at once that say their
    /// first head in parts; or a few times that from a large network.
    pub(super) fn new(most: usize, first_heads: usize) -> Arc<Self> {
        // At least one from everywhere: who can never join has no connection to be refused on.
        Arc::new(Self { most: most.max(1), first_heads: first_heads.max(1), places: Mutex::default() })
    }

    /// One more connection from this address, if there may be one.
    pub(super) fn join(self: &Arc<Self>, address: IpAddr) -> Option<Arc<Member>> {
        let from = places(address);
        let mut shares = self.shares();
        let has_room = |place: &Place| shares.get(place).is_none_or(|share| share.connections < place.times(self.most));
        if !from.iter().all(has_room) {
            return None;
        }
        let from = from.into_iter().map(|place| {
            let share = shares.entry(place).or_insert_with(|| {
                let hearings = place.times(self.first_heads).min(Semaphore::MAX_PERMITS);
                Share { connections: 0, hearings: Arc::new(Semaphore::new(hearings)) }
            });
            share.connections += 1;
            (place, Arc::clone(&share.hearings))
        });
        let from = from.collect();
        Some(Arc::new(Member { crowd: Arc::clone(self), address, from, hearing: Mutex::default() }))
    }

    fn shares(&self) -> MutexGuard<'_, HashMap<Place, Share>> {
        // A thread that panicked between two entries left a usable map behind.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// How much of something it has of which an address has `share`.
    fn times(self, share: usize) -> usize {
        match self {
            Self::Address(_) | Self::Small(_) => share,
            Self::Large(_) => share.saturating_mul(LARGE_SHARES),
        }
    }
}

impl Member {
    /// Where it comes from.
    pub(super) fn address(&self) -> IpAddr {
        self.address
    }

    /// Waits until it is one of those that are heard, if it is not yet; from then on it counts until [`Self::was_heard`]. To be
    /// waited for only once there is something to hear: connections that are opened ahead and say nothing keep nobody waiting.
    pub(super) async fn be_heard(&self) {
        if self.is_being_heard() {
            return;
        }
        let mut hearing = Vec::with_capacity(self.from.len());
        for (_, hearings) in &self.from {
            let permit = Arc::clone(hearings).acquire_owned().await;
            hearing.push(permit.unwrap_or_else(|_| unreachable!("hearings are never closed")));
        }
        *self.hearing() = hearing;
    }

    /// What it had to say is understood: somebody else of its place may be heard.
    pub(super) fn was_heard(&self) {
        self.hearing().clear();
    }

    /// Keeps its hearing for a while, if it has ended without having been understood.
    pub(super) async fn do_penance(&self) {
        if self.is_being_heard() {
            sleep(PENANCE).await;
        }
    }

    fn is_being_heard(&self) -> bool {
        !self.hearing().is_empty()
    }

    fn hearing(&self) -> MutexGuard<'_, Vec<OwnedSemaphorePermit>> {
        // It is replaced whole.
        self.hearing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut shares = self.crowd.shares();
        for (place, _) in &self.from {
            if let Some(share) = shares.get_mut(place) {
                share.connections -= 1;
                if share.connections == 0 {
                    shares.remove(place);
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
    use futures_util::FutureExt as _;
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn no_place_has_more_than_its_share_and_nothing_is_left_behind() {
        let crowd = Crowd::new(2, 1);
        let join = |address: &str| crowd.join(address.parse().unwrap());
        let held = (join("192.0.2.1").unwrap(), join("::ffff:192.0.2.1").unwrap());
        assert!(join("192.0.2.1").is_none());
        let other = join("192.0.2.2").unwrap();
        let six = (join("2001:db8::1").unwrap(), join("2001:db8::2").unwrap());
        assert!(join("2001:db8::3").is_none() && join("2001:db8:0:1::3").is_some());
        drop(held.0);
        assert!(join("192.0.2.1").is_some());
        drop((held.1, other, six));
        assert!(crowd.shares().is_empty());
    }

    #[test]
    fn a_large_network_has_a_few_shares_and_not_one_for_each_small_one_in_it() {
        let crowd = Crowd::new(2, 1);
        let join = |address: String| crowd.join(address.parse().unwrap());
        let members: Vec<_> = (0..100).filter_map(|small| join(format!("2001:db8:1:{small:x}::1"))).collect();
        assert_eq!(members.len(), 2 * LARGE_SHARES);
        assert!(join("2001:db8:2::1".to_owned()).is_some(), "another large network");
        drop(members);
        assert!(crowd.shares().is_empty());
    }

    /// Whether it may be heard at once.
    fn is_heard(member: &Member) -> bool {
        member.be_heard().now_or_never().is_some()
    }

    #[test]
    fn a_place_is_heard_in_turns_and_others_meanwhile() {
        let crowd = Crowd::new(9, 2);
        let join = |address: &str| crowd.join(address.parse().unwrap()).unwrap();
        let [one, two, three] = ["192.0.2.1"; 3].map(join);
        assert!(is_heard(&one) && is_heard(&two) && !is_heard(&three));
        assert!(is_heard(&join("192.0.2.2")), "another place");
        assert!(one.is_being_heard() && !three.is_being_heard());
        one.was_heard();
        assert!(is_heard(&three));
        assert!(is_heard(&three), "it has its hearing already");
        assert!(!is_heard(&one), "it has had its hearing");
        drop(two);
        assert!(is_heard(&one), "whoever goes leaves it to the next");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_was_not_understood_leaves_its_hearing_to_others_only_after_a_while() {
        let crowd = Crowd::new(9, 1);
        let join = || crowd.join("192.0.2.1".parse().unwrap()).unwrap();
        let (understood, other) = (join(), join());
        let begun = Instant::now();
        understood.be_heard().await;
        understood.was_heard();
        understood.do_penance().await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
        other.be_heard().await;
        other.do_penance().await;
        assert_eq!(begun.elapsed(), PENANCE);
    }

    #[test]
    fn a_large_network_is_heard_a_few_times_as_often() {
        let crowd = Crowd::new(9, 2);
        let members: Vec<_> =
            (0..20).map(|small| crowd.join(format!("2001:db8:1:{small:x}::1").parse().unwrap()).unwrap()).collect();
        assert_eq!(members.iter().filter(|member| is_heard(member)).count(), 2 * LARGE_SHARES);
    }
}
