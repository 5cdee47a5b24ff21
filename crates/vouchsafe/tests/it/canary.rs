//! The canary run: some ten thousand codes, PINs and secrets that chance does not make twice go through every path of the
//! real binary, at its most talkative, in clear and over TLS. Then every byte that it leaves is searched for them.
//!
//! | place | what is searched |
//! |---|---|
//! | memory | all that a core dump would hold, once work and connections have ended, of the process that still lives |
//! | files | the store, its write-ahead log and index after a kill and after a rotation of keys and an orderly stop; the log |
//! | output | figures, and what every command says of that store |
//!
//! A search that finds nothing may be blind: it must find what a request under way has in memory, and what channels were
//! told.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::world::{Authority, eventually, is_settled, new_id, redemption};
use caller::{Caller, Way};
use paths::{Walk, at};
use provider::Provider;
use roll::{Look, Rest, Roll};
use search::{Finds, Search};
use switch::Vault;

mod caller;
mod paths;
mod provider;
mod roll;
mod search;
mod switch;

/// How many errands are run, and how many at once.
const ERRANDS: usize = 612;
const CALLERS: usize = 8;
/// Longer than any errand takes.
const EVER: Duration = Duration::from_secs(60);
/// How many requests panic with a code in hand.
const PANICS: usize = 10;
/// How many transactions are shown.
const SHOWN: u64 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_secrets_are_found_nowhere() {
    let planted = run(None).await + run(Some(Authority::new())).await;
    assert!(planted >= 10_000, "only {planted} were planted");
}

/// One life and the next, over TLS where there is an authority. Says how many were planted.
async fn run(authority: Option<Authority>) -> usize {
    let roll = Arc::new(Roll::default());
    let folder = tempfile::tempdir().unwrap();
    let trip = folder.path().join("trip");
    let shown = authority.as_ref().map(|authority| authority.certify("localhost"));
    let provider = Provider::open(Arc::clone(&roll), trip.clone(), shown.as_ref()).await;
    let mut switch = Vault::configured(&roll, provider.address, authority.as_ref());
    switch.start(&trip).await;
    let protocols = [&[b"http/1.1".as_slice()], &[b"h2".as_slice()]];
    let tls = authority.map(|authority| protocols.map(|protocols| authority.believed_by(None, protocols)));
    let way = Way { address: switch.address, tls };
    let walk = Walk { way, roll: Arc::clone(&roll), secrets: switch.secrets.clone(), told: Default::default() };
    let walk = Arc::new(walk);

    channel_by_command(&switch, &walk).await;
    walk_all(&walk).await;
    let mut caller = walk.caller(0);
    for _ in 0..PANICS {
        walk.panics(&mut caller).await;
    }
    late_answers(&walk, &provider).await;
    finds_what_is_under_way(&switch, &walk, &provider).await;
    let store = switch.store();
    eventually("all work has ended", async || is_settled(&*store, true).await).await;
    drop(store);
    let figures = caller.get("/metrics").await.body;
    drop(caller);
    provider.hang_up().await;
    switch.is_alone().await;

    let mut report = Report { roll: &roll, finds: Vec::new() };
    let memory = Search::new(roll.planted(None).into_iter().filter(|canary| canary.rest == Rest::Nowhere).collect());
    report.note("memory", switch.with_memory(|bytes| memory.through("memory", bytes)));
    drop(memory);
    switch.kill();
    let panics = switch.log().matches("a panic").count();
    assert!(panics >= PANICS / 2, "{panics} requests of {PANICS} panicked");
    let search = Search::new(roll.planted(None));
    let told = search.through("answers", walk.told.lock().unwrap().as_slice());
    assert!(told.count() > roll.planted(None).len() / 8, "the search is blind: {told}");
    report.note("figures", search.through("figures", figures.as_slice()));
    report.files(&search, switch.files());
    report.commands(&search, &switch);
    switch.start(&trip).await;
    switch.stop().await;
    report.files(&search, switch.files());
    report.end()
}

/// All errands, several at a time.
async fn walk_all(walk: &Arc<Walk>) {
    let next = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        let (walk, next) = (Arc::clone(walk), Arc::clone(&next));
        callers.spawn(async move {
            let mut caller = walk.caller(number);
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= ERRANDS {
                    return;
                }
                let errand = timeout(EVER, walk.errand(&mut caller, number)).await;
                errand.unwrap_or_else(|_| panic!("errand {number} does not end"));
            }
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended.unwrap();
    }
}

/// Answers that come once nobody waits for them any more.
async fn late_answers(walk: &Arc<Walk>, provider: &Provider) {
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        let walk = Arc::clone(walk);
        callers.spawn(async move { walk.wrong_answer(&mut walk.caller(number), "late").await });
    }
    provider.holds(CALLERS).await;
    while let Some(ended) = callers.join_next().await {
        ended.unwrap();
    }
    provider.let_go();
}

/// The memory of the switch has a code while its request is under way, or the search of memory is blind.
async fn finds_what_is_under_way(switch: &Vault, walk: &Arc<Walk>, provider: &Provider) {
    let mut caller = walk.caller(0);
    let mut held = redemption(&caller.user_name, &walk.roll.plant("request under way"));
    held["basketRef"] = "held".into();
    let under_way = tokio::spawn(async move { caller.post(&at("/redemptions"), &held).await });
    provider.holds(1).await;
    let search = Search::new(walk.roll.planted(Some("request under way")));
    let finds = switch.with_memory(|bytes| search.through("memory", bytes));
    assert!(finds.count() > 0, "the search of memory is blind: {finds}");
    provider.let_go();
    under_way.await.unwrap();
}

/// A channel that a command lets in, with the secret that this command shows, and its next.
async fn channel_by_command(switch: &Vault, walk: &Walk) {
    let add = ["channel", "add", "shop", "--messaging", "single"];
    let rotate = ["channel", "rotate", "shop"];
    for command in [&add[..], &rotate] {
        let said = switch.says(&[command, &["--config", "vouchsafe.toml", "--reason", "a new shop"]].concat());
        let said = String::from_utf8(said).unwrap();
        let (_, secret) = said.split_once("shown again):\n  ").expect("it shows a secret");
        let secret = secret.lines().next().expect("a secret is one line");
        walk.roll.add("secret made by a command", secret, Rest::Nowhere, Look::Halves);
        let mut caller = Caller::new(&walk.way, "shop", secret, false);
        let path = at(&format!("/redemptions/{}", new_id()));
        eventually("the switch has read of it", async || (caller.get(&path).await.status == 404).then_some(())).await;
    }
}

/// What was searched and what was found.
struct Report<'a> {
    roll: &'a Roll,
    finds: Vec<(String, Finds)>,
}

impl Report<'_> {
    fn note(&mut self, place: impl Into<String>, finds: Finds) {
        self.finds.push((place.into(), finds));
    }

    fn files(&mut self, search: &Search, files: Vec<PathBuf>) {
        for file in files {
            let name = file.file_name().expect("a file has a name").to_string_lossy().into_owned();
            let finds = search.through(&name, File::open(&file).unwrap());
            self.note(name, finds);
        }
    }

    /// What every command says of the store that the switch has left.
    fn commands(&mut self, search: &Search, switch: &Vault) {
        let reason = ["--reason", "the canary run"];
        let shown: Vec<_> = (1..=SHOWN).map(|number| number.to_string()).collect();
        let lists = [vec!["orphans"], vec!["advices"], vec!["unfinalised"], vec!["verify"], vec!["keys", "list"]];
        let changes =
            [[&["advices", "redrive", "--all"][..], &reason].concat(), [&["keys", "rotate"][..], &reason].concat()];
        let ends = [vec!["acts"], vec!["channel", "list"], vec!["check-config"], vec!["providers"]];
        let commands = shown.iter().map(|number| vec!["show", number]).chain(lists).chain(changes).chain(ends);
        let said: Vec<u8> = commands
            .flat_map(|command| switch.says(&[&command[..], &["--config", "vouchsafe.toml"]].concat()))
            .collect();
        self.note("commands", search.through("commands", said.as_slice()));
    }

    /// Says what was planted, searched and found, and fails if anything was.
    fn end(self) -> usize {
        let planted = self.roll.planted(None).len();
        say(&format!("{planted} planted: {:?}", self.roll.by_path()));
        for (place, finds) in &self.finds {
            say(&format!("{place}: {} bytes, {} finds", finds.bytes, finds.count()));
        }
        let found: Vec<_> = self.finds.iter().filter(|(_, finds)| finds.count() > 0).collect();
        let story: String = found.iter().map(|(place, finds)| format!("{place}: {finds}")).collect();
        assert!(found.is_empty(), "\n{story}");
        planted
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what is wanted")]
fn say(words: &str) {
    println!("{words}");
}
