//! What a process has used, as the kernel counts it.

use std::fs;
use std::time::Duration;

use crate::fault::Fault;

/// What one process has used so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// The CPU time of all its threads, its own and the kernel's on its behalf; to a hundredth of a second.
    pub(crate) cpu: Duration,
    /// The memory it holds, in bytes.
    pub(crate) resident: u64,
    /// The most it ever held.
    pub(crate) peak: u64,
}

impl Usage {
    /// Reads what a process has used.
    pub(crate) fn of(pid: u32) -> Result<Self, Fault> {
        let read = |file: &str| {
            let path = format!("/proc/{pid}/{file}");
            fs::read_to_string(&path).map_err(Fault::machine(format!("read {path}")))
        };
        let (stat, status) = (read("stat")?, read("status")?);
        let usage = ticks(&stat).zip(bytes(&status, "VmRSS:").zip(bytes(&status, "VmHWM:")));
        let (ticks, (resident, peak)) = usage.ok_or_else(|| Fault::Nonsense {
            process: "the kernel".to_owned(),
            wrong: format!("/proc/{pid} says something else than expected"),
        })?;
        let second = rustix::param::clock_ticks_per_second().max(1);
        Ok(Self { cpu: Duration::from_secs(ticks) / u32::try_from(second).unwrap_or(100), resident, peak })
    }
}

/// User and system time out of `/proc/PID/stat`: the 14th and 15th field. The second, the name, may hold spaces.
fn ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

/// An amount of memory out of `/proc/PID/status`, which is told in units of 1024 bytes.
fn bytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_own_words_are_understood() {
        assert_eq!(ticks("1 (a ) b) S 0 1 1 0 -1 4194560 1 2 3 4 70 30 5 6 20 0 1 0 9 1 2"), Some(100));
        assert_eq!(bytes("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n", "VmRSS:"), Some(1024 * 1024));
    }

    #[test]
    fn this_process_has_used_something() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.resident > 0 && usage.peak >= usage.resident, "{usage:?}");
    }
}
