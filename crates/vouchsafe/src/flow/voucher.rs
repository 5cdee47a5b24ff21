//! What our own record says of a voucher, once what is owed to its provider has been delivered.
//!
//! An advice that was acknowledged a moment ago may still be on its way. Whoever asks about the same voucher waits for
//! it: otherwise a confirmed voucher could not be redeemed, for no reason that its holder could see.

use tokio::time::timeout_at;
use vouchsafe_core::id::{MessageId, ProviderId};
use vouchsafe_core::message::{RefundRequest, Request};
use vouchsafe_core::planted::{Bug, planted};
use vouchsafe_core::route::{Signs, candidates};
use vouchsafe_core::transaction::{Kind, State};
use vouchsafe_core::voucher::VoucherName;
use vouchsafe_store::{Cause, Concerned, Key, StoreError};

use crate::app::{App, Channel};
use crate::flow::ask::Bounds;
use crate::flow::refusal::Refusal;

/// What our own record says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct OwnRecord {
    /// Who issued the voucher, if we asked for it; else who redeemed or refunded it.
    pub(crate) issuer: Option<ProviderId>,
    /// The redemption that a refund names, by the id that its provider knows.
    pub(crate) redemption: Option<MessageId>,
}

impl OwnRecord {
    /// What is known before `request` may be asked of anybody, once what is owed for its voucher is delivered.
    ///
    /// # Errors
    /// Something is still owed at the deadline, the refund names a redemption that is not the channel's, or the store
    /// did not answer. Nothing was recorded.
    pub(crate) async fn of(app: &App, channel: &Channel, request: &Request, bounds: Bounds) -> Result<Self, Refusal> {
        let own = Key { channel: channel.id.clone(), kind: request.kind(), id: request.header().id };
        match request {
            // There is no voucher yet.
            Request::Provision(_) => Ok(Self::default()),
            Request::Redemption(redemption) => {
                let name = VoucherName::Code(redemption.voucher.code.clone());
                let asked = Asked { signs: Signs::in_header(&redemption.header), issuer: None };
                let concerned = settled(app, channel, &name, asked, Some(&own), bounds).await?;
                Ok(Self { issuer: issuer(&concerned), redemption: None })
            }
            Request::Refund(refund) => of_refund(app, channel, &own, refund, bounds).await,
        }
    }
}

async fn of_refund(
    app: &App,
    channel: &Channel,
    own: &Key,
    refund: &RefundRequest,
    bounds: Bounds,
) -> Result<OwnRecord, Refusal> {
    let (mut issuer_of_redemption, mut redemption, mut name) = (None, None, presented(refund));
    if let Some(id) = refund.redemption_id {
        // Only the channel's own: to the provider all our redemptions are one client's.
        let key = Key { kind: Kind::Redemption, id, ..own.clone() };
        let found = bounds.within(app.store.find(&key)).await.map_err(not_recorded)?;
        let found = found.ok_or(Refusal::NoSuchRedemption)?;
        let request = bounds.within(app.store.request(found.number)).await.map_err(not_recorded)?;
        if refund.voucher.code.is_some() && refund.voucher.code.as_ref() != request.presented_code() {
            // It was of another voucher, which may be another channel's to give back.
            return Err(Refusal::NoSuchRedemption);
        }
        // What is owed for the redemption counts, whatever the refund calls its voucher.
        name = request.presented_code().cloned().map(VoucherName::Code).or(name);
        (issuer_of_redemption, redemption) = (Some(found.provider), Some(found.upstream_id));
    }
    let Some(name) = name else { return Ok(OwnRecord { issuer: issuer_of_redemption, redemption }) };
    let asked = Asked { signs: Signs::in_header(&refund.header), issuer: issuer_of_redemption.as_ref() };
    let concerned = settled(app, channel, &name, asked, Some(own), bounds).await?;
    if redemption.is_none() && redeemer(&concerned).is_some_and(|redeemer| redeemer.channel != own.channel) {
        return Err(Refusal::NoSuchRedemption);
    }
    Ok(OwnRecord { issuer: issuer_of_redemption.or_else(|| issuer(&concerned)), redemption })
}

/// What a refund calls its voucher.
fn presented(refund: &RefundRequest) -> Option<VoucherName> {
    let code = refund.voucher.code.clone().map(VoucherName::Code);
    // A serial number that says nothing names nothing.
    let number = refund.voucher.serial_number.clone().filter(|number| !number.as_str().is_empty());
    code.or_else(|| number.map(VoucherName::SerialNumber))
}

/// Who issued a voucher by our own record; of one that was sold elsewhere, who last took it or gave it back. Who declined
/// it, or never said, need not know it.
pub(crate) fn issuer(concerned: &[Concerned]) -> Option<ProviderId> {
    let all = || concerned.iter().rev().map(|concerned| &concerned.transaction);
    let issued = all().find(|transaction| transaction.key.kind == Kind::Provision);
    issued.or_else(|| all().find(|transaction| stands(transaction.state))).map(|found| found.provider.clone())
}

/// Whose redemption of a voucher stands, by our own record.
fn redeemer(concerned: &[Concerned]) -> Option<&Key> {
    let mut all = concerned.iter().rev().map(|concerned| &concerned.transaction);
    all.find(|transaction| transaction.key.kind == Kind::Redemption && stands(transaction.state)).map(|last| &last.key)
}

/// Whether a request was approved and not reversed.
const fn stands(state: State) -> bool {
    matches!(state, State::Approved | State::Confirming | State::Confirmed)
}

/// What says, besides our own record of a voucher, who will be asked about it.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// What the request itself says.
    pub(crate) signs: Signs<'a>,
    /// Who issued it, where that is known without looking.
    pub(crate) issuer: Option<&'a ProviderId>,
}

/// The transactions that have to do with a voucher, once none but `own` owes an advice to whoever will be asked. What is
/// owed to another provider makes no difference there, and that one may be down for days.
pub(crate) async fn settled(
    app: &App,
    channel: &Channel,
    name: &VoucherName,
    asked: Asked<'_>,
    own: Option<&Key>,
    bounds: Bounds,
) -> Result<Vec<Concerned>, Refusal> {
    let owing = |concerned: &[Concerned]| {
        if planted(Bug::VoucherOrderIgnored) {
            return None;
        }
        let by_record = issuer(concerned);
        let issuer = asked.issuer.or(by_record.as_ref());
        let signs = Signs { issuer, default: channel.default_provider.as_ref(), ..asked.signs };
        let asked = candidates(&app.routes, signs, 0).first()?.provider;
        first_owing(concerned, asked, own).cloned()
    };
    loop {
        let concerned = bounds.within(app.store.concerning(name.clone())).await.map_err(not_recorded)?;
        let Some(owed_for) = owing(&concerned) else { return Ok(concerned) };
        // Watched before it is looked at again, so that its end is not missed in between.
        let mut watch = app.watchers.watch(&owed_for);
        let concerned = bounds.within(app.store.concerning(name.clone())).await.map_err(not_recorded)?;
        if owing(&concerned).as_ref() != Some(&owed_for) {
            continue;
        }
        let has_news = tokio::select! {
            biased;
            news = timeout_at(bounds.deadline, watch.news()) => news.is_ok(),
            // Nothing is delivered any more.
            () = app.stopping.cancelled() => false,
        };
        if !has_news {
            return Err(Refusal::AdvicesFirst);
        }
    }
}

/// The first that still owes this provider an advice, or will once its outcome is in: it was reversed while it was under
/// way. A copy of a request does not wait for what the first owes: it is told that it is one.
fn first_owing<'c>(concerned: &'c [Concerned], asked: &ProviderId, own: Option<&Key>) -> Option<&'c Key> {
    let is_owing = |concerned: &&Concerned| concerned.is_owed || concerned.transaction.state == State::Cancelled;
    let owing = concerned.iter().filter(is_owing).map(|concerned| &concerned.transaction);
    let mut keys = owing.filter(|transaction| transaction.provider == *asked).map(|transaction| &transaction.key);
    keys.find(|key| Some(*key) != own)
}

fn not_recorded(error: StoreError) -> Refusal {
    if *error.cause() == Cause::Destroyed {
        // A redemption whose time is over can be given back by nobody.
        return Refusal::NoSuchRedemption;
    }
    tracing::error!(%error, "our own record of a voucher could not be read");
    Refusal::NotRecorded
}
