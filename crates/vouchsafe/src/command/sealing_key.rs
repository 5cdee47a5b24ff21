//! The key that everything in the store is sealed with.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vouchsafe_core::secret::Secret;
use vouchsafe_store::seal::{Sealer, SealingKey};

use crate::clock::{Clock, MachineClock};
use crate::command::Failure;
use crate::config::{KeySource, Wrong};

/// The sealer of the store in a file. A key file that is not there is made, but only for a store that is not there
/// either: a new key for an old store would make everything in it unreadable.
pub(crate) fn sealer(source: &KeySource, store: &Path) -> Result<Sealer, Failure> {
    let is_new = !store.exists();
    let digits = match source.fetch(&|name| std::env::var(name).ok()) {
        Ok(digits) => {
            if is_new {
                tracing::warn!(
                    path = %store.display(),
                    "there is a sealing key but no database: the store starts empty. If it was in use before, stop and \
                     put the database back"
                );
            }
            digits
        }
        Err(Wrong::SecretFile { file, reason: ErrorKind::NotFound }) if is_new => make(&file)?,
        Err(Wrong::SecretFile { file, reason: ErrorKind::NotFound }) => {
            return Err(Failure::unusable(format!(
                "the sealing key {} does not exist, but the database {} does: put back the key that it was written with",
                file.display(),
                store.display()
            )));
        }
        Err(Wrong::Secret) => return Err(malformed(source, is_new)),
        Err(wrong) => return Err(Failure::unusable(format!("the setting {} {wrong}", setting(source)))),
    };
    let bytes = bytes(digits.expose().trim()).ok_or_else(|| malformed(source, is_new))?;
    Ok(with(bytes))
}

/// The sealer of a key that another one is to be replaced by. A key file that is not there is made.
pub(crate) fn another(source: &KeySource) -> Result<Sealer, Failure> {
    let digits = match source.fetch(&|name| std::env::var(name).ok()) {
        Err(Wrong::SecretFile { file, reason: ErrorKind::NotFound }) => make(&file)?,
        Err(Wrong::Secret) => return Err(malformed(source, true)),
        fetched => fetched.map_err(|wrong| Failure::unusable(format!("the new key {wrong}")))?,
    };
    Ok(with(bytes(digits.expose().trim()).ok_or_else(|| malformed(source, true))?))
}

fn with(key: [u8; 32]) -> Sealer {
    let clock: Arc<dyn Clock> = Arc::new(MachineClock);
    Sealer::new(SealingKey::from_bytes(key), move |random: &mut [u8]| clock.fill(random))
}

/// Where a configuration says where the key is; a variable is named, because the reason why it is not there is not.
fn setting(source: &KeySource) -> String {
    match source {
        KeySource::Environment(name) => format!("sealing_key.env = {name:?}"),
        KeySource::File(_) => "sealing_key.file".to_owned(),
        KeySource::Command(words) => format!("sealing_key.command = {words:?}"),
    }
}

/// A key that is empty, cut short or something else, and what to do about it.
fn malformed(source: &KeySource, is_new: bool) -> Failure {
    let (place, remedy) = match source {
        KeySource::Environment(name) => (format!("environment variable {name}"), "set it to the key from its backup"),
        KeySource::Command(_) => ("output of sealing_key.command".to_owned(), "have it write the key from its backup"),
        KeySource::File(file) if is_new => (
            format!("file {}", file.display()),
            "put the key back from its backup, or remove the file: there is no database yet, so a new key is made with it",
        ),
        KeySource::File(file) => {
            (format!("file {}", file.display()), "put the key back from its backup: no other one opens the database")
        }
    };
    Failure::unusable(format!(
        "the sealing key in the {place} must be 64 hexadecimal digits (32 bytes); it is empty, cut short or something \
         else: {remedy}"
    ))
}

/// Makes a key and has it on disk, for its owner's eyes only, before anything is sealed with it.
fn make(path: &Path) -> Result<Secret<String>, Failure> {
    let mut key = [0; 32];
    MachineClock.fill(&mut key);
    let digits = hexadecimal(&key);
    put_in_place(path, &digits)
        .map_err(|error| Failure::failed(format!("cannot write the sealing key {}: {error}", path.display())))?;
    tracing::info!(path = %path.display(), "made a new sealing key: keep a copy, without it the store cannot be read");
    Ok(Secret::new(digits))
}

/// Writes a file that is there whole or not at all, and never over another: it is written and flushed under a name of
/// its own, and only then given its name. After a crash that other name may be left over; nobody ever reads it.
fn put_in_place(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut chance = [0; 8];
    MachineClock.fill(&mut chance);
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", hexadecimal(&chance)));
    let beside = PathBuf::from(beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let placed =
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| fs::hard_link(&beside, path));
    // Whether or not it has its name, nobody needs the other one.
    let _ = fs::remove_file(&beside);
    placed.and_then(|()| File::open(folder)?.sync_all())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_for_a_new_store_only_and_then_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (key, store) = (folder.path().join("deep/sealing.key"), folder.path().join("store.db"));
        let source = KeySource::File(key.clone());
        fs::write(&store, "").unwrap();
        let lost = sealer(&source, &store).err().unwrap();
        assert!(lost.sentence.contains("put back the key") && lost.exit == 2, "{}", lost.sentence);
        fs::remove_file(&store).unwrap();
        // What a start that was killed while it made a key left behind is in nobody's way.
        fs::create_dir_all(key.parent().unwrap()).unwrap();
        fs::write(key.with_extension("key.0123456789abcdef.new"), "0a").unwrap();
        assert!(sealer(&source, &store).is_ok());
        let made = fs::read_to_string(&key).unwrap();
        assert!(bytes(&made).is_some());
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(key.parent().unwrap()).unwrap().count(), 2, "nothing else is left behind");
        fs::write(&store, "").unwrap();
        assert!(sealer(&source, &store).is_ok());
        assert_eq!(fs::read_to_string(&key).unwrap(), made);
    }

    #[test]
    fn a_key_can_come_from_a_command() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store.db");
        let of = |words: &[&str]| {
            let source = KeySource::Command(words.iter().copied().map(str::to_owned).collect());
            sealer(&source, &store).map_err(|failure| failure.sentence)
        };
        assert!(of(&["echo", &"0a".repeat(32)]).is_ok());
        for (words, expect) in [
            (&["echo", "0a"][..], "the output of sealing_key.command must be 64 hexadecimal digits"),
            (&["false"], "names a command that failed: exit status: 1"),
            (&["vouchsafe-no-such-program"], "names a command that cannot be run"),
        ] {
            let told = of(words).unwrap_err();
            assert!(told.contains(expect), "{told}");
        }
    }

    #[test]
    fn a_key_is_never_written_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sealing.key");
        fs::write(&path, "first").unwrap();
        assert_eq!(put_in_place(&path, "second").unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_that_cannot_be_used_is_told_with_its_place_and_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let (key, store) = (folder.path().join("sealing.key"), folder.path().join("store.db"));
        let whole = "0a".repeat(32);
        for (content, is_sound) in [
            (whole.as_str(), true),
            (&format!("{whole}\n"), true),
            (&format!("{whole} \r\n"), true),
            ("", false),
            (&whole[..40], false),
            ("\n", false),
            (&format!("{whole}\n{whole}"), false),
        ] {
            fs::write(&key, content).unwrap();
            for (is_new, remedy) in [(true, "or remove the file"), (false, "from its backup: no other")] {
                let _ = fs::remove_file(&store);
                if !is_new {
                    fs::write(&store, "").unwrap();
                }
                let Err(failure) = sealer(&KeySource::File(key.clone()), &store) else {
                    assert!(is_sound, "{content:?}");
                    continue;
                };
                let told = failure.sentence;
                assert!(!is_sound && failure.exit == 2, "{content:?}: {told}");
                assert!(told.contains(&key.display().to_string()) && told.contains(remedy), "{told}");
            }
        }
        let unset = sealer(&KeySource::Environment("VOUCHSAFE_NEVER_SET".to_owned()), &store).err().unwrap();
        assert!(
            unset.sentence.contains("\"VOUCHSAFE_NEVER_SET\" names an environment variable that is not set")
                && unset.exit == 2,
            "{}",
            unset.sentence
        );
    }

    #[test]
    fn a_key_is_64_hexadecimal_digits() {
        assert_eq!(bytes(&"0a".repeat(32)), Some([10; 32]));
        for malformed in ["", "0a", &"0g".repeat(32), &"é".repeat(32)] {
            assert_eq!(bytes(malformed), None, "{malformed}");
        }
    }
}
