//! The Single Use Voucher interface spoken upstream: a provider that is asked as we are asked.

mod client;
mod endpoint;
mod map;

use async_trait::async_trait;
use vouchsafe_core::id::ChannelId;
use vouchsafe_core::message::ProvisionRequest;
use vouchsafe_core::outcome::{Doubt, NotSent, Outcome};
use vouchsafe_core::secret::Secret;
use vouchsafe_wire::Message;

use crate::suv::client::{Client, Lost};
pub use crate::suv::endpoint::ConfigFault;
use crate::suv::endpoint::Endpoint;
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
        let client = Client::new(endpoint.security(), config.max_idle_connections)?;
        Ok(Self { endpoint, client })
    }
}

#[async_trait]
impl Provider for SuvProvider {
    async fn provision(&self, request: &ProvisionRequest, patience: Patience) -> Result<Outcome, NotSent> {
        let post = self.endpoint.post_voucher(request.write());
        match self.client.exchange(post, patience).await {
            Ok(answer) => Ok(map::outcome(&answer, request)),
            Err(Lost::BeforeTheFirstByte(why)) => Err(why),
            Err(Lost::AfterTheFirstByte) => Ok(Outcome::Unknown(Doubt::NoAnswer)),
        }
    }
}
