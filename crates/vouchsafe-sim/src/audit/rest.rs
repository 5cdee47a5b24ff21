//! Rest: when faults stop, everything is settled, orphaned or parked, and every queue is empty.

use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::State;

use super::{Breach, Case, Rule};
use crate::records::{Conclusion, Records};

pub(super) fn judge(case: &Case<'_>, tell: &mut impl FnMut(Rule, String)) {
    let Some(state) = case.state() else { return };
    let is_at_rest = match state {
        State::Pending | State::Cancelled | State::Reversing => false,
        // A till owes a word on it.
        State::Approved => case.till.messaging == Messaging::Dual,
        // The provider refused the confirmation: the sale stands, and a person was told.
        State::Confirming => case.books.iter().any(|(_, entry)| entry.is_confirmation_refused),
        State::Declined | State::Confirmed | State::Reversed | State::Orphaned | State::Resolved | State::Void => true,
    };
    if !is_at_rest {
        tell(Rule::Rest, format!("it is still {state:?}"));
    }
    let is_kept =
        matches!(case.sale.conclusion, Some(Conclusion::Held | Conclusion::Confirmed | Conclusion::Forgotten));
    if is_kept && case.books.iter().filter(|(_, entry)| entry.stands()).count() != 1 {
        tell(Rule::HeldIsKept, format!("the channel holds it ({state:?}), but no provider has it sold"));
    }
}

/// What is about no one transaction.
pub(super) fn across(records: &Records, found: &mut Vec<Breach>) {
    let mut tell = |what: String| found.push(Breach { rule: Rule::Rest, key: None, what });
    if !records.is_quiet {
        tell(format!("it was not quiet {} virtual milliseconds after all had healed", records.took));
    }
    if (records.sales.len() as u64) < records.trouble.customers {
        tell(format!("{} customers came, {} sales ended", records.trouble.customers, records.sales.len()));
    }
}
