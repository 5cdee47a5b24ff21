//! Requests made by chance from the description that the running program serves, sent to it byte by byte, and every
//! answer held against that description: what it allows is never refused for its form, what it does not allow always is,
//! and whatever is sent is answered. In the end the program lives, has logged no fault of its own, and its records are sound.
//!
//! `VOUCHSAFE_REQUESTS` says how many are sent, from `VOUCHSAFE_FIRST` on, and `VOUCHSAFE_SEED` what they follow from.

mod call;
mod connection;
mod damage;
mod judge;
mod pattern;
mod plan;
mod sample;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use call::{Call, Due};
use connection::{Connection, Heard};
use plan::{CODE, Plan};

use crate::world::{Channel, Sandbox};

/// How many are sent for each of the seeds 1 and 2, where nothing else is said.
const REQUESTS: u64 = 10_000;
/// From so many on every operation must have succeeded, and everything must have been sent that can be wrong.
const ENOUGH: u64 = 5_000;
/// How many connections send at once.
const CONNECTIONS: usize = 16;
/// How often it is told how far it has come.
const TOLD: u64 = 50_000;
/// The most kinds of failure that are told, each by the first of its kind.
const FAILURES: usize = 12;

/// A number that the environment chooses, if it does.
fn chosen(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_is_answered_as_described() {
    let count = chosen("VOUCHSAFE_REQUESTS").unwrap_or(REQUESTS);
    let first = chosen("VOUCHSAFE_FIRST").unwrap_or(0);
    match chosen("VOUCHSAFE_SEED") {
        Some(seed) => run(seed, first, count).await,
        None if count == REQUESTS => {
            run(1, first, count).await;
            run(2, first, count).await;
        }
        None => run(1, first, count).await,
    }
}

/// What is counted and what went wrong.
struct Run {
    plan: Plan,
    seed: u64,
    next: AtomicU64,
    end: u64,
    answers: Mutex<BTreeMap<(String, u16), u64>>,
    dues: Mutex<BTreeMap<Due, u64>>,
    failures: Mutex<BTreeMap<String, String>>,
    is_over: AtomicBool,
}

async fn run(seed: u64, first: u64, count: u64) {
    let data = tempfile::tempdir().unwrap();
    let log = data.path().join("log");
    let messaging = if seed % 2 == 1 { "single" } else { "dual" };
    let sandbox =
        Sandbox::start_logging(data.path(), &["--messaging", messaging], "info", File::create(&log).unwrap().into());
    let channel = Channel::new(sandbox.address, "demo-app");
    let document = channel.get("/openapi.json").await.json();
    let products = channel.products("").await.json();
    let run = Run {
        plan: Plan::new(document, &products, seed),
        seed,
        next: AtomicU64::new(first),
        end: first + count,
        answers: Mutex::default(),
        dues: Mutex::default(),
        failures: Mutex::default(),
        is_over: AtomicBool::new(false),
    };
    let run = std::sync::Arc::new(run);
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        senders.spawn(std::sync::Arc::clone(&run).send(Connection::to(sandbox.address)));
    }
    while let Some(ended) = senders.join_next().await {
        ended.unwrap();
    }
    assert_eq!(channel.get("/health/live").await.status, 200, "the switch lives");
    sandbox.stop();
    run.tell(count);
    let failures = run.failures.lock().unwrap();
    let stories: Vec<_> = failures.values().map(String::as_str).collect();
    assert!(stories.is_empty(), "\n{}", stories.join("\n"));
    // A till's refund wants three confirmations before its own, in order: chance seldom gets that far.
    if count >= ENOUGH && messaging == "single" {
        run.has_seen_everything();
    }
    left_sound(data.path(), &log);
}

impl Run {
    async fn send(self: std::sync::Arc<Self>, mut connection: Connection) {
        while !self.is_over.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.end {
                return;
            }
            if number % TOLD == TOLD - 1 {
                say(&format!("{} of {} sent", number + 1, self.end));
            }
            let call = self.plan.call(number);
            let heard = connection.exchange(&call).await;
            self.note(&call, &heard);
        }
    }

    fn note(&self, call: &Call<'_>, heard: &Heard) {
        *self.dues.lock().unwrap().entry(call.due).or_default() += 1;
        if let Heard::Answer(answer) = heard {
            let key = (call.operation.name.clone(), answer.status);
            *self.answers.lock().unwrap().entry(key).or_default() += 1;
        }
        let wrong = judge::judged(&self.plan.document, call, heard);
        if wrong.is_empty() {
            return;
        }
        let mut failures = self.failures.lock().unwrap();
        let kind = format!("{} {:?} {}", call.operation.name, call.due, wrong[0]);
        failures.entry(kind).or_insert_with(|| self.story(call, heard, &wrong));
        self.is_over.fetch_or(failures.len() >= FAILURES, Ordering::Relaxed);
    }

    /// All that somebody needs to see it again.
    fn story(&self, call: &Call<'_>, heard: &Heard, wrong: &[String]) -> String {
        let said = match heard {
            Heard::Answer(answer) => format!("{} {:?}\n{}", answer.status, answer.headers, answer.body.escape_ascii()),
            Heard::Nonsense(bytes) => bytes.escape_ascii().to_string(),
            Heard::Nothing | Heard::Silence => String::new(),
        };
        format!(
            "request {number} of seed {seed} ({name}, {due:?}): {wrong}\n  alone:   ./prove --requests 1 --first {number} --seed \
             {seed}\n  with all before it: ./prove --requests {count} --seed {seed}\n  sent: {sent}\n  heard: {said}\n",
            number = call.number,
            seed = self.seed,
            name = call.operation.name,
            due = call.due,
            wrong = wrong.join("; "),
            count = call.number + 1,
            sent = call.bytes.escape_ascii(),
        )
    }

    fn tell(&self, count: u64) {
        let answers = self.answers.lock().unwrap();
        let mut statuses = BTreeMap::<u16, u64>::new();
        for ((_, status), count) in answers.iter() {
            *statuses.entry(*status).or_default() += count;
        }
        say(&format!("seed {}: {count} requests, {:?}; answers {statuses:?}", self.seed, self.dues.lock().unwrap()));
    }

    /// A run that sends only what is refused would prove little.
    fn has_seen_everything(&self) {
        let answers = self.answers.lock().unwrap();
        for operation in self.plan.operations() {
            let succeeded = |status: &u16| answers.contains_key(&(operation.name.clone(), *status));
            assert!([200, 201, 202].iter().any(succeeded), "{} never succeeded", operation.name);
        }
        use Due::{Broken, Described, Malformed, NoOperation, Nobody, NotJson, Sound, TooLarge};
        for due in [Sound, Malformed, TooLarge, NotJson, Nobody, NoOperation, Described, Broken] {
            assert!(self.dues.lock().unwrap().contains_key(&due), "nothing was sent that is {due:?}");
        }
    }
}

/// What a stopped switch leaves: a log without faults of its own, records that nobody altered and that agree with its providers', and
/// no code in clear anywhere.
fn left_sound(data: &Path, log: &Path) {
    let text = fs::read_to_string(log).unwrap();
    // What its provider does is told as an error, too: an operator must look after an advice that was refused.
    for word in ["panicked", "inside the switch"] {
        let line = text.lines().find(|line| line.contains(word));
        assert!(line.is_none(), "the log says: {line:?}");
    }
    for file in fs::read_dir(data).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let is_told = bytes.windows(CODE.len()).any(|window| window == CODE.as_bytes());
        assert!(!is_told, "a code stands in {}", path.display());
    }
    let folder = ["--data".as_ref(), data.as_os_str()];
    let sound = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_vouchsafe"))
            .args(arguments)
            .args(folder)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        said
    };
    say(sound(&["verify"]).lines().next().unwrap_or_default());
    let ledgers: Vec<_> = vouchsafe::config::catalogue::SIMULATED
        .iter()
        .map(|simulated| format!("{0}={1}/{0}.ledger.jsonl", simulated.provider, data.display()))
        .collect();
    let mut arguments = vec!["audit"];
    arguments.extend(ledgers.iter().flat_map(|ledger| ["--provider-ledger", ledger]));
    sound(&arguments);
}

#[expect(clippy::print_stdout, reason = "the figures are what is wanted")]
fn say(words: &str) {
    println!("{words}");
}
