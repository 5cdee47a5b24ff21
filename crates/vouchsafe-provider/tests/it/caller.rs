//! The switch as a provider sees it: whoever buys a voucher and then uses it.

use vouchsafe_core::advice::Delivery;
use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::message::{VoucherLookupResponse, VoucherQuery};
use vouchsafe_core::outcome::{Approval, Decline, Lookup, NotSent, Outcome};
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::Kind;
use vouchsafe_core::voucher::Voucher;
use vouchsafe_provider::Provider;
use vouchsafe_provider::simulator::Simulator;
use vouchsafe_provider::suv::SuvProvider;

use crate::advice::{confirmation, reversal};
use crate::simulator::{Running, approval, declined_with};
use crate::{in_a_while, redemption, refund, request};

/// The switch, which asks about one voucher.
pub(crate) struct Caller {
    pub(crate) provider: SuvProvider,
    pub(crate) voucher: Voucher,
}

impl Caller {
    /// Buys a voucher for 50 rand with the request 1.
    pub(crate) async fn buying(simulator: &Running, product: &str) -> Self {
        let provider = simulator.provider();
        let sold = approval(provider.ask(&request(1, product), in_a_while()).await);
        Self { provider, voucher: sold.voucher().clone() }
    }

    /// The same after the provider was started again.
    pub(crate) fn at(self, simulator: &Running) -> Self {
        Self { provider: simulator.provider(), ..self }
    }

    pub(crate) fn code(&self) -> &str {
        self.voucher.code.as_ref().unwrap().expose().as_str()
    }

    /// The voucher as it stands in a request.
    pub(crate) fn presented(&self) -> String {
        format!(r#""voucher":{{"code":"{}"}}"#, self.code())
    }

    /// Redeems the voucher, or says why not.
    pub(crate) async fn redeem(&self, number: u128, more: &str) -> Result<Approval, ErrorType> {
        let asked = redemption(number, &format!("{}{more}", self.presented()));
        said(self.provider.ask(&asked, in_a_while()).await)
    }

    pub(crate) async fn refund(&self, number: u128, more: &str) -> Result<Approval, ErrorType> {
        let asked = refund(number, &format!("{}{more}", self.presented()));
        said(self.provider.ask(&asked, in_a_while()).await)
    }

    pub(crate) async fn confirm(&self, kind: Kind, number: u128) -> Result<(), ErrorType> {
        taken(self.provider.confirm(kind, &confirmation(number), in_a_while().listen_until).await)
    }

    pub(crate) async fn reverse(&self, kind: Kind, number: u128) -> Result<(), ErrorType> {
        taken(self.provider.reverse(kind, &reversal(number), in_a_while().listen_until).await)
    }

    pub(crate) async fn look_up(&self, query: &VoucherQuery) -> Result<VoucherLookupResponse, ErrorType> {
        match self.provider.look_up(query, in_a_while().listen_until).await {
            Lookup::Found(found) => Ok(*found),
            Lookup::Declined(Decline::ByProvider(error)) => Err(error.error_type),
            other => panic!("not answered: {other:?}"),
        }
    }

    pub(crate) fn by_code(&self) -> VoucherQuery {
        VoucherQuery { voucher_code: self.voucher.code.clone(), ..VoucherQuery::default() }
    }
}

/// What was granted, or why nothing was.
pub(crate) fn said(found: Result<Outcome, NotSent>) -> Result<Approval, ErrorType> {
    match declined_with(&found) {
        Some(error_type) => Err(error_type),
        None => Ok(approval(found)),
    }
}

/// Nothing, or why an advice was not taken.
pub(crate) fn taken(delivery: Delivery) -> Result<(), ErrorType> {
    match delivery {
        Delivery::Taken => Ok(()),
        Delivery::NotFound => Err(ErrorType::UnableToLocateRecord),
        Delivery::Refused(error) => Err(error.error_type),
        Delivery::Again { .. } => panic!("not answered: {delivery:?}"),
    }
}

/// What was granted, in minor units.
pub(crate) fn granted(approval: &Approval) -> i64 {
    approval.amounts.as_ref().unwrap().approved_amount.unwrap().amount
}

/// A simulated provider that waits for no confirmations.
pub(crate) async fn single() -> Running {
    started(|simulator| simulator.messaging = Messaging::Single).await
}

/// A simulated provider with something of its own.
pub(crate) async fn started(change: impl FnOnce(&mut Simulator)) -> Running {
    Running::start_in(tempfile::tempdir().unwrap(), change).await
}
