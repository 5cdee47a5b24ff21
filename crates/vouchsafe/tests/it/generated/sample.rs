//! Values that a schema of the description allows, drawn by chance: all that is required, some of what is not, the bounds
//! more often than what lies between them, and letters from everywhere.

use fastrand::Rng;
use serde_json::{Map, Value as Json, json};

use super::pattern;
use crate::openapi::allowed::faults;

/// Draws values from the schemas of a document.
pub(super) struct Sampler<'a> {
    pub(super) document: &'a Json,
    pub(super) chance: Rng,
}

/// How long a text may be where nothing bounds it.
const LONG: usize = 60;
/// One in so many of such texts is long indeed.
const RARELY: u32 = 200;
const VERY_LONG: usize = 4_000;

impl Sampler<'_> {
    /// Whether something happens that happens once in `often`.
    pub(super) fn once_in(&mut self, often: u32) -> bool {
        self.chance.u32(..often) == 0
    }

    pub(super) fn one_of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.chance.usize(..all.len())]
    }

    /// A value of a schema.
    pub(super) fn value(&mut self, schema: &Json) -> Json {
        if let Some(reference) = schema["$ref"].as_str() {
            let document = self.document;
            return self.value(document.pointer(&reference[1..]).expect("every reference leads somewhere"));
        }
        if let Some(forms) = schema["oneOf"].as_array() {
            let form = self.one_of(forms);
            return self.value(form);
        }
        if let Some(words) = schema["enum"].as_array() {
            return self.one_of(words).clone();
        }
        match schema["type"].as_str() {
            Some("object") => self.object(schema),
            Some("array") => (0..self.chance.usize(..4)).map(|_| self.value(&schema["items"])).collect(),
            Some("string") => self.text(schema).into(),
            Some("integer") => self.whole(schema).into(),
            Some("number") => self.number(),
            Some("boolean") => self.chance.bool().into(),
            other => panic!("this generator does not know the type {other:?}: teach it"),
        }
    }

    fn object(&mut self, schema: &Json) -> Json {
        let mut members = Map::new();
        let is_required = |name: &str| schema["required"].as_array().is_some_and(|all| all.contains(&name.into()));
        // Some messages say little and some almost everything.
        let often = *self.one_of(&[1, 2, 4, 8, 30]);
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            if is_required(name) || self.once_in(often) {
                members.insert(name.clone(), self.value(field));
            }
        }
        if schema["additionalProperties"].is_object() {
            for _ in 0..self.chance.usize(..3) {
                members.insert(self.any_text(0, 20), self.value(&schema["additionalProperties"]));
            }
        }
        members.into()
    }

    /// A text of a schema; its own example now and then, for that is what may lead further than a refusal.
    pub(super) fn text(&mut self, schema: &Json) -> String {
        if let Some(example) = schema["examples"][0].as_str()
            && self.once_in(4)
        {
            return example.to_owned();
        }
        let bound = |name: &str| schema[name].as_u64().and_then(|bound| usize::try_from(bound).ok());
        let (shortest, longest) = (bound("minLength").unwrap_or(0), bound("maxLength"));
        match (schema["pattern"].as_str(), schema["format"].as_str()) {
            (Some(pattern), None) => pattern::text(pattern, shortest, longest, &mut self.chance),
            (None, Some("date-time")) => self.time(),
            (None, None) => {
                let longest = longest.unwrap_or_else(|| if self.once_in(RARELY) { VERY_LONG } else { LONG });
                self.any_text(shortest, longest)
            }
            (_, other) => panic!("this generator does not know the format {other:?}: teach it"),
        }
    }

    /// A text of so many characters of any kind but NUL, which the overview forbids.
    fn any_text(&mut self, shortest: usize, longest: usize) -> String {
        let length = match self.chance.u32(..8) {
            0 => shortest,
            1 => longest,
            _ => self.chance.usize(shortest..=longest),
        };
        let is_plain = !self.once_in(4);
        (0..length).map(|_| self.character(is_plain)).collect()
    }

    fn character(&mut self, is_plain: bool) -> char {
        if is_plain || self.chance.bool() {
            return self.chance.char(' '..='~');
        }
        match self.chance.u32(..4) {
            0 => *self.one_of(&['\u{1}', '\n', '\r', '\t', '\u{7f}', '\u{85}', '\u{2028}', '\u{feff}', '\u{fffd}']),
            1 => {
                *self.one_of(&['é', 'ß', '中', '🎁', '\u{301}', '\u{202e}', '\u{200d}', 'İ', '\u{10ffff}', '\u{e000}'])
            }
            2 => *self.one_of(&['"', '\\', '/', '\'', '%', '<', '{', ';', '\u{8}', '\u{1b}']),
            _ => self.chance.char('\u{1}'..='\u{10ffff}'),
        }
    }

    /// An RFC 3339 time in one of the ways in which one can be written.
    fn time(&mut self) -> String {
        let (year, month, day) = (self.chance.u32(1970..=2100), self.chance.u32(1..=12), self.chance.u32(1..=28));
        let (hour, minute, second) = (self.chance.u32(..24), self.chance.u32(..60), self.chance.u32(..60));
        let fraction = *self.one_of(&["", ".0", ".123", ".999999", ".123456789"]);
        let offset = *self.one_of(&["Z", "+02:00", "-11:30", "+14:00", "+00:00"]);
        format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{offset}")
    }

    fn whole(&mut self, schema: &Json) -> i64 {
        let least = schema["minimum"].as_i64().unwrap_or(i64::MIN);
        let most = schema["maximum"].as_i64().unwrap_or(i64::MAX);
        match self.chance.u32(..8) {
            0 => least,
            1 => most,
            2 => self.chance.i64(least..=most),
            _ => self.chance.i64(least.max(0)..=most.min(100_000)),
        }
    }

    fn number(&mut self) -> Json {
        match self.chance.u32(..4) {
            0 => self.whole(&json!({})).into(),
            1 => json!(self.chance.f64() * 1e300),
            _ => json!(self.chance.i32(-100..100)),
        }
    }
}

#[test]
fn whatever_is_drawn_is_allowed() {
    let document = vouchsafe::openapi::document("/suv/v1");
    let mut sampler = Sampler { document: &document, chance: Rng::with_seed(7) };
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for _ in 0..200 {
            let value = sampler.value(schema);
            assert_eq!(faults(&document, schema, &value), [""; 0], "{name}: {value}");
        }
    }
}
