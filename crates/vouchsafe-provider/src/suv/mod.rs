//! The Single Use Voucher interface spoken upstream: a provider that is asked as we are asked.

mod base_url;
mod client;
mod connector;
mod delivery;
mod endpoint;
mod error;
mod lookup;
mod map;
mod timely;

use async_trait::async_trait;
use tokio::time::Instant;
use vouchsafe_core::advice::{Delivery, Hindrance};
use vouchsafe_core::id::ChannelId;
use vouchsafe_core::message::{BasicReversal, Request, TenderAdvice, VoucherQuery};
use vouchsafe_core::outcome::{Decline, Doubt, Lookup, NotSent, Outcome};
use vouchsafe_core::secret::Secret;
use vouchsafe_core::transaction::Kind;
use vouchsafe_wire::Message;

use crate::pem::{Authorities, Identity};
pub use crate::suv::base_url::{BaseUrl, BaseUrlFault};
pub use crate::suv::client::{Answer, Body};
use crate::suv::client::{Client, Lost};
// How answers are read, for whoever has one in hand: the simulation speaks without a socket.
pub use crate::suv::delivery::{Finaliser, delivery};
pub use crate::suv::endpoint::ConfigFault;
use crate::suv::endpoint::{Endpoint, Operation};
pub use crate::suv::map::outcome;
use crate::{Patience, Provider};

/// How one provider is reached.
#[derive(Debug, Clone)]
pub struct SuvConfig {
    /// Where its interface begins, such as `https://vouchers.example/suv/v1`.
    pub base_url: String,
    /// Our user name there, which is also the `client.id` of our messages.
    pub user_name: ChannelId,
    /// Our password there.
    pub password: Secret<String>,
    /// Whose certificates are believed there; this machine's authorities where nothing is said.
    pub authorities: Option<Authorities>,
    /// The certificate by which we are known there, where one is wanted.
    pub identity: Option<Identity>,
    /// How many connections are kept open while nothing is asked; the provider's concurrency is a good number.
    pub max_idle_connections: usize,
    /// Whether `http` may leave this machine: only where the way there is safe by other means. A loopback
    /// address needs no permission.
    pub clear_text: bool,
}

/// A provider that speaks the interface.
///
/// It holds connections and nothing else: whatever must be remembered is remembered elsewhere.
#[derive(Debug)]
pub struct SuvProvider {
    endpoint: Endpoint,
    client: Client,
}

impl SuvProvider {
    /// Gets ready to ask, without connecting: a provider that is down now may be up when it is needed.
    ///
    /// # Errors
    /// [`ConfigFault`] says what is wrong with the configuration.
    pub fn new(config: &SuvConfig) -> Result<Self, ConfigFault> {
        let endpoint = Endpoint::new(config)?;
        let client = Client::new(endpoint.security(), config)?;
        Ok(Self { endpoint, client })
    }

    /// Sends an advice once and says what came of it.
    async fn deliver(&self, operation: Operation, finaliser: Finaliser, body: Vec<u8>, by: Instant) -> Delivery {
        let patience = Patience { send_by: by, listen_until: by };
        let why = match self.client.exchange(self.endpoint.post(operation, body), patience).await {
            Ok(answer) => return delivery(&answer, finaliser),
            Err(Lost::BeforeTheFirstByte(_)) => Hindrance::NoConnection,
            Err(Lost::AfterTheFirstByte) => Hindrance::NoAnswer,
        };
        Delivery::Again { why, retry_after: None }
    }
}

#[async_trait]
impl Provider for SuvProvider {
    async fn ask(&self, request: &Request, patience: Patience) -> Result<Outcome, NotSent> {
        let body = match request {
            Request::Provision(request) => request.write(),
            Request::Redemption(request) => request.write(),
            Request::Refund(request) => request.write(),
        };
        let post = self.endpoint.post(Operation::Ask(request.kind()), body);
        match self.client.exchange(post, patience).await {
            Ok(answer) => Ok(outcome(&answer, request)),
            Err(Lost::BeforeTheFirstByte(why)) => Err(why),
            Err(Lost::AfterTheFirstByte) => Ok(Outcome::Unknown(Doubt::NoAnswer)),
        }
    }

    async fn reverse(&self, kind: Kind, reversal: &BasicReversal, by: Instant) -> Delivery {
        self.deliver(Operation::Reverse(kind), Finaliser::Reversal, reversal.write(), by).await
    }

    async fn confirm(&self, kind: Kind, confirmation: &TenderAdvice, by: Instant) -> Delivery {
        let body = match kind {
            Kind::Provision => confirmation.write(),
            // The interface knows of no tenders there: a strict provider would refuse the field.
            Kind::Redemption | Kind::Refund => confirmation.advice.write(),
        };
        self.deliver(Operation::Confirm(kind), Finaliser::Confirmation, body, by).await
    }

    async fn look_up(&self, query: &VoucherQuery, by: Instant) -> Lookup {
        // What no address can hold reaches nobody.
        let Some(get) = self.endpoint.look_up(query) else {
            return Lookup::Declined(Decline::NotSent(NotSent::NoConnection));
        };
        match self.client.exchange(get, Patience { send_by: by, listen_until: by }).await {
            Ok(answer) => lookup::lookup(&answer, query),
            Err(Lost::BeforeTheFirstByte(why)) => Lookup::Declined(Decline::NotSent(why)),
            Err(Lost::AfterTheFirstByte) => Lookup::Unknown(Doubt::NoAnswer),
        }
    }
}
