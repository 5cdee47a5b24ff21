//! The real binary, killed and started again.

use std::collections::BTreeSet;
use std::path::Path;

use vouchsafe::clock::{Clock as _, MachineClock};
use vouchsafe::config::catalogue::{SIMULATED_FULL, SIMULATED_STELLR};
use vouchsafe_core::transaction::State;
use vouchsafe_provider::simulator::ledger;
use vouchsafe_store::Store as _;
use vouchsafe_store::seal::{Sealer, SealingKey};
use vouchsafe_store::sqlite::SqliteStore;

use crate::world::{Channel, Sandbox, id, key, request_for};

/// The store of a sandbox that is not running, or is.
fn store(data: &Path) -> SqliteStore {
    let digits = std::fs::read_to_string(data.join("sealing.key")).unwrap();
    let mut key = [0; 32];
    for (place, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * place..2 * place + 2], 16).unwrap();
    }
    let sealer = Sealer::new(SealingKey::from_bytes(key), |random| MachineClock.fill(random));
    SqliteStore::open_read_only(&data.join("vouchsafe.db"), sealer).unwrap()
}

#[tokio::test]
async fn a_voucher_sold_before_a_kill_is_found_after_it() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(data.path());
    let request = request_for("demo-app", "AIRTIME50");
    assert_eq!(Channel::new(sandbox.address, "demo-app").provision(&request).await.verdict(), "201");
    sandbox.kill();

    let sandbox = Sandbox::start(data.path());
    let again = Channel::new(sandbox.address, "demo-app").provision(&request).await;
    assert_eq!(again.verdict(), "400 DUPLICATE_RECORD");
    let found = store(data.path()).find(&key("demo-app", id(&request))).await.unwrap().unwrap();
    assert_eq!(found.state, State::Approved);
    sandbox.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missing_whenever_the_switch_is_killed() {
    let data = tempfile::tempdir().unwrap();
    let mut acknowledged = BTreeSet::new();
    // Killed after so many answers: somewhere in the midst of the others.
    for answers_before_the_kill in [1, 7, 20, 45, 80] {
        let sandbox = Sandbox::start(data.path());
        let (told, mut answers) = tokio::sync::mpsc::unbounded_channel();
        for _ in 0..8 {
            let (channel, told) = (Channel::new(sandbox.address, "demo-app"), told.clone());
            tokio::spawn(async move {
                loop {
                    let request = request_for("demo-app", "AIRTIME50");
                    let post = http::Request::post(format!("http://{}/suv/v1/vouchers", channel.address))
                        .header("authorization", channel.authorization())
                        .header("content-type", "application/json")
                        .body(http_body_util::Full::new(request.to_string().into()));
                    match channel.send(post.unwrap()).await {
                        Ok(answer) if answer.status == 201 => told.send(id(&request).to_owned()).unwrap(),
                        Ok(answer) => panic!("{}", answer.verdict()),
                        Err(_) => return,
                    }
                }
            });
        }
        drop(told);
        for _ in 0..answers_before_the_kill {
            acknowledged.insert(answers.recv().await.expect("an answer"));
        }
        sandbox.kill();
        while let Some(answered) = answers.recv().await {
            acknowledged.insert(answered);
        }
    }
    assert!(acknowledged.len() >= 153);
    let store = store(data.path());
    for id in &acknowledged {
        let state = store.find(&key("demo-app", id)).await.unwrap().map(|found| found.state);
        assert_eq!(state, Some(State::Approved), "{id} was acknowledged");
    }
    let mut sold = BTreeSet::new();
    for provider in [SIMULATED_FULL, SIMULATED_STELLR] {
        for entry in ledger::entries(&data.path().join(format!("{provider}.ledger.jsonl"))).unwrap() {
            let found = store.find(&key("demo-app", &entry.id)).await.unwrap();
            assert!(found.is_some(), "{} reached {provider} and is in no journal", entry.id);
            sold.insert(entry.id);
        }
    }
    assert!(acknowledged.is_subset(&sold), "every acknowledged voucher was sold by a provider");
}
