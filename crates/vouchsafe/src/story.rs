//! What a journal says, in a person's words: pure text of values. No code and no PIN stands in it.

use jiff::Timestamp;
use vouchsafe_core::advice::{Advice, AdviceEnd};
use vouchsafe_core::error_detail::ErrorDetail;
use vouchsafe_core::message::{ChannelAdvice, Request};
use vouchsafe_core::money::{Currency, LedgerAmount};
use vouchsafe_core::outcome::{Approval, Decline, Doubt, Outcome, ProviderError};
use vouchsafe_core::party::{Originator, ThirdPartyIdentifier};
use vouchsafe_core::secret::Secret;
use vouchsafe_core::transaction::Event;
use vouchsafe_core::voucher::{Pin, VoucherCode};
use vouchsafe_store::{Attempts, Entry, QueuedAdvice, Transaction};

/// How many characters of a code a person is shown: enough to tell one voucher from another.
const SHOWN: usize = 4;
/// A code of fewer characters shows none of them: what is left would be too easy to guess.
const LONG_ENOUGH: usize = 8;
/// What stands for everything that is not shown, whatever its length.
const STARS: &str = "****";
/// From how many digits in a row on a provider's sentence may hold a PIN or a part of a code.
const DIGITS_OF_A_PIN: usize = 4;
/// The same of what a provider calls its own code of an error, which a person needs.
const DIGITS_OF_A_CODE: usize = 6;
/// From how many letters and digits together on a word may be a code.
const LETTERS_OF_A_CODE: usize = 8;
/// More letters than these make no word, but perhaps a code.
const LONGEST_WORD: usize = 15;
/// Of words that were written together each has so many letters at least: capitals here and there make none.
const SHORTEST_OF_SEVERAL: usize = 3;

/// A transaction's whole story: what it is, what the channel said of it, where that is still kept, and then every event of
/// its journal.
pub(crate) fn story(transaction: &Transaction, request: Option<&Request>, journal: &[Entry]) -> String {
    let words = Words::of(request, journal);
    let key = &transaction.key;
    let mut lines = vec![format!("transaction {}", transaction.number)];
    let mut field = |name: &str, value: &str| lines.push(format!("  {name:<12} {value}"));
    field("channel", &words.clean(key.channel.as_str()));
    field("kind", key.kind.name());
    field("request id", &key.id.to_string());
    field("provider", &words.clean(transaction.provider.as_str()));
    field("upstream id", &transaction.upstream_id.to_string());
    field("amount", &transaction.asked.map_or_else(|| "none was named".to_owned(), |asked| amount(&asked)));
    field("messaging", transaction.terms.messaging.name());
    field("state", transaction.state.name());
    field("opened at", &time(transaction.opened_at));
    field("due", &transaction.due_at.map_or_else(|| "nothing is waited for".to_owned(), time));
    for (name, value) in request.map_or_else(Vec::new, slip) {
        field(name, &words.clean(&value));
    }
    for (name, value) in request.map_or_else(Vec::new, own_references) {
        field(name, &words.reference(&value));
    }
    for reference in references(journal) {
        field("reference", &words.reference(&reference));
    }
    lines.push(format!("  {}  opened, pending", time(transaction.opened_at)));
    for entry in journal {
        lines.push(format!("  {}  {}, {}", time(entry.at), entry.event, entry.state));
        let mut detail = |text: String| lines.push(format!("      {text}"));
        if let Some(outcome) = &entry.outcome {
            detail(words.outcome(outcome));
        }
        if entry.is_destroyed {
            detail("what was said is kept no longer".to_owned());
        }
        if let Some(queued) = &entry.advice {
            detail(advice(queued, entry.advice_end, entry.attempts));
        }
        if let Some(advised) = &entry.advised {
            detail(said(advised));
        }
        if let Some(note) = &entry.note {
            detail(format!("note: {}", words.note(entry.event, note.as_str())));
        }
    }
    lines.join("\n")
}

/// What stands on the customer's slip and in a channel's own books, beside the ids: by it a sale is told from the one
/// before it.
fn slip(request: &Request) -> Vec<(&'static str, String)> {
    let header = request.header();
    let Originator { terminal_id, merchant, operator_id, .. } = &header.originator;
    let product = match request {
        Request::Provision(request) => request.product.as_ref().map(|product| product.product_id.as_str()),
        Request::Redemption(_) | Request::Refund(_) => None,
    };
    let (name, city) = (merchant.merchant_name.name.as_str(), merchant.merchant_name.city.as_str());
    let all = [
        ("product", product.map(str::to_owned)),
        ("merchant", Some(format!("{}, {name}, {city}", merchant.merchant_id.as_str()))),
        ("terminal", Some(terminal_id.as_str().to_owned())),
        ("operator", operator_id.as_ref().map(|operator| operator.as_str().to_owned())),
        ("sent at", Some(time(header.time))),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// What the channel, and those before it, call the transaction in their own books.
fn own_references(request: &Request) -> Vec<(&'static str, String)> {
    let header = request.header();
    let all = [("stan", &header.stan), ("rrn", &header.rrn), ("basket", &header.basket_ref)];
    let mut named_so: Vec<_> =
        all.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?.as_str().to_owned()))).collect();
    named_so.extend(header.third_party_identifiers.iter().map(|reference| ("reference", named(reference))));
    named_so
}

/// What the provider calls the transaction in its own books.
fn references(journal: &[Entry]) -> Vec<String> {
    let approval = journal.iter().find_map(|entry| match &entry.outcome {
        Some(Outcome::Approved(approval)) => Some(approval),
        Some(Outcome::Declined(_) | Outcome::Unknown(_)) | None => None,
    });
    approval.iter().flat_map(|approval| &approval.third_party_identifiers).map(named).collect()
}

fn named(reference: &ThirdPartyIdentifier) -> String {
    format!("{} by {}", reference.transaction_identifier.as_str(), reference.institution_id.as_str())
}

/// The words of one journal. Others wrote some of them, and a provider can repeat a code wherever it likes: what
/// is known to be a code is taken out of all of them.
pub(crate) struct Words<'a> {
    codes: Vec<&'a str>,
    /// The PINs that are known in clear.
    pins: Vec<&'a str>,
}

impl<'a> Words<'a> {
    pub(crate) fn of(request: Option<&'a Request>, journal: &'a [Entry]) -> Self {
        let issued = journal.iter().filter_map(|entry| match &entry.outcome {
            Some(Outcome::Approved(approval)) => Some(approval.voucher()),
            Some(Outcome::Declined(_) | Outcome::Unknown(_)) | None => None,
        });
        let (mut codes, mut pins) = (Vec::new(), Vec::new());
        let mut add = |code: Option<&'a VoucherCode>, pin: Option<&'a Secret<Pin>>| {
            codes.extend(code.map(|code| code.expose().as_str()));
            pins.extend(pin.and_then(|pin| match pin.expose() {
                Pin::Clear(pin) => Some(pin.as_str()),
                Pin::Encrypted { .. } | Pin::Hashed { .. } => None,
            }));
        };
        match request {
            Some(Request::Provision(request)) => {
                if let Some(asked) = &request.voucher {
                    add(asked.code.as_ref(), asked.pin.as_ref());
                }
            }
            Some(Request::Redemption(request)) => add(Some(&request.voucher.code), request.voucher.pin.as_ref()),
            Some(Request::Refund(request)) => add(request.voucher.code.as_ref(), request.voucher.pin.as_ref()),
            None => {}
        }
        issued.for_each(|voucher| add(voucher.code.as_ref(), voucher.pin.as_ref()));
        Self { codes, pins }
    }

    /// What others call a transaction in their own books, or nothing where they have made it of a code or a PIN.
    fn reference(&self, text: &str) -> String {
        let bare = |text: &str| -> String {
            text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
        };
        let told = self.clean(text);
        let pins = self.pins.iter().filter(|pin| pin.len() >= DIGITS_OF_A_PIN);
        let secrets = self.codes.iter().chain(pins).map(|secret| bare(secret)).filter(|secret| !secret.is_empty());
        if secrets.into_iter().any(|secret| bare(&told).contains(&secret)) { STARS.to_owned() } else { told }
    }

    /// Somebody else's words without codes, and without what a terminal would obey.
    pub(crate) fn clean(&self, text: &str) -> String {
        let hidden = self.codes.iter().fold(text.to_owned(), |text, code| text.replace(code, &masked(code)));
        harmless(&hidden)
    }

    /// What a provider wrote. It may hold a code that is nowhere else, of a voucher that was never ours, or a part of one:
    /// whatever could be one is taken out.
    fn quoted(&self, text: &str, digits: usize) -> String {
        // Known codes stand aside meanwhile, for of them a person sees the end.
        let known =
            |place: usize| char::from_u32(0xE000 + u32::try_from(place).unwrap_or(0)).unwrap_or('*').to_string();
        let places = || self.codes.iter().enumerate();
        let aside = places().fold(text.to_owned(), |text, (place, code)| text.replace(code, &known(place)));
        let hidden = without_codes(&aside, digits);
        harmless(&places().fold(hidden, |text, (place, code)| text.replace(&known(place), &masked(code))))
    }

    /// A note: a provider's words where it refused an advice, else our own people's.
    pub(crate) fn note(&self, event: Event, note: &str) -> String {
        match event {
            Event::ReversalRefused | Event::ConfirmationRefused => self.quoted(note, DIGITS_OF_A_PIN),
            _ => self.clean(note),
        }
    }

    /// What the provider said.
    pub(crate) fn outcome(&self, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Approved(approval) => format!("approved: {}", self.voucher(approval)),
            Outcome::Declined(Decline::ByProvider(error)) => format!("declined: {}", self.error(error)),
            Outcome::Declined(Decline::OurCredentials) => {
                "declined: the provider does not accept our credentials".to_owned()
            }
            Outcome::Declined(Decline::NotSent(why)) => format!("certainly not sent: {why}"),
            Outcome::Unknown(Doubt::NoAnswer) => "nothing is proven: there was no answer in time".to_owned(),
            Outcome::Unknown(Doubt::Lost) => {
                "nothing is proven: the switch stopped before it heard the answer".to_owned()
            }
            Outcome::Unknown(Doubt::Unusable { reason, error: None }) => format!("nothing is proven: {reason}"),
            Outcome::Unknown(Doubt::Unusable { reason, error: Some(error) }) => {
                format!("nothing is proven: {reason}; the provider said {}", self.error(error))
            }
        }
    }

    /// Which voucher it is, for somebody who must not be able to use it.
    pub(crate) fn voucher(&self, approval: &Approval) -> String {
        let voucher = approval.voucher();
        let mut parts = Vec::new();
        if let Some(serial_number) = &voucher.serial_number {
            parts.push(format!("serial number {}", self.clean(serial_number.as_str())));
        }
        if let Some(code) = approval.code() {
            parts.push(format!("code {}", masked(code.expose().as_str())));
        }
        if let Some(expiry) = voucher.expiry_date {
            parts.push(format!("expires {}", time(expiry)));
        }
        if let Some(granted) = approval.amounts.as_ref().and_then(|amounts| amounts.approved_amount) {
            parts.push(format!("granted {}", amount(&granted)));
        }
        parts.join(", ")
    }

    fn error(&self, error: &ProviderError) -> String {
        let detail = ErrorDetail::from(error.clone());
        let message = self.quoted(detail.error_message.as_str(), DIGITS_OF_A_PIN);
        let mut text = format!("{}: {message}", detail.error_type);
        let own = [(detail.provider_error_code, DIGITS_OF_A_CODE), (detail.provider_error_message, DIGITS_OF_A_PIN)];
        let own = own.iter().filter_map(|(words, digits)| Some(self.quoted(words.as_ref()?.as_str(), *digits)));
        let own: Vec<_> = own.collect();
        if !own.is_empty() {
            text += &format!(" (provider's own: {})", own.join(", "));
        }
        text
    }
}

/// What the channel said of its own request.
fn said(advised: &ChannelAdvice) -> String {
    let basic = advised.basic();
    let reason = match advised {
        ChannelAdvice::Confirmation(_) => String::new(),
        ChannelAdvice::Reversal(reversal) => format!(" {}", reversal.reason),
    };
    let final_amount = basic.amounts.as_ref().and_then(|amounts| amounts.approved_amount);
    let final_amount = final_amount.map_or_else(String::new, |last| format!(", final amount {}", amount(&last)));
    format!("the channel's advice {}{reason}{final_amount}", basic.id)
}

/// An advice, and how far it got.
fn advice(queued: &QueuedAdvice, end: Option<AdviceEnd>, attempts: Attempts) -> String {
    let what = match queued.advice {
        Advice::Confirmation => "confirmation".to_owned(),
        Advice::Reversal(reason) => format!("reversal {reason}"),
    };
    let fate = match end {
        None => "still to be delivered".to_owned(),
        Some(AdviceEnd::Consumed) => "consumed: the provider takes none".to_owned(),
        Some(end @ (AdviceEnd::Delivered | AdviceEnd::Refused)) => end.to_string(),
    };
    let tried = match attempts.count {
        0 => String::new(),
        1 => ", after 1 attempt that came to nothing".to_owned(),
        many => format!(", after {many} attempts that came to nothing"),
    };
    let hindered = attempts.hindrance.map_or_else(String::new, |hindrance| format!("; the last time {hindrance}"));
    format!("advice {}: {what}, {fate}{tried}{hindered}", queued.id)
}

/// A text without what could be a code or a PIN: runs of so many digits, hyphens and spaces between them or not, and
/// words that are as long as codes are, of letters and digits or of letters alone.
fn without_codes(text: &str, digits: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    let is_part = |at: usize| {
        let is_digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
        let joins = letters[at] == ' ' && at > 0 && is_digit(at - 1) && is_digit(at + 1);
        letters[at].is_ascii_alphanumeric() || letters[at] == '-' || joins
    };
    let mut told = String::new();
    let mut at = 0;
    while at < letters.len() {
        let end = (at..letters.len()).find(|at| !is_part(*at)).unwrap_or(letters.len());
        let run = &letters[at..end];
        let count = run.iter().filter(|letter| letter.is_ascii_digit()).count();
        let is_word_of_both = count >= 2 && run.len() >= LETTERS_OF_A_CODE;
        if count >= digits || is_word_of_both || run.split(|letter| *letter == '-').any(is_no_word) {
            told.push_str(STARS);
        } else {
            told.extend(run);
        }
        told.extend(letters.get(end));
        at = end + 1;
    }
    told
}

/// Whether letters are too many for a word. Several that were written together, each with its capital, are not.
fn is_no_word(letters: &[char]) -> bool {
    let is_one = |letters: &[char]| (SHORTEST_OF_SEVERAL..=LONGEST_WORD).contains(&letters.len());
    letters.len() > LONGEST_WORD && !letters.chunk_by(|_, next| !next.is_ascii_uppercase()).all(is_one)
}

/// A text without what a terminal would obey.
fn harmless(text: &str) -> String {
    text.chars().map(|letter| if is_obeyed(letter) { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}

/// What is left of a code for people to see.
pub(crate) fn masked(code: &str) -> String {
    let length = code.chars().count();
    let shown = if length < LONG_ENOUGH { 0 } else { SHOWN };
    STARS.chars().chain(code.chars().skip(length - shown)).collect()
}

/// An amount as people write it. How many minor units make one of another currency than the rand is not known here.
pub(crate) fn amount(amount: &LedgerAmount) -> String {
    money(amount.amount, amount.currency)
}

/// So many minor units of a currency, as people write it.
pub(crate) fn money(minor_units: i64, currency: Currency) -> String {
    if currency != Currency::ZAR {
        return format!("{minor_units} minor units of currency {currency}");
    }
    let sign = if minor_units < 0 { "-" } else { "" };
    let (rand, cents) = (minor_units.unsigned_abs() / 100, minor_units.unsigned_abs() % 100);
    format!("{sign}R{rand}.{cents:02}")
}

/// A time as the interface writes it.
pub(crate) fn time(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// Whether a terminal would do something else with a character than show it: move, clear, or turn the order of
/// what follows.
fn is_obeyed(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests;
