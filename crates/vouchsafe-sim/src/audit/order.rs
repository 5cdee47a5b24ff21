//! Order: a voucher's confirmation before its redemption, a request before its reversal, and nothing heard is forgotten.

use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::transaction::Kind;

use super::{Case, Rule};
use crate::records::{Answer, Call, Records};

pub(super) fn judge(case: &Case<'_>, all: &[Case<'_>], records: &Records, tell: &mut impl FnMut(Rule, String)) {
    judge_redemption(case, all, tell);
    // Where nothing of the switch itself failed, it has no excuse.
    let is_well = records.faults.1 == 0 && records.trouble.store == 0 && !records.trouble.clocks_jump;
    if !is_well {
        return;
    }
    let has_approval = case.journal().iter().any(|entry| matches!(entry.outcome, Some(Outcome::Approved(_))));
    for (book, entry) in &case.books {
        if entry.asked.iter().any(|asked| asked.is_approval_heard) && !has_approval {
            tell(Rule::Evidence, format!("{} approved, was heard, and nobody wrote it down", book.provider));
        }
        let reversals = entry.advised.iter().filter(|one| !one.is_confirmation);
        let ends =
            entry.asked.iter().map(|asked| asked.ended.map_or(asked.deadline, |at| at.min(asked.deadline))).max();
        if reversals.map(|one| one.at).min().is_some_and(|first| Some(first) < ends) {
            tell(Rule::Evidence, format!("{} was sent the reversal while it was still being asked", book.provider));
        }
    }
}

fn judge_redemption(case: &Case<'_>, all: &[Case<'_>], tell: &mut impl FnMut(Rule, String)) {
    if case.sale.key.kind != Kind::Redemption {
        return;
    }
    let refused = case.books.iter().find(|(_, entry)| entry.declined == Some("VOUCHER_NOT_REDEEMABLE"));
    let Some(code) = case.sale.request.presented_code().filter(|_| refused.is_some()) else { return };
    let sold = |other: &&Case<'_>| {
        let is_its = |(_, entry): &(_, &crate::ledger::Entry)| {
            let sold = entry.sold.as_ref().is_some_and(|sold| sold.code == code.expose().as_str());
            sold && !entry.is_confirmation_refused
        };
        other.sale.key.kind == Kind::Provision && other.books.iter().any(is_its)
    };
    let Some(provision) = all.iter().find(sold) else { return };
    let told = provision.told();
    let confirmed = told
        .iter()
        .filter(|(exchange, told)| matches!(exchange.call, Call::Confirm(_)) && told.answer == Answer::Accepted);
    let confirmed = confirmed.map(|(_, told)| told.at).min();
    let arrived = case.exchanges.iter().filter_map(|exchange| exchange.arrived).map(|(at, _)| at).min();
    if confirmed.is_some() && confirmed < arrived {
        let what =
            format!("its confirmation was acknowledged at {confirmed:?}, the redemption came at {arrived:?} first");
        tell(Rule::VoucherOrder, what);
    }
}
