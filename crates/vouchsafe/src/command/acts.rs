//! `vouchsafe acts`: what people did by hand, and why.

use std::num::NonZeroUsize;

use vouchsafe_store::{ActEnd, RecordedAct, Store as _};

use crate::command::store::StoreArguments;
use crate::command::{Failure, block_on, say};
use crate::story::{Words, time};

/// Prints the newest acts, one in a line, the newest last.
pub(crate) fn list(most: NonZeroUsize, which: &StoreArguments) -> Result<(), Failure> {
    let found = which.find()?;
    let path = found.path.display().to_string();
    let store = found.read()?;
    let acts = block_on(async { store.acts(None, most.get()).await.map_err(Failure::unread) })?;
    if acts.is_empty() {
        return say(&format!("Nothing was done by hand so far, as far as {path} knows."));
    }
    // Of whatever a person wrote nothing is known to be a code.
    let words = Words::of(None, &[]);
    say(&acts.iter().map(|act| line(act, &words)).collect::<Vec<_>>().join("\n"))
}

/// One act in a line.
pub(crate) fn line(recorded: &RecordedAct, words: &Words<'_>) -> String {
    let RecordedAct { number, act, ended } = recorded;
    let end = match ended {
        None => "INTENDED, not known to be done".to_owned(),
        Some((_, ActEnd::Done)) => "done".to_owned(),
        Some((_, ActEnd::Failed(why))) => format!("FAILED ({why})"),
    };
    words.clean(&format!(
        "act {number}  {}  {}: {}  [{} -> {}]  {end}  reason: {}",
        time(act.at),
        act.doer,
        act.deed,
        act.before,
        act.after,
        act.reason,
    ))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use vouchsafe_store::{Act, ActNumber, Deed, Reason, Standing, TransactionNumber, story};

    use super::*;

    #[test]
    fn an_act_is_a_line_and_a_terminal_obeys_nothing_in_it() {
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let reason = Reason::new("paid\r\nact 9\u{1b}[2J").unwrap();
        let act = Act { at, reason, ..story::acts::act(Deed::ResolveOrphan(TransactionNumber(17))) };
        for (ended, expect) in [
            (None, "INTENDED, not known to be done"),
            (Some((at, ActEnd::Done)), "done"),
            (Some((at, ActEnd::Failed(Standing::new("no room").unwrap()))), "FAILED (no room)"),
        ] {
            let line = line(&RecordedAct { number: ActNumber(3), act: act.clone(), ended }, &Words::of(None, &[]));
            let expect = format!(
                "act 3  2023-11-14T22:13:20.000Z  root (sudo by thandi): resolve orphan 17  [as it was -> as it is to be]  \
                 {expect}  reason: paid\u{fffd}\u{fffd}act 9\u{fffd}[2J"
            );
            assert_eq!(line, expect);
        }
    }
}
