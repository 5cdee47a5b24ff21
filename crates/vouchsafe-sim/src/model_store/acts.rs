//! What was done by hand.

use jiff::Timestamp;
use vouchsafe_store::{Act, ActEnd, ActNumber, Cause, RecordedAct, StoreError, TransactionNumber};

/// The acts, in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Acts(Vec<RecordedAct>);

impl Acts {
    pub(super) fn done(&mut self, act: Act) {
        let ended = Some((act.at, ActEnd::Done));
        self.add(act, ended);
    }

    pub(super) fn intended(&mut self, act: Act) -> ActNumber {
        self.add(act, None)
    }

    fn add(&mut self, act: Act, ended: Option<(Timestamp, ActEnd)>) -> ActNumber {
        let number = ActNumber(self.0.len() as u64 + 1);
        self.0.push(RecordedAct { number, act, ended });
        number
    }

    pub(super) fn end(&mut self, number: ActNumber, end: ActEnd, at: Timestamp) -> Result<(), StoreError> {
        match self.0.iter_mut().find(|act| act.number == number) {
            Some(RecordedAct { ended: ended @ None, .. }) => {
                *ended = Some((at, end));
                Ok(())
            }
            Some(_) | None => Err(StoreError::Determinate(Cause::Damaged("no such act is intended".to_owned()))),
        }
    }

    pub(super) fn newest(&self, of: Option<TransactionNumber>, most: usize) -> Vec<RecordedAct> {
        let is_meant = |act: &&RecordedAct| of.is_none() || act.act.deed.transaction() == of;
        let mut newest: Vec<_> = self.0.iter().rev().filter(is_meant).take(most).cloned().collect();
        newest.reverse();
        newest
    }
}
