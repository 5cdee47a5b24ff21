//! A page for people, made of the OpenAPI document alone: no script, nothing loaded from anywhere.

mod markup;
mod operation;
mod prose;
mod schema;

use std::collections::BTreeSet;

use serde_json::Value as Json;

use markup::Markup;
use operation::Operation;

/// The page of an OpenAPI document as [`document`](super::document()) makes it. What the document lacks, the page lacks.
#[must_use]
pub fn page(document: &Json) -> String {
    let mut page = Markup::default();
    page.verbatim("<!DOCTYPE html>\n");
    page.element("html", &[("lang", "en")], |html| {
        html.element("head", &[], |head| {
            head.verbatim("<meta charset=\"utf-8\">");
            head.verbatim("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
            head.verbatim("<meta name=\"color-scheme\" content=\"light dark\">");
            head.leaf("title", &[], title(document));
            head.verbatim("<style>").verbatim(include_str!("style.css")).verbatim("</style>");
        });
        html.element("body", &[], |body| {
            body.element("nav", &[("aria-label", "Contents")], |nav| index(nav, document));
            body.element("main", &[], |main| content(main, document));
        });
    });
    page.verbatim("\n");
    page.to_string()
}

fn title(document: &Json) -> &str {
    document["info"]["title"].as_str().unwrap_or_default()
}

/// The names of the document's topics.
fn topics(document: &Json) -> impl Iterator<Item = (&str, &str)> {
    let topics = document["tags"].as_array().into_iter().flatten();
    topics.filter_map(|topic| Some((topic["name"].as_str()?, topic["description"].as_str().unwrap_or_default())))
}

/// The named schemas, but for the messages, which are told with the operations that use them.
fn schemas(document: &Json) -> impl Iterator<Item = (&str, &Json)> {
    let messages: BTreeSet<_> = Operation::all(document).flat_map(|operation| operation.messages()).collect();
    let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
    schemas.map(|(name, schema)| (name.as_str(), schema)).filter(move |(name, _)| !messages.contains(name))
}

fn index(nav: &mut Markup, document: &Json) {
    group(nav, "top", "Overview", |list| {
        for heading in prose::headings(document["info"]["description"].as_str().unwrap_or_default()) {
            entry(list, &prose::anchor(heading), heading);
        }
    });
    for (topic, _) in topics(document) {
        group(nav, &prose::anchor(topic), topic, |list| {
            for operation in Operation::all(document).filter(|operation| operation.is_about(topic)) {
                entry(list, &operation.anchor(), operation.summary());
            }
        });
    }
    group(nav, "objects", "Objects", |list| {
        for (name, _) in schemas(document).filter(|(_, schema)| !schema::is_words(schema)) {
            entry(list, &schema::anchor(name), name);
        }
    });
    group(nav, "words", "Words", |list| {
        for (name, _) in schemas(document).filter(|(_, schema)| schema::is_words(schema)) {
            entry(list, &schema::anchor(name), name);
        }
    });
}

fn group(nav: &mut Markup, anchor: &str, title: &str, entries: impl FnOnce(&mut Markup)) {
    nav.element("div", &[], |nav| {
        nav.link(anchor, title).element("ul", &[], entries);
    });
}

fn entry(list: &mut Markup, anchor: &str, text: &str) {
    list.element("li", &[], |item| {
        item.link(anchor, text);
    });
}

fn content(main: &mut Markup, document: &Json) {
    let info = &document["info"];
    main.element("header", &[], |header| {
        header.leaf("h1", &[("id", "top")], title(document));
        header.element("p", &[], |line| {
            line.text(info["summary"].as_str().unwrap_or_default()).text(". Version ");
            line.text(info["version"].as_str().unwrap_or_default()).text(", ");
            line.text(info["license"]["name"].as_str().unwrap_or_default()).text(".");
        });
    });
    prose::prose(main, info["description"].as_str().unwrap_or_default());
    let mut told = BTreeSet::new();
    for (topic, description) in topics(document) {
        main.leaf("h2", &[("id", &prose::anchor(topic))], topic);
        prose::prose(main, description);
        for operation in Operation::all(document).filter(|operation| operation.is_about(topic)) {
            operation::section(main, document, operation, &mut told);
        }
    }
    main.leaf("h2", &[("id", "objects")], "Objects");
    for (name, schema) in schemas(document).filter(|(_, schema)| !schema::is_words(schema)) {
        schema::section(main, name, schema);
    }
    main.leaf("h2", &[("id", "words")], "Words");
    prose::prose(main, "The closed lists: any other word is a format error.");
    for (name, schema) in schemas(document).filter(|(_, schema)| schema::is_words(schema)) {
        schema::section(main, name, schema);
    }
}
