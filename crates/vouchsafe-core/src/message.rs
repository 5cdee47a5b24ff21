//! The messages of the interface, as values that are always valid.

use jiff::Timestamp;

use crate::id::MessageId;
use crate::money::{AccountType, Amounts, Tender};
use crate::party::{Customer, Institution, Originator, PosInfo, ThirdPartyIdentifier};
use crate::product::Product;
use crate::secret::Secret;
use crate::slip::SlipData;
use crate::text::FreeText;
use crate::vocabulary::vocabulary;
use crate::voucher::{Pin, Voucher};

mod advice;
mod lookup;
mod redemption;
mod refund;
mod request;

pub use advice::{BasicAdvice, BasicReversal, ChannelAdvice, TenderAdvice};
pub use lookup::{ProductsLookupResponse, VoucherLookupResponse, VoucherQuery};
pub use redemption::{RedemptionRequest, RedemptionResponse};
pub use refund::{RefundRequest, RefundResponse};
pub use request::{Request, Response};

/// What every request and response begins with (the interface calls it Transaction).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The request's id; a response repeats it.
    pub id: MessageId,
    /// The sender's time, to the millisecond.
    pub time: Timestamp,
    /// Where the sale began.
    pub originator: Originator,
    /// Who sends this message; its id is the authenticated user name.
    pub client: Institution,
    /// With whom the merchant settles: the service provider.
    pub settlement_entity: Option<Institution>,
    /// Who finally processes: the issuer.
    pub receiver: Option<Institution>,
    /// Each party's own reference, in the order of the parties.
    pub third_party_identifiers: Vec<ThirdPartyIdentifier>,
    /// Receipt text.
    pub slip_data: Option<SlipData>,
    /// The basket it belongs to; passed on unaltered.
    pub basket_ref: Option<FreeText>,
    /// What kind of transaction it is in the sender's books.
    pub tran_type: Option<TranType>,
    /// The account it is taken from.
    pub src_acc_type: Option<AccountType>,
    /// The account it is given to.
    pub dest_acc_type: Option<AccountType>,
    /// System trace audit number; passed on unaltered.
    pub stan: Option<FreeText>,
    /// Retrieval reference number; passed on unaltered.
    pub rrn: Option<FreeText>,
    /// For grouping only; never influences processing.
    pub transaction_labels: Vec<TransactionLabel>,
}

/// A name and a value that group transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionLabel {
    /// The group.
    pub name: FreeText,
    /// The place in it.
    pub value: FreeText,
}

/// Asks for a voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionRequest {
    /// Id, time and parties.
    pub header: Header,
    /// What is asked for, where the product has no fixed price.
    pub amounts: Option<Amounts>,
    /// How the customer paid.
    pub tenders: Vec<Tender>,
    /// A code the channel asks for, if the provider allows.
    pub voucher: Option<Voucher>,
    /// What is sold.
    pub product: Option<Product>,
    /// Entry of card and PIN.
    pub pos_info: Option<PosInfo>,
    /// Who receives the voucher.
    pub recipient: Option<Secret<Customer>>,
}

/// Hands over a voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionResponse {
    /// Id, time and parties; the references of switch and provider are added.
    pub header: Header,
    /// What was granted.
    pub amounts: Option<Amounts>,
    /// The voucher, with its code.
    pub voucher: Voucher,
    /// What was sold.
    pub product: Option<Product>,
    /// Entry of card and PIN.
    pub pos_info: Option<PosInfo>,
    /// Who receives the voucher.
    pub recipient: Option<Secret<Customer>>,
}

/// The first field in which a repeat is not the request that it says it repeats, in the interface's words; its id
/// and its time do not count. A PIN block does not either: none is kept to compare with.
#[must_use]
pub fn difference(original: &ProvisionRequest, repeat: &ProvisionRequest) -> Option<&'static str> {
    let (was, is) = (&original.header, &repeat.header);
    let voucher = |request: &ProvisionRequest| {
        let mut voucher = request.voucher.clone()?;
        voucher.pin = voucher.pin.filter(|pin| !matches!(pin.expose(), Pin::Encrypted { .. }));
        Some(voucher)
    };
    let fields = [
        ("originator", was.originator == is.originator),
        ("client", was.client == is.client),
        ("settlementEntity", was.settlement_entity == is.settlement_entity),
        ("receiver", was.receiver == is.receiver),
        ("thirdPartyIdentifiers", was.third_party_identifiers == is.third_party_identifiers),
        ("slipData", was.slip_data == is.slip_data),
        ("basketRef", was.basket_ref == is.basket_ref),
        ("tranType", was.tran_type == is.tran_type),
        ("srcAccType", was.src_acc_type == is.src_acc_type),
        ("destAccType", was.dest_acc_type == is.dest_acc_type),
        ("stan", was.stan == is.stan),
        ("rrn", was.rrn == is.rrn),
        ("transactionLabels", was.transaction_labels == is.transaction_labels),
        ("amounts", original.amounts == repeat.amounts),
        ("tenders", original.tenders == repeat.tenders),
        ("voucher", voucher(original) == voucher(repeat)),
        ("product", original.product == repeat.product),
        ("posInfo", original.pos_info == repeat.pos_info),
        ("recipient", original.recipient == repeat.recipient),
    ];
    fields.into_iter().find(|(_, same)| !same).map(|(name, _)| name)
}

vocabulary! {
    /// What kind of transaction it is in the sender's books.
    TranType {
        GoodsAndServices = "GOODS_AND_SERVICES", CashWithdrawal = "CASH_WITHDRAWAL", DebitAdjustment = "DEBIT_ADJUSTMENT",
        GoodsAndServicesWithCashBack = "GOODS_AND_SERVICES_WITH_CASH_BACK", NonCash = "NON_CASH", Returns = "RETURNS",
        Deposit = "DEPOSIT", CreditAdjustment = "CREDIT_ADJUSTMENT", GeneralCredit = "GENERAL_CREDIT",
        AvailableFundsInquiry = "AVAILABLE_FUNDS_INQUIRY", BalanceInquiry = "BALANCE_INQUIRY",
        GeneralInquiry = "GENERAL_INQUIRY", CardVerificationInquiry = "CARD_VERIFICATION_INQUIRY",
        CardholderAccountsTransfer = "CARDHOLDER_ACCOUNTS_TRANSFER", GeneralTransfer = "GENERAL_TRANSFER",
        PaymentFromAccount = "PAYMENT_FROM_ACCOUNT", GeneralPayment = "GENERAL_PAYMENT",
        PaymentToAccount = "PAYMENT_TO_ACCOUNT",
        PaymentFromAccountToAccount = "PAYMENT_FROM_ACCOUNT_TO_ACCOUNT", PlaceHoldOnCard = "PLACE_HOLD_ON_CARD",
        GeneralAdmin = "GENERAL_ADMIN", ChangePin = "CHANGE_PIN", CardHolderInquiry = "CARD_HOLDER_INQUIRY",
        PointsInquiry = "POINTS_INQUIRY",
    }
}

#[cfg(test)]
pub(crate) mod tests;
