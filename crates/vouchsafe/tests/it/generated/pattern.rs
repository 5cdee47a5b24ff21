//! Texts that a regular expression of the description allows, as far as those go: classes, single characters, counts.

use fastrand::Rng;

/// How many of its kind stand where a pattern says "any number" and nothing else bounds them.
const MANY: usize = 40;

/// A text of a pattern; `shortest` and `longest` bound what the pattern itself leaves open.
pub(super) fn text(pattern: &str, shortest: usize, longest: Option<usize>, chance: &mut Rng) -> String {
    let mut rest = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')).unwrap_or_else(|| {
        panic!("this generator wants both ends of a pattern: {pattern}");
    });
    let mut text = String::new();
    while !rest.is_empty() {
        let (characters, after) = class(rest);
        let (least, most, after) = count(after);
        let most = most.unwrap_or_else(|| longest.unwrap_or(MANY));
        let least = if after.is_empty() { least.max(shortest.saturating_sub(text.len())) } else { least };
        let count = chance.usize(least..=most.max(least));
        text.extend((0..count).map(|_| char::from(characters[chance.usize(..characters.len())])));
        rest = after;
    }
    text
}

/// What may stand first in the rest of a pattern, and what follows it.
fn class(rest: &str) -> (Vec<u8>, &str) {
    let Some(inside) = rest.strip_prefix('[') else {
        let rest = rest.strip_prefix('\\').unwrap_or(rest);
        return (vec![rest.as_bytes()[0]], &rest[1..]);
    };
    let (inside, after) = inside.split_once(']').expect("a class ends");
    let mut characters = Vec::new();
    let mut bytes = inside.bytes().peekable();
    while let Some(first) = bytes.next() {
        let mut last = first;
        if bytes.next_if_eq(&b'-').is_some() {
            last = bytes.next().expect("a range ends");
        }
        characters.extend(first..=last);
    }
    (characters, after)
}

/// How often it may stand there: at least, at most where there is a bound; and what follows that.
fn count(rest: &str) -> (usize, Option<usize>, &str) {
    match rest.as_bytes().first() {
        Some(b'*') => (0, None, &rest[1..]),
        Some(b'+') => (1, None, &rest[1..]),
        Some(b'?') => (0, Some(1), &rest[1..]),
        Some(b'{') => {
            let (inside, after) = rest[1..].split_once('}').expect("a count ends");
            let (least, most) = inside.split_once(',').unwrap_or((inside, inside));
            (least.parse().expect("a number"), Some(most.parse().expect("a number")), after)
        }
        _ => (1, Some(1), rest),
    }
}
