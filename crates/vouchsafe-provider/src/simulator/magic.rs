//! Magic products: the ids by which a caller chooses what the simulated provider does.

use std::borrow::Cow;
use std::time::Duration;

use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::transaction::Kind;

use crate::simulator::ledger::Finaliser;

/// A magic product and what asking for it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MagicProduct {
    /// The product's id.
    pub id: Cow<'static, str>,
    /// What happens, in one sentence.
    pub description: Cow<'static, str>,
    /// What the simulated provider does.
    pub behaviour: Behaviour,
    /// What it makes of an advice about what it sold, or about a later use of that.
    pub whim: Option<Whim>,
    /// Of which use of what it sold it never says that it has done it.
    pub silent_about: Option<Kind>,
}

/// What the simulated provider does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// It does what it is asked, if that can be done, and then answers in this way.
    Does(Answer),
    /// It does nothing and says so, or seems to.
    Refuses(Refusal),
    /// It does nothing and never says so.
    Drops(Silence),
}

/// How the simulated provider answers once it has done what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// As it should.
    Usable,
    /// As it should, after this time.
    Late(Duration),
    /// Not at all.
    Silent(Silence),
    /// With status 500.
    InternalError,
    /// Without the voucher's code.
    NoCode,
    /// With another id than the request's.
    OtherId,
    /// With another amount than was asked for.
    OtherAmount,
    /// In another currency than was asked for.
    OtherCurrency,
    /// In something that is not JSON.
    NotJson,
    /// With 10 MiB.
    Huge,
    /// With a body that breaks off before the length it announced.
    Truncated,
}

/// How the simulated provider refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// With an error type of the interface and status 404; with 400 where it was asked about a voucher.
    Decline(ErrorType),
    /// With status 400, because the voucher is not in a state for that, or not worth as much.
    Forbidden(ErrorType),
    /// With status 400, because it heard the id before.
    Duplicate,
    /// With status 400, because the reversal came before the request.
    Forestalled,
    /// With status 503: it has no time now.
    Busy,
    /// With status 401, as if our credentials were wrong.
    Credentials,
    /// With status 307, back to where the request came in: whoever follows asks twice.
    Redirect,
}

/// How the simulated provider says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// It keeps the connection and never answers.
    Open,
    /// It cuts the connection.
    Cut,
}

/// What the simulated provider makes of one kind of advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whim {
    /// Of which.
    pub advice: Finaliser,
    /// How often.
    pub often: Often,
    /// What.
    pub manner: Manner,
}

/// How often a whim takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Often {
    /// Only when the first advice of its kind comes.
    Once,
    /// Every time.
    Always,
}

/// What the simulated provider does with an advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It does as it should and then answers in this way.
    Takes(Receipt),
    /// It does nothing.
    TurnsDown(Denial),
}

/// How the simulated provider answers once it has done what an advice says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// As it should.
    Usual,
    /// As it should, after this time.
    Late(Duration),
    /// Not at all.
    Silent(Silence),
    /// With status 500.
    InternalError,
    /// As it should, but the answer breaks off half-way.
    Truncated,
}

/// How the simulated provider turns an advice down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// With status 404: it knows of no such request.
    NotFound,
    /// With status 400, for good.
    Refused,
    /// With status 503: it has no time now.
    Busy,
    /// Not at all.
    Silent(Silence),
}

/// The error types by which a provider declines, and the magic product for each.
const DECLINES: &[(&str, ErrorType)] = &[
    ("DECLINEINVALIDVOUCHER", ErrorType::InvalidVoucher),
    ("DECLINEINVALIDMERCHANT", ErrorType::InvalidMerchant),
    ("DECLINEINVALIDAMOUNT", ErrorType::InvalidAmount),
    ("DECLINEINSUFFICIENTAMOUNT", ErrorType::InsufficientAmount),
    ("DECLINEDONOTHONOUR", ErrorType::DoNotHonour),
    ("DECLINELIMITEXCEEDED", ErrorType::LimitExceeded),
    ("DECLINEINSUFFICIENTFUNDS", ErrorType::InsufficientFunds),
    ("DECLINEINVALIDACCOUNT", ErrorType::InvalidAccount),
    ("DECLINETRANSACTIONDECLINED", ErrorType::TransactionDeclined),
    ("DECLINETRANSACTIONNOTSUPPORTED", ErrorType::TransactionNotSupported),
    ("DECLINEVOUCHERSTATUSUNKNOWN", ErrorType::VoucherStatusUnknown),
    ("DECLINEFUNCTIONNOTSUPPORTED", ErrorType::FunctionNotSupported),
    ("DECLINEGENERALERROR", ErrorType::GeneralError),
];

/// Every other magic product that has one id.
const OTHERS: &[(&str, &str, Behaviour)] = &[
    ("NEVERANSWERS", "Sells nothing and never answers.", Behaviour::Drops(Silence::Open)),
    ("SELLSTHENSILENT", "Sells, then never answers.", Behaviour::Does(Answer::Silent(Silence::Open))),
    ("CUTS", "Sells nothing and cuts the connection.", Behaviour::Drops(Silence::Cut)),
    ("SELLSTHENCUTS", "Sells, then cuts the connection.", Behaviour::Does(Answer::Silent(Silence::Cut))),
    ("SELLSTHEN500", "Sells, then answers 500.", Behaviour::Does(Answer::InternalError)),
    ("BUSY503", "Sells nothing and answers 503.", Behaviour::Refuses(Refusal::Busy)),
    ("WRONGCREDENTIALS", "Sells nothing and answers 401.", Behaviour::Refuses(Refusal::Credentials)),
    ("REDIRECTS", "Sells nothing and answers 307, back to itself.", Behaviour::Refuses(Refusal::Redirect)),
    ("NOCODE", "Sells, then answers 201 without a voucher code.", Behaviour::Does(Answer::NoCode)),
    ("OTHERID", "Sells, then answers 201 with another request's id.", Behaviour::Does(Answer::OtherId)),
    ("OTHERAMOUNT", "Sells, then answers 201 with another amount.", Behaviour::Does(Answer::OtherAmount)),
    ("OTHERCURRENCY", "Sells, then answers 201 in another currency.", Behaviour::Does(Answer::OtherCurrency)),
    ("NOTJSON", "Sells, then answers 201 with a page of HTML.", Behaviour::Does(Answer::NotJson)),
    ("HUGE", "Sells, then answers 201 with a body of 10 MiB.", Behaviour::Does(Answer::Huge)),
    ("TRUNCATED", "Sells, then answers 201 and breaks off half-way.", Behaviour::Does(Answer::Truncated)),
];

/// The longest that a slow acknowledgement takes: more than most callers wait.
const SLOWNESS: Duration = Duration::from_secs(10);

const fn once(advice: Finaliser, manner: Manner) -> Whim {
    Whim { advice, often: Often::Once, manner }
}

const fn always(advice: Finaliser, manner: Manner) -> Whim {
    Whim { advice, often: Often::Always, manner }
}

/// Acknowledges a reversal so late that it may come again meanwhile.
pub(super) const REVERSES_SLOWLY: Whim = once(Finaliser::Reversal, Manner::Takes(Receipt::Late(SLOWNESS)));
/// Knows a request only when it is reversed for the second time.
pub(super) const REVERSES_WHEN_ASKED_TWICE: Whim = once(Finaliser::Reversal, Manner::TurnsDown(Denial::NotFound));
/// Breaks off the acknowledgement of a reversal, so that it comes again and is acknowledged again.
pub(super) const ACKNOWLEDGES_TWICE: Whim = once(Finaliser::Reversal, Manner::Takes(Receipt::Truncated));

/// Products that are sold as any other and show what they are when an advice comes.
const WHIMS: &[(&str, &str, Whim)] = &[
    ("REVERSESLOWLY", "Sells; the first reversal is acknowledged after 10 s.", REVERSES_SLOWLY),
    ("REVERSENOTFOUNDONCE", "Sells; the first reversal is answered 404.", REVERSES_WHEN_ASKED_TWICE),
    ("REVERSETWICE", "Sells; the first acknowledgement of a reversal breaks off half-way.", ACKNOWLEDGES_TWICE),
    (
        "REVERSEREFUSED",
        "Sells; every reversal is answered 400.",
        always(Finaliser::Reversal, Manner::TurnsDown(Denial::Refused)),
    ),
    (
        "REVERSE503ONCE",
        "Sells; the first reversal is answered 503.",
        once(Finaliser::Reversal, Manner::TurnsDown(Denial::Busy)),
    ),
    (
        "CONFIRMREFUSED",
        "Sells; every confirmation is answered 400.",
        always(Finaliser::Confirmation, Manner::TurnsDown(Denial::Refused)),
    ),
    (
        "CONFIRM503ONCE",
        "Sells; the first confirmation is answered 503.",
        once(Finaliser::Confirmation, Manner::TurnsDown(Denial::Busy)),
    ),
];

/// Products that are sold as any other and show what they are when their voucher is used.
const SILENT: &[(&str, &str, Kind)] = &[
    ("REDEEMSTHENSILENT", "Sells; takes the voucher when it is redeemed, then never answers.", Kind::Redemption),
    ("REFUNDSTHENSILENT", "Sells; refunds the redeemed voucher, then never answers.", Kind::Refund),
];

/// How a product begins whose answer takes as many milliseconds as its id says.
const SLOW: &str = "SLOW";
/// The most digits of milliseconds: a minute and a half is longer than anybody waits.
const MOST_DIGITS: usize = 5;

/// Every magic product, in the order of the documentation. The slow one stands for its whole family.
pub fn products() -> impl Iterator<Item = MagicProduct> {
    let declines = DECLINES.iter().map(|(id, error_type)| MagicProduct {
        id: Cow::Borrowed(*id),
        description: Cow::Owned(format!("Declines with {error_type}.")),
        behaviour: Behaviour::Refuses(Refusal::Decline(*error_type)),
        whim: None,
        silent_about: None,
    });
    let slow = MagicProduct {
        id: Cow::Borrowed("SLOW500"),
        description: Cow::Borrowed("Sells, and answers after 500 ms; any number of up to five digits will do."),
        behaviour: Behaviour::Does(Answer::Late(Duration::from_millis(500))),
        whim: None,
        silent_about: None,
    };
    let others = OTHERS.iter().map(|(id, description, behaviour)| MagicProduct {
        id: Cow::Borrowed(*id),
        description: Cow::Borrowed(*description),
        behaviour: *behaviour,
        whim: None,
        silent_about: None,
    });
    let whims = WHIMS.iter().map(|(id, description, whim)| MagicProduct {
        id: Cow::Borrowed(*id),
        description: Cow::Borrowed(*description),
        behaviour: Behaviour::Does(Answer::Usable),
        whim: Some(*whim),
        silent_about: None,
    });
    let silent = SILENT.iter().map(|(id, description, kind)| MagicProduct {
        id: Cow::Borrowed(*id),
        description: Cow::Borrowed(*description),
        behaviour: Behaviour::Does(Answer::Usable),
        whim: None,
        silent_about: Some(*kind),
    });
    declines.chain(std::iter::once(slow)).chain(others).chain(whims).chain(silent)
}

/// What asking for a product does, if it is magic. Every other product is simply sold.
#[must_use]
pub fn behaviour(product: &str) -> Option<Behaviour> {
    if let Some((_, error_type)) = DECLINES.iter().find(|(id, _)| *id == product) {
        return Some(Behaviour::Refuses(Refusal::Decline(*error_type)));
    }
    if let Some((.., behaviour)) = OTHERS.iter().find(|(id, ..)| *id == product) {
        return Some(*behaviour);
    }
    if whim(product).is_some() || silent_about(product).is_some() {
        return Some(Behaviour::Does(Answer::Usable));
    }
    let digits = product.strip_prefix(SLOW)?;
    if digits.len() > MOST_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().map(|millis| Behaviour::Does(Answer::Late(Duration::from_millis(millis))))
}

/// What redeeming or refunding the voucher of a product does, if the product is magic.
#[must_use]
pub fn behaviour_in_use(product: &str, kind: Kind) -> Option<Behaviour> {
    behaviour(product).map(|_| {
        let falls_silent = silent_about(product) == Some(kind);
        Behaviour::Does(if falls_silent { Answer::Silent(Silence::Open) } else { Answer::Usable })
    })
}

fn silent_about(product: &str) -> Option<Kind> {
    SILENT.iter().find(|(id, ..)| *id == product).map(|(.., kind)| *kind)
}

/// What a product makes of advices, where it makes anything of them.
#[must_use]
pub fn whim(product: &str) -> Option<Whim> {
    WHIMS.iter().find(|(id, ..)| *id == product).map(|(.., whim)| *whim)
}

#[cfg(test)]
mod tests {
    use vouchsafe_core::product::ProductId;

    use super::*;

    #[test]
    fn every_magic_product_can_be_asked_for_and_does_what_its_row_says() {
        for product in products() {
            assert!(ProductId::new(&*product.id).is_ok(), "{}", product.id);
            assert_eq!(behaviour(&product.id), Some(product.behaviour), "{}", product.id);
            assert_eq!(whim(&product.id), product.whim, "{}", product.id);
            for kind in [Kind::Redemption, Kind::Refund] {
                let silent = Behaviour::Does(Answer::Silent(Silence::Open));
                let is_silent = behaviour_in_use(&product.id, kind) == Some(silent);
                assert_eq!(is_silent, product.silent_about == Some(kind), "{}", product.id);
            }
        }
        assert_eq!(behaviour_in_use("AIRTIME", Kind::Refund), None);
    }

    #[test]
    fn slow_takes_up_to_five_digits() {
        let late = |millis| Some(Behaviour::Does(Answer::Late(Duration::from_millis(millis))));
        for (product, expect) in [
            ("SLOW0", late(0)),
            ("SLOW99999", late(99_999)),
            ("SLOW100000", None),
            ("SLOW", None),
            ("SLOWLY", None),
            ("AIRTIME", None),
        ] {
            assert_eq!(behaviour(product), expect, "{product}");
        }
    }
}
