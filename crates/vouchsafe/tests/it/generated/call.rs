//! Messages as the bytes that are sent: most of them as any client would, the others with one thing wrong or odd.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fastrand::Rng;
use serde_json::Value as Json;

use super::damage::damaged;
use super::plan::{Message, Operation, Plan, Purpose};
use crate::openapi::allowed::faults;

/// The most bytes that a body may have, in the sandbox.
const LIMIT: usize = 256 * 1024;

/// What must become of a call, beyond what the description says of every answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// The description allows it: nothing of its form may be refused.
    Sound,
    /// Its form is refused with status 400, and every fault has a place.
    Malformed,
    /// Its body is refused for its size.
    TooLarge,
    /// Its body is refused for what it is announced to be.
    NotJson,
    /// Nobody is known by its credentials.
    Nobody,
    /// No operation has its method and path.
    NoOperation,
    /// Its body and its path are one request's and another's, or may be: any answer that is described will do.
    Described,
    /// It is no HTTP, or breaks off: it is refused by whoever reads HTTP, or the connection ends.
    Broken,
}

/// What is sent for one number.
pub(super) struct Call<'a> {
    pub(super) number: u64,
    pub(super) operation: &'a Operation,
    pub(super) due: Due,
    pub(super) bytes: Vec<u8>,
    /// Whether the answer has no body because it was asked for without.
    pub(super) is_head: bool,
    /// Whether its connection ends with it.
    pub(super) is_last: bool,
    /// The caller's own name for the call, where it gave a sound one.
    pub(super) trace: Option<String>,
    pub(super) body: Option<Json>,
}

/// A call under way, in parts.
struct Draft {
    due: Due,
    method: String,
    target: String,
    version: &'static str,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    /// How the body is framed: with its length, or in pieces of at most so many bytes.
    piece: Option<usize>,
}

impl Draft {
    fn header(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.headers.push((name.to_owned(), value.into()));
    }

    /// Puts a header in place of all of its name.
    fn instead(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.without(name);
        self.header(name, value);
    }

    fn without(&mut self, name: &str) {
        self.headers.retain(|(known, _)| known != name);
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} {}\r\n", self.method, self.target, self.version).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        let Some(piece) = self.piece else {
            if !self.body.is_empty() || self.method == "POST" {
                bytes.extend(format!("content-length: {}\r\n", self.body.len()).into_bytes());
            }
            return [&bytes, &b"\r\n"[..], &self.body].concat();
        };
        bytes.extend(b"transfer-encoding: chunked\r\n\r\n");
        for part in self.body.chunks(piece) {
            bytes.extend([format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat());
        }
        [&bytes, &b"0\r\n\r\n"[..]].concat()
    }
}

impl Plan {
    /// What is sent for a number.
    pub(super) fn call(&self, number: u64) -> Call<'_> {
        let message = self.message(number);
        let mut chance = self.chance(number, Purpose::Transport);
        let mut draft = Draft {
            due: Due::Sound,
            method: message.operation.method.clone(),
            target: message.target.clone(),
            version: "HTTP/1.1",
            headers: vec![("host".to_owned(), b"switch".to_vec())],
            body: Vec::new(),
            piece: None,
        };
        let authorization = BASE64_STANDARD.encode(format!("{}:secret", message.channel));
        draft.header("authorization", format!("Basic {authorization}"));
        if let Some(body) = &message.body {
            draft.header("content-type", "application/json");
            draft.body = body.to_string().into_bytes();
            draft.due = self.due(&message, &draft.body, false);
        }
        let trace = traced(&mut draft, &mut chance);
        let bytes = match chance.u32(..100) {
            0..46 => draft.bytes(),
            46..76 => {
                self.deform(number, &message, &mut draft, &mut chance);
                draft.bytes()
            }
            76..80 if !message.operation.is_open => {
                draft.due = Due::Nobody;
                disguise(&mut draft, &mut chance);
                draft.bytes()
            }
            80..84 if message.body.is_some() => {
                draft.due = Due::NotJson;
                mislabel(&mut draft, &mut chance);
                draft.bytes()
            }
            84..90 => {
                stray(&message, &mut draft, &mut chance);
                draft.bytes()
            }
            90..96 => {
                dress(&mut draft, &mut chance);
                draft.bytes()
            }
            _ => {
                draft.due = Due::Broken;
                broken(&draft, &mut chance)
            }
        };
        // What was done to it may have left it sound, and another one.
        let is_sound = message.body.is_some() && draft.due == Due::Sound;
        let body = is_sound.then(|| serde_json::from_slice(&draft.body).expect("what is sound is JSON"));
        let is_last = draft.due == Due::Broken || draft.version == "HTTP/1.0";
        let Draft { due, method, .. } = draft;
        Call { number, operation: message.operation, due, bytes, is_head: method == "HEAD", is_last, trace, body }
    }

    /// What must become of a body, by the description.
    fn due(&self, message: &Message<'_>, bytes: &[u8], repeats: bool) -> Due {
        let Some(schema) = &message.operation.request else { return Due::Sound };
        if bytes.len() > LIMIT {
            return Due::TooLarge;
        }
        let Ok(json) = serde_json::from_slice::<Json>(bytes) else { return Due::Malformed };
        let is_allowed = |json: &Json| faults(&self.document, schema, json).is_empty();
        if repeats || has_nul(&json) || !is_allowed(&json) {
            // A null counts as left out where something may be left out, for clients that know no better.
            return if !repeats && !has_nul(&json) && is_allowed(&without_nulls(&json)) {
                Due::Described
            } else {
                Due::Malformed
            };
        }
        let id = json["id"].as_str();
        match &message.id_in_path {
            Some(in_path) if id.is_none_or(|id| !id.eq_ignore_ascii_case(in_path)) => Due::Described,
            _ => Due::Sound,
        }
    }

    /// Does something to the body or, where there is none, to the query.
    fn deform(&self, number: u64, message: &Message<'_>, draft: &mut Draft, chance: &mut Rng) {
        if let Some(body) = &message.body {
            let damaged = damaged(body, &mut self.chance(number, Purpose::Damage));
            draft.due = self.due(message, &damaged.bytes, damaged.repeats);
            draft.body = damaged.bytes;
            return;
        }
        if message.operation.is_open || message.operation.name == "lookupRedemption" {
            // A body that nobody asked for.
            draft.body = vec![b'x'; chance.usize(..3_000)];
            return;
        }
        let odd = [
            "colour=red",
            "channelName=",
            "voucherCode=%ff",
            "voucherCode=%00",
            "=",
            "&&&=&",
            "%ff=1",
            "channelName=a&channelName=b",
            "voucherSerialNumber=",
            "provisionRequestId=17",
            "voucherCode=1&voucherCode=2",
        ];
        let odd = odd[chance.usize(..odd.len())];
        let long = format!("voucherCode={}", "1".repeat(chance.usize(41..2_000)));
        let query = if chance.bool() { odd } else { &long };
        let path = draft.target.split('?').next().unwrap_or_default();
        draft.target = format!("{path}?{query}");
        draft.due = Due::Malformed;
    }
}

/// A document without the members that are null.
fn without_nulls(json: &Json) -> Json {
    match json {
        Json::Object(members) => {
            let said = members.iter().filter(|(_, member)| !member.is_null());
            said.map(|(name, member)| (name.clone(), without_nulls(member))).collect()
        }
        Json::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

fn has_nul(json: &Json) -> bool {
    match json {
        Json::String(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(has_nul),
        Json::Object(members) => members.iter().any(|(name, member)| name.contains('\0') || has_nul(member)),
        _ => false,
    }
}

/// A name of the caller's own for the call, now and then; it is given back if it is sound.
fn traced(draft: &mut Draft, chance: &mut Rng) -> Option<String> {
    let (trace, is_sound) = match chance.u32(..12) {
        0 => (format!("till-{}", chance.u32(..)), true),
        1 => ("x".repeat(100), true),
        2 => ("x".repeat(101), false),
        3 => ("a b".to_owned(), false),
        4 => ("é".to_owned(), false),
        5 => (String::new(), false),
        _ => return None,
    };
    draft.header("x-request-id", trace.clone());
    is_sound.then_some(trace)
}

/// Credentials by which nobody is known.
fn disguise(draft: &mut Draft, chance: &mut Rng) {
    let basic = |text: &[u8]| format!("Basic {}", BASE64_STANDARD.encode(text));
    let value = match chance.u32(..12) {
        0 => return draft.without("authorization"),
        1 => return draft.header("authorization", basic(b"demo-app:secret")),
        2 => "Digest demo-app".to_owned(),
        3 => "Basic".to_owned(),
        4 => "Basic !!!!".to_owned(),
        5 => basic(b"no colon"),
        6 => basic(b":no name"),
        7 => basic(b"\xff\xfe:x"),
        8 => basic("x".repeat(101).as_bytes()),
        9 => format!("Bearer {}", "a.b".repeat(chance.usize(1..300))),
        10 => "Bearer".to_owned(),
        _ => basic(format!("{}:x", "y".repeat(chance.usize(101..3_000))).as_bytes()),
    };
    draft.instead("authorization", value);
}

/// Says of the body that it is something else.
fn mislabel(draft: &mut Draft, chance: &mut Rng) {
    match chance.u32(..8) {
        0 => draft.without("content-type"),
        1 => draft.header("content-type", "application/json"),
        2 => draft.instead("content-type", "text/plain"),
        3 => draft.instead("content-type", "application/json; charset=utf-16"),
        4 => draft.instead("content-type", ""),
        5 => draft.instead("content-type", "application/json\u{e9}"),
        6 => draft.header("content-encoding", "gzip"),
        _ => draft.instead("content-type", "multipart/form-data; boundary=x"),
    }
}

/// Goes where nobody is, or with a method that nobody has there.
fn stray(message: &Message<'_>, draft: &mut Draft, chance: &mut Rng) {
    let methods = ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "post", "M-SEARCH"];
    let (path, query) = draft.target.split_once('?').map_or((draft.target.as_str(), ""), |(path, query)| (path, query));
    let (path, query) = (path.to_owned(), query.to_owned());
    let odd = match chance.u32(..12) {
        0..5 => {
            draft.method = methods[chance.usize(..methods.len())].to_owned();
            draft.due = Due::NoOperation;
            return;
        }
        5 if message.id_in_path.is_some() || message.operation.name == "lookupRedemption" => {
            let odd = ["17", "%ff", "%00", "%zz", "%", "a%2Fb", "{}", "%C3%A9", "00000000-0000-0000-0000-00000000000g"];
            let (before, after) =
                if message.id_in_path.is_some() { ("/vouchers/", "/retry") } else { ("/redemptions/", "") };
            let begin = path.find(before).map_or(0, |at| at + before.len());
            draft.target = format!("{}{}{after}", &path[..begin], odd[chance.usize(..odd.len())]);
            draft.due = if draft.due == Due::Sound { Due::Malformed } else { Due::Described };
            return;
        }
        5 | 6 => {
            draft.target = format!("{path}/{}", if query.is_empty() { query } else { format!("?{query}") });
            return;
        }
        7 => path.replacen('/', "//", 1),
        8 => format!("{path}/%00"),
        9 => format!("{path};jsessionid=1"),
        10 => format!("{path}%2f..%2f{}", "a".repeat(chance.usize(..5_000))),
        _ => format!("{path}%FF"),
    };
    draft.target = odd;
    draft.due = Due::NoOperation;
}

/// Says the same in an unusual way.
fn dress(draft: &mut Draft, chance: &mut Rng) {
    match chance.u32(..9) {
        0 if draft.method == "POST" => draft.piece = Some([1, 7, 100, 65_536][chance.usize(..4)]),
        1 if draft.method == "POST" => draft.instead("content-type", "Application/JSON ; charset=\"UTF-8\"; q=1"),
        2 if draft.method == "GET" => draft.method = "HEAD".to_owned(),
        3 => draft.version = "HTTP/1.0",
        4 => draft.header("expect", "100-continue"),
        5 => draft.target = format!("http://elsewhere.example{}", draft.target),
        6 => (0..chance.usize(..60)).for_each(|number| draft.header(&format!("x-{number}"), "y")),
        7 => draft.header("cookie", "z".repeat(chance.usize(..20_000))),
        _ => draft.header("accept", "text/html, */*;q=0"),
    }
}

/// Bytes that are no request, or not all of one.
fn broken(draft: &Draft, chance: &mut Rng) -> Vec<u8> {
    let whole = draft.bytes();
    let head = whole.windows(4).position(|end| end == b"\r\n\r\n").map_or(whole.len(), |at| at + 2);
    let with = |line: &[u8]| [&whole[..head], line, &whole[head..]].concat();
    match chance.u32(..16) {
        0..3 => whole[..chance.usize(..whole.len())].to_vec(),
        3 => with(b"content-length: 99999999999999999999999\r\n"),
        4 => with(b"content-length: -1\r\n"),
        5 => with(b"content-length: 3\r\ncontent-length: 5\r\n"),
        6 => with(b"transfer-encoding: chunked\r\n"),
        7 => with(b"transfer-encoding: gzip, chunked, identity\r\n"),
        8 => with(b"no colon\r\n"),
        9 => with(b" folded: line\r\n"),
        10 => with(b"x-nul: a\0b\r\n"),
        11 => with(&b"x-many: y\r\n".repeat(chance.usize(100..400))),
        12 => with(&[b"x-long: ", "z".repeat(chance.usize(60_000..200_000)).as_bytes(), b"\r\n"].concat()),
        13 => whole.iter().map(|byte| if *byte == b' ' { b'\t' } else { *byte }).collect(),
        14 => [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &whole[..]].concat(),
        _ => (0..chance.usize(1..2_000)).map(|_| chance.u8(..)).collect(),
    }
}
