//! What a JSON schema allows, for the keywords that our schemas use. Any other keyword is a fault, so that a
//! limit which nobody checks cannot creep in. A whole validator would bring forty crates for these few lines.

use jiff::Timestamp;
use regex_lite::Regex;
use serde_json::{Map, Value as Json};

/// What keeps a value from being what a schema of a document allows.
pub(crate) fn faults(document: &Json, schema: &Json, value: &Json) -> Vec<String> {
    let mut checker = Checker { document, faults: Vec::new() };
    checker.check(schema, value, "");
    checker.faults
}

struct Checker<'a> {
    document: &'a Json,
    faults: Vec<String>,
}

impl Checker<'_> {
    fn check(&mut self, schema: &Json, value: &Json, at: &str) {
        for (keyword, limit) in schema.as_object().unwrap() {
            let holds = match keyword.as_str() {
                "$ref" => {
                    let referred = self.document.pointer(limit.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
                    self.check(referred, value, at);
                    true
                }
                "oneOf" => {
                    let allows = |form: &&Json| faults(self.document, form, value).is_empty();
                    limit.as_array().unwrap().iter().filter(allows).count() == 1
                }
                "type" => is_a(value, limit.as_str().unwrap()),
                "enum" => limit.as_array().unwrap().contains(value),
                "format" => has_format(value, limit.as_str().unwrap()),
                "minimum" => value.as_f64().is_none_or(|number| number >= limit.as_f64().unwrap()),
                "maximum" => value.as_f64().is_none_or(|number| number <= limit.as_f64().unwrap()),
                "minLength" => length(value).is_none_or(|length| length >= limit.as_u64().unwrap()),
                "maxLength" => length(value).is_none_or(|length| length <= limit.as_u64().unwrap()),
                "pattern" => {
                    value.as_str().is_none_or(|text| Regex::new(limit.as_str().unwrap()).unwrap().is_match(text))
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(limit, item, &format!("{at}[{index}]"));
                    }
                    true
                }
                "properties" | "required" | "additionalProperties" => match value {
                    Json::Object(members) => self.members(keyword, schema, members, at),
                    _ => true,
                },
                "description" | "examples" => true,
                _ => panic!("this checker does not know {keyword}: teach it"),
            };
            if !holds {
                self.faults.push(format!("{at}: {keyword} {limit} does not allow {value}"));
            }
        }
    }

    fn members(&mut self, keyword: &str, schema: &Json, members: &Map<String, Json>, at: &str) -> bool {
        let known = |name: &String| schema["properties"].get(name);
        match keyword {
            "required" => {
                schema[keyword].as_array().unwrap().iter().all(|name| members.contains_key(name.as_str().unwrap()))
            }
            "properties" => {
                for (name, member) in members {
                    if let Some(field) = known(name) {
                        self.check(field, member, &format!("{at}.{name}"));
                    }
                }
                true
            }
            _ if schema[keyword] == Json::Bool(false) => members.keys().all(|name| known(name).is_some()),
            _ => {
                for (name, member) in members.iter().filter(|(name, _)| known(name).is_none()) {
                    self.check(&schema[keyword], member, &format!("{at}.{name}"));
                }
                true
            }
        }
    }
}

fn is_a(value: &Json, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => panic!("this checker does not know the type {kind}: teach it"),
    }
}

fn has_format(value: &Json, format: &str) -> bool {
    match format {
        "date-time" => value.as_str().is_none_or(|text| text.parse::<Timestamp>().is_ok()),
        "int64" => value.is_i64(),
        _ => panic!("this checker does not know the format {format}: teach it"),
    }
}

/// A text's length in characters.
fn length(value: &Json) -> Option<u64> {
    value.as_str().map(|text| text.chars().count() as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Json, faults};

    fn check(schema: &Json, good: &[Json], bad: &[Json]) {
        let document = json!({"word": {"enum": ["A", "B"]}});
        for value in good {
            assert_eq!(faults(&document, schema, value), [""; 0], "{schema} {value}");
        }
        for value in bad {
            assert!(!faults(&document, schema, value).is_empty(), "{schema} {value}");
        }
    }

    #[test]
    fn every_keyword_allows_and_refuses() {
        check(&json!({"type": "integer"}), &[json!(1), json!(-1)], &[json!("1"), json!(1.5), json!(null)]);
        check(&json!({"$ref": "#/word"}), &[json!("A")], &[json!("C"), json!(1)]);
        check(&json!({"minLength": 2, "maxLength": 3}), &[json!("éé"), json!("abc")], &[json!("a"), json!("abcd")]);
        check(&json!({"pattern": "^[0-9]+$"}), &[json!("12")], &[json!("1a"), json!("")]);
        check(&json!({"minimum": 0, "maximum": 9}), &[json!(0), json!(9)], &[json!(-1), json!(10)]);
        check(&json!({"format": "date-time"}), &[json!("2026-11-23T09:30:00.000Z")], &[json!("2026-11-23")]);
        check(&json!({"type": "array", "items": {"type": "string"}}), &[json!([]), json!(["a"])], &[json!([1])]);
        check(&json!({"oneOf": [{"type": "string"}, {"type": "number"}]}), &[json!(1), json!("a")], &[json!(true)]);
        let closed = json!({"properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
        check(&closed, &[json!({"a": "b"})], &[json!({}), json!({"a": 1}), json!({"a": "b", "c": 1})]);
        let map = json!({"type": "object", "additionalProperties": {"type": "string"}});
        check(&map, &[json!({}), json!({"a": "b"})], &[json!({"a": 1}), json!([])]);
    }
}
