//! The shelf of each channel, which is all that it is shown of the catalogue, written once for each copy of that: the
//! products change when the file does, and are asked for far more often.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::body::Bytes;
use vouchsafe_core::catalogue::Catalogue;
use vouchsafe_core::id::ChannelId;
use vouchsafe_core::message::ProductsLookupResponse;
use vouchsafe_wire::Message as _;

/// How many bytes of shelves are kept. In a sandbox anybody is a channel, so their number alone bounds nothing; what does
/// not fit is written for each answer.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The shelves that have been written.
#[derive(Default)]
pub(crate) struct Shelves(RwLock<Written>);

#[derive(Default)]
struct Written {
    /// The copy of the catalogue that all of them are of. As long as it is held here, no other can have its address.
    of: Option<Arc<Catalogue>>,
    by_channel: HashMap<ChannelId, Bytes>,
    bytes: usize,
}

impl Shelves {
    /// What a channel may sell, by this copy of the catalogue, as a response.
    pub(crate) fn shelf(&self, catalogue: &Arc<Catalogue>, channel: &ChannelId) -> Bytes {
        if let Some(shelf) = self.written(catalogue, channel) {
            return shelf;
        }
        let response = ProductsLookupResponse { products: catalogue.products_for(channel) };
        // Boxed, so that what is counted is all that is held.
        let shelf = Bytes::from(response.write().into_boxed_slice());
        self.keep(catalogue, channel, &shelf);
        shelf
    }

    fn written(&self, catalogue: &Arc<Catalogue>, channel: &ChannelId) -> Option<Bytes> {
        // A thread that panicked cannot have left half a shelf: each is written whole.
        let written = self.0.read().unwrap_or_else(PoisonError::into_inner);
        written.is_of(catalogue).then(|| written.by_channel.get(channel).cloned())?
    }

    fn keep(&self, catalogue: &Arc<Catalogue>, channel: &ChannelId, shelf: &Bytes) {
        let mut written = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !written.is_of(catalogue) {
            *written = Written { of: Some(Arc::clone(catalogue)), ..Written::default() };
        }
        // Another request may have been as fast: both wrote the same.
        if written.bytes + shelf.len() <= MOST_BYTES && !written.by_channel.contains_key(channel) {
            written.bytes += shelf.len();
            written.by_channel.insert(channel.clone(), shelf.clone());
        }
    }
}

impl Written {
    fn is_of(&self, catalogue: &Arc<Catalogue>) -> bool {
        self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, catalogue))
    }
}

#[cfg(test)]
mod tests {
    use vouchsafe_core::text::UpTo;

    use super::*;
    use crate::config::catalogue;

    fn channel(name: &str) -> ChannelId {
        ChannelId::new(name).unwrap()
    }

    fn anew(catalogue: &Catalogue, name: &str) -> Vec<u8> {
        ProductsLookupResponse { products: catalogue.products_for(&channel(name)) }.write()
    }

    /// The same products, those at every second place listed on one channel only.
    fn partly_listed(name: &str) -> Arc<Catalogue> {
        let mut items = catalogue::demo().items().to_vec();
        let listing = items.iter().find_map(|item| item.product.channel_product_listings.first()).unwrap().clone();
        for item in items.iter_mut().step_by(2) {
            let mut listing = listing.clone();
            listing.channel_name = UpTo::new(name).unwrap();
            item.product.channel_product_listings = vec![listing];
        }
        Arc::new(Catalogue::new(items).unwrap())
    }

    #[test]
    fn each_channel_has_its_own_shelf_of_the_copy_that_is_in_use() {
        let shelves = Shelves::default();
        let (first, second) = (partly_listed("app"), partly_listed("till"));
        for catalogue in [&first, &second, &first] {
            for name in ["app", "till", "app", "other"] {
                let told = shelves.shelf(catalogue, &channel(name));
                assert_eq!(told, anew(catalogue, name), "{name}");
            }
        }
        assert_ne!(anew(&first, "app"), anew(&first, "till"), "else nothing is tried here");
        assert_ne!(anew(&first, "app"), anew(&second, "app"), "else nothing is tried here");
    }

    #[test]
    fn a_shelf_is_written_once() {
        let (shelves, catalogue) = (Shelves::default(), partly_listed("app"));
        let [first, second] = [(); 2].map(|()| shelves.shelf(&catalogue, &channel("app")).as_ptr());
        assert_eq!(first, second);
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let (shelves, catalogue) = (Shelves::default(), partly_listed("app"));
        let each = anew(&catalogue, "stranger-0").len();
        let fitting = MOST_BYTES / each;
        for number in 0..fitting + 3 {
            let name = format!("stranger-{number}");
            assert_eq!(shelves.shelf(&catalogue, &channel(&name)).len(), each);
        }
        let written = shelves.0.read().unwrap();
        assert_eq!((written.by_channel.len(), written.bytes), (fitting, fitting * each));
    }
}
