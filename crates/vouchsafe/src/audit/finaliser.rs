//! What is checked of how a transaction is finalised: invariants 8 to 14, and 22.

use vouchsafe_core::advice::{Advice, AdviceEnd};
use vouchsafe_core::transaction::{Event, State};
use vouchsafe_store::Entry;

use super::case::{Case, find, is_against};
use super::channel_log::Operation;
use super::provider_ledger::{self, Heard};
use super::verdict::{Standing, is_accepted, is_forestalling};
use super::{Finding, Invariant};

impl Case<'_> {
    /// Invariants 8 to 14, and 22.
    pub(super) fn check_finaliser(&self, findings: &mut Vec<Finding>) {
        let heard = |what: Heard| self.noted.iter().any(|noted| noted.heard == what);
        if (heard(Heard::Reversal) && heard(Heard::Confirmation))
            || (self.has(Event::ReversalDelivered) && self.has(Event::ConfirmationDelivered))
        {
            find(findings, Invariant::OneFinaliser, "a reversal and a confirmation were both sent");
        }
        self.check_after_reverse(findings);
        self.check_standing(findings);
        self.check_advices(findings);
        let terms = self.transaction.terms;
        let unwanted = (!terms.reversals && heard(Heard::Reversal))
            || (!terms.confirmations && heard(Heard::Confirmation))
            || self.noted.iter().any(|noted| noted.event == provider_ledger::Event::Breach);
        if unwanted {
            find(findings, Invariant::SheetKept, "the provider got what it does not take");
        }
        let declined = self.journal.iter().position(|entry| entry.state == State::Declined);
        let later = declined.map_or(&[][..], |at| &self.journal[at..]);
        if let Some(entry) = later.iter().find(|entry| !matches!(entry.state, State::Declined | State::Void)) {
            let what = format!("it was declined, and later it was {}", entry.state);
            find(findings, Invariant::DeclineIsFinal, what);
        }
        let is_confirming = self.transaction.state == State::Confirming && !self.has(Event::ConfirmationRefused);
        let is_open = matches!(self.transaction.state, State::Pending | State::Cancelled | State::Reversing);
        if self.frame.settled && (is_open || is_confirming) {
            find(findings, Invariant::AllSettled, format!("it is still {}", self.transaction.state));
        }
    }

    /// Invariant 9. A message that was sent after the reversal was acknowledged is certainly answered after it; where
    /// only the switch knows of the reversal, two clocks are compared.
    fn check_after_reverse(&self, findings: &mut Vec<Finding>) {
        let names = self.frame.names;
        let taken = |said: &&super::channel_log::Said| is_accepted(said) || is_forestalling(said, names);
        let acknowledged = self.sent(Operation::Reversal).filter(taken).filter_map(|said| Some(said.heard?.at)).min();
        let chosen = self.reversed_at().map(|at| at.saturating_add(self.frame.tolerance));
        let Some(from) = [acknowledged, chosen].into_iter().flatten().min() else { return };
        if self.successes().any(|said| said.sent_at > from) {
            find(findings, Invariant::NoneAfterReverse, "a success was told to a message sent after the reversal");
        }
    }

    /// Invariants 10 and 11: what the channel has against what there is.
    fn check_standing(&self, findings: &mut Vec<Finding>) {
        let state = self.transaction.state;
        let undone = self.noted.iter().any(|noted| noted.event == provider_ledger::Event::Reversed);
        let standing = self.standing();
        let wished = self.sent(Operation::Reversal).next().is_some();
        if standing == Standing::Holds && !wished && (is_against(state) || undone) {
            find(findings, Invariant::HeldStands, format!("the channel holds it, and it is {state}"));
        }
        let stands = if self.has_ledger() {
            self.standing_sales() > 0
        } else {
            matches!(state, State::Approved | State::Confirming | State::Confirmed)
        };
        let is_cared_for = self.is_listed()
            || (state == State::Reversing && self.has_open_advice())
            || matches!(state, State::Pending | State::Cancelled);
        let told = match standing {
            Standing::Failed => Some("the channel was told that it failed"),
            Standing::Reversed => Some("the channel's reversal was taken over"),
            // Whatever the channel knows: the switch itself holds that nothing is sold.
            Standing::Holds | Standing::Unknown => {
                matches!(state, State::Declined | State::Void | State::Reversed).then_some("nothing was to be sold")
            }
        };
        if let Some(told) = told.filter(|_| stands && !is_cared_for) {
            find(findings, Invariant::FailureIsNotSold, format!("{told}, and it is sold and {state}"));
        }
    }

    /// Invariant 12 for one transaction: whatever was chosen has an advice, and that is open for as long as it is owed.
    fn check_advices(&self, findings: &mut Vec<Finding>) {
        let state = self.transaction.state;
        let ended = |entry: &Entry, end: AdviceEnd| entry.advice.is_some() && entry.advice_end == Some(end);
        let is_dropped = match state {
            State::Reversing => !self.has_open_advice(),
            State::Confirming => {
                !self.has_open_advice() && !self.journal.iter().any(|entry| ended(entry, AdviceEnd::Refused))
            }
            State::Confirmed => !self.has_ended(|advice| matches!(advice, Advice::Confirmation)),
            State::Reversed => !self.has_ended(|advice| matches!(advice, Advice::Reversal(_))),
            State::Orphaned | State::Resolved => !self.has_ended(|advice| matches!(advice, Advice::Reversal(_))),
            State::Pending | State::Cancelled | State::Approved | State::Declined | State::Void => false,
        };
        if is_dropped {
            find(findings, Invariant::AdvicesKept, format!("it is {state}, and there is no advice to go with that"));
        }
        let was_heard = |advice: Advice| {
            let heard = match advice {
                Advice::Confirmation => Heard::Confirmation,
                Advice::Reversal(_) => Heard::Reversal,
            };
            self.noted.iter().any(|noted| noted.heard == heard)
        };
        let delivered = self.journal.iter().filter(|entry| ended(entry, AdviceEnd::Delivered));
        if self.has_ledger() && delivered.filter_map(|entry| entry.advice).any(|queued| !was_heard(queued.advice)) {
            find(findings, Invariant::AdvicesKept, "an advice was delivered, and the provider never heard of it");
        }
    }

    fn has_ended(&self, is: fn(Advice) -> bool) -> bool {
        self.journal
            .iter()
            .any(|entry| entry.advice_end.is_some() && entry.advice.is_some_and(|queued| is(queued.advice)))
    }
}
