//! How many connections come from one place, so that no place alone can take them all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The connections that there are, by where they come from.
#[derive(Debug)]
pub(super) struct Crowd {
    most: usize,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Member {
    crowd: Arc<Crowd>,
    from: IpAddr,
}

impl Crowd {
    /// No connections yet, and never more than `most` from one place.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, counts: Mutex::default() })
    }

    /// One more connection from this address, if there may be one.
    pub(super) fn join(self: &Arc<Self>, address: IpAddr) -> Option<Member> {
        let from = place(address);
        let mut counts = self.counts();
        // At least one from everywhere: who can never join has no connection to be refused on.
        let count = counts.entry(from).or_default();
        if *count >= self.most.max(1) {
            return None;
        }
        *count += 1;
        Some(Member { crowd: Arc::clone(self), from })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // A thread that panicked between two entries left a usable map behind.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut counts = self.crowd.counts();
        if let Some(count) = counts.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.from);
            }
        }
    }
}

/// Whoever has an IPv6 address has a whole network of them (64 bits of it), and counts as one.
fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        four @ IpAddr::V4(_) => four,
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
}
