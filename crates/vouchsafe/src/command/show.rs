//! `vouchsafe show`: a transaction's whole story.

use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::Request;
use vouchsafe_store::{Cause, Reference, Store, StoreError, TransactionNumber};

use crate::command::store::StoreArguments;
use crate::command::{Failure, acts, block_on, say};
use crate::story::{Words, story};

/// How many acts on one transaction are told, the newest of them.
const ACTS: usize = 100;

/// Prints the story of every transaction that goes by what a person has in hand.
pub(crate) fn show(id: &str, which: &StoreArguments) -> Result<(), Failure> {
    let reference = reference(id)?;
    let store = which.find()?.read()?;
    let stories = block_on(async { stories(&store, reference).await.map_err(Failure::unread) })?;
    if stories.is_empty() {
        return Err(Failure::failed(nobody(id)));
    }
    say(&stories.join("\n\n"))
}

/// What a person has in hand: our number, or an id.
pub(crate) fn reference(text: &str) -> Result<Reference, Failure> {
    let number = text.parse().map(|number| Reference::Number(TransactionNumber(number)));
    number.or_else(|_| MessageId::parse(text).map(Reference::Id)).map_err(|_| {
        Failure::unusable(format!(
            "{text:?} is neither a transaction's number nor an id (8-4-4-4-12 hexadecimal digits)"
        ))
    })
}

/// What to say where nothing goes by it.
pub(crate) fn nobody(id: &str) -> String {
    format!("no transaction here has the number, request id, upstream id or advice id {id}")
}

async fn stories(store: &dyn Store, reference: Reference) -> Result<Vec<String>, StoreError> {
    let mut stories = Vec::new();
    for transaction in store.look_up(reference).await? {
        let request = match store.request(transaction.number).await {
            Err(error) if *error.cause() == Cause::Destroyed => None,
            request => Some(request?),
        };
        let journal = store.journal(transaction.number).await?;
        let presented = request.as_ref().and_then(Request::presented_code);
        let words = Words::of(presented, &journal);
        let by_hand = match store.acts(Some(transaction.number), ACTS).await {
            Ok(acts) => acts.iter().map(|act| format!("\n  by hand: {}", acts::line(act, &words))).collect(),
            // An act that was altered, on whatever it was done, must not hide what the journal proves.
            Err(error) => match error.cause() {
                Cause::Damaged(_) => format!("\n  by hand: CANNOT BE TOLD: {}", error.cause()),
                Cause::Overloaded | Cause::Closed | Cause::Destroyed | Cause::Engine(_) => return Err(error),
            },
        };
        stories.push(story(&transaction, presented, &journal) + &by_hand);
    }
    Ok(stories)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_number_or_an_id_and_nothing_else() {
        const ID: &str = "b8e3b2f0-6c5f-4d0a-9a53-2f6a1c7d9e10";
        let id = MessageId::parse(ID).unwrap();
        for (text, expect) in [
            ("17", Some(Reference::Number(TransactionNumber(17)))),
            (ID, Some(Reference::Id(id))),
            (&ID.to_uppercase(), Some(Reference::Id(id))),
            ("", None),
            ("-1", None),
            ("seventeen", None),
            (&ID[1..], None),
        ] {
            assert_eq!(reference(text).ok(), expect, "{text:?}");
        }
    }
}
