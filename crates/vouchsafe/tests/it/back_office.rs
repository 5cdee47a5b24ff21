//! The commands by which people look into a store and close orphans, beside a running switch.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::response::IntoResponse as _;
use http::StatusCode;
use serde_json::Value as Json;
use vouchsafe_core::advice::BackOff;
use vouchsafe_core::transaction::{Event, State};

use crate::world::{ProviderStub, Setup, Switch, approve, eventually, id, request, reversal, take};

/// The code of every voucher that the stub issues.
const CODE: &str = "1234-5678-9012-3456";

/// Whose terminal it is.
pub(crate) const USER: &str = "thandi";

/// A person at a terminal, with the configuration of a switch that runs.
pub(crate) struct Operator {
    folder: tempfile::TempDir,
}

impl Operator {
    pub(crate) fn of(switch: &Switch) -> Self {
        Self::with(&switch.store_path())
    }

    /// Whose configuration names this store.
    pub(crate) fn with(store: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sealing.key"), "07".repeat(32)).unwrap();
        let config = format!(
            r#"
store = "sqlite:{store}"
channels = "channels.toml"
[sealing_key]
file = "{key}"
[[channel]]
id = "app"
messaging = "single"
secrets = ["sha256:{secret}"]
default_provider = "provider"
[[provider]]
id = "provider"
protocol = "suv"
base_url = "https://vouchers.example/suv/v1"
user_name = "switch"
password_env = "PROVIDER_PASSWORD"
"#,
            store = store.display(),
            key = folder.path().join("sealing.key").display(),
            secret = "0".repeat(64),
        );
        std::fs::write(folder.path().join("vouchsafe.toml"), config).unwrap();
        Self { folder }
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("vouchsafe.toml")
    }

    /// Types a command.
    pub(crate) fn types(&self, words: &[&str]) -> Said {
        self.types_and_enters(words, "")
    }

    /// Types a command, and what it asks for.
    pub(crate) fn types_and_enters(&self, words: &[&str], line: &str) -> Said {
        let child = Command::new(env!("CARGO_BIN_EXE_vouchsafe"))
            .args(words)
            .arg("--config")
            .arg(self.config())
            .env("PROVIDER_PASSWORD", "password")
            .env("USER", USER)
            .env_remove("SUDO_USER")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.unwrap();
        // A command that asks for nothing may have ended before it could be told.
        let _ = child.stdin.take().unwrap().write_all(line.as_bytes());
        Said::from(child.wait_with_output().unwrap())
    }
}

/// What a command said, on both of its outputs, and its exit code.
pub(crate) struct Said {
    pub(crate) text: String,
    exit: i32,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = [output.stdout, output.stderr].concat();
        Self { text: String::from_utf8(text).unwrap(), exit: output.status.code().unwrap() }
    }
}

impl Said {
    #[track_caller]
    pub(crate) fn says(&self, exit: i32, parts: &[&str]) {
        assert_eq!(self.exit, exit, "{}", self.text);
        for part in parts {
            assert!(self.text.contains(part), "{part:?} is not in {}", self.text);
        }
        assert!(!self.text.contains(CODE), "the code is in {}", self.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_is_found_by_every_reference_and_hides_the_code() {
    let switch = Switch::asking(ProviderStub::approving().await.base_url()).await;
    let (sale, copy) = (request("app"), request("web"));
    assert_eq!(switch.channel("app").provision(&sale).await.verdict(), "201");
    let mut copy = copy;
    copy["id"] = sale["id"].clone();
    assert_eq!(switch.channel("web").provision(&copy).await.verdict(), "201");
    assert_eq!(switch.channel("app").reverse(&reversal(&sale)).await.verdict(), "202");

    let operator = Operator::of(&switch);
    let whole = &["channel      app", "R50.00", "reversal received, reversing", "serial number SN1, code ****3456"];
    let number = switch.transaction("app", id(&sale)).await.unwrap().number.to_string();
    operator.types(&["show", &number]).says(0, whole);
    let advice = switch.journal("app", id(&sale)).await.iter().find_map(|entry| entry.advice).unwrap();
    operator.types(&["show", &advice.id.to_string()]).says(0, whole);
    let both = operator.types(&["show", id(&sale)]);
    both.says(0, whole);
    both.says(0, &["channel      web"]);
    let upstream_id = switch.transaction("web", id(&sale)).await.unwrap().upstream_id;
    operator.types(&["show", &upstream_id.to_string()]).says(0, &["channel      web"]);

    operator.types(&["show", "4711"]).says(1, &["no transaction here has the number", "4711"]);
    operator.types(&["show", "receipt 7"]).says(2, &["neither a transaction's number nor an id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_is_found_by_what_stands_on_the_voucher() {
    let switch = Switch::asking(ProviderStub::approving().await.base_url()).await;
    let operator = Operator::of(&switch);
    let by_code = |code: &str| operator.types_and_enters(&["show", "--code"], code);
    by_code(CODE).says(1, &["no transaction here issued, redeemed or refunded a voucher of this code"]);
    let sale = request("app");
    assert_eq!(switch.channel("app").provision(&sale).await.verdict(), "201");
    let whole = &["kind         provision", id(&sale), "serial number SN1, code ****3456"];
    by_code(&format!("  {CODE}\n")).says(0, whole);
    by_code("1234567890123456\n").says(1, &["with its hyphens"]);
    by_code("\n").says(2, &["from the standard input", "1 to 40 characters"]);
    operator.types(&["show", "--serial-number", "SN1"]).says(0, whole);
    operator.types(&["show", "--serial-number", "SN2"]).says(1, &["a voucher of this serial number"]);
    operator.types(&["show", "--serial-number", ""]).says(2, &["1 to 40 characters"]);
    operator.types(&["show", "--serial-number", "SN1", "--code"]).says(2, &["cannot be used with"]);
    operator.types(&["show"]).says(2, &["<ID|--code|--serial-number <NUMBER>>"]);
}

/// A switch whose provider fails after it may have sold, and takes no reversals.
pub(crate) async fn risky() -> Switch {
    let provider = ProviderStub::answering(async |_: Json| StatusCode::INTERNAL_SERVER_ERROR.into_response()).await;
    let mut setup = Setup::to(provider.base_url());
    setup.sheet.reversals = false;
    Switch::start(setup).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orphan_is_listed_until_an_operator_closes_it_with_a_reason() {
    let switch = risky().await;
    let operator = Operator::of(&switch);
    operator.types(&["orphans"]).says(0, &["There are no orphans in", "no money is at risk"]);

    let sale = request("app");
    assert_eq!(switch.channel("app").provision(&sale).await.verdict(), "404 GENERAL_ERROR");
    let orphan = switch.transaction("app", id(&sale)).await.unwrap();
    let number = orphan.number.to_string();
    operator.types(&["orphans"]).says(
        0,
        &[
            &format!("orphan {number}: a provision of R50.00 at provider"),
            id(&sale),
            "the provider takes no reversals",
            &format!("whether upstream id {} was sold", orphan.upstream_id),
            "1 orphan at risk: R50.00",
        ],
    );

    let store = rusqlite::Connection::open(switch.store_path()).unwrap();
    for (tamper, undo, words) in [
        (
            "UPDATE transactions SET asked_amount = asked_amount + 1",
            "UPDATE transactions SET asked_amount = asked_amount - 1",
            "its row was altered",
        ),
        ("UPDATE events SET at = at + 1", "UPDATE events SET at = at - 1", "the chain of its journal breaks here"),
    ] {
        store.execute_batch(tamper).unwrap();
        let told = ["CANNOT BE TOLD  transaction ", words, "1 of what is to be listed cannot be told"];
        operator.types(&["orphans"]).says(1, &told);
        store.execute_batch(undo).unwrap();
    }
    operator.types(&["orphans", "resolve", &number, "--reason", "  "]).says(2, &["say why, with --reason TEXT"]);
    operator.types(&["orphans", "resolve", "4711", "--reason", "no"]).says(1, &["no transaction here"]);
    assert_eq!(switch.state("app", id(&sale)).await, State::Orphaned);
    operator.types(&["orphans", "resolve", &number, "--reason", "not sold, by their log"]).says(0, &["is resolved"]);
    let closed = switch.journal("app", id(&sale)).await.pop().unwrap();
    assert_eq!((closed.event, closed.state), (Event::OrphanResolved, State::Resolved));
    assert_eq!(closed.note.unwrap().as_str(), "not sold, by their log");

    operator.types(&["orphans"]).says(0, &["There are no orphans"]);
    operator.types(&["orphans", "resolve", &number, "--reason", "again"]).says(1, &["is resolved, not orphaned"]);
    operator.types(&["show", &number]).says(0, &["note: not sold, by their log"]);
    assert_eq!(switch.channel("app").provision(&sale).await.verdict(), "400 DUPLICATE_RECORD", "it runs on");
}

#[test]
fn a_store_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    for words in [
        &["show", "1"][..],
        &["orphans"],
        &["orphans", "resolve", "1", "--reason", "because"],
        &["advices"],
        &["advices", "redrive", "1", "--reason", "because"],
        &["advices", "redrive", "--all", "--reason", "because"],
        &["acts"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_vouchsafe"))
            .args(words)
            .arg("--data")
            .arg(folder.path())
            .env("USER", USER)
            .output();
        Said::from(output.unwrap()).says(1, &["there is no store at"]);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_what_is_owed_and_has_it_sent_sooner() {
    let well = Arc::new(AtomicBool::new(false));
    let taking = {
        let well = Arc::clone(&well);
        move |advice: Json| {
            let well = well.load(Ordering::Relaxed);
            async move { if well { take(advice).await } else { StatusCode::SERVICE_UNAVAILABLE.into_response() } }
        }
    };
    let provider = ProviderStub::advised(approve, taking).await;
    let mut setup = Setup::to(provider.base_url());
    setup.limits.back_off = BackOff { first: Duration::from_secs(3600), most: Duration::from_secs(3600) };
    let switch = Switch::start(setup).await;
    let operator = Operator::of(&switch);
    operator.types(&["advices"]).says(0, &["Nothing is owed to any provider"]);

    let (one, other) = (request("app"), request("app"));
    for sale in [&one, &other] {
        assert_eq!(switch.channel("app").provision(sale).await.verdict(), "201");
        assert_eq!(switch.channel("app").reverse(&reversal(sale)).await.verdict(), "202");
    }
    let number = switch.transaction("app", id(&one)).await.unwrap().number;
    let first =
        format!("transaction {number}: a reversal, attempts so far: 1 (the provider has too much to do), the next in ");
    operator.types(&["advices"]).says(0, &["2 advices wait for provider, the oldest for", &first]);
    well.store(true, Ordering::Relaxed);
    let redrive = |which: &str| operator.types(&["advices", "redrive", which, "--reason", "they are back"]);
    redrive("4711").says(1, &["no transaction here"]);
    operator.types(&["advices", "redrive", "--reason", "they are back"]).says(2, &["<ID>"]);
    redrive(id(&one)).says(0, &["is sent again at once"]);
    let reversed = async |sale: &Json| {
        let state = || async { switch.state("app", id(sale)).await };
        eventually("reversed", async || (state().await == State::Reversed).then_some(())).await;
    };
    reversed(&one).await;
    assert_eq!(switch.state("app", id(&other)).await, State::Reversing, "its pause is not over");
    redrive("--all").says(0, &["1 advice is sent again at once"]);
    reversed(&other).await;
    redrive(id(&one)).says(0, &["has no open advice"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_advice_whose_provider_is_not_configured_is_told_apart() {
    let provider = ProviderStub::advised(approve, async |_: Json| StatusCode::BAD_GATEWAY.into_response()).await;
    let switch = Switch::asking(provider.base_url()).await;
    let sale = request("app");
    assert_eq!(switch.channel("app").provision(&sale).await.verdict(), "201");
    assert_eq!(switch.channel("app").reverse(&reversal(&sale)).await.verdict(), "202");
    let operator = Operator::of(&switch);
    let config = std::fs::read_to_string(operator.config()).unwrap();
    std::fs::write(operator.config(), config.replace("= \"provider\"", "= \"another\"")).unwrap();
    operator.types(&["advices"]).says(0, &["1 advice waits for provider", "NOT CONFIGURED", "put the provider back"]);
    let redrive = ["advices", "redrive", id(&sale), "--reason", "they are back"];
    operator.types(&redrive).says(1, &["provider provider is not in this configuration", "put it back first"]);
}
