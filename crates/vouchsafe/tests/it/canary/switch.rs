//! The real binary, its folder, and everything in which it could leave something: files, output, memory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use vouchsafe::config::SecretHash;
use vouchsafe_store::seal::{Sealer, SealingKey};
use vouchsafe_store::sqlite::SqliteStore;

use super::roll::{Look, Rest, Roll};
use crate::world::{Authority, eventually, shim};

/// An address of this machine that no other test calls from: nobody takes the port while the switch is dead.
const HERE: &str = "127.0.0.78:0";
/// The channels: one leaves finalising to the switch, one is a till.
pub(super) const CHANNELS: [&str; 2] = ["app", "till"];
/// What only the operator may read, so nobody looks for anything in it.
const OPERATORS_OWN: [&str; 3] = ["sealing.key", "password", "tls.key"];

/// The switch of a folder, while it runs and while it does not.
pub(super) struct Vault {
    folder: TempDir,
    library: PathBuf,
    pub(super) address: SocketAddr,
    /// What each of [`CHANNELS`] logs in with.
    pub(super) secrets: [String; 2],
    process: Option<Child>,
}

impl Vault {
    /// A switch that asks the provider at an address for everything; it does not run yet.
    pub(super) fn configured(roll: &Roll, provider: SocketAddr, authority: Option<&Authority>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind(HERE).unwrap().local_addr().unwrap();
        let secrets = CHANNELS.map(|_| roll.plant("secret of a channel"));
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        put("sealing.key", &roll.plant_digits("sealing key", 32, Rest::InMemory));
        put("password", &roll.plant_resting("password at a provider", Rest::InMemory));
        if let Some(authority) = authority {
            let shown = authority.certify("localhost");
            put("tls.pem", &shown.certificate.pem());
            put("tls.key", &shown.key);
            put("authority.pem", &authority.certificate.pem());
            let line = shown.key.lines().nth(1).expect("a key has lines");
            roll.add("our key as PEM", line, Rest::Nowhere, Look::Whole);
        }
        put("channels.toml", "");
        put("vouchsafe.toml", &config(address, &secrets, provider, authority.is_some()));
        let library = shim(folder.path(), "tests/it/canary/chance.c");
        Self { folder, library, address, secrets, process: None }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vouchsafe"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("RUST_LOG", "trace")
            .env("USER", "tester")
            .stdin(Stdio::null());
        command
    }

    /// Begins a life, and waits until it listens.
    /// `trip` is the file that makes its next draw of chance fail, which is a panic.
    pub(super) async fn start(&mut self, trip: &Path) {
        let log = OpenOptions::new().create(true).append(true).open(self.path("log")).unwrap();
        // Its memory can be read only while dumps of it may be written.
        let mut command = self.command(&["serve", "--config", "vouchsafe.toml", "--core-dumps"]);
        command.env("LD_PRELOAD", &self.library).env("VOUCHSAFE_TEST_TRIP", trip);
        self.process = Some(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
        let address = self.address;
        eventually("the switch listens", async || {
            assert!(self.is_alive(), "it did not start: {}", self.log());
            tokio::net::TcpStream::connect(address).await.ok()
        })
        .await;
    }

    /// Its store, to be read beside it.
    pub(super) fn store(&self) -> Arc<SqliteStore> {
        let digits = fs::read_to_string(self.path("sealing.key")).unwrap();
        let mut key = [0; 32];
        for (byte, pair) in key.iter_mut().zip(digits.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        }
        let sealer = Sealer::new(SealingKey::from_bytes(key), |_| {});
        Arc::new(SqliteStore::open_read_only(&self.path("store.db"), sealer).unwrap())
    }

    /// What a command says, and that it is done.
    pub(super) fn says(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.command(arguments).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
        said
    }

    /// Every file that it has left, but those that hold secrets because the operator put them there.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let all = fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path());
        all.filter(|path| !OPERATORS_OWN.iter().any(|own| path.ends_with(own))).collect()
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    fn is_alive(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| process.try_wait().unwrap().is_none())
    }

    fn pid(&self) -> u32 {
        self.process.as_ref().expect("it runs").id()
    }

    /// Waits until it has no connection to anybody.
    pub(super) async fn is_alone(&self) {
        eventually("all connections have ended", async || (self.connections() == 0).then_some(())).await;
    }

    /// How many of its sockets are connections.
    fn connections(&self) -> usize {
        let table = fs::read_to_string(format!("/proc/{}/net/tcp", self.pid())).unwrap();
        // The fourth field is the state, of which 0A is listening; the tenth is the socket's number.
        let talking: Vec<String> = table
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .filter(|fields| fields.get(3).is_some_and(|state| *state != "0A"))
            .filter_map(|fields| Some(format!("socket:[{}]", fields.get(9)?)))
            .collect();
        let files = fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap();
        let links = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
        links.filter(|link| talking.iter().any(|socket| link.as_os_str() == socket.as_str())).count()
    }

    /// Reads all of its memory as it is now, as a core dump would hold it.
    pub(super) fn with_memory<T>(&self, read: impl FnOnce(Memory) -> T) -> T {
        let pid = Pid::from_raw(i32::try_from(self.pid()).unwrap()).expect("a process has a number");
        kill_process(pid, Signal::STOP).unwrap();
        let result = read(Memory::of(self.pid()));
        kill_process(pid, Signal::CONT).unwrap();
        result
    }

    /// Ends its life as the kernel does, so that the log beside the store stays.
    pub(super) fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Ends its life as an operator does.
    pub(super) async fn stop(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).unwrap()).expect("a process has a number");
        kill_process(pid, Signal::TERM).unwrap();
        let mut process = self.process.take().expect("it runs");
        let status = tokio::task::spawn_blocking(move || process.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // After a failed test it may have ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// All memory of a process that it has written to or could: every mapping that can be read.
pub(super) struct Memory {
    memory: File,
    /// Where the mappings that are still to be read begin and end.
    mappings: Vec<(u64, u64)>,
}

/// How much is read at once.
const PIECE: u64 = 1 << 20;

impl Memory {
    fn of(pid: u32) -> Self {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
        let mut mappings = Vec::new();
        for line in maps.lines() {
            let mut fields = line.split_whitespace();
            let (range, may) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            let is_kernels =
                line.ends_with("[vvar]") || line.ends_with("[vvar_vclock]") || line.ends_with("[vsyscall]");
            if let Some((begin, end)) = range.split_once('-')
                && may.starts_with('r')
                && !is_kernels
            {
                let number = |digits| u64::from_str_radix(digits, 16).unwrap();
                mappings.push((number(begin), number(end)));
            }
        }
        mappings.reverse();
        Self { memory: File::open(format!("/proc/{pid}/mem")).unwrap(), mappings }
    }
}

impl Read for Memory {
    /// One mapping after the other. Of what is nothing but zeros one zero is enough: no canary has two in a row.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some((begin, end)) = self.mappings.last_mut() else { return Ok(0) };
        let length = (*end - *begin).min(buffer.len() as u64).min(PIECE);
        let piece = &mut buffer[..usize::try_from(length).expect("a piece is small")];
        let count = self.memory.read_at(piece, *begin)?;
        assert!(count > 0, "a mapping that can be read has bytes");
        *begin += count as u64;
        if begin == end {
            self.mappings.pop();
        }
        Ok(if piece[..count].iter().all(|byte| *byte == 0) { 1 } else { count })
    }
}

fn config(address: SocketAddr, secrets: &[String; 2], provider: SocketAddr, has_tls: bool) -> String {
    let channel = |(id, secret): (&str, &String), messaging: &str| {
        format!(
            "[[channel]]\nid = \"{id}\"\nmessaging = \"{messaging}\"\nsecrets = [\"{}\"]\ndefault_provider = \"house\"\n\
             wait_seconds = 4\n",
            SecretHash::of(secret)
        )
    };
    let tls = if has_tls { "[tls]\ncertificate = \"tls.pem\"\nkey = \"tls.key\"\n" } else { "" };
    let (scheme, authorities) = if has_tls { ("https", "tls_authorities = \"authority.pem\"\n") } else { ("http", "") };
    format!(
        "listen = \"{address}\"\nstore = \"sqlite:store.db\"\nchannels = \"channels.toml\"\n\
         [sealing_key]\nfile = \"sealing.key\"\n{tls}{}{}\
         [[provider]]\nid = \"house\"\nprotocol = \"suv\"\nbase_url = \"{scheme}://localhost:{}/suv/v1\"\n\
         user_name = \"switch\"\npassword_file = \"password\"\nconcurrency = 1000\ntimeout_seconds = 1\n\
         in_flight_horizon_seconds = 2\nconfirm_after_seconds = 1\n{authorities}\
         [limits]\nlate_answer_seconds = 2\nreversal_sync_seconds = 1\nadvice_pause_milliseconds = 20\n\
         advice_longest_pause_seconds = 1\ncircuit_failures = 100000\nfile_check_seconds = 1\n",
        channel((CHANNELS[0], &secrets[0]), "single"),
        channel((CHANNELS[1], &secrets[1]), "dual"),
        provider.port(),
    )
}
