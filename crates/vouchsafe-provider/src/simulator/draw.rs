//! Chance without a die: everything made up about a request follows from the seed and the request's name.

use sha2::{Digest, Sha256};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::transaction::Kind;

use crate::simulator::ledger::{Key, VoucherMark};

/// What a request is known by at one simulated provider.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw<'a> {
    pub(super) seed: u64,
    pub(super) institution: &'a str,
    pub(super) client: &'a str,
    pub(super) kind: Kind,
    pub(super) id: MessageId,
}

impl<'a> Draw<'a> {
    /// What follows from the seed for this request.
    pub(super) const fn about(request: &'a Key, seed: u64, institution: &'a str) -> Self {
        Self { seed, institution, client: &request.client, kind: request.kind, id: request.id }
    }
}

/// How a simulated provider's books name the voucher of a code.
pub(super) fn mark(seed: u64, institution: &str, code: &str) -> VoucherMark {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    for text in [institution, "voucher", code] {
        hash.update(text);
        hash.update([0]);
    }
    let mut half = [0; 16];
    half.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    VoucherMark::new(half)
}

impl Draw<'_> {
    /// A number for a purpose, spread evenly over 64 bits.
    pub(super) fn number(&self, purpose: &str) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        for text in [self.institution, self.client, purpose] {
            hash.update(text);
            // No name contains NUL, so no two lists of names run together to the same bytes.
            hash.update([0]);
        }
        hash.update(self.id.as_bytes());
        // Ids are the requests' own within their kind; those of provisions came first.
        if self.kind != Kind::Provision {
            hash.update(self.kind.name());
        }
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(hash.finalize());
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// A number for a purpose, from 0 up to but not including 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub(super) fn fraction(&self, purpose: &str) -> f64 {
        (self.number(purpose) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// So many decimal digits for a purpose, at most 19.
    pub(super) fn digits(&self, purpose: &str, count: u32) -> String {
        let number = self.number(purpose) % 10_u64.pow(count);
        format!("{number:0width$}", width = count as usize)
    }
}
