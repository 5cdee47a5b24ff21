//! What the switch does: one walk for all three kinds of request, a file for each other operation. The only place where
//! store and provider meet.

mod ask;
mod authorised;
mod confirm;
mod late;
mod lookup;
mod plan;
mod products;
pub(crate) mod record;
mod refusal;
mod reset;
mod retry;
mod reverse;
mod seen;
mod told;
mod transact;
pub(crate) mod translation;
mod voucher;

pub use confirm::confirm;
pub use lookup::{look_up_redemption, look_up_voucher};
pub use products::{Products, products};
pub use refusal::{AdviceRefusal, Refusal};
pub use reset::reset;
pub use retry::retry;
pub use reverse::reverse;
pub use seen::{Seen, seen};
pub use transact::transact;
