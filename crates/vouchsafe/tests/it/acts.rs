//! What people do by hand is on record: who, when, what, why, before and after; and nothing is done without its record.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use axum::response::IntoResponse as _;
use http::StatusCode;
use rusqlite::Connection;
use serde_json::Value as Json;
use vouchsafe_core::advice::BackOff;
use vouchsafe_core::transaction::State;

use crate::back_office::{Operator, USER, risky};
use crate::world::{ProviderStub, Setup, Switch, approve, id, request, reversal};

const BECAUSE: [&str; 2] = ["--reason", "as agreed, note 88"];

impl Operator {
    fn channels(&self) -> PathBuf {
        self.config().with_file_name("channels.toml")
    }

    /// Does something by hand, which goes well; and the acts that are on record since.
    fn does(&self, words: &[&str]) -> Vec<String> {
        let before = self.acts().len();
        self.types(&[words, &BECAUSE].concat()).says(0, &[]);
        self.acts().split_off(before)
    }

    /// The acts on record, as they are listed.
    fn acts(&self) -> Vec<String> {
        let said = self.types(&["acts", "--limit", "1000"]);
        said.says(0, &[]);
        said.text.lines().filter(|line| line.starts_with("act ")).map(str::to_owned).collect()
    }

    /// Does something by hand, and finds one act on record, with these parts.
    #[track_caller]
    fn leaves(&self, words: &[&str], parts: &[&str]) {
        let acts = self.does(words);
        assert_eq!(acts.len(), 1, "{words:?}: {acts:#?}");
        for part in [USER, "  done  ", "reason: as agreed, note 88"].iter().chain(parts) {
            assert!(acts[0].contains(part), "{words:?}: {part:?} is not in {}", acts[0]);
        }
    }
}

/// A switch whose provider sells and takes no advice, with the reversal of one sale waiting; and that sale's number.
async fn owing() -> (Switch, String) {
    let refusing = |_: Json| async { StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let provider = ProviderStub::advised(approve, refusing).await;
    let mut setup = Setup::to(provider.base_url());
    setup.limits.back_off = BackOff { first: Duration::from_secs(3600), most: Duration::from_secs(3600) };
    let switch = Switch::start(setup).await;
    let sale = request("app");
    assert_eq!(switch.channel("app").provision(&sale).await.verdict(), "201");
    assert_eq!(switch.channel("app").reverse(&reversal(&sale)).await.verdict(), "202");
    let number = switch.transaction("app", id(&sale)).await.unwrap().number;
    (switch, number.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_act_beside_a_running_switch_leaves_exactly_one_record() {
    let (switch, number) = owing().await;
    let operator = Operator::of(&switch);
    operator.types(&["acts"]).says(0, &["Nothing was done by hand so far"]);
    let add = ["channel", "add", "till 7", "--messaging", "dual", "--default-provider", "provider"];
    let advice =
        format!("redrive the advice of transaction {number}  [open reversal, attempts so far: 1 -> due at once]");
    for (words, part) in [
        (&["advices", "redrive", &number][..], advice.as_str()),
        (&["advices", "redrive", "--all"], "redrive every advice  [open advices: 1 -> all due at once]"),
        (&add, "add channel till 7  [not there -> let in, dual, 1 secret, default provider provider]"),
        (&["channel", "rotate", "till 7"], "rotate the secret of channel till 7  [let in, dual, 1 secret, "),
        (
            &["channel", "rotate", "till 7", "--take-back"],
            "take the rotation of channel till 7 back  [let in, dual, 2 secrets, ",
        ),
        (&["channel", "rotate", "till 7"], "rotate the secret of channel till 7  [let in, dual, 1 secret, "),
        (
            &["channel", "rotate", "till 7", "--finish"],
            "finish the rotation of channel till 7  [let in, dual, 2 secrets, ",
        ),
        (
            &["channel", "rotate", "till 7", "--at-once"],
            "replace the secrets of channel till 7 at once  [let in, dual, ",
        ),
        (
            &["channel", "disable", "till 7"],
            "disable channel till 7  [let in, dual, 1 secret, default provider provider -> ",
        ),
        (
            &["channel", "enable", "till 7"],
            "enable channel till 7  [kept out, dual, 1 secret, default provider provider -> ",
        ),
        (&["keys", "rotate"], "rotate the sealing keys to key 2  [key 1 seals -> key 2 seals, the older ones are"),
        (&["keys", "rotate"], "rotate the sealing keys to key 3  [key 2 seals -> key 3 seals, "),
    ] {
        operator.leaves(words, &[part]);
    }
    let all = operator.acts();
    assert_eq!(all.len(), 12);
    assert!(all[0].starts_with("act 1  ") && all[11].starts_with("act 12  "), "the newest last: {all:#?}");
    operator.types(&["acts", "--limit", "0"]).says(2, &["--limit"]);
    let last = operator.types(&["acts", "--limit", "1"]);
    assert_eq!(last.text.lines().collect::<Vec<_>>(), [&all[11]]);
    operator.types(&["verify"]).says(0, &["Nothing was altered", ", 12 acts"]);
    operator
        .types(&["show", &number])
        .says(0, &["by hand: act 1  20", "thandi: redrive the advice", "as agreed, note 88"]);
    assert_eq!(switch.channel("app").provision(&request("app")).await.verdict(), "201", "it runs on");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orphan_that_is_resolved_and_keys_that_are_rewrapped_leave_a_record_each() {
    let switch = risky().await;
    let operator = Operator::of(&switch);
    let sale = request("app");
    assert_eq!(switch.channel("app").provision(&sale).await.verdict(), "404 GENERAL_ERROR");
    let number = switch.transaction("app", id(&sale)).await.unwrap().number.to_string();
    let resolved = format!("thandi (Thandi M., on call): resolve orphan {number}  [orphaned -> resolved]");
    operator.leaves(&["orphans", "resolve", &number, "--by", "Thandi M., on call"], &[&resolved]);
    assert_eq!(switch.state("app", id(&sale)).await, State::Resolved);
    operator.types(&[&["orphans", "resolve", &number][..], &BECAUSE].concat()).says(1, &["is resolved, not orphaned"]);
    assert_eq!(operator.acts().len(), 1, "nothing was done");

    let new = operator.config().with_file_name("new.key");
    let rewrap = [&["keys", "rewrap", "--to-file", new.to_str().unwrap()][..], &BECAUSE].concat();
    operator.types(&rewrap).says(1, &["another switch has this store open"]);
    assert_eq!(operator.acts().len(), 1, "nothing was done");
    let _folder = switch.stop_and_leave().await;
    operator.types(&rewrap).says(0, &["opens with the new key only"]);
    let config = fs::read_to_string(operator.config()).unwrap().replace("sealing.key", "new.key");
    fs::write(operator.config(), config).unwrap();
    let acts = operator.acts();
    assert_eq!(acts.len(), 2, "{acts:#?}");
    assert!(
        acts[1].contains("rewrap the sealing keys  [the key in the file ") && acts[1].contains("/new.key]  done  ")
    );
    operator.types(&["verify"]).says(0, &["Nothing was altered", ", 2 acts"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_say_why_does_nothing() {
    let (switch, number) = owing().await;
    let operator = Operator::of(&switch);
    operator.does(&["channel", "add", "app 2", "--messaging", "single"]);
    let channels = fs::read_to_string(operator.channels()).unwrap();
    for words in [
        &["orphans", "resolve", &number][..],
        &["advices", "redrive", &number],
        &["advices", "redrive", "--all"],
        &["channel", "add", "app 3", "--messaging", "single"],
        &["channel", "rotate", "app 2"],
        &["channel", "rotate", "app 2", "--at-once"],
        &["channel", "rotate", "app 2", "--finish"],
        &["channel", "rotate", "app 2", "--take-back"],
        &["channel", "disable", "app 2"],
        &["channel", "enable", "app 2"],
        &["keys", "rotate"],
        &["keys", "rewrap", "--to-env", "KEY"],
    ] {
        operator.types(words).says(2, &["the following required arguments were not provided", "--reason <TEXT>"]);
        operator.types(&[words, &["--reason", " "]].concat()).says(2, &["say why, with --reason TEXT"]);
    }
    assert_eq!(operator.acts().len(), 1);
    assert_eq!(fs::read_to_string(operator.channels()).unwrap(), channels);
    operator.types(&["keys", "list"]).says(0, &["key 1: made with the store; in use"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_not_changed_where_that_cannot_be_recorded() {
    for (spoil, says) in [
        ("UPDATE total SET sum = zeroblob(57)", "the sum over all journals is gone"),
        ("PRAGMA user_version = 99", "a newer version has written this store"),
        ("PRAGMA application_id = 1", "is not a Vouchsafe store"),
    ] {
        let (switch, _) = owing().await;
        let operator = Operator::of(&switch);
        operator.does(&["channel", "add", "app 2", "--messaging", "single"]);
        let channels = fs::read_to_string(operator.channels()).unwrap();
        Connection::open(switch.store_path()).unwrap().execute_batch(spoil).unwrap();
        for words in [
            &["channel", "add", "app 3", "--messaging", "single"][..],
            &["channel", "rotate", "app 2", "--at-once"],
            &["channel", "disable", "app 2"],
        ] {
            let said = operator.types(&[words, &BECAUSE].concat());
            said.says(1, &["nothing was changed, because no record of it can be made", says]);
            assert!(!said.text.contains("secret (give it"), "{}", said.text);
            assert_eq!(fs::read_to_string(operator.channels()).unwrap(), channels, "{words:?} after {spoil}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_fails_is_on_record_as_failed() {
    let (switch, _) = owing().await;
    let operator = Operator::of(&switch);
    operator.does(&["channel", "add", "app 2", "--messaging", "single"]);
    let channels = fs::read_to_string(operator.channels()).unwrap();
    // Where the new file is to be written there is a folder, which nobody takes away.
    fs::create_dir(operator.channels().with_extension("toml.new")).unwrap();
    operator.types(&[&["channel", "disable", "app 2"][..], &BECAUSE].concat()).says(1, &["cannot write"]);
    assert_eq!(fs::read_to_string(operator.channels()).unwrap(), channels);
    let last = operator.acts().pop().unwrap();
    assert!(last.contains("disable channel app 2") && last.contains("FAILED (cannot write "), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_died_half_way_is_not_known_to_be_done() {
    let (switch, _) = owing().await;
    let operator = Operator::of(&switch);
    operator.does(&["channel", "add", "app 2", "--messaging", "single"]);
    // The file is longer than what the command may write, and the store is not: the system kills it while it writes.
    let long = format!("{}# {}\n", fs::read_to_string(operator.channels()).unwrap(), "x".repeat(16 << 20));
    fs::write(operator.channels(), &long).unwrap();
    let killed = Command::new("bash")
        .args(["-c", "ulimit -c 0; ulimit -f 8192; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_vouchsafe")])
        .args(["channel", "disable", "app 2", "--config"])
        .arg(operator.config())
        .args(BECAUSE)
        .env("PROVIDER_PASSWORD", "password")
        .env("USER", USER)
        .output()
        .unwrap();
    assert_eq!(killed.status.code(), None, "a signal ended it: {killed:?}");
    assert!(fs::read_to_string(operator.channels()).unwrap() == long, "it was not put in place");
    let last = operator.acts().pop().unwrap();
    assert!(last.contains("disable channel app 2") && last.contains("INTENDED, not known to be done"), "{last}");
    operator.types(&["verify"]).says(0, &["Nothing was altered", ", 2 acts"]);
    operator
        .leaves(&["channel", "disable", "app 2"], &["disable channel app 2  [let in, single, 1 secret -> kept out, "]);
}

#[test]
fn where_there_is_no_store_yet_a_change_is_made_and_told_to_be_without_a_record() {
    let operator = Operator::with(&PathBuf::from("not-there.db"));
    let said = operator.types(&[&["channel", "add", "app 2", "--messaging", "single"][..], &BECAUSE].concat());
    said.says(0, &["channel app 2 is let in", "NO RECORD is made of this: there is no store yet at "]);
    assert!(fs::read_to_string(operator.channels()).unwrap().contains("app 2"));
    assert!(!operator.config().with_file_name("not-there.db").exists(), "and none is made here");
    operator.types(&["acts"]).says(1, &["there is no store at"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_that_was_altered_or_taken_away_is_found() {
    for (tamper, words) in [
        ("UPDATE acts SET at = at - 86400000 WHERE number = 2", "act 2: it is not what was written"),
        ("DELETE FROM acts WHERE number = 1", "act 1: it is gone"),
    ] {
        let (switch, number) = owing().await;
        let operator = Operator::of(&switch);
        for which in [number.as_str(), "--all"] {
            operator.does(&["advices", "redrive", which]);
        }
        Connection::open(switch.store_path())
            .unwrap()
            .execute_batch(&format!("PRAGMA foreign_keys = off; {tamper}"))
            .unwrap();
        operator.types(&["verify"]).says(1, &[&format!("BROKEN  {words}"), "found in"]);
        operator.types(&["acts"]).says(1, &[words]);
        operator.types(&["show", &number]).says(0, &["reversal received, reversing", "by hand: CANNOT BE TOLD", words]);
    }
}
