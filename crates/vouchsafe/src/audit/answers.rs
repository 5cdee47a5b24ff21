//! What is checked of the answers that a channel was given: invariants 15, 16, 19 and 21.

use vouchsafe_core::transaction::State;

use super::case::{Case, find, is_against};
use super::channel_log::{Operation, Said};
use super::verdict::{Verdict, is_accepted, is_forestalling};
use super::{Finding, Invariant};

impl Case<'_> {
    /// Invariants 15, 16, 19 and 21.
    pub(super) fn check_answers(&self, findings: &mut Vec<Finding>) {
        self.check_repeats(findings);
        for said in self.said {
            if let Some(took) = late(said) {
                find(findings, Invariant::InTime, format!("an answer took {took} ms, longer than its channel waits"));
            }
        }
        self.check_acknowledged(findings);
        let names = self.frame.names;
        let mut requests = self.said.iter().filter(|said| !is_advice(said)).peekable();
        if requests.peek().is_some() && requests.all(|said| Verdict::of(said, names) == Verdict::Crowded) {
            let what = "every request was refused for want of room, and the switch has recorded an intent";
            find(findings, Invariant::RefusedBeforeIntent, what);
        }
    }

    /// Invariant 15: what was told once is told again. Between two messages of which neither had its answer before the
    /// other was sent, nothing can be said.
    fn check_repeats(&self, findings: &mut Vec<Finding>) {
        let names = self.frame.names;
        let told = |said: &Said| {
            let heard = said.heard?;
            match Verdict::of(said, names) {
                // Its voucher is compared elsewhere.
                Verdict::Success => Some((Verdict::Success, 0, None)),
                // A failure from before the intent has left the id free, and anything may follow.
                Verdict::Failed if self.was_declined() && heard.at >= self.transaction.opened_at.as_millisecond() => {
                    Some((Verdict::Failed, heard.status, heard.error))
                }
                Verdict::Failed | Verdict::Reversed | Verdict::Crowded | Verdict::Nothing => None,
            }
        };
        for (at, first) in self.said.iter().enumerate() {
            let (Some(was), Some(heard)) = (told(first), first.heard) else { continue };
            for later in self.said[at + 1..].iter().filter(|later| later.sent_at > heard.at) {
                let is = told(later).or_else(|| {
                    let verdict = Verdict::of(later, names);
                    (verdict == Verdict::Failed).then_some((verdict, 0, None))
                });
                if is.is_some_and(|is| is != was) {
                    let what = format!("it was told as {:?}, and later as {:?}", was.0, is.map_or(was.0, |is| is.0));
                    return find(findings, Invariant::SameOutcome, what);
                }
            }
        }
    }

    fn was_declined(&self) -> bool {
        self.journal.iter().any(|entry| entry.state == State::Declined)
    }

    /// Invariant 19: each acknowledgement has left its trace, and the journal has no gap.
    fn check_acknowledged(&self, findings: &mut Vec<Finding>) {
        let state = self.transaction.state;
        let mut lost = |what: &str| find(findings, Invariant::NothingLost, what);
        if self.sent(Operation::Reversal).any(is_accepted) && !is_against(state) {
            lost("a reversal was acknowledged, and the switch does not know of it");
        }
        if self.sent(Operation::Confirmation).any(is_accepted) && !matches!(state, State::Confirming | State::Confirmed)
        {
            lost("a confirmation was acknowledged, and the switch does not know of it");
        }
        if self.said.iter().any(|said| is_forestalling(said, self.frame.names)) {
            lost("a reversal was remembered before its request, and the request was taken on all the same");
        }
        let is_whole = self.journal.iter().zip(1..).all(|(entry, version)| entry.version == version)
            && self.journal.len() as u64 == u64::from(self.transaction.version)
            && self.journal.last().is_none_or(|entry| entry.state == state);
        if !is_whole {
            lost("the journal has a gap, or does not lead to where the transaction stands");
        }
    }
}

const fn is_advice(said: &Said) -> bool {
    matches!(said.operation, Operation::Reversal | Operation::Confirmation)
}

/// By how much an answer came later than its channel waits: how long it took.
pub(super) fn late(said: &Said) -> Option<i64> {
    let (heard, wait) = (said.heard?, said.wait?);
    let took = heard.at.saturating_sub(said.sent_at);
    (took > i64::from(wait)).then_some(took)
}
