//! The provider's refusals, in its own words where it gave any.

use vouchsafe_core::error_detail::ErrorType;

use super::{Case, Says, case};

/// What a provider may refuse anything for.
pub(in crate::openapi) const OF_ANYTHING: &[Case] = &[
    case(
        ErrorType::TransactionDeclined,
        "The provider declined, and gives no closer reason",
        "the transaction was declined",
        Says::Provider("05", "Declined by issuer"),
    ),
    case(
        ErrorType::FunctionNotSupported,
        "The provider does not offer this operation at all. Trying again cannot help",
        "this provider does not offer that",
        Says::Whose,
    ),
    case(
        ErrorType::LimitExceeded,
        "A limit of the merchant, the channel or the customer is reached",
        "the daily limit is reached",
        Says::Provider("61", "Daily limit"),
    ),
    case(
        ErrorType::InvalidMerchant,
        "The provider does not know the merchant, or does not let it do this",
        "the merchant is not registered",
        Says::Provider("03", "Invalid merchant"),
    ),
    case(
        ErrorType::InvalidAccount,
        "The account or customer that the request is about is not known to the provider",
        "the account is not known",
        Says::Provider("14", "Unknown account"),
    ),
    case(
        ErrorType::VoucherStatusUnknown,
        "The provider cannot tell the state of the voucher",
        "the state of the voucher is not known",
        Says::Provider("V02", "Status unknown"),
    ),
    case(
        ErrorType::DoNotHonour,
        "The provider refuses without saying why",
        "do not honour",
        Says::Provider("05", "Do not honour"),
    ),
];

/// What it may refuse to sell for.
pub(in crate::openapi) const OF_PROVISIONS: &[Case] = &[
    case(
        ErrorType::TransactionNotSupported,
        "The provider does not sell this product, or not in this way",
        "the product is not sold here",
        Says::Provider("12", "Unknown product"),
    ),
    case(
        ErrorType::InvalidAmount,
        "The provider does not sell this product for this amount",
        "the amount is not one of the denominations",
        Says::Provider("13", "Invalid amount"),
    ),
    case(
        ErrorType::InsufficientAmount,
        "The amount is less than the provider sells for",
        "the amount is below the minimum",
        Says::Provider("13L", "Below minimum"),
    ),
    case(
        ErrorType::InsufficientFunds,
        "The account that the provider draws on does not hold enough",
        "the prepaid balance is too low",
        Says::Provider("51", "Insufficient funds"),
    ),
    case(
        ErrorType::InvalidVoucher,
        "The voucher asked for by its code cannot be issued",
        "this voucher code cannot be issued",
        Says::Provider("V01", "Code not available"),
    ),
];

/// What it may refuse to redeem for. The amount may also be refused by the switch, at the same status.
pub(in crate::openapi) const OF_REDEMPTIONS: &[Case] = &[
    case(
        ErrorType::VoucherNotRedeemable,
        "The provider knows no such voucher, or one that was not confirmed, was reversed or has expired",
        "the voucher cannot be redeemed",
        Says::Provider("V10", "Not redeemable"),
    ),
    case(
        ErrorType::VoucherAlreadyRedeemed,
        "The voucher was redeemed before. Hand nothing over for it",
        "the voucher was redeemed before",
        Says::Provider("V11", "Already redeemed"),
    ),
    UNKNOWN_VOUCHER,
    case(
        ErrorType::InvalidAmount,
        "The amount is negative, or the provider does not take this amount from the voucher",
        "the voucher can only be redeemed whole",
        Says::Provider("13", "Invalid amount"),
    ),
    case(
        ErrorType::InsufficientFunds,
        "The voucher is worth less than is to be taken from it",
        "the voucher is worth less",
        Says::Provider("51", "Insufficient funds"),
    ),
    NOT_IN_THIS_WAY,
];

/// What it may refuse to refund for. The amount and the redemption may also be refused by the switch, at the same
/// status.
pub(in crate::openapi) const OF_REFUNDS: &[Case] = &[
    case(
        ErrorType::VoucherNotRedeemed,
        "`redemptionId` is no redemption of yours, or the provider says that the voucher was not redeemed",
        "this channel made no redemption of this redemptionId",
        Says::Whose,
    ),
    case(
        ErrorType::RedemptionNotConfirmed,
        "The redemption was not confirmed yet. Confirm it first, or reverse it instead",
        "the redemption was not confirmed",
        Says::Provider("V21", "Redemption open"),
    ),
    case(
        ErrorType::VoucherAlreadyRefunded,
        "The redemption was refunded before",
        "the voucher was refunded before",
        Says::Provider("V22", "Already refunded"),
    ),
    UNKNOWN_VOUCHER,
    case(
        ErrorType::InvalidAmount,
        "The amount is negative, or the provider does not give this amount back",
        "the amount is more than was redeemed",
        Says::Provider("13", "Invalid amount"),
    ),
    NOT_IN_THIS_WAY,
];

/// The provider does not know the voucher.
pub(in crate::openapi) const UNKNOWN_VOUCHER: Case = case(
    ErrorType::InvalidVoucher,
    "The provider does not accept the voucher as one of its own",
    "the voucher is not valid",
    Says::Provider("V01", "Invalid voucher"),
);

/// The provider does it for others, or otherwise.
const NOT_IN_THIS_WAY: Case = case(
    ErrorType::TransactionNotSupported,
    "The provider does not do this for such a voucher, or not in this way",
    "this kind of voucher cannot be used here",
    Says::Provider("12", "Not supported"),
);

/// A no for a reason of the provider's own.
pub(in crate::openapi) const FOR_ITS_OWN_REASON: Case = case(
    ErrorType::GeneralError,
    "The provider refused for a reason of its own, or without a word",
    "the provider declined with status 400",
    Says::Provider("E-400", "Rule 12 applies"),
);

/// An answer that proves nothing.
pub(in crate::openapi) const UNUSABLE: Case = case(
    ErrorType::GeneralError,
    "The provider failed, or answered in a way that cannot be used. What it may have done all the same, the switch reverses",
    "unusable provider answer: the amount is not the one asked for",
    Says::Whose,
);

/// Both, where they have one status.
pub(in crate::openapi) const REFUSED_OR_UNUSABLE: Case = case(
    ErrorType::GeneralError,
    "The provider failed, refused for a reason of its own, or answered in a way that cannot be used. What it may have \
     issued all the same, the switch reverses",
    "unusable provider answer: there is no voucher code",
    Says::Whose,
);

/// Both, where nothing is at stake.
pub(in crate::openapi) const NO_USABLE_ANSWER: Case = case(
    ErrorType::GeneralError,
    "The provider failed, refused for a reason of its own, or answered in a way that cannot be used",
    "unusable provider answer: the body is not JSON of the agreed form",
    Says::Whose,
);
