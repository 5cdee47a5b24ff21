//! A store that fails costs time, and never the truth.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::response::IntoResponse as _;
use http::StatusCode;
use vouchsafe_core::transaction::{Event, State};
use vouchsafe_store::sqlite::SqliteStore;
use vouchsafe_store::{Opened, Store, story};

use crate::world::{
    Channel, Fault, Faults, MeddledStore, ProviderStub, Setup, Switch, Verb, approve, eventually, id, key, request,
    reversal, sealer, serve, take,
};
use Fault::{DoneInSilence, Hangs, Late, Lost, Panics, Refused};
use Verb::{Find, Forestall, Open, PutOff, Read, Record, Redrive, Request};

/// A switch over a store that fails as told, which asks a provider that approves.
async fn approving(faults: &Faults) -> (Switch, ProviderStub) {
    let provider = ProviderStub::advised(approve, take).await;
    let mut setup = Setup::to(provider.base_url());
    setup.faults = Some(faults.clone());
    setup.limits.back_off.first = Duration::from_millis(10);
    setup.sheet.in_flight_horizon = Duration::from_millis(10);
    (Switch::start(setup).await, provider)
}

/// The same for a channel that soon gives up.
async fn impatient(faults: &Faults) -> (Switch, ProviderStub) {
    let provider = ProviderStub::advised(approve, take).await;
    let mut setup = Setup::to(provider.base_url());
    setup.faults = Some(faults.clone());
    setup.wait = Duration::from_millis(1500);
    setup.limits.back_off.first = Duration::from_millis(10);
    (Switch::start(setup).await, provider)
}

/// Whoever meddles is a store too: what is tried behind it is tried on the promises of one.
#[tokio::test]
async fn a_store_that_takes_its_time_keeps_every_promise_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let inner = Arc::new(SqliteStore::open(&folder.path().join("store.db"), sealer()).unwrap());
    let faults = Faults::default();
    faults.plan([Open, Forestall, Record, PutOff, Redrive, Find, Request, Read].map(|verb| (verb, Late)));
    story::tell(&MeddledStore { inner, meddler: faults.clone() }).await;
    assert!(faults.are_over());
}

#[tokio::test]
async fn an_approved_sale_is_told_whatever_the_store_does_before_it_is_certain() {
    for faults in [
        vec![(Record, Refused)],
        vec![(Record, Refused), (Record, Refused)],
        vec![(Record, Lost)],
        vec![(Record, DoneInSilence)],
        vec![(Record, Lost), (Find, Refused), (Find, Refused)],
        vec![(Record, DoneInSilence), (Find, Refused), (Find, Refused)],
        vec![(Record, Lost), (Find, Refused), (Record, DoneInSilence), (Find, Refused)],
    ] {
        let plan = Faults::default();
        let (switch, provider) = approving(&plan).await;
        plan.plan(faults.clone());
        let request = request("app");
        assert_eq!(switch.channel("app").provision(&request).await.verdict(), "201", "{faults:?}");
        assert!(plan.are_over(), "{faults:?}");
        let journal = switch.journal("app", id(&request)).await;
        assert_eq!(journal.len(), 1, "{faults:?}: written once");
        assert_eq!(journal[0].event, Event::ProviderApproved);
        assert_eq!(provider.seen().len(), 1);
    }
}

#[tokio::test]
async fn whoever_was_overtaken_while_the_store_failed_decides_anew() {
    let faults = Faults::default();
    let (provider, let_go) = ProviderStub::holding().await;
    let mut setup = Setup::to(provider.base_url());
    setup.faults = Some(faults.clone());
    let switch = Switch::start(setup).await;
    let (channel, request) = (switch.channel("app"), request("app"));
    let waiting = tokio::spawn({
        let (channel, request) = (channel.clone(), request.clone());
        async move { channel.provision(&request).await }
    });
    eventually("the request at the provider", async || (!provider.seen().is_empty()).then_some(())).await;
    faults.plan([(Record, Refused)]);
    let_go.send(true).unwrap();
    // While the approval waits for its second attempt, the reversal is recorded.
    eventually("the approval's first attempt", async || faults.are_over().then_some(())).await;
    assert_eq!(channel.reverse(&reversal(&request)).await.verdict(), "202");
    let told = waiting.await.unwrap().verdict();
    assert!(["400 VOUCHER_ALREADY_REVERSED", "201"].contains(&told.as_str()), "{told}");
    let state = switch.state("app", id(&request)).await;
    assert!(matches!(state, State::Reversing | State::Reversed), "{state}");
}

#[tokio::test]
async fn what_panics_leaves_a_sale_in_doubt_and_recovery_goes_on() {
    let faults = Faults::default();
    let (switch, _provider) = impatient(&faults).await;
    // The request's own task, and then whoever finds it overdue.
    faults.plan([(Record, Panics), (Record, Panics)]);
    let request = request("app");
    assert_eq!(switch.channel("app").provision(&request).await.verdict(), "500 GENERAL_ERROR");
    eventually("reversed", async || (switch.state("app", id(&request)).await == State::Reversed).then_some(())).await;
    assert!(faults.are_over());
}

#[tokio::test]
async fn what_panics_while_it_looks_for_work_begins_anew() {
    let faults = Faults::default();
    let (switch, provider) = approving(&faults).await;
    // Whoever delivers and whoever settles, each more than once.
    faults.plan([(Read, Panics); 4]);
    eventually("the panics", async || faults.are_over().then_some(())).await;
    let request = request("app");
    assert_eq!(switch.channel("app").provision(&request).await.verdict(), "201");
    assert_eq!(switch.channel("app").reverse(&reversal(&request)).await.verdict(), "202");
    eventually("reversed", async || (switch.state("app", id(&request)).await == State::Reversed).then_some(())).await;
    assert_eq!(provider.advices().len(), 1);
}

#[tokio::test]
async fn a_store_that_hangs_is_told_in_time_as_unknown_and_ends_in_a_reversal() {
    let faults = Faults::default();
    let (switch, provider) = impatient(&faults).await;
    faults.plan([(Record, Hangs)]);
    let request = request("app");
    let told = tokio::time::timeout(Duration::from_millis(1500), switch.channel("app").provision(&request)).await;
    assert_eq!(told.expect("before the channel gives up").verdict(), "500 GENERAL_ERROR");
    eventually("reversed", async || (switch.state("app", id(&request)).await == State::Reversed).then_some(())).await;
    assert_eq!(switch.journal("app", id(&request)).await[0].event, Event::AnswerLost);
    assert_eq!(provider.advices().len(), 1);
}

#[tokio::test]
async fn a_late_answer_stays_late_where_the_silence_could_not_be_recorded() {
    let faults = Faults::default();
    let (provider, let_go) = ProviderStub::holding().await;
    let mut setup = Setup::to(provider.base_url());
    setup.faults = Some(faults.clone());
    setup.wait = Duration::from_millis(1200);
    // Long enough that the sweep for overdue answers is not the one who settles it.
    setup.limits.back_off.first = Duration::from_secs(60);
    let switch = Switch::start(setup).await;
    faults.plan([(Record, Hangs)]);
    let request = request("app");
    assert_eq!(switch.channel("app").provision(&request).await.verdict(), "500 GENERAL_ERROR");
    let_go.send(true).unwrap();
    let journal = eventually("both in the journal", async || {
        let journal = switch.journal("app", id(&request)).await;
        (journal.len() >= 2).then_some(journal)
    })
    .await;
    let events: Vec<_> = journal.iter().map(|entry| entry.event).collect();
    assert!(
        events.starts_with(&[Event::AnswerMissing, Event::LateApproval])
            || events.starts_with(&[Event::AnswerLost, Event::LateApproval]),
        "{events:?}"
    );
}

#[tokio::test]
async fn an_intent_of_uncertain_fate_is_never_sent_and_is_closed() {
    // What was written after all may be a twin's, which is being sent: nobody may say that nothing was.
    let rows = [(Lost, "503 GENERAL_ERROR"), (DoneInSilence, "500 GENERAL_ERROR"), (Refused, "503 GENERAL_ERROR")];
    for (fault, told) in rows {
        let faults = Faults::default();
        let (switch, provider) = approving(&faults).await;
        faults.plan([(Open, fault)]);
        let request = request("app");
        assert_eq!(switch.channel("app").provision(&request).await.verdict(), told, "{fault:?}");
        assert_eq!(provider.seen().len(), 0);
        let found = switch.app.store.find(&key("app", id(&request))).await.unwrap();
        assert_eq!(found.is_some(), fault == DoneInSilence, "{fault:?}");
        if let Some(transaction) = found {
            assert!(transaction.due_at.is_some(), "whoever finds it overdue closes it");
        }
    }
}

#[tokio::test]
async fn a_reversal_is_acknowledged_only_once_it_is_durable() {
    let faults = Faults::default();
    let (switch, provider) = approving(&faults).await;
    let (channel, request) = (switch.channel("app"), request("app"));
    let reversal = reversal(&request);
    faults.plan([(Forestall, Refused)]);
    assert_eq!(channel.reverse(&reversal).await.verdict(), "500 GENERAL_ERROR", "it could not be remembered");
    assert_eq!(channel.provision(&request).await.verdict(), "201", "so it was not");
    faults.plan([(Find, Refused)]);
    let told = channel.reverse(&reversal).await;
    assert_eq!(told.verdict(), "500 GENERAL_ERROR");
    assert_eq!((&told.json()["id"], &told.json()["originalId"]), (&reversal["id"], &request["id"]));
    faults.plan([(Record, DoneInSilence), (Find, Refused)]);
    // The first look is before the record: it meets the planned fault, and the channel sends it again.
    let told = channel.reverse(&reversal).await.verdict();
    let told = if told == "202" { told } else { channel.reverse(&reversal).await.verdict() };
    assert_eq!(told, "202");
    assert_eq!(switch.state("app", id(&request)).await, State::Reversed);
    assert_eq!(provider.advices().len(), 1, "once, for all that");
}

#[tokio::test]
async fn a_sale_that_was_reversed_before_it_was_read_back_is_not_told_as_sold() {
    let faults = Faults::default();
    let (switch, provider) = approving(&faults).await;
    let (channel, request) = (switch.channel("app"), request("app"));
    faults.plan([(Record, DoneInSilence), (Find, Late)]);
    let waiting = tokio::spawn({
        let (channel, request) = (channel.clone(), request.clone());
        async move { channel.provision(&request).await }
    });
    // The approval is on disk, and whoever wrote it is still looking whether it is.
    eventually("the approval's reading back", async || faults.are_over().then_some(())).await;
    assert_eq!(channel.reverse(&reversal(&request)).await.verdict(), "202");
    assert_eq!(waiting.await.unwrap().verdict(), "400 VOUCHER_ALREADY_REVERSED");
    assert_eq!((provider.seen().len(), provider.advices().len()), (1, 1));
}

#[tokio::test]
async fn a_retry_that_is_overtaken_by_the_reversal_is_not_told_as_sold() {
    let faults = Faults::default();
    let (switch, _provider) = approving(&faults).await;
    let (channel, request) = (switch.channel("app"), request("app"));
    assert_eq!(channel.provision(&request).await.verdict(), "201");
    faults.plan([(Request, Late)]);
    let waiting = tokio::spawn({
        let (channel, request) = (channel.clone(), request.clone());
        async move { channel.retry(&request).await }
    });
    eventually("the retry under way", async || faults.are_over().then_some(())).await;
    assert_eq!(channel.reverse(&reversal(&request)).await.verdict(), "202");
    assert_eq!(waiting.await.unwrap().verdict(), "400 VOUCHER_ALREADY_REVERSED");
}

#[tokio::test]
async fn every_answer_comes_in_time_whichever_verb_of_the_store_hangs() {
    let faults = Faults::default();
    let provider = ProviderStub::advised(approve, take).await;
    let mut setup = Setup::to(provider.base_url());
    setup.faults = Some(faults.clone());
    setup.wait = Duration::from_millis(1500);
    let switch = Switch::start(setup).await;
    let channel = switch.channel("app");
    let in_time = async |what: &str, work: &mut (dyn Future<Output = String> + Unpin), expect: &str| {
        let told = tokio::time::timeout(Duration::from_millis(1500), work).await;
        assert_eq!(told.unwrap_or_else(|_| panic!("{what}: no answer in time")), expect, "{what}");
    };
    let first = request("app");
    faults.plan([(Open, Hangs)]);
    let mut work = Box::pin(async { channel.provision(&first).await.verdict() });
    in_time("the intent", &mut work, "500 GENERAL_ERROR").await;
    faults.plan([(Forestall, Hangs)]);
    let unseen = reversal(&request("app"));
    let mut work = Box::pin(async { channel.reverse(&unseen).await.verdict() });
    in_time("a reversal that came first", &mut work, "500 GENERAL_ERROR").await;
    let sold = request("app");
    assert_eq!(channel.provision(&sold).await.verdict(), "201");
    for verb in [Find, Request] {
        faults.plan([(verb, Hangs)]);
        let mut work = Box::pin(async { channel.retry(&sold).await.verdict() });
        in_time("a retry", &mut work, "500 GENERAL_ERROR").await;
    }
    faults.plan([(Find, Hangs)]);
    let advice = reversal(&sold);
    let mut work = Box::pin(async { channel.reverse(&advice).await.verdict() });
    in_time("a reversal", &mut work, "500 GENERAL_ERROR").await;
}

#[tokio::test]
async fn what_cannot_be_settled_keeps_neither_the_switch_nor_another_from_its_turn() {
    for damaged in [1, 2, 3] {
        let folder = tempfile::tempdir().unwrap();
        let inner: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.path().join("store.db"), sealer()).unwrap());
        let mut left = Vec::new();
        for request in [(); 3].map(|()| request("app")) {
            match inner.open(story::intent(&key("app", id(&request)))).await {
                Ok(Opened::New(transaction)) => left.push(transaction),
                other => panic!("{other:?}"),
            }
        }
        let faults = Faults::default();
        left.iter().take(damaged).for_each(|transaction| faults.freeze(transaction.number));
        let store = MeddledStore { inner: Arc::clone(&inner), meddler: faults };
        let provider = ProviderStub::approving().await;
        let (address, app, _serving) = serve(Setup::to(provider.base_url()), Arc::new(store)).await;
        for (place, transaction) in left.iter().enumerate() {
            let state = inner.find(&transaction.key).await.unwrap().unwrap().state;
            assert_eq!(state, if place < damaged { State::Pending } else { State::Orphaned }, "{damaged} are damaged");
        }
        assert_eq!(Channel::new(address, "app").provision(&request("app")).await.verdict(), "201", "it serves");
        app.stopping.cancel();
    }
}

#[tokio::test]
async fn an_advice_that_cannot_be_read_holds_up_no_other() {
    let faults = Faults::default();
    let provider = ProviderStub::advised(approve, take).await;
    let mut setup = Setup::to(provider.base_url());
    setup.faults = Some(faults.clone());
    setup.sheet.concurrency = std::num::NonZeroU32::MIN;
    setup.limits.reversal_sync = Duration::from_millis(10);
    let switch = Switch::start(setup).await;
    let (channel, damaged, sound) = (switch.channel("app"), request("app"), request("app"));
    for request in [&damaged, &sound] {
        assert_eq!(channel.provision(request).await.verdict(), "201");
    }
    faults.damage(switch.transaction("app", id(&damaged)).await.unwrap().number);
    for request in [&damaged, &sound] {
        assert_eq!(channel.reverse(&reversal(request)).await.verdict(), "202");
    }
    eventually("reversed", async || (switch.state("app", id(&sound)).await == State::Reversed).then_some(())).await;
    assert_eq!(switch.state("app", id(&damaged)).await, State::Reversing, "and it is not given up");
}

#[tokio::test]
async fn an_advice_whose_end_cannot_be_recorded_holds_up_no_other() {
    let (faults, well) = (Faults::default(), Arc::new(AtomicBool::new(false)));
    let taking = {
        let well = Arc::clone(&well);
        move |advice| {
            let well = well.load(Ordering::Relaxed);
            async move { if well { take(advice).await } else { StatusCode::SERVICE_UNAVAILABLE.into_response() } }
        }
    };
    let provider = ProviderStub::advised(approve, taking).await;
    let mut setup = Setup::to(provider.base_url());
    setup.faults = Some(faults.clone());
    setup.sheet.concurrency = std::num::NonZeroU32::MIN;
    setup.limits.reversal_sync = Duration::from_millis(10);
    setup.limits.back_off.first = Duration::from_millis(10);
    let switch = Switch::start(setup).await;
    let (channel, damaged, sound) = (switch.channel("app"), request("app"), request("app"));
    for request in [&damaged, &sound] {
        assert_eq!(channel.provision(request).await.verdict(), "201");
        assert_eq!(channel.reverse(&reversal(request)).await.verdict(), "202");
    }
    faults.freeze(switch.transaction("app", id(&damaged)).await.unwrap().number);
    well.store(true, Ordering::Relaxed);
    eventually("reversed", async || (switch.state("app", id(&sound)).await == State::Reversed).then_some(())).await;
    assert_eq!(switch.state("app", id(&damaged)).await, State::Reversing, "and it is not given up");
}

#[tokio::test]
async fn what_fell_due_while_the_store_was_ill_is_not_confirmed_before_a_reversal_could_come() {
    let faults = Faults::default();
    let provider = ProviderStub::advised(approve, take).await;
    let mut setup = Setup::to(provider.base_url());
    setup.faults = Some(faults.clone());
    setup.limits.back_off.first = Duration::from_millis(10);
    setup.sheet.confirm_after = Duration::from_millis(500);
    let switch = Switch::start(setup).await;
    let request = request("app");
    assert_eq!(switch.channel("app").provision(&request).await.verdict(), "201");
    // More than the store is tried for a confirmation.
    faults.plan(std::iter::repeat_n((Record, Refused), 15));
    let events =
        async || -> Vec<Event> { switch.journal("app", id(&request)).await.iter().map(|entry| entry.event).collect() };
    eventually("confirmed in the end", async || (events().await.len() >= 4).then_some(())).await;
    let expect =
        [Event::ProviderApproved, Event::ConfirmationPutOff, Event::ConfirmationDue, Event::ConfirmationDelivered];
    assert_eq!(events().await, expect);
}
