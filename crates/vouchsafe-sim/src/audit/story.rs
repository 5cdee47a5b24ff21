//! The story of a transaction, from all three records, in the order in which it happened.

use vouchsafe_core::transaction::State;

use super::{Breach, case};
use crate::records::{Exchange, Records};

/// What was still going on at the end.
fn restless(records: &Records) -> Vec<String> {
    let mut last: Vec<_> = records.exchanges.iter().rev().take(4).collect();
    last.retain(|exchange| !records.sales.iter().any(|sale| sale.key == exchange.key));
    let talk = |exchange: &Exchange| format!("  last said: {exchange:?}");
    let waits = |state| matches!(state, State::Pending | State::Cancelled | State::Reversing | State::Confirming);
    let kept = records.journals.iter().filter(|(transaction, _)| waits(transaction.state)).take(4);
    let kept = kept.map(|(transaction, journal)| format!("  still waits: {transaction:?} {journal:?}"));
    last.into_iter().map(talk).chain(kept).collect()
}

/// What is told of a breach.
pub(super) fn tell(records: &Records, breach: &Breach) -> String {
    let mut lines = vec![
        format!("seed {}: {breach}", records.seed),
        format!("  see it again: ./prove --seed {}", records.seed),
        format!("  {:?}", records.trouble),
    ];
    let Some(sale) = records.sales.iter().find(|sale| Some(&sale.key) == breach.key.as_ref()) else {
        lines.extend(restless(records));
        return lines.join("\n");
    };
    let mut exchanges = records.exchanges.iter().filter(|it| it.key == sale.key).map(|it| (&it.key, vec![it]));
    let first = exchanges.next();
    let mut exchanges = first
        .map(|(key, first)| (key, first.into_iter().chain(exchanges.flat_map(|(_, rest)| rest)).collect()))
        .into_iter()
        .collect();
    let kept = records.journals.iter().map(|kept| (&kept.0.key, kept)).collect();
    let Some(case) = case(records, sale, &mut exchanges, &kept) else { return lines.join("\n") };
    let mut moments: Vec<(u64, String)> = Vec::new();
    for exchange in &case.exchanges {
        moments.push((exchange.sent, format!("{} says {:?}", case.till.name, exchange.call)));
        if let Some((at, node)) = exchange.arrived {
            moments.push((at, format!("  node {node} takes {:?}", exchange.call)));
        }
        if let Some(told) = &exchange.told {
            let heard = if exchange.heard.is_some() { "" } else { ", unheard" };
            moments.push((told.at, format!("  answer to {:?}: {:?}{heard}", exchange.call, told.answer)));
        }
    }
    if let Some((transaction, journal)) = case.kept {
        let commits = records.commits.iter().filter(|commit| commit.number == transaction.number);
        for commit in commits {
            let place = (commit.version as usize).checked_sub(1);
            let entry = place.and_then(|place| journal.get(place));
            let what = entry.map_or_else(
                || format!("{:?} at {}", State::Pending, transaction.provider),
                |entry| format!("{:?} upon {:?}, {:?} {:?}", entry.state, entry.event, entry.advice, entry.advice_end),
            );
            moments.push((commit.at, format!("    journal {}: {what}", commit.version)));
        }
    }
    for (book, entry) in &case.books {
        for asked in &entry.asked {
            moments.push((asked.at, format!("      {} is asked: {asked:?}", book.provider)));
        }
        for advised in &entry.advised {
            let what = if advised.is_confirmation { "confirmation" } else { "reversal" };
            moments.push((advised.at, format!("      {} is sent the {what} {}", book.provider, advised.id)));
        }
        if let Some(sold) = &entry.sold {
            moments.push((sold.at, format!("      {} sells: {sold:?}", book.provider)));
        }
        for (at, what) in [(entry.reversed, "undone"), (entry.confirmed, "confirmed")] {
            moments.extend(at.map(|at| (at, format!("      {} has it {what}", book.provider))));
        }
    }
    moments.sort_by_key(|(at, _)| *at);
    lines.push(format!("  the channel concludes: {:?}", sale.conclusion));
    lines.extend(moments.into_iter().map(|(at, what)| format!("  {at:>7} {what}")));
    lines.join("\n")
}
