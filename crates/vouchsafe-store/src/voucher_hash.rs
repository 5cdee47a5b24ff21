//! Vouchers by name, without the name: a keyed hash that whoever has only the store cannot work back from.

use vouchsafe_core::message::Request;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::text::UpTo;
use vouchsafe_core::voucher::VoucherName;

use crate::keyed_hash::{KEY, KeyedHash};

/// Hashes the names of vouchers with a key that is the store's own. A code has too few digits to be safe in a hash that
/// anybody can compute.
#[derive(Debug, Clone)]
pub(crate) struct VoucherHasher(KeyedHash);

impl VoucherHasher {
    pub(crate) fn new(key: &[u8; KEY]) -> Self {
        Self(KeyedHash::new(key))
    }

    /// 64 bits of the hash: among a thousand million names, the chance that any two share one is 3 %.
    pub(crate) fn hash(&self, name: &VoucherName) -> i64 {
        let (sort, text) = match name {
            VoucherName::Code(code) => (0, code.expose().as_str()),
            VoucherName::SerialNumber(number) => (1, number.as_str()),
        };
        let [a, b, c, d, e, f, g, h, ..] = self.0.hash(sort, text.as_bytes());
        i64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// The names of the voucher that a request presents.
    pub(crate) fn presented(&self, request: &Request) -> Vec<i64> {
        let code = request.presented_code().cloned().map(VoucherName::Code);
        let number = request.presented_serial_number().and_then(numbered);
        code.iter().chain(&number).map(|name| self.hash(name)).collect()
    }

    /// The names of the voucher that an outcome issues, or tells more of.
    pub(crate) fn issued(&self, outcome: &Outcome) -> Vec<i64> {
        let Outcome::Approved(approval) = outcome else { return Vec::new() };
        let code = approval.code().cloned().map(VoucherName::Code);
        let number = approval.voucher().serial_number.as_ref().and_then(numbered);
        code.iter().chain(&number).map(|name| self.hash(name)).collect()
    }
}

/// A serial number that says nothing names nothing: vouchers without any would all be one.
fn numbered(number: &UpTo<40>) -> Option<VoucherName> {
    Some(number.clone()).filter(|number| !number.as_str().is_empty()).map(VoucherName::SerialNumber)
}

#[cfg(test)]
mod tests {
    use vouchsafe_core::secret::Secret;
    use vouchsafe_core::text::Text;

    use super::*;

    #[test]
    fn a_name_has_one_hash_for_each_key_and_sort() {
        let code = VoucherName::Code(Secret::new(Text::new("1234").unwrap()));
        let number = VoucherName::SerialNumber(Text::new("1234").unwrap());
        let (one, two) = (VoucherHasher::new(&[1; KEY]), VoucherHasher::new(&[2; KEY]));
        assert_eq!(one.hash(&code), one.hash(&code));
        let hashes = [one.hash(&code), one.hash(&number), two.hash(&code), two.hash(&number)];
        assert!((1..4).all(|at| !hashes[..at].contains(&hashes[at])), "{hashes:?}");
    }
}
