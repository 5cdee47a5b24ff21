//! Every flow, with the switch killed right before and right after each of its durable steps and started again.
//!
//! The switch is a process of its own: this test program once more, over a store that counts the durable steps and
//! has the kernel kill the process at one of them. The provider and its books, and the channel, live on here.

mod binary;
mod customers;
mod day;
mod load;
mod point;
mod power;
mod process;
mod till;
mod trial;

use point::{CrashPoint, Moment};
use process::Plan;
use trial::{Act, Scenario, play};

/// No flow has as many steps; a loop that comes here has lost its way.
const TOO_MANY: u32 = 60;

/// Not a test: the switch that the tests below start, kill and start again.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "the crash tests start it as a process of its own"]
async fn the_switch() {
    process::be_the_switch().await;
}

/// A provider that does everything, and a channel that waits.
const PLAIN: Scenario = Scenario {
    name: "",
    plan: Plan::Full,
    product: "AIRTIME50",
    confirms_after_milliseconds: None,
    act: Act::Waits,
    least_steps: 2,
};

/// Tries every crash point of a scenario: the process is killed once at it, or killed there and then at the first
/// step of its next life too.
async fn survives(scenario: Scenario) {
    tries_every_point(scenario.name, scenario.least_steps, |points| play(&scenario, points)).await;
}

/// Tries every crash point of what is played, of which there are so many at least.
async fn tries_every_point<F: Future<Output = u32>>(name: &str, least_steps: u32, play: impl Fn(Vec<CrashPoint>) -> F) {
    let tried = tokio::join!(
        every_step(name, Moment::Before, false, &play),
        every_step(name, Moment::After, false, &play),
        every_step(name, Moment::Before, true, &play),
        every_step(name, Moment::After, true, &play),
    );
    let tried: [u32; 4] = tried.into();
    #[expect(clippy::print_stdout, reason = "how much was tried is part of the result")]
    {
        let [before, after, twice_before, twice_after] = tried;
        println!(
            "{name}: killed before {before} and after {after} steps, twice before {twice_before} and after {twice_after}"
        );
    }
    for count in tried {
        assert!(count >= least_steps, "{name}: only {tried:?} crash points were met");
    }
}

/// Tries every ordered pair of crash points: one ends the first life, the other the second.
async fn survives_every_pair(scenario: Scenario) {
    let mut pairs = 0;
    for first in every_point() {
        for (number, second) in every_point().enumerate() {
            let deaths = play(&scenario, vec![first, second]).await;
            pairs += u32::from(deaths == 2);
            if deaths == 0 {
                // Both moments of the step were tried where the first of them was met.
                assert!(pairs >= scenario.least_steps, "{}: only {pairs} pairs were met", scenario.name);
                #[expect(clippy::print_stdout, reason = "how much was tried is part of the result")]
                {
                    println!("{}: killed at {pairs} pairs of points", scenario.name);
                }
                return;
            }
            // The second life comes through before this point: there is none behind it either.
            if deaths == 1 && number % 2 == 1 {
                break;
            }
        }
    }
    panic!("{}: it never came through without a crash", scenario.name);
}

/// Before and after the first step, the second and so on.
fn every_point() -> impl Iterator<Item = CrashPoint> {
    (1..TOO_MANY).flat_map(|step| [Moment::Before, Moment::After].map(|moment| CrashPoint { step, moment }))
}

/// Kills at the first step, at the second and so on, until there is none to be killed at; says how many there were.
async fn every_step<F: Future<Output = u32>>(
    name: &str,
    moment: Moment,
    twice: bool,
    play: impl Fn(Vec<CrashPoint>) -> F,
) -> u32 {
    for step in 1..TOO_MANY {
        let mut points = vec![CrashPoint { step, moment }];
        if twice {
            points.push(CrashPoint { step: 1, moment });
        }
        if play(points).await == 0 {
            return step - 1;
        }
    }
    panic!("{name}: it never came through without a crash");
}

/// Four requests, each with its intent, its outcome, its confirmation and the end of that.
#[tokio::test(flavor = "multi_thread")]
async fn a_till_comes_through_its_day() {
    tries_every_point("a_till_comes_through_its_day", 16, day::play).await;
}

/// Two tests for each row: one named after its promise, and one of the long run that tries every pair of crash points.
macro_rules! survive {
    ($($name:ident: $scenario:expr;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                survives(Scenario { name: stringify!($name), ..$scenario }).await;
            }
        )*

        /// Every ordered pair of crash points, for the long run:
        /// `cargo test --release -p vouchsafe --test it -- --ignored crash::pairs`.
        mod pairs {
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread")]
                #[ignore = "a part of the long run"]
                async fn $name() {
                    survives_every_pair(Scenario { name: stringify!($name), ..$scenario }).await;
                }
            )*
        }
    };
}

survive! {
    a_sale_survives: Scenario { confirms_after_milliseconds: Some(50), least_steps: 4, ..PLAIN };
    a_decline_survives: Scenario { product: "DECLINELIMITEXCEEDED", ..PLAIN };
    an_unusable_answer_survives: Scenario { product: "NOCODE", least_steps: 3, ..PLAIN };
    a_sale_without_an_answer_survives: Scenario { product: "SELLSTHENCUTS", least_steps: 3, ..PLAIN };
    a_sale_answered_too_late_survives: Scenario { product: "SLOW500", least_steps: 3, ..PLAIN };
    a_successful_retry_survives: Scenario { product: "SLOW100", act: Act::Retries, ..PLAIN };
    an_unsuccessful_retry_survives: Scenario { product: "DECLINEDONOTHONOUR", act: Act::Retries, ..PLAIN };
    a_retry_of_a_silent_sale_survives: Scenario { product: "SELLSTHENSILENT", act: Act::Retries, least_steps: 3, ..PLAIN };
    a_reversal_that_comes_first_survives: Scenario { act: Act::ReversesFirst, ..PLAIN };
    a_reversal_meanwhile_survives: Scenario { product: "SLOW150", act: Act::ReversesMeanwhile, least_steps: 4, ..PLAIN };
    a_reversal_afterwards_survives: Scenario { act: Act::ReversesAfterwards, least_steps: 4, ..PLAIN };
    a_reversal_that_is_not_found_at_first_survives:
        Scenario { product: "REVERSENOTFOUNDONCE", act: Act::ReversesAfterwards, least_steps: 5, ..PLAIN };
    a_reversal_that_is_refused_survives:
        Scenario { product: "REVERSEREFUSED", act: Act::ReversesAfterwards, least_steps: 4, ..PLAIN };
    a_confirmation_that_is_put_off_survives:
        Scenario { product: "CONFIRM503ONCE", confirms_after_milliseconds: Some(0), least_steps: 5, ..PLAIN };
    a_race_of_confirmation_and_reversal_survives:
        Scenario { act: Act::ReversesAfterwards, confirms_after_milliseconds: Some(5), least_steps: 4, ..PLAIN };
    a_sale_without_advices_survives:
        Scenario { plan: Plan::NoAdvices, confirms_after_milliseconds: Some(50), least_steps: 3, ..PLAIN };
    a_decline_without_advices_survives:
        Scenario { plan: Plan::NoAdvices, product: "DECLINELIMITEXCEEDED", ..PLAIN };
    a_silent_sale_without_advices_survives: Scenario { plan: Plan::NoAdvices, product: "SELLSTHENCUTS", ..PLAIN };
    a_retry_without_advices_survives: Scenario { plan: Plan::NoAdvices, act: Act::Retries, least_steps: 3, ..PLAIN };
    a_reversal_meanwhile_without_advices_survives:
        Scenario { plan: Plan::NoAdvices, product: "SLOW150", act: Act::ReversesMeanwhile, least_steps: 3, ..PLAIN };
    a_reversal_afterwards_without_advices_survives:
        Scenario { plan: Plan::NoAdvices, act: Act::ReversesAfterwards, least_steps: 3, ..PLAIN };
    a_sale_without_retries_survives:
        Scenario { plan: Plan::NoRetries, confirms_after_milliseconds: Some(50), least_steps: 4, ..PLAIN };
    a_retry_without_retries_survives: Scenario { plan: Plan::NoRetries, act: Act::Retries, least_steps: 4, ..PLAIN };
}
