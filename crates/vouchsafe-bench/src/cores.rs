//! Which of the machine's cores a process runs on, and who goes first there.

use rustix::process::setpriority_process;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::fault::Fault;

/// The lowest priority that there is (`nice`).
const LAST: i32 = 19;

/// Some of the machine's cores.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cores(CpuSet);

impl Cores {
    /// Those that this process may use, in two halves. The second has one more where they are odd.
    pub(crate) fn halves() -> Result<[Self; 2], Fault> {
        let all = affinity()?;
        if all.count() < 2 {
            let wrong = "it has one core, and each of two switches needs one of its own".to_owned();
            return Err(Fault::Nonsense { process: "the machine".to_owned(), wrong });
        }
        let mut halves = [CpuSet::new(); 2];
        let cores = (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core));
        for (place, core) in cores.enumerate() {
            halves[usize::from(place >= all.count() as usize / 2)].set(core);
        }
        Ok(halves.map(Self))
    }

    /// Does something whose threads and processes run on these cores only, for as long as they live.
    pub(crate) fn host<T>(self, work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
        let before = affinity()?;
        // Whoever is started inherits it.
        let keep_to = |cores| sched_setaffinity(None, cores).map_err(std::io::Error::from);
        keep_to(&self.0).map_err(Fault::machine("keep to some of the cores"))?;
        let done = work();
        keep_to(&before).map_err(Fault::machine("return to all cores"))?;
        done
    }
}

fn affinity() -> Result<CpuSet, Fault> {
    sched_getaffinity(None).map_err(std::io::Error::from).map_err(Fault::machine("read which cores there are"))
}

/// Lets everybody else go first from now on.
pub(crate) fn give_way() -> Result<(), Fault> {
    let given = setpriority_process(None, LAST).map_err(std::io::Error::from);
    given.map_err(Fault::machine("lower its own priority"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_are_all_cores_and_share_none() {
        let all = affinity().unwrap();
        if all.count() < 2 {
            assert!(Cores::halves().unwrap_err().to_string().contains("one core"));
            return;
        }
        let [one, other] = Cores::halves().unwrap();
        for core in 0..CpuSet::MAX_CPU {
            let held = usize::from(one.0.is_set(core)) + usize::from(other.0.is_set(core));
            assert_eq!(held, usize::from(all.is_set(core)), "core {core}");
        }
        assert!(other.0.count() - one.0.count() <= 1);
    }

    #[test]
    fn whoever_is_started_keeps_to_its_cores_and_nobody_else_does() {
        let before = affinity().unwrap();
        let Ok([one, _]) = Cores::halves() else { return };
        let inside = one.host(|| std::thread::spawn(affinity).join().unwrap()).unwrap();
        assert_eq!(inside, one.0);
        assert_eq!(affinity().unwrap(), before);
    }
}
