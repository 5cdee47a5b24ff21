//! Bodies that are not what they should be, or only just: each is one of the description's own with one thing done to it.

use fastrand::Rng;
use serde_json::{Value as Json, json};

/// What stands where raw text is put in afterwards.
const HERE: &str = "\u{e0ff}HERE";
/// Larger than any body may be.
const TOO_LARGE: usize = 300 * 1024;

/// A body with something done to it.
pub(super) struct Damaged {
    pub(super) bytes: Vec<u8>,
    /// Whether it says something twice, which whoever reads JSON into a map does not see.
    pub(super) repeats: bool,
}

/// Values that stand where others are expected.
fn odd_value(chance: &mut Rng) -> Json {
    match chance.u32(..14) {
        0 => Json::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(i64::MAX),
        5 => json!(u64::MAX),
        6 => json!(1.5),
        7 => json!(""),
        8 => json!(" "),
        9 => json!("x".repeat(chance.usize(..6_000))),
        10 => json!("é\u{301}🎁\u{202e}".repeat(chance.usize(1..60))),
        11 => json!([]),
        12 => json!({}),
        _ => json!([[{"": {"id": [null]}}]]),
    }
}

/// Texts that stand where a value is expected. Some are no JSON.
const RAW: [&str; 24] = [
    "1e999",
    "-1e999",
    "-0",
    "1.0",
    "5000e0",
    "5e3",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "123456789012345678901234567890123456789012345678901234567890",
    "0.1e-400",
    "NaN",
    "-Infinity",
    "0x10",
    "007",
    "+1",
    "1.",
    ".5",
    "undefined",
    "'single'",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"\\x\"",
    "\"a\nb\tc\u{1}\"",
];

/// `body` with one thing done to it.
pub(super) fn damaged(body: &Json, chance: &mut Rng) -> Damaged {
    let mut json = body.clone();
    let mut repeats = false;
    let bytes = match chance.u32(..16) {
        0 | 1 => {
            remove(&mut json, chance);
            json.to_string().into_bytes()
        }
        2 | 3 => {
            *place(&mut json, chance) = odd_value(chance);
            json.to_string().into_bytes()
        }
        4 => {
            let name = ["colour", "", "ID", "id ", "__proto__", "voucherCode"][chance.usize(..6)];
            object(&mut json, chance)[name] = odd_value(chance);
            json.to_string().into_bytes()
        }
        5 => {
            stretch(&mut json, chance);
            json.to_string().into_bytes()
        }
        6 | 7 => {
            let raw = RAW[chance.usize(..RAW.len())];
            put_in(&mut json, raw.as_bytes(), chance)
        }
        8 => {
            repeats = true;
            repeated(&mut json, chance)
        }
        9 => {
            let depth = [2, 100, 127, 128, 5_000, 100_000][chance.usize(..6)];
            let (open, shut) = if chance.bool() { ("[", "]") } else { ("{\"a\":", "}") };
            let inside = format!("{}1{}", open.repeat(depth), shut.repeat(depth));
            put_in(&mut json, inside.as_bytes(), chance)
        }
        10 => {
            let bytes: [&[u8]; 6] =
                [b"\"\xff\"", b"\"\xc0\x80\"", b"\"\xed\xa0\x80\"", b"\"\x00\"", b"\xfe\xff", b"\"\xf5\x80\x80\x80\""];
            put_in(&mut json, bytes[chance.usize(..6)], chance)
        }
        11 => {
            let mut bytes = json.to_string().into_bytes();
            bytes.truncate(chance.usize(..bytes.len()));
            bytes
        }
        12 => {
            let mut bytes = json.to_string().into_bytes();
            for _ in 0..chance.usize(1..4) {
                let at = chance.usize(..bytes.len());
                bytes[at] ^= 1 << chance.u32(..8);
                // Two members of one name may be what comes of that.
                repeats |= has_repeats(&bytes);
            }
            bytes
        }
        13 => around(&json.to_string(), chance),
        14 => format!("{json}{}", " ".repeat(TOO_LARGE)).into_bytes(),
        _ => {
            let others = ["", "null", "[]", "\"\"", "0", "{}", "[{}]", "nonsense", "\u{feff}{}", "{\"a\":1}{\"a\":1}"];
            others[chance.usize(..others.len())].as_bytes().to_vec()
        }
    };
    Damaged { bytes, repeats }
}

/// Every value of a document that is not the document, counted.
fn count(json: &Json) -> usize {
    children(json).map(|child| 1 + count(child)).sum()
}

fn children(json: &Json) -> Box<dyn Iterator<Item = &Json> + '_> {
    match json {
        Json::Object(members) => Box::new(members.values()),
        Json::Array(items) => Box::new(items.iter()),
        _ => Box::new(std::iter::empty()),
    }
}

fn children_mut(json: &mut Json) -> Box<dyn Iterator<Item = &mut Json> + '_> {
    match json {
        Json::Object(members) => Box::new(members.values_mut()),
        Json::Array(items) => Box::new(items.iter_mut()),
        _ => Box::new(std::iter::empty()),
    }
}

/// The value of a number among those, which is counted down.
fn numbered<'a>(json: &'a mut Json, number: &mut usize) -> Option<&'a mut Json> {
    for child in children_mut(json) {
        if *number == 0 {
            return Some(child);
        }
        *number -= 1;
        if let Some(found) = numbered(child, number) {
            return Some(found);
        }
    }
    None
}

/// Any value in a document.
fn place<'a>(json: &'a mut Json, chance: &mut Rng) -> &'a mut Json {
    let mut number = chance.usize(..count(json).max(1));
    numbered(json, &mut number).expect("a message says something")
}

/// Any object in a document, or the document.
fn object<'a>(json: &'a mut Json, chance: &mut Rng) -> &'a mut Json {
    let pointers = objects(json, String::new());
    let pointer = &pointers[chance.usize(..pointers.len())];
    json.pointer_mut(pointer).expect("it was found there")
}

fn objects(json: &Json, at: String) -> Vec<String> {
    let mut found = Vec::new();
    if let Json::Object(members) = json {
        for (name, member) in members {
            found.extend(objects(member, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))));
        }
        found.push(at);
    }
    found
}

/// Takes away any member.
fn remove(json: &mut Json, chance: &mut Rng) {
    let Json::Object(members) = object(json, chance) else { return };
    let names: Vec<_> = members.keys().cloned().collect();
    if !names.is_empty() {
        members.shift_remove(&names[chance.usize(..names.len())]);
    }
}

/// Makes any text longer than most may be.
fn stretch(json: &mut Json, chance: &mut Rng) {
    for _ in 0..100 {
        if let Json::String(text) = place(json, chance) {
            let more = if chance.bool() { "1" } else { "é" };
            text.push_str(&more.repeat([1, 30, 300, 5_000, 50_000][chance.usize(..5)]));
            return;
        }
    }
}

/// Puts bytes where any value was.
fn put_in(json: &mut Json, raw: &[u8], chance: &mut Rng) -> Vec<u8> {
    *place(json, chance) = HERE.into();
    let text = json.to_string();
    let (before, after) = text.split_once(&format!("\"{HERE}\"")).expect("it was put there");
    [before.as_bytes(), raw, after.as_bytes()].concat()
}

/// Says any member twice.
fn repeated(json: &mut Json, chance: &mut Rng) -> Vec<u8> {
    let other = odd_value(chance);
    let Json::Object(members) = object(json, chance) else { return Vec::new() };
    let names: Vec<_> = members.keys().cloned().collect();
    if names.is_empty() {
        return b"{\"id\":1,\"id\":1}".to_vec();
    }
    let name = &names[chance.usize(..names.len())];
    let first = if chance.bool() { members[name].clone() } else { other };
    members.insert(HERE.to_owned(), Json::Null);
    let text = json.to_string();
    let name = Json::from(name.as_str());
    text.replacen(&format!("\"{HERE}\":null"), &format!("{name}:{first}"), 1).into_bytes()
}

/// Whether an object of a document has two members of one name; of what is no JSON nothing is said.
fn has_repeats(bytes: &[u8]) -> bool {
    let Ok(json) = serde_json::from_slice::<Json>(bytes) else { return false };
    // What is said twice is written once.
    let colons = |text: &str| text.matches(':').count();
    std::str::from_utf8(bytes).is_ok_and(|text| colons(text) != colons(&json.to_string()))
}

/// Something before or after a document, or another encoding of it.
fn around(text: &str, chance: &mut Rng) -> Vec<u8> {
    match chance.u32(..6) {
        0 => format!("{text}x").into_bytes(),
        1 => format!("\u{feff}{text}").into_bytes(),
        2 => format!("{text}\0").into_bytes(),
        3 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        4 => format!("\r\n\t {text} \n").into_bytes(),
        _ => format!("{text}{text}").into_bytes(),
    }
}
