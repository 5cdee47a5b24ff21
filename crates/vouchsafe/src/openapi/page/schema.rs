//! Objects as tables of fields, and closed lists as words.

use serde_json::Value as Json;

use super::markup::Markup;
use super::prose;

/// The name that a schema refers to.
pub(super) fn referred(schema: &Json) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

/// Where a named schema stands on the page.
pub(super) fn anchor(name: &str) -> String {
    format!("schema-{name}")
}

/// Whether a schema is a closed list of words.
pub(super) fn is_words(schema: &Json) -> bool {
    schema["enum"].is_array()
}

/// A named schema: its heading, what it is, and its fields, words or forms.
pub(super) fn section(page: &mut Markup, name: &str, schema: &Json) {
    page.element("section", &[("class", "schema")], |page| {
        page.leaf("h3", &[("id", &anchor(name))], name);
        if let Some(description) = schema["description"].as_str() {
            prose::prose(page, description);
        }
        if let Some(words) = schema["enum"].as_array() {
            page.element("ul", &[("class", "words")], |list| {
                for word in words.iter().filter_map(Json::as_str) {
                    list.element("li", &[], |item| {
                        item.leaf("code", &[], word);
                    });
                }
            });
        } else if schema["properties"].is_object() {
            fields(page, schema);
        } else {
            page.element("p", &[], |page| kind(page, schema));
        }
    });
}

/// The fields of an object: first those that must be there, then the others, each in the order of the interface.
pub(super) fn fields(page: &mut Markup, schema: &Json) {
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let all = || schema["properties"].as_object().into_iter().flatten();
    let (must, may) = all().partition::<Vec<_>, _>(|(name, _)| required.contains(&name.as_str()));
    page.element("table", &[("class", "fields")], |table| {
        table.element("thead", &[], |head| {
            head.element("tr", &[], |row| {
                for title in ["Field", "Type and limits", "Required", "Example"] {
                    row.leaf("th", &[("scope", "col")], title);
                }
            });
        });
        table.element("tbody", &[], |body| {
            for ((name, field), needed) in
                must.into_iter().map(|f| (f, true)).chain(may.into_iter().map(|f| (f, false)))
            {
                body.element("tr", &[], |row| row_of(row, name, field, needed, &schema["examples"][0][name]));
            }
        });
    });
}

fn row_of(row: &mut Markup, name: &str, field: &Json, needed: bool, example: &Json) {
    row.element("th", &[("scope", "row")], |cell| {
        cell.leaf("code", &[], name);
    });
    row.element("td", &[("class", "type")], |cell| {
        kind(cell, field);
        if let Some(description) = field["description"].as_str() {
            cell.element("p", &[], |note| prose::line(note, description));
        }
    });
    let (class, word) = if needed { ("required", "required") } else { ("optional", "optional") };
    row.leaf("td", &[("class", class)], word);
    row.element("td", &[("class", "example")], |cell| {
        if is_plain(example) {
            cell.leaf("code", &[], &example.to_string());
        }
    });
}

/// Whether an example fits into a table: everything but objects, which have a section of their own.
fn is_plain(example: &Json) -> bool {
    match example {
        Json::Null | Json::Object(_) => false,
        Json::Array(items) => items.iter().all(is_plain),
        Json::Bool(_) | Json::Number(_) | Json::String(_) => true,
    }
}

/// A schema in words, with its limits.
fn kind(page: &mut Markup, schema: &Json) {
    if let Some(name) = referred(schema) {
        page.link(&anchor(name), name);
    } else if let Some(forms) = schema["oneOf"].as_array() {
        for (at, form) in forms.iter().enumerate() {
            page.text(if at == 0 { "" } else { " or " });
            kind(page, form);
        }
    } else {
        match schema["type"].as_str().unwrap_or_default() {
            "array" => {
                page.text("list of ");
                kind(page, &schema["items"]);
            }
            "object" if schema["additionalProperties"].is_object() => {
                page.text("by name, any number of ");
                kind(page, &schema["additionalProperties"]);
            }
            "object" => {
                page.text("object");
                for (at, (name, field)) in schema["properties"].as_object().into_iter().flatten().enumerate() {
                    page.text(if at == 0 { " with " } else { ", " }).leaf("code", &[], name).text(": ");
                    kind(page, field);
                }
            }
            "string" => text_kind(page, schema),
            "integer" => number_kind(page, "whole number", schema),
            "number" => number_kind(page, "number", schema),
            "boolean" => {
                page.text("true or false");
            }
            _ => {
                page.text("anything");
            }
        }
    }
}

fn text_kind(page: &mut Markup, schema: &Json) {
    if schema["format"] == "date-time" {
        page.text("date and time (RFC 3339)");
        return;
    }
    let characters = |count: u64| if count == 1 { "1 character".to_owned() } else { format!("{count} characters") };
    let limits = match (schema["minLength"].as_u64().filter(|least| *least > 0), schema["maxLength"].as_u64()) {
        (None, None) => String::new(),
        (None, Some(most)) => format!(", up to {}", characters(most)),
        (Some(least), None) => format!(", at least {}", characters(least)),
        (Some(least), Some(most)) if least == most => format!(", exactly {}", characters(most)),
        (Some(least), Some(most)) => format!(", {least} to {}", characters(most)),
    };
    page.text("text").text(&limits);
    if let Some(pattern) = schema["pattern"].as_str() {
        page.text(" ").leaf("code", &[("class", "pattern")], pattern);
    }
}

fn number_kind(page: &mut Markup, name: &str, schema: &Json) {
    page.text(name);
    match (&schema["minimum"], &schema["maximum"]) {
        (Json::Null, Json::Null) if schema["format"] == "int64" => page.text(" of 64 bits"),
        (Json::Null, Json::Null) => page,
        (least, Json::Null) => page.text(&format!(", at least {least}")),
        (Json::Null, most) => page.text(&format!(", at most {most}")),
        (least, most) => page.text(&format!(", {least} to {most}")),
    };
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(schema: &Json, expect: &str) {
        let mut page = Markup::default();
        kind(&mut page, schema);
        assert_eq!(page.to_string(), expect, "{schema}");
    }

    #[test]
    fn limits_are_told_in_words() {
        check(&json!({"type": "string"}), "text");
        check(&json!({"type": "string", "minLength": 8, "maxLength": 8}), "text, exactly 8 characters");
        check(&json!({"type": "string", "maxLength": 1}), "text, up to 1 character");
        check(&json!({"type": "string", "minLength": 1, "maxLength": 40}), "text, 1 to 40 characters");
        check(&json!({"type": "string", "pattern": "^<$"}), "text <code class=\"pattern\">^&lt;$</code>");
        check(&json!({"type": "string", "format": "date-time"}), "date and time (RFC 3339)");
        check(&json!({"type": "integer", "format": "int64"}), "whole number of 64 bits");
        check(&json!({"type": "integer", "minimum": 0, "maximum": 999}), "whole number, 0 to 999");
        check(&json!({"oneOf": [{"type": "string"}, {"type": "number"}]}), "text or number");
        check(
            &json!({"type": "array", "items": {"$ref": "#/components/schemas/Tender"}}),
            "list of <a href=\"#schema-Tender\">Tender</a>",
        );
    }
}
