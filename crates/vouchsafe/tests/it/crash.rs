//! Every flow, with the switch killed right before and right after each of its durable steps, and around each of its
//! sends, and started again.
//!
//! The switch is a process of its own: this test program once more. Its store counts the durable steps and a relay the
//! sends, and they have the kernel kill the process at one of them. The provider and its books, and the channel, live on
//! here.

mod binary;
mod customers;
mod day;
mod load;
mod point;
mod power;
mod process;
mod relay;
mod till;
mod trial;

use point::{CrashPoint, Moment};
use process::Plan;
use trial::{Act, Least, Scenario, play};
use vouchsafe_core::transaction::Kind;

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
    least: Least { steps: 2, sends: 1 },
};

/// Tries every crash point of what is played: the process is killed once at it, or killed there and then at the first
/// such moment of its next life too. There are so many points at least.
async fn survives<F: Future<Output = usize>>(name: &str, least: Least, play: impl Fn(Vec<CrashPoint>) -> F) {
    let (steps, sends) = tokio::join!(met(name, &[], Moment::OF_STEPS, &play), met(name, &[], Moment::OF_SENDS, &play));
    let (steps_again, sends_again) = tokio::join!(met_again(&steps, &play), met_again(&sends, &play));
    let count = |moment| steps.iter().chain(&sends).filter(|point| point.moment == moment).count();
    let counts = [Moment::Before, Moment::After, Moment::Leaving, Moment::Left, Moment::Answered].map(count);
    #[expect(clippy::print_stdout, reason = "how much was tried is part of the result")]
    {
        let [before, after, leaving, left, answered] = counts;
        println!(
            "{name}: killed before {before} and after {after} steps, before {leaving} sends, after {left} and after the answers to {answered}; at {steps_again} steps and {sends_again} sends twice"
        );
    }
    let [before, after, leaving, left, _] = counts;
    assert!(before.min(after) >= least.steps, "{name}: only {counts:?} crash points were met");
    // Some are never answered.
    assert!(leaving.min(left) >= least.sends, "{name}: only {counts:?} crash points were met");
}

/// Tries every ordered pair of crash points: one ends the first life, the other the second.
async fn survives_every_pair<F: Future<Output = usize>>(name: &str, least: Least, play: impl Fn(Vec<CrashPoint>) -> F) {
    let mut pairs = 0;
    let mut firsts = met(name, &[], Moment::OF_STEPS, &play).await;
    firsts.extend(met(name, &[], Moment::OF_SENDS, &play).await);
    for first in &firsts {
        for moments in [Moment::OF_STEPS, Moment::OF_SENDS] {
            pairs += met(name, &[*first], moments, &play).await.len();
        }
    }
    #[expect(clippy::print_stdout, reason = "how much was tried is part of the result")]
    {
        println!("{name}: killed at {pairs} pairs of {} points", firsts.len());
    }
    assert!(pairs >= 2 * (least.steps + least.sends), "{name}: only {pairs} pairs were met");
}

/// Kills at the first step or send, at the second and so on, at each of these moments, until there is none to be killed
/// at; says which there were. Those before have ended earlier lives.
async fn met<F: Future<Output = usize>>(
    name: &str,
    before: &[CrashPoint],
    moments: &[Moment],
    play: impl Fn(Vec<CrashPoint>) -> F,
) -> Vec<CrashPoint> {
    let mut met = Vec::new();
    for number in 1..TOO_MANY {
        let count = met.len();
        for &moment in moments {
            let point = CrashPoint { number, moment };
            if play([before, &[point]].concat()).await > before.len() {
                met.push(point);
            }
        }
        if met.len() == count {
            return met;
        }
    }
    panic!("{name}: it never came through without a crash");
}

/// Kills at each of these points, and at the first of its kind in the next life; says how often there was one.
async fn met_again<F: Future<Output = usize>>(points: &[CrashPoint], play: impl Fn(Vec<CrashPoint>) -> F) -> usize {
    let mut count = 0;
    for first in points {
        let again = CrashPoint { number: 1, ..*first };
        count += usize::from(play(vec![*first, again]).await == 2);
    }
    count
}

/// Four requests, each with its intent, its outcome, its confirmation and the end of that.
#[tokio::test(flavor = "multi_thread")]
async fn a_till_comes_through_its_day() {
    let least = Least { steps: 16, sends: 8 };
    survives("a_till_comes_through_its_day", least, |points| day::play(day::WHOLE, points)).await;
}

/// Two tests for each row: one named after its promise, and one of the long run that tries every pair of crash points.
macro_rules! survive {
    ($($name:ident: $scenario:expr;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let scenario = Scenario { name: stringify!($name), ..$scenario };
                survives(scenario.name, scenario.least, |points| play(&scenario, points)).await;
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
                    let scenario = Scenario { name: stringify!($name), ..$scenario };
                    survives_every_pair(scenario.name, scenario.least, |points| play(&scenario, points)).await;
                }
            )*

            #[tokio::test(flavor = "multi_thread")]
            #[ignore = "a part of the long run"]
            async fn a_till_confirms_what_it_sold() {
                let least = Least { steps: 4, sends: 2 };
                survives_every_pair("a_till_confirms_what_it_sold", least, |points| day::play(&[], points)).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            #[ignore = "a part of the long run"]
            async fn a_till_confirms_what_it_redeemed() {
                let least = Least { steps: 8, sends: 4 };
                let play = |points| day::play(&[Kind::Redemption], points);
                survives_every_pair("a_till_confirms_what_it_redeemed", least, play).await;
            }
        }
    };
}

survive! {
    a_sale_survives: Scenario { confirms_after_milliseconds: Some(50), least: Least { steps: 4, sends: 2 }, ..PLAIN };
    a_decline_survives: Scenario { product: "DECLINELIMITEXCEEDED", ..PLAIN };
    an_unusable_answer_survives: Scenario { product: "NOCODE", least: Least { steps: 3, sends: 2 }, ..PLAIN };
    a_sale_without_an_answer_survives: Scenario { product: "SELLSTHENCUTS", least: Least { steps: 3, sends: 2 }, ..PLAIN };
    a_sale_answered_too_late_survives: Scenario { product: "SLOW500", least: Least { steps: 3, sends: 2 }, ..PLAIN };
    a_successful_retry_survives: Scenario { product: "SLOW100", act: Act::Retries, ..PLAIN };
    an_unsuccessful_retry_survives: Scenario { product: "DECLINEDONOTHONOUR", act: Act::Retries, ..PLAIN };
    a_retry_of_a_silent_sale_survives: Scenario { product: "SELLSTHENSILENT", act: Act::Retries, least: Least { steps: 3, sends: 2 }, ..PLAIN };
    a_reversal_that_comes_first_survives:
        Scenario { act: Act::ReversesFirst, least: Least { steps: 2, sends: 0 }, ..PLAIN };
    a_reversal_meanwhile_survives: Scenario { product: "SLOW150", act: Act::ReversesMeanwhile, least: Least { steps: 4, sends: 2 }, ..PLAIN };
    a_reversal_afterwards_survives: Scenario { act: Act::ReversesAfterwards, least: Least { steps: 4, sends: 2 }, ..PLAIN };
    a_reversal_that_is_not_found_at_first_survives:
        Scenario { product: "REVERSENOTFOUNDONCE", act: Act::ReversesAfterwards, least: Least { steps: 5, sends: 3 }, ..PLAIN };
    a_reversal_that_is_refused_survives:
        Scenario { product: "REVERSEREFUSED", act: Act::ReversesAfterwards, least: Least { steps: 4, sends: 2 }, ..PLAIN };
    a_confirmation_that_is_put_off_survives:
        Scenario { product: "CONFIRM503ONCE", confirms_after_milliseconds: Some(0), least: Least { steps: 5, sends: 3 }, ..PLAIN };
    a_race_of_confirmation_and_reversal_survives:
        Scenario { act: Act::ReversesAfterwards, confirms_after_milliseconds: Some(5), least: Least { steps: 4, sends: 2 }, ..PLAIN };
    a_sale_without_advices_survives:
        Scenario { plan: Plan::NoAdvices, confirms_after_milliseconds: Some(50), least: Least { steps: 3, sends: 1 }, ..PLAIN };
    a_decline_without_advices_survives:
        Scenario { plan: Plan::NoAdvices, product: "DECLINELIMITEXCEEDED", ..PLAIN };
    a_silent_sale_without_advices_survives: Scenario { plan: Plan::NoAdvices, product: "SELLSTHENCUTS", ..PLAIN };
    a_retry_without_advices_survives: Scenario { plan: Plan::NoAdvices, act: Act::Retries, least: Least { steps: 3, sends: 1 }, ..PLAIN };
    a_reversal_meanwhile_without_advices_survives:
        Scenario { plan: Plan::NoAdvices, product: "SLOW150", act: Act::ReversesMeanwhile, least: Least { steps: 3, sends: 1 }, ..PLAIN };
    a_reversal_afterwards_without_advices_survives:
        Scenario { plan: Plan::NoAdvices, act: Act::ReversesAfterwards, least: Least { steps: 3, sends: 1 }, ..PLAIN };
    a_sale_without_retries_survives:
        Scenario { plan: Plan::NoRetries, confirms_after_milliseconds: Some(50), least: Least { steps: 4, sends: 2 }, ..PLAIN };
    a_retry_without_retries_survives: Scenario { plan: Plan::NoRetries, act: Act::Retries, least: Least { steps: 4, sends: 2 }, ..PLAIN };
}
