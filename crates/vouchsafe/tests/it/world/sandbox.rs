//! The real binary, playing its sandbox.

use std::io::{BufRead as _, BufReader, Lines};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The sandbox as a process of its own.
pub(crate) struct Sandbox {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
    /// Kept open: what the sandbox has to say later must find somebody listening.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Sandbox {
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_as(data, &[])
    }

    /// A sandbox that is told more on its command line.
    pub(crate) fn start_as(data: &Path, arguments: &[&str]) -> Self {
        Self::begin(data, arguments, "warn", Stdio::inherit())
    }

    /// A sandbox that logs what `log` chooses, to `log_to`.
    pub(crate) fn start_with(data: &Path, log: &str, log_to: Stdio) -> Self {
        Self::begin(data, &[], log, log_to)
    }

    /// A sandbox that is told more on its command line, and logs what `log` chooses, to `log_to`.
    pub(crate) fn start_logging(data: &Path, arguments: &[&str], log: &str, log_to: Stdio) -> Self {
        Self::begin(data, arguments, log, log_to)
    }

    fn begin(data: &Path, arguments: &[&str], log: &str, log_to: Stdio) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_vouchsafe"))
            .args(["sandbox", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(arguments)
            .env("RUST_LOG", log)
            .stdout(Stdio::piped())
            .stderr(log_to)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.unwrap();
            line.strip_prefix("Vouchsafe sandbox at http://")?.split('/').next()?.parse().ok()
        });
        Self { process, address: address.expect("the sandbox says where it is"), _output: lines }
    }

    /// Asks it to stop, as a service manager does, and waits until it has.
    pub(crate) fn stop(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().unwrap();
        assert!(asked.success());
        assert!(self.process.wait().unwrap().success());
    }

    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended already; after a failed test it has not.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
