//! `vouchsafe verify`: whether anything in the store was altered.

use vouchsafe_store::Verdict;

use crate::command::progress::Progress;
use crate::command::store::StoreArguments;
use crate::command::{Failure, block_on, say};

/// How many hexadecimal digits a sum has.
const DIGITS: usize = 32;

/// Proves the whole store and says what was found; fails where anything is broken, or where the sum is not the expected
/// one.
pub(crate) fn verify(expect: Option<&str>, which: &StoreArguments) -> Result<(), Failure> {
    let expect = expect.map(parsed).transpose()?;
    let found = which.find()?;
    let path = found.path.display().to_string();
    let store = found.read()?;
    let mut progress = Progress::new("proving");
    let show = move |done, all| progress.show(done, all);
    let verdict = block_on(async { store.verify(show).await.map_err(Failure::unread) })?;
    say(&told(&path, &verdict))?;
    if verdict.broken > 0 {
        let plural = if verdict.broken == 1 { "fault was" } else { "faults were" };
        return Err(Failure::failed(format!("{} {plural} found in {path}", verdict.broken)));
    }
    match expect {
        Some(expect) if expect != verdict.sum => Err(Failure::failed(format!(
            "the sum is {}, not {}: the store has moved on since, or was put back to another day",
            sum(verdict.sum),
            sum(expect)
        ))),
        Some(_) | None => Ok(()),
    }
}

/// A sum as a person gives it, who may have it from a table or a telephone.
fn parsed(text: &str) -> Result<u128, Failure> {
    let digits = text.trim();
    let sum = u128::from_str_radix(digits, 16).ok().filter(|_| digits.len() == DIGITS);
    sum.ok_or_else(|| Failure::unusable(format!("{text:?} is no sum: that has {DIGITS} hexadecimal digits")))
}

fn sum(sum: u128) -> String {
    format!("{sum:032x}")
}

fn told(path: &str, verdict: &Verdict) -> String {
    let Verdict { transactions, events, forestalled, acts, broken, told, .. } = verdict;
    let mut lines: Vec<_> = told.iter().map(|words| format!("BROKEN  {words}")).collect();
    let untold = broken.saturating_sub(told.len() as u64);
    if untold > 0 {
        lines.push(format!("        and {untold} more"));
    }
    lines.push(format!(
        "{path}: {transactions} transactions, {events} events, {forestalled} reversals that came first, {acts} acts"
    ));
    if *broken == 0 {
        lines.push(format!(
            "Nothing was altered, and nothing is missing. The sum over all journals and acts is {}; it changes with every event \
             and every act. Written down elsewhere, it proves later that the store was not put back.",
            sum(verdict.sum)
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fault_is_told_first_and_all_are_counted() {
        let verdict = Verdict {
            transactions: 3,
            events: 5,
            acts: 2,
            broken: 4,
            told: vec!["transaction 1: its row was altered".to_owned(), "the file: bad".to_owned()],
            ..Verdict::default()
        };
        let expect = "BROKEN  transaction 1: its row was altered\nBROKEN  the file: bad\n        and 2 more\n\
                      store.db: 3 transactions, 5 events, 0 reversals that came first, 2 acts";
        assert_eq!(told("store.db", &verdict), expect);
        let sound = Verdict { sum: 255, ..Verdict::default() };
        assert!(told("store.db", &sound).contains("is 000000000000000000000000000000ff; it changes"));
    }

    #[test]
    fn a_sum_is_the_same_however_it_is_written_down() {
        for (written, expect) in [
            ("000000000000000000000000000000ff", Some(255)),
            (" 000000000000000000000000000000FF\n", Some(255)),
            ("", None),
            ("0x", None),
            ("ff", None),
            ("12zz0000000000000000000000000000", None),
            ("1000000000000000000000000000000ff", None),
        ] {
            assert_eq!(parsed(written).ok(), expect, "{written:?}");
        }
    }
}
