//! A till's day: it sells a voucher, redeems it, refunds it and redeems it again, confirming each, through crashes.

use serde_json::{Value as Json, json};
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::{Kind, State};
use vouchsafe_provider::simulator::faults::Faults;

use super::point::CrashPoint;
use super::process::{Lives, Orders, Plan, opened};
use super::trial::NEVER;
use crate::world::{Answer, PROVIDER, Simulated, audited, confirmation, path, request_for, request_of, reversal};

/// The user name of the till.
const TILL: &str = "till";
/// No request is tried more often.
const TRIES: usize = 10;

/// A till.
struct Day<'a> {
    lives: &'a Lives,
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
    async fn achieve(&self, kind: Kind, make: impl Fn() -> Json) -> Json {
        for _ in 0..TRIES {
            let request = make();
            let answer = self.send(path(kind), &request).await;
            match answer {
                Some(answer) if answer.status == 201 => {
                    let verdict = self.advise(&format!("{}/confirmations", path(kind)), &confirmation(&request)).await;
                    assert_eq!(verdict, "202", "a {kind} that was approved can be confirmed");
                    return answer.json();
                }
                Some(answer) if answer.status < 500 => panic!("a {kind} was answered {}", answer.verdict()),
                _ => {
                    let verdict = self.advise(&format!("{}/reversals", path(kind)), &reversal(&request)).await;
                    assert!(["202", "404 UNABLE_TO_LOCATE_RECORD"].contains(&verdict.as_str()), "{verdict}");
                }
            }
        }
        panic!("a {kind} never came through");
    }
}

/// What a till does with what it has sold, for a whole day.
pub(super) const WHOLE: &[Kind] = &[Kind::Redemption, Kind::Refund, Kind::Redemption];

/// Plays the day through lives that end at these points, has it audited, and says how many were killed. `kinds` is what
/// is done with the voucher that was sold, one after the other.
pub(super) async fn play(kinds: &[Kind], points: Vec<CrashPoint>) -> usize {
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
    let day = Day { lives: &lives };
    let sale = || {
        let mut sale = request_for(TILL, "AIRTIME50");
        sale["amounts"] = json!({"requestAmount": {"amount": 5000, "currency": "710"}});
        sale
    };
    let sold = day.achieve(Kind::Provision, sale).await;
    let code = sold["voucher"]["code"].as_str().unwrap().to_owned();
    for &kind in kinds {
        day.achieve(kind, || request_of(kind, TILL, &code)).await;
    }
    let report = audited(|| opened(&store), false, &lives.log, &[(PROVIDER, &provider)], Vec::new()).await;
    assert!(report.is_clean(), "killed at {points:?}: {report}");
    let confirmed = report.states.get(&State::Confirmed).copied();
    let stand = 1 + kinds.len() as u64;
    assert_eq!(confirmed, Some(stand), "killed at {points:?}: each request stands, and nothing else: {report}");
    lives.end().await
}
