//! A store that fails where a test tells it to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use vouchsafe_store::{Cause, StoreError, TransactionNumber};

use super::meddled_store::{Meddler, Verb};

/// What a call comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing happens, and the caller knows it.
    Refused,
    /// Nothing happens, and the caller does not know.
    Lost,
    /// It happens, and the caller does not know.
    DoneInSilence,
    /// Nothing happens, and no answer ever comes.
    Hangs,
    /// Nothing happens, and whoever called comes to an end with it.
    Panics,
    /// It happens, but only after a while in which others are not kept from anything.
    Late,
}

/// The plan of the next faults, each for the next call of its verb.
#[derive(Clone, Default)]
pub(crate) struct Faults {
    plan: Arc<Mutex<VecDeque<(Verb, Fault)>>>,
    /// The transaction whose request can never be read.
    damaged: Arc<Mutex<Option<TransactionNumber>>>,
    /// The transactions of which nothing more can be recorded.
    frozen: Arc<Mutex<Vec<TransactionNumber>>>,
}

impl Faults {
    pub(crate) fn plan(&self, faults: impl IntoIterator<Item = (Verb, Fault)>) {
        self.plan.lock().unwrap().extend(faults);
    }

    /// From now on this transaction's request cannot be read.
    pub(crate) fn damage(&self, number: TransactionNumber) {
        *self.damaged.lock().unwrap() = Some(number);
    }

    /// From now on nothing can be recorded of this transaction.
    pub(crate) fn freeze(&self, number: TransactionNumber) {
        self.frozen.lock().unwrap().push(number);
    }

    /// Whether every fault has happened.
    pub(crate) fn are_over(&self) -> bool {
        self.plan.lock().unwrap().is_empty()
    }

    fn next(&self, verb: Verb) -> Option<Fault> {
        let mut plan = self.plan.lock().unwrap();
        let place = plan.iter().position(|(planned, _)| *planned == verb)?;
        plan.remove(place).map(|(_, fault)| fault)
    }
}

/// Makes a call, or has it fail as planned.
impl Meddler for Faults {
    fn damages(&self, number: TransactionNumber) -> bool {
        *self.damaged.lock().unwrap() == Some(number)
    }

    fn freezes(&self, number: TransactionNumber) -> bool {
        self.frozen.lock().unwrap().contains(&number)
    }

    async fn call<T: Send>(
        &self,
        verb: Verb,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let cause = Cause::Engine("a test says so".to_owned());
        match self.next(verb) {
            None => call.await,
            Some(Fault::Refused) => Err(StoreError::Determinate(cause)),
            Some(Fault::Lost) => Err(StoreError::Indeterminate(cause)),
            Some(Fault::DoneInSilence) => {
                call.await?;
                Err(StoreError::Indeterminate(cause))
            }
            Some(Fault::Hangs) => std::future::pending().await,
            Some(Fault::Panics) => panic!("a test says so"),
            Some(Fault::Late) => {
                tokio::time::sleep(std::time::Duration::from_millis(500)).await;
                call.await
            }
        }
    }
}
