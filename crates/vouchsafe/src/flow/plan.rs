//! Who is to be asked, for how much, and whether there is room.

use vouchsafe_core::catalogue::{NotForSale, Price};
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::message::ProvisionRequest;
use vouchsafe_core::money::{Amounts, LedgerAmount};
use vouchsafe_core::product::ProductId;
use vouchsafe_core::route::candidates;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::Terms;

use crate::app::{App, Channel, Desk, Turn};
use crate::flow::refusal::Refusal;

/// The ways that a request can take, best first; at least one.
pub(crate) struct Plan<'a> {
    pub(crate) ways: Vec<Way<'a>>,
    /// What is asked for, where anybody says.
    pub(crate) asked: Option<LedgerAmount>,
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

/// Reads the catalogue and the routes: nothing is recorded or sent yet.
pub(crate) fn plan<'a>(app: &'a App, channel: &Channel, request: &ProvisionRequest) -> Result<Plan<'a>, Refusal> {
    let catalogue = app.catalogue.current();
    let product = request.product.as_ref();
    let amounts = request.amounts.as_ref();
    let (item, asked) = match (&catalogue, product) {
        (Some(catalogue), Some(product)) => {
            let asked = catalogue.admit(&channel.id, &product.product_id, amounts).map_err(Refusal::NotForSale)?;
            // A channel that names the product's price and another is mistaken about one of them.
            if product.amount.is_some_and(|named| !named.same_money(&asked)) {
                return Err(Refusal::NotForSale(NotForSale::WrongAmount(Price::Fixed(asked))));
            }
            (catalogue.item(&product.product_id), Some(asked))
        }
        _ => (None, without_catalogue(amounts)?),
    };
    let candidates = candidates(&app.routes, &request.header, item, channel.default_provider.as_ref(), app.draw());
    let ways: Vec<_> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let desk = app.providers.get(candidate.provider)?;
            Some(Way { provider: candidate.provider.clone(), product_id: candidate.product_id.cloned(), desk })
        })
        .collect();
    if ways.is_empty() { Err(Refusal::NoRoute) } else { Ok(Plan { ways, asked }) }
}

/// The amount asked for where no catalogue says what a product costs: any but a negative one.
fn without_catalogue(amounts: Option<&Amounts>) -> Result<Option<LedgerAmount>, Refusal> {
    match amounts.and_then(|amounts| amounts.request_amount) {
        Some(asked) if asked.amount < 0 => Err(Refusal::NotForSale(NotForSale::WrongAmount(Price::Open))),
        asked => Ok(asked),
    }
}

/// Takes the first of the ways that has room, and those before it away. Where none has, the first says why.
pub(crate) fn turn(ways: &mut Vec<Way<'_>>) -> Result<Turn, Refusal> {
    let mut why = None;
    for place in 0..ways.len() {
        match ways[place].desk.turn() {
            Ok(turn) => {
                ways.drain(..place);
                return Ok(turn);
            }
            Err(no_room) => why = why.or(Some(no_room)),
        }
    }
    Err(why.map_or(Refusal::NoRoute, Refusal::NoRoom))
}
