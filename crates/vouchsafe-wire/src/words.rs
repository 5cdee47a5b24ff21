//! The closed lists of words.

use vouchsafe_core::advice::ReversalReason;
use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::message::TranType;
use vouchsafe_core::money::{AccountType, LedgerIndicator, TenderType};
use vouchsafe_core::party::{PanEntryMode, PinEntryCapability, PosConditionCode};
use vouchsafe_core::voucher::PinBlockFormat;

macro_rules! words {
    ($($word:ident),* $(,)?) => {$(
        impl $crate::wire::Wire for $word {
            fn read(
                node: &$crate::node::Node<'_>,
                reader: &mut $crate::reader::Reader,
                path: &$crate::reader::Path<'_>,
            ) -> Option<Self> {
                let word = Self::from_name($crate::wire::text(node, reader, path)?);
                if word.is_none() {
                    let known: Vec<_> = Self::ALL.iter().map(|word| word.name()).collect();
                    reader.breaks(&format!("must be one of {}", known.join(", ")), node, path);
                }
                word
            }

            fn write(&self, writer: &mut $crate::writer::Writer) {
                writer.text(self.name());
            }

            fn schema(schemas: &mut $crate::schema::Schemas) -> serde_json::Value {
                schemas.named(stringify!($word), |_| {
                    let known: Vec<_> = Self::ALL.iter().map(|word| word.name()).collect();
                    serde_json::json!({ "type": "string", "enum": known, "examples": [known.first()] })
                })
            }

            fn example() -> Option<serde_json::Value> {
                Self::ALL.first().map(|word| word.name().into())
            }
        }
    )*};
}

words! {
    AccountType, ErrorType, LedgerIndicator, PanEntryMode, PinBlockFormat, PinEntryCapability, PosConditionCode, ReversalReason,
    TenderType, TranType,
}
