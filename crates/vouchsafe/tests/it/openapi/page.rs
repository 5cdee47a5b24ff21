//! The page made from the description.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use vouchsafe::openapi;

use super::document;

/// What stands between `before` and the next `after`, wherever that is in a page.
fn between<'a>(page: &'a str, before: &str, after: char) -> Vec<&'a str> {
    page.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    let page = openapi::page(&document());
    for loader in ["<script", "<link", "<img", "<iframe", " src=", "@import", "url(", "javascript:", " onclick"] {
        assert!(!page.contains(loader), "{loader}");
    }
}

#[test]
fn every_link_leads_to_one_place_on_the_page() {
    let page = openapi::page(&document());
    let places = between(&page, " id=\"", '"');
    let unique: BTreeSet<_> = places.iter().copied().collect();
    assert_eq!(unique.len(), places.len(), "two places have one name");
    let links = between(&page, " href=\"", '"');
    assert!(!links.is_empty());
    for link in links {
        assert!(link.strip_prefix('#').is_some_and(|place| unique.contains(place)), "{link}");
    }
}

#[test]
fn the_page_tells_every_operation_schema_word_and_error() {
    let document = document();
    let page = openapi::page(&document);
    for (path, _, operation) in super::operations(&document) {
        for told in [path, operation["operationId"].as_str().unwrap(), operation["summary"].as_str().unwrap()] {
            assert!(page.contains(told), "{told}");
        }
    }
    for (name, parameter) in document["components"]["parameters"].as_object().unwrap() {
        if parameter["in"] != "header" {
            assert!(page.contains(&format!("<code>{name}</code>")), "{name}");
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(page.contains(&format!("id=\"schema-{name}\"")), "{name}");
        for word in schema["enum"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            assert!(page.contains(&format!("<code>{word}</code>")), "{word}");
        }
        for (field, _) in schema["properties"].as_object().into_iter().flatten() {
            assert!(page.contains(&format!("<code>{field}</code>")), "{name}.{field}");
        }
    }
}

#[test]
fn every_command_on_the_page_has_a_whole_address() {
    let page = openapi::page(&document());
    let addresses = between(&page, "&#39;http:", '&');
    assert!(!addresses.is_empty());
    for address in addresses {
        assert!(!address.contains('{'), "{address}");
    }
}

#[test]
fn nothing_in_a_description_can_become_markup() {
    fn poison(json: &mut Json) {
        match json {
            Json::String(text) if !text.starts_with('#') => text.push_str("<i>\"'&"),
            Json::Object(members) => members.values_mut().for_each(poison),
            Json::Array(items) => items.iter_mut().for_each(poison),
            _ => {}
        }
    }
    let mut poisoned = document();
    poison(&mut poisoned);
    let page = openapi::page(&poisoned);
    assert!(!page.contains("<i>"));
    assert!(page.contains("&lt;i&gt;&quot;&#39;&amp;"));
}

#[test]
fn a_page_of_nothing_is_a_page() {
    assert!(openapi::page(&Json::Null).ends_with("</html>\n"));
}
