//! Operators prove the store and change its keys, beside a running switch.

use rusqlite::Connection;

use crate::back_office::Operator;
use crate::world::{ProviderStub, Switch, id, request, reversal};

/// The sum that a proof told.
fn sum(text: &str) -> String {
    let (_, rest) = text.split_once("The sum over all journals and acts is ").unwrap();
    rest.split_once(';').unwrap().0.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_proven_beside_a_running_switch_and_what_was_altered_is_named() {
    let switch = Switch::asking(ProviderStub::approving().await.base_url()).await;
    let channel = switch.channel("app");
    let (kept, reversed) = (request("app"), request("app"));
    assert_eq!(channel.provision(&kept).await.verdict(), "201");
    assert_eq!(channel.provision(&reversed).await.verdict(), "201");
    assert_eq!(channel.reverse(&reversal(&reversed)).await.verdict(), "202");
    let operator = Operator::of(&switch);
    let whole = operator.types(&["verify"]);
    whole.says(0, &["2 transactions, ", "Nothing was altered, and nothing is missing"]);
    operator.types(&["verify", "--expect", &sum(&whole.text)]).says(0, &["Nothing was altered"]);
    let written_down = format!(" {} ", sum(&whole.text).to_uppercase());
    operator.types(&["verify", "--expect", &written_down]).says(0, &["Nothing was altered"]);
    operator
        .types(&["verify", "--expect", &"0".repeat(32)])
        .says(1, &["the store has moved on since, or was put back"]);

    let number = switch.transaction("app", id(&kept)).await.unwrap().number;
    let store = Connection::open(switch.store_path()).unwrap();
    store.execute("UPDATE transactions SET asked_amount = 1 WHERE number = ?1", [number.0.cast_signed()]).unwrap();
    operator.types(&["verify"]).says(1, &[&format!("BROKEN  transaction {number}: its row was altered"), "found in"]);
    let refused = channel.retry(&kept).await;
    assert_eq!(refused.verdict(), "500 GENERAL_ERROR", "nothing is told from what was altered");
    operator.types(&["show", id(&kept)]).says(1, &["its row was altered"]);
    assert_eq!(channel.retry(&reversed).await.verdict(), "400 VOUCHER_ALREADY_REVERSED", "and the rest goes on");
    assert_eq!(channel.provision(&request("app")).await.verdict(), "201");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_sealed_anew_while_the_switch_sells() {
    let switch = Switch::asking(ProviderStub::approving().await.base_url()).await;
    let channel = switch.channel("app");
    let (before, after) = (request("app"), request("app"));
    let told = channel.provision(&before).await;
    let operator = Operator::of(&switch);
    operator.types(&["keys", "list"]).says(0, &["key 1: made with the store; in use"]);
    operator
        .types(&["keys", "rotate", "--reason", "a year is over"])
        .says(0, &["Key 2 seals everything in ", ": 1 transactions", "1 older key was thrown"]);
    operator.types(&["keys", "list"]).says(0, &["key 2: made 20", "; in use"]);
    assert_eq!(channel.provision(&after).await.verdict(), "201");
    assert_eq!(channel.retry(&before).await.json(), told.json(), "the same voucher, to the byte");
    assert_eq!(channel.retry(&after).await.verdict(), "201");
    operator.types(&["verify"]).says(0, &["Nothing was altered"]);
    operator
        .types(&["keys", "rotate", "--reason", "a year is over"])
        .says(0, &["Key 3 seals everything in ", ": 2 transactions"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_store_takes_another_key_from_the_configuration() {
    let switch = Switch::asking(ProviderStub::approving().await.base_url()).await;
    assert_eq!(switch.channel("app").provision(&request("app")).await.verdict(), "201");
    let operator = Operator::of(&switch);
    let new = operator.config().with_file_name("new.key");
    let because = ["--reason", "the old one was seen"];
    let rewrap = [&["keys", "rewrap", "--to-file", new.to_str().unwrap()][..], &because].concat();
    operator.types(&rewrap).says(1, &["another switch has this store open"]);
    let folder = switch.stop_and_leave().await;
    operator.types(&rewrap).says(0, &["opens with the new key only", "under [sealing_key]", "new.key"]);
    operator.types(&["verify"]).says(1, &["this store was sealed with another key"]);
    let config = std::fs::read_to_string(operator.config()).unwrap().replace("sealing.key", "new.key");
    std::fs::write(operator.config(), config).unwrap();
    operator.types(&["verify"]).says(0, &["Nothing was altered"]);
    operator.types(&rewrap).says(1, &["this store is sealed with that key already"]);
    operator.types(&[&["keys", "rewrap"][..], &because].concat()).says(2, &["--to-file"]);
    drop(folder);
}
