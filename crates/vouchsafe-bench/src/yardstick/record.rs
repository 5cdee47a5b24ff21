//! The records in the yardstick's file.

use std::collections::HashSet;
use std::io::{self, Read};

/// What a record is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What was asked.
    Request,
    /// What was answered.
    Answer,
}

/// The id in a record.
pub(crate) type Id = [u8; 36];

/// Appends a record to what is to be written: its kind, its id, its length, its text.
pub(super) fn append(out: &mut Vec<u8>, kind: Kind, id: &Id, text: &[u8]) {
    out.push(kind as u8);
    out.extend_from_slice(id);
    out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(text);
}

/// The ids of all answers in a file. The last record may be torn: nobody was told of it.
pub(crate) fn answered(file: &mut impl Read) -> io::Result<HashSet<Id>> {
    let mut answered = HashSet::new();
    let mut text = Vec::new();
    loop {
        let (mut kind, mut id, mut length) = ([0; 1], [0; 36], [0; 4]);
        let head = file.read_exact(&mut kind).and_then(|()| file.read_exact(&mut id));
        let whole = head.and_then(|()| file.read_exact(&mut length)).and_then(|()| {
            text.resize(u32::from_le_bytes(length) as usize, 0);
            file.read_exact(&mut text)
        });
        match whole {
            Ok(()) if kind == [Kind::Answer as u8] => drop(answered.insert(id)),
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(answered),
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_answers_count_and_torn_ones_do_not() {
        let mut file = Vec::new();
        append(&mut file, Kind::Request, &[b'1'; 36], b"asked");
        append(&mut file, Kind::Answer, &[b'1'; 36], b"sold");
        append(&mut file, Kind::Request, &[b'2'; 36], b"asked");
        append(&mut file, Kind::Answer, &[b'2'; 36], b"sold");
        let check = |length: usize, expect: &[[u8; 36]]| {
            let found = answered(&mut &file[..length]).unwrap();
            assert_eq!(found, expect.iter().copied().collect(), "{length}");
        };
        check(file.len(), &[[b'1'; 36], [b'2'; 36]]);
        check(file.len() - 1, &[[b'1'; 36]]);
        check(0, &[]);
    }
}
