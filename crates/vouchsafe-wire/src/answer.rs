//! A provider's answer, read for what it proves and not for its looks.

use jiff::Timestamp;
use serde_json::Value as Json;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::money::Amounts;
use vouchsafe_core::party::{Institution, ThirdPartyIdentifier};
use vouchsafe_core::product::Product;
use vouchsafe_core::secret::Secret;
use vouchsafe_core::slip::SlipData;
use vouchsafe_core::text::FreeText;
use vouchsafe_core::voucher::{Pin, Voucher};

use crate::Manner;
use crate::node::Node;
use crate::object::objects;
use crate::reader::{Path, Reader};
use crate::schema::Schemas;
use crate::wire::Wire;
use crate::writer::Writer;

/// What a provider says when it approves a request of any kind; any part may be missing.
///
/// A part that is malformed counts as missing, but for three: an amount that cannot be read could be another
/// one than was asked for, a product id another product, and a voucher without its PIN or its expiry date is
/// not what was sold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApprovalAnswer {
    /// The request's id, repeated.
    pub id: Option<MessageId>,
    /// What was granted.
    pub amounts: Option<Amounts>,
    /// The voucher.
    pub voucher: Option<IssuedVoucher>,
    /// What was sold.
    pub product: Option<SoldProduct>,
    /// The issuer.
    pub receiver: Option<Institution>,
    /// Each party's reference, ours and the provider's among them.
    pub third_party_identifiers: Vec<ThirdPartyIdentifier>,
    /// Receipt text.
    pub slip_data: Option<SlipData>,
    /// Retrieval reference number.
    pub rrn: Option<FreeText>,
}

/// A voucher as a provider hands it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuedVoucher {
    /// Everything that its user needs can be read.
    Whole(Voucher),
    /// It has a PIN or an expiry date, and that cannot be read; here is the rest.
    Damaged(Voucher),
}

/// What a provider says it sold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SoldProduct {
    /// The product's id, whatever it looks like.
    pub id: Option<FreeText>,
    /// The product, where it is well formed.
    pub product: Option<Product>,
}

/// What a voucher is worth nothing without, where it has it.
struct Indispensable {
    expiry_date: Option<Timestamp>,
    pin: Option<Secret<Pin>>,
}

/// The id of a product, in any form.
struct NamedProduct {
    id: Option<FreeText>,
}

impl Wire for IssuedVoucher {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        let voucher = Voucher::read(node, reader, path)?;
        let mut exact = Reader::new(Manner::Exact);
        let is_whole = Indispensable::read(node, &mut exact, path).is_some() && exact.into_faults().is_empty();
        Some(if is_whole { Self::Whole(voucher) } else { Self::Damaged(voucher) })
    }

    fn write(&self, writer: &mut Writer) {
        let (Self::Whole(voucher) | Self::Damaged(voucher)) = self;
        voucher.write(writer);
    }

    fn schema(schemas: &mut Schemas) -> Json {
        Voucher::schema(schemas)
    }
}

impl Wire for SoldProduct {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        let NamedProduct { id } = NamedProduct::read(node, reader, path)?;
        // A product that is malformed elsewhere is no product, but its id still says which one it is not.
        let product = Product::read(node, &mut Reader::new(Manner::Lenient), path);
        Some(Self { id, product })
    }

    fn write(&self, writer: &mut Writer) {
        match &self.product {
            Some(product) => product.write(writer),
            None => NamedProduct { id: self.id.clone() }.write(writer),
        }
    }

    fn schema(schemas: &mut Schemas) -> Json {
        Product::schema(schemas)
    }
}

objects! {
    /// What a voucher is worth nothing without.
    Indispensable {
        expiry_date: optional "expiryDate";
        pin: optional "pin";
    }

    /// The id of a product.
    NamedProduct {
        id: optional "productId";
    }

    /// What a provider says when it approves a request of any kind.
    ApprovalAnswer {
        id: optional "id";
        amounts: checked "amounts";
        voucher: optional "voucher";
        product: optional "product";
        receiver: optional "receiver";
        third_party_identifiers: list "thirdPartyIdentifiers";
        slip_data: optional "slipData";
        rrn: optional "rrn";
    }
}
