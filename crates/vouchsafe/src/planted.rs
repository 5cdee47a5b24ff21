//! What the bugs on purpose need to do their harm; see `vouchsafe_core::planted`. Nothing here is reached in a program
//! that is shipped.

use std::sync::Arc;

use tokio::time::Instant;
use uuid::Uuid;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::party::Institution;
use vouchsafe_core::transaction::State;
use vouchsafe_provider::Patience;
use vouchsafe_store::{Intent, OpenAdvice, Reference, Transaction, TransactionNumber};

use crate::app::App;
use crate::flow::translation::{Names, own_reference, upstream_request};

/// A transaction that no store knows.
pub(crate) fn unrecorded(intent: &Intent) -> Transaction {
    Transaction {
        number: TransactionNumber(u64::from(u32::MAX)),
        key: intent.key.clone(),
        version: 0,
        state: State::Pending,
        provider: intent.provider.clone(),
        upstream_id: intent.key.id,
        asked: intent.asked,
        terms: intent.terms,
        opened_at: intent.at,
        due_at: Some(intent.due_at),
    }
}

/// Asks a provider again, whatever became of the first time.
pub(crate) async fn resend(app: &Arc<App>, transaction: &Transaction) {
    let Some(desk) = app.providers.get(&transaction.provider) else { return };
    let Ok(request) = app.store.request(transaction.number).await else { return };
    let client = Institution { id: desk.user_name.clone(), name: app.institution.name.clone() };
    let own = own_reference(&app.institution, transaction);
    let names = Names { client, own, product_id: None, redemption: None };
    let request = upstream_request(&request, transaction, names, app.clock.now());
    let by = Instant::now() + desk.sheet.timeout;
    let provider = Arc::clone(&desk.provider);
    tokio::spawn(async move { provider.ask(&request, Patience { send_by: by, listen_until: by }).await });
}

/// The first transaction of an id, whosever it is.
pub(crate) async fn anybodys(app: &App, own: Transaction) -> Transaction {
    let all = app.store.look_up(Reference::Id(own.key.id)).await;
    all.ok().and_then(|all| all.into_iter().next()).unwrap_or(own)
}

/// Another id for an advice each time that it is sent.
pub(crate) fn another(open: &OpenAdvice) -> MessageId {
    MessageId::new(Uuid::from_u128(u128::from(open.transaction.number.0) << 32 | u128::from(open.attempts.count)))
}
