//! The key that everything in the store is sealed with.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use vouchsafe_store::seal::{Sealer, SealingKey};

use crate::clock::{Clock, MachineClock};
use crate::command::Failure;
use crate::config::KeySource;

/// The sealer of a store. A key file that is not there is made, but only for a store that is not there either:
/// a new key for an old store would make everything in it unreadable.
pub(crate) fn sealer(source: &KeySource, store_exists: bool) -> Result<Sealer, Failure> {
    let digits = match source {
        KeySource::Environment(name) => std::env::var(name).map_err(|_| {
            Failure::unusable(format!("the environment variable {name} with the sealing key is not set"))
        })?,
        KeySource::File(path) => match fs::read_to_string(path) {
            Ok(digits) => digits,
            Err(error) if error.kind() == ErrorKind::NotFound && !store_exists => make(path)?,
            Err(error) => {
                return Err(Failure::unusable(format!(
                    "cannot read the sealing key {}: {error}; put back the key that the store was written with",
                    path.display()
                )));
            }
        },
    };
    let bytes = bytes(digits.trim())
        .ok_or_else(|| Failure::unusable("the sealing key must be 64 hexadecimal digits (32 bytes)"))?;
    let clock: Arc<dyn Clock> = Arc::new(MachineClock);
    Ok(Sealer::new(SealingKey::from_bytes(bytes), move |random: &mut [u8]| clock.fill(random)))
}

/// Makes a key and has it on disk, for its owner's eyes only, before anything is sealed with it.
fn make(path: &Path) -> Result<String, Failure> {
    let mut key = [0; 32];
    MachineClock.fill(&mut key);
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder)
        .and_then(|()| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path))
        .and_then(|mut file| {
            file.write_all(digits.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| File::open(folder)?.sync_all());
    written.map_err(|error| Failure::failed(format!("cannot write the sealing key {}: {error}", path.display())))?;
    tracing::info!(path = %path.display(), "made a new sealing key: keep a copy, without it the store cannot be read");
    Ok(digits)
}

fn bytes(digits: &str) -> Option<[u8; 32]> {
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_for_a_new_store_only_and_then_kept() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::File(folder.path().join("deep/sealing.key"));
        let lost = sealer(&source, true).err().unwrap();
        assert!(lost.sentence.contains("put back the key"), "{}", lost.sentence);
        assert!(sealer(&source, false).is_ok());
        let made = fs::read_to_string(folder.path().join("deep/sealing.key")).unwrap();
        assert!(sealer(&source, true).is_ok());
        assert_eq!(fs::read_to_string(folder.path().join("deep/sealing.key")).unwrap(), made);
    }

    #[test]
    fn a_key_is_64_hexadecimal_digits() {
        assert_eq!(bytes(&"0a".repeat(32)), Some([10; 32]));
        for malformed in ["", "0a", &"0g".repeat(32), &"é".repeat(32)] {
            assert_eq!(bytes(malformed), None, "{malformed}");
        }
    }
}
