//! What channels say of their requests: confirmations and reversals.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{BasicReversal, TenderAdvice};
use vouchsafe_core::transaction::Kind;
use vouchsafe_wire::Message;

use crate::api::auth::Caller;
use crate::api::body::message;
use crate::api::error::{advice_refused, json};
use crate::api::router::Service;
use crate::flow::{self, AdviceRefusal};

/// `POST` of a confirmation of a request of this kind. Only a provision's says how the customer paid.
pub(crate) async fn confirm<M: Message + Clone + Into<TenderAdvice>>(
    kind: Kind,
    State(service): State<Arc<Service>>,
    Caller(channel, place): Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Response> {
    let arrived = Instant::now();
    let confirmation: M = message(&headers, body, &service.app.limits).await?;
    let taken: TenderAdvice = confirmation.clone().into();
    let ids = (taken.advice.id, taken.advice.request_id);
    let work = flow::confirm(Arc::clone(&service.app), channel, kind, taken, arrived);
    Ok(acknowledged(&service, kind, ids, &confirmation, place.during(work)).await)
}

/// `POST` of a reversal of a request of this kind.
pub(crate) async fn reverse(
    kind: Kind,
    State(service): State<Arc<Service>>,
    Caller(channel, place): Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Response> {
    let arrived = Instant::now();
    let reversal: BasicReversal = message(&headers, body, &service.app.limits).await?;
    let ids = (reversal.advice.id, reversal.advice.request_id);
    let work = flow::reverse(Arc::clone(&service.app), channel, kind, reversal.clone(), arrived);
    Ok(acknowledged(&service, kind, ids, &reversal, place.during(work)).await)
}

/// Has an advice taken over, in a task of its own, and echoes it; or says why it is not taken.
async fn acknowledged(
    service: &Service,
    kind: Kind,
    (id, original): (MessageId, MessageId),
    advice: &impl Message,
    work: impl Future<Output = Result<(), AdviceRefusal>> + Send + 'static,
) -> Response {
    let refusal = match service.app.work.spawn(work).await {
        Ok(Ok(())) => return json(StatusCode::ACCEPTED, advice),
        Ok(Err(refusal)) => refusal,
        Err(fault) => {
            tracing::error!(request.id = %original, %fault, "an advice failed inside the switch");
            AdviceRefusal::NotRecorded
        }
    };
    let (status, detail) = advice_refused(refusal, kind, id, original);
    json(status, &detail)
}
