//! A till's day: it sells a voucher, redeems it, refunds it and redeems it again, confirming each, through a crash.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::{Kind, State};
use vouchsafe_provider::simulator::faults::Faults;
use vouchsafe_provider::simulator::ledger::Standing;
use vouchsafe_store::sqlite::SqliteStore;
use vouchsafe_store::{Key, Store as _};

use super::point::CrashPoint;
use super::process::{Lives, Orders, Plan};
use super::trial::NEVER;
use crate::world::{
    Answer, Simulated, confirmation, eventually, id, key, path, request_for, request_of, reversal, sealer,
};

/// The user name of the till.
const TILL: &str = "till";
/// No request is tried more often.
const TRIES: usize = 10;

/// What became of one request, as far as the till was told.
struct Tried {
    kind: Kind,
    request: Json,
    stands: bool,
}

/// A till, and everything that it has asked for.
struct Day<'a> {
    lives: &'a Lives,
    tried: Vec<Tried>,
}

impl Day<'_> {
    async fn send(&self, place: &str, body: &Json) -> Option<Answer> {
        self.lives.send(TILL, &format!("/{place}"), body).await
    }

    /// Sends an advice until it is answered, and says how.
    async fn advise(&self, place: &str, advice: &Json) -> String {
        for _ in 0..TRIES {
            match self.send(place, advice).await {
                Some(answer) if answer.status < 500 => return answer.verdict(),
                _ => {}
            }
        }
        panic!("an advice was never acknowledged");
    }

    /// Asks until a request is approved and confirmed. What is not certain is reversed, and asked for anew.
    async fn achieve(&mut self, kind: Kind, make: impl Fn() -> Json) -> Json {
        for _ in 0..TRIES {
            let request = make();
            let answer = self.send(path(kind), &request).await;
            match answer {
                Some(answer) if answer.status == 201 => {
                    let verdict = self.advise(&format!("{}/confirmations", path(kind)), &confirmation(&request)).await;
                    assert_eq!(verdict, "202", "a {kind} that was approved can be confirmed");
                    self.tried.push(Tried { kind, request, stands: true });
                    return answer.json();
                }
                Some(answer) if answer.status < 500 => panic!("a {kind} was answered {}", answer.verdict()),
                _ => {
                    let verdict = self.advise(&format!("{}/reversals", path(kind)), &reversal(&request)).await;
                    assert!(["202", "404 UNABLE_TO_LOCATE_RECORD"].contains(&verdict.as_str()), "{verdict}");
                    self.tried.push(Tried { kind, request, stands: false });
                }
            }
        }
        panic!("a {kind} never came through");
    }
}

/// How a request stands at the switch, once nothing is owed to anybody any more.
async fn settled(store: &Path, tried: &Tried) -> Option<State> {
    eventually("everything settles", async || {
        // Between two lives there may be nothing to be read.
        let store = SqliteStore::open_read_only(store, sealer()).ok()?;
        let is_open = !store.tally().await.ok()?.open_advices.is_empty()
            || !store.unanswered(Timestamp::MAX, 1).await.ok()?.is_empty();
        let found = store.find(&Key { kind: tried.kind, ..key(TILL, id(&tried.request)) }).await.ok()?;
        (!is_open).then_some(found.map(|transaction| transaction.state))
    })
    .await
}

/// Plays the day through lives that end at these points, compares all three records, and says how many were killed.
pub(super) async fn play(points: Vec<CrashPoint>) -> u32 {
    let folder = tempfile::tempdir().unwrap();
    let provider = Simulated::finalised_by(Messaging::Dual, Faults::default(), Vec::new()).await;
    let store = folder.path().join("store.db");
    let lives = Lives::begin(
        Orders {
            store: store.clone(),
            provider_url: provider.base_url.clone(),
            plan: Plan::Full,
            confirm_after_milliseconds: NEVER,
            is_dual: true,
            point: None,
        },
        points.clone(),
    );
    let mut day = Day { lives: &lives, tried: Vec::new() };
    let sale = || {
        let mut sale = request_for(TILL, "AIRTIME50");
        sale["amounts"] = json!({"requestAmount": {"amount": 5000, "currency": "710"}});
        sale
    };
    let sold = day.achieve(Kind::Provision, sale).await;
    let code = sold["voucher"]["code"].as_str().unwrap().to_owned();
    for kind in [Kind::Redemption, Kind::Refund, Kind::Redemption] {
        day.achieve(kind, || request_of(kind, TILL, &code)).await;
    }
    for tried in &day.tried {
        let state = settled(&store, tried).await;
        let fate = provider.fate_of(tried.kind, id(&tried.request));
        let context =
            format!("killed at {points:?}: a {}, the provider says {fate:?}, the switch {state:?}", tried.kind);
        assert!(fate.requests <= 1, "{context}: asked more than once");
        assert_eq!(fate.breaches, 0, "{context}");
        if tried.stands {
            assert_eq!((state, fate.standing), (Some(State::Confirmed), Standing::Confirmed), "{context}");
        } else {
            let undone = [Standing::Unheard, Standing::Refused, Standing::Reversed, Standing::Forestalled];
            assert!(undone.contains(&fate.standing), "{context}: it stands, and the till has reversed it");
            let ended = [None, Some(State::Reversed), Some(State::Void)];
            assert!(ended.contains(&state), "{context}");
        }
    }
    drop(day);
    lives.end().await
}
