//! Who is to be asked, for how much, and whether there is room.

use tokio::time::Instant;
use vouchsafe_core::catalogue::{Catalogue, Item, NotForSale, Price};
use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
use vouchsafe_core::message::{ProvisionRequest, Request};
use vouchsafe_core::money::{Amounts, LedgerAmount};
use vouchsafe_core::product::ProductId;
use vouchsafe_core::route::{Signs, candidates};
use vouchsafe_core::sheet::{Messaging, Sheet};
use vouchsafe_core::transaction::{Kind, Terms};

use crate::app::{App, Channel};
use crate::desk::{Desk, Turn};
use crate::flow::refusal::Refusal;
use crate::flow::voucher::OwnRecord;

/// The ways that a request can take, best first; at least one.
pub(crate) struct Plan<'a> {
    pub(crate) ways: Vec<Way<'a>>,
    /// What is asked for, where anybody says.
    pub(crate) asked: Option<LedgerAmount>,
    /// The redemption that a refund gives back, by the id that its provider knows.
    pub(crate) redemption: Option<MessageId>,
}

/// One provider that can be asked.
#[derive(Clone)]
pub(crate) struct Way<'a> {
    pub(crate) provider: ProviderId,
    /// The provider's own id for the product; `None` where it is asked with the channel's.
    pub(crate) product_id: Option<ProductId>,
    pub(crate) desk: &'a Desk,
}

impl Way<'_> {
    /// What a transaction's transitions depend on, if it goes this way.
    pub(crate) const fn terms(&self, messaging: Messaging) -> Terms {
        let sheet = &self.desk.sheet;
        Terms { messaging, confirmations: sheet.confirmations, reversals: sheet.reversals }
    }
}

/// Reads the catalogue, the routes and what our own record says of the voucher: nothing is recorded or sent yet.
pub(crate) fn plan<'a>(
    app: &'a App,
    channel: &Channel,
    request: &Request,
    own: &OwnRecord,
) -> Result<Plan<'a>, Refusal> {
    let catalogue = app.catalogue.current();
    let (item, asked) = match request {
        Request::Provision(request) => for_sale(catalogue.as_deref(), channel, request)?,
        Request::Redemption(_) | Request::Refund(_) => (None, uncatalogued(request.amounts())?),
    };
    let signs = Signs {
        item,
        issuer: own.issuer.as_ref(),
        default: channel.default_provider.as_ref(),
        ..Signs::in_header(request.header())
    };
    let ways = ways(app, signs, |sheet| offers(sheet, request.kind()))?;
    Ok(Plan { ways, asked, redemption: own.redemption })
}

/// The ways that lead to somebody who is configured and offers what is asked for.
pub(crate) fn ways<'a>(
    app: &'a App,
    signs: Signs<'_>,
    offers: impl Fn(&Sheet) -> bool,
) -> Result<Vec<Way<'a>>, Refusal> {
    let candidates = candidates(&app.routes, signs, app.draw());
    let mut ways: Vec<_> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let desk = app.providers.get(candidate.provider)?;
            Some(Way { provider: candidate.provider.clone(), product_id: candidate.product_id.cloned(), desk })
        })
        .collect();
    if ways.is_empty() {
        return Err(Refusal::NoRoute);
    }
    ways.retain(|way| offers(&way.desk.sheet));
    if ways.is_empty() { Err(Refusal::NotOffered) } else { Ok(ways) }
}

/// Whether a provider takes requests of a kind.
const fn offers(sheet: &Sheet, kind: Kind) -> bool {
    match kind {
        Kind::Provision => true,
        Kind::Redemption => sheet.redemptions,
        Kind::Refund => sheet.refunds,
    }
}

/// The product in the catalogue, and what it is sold for.
fn for_sale<'c>(
    catalogue: Option<&'c Catalogue>,
    channel: &Channel,
    request: &ProvisionRequest,
) -> Result<(Option<&'c Item>, Option<LedgerAmount>), Refusal> {
    let amounts = request.amounts.as_ref();
    let (Some(catalogue), Some(product)) = (catalogue, &request.product) else {
        return Ok((None, uncatalogued(amounts)?));
    };
    let asked = catalogue.admit(&channel.id, &product.product_id, amounts).map_err(Refusal::NotForSale)?;
    // A channel that names the product's price and another is mistaken about one of them.
    if product.amount.is_some_and(|named| !named.same_money(&asked)) {
        return Err(Refusal::NotForSale(NotForSale::WrongAmount(Price::Fixed(asked))));
    }
    Ok((catalogue.item(&product.product_id), Some(asked)))
}

/// The amount asked for where no catalogue says what it must be: any but a negative one.
fn uncatalogued(amounts: Option<&Amounts>) -> Result<Option<LedgerAmount>, Refusal> {
    match amounts.and_then(|amounts| amounts.request_amount) {
        Some(asked) if asked.amount < 0 => Err(Refusal::NotForSale(NotForSale::WrongAmount(Price::Open))),
        asked => Ok(asked),
    }
}

/// The same, but where one of the ways is only busy it is waited for a little. To serve a burst late costs less than to
/// refuse it, and those who are refused come back at once.
pub(crate) async fn turn_soon(
    app: &App,
    channel: &ChannelId,
    ways: &mut Vec<Way<'_>>,
    deadline: Instant,
) -> Result<Turn, Refusal> {
    let refusal = match turn(channel, ways) {
        Ok(turn) => return Ok(turn),
        Err(refusal) => refusal,
    };
    let Some(busy) = ways.iter().position(|way| way.desk.is_busy()) else { return Err(refusal) };
    let now = Instant::now();
    // Most of the time that there is must be left for the provider.
    let patience = app.limits.turn.min(deadline.saturating_duration_since(now) / 4);
    let turn = ways[busy].desk.turn_by(channel, now + patience).await.map_err(Refusal::NoRoom)?;
    ways.drain(..busy);
    Ok(turn)
}

/// Takes the first of the ways that has room, and those before it away. Where none has, the first says why.
pub(crate) fn turn(channel: &ChannelId, ways: &mut Vec<Way<'_>>) -> Result<Turn, Refusal> {
    let mut why = None;
    for place in 0..ways.len() {
        match ways[place].desk.turn(channel) {
            Ok(turn) => {
                ways.drain(..place);
                return Ok(turn);
            }
            Err(no_room) => why = why.or(Some(no_room)),
        }
    }
    Err(why.map_or(Refusal::NoRoute, Refusal::NoRoom))
}
