//! What the simulated provider makes of advices, by what it plays, the product it sold and by chance.

use std::time::Duration;

use tokio::time::Instant;
use vouchsafe_core::advice::{Delivery, Hindrance};
use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::outcome::{Decline, Outcome};
use vouchsafe_core::transaction::Kind;
use vouchsafe_provider::Provider;
use vouchsafe_provider::simulator::faults::{Faults, Rate};
use vouchsafe_provider::simulator::ledger::Standing;
use vouchsafe_provider::simulator::plays::Play;
use vouchsafe_provider::suv::SuvProvider;

use crate::advice::{confirmation, reversal};
use crate::simulator::Running;
use crate::{in_a_while, let_the_time_pass, request};

/// What a delivery comes to, without the provider's words.
#[derive(Debug, PartialEq)]
enum Class {
    Taken,
    NotFound,
    Refused(ErrorType),
    Again(Hindrance),
}

fn class(delivery: Delivery) -> Class {
    match delivery {
        Delivery::Taken => Class::Taken,
        Delivery::NotFound => Class::NotFound,
        Delivery::Refused(error) => Class::Refused(error.error_type),
        Delivery::Again { why, .. } => Class::Again(why),
    }
}

async fn playing(plays: &[Play]) -> Running {
    Running::start_in(tempfile::tempdir().unwrap(), |simulator| simulator.plays = plays.to_vec()).await
}

async fn sell(provider: &SuvProvider, number: u128, product: &str) {
    let found = provider.ask(&request(number, product), in_a_while()).await;
    assert!(matches!(found, Ok(Outcome::Approved(_))), "{product}: {found:?}");
}

async fn reverse(provider: &SuvProvider, number: u128) -> Class {
    class(provider.reverse(Kind::Provision, &reversal(number), in_a_while().listen_until).await)
}

async fn confirm(provider: &SuvProvider, number: u128) -> Class {
    class(provider.confirm(Kind::Provision, &confirmation(number), in_a_while().listen_until).await)
}

#[tokio::test]
async fn whichever_finaliser_comes_first_stands_also_across_a_restart() {
    let simulator = Running::start().await;
    let provider = simulator.provider();
    sell(&provider, 1, "AIRTIME").await;
    sell(&provider, 2, "AIRTIME").await;
    assert_eq!(reverse(&provider, 1).await, Class::Taken);
    assert_eq!(confirm(&provider, 2).await, Class::Taken);

    let simulator = Running::start_in(simulator.end().await, |_| ()).await;
    let provider = simulator.provider();
    assert_eq!(reverse(&provider, 1).await, Class::Taken);
    assert_eq!(confirm(&provider, 1).await, Class::Refused(ErrorType::VoucherAlreadyReversed));
    assert_eq!(confirm(&provider, 2).await, Class::Taken);
    assert_eq!(reverse(&provider, 2).await, Class::Refused(ErrorType::VoucherAlreadyConfirmed));

    let (first, second) = (simulator.fate(1), simulator.fate(2));
    assert_eq!((first.standing, first.reversals, first.confirmations), (Standing::Reversed, 2, 1));
    assert_eq!((second.standing, second.reversals, second.confirmations), (Standing::Confirmed, 1, 2));
}

#[tokio::test]
async fn a_reversal_before_its_request_is_remembered_also_across_a_restart() {
    let simulator = Running::start().await;
    let provider = simulator.provider();
    assert_eq!(confirm(&provider, 1).await, Class::Refused(ErrorType::UnableToLocateRecord));
    assert_eq!(reverse(&provider, 1).await, Class::NotFound);

    let simulator = Running::start_in(simulator.end().await, |_| ()).await;
    let provider = simulator.provider();
    assert_eq!(reverse(&provider, 1).await, Class::NotFound);
    let found = provider.ask(&request(1, "AIRTIME"), in_a_while()).await;
    assert!(matches!(found, Ok(Outcome::Declined(Decline::ByProvider(_)))), "{found:?}");
    let fate = simulator.fate(1);
    assert_eq!((fate.standing, fate.requests, fate.reversals), (Standing::Forestalled, 1, 2));
    // A confirmation alone forestalls nothing.
    assert_eq!(confirm(&provider, 2).await, Class::Refused(ErrorType::UnableToLocateRecord));
    sell(&provider, 2, "AIRTIME").await;
}

#[tokio::test]
async fn nothing_is_reversed_that_was_never_sold() {
    let simulator = Running::start().await;
    let provider = simulator.provider();
    for (number, product) in [(1, "DECLINEDONOTHONOUR"), (2, "CUTS")] {
        provider.ask(&request(number, product), in_a_while()).await.unwrap();
    }
    assert_eq!(reverse(&provider, 1).await, Class::Taken);
    // Whoever was cut off before it sold does not know the request.
    assert_eq!(reverse(&provider, 2).await, Class::NotFound);
    assert_eq!(simulator.fate(1).standing, Standing::Refused);
    assert_eq!(simulator.fate(2).standing, Standing::Dropped);
}

#[tokio::test]
async fn a_sheet_without_advices_or_retries_books_each_breach() {
    let simulator = playing(&[Play::NoAdvices, Play::NoRetries]).await;
    let provider = simulator.provider();
    sell(&provider, 1, "AIRTIME").await;
    sell(&provider, 2, "AIRTIME").await;
    assert_eq!(reverse(&provider, 1).await, Class::Refused(ErrorType::FunctionNotSupported));
    assert_eq!(confirm(&provider, 1).await, Class::Refused(ErrorType::FunctionNotSupported));
    let again = provider.ask(&request(1, "AIRTIME"), in_a_while()).await;
    assert!(matches!(again, Ok(Outcome::Declined(Decline::ByProvider(_)))), "{again:?}");
    let fate = simulator.fate(1);
    assert_eq!((fate.standing, fate.requests, fate.breaches), (Standing::Done, 2, 3));
    assert_eq!(simulator.fate(2).breaches, 0);
}

#[tokio::test]
async fn a_sheet_and_a_product_can_make_the_first_advice_go_wrong() {
    let again = Class::Again;
    for (play, product, first, standing, second) in [
        (Some(Play::NotFoundOnce), "AIRTIME", Class::NotFound, Standing::Done, Class::Taken),
        (Some(Play::AcknowledgesTwice), "AIRTIME", again(Hindrance::NoAnswer), Standing::Reversed, Class::Taken),
        (None, "REVERSENOTFOUNDONCE", Class::NotFound, Standing::Done, Class::Taken),
        (None, "REVERSETWICE", again(Hindrance::NoAnswer), Standing::Reversed, Class::Taken),
        (None, "REVERSE503ONCE", again(Hindrance::TooMany), Standing::Done, Class::Taken),
        (
            None,
            "REVERSEREFUSED",
            Class::Refused(ErrorType::TransactionDeclined),
            Standing::Done,
            Class::Refused(ErrorType::TransactionDeclined),
        ),
    ] {
        let simulator = playing(play.as_slice()).await;
        let provider = simulator.provider();
        sell(&provider, 1, product).await;
        assert_eq!(reverse(&provider, 1).await, first, "{play:?} {product}");
        assert_eq!(simulator.fate(1).standing, standing, "{play:?} {product}");
        assert_eq!(reverse(&provider, 1).await, second, "{play:?} {product}");
    }
    let simulator = Running::start().await;
    let provider = simulator.provider();
    sell(&provider, 1, "CONFIRM503ONCE").await;
    sell(&provider, 2, "CONFIRMREFUSED").await;
    assert_eq!(confirm(&provider, 1).await, again(Hindrance::TooMany));
    assert_eq!(confirm(&provider, 1).await, Class::Taken);
    assert_eq!(confirm(&provider, 2).await, Class::Refused(ErrorType::TransactionDeclined));
    assert_eq!(reverse(&provider, 2).await, Class::Taken);
}

#[tokio::test]
async fn a_slow_reversal_takes_effect_at_once_and_its_repeat_need_not_wait() {
    for (play, product) in [(Some(Play::SlowToReverse), "AIRTIME"), (None, "REVERSESLOWLY")] {
        let simulator = playing(play.as_slice()).await;
        let provider = simulator.provider();
        sell(&provider, 1, product).await;
        let first = reversal(1);
        let slow = provider.reverse(Kind::Provision, &first, Instant::now() + Duration::from_secs(1_000_000));
        tokio::pin!(slow);
        tokio::select! {
            found = &mut slow => panic!("answered at once: {found:?}"),
            () = simulator.booked(2) => {}
        }
        assert_eq!(simulator.fate(1).standing, Standing::Reversed);
        assert_eq!(reverse(&provider, 1).await, Class::Taken);
        loop {
            tokio::select! {
                biased;
                found = &mut slow => break assert_eq!(found, Delivery::Taken),
                () = tokio::task::yield_now() => {}
            }
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(1)).await;
            tokio::time::resume();
        }
    }
}

#[tokio::test]
async fn answers_to_advices_are_lost_by_chance_before_and_after_they_take_effect() {
    const MANY: usize = 16;
    let faults = Faults { drop: Rate::new(1.0).unwrap(), ..Faults::default() };
    let sound = Running::start().await;
    let provider = sound.provider();
    for number in 0..MANY {
        sell(&provider, number as u128, "AIRTIME").await;
    }
    let simulator = Running::start_in(sound.end().await, |simulator| simulator.faults = faults).await;
    let provider = simulator.provider();
    for number in 0..MANY {
        let silence = async {
            simulator.booked(MANY + number + 1).await;
            let_the_time_pass().await;
        };
        let (found, ()) = tokio::join!(reverse(&provider, number as u128), silence);
        assert_eq!(found, Class::Again(Hindrance::NoAnswer));
    }
    let reversed = |number: &usize| simulator.fate(*number as u128).standing == Standing::Reversed;
    let done = (0..MANY).filter(reversed).count();
    assert!((1..MANY).contains(&done), "{done}");
}
