//! Files that a running switch looks at again: what was read from them stays in use until something better can be read.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::signal::unix::Signal;
use tokio::time::{Instant, sleep};

use crate::app::App;

/// What is read from files while the switch runs, and stays as it last was good.
pub trait Live: Send + Sync {
    /// Looks whether the files have changed, and takes over a change that has come to rest.
    fn look(&self, now: Instant);

    /// Reads the files now, changed or not.
    fn reload(&self, now: Instant);

    /// What an operator's figures call it.
    fn name(&self) -> &'static str;

    /// Whether the files say something else by now that cannot be used.
    fn is_stale(&self) -> bool;
}

/// Files that belong together, and how they were found.
#[derive(Debug)]
pub(crate) struct Watched {
    paths: Vec<PathBuf>,
    /// How the files were when they were last judged.
    judged: Vec<Mark>,
    /// How they were at the last look.
    seen: Vec<Mark>,
}

/// What a look at files shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// They are as they were when they were last judged.
    Same,
    /// They are not, and somebody may still be writing them.
    Moving,
    /// They are not, and were the same at the look before: they are to be judged now.
    Changed,
}

/// By what a changed file is told from the one before, or why even that cannot be known.
type Mark = Result<(Option<SystemTime>, u64, u64), io::ErrorKind>;

impl Watched {
    /// These files as they are now, before anybody reads them: what changes meanwhile is seen at the next look.
    pub(crate) fn new(paths: Vec<PathBuf>) -> Self {
        let marks: Vec<_> = paths.iter().map(|path| mark(path)).collect();
        Self { paths, judged: marks.clone(), seen: marks }
    }

    /// Looks at the files. A change counts once they are the same on two looks: before that somebody may still be
    /// writing, and half a file can look like a whole one.
    pub(crate) fn look(&mut self) -> Look {
        let marks: Vec<_> = self.paths.iter().map(|path| mark(path)).collect();
        let is_at_rest = marks == self.seen;
        self.seen = marks;
        if self.seen == self.judged {
            Look::Same
        } else if is_at_rest {
            self.judged.clone_from(&self.seen);
            Look::Changed
        } else {
            Look::Moving
        }
    }

    /// The files are judged now, as they are.
    pub(crate) fn judge(&mut self) {
        self.judged = self.paths.iter().map(|path| mark(path)).collect();
        self.seen.clone_from(&self.judged);
    }
}

fn mark(path: &Path) -> Mark {
    let metadata = fs::metadata(path).map_err(|error| error.kind())?;
    Ok((metadata.modified().ok(), metadata.len(), metadata.ino()))
}

/// Whether a path leads to something that may never end: whoever opened a pipe would wait for its writer for good.
pub(crate) fn may_never_end(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// What is in a file that ends, if it has no more than `most` bytes.
pub(crate) fn content(path: &Path, most: u64) -> Result<Vec<u8>, io::ErrorKind> {
    if may_never_end(path) {
        return Err(io::ErrorKind::Unsupported);
    }
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    let length = read.map_err(|error| error.kind())?;
    if u64::try_from(length).is_ok_and(|length| length <= most) { Ok(bytes) } else { Err(io::ErrorKind::FileTooLarge) }
}

/// Keeps what a switch reads from files fresh until the switch stops: its catalogue and these `others`. Looks at them
/// every now and then, and reads them at once on each `hangup` (SIGHUP).
pub async fn watch(app: Arc<App>, others: Vec<Arc<dyn Live>>, mut hangup: Signal) {
    let tell = |live: &dyn Live, app: &App| app.metrics.file(live.name(), live.is_stale());
    others.iter().for_each(|live| tell(&**live, &app));
    loop {
        let asked = tokio::select! {
            () = app.stopping.cancelled() => return,
            Some(()) = hangup.recv() => true,
            () = sleep(app.limits.file_check) => false,
        };
        let (switch, others) = (Arc::clone(&app), others.clone());
        let read = move || {
            let now = Instant::now();
            let all = others.iter().map(|other| &**other).chain([&switch.catalogue as &dyn Live]);
            all.for_each(|live| if asked { live.reload(now) } else { live.look(now) });
            others.iter().for_each(|live| tell(&**live, &switch));
        };
        // Reading a file blocks, and a large one takes its time.
        if let Err(fault) = tokio::task::spawn_blocking(read).await {
            tracing::error!(%fault, "the files could not be looked at");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a file beside and puts it in place, so that not even the clock's coarseness hides the change.
    fn replace(path: &Path, text: &str) {
        let beside = path.with_extension("new");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, path).unwrap();
    }

    #[test]
    fn a_change_counts_once_all_files_have_come_to_rest() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        fs::write(&one, "1").unwrap();
        let mut watched = Watched::new(vec![one.clone(), two.clone()]);
        assert_eq!(watched.look(), Look::Same);
        replace(&one, "2");
        assert_eq!(watched.look(), Look::Moving);
        replace(&two, "2");
        assert_eq!(watched.look(), Look::Moving);
        assert_eq!(watched.look(), Look::Changed);
        assert_eq!(watched.look(), Look::Same);
        fs::remove_file(&two).unwrap();
        watched.judge();
        assert_eq!(watched.look(), Look::Same);
    }

    #[test]
    fn only_files_that_end_are_read_and_only_small_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert_eq!(content(&path, 3), Err(io::ErrorKind::NotFound));
        fs::write(&path, "abc").unwrap();
        assert_eq!((content(&path, 3), content(&path, 2)), (Ok(b"abc".to_vec()), Err(io::ErrorKind::FileTooLarge)));
        assert_eq!(content(Path::new("/dev/zero"), 3), Err(io::ErrorKind::Unsupported));
        assert_eq!(content(folder.path(), 3), Err(io::ErrorKind::IsADirectory));
    }
}
