//! Which provider is asked.

use std::collections::HashMap;

use crate::catalogue::{Item, Source};
use crate::id::ProviderId;
use crate::message::{Header, VoucherQuery};
use crate::product::ProductId;
use crate::text::FreeText;

/// The configured ways from a request to a provider, besides those of the catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routes {
    /// By `settlementEntity.id`.
    pub settlement_entities: HashMap<String, ProviderId>,
    /// By `receiver.id`.
    pub receivers: HashMap<String, ProviderId>,
}

/// A provider to ask, and what it calls the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The provider.
    pub provider: &'a ProviderId,
    /// The provider's own id for the product; `None` where it is asked with the channel's.
    pub product_id: Option<&'a ProductId>,
}

/// What routing goes by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signs<'a> {
    /// The `settlementEntity.id` that was named.
    pub settlement_entity: Option<&'a str>,
    /// The product in the catalogue, for a provision.
    pub item: Option<&'a Item>,
    /// The `receiver.id` that was named.
    pub receiver: Option<&'a str>,
    /// Who issued the voucher, by our own record.
    pub issuer: Option<&'a ProviderId>,
    /// Who is asked when nothing else says.
    pub default: Option<&'a ProviderId>,
}

impl<'a> Signs<'a> {
    /// What a request's header says.
    #[must_use]
    pub fn in_header(header: &'a Header) -> Self {
        Self {
            settlement_entity: header.settlement_entity.as_ref().map(|entity| entity.id.as_str()),
            receiver: header.receiver.as_ref().map(|receiver| receiver.id.as_str()),
            ..Self::default()
        }
    }

    /// What a question about a voucher says.
    #[must_use]
    pub fn in_query(query: &'a VoucherQuery) -> Self {
        Self {
            settlement_entity: query.settlement_entity_inst_id.as_ref().map(FreeText::as_str),
            receiver: query.receiver_inst_id.as_ref().map(FreeText::as_str),
            ..Self::default()
        }
    }
}

/// The providers to ask, best first; empty when nobody can be asked.
///
/// The first sign that leads to a provider decides: the settlement entity, the product's sources in the catalogue,
/// the receiver, our own record of the issuer, the channel's default. Only a product can have several sources: one is
/// drawn by weight with `draw` (any evenly spread number) and the others follow, for the case that the first certainly
/// cannot be reached.
#[must_use]
pub fn candidates<'a>(routes: &'a Routes, signs: Signs<'a>, draw: u64) -> Vec<Candidate<'a>> {
    let sources = signs.item.map_or(&[][..], |item| &item.sources);
    let named = |provider: &'a ProviderId| {
        let product_id = sources.iter().find(|source| source.provider == *provider).map(|source| &source.product_id);
        vec![Candidate { provider, product_id }]
    };
    if let Some(provider) = signs.settlement_entity.and_then(|entity| routes.settlement_entities.get(entity)) {
        return named(provider);
    }
    if !sources.is_empty() {
        return by_weight(sources, draw);
    }
    let receiver = signs.receiver.and_then(|receiver| routes.receivers.get(receiver));
    receiver.or(signs.issuer).or(signs.default).map_or_else(Vec::new, named)
}

fn by_weight(sources: &[Source], draw: u64) -> Vec<Candidate<'_>> {
    let total: u64 = sources.iter().map(|source| u64::from(source.weight.get())).sum();
    let mut left = draw % total.max(1);
    let mut first = 0;
    for (place, source) in sources.iter().enumerate() {
        let weight = u64::from(source.weight.get());
        if left < weight {
            first = place;
            break;
        }
        left -= weight;
    }
    let (before, from) = sources.split_at(first);
    from.iter()
        .take(1)
        .chain(before)
        .chain(from.iter().skip(1))
        .map(|source| Candidate { provider: &source.provider, product_id: Some(&source.product_id) })
        .collect()
}

#[cfg(test)]
mod tests;
