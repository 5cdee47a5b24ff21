//! A channel asks what is known: of a voucher, by its provider; of its own redemption, by the journal.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};
use vouchsafe_core::id::{MessageId, ProviderId};
use vouchsafe_core::message::{Request, Response, VoucherLookupResponse, VoucherQuery};
use vouchsafe_core::outcome::{Doubt, Lookup, Outcome};
use vouchsafe_core::route::Signs;
use vouchsafe_core::transaction::{Kind, State};
use vouchsafe_core::voucher::{VoucherCode, VoucherName};
use vouchsafe_store::{Key, Reference, Transaction};

use crate::app::{App, Channel};
use crate::flow::ask::{Bounds, LAST_WORD};
use crate::flow::plan::{Way, turn_soon, ways};
use crate::flow::record::is_reversed;
use crate::flow::refusal::Refusal;
use crate::flow::told::{as_told, unsure};
use crate::flow::voucher::{Asked, issuer, settled};
use crate::metrics::{Ending, Operation};

/// Asks a voucher's provider what it is worth. Nothing is stored, and nothing is at stake.
///
/// # Errors
/// [`Refusal`] says what the channel is told instead.
pub async fn look_up_voucher(
    app: Arc<App>,
    channel: Channel,
    query: VoucherQuery,
    arrived: Instant,
) -> Result<VoucherLookupResponse, Refusal> {
    let mut provider = None;
    let answer = look_up(&app, &channel, query, Bounds::of(&app, &channel, arrived), &mut provider).await;
    app.metrics.answered(Operation::VoucherLookup, &channel.id, provider.as_ref(), Ending::of(&answer));
    answer
}

/// The looking up itself. `provider` becomes who was asked, if anybody was.
async fn look_up(
    app: &Arc<App>,
    channel: &Channel,
    mut query: VoucherQuery,
    bounds: Bounds,
    provider: &mut Option<ProviderId>,
) -> Result<VoucherLookupResponse, Refusal> {
    let named = match query.provision_request_id {
        Some(id) => Some(own_provision(app, channel, id, bounds).await?),
        None => None,
    };
    if let Some(named) = &named {
        query.provision_request_id = Some(named.upstream_id);
    }
    let name = match (&query, &named) {
        (VoucherQuery { voucher_code: Some(code), .. }, _) => Some(VoucherName::Code(code.clone())),
        (_, Some(named)) => issued_code(app, named, bounds).await?.map(VoucherName::Code),
        (VoucherQuery { voucher_serial_number: Some(number), .. }, _) => {
            Some(VoucherName::SerialNumber(number.clone()))
        }
        _ => None,
    };
    let sold_by = named.as_ref().map(|named| &named.provider);
    let concerned = match &name {
        Some(name) => {
            let asked = Asked { signs: Signs::in_query(&query), issuer: sold_by };
            settled(app, channel, name, asked, None, bounds).await?
        }
        None => Vec::new(),
    };
    let issuer = sold_by.cloned().or_else(|| issuer(&concerned));
    let signs =
        Signs { issuer: issuer.as_ref(), default: channel.default_provider.as_ref(), ..Signs::in_query(&query) };
    let mut ways = ways(app, signs, |sheet| sheet.lookup)?;
    // Not used up: what comes of a question says nothing of sales, and neither opens nor closes their circuit.
    let turn = turn_soon(app, &channel.id, &mut ways, bounds.deadline).await?;
    let way = ways.first().ok_or(Refusal::NoRoute)?;
    *provider = Some(way.provider.clone());
    let found = ask(way, &query, bounds.deadline).await;
    drop(turn);
    let found = match found {
        Lookup::Found(found) => *found,
        Lookup::Declined(decline) => return Err(Refusal::Declined(decline)),
        Lookup::Unknown(doubt) => return Err(Refusal::Unknown(doubt)),
    };
    let own = concerned.iter().map(|concerned| &concerned.transaction).chain(&named);
    // Of whoever was asked: each provider counts its serial numbers for itself.
    let mut own = own.filter(|own| own.key.kind == Kind::Provision && own.key.channel == channel.id);
    let own = own.rfind(|own| own.provider == way.provider).cloned();
    told(app, own, &query, found, bounds).await
}

/// The provision that a channel names: its own, or there is none. To the provider all our requests are one client's, so
/// an id that is another channel's is never passed on. It is told what a retry would be told: nothing before its outcome
/// is known, and no voucher once a reversal was chosen, whatever its provider knows of it.
async fn own_provision(app: &App, channel: &Channel, id: MessageId, bounds: Bounds) -> Result<Transaction, Refusal> {
    let key = Key { channel: channel.id.clone(), kind: Kind::Provision, id };
    let mut watch = app.watchers.watch(&key);
    loop {
        let found = bounds.within(app.store.find(&key)).await.map_err(unsure)?.ok_or(Refusal::NeverSeen)?;
        match found.state {
            State::Pending => {
                let news = timeout_at(bounds.deadline, watch.news()).await;
                news.map_err(|_| Refusal::Unknown(Doubt::NoAnswer))?;
            }
            state if is_reversed(state) => return Err(Refusal::AlreadyReversed),
            _ => return Ok(found),
        }
    }
}

/// The code that a provision brought, unless it was reversed.
async fn issued_code(app: &App, sold: &Transaction, bounds: Bounds) -> Result<Option<VoucherCode>, Refusal> {
    let journal = bounds.within(app.store.journal(sold.number)).await.map_err(unsure)?;
    if journal.last().is_some_and(|entry| is_reversed(entry.state)) {
        return Ok(None);
    }
    Ok(journal.into_iter().find_map(|entry| match entry.outcome {
        Some(Outcome::Approved(approval)) => approval.code().cloned(),
        _ => None,
    }))
}

/// Asks one provider, and waits no longer than there is time.
async fn ask(way: &Way<'_>, query: &VoucherQuery, by: Instant) -> Lookup {
    let deadline = (Instant::now() + way.desk.sheet.timeout).min(by);
    let (provider, query) = (Arc::clone(&way.desk.provider), query.clone());
    let call = tokio::spawn(async move { provider.look_up(&query, deadline).await });
    match timeout_at(deadline + LAST_WORD, call).await {
        Ok(Ok(found)) => found,
        Ok(Err(fault)) => {
            tracing::error!(provider = %way.provider, %fault, "a provider adapter failed");
            Lookup::Unknown(Doubt::NoAnswer)
        }
        Err(_) => Lookup::Unknown(Doubt::NoAnswer),
    }
}

/// What the channel is told of a voucher. Whoever knows the code may know the rest, and so may whoever sold this very
/// code; a serial number stands on the outside, and is no reason to hand out what is inside.
async fn told(
    app: &App,
    own: Option<Transaction>,
    query: &VoucherQuery,
    mut found: VoucherLookupResponse,
    bounds: Bounds,
) -> Result<VoucherLookupResponse, Refusal> {
    let sold = match &own {
        Some(own) => issued_code(app, own, bounds).await?,
        None => None,
    };
    let code = found.voucher.code.as_ref();
    let is_sold = code.is_some() && code == sold.as_ref();
    let is_known = code.is_none() || code == query.voucher_code.as_ref();
    // A provider that names no code may have gone by the number, whatever code it was asked for besides.
    let went_by_the_code = code.is_some() || query.voucher_serial_number.is_none();
    let may_know = is_sold || (query.voucher_code.is_some() && is_known && went_by_the_code);
    if !may_know {
        (found.voucher.code, found.voucher.pin) = (None, None);
        // They tell how the voucher is used, and many a one has its code in them.
        found.voucher.redeem_instructions.clear();
    }
    // What it sold has the channel's own name for the product, not the provider's.
    if let Some(own) = own
        && (is_sold || is_known)
    {
        match bounds.within(app.store.request(own.number)).await.map_err(unsure) {
            Ok(Request::Provision(request)) => found.product = request.product.or(found.product),
            // The provider still tells what it is worth; only the channel's own name for it is gone.
            Ok(Request::Redemption(_) | Request::Refund(_)) | Err(Refusal::KeptNoLonger) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(found)
}

/// What a channel was told of its redemption, or would be now.
///
/// # Errors
/// The refusal that the redemption met; [`Refusal::StillOpen`] while its outcome is waited for; [`Refusal::NotYours`]
/// where another channel made it, and [`Refusal::NeverSeen`] where nobody did.
pub async fn look_up_redemption(
    app: Arc<App>,
    channel: Channel,
    id: MessageId,
    arrived: Instant,
) -> Result<Response, Refusal> {
    let mut provider = None;
    let bounds = Bounds::of(&app, &channel, arrived);
    let answer = redemption(&app, &channel, id, bounds, &mut provider).await;
    app.metrics.answered(Operation::RedemptionLookup, &channel.id, provider.as_ref(), Ending::of(&answer));
    answer
}

async fn redemption(
    app: &App,
    channel: &Channel,
    id: MessageId,
    bounds: Bounds,
    provider: &mut Option<ProviderId>,
) -> Result<Response, Refusal> {
    let key = Key { channel: channel.id.clone(), kind: Kind::Redemption, id };
    let Some(transaction) = bounds.within(app.store.find(&key)).await.map_err(unsure)? else {
        // A request that its reversal has forestalled was refused, and left nothing else behind.
        if bounds.within(app.store.is_forestalled(&key)).await.map_err(unsure)? {
            return Err(Refusal::AlreadyReversed);
        }
        let all = bounds.within(app.store.look_up(Reference::Id(id))).await.map_err(unsure)?;
        let is_others = all.iter().any(|other| other.key.kind == Kind::Redemption && other.key.id == id);
        return Err(if is_others { Refusal::NotYours } else { Refusal::NeverSeen });
    };
    *provider = Some(transaction.provider.clone());
    match transaction.state {
        State::Pending => return Err(Refusal::StillOpen),
        state if is_reversed(state) => return Err(Refusal::AlreadyReversed),
        _ => {}
    }
    let dossier = bounds.within(app.store.dossier(transaction.number)).await.map_err(unsure)?;
    as_told(app, &transaction, dossier)
}
