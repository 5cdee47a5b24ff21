//! The catalogue in use: read once, looked at again when its file changes, and never replaced by one that is at fault.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;
use vouchsafe_core::catalogue::Catalogue;
use vouchsafe_core::id::ProviderId;

use crate::config::ConfigError;
use crate::config::catalogue::{self, CatalogueError, Sources};
use crate::live_file::{Live, Look, Watched, may_never_end};

/// The catalogue that the switch sells from, if it has one.
#[derive(Debug)]
pub struct LiveCatalogue {
    /// The last good copy.
    copy: Option<RwLock<GoodCopy>>,
    /// Where it came from, if that was a file.
    file: Option<Mutex<File>>,
}

#[derive(Debug, Clone)]
struct GoodCopy {
    catalogue: Arc<Catalogue>,
    /// When the file was last found to say this; none for a catalogue that is part of the program.
    good_at: Option<Instant>,
    /// Whether the file says something else by now, which cannot be used.
    is_stale: bool,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    /// Whom its sources may name.
    providers: Vec<ProviderId>,
    watched: Watched,
}

impl LiveCatalogue {
    /// No catalogue: nothing is checked, nothing is mapped, nothing is listed.
    #[must_use]
    pub const fn none() -> Self {
        Self { copy: None, file: None }
    }

    /// A catalogue that is part of the program and never changes.
    #[must_use]
    pub fn fixed(catalogue: Catalogue) -> Self {
        let copy = GoodCopy { catalogue: Arc::new(catalogue), good_at: None, is_stale: false };
        Self { copy: Some(RwLock::new(copy)), file: None }
    }

    /// The catalogue of a file, whose sources must be among `providers` now and whenever it changes.
    ///
    /// # Errors
    /// [`CatalogueError`] with all that is wrong: a switch does not start with a catalogue that it cannot use.
    pub fn open(path: &Path, providers: Vec<ProviderId>, now: Instant) -> Result<Self, CatalogueError> {
        let watched = Watched::new(vec![path.to_owned()]);
        let catalogue = load(path, &providers)?;
        let copy = GoodCopy { catalogue: Arc::new(catalogue), good_at: Some(now), is_stale: false };
        let file = File { path: path.to_owned(), providers, watched };
        Ok(Self { copy: Some(RwLock::new(copy)), file: Some(Mutex::new(file)) })
    }

    /// The last good copy. Whoever asks once for each request sees one copy from its beginning to its end.
    pub fn current(&self) -> Option<Arc<Catalogue>> {
        self.copy().map(|copy| copy.catalogue)
    }

    /// How long ago the file was last found to say what is in use: since its last look while all is well, since the
    /// last good one while the file is at fault or gone. A catalogue that is part of the program has no age.
    pub fn age(&self, now: Instant) -> Option<Duration> {
        let good_at = self.copy()?.good_at;
        Some(good_at.map_or(Duration::ZERO, |good_at| now.saturating_duration_since(good_at)))
    }

    /// Whether the file says something else by now, which cannot be used.
    pub fn is_stale(&self) -> bool {
        self.copy().is_some_and(|copy| copy.is_stale)
    }

    fn copy(&self) -> Option<GoodCopy> {
        // A thread that panicked cannot have left half a copy: it is written whole.
        Some(self.copy.as_ref()?.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn judge(&self, file: &File, now: Instant) {
        let path = file.path.display();
        match load(&file.path, &file.providers) {
            Ok(catalogue) => {
                tracing::info!(catalogue.file = %path, catalogue.products = catalogue.items().len(), "read the catalogue again");
                let good = GoodCopy { catalogue: Arc::new(catalogue), good_at: Some(now), is_stale: false };
                self.change(|copy| *copy = good);
            }
            Err(error) => {
                tracing::error!(catalogue.file = %path, "the catalogue cannot be used: the last good copy stays in use");
                // A line for each fault: a log keeps lines apart, and each tells its place in the file.
                error.to_string().lines().for_each(|fault| tracing::error!("{fault}"));
                self.change(|copy| copy.is_stale = true);
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut GoodCopy)) {
        if let Some(copy) = &self.copy {
            change(&mut copy.write().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Live for LiveCatalogue {
    fn name(&self) -> &'static str {
        "catalogue"
    }

    fn is_stale(&self) -> bool {
        self.is_stale()
    }

    fn look(&self, now: Instant) {
        let Some(file) = &self.file else { return };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        match file.watched.look() {
            Look::Same => self.change(|copy| {
                if !copy.is_stale {
                    copy.good_at = Some(now);
                }
            }),
            Look::Moving => {}
            Look::Changed => self.judge(&file, now),
        }
    }

    fn reload(&self, now: Instant) {
        let Some(file) = &self.file else {
            tracing::info!("asked to read the catalogue again, but there is no catalogue's file");
            return;
        };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.watched.judge();
        self.judge(&file, now);
    }
}

/// Reads the file, which must be one that ends.
fn load(path: &Path, providers: &[ProviderId]) -> Result<Catalogue, CatalogueError> {
    if may_never_end(path) {
        let (file, reason) = (path.to_owned(), io::ErrorKind::Unsupported);
        return Err(ConfigError::Unreadable { file, reason });
    }
    catalogue::load(path, Sources::Of(providers))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const GOOD: &str = "[[product]]\nid = \"A\"\nname = \"A\"\nprice = 1\n";

    /// Writes a file beside and puts it in place, so that not even the clock's coarseness hides the change.
    fn replace(path: &Path, text: &str) {
        let beside = path.with_extension("new");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, path).unwrap();
    }

    fn check(live: &LiveCatalogue, now: Instant, products: usize, age_seconds: u64, is_stale: bool) {
        let age = live.age(now).unwrap();
        assert_eq!(
            (live.current().unwrap().items().len(), age.as_secs(), live.is_stale()),
            (products, age_seconds, is_stale)
        );
    }

    #[tokio::test]
    async fn a_changed_file_is_taken_over_and_a_faulty_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalogue.toml");
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(LiveCatalogue::open(&path, Vec::new(), start).is_err(), "there is no file yet");
        fs::write(&path, GOOD).unwrap();
        let live = LiveCatalogue::open(&path, Vec::new(), start).unwrap();
        check(&live, after(3), 1, 3, false);
        live.look(after(5));
        check(&live, after(6), 1, 1, false);

        replace(&path, &format!("{GOOD}{}", GOOD.replace("\"A\"", "\"B\"")));
        live.look(after(10));
        check(&live, after(10), 1, 5, false);
        live.look(after(15));
        check(&live, after(15), 2, 0, false);

        replace(&path, GOOD.replace("price", "prise").as_str());
        live.look(after(20));
        live.look(after(25));
        live.look(after(30));
        check(&live, after(30), 2, 15, true);

        fs::remove_file(&path).unwrap();
        live.look(after(35));
        live.look(after(40));
        check(&live, after(40), 2, 25, true);

        replace(&path, GOOD);
        live.reload(after(45));
        check(&live, after(45), 1, 0, false);
    }

    #[tokio::test]
    async fn sources_are_compared_with_the_configuration_at_every_reading() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalogue.toml");
        fs::write(&path, GOOD).unwrap();
        let live = LiveCatalogue::open(&path, vec![ProviderId::new("house").unwrap()], Instant::now()).unwrap();
        let from = |provider| format!("{GOOD}sources = [{{ provider = \"{provider}\", product = \"P\" }}]");
        for (provider, is_stale) in [("house", false), ("nobody", true), ("house", false)] {
            replace(&path, &from(provider));
            live.reload(Instant::now());
            assert_eq!(live.is_stale(), is_stale, "{provider}");
        }
    }

    #[tokio::test]
    async fn a_file_that_may_never_end_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalogue.toml");
        fs::write(&path, GOOD).unwrap();
        let live = LiveCatalogue::open(&path, Vec::new(), Instant::now()).unwrap();
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/null", &path).unwrap();
        let error = LiveCatalogue::open(&path, Vec::new(), Instant::now()).unwrap_err().to_string();
        assert!(error.ends_with("is a pipe or a device, not a file"), "{error}");
        live.reload(Instant::now());
        check(&live, Instant::now(), 1, 0, true);
    }

    #[tokio::test]
    async fn what_is_not_a_file_is_never_stale() {
        let (none, fixed) = (LiveCatalogue::none(), LiveCatalogue::fixed(Catalogue::default()));
        for live in [&none, &fixed] {
            live.look(Instant::now());
            live.reload(Instant::now());
            assert!(!live.is_stale());
        }
        assert_eq!((none.current(), none.age(Instant::now())), (None, None));
        assert_eq!(fixed.age(Instant::now()), Some(Duration::ZERO));
    }
}
