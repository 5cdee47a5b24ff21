//! The search: all canaries, in every form in which they are likely to be left, in one pass over any number of bytes.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;

use super::roll::{Canary, Look};

/// How many finds are told with their place.
const TOLD: usize = 10;

/// What is looked for.
pub(super) struct Search {
    words: AhoCorasick,
    /// For each word whose canary it is, and in which form.
    meant: Vec<(usize, &'static str)>,
    canaries: Vec<Canary>,
}

/// What was found in one place.
#[derive(Debug, Default)]
pub(super) struct Finds {
    pub(super) bytes: u64,
    /// How often, by path and form.
    pub(super) by_path: BTreeMap<(&'static str, &'static str), usize>,
    /// Where the first few stood, for whoever has to mend it.
    first: Vec<String>,
}

impl Search {
    pub(super) fn new(canaries: Vec<Canary>) -> Self {
        let (mut words, mut meant) = (Vec::new(), Vec::new());
        for (index, canary) in canaries.iter().enumerate() {
            let text = canary.text.as_bytes();
            let found_as = match canary.look {
                Look::Halves => {
                    let (front, back) = text.split_at(text.len() / 2);
                    [forms(front), forms(back)].concat()
                }
                Look::Whole => forms(text),
                Look::Digits => [forms(text), vec![("bytes", bytes(&canary.text))]].concat(),
            };
            for (form, word) in found_as {
                words.push(word);
                meant.push((index, form));
            }
        }
        let words = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(&words).unwrap();
        Self { words, meant, canaries }
    }

    /// Looks through all that there is to read at `place`.
    pub(super) fn through(&self, place: impl fmt::Display, bytes: impl Read) -> Finds {
        let mut finds = Finds::default();
        let counted = Counted { bytes, count: &mut finds.bytes };
        for found in self.words.stream_find_iter(counted) {
            let found = found.unwrap_or_else(|fault| panic!("{place}: {fault}"));
            let (index, form) = self.meant[found.pattern().as_usize()];
            let canary = &self.canaries[index];
            *finds.by_path.entry((canary.path, form)).or_insert(0) += 1;
            if finds.first.len() < TOLD {
                finds.first.push(format!(
                    "{} ({}, {form}) at byte {} of {place}",
                    canary.text,
                    canary.path,
                    found.start()
                ));
            }
        }
        finds
    }
}

impl Finds {
    pub(super) fn count(&self) -> usize {
        self.by_path.values().sum()
    }
}

impl fmt::Display for Finds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} finds: {:?}", self.count(), self.by_path)?;
        self.first.iter().try_for_each(|find| writeln!(f, "  {find}"))
    }
}

/// Counts what is read.
struct Counted<'a, R> {
    bytes: R,
    count: &'a mut u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        *self.count += count as u64;
        Ok(count)
    }
}

/// A word as it may have been left: as it is, as hexadecimal digits, as base64 wherever it stood, as UTF-16 of either
/// order of bytes.
fn forms(word: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex = |digits: &[u8; 16]| {
        word.iter().flat_map(|byte| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]).collect()
    };
    let mut wide: Vec<u8> = word.iter().flat_map(|byte| [*byte, 0]).collect();
    // Without the last zero it is also what the other order of bytes holds.
    wide.pop();
    let mut forms = vec![
        ("clear", word.to_vec()),
        ("hex", hex(b"0123456789abcdef")),
        ("HEX", hex(b"0123456789ABCDEF")),
        ("UTF-16", wide),
    ];
    for before in 0..3 {
        let text = BASE64_STANDARD_NO_PAD.encode([&vec![0; before], word].concat());
        // The letters that hold bits of what stands before or after are other ones there.
        let (first, end) = ([0, 2, 3][before], (before + word.len()) * 8 / 6);
        forms.push(("base64", text.as_bytes()[first..end].to_vec()));
    }
    forms
}

/// The bytes that hexadecimal digits stand for.
fn bytes(digits: &str) -> Vec<u8> {
    digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::roll::Rest;
    use super::*;

    #[test]
    fn a_canary_is_found_in_every_form_and_by_either_half() {
        const CODE: &str = "K7QWERTZ23ASDFGH45YX";
        let canary = Canary { text: CODE.to_owned(), path: "here", rest: Rest::Nowhere, look: Look::Halves };
        let search = Search::new(vec![canary]);
        let check = |bytes: &[u8], expect: usize| {
            assert_eq!(search.through("here", bytes).count(), expect, "{:?}", String::from_utf8_lossy(bytes));
        };
        let hex: String = CODE.bytes().map(|byte| format!("{byte:02x}")).collect();
        let utf_16: Vec<u16> = CODE.encode_utf16().collect();
        check(format!("code={CODE}.").as_bytes(), 2);
        check(&CODE.as_bytes()[..CODE.len() - 1], 1);
        check(&CODE.as_bytes()[1..], 1);
        check(hex.as_bytes(), 2);
        check(hex.to_uppercase().as_bytes(), 2);
        check(&utf_16.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>(), 2);
        check(&utf_16.iter().flat_map(|unit| unit.to_be_bytes()).collect::<Vec<_>>(), 2);
        for user in ["a", "ap", "app", "till"] {
            let basic = base64::prelude::BASE64_STANDARD.encode(format!("{user}:{CODE}"));
            check(format!("Basic {basic}").as_bytes(), 2);
        }
        check(b"K7QWERTZ22ASDFGH45YZ, K7QWERTZ2 3ASDFGH45Y", 0);
    }

    #[test]
    fn a_pin_block_is_found_as_digits_and_as_bytes() {
        let canary =
            Canary { text: "0123456789ABCDEF".to_owned(), path: "here", rest: Rest::Nowhere, look: Look::Digits };
        let search = Search::new(vec![canary]);
        assert_eq!(search.through("here", &b"block 0123456789ABCDEF"[..]).count(), 1);
        assert_eq!(search.through("here", &b"\x00\x01\x23\x45\x67\x89\xAB\xCD\xEF\x00"[..]).count(), 1);
    }
}
