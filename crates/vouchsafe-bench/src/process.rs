//! Processes that take part, their words, and their end.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fault::Fault;
use crate::message::credentials;
use crate::usage::Usage;

/// How a server says where it listens.
const LISTENS: &str = "listening at ";
/// How long a process that only has to start may take for it.
const START: Duration = Duration::from_secs(60);
/// How long a process may take to answer a question about itself.
const ANSWER: Duration = Duration::from_secs(60);

/// A process that takes part. It is killed when this is dropped.
pub(crate) struct Process {
    name: String,
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    /// Starts a part of this very program, with its orders.
    pub(crate) fn part(part: &'static str, orders: &impl Serialize) -> Result<Self, Fault> {
        let program = std::env::current_exe().map_err(Fault::machine("find this program"))?;
        let orders = serde_json::to_string(orders).map_err(std::io::Error::other);
        let orders = orders.map_err(Fault::machine("write orders"))?;
        Self::start(part, &program, ["part", part, &orders], Stdio::inherit())
    }

    /// Starts the switch, whose log goes into a file.
    pub(crate) fn switch(program: &Path, config: &Path, log: File) -> Result<Self, Fault> {
        let arguments = [OsStr::new("serve"), OsStr::new("--config"), config.as_os_str()];
        Self::start("the switch", program, arguments, Stdio::from(log))
    }

    fn start(
        name: &str,
        program: &Path,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        stderr: Stdio,
    ) -> Result<Self, Fault> {
        let mut command = Command::new(program);
        // A part ends when its standard input does, and that ends with us, however we end.
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
        let starting = format!("start {name} ({})", program.display());
        let mut child = command.spawn().map_err(Fault::machine(starting))?;
        let (said, lines) = channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || {
                let mut all = BufReader::new(stdout).lines().map_while(Result::ok);
                all.try_for_each(|line| said.send(line))
            });
        }
        Ok(Self { name: name.to_owned(), child, lines })
    }

    /// Its name, for sentences.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Waits until it says where it listens.
    pub(crate) fn address(&self) -> Result<SocketAddr, Fault> {
        let line = self.line(START, "saying where it listens")?;
        line.strip_prefix(LISTENS).and_then(|address| address.parse().ok()).ok_or_else(|| self.nonsense(line))
    }

    /// Waits until it says something.
    pub(crate) fn told<T: DeserializeOwned>(&self, patience: Duration, awaited: &'static str) -> Result<T, Fault> {
        let line = self.line(patience, awaited)?;
        serde_json::from_str(&line).map_err(|_| self.nonsense(line))
    }

    fn line(&self, patience: Duration, awaited: &'static str) -> Result<String, Fault> {
        self.lines.recv_timeout(patience).map_err(|_| Fault::Silent { process: self.name.clone(), awaited })
    }

    fn nonsense(&self, line: String) -> Fault {
        Fault::Nonsense { process: self.name.clone(), wrong: format!("it said {line:?}") }
    }

    /// What it has used so far.
    pub(crate) fn usage(&self) -> Result<Usage, Fault> {
        Usage::of(self.child.id())
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it as the kernel would (SIGKILL), and waits until it is gone.
    pub(crate) fn kill(&mut self) -> Result<(), Fault> {
        let killed = self.child.kill().and_then(|()| self.child.wait());
        killed.map(drop).map_err(Fault::machine(format!("kill {}", self.name)))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Whoever has ended already needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says where a part listens, and ends it once whoever started it is gone.
pub(crate) fn announce(address: SocketAddr) -> std::io::Result<()> {
    say(&format!("{LISTENS}{address}"))?;
    end_with_parent();
    Ok(())
}

/// Ends this process once whoever started it is gone.
pub(crate) fn end_with_parent() {
    thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
}

/// Says a line to whoever started this process, or to the person at the terminal.
pub(crate) fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes())?;
    out.flush()
}

/// Tells the person at the terminal how far things are, in a line that the next one replaces.
pub(crate) fn progress(line: &str) {
    let mut out = std::io::stderr();
    if out.is_terminal() {
        // Whoever cannot be told goes without.
        let _ = write!(out, "\r\x1b[K{line}");
    }
}

/// Asks a server for a page, and returns its answer with its head.
pub(crate) fn page(address: SocketAddr, path: &str) -> std::io::Result<String> {
    page_for(address, path, "")
}

/// The same of a page that is the channel's own.
pub(crate) fn own_page(address: SocketAddr, path: &str) -> std::io::Result<String> {
    page_for(address, path, &format!("Authorization: {}\r\n", credentials()))
}

fn page_for(address: SocketAddr, path: &str, header: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n{header}Connection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
