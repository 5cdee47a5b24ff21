//! Amounts and how they were paid.

use std::fmt;

use crate::text::{FreeText, MaskedCard, Text, UpTo};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// Whether an amount is taken from or given to the account.
    LedgerIndicator { Debit = "DEBIT", Credit = "CREDIT" }

    /// How the customer paid.
    TenderType {
        Cash = "CASH", Cheque = "CHEQUE", CreditCard = "CREDIT_CARD", DebitCard = "DEBIT_CARD", Wallet = "WALLET",
        Rounding = "ROUNDING", GiftCard = "GIFT_CARD", LoyaltyCard = "LOYALTY_CARD", Other = "OTHER",
    }

    /// The kind of account that an amount moves on.
    AccountType {
        Default = "DEFAULT", Savings = "SAVINGS", Cheque = "CHEQUE", Credit = "CREDIT", Universal = "UNIVERSAL",
        ElectronicPurse = "ELECTRONIC_PURSE", GiftCard = "GIFT_CARD", StoredValue = "STORED_VALUE",
    }
}

/// An ISO 4217 numeric currency code, 0 to 999; the rand is 710.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(u16);

impl Currency {
    /// The South African rand.
    pub const ZAR: Self = Self(710);

    /// The currency of a numeric code, or `None` above 999.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        if code < 1000 { Some(Self(code)) } else { None }
    }

    /// The numeric code.
    #[must_use]
    pub const fn code(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An amount in minor units (R799.95 is 79995) and its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerAmount {
    /// Minor units.
    pub amount: i64,
    /// ISO 4217 numeric.
    pub currency: Currency,
    /// Debit or credit, where it was said.
    pub ledger_indicator: Option<LedgerIndicator>,
}

impl LedgerAmount {
    /// Whether two amounts are the same money, whatever their indicators say.
    #[must_use]
    pub fn same_money(&self, other: &Self) -> bool {
        self.amount == other.amount && self.currency == other.currency
    }
}

impl fmt::Display for LedgerAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} minor units of currency {}", self.amount, self.currency)
    }
}

/// The amounts of a transaction; an absent one means zero.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Amounts {
    /// What was asked for.
    pub request_amount: Option<LedgerAmount>,
    /// What was granted.
    pub approved_amount: Option<LedgerAmount>,
    /// The fee.
    pub fee_amount: Option<LedgerAmount>,
    /// What is left.
    pub balance_amount: Option<LedgerAmount>,
    /// Further amounts by name, in the order they were sent.
    pub additional_amounts: Vec<(FreeText, LedgerAmount)>,
}

/// How the customer paid, one entry a means of payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tender {
    /// Cash, card and so on.
    pub tender_type: TenderType,
    /// How much was paid this way.
    pub amount: LedgerAmount,
    /// The account, `DEFAULT` where nothing was said.
    pub account_type: Option<AccountType>,
    /// A card number, already masked by whoever sent it.
    pub card_number: Option<Text<MaskedCard, 6, 19>>,
    /// The payment's own reference.
    pub reference: Option<UpTo<40>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_a_code_of_three_digits() {
        for (code, shown) in [(0, "000"), (36, "036"), (710, "710"), (999, "999")] {
            let currency = Currency::new(code).unwrap();
            assert_eq!(
                (currency.code(), currency.to_string(), format!("{currency:?}")),
                (code, shown.into(), shown.into())
            );
        }
        assert_eq!(Currency::new(1000), None);
        assert_eq!(Currency::new(710), Some(Currency::ZAR));
    }

    #[test]
    fn the_same_money_is_the_same_amount_in_the_same_currency() {
        let money = |amount, currency, ledger_indicator| LedgerAmount { amount, currency, ledger_indicator };
        let dollar = Currency::new(840).unwrap();
        let one = money(79_995, Currency::ZAR, Some(LedgerIndicator::Debit));
        for (other, expect) in [
            (one, true),
            (money(79_995, Currency::ZAR, Some(LedgerIndicator::Credit)), true),
            (money(79_995, Currency::ZAR, None), true),
            (money(79_994, Currency::ZAR, Some(LedgerIndicator::Debit)), false),
            (money(79_995, dollar, Some(LedgerIndicator::Debit)), false),
            (money(79_994, dollar, None), false),
        ] {
            assert_eq!(one.same_money(&other), expect, "{other:?}");
            assert_eq!(other.same_money(&one), expect, "{other:?}, the other way round");
        }
        assert_eq!(one.to_string(), "79995 minor units of currency 710");
    }
}
