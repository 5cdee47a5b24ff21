//! How much a provider has granted, and what a channel may say of it afterwards.

use vouchsafe_core::message::BasicAdvice;
use vouchsafe_core::money::LedgerAmount;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_store::{Entry, Transaction};

/// What was authorised: what the provider granted, else what it was asked for.
pub(crate) fn authorised<'e>(
    transaction: &Transaction,
    journal: impl IntoIterator<Item = &'e Entry>,
) -> Option<LedgerAmount> {
    let granted = journal.into_iter().find_map(|entry| match &entry.outcome {
        Some(Outcome::Approved(approval)) => approval.amounts.as_ref().and_then(|amounts| amounts.approved_amount),
        _ => None,
    });
    granted.or(transaction.asked)
}

/// The final amount that an advice names.
pub(crate) fn final_amount(advice: &BasicAdvice) -> Option<LedgerAmount> {
    advice.amounts.as_ref().and_then(|amounts| amounts.approved_amount)
}

/// Whether a final amount is no more than what was authorised. Where nobody has named an amount, none is above it.
pub(crate) const fn is_within(amount: LedgerAmount, authorised: Option<LedgerAmount>) -> bool {
    match authorised {
        _ if amount.amount < 0 => false,
        Some(most) => amount.currency.code() == most.currency.code() && amount.amount <= most.amount,
        None => true,
    }
}
