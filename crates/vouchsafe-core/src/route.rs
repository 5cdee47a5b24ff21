//! Which provider is asked.

use std::collections::HashMap;

use crate::catalogue::{Item, Source};
use crate::id::ProviderId;
use crate::message::Header;
use crate::product::ProductId;

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

/// The providers to ask, best first; empty when nobody can be asked.
///
/// The first rule that names a provider decides: the request's settlement entity, the product's sources
/// in the catalogue, the request's receiver, the channel's `default`. Only a product can have several
/// sources: one is drawn by weight with `draw` (any evenly spread number) and the others follow, for the
/// case that the first certainly cannot be reached.
#[must_use]
pub fn candidates<'a>(
    routes: &'a Routes,
    header: &Header,
    item: Option<&'a Item>,
    default: Option<&'a ProviderId>,
    draw: u64,
) -> Vec<Candidate<'a>> {
    let named = |provider: &'a ProviderId| {
        let sources = item.map_or(&[][..], |item| &item.sources);
        let product_id = sources.iter().find(|source| source.provider == *provider).map(|source| &source.product_id);
        vec![Candidate { provider, product_id }]
    };
    if let Some(entity) = &header.settlement_entity
        && let Some(provider) = routes.settlement_entities.get(entity.id.as_str())
    {
        return named(provider);
    }
    if let Some(item) = item
        && !item.sources.is_empty()
    {
        return by_weight(&item.sources, draw);
    }
    if let Some(receiver) = &header.receiver
        && let Some(provider) = routes.receivers.get(receiver.id.as_str())
    {
        return named(provider);
    }
    default.map_or_else(Vec::new, named)
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
