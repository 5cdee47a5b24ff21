//! How many files and connections the process may have open, and who goes without where they are too few.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use vouchsafe_core::sheet::Sheet;

use crate::config::Limits;

/// What is open besides connections: the store with its readers, the log, files that are looked at for changes.
const OTHERS: u64 = 64;

/// The limits that hold: fewer connections of channels than are configured, where the process may not have as many open.
/// Providers' come first: whoever opened a thousand connections must not keep the switch from asking those that sell. Where
/// the process may have more open than it has so far, it takes what it needs.
pub(crate) fn within<'a>(limits: &Limits, sheets: impl IntoIterator<Item = &'a Sheet>) -> Limits {
    // To each provider as many requests as its sheet allows, and as many advices beside them.
    let providers: u64 = sheets.into_iter().map(|sheet| 2 * u64::from(sheet.concurrency.get())).sum();
    let besides = providers.saturating_add(OTHERS);
    let needed = besides.saturating_add(u64::try_from(limits.connections).unwrap_or(u64::MAX));
    let allowed = raised(getrlimit(Resource::Nofile), needed);
    let connections = share(allowed, limits.connections, besides);
    if connections < limits.connections {
        tracing::warn!(
            allowed,
            needed,
            connections,
            "the process may have too few files open for limits.connections, and takes fewer connections; let the service \
             manager allow as many as are needed (LimitNOFILE, ulimit -n)"
        );
    }
    // No address has a larger part of them than it had.
    let per_address = limits.connections_per_address.saturating_mul(connections) / limits.connections.max(1);
    Limits { connections, connections_per_address: per_address.max(1), ..limits.clone() }
}

/// What the process may have open once it asked for what it needs.
fn raised(Rlimit { current, maximum }: Rlimit, needed: u64) -> Option<u64> {
    let current = current?;
    let wanted = needed.min(maximum.unwrap_or(u64::MAX));
    if wanted <= current {
        return Some(current);
    }
    // Where that is refused, it stays as it is.
    let taken = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    Some(if taken.is_ok() { wanted } else { current })
}

/// What is left for channels once everything else has its part; a quarter of all at the least, for nobody sells without.
fn share(allowed: Option<u64>, wanted: usize, besides: u64) -> usize {
    let Some(allowed) = allowed else { return wanted };
    let left = allowed.saturating_sub(besides).max(allowed / 4).max(1);
    wanted.min(usize::try_from(left).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_have_their_descriptors_before_strangers_do() {
        let check = |allowed: Option<u64>, wanted: usize, besides: u64, expect: usize| {
            assert_eq!(share(allowed, wanted, besides), expect, "{wanted} and {besides} of {allowed:?}");
        };
        check(None, 4096, 192, 4096);
        check(Some(20_000), 4096, 192, 4096);
        check(Some(4288), 4096, 192, 4096);
        check(Some(4287), 4096, 192, 4095);
        check(Some(1024), 4096, 192, 832);
        // More providers than there can be connections to.
        check(Some(1024), 4096, 5000, 256);
        check(Some(1), 4096, 5000, 1);
        check(Some(1024), 10, 5000, 10);
    }

    #[test]
    fn nothing_is_asked_for_that_is_there_already() {
        let check = |current, maximum, needed, expect| {
            assert_eq!(raised(Rlimit { current, maximum }, needed), expect, "{needed} of {current:?}, {maximum:?}");
        };
        check(None, None, 5000, None);
        check(Some(5000), None, 5000, Some(5000));
        check(Some(1024), Some(1024), 5000, Some(1024));
    }
}
