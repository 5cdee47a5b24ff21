//! A channel asks for a voucher.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};
use vouchsafe_core::catalogue::{NotForSale, Price};
use vouchsafe_core::message::{ProvisionRequest, ProvisionResponse};
use vouchsafe_core::money::{Amounts, LedgerAmount};
use vouchsafe_core::outcome::{Approval, Doubt, Outcome};
use vouchsafe_core::party::Institution;
use vouchsafe_core::route::{Candidate, candidates};
use vouchsafe_core::transaction::{Kind, State, Terms};
use vouchsafe_provider::Patience;
use vouchsafe_store::{Intent, Key, Opened, Transaction};

use crate::app::{App, Channel, Desk, Turn};
use crate::flow::late;
use crate::flow::late::outcome_of;
use crate::flow::record::{NotSettled, Settled, record};
use crate::flow::refusal::Refusal;
use crate::flow::translation::{own_reference, response, upstream_request};

/// Provisions a voucher: route, make room, commit the intent, ask once, commit the outcome, answer.
///
/// Runs to its end whether or not anybody still waits for the answer. `arrived` is when the request came in;
/// what is left of the channel's patience is counted from there.
///
/// # Errors
/// [`Refusal`] says what the channel is told instead of a voucher.
pub async fn provision(
    app: Arc<App>,
    channel: Channel,
    request: ProvisionRequest,
    arrived: Instant,
) -> Result<ProvisionResponse, Refusal> {
    let key = Key { channel: channel.id.clone(), kind: Kind::Provision, id: request.header.id };
    let planned = plan(&app, &channel, &request).and_then(|plan| {
        let turn = plan.desk.turn().map_err(Refusal::NoRoom)?;
        Ok((plan, turn))
    });
    let (plan, turn) = match planned {
        Ok(planned) => planned,
        Err(refusal) => return Err(known_before(&app, &key).await.unwrap_or(refusal)),
    };

    let give_up = arrived + channel.wait;
    let deadline = (Instant::now() + plan.desk.sheet.timeout).min(give_up - app.limits.answer_margin.min(channel.wait));
    let transaction = open(&app, &channel, key, &request, &plan, give_up).await?;

    let own = own_reference(&app.institution, &transaction);
    let client = Institution { id: plan.desk.user_name.clone(), name: app.institution.name.clone() };
    let product_id = plan.candidate.product_id;
    let upstream = upstream_request(&request, &transaction, client, own.clone(), product_id, app.clock.now());
    let (outcome, call) = ask(&app, plan.desk, upstream, &transaction, turn, deadline).await;

    let settled = record(&app, &transaction, &outcome, give_up).await;
    if let Some(call) = call {
        // Only now: an answer that came while the silence was being recorded is late all the same.
        late::listen(&app, &transaction, call);
    }
    let (approval, at) = verdict(&transaction, settled, outcome)?;
    Ok(response(&request, &approval, transaction.asked, own, at))
}

/// Who is asked, and for how much.
struct Plan<'a> {
    candidate: Candidate<'a>,
    desk: &'a Desk,
    asked: Option<LedgerAmount>,
}

/// Reads the catalogue and the routes: nothing is recorded or sent yet.
fn plan<'a>(app: &'a App, channel: &'a Channel, request: &ProvisionRequest) -> Result<Plan<'a>, Refusal> {
    let product_id = request.product.as_ref().map(|product| &product.product_id);
    let amounts = request.amounts.as_ref();
    let (item, asked) = match (&app.catalogue, product_id) {
        (Some(catalogue), Some(product_id)) => {
            let asked = catalogue.admit(&channel.id, product_id, amounts).map_err(Refusal::NotForSale)?;
            (catalogue.item(product_id), Some(asked))
        }
        _ => (None, without_catalogue(amounts)?),
    };
    let draw = draw(app);
    let candidate = candidates(&app.routes, &request.header, item, channel.default_provider.as_ref(), draw)
        .into_iter()
        .next()
        .ok_or(Refusal::NoRoute)?;
    let desk = app.providers.get(candidate.provider).ok_or(Refusal::NoRoute)?;
    Ok(Plan { candidate, desk, asked })
}

/// The amount asked for where no catalogue says what a product costs: any but a negative one.
fn without_catalogue(amounts: Option<&Amounts>) -> Result<Option<LedgerAmount>, Refusal> {
    match amounts.and_then(|amounts| amounts.request_amount) {
        Some(asked) if asked.amount < 0 => Err(Refusal::NotForSale(NotForSale::WrongAmount(Price::Open))),
        asked => Ok(asked),
    }
}

fn draw(app: &App) -> u64 {
    let mut bytes = [0; 8];
    app.clock.fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// What a known id is told, whatever else is wrong with its request: the id comes first in the order of checks,
/// but is only worth a look into the store once something else is wrong, since opening looks anyway.
async fn known_before(app: &App, key: &Key) -> Option<Refusal> {
    app.store.find(key).await.ok().flatten().map(|_| Refusal::DuplicateRecord)
}

/// Commits the intent. From here on the transaction exists, whatever becomes of the caller or of us.
async fn open(
    app: &App,
    channel: &Channel,
    key: Key,
    request: &ProvisionRequest,
    plan: &Plan<'_>,
    give_up: Instant,
) -> Result<Transaction, Refusal> {
    let at = app.clock.now();
    let intent = Intent {
        key,
        request: request.clone(),
        provider: plan.candidate.provider.clone(),
        asked: plan.asked,
        terms: Terms {
            messaging: channel.messaging,
            confirmations: plan.desk.sheet.confirmations,
            reversals: plan.desk.sheet.reversals,
        },
        at,
        due_at: at + give_up.saturating_duration_since(Instant::now()) + app.limits.answer_margin,
    };
    match app.store.open(intent).await {
        Ok(Opened::New(transaction)) => Ok(transaction),
        Ok(Opened::Known(_)) => Err(Refusal::DuplicateRecord),
        Err(error) => {
            // Where it is uncertain whether the intent was written, nothing is sent either: a twin of this request
            // may hold the same row for its own. What was written is closed by whoever finds it overdue.
            tracing::error!(%error, "an intent could not be recorded");
            Err(Refusal::NotRecorded)
        }
    }
}

/// Asks the provider, once, and waits until the deadline. A call that is not over by then is handed back.
async fn ask(
    app: &Arc<App>,
    desk: &Desk,
    request: ProvisionRequest,
    transaction: &Transaction,
    turn: Turn,
    deadline: Instant,
) -> (Outcome, Option<late::Call>) {
    let provider = Arc::clone(&desk.provider);
    let patience = Patience { send_by: deadline, listen_until: deadline + app.limits.late_answer };
    let mut call = tokio::spawn(async move { provider.provision(&request, patience).await });
    match timeout_at(deadline, &mut call).await {
        Ok(Ok(answer)) => (outcome_of(answer), None),
        Ok(Err(fault)) => {
            tracing::error!(transaction.number = transaction.number.0, %fault, "a provider adapter failed");
            (Outcome::Unknown(Doubt::NoAnswer), None)
        }
        Err(_) => (Outcome::Unknown(Doubt::NoAnswer), Some(late::Call { answer: call, turn })),
    }
}

/// What the channel is told of an outcome, now that it is (or is not) on disk.
fn verdict(
    transaction: &Transaction,
    settled: Result<Settled, NotSettled>,
    outcome: Outcome,
) -> Result<(Box<Approval>, Timestamp), Refusal> {
    match settled {
        Ok(Settled { from: State::Pending, at }) => match outcome {
            Outcome::Approved(approval) => Ok((approval, at)),
            Outcome::Declined(decline) => Err(Refusal::Declined(decline)),
            Outcome::Unknown(doubt) => Err(Refusal::Unknown(doubt)),
        },
        Ok(Settled { from: State::Cancelled, .. }) => Err(Refusal::AlreadyReversed),
        // Somebody took our answer for lost and settled without it: it is as late as one after the deadline.
        Ok(_) | Err(NotSettled::NothingNew(_)) => Err(Refusal::Unknown(Doubt::NoAnswer)),
        Err(NotSettled::Store(error)) => {
            tracing::error!(transaction.number = transaction.number.0, %error, "an outcome could not be recorded");
            Err(Refusal::Unsure)
        }
    }
}
