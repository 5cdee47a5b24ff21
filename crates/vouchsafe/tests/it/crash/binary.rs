//! The real binary with a configuration of its own, killed and started again on the same folder and address.
//!
//! A power cut is played with a shim (synced.c) that keeps a copy of each of the store's files as of its last flush: the
//! process is killed, and the files are put back to those copies.

use std::fs::{self, OpenOptions};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;
use vouchsafe_store::sqlite::SqliteStore;

use super::process::opened;
use crate::world::{Channel, Simulated, eventually, shim};

/// An address of this machine that no other test calls from: nobody takes the port while the switch is dead.
const HERE: &str = "127.0.0.77:0";
/// The SHA-256 of "secret".
const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
/// The sealing key that [`sealer`] has.
const KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";
/// The provider that does everything.
pub(super) const FULL: &str = "full";
/// The provider that takes no advices and no retries.
pub(super) const DRY: &str = "dry";
/// The channels that leave finalising to the switch.
pub(super) const APPS: [&str; 2] = ["app-1", "app-2"];
/// The channels that finalise by themselves.
pub(super) const TILLS: [&str; 2] = ["till-1", "till-2"];

/// The switch of a folder, while it runs and while it does not.
pub(super) struct Binary {
    /// Whether its flushes are not made, although it is told so.
    pub(super) is_lied_to: bool,
    /// What is loaded into it, so that it can lose power.
    shim: PathBuf,
    folder: TempDir,
    pub(super) address: SocketAddr,
    process: Option<Child>,
}

impl Binary {
    /// A switch that asks these two providers; it does not run yet.
    pub(super) fn configured(full: &Simulated, dry: &Simulated) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind(HERE).unwrap().local_addr().unwrap();
        fs::write(folder.path().join("vouchsafe.toml"), config(address, full, dry)).unwrap();
        fs::write(folder.path().join("sealing.key"), KEY).unwrap();
        fs::write(folder.path().join("password"), "password").unwrap();
        Self { is_lied_to: false, shim: shim(folder.path(), "tests/it/crash/synced.c"), folder, address, process: None }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Everything that any of its lives has logged.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Its store, to be read beside it.
    pub(super) fn store(&self) -> Option<Arc<SqliteStore>> {
        opened(&self.folder.path().join("store.db"))
    }

    /// Begins a life, and waits until it answers.
    pub(super) async fn start(&mut self) {
        let log = OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_vouchsafe"))
            .args(["serve", "--config", "vouchsafe.toml"])
            .current_dir(self.folder.path())
            .env("RUST_LOG", "warn")
            .env("LD_PRELOAD", &self.shim)
            .envs(self.is_lied_to.then_some(("VOUCHSAFE_TEST_LIES", "1")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.process = Some(process);
        let channel = Channel::new(self.address, APPS[0]);
        eventually("the switch answers", async || {
            let health = http::Request::get(format!("http://{}/health/ready", self.address)).body(Default::default());
            let answer = channel.send(health.unwrap()).await.ok()?;
            (answer.status == 200).then_some(())
        })
        .await;
    }

    /// Ends a life as the kernel does.
    pub(super) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Binary {
    /// Ends a life as a power cut does: of the store's files, what was flushed is left and nothing else. Says how many
    /// bytes were lost by it, or were other ones.
    pub(super) fn lose_power(&mut self) -> u64 {
        self.kill();
        let file = |name: &str| self.folder.path().join(name);
        // The index of the log is memory that all share; it is gone with the machine.
        let _ = fs::remove_file(file("store.db-shm"));
        let mut lost = 0;
        for name in ["store.db", "store.db-wal"] {
            let is = fs::read(file(name)).unwrap_or_default();
            let flushed = fs::read(file(&format!("{name}.synced"))).unwrap_or_default();
            let same = is.iter().zip(&flushed).filter(|(is, was)| is == was).count();
            lost += (is.len().max(flushed.len()) - same) as u64;
            fs::write(file(name), &flushed).unwrap();
        }
        lost
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // After a failed test it may have ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn config(address: SocketAddr, full: &Simulated, dry: &Simulated) -> String {
    let channel = |id: &str, messaging: &str| {
        format!(
            "[[channel]]\nid = \"{id}\"\nmessaging = \"{messaging}\"\nsecrets = [\"sha256:{SECRET}\"]\n\
             default_provider = \"{FULL}\"\nwait_seconds = 5\n"
        )
    };
    let apps: String = APPS.iter().map(|id| channel(id, "single")).collect();
    let tills: String = TILLS.iter().map(|id| channel(id, "dual")).collect();
    let provider = |id: &str, url: &str, sheet: &str| {
        format!(
            "[[provider]]\nid = \"{id}\"\nprotocol = \"suv\"\nbase_url = \"{url}\"\nuser_name = \"switch\"\n\
             password_file = \"password\"\nconcurrency = 1000\ntimeout_seconds = 1\nin_flight_horizon_seconds = 2\n\
             confirm_after_seconds = 1\n{sheet}"
        )
    };
    let full = provider(FULL, &full.base_url, "");
    let takes_nothing = "confirmations = false\nreversals = false\nretry = \"unsupported\"\n";
    let dry = provider(DRY, &dry.base_url, takes_nothing);
    format!(
        "listen = \"{address}\"\nstore = \"sqlite:store.db\"\n[sealing_key]\nfile = \"sealing.key\"\n{apps}{tills}{full}{dry}\
         [routes.settlement_entities]\n\"{DRY}\" = \"{DRY}\"\n\
         [limits]\nanswer_margin_milliseconds = 200\nlate_answer_seconds = 2\nreversal_sync_seconds = 1\n\
         advice_pause_milliseconds = 20\nadvice_longest_pause_seconds = 1\ncircuit_failures = 100000\n"
    )
}
