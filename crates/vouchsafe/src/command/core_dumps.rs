//! Core dumps, which hold keys, credentials and the vouchers that are just being sold: off, where nobody wants them.

use rustix::io;
use rustix::process::{Resource, Rlimit, setrlimit};

/// Keeps the operating system from writing this process's memory to a disk when it crashes, and other processes of the
/// same user from reading it.
///
/// # Errors
/// What the operating system says; it refuses this to nobody.
pub(crate) fn turn_off() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // A program that the kernel hands dumps to is given them whatever that limit says.
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}
