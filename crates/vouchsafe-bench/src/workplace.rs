//! Where a measurement keeps its files: on the disk that is measured.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vouchsafe::clock::{Clock as _, MachineClock};
use vouchsafe_store::seal::{Sealer, SealingKey};
use vouchsafe_store::sqlite::SqliteStore;

use crate::fault::Fault;

/// The folder for everything, and the program that is measured.
#[derive(Debug, Clone)]
pub(crate) struct Workplace {
    /// Where files are kept. It must be on a real disk: in memory a flush costs nothing.
    pub(crate) data: PathBuf,
    /// The switch.
    pub(crate) switch: PathBuf,
}

/// A folder for the files of one run, removed when this is dropped.
pub(crate) struct Folder(TempDir);

impl Workplace {
    /// The folder that was asked for, else one beside the program's own; the switch that was asked for, else the one
    /// that was built with this program.
    pub(crate) fn find(data: Option<PathBuf>, switch: Option<PathBuf>) -> Result<Self, Fault> {
        let program = std::env::current_exe().map_err(Fault::machine("find this program"))?;
        let beside = program.parent().unwrap_or(Path::new("."));
        let data = data.unwrap_or_else(|| beside.parent().unwrap_or(beside).join("bench"));
        let making = format!("make the folder {}", data.display());
        fs::create_dir_all(&data).map_err(Fault::machine(making))?;
        let switch = switch.unwrap_or_else(|| beside.join("vouchsafe"));
        let finding = format!("find the switch at {}", switch.display());
        let switch = switch.canonicalize().map_err(Fault::machine(finding))?;
        Ok(Self { data, switch })
    }

    /// A folder for one run.
    pub(crate) fn folder(&self) -> Result<Folder, Fault> {
        let made = tempfile::Builder::new().prefix("run-").tempdir_in(&self.data);
        made.map(Folder).map_err(Fault::machine(format!("make a folder in {}", self.data.display())))
    }
}

impl Folder {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// The name of a store in its folder.
pub(crate) const STORE: &str = "store.db";
/// The key of every store that is measured. It guards nothing that was ever sold.
const KEY: [u8; 32] = [7; 32];

/// The key as a file holds it.
pub(crate) fn key_digits() -> String {
    KEY.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sealer() -> Sealer {
    Sealer::new(SealingKey::from_bytes(KEY), |random: &mut [u8]| MachineClock.fill(random))
}

/// Opens the store of a folder for writing, and makes it where there is none.
pub(crate) fn open_store(folder: &Path) -> Result<SqliteStore, Fault> {
    SqliteStore::open(&folder.join(STORE), sealer()).map_err(|error| Fault::Store(error.to_string()))
}

/// Opens the store of a folder for reading, as whoever killed its switch left it.
pub(crate) fn read_store(folder: &Path) -> Result<SqliteStore, Fault> {
    SqliteStore::open_read_only(&folder.join(STORE), sealer()).map_err(|error| Fault::Store(error.to_string()))
}

/// Runs a future that only has the store to wait for.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(Fault::machine("start a runtime"))?.block_on(work)
}
