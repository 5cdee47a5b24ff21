//! How a provider keeps its books, and what it says of them.

use serde_json::{Value, json};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::Request;
use vouchsafe_core::money::LedgerAmount;
use vouchsafe_core::transaction::Kind;

use super::{Entry, Ledger, Sold};

/// What a provider answers: a status and a body.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// What a provider makes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AskWhim {
    Sell,
    Decline,
    /// It does not know us.
    Credentials,
    /// It sells, and says that it failed.
    SellAndFail,
    /// It fails, and has sold nothing.
    Fail,
    SellWithoutCode,
    SellForAnotherAmount,
    SayAnotherCurrency,
    SayAnotherId,
    SayAnotherProduct,
    SayNonsense,
}

impl AskWhim {
    /// The ways to lie.
    pub(crate) const LIES: &'static [Self] = &[
        Self::SellAndFail,
        Self::Fail,
        Self::SellWithoutCode,
        Self::SellForAnotherAmount,
        Self::SayAnotherCurrency,
        Self::SayAnotherId,
        Self::SayAnotherProduct,
        Self::SayNonsense,
    ];
}

/// What a provider makes of an advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AdviceWhim {
    Take,
    /// It takes a reversal, which holds only after so many milliseconds.
    TakeLate(u64),
    /// It takes it, and says that it failed.
    TakeAndFail,
    /// It does not take it for now, with this status.
    Fail(u16),
    /// It will never take it.
    Refuse,
}

fn said(status: u16, body: &Value) -> Said {
    Said { status, body: body.to_string().into_bytes() }
}

fn refused(status: u16, error_type: &'static str, id: MessageId) -> Said {
    let body = json!({ "id": id.to_string(), "errorType": error_type, "errorMessage": "so says the provider" });
    said(status, &body)
}

fn amount(of: LedgerAmount) -> Value {
    json!({ "amount": of.amount, "currency": of.currency.to_string() })
}

/// How long what was sold may stay hidden from reversals, and whether that happens.
pub(crate) struct Circumstances {
    pub(crate) at: u64,
    pub(crate) hidden_until: u64,
    pub(crate) is_strict: bool,
    pub(crate) house: usize,
}

impl Ledger {
    /// A request comes in.
    pub(crate) fn take(&mut self, request: &Request, whim: AskWhim, around: &Circumstances) -> Said {
        let (kind, id) = (request.kind(), request.header().id);
        let entry = self.entry_mut(kind, id);
        entry.arrivals += 1;
        if entry.sold.is_some() {
            return refused(400, "DUPLICATE_RECORD", id);
        }
        if let Some(why) = entry.declined {
            return refused(400, why, id);
        }
        let no = match whim {
            AskWhim::Decline => Some("DO_NOT_HONOUR"),
            AskWhim::Credentials | AskWhim::Fail => Some("GENERAL_ERROR"),
            _ => self.cannot(request, around.is_strict),
        };
        if let Some(why) = no {
            self.entry_mut(kind, id).declined = Some(why);
            return match whim {
                AskWhim::Credentials => refused(401, "AUTHENTICATION_ERROR", id),
                AskWhim::Fail => refused(500, why, id),
                _ => refused(400, why, id),
            };
        }
        let code = request.presented_code().map(|code| code.expose().as_str().to_owned());
        let code = code.unwrap_or_else(|| {
            self.codes += 1;
            format!("{}-{}", around.house, self.codes)
        });
        let mut asked = request.amounts().and_then(|amounts| amounts.request_amount);
        if let (AskWhim::SellForAnotherAmount, Some(asked)) = (whim, &mut asked) {
            asked.amount += 1;
        }
        let product = match request {
            Request::Provision(request) => request.product.as_ref().map(|it| it.product_id.as_str().to_owned()),
            Request::Redemption(_) | Request::Refund(_) => None,
        };
        let sold = Sold { at: around.at, code, amount: asked, product };
        let answer = approval(request, &sold, whim);
        let entry = self.entry_mut(kind, id);
        (entry.sold, entry.hidden_until) = (Some(sold), around.hidden_until);
        answer
    }

    /// Why what is asked for cannot be done.
    fn cannot(&self, request: &Request, is_strict: bool) -> Option<&'static str> {
        let code = request.presented_code().map(|code| code.expose().as_str())?;
        let issued = self.standing(Kind::Provision, code);
        let redeemed = self.standing(Kind::Redemption, code).is_some();
        match (request.kind(), issued) {
            (Kind::Provision, _) => None,
            (_, None) => Some("INVALID_VOUCHER"),
            (Kind::Redemption, Some(_)) if redeemed => Some("VOUCHER_ALREADY_REDEEMED"),
            (Kind::Redemption, Some(issued)) if is_strict && issued.confirmed.is_none() => {
                Some("VOUCHER_NOT_REDEEMABLE")
            }
            (Kind::Refund, Some(_)) if !redeemed => Some("VOUCHER_NOT_REDEEMED"),
            (Kind::Refund, Some(_)) if self.standing(Kind::Refund, code).is_some() => Some("VOUCHER_ALREADY_REFUNDED"),
            (Kind::Redemption | Kind::Refund, Some(_)) => None,
        }
    }

    /// A reversal comes in.
    pub(crate) fn reverse(&mut self, kind: Kind, id: MessageId, at: u64, whim: AdviceWhim) -> Said {
        let Some(place) = self.places.get(&(kind, id)) else { return refused(404, "UNABLE_TO_LOCATE_RECORD", id) };
        let entry = &mut self.entries[*place].2;
        if let AdviceWhim::Fail(status) = whim {
            return refused(status, "GENERAL_ERROR", id);
        }
        if entry.sold.is_none() || at < entry.hidden_until {
            return refused(404, "UNABLE_TO_LOCATE_RECORD", id);
        }
        if entry.confirmed.is_some() {
            entry.is_reversal_refused = true;
            return refused(400, "VOUCHER_ALREADY_CONFIRMED", id);
        }
        if entry.reversed.is_some() {
            return refused(400, "VOUCHER_ALREADY_REVERSED", id);
        }
        if whim == AdviceWhim::Refuse || entry.stubborn {
            (entry.stubborn, entry.is_reversal_refused) = (true, true);
            return refused(400, "DO_NOT_HONOUR", id);
        }
        entry.reversed = Some(if let AdviceWhim::TakeLate(late) = whim { at + late } else { at });
        taken(whim, id)
    }

    /// A confirmation comes in.
    pub(crate) fn confirm(&mut self, kind: Kind, id: MessageId, at: u64, whim: AdviceWhim) -> Said {
        let Some(place) = self.places.get(&(kind, id)) else { return refused(404, "UNABLE_TO_LOCATE_RECORD", id) };
        let entry: &mut Entry = &mut self.entries[*place].2;
        if let AdviceWhim::Fail(status) = whim {
            return refused(status, "GENERAL_ERROR", id);
        }
        if !entry.stands() || whim == AdviceWhim::Refuse || entry.stubborn {
            (entry.stubborn, entry.is_confirmation_refused) = (true, true);
            return refused(400, "DO_NOT_HONOUR", id);
        }
        if entry.confirmed.is_some() {
            return refused(400, "VOUCHER_ALREADY_CONFIRMED", id);
        }
        entry.confirmed = Some(at);
        taken(whim, id)
    }
}

fn taken(whim: AdviceWhim, id: MessageId) -> Said {
    if whim == AdviceWhim::TakeAndFail {
        return refused(500, "GENERAL_ERROR", id);
    }
    said(202, &json!({}))
}

/// A success, told truly or not.
fn approval(request: &Request, sold: &Sold, whim: AskWhim) -> Said {
    let id = request.header().id;
    let mut body = json!({
        "id": id.to_string(),
        "voucher": { "code": sold.code, "serialNumber": format!("S{}", sold.code) },
    });
    if let Some(granted) = sold.amount {
        body["amounts"] = json!({ "approvedAmount": amount(granted) });
    }
    if let Some(product) = &sold.product {
        body["product"] = json!({ "productId": product });
    }
    match whim {
        AskWhim::SellAndFail => return refused(500, "GENERAL_ERROR", id),
        AskWhim::SellWithoutCode => body["voucher"] = json!({}),
        AskWhim::SayAnotherCurrency if sold.amount.is_some() => {
            body["amounts"] = json!({ "approvedAmount": { "amount": 1, "currency": "840" } });
        }
        AskWhim::SayAnotherId => body["id"] = json!("00000000-0000-0000-0000-0000000000aa"),
        AskWhim::SayAnotherProduct => body["product"] = json!({ "productId": "ANOTHER" }),
        AskWhim::SayNonsense => return Said { status: 200, body: b"<html>".to_vec() },
        _ => {}
    }
    said(201, &body)
}
