//! `vouchsafe show`: a transaction's whole story.

use std::io::{self, BufRead, IsTerminal as _, Write as _};

use clap::Args;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::secret::Secret;
use vouchsafe_core::text::{Text, UpTo};
use vouchsafe_core::voucher::{VoucherCode, VoucherName};
use vouchsafe_store::{Cause, Concerned, Reference, Store, StoreError, Transaction, TransactionNumber};

use crate::command::store::StoreArguments;
use crate::command::{Failure, acts, block_on, say};
use crate::story::{Words, story};

/// How many acts on one transaction are told, the newest of them.
const ACTS: usize = 100;
/// How many bytes of a line may be a code and the blanks around it.
const LONGEST_LINE: u64 = 1024;

/// By what a transaction is found, and where.
#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    #[command(flatten)]
    name: Name,
    #[command(flatten)]
    store: StoreArguments,
}

/// By what a transaction is found.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Name {
    /// Our number for it, or the id of the request, of the request towards the provider, or of an advice of ours.
    id: Option<String>,
    /// Read the voucher's code from the standard input, as it was issued: there it stands in no history and in no list of
    /// processes.
    #[arg(long)]
    code: bool,
    /// The voucher's serial number. Each provider counts its own, so it may lead to more than one.
    #[arg(long, value_name = "NUMBER")]
    serial_number: Option<String>,
}

/// By what a person looks for transactions.
enum By {
    Reference(Reference),
    Voucher(VoucherName),
}

/// Prints the story of every transaction that goes by what a person has in hand.
pub(crate) fn show(arguments: &ShowArguments) -> Result<(), Failure> {
    let (by, nothing) = arguments.name.by()?;
    let store = arguments.store.find()?.read()?;
    let stories = block_on(async {
        let found = match by {
            By::Reference(reference) => store.look_up(reference).await,
            By::Voucher(name) => store.concerning(name).await.map(transactions),
        };
        stories(&store, found.map_err(Failure::unread)?).await.map_err(Failure::unread)
    })?;
    if stories.is_empty() {
        return Err(Failure::failed(nothing));
    }
    say(&stories.join("\n\n"))
}

impl Name {
    /// By what is looked for, and what to say where nothing goes by it.
    fn by(&self) -> Result<(By, String), Failure> {
        if let Some(id) = &self.id {
            return Ok((By::Reference(reference(id)?), nobody(id)));
        }
        if let Some(number) = self.serial_number.as_deref().map(str::trim) {
            let name = UpTo::new(number).ok().filter(|number| !number.as_str().is_empty());
            let name = name.ok_or_else(|| Failure::unusable("a serial number has 1 to 40 characters"))?;
            return Ok((By::Voucher(VoucherName::SerialNumber(name)), no_voucher("serial number")));
        }
        if io::stdin().is_terminal() {
            // If the question cannot be seen, the answer may be typed all the same.
            let _ = write!(io::stderr(), "The voucher's code: ");
        }
        let code = code(io::stdin().lock())?;
        Ok((By::Voucher(VoucherName::Code(code)), no_voucher("code")))
    }
}

/// The code on the first line of what somebody types.
fn code(input: impl BufRead) -> Result<VoucherCode, Failure> {
    let mut line = String::new();
    let read = input.take(LONGEST_LINE).read_line(&mut line);
    read.map_err(|error| Failure::failed(format!("cannot read the code from the standard input: {error}")))?;
    let code = Text::new(line.trim()).map(Secret::new);
    code.map_err(|_| Failure::unusable("a voucher's code is read from the standard input, and has 1 to 40 characters"))
}

/// What to say where no transaction is about such a voucher.
fn no_voucher(name: &str) -> String {
    format!(
        "no transaction here issued, redeemed or refunded a voucher of this {name}, unless its provider declined it; it \
         is found only as it was issued, with its hyphens, spaces and capitals"
    )
}

fn transactions(concerned: Vec<Concerned>) -> Vec<Transaction> {
    concerned.into_iter().map(|concerned| concerned.transaction).collect()
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
    format!(
        "no transaction here has the number, request id, upstream id or advice id {id}. Not found so are the id of a channel's \
         own advice, and a request that came after its reversal or was refused at once: the log has those"
    )
}

async fn stories(store: &dyn Store, found: Vec<Transaction>) -> Result<Vec<String>, StoreError> {
    let mut stories = Vec::new();
    for transaction in found {
        let request = match store.request(transaction.number).await {
            Err(error) if *error.cause() == Cause::Destroyed => None,
            request => Some(request?),
        };
        let journal = store.journal(transaction.number).await?;
        let words = Words::of(request.as_ref(), &journal);
        let by_hand = match store.acts(Some(transaction.number), ACTS).await {
            Ok(acts) => acts.iter().map(|act| format!("\n  by hand: {}", acts::line(act, &words))).collect(),
            // An act that was altered, on whatever it was done, must not hide what the journal proves.
            Err(error) => match error.cause() {
                Cause::Damaged(_) => format!("\n  by hand: CANNOT BE TOLD: {}", error.cause()),
                Cause::Overloaded | Cause::Closed | Cause::Destroyed | Cause::Engine(_) => return Err(error),
            },
        };
        stories.push(story(&transaction, request.as_ref(), &journal) + &by_hand);
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

    #[test]
    fn a_code_is_the_first_line_without_the_blanks_around_it() {
        for (typed, expect) in [
            ("1234-5678\n", Some("1234-5678")),
            (" 12 34 \r\nmore\n", Some("12 34")),
            ("1234", Some("1234")),
            ("", None),
            ("\n1234", None),
            (&"1".repeat(41), None),
        ] {
            let code = code(typed.as_bytes()).ok();
            assert_eq!(code.as_ref().map(|code| code.expose().as_str()), expect, "{typed:?}");
        }
    }
}
