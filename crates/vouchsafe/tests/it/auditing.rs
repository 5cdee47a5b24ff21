//! `vouchsafe audit` as a person types it: the real binary over a sandbox's records.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;
use vouchsafe::config::catalogue::SIMULATED;

use crate::world::{Channel, ChannelLog, Sandbox, request_for};

/// What the audit is given: a sandbox's folder, a channel's log and one more file.
struct Given<'a> {
    data: &'a Path,
    log: &'a Path,
    text: &'a Path,
}

impl Given<'_> {
    fn ledger(&self, provider: &str) -> PathBuf {
        self.data.join(format!("{provider}.ledger.jsonl"))
    }

    /// The exit code of the audit, and all that it said.
    fn audited(&self) -> (Option<i32>, String) {
        let ledgers = SIMULATED.iter().map(|simulated| simulated.provider);
        let ledgers = ledgers.map(|name| format!("--provider-ledger={name}={}", self.ledger(name).display()));
        let output = Command::new(env!("CARGO_BIN_EXE_vouchsafe"))
            .arg("audit")
            .args(["--data".as_ref(), self.data, "--channel-log".as_ref(), self.log, "--text".as_ref(), self.text])
            .args(ledgers)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    }

    fn check(&self, exit: i32, says: &[&str]) {
        let (code, said) = self.audited();
        assert_eq!(code, Some(exit), "{said}");
        for words in says {
            assert!(said.contains(words), "{words:?} is not in: {said}");
        }
    }
}

#[tokio::test]
async fn an_audit_ends_with_what_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let (data, text) = (folder.path().join("data"), folder.path().join("text"));
    let log = ChannelLog::in_folder(folder.path());
    let sandbox = Sandbox::start(&data);
    let channel = Channel::new(sandbox.address, "demo-app");
    let mut code = String::new();
    // The second is sold under another name by its provider.
    for product in ["SHEETFULL", "AIRTIME50"] {
        let answer = log.send(&channel, "/vouchers", &request_for("demo-app", product)).await.unwrap();
        assert_eq!(answer.status, 201, "{answer:?}");
        code = answer.json()["voucher"]["code"].as_str().unwrap().to_owned();
    }
    sandbox.stop();
    fs::write(&text, "nothing\n").unwrap();
    let given = Given { data: &data, log: log.path(), text: &text };
    given.check(0, &["2 messages, 2 transactions, 2 ledger lines", "no violation was found"]);

    fs::write(&text, format!("a log line with code={code} in it\n")).unwrap();
    given.check(1, &["VIOLATION (18)", "1 violations", "text, line 1"]);
    assert!(!given.audited().1.contains(&code), "the audit itself tells no code");
    fs::write(&text, "nothing\n").unwrap();

    let whole = fs::read_to_string(log.path()).unwrap();
    let mut line: Json = serde_json::from_str(whole.lines().next().unwrap()).unwrap();
    line["answer"]["amount"] = 1.into();
    fs::write(log.path(), format!("{line}\n")).unwrap();
    given.check(1, &["VIOLATION (7)", "the channel sent its request", "heard a request (line 1): sold", "code ****"]);
    fs::write(log.path(), format!("{whole}nonsense\n")).unwrap();
    given.check(2, &["channel.jsonl, line 3", "docs/audit.md"]);
    fs::remove_file(log.path()).unwrap();
    given.check(2, &["channel.jsonl", "name a file that can be read"]);
    let nowhere = Given { data: &folder.path().join("none"), ..given };
    nowhere.check(2, &["there is no store at", "--config FILE"]);
}
